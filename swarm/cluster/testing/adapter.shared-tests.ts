/** What every adapter does, against the service that it is for: the same plan, the same life, the same faults. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { wallNow } from '../../../model/time/clock.ts';
import { SteadyClock } from '../../../model/time/steady-clock.ts';
import { createTimerWheel, type TimerWheel } from '../../../model/time/timer-wheel.ts';
import { WheelClock } from '../../../model/time/wheel-clock.ts';
import { NativeAgent } from '../../agent/native-agent.ts';
import { buildHost } from '../../host/build-host.ts';
import type { ClusterPlan } from '../../plan/expanded-plan.ts';
import { AttachedSites } from '../../pool/attached-sites.ts';
import { ClusterMachines } from '../../pool/cluster-machines.ts';
import { planOf, type Topology } from '../../pool/testing/simulation.ts';
import type { Runtime } from '../../service/runtime.ts';
import { Ledger } from '../../telemetry/ledger.ts';
import type { RunEvent } from '../../telemetry/run-event.ts';
import { SharedTelemetry } from '../../telemetry/shared-telemetry.ts';
import { createTelemetryBuffer } from '../../telemetry/telemetry-layout.ts';
import { createUndiciTransport } from '../../transport/undici.ts';
import type { ClusterAdapter } from '../cluster-adapter.ts';
import { ClusterLife, type Machines } from '../cluster-life.ts';
import { PollPacer } from '../poll-pacer.ts';
import type { FlakyProxy } from './flaky-proxy.ts';

/** What an adapter's tests are given to make one. */
export interface AdapterSetting {
  clock: SteadyClock;
  runtime: Runtime;
  ledger: Ledger;
  seed: string;
}

/** An adapter, and what it works on. */
export interface AdapterStage {
  adapter: ClusterAdapter;
  /** Between the adapter and what it asks. */
  proxy: FlakyProxy;
  /** Told of what happens to the hosts. */
  apply?(event: RunEvent): void;
  /** Names of the plan's clusters and infra-envs that stand there. */
  standing(): Promise<string[]>;
  close(): Promise<void>;
}

const SPEED = 120;
const SEED = 'seed';
const LIMITS = { discovery: 1800, ready: 1800, install: 10_800, day2: 7200 };
const signal = new AbortController().signal;

/** A cluster other than a plain single node. */
export interface Variant {
  name: string;
  topology: Topology;
  more: Partial<ClusterPlan>;
}

