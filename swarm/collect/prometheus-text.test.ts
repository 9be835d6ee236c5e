import fc from 'fast-check';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { PrometheusTextError, parsePrometheusText } from './prometheus-text.ts';

const read = (text: string) => parsePrometheusText(text);

describe('what Prometheus reads', () => {
  test('comments, blank lines and samples without labels', () => {
    const text = '# HELP a Text with "quotes" and {braces}\n# TYPE a counter\n\n  # remark\na 1\nb\t2.5e3\n# EOF\n';
    expect(read(text)).toEqual([
      { name: 'a', labels: {}, value: 1 },
      { name: 'b', labels: {}, value: 2500 },
    ]);
  });

  test('labels with escapes, blanks, a comma at the end, and signs that mean something elsewhere', () => {
    const [sample] = read('x_total { path = "a\\\\b\\"c\\nd" , other="}, # \u00e9" , } 7 1700000000000\r\n');
    expect(sample).toEqual({ name: 'x_total', labels: { path: 'a\\b"c\nd', other: '}, # \u00e9' }, value: 7 });
  });

  test('values that are no numbers or have no end', () => {
    expect(read('a NaN\na +Inf\na -Inf\na inf\na .5\na 5.\na -0x1F\n').map(({ value }) => value)).toEqual([
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      Number.POSITIVE_INFINITY,
      0.5,
      5,
      -31,
    ]);
  });

  test('exemplars and timestamps of OpenMetrics', () => {
    expect(read('a_bucket{le="1"} 3 1700000000.5 # {trace_id="x # y"} 0.67 1700000000.1\n')).toEqual([
      { name: 'a_bucket', labels: { le: '1' }, value: 3 },
    ]);
  });

  test('labels that are called as what objects have', () => {
    const [sample] = read('a{__proto__="x",constructor="y"} 1');
    expect(Object.entries(sample!.labels)).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
  });
});

test.each([
  ['{a="b"} 1', 'begins with no name'],
  ['<html>', 'begins with no name'],
  ['a', 'is no value'],
  ['a{b="c"}', 'is no value'],
  ['a one', 'is no value'],
  ['a 1 2 3', 'after the value'],
  ['a 1 soon', 'after the value'],
  ['a{b=c} 1', 'no " where one has to be'],
  ['a{b "c"} 1', 'no = where one has to be'],
  ['a{b="c} 1', 'no end'],
  ['a{b="\\x"} 1', 'unknown escape'],
  ['a{b="c" d="e"} 1', 'no end of its labels'],
  ['a{1b="c"} 1', 'no label'],
  ['a{b="c",b="d"} 1', 'twice'],
  ['a{', 'no label'],
])('%s is refused with its line', (line, problem) => {
  expect(() => read(`# TYPE a gauge\nok 1\n${line}\n`)).toThrow(PrometheusTextError);
  try {
    read(`# TYPE a gauge\nok 1\n${line}\n`);
  } catch (error) {
    expect((error as Error).message).toContain('line 3');
    expect((error as Error).message).toContain(problem);
    expect((error as Error).message).toContain('allowed: ');
    expect((error as PrometheusTextError).line).toBe(3);
  }
});

test('of metrics that nobody wants the names alone are read', () => {
  expect(parsePrometheusText('a{bad 1\nb 2\n', (name) => name === 'b')).toEqual([{ name: 'b', labels: {}, value: 2 }]);
});

test('reads what prom-client writes, whatever labels and values are', async () => {
  const text = fc.string({ unit: 'binary', maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(
      text,
      text,
      fc.double(),
      fc.double({ min: 0, noNaN: true, max: 1e300 }),
      async (a, b, value, more) => {
        const registry = new Registry();
        const registers = [registry];
        new Gauge({ name: 'g', help: 'g', labelNames: ['a', 'b'], registers }).set({ a, b }, value);
        new Counter({ name: 'c_total', help: 'c', registers }).inc(more);
        new Histogram({ name: 'h', help: 'h\nmore', labelNames: ['a'], buckets: [1, 2], registers }).observe(
          { a },
          more,
        );
        const samples = read(await registry.metrics());
        const of = (name: string) => samples.filter((one) => one.name === name);
        expect(of('g')).toEqual([{ name: 'g', labels: { a, b }, value: value === 0 ? expect.closeTo(0) : value }]);
        expect(of('c_total')).toEqual([{ name: 'c_total', labels: {}, value: more }]);
        expect(of('h_bucket').at(-1)).toEqual({ name: 'h_bucket', labels: { a, le: '+Inf' }, value: 1 });
      },
    ),
  );
});

test('whatever comes is read or refused with one line', () => {
  const piece = fc.constantFrom(
    'a',
    'b_total',
    '{',
    '}',
    '"',
    '\\',
    ',',
    '=',
    ' ',
    '\n',
    '#',
    '1',
    'NaN',
    'le',
    '\u0000',
  );
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(piece).map((pieces) => pieces.join('')),
  );
  fc.assert(
    fc.property(text, (given) => {
      try {
        for (const { name, value } of read(given)) {
          expect(name).toMatch(/^[\w:]+$/);
          expect(typeof value).toBe('number');
        }
      } catch (error) {
        expect(error).toBeInstanceOf(PrometheusTextError);
        expect((error as Error).message).not.toContain('\n');
      }
    }),
    { numRuns: 1000 },
  );
});
