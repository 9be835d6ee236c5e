import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatSeconds, formatValue, linearAxis, logAxis, timeAxis } from './chart-scale.ts';
import { lineChart, MOST_LINES } from './svg-chart.ts';
import { anyText, readMarkup } from './testing/markup.ts';

const points = (...values: (number | null)[]) => values.map((y, x) => ({ x, y }));
const pathsOf = (svg: string) => [...svg.matchAll(/class="l l(\d)" d="(M[^"]*L[^"]*)"/g)].map(([, , d]) => d!);

describe('axes', () => {
  it('hold all values between their ends, with rising ticks', () => {
    const value = fc.double({ min: -1e12, max: 1e12, noNaN: true });
    fc.assert(
      fc.property(value, value, (one, other) => {
        const [low, high] = [Math.min(one, other), Math.max(one, other)];
        const axis = linearAxis(low, Math.max(0, high));
        for (const inside of [low, high, 0]) {
          expect(axis.place(Math.max(inside, axis.from))).toBeGreaterThanOrEqual(0);
          expect(axis.place(inside)).toBeLessThanOrEqual(1 + 1e-9);
        }
        expect(axis.ticks.length).toBeGreaterThan(1);
        expect(axis.ticks.length).toBeLessThan(12);
        expect(axis.ticks).toEqual([...new Set(axis.ticks)].sort((a, b) => a - b));
      }),
    );
  });

  it('have round steps', () => {
    expect(linearAxis(0, 730).ticks).toEqual([0, 200, 400, 600, 800]);
    expect(linearAxis(0, 0).ticks).toEqual([0, 1]);
    expect(linearAxis(-3, 8).ticks).toEqual([-5, 0, 5, 10]);
    expect(logAxis(3, 12_000).ticks).toEqual([1, 10, 100, 1000, 10_000, 100_000]);
    expect(timeAxis(3700).ticks).toEqual([0, 900, 1800, 2700, 3600]);
    expect(timeAxis(40 * 86_400).ticks.length).toBeLessThan(8);
  });

  it('are written in their unit', () => {
    expect([12, 1500, 90_000].map((ms) => formatValue(ms, 'ms'))).toEqual(['12 ms', '1.5 s', '1m30s']);
    expect(formatValue(0.125, 'share')).toBe('12.5%');
    expect(formatValue(2_500_000, 'bytes')).toBe('2.5 MB');
    expect(formatValue(12_345, 'connections')).toBe('12.3k connections');
    expect([0, 5, 90].map(formatSeconds)).toEqual(['0', '5 s', '1m30s']);
  });
});

describe('a chart', () => {
  const chart = (...lines: { name: string; points: { x: number; y: number | null }[] }[]) =>
    lineChart({ title: 'a <title>', unit: 'ms', lines, seconds: 10 });

  it('leaves gaps where nothing is known, and shows a value that stands alone', () => {
    const svg = chart({ name: 'one', points: points(1, 2, null, 4, 5, null, 3) });
    const [path = ''] = pathsOf(svg);
    expect(path.split('M')).toHaveLength(3);
    expect(svg.match(/<circle/g)).toHaveLength(1);
  });

  it('draws higher values higher, and the end of the time at the right', () => {
    const [path = ''] = pathsOf(
      chart({
        name: 'one',
        points: [
          { x: 0, y: 0 },
          { x: 10, y: 8 },
        ],
      }),
    );
    const [[x0, y0], [x1, y1]] = path
      .slice(1)
      .split('L')
      .map((one) => one.split(' ').map(Number)) as [number[], number[]] as [[number, number], [number, number]];
    expect(x1).toBeGreaterThan(x0);
    expect(y1).toBeLessThan(y0);
  });

  it('takes powers of ten for times that lie far apart', () => {
    const svg = chart({ name: 'one', points: points(2, 9000) });
    for (const tick of ['1.0 ms', '10 ms', '100 ms', '1.0 s', '10 s']) expect(svg).toContain(`>${tick}</text>`);
  });

  it('says what it shows, and that nothing was measured', () => {
    const elements = readMarkup(
      chart({ name: 'p99', points: points(5, 30, 7) }, { name: 'none', points: points(null) }),
    );
    const text = (name: string) => elements.find((one) => one.name === name)!.text;
    expect(text('title')).toBe('a <title>');
    expect(text('desc')).toBe(
      'a <title> over 10 s. p99: from 5.0 ms to 7.0 ms, lowest 5.0 ms, highest 30 ms at 1 s. none: nothing measured.',
    );
    expect(chart()).toContain('nothing measured');
  });

  it('names its bands where there is room, and marks limits', () => {
    const svg = lineChart({
      ...{ title: 't', unit: '', seconds: 100, lines: [{ name: 'one', points: points(1, 2) }] },
      bands: [
        { from: 0, to: 50, label: 'deploy', kind: 'phase' },
        { from: 50, to: 51, label: 'remove', kind: 'phase' },
        { from: 10, to: 12, label: '', kind: 'outage' },
      ],
      limits: [{ value: 9, label: 'limit 9' }],
    });
    expect(svg).toContain('>deploy</text>');
    expect(svg).not.toContain('>remove</text>');
    expect(svg).toMatch(/class="outage"/);
    expect(svg).toContain('limit 9');
  });

  it('draws no more lines than can be told apart', () => {
    const lines = Array.from({ length: 20 }, (_, at) => ({ name: `line ${at}`, points: points(at, at) }));
    expect(pathsOf(chart(...lines))).toHaveLength(MOST_LINES);
  });

  it('is well-formed whatever it shows', () => {
    const value = fc.option(fc.double({ min: -1e200, max: 1e200, noNaN: true }), { nil: null });
    fc.assert(
      fc.property(anyText, fc.array(value), (name, values) => {
        const svg = lineChart({ title: name, unit: name, lines: [{ name, points: points(...values) }], seconds: 5 });
        readMarkup(svg);
        expect(svg).not.toMatch(/NaN|Infinity/);
      }),
    );
  });
});
