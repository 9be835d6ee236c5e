/** Work on many clusters while it goes on: a picture that is redrawn in place on a terminal, or a line now and then elsewhere. */
import { canRedraw, Picture, type Screen } from './picture.ts';
import { bar, createStyle, formatCount, formatMs, type Style, wantsColour } from './style.ts';

/** What is watched. */
export interface Work {
  /** What is done to what: `apply fleet-abc123`. */
  readonly title: string;
  /** What is counted, in the plural. */
  readonly unit: string;
  readonly done: number;
  readonly of: number;
  /** Further figures: `4,213 objects`. */
  details(): string[];
  /** What somebody should look at; '' for nothing. */
  warning(): string;
}

export interface WorkProgressOptions {
  work: Work;
  stream: Screen;
  env?: NodeJS.ProcessEnv;
  /** Milliseconds of the clock by which times are shown; that of the wall unless given. */
  now?: () => number;
}

/** Wall-clock milliseconds between two pictures, and two lines. */
const REDRAW_MS = 400;
const LINE_MS = 5_000;
const BAR = 30;
/** A narrow terminal has figures rather than a bar. */
const SHORTEST_BAR = 5;

export class WorkProgress {
  readonly #work: Work;
  readonly #stream: WorkProgressOptions['stream'];
  readonly #now: () => number;
  readonly #style: Style;
  readonly #startedAt: number;
  /** Null where lines cannot be taken back. */
  readonly #picture: Picture | null;
  #timer: NodeJS.Timeout | undefined;

  constructor({ work, stream, env = process.env, now = Date.now }: WorkProgressOptions) {
    this.#work = work;
    this.#stream = stream;
    this.#now = now;
    this.#style = createStyle(wantsColour(stream, env));
    this.#picture = canRedraw(stream, env) ? new Picture(stream) : null;
    this.#startedAt = now();
  }

  /** Shows the work until `stop()`; does not keep the process alive. */
  start(): void {
    this.#timer = setInterval(() => this.show(), this.#picture ? REDRAW_MS : LINE_MS);
    this.#timer.unref();
  }

  /** Takes the picture away; lines stay. */
  stop(): void {
    clearInterval(this.#timer);
    this.#picture?.erase();
  }

  /** Lets something else write, which stands above the next picture. */
  interrupt(write: () => void): void {
    this.#picture?.erase();
    write();
  }

  /** Draws one picture or writes one line. */
  show(): void {
    if (this.#picture) this.#picture.draw(this.#lines(this.#picture.width));
    else this.#stream.write(`${this.#line()}\n`);
  }

  #lines(width: number): string[] {
    const { title, unit, done, of } = this.#work;
    const style = this.#style;
    const left = this.#leftMs();
    const counts = `${formatCount(done)}/${formatCount(of)}`;
    const room = Math.min(BAR, width - unit.length - counts.length - 4);
    const lines = [
      `${style.accent('●')} ${style.bold(title)}  ${formatMs(this.#elapsedMs())}${left === null ? '' : style.dim(`  about ${formatMs(left)} left`)}`,
      room < SHORTEST_BAR ? `${counts} ${unit}` : `${unit}  ${style.accent(bar(done, of, room))}  ${counts}`,
      this.#work.details().join('  '),
    ];
    const warning = this.#work.warning();
    if (warning !== '') lines.push(style.bad(warning));
    return lines;
  }

  #line(): string {
    const { title, unit, done, of } = this.#work;
    const left = this.#leftMs();
    const parts = [
      `${formatMs(this.#elapsedMs())} ${title}: ${formatCount(done)} of ${formatCount(of)} ${unit}`,
      ...this.#work.details(),
      ...(left === null ? [] : [`about ${formatMs(left)} left`]),
      this.#work.warning(),
    ];
    return parts.filter((part) => part !== '').join(' | ');
  }

  #elapsedMs(): number {
    return this.#now() - this.#startedAt;
  }

  /** Null while nobody can know. */
  #leftMs(): number | null {
    const { done, of } = this.#work;
    return done === 0 || done >= of ? null : (this.#elapsedMs() / done) * (of - done);
  }
}
