import { describe, expect, it } from 'vitest';
import { figureNamed } from '../plan/figures.ts';
import { parseExpression, type RunThreshold } from '../plan/thresholds.ts';
import type { Evaluated } from '../report/thresholds.ts';
import { ThresholdWatch } from './threshold-watch.ts';

type Crossable = Evaluated<RunThreshold>;

const threshold = (figure: string, expression: string, abortAfterSeconds: number | null = null): Crossable => ({
  ...parseExpression(expression, figureNamed(figure)!),
  ...{ default: true, abortAfterSeconds, value: 1, sample: null, ok: true },
});

function watch(thresholds: Crossable[], lostSeconds: number | null = null) {
  const ended: string[] = [];
  const one = new ThresholdWatch({
    lostSeconds,
    thresholds: () => thresholds,
    ageMs: () => 60_000,
    abort: ({ figure, expression }) => ended.push(`${figure} ${expression}`),
  });
  return { one, ended };
}

describe('thresholds of a run that goes on', () => {
  it('are crossed since the look that saw it, until they are kept again', () => {
    const figure = threshold('poll_lateness', 'p(99)<100');
    const { one } = watch([figure]);
    one.look(1000);
    expect(one.crossedSinceMs(figure)).toBeNull();
    figure.ok = false;
    one.look(3000);
    one.look(5000);
    expect(one.crossedSinceMs(figure)).toBe(3000);
    figure.ok = true;
    one.look(7000);
    expect(one.crossedSinceMs(figure)).toBeNull();
  });

  it('end the run that says so, when it is old enough', () => {
    const early = threshold('poll_lateness', 'p(99)<100', 61);
    const due = threshold('request_age', 'max<=15000', 60);
    early.ok = false;
    due.ok = false;
    const { one, ended } = watch([early, due]);
    one.look(1000);
    expect(ended).toEqual(['request_age max<=15000']);
  });

  it.each([
    ['request_age', 'max<=15000', true],
    ['service_restarts', 'count==0', true],
    ['poll_lateness', 'p(99)<100', false],
    ['request_errors', 'rate<0.01', false],
    ['poll_pace', 'value>=0.95', false],
  ])('end one that is lost: %s %s %s', (figure, expression, lost) => {
    const crossed = threshold(figure, expression);
    crossed.ok = false;
    const { one, ended } = watch([crossed], 30);
    one.look(10_000);
    one.look(39_000);
    expect(ended).toEqual([]);
    one.look(40_000);
    expect(ended).toHaveLength(lost ? 1 : 0);
    const patient = watch([crossed]);
    patient.one.look(10_000);
    patient.one.look(1e9);
    expect(patient.ended).toEqual([]);
  });
});
