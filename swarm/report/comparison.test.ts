import { describe, expect, it } from 'vitest';
import { type ComparedFigure, compareRuns, figureName, USUAL_BANDS } from './comparison.ts';
import { renderComparison } from './comparison-text.ts';
import { renderComparisonHtml } from './html-compare.ts';
import { type KeptSummary, keptSummary } from './kept-summary.ts';
import { readMarkup } from './testing/markup.ts';
import {
  largeSummary,
  serverFigure,
  someLatencies,
  somePhase,
  someQuantiles,
  someSummary,
  someTotals,
} from './testing/summaries.ts';

const run = (overrides: Partial<KeptSummary> = {}, plan: unknown = null) => ({ summary: someSummary(overrides), plan });
const compare = (a: Partial<KeptSummary>, b: Partial<KeptSummary>) => compareRuns(run(a), run(b));
const named = (figures: readonly ComparedFigure[], name: string) => {
  const found = figures.find((one) => figureName(one) === name);
  if (!found) throw new Error(`no ${name} among ${figures.map(figureName).join('; ')}`);
  return found;
};

describe('times', () => {
  const p50 = (a: number, b: number) =>
    named(
      compare(
        { totals: someTotals({ sinceDue: someQuantiles(a) }) },
        { totals: someTotals({ sinceDue: someQuantiles(b) }) },
      ).figures,
      'run: request_duration p50',
    );

  it.each([
    [100, 104.9, 'same', 'same'],
    [100, 105, 'notable', 'worse'],
    [100, 115, 'notable', 'worse'],
    [100, 115.1, 'significant', 'worse'],
    [100, 95.1, 'same', 'same'],
    [100, 90, 'notable', 'better'],
    [100, 50, 'significant', 'better'],
  ])('of %d and %d ms are %s, %s', (a, b, level, direction) => {
    expect(p50(a, b)).toMatchObject({ level, direction, notJudged: null, a, b, samplesA: 1000, samplesB: 1000 });
  });
});

describe('everything else', () => {
  const rate = (a: number, b: number) =>
    named(
      compare({ totals: someTotals({ rate: a }) }, { totals: someTotals({ rate: b }) }).figures,
      'run: requests rate',
    );

  it.each([
    [100, 104, 'same', 'same'],
    [100, 94, 'minor', 'worse'],
    [100, 90, 'notable', 'worse'],
    [100, 75, 'notable', 'worse'],
    [100, 74, 'significant', 'worse'],
    [100, 130, 'significant', 'better'],
  ])('of %d and %d requests a second is %s, %s', (a, b, level, direction) => {
    expect(rate(a, b)).toMatchObject({ level, direction });
  });

  it('takes other bands', () => {
    const [a, b] = [run({ totals: someTotals({ rate: 100 }) }), run({ totals: someTotals({ rate: 60 }) })];
    const { figures, worse } = compareRuns(a, b, { ...USUAL_BANDS, resources: [10, 50, 90] });
    expect(named(figures, 'run: requests rate')).toMatchObject({ level: 'minor', direction: 'worse' });
    expect(worse).toEqual([]);
  });
});

describe('noise', () => {
  const errors = (a: number, b: number) =>
    named(
      compare({ totals: someTotals({ errors: a }) }, { totals: someTotals({ errors: b }) }).figures,
      'run: request_errors share',
    );

  it('is not judged: too few samples for the percentile', () => {
    const few = (count: number) => ({ totals: someTotals({ ...someLatencies(10, count) }) });
    const slow = { totals: someTotals({ ...someLatencies(100, 299) }) };
    const { figures } = compare(few(1000), slow);
    expect(named(figures, 'run: request_duration p50')).toMatchObject({ level: 'significant' });
    expect(named(figures, 'run: request_duration p99')).toMatchObject({
      level: null,
      direction: null,
      notJudged: 'fewer than 300 samples',
      samplesB: 299,
    });
    expect(named(compare(few(29), slow).figures, 'run: request_duration p50').notJudged).toBe('fewer than 30 samples');
  });

  it('of rare errors is judged by how many there were, and shown with what they are of', () => {
    expect(errors(0, 0)).toMatchObject({ level: 'same', change: 0, samplesA: 1000 });
    expect(errors(1, 29)).toMatchObject({ level: null, notJudged: 'fewer than 30 on both sides' });
    expect(errors(0, 30)).toMatchObject({ level: 'significant', direction: 'worse', change: null, a: 0, b: 0.03 });
    expect(errors(30, 0)).toMatchObject({ level: 'significant', direction: 'better', change: -1 });
  });

  it('is what nobody measured', () => {
    const none = { totals: someTotals({ untilSuccess: someQuantiles(0, 0) }) };
    expect(named(compare({}, none).figures, 'run: request_success_duration p99')).toMatchObject({
      b: null,
      notJudged: 'nothing measured in B',
    });
  });
});

