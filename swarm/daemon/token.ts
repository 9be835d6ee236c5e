/** The secret that clients of the daemon must know. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readFileSync, writeFileSync } from 'node:fs';

/** Bytes of randomness in a token that is made here. */
const TOKEN_BYTES = 32;
/** What a token may look like: RFC 6750's b64token, long enough not to be guessed. */
const TOKEN = /^[A-Za-z0-9._~+/-]{16,512}=*$/;
const TOKEN_ALLOWED = '16 to 512 letters, digits and -._~+/ in one line';

export class AccessToken {
  readonly #digest: Buffer;

  constructor(text: string) {
    this.#digest = digestOf(text);
  }

  /** Compares in a time that says nothing of the token. */
  is(text: string): boolean {
    return timingSafeEqual(digestOf(text), this.#digest);
  }
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** A token that is kept in a file. */
export interface TokenFile {
  token: AccessToken;
  /** The file was made now, with a new token. */
  created: boolean;
  /** Others than its owner may read the file, beside the group of one that is somebody else's: so Kubernetes hands out Secrets. */
  exposed: boolean;
}

/**
 * The token in a file, so that it stays the same over restarts; makes the file (mode 0600) with a new token when it is missing.
 * @throws Error whose message continues the name of the file: "cannot be read (EACCES)", "holds no token; allowed: …".
 */
export function tokenFromFile(path: string): TokenFile {
  const text = randomBytes(TOKEN_BYTES).toString('base64url');
  try {
    writeFileSync(path, `${text}\n`, { flag: 'wx', mode: 0o600 });
    return { token: new AccessToken(text), created: true, exposed: false };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST') throw new Error(`cannot be made (${code})`, { cause: error });
  }
  return { ...readToken(path), created: false };
}

function readToken(path: string): Pick<TokenFile, 'token' | 'exposed'> {
  let file: number;
  try {
    // A pipe without a writer would hold up the start for ever.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw new Error(`cannot be read (${(error as NodeJS.ErrnoException).code})`, { cause: error });
  }
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) throw new Error('is not a regular file');
    if (stat.size > 4096) throw new Error(`holds no token; allowed: ${TOKEN_ALLOWED}`);
    const text = readFileSync(file, 'utf8').trim();
    if (!TOKEN.test(text)) throw new Error(`holds no token; allowed: ${TOKEN_ALLOWED}`);
    return {
      token: new AccessToken(text),
      exposed: (stat.mode & (stat.uid === process.getuid?.() ? 0o077 : 0o027)) !== 0,
    };
  } finally {
    closeSync(file);
  }
}
