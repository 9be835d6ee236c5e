/** Stalls by hand, and the figures of many packets against what they are expected to be. */
import { describe, expect, it } from 'vitest';
import { CountingObserver, draws, testLink } from './testing/links.ts';
import { ManualLinkClock } from './testing/manual-link-clock.ts';

/** Of a gap so long that no packet is lost, or none at all: the packet is. */
const KEPT = 0.999999;
const LOST = 0;

function scripted(...numbers: number[]): () => number {
  return () => numbers.shift() ?? KEPT;
}

const clock = new ManualLinkClock();

describe('a link', () => {
  it('has figures of the wall clock', () => {
    const { kind } = testLink(clock, {
      figures: { delayMs: 25, jitterMs: 5, loss: 0.01, bytesPerSecond: 1e6 },
      clockSpeed: 10,
    });
    expect(kind).toMatchObject({ delay: 2.5, jitter: 0.5, roundTrip: 5, rto: 25, synRto: 100, bytesPerMs: 10_000 });
  });

  it('has a time-out of the round trip and 200 ms, or what jitter makes of it', () => {
    expect(testLink(clock, { figures: { delayMs: 25 } }).kind.rto).toBe(250);
    expect(testLink(clock, { figures: { delayMs: 300, jitterMs: 300 } }).kind.rto).toBe(600 + 800);
  });

  it.each([
    ['three packets behind it tell of the loss', 3, [KEPT], 50],
    ['fewer leave it to the time-out', 2, [KEPT], 250],
    ['it is lost again, after it was told', 3, [LOST, KEPT], 50 + 250],
    ['it is lost three times', 0, [LOST, LOST, KEPT], 250 + 500 + 1000],
  ])('keeps waiting what is behind a lost packet: %s', (_, behind, numbers, ms) => {
    const observer = new CountingObserver();
    const link = testLink(clock, { figures: { delayMs: 25, loss: 0.5 }, random: scripted(...numbers), observer });
    expect(link.stallMs(behind)).toEqual({ ms, givenUp: false });
    expect(observer.stalls).toBe(1);
  });

  it('gives a packet up that was sent again fifteen times, after a quarter of an hour', () => {
    const link = testLink(clock, { figures: { loss: 0.5 }, random: () => LOST });
    // 0.2 s, doubled nine times, is 102.4 s; then it is two minutes each: net/ipv4/tcp_timer.c, 924.6 s.
    expect(link.stallMs(0)).toEqual({ ms: 204_600 + 6 * 120_000, givenUp: true });
  });

  it.each([
    ['at once', [KEPT], 25],
    ['after a second when one was lost', [LOST, KEPT], 1025],
    ['after 1 s, 3 s and 7 s', [LOST, LOST, LOST, KEPT], 7025],
  ])('lets a SYN arrive %s', (_, numbers, ms) => {
    const link = testLink(clock, { figures: { delayMs: 25, loss: 0.5 }, random: scripted(...numbers) });
    expect(link.synMs()).toEqual({ ms, givenUp: false });
  });

  it('gives a SYN up after 127 s', () => {
    const link = testLink(clock, { figures: { loss: 0.5 }, random: () => LOST });
    expect(link.synMs()).toEqual({ ms: 127_000, givenUp: true });
  });

  it.each([0.0002, 0.01, 0.3])('loses a share of %d of its packets, one by one or many at once', (loss) => {
    const packets = 300_000;
    for (const flight of [1, 10, 1000]) {
      const link = testLink(clock, { figures: { loss }, random: draws(`loss ${flight}`) });
      let lost = 0;
      for (let sent = 0; sent < packets; ) {
        const passing = link.passing(Math.min(flight, packets - sent));
        sent += passing;
        if (passing === Math.min(flight, packets - sent + passing)) continue;
        lost++;
        sent++;
      }
      const expected = packets * loss;
      expect(Math.abs(lost - expected)).toBeLessThan(4 * Math.sqrt(expected));
    }
  });

  it('takes as long as its delay on the average, within its jitter', () => {
    const link = testLink(clock, { figures: { delayMs: 25, jitterMs: 10 } });
    const ways = Array.from({ length: 10_000 }, () => link.wayMs());
    expect(Math.min(...ways)).toBeGreaterThanOrEqual(15);
    expect(Math.max(...ways)).toBeLessThanOrEqual(35);
    expect(ways.reduce((sum, ms) => sum + ms, 0) / ways.length).toBeCloseTo(25, 0);
  });
});
