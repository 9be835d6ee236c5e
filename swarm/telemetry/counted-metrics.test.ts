import { describe, expect, it } from 'vitest';
import {
  CLIENT,
  COUNTED_METRICS,
  codePosition,
  ENDPOINT,
  ERROR_METRICS,
  HOST_METRICS,
  LATENESS_METRICS,
  LINK_METRICS,
  REPEAT,
  REQUEST_METRICS,
  RESULT,
  STEP,
  THREAD_METRICS,
  TRAFFIC_METRICS,
} from './counted-metrics.ts';
import type { Cells, CountedRow, Dimensions, Position, Positions } from './metric-cells.ts';
import { createRegistry } from './metric-registry.ts';
import { SaturationMonitor } from './saturation.ts';
import { SharedTelemetry } from './shared-telemetry.ts';
import { CELLS, createTelemetryBuffer, HISTOGRAMS_AT, SECTION_WORDS, UNDER_WAY_AT } from './telemetry-layout.ts';
import { TelemetryReader } from './telemetry-reader.ts';
import { type Family, parseExposition } from './testing/exposition.ts';
import { UNDER_WAY_WORDS } from './under-way.ts';

const PARTS = [
  THREAD_METRICS,
  REQUEST_METRICS,
  LATENESS_METRICS,
  TRAFFIC_METRICS,
  LINK_METRICS,
  HOST_METRICS,
  ERROR_METRICS,
];
const ROWS: [string, CountedRow][] = Object.entries(COUNTED_METRICS);
const cellsOf = (key: string): Cells => CELLS[key as keyof typeof CELLS];
/** Of a cell, in the order of the dimensions. */
const positionsOf = (cells: Cells, cell: number) =>
  cells.row.dimensions.map((_, i) => cells.position(cell, i)) as unknown as Positions<Dimensions>;

function setUp() {
  const buffer = createTelemetryBuffer({ writers: 2, hostSlots: 1, clusterSlots: 1 });
  const reader = new TelemetryReader(buffer);
  const saturation = new SaturationMonitor(reader);
  const registry = createRegistry('1', () => ({ reader, saturation, clockSpeed: 1 }));
  return {
    writers: [new SharedTelemetry(buffer, 0), new SharedTelemetry(buffer, 1)],
    reader,
    page: async () => parseExposition(await registry.metrics()),
  };
}

const seriesOf = (families: Map<string, Family>, name: string, labels: Record<string, string>) =>
  families
    .get(name)!
    .samples.filter((sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value));

describe('the table of counted metrics', () => {
  it('has each key and each name once', () => {
    expect(PARTS.flatMap((part) => Object.keys(part))).toEqual(Object.keys(COUNTED_METRICS));
    const names = ROWS.flatMap(([, { name }]) => name ?? []);
    expect(new Set(names).size).toBe(names.length);
  });

  it.each(ROWS)('names and describes %s as Prometheus asks for', (_key, row) => {
    const { type, name, help, unit, dimensions, bounds, labels } = row;
    expect(help).toMatch(/^[A-Z].*\.$/);
    if (type === 'gauge') expect(dimensions).toEqual([]);
    if (type === 'histogram') expect(unit).toMatch(/milliseconds$/);
    if (labels) expect([...labels].sort()).toEqual(dimensions.map(({ label }) => label).sort());
    expect(bounds !== undefined).toBe(name !== undefined && type === 'histogram');
    expect(bounds).toEqual(bounds && [...new Set(bounds)].sort((a, b) => a - b));
    if (name === undefined) return;
    expect(name).toMatch(/^swarm_[a-z_]+$/);
    expect(name.endsWith('_total')).toBe(type === 'counter');
    expect(/_seconds(_total)?$/.test(name)).toBe(unit.endsWith('milliseconds'));
    expect(/_bytes(_total)?$/.test(name)).toBe(unit === 'bytes');
    expect(name.endsWith('_ratio')).toBe(unit === 'ratio');
  });

  it.each(ROWS.filter(([, { alongside }]) => alongside))('shows %s alongside one that it shares labels with', (key) => {
    const { row, amount } = cellsOf(key);
    const other = cellsOf(row.alongside!);
    expect(other).toBeDefined();
    expect(other.row.dimensions.slice(0, row.dimensions.length)).toEqual(row.dimensions);
    expect(other.amount % amount).toBe(0);
  });
});

