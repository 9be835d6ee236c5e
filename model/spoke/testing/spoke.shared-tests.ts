/**
 * What every view of the timeline must show, at the same moments for the same draws. A view's test file calls
 * {@link testSpokeView} with a way to open it.
 */
import { describe, expect, it } from 'vitest';
import { type Span, spanMs } from '../../time/span.ts';
import { ManualClock } from '../../time/testing/manual-clock.ts';
import { drawsOf } from '../draws.ts';
import { SPOKE_FAULTS, type SpokeFaultName } from '../faults.ts';
import { type HostDuration, SPOKE_PROFILES } from '../profiles.ts';
import type { HostState, SpokeTopology } from '../stages.ts';

/** A host of a test, by a name that says its role: m-0, a-0, w-0. */
export interface TestHost {
  name: string;
  role: 'master' | 'arbiter' | 'worker';
  bootstrap: boolean;
  day2: boolean;
}

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

export const TEST_SPOKE = 'shared';
export const TEST_VERSION = '4.18.52';
export const TEST_OLM_OPERATOR = 'lvms-operator';

const PROFILE = SPOKE_PROFILES.quick;
const MINUTE = 60_000;
/** In which everything that happens by itself has happened. */
const LONG = 15 * MINUTE;
const HOST_DURATIONS: ReadonlySet<string> = new Set<HostDuration>(['boot', 'nodeJoin', 'nodeReady']);
const DRAWS = drawsOf(TEST_SPOKE);

/** The numbers that the test expects for a host, and for the cluster from any host. */
export function testRandom(host: string, purpose: string): number {
  const name = purpose.replace('spoke/', '');
  if (name === `csv/${TEST_OLM_OPERATOR}`) return DRAWS.random(`${purpose}.v${TEST_VERSION}`, 0);
  return DRAWS.random(HOST_DURATIONS.has(name) ? `${host}/${purpose}` : purpose, 0);
}

function hostsOf({ controlPlanes, arbiters, workers }: SpokeTopology): TestHost[] {
  const hosts: TestHost[] = [];
  const add = (role: TestHost['role'], count: number) => {
    for (let n = 0; n < count; n++) {
      hosts.push({ name: `${role[0]}-${n}`, role, bootstrap: role === 'master' && n === 0, day2: false });
    }
  };
  add('master', controlPlanes);
  add('arbiter', arbiters);
  add('worker', workers);
  return hosts;
}

const TOPOLOGIES = {
  'a single node': { controlPlanes: 1, arbiters: 0, workers: 0 },
  'a single node with a worker': { controlPlanes: 1, arbiters: 0, workers: 1 },
  'a compact cluster': { controlPlanes: 3, arbiters: 0, workers: 0 },
  'three masters and two workers': { controlPlanes: 3, arbiters: 0, workers: 2 },
  'two masters, an arbiter and three workers': { controlPlanes: 2, arbiters: 1, workers: 3 },
} as const;
const LARGE = TOPOLOGIES['three masters and two workers'];

