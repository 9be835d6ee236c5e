import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MOST_STEPS, schedule } from './arrival.ts';
import { parsePlan } from './load.ts';
import type { Arrival } from './plan.ts';
import { PlanError } from './plan.ts';

const single = [1, 1, 1, 1, 1];
const steps = (rest: Partial<Extract<Arrival, { kind: 'steps' }>>): Arrival => ({
  ...{ kind: 'steps', unit: 'hosts', first: 10, add: null, times: 1, everySeconds: 60 },
  ...rest,
});

describe('times of arrival', () => {
  it.each<[Arrival, number[]]>([
    [{ kind: 'all' }, [0, 0, 0, 0, 0]],
    [{ kind: 'rate', clustersPerHour: 500 }, [0, 7200, 14_400, 21_600, 28_800]],
    [{ kind: 'batches', size: 2, everySeconds: 300 }, [0, 0, 300_000, 300_000, 600_000]],
    [steps({ first: 1, add: 1 }), [0, 60_000, 120_000, 180_000, 240_000]],
    [steps({ first: 1, times: 2 }), [0, 60_000, 120_000, 120_000, 180_000]],
    // 60 clusters an hour, then 120: one in the first minute, two in the second.
    [steps({ unit: 'clustersPerHour', first: 60, add: 60 }), [0, 60_000, 90_000, 120_000, 140_000]],
  ])('%o', (arrival, expected) => {
    expect([...schedule(arrival, single).arrivalMs]).toEqual(expected);
  });

  it('count hosts, of which a cluster brings several', () => {
    const { arrivalMs, steps: levels } = schedule(steps({ first: 4, add: 4 }), [3, 3, 3, 3]);
    // 4 hosts hold one cluster of 3, 8 two, 12 all four.
    expect([...arrivalMs]).toEqual([0, 60_000, 120_000, 120_000]);
    expect(levels).toEqual([
      { atMs: 0, endMs: 60_000, level: { hosts: 4 } },
      { atMs: 60_000, endMs: 120_000, level: { hosts: 8 } },
      { atMs: 120_000, endMs: 180_000, level: { hosts: 12 } },
    ]);
  });

  it('never hold more hosts than a step asks for, and reach it as far as clusters fit', () => {
    const levels = fc.record({ first: fc.integer({ min: 1, max: 50 }), add: fc.integer({ min: 1, max: 50 }) });
    fc.assert(
      fc.property(
        levels,
        fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 100 }),
        (given, hosts) => {
          const { arrivalMs, steps: all } = schedule(steps(given), hosts);
          for (const { atMs, level } of all) {
            const there = hosts.filter((_, turn) => arrivalMs[turn]! <= atMs);
            const sum = there.reduce((a, b) => a + b, 0);
            const wanted = (level as { hosts: number }).hosts;
            const next = hosts[there.length];
            expect(sum <= wanted || there.length === 1).toBe(true);
            if (next !== undefined && there.length > 0) expect(sum + next).toBeGreaterThan(wanted);
          }
        },
      ),
    );
  });

  it('refuse steps without end', () => {
    const many = Array.from({ length: MOST_STEPS + 1 }, () => 1);
    expect(() => schedule(steps({ first: 1, add: 1 }), many)).toThrow(
      /200 of 201 clusters arrive in 200 steps; allowed: at most 200 steps/,
    );
  });
});

const problemsOf = (arrival: unknown, rest: object = {}): string => {
  try {
    parsePlan({ name: 'a', seed: 's', arrival, clusters: [{ topology: 'sno' }], ...rest }, 'p.yaml');
    return '';
  } catch (error) {
    if (!(error instanceof PlanError)) throw error;
    return error.message;
  }
};

describe('a plan', () => {
  it.each([
    [{ steps: { hosts: 100, add: 100, every: '10m' } }, { unit: 'hosts', first: 100, add: 100, everySeconds: 600 }],
    [{ steps: { hosts: 50, times: 1.5, every: '1m' } }, { unit: 'hosts', first: 50, add: null, times: 1.5 }],
    [{ steps: { rate: '1/m', add: '30/h', every: '1h' } }, { unit: 'clustersPerHour', first: 60, add: 30 }],
  ])('reads %o', (arrival, expected) => {
    const plan = parsePlan({ name: 'a', arrival, clusters: [{ topology: 'sno' }] }, 'p.yaml');
    expect(plan.arrival).toMatchObject({ kind: 'steps', ...expected });
  });

  it.each([
    [{ rate: '5/h', steps: { hosts: 1, add: 1, every: '1m' } }, /exactly one of the keys rate, batches, steps/],
    [{ steps: { hosts: 1, rate: '5/h', add: 1, every: '1m' } }, /exactly one of the keys hosts, rate/],
    [{ steps: { add: 1, every: '1m' } }, /exactly one of the keys hosts, rate/],
    [{ steps: { hosts: 1, every: '1m' } }, /exactly one of the keys add .* and times/],
    [{ steps: { hosts: 1, add: '5/h', every: '1m' } }, /hosts beside add with a number of hosts/],
    [{ steps: { rate: '5/h', add: 5, every: '1m' } }, /rate beside add with a rate such as 50\/h/],
    [{ steps: { rate: '0/h', times: 2, every: '1m' } }, /more than 0/],
    [{ steps: { hosts: 1, add: 1, every: '0s' } }, /every of at least 1s/],
    [{ steps: { hosts: 1, times: 1, every: '1m' } }, /a number from 1.01 to 100/],
    [{ steps: { hosts: 1, add: 1 } }, /every/],
  ])('refuses %o', (arrival, message) => {
    expect(problemsOf(arrival)).toMatch(message);
  });

  it('names its phases', () => {
    const phases = { idle: '2m', soak: '1h', remove: '300/h' };
    const plan = parsePlan({ name: 'a', phases, clusters: [{ topology: 'sno' }] }, 'p.yaml');
    expect(plan.phases).toEqual({ idleSeconds: 120, soakSeconds: 3600, removePerHour: 300 });
    expect(problemsOf('all', { phases: { remove: '0/h' } })).toMatch(/phases.remove.* more than 0 clusters/);
    expect(problemsOf('all', { phases: { warm: '1m' } })).toMatch(/idle, soak, remove/);
  });

  it('ends a run at a threshold', () => {
    const of = (thresholds: unknown) =>
      parsePlan({ name: 'a', thresholds, clusters: [{ topology: 'sno' }] }, 'p.yaml').thresholds[0]!.thresholds;
    expect(
      of({
        'request_duration{phase:soak,step:2}': [{ threshold: 'p(99)<500', abort: true, after: '30s' }, 'max<9000'],
      }),
    ).toMatchObject([
      { labels: { phase: 'soak', step: '2' }, expression: 'p(99)<500', abortAfterSeconds: 30 },
      { abortAfterSeconds: null },
    ]);
    expect(of({ errors: { threshold: 'count==0', abort: true } })).toMatchObject([{ abortAfterSeconds: 0 }]);
    const wrong = (key: string, value: unknown) => problemsOf('all', { thresholds: { [key]: value } });
    expect(wrong('errors', { threshold: 'count==0', after: '5s' })).toMatch(/only beside abort: true/);
    expect(wrong('errors{phase:later}', 'count==0')).toMatch(/unknown phase "later".*idle, deploy, soak, remove/);
    expect(wrong('errors{step:0}', 'count==0')).toMatch(/unknown step "0"/);
    expect(wrong('generator_saturation{client:user}', 'rate<1')).toMatch(/unknown label "client".*phase, step/);
  });
});
