import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import type { BackupRequest } from '../backup/backup-request.ts';
import {
  type GivenParameters,
  optionOf,
  PARAMETER_NAMES,
  PARAMETERS,
  type Parameter,
  ParametersError,
} from '../backup/parameters.ts';
import type { BackupOutcome } from '../daemon/backup-load.ts';
import { ACCESS_HELP, type AccessFlags, addAccessOptions } from './access-options.ts';
import { readTemplate } from './backup-input.ts';
import type { BackupInterrupts } from './backup-session.ts';
import { addSuite } from './backup-suite.ts';
import { addTargetOptions, type TargetFlags } from './backup-target.ts';
import { EXIT, InputError } from './exit.ts';
import { note } from './note.ts';
import { type ListenAddress, listenAddress } from './options.ts';

interface RunFlags extends TargetFlags, AccessFlags {
  out: string;
  listen?: ListenAddress;
  json?: true;
  quiet?: true;
}

const EXIT_HELP =
  'Exit codes: 0 all thresholds are kept, 1 some were crossed or something could not be put back, 2 wrong input and nothing was created, 130 interrupted.';

/** `swarm backup` and what is below it. */
export function backupCommand(finish: (code: number) => void): Command {
  const backup = new Command('backup')
    .description(
      'Creates thousands of DevWorkspaces, stops them, has the DevWorkspace Operator back them up, and measures how it does. Afterwards the operator is configured as it was, and everything that was made is gone.',
    )
    .addHelpText(
      'after',
      `
Examples:
  swarm backup demo                                   everything built in, in half a minute
  swarm backup run --max-devworkspaces 50 --registry-path quay.io/yourname
  swarm backup suite test-plans/backup-restore-smoke-test-plan.json`,
    );
  addRun(backup, finish);
  addSuite(backup, finish);
  addDemo(backup, finish);
  return backup;
}

function addRun(backup: Command, finish: (code: number) => void): void {
  const command = backup
    .command('run')
    .summary('one load, with the parameters of the public load test')
    .description(
      'Creates DevWorkspaces and waits until they are ready. With a parameter of the backup it then stops all, configures the operator, follows the backup Jobs to their end, restores some where it is told to, and reports.',
    )
    .option('--out <dir>', "folder for the runs' folders", 'runs')
    .option('--listen <address>', 'serve API, metrics and page meanwhile', listenAddress)
    .option('--json', 'print verdict and figures as JSON')
    .option('--quiet', 'no progress');
  addAccessOptions(addTargetOptions(command));
  for (const name of PARAMETER_NAMES) command.addOption(parameterOption(name));
  command
    .addHelpText(
      'after',
      `
Credentials of the registry are in QUAY_USERNAME and QUAY_PASSWORD, or in a secret that is there; with --embedded any will do.
${EXIT_HELP}
${ACCESS_HELP}

Examples:
  swarm backup run --max-devworkspaces 50 --registry-path quay.io/yourname
  swarm backup run --max-devworkspaces 500 --separate-namespaces true --dwoc-config-type incorrect --registry-path quay.io/yourname
  swarm backup run --max-devworkspaces 50 --registry-path quay.io/yourname --restore-sample 10% --restore-cases all
  swarm backup run --max-devworkspaces 100
  swarm backup run --embedded --max-devworkspaces 2000 --registry-path quay.io/yourname --registry-secret ""
  swarm backup run --embedded --max-devworkspaces 100 --listen 127.0.0.1:5566`,
    )
    .action(async (flags: RunFlags) => {
      const request = await requestOf(givenParameters(flags));
      const { BackupInterrupts } = await import('./backup-session.ts');
      const interrupts = new BackupInterrupts();
      finish(await runOne(request, flags, interrupts).finally(() => interrupts.release()));
    });
}

