/** What the programs of a host write, in a file that is set aside when it has grown. */
import { appendFileSync, renameSync, statSync } from 'node:fs';

/** Bytes of a file before it is set aside; there are two at most. */
const MOST_BYTES = 1024 * 1024;

export class HostLog {
  readonly #path: string;
  #bytes: number;

  constructor(path: string) {
    this.#path = path;
    this.#bytes = sizeOf(path);
  }

  /** Appends at once, so that nothing is lost when the lab is killed. */
  write(text: Buffer): void {
    if (this.#bytes > 0 && this.#bytes + text.length > MOST_BYTES) {
      renameSync(this.#path, `${this.#path}.1`);
      this.#bytes = 0;
    }
    appendFileSync(this.#path, text);
    this.#bytes += text.length;
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
