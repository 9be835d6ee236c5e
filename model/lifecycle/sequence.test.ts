import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ManualClock } from '../time/testing/manual-clock.ts';
import { Lifecycle } from './lifecycle.ts';
import { followSequence, phaseAt, type Sequence } from './sequence.ts';

interface Named {
  name: number;
  after: { delayMs: number; jitterMs: number };
}

const sequences: fc.Arbitrary<Sequence<Named>> = fc
  .record({
    gaps: fc.array(fc.record({ delayMs: fc.nat(500), jitterMs: fc.nat(500) }), { maxLength: 6 }),
    draw: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    share: fc.double({ min: 0.1, max: 1, noNaN: true }),
  })
  .map(({ gaps, draw, share }) => {
    const sum = { delayMs: 0, jitterMs: 0 };
    const phases = gaps.map(({ delayMs, jitterMs }, name) => {
      sum.delayMs += delayMs;
      sum.jitterMs += jitterMs;
      return { name, after: { ...sum } };
    });
    return { phases, draw, share };
  });

it('is the same followed and computed, with one timer at a time', async () => {
  await fc.assert(
    fc.asyncProperty(sequences, fc.nat(500), async (sequence, stepMs) => {
      const clock = new ManualClock(0);
      const lifecycle = new Lifecycle({ clock });
      const entered: number[] = [];
      followSequence(lifecycle, sequence, ({ name }) => entered.push(name));
      expect(entered).toEqual([]);
      for (let n = 0; n < 10; n++) {
        await clock.advance(stepMs + 0.01, async () => {});
        // Away from the moments themselves, which sums of fractions meet only nearly.
        const near = phaseAt(sequence, clock.now() - 0.005) === phaseAt(sequence, clock.now() + 0.005);
        if (near) expect(entered.at(-1) ?? null).toBe(phaseAt(sequence, clock.now())?.name ?? null);
        expect(clock.pending).toBeLessThan(2);
      }
      await clock.advance(10_000, async () => {});
      expect(entered).toEqual(sequence.phases.map(({ name }) => name));
      expect([clock.pending, lifecycle.busy]).toEqual([0, false]);
    }),
  );
});

it('has no phase before the first', () => {
  const phases = [{ name: 0, after: { delayMs: 10, jitterMs: 10 } }];
  const sequence = { phases, draw: 0.5, share: 1 };
  expect(phaseAt(sequence, 14)).toBeNull();
  expect(phaseAt(sequence, 15)).toBe(phases[0]);
  expect(phaseAt({ ...sequence, share: 0.5 }, 7.5)).toBe(phases[0]);
  expect(phaseAt({ ...sequence, phases: [] }, 1000)).toBeNull();
});
