/** The files for Grafana and Prometheus against what daemon and servers export, and against Prometheus's own checks. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { describeUnless, lackOf } from '../model/testing/needs.ts';
import type { Family } from '../swarm/telemetry/testing/exposition.ts';
import { deployFiles } from './files.ts';
import { DAEMON_METRICS, metricNamed } from './metric-table.ts';
import { furtherPanels, target } from './panels.ts';
import { queries } from './queries.ts';
import { type AlertRule, JOB, type RecordingRule, RULE_GROUPS } from './rules.ts';
import { RUN } from './scopes.ts';
import { SERVER_METRICS } from './server-metrics.ts';
import { evaluate, type Series } from './testing/evaluate.ts';
import { type LabelsOf, understand } from './testing/promql.ts';
import { daemonShows, serversShow } from './testing/representative.ts';

const HERE = import.meta.dirname;
const FILES = deployFiles();
const DASHBOARDS = [...FILES.keys()].filter((path) => path.startsWith('grafana/'));
/** Those that the scrape adds. */
const SCRAPED = ['job', 'instance'];

// biome-ignore lint/suspicious/noExplicitAny: dashboards are looked at as Grafana reads them.
type Json = any;
const dashboardOf = (path: string): Json => JSON.parse(FILES.get(path)!);
/** Without rows. */
const panelsOf = (path: string): Json[] =>
  dashboardOf(path).panels.flatMap((panel: Json) => (panel.type === 'row' ? panel.panels : [panel]));

/** An expression as Grafana sends it. */
const filledIn = (expr: string) =>
  expr.replaceAll('$__rate_interval', '1m').replaceAll(/\$(instance|plan|run|shard|server|reconcilers)\b/g, '.*');
const legendLabels = (legend: string) => [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label!);

let daemon: Map<string, Family>;
let servers: Map<string, Family>;
let labelsOf: LabelsOf;
/** Labels of what rules record. */
const recorded = new Map<string, ReadonlySet<string>>();

beforeAll(async () => {
  daemon = await daemonShows();
  servers = await serversShow();
  labelsOf = (series) => {
    if (series === 'up') return new Set(SCRAPED);
    const known = recorded.get(series);
    if (known) return known;
    const family = familyOf(daemon, series);
    if (family) {
      if (family.type === 'histogram' && daemon.has(series)) return undefined;
      const samples = family.samples.filter(({ name }) => name === series);
      // One without samples has the labels that all have: who asks for others lets it happen in testing/representative.ts.
      const least = series.endsWith('_bucket') ? [...SCRAPED, 'le'] : SCRAPED;
      return new Set([...samples.flatMap(({ labels }) => Object.keys(labels)), ...least]);
    }
    const stem = series.replace(/_(bucket|sum|count)$/, '');
    const server = SERVER_METRICS.find(({ name, type }) => name === series || (type === 'histogram' && name === stem));
    if (!server || (server.type === 'histogram') === (server.name === series)) return undefined;
    return new Set([...server.labels, ...(series.endsWith('_bucket') ? ['le'] : []), ...SCRAPED]);
  };
  for (const rule of RULE_GROUPS.flatMap(({ rules }) => rules)) {
    if ('record' in rule) recorded.set(rule.record, understand(rule.expr, labelsOf).labels);
  }
});

const familyOf = (families: Map<string, Family>, series: string) =>
  families.get(series) ?? families.get(series.replace(/_(bucket|sum|count)$/, ''));

/** Values that an expression demands and that nobody ever has. */
function strangeValues(expr: string): string[] {
  return understand(filledIn(expr), labelsOf).matchers.flatMap(({ series, label, operator, value }) => {
    const samples = familyOf(daemon, series)?.samples;
    if (!samples || operator !== '=' || SCRAPED.includes(label)) return [];
    return samples.some(({ labels }) => labels[label] === value) ? [] : [`${series}{${label}="${value}"}`];
  });
}

describe('files of deploy/', () => {
  it.each([...FILES])('%s is what the table of metrics gives (else: node deploy/write.ts)', (path, content) => {
    expect(readFileSync(join(HERE, path), 'utf8')).toBe(content);
  });

  it('are all that the folders hold', () => {
    const found = ['grafana', 'prometheus'].flatMap((folder) =>
      readdirSync(join(HERE, folder)).map((name) => `${folder}/${name}`),
    );
    expect(found.sort()).toEqual([...FILES.keys(), 'prometheus/rules.test.yaml'].sort());
  });
});

