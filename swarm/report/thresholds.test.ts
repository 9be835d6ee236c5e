import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AGGREGATIONS, FIGURES, type Figure, figureNamed } from '../plan/figures.ts';
import { parseExpression } from '../plan/thresholds.ts';
import { Distribution, HISTOGRAM_WORDS, recordDuration } from '../telemetry/histogram.ts';
import { evaluate, type Sample } from './thresholds.ts';

function trend(...ms: number[]): Sample {
  const words = new Float64Array(HISTOGRAM_WORDS);
  for (const one of ms) recordDuration(words, 0, one);
  const distribution = new Distribution();
  distribution.addWords(words, 0);
  return { kind: 'trend', distribution };
}

const judge = (figure: string, expression: string, sample: Sample | null) => {
  const [result] = evaluate([parseExpression(expression, figureNamed(figure)!)], { read: () => sample });
  return { value: result!.value, ok: result!.ok };
};

describe('evaluator of thresholds', () => {
  it.each([
    ['request_duration', 'avg<21', trend(10, 20, 30), 20, true],
    ['request_duration', 'avg<20', trend(10, 20, 30), 20, false],
    ['request_duration', 'avg<=20', trend(10, 20, 30), 20, true],
    ['request_duration', 'min>=10', trend(10, 20, 30), 10, true],
    ['request_duration', 'max>30', trend(10, 20, 30), 30, false],
    ['request_duration', 'max==30', trend(10, 20, 30), 30, true],
    ['request_duration', 'max!=30', trend(10, 20, 30), 30, false],
    ['request_duration', 'count>2', trend(10, 20, 30), 3, true],
    ['request_duration', 'p(100)<=30', trend(10, 20, 30), 30, true],
    ['request_errors', 'rate<0.42', { kind: 'rate', hits: 41, of: 100 }, 0.41, true],
    ['request_errors', 'rate<0.05', { kind: 'rate', hits: 41, of: 100 }, 0.41, false],
    ['request_errors', 'count==0', { kind: 'rate', hits: 41, of: 100 }, 41, false],
    ['requests', 'count>=400', { kind: 'counter', count: 400, seconds: 8 }, 400, true],
    ['requests', 'rate>50', { kind: 'counter', count: 400, seconds: 8 }, 50, false],
    ['clusters_complete', 'value>=0.95', { kind: 'gauge', value: 0.95 }, 0.95, true],
  ] as [string, string, Sample, number, boolean][])('%s %s', (figure, expression, sample, value, ok) => {
    expect(judge(figure, expression, sample)).toEqual({ value, ok });
  });

  it('takes quantiles as exactly as histograms know them', () => {
    const sample = trend(...Array.from({ length: 1000 }, (_, i) => i + 1));
    const { value } = judge('request_duration', 'p(99)<1000', sample);
    expect(value).toBeGreaterThan(980);
    expect(value).toBeLessThan(1000);
    expect(judge('request_duration', 'med<600', sample).ok).toBe(true);
    expect(judge('request_duration', 'p(0)<=1.1', sample).ok).toBe(true);
  });

  it.each([
    ['request_duration', 'p(95)<5', trend()],
    ['request_duration', 'min>=5', trend()],
    ['request_errors', 'rate==0', { kind: 'rate', hits: 0, of: 0 }],
    ['requests', 'rate>5', { kind: 'counter', count: 0, seconds: 0 }],
    ['clusters_complete', 'value>=0.95', null],
  ] as [string, string, Sample | null][])('does not evaluate %s %s without a sample', (figure, expression, sample) => {
    expect(judge(figure, expression, sample)).toEqual({ value: null, ok: null });
  });

  it.each([
    ['request_duration', 'count==0', trend(), true],
    ['request_duration', 'count>0', trend(), false],
    ['request_errors', 'count==0', { kind: 'rate', hits: 0, of: 0 }, true],
    ['requests', 'count>0', { kind: 'counter', count: 0, seconds: 0 }, false],
  ] as [
    string,
    string,
    Sample,
    boolean,
  ][])('knows that the count of nothing is 0: %s %s', (figure, expression, sample, ok) => {
    expect(judge(figure, expression, sample)).toEqual({ value: 0, ok });
  });

  it('evaluates every aggregation of every figure, and exactly one of an expression and its opposite holds', () => {
    const opposite = { '<': '>=', '<=': '>', '==': '!=' } as const;
    const samples: Record<Figure['kind'], fc.Arbitrary<Sample>> = {
      trend: fc
        .array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 20 })
        .map((ms) => trend(...ms)),
      rate: fc.tuple(fc.nat(1000), fc.nat(1000)).map(([hits, more]) => ({ kind: 'rate', hits, of: hits + more + 1 })),
      counter: fc
        .tuple(fc.nat(), fc.integer({ min: 1, max: 1000 }))
        .map(([count, seconds]) => ({ kind: 'counter', count, seconds })),
      gauge: fc.double({ min: 0, max: 1, noNaN: true }).map((value) => ({ kind: 'gauge', value })),
    };
    const cases = fc.constantFrom(...(FIGURES as readonly Figure[])).chain((figure) =>
      fc.record({
        figure: fc.constant(figure),
        aggregation: fc.constantFrom(...AGGREGATIONS[figure.kind]),
        operator: fc.constantFrom(...(Object.keys(opposite) as (keyof typeof opposite)[])),
        limit: fc.double({ min: 0, max: 1, noNaN: true }),
        sample: samples[figure.kind],
      }),
    );
    fc.assert(
      fc.property(cases, ({ figure, aggregation, operator, limit, sample }) => {
        const left = aggregation === 'p' ? 'p(95)' : aggregation;
        const one = judge(figure.name, `${left}${operator}${limit}`, sample);
        const other = judge(figure.name, `${left}${opposite[operator]}${limit}`, sample);
        expect(typeof one.ok).toBe('boolean');
        expect(other).toEqual({ value: one.value, ok: !one.ok });
      }),
    );
  });

  it('refuses a source that gives another kind of figure', () => {
    expect(() => judge('request_duration', 'p(95)<5', { kind: 'gauge', value: 1 })).toThrow(
      new TypeError('figure request_duration is a gauge and has no p'),
    );
  });
});
