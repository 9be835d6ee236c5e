/** Where a scanner stands in a text. */
import { isBlank, isBreak, isBreakOrEnd, YamlProblem } from './characters.ts';

export class Cursor {
  readonly text: string;
  position = 0;
  /** From 0 on, as the column. */
  line = 0;
  column = 0;

  constructor(text: string) {
    this.text = text;
  }

  /** The character here, or some way ahead; empty behind the end. */
  at(offset = 0): string {
    return this.text[this.position + offset] ?? '';
  }

  skip(count = 1): void {
    this.position += count;
    this.column += count;
  }

  skipBreak(): void {
    this.position += this.at() === '\r' && this.at(1) === '\n' ? 2 : 1;
    this.line++;
    this.column = 0;
  }

  skipBlanks(): void {
    while (isBlank(this.at())) this.skip();
  }

  skipComment(): void {
    if (this.at() === '#') while (!isBreakOrEnd(this.at())) this.skip();
  }

  /** What is left of a line may be a comment. */
  skipRestOfLine(): void {
    this.skipBlanks();
    this.skipComment();
    if (!isBreakOrEnd(this.at())) this.fail('did not find expected comment or line break');
    if (isBreak(this.at())) this.skipBreak();
  }

  /** At the beginning of a line, what begins or ends a document. */
  standsAt(indicator: '---' | '...'): boolean {
    return (
      this.column === 0 &&
      this.text.startsWith(indicator, this.position) &&
      /^(?:[ \t\r\n\u0085\u2028\u2029]|$)/.test(this.at(3))
    );
  }

  /** @throws YamlProblem here. */
  fail(words: string): never {
    throw new YamlProblem(words, this.line === 0 ? 0 : this.line + 1);
  }
}
