/** The report as a file that others open: well-formed, harmless, complete, and small. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderReport } from './html-report.ts';
import { keptSummary } from './kept-summary.ts';
import { anyText, readMarkup } from './testing/markup.ts';
import { HOSTILE, largeSummary, serverFigure, someQuantiles, someSummary, someTotals } from './testing/summaries.ts';

const sectionsOf = (html: string) =>
  readMarkup(html)
    .filter(({ name }) => name === 'h2')
    .map(({ text }) => text);

describe('a report', () => {
  it('of a large run is well-formed, needs nothing else and stays below 2 MB', () => {
    const html = renderReport(largeSummary(), { plan: null });
    expect(Buffer.byteLength(html)).toBeLessThan(2_000_000);
    const elements = readMarkup(html);
    expect(elements.filter(({ name }) => ['script', 'img', 'link', 'iframe', 'object'].includes(name))).toEqual([]);
    expect(
      elements.flatMap(({ attributes }) => Object.keys(attributes)).filter((name) => /^on|^src$/.test(name)),
    ).toEqual([]);
    const links = elements.flatMap(({ attributes }) => attributes.href ?? []);
    expect(links.every((href) => href.startsWith('#'))).toBe(true);
    expect(html).not.toMatch(/url\(|@import/);
    for (const link of links)
      expect(
        elements.some(({ attributes }) => `#${attributes.id}` === link),
        link,
      ).toBe(true);
  });

  it('shows what servers said as text', () => {
    const html = renderReport(largeSummary(), { plan: null });
    const shown = readMarkup(html).find(({ name }) => name === 'h1')!.text;
    expect(shown).toContain(`=HYPERLINK("x")<script>alert('&')</script>`);
    expect(html).not.toContain('<script');
  });

  it('begins with the verdict, then crossed thresholds, and has every part', () => {
    const html = renderReport(largeSummary(), { plan: null });
    expect(html.indexOf('✗ FAILED')).toBeLessThan(html.indexOf('p(99) is 12 s'));
    expect(html.lastIndexOf('✗ crossed')).toBeLessThan(html.indexOf('✓ kept'));
    expect(sectionsOf(html)).toEqual([
      ...[
        'Thresholds',
        'What was asked',
        'Phases and steps',
        'Funnel',
        'Over time: the load',
        'Over time: the servers',
      ],
      ...[
        'Figures of the servers',
        'Time in each state (simulated)',
        'Reactions (simulated)',
        'Custom resources beside REST',
        'Stuck',
        'Failures by cause',
        'Requests',
        'Outages',
      ],
      'The generator',
    ]);
    expect(html).toContain('≥ 16m40s');
    expect(html).toContain('not known: too many are still in it');
  });

  it('says of every chart in words what it shows', () => {
    const charts = readMarkup(renderReport(largeSummary(), { plan: null })).filter(({ name }) => name === 'svg');
    expect(charts.length).toBe(5 + 30);
    for (const { attributes, text } of charts) {
      expect(attributes.role).toBe('img');
      expect(text).toMatch(/over 2m00s\. .*(highest|nothing measured)/);
    }
  });

  it('shows first the figure of a server whose threshold was crossed, with its limit', () => {
    const crossed = { figure: 'slow', labels: {}, expression: 'max<120', value: 139, ok: false, default: true };
    const far = { figure: 'slow', labels: {}, expression: 'max<9000', value: 139, ok: true, default: true };
    const figures = [serverFigure(), serverFigure({ figure: 'slow' })];
    const html = renderReport(
      someSummary({
        thresholds: [crossed, { ...crossed, crossedAfterSeconds: 41 }, far],
        servers: { collectors: [], figures },
      }),
      { plan: null },
    );
    const curves = html.slice(html.indexOf('id="servers"'));
    expect(curves.indexOf('slow')).toBeLessThan(curves.indexOf('service_goroutines'));
    expect(curves.match(/class="limit"/g)).toHaveLength(1);
    expect(html).toContain('✗ crossed</strong> since 41 s');
  });

  it('has no part for which there is nothing', () => {
    const html = renderReport(someSummary(), { plan: null });
    expect(sectionsOf(html)).toEqual(['What was asked', 'Funnel', 'Over time: the load', 'The generator']);
    expect(html).toContain('✓ PASSED');
  });

  it('tells what was asked from the plan, in words', () => {
    const clusters = [
      { controlPlanes: 1, workers: 0, arrivalMs: 0 },
      { controlPlanes: 1, workers: 0, arrivalMs: 90_000, api: 'kube' },
      { controlPlanes: 3, workers: 2, arrivalMs: 0, day2Workers: 1 },
      { controlPlanes: 3, workers: 0, arrivalMs: 0 },
    ];
    const html = renderReport(someSummary(), { plan: { openshiftVersion: '4.20', hostCount: 11, clusters } });
    expect(html).toContain('1 × SNO, 1 × SNO (kube-api), 1 × 3+2 (1 on day 2), 1 × compact');
    expect(html).toContain('over 1m30s of simulated time');
    expect(html).toContain('4.20');
  });

  it('has the percentiles that are asked for, and a dash where they were not kept', () => {
    const sinceDue = { ...someQuantiles(10), percentiles: { '99.9': 77_000 } };
    const summary = someSummary({ totals: someTotals({ sinceDue }), requests: largeSummary().requests.slice(0, 1) });
    const html = renderReport(summary, { plan: null, percentiles: [50, 99.9] });
    expect(html).toContain('>p99.9</th>');
    expect(html).toContain('>1m17s</td>');
    expect(html).not.toContain('>p95</th>');
  });

  it('is made of summaries of earlier versions, which lack much', () => {
    const old = {
      run: 'r',
      plan: 'p',
      seed: 's',
      hostFunnel: [],
      clusters: { planned: 1, infraEnvs: 0 },
      verdict: 'passed',
    };
    const html = renderReport(
      keptSummary({ ...old, requests: [{ client: 'agent', endpoint: 'get-instructions', rate: 1 }] })!,
      { plan: null },
    );
    expect(() => readMarkup(html)).not.toThrow();
  });

  it('is not made of what is no summary of a run', () => {
    for (const other of [null, undefined, 3, 'x', [], {}, { run: 'r', plan: 'p' }, { kind: 'backup', run: 'r' }]) {
      expect(keptSummary(other)).toBeNull();
    }
  });

  it('holds whatever names and messages are', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        readMarkup(renderReport(someSummary({ plan: text, reasons: [text], verdict: 'failed' }), { plan: text }));
      }),
      { examples: [[HOSTILE]], numRuns: 50 },
    );
  });
});
