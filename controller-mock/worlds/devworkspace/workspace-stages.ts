/**
 * The life of a workspace as rows of the lifecycle: what the operator's main controller does (devfile/devworkspace-operator,
 * controllers/workspace/devworkspace_controller.go), and what happens to its pod meanwhile. The view is told by
 * {@link WorkspaceMoves}.
 *
 *   created ─▶ id ─▶ Starting ─▶ resolve ─▶ storage ─▶ roles ─▶ routing ─▶ account ─▶ deployment ─▶ Running      (conditions one
 *                                   │                                  │ pod: pending ─▶ pulling ─▶ init ─▶ starting ─▶ ready
 *                                   └──────────── Failing ◀────────────┘ … or it crashes, or its image cannot be pulled
 *                                                   │
 *   spec.started=false ─▶ Stopping ─▶ pod ends ─▶ Stopped │ Failed
 *   deleted ─▶ finalizers, one after the other ─▶ gone
 */
import { type Lifecycle, type Stage, stageTable } from '../../../model/lifecycle/lifecycle.ts';
import type { Draws } from '../../../model/time/random.ts';
import { seconds } from '../../../model/time/span.ts';
import type { WorldProfile } from './settings.ts';

export type Phase = '' | 'Starting' | 'Running' | 'Stopping' | 'Stopped' | 'Failing' | 'Failed';

/** How far a start has come. */
export type StartStep = 'none' | 'resolve' | 'storage' | 'roles' | 'routing' | 'account' | 'deployment' | 'running';

export type PodState = 'pending' | 'pulling' | 'init' | 'starting' | 'ready' | 'crashed' | 'stuck' | 'ending';

export interface WorkspacePod {
  readonly name: string;
  state: PodState;
  /** It has an init container that restores or clones. */
  readonly hasInit: boolean;
  /** Whether it waits for a claim. */
  readonly hasClaim: boolean;
  /** Milliseconds that the init container takes, once that is known. */
  initMs: number;
  crashes: number;
  /** Why a container waits for good, such as CrashLoopBackOff. */
  stuck: { container: string; init: boolean; reason: string } | null;
}

/** What all workspaces of a world share. */
export interface WorkspaceSite {
  readonly profile: WorldProfile;
  readonly moves: WorkspaceMoves;
  readonly startFailureShare: number;
  /** The operator runs, and its webhooks answer. */
  reconciles: boolean;
  claimsPending: boolean;
  /** Milliseconds that pulling an image takes longer; `never` when it fails. */
  imagePull: number | 'never';
  /** Milliseconds without progress until a start has failed. */
  progressTimeoutMs: number;
}

export interface Workspace extends Draws {
  readonly site: WorkspaceSite;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  id: string;
  /** What the spec wants. */
  started: boolean;
  deleted: boolean;
  phase: Phase;
  step: StartStep;
  /** Its end is under way. */
  stopping: boolean;
  /** Counts starts. */
  starts: number;
  pod: WorkspacePod | null;
  /** Whether its Deployment is to have a replica; null when nobody outside makes any. */
  replica: boolean | null;
  /** Its devfile has no containers: nothing runs, and nothing is waited for. */
  podless: boolean;
  /** What its finalizers wait for. */
  finalizing: 'next' | 'cleanup';
}

