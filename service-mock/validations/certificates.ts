/** Certificates that users give. Upstream: assisted-service, pkg/validations/validations.go, ValidateCaCertificate, and internal/cluster/validations/validations.go, ValidatePEMCertificateBundle. */
import { X509Certificate } from 'node:crypto';

/** Why a base64 text holds no certificate; undefined when it does. */
export function caCertificateProblem(text: string): string | undefined {
  const letters = text.replaceAll(/[\r\n]/g, '');
  const stray = /[^A-Za-z0-9+/]/.exec(letters.replace(/={0,2}$/, ''));
  const isPadded = letters.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(letters);
  if (stray || !isPadded) {
    const position = stray ? stray.index : letters.length - (letters.length % 4);
    return `failed to decode certificate: illegal base64 data at input byte ${position}`;
  }
  let rest = Buffer.from(letters, 'base64').toString('latin1');
  let hasCertificate = false;
  for (let block = nextBlock(rest); block; block = nextBlock(rest)) {
    if (block.type === 'CERTIFICATE' && isCertificate(block.bytes)) hasCertificate = true;
    rest = block.rest;
  }
  return hasCertificate ? undefined : 'unable to parse certificate';
}

/** Why a text is not one certificate after another; undefined when it is. */
export function certificateBundleProblem(text: string): string | undefined {
  let rest = text;
  do {
    const block = nextBlock(rest);
    if (!block) return 'invalid block';
    if (!isCertificate(block.bytes)) return 'parse failed: x509: malformed certificate';
    rest = block.rest;
  } while (rest !== '');
  return undefined;
}

interface Block {
  readonly type: string;
  readonly bytes: Buffer;
  /** What follows the block's last line. */
  readonly rest: string;
}

const BLOCK =
  /(?:^|\n)-----BEGIN ([^\n]*?)-----[ \t\r]*\n((?:[A-Za-z0-9-]+:[^\n]*\n)*)([A-Za-z0-9+/=\s]*)-----END \1-----[ \t\r]*(?:\n|$)/;

/** The first block of a PEM text. Upstream: Go, encoding/pem, Decode. */
function nextBlock(text: string): Block | undefined {
  const found = BLOCK.exec(text);
  if (!found) return undefined;
  return {
    type: found[1]!,
    bytes: Buffer.from(found[3]!, 'base64'),
    rest: text.slice(found.index + found[0].length),
  };
}

function isCertificate(bytes: Buffer): boolean {
  try {
    new X509Certificate(bytes);
    return true;
  } catch {
    return false;
  }
}
