/** Programs of no-op hosts that end, and file systems that are full: the first are warned of by name, the others counted. */
import type { RunEvent } from '../telemetry/run-event.ts';
import type { ErrorKind } from '../telemetry/telemetry.ts';

/** Warnings that name a host; whoever wants them all finds them in the events. */
const NAMED = 5;
const KINDS: ReadonlySet<ErrorKind> = new Set(['program-ended', 'installer-failed', 'disk-full']);

export class ProgramWarnings {
  readonly #warn: (message: string) => void;
  #count = 0;
  /** By cluster, of the first installer that failed. */
  readonly #installers = new Map<number, string>();

  constructor(warn: (message: string) => void) {
    this.#warn = warn;
  }

  /** Told of everything that happens in a run with no-op hosts. */
  apply(event: RunEvent): void {
    if (event.type !== 'host.error' || !KINDS.has(event.kind)) return;
    this.#count++;
    if (event.kind === 'installer-failed' && !this.#installers.has(event.cluster))
      this.#installers.set(event.cluster, `host ${event.host}: ${event.message}`);
    if (this.#count <= NAMED) this.#warn(`host ${event.host} (${event.id}): ${event.message}`);
    else if (this.#count === NAMED + 1)
      this.#warn('more programs of no-op hosts end; the summary counts them, events name them');
  }

  /** The failure of a cluster, with how its installer ended, which the service does not say. */
  explain<Failure extends { cluster: number; reason: string }>(failure: Failure): Failure {
    const installer = this.#installers.get(failure.cluster);
    return installer === undefined ? failure : { ...failure, reason: `${failure.reason} (${installer})` };
  }
}
