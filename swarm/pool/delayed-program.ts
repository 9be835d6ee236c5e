/** A program that is not there at the first boot of its image when it should be, or never. */
import { pullDelayMs } from '../../model/faults/image-pull.ts';
import type { DiscoveryProgram, Machine } from '../host/machine.ts';

/** Simulated milliseconds by which a machine's agent comes later than planned; null where it never comes. */
export function delayOf({ host }: Machine): number | null {
  const { fault } = host.plan;
  switch (fault?.kind) {
    case 'no-boot':
      return null;
    case 'late-boot':
      return fault.byMs;
    case 'agent-image-pull':
      return pullDelayMs(fault.lastingMs);
    default:
      return 0;
  }
}

export class DelayedProgram implements DiscoveryProgram {
  readonly #machine: Machine;
  readonly #program: DiscoveryProgram;
  readonly #delayMs: number | null;
  #booted = false;

  constructor(machine: Machine, program: DiscoveryProgram, delayMs: number | null) {
    this.#machine = machine;
    this.#program = program;
    this.#delayMs = delayMs;
  }

  start(upMs: number): void {
    if (this.#delayMs === null) this.#machine.fallSilent();
    else this.#program.start(upMs + (this.#booted ? 0 : this.#delayMs));
    this.#booted = true;
  }

  stop(): void {
    if (this.#delayMs !== null) this.#program.stop();
  }
}
