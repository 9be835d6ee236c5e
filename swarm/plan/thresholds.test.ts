import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CLIENT_KINDS } from '../../model/protocol/endpoints.ts';
import { expandPlan } from './expand.ts';
import { AGGREGATIONS, FAILURE_KINDS, FIGURES, type Figure, figureNamed } from './figures.ts';
import { parsePlan } from './load.ts';
import { PlanError } from './plan.ts';
import { SERVER_FIGURES } from './server-figures.ts';
import {
  formatFigure,
  parseExpression,
  parseFigure,
  type RunThreshold,
  ThresholdError,
  thresholdsOf,
} from './thresholds.ts';

const trend = figureNamed('request_duration')!;
const rate = figureNamed('request_errors')!;
const counter = figureNamed('requests')!;
const gauge = figureNamed('clusters_complete')!;

describe('an expression', () => {
  test.each([
    [trend, 'p(95)<500', { aggregation: 'p', percentile: 95, operator: '<', limit: 500 }],
    [trend, ' p( 99.9 ) <= 2000 ', { aggregation: 'p', percentile: 99.9, operator: '<=', limit: 2000 }],
    [trend, 'avg>.5', { aggregation: 'avg', percentile: null, operator: '>', limit: 0.5 }],
    [trend, 'med<1e3', { aggregation: 'med', operator: '<', limit: 1000 }],
    [trend, 'min >= -1', { aggregation: 'min', operator: '>=', limit: -1 }],
    [trend, 'max != 7.', { aggregation: 'max', operator: '!=', limit: 7 }],
    [trend, 'count>0', { aggregation: 'count', operator: '>', limit: 0 }],
    [rate, 'rate<0.01', { aggregation: 'rate', operator: '<', limit: 0.01 }],
    [rate, 'count===0', { aggregation: 'count', operator: '==', limit: 0, expression: 'count==0' }],
    [counter, 'rate>=100', { aggregation: 'rate', operator: '>=', limit: 100 }],
    [gauge, 'value>=0.95', { aggregation: 'value', operator: '>=', limit: 0.95 }],
  ] as [Figure, string, object][])('about a %o is read: %s', (figure, text, expected) => {
    expect(parseExpression(text, figure)).toMatchObject({ figure: figure.name, labels: {}, ...expected });
  });

  test.each([
    [trend, 'rate<0.1', 'request_duration is a trend and has no "rate"; allowed: avg, min, med, max, p(N), count'],
    [rate, 'p(95)<5', 'request_errors is a rate and has no "p(95)"; allowed: rate, count'],
    [gauge, 'count==0', 'clusters_complete is a gauge and has no "count"; allowed: value, min, max, avg'],
    [trend, 'p(101)<5', '"p(101)" is not a percentile; allowed: p(N) with N from 0 to 100'],
    [trend, 'p()<5', '"p()" is not a percentile; allowed: p(N) with N from 0 to 100'],
    [trend, 'p<5', 'request_duration is a trend and has no "p"; allowed: avg, min, med, max, p(N), count'],
    [
      trend,
      'p(95)',
      '"p(95)" is not an expression; allowed: avg, min, med, max, p(N), count, one of < <= > >= == !=, and a number, such as p(95)<500',
    ],
    [trend, 'max<5s', 'the limit of "max<5s" is "5s"; allowed: a number of milliseconds without a unit'],
    [trend, 'max<', 'the limit of "max<" is ""; allowed: a number of milliseconds without a unit'],
    [
      trend,
      'max=<5',
      '"max=<5" is not an expression; allowed: avg, min, med, max, p(N), count, one of < <= > >= == !=, and a number, such as p(95)<500',
    ],
    [counter, 'count<1e999', 'the limit of "count<1e999" is "1e999"; allowed: a number without a unit'],
    [
      rate,
      'rate<5',
      'the limit of "rate<5" is 5; allowed: a share from 0 to 1, because request_errors is one (5% is 0.05)',
    ],
    [rate, 'rate<0.1 && count<5', '"rate<0.1 && count<5" holds several expressions; allowed: one, or a list of them'],
  ] as [Figure, string, string][])('about a %o is refused: %s', (figure, text, message) => {
    expect(() => parseExpression(text, figure)).toThrow(new ThresholdError(message));
  });

  test('comes back the same from its normal form, whatever the numbers', () => {
    const expressions = fc.constantFrom(...FIGURES).chain((figure) =>
      fc.record({
        figure: fc.constant(figure as Figure),
        aggregation: fc.constantFrom(...AGGREGATIONS[figure.kind]),
        percentile: fc.double({ min: 0, max: 100, noNaN: true }),
        operator: fc.constantFrom('<', '<=', '>', '>=', '==', '!='),
        limit: fc.double({ min: 0, max: 1, noNaN: true }),
        blank: fc.constantFrom('', ' ', '\t'),
      }),
    );
    fc.assert(
      fc.property(expressions, ({ figure, aggregation, percentile, operator, limit, blank }) => {
        const named = aggregation === 'p' ? `p(${percentile})` : aggregation;
        const parsed = parseExpression([blank, named, operator, limit, blank].join(blank), figure);
        expect(parsed).toMatchObject({ aggregation, operator, limit });
        expect(parseExpression(parsed.expression, figure)).toEqual(parsed);
      }),
    );
  });

  test('is read or refused with a sentence, whatever the text', () => {
    const pieces = fc.constantFrom(
      'p',
      '(',
      ')',
      '9',
      '5',
      '.',
      '<',
      '=',
      '>',
      '!',
      ' ',
      'avg',
      'rate',
      'count',
      '-',
      'e',
    );
    const texts = fc.oneof(
      fc.string(),
      fc.array(pieces).map((list) => list.join('')),
    );
    fc.assert(
      fc.property(texts, fc.constantFrom(...FIGURES), (text, figure) => {
        try {
          const { expression } = parseExpression(text, figure);
          expect(parseExpression(expression, figure).expression).toBe(expression);
        } catch (error) {
          expect(error).toBeInstanceOf(ThresholdError);
          expect((error as Error).message).toMatch(/allowed: /);
        }
      }),
    );
  });
});

