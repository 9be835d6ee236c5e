import { Command } from 'commander';
import type { CheckedProgram, ProgramReport, StepOutcome } from '../daemon/program-check/report.ts';
import type { StockPrograms } from '../plan/expanded-plan.ts';
import { createStyle, type Style, wantsColour } from '../report/style.ts';
import { EXIT, InputError } from './exit.ts';
import { note } from './note.ts';

interface CheckFlags {
  agent: string;
  installer?: string;
  controller?: string;
  controllerManifests?: string;
  json?: true;
  quiet?: true;
}

/** `swarm patches check` */
export function patchesCheckCommand(finish: (code: number) => void): Command {
  return new Command('check')
    .summary('run stock programs through every step and stage, and say what does not fit')
    .description(
      `Runs stock programs on simulated hosts against the embedded service and reports every command that they execute and nobody replaces, every answer that is refused, and what has changed upstream: step types, stages, flags, fields of the inventory.

With the agent alone hosts go as far as the installation (about a minute). With installer and controller a single node and a cluster of 3 + 1 are installed, in real time (about ten minutes).`,
    )
    .requiredOption('--agent <file>', 'the agent (assisted-installer-agent, src/agent/main)')
    .option('--installer <file>', 'the installer (assisted-installer, src/main)')
    .option('--controller <file>', 'the controller (assisted-installer, src/main/assisted-installer-controller)')
    .option('--controller-manifests <dir>', "its manifests, from the installer's image (needed with --installer)")
    .option('--json', 'print the report as JSON')
    .option('--quiet', 'no live progress')
    .addHelpText(
      'after',
      `
Exit codes: 0 nothing speaks against the programs, 1 something does, 2 wrong input, 130 interrupted.

Examples:
  swarm patches check --agent /opt/stock/agent
  swarm patches check --agent agent --installer installer --controller controller --controller-manifests deploy/assisted-installer-controller
  swarm patches check --agent agent --json > report.json`,
    )
    .action(async (flags: CheckFlags) => {
      const programs = programsOf(flags);
      const [{ mkdtemp, rm }, { tmpdir }, { join }] = await Promise.all([
        import('node:fs/promises'),
        import('node:os'),
        import('node:path'),
      ]);
      const { checkStockPrograms } = await import('../daemon/program-check/check.ts');
      const { catchInterrupts } = await import('./interrupt.ts');
      const { checkTemporaryFolder } = await import('../noop/lab-folder.ts');
      asInput(checkTemporaryFolder);
      const folder = await mkdtemp(join(tmpdir(), 'swarm-check-'));
      const end = new AbortController();
      const interrupts = catchInterrupts(() => process.exit(EXIT.interrupted));
      void interrupts.first.then(() => end.abort());
      const began = Date.now();
      const onProgress = (text: string) => {
        if (!flags.quiet) note(`${clock((Date.now() - began) / 1000)}  ${text}`);
      };
      const report = await checkStockPrograms({ programs, folder, onProgress, signal: end.signal }).catch(
        async (error: unknown) => {
          await rm(folder, { recursive: true, force: true });
          throw inputError(error);
        },
      );
      if (end.signal.aborted) {
        await rm(folder, { recursive: true, force: true });
        finish(EXIT.interrupted);
        return;
      }
      if (flags.json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
      else {
        const style = createStyle(wantsColour(process.stdout, process.env));
        process.stdout.write(`${renderReport(report, style).join('\n')}\n`);
      }
      finish(report.passed ? EXIT.ok : EXIT.failed);
      if (report.passed) await rm(folder, { recursive: true, force: true });
      else note(`what the hosts' programs wrote and executed is in ${folder}/hosts`);
    });
}

/** @throws InputError for programs that do not make sense together. */
function programsOf({ agent, installer, controller, controllerManifests }: CheckFlags): StockPrograms {
  const all = { '--installer': installer, '--controller': controller, '--controller-manifests': controllerManifests };
  const missing = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [name] : []));
  if (missing.length > 0 && missing.length < Object.keys(all).length)
    throw new InputError(
      `an installation needs --installer, --controller and --controller-manifests together (missing: ${missing.join(', ')}); give --agent alone to check only what comes before it`,
    );
  return {
    agent,
    installer: installer ?? null,
    controller: controller ?? null,
    manifests: controllerManifests ?? null,
  };
}

