/** A plan as it was read and checked: every default filled in, every file it names read, nothing expanded yet. */

import type { ClusterFaultKind, HostFault } from '../../model/faults/faults.ts';
import type { SpokeProfileName } from '../../model/spoke/profiles.ts';
import type { ConnectionMode } from './connections.ts';
import type {
  BootLoad,
  ClusterApi,
  CollectTargets,
  FigureThresholds,
  HubFlow,
  HubTarget,
  LinkPlan,
  ManifestSources,
  Platform,
  ProgramSources,
  ReaderLoad,
  RunPhases,
  ServiceTarget,
  WaitLimits,
} from './expanded-plan.ts';

/** A place in a plan file; line and column count from 1. */
export interface Position {
  file: string;
  line: number;
  column: number;
}

/** When clusters start. Times are simulated. */
export type Arrival =
  | { kind: 'all' }
  | { kind: 'rate'; clustersPerHour: number }
  | { kind: 'batches'; size: number; everySeconds: number }
  | {
      kind: 'steps';
      unit: 'hosts' | 'clustersPerHour';
      first: number;
      /** More with each step; null: {@link times} as much. */
      add: number | null;
      times: number;
      everySeconds: number;
    };

/** How many clusters have no-op hosts; a cluster's hosts are all of one kind. */
export interface NoopShare {
  /** From 0 (all are native) to 1. */
  share: number;
  /** What it is a share of: the entry's own clusters, or all those of the plan that take the plan's share. */
  among: 'entry' | 'plan';
}

/** One entry of `faults`. Times are simulated milliseconds after the start of the run. */
export interface FaultProfile {
  /** Where the entry stands. */
  position: Position;
  /** Of the hosts, or clusters, that the rest lets it choose among; above 0. */
  share: number;
  /** Null for all. */
  role: 'master' | 'arbiter' | 'worker' | null;
  /** Hosts that boot, or clusters that arrive, from then on. */
  fromMs: number;
  /** … and before. */
  untilMs: number;
  /** Which other host a duplicate is one of is found out when it is chosen. */
  fault: HostFault | { kind: ClusterFaultKind };
}

/** One entry of `clusters`: `amount` like clusters. */
export interface PlanCluster {
  /** Where the entry stands. */
  position: Position;
  /** First part of the clusters' names. */
  name: string;
  amount: number;
  controlPlanes: number;
  arbiters: number;
  workers: number;
  day2Workers: number;
  platform: Platform;
  api: ClusterApi;
  noop: NoopShare;
  /** Hardware profiles by role; a single node is a master. */
  profiles: { master: string; arbiter: string; worker: string };
  olmOperators: string[];
  withNmstate: boolean;
  flow: HubFlow;
  justInfraEnv: boolean;
  infraEnvLabels: Record<string, string>;
  assignRoles: boolean;
  setHostnames: boolean;
}

export interface Plan {
  name: string;
  seed: string;
  /** False when the seed was invented while reading. */
  seedGiven: boolean;
  service: ServiceTarget;
  hub: HubTarget | null;
  programs: ProgramSources | null;
  manifests: ManifestSources;
  clockSpeed: number;
  connections: { mode: ConnectionMode; idleSeconds: number; sourceAddresses: string[] };
  pollIntervalSeconds: number | null;
  userPollSeconds: number | null;
  spokeProfile: SpokeProfileName;
  openshiftVersion: string;
  releaseImage: string | null;
  /** Secret: never to be shown. */
  pullSecret: string;
  sshPublicKey: string;
  baseDomain: string;
  limits: WaitLimits;
  boot: BootLoad | null;
  links: LinkPlan[];
  collect: CollectTargets;
  thresholds: FigureThresholds[];
  faults: FaultProfile[];
  keep: boolean;
  shuffle: boolean;
  arrival: Arrival;
  phases: RunPhases;
  readers: ReaderLoad[];
  /** Share of the clusters in a simulated hour; above 1 for more than all of them; null for none. */
  churnPerHour: number | null;
  bootSpreadSeconds: number;
  clusters: PlanCluster[];
  shard: { index: number; count: number };
  /** Things that were accepted but should be mended, each with its place. */
  warnings: PlanProblem[];
}

/** Something wrong with a plan, and where. */
export interface PlanProblem extends Position {
  /** What was given, what is allowed. Without the place. */
  message: string;
  /** The parser's name of an error of syntax, for those who may not show the text. */
  code?: string;
}

/** One line a problem: `file:line:column: message`. */
export function formatProblem(problem: PlanProblem): string {
  return `${problem.file}:${problem.line}:${problem.column}: ${problem.message}`;
}

/** Problems that one message tells; they are mended from the first on, and the next look tells the others. */
const TOLD_PROBLEMS = 30;

/** A plan that cannot be run. Its message has one line for each problem found, and of many counts the last. */
export class PlanError extends Error {
  readonly problems: readonly PlanProblem[];

  /** @param found what is told twice, as of a default that several clusters take, counts once */
  constructor(found: readonly PlanProblem[]) {
    const problems = [...new Map(found.map((problem) => [formatProblem(problem), problem])).values()];
    const told = problems.slice(0, TOLD_PROBLEMS).map(formatProblem);
    const more = problems.length - told.length;
    if (more > 0) told.push(`and ${more} more ${more === 1 ? 'problem' : 'problems'}, told once these are mended`);
    super(told.join('\n'));
    this.name = 'PlanError';
    this.problems = problems;
  }
}
