/**
 * Whole clusters against the simulated service over HTTP: its state machines decide what installers and the controller see.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { wallNow } from '../../model/time/clock.ts';
import { SteadyClock } from '../../model/time/steady-clock.ts';
import { createTimerWheel, type TimerWheel } from '../../model/time/timer-wheel.ts';
import { WheelClock } from '../../model/time/wheel-clock.ts';
import { type ServiceMock, startServiceMock } from '../../service-mock/index.ts';
import { NativeAgent } from '../agent/native-agent.ts';
import { ClusterLife, type Machines } from '../cluster/cluster-life.ts';
import { PollPacer } from '../cluster/poll-pacer.ts';
import { RestAdapter } from '../cluster/rest.ts';
import { buildHost } from '../host/build-host.ts';
import type { Runtime } from '../service/runtime.ts';
import { createServiceClient } from '../service/service-client.ts';
import { Ledger } from '../telemetry/ledger.ts';
import type { RunEvent } from '../telemetry/run-event.ts';
import type { RequestRecord, Telemetry } from '../telemetry/telemetry.ts';
import { NO_TELEMETRY } from '../telemetry/testing/no-telemetry.ts';
import { createUndiciTransport } from '../transport/undici.ts';
import { AttachedSites } from './attached-sites.ts';
import { ClusterMachines } from './cluster-machines.ts';
import { planOf, type Topology } from './testing/simulation.ts';

const SPEED = 120;
const HOUR = 3600;

let mock: ServiceMock;
let wheel: TimerWheel;
let runtime: Runtime;
const requests: RequestRecord[] = [];
const events: RunEvent[] = [];

beforeAll(async () => {
  const clock = new SteadyClock(SPEED);
  mock = await startServiceMock({ clock });
  wheel = createTimerWheel(clock);
  const telemetry: Telemetry = {
    ...NO_TELEMETRY,
    request: (record) => requests.push(record),
  };
  runtime = {
    clock: new WheelClock(wheel),
    wheel,
    transport: createUndiciTransport({
      mode: 'per-poll',
      idleTimeoutMs: 500,
      dialTimeoutMs: 30_000,
      tlsHandshakeTimeoutMs: 10_000,
      observer: telemetry,
    }),
    telemetry,
    emit: (event) => events.push(event),
    wallOf: (simulatedMs) => wallNow() + (simulatedMs - clock.now()) / SPEED,
  };
});

afterAll(async () => {
  await runtime.transport.close();
  wheel.close();
  await mock.close();
});

async function live(topology: Topology, index: number) {
  const cluster = planOf(topology, index);
  const access = { baseUrl: mock.url, token: '', pollIntervalSeconds: null };
  let machines: ClusterMachines | undefined;
  const { promise: idle, resolve: onIdle } = Promise.withResolvers<void>();
  const power: Machines = {
    launch: (launch) => {
      machines = new ClusterMachines({
        runtime,
        launch,
        sites: new AttachedSites(),
        createAgent: (machine, environment) => new NativeAgent(machine, environment),
        onIdle,
      });
    },
    startHosts: (_, infraEnvId, start) => machines?.start(infraEnvId, start),
    stopCluster: () => machines?.stop(),
  };
  const client = createServiceClient({ runtime, kind: 'user', baseUrl: mock.url, token: null, machine: 9_999 });
  const life = new ClusterLife(
    {
      seed: 'seed',
      limits: { discovery: HOUR, ready: HOUR, install: 3 * HOUR, day2: HOUR },
      spokeProfile: 'quick',
      adapterOf: () =>
        new RestAdapter({
          client,
          access,
          plan: {
            openshiftVersion: '4.19',
            releaseImage: null,
            pullSecret: '{"auths":{"registry.example.com":{"auth":"dXNlcjpwYXNz"}}}',
            sshPublicKey: '',
          },
          staticNetwork: () => [],
          ledger: new Ledger({ sink: () => {}, onFailure: () => {} }),
        }),
      machines: power,
      clock: runtime.clock,
      telemetry: runtime.telemetry,
      emit: runtime.emit,
      pace: new PollPacer(runtime.clock),
      mayCreate: Promise.resolve(),
      identify: (plan, host) => {
        const { identity, installationDisk } = buildHost('seed', plan, host);
        return { ...identity, installationDisk };
      },
    },
    cluster,
    index,
    index * 100,
  );
  const outcome = await life.run(new AbortController().signal);
  if (outcome.result === 'complete') await idle;
  else machines?.stop();
  client.release();
  return { outcome, cluster };
}

describe('against the simulated service', () => {
  const topologies: [string, Topology][] = [
    ['a single node', { controlPlanes: 1 }],
    ['3+2', { controlPlanes: 3, workers: 2 }],
    ['two masters and an arbiter', { controlPlanes: 2, arbiters: 1, workers: 2 }],
    ['a compact cluster that grows', { controlPlanes: 3, day2Workers: 1 }],
  ];
  it.concurrent.each(
    topologies.map(([name, topology], index) => ({ name, topology, index })),
  )('$name is installed', async ({ topology, index }) => {
    const { outcome } = await live(topology, index);
    expect(outcome).toEqual({ result: 'complete', reason: '' });
  });

  it('took each host that was installed through its phases, with one reboot', () => {
    const phases = new Map<string, string[]>();
    for (const event of events) {
      if (event.type !== 'host.phase') continue;
      const name = `${event.cluster}/${event.host}`;
      phases.set(name, [...(phases.get(name) ?? []), event.phase]);
    }
    const installed = [...phases.values()].filter((passed) => passed.at(-1) === 'done');
    expect(installed.length).toBeGreaterThan(0);
    for (const passed of installed) {
      // What a busy machine may change is left out: registrations that are repeated, and the report that a node joined, which
      // is refused when it comes after the one that it is done.
      const later = passed.slice(passed.indexOf('installing')).filter((phase) => phase !== 'joined');
      expect(later).toEqual(['installing', 'writing', 'installing', 'rebooted', 'done']);
    }
  });

  it('refused nothing that installers and controllers sent', () => {
    const own = requests.filter((record) => record.client === 'installer' || record.client === 'controller');
    const refused = own.filter((record) => typeof record.outcome !== 'number' || record.outcome >= 400);
    const told = refused.map((record) => `${record.client} ${record.endpoint} ${record.outcome}`);
    // Races that stock programs run, too: bootstrap and controller report one host's stages, and a cluster that needs nothing but
    // its certificate is installed before the controller names its next stage, or while it does, which ends that request.
    const races = [
      'installer host-progress 409',
      'controller host-progress 409',
      'controller cluster-progress 400',
      'controller cluster-progress aborted',
    ];
    expect(told.filter((line) => !races.includes(line))).toEqual([]);
    expect(events.filter((event) => event.type === 'host.error' || event.type === 'run.warning')).toEqual([]);
  });
});
