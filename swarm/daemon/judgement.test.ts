import { expect, it } from 'vitest';
import { startClock, wallNow } from '../../model/time/clock.ts';
import { Redactor } from '../plan/redact.ts';
import { SharedTelemetry } from '../telemetry/shared-telemetry.ts';
import { Judgement } from './judgement.ts';
import { Measurements } from './measurements.ts';
import { fakePlan } from './testing/fakes.ts';

it('tells of the outages that spoke against the run when it was stopped, and not how long they lasted meanwhile', () => {
  const lives = { counts: { of: 1, failed: 0, complete: 0 }, arrived: [] };
  const measurements = new Measurements(fakePlan([{}]), 1, startClock(1), () => lives.counts);
  const telemetry = new SharedTelemetry(measurements.telemetry, 0);
  const start = wallNow();
  const fail = (second: number) => {
    const at = start + second * 1000;
    telemetry.request({
      ...{
        client: 'user',
        endpoint: 'get-cluster',
        outcome: 'refused',
        dueAt: at,
        sentAt: 0,
        firstByteAt: 0,
        endAt: at,
      },
      ...{ bytesSent: 0, bytesReceived: 0 },
    });
    measurements.answers.look(at);
  };
  const judgement = new Judgement(measurements, new Redactor([]));
  for (let second = 1; second <= 30; second++) fail(second);
  judgement.hold(lives);
  for (let second = 31; second <= 300; second++) fail(second);
  expect(judgement.reach(lives, { stopped: true, startedAt: new Date(start) })).toBe('failed');
  expect(judgement.reasons.join('\n')).toMatch(
    /^the service gave no good answer for up to 30 s: limit 8\.0 s; 30 s from .*, 30 requests failed$/m,
  );
  expect(judgement.reasons.join('\n')).not.toMatch(/5m00s|300/);
});