/** What a view is told, at the moment it happens. Those with a result decide how it goes on. */
export interface WorkspaceMoves {
  /** @returns the id; null when there is none for it, and it has failed */
  identify(workspace: Workspace): string | null;
  begin(workspace: Workspace): void;
  /** Looks at the devfile, and asks for a claim. @returns what is wrong, or null */
  resolve(workspace: Workspace): StartFailure | null;
  /** The claim is there. */
  permit(workspace: Workspace): void;
  route(workspace: Workspace): void;
  /** The workspace can be reached, and gets an account. @returns what is wrong, or null */
  account(workspace: Workspace): StartFailure | null;
  /** @returns what is wrong, or null */
  deploy(workspace: Workspace): StartFailure | null;
  run(workspace: Workspace): void;
  fail(workspace: Workspace, failure: StartFailure): void;
  /** The operator ends a start that has failed. */
  giveUp(workspace: Workspace): void;
  stop(workspace: Workspace): void;
  stopped(workspace: Workspace): void;
  /** The next finalizer. @returns whether to go on, or to wait for something */
  finalize(workspace: Workspace): Workspace['finalizing'];
  /** The pod has moved on. */
  podMoved(workspace: Workspace, pod: WorkspacePod): void;
  /** @returns how long the init container takes, in milliseconds */
  initStarted(workspace: Workspace, pod: WorkspacePod): number;
  /** @returns whether the container that has run ended well */
  initEnded(workspace: Workspace, pod: WorkspacePod): boolean;
  containerStarted(workspace: Workspace, pod: WorkspacePod): boolean;
  podEnded(workspace: Workspace, pod: WorkspacePod): void;
  /** The controller of Deployments has seen what somebody outside wants. */
  scale(workspace: Workspace): void;
}

export interface StartFailure {
  reason: 'BadRequest' | 'InfrastructureFailure' | 'WorkspaceEngineFailure' | 'Unknown';
  message: string;
}

/** A container that ended at once is started again so soon; then it is CrashLoopBackOff. */
const FIRST_RESTART = seconds(1, 0);

const reconcile = ({ site }: Workspace) => site.profile.reconcile;
const active = ({ site, id, deleted }: Workspace) => site.reconciles && id !== '' && !deleted;
const starting = (workspace: Workspace) => active(workspace) && workspace.phase === 'Starting' && workspace.started;

/** One step of the main controller; of one workspace there is one at a time. */
function step(name: string, when: Stage<Workspace>['when'], effect: Stage<Workspace>['effect']): Stage<Workspace> {
  return { name, group: 'controller', when, delay: reconcile, effect };
}

function failed(workspace: Workspace, failure: StartFailure | null): boolean {
  if (!failure) return false;
  workspace.phase = 'Failing';
  workspace.site.moves.fail(workspace, failure);
  return true;
}

