/** Summaries made in code, as runs would have written them. */
import { CLIENT_KINDS, ENDPOINTS } from '../../../model/protocol/endpoints.ts';
import { type KeptSummary, keptSummary } from '../kept-summary.ts';
import type { PhaseSummary } from '../phase-summary.ts';
import type { Quantiles } from '../quantiles.ts';
import type { RequestLatencies, RequestSummary, RequestTotals } from '../request-summary.ts';
import type { ServerFigureSummary } from '../server-summary.ts';

/** A text that means harm wherever it is not escaped. */
export const HOSTILE = `=HYPERLINK("x")<script>alert('&')</script>\u0000\u001b[31m\ud800]]>`;

/** All of about the same size. @param ms p50 */
export function someQuantiles(ms: number, count = 1000): Quantiles {
  return { count, mean: ms * 1.2, p50: ms, p95: ms * 3, p99: ms * 5, max: ms * 9 };
}

export function someLatencies(ms: number, count = 1000): RequestLatencies {
  return {
    sinceDue: someQuantiles(ms, count),
    sinceSent: someQuantiles(ms * 0.9, count),
    failedSinceDue: someQuantiles(ms, 0),
    untilSuccess: someQuantiles(ms, count),
  };
}

export function someTotals(overrides: Partial<RequestTotals> = {}, ms = 10): RequestTotals {
  return {
    ...{ requests: 1000, rate: 50, errors: 0, ownErrors: 0, replayed: 0, redirected: 0 },
    ...someLatencies(ms),
    ...overrides,
  };
}

export function somePhase(phase: PhaseSummary['phase'], overrides: Partial<PhaseSummary> = {}): PhaseSummary {
  return {
    ...{ phase, step: null, level: null, startedAt: '2026-11-28T10:00:00.000Z', afterSeconds: 0, seconds: 60 },
    ...{ simulatedSeconds: 60, hosts: 100, totals: someTotals(), requests: [] },
    ...overrides,
  };
}

export function serverFigure(overrides: Partial<ServerFigureSummary> = {}): ServerFigureSummary {
  return {
    ...{ figure: 'service_goroutines', labels: {}, source: 'service', kind: 'gauge', unit: '' },
    ...{ last: 120, min: 100, max: 140, mean: 110, count: null, p50: null, p95: null, p99: null, phases: [] },
    points: Array.from({ length: 120 }, (_, at) => ({ afterSeconds: at, value: 100 + (at % 40) })),
    ...overrides,
  };
}

/** A run that passed, without any of the parts that a run may lack. */
export function someSummary(overrides: Partial<KeptSummary> = {}): KeptSummary {
  const clusters = {
    planned: 3,
    installed: 3,
    infraEnvs: 0,
    infraEnvsDiscovered: 0,
    complete: 3,
    failed: 0,
    failedAsExpected: 0,
    cancelled: 0,
  };
  const summary = keptSummary({
    ...{ schemaVersion: 1, run: '20261128-100000-aaaa', plan: 'tiny', seed: 'seed', service: 'http://service' },
    ...{ verdict: 'passed', startedAt: '2026-11-28T10:00:00.000Z', wallSeconds: 120, simulatedSeconds: 120, clusters },
    hostFunnel: [
      { name: 'booted', count: 4, of: 4 },
      { name: 'done', count: 4, of: 4 },
    ],
    clusterFunnel: [{ name: 'complete', count: 3, of: 3 }],
    totals: someTotals(),
    series: Array.from({ length: 120 }, (_, at) => ({
      ...{ afterSeconds: at, seconds: 1, requests: 40 + (at % 7), refused: 0, failed: 0, ownErrors: 0 },
      ...{ p50: 8 + (at % 5), p99: 40 + (at % 11), max: 90, underWay: at % 3, oldestSeconds: 0.1 },
      ...{ hosts: { polling: 120 - at, done: at }, clusters: { installing: 1 } },
    })),
    ...overrides,
  });
  return summary!;
}

/** A row for every kind of client and endpoint. */
export function allRequests(): RequestSummary[] {
  return CLIENT_KINDS.flatMap((client) =>
    ENDPOINTS.map(({ name, method }) => ({
      ...{ client, endpoint: name, method, count: 1000, rate: 5, errors: 10, ownErrors: 0 },
      ...{ outcomes: { 200: 990, 500: 10 }, ...someLatencies(12) },
    })),
  );
}

