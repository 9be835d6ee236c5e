import { isIP } from 'node:net';

/** PEM texts. */
export interface KeyPair {
  key: string;
  cert: string;
}

/** A certificate authority of its own, made on the spot; nothing else trusts it. */
export class CertificateAuthority {
  readonly #pair: KeyPair;

  private constructor(pair: KeyPair) {
    this.#pair = pair;
  }

  /** @param name common name of its certificate */
  static async create(name: string): Promise<CertificateAuthority> {
    const pems = await generate(name, [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, digitalSignature: true, critical: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: name }] },
    ]);
    return new CertificateAuthority(pems);
  }

  /** PEM for `certificate-authority-data` and `ca.crt`. */
  get cert(): string {
    return this.#pair.cert;
  }

  /** A server certificate. @param name common name @param hosts DNS names and IP addresses clients will call */
  issue(name: string, hosts: readonly string[]): Promise<KeyPair> {
    const altNames = hosts.map((host) =>
      isIP(host) ? ({ type: 7, ip: host } as const) : ({ type: 2, value: host } as const),
    );
    return generate(
      name,
      [
        { name: 'basicConstraints', cA: false, critical: true },
        { name: 'keyUsage', digitalSignature: true, critical: true },
        { name: 'extKeyUsage', serverAuth: true },
        { name: 'subjectAltName', altNames },
      ],
      this.#pair,
    );
  }
}

type Extensions = NonNullable<NonNullable<Parameters<typeof import('selfsigned')['generate']>[1]>['extensions']>;

const YEAR_MS = 365 * 24 * 3600_000;

async function generate(commonName: string, extensions: Extensions, ca?: KeyPair): Promise<KeyPair> {
  // Loaded when TLS is asked for: plain HTTP starts without it.
  const { generate: make } = await import('selfsigned');
  // Certificates are judged by the peers' wall clocks, whatever time the cluster simulates.
  const now = Date.now();
  const pems = await make([{ name: 'commonName', value: commonName }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(now - 3600_000),
    notAfterDate: new Date(now + YEAR_MS),
    extensions,
    ...(ca && { ca }),
  });
  return { key: pems.private, cert: pems.cert };
}
