/** Readers on a clock that is moved by hand. */
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../model/time/testing/manual-clock.ts';
import type { ReaderLoad } from '../plan/expanded-plan.ts';
import { ReaderFigures } from '../telemetry/reader-figures.ts';
import { type Look, type Looking, Readers } from './readers.ts';

const SECOND = 1000;

function site(readers: ReaderLoad[], looking: Looking, seed = 'seed') {
  const clock = new ManualClock(0);
  const figures = new ReaderFigures(readers);
  const looks: { reader: number; due: number; at: number; draw: number }[] = [];
  const all = new Readers({
    ...{ readers, seed, clock, figures },
    lookingOf: (_load, reader) => async (look: Look) => {
      looks.push({ reader, due: look.dueMs, at: clock.now(), draw: look.draw });
      await looking(look);
    },
  });
  const pass = async (seconds: number) => {
    for (let tenth = 0; tenth < seconds * 10; tenth++) {
      await clock.advance(SECOND / 10);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { clock, figures, looks, readers: all, pass };
}

describe('readers', () => {
  it('look once in each pace, spread over it, and not in step', async () => {
    const { figures, looks, readers, pass } = site(
      [{ load: 'cluster-list', amount: 50, everySeconds: 10 }],
      async (one) => one.requested(),
    );
    readers.start();
    await pass(101);
    await readers.stop();
    const [row] = figures.rows();
    // 50 readers for ten paces, a few of which reach beyond.
    expect(row!.looks.answered).toBeGreaterThanOrEqual(480);
    expect(row!.looks.answered).toBeLessThanOrEqual(510);
    expect(row).toMatchObject({ missed: 0, requests: row!.looks.answered, looks: { failed: 0 } });
    const firsts = Array.from({ length: 50 }, (_, reader) => looks.find((one) => one.reader === reader)!.due);
    for (const [from, to] of [
      [0, 2500],
      [2500, 5000],
      [5000, 7500],
      [7500, 11_000],
    ] as const) {
      expect(firsts.filter((due) => due >= from && due < to).length).toBeGreaterThan(3);
    }
    const gaps = looks.filter(({ reader }) => reader === 7).map(({ due }) => due);
    const steps = gaps.slice(1).map((due, i) => due - gaps[i]!);
    for (const step of steps) expect(Math.abs(step - 10_000)).toBeLessThanOrEqual(1000);
    expect(new Set(steps).size).toBeGreaterThan(5);
  });

  it('do the same for the same seed, and other things for another', async () => {
    const dues = async (seed: string) => {
      const { looks, readers, pass } = site([{ load: 'events', amount: 3, everySeconds: 5 }], async () => {}, seed);
      readers.start();
      await pass(20);
      await readers.stop();
      return looks.map(({ reader, due, draw }) => [reader, due, draw]);
    };
    expect(await dues('a')).toEqual(await dues('a'));
    expect(await dues('a')).not.toEqual(await dues('b'));
  });

  it('never look twice at once: what is due meanwhile is missed, and waited as long as it would have', async () => {
    let release = () => {};
    const { clock, figures, looks, readers, pass } = site(
      [{ load: 'cluster-list', amount: 1, everySeconds: 1 }],
      () => new Promise<void>((resolve) => (release = resolve)),
    );
    readers.start();
    await pass(12);
    expect(looks).toHaveLength(1);
    const { due } = looks[0]!;
    release();
    await pass(0.1);
    const [row] = figures.rows();
    const waited = clock.now() - due;
    expect(row!.looks).toEqual({ answered: 1, failed: 0 });
    expect(row!.missed).toBeGreaterThanOrEqual(9);
    expect(row!.missed).toBeLessThanOrEqual(12);
    // One look, and those that were due while it had no answer, each a pace shorter.
    expect(row!.duration.count).toBe(1 + row!.missed);
    expect(row!.duration.max).toBeGreaterThan(waited - 300);
    expect(row!.duration.quantile(0.5)).toBeGreaterThan(waited / 2 - 1500);
    expect(row!.duration.quantile(0.5)).toBeLessThan(waited / 2 + 1500);
    await pass(2);
    expect(looks).toHaveLength(2);
    await Promise.all([readers.stop(), release()]);
  });

  it('go on after what fails, at their pace', async () => {
    const { figures, readers, pass } = site([{ load: 'events', amount: 4, everySeconds: 2 }], async (look) => {
      look.requested();
      throw new Error('refused');
    });
    readers.start();
    await pass(20);
    await readers.stop();
    const [row] = figures.rows();
    expect(row!.looks.answered).toBe(0);
    expect(row!.looks.failed).toBeGreaterThanOrEqual(34);
    expect(row!.looks.failed).toBeLessThanOrEqual(44);
    expect(row!.requests).toBe(row!.looks.failed);
  });

  it('count a look that the end cuts short only when others were due meanwhile', async () => {
    const { figures, readers, pass } = site(
      [
        { load: 'cluster-list', amount: 1, everySeconds: 1 },
        { load: 'events', amount: 1, everySeconds: 1000 },
      ],
      (look) =>
        new Promise<void>((_, reject) => look.signal.addEventListener('abort', () => reject(look.signal.reason))),
    );
    readers.start();
    await pass(5);
    await readers.stop();
    expect(figures.rows()).toMatchObject([
      { looks: { answered: 0, failed: 1 }, missed: expect.any(Number) },
      { looks: { answered: 0, failed: 0 }, missed: 0 },
    ]);
    expect(figures.rows()[0]!.missed).toBeGreaterThan(2);
  });
});
