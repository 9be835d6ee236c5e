/**
 * Whether this process may hold the connections that a plan will have open. A stock agent opens a connection a poll and
 * leaves it idle for 90 s, so at a 60 s cadence 1.5 of them are open for every host, and while it boots that of its
 * registration too. When that is more than the process may hold, the idle time is shortened, which changes the load and is
 * said; a plan that does not fit even so is refused before it starts.
 */
import { readFile } from 'node:fs/promises';
import type { ExpandedPlan } from '../plan/expanded-plan.ts';
import { filesBesideHosts, usualWorkers } from '../plan/needs.ts';
import { OpenConnections } from '../plan/open-connections.ts';
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
  /** Why the plan cannot be run here and what to do, for people; null when it can. */
  refusal: string | null;
}

/** Connections beyond those that were foreseen: replies that run beside a poll, a service that is slow for a moment. */
const ALLOWANCE = 1.1;
/**
 * Share of its files that an embedded service may have open for hosts: it has the same limit, and a service that is nearer to
 * its own is told of (service_open_files_share).
 */
const EMBEDDED_SHARE = 0.75;
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

/** Decides how long idle connections of this plan may linger under these limits. @param workers threads of the run */
export function connectionBudget(
  plan: Pick<
    ExpandedPlan,
    'clusters' | 'connections' | 'hub' | 'readers' | 'pollIntervalSeconds' | 'clockSpeed' | 'service' | 'spokeProfile'
  >,
  limits: ConnectionLimits,
  workers = usualWorkers(plan.clusters.length),
): ConnectionBudget {
  const { mode, idleSeconds, sourceAddresses } = plan.connections;
  const open = new OpenConnections(plan);
  const neededAt = (idle: number) => Math.ceil(open.most(idle, workers) * ALLOWANCE);
  const needed = neededAt(idleSeconds);
  const beside = filesBesideHosts(plan, workers);
  const ofService = plan.service.url === 'embedded' ? Math.floor(limits.files * EMBEDDED_SHARE) : Infinity;
  const byFiles = Math.max(0, Math.min(limits.files - beside, ofService));
  const ports = sourceAddresses.length > 0 ? PORTS_PER_SOURCE_ADDRESS * sourceAddresses.length : limits.ports;
  const byPorts = Math.floor(ports * PORT_SHARE);
  const room = Math.min(byFiles, byPorts);
  if (needed <= room) return { needed, room, idleSeconds, warning: null, refusal: null };

  const scarce = byFiles < byPorts ? `may open ${limits.files} files` : `has ${byPorts} usable local ports`;
  const filesFor = (connections: number) =>
    Math.max(connections + beside, ofService === Infinity ? 0 : Math.ceil(connections / EMBEDDED_SHARE));
  const files = (connections: number) =>
    `raise the limit of open files (ulimit -n) to at least ${filesFor(connections)}`;
  const remedy = byFiles < byPorts ? files(needed) : 'name more source addresses in the plan';
  const least = mode === 'per-poll' ? neededAt(0) : needed;
  if (least > room) {
    const cure = byFiles < byPorts ? files(least) : 'name more addresses in connections.source_addresses';
    return {
      needed,
      room,
      idleSeconds: mode === 'per-poll' ? 0 : idleSeconds,
      warning: null,
      refusal:
        `the hosts of this plan have about ${least} connections open at once${mode === 'per-poll' ? ' even when none may be idle' : ''}, ` +
        `and this process ${scarce}: connections would fail; ${cure}, run fewer hosts at a time` +
        `${mode === 'shared' ? '' : ', or let them share connections (connections.mode: shared), which is another load'}`,
    };
  }
  const shortened = longestIdle(idleSeconds, (idle) => neededAt(idle) <= room);
  return {
    needed,
    room,
    idleSeconds: shortened,
    warning: `idle connections linger ${shortened} s instead of ${idleSeconds} s: about ${needed} would be open but this process ${scarce}; ${remedy} to keep the real behaviour`,
    refusal: null,
  };
}

/** The most whole seconds that fit, of those that are fewer than `most`; 0 fits. */
function longestIdle(most: number, fits: (seconds: number) => boolean): number {
  let good = 0;
  let bad = Math.ceil(most);
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (fits(middle)) good = middle;
    else bad = middle;
  }
  return good;
}

/** Connections of a thread that are being closed while others are being opened. */
const CHANGING = 4;

/** How the agents of this plan connect, in each of so many threads. */
export function transportOptions(
  { connections, service, clockSpeed }: Pick<ExpandedPlan, 'connections' | 'service' | 'clockSpeed'>,
  { idleSeconds, room }: Pick<ConnectionBudget, 'idleSeconds' | 'room'>,
  workers: number,
): Omit<TransportOptions, 'observer' | 'onCrowded'> {
  return {
    mostConnections: Math.max(1, Math.floor(room / workers) - CHANGING),
    mode: connections.mode,
    tls: service.tls,
    sourceAddresses: connections.sourceAddresses,
    idleTimeoutMs: (idleSeconds * 1000) / clockSpeed,
    dialTimeoutMs: 30_000,
    tlsHandshakeTimeoutMs: 10_000,
  };
}
