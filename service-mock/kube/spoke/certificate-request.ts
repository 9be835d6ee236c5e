/** What a certificate request is for: subject and alternative names of PKCS #10 (RFC 2986, RFC 5280), in PEM. */
import { CertificationRequest } from '@peculiar/asn1-csr';
import { AsnConvert } from '@peculiar/asn1-schema';
import { Extensions, id_ce_subjectAltName, type Name, SubjectAlternativeName } from '@peculiar/asn1-x509';

export interface CertificateSubject {
  commonName: string;
  organizations: string[];
  dnsNames: string[];
  emailAddresses: string[];
  /** As texts, IPv6 in any of its forms. */
  ipAddresses: string[];
}

const COMMON_NAME = '2.5.4.3';
const ORGANIZATION = '2.5.4.10';
const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';

/** @throws Error for a text that holds no certificate request. */
export function parseCertificateRequest(pem: string): CertificateSubject {
  const body = /-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----([\s\S]+?)-----END/.exec(pem)?.[1];
  if (body === undefined) throw new Error('it holds no certificate request in PEM');
  const { certificationRequestInfo: info } = AsnConvert.parse(Buffer.from(body, 'base64'), CertificationRequest);
  const names = alternativeNames(info.attributes);
  return {
    commonName: partsOf(info.subject, COMMON_NAME).at(-1) ?? '',
    organizations: partsOf(info.subject, ORGANIZATION),
    dnsNames: names.flatMap(({ dNSName }) => dNSName ?? []),
    emailAddresses: names.flatMap(({ rfc822Name }) => rfc822Name ?? []),
    ipAddresses: names.flatMap(({ iPAddress }) => iPAddress ?? []),
  };
}

function partsOf(name: Name, wanted: string): string[] {
  return name.flatMap((part) => part.filter(({ type }) => type === wanted).map(({ value }) => value.toString()));
}

function alternativeNames(attributes: CertificationRequest['certificationRequestInfo']['attributes']) {
  const requested = attributes.find(({ type }) => type === EXTENSION_REQUEST)?.values[0];
  if (!requested) return [];
  const extension = AsnConvert.parse(requested, Extensions).find(({ extnID }) => extnID === id_ce_subjectAltName);
  return extension ? [...AsnConvert.parse(extension.extnValue, SubjectAlternativeName)] : [];
}