/** @param start makes an adapter on an empty service @param api what its plans say @param variants clusters that are installed, too */
export function adapterTests(
  name: string,
  api: ClusterPlan['api'],
  start: (setting: AdapterSetting) => Promise<AdapterStage>,
  variants: readonly Variant[],
): void {
  describe(`a cluster made by ${name}`, () => {
    let stage: AdapterStage;
    let wheel: TimerWheel;
    let runtime: Runtime;
    let ledger: Ledger;
    let lines: string[];

    beforeEach(async () => {
      const clock = new SteadyClock(SPEED);
      wheel = createTimerWheel(clock);
      const telemetry = new SharedTelemetry(createTelemetryBuffer({ writers: 1, hostSlots: 9, clusterSlots: 9 }), 0);
      runtime = {
        clock: new WheelClock(wheel),
        wheel,
        telemetry,
        transport: createUndiciTransport({
          mode: 'per-poll',
          idleTimeoutMs: 500,
          dialTimeoutMs: 30_000,
          tlsHandshakeTimeoutMs: 10_000,
          observer: telemetry,
        }),
        emit: (event) => stage.apply?.(event),
        wallOf: (simulatedMs) => wallNow() + (simulatedMs - clock.now()) / SPEED,
      };
      lines = [];
      ledger = new Ledger({ sink: (text) => void lines.push(text), onFailure: () => {} });
      stage = await start({ clock, runtime, ledger, seed: SEED });
    });
    afterEach(async () => {
      await stage.close();
      await runtime.transport.close();
      wheel.close();
    });

    const plan = (more: Partial<ClusterPlan> = {}): ClusterPlan => ({
      ...planOf({ controlPlanes: 1 }, 0),
      api,
      ...more,
    });
    const nothing = () => ({ clusterId: null, infraEnvId: null });
    const attempt = (work: Promise<unknown>) => work.then(() => null).catch((error: { passing?: boolean }) => error);

    function lifeOf(cluster: ClusterPlan, { boot = true, limits = LIMITS } = {}) {
      let machines: ClusterMachines | undefined;
      const events: RunEvent[] = [];
      const power: Machines = {
        launch: (launch) => {
          if (!boot) return;
          machines = new ClusterMachines({
            runtime,
            launch,
            sites: new AttachedSites(),
            createAgent: (machine, environment) => new NativeAgent(machine, environment),
            onIdle: () => {},
          });
        },
        startHosts: (_cluster, infraEnvId, hosts) => machines?.start(infraEnvId, hosts),
        stopCluster: () => machines?.stop(),
      };
      const life = new ClusterLife(
        {
          seed: SEED,
          limits,
          spokeProfile: 'quick',
          adapterOf: () => stage.adapter,
          machines: power,
          clock: runtime.clock,
          telemetry: runtime.telemetry,
          emit: (event) => events.push(event),
          pace: new PollPacer(runtime.clock),
          mayCreate: Promise.resolve(),
          identify: (of, host) => {
            const { identity, installationDisk } = buildHost(SEED, of, host);
            return { ...identity, installationDisk };
          },
        },
        cluster,
        0,
        0,
      );
      return { life, events };
    }

    it('is installed, and gone when it is removed', async () => {
      const { life } = lifeOf(plan({ setHostnames: true }));
      expect(await life.run(signal)).toEqual({ result: 'complete', reason: '' });
      expect((await stage.standing()).length).toBeGreaterThan(0);
      await life.remove(signal);
      expect(await stage.standing()).toEqual([]);
      expect(ledger.open()).toEqual([]);
      expect(life.objects).toEqual(nothing());
    }, 120_000);

    it.each(variants)('is installed $name', async ({ topology, more }) => {
      const { life } = lifeOf({ ...planOf(topology, 0), api, ...more });
      expect(await life.run(signal)).toEqual({ result: 'complete', reason: '' });
      await life.remove(signal);
      expect(await stage.standing()).toEqual([]);
    }, 180_000);

    it('says what is missing when its hosts do not come, and can be removed all the same', async () => {
      const { life } = lifeOf(plan(), { boot: false, limits: { ...LIMITS, discovery: 200 } });
      const { result, reason } = await life.run(signal);
      expect(result).toBe('failed');
      expect(reason).toContain('discovering: gave up after 200 s: 0 of 1 hosts registered');
      await life.remove(signal);
      expect(await stage.standing()).toEqual([]);
    }, 120_000);

    it('is in the ledger before the first request for it, and found by its name', async () => {
      const cluster = plan();
      await stage.adapter.prepare(signal);
      expect(await stage.adapter.alreadyThere([cluster], signal)).toEqual([]);
      const id = await stage.adapter.createCluster(cluster, signal);
      expect(lines.join('')).toContain(cluster.name);
      expect(ledger.open().every((entry) => entry.id !== null)).toBe(true);
      expect((await stage.adapter.alreadyThere([cluster], signal)).map(({ name: of }) => of)).toContain(cluster.name);
      await stage.adapter.remove(cluster, { clusterId: id, infraEnvId: null }, signal);
      expect(await stage.standing()).toEqual([]);
    }, 60_000);

    it('is made once, though answers get lost', async () => {
      const cluster = plan();
      await stage.adapter.prepare(signal);
      stage.proxy.mishaps.push('answer lost', 'answer lost');
      const insist = async (work: () => Promise<string>): Promise<string> => {
        for (;;) {
          const error = await attempt(work());
          if (error === null) return work();
          expect(error.passing).toBe(true);
        }
      };
      const clusterId = await insist(() => stage.adapter.createCluster(cluster, signal));
      const infraEnvId = await insist(() => stage.adapter.createInfraEnv(cluster, clusterId, signal));
      expect(new Set(await stage.standing()).size).toBe((await stage.standing()).length);
      await stage.adapter.remove(cluster, { clusterId, infraEnvId }, signal);
      expect(await stage.standing()).toEqual([]);
      expect(ledger.open()).toEqual([]);
    }, 60_000);

    it('that is refused is not tried again, and leaves nothing in the ledger', async () => {
      const cluster = plan();
      await stage.adapter.prepare(signal);
      stage.proxy.mishaps.push(403);
      const error = await attempt(stage.adapter.createCluster(cluster, signal));
      expect(error).toMatchObject({
        name: 'ClusterAdapterError',
        passing: false,
        message: expect.stringContaining('refused'),
      });
      expect(stage.proxy.changes).toHaveLength(1);
      expect(ledger.open()).toEqual([]);
      expect(await stage.adapter.remove(cluster, nothing(), signal)).toBe(false);
    }, 60_000);
  });
}
