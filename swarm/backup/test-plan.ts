/**
 * Test plans of the public load tests, as their suite runner reads them (rohankanojia-testing/dwo-load-testing-using-k6-poc,
 * scripts/run_all_loadtests.sh, execute_tests_from_json):
 *
 *   { description?, tests?:        [{ max_devworkspaces, mode: single|separate, duration_minutes, enabled, description? }],
 *                   custom_tests?: [{ name, args, enabled, description? }] }
 *
 * `tests` come first; what is not enabled is left out.
 */
import { nearest } from '../../model/text/nearest.ts';
import { type BackupRequest, backupRequest } from './backup-request.ts';
import { type GivenParameters, ParametersError, parametersOfWords } from './parameters.ts';
import { ShellWordsError, shellWords } from './shell-words.ts';

export interface PlannedTest {
  /** Fit for the name of a folder; no two of a plan are the same. */
  readonly name: string;
  /** As the plan has it; '' for none. */
  readonly description: string;
  readonly request: BackupRequest;
}

export interface TestPlan {
  readonly description: string;
  /** Enabled ones, in the order in which they run; one at least. */
  readonly tests: readonly PlannedTest[];
  /** How many are there and not enabled. */
  readonly disabled: number;
}

/** Something is wrong with a plan: one line for each problem. */
export class TestPlanError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'TestPlanError';
    this.problems = problems;
  }
}

/** run_all_loadtests.sh: what a standard test is run with. */
const STANDARD = {
  mode: 'binary',
  maxVus: '300',
  createAutomountResources: 'true',
  deleteDevworkspaceAfterReady: 'false',
};
const PLAN_KEYS = ['description', 'tests', 'custom_tests'];
const STANDARD_KEYS = ['max_devworkspaces', 'mode', 'duration_minutes', 'enabled', 'description'];
const CUSTOM_KEYS = ['name', 'args', 'enabled', 'description'];

type Mapping = Readonly<Record<string, unknown>>;
const isMapping = (value: unknown): value is Mapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * @param file what errors call it
 * @param readText reads the file of a user's own DevWorkspace, when a test names one
 * @throws TestPlanError; nothing is left out of it, so that all can be mended at once
 */
export function readTestPlan(file: string, text: string, readText: (file: string) => string): TestPlan {
  const reader = new PlanReader(file, readText);
  const plan = reader.read(text);
  if (reader.problems.length > 0 || plan === null) throw new TestPlanError(reader.problems);
  if (plan.tests.length === 0) {
    throw new TestPlanError([
      `${file}: no test is enabled${plan.disabled > 0 ? ` (${plan.disabled} are not)` : ''}; set "enabled": true for those that shall run`,
    ]);
  }
  return plan;
}

class PlanReader {
  readonly problems: string[] = [];
  readonly #file: string;
  readonly #readText: (file: string) => string;
  readonly #names = new Map<string, number>();

  constructor(file: string, readText: (file: string) => string) {
    this.#file = file;
    this.#readText = readText;
  }

  read(text: string): TestPlan | null {
    let plan: unknown;
    try {
      plan = JSON.parse(text);
    } catch (error) {
      this.#problem(`is not valid JSON (${(error as Error).message}); give a test plan`);
      return null;
    }
    if (!isMapping(plan)) {
      this.#problem('is no test plan: give {"tests": […], "custom_tests": […]}');
      return null;
    }
    this.#keys('', plan, PLAN_KEYS);
    const { description, tests = [], custom_tests: custom = [] } = plan;
    const entries = [
      ...this.#entries('tests', tests, STANDARD_KEYS).map(([at, one]) => this.#standard(at, one)),
      ...this.#entries('custom_tests', custom, CUSTOM_KEYS).map(([at, one]) => this.#custom(at, one)),
    ];
    return {
      description: typeof description === 'string' ? description : '',
      tests: entries.filter((one) => one !== null),
      disabled: this.#disabled,
    };
  }

  #disabled = 0;

