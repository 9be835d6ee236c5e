/**
 * A process that holds as many waiting agents, or bare connections, as it is told, and says what they take: resident memory when they have come
 * to rest, as somebody sees it from outside, and bytes of the heap after a full garbage collection.
 */
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ScaledClock, startClock } from '../model/time/clock.ts';
import { createTimerWheel } from '../model/time/timer-wheel.ts';
import { WheelClock } from '../model/time/wheel-clock.ts';
import { NativeAgent } from '../swarm/agent/native-agent.ts';
import { expandPlan } from '../swarm/plan/expand.ts';
import { parsePlan } from '../swarm/plan/load.ts';
import { AttachedSites } from '../swarm/pool/attached-sites.ts';
import { ClusterMachines } from '../swarm/pool/cluster-machines.ts';
import type { Runtime } from '../swarm/service/runtime.ts';
import { SharedTelemetry } from '../swarm/telemetry/shared-telemetry.ts';
import { createTelemetryBuffer } from '../swarm/telemetry/telemetry-layout.ts';
import { createWireTransport } from '../swarm/transport/wire.ts';
import { end, nextMessage, startModule } from './started.ts';

const HOSTS_EACH = 100;
const SPEED = 20;
const INFRA_ENV = '5f0e0000-0000-4000-8000-000000000001';
const SOURCES = ['127.0.0.1', '127.0.0.2', '127.0.0.3', '127.0.0.4'];
/** Simulated milliseconds for which agents keep idle connections: none, or longer than anybody looks. */
const IDLE_MS = { agents: 0, 'connected agents': 600_000 } as const;
/** Milliseconds in which memory comes to rest. */
const REST_MS = 3000;

export type HeldKind = keyof typeof IDLE_MS | 'connections';

export interface Held {
  /** Of each. */
  heapBytes: number;
  /** Of the whole process, without a collection that was asked for. */
  residentBytes: number;
  /** Open ones, for each. */
  connections: number;
}

/** @param amount a multiple of 100; @param port of a bare server on 127.0.0.1 */
export async function hold(kind: HeldKind, amount: number, port: number): Promise<Held> {
  const child = startModule(import.meta.filename, ['hold', kind, `${amount}`, `${port}`], ['--expose-gc']);
  try {
    return await nextMessage<Held>(child);
  } finally {
    await end(child, 'SIGKILL');
  }
}

async function heapBytes(): Promise<number> {
  // What has ended gives its memory back only when its callbacks have run.
  for (let n = 0; n < 3; n++) {
    globalThis.gc!();
    await sleep(100);
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Looks at what has been made between before and now. */
async function heldSince(before: number, amount: number, connections: number): Promise<Held> {
  await sleep(REST_MS);
  const residentBytes = process.memoryUsage.rss();
  return { residentBytes, heapBytes: ((await heapBytes()) - before) / amount, connections };
}

async function holdAgents(agents: number, port: number, idleMs: number, rest = true): Promise<Held | null> {
  const wheel = createTimerWheel(new ScaledClock(startClock(SPEED)));
  const telemetry = new SharedTelemetry(createTelemetryBuffer({ writers: 1, hostSlots: agents, clusterSlots: 1 }), 0);
  let open = 0;
  let settled = 0;
  const transport = createWireTransport({
    mode: 'per-poll',
    idleTimeoutMs: idleMs,
    dialTimeoutMs: 30_000,
    tlsHandshakeTimeoutMs: 10_000,
    sourceAddresses: SOURCES,
    observer: { connectionOpened: () => open++, connectionClosed: () => open--, requestRepeated() {} },
  });
  const runtime: Runtime = {
    ...{ wheel, clock: new WheelClock(wheel), transport, telemetry, emit: () => {} },
    wallOf: (ms) => ms,
  };
  const counted: Runtime = {
    ...runtime,
    telemetry: new Proxy(telemetry, {
      get: (target, name) => {
        if (name === 'pollWaited') settled++;
        const value = Reflect.get(target, name) as unknown;
        return typeof value === 'function' ? value.bind(target) : value;
      },
    }),
  };
  const plan = parsePlan(
    {
      ...{ name: 'idle', seed: 'idle' },
      clusters: [
        { topology: { control_planes: 3, workers: HOSTS_EACH - 3 }, just_infraenv: true, amount: agents / HOSTS_EACH },
      ],
    },
    'plan',
  );
  const { clusters, seed } = expandPlan(plan);
  const access = { baseUrl: `http://127.0.0.1:${port}`, token: '', pollIntervalSeconds: null };
  const before = await heapBytes();
  const kept: ClusterMachines[] = [];
  for (const [at, cluster] of clusters.entries()) {
    kept.push(
      new ClusterMachines({
        runtime: counted,
        launch: {
          ...{ seed, cluster, infraEnvId: INFRA_ENV, agentVersion: 'quay.io/x/agent:v1', access },
          firstSlot: at * HOSTS_EACH,
          start: cluster.hosts.map(({ ordinal }) => ordinal),
          spokeProfile: 'quick',
        },
        sites: new AttachedSites(),
        createAgent: (machine, environment) => new NativeAgent(machine, environment),
        onIdle: () => {},
      }),
    );
  }
  while (settled < agents) await sleep(20);
  const held = rest ? await heldSince(before, agents, open / agents) : null;
  for (const one of kept) one.stop();
  await transport.close();
  wheel.close();
  return held;
}

async function holdConnections(amount: number, port: number): Promise<Held> {
  const before = await heapBytes();
  const all: net.Socket[] = [];
  for (let n = 0; n < amount; n++) {
    const socket = net.connect({ port, host: '127.0.0.1', localAddress: SOURCES[n % SOURCES.length]! });
    all.push(socket);
    await new Promise((resolve) => socket.once('connect', resolve));
  }
  return heldSince(before, amount, all.length / amount);
}

if (process.argv[2] === 'hold') {
  const [kind, amount, port] = [process.argv[3] as HeldKind, Number(process.argv[4]), Number(process.argv[5])];
  process.once('disconnect', () => process.exit());
  if (kind === 'connections') {
    process.send!(await holdConnections(amount, port));
  } else {
    // Once for nothing: code that is compiled and tables that are made stay.
    await holdAgents(HOSTS_EACH, port, 0, false);
    process.send!(await holdAgents(amount, port, IDLE_MS[kind]));
  }
}