/** Simulated milliseconds since the reboot of all hosts at which a healthy cluster gets to its facts: by arithmetic alone. */
function expectedTimes(topology: SpokeTopology, hosts: readonly TestHost[]): Map<string, number> {
  const times = new Map<string, number>();
  const took = (span: Span, purpose: string, host = '') => spanMs(span, testRandom(host, `spoke/${purpose}`));
  const single = topology.controlPlanes === 1;
  const ready = new Map<TestHost, number>();
  for (const host of hosts) {
    const step = (name: 'boot' | 'nodeJoin' | 'nodeReady') => took(PROFILE.host[name], name, host.name);
    const booted = step('boot');
    if (!single || host.role !== 'master') times.set(`${host.name} ignition`, booted);
    const joined = booted + step('nodeJoin');
    times.set(`${host.name} joined`, joined);
    ready.set(host, joined + step('nodeReady'));
    times.set(`${host.name} ready`, ready.get(host)!);
  }
  const nth = (n: number, which: (host: TestHost) => boolean) =>
    hosts
      .filter(which)
      .map((host) => ready.get(host)!)
      .sort((a, b) => a - b)[n - 1]!;
  const own = ({ role, bootstrap }: TestHost) => role === 'master' && (single || !bootstrap);
  const later = (start: number, name: keyof typeof PROFILE.cluster) => start + took(PROFILE.cluster[name], name);
  times.set('controller', later(nth(1, own), 'controllerStart'));
  if (!single) {
    // A single node ends its bootkube before it reboots, and so before what is timed here.
    const bootkube = later(nth(Math.min(2, topology.controlPlanes - 1), own), 'bootkube');
    times.set('machine configs', later(later(bootkube, 'etcdBootstrap'), 'machineConfigs'));
  }
  const { workers, controlPlanes } = topology;
  const routers =
    workers > 0
      ? nth(Math.min(2, workers), ({ role }) => role === 'worker')
      : nth(Math.min(2, controlPlanes), ({ role }) => role === 'master');
  times.set('ingress certificate', later(routers, 'ingressCertificate'));
  times.set('console available', routers + took(PROFILE.operators.console.at(-1)!.after, 'operator/console'));
  times.set('cvo available', routers + took(PROFILE.operators.cvo.at(-1)!.after, 'operator/cvo'));
  for (const { phase, after: span } of PROFILE.csv) {
    times.set(`csv ${phase}`, routers + took(span, `csv/${TEST_OLM_OPERATOR}`));
  }
  return times;
}

