import { Command } from 'commander';
import { ACCESS_HELP, type AccessFlags, addAccessOptions } from './access-options.ts';
import { EXIT } from './exit.ts';
import { refuseMissingFolder, writeJunit } from './junit-file.ts';
import { note } from './note.ts';
import {
  clockSpeed,
  duration,
  type ListenAddress,
  listenAddress,
  moment,
  percentiles,
  shard,
  wholeNumber,
} from './options.ts';
import type { PlanOptions } from './read-plan.ts';

interface RunFlags extends PlanOptions, AccessFlags {
  workers?: number;
  hold?: number;
  startAt?: Date;
  out: string;
  listen?: ListenAddress;
  json?: boolean;
  junit?: string;
  percentiles?: number[];
  quiet?: boolean;
}

/** `swarm run` */
export function runCommand(finish: (code: number) => void): Command {
  const command = new Command('run')
    .description(
      'Runs a plan: creates its clusters on the service, lets their hosts boot, be discovered and install, waits for the end, removes what it made, and judges.',
    )
    .argument('<plan...>', 'plan files (YAML or JSON); several give one plan together')
    .option('--seed <text>', "replaces the plan's seed; the same plan and seed make the same hosts")
    .option('--service <url>', 'address of the service, or "embedded" for the built-in simulator')
    .option('--insecure', "do not verify the service's certificate")
    .option('--ca <file>', 'PEM certificates to trust beside those of the system')
    .option('--speed <factor>', 'simulated seconds in one second (embedded service only)', clockSpeed)
    .option('--workers <n>', 'worker threads (default: one less than processors)', wholeNumber(256))
    .option('--shard <i/n>', 'run only the i-th of n parts of the plan, counted from 0', shard)
    .option('--start-at <time>', 'begin at this moment, as the other shards of the plan do', (text) => moment(text))
    .option('--hold <duration>', 'let hosts that never finish go on so long after everything is done', duration)
    .option('--noop-outside', 'let no-op agents work for a service or hub that is not on this machine')
    .option('--keep', 'keep what the run made on the service')
    .option('--out <dir>', "folder for the runs' folders", 'runs')
    .option('--listen <address>', 'serve API, metrics and page meanwhile', listenAddress)
    .option('--json', 'print the summary as JSON')
    .option('--junit <file>', 'write thresholds and failed clusters as test cases of JUnit XML')
    .option('--percentiles <list>', 'percentiles that are kept beside 50, 95 and 99, such as 90,99.9', percentiles)
    .option('--quiet', 'no live progress');
  return addAccessOptions(command)
    .addHelpText(
      'after',
      `
Exit codes: 0 passed, 1 failed, 2 wrong input, 130 interrupted.
The first Ctrl-C ends the run and cleans up; the second leaves at once and lists what is left behind. Before --start-at nothing
is made. A moment that is past lets the run begin at once, and the summary says by how much it was late.
${ACCESS_HELP}

Examples:
  swarm run examples/demo.yaml
  swarm run testplan.yaml service_config.yaml --seed 7
  swarm run plan.yaml --service https://assisted.example.com --ca ca.pem --listen 127.0.0.1:5566
  swarm run examples/steady-20000.yaml --hold 10m
  swarm run plan.yaml --junit junit.xml --percentiles 90,99.9
  swarm run plan.yaml --shard 0/4 --start-at 2026-12-01T10:00:00Z --json > summary.json`,
    )
    .action(async (files: string[], flags: RunFlags) => {
      const { readPlanFiles, runnablePlan } = await import('./read-plan.ts');
      if (flags.junit !== undefined) refuseMissingFolder(flags.junit);
      const plan = await runnablePlan(readPlanFiles(files, note), flags);
      // After the plan was read: what is wrong with it is told at once.
      const { loadEmbedded } = await import('../daemon/embedded.ts');
      if (!flags.startAt) loadEmbedded(plan);
      const { exitCodeOf, printSummary } = await import('./daemon-session.ts');
      const { openSession } = await import('./plan-session.ts');
      const session = await openSession(plan, flags);
      if (flags.startAt && !(await session.waitUntil(flags.startAt, { progress: !flags.quiet }))) {
        finish(EXIT.interrupted);
        await session.close();
        return;
      }
      const run = session.runs.start(plan, {
        ...(flags.workers !== undefined && { workers: flags.workers }),
        ...(flags.hold !== undefined && { soakSeconds: flags.hold }),
        ...(flags.percentiles && { percentiles: flags.percentiles }),
        ...(flags.startAt && { startAt: flags.startAt }),
      });
      const summary = await session.watch(run, { progress: !flags.quiet });
      // First of all what the run came to: nothing after it can take it away.
      printSummary(summary, { json: flags.json === true, folder: run.directory });
      finish(exitCodeOf(summary));
      if (run.directory) note(`kept in ${run.directory}`);
      if (flags.junit !== undefined) await writeJunit(flags.junit, summary);
      await session.close();
    });
}