describe('phases', () => {
  const phases = (soakMs: number) => [
    somePhase('deploy', { step: 1 }),
    somePhase('soak', { afterSeconds: 60, totals: someTotals({}, soakMs) }),
  ];

  it('are compared with themselves, and steps with theirs', () => {
    const { figures, worse } = compare({ phases: phases(10) }, { phases: phases(20) });
    expect(named(figures, 'deploy 1: request_duration p50')).toMatchObject({ level: 'same' });
    expect(named(figures, 'soak: request_duration p50')).toMatchObject({ change: 1 });
    expect(worse).toContain('soak: request_duration p50');
    expect(figures.some((one) => figureName(one) === 'run: request_duration p50')).toBe(false);
  });

  it('that one lacks are named', () => {
    const { missing } = compare({ phases: phases(10) }, { phases: phases(10).slice(1) });
    expect(missing).toContainEqual({ phase: 'deploy', step: 1, figure: 'requests', labels: {}, missingIn: 'b' });
  });

  it('that one run has none of leave whole runs, which is said', () => {
    const { figures, warnings } = compare({}, { phases: phases(10) });
    expect(warnings).toContain('only B has phases: whole runs are compared');
    expect(named(figures, 'run: request_duration p50')).toMatchObject({ level: 'same' });
  });
});

describe('figures of servers', () => {
  it('are held to what says something of their kind', () => {
    const of = (max: number, p99: number) => ({
      servers: {
        collectors: [],
        figures: [
          serverFigure({ max }),
          serverFigure({ figure: 'calls', kind: 'counter', unit: 'count', max: null, mean: max, count: max * 60 }),
          serverFigure({ figure: 'fsync', kind: 'trend', unit: 'ms', count: 500, p99, labels: { disk: 'a' } }),
        ],
      },
    });
    const { figures, worse } = compare(of(100, 10), of(200, 12));
    expect(named(figures, 'run: service_goroutines{source:service} max')).toMatchObject({ direction: 'worse' });
    expect(named(figures, 'run: calls{source:service} rate')).toMatchObject({
      direction: 'neither',
      unit: '/s',
      samplesA: 6000,
    });
    expect(named(figures, 'run: fsync{disk:a,source:service} p99')).toMatchObject({
      judgedAs: 'time',
      level: 'significant',
    });
    expect(worse).toEqual(['run: service_goroutines{source:service} max', 'run: fsync{disk:a,source:service} p99']);
  });

  it("of processors are held to their mean: a highest one is a moment's", () => {
    const of = (max: number, mean: number) => {
      const cores = serverFigure({ figure: 'service_cpu_cores', unit: 'cores', max, mean });
      return { servers: { collectors: [], figures: [cores] } };
    };
    expect(
      named(compare(of(1, 0.2), of(0.5, 0.4)).figures, 'run: service_cpu_cores{source:service} avg'),
    ).toMatchObject({
      ...{ a: 0.2, b: 0.4, direction: 'worse' },
    });
  });

  it('that one run lacks are named', () => {
    const { missing, worse } = compare({ servers: { collectors: [], figures: [serverFigure()] } }, {});
    expect(missing).toEqual([
      { phase: 'run', step: null, figure: 'service_goroutines', labels: { source: 'service' }, missingIn: 'b' },
    ]);
    expect(worse).toEqual([]);
  });
});

