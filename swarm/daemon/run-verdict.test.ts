/** What a run makes of thresholds and of signs that it cannot succeed, with parts that need no service. */
import { describe, expect, it } from 'vitest';
import { adapterError } from '../cluster/testing/fake-service.ts';
import type { ClusterPlan, ExpandedPlan } from '../plan/expanded-plan.ts';
import { parsePlan } from '../plan/load.ts';
import type { RequestOutcome } from '../telemetry/telemetry.ts';
import { Run } from './run.ts';
import type { UserOptions } from './run-parts.ts';
import { FakeParts, fakePlan } from './testing/fakes.ts';

/** Parts whose user has sent requests that ended so before the first cluster is made. */
class MeasuredParts extends FakeParts {
  readonly #outcomes: RequestOutcome[];

  constructor(outcomes: RequestOutcome[]) {
    super();
    this.#outcomes = outcomes;
  }

  override createUser(options: UserOptions) {
    const { telemetry } = options;
    for (const outcome of this.#outcomes) {
      telemetry.request({
        client: 'user',
        endpoint: 'component-versions',
        outcome,
        dueAt: 1000,
        sentAt: 1000,
        firstByteAt: 1005,
        endAt: 1010,
        bytesSent: 1,
        bytesReceived: 1,
      });
    }
    return super.createUser(options);
  }
}

const outcomes = (share: number): RequestOutcome[] =>
  Array.from({ length: 100 }, (_, i) => (i < share * 100 ? 500 : 200));
const thresholds = (text: string) => parsePlan(`clusters: [{topology: sno}]\nthresholds: ${text}\n`, 'plan').thresholds;

function start(clusters: Partial<ClusterPlan>[], parts: FakeParts, overrides: Partial<ExpandedPlan> = {}) {
  return new Run({ id: 'run-1', plan: fakePlan(clusters, overrides), parts, workers: 1 });
}

describe('thresholds of a run', () => {
  it('fail it when they are crossed, and are in summary and events', async () => {
    const parts = new MeasuredParts(outcomes(0.41));
    const run = start([{}], parts);
    const summary = await run.execute();
    const most = 'most user requests to component-versions with 41.0%';
    const reasons = [
      `request_errors{kind:5xx}: 41.0% (41 of 100) were answered with 500 or more, ${most}, limit 1.00%`,
      `user requests: 41.0% failed or were refused (41 of 100), ${most}, limit 10.0%`,
      'user requests to component-versions: 41.0% failed or were refused (41 of 100), limit 10.0% of any endpoint',
    ];
    const worst = { labels: { client: 'user', endpoint: 'component-versions' }, value: 0.41 };
    expect(summary).toMatchObject({ verdict: 'failed', reasons, clusters: { complete: 1 } });
    expect(parts.events.at(-1)).toMatchObject({ type: 'run.ended', verdict: 'failed', reasons });
    // In the same order, and before all others.
    expect(parts.stored!.thresholds[3]!.ok).not.toBe(false);
    expect(parts.stored!.thresholds.filter(({ ok }) => ok === false)).toEqual([
      expect.objectContaining({ figure: 'request_errors', labels: { kind: '5xx' }, value: 0.41 }),
      {
        figure: 'request_errors',
        labels: { client: 'user' },
        expression: 'rate<=0.1',
        value: 0.41,
        ok: false,
        default: true,
        // It crossed it at once, and was over before anybody looked.
        crossedAfterSeconds: null,
        worst,
      },
      expect.objectContaining({ figure: 'endpoint_errors', labels: { client: 'user' }, value: 0.41, worst }),
    ]);
    expect(run.verdict).toBe('failed');
    expect(run.reasons).toEqual(reasons);
  });

  it.each([
    ['loosened', '{request_errors: rate<0.5}'],
    ['taken away', '{"request_errors{client:user}": off}'],
  ])('can be %s by the plan', async (_, text) => {
    const run = start([{}], new MeasuredParts(outcomes(0.41)), { thresholds: thresholds(text) });
    expect(await run.execute()).toMatchObject({ verdict: 'passed', reasons: [] });
  });

  it('decide how many clusters may fail', async () => {
    const parts = new FakeParts();
    parts.service.errors.set('createCluster', [adapterError('400 bad name', false)]);
    const run = start([{}, {}, {}], parts, { thresholds: thresholds('{clusters_failed: rate<0.5}') });
    const summary = await run.execute();
    expect(summary).toMatchObject({ verdict: 'passed', clusters: { failed: 1, complete: 2 } });
    expect(summary.thresholds).toContainEqual({
      figure: 'clusters_failed',
      labels: {},
      expression: 'rate<0.5',
      value: 1 / 3,
      ok: true,
      default: false,
      crossedAfterSeconds: null,
      worst: null,
    });
  });

  it('stand in the summary of a run that goes on, as things are', () => {
    const { thresholds: now, verdict } = start([{}], new FakeParts()).summary();
    expect(verdict).toBe(null);
    expect(now.find(({ figure }) => figure === 'clusters_failed')).toMatchObject({ value: 0, ok: true });
  });
});