/** Opens a view, and closes it whatever the test does. */
async function withSpoke(
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

interface Bench {
  clock: ManualClock;
  hosts: TestHost[];
  spoke: SpokeUnderTest;
  controllers: number;
  rebootAll(): void;
  /** `m-0 ready`, … */
  states(): string[];
}

/** Facts that hold now. */
function facts({ spoke, hosts, controllers }: Bench): string[] {
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
async function observe(bench: Bench, forMs: number): Promise<Map<string, number>> {
  const seen = new Map<string, number>();
  for (let second = 0; second <= forMs / 1000; second++) {
    for (const fact of facts(bench)) if (!seen.has(fact)) seen.set(fact, second);
    await bench.clock.advance(1000);
  }
  return seen;
}

export function testSpokeView(name: string, open: OpenSpoke): void {
  describe(`spoke seen through ${name}`, () => {
    describe.each(Object.entries(TOPOLOGIES))('%s', (_, topology) => {
      it('gets to everything at the moments that the table of durations and the draws say', async () => {
        await withSpoke(open, { topology }, async (bench) => {
          await bench.clock.advance(5 * MINUTE);
          bench.rebootAll();
          const seen = await observe(bench, LONG);
          const expected = expectedTimes(topology, bench.hosts);
          const inSeconds = new Map([...expected].map(([fact, ms]) => [fact, Math.ceil(ms / 1000)]));
          expect(new Map([...inSeconds.keys()].map((fact) => [fact, seen.get(fact)]))).toEqual(inSeconds);
          expect(bench.controllers).toBe(1);
          expect(bench.spoke.hasMachineConfigs()).toBe(true);
        });
      });

      it('shows each node once, and the ignitions of all but a single node in the order of the boots', async () => {
        await withSpoke(open, { topology }, async (bench) => {
          await bench.clock.advance(5 * MINUTE);
          bench.rebootAll();
          await bench.clock.advance(LONG);
          const names = bench.hosts.map((host) => host.name);
          expect(bench.spoke.nodes().sort((a, b) => a.name.localeCompare(b.name))).toEqual(
            names.toSorted().map((node) => ({ name: node, ready: true })),
          );
          const bootMs = (host: string) => spanMs(PROFILE.host.boot, testRandom(host, 'spoke/boot'));
          const fetching = names.filter((host) => topology.controlPlanes > 1 || !host.startsWith('m'));
          expect(bench.spoke.ignitions()).toEqual(fetching.toSorted((a, b) => bootMs(a) - bootMs(b)));
        });
      });
    });

    it('does nothing by itself before a host reboots', async () => {
      await withSpoke(open, {}, async (bench) => {
        const before = [...facts(bench), ...bench.states()];
        await bench.clock.advance(LONG);
        expect([...facts(bench), ...bench.states()]).toEqual(before);
        expect(before).toContain('console progressing');
      });
    });

    it('lets each host go on from step to step, and from none back', async () => {
      const order: HostState[] = ['off', 'booting', 'ignition', 'requested', 'joined', 'ready'];
      await withSpoke(open, {}, async (bench) => {
        await bench.clock.advance(5 * MINUTE);
        bench.rebootAll();
        const steps = new Map(bench.hosts.map((host) => [host.name, 0]));
        for (let second = 0; second < 300; second++) {
          for (const { name: host } of bench.hosts) {
            const step = order.indexOf(bench.spoke.state(host));
            expect(step).toBeGreaterThanOrEqual(steps.get(host)!);
            steps.set(host, step);
            const node = bench.spoke.nodes().find((candidate) => candidate.name === host);
            expect(node?.ready).toBe(step < 4 ? undefined : step === 5);
          }
          await bench.clock.advance(1000);
        }
        expect(bench.states().every((state) => state.endsWith(' ready'))).toBe(true);
      });
    });

    describe('day 2', () => {
      const late: TestHost = { name: 'w-late', role: 'worker', bootstrap: false, day2: true };

      it('goes the way of a host, ignition included', async () => {
        await withSpoke(open, {}, async (bench) => {
          await bench.clock.advance(5 * MINUTE);
          bench.rebootAll();
          await bench.clock.advance(LONG);
          bench.spoke.addDay2Host(late);
          expect(bench.spoke.state(late.name)).toBe('off');
          bench.hosts.push(late);
          bench.spoke.reboot(late.name);
          const seen = await observe(bench, 5 * MINUTE);
          const step = (name: 'boot' | 'nodeJoin' | 'nodeReady') =>
            spanMs(PROFILE.host[name], testRandom(late.name, `spoke/${name}`));
          const [booted, joined] = [step('boot'), step('boot') + step('nodeJoin')];
          expect(['ignition', 'joined', 'ready'].map((state) => seen.get(`${late.name} ${state}`))).toEqual(
            [booted, joined, joined + step('nodeReady')].map((ms) => Math.ceil(ms / 1000)),
          );
          expect(bench.spoke.ignitions()).toContain(late.name);
        });
      });

      it('counts neither for the ingress, nor for the controller, nor for the bootstrap', async () => {
        await withSpoke(open, {}, async (bench) => {
          await bench.clock.advance(5 * MINUTE);
          const strangers: TestHost[] = ['w-3', 'w-4', 'm-7', 'm-8'].map((host) => ({
            ...late,
            name: host,
            role: host.startsWith('w') ? 'worker' : 'master',
          }));
          for (const host of strangers) {
            bench.spoke.addDay2Host(host);
            bench.spoke.reboot(host.name);
          }
          await bench.clock.advance(LONG);
          expect(strangers.map((host) => bench.spoke.state(host.name))).toEqual(['ready', 'ready', 'ready', 'ready']);
          expect([bench.controllers, bench.spoke.hasMachineConfigs(), bench.spoke.hasIngressCertificate()]).toEqual([
            0,
            false,
            false,
          ]);
          expect(bench.spoke.operator('console').status).toBe('progressing');
          expect(bench.spoke.csvPhase()).toBeNull();
          // The hosts of day 1 take the time they would have taken alone.
          bench.rebootAll();
          const seen = await observe(bench, LONG);
          for (const [fact, ms] of expectedTimes(LARGE, bench.hosts)) expect(seen.get(fact)).toBe(Math.ceil(ms / 1000));
        });
      });
    });

    describe('faults', () => {
      const FAULTS: Readonly<Record<SpokeFaultName, (bench: Bench) => Promise<void>>> = {
        'no-ignition': async (bench) => {
          expect(bench.spoke.state('w-1')).toBe('booting');
          expect(bench.spoke.ignitions()).not.toContain('w-1');
        },
        'node-never-joins': async (bench) => {
          expect(bench.spoke.state('w-1')).toBe('ignition');
          expect(bench.spoke.nodes().map((node) => node.name)).not.toContain('w-1');
        },
        'node-never-ready': async (bench) => {
          expect(bench.spoke.state('w-1')).toBe('joined');
          expect(bench.spoke.nodes()).toContainEqual({ name: 'w-1', ready: false });
        },
        'console-degraded': async ({ spoke }) => {
          expect(spoke.operator('console')).toEqual({
            status: 'failed',
            message: 'RouteHealthDegraded: the route of the console gives no answer',
          });
          expect(spoke.operator('etcd').status).toBe('available');
        },
        'cluster-version-stuck': async ({ spoke, clock }) => {
          await clock.advance(100 * MINUTE);
          expect(spoke.operator('cvo')).toEqual({
            status: 'progressing',
            message: `Working towards ${TEST_VERSION}: 874 of 903 done (96% complete), waiting on authentication`,
          });
          expect(spoke.operator('console').status).toBe('available');
        },
        'csv-failed': async ({ spoke }) => {
          expect(spoke.csvPhase()).toBe('Failed');
        },
        'unpack-job-failed': olmGoesOn,
        'install-plan-failed': olmGoesOn,
        'no-ingress-certificate': async ({ spoke, clock }) => {
          await clock.advance(60 * MINUTE);
          expect(spoke.hasIngressCertificate()).toBe(false);
        },
        'dns-address-taken': async ({ spoke, clock }) => {
          expect(spoke.hasDns()).toBe(false);
          spoke.deleteDnsAddressHolder();
          await clock.advance(4_999);
          expect(spoke.hasDns()).toBe(false);
          await clock.advance(1);
          expect(spoke.hasDns()).toBe(true);
        },
      };

      async function olmGoesOn({ spoke, clock }: Bench): Promise<void> {
        expect(spoke.csvPhase()).toBeNull();
        spoke.deleteOlmObstacle();
        const [first, last] = [PROFILE.csv[0]!, PROFILE.csv.at(-1)!];
        const dueMs = (span: Span) => 5_000 + spanMs(span, testRandom('', `spoke/csv/${TEST_OLM_OPERATOR}`));
        await clock.advance(dueMs(first.after) - 1);
        expect(spoke.csvPhase()).toBeNull();
        await clock.advance(2);
        expect(spoke.csvPhase()).toBe(first.phase);
        await clock.advance(dueMs(last.after) - dueMs(first.after));
        expect(spoke.csvPhase()).toBe(last.phase);
      }

      it.each(
        Object.entries(FAULTS) as [SpokeFaultName, (typeof FAULTS)[SpokeFaultName]][],
      )('%s', async (fault, check) => {
        await withSpoke(open, { faults: [fault] }, async (bench) => {
          await bench.clock.advance(5 * MINUTE);
          bench.rebootAll();
          await bench.clock.advance(LONG);
          await check(bench);
          const spared = 'hosts' in SPOKE_FAULTS[fault] ? bench.states().slice(0, -1) : bench.states();
          expect(spared.every((state) => state.endsWith(' ready'))).toBe(true);
          // Without its second worker the cluster has nowhere to run its routers.
          expect(bench.spoke.operator('etcd').status).toBe(spared.length < 5 ? 'progressing' : 'available');
          expect(bench.controllers).toBe(1);
        });
      });

      it('meet the last hosts of the installation, not those of day 2', async () => {
        await withSpoke(open, { faults: ['node-never-ready'] }, async (bench) => {
          bench.spoke.addDay2Host({ name: 'w-late', role: 'worker', bootstrap: false, day2: true });
          await bench.clock.advance(5 * MINUTE);
          bench.rebootAll();
          bench.spoke.reboot('w-late');
          await bench.clock.advance(LONG);
          expect(['w-0', 'w-1', 'w-late'].map((host) => bench.spoke.state(host))).toEqual(['ready', 'joined', 'ready']);
        });
      });

      it.each([
        ['no-ignition', 'booting'],
        ['node-never-joins', 'booting'],
        ['node-never-ready', 'joined'],
      ] as const)('%s: a single node, which fetches no ignition, stays %s', async (fault, state) => {
        await withSpoke(open, { topology: TOPOLOGIES['a single node'], faults: [fault] }, async (bench) => {
          bench.rebootAll();
          await bench.clock.advance(LONG);
          expect(bench.states()).toEqual([`m-0 ${state}`]);
        });
      });
    });

    it('makes a new node of a host that reboots again, in the same time', async () => {
      await withSpoke(open, {}, async (bench) => {
        await bench.clock.advance(5 * MINUTE);
        bench.rebootAll();
        const first = await observe(bench, LONG);
        bench.spoke.reboot('w-1');
        expect(bench.spoke.state('w-1')).toBe('booting');
        expect(bench.spoke.nodes().map((node) => node.name)).not.toContain('w-1');
        const again = await observe(bench, LONG);
        for (const fact of ['w-1 ignition', 'w-1 joined', 'w-1 ready']) expect(again.get(fact)).toBe(first.get(fact));
        expect(bench.spoke.ignitions().filter((host) => host === 'w-1')).toHaveLength(2);
        expect(bench.controllers).toBe(1);
        expect(again.get('cvo available')).toBe(0);
      });
    });

    it.each([
      ['boots', 30],
      ['waits for its node', 70],
      ['has joined', 105],
    ])('begins anew with a host that reboots while it %s, and leaves nothing of the time before', async (_, seconds) => {
      await withSpoke(open, {}, async (bench) => {
        await bench.clock.advance(5 * MINUTE);
        bench.spoke.reboot('m-1');
        await bench.clock.advance(seconds * 1000);
        bench.spoke.reboot('m-1');
        const seen = await observe(bench, 5 * MINUTE);
        const expected = expectedTimes(LARGE, hostsOf(LARGE));
        for (const fact of ['m-1 ignition', 'm-1 joined', 'm-1 ready']) {
          expect(seen.get(fact)).toBe(Math.ceil(expected.get(fact)! / 1000));
        }
      });
    });

    it('keeps the node of a host that died, not ready, and hears no more of the host', async () => {
      await withSpoke(open, {}, async (bench) => {
        await bench.clock.advance(5 * MINUTE);
        bench.rebootAll();
        await bench.clock.advance(30_000);
        bench.spoke.fail('w-0');
        await bench.clock.advance(LONG);
        bench.spoke.fail('w-1');
        await bench.clock.advance(LONG);
        expect([bench.spoke.state('w-0'), bench.spoke.state('w-1')]).toEqual(['failed', 'failed']);
        expect(bench.spoke.ignitions()).not.toContain('w-0');
        expect(bench.spoke.nodes().filter((node) => node.name.startsWith('w'))).toEqual([
          { name: 'w-1', ready: false },
        ]);
      });
    });

    it('goes on with what once began when a node is lost meanwhile', async () => {
      await withSpoke(open, {}, async (bench) => {
        await bench.clock.advance(5 * MINUTE);
        bench.rebootAll();
        const expected = expectedTimes(LARGE, bench.hosts);
        const quorumMs = Math.max(expected.get('m-1 ready')!, expected.get('m-2 ready')!);
        await bench.clock.advance(quorumMs + 1);
        bench.spoke.fail('m-1');
        bench.spoke.fail('m-2');
        await bench.clock.advance(2 * MINUTE);
        expect([bench.controllers, bench.spoke.hasMachineConfigs()]).toEqual([1, true]);
      });
    });

    it.each([
      0, 45, 90, 130, 200,
    ])('leaves no timer when it is closed %s seconds after the reboots', async (seconds) => {
      await withSpoke(open, {}, async (bench) => {
        await bench.clock.advance(5 * MINUTE);
        bench.rebootAll();
        await bench.clock.advance(seconds * 1000);
        bench.spoke.close();
        expect(bench.clock.pending).toBe(0);
        const before = bench.states();
        bench.rebootAll();
        bench.spoke.fail('m-0');
        expect(bench.clock.pending).toBe(0);
        expect(bench.states()).toEqual(before);
      });
    });
  });
}
