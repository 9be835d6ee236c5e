/** PEM blocks that hold requests for certificates, or certificates. */
import { createPrivateKey, createPublicKey, verify, X509Certificate } from 'node:crypto';
import { CertificationRequest } from '@peculiar/asn1-csr';
import { AsnConvert } from '@peculiar/asn1-schema';

interface Block {
  readonly type: string;
  readonly hasHeaders: boolean;
  readonly bytes: Buffer;
}

const BLOCK = /-----BEGIN ([^\n]*?)-----[ \t\r]*\n([\s\S]*?)-----END \1-----/g;

/** encoding/pem Decode, over and over: what is no block is passed over. */
function blocksOf(pem: Buffer): Block[] {
  return [...pem.toString('latin1').matchAll(BLOCK)].map(([, type = '', body = '']) => {
    const lines = body.split('\n');
    const isHeader = (line: string) => line.includes(':');
    const data = lines.filter((line) => !isHeader(line)).join('');
    return { type, hasHeaders: lines.some(isHeader), bytes: Buffer.from(data, 'base64') };
  });
}

/** Digests of the signatures that Go checks; those without one have their own. */
const DIGESTS: Readonly<Record<string, string | null>> = {
  '1.2.840.113549.1.1.5': 'sha1',
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.1': 'sha1',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  '1.3.101.112': null,
};

/** What is wrong with a request for a certificate: kubernetes, pkg/apis/certificates/helpers.go ParseCSR and CheckSignature. */
export function requestFault(pem: Buffer): string | undefined {
  const [block] = blocksOf(pem);
  if (block?.type !== 'CERTIFICATE REQUEST') return 'PEM block type must be CERTIFICATE REQUEST';
  try {
    const request = AsnConvert.parse(block.bytes, CertificationRequest);
    const info = Buffer.from(
      request.certificationRequestInfoRaw ?? AsnConvert.serialize(request.certificationRequestInfo),
    );
    const spki = Buffer.from(AsnConvert.serialize(request.certificationRequestInfo.subjectPKInfo));
    const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    const digest = DIGESTS[request.signatureAlgorithm.algorithm];
    if (digest === undefined) return 'x509: cannot verify signature: algorithm unimplemented';
    if (verify(digest, info, key, Buffer.from(request.signature))) return undefined;
    return key.asymmetricKeyType === 'rsa' ? 'crypto/rsa: verification error' : 'x509: ECDSA verification failure';
  } catch {
    return "asn1: structure error: tags don't match";
  }
}

/** What crypto/tls X509KeyPair says of a certificate and its key, as far as blocks tell. */
export function keyPairFault(certificate: Buffer, key: Buffer): string | undefined {
  const [certificates, keys] = [blocksOf(certificate), blocksOf(key)];
  const first = certificates.find(({ type }) => type === 'CERTIFICATE');
  if (!first)
    return absent(certificates, 'certificate', 'tls: failed to find "CERTIFICATE" PEM block in certificate input');
  const secret = keys.find(({ type }) => type === 'PRIVATE KEY' || type.endsWith(' PRIVATE KEY'));
  if (!secret)
    return absent(keys, 'key', 'tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input');
  try {
    const parsed = new X509Certificate(first.bytes);
    return parsed.checkPrivateKey(createPrivateKey(key)) ? undefined : 'tls: private key does not match public key';
  } catch {
    return 'x509: malformed certificate';
  }
}

const absent = (blocks: readonly Block[], what: string, other: string) => {
  if (blocks.length === 0) return `tls: failed to find any PEM data in ${what} input`;
  return `${other} after skipping PEM blocks of the following types: [${blocks.map(({ type }) => type).join(' ')}]`;
};

/** What is wrong with certificates, of which there must be one at least; nothing is fine as well (validateCertificate). */
export function certificateFault(pem: Buffer): string | undefined {
  if (pem.length === 0) return undefined;
  const blocks = blocksOf(pem);
  for (const { type, hasHeaders, bytes } of blocks) {
    if (type !== 'CERTIFICATE') return `only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(type)}`;
    if (hasHeaders) return 'no PEM block headers are permitted';
    if (bytes.length === 0) return 'found CERTIFICATE PEM block containing 0 certificates';
    try {
      new X509Certificate(bytes);
    } catch {
      return 'x509: malformed certificate';
    }
  }
  return blocks.length === 0 ? 'must contain at least one CERTIFICATE PEM block' : undefined;
}
