import { expect, it } from 'vitest';
import { parsePlan } from './load.ts';

const boot = (given: object) => parsePlan({ clusters: [{ topology: 'sno' }], boot: given }, 'p.yaml').boot;

it('is off unless a plan says where from', () => {
  expect(parsePlan({ clusters: [{ topology: 'sno' }] }, 'p.yaml').boot).toBeNull();
  expect(boot({})).toBeNull();
  expect(boot({ from: 'none', share: 0.5 })).toBeNull();
});

it('has a gigabit port for each host and no limit in all', () => {
  expect(boot({ from: 'iso' })).toEqual({
    from: 'iso',
    share: 1,
    ratePerHost: 100e6,
    rateTotal: null,
    readBytes: 1e6,
  });
});

it('reads rates and sizes', () => {
  const given = { from: 'ipxe', share: 0.25, rate_per_host: '1.5MB/s', rate_total: '2GB/s', read_size: '64kB' };
  expect(boot(given)).toEqual({ from: 'ipxe', share: 0.25, ratePerHost: 1.5e6, rateTotal: 2e9, readBytes: 64_000 });
});
