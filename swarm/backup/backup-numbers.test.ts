import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errorPattern } from './backup-failures.ts';
import type { FailedPod } from './backup-figures.ts';
import { slopeOf, spreadOf } from './spread.ts';
import { quantityOf, Usage } from './usage.ts';

describe('spreadOf', () => {
  it('has values of the list as percentiles, in their order', () => {
    const lists = fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { minLength: 1 });
    fc.assert(
      fc.property(lists, (values) => {
        const { count, p50, p95, p99, max } = spreadOf(values)!;
        expect(count).toBe(values.length);
        for (const one of [p50, p95, p99, max]) expect(values).toContain(one);
        expect([p50, p95, p99, max]).toEqual([p50, p95, p99, max].toSorted((a, b) => a - b));
        expect(values.filter((value) => value <= p95).length).toBeGreaterThanOrEqual(0.95 * values.length);
      }),
    );
  });

  it('is exact', () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(spreadOf(values)).toEqual({ count: 100, average: 50.5, p50: 50, p95: 95, p99: 99, max: 100 });
    expect(spreadOf([])).toBeNull();
  });
});

describe('slopeOf', () => {
  it('finds the slope of a line', () => {
    expect(slopeOf([0, 1, 2, 5].map((x) => [x, 3 * x + 7] as const))).toBeCloseTo(3);
    expect(slopeOf([[1, 2]])).toBeNull();
    expect(slopeOf([])).toBeNull();
  });
});

describe('quantityOf', () => {
  it.each([
    ['250m', 0.25],
    ['120301u', 0.120301],
    ['5n', 5e-9],
    ['3', 3],
    ['1.5', 1.5],
    ['90112Ki', 90112 * 1024],
    ['64Mi', 64 * 2 ** 20],
    ['1e3', 1000],
    ['2G', 2e9],
    ['', null],
    ['many', null],
    ['5 Mi', null],
    ['1.2.3', null],
  ])('reads %s', (text, value) => {
    if (value === null) expect(quantityOf(text)).toBeNull();
    else expect(quantityOf(text)).toBeCloseTo(value, 12);
  });

  it('has nothing for what is not there', () => {
    expect(quantityOf(undefined)).toBeNull();
  });
});

describe('Usage', () => {
  const metrics = (cpu: string, timestamp: string, name = 'pod') => ({
    apiVersion: 'metrics.k8s.io/v1beta1',
    kind: 'PodMetrics',
    metadata: { namespace: 'ns', name },
    timestamp,
    containers: [{ name: 'main', usage: { cpu, memory: '10Mi' } }],
  });

  it('counts a sample once, however often it is shown', () => {
    const usage = new Usage();
    for (const one of [
      metrics('100m', '2026-01-01T00:00:00Z'),
      metrics('100m', '2026-01-01T00:00:00Z'),
      metrics('400m', '2026-01-01T00:00:15Z'),
      metrics('400m', '2026-01-01T00:00:15Z', 'other'),
    ]) {
      usage.add(one, 'main', 'watch');
    }
    expect(usage.figures.cpu).toEqual({ samples: 3, average: 300, p95: 400, max: 400 });
  });
});

describe('errorPattern', () => {
  const pod = (more: Partial<FailedPod>): FailedPod => ({
    namespace: 'load-test-ns-12',
    pod: 'devworkspace-backup-x-y',
    job: 'devworkspace-backup-x',
    workspace: 'dw-test-12',
    exitCode: 1,
    reason: 'Error',
    message: '',
    log: null,
    at: 0,
    ...more,
  });

  it('is the same for the same error of other workspaces at other times', () => {
    const log = (number: number) =>
      `./\n2026-01-0${number}T10:00:0${number}Z Error: push quay.io/acme/load-test-ns-${number}/dw-test-${number}:latest to 10.0.0.${number}:443: unauthorized\n+ exit 1`;
    const [one, other] = [1, 2].map((number) =>
      errorPattern(pod({ namespace: `load-test-ns-${number}`, workspace: `dw-test-${number}`, log: log(number) })),
    );
    expect(one).toBe(other);
    expect(one).toBe('<time> Error: push quay.io/acme/<namespace>/<workspace>:latest to <address>:<n>: unauthorized');
  });

  it('takes the state where there is no log', () => {
    expect(errorPattern(pod({ reason: 'OOMKilled', log: '' }))).toBe('OOMKilled');
    expect(errorPattern(pod({ reason: 'Evicted', message: 'The node was low on resource: memory.' }))).toContain(
      'low on',
    );
    expect(errorPattern(pod({ reason: '', exitCode: 137 }))).toBe('exit code 137');
  });
});
