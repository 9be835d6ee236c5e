/**
 * The parameters of a backup load, in one table: `swarm backup run` has its options and their help from it, test plans their `args`.
 * Those that the public load test has keep their names and defaults (rohankanojia-testing/dwo-load-testing-using-k6-poc,
 * test-devworkspace-controller-load/runk6.sh, parse_arguments, and BACKUP_LOAD_TESTING.md, "Test Parameters").
 */
import { nearest } from '../../model/text/nearest.ts';
import { CONFIG_TYPES, RESTORE_CASES, RESTORE_MODES } from './backup-options.ts';
import {
  bytes,
  line,
  listOf,
  namespaceName,
  never,
  objectName,
  oneOf,
  ParameterValueError,
  type Parse,
  registryPath,
  sample,
  schedule,
  trueOrFalse,
  wholeFrom,
} from './parameter-values.ts';

export interface Parameter<T = unknown, A extends string | null = string | null> {
  /** What help shows for a value: `true|false`. */
  readonly value: string;
  readonly summary: string;
  readonly parse: Parse<T>;
  /** What is taken when it is not given, as one would write it; null: nothing, or what others say. */
  readonly absent: A;
  /** What help says in place of a default. */
  readonly absentText?: string;
  /** It says something of the backup: given alone, it asks for one. */
  readonly backup?: true;
  /** Part of the public load test that this program does not have; help leaves it out. */
  readonly hidden?: true;
}

const parameter = <T, A extends string | null>(one: Parameter<T, A>): Parameter<T, A> => one;

const BOOLEAN = 'true|false';
const NO_CHE = 'Eclipse Che is not set up by this program; leave it out, and test its cluster as it is';

