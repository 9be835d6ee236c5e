import { Pkcs10CertificateRequest, SubjectAlternativeNameExtension } from '@peculiar/x509';
import { describe, expect, it } from 'vitest';
import { kubeletRequest } from './kubelet-request.ts';

const names = (request: Pkcs10CertificateRequest) => {
  const extension = request.getExtension('2.5.29.17');
  return extension && new SubjectAlternativeNameExtension(extension.rawData).names.toJSON();
};

describe("a kubelet's request", () => {
  it('for a client certificate names the node and nothing else', async () => {
    const request = new Pkcs10CertificateRequest(
      kubeletRequest({ nodeName: 'n1', addresses: ['10.0.0.1'], purpose: 'client' }),
    );
    expect(request.subject).toBe('O=system:nodes, CN=system:node:n1');
    expect(names(request)).toBeFalsy();
    expect(await request.verify()).toBe(true);
  });

  it('for a serving certificate names where the node is reached', async () => {
    const addresses = ['10.0.0.1', 'fd00::17'];
    const request = new Pkcs10CertificateRequest(
      kubeletRequest({ nodeName: 'n1.example.com', addresses, purpose: 'serving' }),
    );
    expect(request.subject).toBe('O=system:nodes, CN=system:node:n1.example.com');
    expect(names(request)).toEqual([
      { type: 'dns', value: 'n1.example.com' },
      { type: 'ip', value: '10.0.0.1' },
      { type: 'ip', value: expect.stringMatching(/^fd00:(0:0:0:0:0:0:|:)17$/) },
    ]);
    expect(await request.verify()).toBe(true);
  });
});
