/**
 * Texts of thousands of rows that are much alike, such as inventories of machines of one kind. Each is kept as what it has
 * other than the first of its kind:
 *
 *   text → cut at its quotation marks → compared with references of as many pieces → { reference, places, values }
 *
 * Nothing is parsed, and what is read back is what was put in, whatever it was.
 */

/** A text as it is kept: what differs from another, or itself when it is like no other. */
export type PackedText = string | Difference;

interface Difference {
  readonly reference: Reference;
  /** Which pieces differ. */
  readonly places: Uint16Array;
  /** What these are here, joined by the mark that texts are cut at. */
  readonly values: string;
}

interface Reference {
  readonly pieces: readonly string[];
  /** One list for all texts that differ in the same pieces. */
  readonly places: Map<string, Uint16Array>;
}

const MARK = '"';
/** Shorter texts are not worth it (characters). */
const SHORTEST = 256;
/** Pieces are numbered in 16 bits. */
const MOST_PIECES = 2 ** 16 - 1;
/** Most of a text that may differ, as a share of its pieces and of its characters. */
const MOST_DIFFERENT = 0.5;
const MOST_REFERENCES = 64;
const MOST_PLACES = 64;

/** Packs texts of one kind. What it compares with is kept for good, but bounded. */
export class TextPacker {
  readonly #references = new Map<number, Reference[]>();
  #known = 0;

  /** @returns what {@link unpackedText} makes the same text of. */
  pack(text: string): PackedText {
    if (text.length < SHORTEST) return text;
    const pieces = text.split(MARK);
    if (pieces.length > MOST_PIECES) return text;
    const alike = this.#references.get(pieces.length) ?? [];
    let best: { reference: Reference; places: number[] } | undefined;
    for (const reference of alike) {
      const places = placesOf(reference, pieces, best?.places.length ?? pieces.length * MOST_DIFFERENT);
      if (places) best = { reference, places };
    }
    if (best) {
      const { reference, places } = best;
      const values = places.map((place) => pieces[place]).join(MARK);
      if (values.length <= text.length * MOST_DIFFERENT) return { reference, places: kept(reference, places), values };
    }
    if (this.#known >= MOST_REFERENCES) return text;
    this.#known++;
    const reference: Reference = { pieces, places: new Map() };
    this.#references.set(pieces.length, [...alike, reference]);
    return { reference, places: kept(reference, []), values: '' };
  }
}

export function unpackedText(packed: PackedText): string {
  if (typeof packed === 'string') return packed;
  const { reference, places, values } = packed;
  const pieces = reference.pieces.slice();
  const own = values.split(MARK);
  for (let index = 0; index < places.length; index++) pieces[places[index] as number] = own[index] as string;
  return pieces.join(MARK);
}

/** Which pieces differ; undefined when they are not fewer than a number. */
function placesOf(reference: Reference, pieces: readonly string[], fewerThan: number): number[] | undefined {
  const places: number[] = [];
  for (let index = 0; index < pieces.length; index++) {
    if (pieces[index] === reference.pieces[index]) continue;
    places.push(index);
    if (places.length >= fewerThan) return undefined;
  }
  return places;
}

function kept({ places: lists }: Reference, places: readonly number[]): Uint16Array {
  const key = places.join();
  let list = lists.get(key);
  if (!list) {
    list = Uint16Array.from(places);
    if (lists.size < MOST_PLACES) lists.set(key, list);
  }
  return list;
}
