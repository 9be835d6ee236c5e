/**
 * Bytes of an image: a pattern that costs no memory however long it is, and what was put into it for one infra-env.
 *
 *     0 ─── pattern ─── at₀ [bytes] ─── pattern ─── at₁ [bytes] ─── … ─── size
 *
 * The byte at an offset is always the same, so ranges of one image fit together.
 */

export interface Overlay {
  readonly at: number;
  readonly bytes: Buffer;
}

/** The pattern repeats after so many bytes; also the largest chunk. */
const PERIOD = 1024 * 1024;
const PATTERN = patternOf(PERIOD);

function patternOf(length: number): Buffer {
  const words = new Uint32Array(length / 4);
  let state = 0x9e3779b9;
  for (let i = 0; i < words.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[i] = state;
  }
  return Buffer.from(words.buffer);
}

export class Content {
  readonly size: number;
  readonly #overlays: readonly Overlay[];

  /** @param overlays within the size, not over each other, in any order */
  constructor(size: number, overlays: readonly Overlay[] = []) {
    this.size = size;
    this.#overlays = overlays.toSorted((a, b) => a.at - b.at);
  }

  /** Bytes from `start` to before `end`, in chunks that are shared and must not be changed. */
  *chunks(start: number, end: number): Generator<Buffer> {
    let at = start;
    for (const overlay of this.#overlays) {
      const overlayEnd = overlay.at + overlay.bytes.length;
      if (overlayEnd <= at) continue;
      if (overlay.at >= end) break;
      yield* pattern(at, overlay.at);
      at = Math.max(at, overlay.at);
      const until = Math.min(end, overlayEnd);
      yield overlay.bytes.subarray(at - overlay.at, until - overlay.at);
      at = until;
    }
    yield* pattern(at, end);
  }
}

function* pattern(start: number, end: number): Generator<Buffer> {
  for (let at = start; at < end; ) {
    const from = at % PERIOD;
    const length = Math.min(PERIOD - from, end - at);
    yield PATTERN.subarray(from, from + length);
    at += length;
  }
}