const CONTROLLER: readonly Stage<Workspace>[] = [
  step(
    'id',
    ({ site, id, phase, deleted }) => site.reconciles && id === '' && phase !== 'Failed' && !deleted,
    (workspace) => {
      const id = workspace.site.moves.identify(workspace);
      if (id === null) workspace.phase = 'Failed';
      else workspace.id = id;
    },
  ),
  step(
    'begin',
    (workspace) =>
      active(workspace) && workspace.started && !['Starting', 'Running', 'Failing'].includes(workspace.phase),
    (workspace) => {
      workspace.phase = 'Starting';
      workspace.step = 'resolve';
      workspace.stopping = false;
      workspace.starts += 1;
      workspace.site.moves.begin(workspace);
    },
  ),
  step(
    'resolve',
    (workspace) => starting(workspace) && workspace.step === 'resolve',
    (workspace) => {
      if (!failed(workspace, workspace.site.moves.resolve(workspace))) workspace.step = 'storage';
    },
  ),
  step(
    'storage',
    (workspace) => starting(workspace) && workspace.step === 'storage',
    (workspace) => {
      workspace.step = 'roles';
      workspace.site.moves.permit(workspace);
    },
  ),
  step(
    'roles',
    (workspace) => starting(workspace) && workspace.step === 'roles',
    (workspace) => {
      workspace.step = 'routing';
      workspace.site.moves.route(workspace);
    },
  ),
  step(
    'routing',
    (workspace) => starting(workspace) && workspace.step === 'routing',
    (workspace) => {
      if (!failed(workspace, workspace.site.moves.account(workspace))) workspace.step = 'account';
    },
  ),
  step(
    'account',
    (workspace) => starting(workspace) && workspace.step === 'account',
    (workspace) => {
      if (!failed(workspace, workspace.site.moves.deploy(workspace))) workspace.step = 'deployment';
    },
  ),
  step(
    'deployment again',
    // A pod of the last start was still ending when this one came to it.
    (workspace) =>
      starting(workspace) && workspace.step === 'deployment' && workspace.pod === null && !workspace.podless,
    (workspace) => {
      failed(workspace, workspace.site.moves.deploy(workspace));
    },
  ),
  step(
    'running',
    (workspace) =>
      starting(workspace) && workspace.step === 'deployment' && (workspace.podless || workspace.pod?.state === 'ready'),
    (workspace) => {
      workspace.phase = 'Running';
      workspace.step = 'running';
      workspace.site.moves.run(workspace);
    },
  ),
  step(
    'stuck',
    (workspace) => starting(workspace) && workspace.step === 'deployment' && !!workspace.pod?.stuck,
    (workspace) => {
      const { container, init, reason } = workspace.pod!.stuck!;
      const message = `Error creating DevWorkspace deployment: ${init ? 'Init Container' : 'Container'} ${container} has state ${reason}`;
      failed(workspace, { reason: 'InfrastructureFailure', message });
    },
  ),
  step(
    'give up',
    (workspace) => active(workspace) && workspace.phase === 'Failing' && workspace.started,
    (workspace) => {
      workspace.started = false;
      workspace.site.moves.giveUp(workspace);
    },
  ),
  step(
    'stop',
    (workspace) =>
      active(workspace) &&
      !workspace.started &&
      !workspace.stopping &&
      ['', 'Starting', 'Running', 'Failing'].includes(workspace.phase),
    (workspace) => {
      workspace.stopping = true;
      if (workspace.phase !== 'Failing') workspace.phase = 'Stopping';
      workspace.step = 'none';
      if (workspace.pod) workspace.pod.state = 'ending';
      workspace.site.moves.stop(workspace);
    },
  ),
  step(
    'stopped',
    // A pod that is ending is no replica any more (kubernetes, pkg/controller/replicaset, FilterActivePods): nobody waits for its end.
    (workspace) =>
      active(workspace) && !workspace.started && workspace.stopping && (workspace.pod?.state ?? 'ending') === 'ending',
    (workspace) => {
      workspace.stopping = false;
      workspace.phase = workspace.phase === 'Failing' ? 'Failed' : 'Stopped';
      workspace.site.moves.stopped(workspace);
    },
  ),
  step(
    'finalize',
    ({ site, deleted, finalizing }) => site.reconciles && deleted && finalizing === 'next',
    (workspace) => {
      workspace.finalizing = workspace.site.moves.finalize(workspace);
    },
  ),
];

/** A pod that is neither stuck nor crashed moves on. */
function podStep(
  name: string,
  from: PodState,
  rest: {
    when?: (workspace: Workspace, pod: WorkspacePod) => boolean;
    delay: (workspace: Workspace, pod: WorkspacePod) => { delayMs: number; jitterMs: number };
    effect: (workspace: Workspace, pod: WorkspacePod, lifecycle: Lifecycle) => void;
  },
): Stage<Workspace> {
  const { when = () => true } = rest;
  return {
    name,
    group: 'pod',
    when: (workspace) => workspace.pod?.state === from && when(workspace, workspace.pod),
    delay: (workspace) => rest.delay(workspace, workspace.pod!),
    effect: (workspace, lifecycle) => rest.effect(workspace, workspace.pod!, lifecycle),
  };
}

