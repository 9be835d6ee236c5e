import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalQuantity, quantityValue } from './quantity.ts';

describe('canonicalQuantity', () => {
  it.each([
    ['1000m', '1'],
    ['0.5', '500m'],
    ['.5', '500m'],
    ['1024Mi', '1Gi'],
    ['1.5Gi', '1536Mi'],
    ['0.1Gi', '107374182400m'],
    ['1000Ki', '1000Ki'],
    ['0.5Ki', '512'],
    ['1000', '1k'],
    ['1500', '1500'],
    ['1e3', '1e3'],
    ['12e2', '1200'],
    ['-2000m', '-2'],
    ['0Gi', '0'],
    ['1n', '1n'],
    ['0.1n', '1n'],
    ['+4', '4'],
    ['2.', '2'],
  ])('%s is %s', (given, expected) => {
    expect(canonicalQuantity(given)).toBe(expected);
  });

  it.each(['', 'abc', '1Qi', '1 Gi', '--1', '1.2.3', '1e', 'Gi', '1e999', '1'.repeat(101)])('%j is none', (given) => {
    expect(canonicalQuantity(given)).toBeUndefined();
  });

  it('keeps the value and is its own canonical form', () => {
    const unit = fc.constantFrom('', 'm', 'k', 'M', 'Ki', 'Mi', 'Gi', 'e3');
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.nat(999), unit, (whole, thousandths, suffix) => {
        const text = `${whole}.${String(thousandths).padStart(3, '0')}${suffix}`;
        const canonical = canonicalQuantity(text)!;
        expect(canonicalQuantity(canonical)).toBe(canonical);
        const value = quantityValue(text);
        expect(Math.abs(quantityValue(canonical) - value)).toBeLessThanOrEqual(1e-9 + value * 1e-12);
      }),
    );
  });
});
