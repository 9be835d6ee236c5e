/** What one look at a server found, in the words of the table of server figures (`plan/server-figures.ts`). */

/** Values up to a bound, lower bounds included, as Prometheus has them. */
export interface CumulativeBucket {
  /** Milliseconds; infinite for the last. */
  upToMs: number;
  /** That do not exceed it, since the server began to count. */
  count: number;
}

export type ServerReading = {
  /** Name in the table of server figures. */
  figure: string;
  labels: Readonly<Record<string, string>>;
} & (
  | { kind: 'gauge'; value: number }
  /** Of all the time since the server began to count. */
  | { kind: 'counter'; value: number }
  /** Of all the time since the server began to count; buckets in ascending order. */
  | { kind: 'histogram'; buckets: readonly CumulativeBucket[]; sumMs: number }
);
