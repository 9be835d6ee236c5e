/** What processes of this machine take, from /proc (proc_pid_stat(5), proc_pid_status(5)). */
import { readdirSync, readFileSync } from 'node:fs';

/** Of the kernel's clock ticks, in which /proc counts processor time; 100 a second on all platforms that Linux has (sysconf _SC_CLK_TCK). */
const TICK_SECONDS = 0.01;

/** Fields of a stat file from the third on; the second, a name in parentheses, may hold anything. */
function statFields(file: string): string[] | null {
  try {
    const text = readFileSync(file, 'utf8');
    return text.slice(text.lastIndexOf(') ') + 2).split(' ');
  } catch {
    return null;
  }
}

/** Processor seconds, user and system, of a process or thread; null when it is gone. */
function cpuSecondsOf(file: string): number | null {
  const fields = statFields(file);
  return fields && (Number(fields[11]) + Number(fields[12])) * TICK_SECONDS;
}

/** Of a process with all its threads, those that have ended too. */
export function processCpuSeconds(pid: number): number | null {
  return cpuSecondsOf(`/proc/${pid}/stat`);
}

/** Of children of this process that have ended and were waited for. */
export function endedChildrenCpuSeconds(): number {
  const fields = statFields('/proc/self/stat')!;
  return (Number(fields[13]) + Number(fields[14])) * TICK_SECONDS;
}

export interface ThreadSeconds {
  /** The thread of the process' own JavaScript. */
  main: number;
  /** All worker threads of JavaScript. */
  workers: number;
  /** Collection and compilation, name look-ups, files: threads that Node shares. */
  shared: number;
}

/** Processor seconds of the living threads of a Node process by what they do, as Node names them; null when it is gone. */
export function threadCpuSeconds(pid: number): ThreadSeconds | null {
  const sums = { main: 0, workers: 0, shared: 0 };
  let threads: string[];
  try {
    threads = readdirSync(`/proc/${pid}/task`);
  } catch {
    return null;
  }
  for (const thread of threads) {
    const folder = `/proc/${pid}/task/${thread}`;
    const seconds = cpuSecondsOf(`${folder}/stat`) ?? 0;
    if (Number(thread) === pid) sums.main += seconds;
    else if (nameOf(folder) === 'WorkerThread') sums.workers += seconds;
    else sums.shared += seconds;
  }
  return sums;
}

function nameOf(folder: string): string {
  try {
    return readFileSync(`${folder}/comm`, 'utf8').trim();
  } catch {
    return '';
  }
}

/** Resident bytes; null when it is gone. */
export function residentBytes(pid: number): number | null {
  try {
    const match = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return match ? Number(match[1]) * 1024 : null;
  } catch {
    return null;
  }
}

/** The child of a process whose command line has this text; null when there is none. */
export function childOf(pid: number, text: string): number | null {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
    const found = children.find((child) => readFileSync(`/proc/${child}/cmdline`, 'utf8').includes(text));
    return found === undefined ? null : Number(found);
  } catch {
    return null;
  }
}
