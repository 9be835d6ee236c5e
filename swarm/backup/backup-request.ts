/** From parameters as they were given to what the engine is told; whatever contradicts itself is refused on the way. */
import { type BackupOptions, type BackupPart, RESTORE_CASES, type RestorePart } from './backup-options.ts';
import { scheduleGapMs } from './parameter-values.ts';
import {
  type BackupParameters,
  type GivenParameters,
  optionOf,
  PARAMETER_NAMES,
  PARAMETERS,
  type Parameter,
  type ParameterName,
  ParametersError,
  parseParameters,
} from './parameters.ts';
import { hasPayload } from './payload.ts';
import {
  builtInTemplate,
  TemplateError,
  type TemplateUse,
  templateOf,
  type WorkspaceSpec,
} from './workspace-template.ts';

/** What a user asked for, all of it checked. */
export interface BackupRequest {
  readonly options: BackupOptions;
  /** Folder of the document's files: absolute, or below the run's folder. */
  readonly logsDirectory: string;
  /** Put the credentials of the environment into a secret that is there already. */
  readonly replaceSecret: boolean;
}

const MINUTE = 60_000;
const PAYLOAD_BYTES = 2 ** 20;
/** rohankanojia-testing/devworkspace-operator-load-tests, configure-dwoc-backup.sh, apply_openshift_internal_dwoc_config: the internal registry's certificate is the cluster's own. */
const INTERNAL_ORAS_ARGS = '--insecure';

/**
 * @param readText reads the file of a user's own DevWorkspace; what it throws goes through
 * @throws ParametersError with a line for each problem
 */
export function backupRequest(given: GivenParameters, readText: (file: string) => string): BackupRequest {
  const parameters = parseParameters(given);
  const asked = backupParametersIn(given);
  const backup = parameters.runBackupTestHook ?? asked.length > 0;
  const problems = [
    ...loadProblems(parameters, given),
    ...(backup ? backupProblems(parameters, given) : plainProblems(asked, given)),
  ];
  const use: TemplateUse = { backup, storageType: parameters.storageType };
  let spec: WorkspaceSpec | null = null;
  try {
    spec = workspaceSpec(parameters, use, readText);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    problems.push(error.message);
  }
  if (spec !== null && backup && restorePart(parameters) !== null && !hasPayload(spec)) {
    problems.push(
      `${parameters.devworkspaceLink} is to be restored, and none of its containers proves its content: leave out --devworkspace-link, or give a container env PAYLOAD_BYTES, and the script of the built-in DevWorkspace`,
    );
  }
  if (problems.length > 0 || spec === null) throw new ParametersError(problems);
  return {
    options: {
      workspaces: parameters.maxDevworkspaces!,
      maxStarting: parameters.maxVus,
      separateNamespaces: parameters.separateNamespaces,
      readyTimeoutMs: parameters.devworkspaceReadyTimeoutSeconds * 1000,
      testDurationMs: parameters.testDurationMinutes * MINUTE,
      deleteAfterReady: parameters.deleteDevworkspaceAfterReady ?? !backup,
      workspaceSpec: spec,
      automountPairs: parameters.createAutomountResources ? (parameters.automountPairs ?? 1) : 0,
      operatorNamespace: parameters.dwoNamespace,
      backup: backup ? backupPart(parameters) : null,
    },
    logsDirectory: parameters.logsDir === '' ? 'logs' : parameters.logsDir,
    replaceSecret: parameters.replaceRegistrySecret,
  };
}

function workspaceSpec(
  { devworkspaceLink: file, payloadSize }: BackupParameters,
  use: TemplateUse,
  readText: (file: string) => string,
): WorkspaceSpec {
  return file === '' ? builtInTemplate(payloadSize ?? PAYLOAD_BYTES, use) : templateOf(file, readText(file), use);
}

function backupPart(parameters: BackupParameters): BackupPart {
  const internal = parameters.dwocConfigType === 'openshift-internal';
  return {
    configType: parameters.dwocConfigType,
    registryPath: parameters.registryPath,
    registrySecret: internal || parameters.registrySecret === '' ? null : parameters.registrySecret,
    schedule: parameters.backupSchedule,
    backoffLimit: parameters.backoffLimit,
    orasExtraArgs: (parameters.orasExtraArgs || null) ?? (internal ? INTERNAL_ORAS_ARGS : null),
    waitMs: parameters.backupWaitMinutes * MINUTE,
    order: parameters.backupOrder,
    restore: restorePart(parameters),
  };
}

function restorePart(parameters: BackupParameters): RestorePart | null {
  const { restoreSample, restoreMode, restoreCases, seed } = parameters;
  if (restoreSample === null && restoreCases.length === 0) return null;
  const possible = RESTORE_CASES.filter((one) => one !== 'wrong-credentials' || hasLogin(parameters));
  const cases = restoreCases === 'all' ? possible : restoreCases;
  return { mode: restoreMode, sample: restoreSample, seed: seed === '' ? null : seed, cases };
}

/** A registry that lets everybody in has no wrong credentials. */
function hasLogin({ registrySecret, dwocConfigType }: BackupParameters): boolean {
  return registrySecret !== '' && dwocConfigType !== 'openshift-internal';
}

