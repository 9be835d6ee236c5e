/** One source of figures of the servers under load. Each kind of source is a file beside this one; all pass one shared test. */
import type { ServerReading } from '../telemetry/server-reading.ts';

export type Reading = ServerReading;

export interface Collector {
  /** `service`, `database`, …; unique in a run. */
  readonly name: string;
  /** Where it reads, without secrets. */
  readonly target: string;
  /**
   * Reads all there is. Never called again before it has ended.
   * @throws NotOffered when the source has no such figures, Error with one line for people when it cannot be read, or the signal's reason
   */
  collect(signal: AbortSignal): Promise<Reading[]>;
  /** What it could not read though it read the rest, in words; null for nothing. */
  readonly missing?: string | null;
  /** Ends its connections. */
  close(): Promise<void>;
}

/** There is nothing to be read, and will not be: the collector is absent from the run. The message says why and what to do. */
export class NotOffered extends Error {}
