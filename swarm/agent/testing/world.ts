/**
 * For tests: a service that answers as a script says, agents that live in time moved by hand, and a record of everything that
 * went over the wire with the simulated moment.
 */

import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { HostPhase } from '../../../model/protocol/phases.ts';
import { SPOKE_PROFILES, type SpokeProfile } from '../../../model/spoke/profiles.ts';
import { ManualClock } from '../../../model/time/testing/manual-clock.ts';
import { createTimerWheel } from '../../../model/time/timer-wheel.ts';
import { buildHost } from '../../host/build-host.ts';
import type { Host } from '../../host/host.ts';
import { Machine, type MachineSetup, type RunInstaller } from '../../host/machine.ts';
import type { ConnectionMode, TlsOptions } from '../../plan/connections.ts';
import type { ClusterPlan, HostPlan } from '../../plan/expanded-plan.ts';
import type { Runtime } from '../../service/runtime.ts';
import type { RunEvent } from '../../telemetry/run-event.ts';
import type { ErrorKind, RequestRecord, Telemetry } from '../../telemetry/telemetry.ts';
import { NO_TELEMETRY } from '../../telemetry/testing/no-telemetry.ts';
import type { Transport, TransportOptions } from '../../transport/transport.ts';
import { createWireTransport } from '../../transport/wire.ts';
import type { AgentEnvironment } from '../agent.ts';
import { NativeAgent } from '../native-agent.ts';

export const INFRA_ENV_ID = '5f0e0000-0000-4000-8000-000000000001';
export const CLUSTER_ID = '5f0e0000-0000-4000-8000-000000000002';
export const AGENT_VERSION = 'quay.io/edge-infrastructure/assisted-installer-agent:v2.40.0';

export interface SeenRequest {
  /** Simulated milliseconds since the world began. */
  at: number;
  method: string;
  url: string;
  /** Names and values in the order of arrival. */
  rawHeaders: string[];
  headers: http.IncomingHttpHeaders;
  body: string;
}

/** What the service does with a request: a status with a body, or something rude to the socket. */
export type Reaction =
  | { status: number; body?: string | Buffer; type?: string; headers?: Record<string, string> }
  | ((socket: Socket) => void);

export class World {
  readonly clock = new ManualClock();
  readonly started = this.clock.now();
  readonly wheel = createTimerWheel(this.clock);
  readonly seen: SeenRequest[] = [];
  readonly records: RequestRecord[] = [];
  readonly events: RunEvent[] = [];
  readonly errors: ErrorKind[] = [];
  readonly phases: HostPhase[] = [];
  readonly replies: string[] = [];
  /** Steps that its agent began. */
  readonly steps: string[] = [];
  readonly successes: { endpoint: string; ms: number }[] = [];
  readonly waits: { ms: number; paceMs: number; attempts: number }[] = [];
  readonly silent: string[] = [];
  /** Connections that the service sees open. */
  readonly sockets = new Set<Socket>();
  /** Decides about every request; default: registers, then has no instructions. */
  react: (request: SeenRequest) => Reaction = () => ({ status: 500 });
  /** Source of all jitter. */
  random = () => 0.5;
  #pending = 0;
  #hung = 0;
  readonly #server: http.Server;
  readonly #transport: Transport;
  readonly #machines: Machine[] = [];
  /** How long machines take to shut down and to boot. */
  readonly profile: SpokeProfile = SPOKE_PROFILES.typical;
  baseUrl = '';