function addDemo(backup: Command, finish: (code: number) => void): void {
  backup
    .command('demo')
    .summary('watch 50 workspaces being backed up, rightly and wrongly, and restored')
    .description(
      'Runs two loads of 50 DevWorkspaces in their own namespaces against a cluster in this process, in compressed time: one with a correct configuration of the operator, after which ten are restored, and one with an incorrect one. Needs nothing else.',
    )
    .option('--out <dir>', "folder for the runs' folders", 'runs')
    .option('--quiet', 'no progress')
    .addHelpText('after', `\n${EXIT_HELP}\n\nExamples:\n  swarm backup demo`)
    .action(async (flags: RunFlags) => {
      const { BackupInterrupts } = await import('./backup-session.ts');
      const interrupts = new BackupInterrupts();
      let code: number = EXIT.ok;
      for (const dwocConfigType of ['correct', 'incorrect']) {
        note(`\n50 workspaces, ${dwocConfigType} configuration`);
        const request = await requestOf({
          maxDevworkspaces: '50',
          separateNamespaces: 'true',
          registryPath: 'quay.io/yourname',
          registrySecret: '',
          dwocConfigType,
          ...(dwocConfigType === 'correct' && { restoreSample: '10', restoreCases: 'all' }),
        });
        code = Math.max(code, await runOne(request, { ...flags, embedded: true }, interrupts));
        if (interrupts.isOver) break;
      }
      interrupts.release();
      finish(interrupts.isOver ? EXIT.interrupted : code);
    });
}

async function runOne(request: BackupRequest, flags: RunFlags, interrupts: BackupInterrupts): Promise<number> {
  const { exitCodeOfBackup, runBackup } = await import('./backup-session.ts');
  const session = await runBackup(request, flags, interrupts);
  if (session === null) return EXIT.interrupted;
  await print(session, flags);
  return exitCodeOfBackup(session.verdict);
}

async function print(
  { run, folder, result, verdict, findings, logs }: BackupOutcome,
  { json }: RunFlags,
): Promise<void> {
  if (json) {
    const { thresholds, ...rest } = verdict;
    const judged = thresholds.map(({ figure, expression, value, ok }) => ({ figure, expression, value, ok }));
    const text = { run, folder: resolve(folder), ...rest, thresholds: judged, findings, figures: result.figures };
    process.stdout.write(`${JSON.stringify(text, null, 2)}\n`);
    return;
  }
  const { backupText } = await import('../backup/backup-text.ts');
  const { findingLines } = await import('../backup/finding.ts');
  const { createStyle, wantsColour } = await import('../report/style.ts');
  process.stdout.write(backupText(result.figures, verdict, createStyle(wantsColour(process.stdout, process.env))));
  for (const line of findings.flatMap(findingLines)) process.stdout.write(`${line}\n`);
  note(`files       ${logs}`);
}

function parameterOption(name: (typeof PARAMETER_NAMES)[number]): Option {
  const { value, summary, absent, absentText, hidden }: Parameter = PARAMETERS[name];
  const standard = absentText ?? (absent === null || absent === '' ? null : absent);
  const option = new Option(
    `${optionOf(name)} <${value}>`,
    standard === null ? summary : `${summary} (default: ${standard})`,
  );
  return hidden ? option.hideHelp() : option;
}

/** What was given of the parameters; commander names options as the table does. */
function givenParameters(flags: RunFlags): GivenParameters {
  const values = flags as unknown as Readonly<Record<string, string | undefined>>;
  return Object.fromEntries(
    PARAMETER_NAMES.flatMap((name) => (values[name] === undefined ? [] : [[name, values[name]]])),
  );
}

/** @throws InputError with a line for each problem */
async function requestOf(given: GivenParameters): Promise<BackupRequest> {
  const { backupRequest } = await import('../backup/backup-request.ts');
  try {
    return backupRequest(given, readTemplate);
  } catch (error) {
    if (!(error instanceof ParametersError)) throw error;
    throw new InputError(error.message, { cause: error });
  }
}