describe('a figure', () => {
  test.each([
    ['request_age', 'request_age', {}],
    [
      ' request_duration{ endpoint : get-instructions , client:agent } ',
      'request_duration',
      { client: 'agent', endpoint: 'get-instructions' },
    ],
    ['stage_duration{stage:Writing image to disk}', 'stage_duration', { stage: 'Writing image to disk' }],
  ])('is read: %s', (text, name, labels) => {
    const parsed = parseFigure(text);
    expect(parsed.figure.name).toBe(name);
    expect(parsed.labels).toEqual(labels);
    expect(parseFigure(formatFigure(name, parsed.labels))).toEqual(parsed);
  });

  test.each([
    ['request_durations', 'unknown figure "request_durations"; did you mean request_duration?'],
    [
      'latency',
      /^unknown figure "latency"; allowed: clusters_failed, .*generator_saturation, and those of servers in docs\/plan.md$/,
    ],
    ['service_request_durations', 'unknown figure "service_request_durations"; did you mean service_request_duration?'],
    ['', /^unknown figure ""; allowed: /],
    ['constructor', /^unknown figure "constructor"; allowed: /],
    [
      'request_age{client:agent',
      '"request_age{client:agent" is not a figure; allowed: figure or figure{label:value,…}',
    ],
    ['request_age{clients:agent}', 'unknown label "clients" of request_age; did you mean client?'],
    ['request_age{endpoint:get-instructions}', 'unknown label "endpoint" of request_age; allowed: client'],
    ['request_age{constructor:x}', 'unknown label "constructor" of request_age; allowed: client'],
    ['request_age{client:agents}', 'unknown client "agents" of request_age; did you mean agent?'],
    ['request_age{client:robot}', 'unknown client "robot" of request_age; allowed: agent, installer, controller, user'],
    ['request_age{client:agent,client:user}', 'request_age has the label client twice; allowed: once'],
    ['poll_lateness{client:agent}', 'unknown label "client" of poll_lateness; allowed: phase, step'],
    ['request_age{}', 'unknown label "" of request_age; allowed: client, phase, step'],
  ] as [string, string | RegExp][])('is refused: %s', (text, message) => {
    expect(() => parseFigure(text)).toThrow(message);
  });

  test('is read or refused with a sentence, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => `request_age{${text}}`),
        ),
        (text) => {
          try {
            parseFigure(text);
          } catch (error) {
            expect(error).toBeInstanceOf(ThresholdError);
          }
        },
      ),
    );
  });
});

const SNO = 'clusters:\n- topology: sno\n';
const problems = (text: string): string[] => {
  try {
    parsePlan(text, 'p.yaml');
  } catch (error) {
    if (error instanceof PlanError) return error.message.split('\n');
    throw error;
  }
  return [];
};

