/**
 * What a run of a plan takes of this machine, from what runs took: memory and open files of its own process at their peaks.
 * The embedded service and the embedded hub are processes of their own.
 */
import { availableParallelism } from 'node:os';
import type { ExpandedPlan } from './expanded-plan.ts';
import { type ConnectingPlan, OpenConnections, USUAL_POLL_SECONDS } from './open-connections.ts';

export interface NeedsEstimate {
  /** Of the run's own process, stock programs included. */
  memoryMiB: number;
  /** Files that the run's own process has open at once. */
  fileDescriptors: number;
  /** Of hosts, open at once, idle ones included. */
  connections: number;
  threads: number;
  /** Local ports held at a time, those that wait after closing included. */
  localPorts: number;
  /** Source addresses that so many ports need. */
  sourceAddresses: number;
  /** What the figures rest on, one sentence each. */
  assumptions: string[];
}

/** The process that a plan is run by. */
export interface Runner {
  /** Worker threads. */
  workers: number;
  /** Run from TypeScript, whose compiler stays in memory with each thread. */
  fromSource: boolean;
  /** Page, API and metrics are served meanwhile (`--listen`). */
  serves?: boolean;
}

/** A closed connection holds its port this long (Linux, TIME_WAIT). */
const PORT_REST_SECONDS = 60;
/** Ports that Linux gives out to outgoing connections of one address (32768 to 60999). */
export const PORTS_PER_ADDRESS = 28_232;

/** Files of Node.js, of the run's folder and of the channels to embedded processes. */
const BASE_FILES = 29;
/** Watches of a hub, and requests of the user and the Bare Metal Operator to it. */
const HUB_FILES = 20;
const FILES_PER_WORKER = 5;
/** Connections of the simulated user, and what else of its program. */
export const USER_FILES = 16;
/** Node.js with its helpers, without workers. */
const BASE_THREADS = 11;

/** Mebibytes of the main thread with the whole program, and of a worker. */
const PROGRAM_MIB = { source: { main: 211, worker: 22 }, compiled: { main: 180, worker: 22 } };
/** What is loaded only to serve page, API and metrics. */
const SERVER_MIB = 50;
/** What is loaded only for plans with custom resources. */
const HUB_MIB = 65;
/** What is kept of a cluster and of a host before they arrive and when they are gone. */
const PLANNED_CLUSTER_KIB = 1.5;
const PLANNED_HOST_KIB = 0.3;
/** A host that is up, with its agent, where 100,000 are; and an open connection. */
const HOST_KIB = 4.2;
const CONNECTION_KIB = 4;
/** What heaps are larger than what is in them while many hosts come, from so many on. */
const GROWING_MIB = 80;
const GROWING_HOSTS = 1500;
/** What heaps grow by before they are swept, from so many polls in a second on. */
const POLLING_MIB = 40;
const BUSY_POLLS = 20;
/** The same from so many hosts on of clusters that install. */
const INSTALLING_MIB = 48;
const BUSY_HOSTS = 30;
/** With each host of a cluster that installs. */
const INSTALLING_HOST_MIB = 0.55;

/** Wall-clock processor seconds that an opened connection with its requests takes (bench/parts/cost.ts). */
export const CORE_SECONDS = 0.00075;

/** Connections that hosts open in a wall-clock second while all of them wait. */
export function openedPerSecond({
  connections,
  hostCount,
  pollIntervalSeconds,
  clockSpeed,
}: Pick<ExpandedPlan, 'connections' | 'hostCount' | 'pollIntervalSeconds' | 'clockSpeed'>): number {
  if (connections.mode !== 'per-poll') return 0;
  return (hostCount / (pollIntervalSeconds ?? USUAL_POLL_SECONDS)) * clockSpeed;
}

/** How this machine would run a plan of so many clusters when nobody says how many workers. */
export function ownRunner(clusters: number): Runner {
  return { workers: usualWorkers(clusters), fromSource: import.meta.url.endsWith('.ts') };
}

/** Worker threads of a run that is not told how many. */
export function usualWorkers(clusters: number): number {
  return Math.max(1, Math.min(availableParallelism() - 1, clusters));
}

/** Files that a run has open beside the connections of its hosts. */
export function filesBesideHosts({ hub, readers }: Pick<ExpandedPlan, 'hub' | 'readers'>, workers: number): number {
  // Each has a connection of its own.
  const reading = readers.reduce((sum, { amount }) => sum + amount, 0);
  return BASE_FILES + FILES_PER_WORKER * workers + USER_FILES + (hub === null ? 0 : HUB_FILES) + reading;
}

/**
 * @param noop hosts that stock programs run, and mebibytes that these take
 */
export function estimateNeeds(
  plan: ConnectingPlan & Pick<ExpandedPlan, 'hub' | 'readers'>,
  runner: Runner,
  noop: { hosts: number; memoryMiB: number } | null,
): NeedsEstimate {
  const { clusters, connections } = plan;
  const { workers, fromSource, serves = false } = runner;
  const open = new OpenConnections(plan);
  const most = open.most(connections.idleSeconds, workers);
  const hosts = clusters.reduce((sum, one) => sum + one.hosts.length, 0);
  const program = fromSource ? PROGRAM_MIB.source : PROGRAM_MIB.compiled;
  const installing = open.mostInstalling();
  const upAtOnce = open.mostHosts();
  const opened = (upAtOnce / (plan.pollIntervalSeconds ?? USUAL_POLL_SECONDS)) * plan.clockSpeed;
  const planned = clusters.length * PLANNED_CLUSTER_KIB + hosts * PLANNED_HOST_KIB;
  const memory =
    program.main +
    (plan.hub === null ? 0 : HUB_MIB) +
    (serves ? SERVER_MIB : 0) +
    program.worker * workers +
    (planned + upAtOnce * HOST_KIB + most * CONNECTION_KIB) / 1024 +
    GROWING_MIB * Math.min(1, upAtOnce / GROWING_HOSTS) +
    Math.max(INSTALLING_MIB * Math.min(1, installing / BUSY_HOSTS), POLLING_MIB * Math.min(1, opened / BUSY_POLLS)) +
    installing * INSTALLING_HOST_MIB;
  // A relay has an end of each connection of a stock program, and one of its own to the service.
  const relayed = hosts === 0 || !noop ? 0 : Math.round((most * noop.hosts) / hosts);
  const ports = Math.round(most + (connections.mode === 'per-poll' ? opened * PORT_REST_SECONDS : 0));
  return {
    memoryMiB: Math.ceil(memory) + (noop?.memoryMiB ?? 0),
    fileDescriptors: filesBesideHosts(plan, workers) + most + relayed,
    connections: most,
    threads: BASE_THREADS + workers,
    localPorts: ports,
    sourceAddresses: Math.max(1, Math.ceil(ports / PORTS_PER_ADDRESS)),
    assumptions: [
      `peaks of the run's own process with ${workers} ${workers === 1 ? 'worker' : 'workers'}: at most ${upAtOnce} hosts in discovery or installing at once, with ${most} connections, of a service and a machine that keep up`,
    ],
  };
}
