/**
 * Which process a run belongs to, so that another process can tell a live run from one that was killed. A process id alone
 * is given to somebody else sooner or later; together with the moment at which the process started it is not.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** A process, as it is known beyond its own life. */
export interface ProcessIdentity {
  pid: number;
  /** Start time as the kernel counts it (`starttime` in proc(5), in ticks since the boot); null where there is no /proc. */
  startTime: string | null;
  /** Where the pid means something: host name, boot and pid namespace. */
  machine: { host: string; boot: string | null; namespace: string | null };
}

/** What can be said about a process from here. `elsewhere`: its machine or its container cannot be looked into. */
export type Liveness = 'alive' | 'dead' | 'elsewhere';

/** This process. */
export function ownIdentity(): ProcessIdentity {
  return {
    pid: process.pid,
    startTime: statusOf(process.pid)?.startTime ?? null,
    machine: {
      host: hostname(),
      boot: orNull(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
      namespace: orNull(() => readlinkSync('/proc/self/ns/pid')),
    },
  };
}

/** Whether a process still runs. One that has died but was not collected by its parent counts as dead. */
export function livenessOf(identity: ProcessIdentity): Liveness {
  const here = ownIdentity().machine;
  const { pid, startTime, machine } = identity;
  if (machine.host !== here.host) return 'elsewhere';
  // The machine was started again since: nothing of then still runs.
  if (machine.boot !== here.boot) return 'dead';
  if (machine.namespace !== here.namespace) return 'elsewhere';
  if (startTime === null) return signalReaches(pid) ? 'alive' : 'dead';
  const status = statusOf(pid);
  return status !== null && status.startTime === startTime && !'ZXx'.includes(status.state) ? 'alive' : 'dead';
}

/** Fields 3 and 22 of /proc/PID/stat; the second field may hold spaces and brackets, so they are counted from its end. */
function statusOf(pid: number): { state: string; startTime: string } | null {
  const text = orNull(() => readFileSync(`/proc/${pid}/stat`, 'latin1'));
  if (text === null) return null;
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0]!, startTime: fields[19]! };
}

function signalReaches(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}
