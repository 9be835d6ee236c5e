/** What a plan asks of the service that it is to be run against. */
import { DEFAULT_PROFILES } from '../../host/profiles.ts';
import type { ExpandedPlan, WaitLimits } from '../../plan/expanded-plan.ts';
import type { HardwareRole } from './hardware.ts';

export interface PlanNeeds {
  /** Name of the plan; null where no plan is given and stock machines stand for it. */
  plan: string | null;
  openshiftVersion: string | null;
  /** All simulated machines are of this one. */
  architecture: 'x86_64';
  releaseImage: string | null;
  clusters: number;
  hosts: number;
  /** Clusters by the way they are made. */
  apis: { rest: number; kube: number };
  /** Hosts by what the service measures them against, and their hardware. */
  machines: { role: HardwareRole; profile: string; hosts: number }[];
  arbiters: boolean;
  /** Stock installers run, which read what the service generates. */
  stockInstallers: boolean;
  /** Hosts that are BareMetalHosts. */
  bareMetalHosts: number;
  /** Hosts download what they boot. */
  boot: boolean;
  olmOperators: string[];
  /** Replaces the service's own interval; null obeys it. */
  pollIntervalSeconds: number | null;
  limits: WaitLimits | null;
  /** Clusters that start within a quarter of an hour, at most. */
  clustersAtOnce: number;
  agentToken: boolean;
  userAuthorization: boolean;
}

/** Hosts beside each other for as long as a service gives clusters to be prepared, about. */
const WINDOW_MS = 15 * 60_000;

export function needsOf(plan: ExpandedPlan): PlanNeeds {
  const machines = new Map<string, PlanNeeds['machines'][number]>();
  for (const cluster of plan.clusters) {
    const single = cluster.controlPlanes === 1 && !cluster.justInfraEnv;
    for (const host of cluster.hosts) {
      const role = single && host.role === 'master' ? 'sno' : host.role;
      const key = `${role} ${host.profile}`;
      const known = machines.get(key);
      if (known) known.hosts++;
      else machines.set(key, { role, profile: host.profile, hosts: 1 });
    }
  }
  const kube = plan.clusters.filter((cluster) => cluster.api === 'kube').length;
  return {
    plan: plan.name,
    openshiftVersion: plan.openshiftVersion,
    architecture: 'x86_64',
    releaseImage: plan.releaseImage,
    clusters: plan.clusters.length,
    hosts: plan.hostCount,
    apis: { kube, rest: plan.clusters.length - kube },
    machines: [...machines.values()],
    arbiters: plan.clusters.some((cluster) => cluster.arbiters > 0),
    stockInstallers: plan.programs?.installer != null,
    bareMetalHosts: plan.clusters.reduce((sum, { flow, hosts }) => sum + (flow.bmh ? hosts.length : 0), 0),
    boot: plan.boot !== null,
    olmOperators: [...new Set(plan.clusters.flatMap((cluster) => cluster.olmOperators))].sort(),
    pollIntervalSeconds: plan.pollIntervalSeconds,
    limits: plan.limits,
    clustersAtOnce: mostAtOnce(plan.clusters.map((cluster) => cluster.arrivalMs)),
    agentToken: plan.service.agentToken !== '',
    userAuthorization: plan.service.userAuthorization !== '',
  };
}

/** What any load test needs: machines of the default profiles, nothing known of numbers and ways. */
export function stockNeeds(): PlanNeeds {
  const roles = ['sno', 'master', 'arbiter', 'worker'] as const;
  return {
    plan: null,
    openshiftVersion: null,
    architecture: 'x86_64',
    releaseImage: null,
    clusters: 0,
    hosts: 0,
    apis: { rest: 0, kube: 0 },
    machines: roles.map((role) => ({ role, profile: DEFAULT_PROFILES[role], hosts: 1 })),
    arbiters: false,
    stockInstallers: false,
    bareMetalHosts: 0,
    boot: false,
    olmOperators: [],
    pollIntervalSeconds: null,
    limits: null,
    clustersAtOnce: 0,
    agentToken: false,
    userAuthorization: false,
  };
}

function mostAtOnce(arrivals: readonly number[]): number {
  const sorted = arrivals.toSorted((a, b) => a - b);
  let most = 0;
  let from = 0;
  for (const [at, arrival] of sorted.entries()) {
    while (sorted[from]! <= arrival - WINDOW_MS) from++;
    most = Math.max(most, at - from + 1);
  }
  return most;
}
