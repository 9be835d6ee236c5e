import { describe, expect, it } from 'vitest';
import { foreignSourceAddress } from './source-addresses.ts';

describe('source addresses', () => {
  it('are this machine’s when a socket can be bound to them', async () => {
    expect(await foreignSourceAddress(['127.0.0.1', '127.0.0.77'])).toBeNull();
    expect(await foreignSourceAddress([])).toBeNull();
  });

  it('are another’s when none can', async () => {
    const own = Array.from({ length: 100 }, (_, i) => `127.0.1.${i}`);
    expect(await foreignSourceAddress([...own, '192.0.2.77'])).toBe('192.0.2.77');
    expect(await foreignSourceAddress(['2001:db8::77'])).toBe('2001:db8::77');
  });
});