/** By their name in {@link BackupParameters}; on the command line it is written with hyphens: `--max-vus`. */
export const PARAMETERS = {
  maxDevworkspaces: parameter({
    value: 'n',
    summary: 'DevWorkspaces to create; must be given',
    parse: wholeFrom(1, 100_000),
    absent: null,
  }),
  maxVus: parameter({
    value: 'n',
    summary: 'DevWorkspaces that may be starting at once',
    parse: wholeFrom(1, 10_000),
    absent: '100',
  }),
  separateNamespaces: parameter({
    value: BOOLEAN,
    summary: 'a namespace for each DevWorkspace',
    parse: trueOrFalse,
    absent: 'false',
  }),
  deleteDevworkspaceAfterReady: parameter({
    value: BOOLEAN,
    summary: 'delete a DevWorkspace once it is ready; must be false for backups',
    parse: trueOrFalse,
    absent: null,
    absentText: 'true; false with the backup',
  }),
  devworkspaceReadyTimeoutSeconds: parameter({
    value: 'n',
    summary: 'longest wait for a DevWorkspace to be ready',
    parse: wholeFrom(1, 86_400),
    absent: '1200',
  }),
  testDurationMinutes: parameter({
    value: 'n',
    summary: 'for how long DevWorkspaces are created',
    parse: wholeFrom(1, 10_080),
    absent: '25',
  }),
  runBackupTestHook: parameter({
    value: BOOLEAN,
    summary: 'stop all DevWorkspaces and have them backed up',
    parse: trueOrFalse,
    absent: null,
    absentText: 'false; true when another parameter of the backup is given',
  }),
  dwocConfigType: parameter({
    value: CONFIG_TYPES.join('|'),
    summary: 'how the operator is configured',
    parse: oneOf(CONFIG_TYPES),
    absent: 'correct',
    backup: true,
  }),
  registryPath: parameter({
    value: 'host/path',
    summary: 'where backups go, such as quay.io/yourname; must be given but for openshift-internal',
    parse: registryPath,
    absent: '',
    backup: true,
  }),
  registrySecret: parameter({
    value: 'name',
    summary: 'secret with the credentials of the registry; "" for a registry that asks for none',
    parse: (text: string) => (text === '' ? '' : objectName(text)),
    absent: 'quay-push-secret',
    backup: true,
  }),
  replaceRegistrySecret: parameter({
    value: BOOLEAN,
    summary: 'put QUAY_USERNAME and QUAY_PASSWORD into a secret that is there already',
    parse: trueOrFalse,
    absent: 'false',
    backup: true,
  }),
  backupWaitMinutes: parameter({
    value: 'n',
    summary: 'longest wait for backups',
    parse: wholeFrom(1, 10_080),
    absent: '30',
    backup: true,
  }),
  backupSchedule: parameter({
    value: 'cron',
    summary: "the operator's schedule",
    parse: schedule,
    absent: '*/1 * * * *',
    backup: true,
  }),
  backoffLimit: parameter({
    value: 'n',
    summary: 'further attempts of a backup Job',
    parse: wholeFrom(0, 100),
    absent: null,
    absentText: "the one that is configured, or the cluster's default",
    backup: true,
  }),
  orasExtraArgs: parameter({
    value: 'text',
    summary: 'arguments for oras in backups',
    parse: line,
    absent: null,
    absentText: 'none; --insecure for openshift-internal',
    backup: true,
  }),
  backupOrder: parameter({
    value: 'stop-first|config-first',
    summary: 'configure the operator after the stop, or before anything is created as the public scripts do',
    parse: oneOf(['stop-first', 'config-first']),
    absent: 'stop-first',
    backup: true,
  }),
  restoreSample: parameter({
    value: 'n|n%',
    summary: 'restore so many of the DevWorkspaces that are backed up, and look whether their content is back',
    parse: sample,
    absent: null,
    absentText: 'none',
    backup: true,
  }),
  restoreMode: parameter({
    value: RESTORE_MODES.join('|'),
    summary: 'restore under the old name, under a new one beside it, or in a namespace without a secret yet',
    parse: oneOf(RESTORE_MODES),
    absent: 'in-place',
    backup: true,
  }),
  restoreCases: parameter({
    value: `${RESTORE_CASES.join(',')}|all`,
    summary: 'also restore what must go wrong, and look whether it does',
    parse: listOf(RESTORE_CASES),
    absent: '',
    absentText: 'none',
    backup: true,
  }),
  seed: parameter({
    value: 'text',
    summary: 'draws the same sample of the same DevWorkspaces again',
    parse: line,
    absent: null,
    absentText: "the run's id",
    backup: true,
  }),
  devworkspaceLink: parameter({
    value: 'file',
    summary: 'your own DevWorkspace (YAML or JSON) in place of the built-in one',
    parse: (text: string) => {
      if (!/^https?:/i.test(text)) return line(text);
      throw new ParameterValueError(
        `is a link, and nothing is loaded from the network during a run: save it (curl -o dw.json ${JSON.stringify(text)}) and give the file, or "" for the built-in DevWorkspace`,
      );
    },
    absent: '',
    absentText: 'the built-in one',
  }),
  storageType: parameter({
    value: 'per-workspace|common|per-user|ephemeral',
    summary: 'storage of the DevWorkspaces; ephemeral ones are never backed up',
    parse: oneOf(['per-workspace', 'common', 'per-user', 'ephemeral'], {
      async: 'it is never backed up, and needs a server of its own in each namespace; take per-workspace',
    }),
    absent: null,
    absentText: "per-workspace, or your own file's",
  }),
  payloadSize: parameter({
    value: 'size',
    summary: 'random data in /projects of each built-in DevWorkspace',
    parse: bytes,
    absent: null,
    absentText: '1Mi',
  }),
  createAutomountResources: parameter({
    value: BOOLEAN,
    summary: 'mount a ConfigMap and a Secret into the DevWorkspaces of each namespace',
    parse: trueOrFalse,
    absent: 'false',
  }),
  automountPairs: parameter({
    value: 'n',
    summary: 'so many ConfigMaps and as many Secrets in place of one',
    parse: wholeFrom(1, 100),
    absent: null,
    absentText: '1 with --create-automount-resources true',
  }),
  dwoNamespace: parameter({
    value: 'name',
    summary: 'namespace of the DevWorkspace Operator',
    parse: namespaceName,
    absent: null,
    absentText: 'where it is found',
  }),
  logsDir: parameter({
    value: 'folder',
    summary: "folder of the document's files; a relative one is below the run's folder",
    parse: line,
    absent: 'logs',
  }),
  mode: parameter({
    value: 'binary',
    summary: 'how load is made: by this program',
    parse: oneOf(['binary'], {
      operator: 'load is made by this program, not by the k6 operator in the cluster; leave it out or give binary',
    }),
    absent: 'binary',
  }),
  executor: parameter({
    value: 'shared-iterations',
    summary: 'how load is spread: --max-vus share the DevWorkspaces',
    parse: oneOf(['shared-iterations'], {
      'ramping-vus': 'load does not grow by stages; leave it out, and set its height with --max-vus',
    }),
    absent: 'shared-iterations',
  }),
  runWithEclipseChe: parameter({
    value: BOOLEAN,
    summary: 'with Eclipse Che',
    parse: oneOf(['false'], { true: NO_CHE }),
    absent: 'false',
    hidden: true,
  }),
  cheClusterName: parameter({ value: 'name', summary: '', parse: never(NO_CHE), absent: null, hidden: true }),
  cheNamespace: parameter({ value: 'name', summary: '', parse: never(NO_CHE), absent: null, hidden: true }),
} as const satisfies Record<string, Parameter>;

