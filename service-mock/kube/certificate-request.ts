/** Certificate requests: subject and alternative names of PKCS #10 (RFC 2986, RFC 5280), in DER within PEM. */

export interface CertificateSubject {
  commonName: string;
  organizations: string[];
  dnsNames: string[];
  emailAddresses: string[];
  /** As bytes: 4 of IPv4, 16 of IPv6. */
  ipAddresses: Buffer[];
}

interface Element {
  tag: number;
  content: Buffer;
}

const COMMON_NAME = Buffer.from([0x55, 0x04, 0x03]);
const ORGANIZATION = Buffer.from([0x55, 0x04, 0x0a]);
const EXTENSION_REQUEST = Buffer.from([0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x0e]);
const ALTERNATIVE_NAMES = Buffer.from([0x55, 0x1d, 0x11]);
/** Elliptic curve keys (RFC 5480) and signatures (RFC 5758). */
const PUBLIC_KEY = Buffer.from([0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01]);
const P256 = Buffer.from([0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]);
const ECDSA_SHA256 = Buffer.from([0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]);
const ATTRIBUTES = 0xa0;
const EMAIL = 0x81;
const DNS = 0x82;
const IP = 0x87;

/** @throws Error for a text that holds no certificate request. */
export function parseCertificateRequest(pem: string): CertificateSubject {
  const body = /-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----([\s\S]+?)-----END/.exec(pem)?.[1];
  if (body === undefined) throw new Error('it holds no certificate request in PEM');
  const [request] = elements(Buffer.from(body, 'base64'));
  const [info] = elements(contentOf(request));
  const [, subject, , ...rest] = elements(contentOf(info));
  const names = nameParts(contentOf(subject));
  const attributes = rest.find(({ tag }) => tag === ATTRIBUTES);
  const alternatives = attributes ? alternativeNames(attributes.content) : [];
  const of = (wanted: number) => alternatives.filter(({ tag }) => tag === wanted).map(({ content }) => content);
  return {
    commonName: names.find(({ type }) => type.equals(COMMON_NAME))?.value ?? '',
    organizations: names.filter(({ type }) => type.equals(ORGANIZATION)).map(({ value }) => value),
    dnsNames: of(DNS).map(String),
    emailAddresses: of(EMAIL).map(String),
    ipAddresses: of(IP),
  };
}

function contentOf(element: Element | undefined): Buffer {
  if (!element) throw new Error('the certificate request is cut off');
  return element.content;
}

/** The elements that follow one another in DER. @throws Error for lengths beyond the end. */
function elements(der: Buffer): Element[] {
  const found: Element[] = [];
  for (let at = 0; at < der.length; ) {
    const tag = der[at]!;
    let length = der[at + 1] ?? 0;
    let start = at + 2;
    if (length >= 0x80) {
      const bytes = length & 0x7f;
      length = bytes > 0 && bytes <= 4 && start + bytes <= der.length ? der.readUIntBE(start, bytes) : Number.NaN;
      start += bytes;
    }
    const end = start + length;
    if (!(end <= der.length)) throw new Error('the certificate request is not valid DER');
    found.push({ tag, content: der.subarray(start, end) });
    at = end;
  }
  return found;
}

/** Types and texts of a name: sets of pairs. */
function nameParts(der: Buffer): { type: Buffer; value: string }[] {
  return elements(der).flatMap((set) =>
    elements(set.content).map((pair) => {
      const [type, value] = elements(pair.content);
      return { type: contentOf(type), value: contentOf(value).toString('utf8') };
    }),
  );
}

function alternativeNames(attributes: Buffer): Element[] {
  for (const attribute of elements(attributes)) {
    const [type, values] = elements(attribute.content);
    if (!contentOf(type).equals(EXTENSION_REQUEST)) continue;
    const [list] = elements(contentOf(values));
    for (const extension of elements(contentOf(list))) {
      const [id, ...more] = elements(extension.content);
      // The last part is the value; a flag may stand before it.
      if (contentOf(id).equals(ALTERNATIVE_NAMES)) return elements(contentOf(elements(contentOf(more.at(-1)))[0]));
    }
  }
  return [];
}

/** A certificate request for a subject, with a key and a signature of zeros: nobody proves anything by it. */
export function makeCertificateRequest({
  commonName,
  organizations,
  dnsNames,
  emailAddresses,
  ipAddresses,
}: CertificateSubject): string {
  const names = [...organizations.map((text) => [ORGANIZATION, text] as const), [COMMON_NAME, commonName] as const].map(
    ([type, text]) => der(0x31, der(0x30, der(0x06, type), der(0x0c, Buffer.from(text)))),
  );
  const alternatives = [
    ...dnsNames.map((text) => der(DNS, Buffer.from(text))),
    ...emailAddresses.map((text) => der(EMAIL, Buffer.from(text))),
    ...ipAddresses.map((bytes) => der(IP, bytes)),
  ];
  const extension = der(0x30, der(0x06, ALTERNATIVE_NAMES), der(0x04, der(0x30, ...alternatives)));
  const attribute = der(0x30, der(0x06, EXTENSION_REQUEST), der(0x31, der(0x30, extension)));
  const bits = der(0x03, Buffer.alloc(65));
  const info = der(
    0x30,
    der(0x02, Buffer.from([0])),
    der(0x30, ...names),
    der(0x30, der(0x30, der(0x06, PUBLIC_KEY), der(0x06, P256)), bits),
    der(ATTRIBUTES, ...(alternatives.length > 0 ? [attribute] : [])),
  );
  const text = der(0x30, info, der(0x30, der(0x06, ECDSA_SHA256)), bits).toString('base64');
  return `-----BEGIN CERTIFICATE REQUEST-----\n${text.replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE REQUEST-----\n`;
}

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const head =
    length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), content]);
}