/** A run that failed, with everything that a run can have, and as much of it as one has. */
export function largeSummary(hostile = HOSTILE): KeptSummary {
  const clusters = {
    planned: 1000,
    installed: 400,
    infraEnvs: 0,
    infraEnvsDiscovered: 0,
    complete: 400,
    failed: 600,
    failedAsExpected: 0,
    cancelled: 0,
  };
  return someSummary({
    ...{
      plan: hostile,
      verdict: 'failed',
      reasons: [`agent requests: p(99) is 12 s, limit 10 s ${hostile}`],
      clusters,
    },
    thresholds: [
      { figure: 'clusters_failed', labels: {}, expression: 'count==0', value: 600, ok: false, default: true },
      {
        figure: 'request_duration',
        labels: { client: 'agent' },
        expression: 'p(99)<=10000',
        value: 12_000,
        ok: false,
        default: true,
      },
      {
        figure: 'request_age',
        labels: { client: 'agent' },
        expression: 'max<=30000',
        value: 300,
        ok: true,
        default: true,
      },
      {
        figure: 'of_a_later_version',
        labels: { state: hostile },
        expression: 'value<3',
        value: 4,
        ok: false,
        default: false,
      },
      { figure: 'poll_wait', labels: {}, expression: 'p(99)<5', value: null, ok: null, default: false },
    ],
    requests: allRequests(),
    failures: Array.from({ length: 600 }, (_, at) => ({
      cluster: at,
      name: `c-${at}`,
      reason: `gave up ${at % 4} ${hostile}`,
    })),
    failureCauses: [
      { of: 'cluster', cause: `gave up ${hostile}`, count: 600, names: [`c-1${hostile}`] },
      { of: 'host', cause: 'no disk', count: 3, names: [] },
    ],
    stuck: {
      count: 800,
      oldest: Array.from({ length: 500 }, (_, at) => ({
        ...{
          of: 'host' as const,
          name: `host-${at} ${hostile}`,
          id: `id-${at}`,
          state: 'preparing',
          seconds: 900,
          usualSeconds: 30,
        },
      })),
    },
    states: ['discovering', 'known', 'installing'].map((state) => ({
      ...{ of: 'host' as const, state, ended: 900, open: 100, p50: 3000, p95: 9000, p99: null, max: 1e6 },
    })),
    reactions: [
      {
        from: { of: 'host', state: 'known' },
        to: { of: 'agent', state: 'Validated' },
        ended: 0,
        open: 0,
        p50: null,
        p95: null,
        p99: null,
        max: 0,
      },
    ],
    divergence: [{ of: 'agent', compared: 40, differed: 2, ended: 2, open: 0, p50: 500, p95: 900, p99: 900, max: 900 }],
    outages: [{ startedAt: '2026-11-28T10:00:40.000Z', afterSeconds: 40, seconds: 9, failed: 300, waiting: 20 }],
    phases: [
      somePhase('idle', { seconds: 10 }),
      ...[1, 2, 3].map((step) =>
        somePhase('deploy', { step, level: { hosts: step * 100 }, afterSeconds: 10 + 25 * (step - 1), seconds: 25 }),
      ),
      somePhase('soak', { afterSeconds: 85, seconds: 20 }),
      somePhase('remove', { afterSeconds: 105, seconds: 15 }),
    ],
    servers: {
      collectors: [
        { name: 'service', target: 'http://service/metrics', state: 'read', reason: null, reads: 24, failures: 0 },
        { name: 'database', target: hostile, state: 'absent', reason: `no url ${hostile}`, reads: 0, failures: 0 },
      ],
      figures: Array.from({ length: 150 }, (_, at) =>
        serverFigure({
          figure: `figure_${at % 30}`,
          labels: at < 30 ? {} : { code: String(at), handler: hostile },
          kind: at % 3 === 0 ? 'trend' : at % 3 === 1 ? 'gauge' : 'counter',
          unit: at % 3 === 0 ? 'ms' : at % 3 === 1 ? 'bytes' : 'requests',
        }),
      ),
    },
  });
}
