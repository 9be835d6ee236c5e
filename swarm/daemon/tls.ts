/** The daemon's certificate when it makes one itself. */
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { ServerCertificate } from './http-server.ts';

const YEAR_MS = 365 * 24 * 3600_000;

/**
 * A new self-signed certificate for these names and addresses (IPv6 with or without brackets), valid for a year.
 * Clients trust it by its file or by its {@link fingerprintOf}.
 */
export async function selfSigned(hosts: Iterable<string>): Promise<ServerCertificate> {
  const { generate } = await import('selfsigned');
  const names = new Set([...hosts].map((host) => host.replace(/^\[|\]$/g, '')));
  const altNames = [...names].map((host) =>
    isIP(host) ? ({ type: 7, ip: host } as const) : ({ type: 2, value: host } as const),
  );
  const now = Date.now();
  const made = await generate([{ name: 'commonName', value: 'assisted-swarm' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    // Clocks of other machines may be a little behind.
    notBeforeDate: new Date(now - 3600_000),
    notAfterDate: new Date(now + YEAR_MS),
    extensions: [
      // Its own issuer: a client that is given the file can verify it.
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyCertSign: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames },
    ],
  });
  return { key: made.private, cert: made.cert };
}

/** SHA-256 of a certificate as browsers and openssl show it: `AB:CD:…`. @throws when it is not a PEM certificate */
export function fingerprintOf(cert: string): string {
  return new X509Certificate(cert).fingerprint256;
}
