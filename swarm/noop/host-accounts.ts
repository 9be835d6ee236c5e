/** The accounts of a lab's hosts: which programs start and end on them, and what they take, told every few seconds. */
import type { HostProgram } from '../telemetry/process-figures.ts';
import type { HostStart } from './lab-protocol.ts';
import { exitName, type ProcessSample, ProcessSampler } from './process-sampler.ts';
import { CONTROLLER_NAME } from './programs.ts';

/** By what replaced commands tell. */
const PROGRAMS: ReadonlyMap<string, HostProgram> = new Map([
  ['runner-started', 'next_step_runner'],
  ['runner-ended', 'next_step_runner'],
  ['installer-started', 'installer'],
  ['installer-ended', 'installer'],
]);

export class HostAccounts {
  readonly #sampler = new ProcessSampler({ now: Date.now, lab: process.pid });
  readonly #tell: (sample: ProcessSample) => void;
  /** By slot. */
  readonly #starts = new Map<number, Pick<HostStart, 'command' | 'restart'>>();
  #last: ProcessSample['lab'] | null = null;
  #looking = false;

  /** @param tell takes what a look has found */
  constructor(tell: (sample: ProcessSample) => void) {
    this.#tell = tell;
  }

  /** @param everyMs wall-clock milliseconds between two looks */
  open(everyMs: number): void {
    setInterval(() => void this.#look(), everyMs).unref();
  }

  /** Tells for the last time, without another look. */
  close(): void {
    if (this.#last) this.#tell({ hosts: this.#sampler.report(), lab: this.#last });
  }

  /** A host comes up. @param pid of its outermost process */
  up(host: HostStart, pid: number): void {
    this.#starts.set(host.slot, host);
    this.#sampler.up(host.slot, pid, host.restart);
    this.#sampler.started(host.slot, mainProgram(host));
  }

  /** Processes of a host that run a program. */
  find(slot: number, program: HostProgram): Promise<number[]> {
    return this.#sampler.find(slot, program);
  }

  down(slot: number): void {
    this.#sampler.down(slot);
  }

  /** A host's init or one of its replaced commands tells something. */
  heard(slot: number, [what = '', code = '']: readonly string[]): void {
    const start = this.#starts.get(slot);
    if (!start) return;
    const program = what === 'program-ended' ? mainProgram(start) : PROGRAMS.get(what);
    if (!program) return;
    if (what.endsWith('-started')) this.#sampler.started(slot, program);
    else this.#sampler.exited(slot, program, exitName(code));
    // Its init starts the agent again and tells nobody.
    if (what === 'program-ended' && start.restart) this.#sampler.started(slot, program);
  }

  async #look(): Promise<void> {
    // One that takes longer than the time between two is followed by none meanwhile.
    if (this.#looking) return;
    this.#looking = true;
    const sample = await this.#sampler.sample();
    this.#looking = false;
    this.#last = sample.lab;
    this.#tell(sample);
  }
}

function mainProgram({ command }: Pick<HostStart, 'command'>): HostProgram {
  return command[0] === CONTROLLER_NAME ? 'controller' : 'agent';
}
