/**
 * The command line. Commands load what they need when they are run, so that help and completion answer at once.
 */
import { Command, CommanderError } from 'commander';
import { backupCommand } from './commands/backup.ts';
import { capacityCommand } from './commands/capacity.ts';
import { cleanCommand } from './commands/clean.ts';
import { compareCommand } from './commands/compare.ts';
import { completionCommand } from './commands/completion.ts';
import { demoCommand } from './commands/demo.ts';
import { doctorCommand } from './commands/doctor.ts';
import { driftCommand } from './commands/drift.ts';
import { EXIT, InputError } from './commands/exit.ts';
import { fleetCommand } from './commands/fleet.ts';
import { launchCommand } from './commands/launch.ts';
import { manifestsCommand } from './commands/manifests.ts';
import { mockCommand } from './commands/mock.ts';
import { isReaderGone, writeFailure } from './commands/output-errors.ts';
import { patchesCommand } from './commands/patches.ts';
import { planCommand } from './commands/plan.ts';
import { reportCommand } from './commands/report.ts';
import { runCommand } from './commands/run.ts';
import { runsCommand } from './commands/runs.ts';
import { serveCommand } from './commands/serve.ts';
import { serviceCommand } from './commands/service.ts';
import { nodeProblem, programVersion } from './package-root.ts';
import { redactText } from './plan/redact.ts';

/** The program with all its commands; `finish` takes the exit code of the one that ran. */
function createProgram(finish: (code: number) => void): Command {
  const program = new Command('swarm')
    .description(
      'Load simulator for assisted-service: thousands of simulated bare-metal hosts boot, are discovered, install a cluster and report back. And for the DevWorkspace Operator: see swarm backup.',
    )
    .version(programVersion(), '--version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .addHelpText(
      'after',
      `
Examples:
  swarm demo                                   everything built in, in a minute
  swarm plan show plan.yaml                    what a plan would do
  swarm run plan.yaml --service http://127.0.0.1:8090
  swarm capacity plan.yaml                     how much a service holds, and what breaks first
  swarm report 20261121-143000-9f3a            a past run as one HTML file
  swarm clean --all                            remove what killed runs have left on the service
  swarm backup demo                            workspaces of the DevWorkspace Operator, backed up
  swarm launch --kubeconfig hub.kubeconfig     hosts for the InfraEnvs of a hub, whoever made them
  swarm fleet render plan.yaml --shards 10 --image IMAGE | kubectl apply -f -
  swarm serve                                  start and watch runs over HTTP`,
    );
  for (const create of [
    runCommand,
    capacityCommand,
    runsCommand,
    reportCommand,
    compareCommand,
    cleanCommand,
    backupCommand,
    driftCommand,
    demoCommand,
    serveCommand,
    planCommand,
    doctorCommand,
    fleetCommand,
    manifestsCommand,
    launchCommand,
    patchesCommand,
    serviceCommand,
    mockCommand,
    completionCommand,
  ]) {
    program.addCommand(create(finish));
  }
  for (const command of everyCommand(program)) {
    command
      .helpOption('-h, --help', 'show help')
      .showHelpAfterError(`(see: swarm ${pathOf(command)}--help)`)
      .exitOverride()
      .configureOutput({ outputError: (text, write) => write(`swarm: ${redactText(text.replace(/^error: /, ''))}`) });
  }
  return program;
}

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}

/** Commander shows its own help for `swarm anything --help`, as if all were well. @throws InputError */
function refuseUnknownHelp(program: Command, args: readonly string[]): void {
  let command = program;
  for (const arg of args) {
    if (arg.startsWith('-') || command.commands.length === 0) return;
    const next = command.commands.find((one) => one.name() === arg || one.aliases().includes(arg));
    if (!next && arg === 'help') return;
    if (!next) throw new InputError(`unknown command '${arg}'\n(see: swarm ${pathOf(command)}--help)`);
    command = next;
  }
}

function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)}${command.name()} ` : '';
}

/** Exit code of the command; null until it has come to one. */
let code: number | null = null;

/** Runs one command line and returns the exit code. */
async function main(args: readonly string[]): Promise<number> {
  const problem = nodeProblem(process.versions.node);
  if (problem !== null) {
    complain(problem);
    return EXIT.input;
  }
  const program = createProgram((given) => {
    code = given;
  });
  try {
    if (args.length === 0) {
      process.stderr.write(program.helpInformation());
      return EXIT.input;
    }
    if (args.some((arg) => arg === '-h' || arg === '--help')) refuseUnknownHelp(program, args);
    await program.parseAsync(args, { from: 'user' });
    return code ?? EXIT.ok;
  } catch (error) {
    if (error instanceof CommanderError) {
      // It has printed what is wrong, or the help that was asked for.
      return error.exitCode === 0 ? EXIT.ok : EXIT.input;
    }
    if (error instanceof InputError) {
      complain(error.message);
      return EXIT.input;
    }
    complain(error instanceof Error ? error.message : String(error));
    if (process.env.SWARM_DEBUG && error instanceof Error) process.stderr.write(`${redactText(error.stack ?? '')}\n`);
    // What had been decided stands, for example the verdict of a run whose files cannot be closed.
    return code ?? EXIT.failed;
  }
}

function complain(message: string): void {
  process.stderr.write(`swarm: ${redactText(message)}\n`);
}

// A reader that goes away (`swarm plan show … | head`, a closed terminal) is no error. A full disk is one, told at the end: neither is
// a reason to leave a run without its clean-up.
let lost: NodeJS.ErrnoException | null = null;
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (!isReaderGone(error)) lost ??= error;
});
process.stderr.on('error', () => {});
// Node leaves when nothing can happen any more, whatever is still awaited. That is a defect of ours, and must be told as one.
process.once('beforeExit', () => {
  if (code === null)
    complain('internal error: the command waits for something that cannot happen any more; please report it');
  process.exit(code ?? EXIT.failed);
});
void main(process.argv.slice(2)).then(async (ended) => {
  // What failed last is told in a later turn.
  await new Promise<void>((resolve) => process.stdout.write('', () => setImmediate(resolve)));
  if (lost && ended === EXIT.ok) complain(`what was to be printed is incomplete: ${writeFailure(lost)}`);
  process.exit(lost && ended === EXIT.ok ? EXIT.failed : ended);
});
