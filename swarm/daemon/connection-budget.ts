/**
 * Whether this process may hold the connections that a plan will have open. A stock agent opens a connection a poll and
 * leaves it idle for 90 s, so at a 60 s cadence 1.5 of them are open for every host, and while it boots that of its
 * registration too. When that is more than the process may hold, the idle time is shortened, which changes the load and is said.
 */
import { readFile } from 'node:fs/promises';
import type { ExpandedPlan } from '../plan/expanded-plan.ts';
import { PORTS_PER_SOURCE_ADDRESS } from '../transport/source-ports.ts';
import type { TransportOptions } from '../transport/transport.ts';

export interface ConnectionLimits {
  /** Open files this process may have. */
  files: number;
  /** Local ports the kernel gives out towards one service when the plan names no source addresses. */
  ports: number;
}

export interface ConnectionBudget {
  /** Connections that would be open at the real idle time. */
  needed: number;
  /** Connections there is room for. */
  room: number;
  /** Simulated seconds that idle connections shall linger. */
  idleSeconds: number;
  /** What was changed and why, for people; null when nothing was. */
  warning: string | null;
}

/** Server's cadence when a plan does not override it: assisted-service, internal/host/hostcommands/instruction_manager.go. */
const POLL_SECONDS = 60;
/** Replies run beside the poll and sometimes need a connection of their own. */
const REPLY_ALLOWANCE = 1.2;
/** Files for everything else: listeners, event files, the user's own calls, workers' pipes. */
const RESERVED_FILES = 500;
/** Share of the port range that may be used; the rest is in TIME_WAIT or belongs to others. */
const PORT_SHARE = 0.8;

/** Reads the limits of this process; systems without /proc get generous defaults. */
export async function readConnectionLimits(): Promise<ConnectionLimits> {
  const text = (path: string) => readFile(path, 'utf8').catch(() => '');
  const files = /^Max open files\s+(\d+)/m.exec(await text('/proc/self/limits'))?.[1];
  const range = /^(\d+)\s+(\d+)/.exec(await text('/proc/sys/net/ipv4/ip_local_port_range'));
  return {
    files: files === undefined ? 1_048_576 : Number(files),
    ports: range === null ? 28_232 : Number(range[2]) - Number(range[1]) + 1,
  };
}

/**
 * Connections that each host has open in the worst moment, per second that an idle one lingers: the poll's, and while the
 * hosts boot that of the registration beside it.
 */
function lingeringPerSecond(plan: Pick<ExpandedPlan, 'clusters'>, pollSeconds: number): number {
  const boots = plan.clusters.flatMap(({ arrivalMs, hosts }) =>
    hosts.map(({ bootDelayMs }) => arrivalMs + bootDelayMs),
  );
  const spreadSeconds = boots.reduce((last, boot) => Math.max(last, boot), 0) / 1000;
  return 1 / pollSeconds + 1 / Math.max(spreadSeconds, pollSeconds);
}

/** Decides how long idle connections of this plan may linger under these limits. */
export function connectionBudget(
  plan: Pick<ExpandedPlan, 'clusters' | 'hostCount' | 'connections' | 'pollIntervalSeconds'>,
  limits: ConnectionLimits,
): ConnectionBudget {
  const { mode, idleSeconds, sourceAddresses } = plan.connections;
  const poll = plan.pollIntervalSeconds ?? POLL_SECONDS;
  const lingering = lingeringPerSecond(plan, poll);
  const perHost = mode === 'shared' ? 0 : mode === 'keep-alive' ? 1 : (idleSeconds + 1) * lingering;
  const needed = Math.ceil(plan.hostCount * perHost * REPLY_ALLOWANCE);
  const byFiles = Math.max(0, limits.files - RESERVED_FILES);
  const ports = sourceAddresses.length > 0 ? PORTS_PER_SOURCE_ADDRESS * sourceAddresses.length : limits.ports;
  const byPorts = Math.floor(ports * PORT_SHARE);
  const room = Math.min(byFiles, byPorts);
  if (needed <= room) return { needed, room, idleSeconds, warning: null };

  const scarce = byFiles < byPorts ? `may open ${limits.files} files` : `has ${byPorts} usable local ports`;
  const remedy =
    byFiles < byPorts
      ? 'raise the limit of open files (ulimit -n) to keep the real behaviour'
      : 'name more source addresses in the plan to keep the real behaviour';
  if (mode !== 'per-poll') {
    return {
      needed,
      room,
      idleSeconds,
      warning: `about ${needed} connections will be open but this process ${scarce}: connections will fail; ${remedy}`,
    };
  }
  const affordable = room / (plan.hostCount * REPLY_ALLOWANCE * lingering) - 1;
  const shortened = Math.max(0, Math.floor(affordable));
  return {
    needed,
    room,
    idleSeconds: shortened,
    warning: `idle connections linger ${shortened} s instead of ${idleSeconds} s: about ${needed} would be open but this process ${scarce}; ${remedy}`,
  };
}

/** How the agents of this plan connect. @param idleSeconds simulated seconds that idle connections linger */
export function transportOptions(
  { connections, service, clockSpeed }: Pick<ExpandedPlan, 'connections' | 'service' | 'clockSpeed'>,
  idleSeconds: number,
): Omit<TransportOptions, 'observer'> {
  return {
    mode: connections.mode,
    tls: service.tls,
    sourceAddresses: connections.sourceAddresses,
    idleTimeoutMs: (idleSeconds * 1000) / clockSpeed,
    dialTimeoutMs: 30_000,
    tlsHandshakeTimeoutMs: 10_000,
  };
}
