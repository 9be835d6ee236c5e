/** Reading the protobuf wire format: tags, varints and byte ranges, with every length checked. */
import { badRequest } from '../api/status.ts';

export type WireType = 0 | 1 | 2 | 5;

export const malformed = (why: string) => badRequest(`the body is not a valid protobuf object: ${why}`);

/** A cursor over one message. Never reads past the end of its range. */
export class WireReader {
  readonly #bytes: Buffer;
  readonly #end: number;
  #at: number;

  constructor(bytes: Buffer, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  get done(): boolean {
    return this.#at >= this.#end;
  }

  /** @throws ApiStatusError 400 */
  tag(): { number: number; wire: WireType } {
    const tag = this.varint();
    const number = Number(tag >> 3n);
    const wire = Number(tag & 7n);
    if (number < 1 || number > 2 ** 29 - 1) throw malformed(`field number ${number} is out of range`);
    if (wire !== 0 && wire !== 1 && wire !== 2 && wire !== 5) {
      throw malformed(`wire type ${wire} of field ${number} is not supported`);
    }
    return { number, wire };
  }

  /** 64 bits, unsigned. @throws ApiStatusError 400 */
  varint(): bigint {
    // Almost all varints are short; numbers are much faster than bigints.
    let low = 0;
    for (let index = 0; index < 4; index++) {
      const byte = this.#byte();
      low += (byte & 0x7f) * 2 ** (7 * index);
      if (byte < 0x80) return BigInt(low);
    }
    let value = BigInt(low);
    for (let shift = 28n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw malformed('a number has more than 10 bytes');
  }

  double(): number {
    return this.#take(8, (at) => this.#bytes.readDoubleLE(at));
  }

  /** A length-delimited value, without a copy. @throws ApiStatusError 400 */
  range(): Buffer {
    const length = Number(this.varint());
    return this.#take(length, (at) => this.#bytes.subarray(at, at + length));
  }

  skip(wire: WireType): void {
    if (wire === 0) this.varint();
    else if (wire === 1) this.#take(8, () => {});
    else if (wire === 5) this.#take(4, () => {});
    else this.range();
  }

  #byte(): number {
    if (this.#at >= this.#end) throw malformed('it ends in the middle of a number');
    return this.#bytes[this.#at++]!;
  }

  #take<T>(length: number, read: (at: number) => T): T {
    if (length > this.#end - this.#at) {
      throw malformed(`a value of ${length} bytes is announced, but only ${this.#end - this.#at} are left`);
    }
    const value = read(this.#at);
    this.#at += length;
    return value;
  }
}