  constructor(
    mode: ConnectionMode = 'per-poll',
    createTransport: (options: TransportOptions) => Transport = createWireTransport,
    tls: TlsOptions = {},
  ) {
    this.#server = http.createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const seen: SeenRequest = {
          at: this.clock.now() - this.started,
          method: request.method!,
          url: request.url!,
          rawHeaders: request.rawHeaders,
          headers: request.headers,
          body: Buffer.concat(chunks).toString(),
        };
        this.seen.push(seen);
        const reaction = this.react(seen);
        if (typeof reaction === 'function') {
          reaction(request.socket);
          return;
        }
        const { status, body = '', type = 'application/json', headers = {} } = reaction;
        response.writeHead(status, { ...(type && { 'content-type': type }), ...headers });
        response.end(body);
      });
    });
    this.#server.on('connection', (socket) =>
      this.sockets.add(socket.once('close', () => this.sockets.delete(socket))),
    );
    this.#transport = createTransport({
      mode,
      tls,
      // Wall-clock time, of which tests take little: what closes was not closed for being idle.
      idleTimeoutMs: 3_600_000,
      dialTimeoutMs: 5000,
      tlsHandshakeTimeoutMs: 5000,
      observer: NO_TELEMETRY,
    });
  }

  async open(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.baseUrl = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return this;
  }

  async close(): Promise<void> {
    for (const machine of this.#machines) machine.unplug();
    this.wheel.close();
    await this.#transport.close();
    this.#server.closeAllConnections();
    this.#server.close();
  }

  get runtime(): Runtime {
    const telemetry: Telemetry = {
      ...NO_TELEMETRY,
      request: (record) => this.records.push(record),
      hostPhase: (_slot, phase) => this.phases.push(phase),
      stepReply: (step, fate) => (fate === 'received' ? this.steps.push(step) : this.replies.push(`${step} ${fate}`)),
      error: (kind) => this.errors.push(kind),
      requestSucceeded: (_client, endpoint, ms) => this.successes.push({ endpoint, ms }),
      pollWaited: (ms, paceMs, attempts) => this.waits.push({ ms, paceMs, attempts }),
    };
    return {
      clock: this.clock,
      wheel: this.wheel,
      transport: this.#countingTransport(),
      telemetry,
      emit: (event) => this.events.push(event),
      wallOf: (ms) => ms,
    };
  }

  /** Boots a machine with an agent now. */
  boot(options: Partial<AgentEnvironment> & { install?: RunInstaller } = {}): Machine {
    const { install = async () => ({ exitCode: 0, error: '' }), ...overrides } = options;
    const machine = this.machine(install);
    const environment: AgentEnvironment = {
      runtime: this.runtime,
      cluster: CLUSTER,
      infraEnvId: INFRA_ENV_ID,
      agentVersion: AGENT_VERSION,
      access: { baseUrl: this.baseUrl, token: '', pollIntervalSeconds: null },
      random: () => this.random(),
      ...overrides,
    };
    machine.powerOn(new NativeAgent(machine, environment), this.clock.now());
    return machine;
  }

  /** A machine that is off. */
  machine(
    runInstaller: RunInstaller = async () => ({ exitCode: 0, error: '' }),
    host: Host = buildHost('seed', CLUSTER, CLUSTER.hosts[0]!),
  ): Machine {
    const setup: MachineSetup = {
      clock: this.clock,
      profile: this.profile,
      runInstaller,
      onPhase: (_machine, phase) => this.phases.push(phase),
      onInstallerFailed: () => this.errors.push('installer-failed'),
      onRebooted: () => {},
      onSilent: ({ host }) => this.silent.push(host.identity.hostname),
    };
    const machine = new Machine(setup, host, this.#machines.length);
    this.#machines.push(machine);
    return machine;
  }

  /** Lets simulated time pass. */
  run(ms: number): Promise<void> {
    return this.clock.advance(ms, () => this.#settle());
  }

  async #settle(): Promise<void> {
    let quiet = 0;
    while (quiet < 3) {
      await new Promise((resolve) => setImmediate(resolve));
      quiet = this.#pending <= this.#hung ? quiet + 1 : 0;
    }
  }

  /** Knows how many requests are under way. Those whose answer never comes are let go with {@link World.abandon}. */
  #countingTransport(): Transport {
    const inner = this.#transport;
    return {
      openSession: (options) => {
        const session = inner.openSession(options);
        return {
          request: async (request) => {
            this.#pending++;
            try {
              return await session.request(request);
            } finally {
              this.#pending--;
            }
          },
          abort: () => session.abort(),
          get aborted() {
            return session.aborted;
          },
          end: () => session.end(),
          release: () => session.release(),
        };
      },
      prepare: (template) => inner.prepare(template),
      close: () => inner.close(),
    };
  }

  /** Stops waiting for one request whose answer will not come. */
  abandon(): void {
    this.#hung++;
  }
}

const hostPlan = (ordinal: number): HostPlan => ({
  index: ordinal,
  clusterIndex: 0,
  ordinal,
  role: ordinal < 3 ? 'master' : 'worker',
  day2: false,
  profile: 'vm',
  kind: 'native',
  bootDelayMs: 0,
});

export const CLUSTER: ClusterPlan = {
  index: 0,
  name: 'c17',
  baseDomain: 'example.com',
  api: 'rest',
  platform: 'baremetal',
  controlPlanes: 3,
  arbiters: 0,
  workers: 2,
  day2Workers: 0,
  olmOperators: [],
  justInfraEnv: false,
  infraEnvLabels: {},
  withNmstate: false,
  flow: {},
  machineNetwork: '10.3.1.0/28',
  gateway: '10.3.1.1',
  apiVip: '10.3.1.2',
  ingressVip: '10.3.1.3',
  arrivalMs: 0,
  assignRoles: true,
  setHostnames: false,
  hosts: [0, 1, 2, 3, 4].map(hostPlan),
};

/** A registration's answer for the host that {@link World.boot} boots. */
export function registered(overrides: Record<string, unknown> = {}, version = AGENT_VERSION): Reaction {
  const id = buildHost('seed', CLUSTER, CLUSTER.hosts[0]!).identity.id;
  const request = { agent_version: version, host_id: id, infra_env_id: INFRA_ENV_ID };
  return {
    status: 201,
    body: JSON.stringify({ id, next_step_runner_command: { args: [JSON.stringify(request)] }, ...overrides }),
  };
}

export interface ScriptedStep {
  type: string;
  args?: string[];
}

/** A poll's answer. */
export function instructions(steps: ScriptedStep[], nextSeconds = 60, action = 'continue'): Reaction {
  return {
    status: 200,
    body: JSON.stringify({
      instructions: steps.map(({ type, args = [] }, index) => ({
        args,
        step_id: `${type}-0000000${index}`,
        step_type: type,
      })),
      next_instruction_seconds: nextSeconds,
      post_step_action: action,
    }),
  };
}

/** `POST hosts`, `GET instructions` or `POST instructions`. */
export function kindOf(request: SeenRequest): 'register' | 'poll' | 'reply' | 'other' {
  if (request.method === 'POST' && request.url.endsWith('/hosts')) return 'register';
  if (request.method === 'GET' && request.url.includes('/instructions?')) return 'poll';
  return request.method === 'POST' && request.url.endsWith('/instructions') ? 'reply' : 'other';
}
