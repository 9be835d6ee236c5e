import { X509Certificate } from 'node:crypto';
import { expect, it } from 'vitest';
import { INGRESS_CA_BUNDLE } from './ingress-certificate.ts';

it('is a certificate authority that stays valid', () => {
  const certificate = new X509Certificate(INGRESS_CA_BUNDLE);
  expect(certificate.ca).toBe(true);
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  expect(Date.parse(certificate.validFrom)).toBeLessThan(Date.UTC(2026, 0, 1));
  expect(Date.parse(certificate.validTo)).toBeGreaterThan(Date.UTC(2120, 0, 1));
});
