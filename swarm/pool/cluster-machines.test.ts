import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../model/time/testing/manual-clock.ts';
import { createTimerWheel } from '../../model/time/timer-wheel.ts';
import { WheelClock } from '../../model/time/wheel-clock.ts';
import type { Agent, AgentEnvironment } from '../agent/agent.ts';
import type { Machine } from '../host/machine.ts';
import { type BootDownloader, BootFailed } from '../service/boot-downloads.ts';
import type { BootSource } from '../service/boot-source.ts';
import type { Runtime } from '../service/runtime.ts';
import type { RunEvent } from '../telemetry/run-event.ts';
import { SharedTelemetry } from '../telemetry/shared-telemetry.ts';
import { createTelemetryBuffer } from '../telemetry/telemetry-layout.ts';
import { AttachedSites } from './attached-sites.ts';
import { type BootDownloads, ClusterMachines } from './cluster-machines.ts';
import type { ClusterLaunch } from './messages.ts';
import { launchFixture } from './testing/launch.ts';

const START = Date.UTC(2026, 0, 1);

class FakeAgent implements Agent {
  readonly machine: Machine;
  readonly environment: AgentEnvironment;
  startedAt: number | null = null;
  stopped = false;

  constructor(machine: Machine, environment: AgentEnvironment) {
    this.machine = machine;
    this.environment = environment;
  }

  start(dueMs: number): void {
    this.startedAt = dueMs;
  }

  stop(): void {
    this.stopped = true;
  }

  /** It will not speak any more, although its machine is on. */
  freeze(): void {
    this.machine.fallSilent();
  }
}

function setUp(launch: ClusterLaunch, boot?: BootDownloads) {
  const clock = new ManualClock(START);
  const wheel = createTimerWheel(clock);
  const events: RunEvent[] = [];
  const runtime: Runtime = {
    clock: new WheelClock(wheel),
    wheel,
    transport: {
      openSession: () => {
        throw new Error('nobody speaks in this test');
      },
      prepare: (template) => ({ template }),
      close: async () => {},
    },
    telemetry: new SharedTelemetry(createTelemetryBuffer({ writers: 1, hostSlots: 1000, clusterSlots: 10 }), 0),
    emit: (event) => events.push(event),
    wallOf: (simulatedMs) => simulatedMs,
  };
  const agents: FakeAgent[] = [];
  let idle = 0;
  const machines = new ClusterMachines({
    runtime,
    launch,
    sites: new AttachedSites(),
    createAgent: (machine, environment) => {
      const agent = new FakeAgent(machine, environment);
      agents.push(agent);
      return agent;
    },
    onIdle: () => idle++,
    ...(boot && { boot }),
  });
  /** The installer of an agent's machine has run `shutdown -r`, and it has acted. */
  const reboot = async (agent: FakeAgent | undefined) => {
    agent!.machine.shutdown('now');
    await clock.advance(3000);
    expect(agent!.machine.phase).toBe('rebooted');
    expect(agent!.stopped).toBe(true);
  };
  const phases = (host: number) =>
    events.flatMap((event) => (event.type === 'host.phase' && event.host === host ? [event.phase] : []));
  return { clock, machines, agents, idle: () => idle, wheel, reboot, phases, events };
}

/** Downloads that end when tests say so. */
class FakeDownloads {
  readonly sources: BootSource[] = [];
  readonly under: AbortSignal[] = [];
  readonly ends: PromiseWithResolvers<void>[] = [];

  boot(source: BootSource, _mac: string, signal: AbortSignal): Promise<void> {
    const end = Promise.withResolvers<void>();
    signal.addEventListener('abort', () => end.reject(signal.reason));
    this.sources.push(source);
    this.under.push(signal);
    this.ends.push(end);
    return end.promise;
  }

  as(share: number): BootDownloads {
    return { share, downloader: this as unknown as BootDownloader };
  }
}

