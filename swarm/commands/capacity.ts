import { Command, Option } from 'commander';
import { ACCESS_HELP, type AccessFlags, addAccessOptions } from './access-options.ts';
import { EXIT, InputError } from './exit.ts';
import { note } from './note.ts';
import { clockSpeed, durationOption, type ListenAddress, listenAddress, wholeNumber } from './options.ts';
import type { PlanOptions } from './read-plan.ts';

interface CapacityFlags extends PlanOptions, AccessFlags {
  of?: 'hosts' | 'rate';
  from: number;
  to?: number;
  ramp: number;
  hold: number;
  precision: number;
  workers?: number;
  out: string;
  listen?: ListenAddress;
  json?: boolean;
  quiet?: boolean;
}

const MOST = 1_000_000;

/** `swarm capacity` */
export function capacityCommand(finish: (code: number) => void): Command {
  const command = new Command('capacity')
    .description(
      "Runs a plan with more and more of its hosts (or with clusters that arrive faster and faster) until one of its thresholds is crossed or its agents cannot keep their pace, goes back, and confirms what was held. Each trial is a run of its own, with the plan's clusters in the order of their arrival: they are the most that is tried.",
    )
    .argument('<plan...>', 'plan files (YAML or JSON); several give one plan together')
    .addOption(
      new Option(
        '--of <what>',
        'hosts that are there at once, or the rate of clusters that arrive in an hour (default: hosts for infra-envs alone, else rate)',
      ).choices(['hosts', 'rate']),
    )
    .option('--from <n>', 'the first level', wholeNumber(MOST), 100)
    .option('--to <n>', 'the highest level (default: what the plan has clusters for)', wholeNumber(MOST))
    .addOption(durationOption('--ramp <duration>', 'simulated time over which the hosts of a level come', '3m'))
    .addOption(durationOption('--hold <duration>', 'simulated time for which a level is held and judged', '3m'))
    .option('--precision <percent>', 'how closely the border is found', wholeNumber(50), 5)
    .option(
      '--seed <text>',
      "replaces the plan's seed; the same plan and seed make the same hosts and take the same steps",
    )
    .option('--service <url>', 'address of the service, or "embedded" for the built-in simulator')
    .option('--insecure', "do not verify the service's certificate")
    .option('--ca <file>', 'PEM certificates to trust beside those of the system')
    .option('--speed <factor>', 'simulated seconds in one second (embedded service only)', clockSpeed)
    .option('--workers <n>', 'worker threads (default: one less than processors)', wholeNumber(256))
    .option('--noop-outside', 'let no-op agents work for a service or hub that is not on this machine')
    .option('--out <dir>', "folder for the trials' folders", 'runs')
    .option('--listen <address>', 'serve API, metrics and page meanwhile', listenAddress)
    .option('--json', 'print the result as JSON')
    .option('--quiet', 'no live progress');
  return addAccessOptions(command)
    .addHelpText(
      'after',
      `
Exit codes: 0 a load was held, 1 not even the smallest was, 2 wrong input, 130 interrupted.
The first Ctrl-C ends the trial, cleans up and tells what is known; the second leaves at once.
${ACCESS_HELP}

Examples:
  swarm capacity examples/capacity.yaml
  swarm capacity plan.yaml --from 500 --hold 10m --json > capacity.json
  swarm capacity plan.yaml --of rate --from 50 --hold 2h --service https://assisted.example.com --ca ca.pem`,
    )
    .action(async (files: string[], flags: CapacityFlags) => {
      const { readPlanFiles, runnablePlan } = await import('./read-plan.ts');
      const plan = await runnablePlan(readPlanFiles(files, note), flags);
      if (plan.keep)
        throw new InputError('keep: true; allowed: false, because each trial begins with an empty service');
      const { findCapacity } = await import('../daemon/capacity.ts');
      const { openSession } = await import('./plan-session.ts');
      const session = await openSession(plan, flags);
      const result = await findCapacity({
        plan,
        unit: flags.of === undefined ? null : flags.of === 'rate' ? 'clusters/h' : 'hosts',
        from: flags.from,
        to: flags.to ?? null,
        times: { rampSeconds: flags.ramp, holdSeconds: flags.hold },
        precision: flags.precision / 100,
        tell: note,
        run: async (trial) => {
          const run = session.runs.start(trial, { ...(flags.workers !== undefined && { workers: flags.workers }) });
          const summary = await session.watch(run, { progress: !flags.quiet });
          return { summary, directory: run.directory };
        },
      });
      const { renderCapacity } = await import('../report/capacity.ts');
      const { createStyle, wantsColour } = await import('../report/style.ts');
      process.stdout.write(
        flags.json === true
          ? `${JSON.stringify(result, null, 2)}\n`
          : `${renderCapacity(result, createStyle(wantsColour(process.stdout, process.env)))}\n`,
      );
      finish(result.interrupted ? EXIT.interrupted : result.held === null ? EXIT.failed : EXIT.ok);
      await session.close();
    });
}
