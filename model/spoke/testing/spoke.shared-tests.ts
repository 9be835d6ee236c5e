/**
 * What every view of the timeline must show, at the same moments for the same draws. A view's test file calls
 * {@link testSpokeView} with a way to open it.
 */
import { describe, expect, it } from 'vitest';
import { type Span, spanMs } from '../../time/span.ts';
import { SPOKE_FAULTS, type SpokeFaultName } from '../faults.ts';
import type { HostState } from '../stages.ts';
import {
  expectedTimes,
  hostsOf,
  LARGE,
  PROFILE,
  TEST_OLM_OPERATOR,
  TEST_VERSION,
  type TestHost,
  TOPOLOGIES,
  testRandom,
} from './expected-times.ts';
import { type Bench, facts, type OpenSpoke, observe, withSpoke } from './spoke-bench.ts';

const MINUTE = 60_000;
/** In which everything that happens by itself has happened. */
const LONG = 15 * MINUTE;

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