describe('two runs', () => {
  it('that are one have no difference', () => {
    const one = { summary: largeSummary('x'), plan: { limits: { ready: 1 } } };
    const { worse, missing, warnings, figures } = compareRuns(one, one);
    expect({ worse, missing, warnings }).toEqual({ worse: [], missing: [], warnings: [] });
    expect(figures.every(({ level }) => level === null || level === 'same')).toBe(true);
    expect(figures.some(({ level }) => level === 'same')).toBe(true);
  });

  it('of different plans say what differs', () => {
    const a = run({ seed: 'one' }, { clockSpeed: 1, hostCount: 3, limits: { ready: 5, install: 9 }, thresholds: [] });
    const b = run({ seed: 'two' }, { clockSpeed: 1, hostCount: 4, limits: { ready: 6, install: 9 }, thresholds: [] });
    expect(compareRuns(a, b).warnings).toEqual([
      'the plans differ: Seed: one in A, two in B',
      'the plans differ: Hosts: 3 in A, 4 in B',
      'the plans differ: limits.ready: 5 in A, 6 in B',
    ]);
  });

  it('of which only the second failed are worse, whatever the figures', () => {
    expect(compare({}, { verdict: 'failed' }).worse).toEqual(['verdict']);
    expect(compare({ verdict: 'failed' }, {}).worse).toEqual([]);
  });

  it('of earlier versions can be compared', () => {
    const old = keptSummary({ run: 'old', plan: 'p', hostFunnel: [], clusters: { planned: 1 } })!;
    const comparison = compareRuns({ summary: old, plan: null }, run());
    expect(comparison.worse).toEqual([]);
    expect(renderComparison(comparison)).toContain('nothing is significantly worse');
  });

  it('that had the generator as their bottleneck say so', () => {
    const generator = { ...someSummary().generator, saturated: true };
    expect(compare({}, { generator }).warnings).toEqual([expect.stringMatching(/bottleneck for a part of B/)]);
  });
});

describe('the texts', () => {
  const a = { summary: largeSummary(), plan: null };
  const b = {
    summary: {
      ...largeSummary(),
      phases: largeSummary().phases.map((one) => ({ ...one, totals: someTotals({ errors: 500 }, 40) })),
    },
    plan: null,
  };

  it('of a terminal begin with warnings, then what is worse, sums before their parts', () => {
    const text = renderComparison(compareRuns(run({ seed: 'x' }), run({ totals: someTotals({ errors: 90 }, 30) })));
    const lines = text.split('\n').filter(Boolean);
    expect(lines[2]).toBe('warning: the plans differ: Seed: x in A, seed in B');
    expect(lines[4]).toMatch(/^run: request_errors share +0% +9% +from 0 +1,000 +1,000 +significantly worse$/);
    expect(lines.at(-1)).toBe('✗ significantly worse in B: 5 figures');
    expect(text).toContain('bands: times notable from 5%, significant above 15%');
  });

  it('of a file overlay each phase, and are well-formed', () => {
    const html = renderComparisonHtml(compareRuns(a, b), a, b);
    const elements = readMarkup(html);
    expect(elements.filter(({ name }) => name === 'h2').map(({ text }) => text)).toEqual([
      ...['Figures', 'Over time: idle', 'Over time: deploy', 'Over time: soak', 'Over time: remove', 'All else'],
    ]);
    const chart = elements.find(({ name, text }) => name === 'desc' && text.startsWith('Latency'))!;
    expect(chart.text).toMatch(/A p50: .*B p50: .*A p99: .*B p99: /);
    expect(Buffer.byteLength(html)).toBeLessThan(2_000_000);
    expect(html).not.toContain('<script');
  });

  it('of a phase count its time from its start', () => {
    const html = renderComparisonHtml(compareRuns(a, b), a, b);
    const soak = readMarkup(
      html.slice(html.indexOf('<section><h2>Over time: soak'), html.indexOf('<section><h2>Over time: remove')),
    );
    expect(soak.find(({ name }) => name === 'desc')!.text).toMatch(/^Requests over 20 s\./);
  });
});
