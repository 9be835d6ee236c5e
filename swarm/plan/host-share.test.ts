import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chosenHosts, disjointHosts } from './host-share.ts';

const row = (length: number) => Array.from({ length }, (_, index) => index);

describe('a share of the hosts', () => {
  it.each([
    [0, 1000, 0],
    [0.2, 1000, 200],
    [0.0004, 1000, 1],
    [0.1234, 1000, 123],
    [1, 1000, 1000],
    [0.5, 1, 1],
    [0.5, 0, 0],
  ])('%d of %d hosts are %d', (share, hosts, amount) => {
    expect(chosenHosts(share, row(hosts), 'seed', 'test').size).toBe(amount);
  });

  it('is the same for a seed, and another for another seed or name', () => {
    const of = (seed: string, name: string) => [...chosenHosts(0.1, row(1000), seed, name)];
    expect(of('a', 'x')).toEqual(of('a', 'x'));
    expect(of('a', 'x')).not.toEqual(of('b', 'x'));
    expect(of('a', 'x')).not.toEqual(of('a', 'y'));
  });

  it('is spread over the whole row, and over the places in a cluster', () => {
    const some = chosenHosts(0.2, row(6000), 'seed', 'test');
    for (let from = 0; from < 6000; from += 600) {
      const part = [...some].filter((host) => host >= from && host < from + 600);
      expect(part.length).toBeGreaterThanOrEqual(119);
      expect(part.length).toBeLessThanOrEqual(121);
    }
    for (let place = 0; place < 5; place++) {
      const share = [...some].filter((host) => host % 5 === place).length / some.size;
      expect(share).toBeGreaterThan(0.15);
      expect(share).toBeLessThan(0.25);
    }
  });

  it('has nobody in common with another one', () => {
    const shares = fc.array(fc.integer({ min: 0, max: 25 }), { maxLength: 4 });
    fc.assert(
      fc.property(shares, fc.integer({ min: 0, max: 500 }), fc.string(), (percents, hosts, seed) => {
        const all = disjointHosts(
          percents.map((percent) => percent / 100),
          row(hosts),
          seed,
          'test',
        );
        const union = new Set(all.flatMap((one) => [...one]));
        expect(union.size).toBe(all.reduce((sum, { size }) => sum + size, 0));
        for (const [number, { size }] of all.entries()) {
          const exact = (hosts * percents[number]!) / 100;
          if (hosts >= 8) expect(Math.abs(size - exact)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });
});