describe('metrics', () => {
  it('of the table are those that a daemon shows, types included', () => {
    expect(DAEMON_METRICS.map(({ name, type }) => [name, type])).toEqual(
      [...daemon].map(([name, { type }]) => [name, type]),
    );
  });

  it.each(SERVER_METRICS)('of servers are as the embedded ones have them: $name', ({ name, type, labels, help }) => {
    expect(help).toMatch(/^[A-Z].*\.$/);
    const family = servers.get(name);
    // Those that it does not serve are known from the sources of the real ones alone.
    if (!family) return;
    // prom-client has processes' start and the like as gauges, as client_golang does.
    expect(family.type).toBe(type);
    const seen = new Set(family.samples.flatMap((sample) => Object.keys(sample.labels)));
    seen.delete('le');
    expect([...seen].sort()).toEqual(family.samples.length === 0 ? [] : [...labels].sort());
  });

  it('are asked for by names that exist, and as what they are', () => {
    const { rate, quantile } = queries({ window: '1m' });
    expect(() => rate('swarm_request_total')).toThrow('no metric swarm_request_total');
    expect(() => rate('swarm_hosts')).toThrow('swarm_hosts is a gauge, and no counter or histogram');
    expect(() => quantile(0.5, 'swarm_requests_total')).toThrow('is a counter');
  });
});

describe('the reader of expressions', () => {
  it.each([
    ['sum(rate(swarm_requests_total[1m])', 'no PromQL'],
    ['swarm_requests', 'nobody exports swarm_requests'],
    ['sum by (host) (swarm_hosts)', 'no label host'],
    ['swarm_hosts{state="polling"}', 'no label state'],
    ['swarm_request_duration_seconds', 'nobody exports'],
    ['histogram_quantile(0.5, sum by (client) (rate(swarm_request_duration_seconds_bucket[1m])))', 'no label le'],
    ['swarm_hosts * on (job, instance) group_left (name) swarm_run_info', 'no label name'],
    ['sum by (phase) (swarm_hosts) / sum(swarm_hosts)', 'sides never match'],
  ])('refuses %s', (text, message) => {
    expect(() => understand(text, labelsOf)).toThrow(new RegExp(message));
  });

  it('follows labels to the result', () => {
    const text =
      'sum by (run, phase) (swarm_hosts * on (job, instance) group_left (run) swarm_run_info{kind="run"}) > 0';
    expect(understand(text, labelsOf)).toEqual({
      labels: new Set(['run', 'phase']),
      series: ['swarm_hosts', 'swarm_run_info'],
      matchers: [{ series: 'swarm_run_info', label: 'kind', operator: '=', value: 'run' }],
    });
    expect(strangeValues('swarm_run_info{kind="walk"}')).toEqual(['swarm_run_info{kind="walk"}']);
  });
});

