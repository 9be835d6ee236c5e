/** What a kubelet signs to ask for its certificates: a PKCS #10 request that approvers can parse and check. */
import { generateKeyPairSync, sign } from 'node:crypto';
import { isIP } from 'node:net';
import { CertificationRequest, CertificationRequestInfo } from '@peculiar/asn1-csr';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import {
  AlgorithmIdentifier,
  Attribute,
  AttributeTypeAndValue,
  AttributeValue,
  Extension,
  Extensions,
  GeneralName,
  id_ce_subjectAltName,
  Name,
  RelativeDistinguishedName,
  SubjectAlternativeName,
  SubjectPublicKeyInfo,
} from '@peculiar/asn1-x509';

export interface KubeletRequest {
  nodeName: string;
  /** IP addresses that a serving certificate is for; a client's has none. */
  addresses: readonly string[];
  purpose: 'client' | 'serving';
}

/** One for all nodes: approvers look at names, and making a key costs more than all the rest. */
let keys: ReturnType<typeof newKeys> | undefined;
const newKeys = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });

const COMMON_NAME = '2.5.4.3';
const ORGANIZATION = '2.5.4.10';
const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';
const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';

/**
 * PEM of a signed request, as kubelets make them: kubernetes, pkg/kubelet/certificate/kubelet.go (serving: DNS name and
 * addresses of the node) and bootstrap/bootstrap.go (client: the node's user and group alone).
 */
export function kubeletRequest({ nodeName, addresses, purpose }: KubeletRequest): string {
  keys ??= newKeys();
  const { publicKey, privateKey } = keys;
  const info = new CertificationRequestInfo({
    subject: new Name([attribute(ORGANIZATION, 'system:nodes'), attribute(COMMON_NAME, `system:node:${nodeName}`)]),
    subjectPKInfo: AsnConvert.parse(publicKey.export({ type: 'spki', format: 'der' }), SubjectPublicKeyInfo),
  });
  if (purpose === 'serving') info.attributes.push(alternativeNames(nodeName, addresses));
  const request = new CertificationRequest({
    certificationRequestInfo: info,
    signatureAlgorithm: new AlgorithmIdentifier({ algorithm: ECDSA_WITH_SHA256 }),
    signature: arrayBuffer(sign('sha256', Buffer.from(AsnConvert.serialize(info)), privateKey)),
  });
  const base64 = Buffer.from(AsnConvert.serialize(request)).toString('base64');
  return `-----BEGIN CERTIFICATE REQUEST-----\n${base64.replaceAll(/.{1,64}/g, '$&\n')}-----END CERTIFICATE REQUEST-----\n`;
}

function attribute(type: string, value: string): RelativeDistinguishedName {
  return new RelativeDistinguishedName([
    new AttributeTypeAndValue({ type, value: new AttributeValue({ utf8String: value }) }),
  ]);
}

function alternativeNames(nodeName: string, addresses: readonly string[]): Attribute {
  const names = new SubjectAlternativeName([
    new GeneralName({ dNSName: nodeName }),
    ...addresses.filter((address) => isIP(address) !== 0).map((address) => new GeneralName({ iPAddress: address })),
  ]);
  const extensions = new Extensions([
    new Extension({ extnID: id_ce_subjectAltName, extnValue: new OctetString(AsnConvert.serialize(names)) }),
  ]);
  return new Attribute({ type: EXTENSION_REQUEST, values: [AsnConvert.serialize(extensions)] });
}

function arrayBuffer(bytes: Buffer): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
