/** A terminal as far as pictures on it go: lines that wrap, and wrap anew when its size changes; the cursor up; erasing below. */
import type { Screen } from '../picture.ts';

export class Terminal implements Screen {
  readonly isTTY = true;
  columns: number | undefined;
  rows: number | undefined;
  /** What was written, line by line; the cursor stands in the last one. */
  readonly #lines: string[] = [''];
  written = '';

  constructor(columns: number | undefined, rows: number | undefined) {
    this.columns = columns;
    this.rows = rows;
  }

  /** Text of all lines, those that have scrolled away too. */
  get text(): string {
    return this.#lines.join('\n');
  }

  /** @throws Error for what would garble the screen */
  write(text: string): void {
    this.written += text;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal takes them
    const plain = text.replaceAll(/\u001b\[\d+m/g, '');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal takes them
    const [, erase, rest = ''] = /^(?:\u001b\[(\d+)A\u001b\[0J)?([^\u001b]*)$/.exec(plain) ?? [];
    if (erase === undefined && plain !== rest) throw new Error(`cannot be understood: ${JSON.stringify(text)}`);
    if (erase !== undefined) this.#takeBack(Number(erase));
    const lines = rest.split('\n');
    this.#lines.push(this.#lines.pop() + lines[0]!, ...lines.slice(1));
  }

  /** The cursor does not leave the screen, however far up it is sent. */
  #takeBack(up: number): void {
    let rows = Math.min(up, (this.rows || 24) - 1);
    if (this.#lines.pop() !== '') throw new Error('the cursor is not at the start of a line');
    while (rows > 0 && this.#lines.length > 0) {
      const line = this.#lines.pop()!;
      const taken = Math.max(1, Math.ceil(line.length / (this.columns || 80)));
      if (taken > rows) this.#lines.push(line.slice(0, (taken - rows) * (this.columns || 80)));
      rows -= taken;
    }
    this.#lines.push('');
  }
}
