/** What other programs read: CSV, lines of JSON, the row of a run, JUnit XML. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvLine } from './csv.ts';
import { junitXml } from './junit.ts';
import { ROW_HEADER, runRow } from './run-row.ts';
import { seriesCsv, seriesNdjson, seriesRows } from './series-export.ts';
import { anyText, readCsv, readMarkup } from './testing/markup.ts';
import { HOSTILE, largeSummary, someSummary } from './testing/summaries.ts';

describe('CSV', () => {
  it('comes back as it was written, but for what a spreadsheet would run', () => {
    fc.assert(
      fc.property(fc.array(anyText, { minLength: 1 }), (cells) => {
        const [row] = readCsv(csvLine(cells));
        expect(row).toEqual(cells.map((cell) => (/^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell)));
      }),
    );
  });

  it('keeps numbers as numbers, negative ones too', () => {
    expect(csvLine([-1.5, 0, null, true, '-1'])).toBe("-1.5,0,,true,'-1\r\n");
    expect(csvLine(['=1+1', '@x', 'a"b', 'a,b'])).toBe(`'=1+1,'@x,"a""b","a,b"\r\n`);
  });
});

describe('the time series', () => {
  it('has one header, a value a row, and the phase of each', () => {
    const rows = readCsv(seriesCsv(largeSummary()));
    const [head, ...body] = rows;
    expect(head).toEqual(['run', 'elapsed_seconds', 'phase', 'step', 'figure', 'labels', 'value', 'unit']);
    expect(body).toHaveLength(120 * 9 + 150 * 120);
    expect(body.every((row) => row.length === 8)).toBe(true);
    const phasesOf = (figure: string) => [
      ...new Set(body.filter((row) => row[4] === figure).map((row) => `${row[2]}${row[3]}`)),
    ];
    expect(phasesOf('requests')).toEqual(['idle', 'deploy1', 'deploy2', 'deploy3', 'soak', 'remove']);
    expect(phasesOf('figure_0')).toEqual(['idle', 'deploy1', 'deploy2', 'deploy3', 'soak', 'remove']);
    const labels = body.find((row) => row[4] === 'figure_1' && row[5]!.includes('code'))![5]!;
    expect(JSON.parse(labels)).toMatchObject({ code: '31', handler: HOSTILE, source: 'service' });
  });

  it('says the same as lines of JSON', () => {
    const summary = largeSummary();
    const lines = seriesNdjson(summary)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toEqual(JSON.parse(JSON.stringify([...seriesRows(summary)])));
  });

  it('counts in a second, and knows "nothing answered" from "at once"', () => {
    const point = { ...someSummary().series[0]!, seconds: 2, requests: 30, p50: 0, p99: 0, max: 0 };
    const rows = [...seriesRows(someSummary({ series: [point] }))];
    expect(rows.find(({ figure }) => figure === 'requests')).toMatchObject({
      value: 15,
      unit: '/s',
      elapsed_seconds: 2,
      phase: '',
      step: null,
    });
    expect(rows.filter(({ figure }) => figure === 'request_duration').map(({ value }) => value)).toEqual([
      null,
      null,
      null,
    ]);
  });
});

describe('the row of a run', () => {
  it('has columns that stay as they are: new ones come behind these', () => {
    expect(ROW_HEADER).toMatch(
      /^run,started_at,plan,seed,shard,service,clock_speed,verdict,thresholds_crossed,first_crossed,wall_seconds,simulated_seconds,clusters_planned,clusters_installed,clusters_complete,clusters_failed,hosts,hosts_done,requests,requests_per_second,request_errors,own_errors,due_p50_ms,due_p95_ms,due_p99_ms,due_max_ms,success_p99_ms,success_max_ms,outages,longest_outage_seconds,longest_wait_seconds,generator_cpu_percent,generator_peak_rss_bytes,generator_saturated_seconds,left_behind/,
    );
  });

  it('tells a run in numbers', () => {
    const [head = [], row = []] = readCsv(ROW_HEADER + runRow(largeSummary()));
    const cells = Object.fromEntries(head.map((name, at) => [name, row[at]]));
    expect(cells).toMatchObject({
      ...{
        verdict: 'failed',
        thresholds_crossed: '3',
        first_crossed: 'clusters_failed: count==0',
        clusters_failed: '600',
      },
      ...{ requests: '1000', due_p99_ms: '50', outages: '1', longest_outage_seconds: '9', hosts: '4' },
    });
    expect(cells.plan).toBe(`'${HOSTILE}`);
  });
});

describe('JUnit XML', () => {
  const read = (xml: string) => {
    const elements = readMarkup(xml);
    return { elements, suite: elements.find(({ name }) => name === 'testsuite')! };
  };

  it('has a case for each threshold, each cause and the verdict', () => {
    const { elements, suite } = read(junitXml(largeSummary('why')));
    expect(suite.attributes).toMatchObject({ tests: '7', failures: '5', errors: '0', skipped: '1', name: 'why' });
    const cases = elements.filter(({ name }) => name === 'testcase').map(({ attributes }) => attributes);
    expect(cases.map(({ classname }) => classname)).toEqual([
      ...['thresholds.clusters_failed', 'thresholds.request_duration', 'thresholds.of_a_later_version'],
      ...['thresholds.poll_wait', 'thresholds.request_age', 'clusters', 'run'],
    ]);
    const messages = elements.filter(({ name }) => name === 'failure').map(({ attributes }) => attributes.message);
    expect(messages).toEqual([
      'clusters failed: count is 600, wanted 0',
      'agent requests: p(99) of the duration since due is 12 s, limit 10 s',
      'of_a_later_version{state:why} is 4, wanted value<3',
      '600 failed: gave up why',
      'failed: agent requests: p(99) is 12 s, limit 10 s why',
    ]);
  });

  it('groups failed clusters by their reason where causes are not known', () => {
    const failures = ['a', 'b', 'a'].map((reason, cluster) => ({ cluster, name: `c${cluster}`, reason }));
    const { elements } = read(junitXml(someSummary({ failures })));
    const cases = elements.filter(({ name }) => name === 'failure');
    expect(cases.map(({ attributes }) => attributes.message)).toEqual(['2 failed: a', '1 failed: b']);
    expect(cases[0]!.text).toBe('2 failed: a\nc0\nc2');
  });

  it('of a run that passed has no failure', () => {
    const { elements, suite } = read(junitXml(someSummary()));
    expect(suite.attributes).toMatchObject({ tests: '2', failures: '0', skipped: '0' });
    expect(elements.some(({ name }) => name === 'failure')).toBe(false);
  });

  it('holds whatever a service says', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const failures = [{ cluster: 0, name: text, reason: text }];
        readMarkup(junitXml(someSummary({ plan: text, failures, verdict: 'failed', reasons: [text] })));
      }),
      { examples: [[HOSTILE]] },
    );
  });
});
