/** What a view of the timeline offers to the shared tests, and how they hold it. */
import { expect } from 'vitest';
import { ManualClock } from '../../time/testing/manual-clock.ts';
import type { SpokeFaultName } from '../faults.ts';
import type { HostState, SpokeTopology } from '../stages.ts';
import { hostsOf, LARGE, type TestHost } from './expected-times.ts';

export interface SpokeSetup {
  clock: ManualClock;
  topology: SpokeTopology;
  /** Hosts of day 1, the bootstrap first. */
  hosts: readonly TestHost[];
  faults: readonly SpokeFaultName[];
  onControllerStart: () => void;
}

/** A cluster behind a view, with its API to come by itself, its certificates approved at once, and one operator of OLM. */
export interface SpokeUnderTest {
  addDay2Host(host: TestHost): void;
  reboot(host: string): void;
  fail(host: string): void;
  state(host: string): HostState;
  nodes(): { name: string; ready: boolean }[];
  /** Hosts in the order in which they fetched their ignition. */
  ignitions(): string[];
  operator(name: 'cvo' | 'console' | 'etcd'): { status: string; message: string };
  hasIngressCertificate(): boolean;
  hasMachineConfigs(): boolean;
  csvPhase(): string | null;
  /** As the controller: deletes what keeps the operator of OLM from being installed. */
  deleteOlmObstacle(): void;
  /** The DNS service of the cluster has its address. */
  hasDns(): boolean;
  deleteDnsAddressHolder(): void;
  close(): void;
}

export type OpenSpoke = (setup: SpokeSetup) => SpokeUnderTest;

/** Opens a view, and closes it whatever the test does. */
export async function withSpoke(
  open: OpenSpoke,
  options: { topology?: SpokeTopology; faults?: readonly SpokeFaultName[] },
  test: (bench: Bench) => Promise<void>,
): Promise<void> {
  const { topology = LARGE, faults = [] } = options;
  const clock = new ManualClock(0);
  const hosts = hostsOf(topology);
  const bench: Bench = {
    clock,
    hosts,
    controllers: 0,
    spoke: undefined as unknown as SpokeUnderTest,
    rebootAll: () => {
      for (const { name } of hosts) bench.spoke.reboot(name);
    },
    states: () => hosts.map(({ name }) => `${name} ${bench.spoke.state(name)}`),
  };
  const onControllerStart = () => {
    bench.controllers += 1;
  };
  bench.spoke = open({ clock, topology, hosts, faults, onControllerStart });
  try {
    await test(bench);
  } finally {
    bench.spoke.close();
  }
  expect(clock.pending).toBe(0);
}

export interface Bench {
  clock: ManualClock;
  hosts: TestHost[];
  spoke: SpokeUnderTest;
  controllers: number;
  rebootAll(): void;
  /** `m-0 ready`, … */
  states(): string[];
}

/** Facts that hold now. */
export function facts({ spoke, hosts, controllers }: Bench): string[] {
  const list = hosts.map(({ name }) => `${name} ${spoke.state(name)}`);
  if (controllers > 0) list.push('controller');
  if (spoke.hasMachineConfigs()) list.push('machine configs');
  if (spoke.hasIngressCertificate()) list.push('ingress certificate');
  for (const name of ['console', 'cvo'] as const) list.push(`${name} ${spoke.operator(name).status}`);
  const csv = spoke.csvPhase();
  if (csv) list.push(`csv ${csv}`);
  return list;
}

/** Seconds from now after which each fact was first seen. */
export async function observe(bench: Bench, forMs: number): Promise<Map<string, number>> {
  const seen = new Map<string, number>();
  for (let second = 0; second <= forMs / 1000; second++) {
    for (const fact of facts(bench)) if (!seen.has(fact)) seen.set(fact, second);
    await bench.clock.advance(1000);
  }
  return seen;
}
