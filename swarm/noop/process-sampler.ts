/**
 * Looks at the processes of a lab's hosts, in the `/proc` that shows them all:
 *
 *    lab ─┬─ unshare ── init ─┬─ agent ── nsenter ── next_step_runner ── sh, nsenter, podman, ping, …
 *         │  └── driver ──┘   └─ orphans
 *         └─ perl                              live shorter than a look lasts: the times of ended children
 *
 * What has ended and was waited for stands in its parent's times, up to the host's init: the sum over all that lives is the host's whole
 * processor time, and what no known program has taken itself is that of commands.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import type { HostFigures, HostProgram, ProcessMemory, ProgramFigures } from '../telemetry/process-figures.ts';

/** Of `/proc`: proc(5), user-visible ticks are hundredths of a second on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;
/** Names in `/proc/PID/stat`, which are cut after 15 characters. */
const KNOWN: ReadonlyMap<string, HostProgram> = new Map([
  ['agent', 'agent'],
  ['next_step_runne', 'next_step_runner'],
  ['installer', 'installer'],
  ['assisted-instal', 'controller'],
]);
/** Processes that are read before the lab's other work gets its turn: some 30 µs each. */
const READ_AT_ONCE = 50;
/** Wall-clock milliseconds of a look for pages that are shared: some 2 ms for a stock program. */
const PAGES_BUDGET_MS = 100;

/** One line of `/proc/PID/stat`; times in ticks. */
export interface ProcessStat {
  pid: number;
  name: string;
  parent: number;
  /** Its own, user and system. */
  own: number;
  /** Of children that have ended and were waited for, and of theirs. */
  children: number;
  /** When it was started, in ticks after the machine. */
  started: number;
  residentPages: number;
}

/** Null for what is no such line. Names may hold blanks and parentheses. */
export function parseStat(text: string): ProcessStat | null {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  if (open < 0 || close < open) return null;
  const fields = text.slice(close + 2).split(' ');
  const number = (field: number) => Number(fields[field - 3]);
  return {
    pid: Number.parseInt(text, 10),
    name: text.slice(open + 1, close),
    parent: number(4),
    own: number(14) + number(15),
    children: number(16) + number(17),
    started: number(22),
    residentPages: number(24),
  };
}

/** How a program ended, from what a shell makes of it: an exit code, or the name of a signal. */
export function exitName(code: string): string {
  const number = Number(code);
  const signal = Object.entries(constants.signals).find(([, value]) => value + 128 === number);
  return signal?.[0] ?? String(number);
}

/** A process that was seen at the last look. */
interface Seen {
  program: HostProgram;
  own: number;
  resident: number;
}

class SampledHost {
  /** Its outermost process; 0 while the host is down. */
  root = 0;
  /** Seconds and times of former boots. */
  #formerSeconds = 0;
  readonly #former = new Map<HostProgram, number>();
  #upSince = 0;
  #seen = new Map<string, Seen>();
  /** Own times of known programs that have ended in this boot. */
  readonly #ended = new Map<HostProgram, number>();
  readonly #now = new Map<HostProgram, number>();
  readonly #restarts = new Map<HostProgram, number>();
  readonly #exits = new Map<HostProgram, Map<string, number>>();
  readonly #startedPrograms = new Set<HostProgram>();

  /** @param fresh whatever starts now is not started again */
  up(root: number, atMs: number, fresh: boolean): void {
    this.root = root;
    this.#upSince = atMs;
    if (fresh) this.#startedPrograms.clear();
  }

