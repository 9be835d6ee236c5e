/** What can go wrong in a spoke, by name: laid over its profile and its timeline. */
import { seconds } from '../time/span.ts';
import type { CsvPhase, OperatorPhase, SpokeProfile } from './profiles.ts';

/** The way of a host from its reboot to a usable node. */
export type HostStep = 'ignition' | 'node' | 'ready';

export interface SpokeFault {
  description: string;
  /** So many hosts, the last of the list first, never get to a step. */
  hosts?: { count: number; neverReach: HostStep };
  /** In place of the profile's tables. */
  operators?: Partial<Record<'console' | 'cvo', readonly OperatorPhase[]>>;
  csv?: readonly CsvPhase[];
  ingressCertificate?: 'never';
  /** OLM goes on only after somebody has deleted the object that failed. */
  olmBlockedBy?: 'Job' | 'InstallPlan';
  /** Another service took the address of the cluster's DNS. */
  dnsAddressTaken?: true;
}

export const SPOKE_FAULTS = {
  'no-ignition': {
    description: 'one host never asks for its ignition',
    hosts: { count: 1, neverReach: 'ignition' },
  },
  'node-never-joins': {
    description: 'one host fetches its ignition and never becomes a node',
    hosts: { count: 1, neverReach: 'node' },
  },
  'node-never-ready': {
    description: 'one node never turns Ready',
    hosts: { count: 1, neverReach: 'ready' },
  },
  'console-degraded': {
    description: 'the console operator fails and stays failed',
    operators: {
      console: [
        {
          after: seconds(0, 0),
          status: 'progressing',
          message: 'Working toward version {version}, 0 replicas available',
        },
        {
          after: seconds(120, 60),
          status: 'failed',
          message: 'RouteHealthDegraded: the route of the console gives no answer',
        },
      ],
    },
  },
  'cluster-version-stuck': {
    description: 'the ClusterVersion never becomes available',
    operators: {
      cvo: [
        {
          after: seconds(0, 0),
          status: 'progressing',
          message: 'Working towards {version}: 689 of 903 done (76% complete)',
        },
        {
          after: seconds(120, 60),
          status: 'progressing',
          message: 'Working towards {version}: 874 of 903 done (96% complete), waiting on authentication',
        },
      ],
    },
  },
  'csv-failed': {
    description: 'the operators of OLM fail',
    csv: [
      { after: seconds(60, 30), phase: 'Installing', message: 'installing: waiting for deployment to become ready' },
      {
        after: seconds(240, 60),
        phase: 'Failed',
        message: 'install failed: deployment exceeded its progress deadline',
      },
    ],
  },
  'unpack-job-failed': {
    description: "OLM's unpack jobs fail until they are deleted",
    olmBlockedBy: 'Job',
  },
  'install-plan-failed': {
    description: "OLM's install plans fail until they are deleted",
    olmBlockedBy: 'InstallPlan',
  },
  'no-ingress-certificate': {
    description: 'the ConfigMap with the ingress certificate never appears',
    ingressCertificate: 'never',
  },
  'dns-address-taken': {
    description: "another service has the address of the cluster's DNS until it is deleted",
    dnsAddressTaken: true,
  },
} as const satisfies Record<string, SpokeFault>;

export type SpokeFaultName = keyof typeof SPOKE_FAULTS;
export const SPOKE_FAULT_NAMES = Object.keys(SPOKE_FAULTS) as [SpokeFaultName, ...SpokeFaultName[]];

/** The profile with the tables that faults put in place of its own; of several for one table the last counts. */
export function profileWith(profile: SpokeProfile, faults: readonly SpokeFault[]): SpokeProfile {
  if (faults.length === 0) return profile;
  const operators = Object.assign({}, profile.operators, ...faults.map((fault) => fault.operators));
  const csv = faults.findLast((fault) => fault.csv)?.csv ?? profile.csv;
  return { ...profile, operators, csv };
}
