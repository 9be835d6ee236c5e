/** Rows of the registry that follow from the table of counted metrics. */
import type { CountedReader } from './counted-reader.ts';
import { histogramSamples } from './histogram-samples.ts';
import type { Cells, CountedRow, Unit } from './metric-cells.ts';
import type { MetricRow, Sample, Scrape } from './metric-row.ts';
import { CELLS } from './telemetry-layout.ts';

const CELLS_BY_KEY: Readonly<Record<string, Cells>> = CELLS;

/** By what a value is divided for Prometheus, which has seconds. */
const PER: Readonly<Record<Unit, number>> = {
  one: 1,
  bytes: 1,
  ratio: 1,
  milliseconds: 1000,
  'simulated milliseconds': 1000,
};

/** The rows of a part of the table that have a name, in its order. */
export function countedRows(part: Readonly<Record<string, CountedRow>>): MetricRow[] {
  return Object.entries(part).flatMap(([key, { name, type, help, unit }]) => {
    if (name === undefined) return [];
    const cells = CELLS_BY_KEY[key]!;
    const run = ({ reader }: Scrape): Sample[] => {
      if (type === 'gauge') {
        return reader.gauge(cells).map(({ thread, value }) => ({ labels: { thread }, value: value / PER[unit] }));
      }
      return shownCells(reader, cells).flatMap((cell) => {
        const labels = cells.labels(cell);
        return type === 'histogram'
          ? histogramSamples(name, labels, cells.row.bounds ?? [], reader.distributionAt(cells, cell))
          : [{ labels, value: reader.countAt(cells, cell) / PER[unit] }];
      });
    };
    return [{ name, type, help, run }];
  });
}

/** Numbers of the cells that are series. */
function shownCells(reader: CountedReader, cells: Cells): number[] {
  const { dimensions, zeros, alongside } = cells.row;
  const all = zeros || dimensions.length === 0;
  const others = alongside === undefined ? null : CELLS_BY_KEY[alongside]!;
  // The dimensions that both have come first, so the cells of the other one that belong to a cell are next to each other.
  const each = others === null ? 0 : others.amount / cells.amount;
  const list: number[] = [];
  for (let cell = 0; cell < cells.amount; cell++) {
    let shown = all || reader.countAt(cells, cell) !== 0;
    for (let other = cell * each; !shown && other < (cell + 1) * each; other++) {
      shown = reader.countAt(others!, other) !== 0;
    }
    if (shown) list.push(cell);
  }
  return list;
}
