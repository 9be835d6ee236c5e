/** The name server of a lab: answers A questions, knows no other kind. RFC 1035, section 4. */

const HEADER_BYTES = 12;
const TYPE_A = 1;
const CLASS_IN = 1;
const NO_SUCH_NAME = 3;
const NOT_IMPLEMENTED = 4;
const TTL_SECONDS = 60;

/**
 * The response to a query of one question.
 * @param addressOf the address of a name without a dot at its end; null for a name that does not exist
 * @returns null for what is no query
 */
export function answerDns(query: Buffer, addressOf: (name: string) => string | null): Buffer | null {
  if (query.length < HEADER_BYTES || query[2]! & 0x80) return null;
  const question = parseQuestion(query);
  const known = question && query.readUInt16BE(4) === 1 && (query[2]! & 0x78) === 0;
  const address = known ? addressOf(question.name) : null;
  const answers = known && address !== null && question.type === TYPE_A && question.class === CLASS_IN;
  const header = Buffer.alloc(HEADER_BYTES);
  query.copy(header, 0, 0, 2);
  // A response with authority, that can recurse where that was asked for.
  header[2] = 0x84 | (query[2]! & 0x79);
  header[3] = 0x80 | (known ? (address === null ? NO_SUCH_NAME : 0) : NOT_IMPLEMENTED);
  header.writeUInt16BE(known ? 1 : 0, 4);
  header.writeUInt16BE(answers ? 1 : 0, 6);
  return Buffer.concat([
    header,
    known ? query.subarray(HEADER_BYTES, question.end) : Buffer.alloc(0),
    answers ? record(address) : Buffer.alloc(0),
  ]);
}

interface Question {
  name: string;
  type: number;
  class: number;
  /** Offset after it. */
  end: number;
}

/** Undefined when it is cut, or compressed, which no query is. */
function parseQuestion(query: Buffer): Question | undefined {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (;;) {
    const length = query[at];
    if (length === undefined || length > 63) return undefined;
    at++;
    if (length === 0) break;
    if (at + length > query.length) return undefined;
    labels.push(query.toString('latin1', at, at + length));
    at += length;
  }
  if (at + 4 > query.length) return undefined;
  return { name: labels.join('.'), type: query.readUInt16BE(at), class: query.readUInt16BE(at + 2), end: at + 4 };
}

/** An A record for the name of the question. */
function record(address: string): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt16BE(0xc000 | HEADER_BYTES, 0);
  bytes.writeUInt16BE(TYPE_A, 2);
  bytes.writeUInt16BE(CLASS_IN, 4);
  bytes.writeUInt32BE(TTL_SECONDS, 6);
  bytes.writeUInt16BE(4, 10);
  for (const [index, part] of address.split('.').entries()) bytes[12 + index] = Number(part);
  return bytes;
}