describe('machines that download what they boot', () => {
  const SOURCE: BootSource = { from: 'ipxe', url: 'http://svc.example.com/script' };
  const launch = (hosts: number) => ({ ...launchFixture({ hosts, bootDelayMs: 1000 }), boot: SOURCE });

  it('start their agents when the downloads are over, and download again with the image', async () => {
    const downloads = new FakeDownloads();
    const { clock, agents } = setUp(launch(1), downloads.as(1));
    const [agent] = agents;
    expect(downloads.sources).toEqual([]);
    await clock.advance(1500);
    expect(downloads.sources).toEqual([SOURCE]);
    expect(agent!.startedAt).toBeNull();
    await clock.advance(60_000);
    downloads.ends[0]!.resolve();
    await clock.advance(0);
    expect(agent!.startedAt).toBeGreaterThanOrEqual(START + 61_500);
    expect(agent!.machine.phase).toBe('booting');

    agent!.machine.restart();
    expect(agent!.stopped).toBe(true);
    await clock.advance(600_000);
    expect(downloads.sources).toHaveLength(2);
  });

  it('do not download after their installation', async () => {
    const downloads = new FakeDownloads();
    const { clock, agents, reboot } = setUp(launch(1), downloads.as(1));
    await clock.advance(1500);
    downloads.ends[0]!.resolve();
    await clock.advance(0);
    await reboot(agents[0]);
    await clock.advance(600_000);
    expect(downloads.sources).toHaveLength(1);
  });

  it('fail when they cannot, once and for all', async () => {
    const downloads = new FakeDownloads();
    const { clock, agents, idle, events } = setUp(launch(2), downloads.as(1));
    await clock.advance(2500);
    downloads.ends[0]!.reject(new BootFailed('rootfs http://img.example.com/: HTTP 404', true));
    await clock.advance(0);
    expect(agents[0]!.machine.phase).toBe('failed');
    expect(events.find((event) => event.type === 'host.error')).toMatchObject({
      kind: 'boot-failed',
      message: 'cannot boot: rootfs http://img.example.com/: HTTP 404',
    });
    expect(idle()).toBe(0);
    downloads.ends[1]!.reject(new BootFailed('no', true));
    await clock.advance(0);
    expect(idle()).toBe(1);
    expect(agents.map((agent) => agent.startedAt)).toEqual([null, null]);
  });

  it('are unplugged in the middle of it', async () => {
    const downloads = new FakeDownloads();
    const { clock, machines, agents } = setUp(launch(1), downloads.as(1));
    await clock.advance(1500);
    machines.stop();
    expect(downloads.under[0]!.aborted).toBe(true);
    await clock.advance(60_000);
    expect(agents[0]).toMatchObject({ startedAt: null, stopped: false });
    expect(agents[0]!.machine.phase).toBe('stopped');
  });

  it('are as many as the plan says', async () => {
    const downloads = new FakeDownloads();
    const { clock, agents } = setUp(launch(200), downloads.as(0.25));
    await clock.advance(300_000);
    const boots = downloads.sources.length;
    expect(boots).toBeGreaterThan(20);
    expect(boots).toBeLessThan(80);
    expect(agents.filter((agent) => agent.startedAt !== null)).toHaveLength(200 - boots);
  });
});