describe('thresholds of a plan', () => {
  test('are read with their labels and lists', () => {
    const plan = parsePlan(
      `${SNO}thresholds:\n  request_duration{client:agent}: [p(95)<500, 'max < 3000']\n  request_errors: rate<0.01\n  generator_saturation: off\n`,
      'p.yaml',
    );
    expect(plan.thresholds).toMatchObject([
      {
        figure: 'request_duration',
        labels: { client: 'agent' },
        thresholds: [
          { expression: 'p(95)<500', labels: { client: 'agent' } },
          { expression: 'max<3000', labels: { client: 'agent' } },
        ],
      },
      { figure: 'request_errors', labels: {}, thresholds: [{ expression: 'rate<0.01' }] },
      { figure: 'generator_saturation', labels: {}, thresholds: [] },
    ]);
  });

  test.each([
    [
      'an unknown figure',
      '  request_duratoin: p(95)<5\n',
      ['p.yaml:4:3: thresholds: unknown figure "request_duratoin"; did you mean request_duration?'],
    ],
    [
      'wrong expressions of one figure, each at its place',
      '  request_duration:\n  - p(95)<5\n  - rate<1\n  - max\n',
      [
        'p.yaml:6:5: thresholds: request_duration is a trend and has no "rate"; allowed: avg, min, med, max, p(N), count',
        /^p\.yaml:7:5: thresholds: "max" is not an expression; /,
      ],
    ],
    [
      'a number',
      '  request_duration: 5\n',
      [
        /^p\.yaml:4:21: thresholds\.request_duration is 5; allowed: an expression such as p\(95\)<500, a mapping such as \{threshold: p\(95\)<500, abort: true\}, a list of these, or off$/,
      ],
    ],
    [
      'nothing',
      '  request_duration:\n',
      [/^p\.yaml:4:\d+: thresholds\.request_duration is null; allowed: an expression/],
    ],
    [
      'an empty list',
      '  request_duration: []\n',
      [/^p\.yaml:4:21: thresholds\.request_duration is a list of 0; allowed: an expression/],
    ],
    [
      'one figure twice',
      '  request_errors{client:agent,endpoint:get-instructions}: off\n  request_errors{endpoint:get-instructions,client:agent}: off\n',
      [
        'p.yaml:5:3: thresholds: request_errors{client:agent,endpoint:get-instructions} is given twice; allowed: once, with a list of expressions',
      ],
    ],
  ] as [string, string, (string | RegExp)[]][])('are refused: %s', (_, text, expected) => {
    const found = problems(`${SNO}thresholds:\n${text}`);
    expect(found).toHaveLength(expected.length);
    for (const [i, one] of expected.entries()) expect(found[i]).toMatch(one);
  });

  test('that are not a mapping are refused', () => {
    expect(problems(`${SNO}thresholds: p(95)<500\n`)).toEqual([
      'p.yaml:3:13: thresholds is "p(95)<500"; allowed: a mapping of figures, such as request_duration{client:agent}, to expressions',
    ]);
  });
});

test('docs/plan.md names every figure, its kind and its labels', () => {
  const rows = readFileSync(new URL('../../docs/plan.md', import.meta.url), 'utf8').split('\n');
  const figures: readonly Figure[] = [...FIGURES, ...SERVER_FIGURES.map(({ name }) => figureNamed(name)!)];
  for (const { name, kind, labels } of figures) {
    const row = rows.find((line) => line.startsWith(`| \`${name}\` |`))?.split('|') ?? [];
    expect(row[2]?.trim()).toBe(kind);
    expect(row[3]?.trim()).toBe(Object.keys(labels).join(', '));
  }
});

