import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../time/testing/manual-clock.ts';
import { seededDraws } from '../time/testing/seeded-draws.ts';
import { Lifecycle, stageTable } from './lifecycle.ts';

// Any table over a few flags, any subjects, any changes from outside.

const FLAGS = 4;
interface Flags {
  name: string;
  flags: boolean[];
}
type RowSpec = {
  needs: number;
  lacks: number;
  sets: number;
  clears: number;
  group: number;
  weight: number;
  ms: number;
};
const rowSpec: fc.Arbitrary<RowSpec> = fc
  .record({
    needs: fc.nat(FLAGS - 1),
    lacks: fc.nat(FLAGS - 1),
    sets: fc.nat(FLAGS - 1),
    clears: fc.nat(FLAGS - 1),
    group: fc.nat(2),
    weight: fc.nat(3),
    ms: fc.integer({ min: 1, max: 50 }),
  })
  .filter(({ needs, lacks }) => needs !== lacks);
const touch = fc.record({ subject: fc.nat(3), flag: fc.nat(FLAGS - 1), value: fc.boolean(), afterMs: fc.nat(40) });
const script = fc.record({
  rows: fc.array(rowSpec, { minLength: 1, maxLength: 8 }),
  touches: fc.array(touch, { maxLength: 20 }),
});
type Script = typeof script extends fc.Arbitrary<infer T> ? T : never;

const selects = ({ needs, lacks }: RowSpec, { flags }: Flags) => flags[needs] === true && flags[lacks] === false;

async function play({ rows, touches }: Script, order: readonly number[] = [0, 1, 2, 3]) {
  const clock = new ManualClock(0);
  const lifecycle = new Lifecycle({ clock });
  const trace: { at: number; subject: string; row: number; allowed: boolean }[] = [];
  const table = stageTable<Flags>(
    rows.map((row, n) => ({
      name: `row ${n}`,
      group: `group ${row.group}`,
      weight: row.weight,
      delay: { delayMs: row.ms, jitterMs: row.ms },
      when: (state) => selects(row, state),
      effect: (state) => {
        trace.push({ at: clock.now(), subject: state.name, row: n, allowed: selects(row, state) });
        state.flags[row.sets] = true;
        state.flags[row.clears] = false;
      },
    })),
  );
  const subjects = [0, 1, 2, 3].map((n): Flags => ({ name: `subject ${n}`, flags: [true, false, n % 2 === 0, false] }));
  for (const n of order) lifecycle.add(subjects[n]!, table, seededDraws(`subject ${n}`));
  /** Groups of a subject that have a row which may be drawn. */
  const wanted = () =>
    subjects.reduce((sum, subject) => {
      const possible = rows.filter((row) => row.weight > 0 && selects(row, subject));
      return sum + new Set(possible.map((row) => row.group)).size;
    }, 0);
  const balanced: boolean[] = [];
  for (const { subject, flag, value, afterMs } of touches) {
    await clock.advance(afterMs, async () => {});
    lifecycle.change(subjects[subject]!, ({ flags }) => {
      flags[flag] = value;
    });
    balanced.push(lifecycle.pending === wanted() && clock.pending === wanted());
  }
  await clock.advance(300, async () => {});
  lifecycle.close();
  return { trace, balanced, left: clock.pending };
}

describe('whatever the table and whatever happens', () => {
  it('no stage takes effect against its selector, and exactly the possible groups have timers', async () => {
    await fc.assert(
      fc.asyncProperty(script, async (given) => {
        const { trace, balanced, left } = await play(given);
        expect(trace.every(({ allowed }) => allowed)).toBe(true);
        expect(balanced.every(Boolean)).toBe(true);
        expect(left).toBe(0);
        expect(trace.map(({ at }) => at)).toEqual(trace.map(({ at }) => at).toSorted((a, b) => a - b));
      }),
      { numRuns: 200 },
    );
  });

  it('the same seed gives the same story, whoever else is there and in whatever order', async () => {
    await fc.assert(
      fc.asyncProperty(script, fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }), async (given, order) => {
        const first = await play(given);
        const second = await play(given, order);
        for (const n of [0, 1, 2, 3]) {
          const of = (story: typeof first) => story.trace.filter(({ subject }) => subject === `subject ${n}`);
          expect(of(second)).toEqual(of(first));
        }
      }),
      { numRuns: 100 },
    );
  });
});
