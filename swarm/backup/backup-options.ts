/**
 * What a backup load is told: plain data, checked by whoever makes it (parameters.ts), so that the engine need not. Times are
 * milliseconds of the run's clock.
 */

/**
 * `correct`: the registry as given. `incorrect`: its host with the document's typo, so that every backup fails.
 * `openshift-internal`: the registry inside of an OpenShift cluster, with the tokens of the Jobs' accounts.
 */
export const CONFIG_TYPES = ['correct', 'incorrect', 'openshift-internal'] as const;
export type ConfigType = (typeof CONFIG_TYPES)[number];

/** Storage that the operator backs up: `common` and `per-user` are the same to it (devfile/devworkspace-operator, pkg/constants/attributes.go). */
export const BACKED_UP_STORAGE = ['per-workspace', 'common', 'per-user'] as const;

/**
 * `in-place`: a workspace is deleted and made again under its name. `side-by-side`: another one beside it gets its backup.
 * `other-namespace`: another one of its name in a namespace that has no secret yet, as on another cluster.
 */
export const RESTORE_MODES = ['in-place', 'side-by-side', 'other-namespace'] as const;
export type RestoreMode = (typeof RESTORE_MODES)[number];

/** Restores that go another way than well: three must fail, and the last must leave alone what is there. */
export const RESTORE_CASES = ['missing-image', 'wrong-credentials', 'empty-backup', 'non-empty'] as const;
export type RestoreCase = (typeof RESTORE_CASES)[number];

/** How many of the workspaces that are backed up are restored: a number, or a share in percent of which what is over is rounded up. */
export type RestoreSample = { readonly count: number } | { readonly percent: number };

/** The part of a run that restores what was backed up. */
export interface RestorePart {
  readonly mode: RestoreMode;
  /** Null for the cases alone. */
  readonly sample: RestoreSample | null;
  /** Text that the sample is drawn by; null: the run's id. */
  readonly seed: string | null;
  readonly cases: readonly RestoreCase[];
}

/** The part of a run that stops the workspaces and has them backed up. */
export interface BackupPart {
  readonly configType: ConfigType;
  /** As given: `quay.io/acme`, without a slash at its end; '' for `openshift-internal`, which finds its own. */
  readonly registryPath: string;
  /** Name of the secret in the operator's namespace; null for a registry that asks for none. */
  readonly registrySecret: string | null;
  /** As robfig/cron takes it: `*\/1 * * * *`, `@every 90s`. */
  readonly schedule: string;
  /** Further attempts of a Job; null leaves it as the operator is configured, or to the cluster's default. */
  readonly backoffLimit: number | null;
  /** Arguments of `oras`, such as `--insecure`; null for none. */
  readonly orasExtraArgs: string | null;
  /** Longest wait for the Jobs, from the moment the configuration is applied. */
  readonly waitMs: number;
  /** `stop-first`, as the document has it; `config-first`, as the public scripts do, configures the operator before anything is created. */
  readonly order: 'stop-first' | 'config-first';
  /** Null when nothing is restored. */
  readonly restore: RestorePart | null;
}

export interface BackupOptions {
  /** DevWorkspaces to create. */
  readonly workspaces: number;
  /** Most workspaces that may be on their way to Running at once. */
  readonly maxStarting: number;
  /** One namespace for each workspace; else one for all. */
  readonly separateNamespaces: boolean;
  /** From a workspace's creation until it counts as timed out. */
  readonly readyTimeoutMs: number;
  /** Until no further workspace is created. */
  readonly testDurationMs: number;
  /** The plain load alone: workspaces go as soon as they are ready. Never together with `backup`. */
  readonly deleteAfterReady: boolean;
  /** `spec` of every DevWorkspace; `started` is true in it, whatever it says. */
  readonly workspaceSpec: Readonly<Record<string, unknown>>;
  /** Pairs of a ConfigMap and a Secret that are mounted into all workspaces of a namespace. */
  readonly automountPairs: number;
  /** Namespace of the operator; null: the one where its Deployment is found. */
  readonly operatorNamespace: string | null;
  /** Null for the plain load. */
  readonly backup: BackupPart | null;
}

/** Namespaces and workspaces are named as the public scripts name theirs (dwo-load-testing, devworkspace_load_test.js), with one number. */
export const SINGLE_NAMESPACE = 'loadtest-devworkspaces';
export const namespaceName = (options: Pick<BackupOptions, 'separateNamespaces'>, index: number): string =>
  options.separateNamespaces ? `load-test-ns-${index + 1}` : SINGLE_NAMESPACE;
/** Of what is restored in mode `other-namespace`, by the namespace of the original. */
export const restoreNamespaceName = (namespace: string): string =>
  namespace === SINGLE_NAMESPACE
    ? `${SINGLE_NAMESPACE}-restored`
    : namespace.replace('load-test-ns-', 'load-test-restore-ns-');
/** Of the workspace that is to be restored with wrong credentials: they must not be in a namespace of others. */
export const CREDENTIALS_NAMESPACE = 'load-test-restore-credentials';
export const workspaceName = (index: number): string => `dw-test-${index + 1}`;