describe('thresholds of a run', () => {
  const of = (text: string, clockSpeed = 1) =>
    thresholdsOf({ ...expandPlan(parsePlan(`${SNO}${text}`, 'p.yaml')), clockSpeed }).map(
      (one: RunThreshold) => `${formatFigure(one.figure, one.labels)} ${one.expression}${one.default ? '' : ' *'}`,
    );
  const defaults = of('');

  test('are the defaults of every kind of client when the plan says nothing', () => {
    expect(defaults).toContain('clusters_failed count==0');
    expect(defaults).toContain('service_outage max<=20000');
    for (const one of ['request_errors', 'request_age', 'request_duration']) {
      const ofClients = defaults.filter((line) => line.startsWith(`${one}{client:`));
      expect(new Set(ofClients.map((line) => line.split(' ')[0])).size).toBe(5);
    }
  });

  test('are the defaults of what servers show and of each kind of failure too', () => {
    expect(defaults).toContain('service_restarts count==0');
    expect(defaults).toContain('service_monitor_period{what:hosts} max<=60000');
    expect(defaults.filter((line) => line.startsWith('request_errors{kind:'))).toEqual(
      FAILURE_KINDS.map((kind) => `request_errors{kind:${kind}} rate<=0.01`),
    );
  });

  test('allow the generator more saturation in compressed time, and few others something else', () => {
    const compressed = of('', 40);
    expect(defaults).toContain('generator_saturation rate<=0.25');
    expect(compressed).toContain('generator_saturation rate<=0.7');
    expect(compressed.filter((one) => !defaults.includes(one)).sort()).toEqual(
      [
        'generator_saturation rate<=0.7',
        ...CLIENT_KINDS.map((client) => `endpoint_duration{client:${client}} med<=1000`),
        ...CLIENT_KINDS.map((client) => `request_duration{client:${client}} p(95)<=3500`),
        'image_request_duration med<=1000',
        // Eight seconds of the wall clock.
        'reaction_duration{from:cluster ready,to:cluster preparing-for-installation} max<=320000',
        'reaction_duration{from:machine discovered,to:host judged} max<=320000',
        'reaction_duration{from:machine registered,to:machine discovered} max<=320000',
        'service_monitor_cycle_duration{what:clusters} p(95)<=4000',
        'service_monitor_cycle_duration{what:hosts} p(95)<=4000',
        'service_monitor_period{what:clusters} max<=8000',
        'service_monitor_period{what:hosts} max<=8000',
        'service_outage max<=8000',
        ...CLIENT_KINDS.map((client) => `request_age{client:${client}} max<=8000`),
      ].sort(),
    );
    // The clock is so fast there that three minutes are no patience.
    expect(defaults.filter((one) => !compressed.includes(one)).join()).toContain('state:disconnected} count<=0');
    expect(compressed.join()).not.toContain('state:disconnected}');
    expect(of('', 2)).toContain('request_age{client:agent} max<=15000');
  });

  test('wait for what the user sees only when he comes round to a cluster again', () => {
    const judged = 'reaction_duration{from:machine discovered,to:host judged} ';
    const many = (amount: number, more = '') =>
      thresholdsOf(
        expandPlan(
          parsePlan(`name: many\nclock_speed: 40\n${more}clusters: [{topology: sno, amount: ${amount}}]\n`, 'p.yaml'),
        ),
      )
        .map((one) => `${formatFigure(one.figure, one.labels)} ${one.expression}`)
        .find((line) => line.startsWith(judged));
    expect(many(10)).toBe(`${judged}max<=320000`);
    // 525 a round, 50 a second: every 7 minutes of simulated time, 6 more than a minute.
    expect(many(500)).toBe(`${judged}max<=${320_000 + 2 * 360_000}`);
    expect(many(500, 'user_poll_interval: 30s\n')).toBe(`${judged}max<=320000`);
    // Of 500 that come one after the other few are followed at once.
    expect(many(500, 'arrival: {rate: 60/h}\n')).toBe(`${judged}max<=320000`);
  });

  test('allow more of what the size and the kind of the load explain', () => {
    const discovered = 'name: d\nclusters: [{topology: compact, just_infraenv: true, amount: 500}]\n';
    const rows = thresholdsOf(expandPlan(parsePlan(discovered, 'p.yaml'))).map(
      (one) => `${formatFigure(one.figure, one.labels)} ${one.expression}`,
    );
    for (const [small, large] of [
      ['database_events_written max<=200', 'database_events_written max<=50'],
      ['service_open_files_growth max<=503', 'service_open_files_growth max<=5000'],
      ['service_requests_inflight max<=502', 'service_requests_inflight max<=3500'],
      ['service_memory_growth max<=1074790400', 'service_memory_growth max<=2646605824'],
      ['database_dead_rows max<=100100', 'database_dead_rows max<=250000'],
      ['state_duration{of:host,state:disconnected} count<=0', 'state_duration{of:host,state:disconnected} count<=15'],
    ] as const) {
      expect(defaults).toContain(small);
      expect(rows).toContain(large);
    }
  });

  test('have the entries of the plan in the place of defaults with the same labels, or of all when there are none', () => {
    const one = of('thresholds: {"request_errors{client:agent}": rate<0.2}');
    expect(one.filter((line) => line.startsWith('request_errors'))).toEqual([
      'request_errors{client:installer} rate<=0.1',
      'request_errors{client:controller} rate<=0.1',
      'request_errors{client:user} rate<=0.1',
      'request_errors{client:reader} rate<=0.1',
      'request_errors{client:agent} rate<0.2 *',
    ]);
    const all = of('thresholds: {request_errors: [rate<0.3, count<9]}');
    expect(all.filter((line) => line.startsWith('request_errors'))).toEqual([
      'request_errors rate<0.3 *',
      'request_errors count<9 *',
    ]);
    expect(all.filter((line) => line.startsWith('endpoint_errors'))).toEqual([]);
    expect(one.filter((line) => line.startsWith('endpoint_errors'))).toHaveLength(4);
    expect(of('thresholds: {request_duration: off}').join()).not.toMatch(/(request|endpoint)_duration\{client/);
    const finer = of('thresholds: {"request_errors{client:agent,endpoint:get-instructions}": rate<0.3}');
    expect(finer).toEqual([...defaults, 'request_errors{client:agent,endpoint:get-instructions} rate<0.3 *']);
    expect(of('thresholds: {generator_saturation: off}')).toEqual(
      defaults.filter((line) => !line.startsWith('generator_saturation')),
    );
  });
});