describe('a run that cannot succeed', () => {
  const ELSEWHERE = { service: { url: 'http://service', tls: {}, agentToken: '', userAuthorization: '' } };

  it('is given up with its cause, while clusters have yet to arrive', async () => {
    const parts = new MeasuredParts(['dial-timeout']);
    parts.service.errors.set('agentVersion', [adapterError('nobody there', false)]);
    const run = start([{}, { arrivalMs: 3_600_000_000 }], parts, ELSEWHERE);
    const summary = await run.execute();
    const [reason] = summary.reasons;
    expect(reason).toMatch(/^http:\/\/service has never answered: 1 of 1 attempts failed \(dial-timeout: /);
    expect(summary).toMatchObject({ verdict: 'failed', reasons: [reason], clusters: { failed: 1, cancelled: 1 } });
    expect(parts.events).toContainEqual(
      expect.objectContaining({ type: 'run.warning', message: `the run is given up: ${reason}` }),
    );
  });

  it('says its cause once when all its clusters have failed for it', async () => {
    const parts = new MeasuredParts(['refused', 'refused', 'refused']);
    parts.service.errors.set('agentVersion', [adapterError('refused', false), adapterError('refused', false)]);
    const summary = await start([{}, {}], parts, ELSEWHERE).execute();
    expect(summary.reasons).toEqual([expect.stringMatching(/^http:\/\/service has never answered: 3 of 3 attempts/)]);
    expect(summary.failures).toHaveLength(2);
  });

  it('is not given up for what its user has stopped', async () => {
    const parts = new MeasuredParts(['refused', 'refused', 'refused']);
    const run = start([{ arrivalMs: 3_600_000_000 }], parts, {
      ...ELSEWHERE,
      thresholds: thresholds('{request_errors: off}'),
    });
    const ended = run.execute();
    await new Promise((resolve) => setImmediate(resolve));
    run.stop();
    expect(await ended).toMatchObject({ verdict: 'interrupted', reasons: ['the run was stopped before its end'] });
  });

  it('fails a cluster as soon as one of its hosts is refused for good', async () => {
    const parts = new FakeParts();
    parts.service.discovered = 'discovering';
    const run = start([{ controlPlanes: 3 }], parts, {
      limits: { discovery: 1e9, ready: 1e9, install: 1e9, day2: 1e9 },
    });
    const ended = run.execute();
    await new Promise<void>((resolve) => run.events.listen((event) => event.type === 'host.phase' && resolve()));
    const refused = {
      cluster: 0,
      host: 2,
      id: 'id-2',
      phase: 'frozen',
      reason: 'registration was refused with 401',
    } as const;
    parts.pool!.onEvents([{ time: 1, type: 'host.phase', ...refused }]);
    expect((await ended).reasons).toEqual([
      '1 of 1 clusters failed; cluster-0: discovering: host 2 (id-2): registration was refused with 401',
    ]);
  });
});
