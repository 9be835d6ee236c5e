/**
 * Whether a machine has what a run takes: a row for each of files, ports, firewall, memory of sockets, memory, processors and
 * clock, with what is needed, what there is, and the command that mends it.
 */
import { CORE_SECONDS, PORTS_PER_ADDRESS } from '../plan/needs.ts';
import { PORTS_PER_SOURCE_ADDRESS } from '../transport/source-ports.ts';
import type { MachineReadings } from './machine-readings.ts';

/** `short` when the run would suffer, `mind` when it may. */
export type CheckVerdict = 'ok' | 'mind' | 'short' | 'unknown';

export interface MachineCheck {
  name: string;
  verdict: CheckVerdict;
  /** For people; null where nothing is needed of it, or no plan was given. */
  needs: string | null;
  has: string;
  /** What follows from it, a sentence; null where all is well. */
  says: string | null;
  /** What mends it, as a command or a line of a plan. */
  mend: string | null;
}

/** What a plan takes; see NeedsEstimate. */
export interface PlanDemand {
  fileDescriptors: number;
  localPorts: number;
  /** Open at once. */
  connections: number;
  /** Opened in a wall-clock second, while all hosts wait. */
  opened: number;
  memoryMiB: number;
  workers: number;
  /** Source addresses that the plan names. */
  sourceAddresses: number;
  /** The embedded service, and perhaps the hub, run on this machine too. */
  embedded: boolean;
  /** The service has an address of this machine itself. */
  inside: boolean;
}

/** A closed connection waits so long (Linux, TIME_WAIT), and is followed by a firewall for twice as long. */
const REST_SECONDS = 60;
const FOLLOWED_SECONDS = 120;
/** What a socket holds while something is on its way: a page in each direction. */
const SOCKET_BYTES = 8192;
/** Of the embedded service, for the same. */
const EMBEDDED_CORE_SECONDS = 0.0005;
/** Timers that come later than this make requests late that have nothing to do with the service. */
const LATE_MS = 20;

const count = (value: number) => Math.ceil(value).toLocaleString('en-US');

/** @param demand null without a plan: what there is is told alone */
export function checkMachine(machine: MachineReadings, demand: PlanDemand | null): MachineCheck[] {
  return [
    filesCheck(machine, demand),
    allFilesCheck(machine, demand),
    portsCheck(machine, demand),
    restingCheck(machine, demand),
    conntrackCheck(machine, demand),
    tcpMemoryCheck(machine, demand),
    memoryCheck(machine, demand),
    coresCheck(machine, demand),
    clockCheck(machine),
    timersCheck(machine),
  ];
}

interface Amounts {
  needed: number | null;
  has: number | null;
  unit?: string;
  says: string;
  mend: string;
}

function amountCheck(name: string, { needed, has, unit = '', says, mend }: Amounts): MachineCheck {
  const tell = (value: number) => `${count(value)}${unit}`;
  const short = needed !== null && has !== null && needed > has;
  return {
    name,
    verdict: has === null ? 'unknown' : short ? 'short' : 'ok',
    needs: needed === null ? null : tell(needed),
    has: has === null ? 'not told by this system' : tell(has),
    says: short ? says : null,
    mend: short ? mend : null,
  };
}

function filesCheck({ files, mostFiles }: MachineReadings, demand: PlanDemand | null): MachineCheck {
  // The embedded service has the same limit, and wants a quarter of it free.
  const needed = demand && Math.max(demand.fileDescriptors, demand.embedded ? demand.connections / 0.75 : 0);
  const wanted = 2 ** Math.ceil(Math.log2(Math.max(1024, needed ?? 0)));
  const above = mostFiles !== null && wanted > mostFiles ? `sysctl -w fs.nr_open=${wanted} && ` : '';
  return amountCheck('open files', {
    needed,
    has: files,
    says: 'idle connections would be closed before their time, which changes the load, or the run is refused',
    mend: `${above}ulimit -n ${wanted} (in the shell that starts the run, as root beyond its hard limit; in a systemd unit LimitNOFILE=${wanted})`,
  });
}

function allFilesCheck({ allFiles }: MachineReadings, demand: PlanDemand | null): MachineCheck {
  const needed = demand && demand.fileDescriptors + (demand.embedded ? demand.connections : 0);
  const most = allFiles && allFiles.open + (needed ?? 0);
  return amountCheck('open files of the machine', {
    needed,
    has: allFiles && Math.max(0, allFiles.most - allFiles.open),
    says: 'the kernel opens no further files for anybody then',
    mend: `sysctl -w fs.file-max=${Math.ceil((most ?? 0) * 1.5)}`,
  });
}

function portsCheck({ ports }: MachineReadings, demand: PlanDemand | null): MachineCheck {
  const addresses = Math.max(1, demand?.sourceAddresses ?? 0);
  // The kernel chooses ports where no addresses are named, and we do where some are.
  const each = demand && demand.sourceAddresses > 0 ? PORTS_PER_SOURCE_ADDRESS : ports && ports.last - ports.first + 1;
  const has = each === null ? null : each * addresses;
  const missing = Math.ceil((demand?.localPorts ?? 0) / PORTS_PER_ADDRESS);
  const wide = (demand?.localPorts ?? 0) <= 60_000 && addresses === 1;
  return amountCheck('local ports to one address', {
    needed: demand?.localPorts ?? null,
    has,
    says: 'connections could not be opened while others rest after their end',
    mend: wide
      ? 'sysctl -w net.ipv4.ip_local_port_range="1024 65535"'
      : `name ${missing} addresses of this machine in connections.source_addresses of the plan (more can be given to an interface: ip address add ADDRESS/PREFIX dev NAME)`,
  });
}

