import { expect, it } from 'vitest';
import { startClock } from '../../model/time/clock.ts';
import { Measurements } from './measurements.ts';
import { fakePlan } from './testing/fakes.ts';

it('has room for each cluster of a plan with more than a call takes arguments', () => {
  const plan = fakePlan(Array.from({ length: 200_000 }, (_, index) => ({ index })));
  const { telemetry } = new Measurements({ ...plan, hostCount: 0 }, 1, startClock(1), () => ({
    of: 0,
    failed: 0,
    complete: 0,
  }));
  expect(telemetry.byteLength).toBeGreaterThanOrEqual(200_000);
});