  /** All of its processes are gone. */
  down(atMs: number): void {
    if (this.root === 0) return;
    this.root = 0;
    this.#formerSeconds += (atMs - this.#upSince) / 1000;
    for (const [program, ticks] of this.#now) add(this.#former, program, ticks);
    this.#now.clear();
    this.#ended.clear();
    this.#seen.clear();
  }

  started(program: HostProgram): void {
    if (this.#startedPrograms.has(program)) add(this.#restarts, program, 1);
    this.#startedPrograms.add(program);
  }

  exited(program: HostProgram, how: string): void {
    const exits = this.#exits.get(program) ?? new Map<string, number>();
    exits.set(how, (exits.get(how) ?? 0) + 1);
    this.#exits.set(program, exits);
  }

  /** @param tree the root, with a depth of 0, and everything below it */
  look(tree: readonly TreeProcess[], pageBytes: number): void {
    const seen = new Map<string, Seen>();
    let total = 0;
    for (const { stat, depth, program } of tree) {
      total += stat.own + stat.children;
      if (program === 'commands') continue;
      // The outermost has only brought the host up.
      const own = depth === 0 ? stat.own + stat.children : stat.own;
      seen.set(keyOf(stat), { program, own, resident: stat.residentPages * pageBytes });
    }
    for (const [key, { program, own }] of this.#seen) if (!seen.has(key)) add(this.#ended, program, own);
    this.#seen = seen;
    const known = new Map(this.#ended);
    for (const { program, own } of seen.values()) add(known, program, own);
    const sum = [...known.values()].reduce((all, ticks) => all + ticks, 0);
    for (const [program, ticks] of [...known, ['commands', total - sum] as const]) {
      // Processes go on while they are read one after the other: a sum may be short of the one before.
      this.#now.set(program, Math.max(ticks, this.#now.get(program) ?? 0));
    }
  }

  /** @param pages proportional bytes by {@link keyOf} */
  figures(pages: ReadonlyMap<string, { bytes: number }>, nowMs: number): HostFigures {
    const programs: HostFigures['programs'] = {};
    const names = new Set([
      ...this.#former.keys(),
      ...this.#now.keys(),
      ...this.#exits.keys(),
      ...this.#restarts.keys(),
    ]);
    for (const program of names) {
      const figures: ProgramFigures = {
        cpuSeconds: ((this.#former.get(program) ?? 0) + (this.#now.get(program) ?? 0)) / TICKS_PER_SECOND,
        memory: this.#memory(program, pages),
        restarts: program === 'commands' || program === 'driver' ? null : (this.#restarts.get(program) ?? 0),
        exits: Object.fromEntries(this.#exits.get(program) ?? []),
      };
      programs[program] = figures;
    }
    const up = this.root === 0 ? 0 : (nowMs - this.#upSince) / 1000;
    return { seconds: this.#formerSeconds + up, programs };
  }

  #memory(program: HostProgram, pages: ReadonlyMap<string, { bytes: number }>): ProcessMemory | null {
    let memory: ProcessMemory | null = null;
    for (const [key, one] of this.#seen) {
      if (one.program !== program) continue;
      memory ??= { resident: 0, proportional: 0 };
      memory.resident += one.resident;
      const known = pages.get(key);
      memory.proportional = known && memory.proportional !== null ? memory.proportional + known.bytes : null;
    }
    return memory;
  }
}

export interface ProcessSamplerOptions {
  /** Default: `/proc`. */
  proc?: string;
  /** Wall-clock milliseconds. */
  now: () => number;
  /** The lab's own process. */
  lab: number;
}

/** What a look has found. */
export interface ProcessSample {
  hosts: ({ slot: number } & HostFigures)[];
  /** Of processes that the lab keeps for itself. */
  lab: { cpuSeconds: number; memory: ProcessMemory };
}

export class ProcessSampler {
  readonly #proc: string;
  readonly #now: () => number;
  readonly #lab: number;
  readonly #hosts = new Map<number, SampledHost>();
  /** Proportional bytes of processes, and when they were read. */
  readonly #pages = new Map<string, { bytes: number; at: number }>();
  readonly #pageBytes: number;

  constructor({ proc = '/proc', now, lab }: ProcessSamplerOptions) {
    this.#proc = proc;
    this.#now = now;
    this.#lab = lab;
    const kilobytes = /^KernelPageSize:\s+(\d+) kB/m.exec(this.#read('self/smaps') ?? '')?.[1];
    this.#pageBytes = Number(kilobytes ?? 4) * 1024;
  }

  /** A host is up. @param root its outermost process, a child of the lab. @param fresh its programs count as restarted from their second start on */
  up(slot: number, root: number, fresh = true): void {
    this.#host(slot).up(root, this.#now(), fresh);
  }

  /** A host is down. */
  down(slot: number): void {
    this.#hosts.get(slot)?.down(this.#now());
  }

  started(slot: number, program: HostProgram): void {
    this.#host(slot).started(program);
  }

  exited(slot: number, program: HostProgram, how: string): void {
    this.#host(slot).exited(program, how);
  }

  /** Process ids of a program on a host, as they are now; none for a host that is down. */
  async find(slot: number, program: HostProgram): Promise<number[]> {
    const stats = await this.#readAll();
    const root = stats.get(this.#hosts.get(slot)?.root ?? 0);
    if (!root) return [];
    const tree = treeOf(
      root,
      Map.groupBy(stats.values(), ({ parent }) => parent),
    );
    return tree.filter((one) => one.program === program).map(({ stat }) => stat.pid);
  }

  /** What is known without another look, of hosts that are down as of the last one. */
  report(): ProcessSample['hosts'] {
    const now = this.#now();
    return [...this.#hosts].map(([slot, host]) => ({ slot, ...host.figures(this.#pages, now) }));
  }

  /** Looks at everything, in turns with whatever else there is to do. */
  async sample(): Promise<ProcessSample> {
    const stats = await this.#readAll();
    const below = Map.groupBy(stats.values(), ({ parent }) => parent);
    const roots = new Set<number>();
    const lasting: ProcessStat[] = [];
    for (const host of this.#hosts.values()) {
      const root = stats.get(host.root);
      // A host that is just being ended keeps the figures of the last look.
      if (!root) continue;
      roots.add(root.pid);
      const tree = treeOf(root, below);
      host.look(tree, this.#pageBytes);
      for (const { stat, program } of tree) if (program !== 'commands') lasting.push(stat);
    }
    const own = [this.#lab, ...(below.get(this.#lab) ?? []).map(({ pid }) => pid)].filter((pid) => !roots.has(pid));
    const lab = own.flatMap((pid) => stats.get(pid) ?? []);
    await this.#readPages([...lab, ...lasting]);
    return { hosts: this.report(), lab: this.#labFigures(lab) };
  }

  #labFigures(processes: readonly ProcessStat[]): ProcessSample['lab'] {
    let ticks = 0;
    const memory: ProcessMemory = { resident: 0, proportional: 0 };
    for (const stat of processes) {
      // Ended children of the lab are hosts.
      ticks += stat.own;
      memory.resident += stat.residentPages * this.#pageBytes;
      const known = this.#pages.get(keyOf(stat));
      memory.proportional = known && memory.proportional !== null ? memory.proportional + known.bytes : null;
    }
    return { cpuSeconds: ticks / TICKS_PER_SECOND, memory };
  }

  #host(slot: number): SampledHost {
    let host = this.#hosts.get(slot);
    if (!host) {
      host = new SampledHost();
      this.#hosts.set(slot, host);
    }
    return host;
  }

  async #readAll(): Promise<Map<number, ProcessStat>> {
    const stats = new Map<number, ProcessStat>();
    let read = 0;
    for (const pid of readdirSync(this.#proc)) {
      if (!/^\d+$/.test(pid)) continue;
      const stat = parseStat(this.#read(`${pid}/stat`) ?? '');
      if (stat) stats.set(stat.pid, stat);
      if (++read % READ_AT_ONCE === 0) await turn();
    }
    return stats;
  }

  /** Reads what is dear to read: those that were never looked at first, then those that were so longest ago, as many as the budget carries. */
  async #readPages(processes: readonly ProcessStat[]): Promise<void> {
    const wanted = processes.map((stat) => ({ stat, key: keyOf(stat) }));
    const keys = new Set(wanted.map(({ key }) => key));
    for (const key of this.#pages.keys()) if (!keys.has(key)) this.#pages.delete(key);
    const age = (key: string) => this.#pages.get(key)?.at ?? 0;
    let spent = 0;
    for (const { stat, key } of wanted.sort((a, b) => age(a.key) - age(b.key))) {
      const from = performance.now();
      const bytes = Number(/^Pss:\s+(\d+) kB/m.exec(this.#read(`${stat.pid}/smaps_rollup`) ?? '')?.[1]) * 1024;
      if (!Number.isNaN(bytes)) this.#pages.set(key, { bytes, at: this.#now() });
      spent += performance.now() - from;
      if (spent >= PAGES_BUDGET_MS) return;
      await turn();
    }
  }

  /** Null when the process is gone. */
  #read(path: string): string | null {
    try {
      return readFileSync(`${this.#proc}/${path}`, 'latin1');
    } catch {
      return null;
    }
  }
}

/** Numbers of processes are given anew. */
function keyOf({ pid, started }: ProcessStat): string {
  return `${pid} ${started}`;
}

interface TreeProcess {
  stat: ProcessStat;
  /** 0 for the host's outermost process. */
  depth: number;
  program: HostProgram;
}

/** A host's processes, its outermost first. What waits for a stock program to end is the driver's. */
function treeOf(root: ProcessStat, below: ReadonlyMap<number, ProcessStat[]>): TreeProcess[] {
  const tree: TreeProcess[] = [{ stat: root, depth: 0, program: 'driver' }];
  const parents = new Map<TreeProcess, TreeProcess>();
  for (const parent of tree) {
    for (const stat of below.get(parent.stat.pid) ?? []) {
      const depth = parent.depth + 1;
      const child: TreeProcess = {
        stat,
        depth,
        program: depth === 1 ? 'driver' : (KNOWN.get(stat.name) ?? 'commands'),
      };
      parents.set(child, parent);
      tree.push(child);
    }
  }
  for (const one of tree) {
    if (one.program === 'commands' || one.program === 'driver') continue;
    let waiting = parents.get(one);
    for (; waiting?.program === 'commands'; waiting = parents.get(waiting)) waiting.program = 'driver';
  }
  return tree;
}

function add<K>(sums: Map<K, number>, key: K, amount: number): void {
  sums.set(key, (sums.get(key) ?? 0) + amount);
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
