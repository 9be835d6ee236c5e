import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../model/time/testing/manual-clock.ts';
import { createTimerWheel } from '../../model/time/timer-wheel.ts';
import { WheelClock } from '../../model/time/wheel-clock.ts';
import type { Agent, AgentOptions } from '../agent/agent.ts';
import type { Runtime } from '../service/runtime.ts';
import type { RunEvent } from '../telemetry/run-event.ts';
import { SharedTelemetry } from '../telemetry/shared-telemetry.ts';
import { createTelemetryBuffer } from '../telemetry/telemetry-layout.ts';
import { ClusterMachines } from './cluster-machines.ts';
import { launchFixture } from './launch-fixture.ts';
import type { ClusterLaunch } from './messages.ts';

const START = Date.UTC(2026, 0, 1);

class FakeAgent implements Agent {
  readonly options: AgentOptions;
  startedAt: number | null = null;
  ended: string | null = null;

  constructor(options: AgentOptions) {
    this.options = options;
  }

  start(dueMs: number): void {
    this.startedAt = dueMs;
  }

  stop(): void {
    this.end('stopped');
  }

  reboot(): void {
    this.end('rebooted');
  }

  end(how: string): void {
    if (this.ended) return;
    this.ended = how;
    this.options.onSilent(this.options.host);
  }
}

function setUp(launch: ClusterLaunch) {
  const wheel = createTimerWheel(new ManualClock(START));
  const events: RunEvent[] = [];
  const runtime: Runtime = {
    clock: new WheelClock(wheel),
    wheel,
    transport: {
      openSession: () => {
        throw new Error('nobody speaks in this test');
      },
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
    createAgent: (options) => {
      const agent = new FakeAgent(options);
      agents.push(agent);
      return agent;
    },
    onIdle: () => idle++,
  });
  return { machines, agents, idle: () => idle, wheel };
}

describe('machines of a cluster', () => {
  it('boot after their delays, each in its slot with its own identity', () => {
    const { agents } = setUp(launchFixture({ index: 2, hosts: 3, bootDelayMs: 1000 }));
    expect(agents.map((agent) => agent.startedAt)).toEqual([START + 1000, START + 2000, START + 3000]);
    expect(agents.map((agent) => agent.options.slot)).toEqual([200, 201, 202]);
    expect(new Set(agents.map((agent) => agent.options.host.identity.id)).size).toBe(3);
    expect(agents[0]?.options.infraEnvId).toBe('00000000-0000-4000-8000-000000000002');
  });

  it('take over the identities that somebody forced on them', () => {
    const id = '11111111-2222-4333-8444-555555555555';
    const { agents } = setUp({ ...launchFixture({ hosts: 2 }), forced: { 1: { id } } });
    expect(agents[1]?.options.host.identity.id).toBe(id);
    expect(agents[0]?.options.host.identity.id).not.toBe(id);
  });

  it('are idle once all of them are silent', () => {
    const { agents, idle, wheel } = setUp(launchFixture({ hosts: 3 }));
    agents[0]?.end('frozen');
    agents[1]?.end('rebooted');
    expect(idle()).toBe(0);
    agents[2]?.end('frozen');
    expect(idle()).toBe(1);
    expect(wheel.size).toBe(0);
  });

  it('are not idle while day-2 hosts are still to come', () => {
    const { machines, agents, idle } = setUp(launchFixture({ hosts: 3, day2: 1 }));
    expect(agents).toHaveLength(2);
    for (const agent of agents) agent.end('rebooted');
    expect(idle()).toBe(0);
    machines.start('other-infra-env', [2, 2]);
    expect(agents).toHaveLength(3);
    expect(agents[2]?.options.infraEnvId).toBe('other-infra-env');
    agents[2]?.end('rebooted');
    expect(idle()).toBe(1);
  });

  it('do not start a host twice, also when it is silent already', () => {
    const { machines, agents, idle } = setUp(launchFixture({ hosts: 2 }));
    agents[0]?.end('frozen');
    machines.start('infra-env', [0, 1, 7]);
    expect(agents).toHaveLength(2);
    agents[1]?.end('frozen');
    expect(idle()).toBe(1);
  });

  it('are unplugged by stop, which is not news', () => {
    const { machines, agents, idle, wheel } = setUp(launchFixture({ hosts: 3 }));
    machines.stop();
    expect(agents.map((agent) => agent.ended)).toEqual(['stopped', 'stopped', 'stopped']);
    expect(idle()).toBe(0);
    expect(wheel.size).toBe(0);
    machines.start('infra-env', [0]);
    expect(agents).toHaveLength(3);
  });

  it('refuse a spoke profile that does not exist', () => {
    expect(() => setUp({ ...launchFixture({ hosts: 1 }), spokeProfile: 'instant' })).toThrow(/instant/);
  });
});
