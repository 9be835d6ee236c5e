/**
 * What differs between releases of the DevWorkspace Operator as far as backup and restore go: devfile/devworkspace-operator,
 * controllers/backupcronjob/backupcronjob_controller.go, pkg/secrets/backup.go and the CustomResourceDefinitions at each tag.
 */

export const OPERATOR_VERSIONS = ['0.39', '0.40.0', '0.40.1', '0.41', '0.42', '0.43', '0.44'] as const;

export type OperatorVersion = (typeof OPERATOR_VERSIONS)[number];

/** The name under which a secret is looked up in the namespace of a workspace: that of the settings, or a fixed one. */
type SecretName = 'configured' | 'fixed';

export interface VersionProfile {
  /** Outcomes are written to each workspace; without it the end of the last pass decides alone. */
  readonly annotations: boolean;
  /** Default of the field; undefined: there is no such field. */
  readonly backoffLimit: number | undefined;
  readonly restore: boolean;
  readonly backupSecret: SecretName;
  readonly restoreSecret: SecretName;
  /** A restore takes the secret of the operator's namespace when the workspace's has none. */
  readonly restoreFallsBack: boolean;
  /** The copied secret belongs to one workspace, and goes with it. */
  readonly ownedCopy: boolean;
  /** The copied secret is written anew at every pass. */
  readonly overwrittenCopy: boolean;
  /** Jobs take imagePullPolicy and podSecurityContext from the settings. */
  readonly podSettings: boolean;
}

const LATEST: VersionProfile = {
  annotations: true,
  backoffLimit: 1,
  restore: true,
  backupSecret: 'fixed',
  restoreSecret: 'fixed',
  restoreFallsBack: true,
  ownedCopy: false,
  overwrittenCopy: false,
  podSettings: true,
};
const V0_42: VersionProfile = { ...LATEST, podSettings: false };
const V0_41: VersionProfile = { ...V0_42, restoreFallsBack: false, ownedCopy: true };
const V0_40_1: VersionProfile = { ...V0_41, backupSecret: 'configured', overwrittenCopy: true };
const V0_40_0: VersionProfile = { ...V0_40_1, backoffLimit: 3, restoreSecret: 'configured' };

export const VERSION_PROFILES: Readonly<Record<OperatorVersion, VersionProfile>> = {
  '0.39': { ...V0_40_0, annotations: false, backoffLimit: undefined, restore: false },
  '0.40.0': V0_40_0,
  '0.40.1': V0_40_1,
  '0.41': V0_41,
  '0.42': V0_42,
  '0.43': LATEST,
  '0.44': LATEST,
};
