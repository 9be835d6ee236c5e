/** Lines that are redrawn in place on a terminal, whatever its size and however that changes. */

/** A terminal, or what stands for one. Sizes are in characters; 0 and undefined where it does not tell. */
export interface Screen {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number | undefined;
  rows?: number | undefined;
}

const ESCAPE = '\u001b';
const COLOUR = new RegExp(`(${ESCAPE}\\[\\d+m)`);
/** Size of a terminal that does not tell. */
const COLUMNS = 80;
const ROWS = 24;

/** Whether lines can be taken back: not in a pipe, on a terminal that knows no cursor, or has no row above it. */
export function canRedraw({ isTTY, rows }: Screen, env: NodeJS.ProcessEnv): boolean {
  return isTTY === true && env.TERM !== 'dumb' && rows !== 1;
}

export class Picture {
  readonly #screen: Screen;
  /** Visible characters of each line that stands on the screen. */
  #drawn: number[] = [];

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  /** Characters of a line: one that fills the last column would wrap, and the picture would creep down the screen. */
  get width(): number {
    return this.#columns - 1;
  }

  /** Lines that can be taken back: the cursor stands below them, and what has scrolled away is out of its reach. */
  get height(): number {
    return Math.max(1, (this.#screen.rows || ROWS) - 1);
  }

  /** Takes the lines back that stand there and writes these, as far as there is room. */
  draw(lines: readonly string[]): void {
    const shown = lines.slice(0, this.height).map((line) => clip(line, this.width));
    this.erase();
    this.#screen.write(`${shown.join('\n')}\n`);
    this.#drawn = shown.map((line) => visible(line));
  }

  erase(): void {
    if (this.#drawn.length === 0) return;
    // In a window that was made narrower since, lines have wrapped.
    const rows = this.#drawn.reduce((sum, length) => sum + Math.max(1, Math.ceil(length / this.#columns)), 0);
    this.#screen.write(`${ESCAPE}[${Math.min(rows, this.height)}A${ESCAPE}[0J`);
    this.#drawn = [];
  }

  get #columns(): number {
    return this.#screen.columns || COLUMNS;
  }
}

const visible = (line: string): number => line.replaceAll(new RegExp(COLOUR, 'g'), '').length;

/** Cuts a line to a number of visible characters; colours do not count and are closed. */
export function clip(line: string, width: number): string {
  let room = Math.max(0, width);
  let text = '';
  for (const part of line.split(COLOUR)) {
    if (part.startsWith(ESCAPE)) text += part;
    else {
      text += part.slice(0, room);
      room = Math.max(0, room - part.length);
    }
  }
  return text;
}
