/**
 * One of each value that many rows have: whoever asks for an equal one lately gets the same object. Which values are equal is said by a
 * key. Values that only one row has pass through and are forgotten.
 */
export class SharedValues<T> {
  readonly #most: number;
  readonly #values = new Map<string, T>();

  /** @param most how many are remembered; those asked for last stay */
  constructor(most: number) {
    this.#most = most;
  }

  /** @param make makes the value of a key that is not known */
  get(key: string, make: (key: string) => T): T {
    let value = this.#values.get(key);
    if (value === undefined) {
      value = make(key);
      if (this.#values.size >= this.#most) this.#values.delete(this.#values.keys().next().value as string);
    } else {
      this.#values.delete(key);
    }
    this.#values.set(key, value);
    return value;
  }
}

const NONE: readonly never[] = [];

/** The same list without the room to spare that a list has which grew; one for all empty ones. */
export function trimmed<T>(list: readonly T[]): readonly T[] {
  return list.length === 0 ? NONE : list.slice();
}

const texts = new SharedValues<string>(4096);

/** An equal text that other rows have too. */
export function sharedText(text: string): string {
  return texts.get(text, () => text);
}
