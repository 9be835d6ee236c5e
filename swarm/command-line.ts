/**
 * The command line. A command is loaded when a line names it, and loads what it needs when it is run, so that help answers at once.
 */
import { Command, CommanderError } from 'commander';
import { EXIT, InputError } from './commands/exit.ts';
import { isReaderGone, writeFailure } from './commands/output-errors.ts';
import { nodeProblem, programVersion } from './package-root.ts';
import { redactText } from './plan/redact.ts';

type CreateCommand = (finish: (code: number) => void) => Command;

/** In the order of the help. */
const COMMANDS: Readonly<Record<string, readonly [summary: string, load: () => Promise<CreateCommand>]>> = {
  run: ['run a plan to its verdict', async () => (await import('./commands/run.ts')).runCommand],
  merge: ['make one result of the shards of a plan', async () => (await import('./commands/merge.ts')).mergeCommand],
  capacity: [
    'find the load that a service holds, and what breaks first',
    async () => (await import('./commands/capacity.ts')).capacityCommand,
  ],
  runs: ['list past and present runs', async () => (await import('./commands/runs.ts')).runsCommand],
  report: ['write the report of a past run', async () => (await import('./commands/report.ts')).reportCommand],
  compare: ['compare two runs', async () => (await import('./commands/compare.ts')).compareCommand],
  clean: [
    'remove what runs have left on the service or the hub',
    async () => (await import('./commands/clean.ts')).cleanCommand,
  ],
  backup: [
    'load the DevWorkspace Operator, and its backups',
    async () => (await import('./commands/backup.ts')).backupCommand,
  ],
  drift: [
    'compare native agents with the stock programs of a run',
    async () => (await import('./commands/drift.ts')).driftCommand,
  ],
  demo: [
    'watch a swarm install itself against the built-in service',
    async () => (await import('./commands/demo.ts')).demoCommand,
  ],
  serve: ['serve the API that starts and watches runs', async () => (await import('./commands/serve.ts')).serveCommand],
  plan: ['check plans and see what they expand to', async () => (await import('./commands/plan.ts')).planCommand],
  doctor: [
    'see whether this machine has what a plan takes',
    async () => (await import('./commands/doctor.ts')).doctorCommand,
  ],
  fleet: ['one plan in shards on many machines', async () => (await import('./commands/fleet.ts')).fleetCommand],
  manifests: [
    'render, apply and remove the custom resources of a whole fleet',
    async () => (await import('./commands/manifests.ts')).manifestsCommand,
  ],
  launch: [
    'keep hosts alive for the InfraEnvs of a hub',
    async () => (await import('./commands/launch.ts')).launchCommand,
  ],
  patches: [
    'check stock programs against the replaced commands',
    async () => (await import('./commands/patches.ts')).patchesCommand,
  ],
  service: [
    'check the service under test and configure it',
    async () => (await import('./commands/service.ts')).serviceCommand,
  ],
  mock: ['start one of the built-in services alone', async () => (await import('./commands/mock.ts')).mockCommand],
  completion: [
    'print a completion script for a shell',
    async () => (await import('./commands/completion.ts')).completionCommand,
  ],
};

/**
 * The program with all its commands; of those that the line does not name there is nothing but their name and summary.
 * @param finish takes the exit code of the one that ran
 */
async function createProgram(args: readonly string[], finish: (code: number) => void): Promise<Command> {
  const program = new Command('swarm')
    .description(
      'Load simulator for assisted-service: thousands of simulated bare-metal hosts boot, are discovered, install a cluster and report back. And for the DevWorkspace Operator: see swarm backup.',
    )
    .version(programVersion(), '--version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .configureHelp({ subcommandTerm: (command) => command.name() })
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
  // Completion is about all of them.
  const named = (name: string) => args.includes(name) || args.includes('completion');
  for (const [name, [summary, load]] of Object.entries(COMMANDS)) {
    const command = named(name) ? (await load())(finish) : new Command(name);
    program.addCommand(command.summary(summary));
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
  const program = await createProgram(args, (given) => {
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