export type ParameterName = keyof typeof PARAMETERS;

type ValueOf<P> = P extends Parameter<infer T, infer A> ? (null extends A ? T | null : T) : never;

/** What was asked for: each parameter with its value, given or not. */
export type BackupParameters = { readonly [Name in ParameterName]: ValueOf<(typeof PARAMETERS)[Name]> };

/** Values as they were given, by name. */
export type GivenParameters = Readonly<Partial<Record<ParameterName, string>>>;

/** Something is wrong with what was given: one line for each problem. */
export class ParametersError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'ParametersError';
    this.problems = problems;
  }
}

/** `--max-vus` */
export function optionOf(name: ParameterName): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

export const PARAMETER_NAMES = Object.keys(PARAMETERS) as ParameterName[];
const NAMES = new Map(PARAMETER_NAMES.map((name) => [optionOf(name), name]));

/**
 * Reads the words of a command line: `--option value` and `--option=value`. What is given twice counts as it was given last.
 * @throws ParametersError
 */
export function parametersOfWords(words: readonly string[]): GivenParameters {
  const given: Partial<Record<ParameterName, string>> = {};
  const problems: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const [, option = '', inline] = /^(--[^=]*)(?:=(.*))?$/s.exec(words[at]!) ?? [];
    const name = NAMES.get(option);
    if (name === undefined) {
      problems.push(unknown(words[at]!, option));
      // Its value, if it has one, is no parameter either.
      if (option !== '' && inline === undefined && words[at + 1]?.startsWith('--') === false) at += 1;
    } else if (inline !== undefined) given[name] = inline;
    else if (words[at + 1] === undefined || NAMES.has(words[at + 1]!)) {
      problems.push(`${option} has no value: give <${PARAMETERS[name].value}> after it`);
    } else {
      at += 1;
      given[name] = words[at]!;
    }
  }
  if (problems.length > 0) throw new ParametersError(problems);
  return given;
}

function unknown(word: string, option: string): string {
  if (option === '') return `${JSON.stringify(word)} is no parameter: a value must follow one, such as --max-vus 50`;
  const meant = nearest(option, [...NAMES.keys()]);
  return `${option} is no parameter${meant ? `; did you mean ${meant}?` : ': see swarm backup run --help'}`;
}

/** @throws ParametersError with a line for each value of a wrong form */
export function parseParameters(given: GivenParameters): BackupParameters {
  const problems: string[] = [];
  const entries = PARAMETER_NAMES.map((name) => {
    const { absent, parse }: Parameter = PARAMETERS[name];
    const text = given[name] ?? absent;
    try {
      return [name, text === null ? null : parse(text)];
    } catch (error) {
      if (!(error instanceof ParameterValueError)) throw error;
      problems.push(`${optionOf(name)} ${error.message}`);
      return [name, null];
    }
  });
  if (problems.length > 0) throw new ParametersError(problems);
  return Object.fromEntries(entries) as BackupParameters;
}