describe('cells', () => {
  it('fill the section as it is drawn', () => {
    const words = ROWS.filter(([, { type }]) => type !== 'histogram').map(([key]) => cellsOf(key));
    const histograms = ROWS.filter(([, { type }]) => type === 'histogram').map(([key]) => cellsOf(key));
    const follow = (all: Cells[], from: number) => {
      let next = from;
      for (const { at, amount, words: each, end } of all) {
        expect(at).toBe(next);
        expect(end - at - amount * each).toBeGreaterThanOrEqual(0);
        expect(end % 8).toBe(0);
        next = end;
      }
      return next;
    };
    expect(follow(words, 0)).toBe(UNDER_WAY_AT);
    expect(HISTOGRAMS_AT - UNDER_WAY_AT).toBeGreaterThanOrEqual(UNDER_WAY_WORDS);
    expect(follow(histograms, HISTOGRAMS_AT)).toBe(SECTION_WORDS);
  });

  it.each(ROWS)('of %s lie where the positions of their labels say', (key) => {
    const cells = cellsOf(key);
    const places = Array.from({ length: cells.amount }, (_, cell) => {
      const [first = 0, second = 0, third = 0] = positionsOf(cells, cell);
      return first * cells.first + second * cells.second + third * cells.third;
    });
    expect(places).toEqual(places.map((_, cell) => cell * cells.words));
  });

  it('take no labels of other dimensions', () => {
    const { writers, reader } = setUp();
    const telemetry = writers[0]!;
    telemetry.add(CELLS.repeats, 2, REPEAT.of('redirected'));
    expect(reader.countsBy(CELLS.repeats)).toEqual({ replayed: 0, redirected: 2 });
    // The rest is for the compiler.
    // @ts-expect-error a label is missing
    telemetry.add(CELLS.repeats, 1);
    // @ts-expect-error a step is no way of repeating
    telemetry.add(CELLS.repeats, 1, STEP.of('inventory'));
    // @ts-expect-error the order of the dimensions is another
    telemetry.record(CELLS.sinceDue, 1, CLIENT.of('agent'), RESULT.of('failed'), 0 as Position<'endpoint'>);
    // @ts-expect-error durations are not added
    telemetry.add(CELLS.lateness, 1);
    // @ts-expect-error nobody repeats so
    expect(REPEAT.of('twice')).toBeUndefined();
  });
});

describe('a request', () => {
  it('counts in the cells of its labels', () => {
    const { writers, reader } = setUp();
    let next = 1;
    const numbered = CLIENT.values.flatMap((client) =>
      ENDPOINT.values.map((endpoint) => ({ client, endpoint, number: next++ })),
    );
    for (const { client, endpoint, number } of numbered) {
      const times = { dueAt: 1000, sentAt: 1000 + number, firstByteAt: 1500, endAt: 2000 };
      const bytes = { bytesSent: number, bytesReceived: 2 * number };
      writers[0]!.request({ client, endpoint, outcome: number % 2 ? 200 : 503, ...times, ...bytes });
    }
    for (const { client, endpoint, number } of numbered) {
      const at = [CLIENT.of(client), ENDPOINT.of(endpoint)] as const;
      const codes = ([200, 503] as const).map((code) => reader.count(CELLS.requests, ...at, codePosition(code)));
      const failed = { client, endpoint, result: 'failed' } as const;
      const sent = [failed, { ...failed, result: 'answered' } as const].map((labels) => [
        reader.distribution(CELLS.sinceDue, labels).sum,
        reader.distribution(CELLS.sinceSent, labels).sum,
      ]);
      const [yes, no] = [
        [1000, 1000 - number],
        [0, 0],
      ];
      expect([codes, reader.count(CELLS.sentBytes, ...at), reader.count(CELLS.receivedBytes, ...at), sent]).toEqual(
        number % 2 ? [[1, 0], number, 2 * number, [no, yes]] : [[0, 1], number, 2 * number, [yes, no]],
      );
    }
    expect(reader.counts(CELLS.requests)).toHaveLength(numbered.length);
  });
});

describe('a row is all that it takes', () => {
  const { writers, reader, page } = setUp();

  it.each(ROWS.filter(([, { type }]) => type === 'counter'))('to count and show %s', async (key, { name }) => {
    const cells = cellsOf(key) as Cells<'counter'>;
    const last = cells.amount - 1;
    for (const writer of writers) writer.add(cells, 3, ...positionsOf(cells, last));
    writers[0]!.add(cells, 1, ...positionsOf(cells, 0));
    const first = last === 0 ? [] : [{ ...cells.labels(0), count: 1 }];
    expect(reader.counts(cells)).toEqual([...first, { ...cells.labels(last), count: last === 0 ? 7 : 6 }]);
    if (name === undefined) return;
    const [sample, ...others] = seriesOf(await page(), name, cells.labels(last));
    expect([sample?.labels, sample?.value, others]).toEqual([cells.labels(last), last === 0 ? 7 : 6, []]);
  });

  it.each(ROWS.filter(([, { type }]) => type === 'histogram'))('to record and show %s', async (key, { name }) => {
    const cells = cellsOf(key) as Cells<'histogram'>;
    const last = cells.amount - 1;
    for (const writer of writers) writer.record(cells, 2000, ...positionsOf(cells, last));
    const distributions = reader.distributions(cells);
    expect(distributions).toEqual([{ ...cells.labels(last), distribution: expect.anything() }]);
    expect([distributions[0]!.distribution.count, distributions[0]!.distribution.sum]).toEqual([2, 4000]);
    expect(reader.distribution(cells, cells.labels(last)).count).toBe(2);
    if (name === undefined) return;
    const series = seriesOf(await page(), name, cells.labels(last));
    expect(series.find((sample) => sample.name === `${name}_sum`)?.value).toBe(4);
    expect(series.filter((sample) => sample.name === `${name}_bucket`)).toHaveLength(cells.row.bounds!.length + 1);
  });

  it('to show what threads say of themselves, of those that have', async () => {
    writers[1]!.thread({ heartbeatMs: 1, heapBytes: 8, lagMs: 16, utilization: 0.25 });
    const families = await page();
    const shown = Object.values(THREAD_METRICS).flatMap(({ name }) => (name ? families.get(name)!.samples : []));
    const labels = { thread: 'worker-0' };
    expect(shown.map((sample) => [sample.labels, sample.value])).toEqual([
      [labels, 8],
      [labels, 0.016],
      [labels, 0.25],
    ]);
  });
});
