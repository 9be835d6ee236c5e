/** What a part of the benchmark is, and what it gives: figures as plain objects that go from its process to the one that prints. */

/** A number stands in the unit that its row or column names; null is nothing to be said. */
export type Cell = string | number | null;

export interface Table {
  /** What was measured, how often, and whether a figure is a median, a mean or the best. */
  title: string;
  head: readonly string[];
  /** The first cell of each is its name. */
  rows: readonly (readonly Cell[])[];
}

export interface Bar {
  label: string;
  /** Not negative; null is drawn as words that nothing was measured. */
  value: number | null;
  /** Ours rather than a peer's or a raw limit. */
  own: boolean;
}

/** Bars of one scale. */
export interface BarGroup {
  title: string;
  bars: readonly Bar[];
}

export interface BarChart {
  /** Of the file, without extension. */
  name: string;
  title: string;
  /** Of all bars, and which way is better: `µs of processor time a request, less is better`. */
  unit: string;
  groups: readonly BarGroup[];
}

export interface Figures {
  tables: readonly Table[];
  charts: readonly BarChart[];
  /** Sentences that belong to the tables: what could not be measured, and why. */
  notes: readonly string[];
}

/** What is asked of all parts. */
export interface PartOptions {
  /** Fewer rounds and smaller amounts: the tables of a few minutes. */
  quick: boolean;
  /** Hosts of each run of `cost`, instead of its own amounts. */
  hosts?: readonly number[];
  /** Seconds that hosts wait in each run of `cost`, instead of its own. */
  holdSeconds?: number;
  /** Address of a real kube-apiserver beside the mock one; its token is in BENCH_KUBE_TOKEN. */
  kubePeer?: string;
}

export interface PartContext extends PartOptions {
  /** A folder of its own, removed afterwards. */
  folder: string;
  /** Tells what is being measured; to be called at the begin of whatever takes more than 2 s. */
  progress(text: string): void;
}

/** A module in parts/. */
export interface PartModule {
  /** Measures. @throws Error that says why it cannot */
  measure(context: PartContext): Promise<Figures>;
}

/** What child.ts is sent first. */
export interface PartOrder {
  module: string;
  options: PartOptions;
  folder: string;
}

export type PartReport =
  | { type: 'progress'; text: string }
  | { type: 'figures'; figures: Figures }
  | { type: 'failed'; message: string };
