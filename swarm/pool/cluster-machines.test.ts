import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../model/time/testing/manual-clock.ts';
import { createTimerWheel } from '../../model/time/timer-wheel.ts';
import { WheelClock } from '../../model/time/wheel-clock.ts';
import type { Agent, AgentEnvironment } from '../agent/agent.ts';
import type { Machine } from '../host/machine.ts';
import type { Runtime } from '../service/runtime.ts';
import type { RunEvent } from '../telemetry/run-event.ts';
import { SharedTelemetry } from '../telemetry/shared-telemetry.ts';
import { createTelemetryBuffer } from '../telemetry/telemetry-layout.ts';
import { AttachedSites } from './attached-sites.ts';
import { ClusterMachines } from './cluster-machines.ts';
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

function setUp(launch: ClusterLaunch) {
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
  return { machines, agents, idle: () => idle, wheel, reboot, phases };
}

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