function restingCheck({ mostResting }: MachineReadings, demand: PlanDemand | null): MachineCheck {
  const needed = demand && demand.opened * REST_SECONDS;
  return amountCheck('closed connections that rest', {
    needed,
    has: mostResting,
    says: 'the kernel forgets them before their time and says so in its log',
    mend: `sysctl -w net.ipv4.tcp_max_tw_buckets=${Math.ceil((needed ?? 0) * 1.5)}`,
  });
}

function conntrackCheck({ conntrack }: MachineReadings, demand: PlanDemand | null): MachineCheck {
  const name = 'connections followed by the firewall';
  const none = { name, verdict: 'ok', needs: null, says: null, mend: null } as const;
  if (!conntrack) return { ...none, has: 'none are followed' };
  // Where a plan's service is not known, either may be meant.
  const followed = demand
    ? demand.inside
      ? conntrack.inside
      : conntrack.outside !== false
    : conntrack.inside || conntrack.followed > 0;
  if (!followed) return { ...none, has: `none are followed${demand?.inside ? ' inside this machine' : ''}` };
  const needed = demand && demand.connections + demand.opened * FOLLOWED_SECONDS;
  return amountCheck(name, {
    needed,
    has: Math.max(0, conntrack.most - conntrack.followed),
    says: 'the kernel drops packets of further connections ("nf_conntrack: table full"), which looks like a slow service',
    mend: `sysctl -w net.netfilter.nf_conntrack_max=${Math.ceil((conntrack.followed + (needed ?? 0)) * 1.5)}`,
  });
}

function tcpMemoryCheck({ tcpMemory }: MachineReadings, demand: PlanDemand | null): MachineCheck {
  const mib = (bytes: number) => bytes / 2 ** 20;
  // Few of those that are open have anything on its way at a moment.
  const needed =
    demand && mib(Math.max(demand.opened, demand.connections / 10) * SOCKET_BYTES * (demand.embedded ? 2 : 1));
  const pages = Math.ceil((((needed ?? 0) * 2 ** 20) / 4096) * 3);
  return amountCheck('memory of sockets', {
    needed,
    has: tcpMemory && Math.max(0, mib(tcpMemory.most - tcpMemory.held)),
    unit: ' MiB',
    says: 'the kernel drops packets for want of memory',
    mend: `sysctl -w net.ipv4.tcp_mem="${Math.ceil(pages / 2)} ${Math.ceil(pages * 0.75)} ${pages}"`,
  });
}

function memoryCheck({ memoryMiB }: MachineReadings, demand: PlanDemand | null): MachineCheck {
  return amountCheck(demand?.embedded ? 'memory, without the embedded service' : 'memory', {
    needed: demand?.memoryMiB ?? null,
    has: memoryMiB,
    unit: ' MiB',
    says: 'the run would be ended by the kernel, or swap',
    mend: 'run fewer hosts here, end other programs, or raise the limit of the container',
  });
}

function coresCheck({ cores, load }: MachineReadings, demand: PlanDemand | null): MachineCheck {
  const needed = demand && demand.opened * (CORE_SECONDS + (demand.embedded ? EMBEDDED_CORE_SECONDS : 0));
  const round = (value: number) => String(Math.round(value * 10) / 10);
  const free = Math.max(0, cores - load);
  const short = needed !== null && needed > cores;
  const mind = needed !== null && !short && needed > free;
  return {
    name: 'processors',
    verdict: short ? 'short' : mind ? 'mind' : 'ok',
    needs: needed === null ? null : round(needed),
    has: `${round(cores)}, with ${round(load)} in use`,
    says: short
      ? 'requests would be late, and the run say that the generator was the bottleneck'
      : mind
        ? 'other programs keep them busy: requests may be late, and the run will say so'
        : null,
    mend: short
      ? `take a machine with ${Math.ceil(needed! * 1.5)} processors or more and --workers ${Math.max(2, Math.ceil(needed!))}, a longer poll interval, or a slower clock`
      : mind
        ? 'end what else runs here (see: top)'
        : null,
  };
}

/** Those that the kernel has to read from a device cost microseconds each time, and a request asks several times. */
const QUICK_SOURCES = new Set(['tsc', 'kvm-clock', 'hyperv_clocksource_tsc_page', 'arch_sys_counter', 'xen']);

function clockCheck({ clockSource, synchronised }: MachineReadings): MachineCheck {
  const quick = clockSource === null || QUICK_SOURCES.has(clockSource);
  const follows = synchronised === null ? 'not known to follow a time server' : 'follows a time server';
  return {
    name: 'clock',
    verdict: quick ? 'ok' : 'mind',
    needs: null,
    has: `${clockSource ?? 'source not told'}, ${follows}`,
    says: quick ? null : 'reading it takes microseconds, several times a request',
    mend: quick
      ? null
      : 'echo tsc > /sys/devices/system/clocksource/clocksource0/current_clocksource (where it is available)',
  };
}

function timersCheck({ timerLateness: { p50, max } }: MachineReadings): MachineCheck {
  const late = max > LATE_MS;
  return {
    name: 'timers',
    verdict: late ? 'mind' : 'ok',
    needs: `within ${LATE_MS} ms`,
    has: `late by ${p50.toFixed(1)} ms, at most ${max.toFixed(1)} ms`,
    says: late
      ? 'requests come late by as much: other programs, or the machine below this one, take the processor away'
      : null,
    mend: late ? 'end what else runs here (see: top; of a virtual machine look at "st" there)' : null,
  };
}
