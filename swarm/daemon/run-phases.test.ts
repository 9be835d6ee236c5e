/** A run in its phases and steps, on fake parts. */
import { describe, expect, it } from 'vitest';
import type { ClusterPlan, ExpandedPlan, LoadStep } from '../plan/expanded-plan.ts';
import { parsePlan } from '../plan/load.ts';
import { SharedTelemetry } from '../telemetry/shared-telemetry.ts';
import { Run } from './run.ts';
import { FakeParts, fakePlan } from './testing/fakes.ts';

const INFRA_ENV: Partial<ClusterPlan> = { justInfraEnv: true };
const MINUTE = 60_000;
const steps: LoadStep[] = [
  { atMs: 0, endMs: 30 * MINUTE, level: { hosts: 1 } },
  { atMs: 30 * MINUTE, endMs: 60 * MINUTE, level: { hosts: 2 } },
];
const phases = { idleSeconds: 1200, soakSeconds: 2400, removePerHour: 60 };
const thresholds = (text: string) => parsePlan(`clusters: [{topology: sno}]\nthresholds: ${text}\n`, 'plan').thresholds;

function start(clusters: Partial<ClusterPlan>[], overrides: Partial<ExpandedPlan>) {
  const parts = new FakeParts();
  const run = new Run({ id: 'run-1', plan: fakePlan(clusters, overrides), parts, workers: 1 });
  const entered: string[] = [];
  run.events.listen((event) => event.type === 'run.phase' && entered.push(`${event.phase} ${event.step}`));
  return { parts, run, entered, ended: run.execute() };
}

describe('a run', () => {
  it('goes through its phases and steps in order, each as long as planned', async () => {
    const clusters = [INFRA_ENV, { ...INFRA_ENV, arrivalMs: 30 * MINUTE }];
    const { ended, entered, parts } = start(clusters, { phases, steps });
    const summary = await ended;
    expect(summary).toMatchObject({ verdict: 'passed', reasons: [] });
    expect(entered).toEqual(['idle null', 'deploy 1', 'deploy 2', 'soak null', 'remove null']);
    expect(summary.phases.map(({ phase, step, level }) => [phase, step, level])).toEqual([
      ['idle', null, null],
      ['deploy', 1, { hosts: 1 }],
      ['deploy', 2, { hosts: 2 }],
      ['soak', null, null],
      ['remove', null, null],
    ]);
    // Steps begin at fixed moments: one that begins late is the shorter for it, and none ends before its time.
    const total = (all: number[], upTo: number) => all.slice(0, upTo + 1).reduce((sum, seconds) => sum + seconds, 0);
    const lasted = summary.phases.map(({ simulatedSeconds }) => simulatedSeconds);
    const planned = [1200, 1800, 1800, 2400];
    for (const i of planned.keys()) {
      expect(total(lasted, i)).toBeGreaterThanOrEqual(total(planned, i));
    }
    // One window ends where the next begins.
    for (const [i, one] of summary.phases.slice(0, -1).entries()) {
      expect(one.afterSeconds + one.seconds).toBeCloseTo(summary.phases[i + 1]!.afterSeconds, 6);
    }
    expect(parts.service.live.infraEnvs.size).toBe(0);
  });

  it('has a deploy phase and one in which everything is removed where its plan says nothing', async () => {
    const { ended } = start([INFRA_ENV], {});
    expect((await ended).phases.map(({ phase }) => phase)).toEqual(['deploy', 'remove']);
    expect((await start([INFRA_ENV], { keep: true }).ended).phases.map(({ phase }) => phase)).toEqual(['deploy']);
  });

  it('takes no further step when it is stopped', async () => {
    const { run, ended, entered } = start([INFRA_ENV, { ...INFRA_ENV, arrivalMs: 30 * MINUTE }], {
      phases,
      steps: [steps[0]!, { ...steps[1]!, endMs: 1e9 }],
    });
    run.events.listen((event) => event.type === 'run.phase' && event.step === 2 && setTimeout(() => run.stop(), 20));
    expect(await ended).toMatchObject({ verdict: 'interrupted' });
    expect(entered).toEqual(['idle null', 'deploy 1', 'deploy 2']);
  });

  it('lets clusters arrive faster or not at all while somebody wants that', async () => {
    const { run, ended } = start([INFRA_ENV, { ...INFRA_ENV, arrivalMs: 10_000 * MINUTE }], {});
    await new Promise<void>((resolve) =>
      run.events.listen((event) => event.type === 'cluster.phase' && event.phase === 'complete' && resolve()),
    );
    run.setPace(0);
    expect(run.pace).toBe(0);
    run.setPace(100);
    expect(await ended).toMatchObject({ verdict: 'passed', clusters: { infraEnvsDiscovered: 2 } });
    expect(run.pace).toBe(null);
    expect(() => run.setPace(1)).toThrow(/no cluster is to come any more/);
  });

  it('ends, failed, when it crosses a threshold that says so, and keeps what was measured then', async () => {
    const { run, ended } = start([INFRA_ENV], {
      phases: { ...phases, idleSeconds: 0, soakSeconds: 1e7 },
      thresholds: thresholds(
        '{"request_errors{client:agent,phase:soak}": {threshold: rate<0.5, abort: true}, request_errors: "off"}',
      ),
    });
    run.events.listen((event) => {
      if (event.type !== 'run.phase' || event.phase !== 'soak') return;
      const telemetry = new SharedTelemetry(run.telemetry, 1);
      const sent = { dueAt: 1000, sentAt: 1001, firstByteAt: 1002, endAt: 1003, bytesSent: 1, bytesReceived: 1 };
      telemetry.request({ ...sent, client: 'agent', endpoint: 'get-instructions', outcome: 503 });
    });
    const summary = await ended;
    expect(summary.verdict).toBe('failed');
    expect(summary.reasons).toEqual([
      expect.stringMatching(
        /^agent requests in soak: 100.0% failed or were refused \(1 of 1\), most agent requests to get-instructions with 100.0%, limit below 50.0%/,
      ),
    ]);
    expect(summary.thresholds.find(({ ok }) => ok === false)).toMatchObject({ value: 1 });
  });
});