  /** Those that are enabled, each with its place. */
  #entries(key: string, value: unknown, keys: readonly string[]): [at: string, entry: Mapping][] {
    if (!Array.isArray(value)) {
      this.#problem(`${key} is no list; give [] for none`);
      return [];
    }
    return value.flatMap((entry, index): [string, Mapping][] => {
      const at = `${key}[${index}]`;
      if (!isMapping(entry)) {
        this.#problem(`${at} is no test; give {${keys.map((one) => `"${one}": …`).join(', ')}}`);
        return [];
      }
      const { enabled = false } = entry;
      if (typeof enabled !== 'boolean') {
        this.#problem(`${at}.enabled is ${JSON.stringify(enabled)}: allowed are true and false, without quotes`);
        return [];
      }
      if (!enabled) {
        this.#disabled += 1;
        return [];
      }
      if ('number_of_users' in entry) {
        this.#problem(
          `${at} has number_of_users: load on the webhook server is not made by this program; set "enabled": false for it`,
        );
        return [];
      }
      this.#keys(`${at}.`, entry, keys);
      return [[at, entry]];
    });
  }

  #keys(prefix: string, object: Mapping, known: readonly string[]): void {
    for (const key of Object.keys(object)) {
      if (known.includes(key)) continue;
      const meant = nearest(key, known);
      this.#problem(
        `${prefix}${key} is no key; ${meant ? `did you mean ${meant}?` : `allowed are ${known.join(', ')}`}`,
      );
    }
  }

  #standard(at: string, test: Mapping): PlannedTest | null {
    const count = this.#number(`${at}.max_devworkspaces`, test.max_devworkspaces);
    const minutes = this.#number(`${at}.duration_minutes`, test.duration_minutes);
    const { mode } = test;
    if (mode !== 'single' && mode !== 'separate') {
      this.#problem(`${at}.mode is ${shown(mode)}: allowed are "single" and "separate"`);
    }
    if (count === null || minutes === null) return null;
    const given: GivenParameters = {
      ...STANDARD,
      maxDevworkspaces: String(count),
      separateNamespaces: String(mode === 'separate'),
      devworkspaceReadyTimeoutSeconds: String(minutes * 60),
      testDurationMinutes: String(minutes),
    };
    return this.#planned(at, `${count}_${mode}_ns_${minutes}m`, test, () => given);
  }

  #custom(at: string, test: Mapping): PlannedTest | null {
    const { name, args } = test;
    if (typeof name !== 'string' || !/[\w]/.test(name)) {
      this.#problem(`${at}.name is ${shown(name)}: give the test a name, as its folder has it`);
      return null;
    }
    if (typeof args !== 'string') {
      this.#problem(
        `${at}.args is ${shown(args)}: give a command line such as "--max-devworkspaces 50 --separate-namespaces true"`,
      );
      return null;
    }
    return this.#planned(at, name, test, () => parametersOfWords(shellWords(args)));
  }

  #planned(at: string, name: string, test: Mapping, read: () => GivenParameters): PlannedTest | null {
    try {
      const request = backupRequest(read(), this.#readText);
      const description = typeof test.description === 'string' ? test.description : '';
      return { name: this.#folderName(name), description, request };
    } catch (error) {
      const problems =
        error instanceof ParametersError
          ? error.problems
          : error instanceof ShellWordsError
            ? [`args: ${error.message}`]
            : null;
      if (problems === null) throw error;
      for (const problem of problems) this.#problem(`${at} (${name}): ${problem}`);
      return null;
    }
  }

  #number(what: string, value: unknown): number | null {
    if (Number.isInteger(value) && (value as number) > 0) return value as number;
    this.#problem(`${what} is ${shown(value)}: give a whole number from 1`);
    return null;
  }

  /** What a file system might take for something else becomes a hyphen; a name that was there before gets a number. */
  #folderName(name: string): string {
    const plain = name
      .replaceAll(/[^\w.-]+/g, '-')
      .replace(/^[.-]+/, '')
      .slice(0, 100);
    const seen = (this.#names.get(plain) ?? 0) + 1;
    this.#names.set(plain, seen);
    return seen === 1 ? plain : this.#folderName(`${plain}-${seen}`);
  }

  #problem(message: string): void {
    this.problems.push(`${this.#file}: ${message}`);
  }
}

function shown(value: unknown): string {
  return value === undefined ? 'missing' : JSON.stringify(value);
}
