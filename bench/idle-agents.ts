/**
 * What a waiting native agent takes of a worker's heap, with its host and machine, without an open connection and with one,
 * beside a bare connection of node:net. Its own side is measured alone: the service is a process that answers registrations
 * and polls with the same few bytes.
 *
 *   node --expose-gc bench/idle-agents.ts [agents, default 5000]
 */
import { fork } from 'node:child_process';
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
import { printTable } from './table.ts';

const HOSTS_EACH = 100;
/** Shorter than anybody waits here: agents stay where they are after their first poll. */
const SECONDS = 360_000;
const SPEED = 20;
const INFRA_ENV = '5f0e0000-0000-4000-8000-000000000001';
const SOURCES = ['127.0.0.1', '127.0.0.2', '127.0.0.3', '127.0.0.4'];

if (process.argv[2] === 'server') serve();
else await measure(Number(process.argv[2] ?? 5000));

/** Registers every host with a runner of its own, and has nothing to do for it. */
function serve(): void {
  const answer = (status: string, body: string) =>
    `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
  const poll = answer(
    '200 OK',
    `{"instructions":null,"next_instruction_seconds":${SECONDS},"post_step_action":"continue"}`,
  );
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      const text = chunk.toString('latin1');
      const id = /"host_id":"([^"]+)"/.exec(text)?.[1];
      if (id === undefined) {
        socket.write(poll);
        return;
      }
      const command = JSON.stringify({ agent_version: 'quay.io/x/agent:v1', host_id: id, infra_env_id: INFRA_ENV });
      socket.write(
        answer('201 Created', JSON.stringify({ id, next_step_runner_command: { args: [command], retry_seconds: 0 } })),
      );
    });
  });
  server.listen(0, '127.0.0.1', 8192, () => process.send!((server.address() as net.AddressInfo).port));
  process.once('disconnect', () => process.exit());
}

interface Held {
  heap: number;
  resident: number;
}

async function held(): Promise<Held> {
  if (!globalThis.gc) throw new Error('start it with --expose-gc');
  // What has ended gives its memory back only when its callbacks have run.
  for (let n = 0; n < 3; n++) {
    globalThis.gc();
    await sleep(100);
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heap: heapUsed + external, resident: rss };
}

async function measure(agents: number): Promise<void> {
  const child = fork(import.meta.filename, ['server'], { execArgv: [] });
  const port = await new Promise<number>((resolve) => child.once('message', (message) => resolve(Number(message))));
  const rows: string[][] = [];
  // Once for nothing: code that is compiled and tables that are made stay.
  await agentsOf(HOSTS_EACH, port, 0);
  for (const [name, idleMs] of [
    ['an agent without a connection', 0],
    ['an agent with one open connection', 600_000],
  ] as const) {
    const { bytes, connections } = await agentsOf(agents, port, idleMs);
    rows.push([name, bytes.heap.toFixed(0), bytes.resident.toFixed(0), connections.toFixed(2)]);
  }
  const bare = await sockets(agents, port);
  rows.push(['a bare connection of node:net', bare.heap.toFixed(0), bare.resident.toFixed(0), '1.00']);
  printTable(
    `${agents} of each in one thread, bytes for each after a full garbage collection`,
    ['', 'heap', 'resident', 'connections'],
    rows,
  );
  child.disconnect();
}

async function agentsOf(agents: number, port: number, idleMs: number): Promise<{ bytes: Held; connections: number }> {
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
  const before = await held();
  const kept: ClusterMachines[] = [];
  for (const [at, cluster] of clusters.entries()) {
    kept.push(
      new ClusterMachines({
        runtime: counted,
        launch: {
          ...{ seed, cluster, clusterId: null, infraEnvId: INFRA_ENV, agentVersion: 'quay.io/x/agent:v1', access },
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
  const after = await held();
  const connections = open / agents;
  for (const one of kept) one.stop();
  await transport.close();
  wheel.close();
  return {
    bytes: { heap: (after.heap - before.heap) / agents, resident: (after.resident - before.resident) / agents },
    connections,
  };
}

async function sockets(amount: number, port: number): Promise<Held> {
  const before = await held();
  const all: net.Socket[] = [];
  for (let n = 0; n < amount; n++) {
    const localAddress = SOURCES[n % SOURCES.length]!;
    const socket = net.connect({ port, host: '127.0.0.1', localAddress });
    all.push(socket);
    await new Promise((resolve) => socket.once('connect', resolve));
  }
  const after = await held();
  for (const socket of all) socket.destroy();
  return { heap: (after.heap - before.heap) / amount, resident: (after.resident - before.resident) / amount };
}
