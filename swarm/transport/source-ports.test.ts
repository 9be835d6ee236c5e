import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PORTS_PER_SOURCE_ADDRESS, SourcePorts } from './source-ports.ts';

const addresses = ['127.0.0.2', '127.0.0.3', '127.0.0.4'];

test('every pair of address and port comes once before any comes again, and threads never get the same', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (count, start) => {
        const seen = new Set<string>();
        for (let index = 0; index < count; index++) {
          const ports = new SourcePorts(addresses.slice(0, 2), { index, count }, start);
          const own = Math.floor((PORTS_PER_SOURCE_ADDRESS - index - 1) / count) + 1;
          const first = ports.next();
          seen.add(`${first.localAddress}:${first.localPort}`);
          for (let n = 1; n < own * 2; n++) {
            const { localAddress, localPort } = ports.next();
            if (localPort < 10_000 || localPort > 65_535) throw new Error(`port ${localPort}`);
            seen.add(`${localAddress}:${localPort}`);
          }
          expect(ports.next()).toEqual(first);
        }
        expect(seen.size).toBe(PORTS_PER_SOURCE_ADDRESS * 2);
      },
    ),
    { numRuns: 8 },
  );
});

test('addresses are used in turn', () => {
  const ports = new SourcePorts(addresses, { index: 0, count: 1 }, 0);
  expect([ports.next(), ports.next(), ports.next(), ports.next()]).toEqual([
    { localAddress: '127.0.0.2', localPort: 10_000 },
    { localAddress: '127.0.0.3', localPort: 10_000 },
    { localAddress: '127.0.0.4', localPort: 10_000 },
    { localAddress: '127.0.0.2', localPort: 10_001 },
  ]);
});