/** Parameters of the backup that were given; an empty one says nothing. */
function backupParametersIn(given: GivenParameters): ParameterName[] {
  return PARAMETER_NAMES.filter((name) => (PARAMETERS[name] as Parameter).backup && (given[name] ?? '') !== '');
}

function loadProblems(parameters: BackupParameters, given: GivenParameters): string[] {
  const problems: string[] = [];
  if (parameters.maxDevworkspaces === null) {
    problems.push(
      '--max-devworkspaces is missing: give how many DevWorkspaces to create, such as --max-devworkspaces 50',
    );
  }
  if (parameters.devworkspaceLink !== '' && given.payloadSize !== undefined) {
    problems.push(
      '--payload-size is given, and --devworkspace-link too: data is written by the built-in DevWorkspace alone; leave one of them out',
    );
  }
  if (given.automountPairs !== undefined && !parameters.createAutomountResources) {
    problems.push(
      '--automount-pairs is given, and --create-automount-resources is false: give --create-automount-resources true with it',
    );
  }
  return problems;
}

/** @param asked parameters of the backup that were given */
function plainProblems(asked: readonly ParameterName[], given: GivenParameters): string[] {
  // A default that is given changes nothing.
  const options = asked.filter((name) => given[name] !== PARAMETERS[name].absent).map(optionOf);
  if (options.length === 0) return [];
  return [
    `--run-backup-test-hook is false, and ${options.join(', ')} would mean nothing: give --run-backup-test-hook true, or leave ${options.length === 1 ? 'it' : 'them'} out`,
  ];
}

function backupProblems(parameters: BackupParameters, given: GivenParameters): string[] {
  const problems: string[] = [];
  const internal = parameters.dwocConfigType === 'openshift-internal';
  if (parameters.deleteDevworkspaceAfterReady === true) {
    problems.push(
      '--delete-devworkspace-after-ready is true, and DevWorkspaces that are gone cannot be backed up: give false, or --run-backup-test-hook false',
    );
  }
  if (!internal && parameters.registryPath === '') {
    problems.push(
      `--registry-path is ${given.registryPath === undefined ? 'missing' : 'empty'}: give where backups go, such as --registry-path quay.io/yourname, or --dwoc-config-type openshift-internal for the registry inside of an OpenShift cluster`,
    );
  }
  if (internal && (given.registrySecret ?? '') !== '') {
    problems.push(
      `--registry-secret is ${given.registrySecret}, and openshift-internal takes none: backups log in with the tokens of their own accounts; give --registry-secret "" or leave it out`,
    );
  }
  if (parameters.replaceRegistrySecret && (internal || parameters.registrySecret === '')) {
    problems.push('--replace-registry-secret is true, and there is no secret to replace: leave it out');
  }
  problems.push(...restoreProblems(parameters, given));
  const gapMs = scheduleGapMs(parameters.backupSchedule)!;
  const waitMs = parameters.backupWaitMinutes * MINUTE;
  const passes = parameters.dwocConfigType === 'incorrect' ? 2 : 1;
  if (passes * gapMs >= waitMs) {
    const least = passes === 1 ? 'the first backup' : 'the second try, which an incorrect configuration must show';
    problems.push(
      `--backup-schedule is "${parameters.backupSchedule}", due every ${formatMinutes(gapMs)} minutes, and --backup-wait-minutes is ${parameters.backupWaitMinutes}: the wait could end before ${least}; give a longer wait or another schedule`,
    );
  }
  return problems;
}

/** `45`, `1.5` */
const formatMinutes = (ms: number) => String(Math.round((ms / MINUTE) * 10) / 10);

function restoreProblems(parameters: BackupParameters, given: GivenParameters): string[] {
  const { restoreCases: cases, dwocConfigType, maxDevworkspaces, payloadSize } = parameters;
  const restore = restorePart(parameters);
  if (restore === null) {
    const idle = (['restoreMode', 'seed'] as const).filter((name) => (given[name] ?? '') !== '').map(optionOf);
    if (idle.length === 0) return [];
    return [
      `${idle.join(' and ')} ${idle.length === 1 ? 'is' : 'are'} given, and nothing is restored: give --restore-sample 10 with it, or leave it out`,
    ];
  }
  const problems: string[] = [];
  const asked = optionOf(restore.sample === null ? 'restoreCases' : 'restoreSample');
  if (dwocConfigType === 'incorrect') {
    problems.push(
      `${asked} is given, and --dwoc-config-type is incorrect, with which nothing is backed up that could be restored: leave it out, or give --dwoc-config-type correct`,
    );
  }
  if (payloadSize === 0) {
    problems.push(
      `${asked} is given, and --payload-size is 0: the operator cannot restore an empty backup, and nothing would prove that it came back; give a size`,
    );
  }
  if (cases !== 'all' && cases.includes('wrong-credentials') && !hasLogin(parameters)) {
    problems.push(
      '--restore-cases has wrong-credentials, and the registry has no secret whose credentials could be wrong: leave it out, or give --registry-secret',
    );
  }
  if (restore.cases.includes('empty-backup') && maxDevworkspaces === 1) {
    problems.push(
      '--restore-cases has empty-backup, which takes one of the DevWorkspaces for itself, and --max-devworkspaces is 1: give 2 or more',
    );
  }
  return problems;
}
