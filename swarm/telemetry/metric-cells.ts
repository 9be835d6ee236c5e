/**
 * Metrics that threads count in shared memory: each is a row of a table, and its cells follow from the row.
 *
 *    dimensions of a row   client: agent, installer, …  ×  endpoint: register-host, …  ×  code: 100, 101, …
 *
 *    its cells             │ agent register-host 100 │ agent register-host 101 │ … │ reader other aborted │
 *                          ▲ at                      ▲ at + words                                         ▲ end
 *
 * The last dimension runs fastest. The cell of some labels lies at `at`, plus the position of each label times the stride of its
 * dimension: no name is looked up, nothing is allocated. A counter or gauge takes a word a cell, a histogram those of histogram.ts.
 */
import { HISTOGRAM_WORDS } from './histogram.ts';

export type MetricType = 'counter' | 'gauge' | 'histogram';

declare const dimension: unique symbol;
/** Place of a value in its dimension, from 0. */
export type Position<L extends string = string> = number & { readonly [dimension]: L };

/** A label of metrics and all values that it can have, in the order of the page. */
export class Dimension<L extends string = string, V extends string = string, M extends string = never> {
  readonly label: L;
  readonly values: readonly V[];
  readonly #positions: ReadonlyMap<V, number>;
  readonly #more: ((position: number) => Record<M, string>) | undefined;

  /** @param more further labels that follow from a value */
  constructor(label: L, values: readonly V[], more?: (position: number) => Record<M, string>) {
    this.label = label;
    this.values = values;
    this.#positions = new Map(values.map((value, position) => [value, position]));
    this.#more = more;
  }

  of(value: V): Position<L> {
    return this.#positions.get(value) as Position<L>;
  }

  /** What a series is labelled with that has the value at this place. */
  labels(position: number): Record<string, string> {
    return { [this.label]: this.values[position]!, ...this.#more?.(position) };
  }
}

// biome-ignore lint/suspicious/noExplicitAny: what labels follow from a value matters to the one who reads them alone.
type AnyDimension = Dimension<string, string, any>;

/** As many as a writer takes positions of. */
export type Dimensions =
  | readonly []
  | readonly [AnyDimension]
  | readonly [AnyDimension, AnyDimension]
  | readonly [AnyDimension, AnyDimension, AnyDimension];

/** A position for each dimension. */
export type Positions<D extends Dimensions> = { readonly [I in keyof D]: Position<D[I]['label']> };

type More<X> = X extends Dimension<string, string, infer M> ? M : never;
/** The labels of a cell. */
export type Labels<D extends Dimensions> = { [X in D[number] as X['label']]: X['values'][number] } & Record<
  More<D[number]>,
  string
>;

/** What is added to a counter, recorded in a histogram or put into a gauge. Prometheus gets seconds for milliseconds. */
export type Unit = 'one' | 'bytes' | 'ratio' | 'milliseconds' | 'simulated milliseconds';

/** A metric that threads write. */
export interface CountedRow<T extends MetricType = MetricType, D extends Dimensions = Dimensions> {
  /** Of counters and histograms the values of all threads are added up; each thread has a gauge of its own. */
  readonly type: T;
  /** Absent for what only monitors, figures and the summary read. */
  readonly name?: string;
  readonly help: string;
  readonly unit: Unit;
  readonly dimensions: D;
  /** Upper bounds in seconds of an exposed histogram, ascending. */
  readonly bounds?: readonly number[];
  /** Cells that have nothing are series too; otherwise those of metrics without dimensions alone are. */
  readonly zeros?: true;
  /** Key of a metric with at least the same first dimensions: a cell of this one is a series too where that one has something. */
  readonly alongside?: string;
  /** Order of the labels, where it is not that of the dimensions. */
  readonly labels?: readonly string[];
}

/** Where a metric lies in the section of a thread. */
export class Cells<T extends MetricType = MetricType, D extends Dimensions = Dimensions> {
  readonly row: CountedRow<T, D>;
  /** Word of the section that the first cell begins with. */
  readonly at: number;
  /** Words of a cell. */
  readonly words: number;
  /** How many cells there are. */
  readonly amount: number;
  /** Words from one value of the first, second and third dimension to the next. */
  readonly first: number;
  readonly second: number;
  readonly third: number;

  constructor(row: CountedRow<T, D>, at: number) {
    this.row = row;
    this.at = at;
    this.words = row.type === 'histogram' ? HISTOGRAM_WORDS : 1;
    const [a, b, c] = row.dimensions.map(({ values }) => values.length);
    this.amount = (a ?? 1) * (b ?? 1) * (c ?? 1);
    this.third = this.words;
    this.second = this.third * (c ?? 1);
    this.first = this.second * (b ?? 1);
  }

  /** Word after the last cell, where a cache line begins. */
  get end(): number {
    return this.at + Math.ceil((this.amount * this.words) / 8) * 8;
  }

  /** Place of a cell's label in a dimension. @param cell from 0 @param index of the dimension */
  position(cell: number, index: number): number {
    const stride = index === 0 ? this.first : index === 1 ? this.second : this.third;
    return Math.floor((cell * this.words) / stride) % this.row.dimensions[index]!.values.length;
  }

  /** @param cell from 0 */
  labels(cell: number): Labels<D> {
    const { dimensions, labels: order } = this.row;
    const labels = Object.assign({}, ...dimensions.map((one, index) => one.labels(this.position(cell, index))));
    return order ? (Object.fromEntries(order.map((label) => [label, labels[label]])) as Labels<D>) : labels;
  }
}

type CellsOf<R> = R extends CountedRow<infer T, infer D> ? Cells<T, D> : never;
export type CellsOfTable<R> = { readonly [K in keyof R]: CellsOf<R[K]> };

/**
 * Gives each row its place. What a word holds comes first and together, so that most counters of a thread share few pages.
 * @param rows by key
 * @param between words to leave free before the histograms
 */
export function layOut<const R extends Readonly<Record<string, CountedRow>>>(rows: R, between: number) {
  let next = 0;
  const place = (...types: MetricType[]) =>
    Object.entries(rows).flatMap(([key, row]) => {
      if (!types.includes(row.type)) return [];
      const cells = new Cells(row, next);
      next = cells.end;
      return [[key, cells] as const];
    });
  const words = place('counter', 'gauge');
  const free = next;
  next += Math.ceil(between / 8) * 8;
  const histograms = next;
  // Made at once, for V8 keeps an object as a hash table whose properties came one after the other.
  const cells = Object.fromEntries([...words, ...place('histogram')]);
  return { cells: cells as unknown as CellsOfTable<R>, free, histograms, end: next };
}
