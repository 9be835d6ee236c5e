/**
 * What the programs of no-op hosts take and how they end, kept on the main thread: labs report it every few seconds, each host with
 * the totals of its life so far, so that a report that is lost costs nothing.
 */

/**
 * Of a host. `commands` are replaced commands and whatever else lives shorter than the time between two looks; `driver` is what
 * stands in for the machine.
 */
export const HOST_PROGRAMS = ['agent', 'next_step_runner', 'installer', 'controller', 'commands', 'driver'] as const;
export type HostProgram = (typeof HOST_PROGRAMS)[number];

/** Bytes of processes that live now. */
export interface ProcessMemory {
  resident: number;
  /** Shared pages divided by those who share them; null as long as one of the processes was not looked at. */
  proportional: number | null;
}

export interface ProgramFigures {
  /** Processor time of all that ever ran, user and system. */
  cpuSeconds: number;
  /** Null while none of it runs, and of commands, which live too short. */
  memory: ProcessMemory | null;
  /** How often it was started again on a host that was up; null for what is no single program. */
  restarts: number | null;
  /** How often it ended by itself, by exit code or the name of the signal. */
  exits: Record<string, number>;
}

/** Of one host, over all its boots. */
export interface HostFigures {
  /** Wall-clock seconds in which it was up. */
  seconds: number;
  /** By program, those that ever ran. */
  programs: Partial<Record<HostProgram, ProgramFigures>>;
}

/** Where a host belongs. */
export interface HostPlace {
  /** Name of the cluster. */
  cluster: string;
  /** Host name. */
  host: string;
  /** Of the host in the run; null for what is no host, such as the controller's pod. */
  index: number | null;
}

/** What a lab takes itself. */
export interface DriverFigures {
  /** Processor time of the lab's own processes. */
  labCpuSeconds: number;
  labMemory: ProcessMemory;
  /** Processor time of the thread that relays what hosts send; in a mixed run the native hosts' share is in it. */
  relayCpuSeconds: number;
}

/** One thread's hosts. */
export interface ProcessReport {
  worker: number;
  hosts: (HostPlace & HostFigures)[];
  driver: DriverFigures;
}

/** The last figures of a host, and the most that was seen. */
export interface HostRecord extends HostPlace, HostFigures {
  /** Most bytes at once, by program. */
  peaks: Partial<Record<HostProgram, { resident: number; proportional: number }>>;
}

export class ProcessFigures {
  readonly #hosts = new Map<string, HostRecord>();
  readonly #drivers = new Map<number, DriverFigures>();

  apply({ worker, hosts, driver }: ProcessReport): void {
    this.#drivers.set(worker, driver);
    for (const host of hosts) {
      const key = `${host.cluster}/${host.host}`;
      const peaks = this.#hosts.get(key)?.peaks ?? {};
      for (const [name, { memory }] of Object.entries(host.programs)) {
        if (!memory) continue;
        const program = name as HostProgram;
        const peak = peaks[program] ?? { resident: 0, proportional: 0 };
        peaks[program] = {
          resident: Math.max(peak.resident, memory.resident),
          proportional: Math.max(peak.proportional, memory.proportional ?? 0),
        };
      }
      this.#hosts.set(key, { ...host, peaks });
    }
  }

  /** Takes in what was kept of another generator's hosts. */
  add(hosts: readonly HostRecord[], drivers: readonly DriverFigures[]): void {
    for (const host of hosts) this.#hosts.set(`${host.cluster}/${host.host}`, host);
    for (const driver of drivers) this.#drivers.set(this.#drivers.size, driver);
  }

  hosts(): IterableIterator<HostRecord> {
    return this.#hosts.values();
  }

  /** By worker thread. */
  drivers(): [number, DriverFigures][] {
    return [...this.#drivers];
  }

  /** Null for a host without such programs. @param index in the run */
  host(index: number): HostRecord | null {
    for (const host of this.#hosts.values()) if (host.index === index) return host;
    return null;
  }
}