/** @throws InputError for a RangeError of `check` */
function asInput(check: () => void): void {
  try {
    check();
  } catch (error) {
    throw inputError(error);
  }
}

/** Of what cannot be worked with; any other error as it is. Options are named where a plan's keys are. */
function inputError(error: unknown): unknown {
  if (!(error instanceof RangeError)) return error;
  const message = error.message.replaceAll(/programs\.(\w+)/g, (_, key: string) => `--${key.replaceAll('_', '-')}`);
  return new InputError(message, { cause: error });
}

function clock(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;
}

/** Lines of a report. */
export function renderReport(report: ProgramReport, style: Style): string[] {
  const { programs, steps, stages, escaped, refused, drift, inventory, problems, notExercised } = report;
  const unexpected = refused.filter(({ expected }) => expected === '');
  return [
    ...programs.map((program) => programLine(program, style)),
    '',
    ...section(style, 'commands that nobody replaces', escaped, ({ command, by, call, times }) =>
      [command, by && `executed by ${by}`, times > 1 && `${times} times`, call].filter(Boolean).join('  '),
    ),
    `${style.dim(`  ${report.method}`)}`,
    ...section(
      style,
      'answers that refuse',
      unexpected,
      ({ method, path, status, reason, times }) =>
        `${status} ${method} ${path}${times > 1 ? ` (${times} times)` : ''}: ${reason}`,
    ),
    ...refused
      .filter(({ expected }) => expected !== '')
      .map(({ method, path, status, expected, times }) =>
        style.dim(`  as expected: ${status} ${method} ${path} (${times}): ${expected}`),
      ),
    ...section(style, 'words and flags that have changed', drift, (text) => text),
    ...section(
      style,
      'fields of the inventory that differ from the native agent',
      inventory,
      ({ path, stock, native }) => `${path}: ${stock || 'missing'}; native: ${native || 'missing'}`,
    ),
    ...section(style, 'other problems', problems, (text) => text),
    ...stepLines(steps, style),
    ...(stages.length === 0
      ? []
      : [
          `stages     ${stages.filter(({ hosts }) => hosts > 0).length} of ${stages.length}`,
          ...stages
            .filter(({ hosts }) => hosts === 0)
            .map(({ stage, reason }) => style.dim(`  not seen: ${stage} (${reason})`)),
        ]),
    ...(notExercised.length === 0 ? [] : [style.dim(`not exercised: ${notExercised.join(', ')}`)]),
    '',
    report.passed
      ? style.good(`fits: nothing speaks against these programs (${clock(report.seconds)})`)
      : style.bad(`does not fit (${clock(report.seconds)})`),
  ];
}

function programLine(
  { name, path, goVersion, revision, models, knownRevisions }: CheckedProgram,
  style: Style,
): string {
  const known = knownRevisions.some((one) => revision.startsWith(one) || one.startsWith(revision));
  const facts = [
    goVersion ?? 'says nothing of its build',
    revision && `revision ${revision.slice(0, 12)}`,
    models && `service models ${models}`,
    !known && `the commands were written for ${knownRevisions.join(', ')}`,
  ];
  return `${name.padEnd(10)}  ${path}  ${style.dim(facts.filter(Boolean).join(', '))}`;
}

function section<Row>(style: Style, title: string, rows: readonly Row[], line: (row: Row) => string): string[] {
  if (rows.length === 0) return [`${style.good('ok')}         no ${title}`];
  return [style.bad(`${rows.length} ${title}`), ...rows.map((row) => `  ${line(row)}`)];
}

function stepLines(steps: readonly StepOutcome[], style: Style): string[] {
  const of = (wanted: StepOutcome['outcome']) => steps.filter(({ outcome }) => outcome === wanted);
  return [
    `steps      ${of('ok').length} of ${steps.length} step types were run and answered well`,
    ...of('failed').map(({ type, reason }) => style.bad(`  ${type}: ${reason}`)),
    ...of('not covered').map(({ type, reason }) => style.dim(`  not covered: ${type} (${reason})`)),
  ];
}
