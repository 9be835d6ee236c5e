import { describe, expect, it } from 'vitest';
import { spanMs } from '../time/span.ts';
import { SPOKE_PROFILES, spokeProfile } from './profiles.ts';

describe.each(Object.entries(SPOKE_PROFILES))('profile %s', (_, profile) => {
  it('keeps the phases of each table in order, whatever is drawn', () => {
    for (const phases of [profile.operators.console, profile.operators.cvo, profile.csv]) {
      for (const draw of [0, 0.5, 0.999]) {
        const times = phases.map((phase) => spanMs(phase.after, draw));
        expect(times).toEqual([...times].sort((a, b) => a - b));
        expect(new Set(times).size).toBe(times.length);
      }
    }
  });

  it('is known from the start and ends well', () => {
    for (const phases of [profile.operators.console, profile.operators.cvo]) {
      expect(phases[0]?.after).toEqual({ delayMs: 0, jitterMs: 0 });
      expect(phases.at(-1)?.status).toBe('available');
    }
    expect(profile.csv.at(-1)?.phase).toBe('Succeeded');
  });

  it('shows nodes long enough for a loop of 30 s to see every stage', () => {
    expect(profile.host.nodeJoin.delayMs).toBeGreaterThan(30_000);
    expect(profile.host.nodeReady.delayMs).toBeGreaterThan(30_000);
  });
});

it('names the profiles there are', () => {
  expect(spokeProfile('quick')).toBe(SPOKE_PROFILES.quick);
  expect(() => spokeProfile('toString')).toThrow('unknown spoke profile "toString": use one of typical, quick');
});
