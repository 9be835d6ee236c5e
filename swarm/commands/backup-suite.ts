import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { rowOf } from '../backup/backup-row.ts';
import { countOf, type SuiteEntry, type SuiteReport, suiteRows, suiteText } from '../backup/suite-report.ts';
import type { PlannedTest, TestPlan } from '../backup/test-plan.ts';
import { formatCount } from '../report/style.ts';
import { newRunId } from '../telemetry/run-archive.ts';
import { readInput, readTemplate } from './backup-input.ts';
import type { BackupInterrupts } from './backup-session.ts';
import { addTargetOptions, type TargetFlags } from './backup-target.ts';
import { EXIT, InputError } from './exit.ts';
import { note } from './note.ts';
import { prepareOutputFolder } from './output-folder.ts';

interface SuiteFlags extends TargetFlags {
  out: string;
  json?: true;
  quiet?: true;
}

/** `swarm backup suite` */
export function addSuite(backup: Command, finish: (code: number) => void): void {
  const command = backup
    .command('suite')
    .summary('the loads of a public test plan, one after another')
    .description(
      'Runs the enabled tests of a test plan of the public load tests (test-plans/*.json), first those of "tests", then those of "custom_tests". All of them are checked before the first begins.',
    )
    .argument('<plan>', 'test plan (JSON)');
  addTargetOptions(command)
    .option('--out <dir>', "folder for the runs' folders and that of the suite", 'runs')
    .option('--json', 'print what the tests came to as JSON')
    .option('--quiet', 'no progress')
    .addHelpText(
      'after',
      `
A plan must name your registry in place of quay.io/CHANGEME. Its credentials are in QUAY_USERNAME and QUAY_PASSWORD, or in a secret
that is there; with --embedded any will do.
Each test has a folder of its own, and the suite one with summary.txt, summary.csv (a row for each test) and suite.json.
Exit codes: 0 all passed, 1 some failed, 2 wrong input and nothing was created, 130 interrupted.

Examples:
  swarm backup suite examples/backup-smoke.json --embedded
  swarm backup suite test-plans/backup-restore-smoke-test-plan.json --kubeconfig cluster.kubeconfig`,
    )
    .action(async (file: string, flags: SuiteFlags) => {
      const plan = await planOf(file);
      prepareOutputFolder(flags.out);
      finish(await new Suite(file, plan, flags).run());
    });
}

/** @throws InputError with a line for each problem */
async function planOf(file: string): Promise<TestPlan> {
  const { readTestPlan, TestPlanError } = await import('../backup/test-plan.ts');
  const text = readInput(file, 'the test plan', 'a test plan (JSON)');
  try {
    return readTestPlan(file, text, readTemplate);
  } catch (error) {
    if (!(error instanceof TestPlanError)) throw error;
    throw new InputError(`${error.message}\nnothing was created`, { cause: error });
  }
}

class Suite {
  readonly #file: string;
  readonly #plan: TestPlan;
  readonly #flags: SuiteFlags;
  readonly #folder: string;
  readonly #startedAt = new Date();
  readonly #entries: SuiteEntry[] = [];

  constructor(file: string, plan: TestPlan, flags: SuiteFlags) {
    this.#file = file;
    this.#plan = plan;
    this.#flags = flags;
    this.#folder = join(flags.out, `${newRunId()}-suite`);
  }

  /** @returns the exit code. @throws InputError when the first test is refused */
  async run(): Promise<number> {
    const { tests, description, disabled } = this.#plan;
    if (description !== '') note(description);
    for (const [index, { name, description: about }] of tests.entries()) {
      note(`  ${index + 1}. ${name}${about === '' ? '' : `: ${about}`}`);
    }
    if (disabled > 0) note(`  and ${formatCount(disabled)} that ${disabled === 1 ? 'is' : 'are'} not enabled`);
    const interrupted = await this.#all(tests);
    const report = this.#write();
    process.stdout.write(this.#flags.json ? `${JSON.stringify(this.#json(report), null, 2)}\n` : suiteText(report));
    note(`kept in ${this.#folder}`);
    if (interrupted) return EXIT.interrupted;
    return countOf(report, 'PASSED') === tests.length ? EXIT.ok : EXIT.failed;
  }

  /** @returns whether it was ended by Ctrl-C, which may also come between two tests */
  async #all(tests: readonly PlannedTest[]): Promise<boolean> {
    const { BackupInterrupts } = await import('./backup-session.ts');
    const interrupts = new BackupInterrupts();
    try {
      for (const [index, test] of tests.entries()) {
        note(`\ntest ${index + 1} of ${tests.length}: ${test.name}`);
        const entry = await this.#one(test, interrupts);
        this.#entries.push(entry);
        note(`${test.name}: ${entry.status}`);
        this.#write();
        if (interrupts.isOver) break;
      }
      return interrupts.isOver;
    } finally {
      interrupts.release();
    }
  }

  async #one(test: PlannedTest, interrupts: BackupInterrupts): Promise<SuiteEntry> {
    const { runBackup } = await import('./backup-session.ts');
    const since = performance.now();
    const durationMs = () => performance.now() - since;
    const entry = { name: test.name, folder: null, reasons: [], row: '' };
    try {
      const session = await runBackup(test.request, this.#flags, interrupts, test.name);
      if (session === null) {
        const reasons = ['interrupted before anything was created'];
        return { ...entry, status: 'INTERRUPTED', durationMs: durationMs(), reasons };
      }
      const { folder, result, verdict } = session;
      const status = result.interrupted ? 'INTERRUPTED' : verdict.verdict === 'passed' ? 'PASSED' : 'FAILED';
      const { briefText } = await import('../backup/backup-text.ts');
      note(briefText(result.figures));
      const row = rowOf({ test: test.name, verdict: verdict.verdict, figures: result.figures });
      return { ...entry, status, durationMs: durationMs(), folder, reasons: verdict.reasons, row };
    } catch (error) {
      // What the first test is refused for, the others would be, too.
      if (this.#entries.length === 0) throw error;
      const { message } = error as Error;
      note(message);
      const status = error instanceof InputError ? 'REFUSED' : 'FAILED';
      return { ...entry, status, durationMs: durationMs(), reasons: [message] };
    }
  }

  /** After each test, so that a suite that is killed has what it came to. */
  #write(): SuiteReport {
    const report: SuiteReport = {
      plan: this.#file,
      description: this.#plan.description,
      startedAt: this.#startedAt.toISOString(),
      endedAt: new Date().toISOString(),
      planned: this.#plan.tests.length,
      entries: this.#entries,
    };
    try {
      mkdirSync(this.#folder, { recursive: true });
      writeFileSync(join(this.#folder, 'summary.txt'), suiteText(report));
      writeFileSync(join(this.#folder, 'summary.csv'), suiteRows(report));
      writeFileSync(join(this.#folder, 'suite.json'), `${JSON.stringify(this.#json(report), null, 2)}\n`);
      writeFileSync(join(this.#folder, 'plan.json'), readFileSync(this.#file));
    } catch (error) {
      note(`warning: the files of the suite cannot be written: ${(error as Error).message}`);
    }
    return report;
  }

  #json({ entries, ...report }: SuiteReport): object {
    const tests = entries.map(({ row: _row, folder, ...one }) => ({ ...one, folder: folder && resolve(folder) }));
    return { ...report, tests };
  }
}
