/** What a world of developer workspaces is like: its operator, its pace, its registry. All has defaults. */
import { type Span, seconds } from '../../../model/time/span.ts';
import type { KubeObject } from '../../api/object.ts';
import type { ContainerProgram } from './payload.ts';
import type { RegistrySettings } from './registry.ts';
import { OPERATOR_VERSIONS, type OperatorVersion } from './versions.ts';

/** How long things take, in simulated time. */
export interface WorldProfile {
  /** One step of the main controller for one workspace. */
  readonly reconcile: Span;
  /** From a pod to its node, with its volumes. */
  readonly schedule: Span;
  /** From a claim to its volume. */
  readonly bind: Span;
  readonly imagePull: Span;
  /** From the start of a workspace's container until it is ready. */
  readonly containerStart: Span;
  /** From the end of a workspace to the end of its pod; a container that ignores SIGTERM takes its grace period of 10 s. */
  readonly podStop: Span;
  /** What the loop of a pass takes for each workspace that is due. */
  readonly loopCost: Span;
  /** From a Job, or from the end of a back-off, to its pod. */
  readonly jobPod: Span;
  /** What a backup takes besides reading and sending its bytes. */
  readonly backup: Span;
  /** From the last pod of a Job to the condition that says how it ended. */
  readonly jobEnd: Span;
  /** From the change of a Job to what the operator notes about it. */
  readonly notice: Span;
  /** An operator that restarts. */
  readonly restart: Span;
}

export const WORLD_PROFILES = {
  typical: {
    reconcile: seconds(0.1, 0.3),
    schedule: seconds(0.5, 1.5),
    bind: seconds(0.5, 1),
    imagePull: seconds(1, 3),
    containerStart: seconds(1, 2),
    podStop: seconds(9.2, 0.6),
    loopCost: seconds(0.008, 0.008),
    jobPod: seconds(0.05, 0.2),
    backup: seconds(3, 4),
    jobEnd: seconds(0.2, 0.8),
    notice: seconds(0.02, 0.1),
    restart: seconds(15, 5),
  },
  quick: {
    reconcile: seconds(0.02, 0.02),
    schedule: seconds(0.1, 0.1),
    bind: seconds(0.05, 0),
    imagePull: seconds(0.1, 0.1),
    containerStart: seconds(0.1, 0.1),
    podStop: seconds(0.5, 0.2),
    loopCost: seconds(0.002, 0),
    jobPod: seconds(0.05, 0.05),
    backup: seconds(0.5, 0.5),
    jobEnd: seconds(0.1, 0),
    notice: seconds(0.02, 0),
    restart: seconds(2, 0),
  },
} satisfies Record<string, WorldProfile>;

export const FLAVOURS = ['kubernetes', 'openshift'] as const;
export type Flavour = (typeof FLAVOURS)[number];

export const OPERATORS = ['played', 'external'] as const;

export interface WorldSettings {
  /**
   * `external`: a real operator reconciles workspaces and makes backups; played are the cluster around it (Deployments, Jobs and
   * their pods, volumes, the registry) and what its webhooks do.
   */
  readonly operator: (typeof OPERATORS)[number];
  readonly version: OperatorVersion;
  /** On OpenShift there are routes and image streams, and etcd is in a namespace of its own. */
  readonly flavour: Flavour;
  /** Where the operator is; `openshift-operators` unless given. */
  readonly operatorNamespace: string;
  readonly profile: WorldProfile;
  /** IANA name of the zone of the operator's process. */
  readonly timeZone: string;
  /** Numbers that are drawn depend on it and on names alone. */
  readonly seed: string;
  readonly registry: RegistrySettings;
  /** Share of starts that fail as their image cannot be pulled. */
  readonly startFailureShare: number;
  /** Backup pods that have room at the same time; others stay Pending. */
  readonly podCapacity: number;
  /** The settings object the operator finds; null: none. On Kubernetes there is one that names a domain for workspaces. */
  readonly operatorConfig: Readonly<Record<string, unknown>> | null;
  /** What the containers of workspaces do with their volumes; by default what their environment says (payload.ts). */
  readonly program: ContainerProgram;
}

/** Bad settings; says what is allowed. */
export class WorldSettingsError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'WorldSettingsError';
  }
}

export interface WorldSettingsInput extends Partial<Omit<WorldSettings, 'profile' | 'registry' | 'operatorConfig'>> {
  profile?: keyof typeof WORLD_PROFILES | WorldProfile;
  registry?: Partial<RegistrySettings>;
  operatorConfig?: Readonly<Record<string, unknown>> | null;
}

/** Domain of workspaces where nobody says another; it leads nowhere. */
export const HOST_SUFFIX = 'apps.workspaces.test';

/** @throws WorldSettingsError */
export function worldSettings(
  input: WorldSettingsInput,
  defaults: { registry: RegistrySettings; program: ContainerProgram },
): WorldSettings {
  const { version = '0.44', flavour = 'openshift', profile = 'typical', startFailureShare = 0 } = input;
  const { operator = 'played' } = input;
  oneOf('version', version, OPERATOR_VERSIONS);
  oneOf('flavour', flavour, FLAVOURS);
  oneOf('operator', operator, OPERATORS);
  if (typeof profile === 'string') oneOf('profile', profile, Object.keys(WORLD_PROFILES));
  if (!(startFailureShare >= 0 && startFailureShare <= 1)) {
    throw new WorldSettingsError(`startFailureShare is ${startFailureShare}: it must be a share from 0 to 1`);
  }
  const { podCapacity = Number.POSITIVE_INFINITY, timeZone = 'UTC' } = input;
  if (!(podCapacity >= 1)) throw new WorldSettingsError(`podCapacity is ${podCapacity}: it must be a number from 1`);
  try {
    new Intl.DateTimeFormat('en', { timeZone });
  } catch {
    throw new WorldSettingsError(`timeZone is ${timeZone}: it must be the name of a zone, such as Europe/Prague`);
  }
  const suffix = { routing: { clusterHostSuffix: HOST_SUFFIX }, workspace: {} };
  return {
    operator,
    version,
    flavour,
    startFailureShare,
    podCapacity,
    timeZone,
    operatorNamespace: input.operatorNamespace ?? 'openshift-operators',
    profile: typeof profile === 'string' ? WORLD_PROFILES[profile] : profile,
    seed: input.seed ?? 'devworkspaces',
    registry: { ...defaults.registry, ...input.registry },
    operatorConfig:
      input.operatorConfig === undefined ? (flavour === 'kubernetes' ? suffix : null) : input.operatorConfig,
    program: input.program ?? defaults.program,
  };
}

function oneOf(name: string, given: string, allowed: readonly string[]): void {
  if (!allowed.includes(given)) {
    throw new WorldSettingsError(`${name} is "${given}": allowed are ${allowed.join(', ')}`);
  }
}

/** Name of the one settings object that counts (devfile/devworkspace-operator, pkg/config/sync.go). */
export const CONFIG_NAME = 'devworkspace-operator-config';

export function operatorConfigObject(namespace: string, config: Readonly<Record<string, unknown>>): KubeObject {
  return {
    apiVersion: 'controller.devfile.io/v1alpha1',
    kind: 'DevWorkspaceOperatorConfig',
    metadata: { name: CONFIG_NAME, namespace },
    config,
  };
}
