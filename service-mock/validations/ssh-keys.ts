/**
 * Public keys of users. Upstream: assisted-service, internal/cluster/validations/validations.go, ValidateSSHPublicKey, with
 * golang.org/x/crypto/ssh, keys.go, ParseAuthorizedKey.
 */
import { createPublicKey } from 'node:crypto';

const SSH_KEY =
  /^(ssh-rsa AAAAB3NzaC1yc2|ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNT|ecdsa-sha2-nistp384 AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzOD|ecdsa-sha2-nistp521 AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1Mj|ssh-ed25519 AAAAC3NzaC1lZDI1NTE5|ssh-dss AAAAB3NzaC1kc3)[0-9A-Za-z+/]+[=]{0,3}( .*)?$/;

/** What is wrong with the first line that is no public key; undefined when all are. */
export function sshKeysProblem(text: string): string | undefined {
  for (const line of text.split('\n').map((one) => one.trim())) {
    if (!SSH_KEY.test(line))
      return `SSH key: ${line} does not match any supported type: ssh-rsa, ssh-ed25519, ecdsa-[VARIANT]`;
    const problem = keyProblem(line.split(' ')[1]!);
    if (problem !== undefined)
      return `Malformed SSH key: ${line}: ssh: no key found; last parsing error for ignored line: ${problem}`;
  }
  return undefined;
}

const LARGEST_RSA_BITS = 8192;
const LARGEST_EXPONENT_BITS = 24;
const ED25519_BYTES = 32;
const DSA_BITS = 1024;
const DSA_SUBPRIME_BITS = 160;

/** Why the encoded part of a line is no key. */
function keyProblem(encoded: string): string | undefined {
  const bytes = Buffer.from(encoded, 'base64');
  const strays = encoded.length - bytes.toString('base64').length;
  if (strays !== 0 || encoded.length % 4 !== 0) {
    const end = encoded.indexOf('=');
    const position = end < 0 ? encoded.length - (encoded.length % 4) : end;
    return `illegal base64 data at input byte ${position}`;
  }
  const fields = new Fields(bytes);
  const algorithm = fields.text();
  const problem = algorithm === undefined ? 'ssh: short read' : problemOf(algorithm, fields);
  return fields.rest > 0 && problem === undefined ? 'ssh: trailing junk in public key' : problem;
}

function problemOf(algorithm: string, fields: Fields): string | undefined {
  switch (algorithm) {
    case 'ssh-rsa':
      return rsaProblem(fields.number(), fields.number());
    case 'ssh-ed25519': {
      const key = fields.bytes();
      if (key === undefined) return SHORT;
      return key.length === ED25519_BYTES ? undefined : `invalid size ${key.length} for Ed25519 public key`;
    }
    case 'ecdsa-sha2-nistp256':
    case 'ecdsa-sha2-nistp384':
    case 'ecdsa-sha2-nistp521':
      return curveProblem(fields.text(), fields.bytes());
    case 'ssh-dss':
      return dsaProblem([fields.number(), fields.number(), fields.number(), fields.number()]);
    default:
      return `ssh: unknown key algorithm: ${algorithm}`;
  }
}

const SHORT = 'ssh: short read';
const bitsOf = (number: bigint) => (number === 0n ? 0 : number.toString(2).length);

function rsaProblem(exponent: bigint | undefined, modulus: bigint | undefined): string | undefined {
  if (exponent === undefined || modulus === undefined) return SHORT;
  if (bitsOf(modulus) > LARGEST_RSA_BITS) return 'ssh: rsa modulus too large';
  if (bitsOf(exponent) > LARGEST_EXPONENT_BITS) return 'ssh: exponent too large';
  return exponent < 3n || exponent % 2n === 0n ? 'ssh: incorrect exponent' : undefined;
}

function dsaProblem(numbers: readonly (bigint | undefined)[]): string | undefined {
  const [p, q, g, y] = numbers;
  if (p === undefined || q === undefined || g === undefined || y === undefined) return SHORT;
  if (bitsOf(p) !== DSA_BITS) return `ssh: unsupported DSA key size ${bitsOf(p)}`;
  if (bitsOf(q) !== DSA_SUBPRIME_BITS) return `ssh: unsupported DSA sub-prime size ${bitsOf(q)}`;
  if (g >= p) return 'ssh: DSA generator larger than modulus';
  if (g === 0n) return 'ssh: DSA generator must be positive';
  return y === 0n || y >= p ? 'ssh: DSA public value Y out of range' : undefined;
}

const CURVES: Readonly<Record<string, { crv: string; bytes: number }>> = {
  nistp256: { crv: 'P-256', bytes: 32 },
  nistp384: { crv: 'P-384', bytes: 48 },
  nistp521: { crv: 'P-521', bytes: 66 },
};

function curveProblem(name: string | undefined, point: Buffer | undefined): string | undefined {
  if (name === undefined || point === undefined) return SHORT;
  const curve = CURVES[name];
  if (!curve) return 'ssh: unsupported curve';
  const { crv, bytes } = curve;
  if (point.length !== 1 + 2 * bytes || point[0] !== 4) return 'ssh: invalid curve point';
  try {
    const half = (from: number) => point.subarray(from, from + bytes).toString('base64url');
    createPublicKey({ format: 'jwk', key: { kty: 'EC', crv, x: half(1), y: half(1 + bytes) } });
    return undefined;
  } catch {
    return 'ssh: invalid curve point';
  }
}

/** Parts of an encoded key, each with its length before it. */
class Fields {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Bytes that are left. */
  get rest(): number {
    return this.#bytes.length - this.#at;
  }

  /** undefined when there are too few bytes. */
  bytes(): Buffer | undefined {
    if (this.rest < 4) return undefined;
    const length = this.#bytes.readUInt32BE(this.#at);
    if (this.rest < 4 + length) return undefined;
    this.#at += 4 + length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  text(): string | undefined {
    return this.bytes()?.toString('latin1');
  }

  number(): bigint | undefined {
    const bytes = this.bytes();
    return bytes && BigInt(`0x0${bytes.toString('hex')}`);
  }
}
