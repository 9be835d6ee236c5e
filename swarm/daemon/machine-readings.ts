/** What this machine has of what runs are made of, as Linux tells it. What a system does not tell is null. */
import { once } from 'node:events';
import { constants, readdirSync, readFileSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface MachineReadings {
  /** Open files that this process may have; Node.js takes the hard limit (`ulimit -Hn`). */
  files: number | null;
  /** No process may be given more (fs.nr_open). */
  mostFiles: number | null;
  /** Open files of the whole machine, and how many there may be (fs.file-nr). */
  allFiles: { open: number; most: number } | null;
  /** First and last port that is given out to outgoing connections (net.ipv4.ip_local_port_range). */
  ports: { first: number; last: number } | null;
  /** Closed connections that may wait at once (net.ipv4.tcp_max_tw_buckets). */
  mostResting: number | null;
  /** Connections that the firewall follows; null where there is nothing that could. */
  conntrack: Conntrack | null;
  /** Bytes of memory that all TCP sockets hold, and may hold before packets are dropped (net.ipv4.tcp_mem). */
  tcpMemory: { held: number; most: number } | null;
  /** Mebibytes that can be had without swapping, by machine and control group. */
  memoryMiB: number | null;
  /** Processors that this process may use at once, control groups counted in. */
  cores: number;
  /** Processes that wanted to run, on the average of the last minute. */
  load: number;
  /** What the kernel takes the time from. */
  clockSource: string | null;
  /** The clock follows a time server; null when nobody here knows. */
  synchronised: boolean | null;
  /** Milliseconds by which timers of this process came late, of a hundred in half a second. */
  timerLateness: { p50: number; max: number };
}

export interface Conntrack {
  followed: number;
  most: number;
  /**
   * Whether connections inside this machine, and to others, are among them: the kernel follows none in a network namespace where no rule
   * asks for it, though it tells of a limit.
   */
  inside: boolean;
  /** Null when there are no connections to tell it from. */
  outside: boolean | null;
}

/** Opens so many connections to this machine itself, calls `whileOpen`, closes them. */
type Probe = (connections: number, whileOpen: () => void) => Promise<void>;

/** So many are seen among those that others open and close at the same time; tries, should these have closed as many. */
const PROBES = 32;
const PROBE_TRIES = 3;
/** State of an established connection in /proc/net/tcp, and the addresses there of this machine itself. */
const ESTABLISHED = '01';
const ITSELF = /^(?:[0-9A-F]{6}7F|0{24}01000000|0{16}FFFF0000[0-9A-F]{6}7F):/;

const PAGE_BYTES = 4096;
const TIMERS = 100;
const TIMER_MS = 5;

/**
 * Opens a few connections to this machine itself, to see what becomes of them.
 * @param root where `proc`, `sys` and `run` are, for tests
 * @param probe what opens them, for tests
 */
export async function readMachine(root = '/', probe: Probe = openToItself): Promise<MachineReadings> {
  const text = (path: string) => {
    try {
      return readFileSync(join(root, path), 'utf8').trim();
    } catch {
      return '';
    }
  };
  const numbers = (path: string) => (text(path).match(/\d+/g) ?? []).map(Number);
  const ipv4 = (name: string) => numbers(`proc/sys/net/ipv4/${name}`);
  const [open, , mostOpen] = numbers('proc/sys/fs/file-nr');
  const [first, last] = ipv4('ip_local_port_range');
  const tcpPages = ipv4('tcp_mem')[2];
  const heldPages = /^TCP:.* mem (\d+)/m.exec(text('proc/net/sockstat'))?.[1];
  const files = /^Max open files\s+\S+\s+(\d+)/m.exec(text('proc/self/limits'))?.[1];
  return {
    files: files === undefined ? null : Number(files),
    mostFiles: numbers('proc/sys/fs/nr_open')[0] ?? null,
    allFiles: open === undefined || mostOpen === undefined ? null : { open, most: mostOpen },
    ports: first === undefined || last === undefined ? null : { first, last },
    mostResting: ipv4('tcp_max_tw_buckets')[0] ?? null,
    conntrack: await conntrackOf(text, probe),
    tcpMemory:
      tcpPages === undefined ? null : { held: Number(heldPages ?? 0) * PAGE_BYTES, most: tcpPages * PAGE_BYTES },
    memoryMiB: memoryOf(text),
    cores: coresOf(text),
    load: loadavg()[0]!,
    clockSource: text('sys/devices/system/clocksource/clocksource0/current_clocksource') || null,
    synchronised: await synchronised(root),
    timerLateness: await timerLateness(),
  };
}

async function conntrackOf(text: (path: string) => string, probe: Probe): Promise<Conntrack | null> {
  const read = (name: string) => {
    const said = text(`proc/sys/net/netfilter/nf_conntrack_${name}`);
    return said === '' ? null : Number(said);
  };
  const most = read('max');
  const followed = read('count');
  if (most === null || followed === null) return null;
  let inside = false;
  for (let tries = 0; tries < PROBE_TRIES && !inside; tries++) {
    const before = read('count') ?? 0;
    await probe(PROBES, () => {
      inside = (read('count') ?? 0) - before > PROBES / 2;
    });
  }
  const rows = ['proc/net/tcp', 'proc/net/tcp6'].flatMap((path) => text(path).split('\n').slice(1));
  const others = rows.some((row) => {
    const [, , remote = '', state] = row.trim().split(/\s+/);
    return state === ESTABLISHED && !ITSELF.test(remote);
  });
  return { followed, most, inside, outside: followed > 0 ? true : others ? false : null };
}

async function openToItself(connections: number, whileOpen: () => void): Promise<void> {
  const accepted: Socket[] = [];
  const server = createServer((socket) => accepted.push(socket.on('error', () => {})));
  const opened: Socket[] = [];
  try {
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    for (let n = 0; n < connections; n++) opened.push(connect(port, '127.0.0.1'));
    await Promise.all(opened.map((socket) => once(socket, 'connect')));
    whileOpen();
  } catch {
    // Without connections of its own there is nothing to be seen.
  } finally {
    // A reset leaves no port behind that rests.
    for (const socket of [...opened, ...accepted]) socket.on('error', () => {}).resetAndDestroy();
    server.close();
  }
}

/** The group's own limits; a process in a container sees its group as the root. */
function groupFile(text: (path: string) => string, name: string): string {
  const own = /^0::(.*)$/m.exec(text('proc/self/cgroup'))?.[1] ?? '/';
  return text(join('sys/fs/cgroup', own, name)) || text(join('sys/fs/cgroup', name));
}

function memoryOf(text: (path: string) => string): number | null {
  const available = /^MemAvailable:\s+(\d+) kB/m.exec(text('proc/meminfo'))?.[1];
  const most = Number(groupFile(text, 'memory.max'));
  const used = Number(groupFile(text, 'memory.current'));
  const ofGroup = most > 0 && Number.isFinite(most) ? Math.max(0, most - used) / 2 ** 20 : Infinity;
  const ofMachine = available === undefined ? Infinity : Number(available) / 1024;
  const least = Math.min(ofGroup, ofMachine);
  return least === Infinity ? null : Math.floor(least);
}

function coresOf(text: (path: string) => string): number {
  const [quota, period] = groupFile(text, 'cpu.max').split(' ').map(Number);
  const ofGroup = quota !== undefined && period !== undefined && quota > 0 ? quota / period : Infinity;
  return Math.min(availableParallelism(), ofGroup);
}

/** systemd-timesyncd leaves a file; of others there is only that they run. */
async function synchronised(root: string): Promise<boolean | null> {
  const follows = await access(join(root, 'run/systemd/timesync/synchronized'), constants.F_OK).then(
    () => true,
    () => false,
  );
  if (follows) return true;
  try {
    const names = readdirSync(join(root, 'proc'))
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => commandOf(root, pid));
    return names.some((name) => name === 'chronyd' || name === 'ntpd' || name === 'ptp4l') ? true : null;
  } catch {
    return null;
  }
}

function commandOf(root: string, pid: string): string {
  try {
    return readFileSync(join(root, 'proc', pid, 'comm'), 'utf8').trim();
  } catch {
    return '';
  }
}

async function timerLateness(): Promise<MachineReadings['timerLateness']> {
  const late: number[] = [];
  for (let n = 0; n < TIMERS; n++) {
    const before = performance.now();
    await sleep(TIMER_MS);
    late.push(Math.max(0, performance.now() - before - TIMER_MS));
  }
  late.sort((a, b) => a - b);
  return { p50: late[TIMERS / 2]!, max: late.at(-1)! };
}