const POD: readonly Stage<Workspace>[] = [
  podStep('schedule', 'pending', {
    when: ({ site }, { hasClaim }) => !(hasClaim && site.claimsPending),
    delay: ({ site }) => site.profile.schedule,
    effect: (workspace, pod) => {
      pod.state = 'pulling';
      workspace.site.moves.podMoved(workspace, pod);
    },
  }),
  podStep('pull', 'pulling', {
    delay: ({ site }) => {
      const { delayMs, jitterMs } = site.profile.imagePull;
      return { delayMs: delayMs + (site.imagePull === 'never' ? 0 : site.imagePull), jitterMs };
    },
    effect: (workspace, pod) => {
      const { site, starts } = workspace;
      if (site.imagePull === 'never' || workspace.random('start failure', starts) < site.startFailureShare) {
        pod.state = 'stuck';
        pod.stuck = { container: '', init: pod.hasInit, reason: 'ImagePullBackOff' };
        site.moves.podMoved(workspace, pod);
      } else if (pod.hasInit) {
        startInit(workspace, pod);
      } else pod.state = 'starting';
    },
  }),
  podStep('init', 'init', {
    delay: (_workspace, { initMs }) => ({ delayMs: initMs, jitterMs: 0 }),
    effect: (workspace, pod) => {
      if (workspace.site.moves.initEnded(workspace, pod)) pod.state = 'starting';
      else crash(workspace, pod, true);
    },
  }),
  podStep('start', 'starting', {
    delay: ({ site }) => site.profile.containerStart,
    effect: (workspace, pod) => {
      if (!workspace.site.moves.containerStarted(workspace, pod)) {
        crash(workspace, pod, false);
        return;
      }
      pod.state = 'ready';
      workspace.site.moves.podMoved(workspace, pod);
    },
  }),
  podStep('restart', 'crashed', {
    delay: () => FIRST_RESTART,
    effect: (workspace, pod) => {
      if (pod.hasInit && pod.initMs > 0) startInit(workspace, pod);
      else pod.state = 'starting';
    },
  }),
  podStep('end', 'ending', {
    delay: ({ site }) => site.profile.podStop,
    effect: (workspace, pod) => {
      workspace.pod = null;
      workspace.site.moves.podEnded(workspace, pod);
    },
  }),
];

/** Deployments that an operator outside makes and scales. */
const SCALE: Stage<Workspace> = {
  name: 'scale',
  group: 'deployment',
  when: ({ replica, pod }) =>
    (replica === true && pod === null) || (replica === false && pod !== null && pod.state !== 'ending'),
  delay: reconcile,
  effect: (workspace) => {
    if (workspace.pod) workspace.pod.state = 'ending';
    workspace.site.moves.scale(workspace);
  },
};

function startInit(workspace: Workspace, pod: WorkspacePod): void {
  pod.state = 'init';
  pod.initMs = workspace.site.moves.initStarted(workspace, pod);
  workspace.site.moves.podMoved(workspace, pod);
}

/** Once is an accident; the second time the kubelet backs off. */
function crash(workspace: Workspace, pod: WorkspacePod, init: boolean): void {
  pod.crashes += 1;
  pod.state = pod.crashes === 1 ? 'crashed' : 'stuck';
  if (!init) pod.initMs = 0;
  if (pod.state === 'stuck') pod.stuck = { container: '', init, reason: 'CrashLoopBackOff' };
  workspace.site.moves.podMoved(workspace, pod);
}

/** A start that stands still has failed: status.go, checkForStartTimeout. Each step of it counts as progress. */
const TIMEOUTS = (['resolve', 'storage', 'roles', 'routing', 'account', 'deployment'] as const).map(
  (name): Stage<Workspace> => ({
    name: `timeout ${name}`,
    group: 'timeout',
    when: (workspace) => starting(workspace) && workspace.step === name,
    delay: ({ site }) => ({ delayMs: site.progressTimeoutMs, jitterMs: 0 }),
    effect: (workspace) => {
      const waited = `${workspace.site.progressTimeoutMs / 1000}s`;
      const message = `DevWorkspace failed to progress past step '${STEP_MESSAGES[name]}' for longer than timeout (${waited})`;
      failed(workspace, { reason: 'InfrastructureFailure', message });
    },
  }),
);

const STEP_MESSAGES = {
  resolve: 'DevWorkspace is starting',
  storage: 'Provisioning storage',
  roles: 'Storage ready',
  routing: 'Preparing networking',
  account: 'Waiting for DevWorkspace ServiceAccount',
  deployment: 'Waiting for workspace deployment',
} as const;

export const WORKSPACE_STAGES = stageTable<Workspace>([...CONTROLLER, ...POD, SCALE, ...TIMEOUTS]);
