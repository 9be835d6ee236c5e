import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type HostLink, PACKET_BYTES } from './host-link.ts';
import { LinkPath } from './link-path.ts';
import { draws, testLink } from './testing/links.ts';
import { ManualLinkClock } from './testing/manual-link-clock.ts';

const clock = new ManualLinkClock();

function flight(link: HostLink, bytes: number, nowMs = 0): [bytes: number, atMs: number][] {
  const arrivals: [number, number][] = [];
  expect(new LinkPath(link).up.send(bytes, nowMs, (...arrival) => arrivals.push(arrival))).toBeNull();
  return arrivals;
}

/** The packet with this number, from 0, is lost, and no other. */
function losing(packet: number, loss: number): () => number {
  // A number in the middle of those that give such a gap.
  const numbers = [1 - (1 - loss) ** (packet + 0.5), 0.999999];
  return () => numbers.shift() ?? 0.999999;
}

describe('a direction of a connection', () => {
  it('brings a flight one way later, all at once', () => {
    expect(flight(testLink(clock, { figures: { delayMs: 25 } }), 100_000, 7)).toEqual([[100_000, 32]]);
  });

  it('sends by the bandwidth, and the next flight after the one before', () => {
    const link = testLink(clock, { figures: { delayMs: 10, bytesPerSecond: 1e6 } });
    const first = flight(link, 100_000);
    expect(first.at(-1)![1]).toBeCloseTo(110);
    expect(first.reduce((sum, [bytes]) => sum + bytes, 0)).toBe(100_000);
    // In pieces of a few milliseconds, each there when its last byte is.
    expect(first[0]![1]).toBeCloseTo(10 + first[0]![0] / 1000);
    expect(first.length).toBeGreaterThan(20);
    // Another connection of the machine waits for its line, and other directions do not.
    expect(flight(link, 1000, 50).at(-1)![1]).toBeCloseTo(111);
    expect(flight(link.ofMany(), 1000, 50).at(-1)![1]).toBeCloseTo(61);
    const down: number[] = [];
    new LinkPath(link).down.send(1000, 50, (_, atMs) => down.push(atMs));
    expect(down.at(-1)).toBeCloseTo(61);
  });

  it('lets what is behind a lost packet wait for it', () => {
    const link = testLink(clock, { figures: { delayMs: 25, loss: 0.01 }, random: losing(2, 0.01) });
    // Ten packets, seven behind the lost one: a round trip.
    expect(flight(link, 10 * PACKET_BYTES)).toEqual([
      [2 * PACKET_BYTES, 25],
      [PACKET_BYTES, 75],
      [7 * PACKET_BYTES, 75],
    ]);
  });

  it('waits for the time-out at the end of a flight', () => {
    const link = testLink(clock, { figures: { delayMs: 25, loss: 0.01 }, random: losing(0, 0.01) });
    expect(flight(link, 500)).toEqual([[500, 275]]);
  });

  it('brings the end behind everything else', () => {
    const link = testLink(clock, { figures: { delayMs: 25, loss: 0.01 }, random: losing(0, 0.01) });
    const { up } = new LinkPath(link);
    up.send(500, 0, () => {});
    expect(up.end(10)).toBe(275);
    expect(up.end(300)).toBe(325);
  });

  it('has means and a tail as calculated by hand', () => {
    // A flight of one packet: 1 % wait 250 ms for a time-out, 1 % of these another 500 ms.
    const link = testLink(clock, { figures: { delayMs: 25, loss: 0.01 }, random: draws('tail') });
    const flights = 50_000;
    const times: number[] = [];
    for (let i = 0; i < flights; i++) new LinkPath(link).up.send(400, 0, (_, atMs) => times.push(atMs));
    const mean = times.reduce((sum, ms) => sum + ms, 0) / flights;
    expect(Math.abs(mean - (25 + 0.01 * 250 + 0.01 ** 2 * 500))).toBeLessThan(0.5);
    const late = times.filter((ms) => ms >= 275).length / flights;
    expect(late).toBeGreaterThan(0.008);
    expect(late).toBeLessThan(0.012);
    expect(times.filter((ms) => ms >= 775).length).toBeGreaterThan(0);
  });

  it('brings all bytes, in order, never sooner than the way takes', () => {
    const figures = fc.record({
      delayMs: fc.double({ min: 0, max: 200, noNaN: true }),
      jitterMs: fc.constant(0),
      loss: fc.double({ min: 0, max: 0.5, noNaN: true }),
      bytesPerSecond: fc.option(fc.integer({ min: 1000, max: 1e9 })),
    });
    const sends = fc.array(fc.tuple(fc.integer({ min: 1, max: 200_000 }), fc.integer({ min: 0, max: 1000 })), {
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(figures, sends, fc.string(), (link, flights, seed) => {
        const { up } = new LinkPath(testLink(clock, { figures: link, random: draws(seed) }));
        let now = 0;
        let before = 0;
        for (const [bytes, pause] of flights) {
          now += pause;
          let sum = 0;
          const givenUp = up.send(bytes, now, (some, atMs) => {
            if (some <= 0 || atMs < before || atMs < now + link.delayMs - 1e-9) sum = Number.NaN;
            before = atMs;
            sum += some;
          });
          if (givenUp !== null) return;
          expect(sum).toBe(bytes);
        }
      }),
    );
  });

  it('knows how long something was under way', async () => {
    const path = new LinkPath(testLink(clock));
    path.busy();
    await clock.advance(10);
    path.busy();
    await clock.advance(5);
    expect(path.heldMs).toBe(15);
    path.free();
    path.free();
    await clock.advance(100);
    expect(path.heldMs).toBe(15);
  });
});
