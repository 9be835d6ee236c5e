/** Reads metrics that threads count in shared memory: sums over their sections, of all time or of a part of it. */
import { Distribution } from './histogram.ts';
import type { Cells, Dimension, Dimensions, Labels, MetricType, Positions } from './metric-cells.ts';
import type { TelemetryCapture } from './telemetry-capture.ts';

/** The time that a reader is about: between two captures, or from one until now. */
export interface TelemetryWindow {
  from: TelemetryCapture;
  to?: TelemetryCapture;
}

/** What cells must be labelled with; a label that is absent or undefined may be any. */
export type LabelFilter<D extends Dimensions> = { [L in keyof Labels<D>]?: Labels<D>[L] | undefined };

export class CountedReader {
  readonly #sections: readonly Float64Array[];
  readonly #window: TelemetryWindow | null;

  /** @param window null for all time */
  constructor(sections: readonly Float64Array[], window: TelemetryWindow | null) {
    this.#sections = sections;
    this.#window = window;
  }

  /** @param at the position of the label in each dimension */
  count<D extends Dimensions>(cells: Cells<'counter', D>, ...at: Positions<D>): number;
  count(cells: Cells<'counter'>, first = 0, second = 0, third = 0): number {
    return this.sum(cells.at + first * cells.first + second * cells.second + third * cells.third);
  }

  /** The cells of a counter that are not zero, in the order of the dimensions. */
  counts<D extends Dimensions>(cells: Cells<'counter', D>): (Labels<D> & { count: number })[] {
    const list: (Labels<D> & { count: number })[] = [];
    for (let cell = 0; cell < cells.amount; cell++) {
      const count = this.countAt(cells, cell);
      if (count !== 0) list.push({ ...cells.labels(cell), count });
    }
    return list;
  }

  /** A counter of one dimension: all its values, also those that never occurred. */
  countsBy<L extends string, V extends string>(cells: Cells<'counter', readonly [Dimension<L, V>]>): Record<V, number> {
    const [{ values }] = cells.row.dimensions;
    return Object.fromEntries(values.map((value, i) => [value, this.countAt(cells, i)])) as Record<V, number>;
  }

  /** The histograms of all cells that the filter leaves, merged. */
  distribution<D extends Dimensions>(cells: Cells<'histogram', D>, filter: LabelFilter<D> = {}): Distribution {
    const merged = new Distribution();
    for (const cell of cellsOf(cells, filter)) this.#merge(merged, cells.at + cell * cells.words);
    return merged;
  }

  /** The cells of a histogram that the filter leaves and that hold something, in the order of the dimensions. */
  distributions<D extends Dimensions>(
    cells: Cells<'histogram', D>,
    filter: LabelFilter<D> = {},
  ): (Labels<D> & { distribution: Distribution })[] {
    return cellsOf(cells, filter)
      .filter((cell) => this.countAt(cells, cell) !== 0)
      .map((cell) => ({ ...cells.labels(cell), distribution: this.distributionAt(cells, cell) }));
  }

  /** The histogram of one cell. @param cell from 0 */
  distributionAt(cells: Cells<MetricType>, cell: number): Distribution {
    const distribution = new Distribution();
    this.#merge(distribution, cells.at + cell * cells.words);
    return distribution;
  }

  /** What a cell of a counter counts, or how many durations one of a histogram holds. @param cell from 0 */
  countAt(cells: Cells<MetricType>, cell: number): number {
    // The first word of a histogram is its count.
    return this.sum(cells.at + cell * cells.words);
  }

  /** What a word of the sections counts, added up, within the window. */
  protected sum(at: number): number {
    if (this.#window === null) return this.sumNow(at);
    const { from, to } = this.#window;
    return (to === undefined ? this.sumNow(at) : to.sum(at)) - from.sum(at);
  }

  /** A word of the sections, added up as it stands. */
  protected sumNow(at: number): number {
    let sum = 0;
    for (const section of this.#sections) sum += section[at]!;
    return sum;
  }

  #merge(into: Distribution, at: number): void {
    if (this.#window === null) {
      for (const section of this.#sections) into.addWords(section, at);
      return;
    }
    // Most pairs of a client and an endpoint have nothing, and a copy of a histogram is 17 KiB.
    if (this.sum(at) === 0) return;
    const { from, to } = this.#window;
    let until = to?.distribution(at);
    if (until === undefined) {
      until = new Distribution();
      for (const section of this.#sections) until.addWords(section, at);
    }
    into.add(until.since(from.distribution(at)));
  }
}

/** Numbers of the cells that a filter leaves. */
function cellsOf<D extends Dimensions>(cells: Cells<MetricType, D>, filter: LabelFilter<D>): number[] {
  const wanted = cells.row.dimensions.map(({ label, values }) => {
    const value = (filter as Record<string, string | undefined>)[label];
    return value === undefined ? null : values.indexOf(value);
  });
  const list: number[] = [];
  for (let cell = 0; cell < cells.amount; cell++) {
    if (wanted.every((position, i) => position === null || position === cells.position(cell, i))) list.push(cell);
  }
  return list;
}