describe.each(DASHBOARDS)('%s', (path) => {
  const board = dashboardOf(path);

  it('asks for series and labels that exist, with values that occur', () => {
    for (const { title, targets, type } of panelsOf(path)) {
      for (const { expr, legendFormat } of targets) {
        const { labels } = understand(filledIn(expr), labelsOf);
        const missing = legendLabels(legendFormat).filter((label) => !labels.has(label));
        expect({ title, missing, strange: strangeValues(expr) }).toEqual({ title, missing: [], strange: [] });
        // A legend names all that tells the series apart.
        if (type !== 'table') expect({ title, labels: new Set(legendLabels(legendFormat)) }).toEqual({ title, labels });
      }
    }
    for (const { expr, textFormat } of board.annotations.list) {
      const { labels } = understand(filledIn(expr), labelsOf);
      expect(legendLabels(textFormat).filter((label) => !labels.has(label))).toEqual([]);
    }
  });

  it('has variables of values that exist, and uses no others', () => {
    const names: string[] = board.templating.list.map(({ name }: Json) => name);
    for (const { type, definition, query } of board.templating.list) {
      if (type === 'datasource') continue;
      expect(query.query).toBe(definition);
      const [, selector, label] = /^label_values\((.*), (\w+)\)$/.exec(definition)!;
      expect(understand(filledIn(selector!), labelsOf).labels).toContain(label);
    }
    const used = new Set([...FILES.get(path)!.matchAll(/\$\{?(\w+)/g)].map(([, name]) => name!));
    used.delete('__rate_interval');
    used.delete('__all');
    expect([...used].filter((name) => !names.includes(name))).toEqual([]);
    expect(names.filter((name) => !used.has(name))).toEqual([]);
    expect(names.slice(0, 4)).toEqual(['datasource', 'instance', 'plan', 'run']);
  });

  it('can be imported: ids, places, units and texts', () => {
    expect(board).toMatchObject({ schemaVersion: 39, editable: true, tags: ['assisted-swarm'] });
    expect(board.uid).toMatch(/^[a-z-]{1,40}$/);
    expect(board).not.toHaveProperty('id');
    const panels: Json[] = board.panels.flatMap((panel: Json) => [panel, ...(panel.panels ?? [])]);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const titles = panelsOf(path).map(({ title }) => title);
    expect(titles).toEqual([...new Set(titles)]);
    for (const panel of panelsOf(path)) {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana fills it in.
      expect(panel.datasource).toEqual({ type: 'prometheus', uid: '${datasource}' });
      expect(panel.description).toMatch(/\.$/);
      expect(panel.targets.map(({ refId }: Json) => refId)).toEqual(
        [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'].slice(0, panel.targets.length),
      );
      if (['timeseries', 'stat'].includes(panel.type)) expect(panel.fieldConfig.defaults.unit).toMatch(/./);
    }
  });

  it('has panels inside the grid, none over another', () => {
    const taken = new Map<string, string>();
    const place = ({ title, gridPos: { x, y, w, h } }: Json, group: string) => {
      expect(x + w).toBeLessThanOrEqual(24);
      for (let column = x; column < x + w; column++) {
        for (let line = y; line < y + h; line++) {
          const cell = `${group}${column},${line}`;
          expect({ cell, title, under: taken.get(cell) }).toEqual({ cell, title, under: undefined });
          taken.set(cell, title);
        }
      }
    };
    for (const panel of board.panels) {
      place(panel, '');
      // Of a closed row: they take no place before it is opened.
      for (const inner of panel.panels ?? []) {
        expect(inner.gridPos.y).toBeGreaterThan(panel.gridPos.y);
        place(inner, `${panel.id} `);
      }
    }
  });
});

it('every metric of the daemon is shown', () => {
  const shown = new Set(
    DASHBOARDS.flatMap(panelsOf).flatMap(({ targets }) =>
      targets.flatMap(({ expr }: Json) => understand(filledIn(expr), labelsOf).series),
    ),
  );
  const missing = DAEMON_METRICS.filter(({ name, type }) =>
    type === 'histogram' ? !shown.has(`${name}_bucket`) && !shown.has(`${name}_count`) : !shown.has(name),
  );
  expect(missing).toEqual([]);
});

it('a metric that nobody has drawn gets a panel of its own, by its type', () => {
  const names = ['swarm_service_outage_last_start_timestamp_seconds', 'swarm_errors_total', 'swarm_poll_wait_seconds'];
  const drawn = { title: 'Drawn', panels: [{ title: 'Hosts', targets: [target(RUN.total('swarm_hosts'))] }] };
  const [row, ...others] = furtherPanels(RUN, [drawn], ({ name }) => ['swarm_hosts', ...names].includes(name));
  expect(others).toEqual([]);
  const panels = row!.panels.map(({ title, targets }) => [
    title,
    targets.map(({ query }) => query.expr.split(' and ')[0]),
  ]);
  expect(Object.fromEntries(panels)).toEqual({
    swarm_service_outage_last_start_timestamp_seconds: [
      '1000 * max (swarm_service_outage_last_start_timestamp_seconds',
    ],
    swarm_errors_total: ['sum (rate(swarm_errors_total[$__rate_interval])'],
    swarm_poll_wait_seconds: [0.5, 0.95, 0.99].map(
      (q) => `histogram_quantile(${q}, sum by (le) (rate(swarm_poll_wait_seconds_bucket[$__rate_interval])`,
    ),
  });
  expect(furtherPanels(RUN, [drawn], ({ name }) => name === 'swarm_hosts')).toEqual([]);
});

it('units of panels are those of their metrics', () => {
  const unitsOf = (name: string) =>
    DASHBOARDS.flatMap(panelsOf)
      .filter(({ targets }) => targets.some(({ expr }: Json) => new RegExp(`\\b${name}\\b`).test(expr)))
      .map(({ fieldConfig }) => fieldConfig.defaults.unit);
  expect(unitsOf('swarm_requests_total')).toEqual(['ops', 'ops', 'ops', 'short']);
  expect(unitsOf('swarm_poll_lateness_seconds_bucket')).toEqual(['s']);
  expect(unitsOf('swarm_sent_bytes_total')).toEqual(['Bps']);
  expect(unitsOf('swarm_cpu_seconds_total')).toEqual(['suffix: cores']);
  expect(unitsOf('swarm_event_loop_utilization_ratio')).toEqual(['percentunit']);
  expect(unitsOf('swarm_backup_client_paused_seconds_total')).toEqual(['percentunit']);
  expect(unitsOf('swarm_service_outage_last_start_timestamp_seconds')).toEqual(['dateTimeAsIso']);
});

describe('two shards of one plan', () => {
  /** What a shard shows; all that it counts is so many times what the first one has. */
  const shown = (index: number, times: number): Series[] =>
    [...daemon.values()].flatMap(({ samples }) =>
      samples.map(({ name, labels, value }) => ({
        name,
        labels: {
          ...{ ...labels, job: 'swarm', instance: `pod-${index}` },
          ...(name === 'swarm_run_info' && labels.kind === 'run' && { run: `r${index}`, shard: `${index}/2` }),
        },
        value: name === 'swarm_run_info' ? value : value * times,
      })),
    );
  /** Of what does not add up, the shard counts that has most of it. */
  const WORST = [
    'Phase and step of the run',
    'Outage that goes on',
    'Oldest request without an answer',
    'Oldest request without an answer, by client',
    'Longest wait since the start',
    'Outages that are over',
    'Start of the last outage',
    'Saturated, by reason',
    'swarm_state_oldest_seconds',
  ];
  const panels = () =>
    DASHBOARDS.filter((path) => !path.includes('backup'))
      .flatMap(panelsOf)
      .filter(({ type }) => type !== 'table')
      .flatMap(({ title, targets }) => targets.map(({ expr }: Json) => ({ title, expr: expr as string })))
      .filter(({ expr }) => /\bswarm_/.test(expr));
  const byLabels = (expr: string, series: readonly Series[]) =>
    new Map(evaluate(filledIn(expr), series).map(({ labels, value }) => [JSON.stringify(labels), value]));

  it('are shown as a whole: sums of what adds up, quantiles of summed buckets, else the worst', () => {
    const [one, both] = [shown(0, 1), [...shown(0, 1), ...shown(1, 3)]];
    const worst = new Set<string>();
    for (const { title, expr } of panels()) {
      const [alone, together] = [byLabels(expr, one), byLabels(expr, both)];
      expect({ title, series: alone.size > 0 }).toEqual({ title, series: true });
      const times = new Set(
        [...alone]
          .filter(([, value]) => value > 0)
          .map(([labels, value]) => Math.round((together.get(labels)! / value) * 1000) / 1000),
      );
      const isOfEach = [...alone.keys()].every((labels) => labels.includes('"instance"'));
      const isShare = /^histogram_quantile|\) \/ \(/.test(expr);
      const expected = isOfEach || isShare ? 1 : WORST.includes(title) ? 3 : 4;
      expect({ title, expr, times: [...times] }).toEqual({ title, expr, times: times.size === 0 ? [] : [expected] });
      if (expected === 3) worst.add(title);
      // Each of the shards stands there by itself.
      if (isOfEach) expect({ title, series: together.size }).toEqual({ title, series: 2 * alone.size });
    }
    expect([...worst].sort()).toEqual(WORST.toSorted());
  });

  it('can be looked at one by one', () => {
    const both = [...shown(0, 1), ...shown(1, 3)];
    for (const { expr } of panels().filter((panel) => panel.expr.includes('$shard'))) {
      const chosen = expr.replaceAll('$shard', '1/2');
      expect(byLabels(chosen, both)).toEqual(byLabels(expr, shown(1, 3)));
    }
  });

  it('are recorded as a whole, beside each of them', () => {
    const whole = RULE_GROUPS.flatMap(({ rules }) => rules).filter(
      (rule): rule is RecordingRule => 'record' in rule && rule.record.startsWith('plan_'),
    );
    expect(whole.map(({ record }) => record.split(':')[1])).toEqual(
      expect.arrayContaining(['swarm_requests', 'swarm_requests_failed', 'swarm_request_duration_seconds']),
    );
    const loads = [0, 1].map((index) => ({
      name: 'swarm:load:info',
      labels: { job: 'swarm', instance: `pod-${index}`, run: `r${index}`, plan: 'test' },
      value: 1,
    }));
    for (const { record, expr } of whole) {
      expect(recorded.get(record)).not.toContain('instance');
      const [one, both] = [shown(0, 1), [...shown(0, 1), ...shown(1, 3)]].map((series) =>
        evaluate(expr, [...series, ...loads]),
      );
      expect({ record, series: one!.length > 0 }).toEqual({ record, series: true });
      const adds = record.endsWith('swarm_requests:rate1m');
      expect(both!.map(({ value }) => value)).toEqual(one!.map(({ value }) => (adds ? 4 * value : value)));
    }
  });
});

describe('rules', () => {
  const rules = RULE_GROUPS.flatMap((group) => group.rules);
  const records = rules.filter((rule): rule is RecordingRule => 'record' in rule);
  const alerts = rules.filter((rule): rule is AlertRule => 'alert' in rule);

  it('ask for series and labels that exist, and record under names that say what is left of them', () => {
    for (const { record, expr } of records) {
      expect(strangeValues(expr)).toEqual([]);
      const labels = recorded.get(record)!;
      const [level] = record.split(':') as [string];
      for (const label of level === 'swarm' ? [] : level.split('_')) expect([record, ...labels]).toContain(label);
    }
    expect(new Set(records.map(({ record }) => record)).size).toBe(records.length);
  });

  it('record what others of the group ask for before these do', () => {
    for (const { rules: group } of RULE_GROUPS) {
      const known = new Set<string>();
      for (const rule of group) {
        const own = understand(rule.expr, labelsOf).series.filter((name) => name.includes(':'));
        expect(own.filter((name) => !known.has(name))).toEqual([]);
        if ('record' in rule) known.add(rule.record);
      }
    }
  });

  it.each(alerts)('$alert says what is wrong and what to do', ({ alert, expr, annotations, labels, for: lasting }) => {
    expect(strangeValues(expr)).toEqual([]);
    expect(lasting).toMatch(/^\d+[sm]$/);
    expect(['warning', 'critical']).toContain(labels.severity);
    const kept = understand(expr, labelsOf).labels;
    const text = `${annotations.summary} ${annotations.description}`;
    for (const [, label] of text.matchAll(/\$labels\.(\w+)/g))
      expect({ alert, kept: [...kept] }).toMatchObject({ kept: expect.arrayContaining([label]) });
    const [page, anchor] = annotations.runbook.split('#') as [string, string];
    const headings = readFileSync(join(HERE, '..', page), 'utf8').match(/^#+ .*$/gm)!;
    expect(headings.map((line) => line.replace(/^#+ /, '').toLowerCase())).toContain(anchor);
  });

  it('and the scrape configuration have the same job', () => {
    const config = parse(FILES.get('prometheus/scrape.yaml')!);
    expect(config.scrape_configs.map(({ job_name }: Json) => job_name)).toContain(JOB);
    expect(config.rule_files).toEqual(['rules.yaml']);
  });

  it('every alert is tried in rules.test.yaml, where it must fire and where it must not', () => {
    const { tests } = parse(readFileSync(join(HERE, 'prometheus/rules.test.yaml'), 'utf8'));
    const tried = tests.flatMap(({ alert_rule_test = [] }: Json) => alert_rule_test) as Json[];
    for (const { alert } of alerts) {
      const of = tried
        .filter(({ alertname }) => alertname === alert)
        .map(({ exp_alerts = [] }) => exp_alerts.length > 0);
      expect({ alert, fires: of.includes(true), rests: of.includes(false) }).toEqual({
        alert,
        fires: true,
        rests: true,
      });
    }
  });
});

describeUnless(lackOf('promtool'), 'promtool', {}, () => {
  const promtool = (...given: string[]) =>
    execFileSync('promtool', given, {
      cwd: join(HERE, 'prometheus'),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });

  it('takes the rules and the scrape configuration', () => {
    expect(promtool('check', 'rules', 'rules.yaml')).toContain('SUCCESS');
    expect(promtool('check', 'config', 'scrape.yaml')).toContain('SUCCESS');
  });

  it('finds that alerts fire when they must, and rest when they must', () => {
    expect(promtool('test', 'rules', 'rules.test.yaml')).toContain('SUCCESS');
  });

  it('takes the expressions of all panels', () => {
    const expressions = DASHBOARDS.flatMap(panelsOf).flatMap(({ targets }) =>
      targets.map(({ expr }: Json) => filledIn(expr)),
    );
    const rules = expressions.map((expr, i) => ({ record: `panel:${i}`, expr }));
    const folder = mkdtempSync(join(tmpdir(), 'swarm-panels-'));
    try {
      const file = join(folder, 'panels.yaml');
      writeFileSync(file, stringify({ groups: [{ name: 'panels', rules }] }));
      expect(promtool('check', 'rules', file)).toContain(`${rules.length} rules found`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

it('names of metrics of both tables do not meet', () => {
  for (const { name } of SERVER_METRICS) expect(DAEMON_METRICS).not.toContainEqual(metricNamed(name));
});