describe('machines of a cluster', () => {
  it('boot after their delays, each in its slot with its own identity', () => {
    const { agents } = setUp(launchFixture({ index: 2, hosts: 3, bootDelayMs: 1000 }));
    expect(agents.map((agent) => agent.startedAt)).toEqual([START + 1000, START + 2000, START + 3000]);
    expect(agents.map((agent) => agent.machine.slot)).toEqual([200, 201, 202]);
    expect(new Set(agents.map((agent) => agent.machine.host.identity.id)).size).toBe(3);
    expect(agents[0]?.environment.infraEnvId).toBe('00000000-0000-4000-8000-000000000002');
  });

  it('take over the identities that somebody forced on them', () => {
    const id = '11111111-2222-4333-8444-555555555555';
    const { agents } = setUp({ ...launchFixture({ hosts: 2 }), forced: { 1: { id } } });
    expect(agents[1]?.machine.host.identity.id).toBe(id);
    expect(agents[0]?.machine.host.identity.id).not.toBe(id);
  });

  it('are idle once all of them are silent', async () => {
    const { agents, idle, wheel, reboot } = setUp(launchFixture({ hosts: 3 }));
    agents[0]?.freeze();
    await reboot(agents[1]);
    expect(idle()).toBe(0);
    agents[2]?.freeze();
    expect(idle()).toBe(1);
    expect(wheel.size).toBe(0);
  });

  it('are not idle while day-2 hosts are still to come', async () => {
    const { machines, agents, idle, reboot } = setUp(launchFixture({ hosts: 3, day2: 1 }));
    expect(agents).toHaveLength(2);
    for (const agent of agents) await reboot(agent);
    expect(idle()).toBe(0);
    machines.start('other-infra-env', [2, 2]);
    expect(agents).toHaveLength(3);
    expect(agents[2]?.environment.infraEnvId).toBe('other-infra-env');
    await reboot(agents[2]);
    expect(idle()).toBe(1);
  });

  it('do not start a host twice, also when it is silent already', () => {
    const { machines, agents, idle } = setUp(launchFixture({ hosts: 2 }));
    agents[0]?.freeze();
    machines.start('infra-env', [0, 1, 7]);
    expect(agents).toHaveLength(2);
    agents[1]?.freeze();
    expect(idle()).toBe(1);
  });

  it('are unplugged by stop, which is not news', () => {
    const { machines, agents, idle, wheel, phases } = setUp(launchFixture({ hosts: 3 }));
    machines.stop();
    expect(agents.map((agent) => agent.stopped)).toEqual([true, true, true]);
    expect(phases(1)).toEqual(['booting', 'stopped']);
    expect(idle()).toBe(0);
    expect(wheel.size).toBe(0);
    machines.start('infra-env', [0]);
    expect(agents).toHaveLength(3);
  });

  it('refuse a spoke profile that does not exist', () => {
    expect(() => setUp({ ...launchFixture({ hosts: 1 }), spokeProfile: 'instant' })).toThrow(/instant/);
  });
});

describe('machines of an attached launch', () => {
  const attached = (lasting: boolean): ClusterLaunch => {
    const launch = launchFixture({ index: 1, hosts: 2 });
    return { ...launch, attached: true, ...(lasting && { lasting: true }) };
  };

  it('are added with identities of their own, once, and removed one by one', () => {
    const { machines, agents, idle, phases } = setUp(attached(true));
    const plan = { ...launchFixture({ index: 1, hosts: 3 }).cluster.hosts[2]!, index: 7 };
    machines.add([{ plan, slot: 40, seed: 'other', forced: { hostname: 'named', mac: '02:00:00:00:00:01' } }]);
    machines.add([{ plan, slot: 41 }]);
    expect(agents.map(({ machine }) => machine.slot)).toEqual([100, 101, 40]);
    expect(agents[2]!.machine.host.identity).toMatchObject({ hostname: 'named', mac: '02:00:00:00:00:01' });
    expect(agents[2]!.environment.cluster.hosts).toContain(plan);
    machines.remove([0, 2, 9]);
    expect(agents.map(({ stopped }) => stopped)).toEqual([true, false, true]);
    expect(phases(7)).toEqual(['booting', 'stopped']);
    // The ordinal is free again.
    machines.add([{ plan, slot: 40 }]);
    expect(agents).toHaveLength(4);
    machines.remove([1, 2]);
    expect(idle()).toBe(0);
    machines.stop();
  });

  it('end with their last host where nothing says that more may come', () => {
    const { agents, idle } = setUp(attached(false));
    for (const agent of agents) agent.freeze();
    expect(idle()).toBe(1);
  });
});
