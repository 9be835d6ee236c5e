import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kubeletRequest } from '../../../controller-mock/worlds/spoke/kubelet-request.ts';
import { parseCertificateRequest } from './certificate-request.ts';

/** Of `openssl req -newkey ec`, with CN system:node:a.b, O system:nodes, DNS a.b and an address. */
const REAL = `-----BEGIN CERTIFICATE REQUEST-----
MIIBEzCBugIBADAxMRUwEwYDVQQKDAxzeXN0ZW06bm9kZXMxGDAWBgNVBAMMD3N5
c3RlbTpub2RlOmEuYjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABP7NgKk3WNUI
Ycwrcm8j8JRZ+n99HOoy4CiIo2rIwEH3Ta9W7Ha8ijsFNl6VIfkE/9owBeiiOvgl
iQBYJBGD+x6gJzAlBgkqhkiG9w0BCQ4xGDAWMBQGA1UdEQQNMAuCA2EuYocEwAAC
BzAKBggqhkjOPQQDAgNIADBFAiBIKK9Q5nh21YTneA/qVVMPoFk7qf5/+0PeYJ49
irJEVwIhAPwq41Yb2SX0xkrRZ+haWNF01nm2TbQ7DgmWxiqGitVz
-----END CERTIFICATE REQUEST-----`;

describe('a certificate request', () => {
  it('of openssl is read', () => {
    expect(parseCertificateRequest(REAL)).toEqual({
      commonName: 'system:node:a.b',
      organizations: ['system:nodes'],
      dnsNames: ['a.b'],
      emailAddresses: [],
      ipAddresses: ['192.0.2.7'],
    });
  });

  it('of a kubelet is read, whatever its node is called and wherever it is', () => {
    const node = fc.record({
      nodeName: fc.domain(),
      addresses: fc.uniqueArray(fc.ipV4(), { maxLength: 4 }),
      purpose: fc.constantFrom('client' as const, 'serving' as const),
    });
    fc.assert(
      fc.property(node, (one) => {
        const serving = one.purpose === 'serving';
        expect(parseCertificateRequest(kubeletRequest(one))).toEqual({
          commonName: `system:node:${one.nodeName}`,
          organizations: ['system:nodes'],
          dnsNames: serving ? [one.nodeName] : [],
          emailAddresses: [],
          ipAddresses: serving ? one.addresses : [],
        });
      }),
    );
  });

  it('that is cut off or no request is refused', () => {
    const whole = Buffer.from(REAL.replace(/-----.*-----/g, ''), 'base64');
    fc.assert(
      fc.property(fc.nat(whole.length - 1), (end) => {
        const text = whole.subarray(0, end).toString('base64');
        const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${text}\n-----END CERTIFICATE REQUEST-----`;
        expect(() => parseCertificateRequest(pem)).toThrow();
      }),
    );
    expect(() => parseCertificateRequest('x')).toThrow('it holds no certificate request in PEM');
  });
});
