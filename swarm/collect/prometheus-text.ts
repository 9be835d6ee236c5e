/**
 * The text in which programs tell their metrics: Prometheus' text format 0.0.4 and what of OpenMetrics differs from it.
 *
 *     # HELP name text                        comments, of which TYPE alone means something
 *     # TYPE name histogram
 *     name{label="va\"lue",le="+Inf"} 1.5e3 1700000000000 # {trace_id="…"} 0.3 1700000000.1
 *                                     value  timestamp      exemplar, left out
 *
 * Grammar: prometheus/docs, docs/instrumenting/exposition_formats.md; prometheus/common, expfmt/text_parse.go.
 */

export interface PrometheusSample {
  name: string;
  labels: Record<string, string>;
  /** May be infinite, or no number. */
  value: number;
}

/** Text that is none of Prometheus. The message says in which line, what stands there, and what is allowed. */
export class PrometheusTextError extends Error {
  readonly line: number;

  constructor(line: number, text: string, problem: string) {
    const shown = text.length > 80 ? `${text.slice(0, 79)}…` : text;
    super(`line ${line} ${JSON.stringify(shown)}: ${problem}`);
    this.name = 'PrometheusTextError';
    this.line = line;
  }
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/;
const LABEL = /[a-zA-Z_][a-zA-Z0-9_]*/y;
const VALUE = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf(?:inity)?|nan|0x[\da-f]+)$/i;
const TIMESTAMP = /^[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', '"': '"', '\\': '\\' };

/**
 * Reads the samples of metrics in the order of the text.
 * @param wanted of others than these names only the name is read
 * @throws PrometheusTextError for the first line that is none
 */
export function parsePrometheusText(text: string, wanted: (name: string) => boolean = () => true): PrometheusSample[] {
  const samples: PrometheusSample[] = [];
  let number = 0;
  for (let start = 0; start < text.length; ) {
    const feed = text.indexOf('\n', start);
    const end = feed < 0 ? text.length : feed;
    const line = text.slice(start, end).trim();
    start = end + 1;
    number++;
    if (line === '' || line.startsWith('#')) continue;
    const name = NAME.exec(line)?.[0];
    if (name === undefined) {
      throw new PrometheusTextError(
        number,
        line,
        'begins with no name of a metric; allowed: name{label="value"} number',
      );
    }
    if (wanted(name)) samples.push(new LineReader(line, number, name).sample());
  }
  return samples;
}

class LineReader {
  readonly #line: string;
  readonly #number: number;
  readonly #name: string;
  #at: number;

  constructor(line: string, number: number, name: string) {
    this.#line = line;
    this.#number = number;
    this.#name = name;
    this.#at = name.length;
  }

  sample(): PrometheusSample {
    this.#blanks();
    const labels: Record<string, string> = {};
    if (this.#line[this.#at] === '{') this.#labels(labels);
    const [value = '', ...rest] = this.#words();
    if (!VALUE.test(value)) this.#fail(`${JSON.stringify(value)} is no value; allowed: a number, NaN, +Inf or -Inf`);
    if (rest.length > 1 || (rest.length === 1 && !TIMESTAMP.test(rest[0]!))) {
      this.#fail(`${JSON.stringify(rest.join(' '))} after the value; allowed: a timestamp, or nothing`);
    }
    return { name: this.#name, labels, value: numberOf(value) };
  }

  /** Up to an exemplar. */
  #words(): string[] {
    const exemplar = this.#line.indexOf(' # ', this.#at);
    const rest = this.#line.slice(this.#at, exemplar < 0 ? undefined : exemplar).trim();
    return rest === '' ? [] : rest.split(/[ \t]+/);
  }

  #labels(into: Record<string, string>): void {
    this.#at++;
    for (;;) {
      this.#blanks();
      if (this.#line[this.#at] === '}') break;
      LABEL.lastIndex = this.#at;
      const label = LABEL.exec(this.#line)?.[0];
      if (label === undefined) this.#fail('no label; allowed: label="value", or } after the last');
      this.#at += label.length;
      this.#expect('=');
      const value = this.#quoted();
      if (Object.hasOwn(into, label)) this.#fail(`has the label ${label} twice; allowed: once`);
      // A label may be called as something that every object has.
      Object.defineProperty(into, label, { value, enumerable: true, writable: true, configurable: true });
      this.#blanks();
      if (this.#line[this.#at] === ',') this.#at++;
      else if (this.#line[this.#at] !== '}') this.#fail('no end of its labels; allowed: , or } after a value');
    }
    this.#at++;
  }

  #quoted(): string {
    this.#expect('"');
    let value = '';
    for (;;) {
      const char = this.#line[this.#at++];
      if (char === undefined) this.#fail('a label whose value has no end; allowed: a text in double quotes');
      if (char === '"') return value;
      if (char !== '\\') value += char;
      else {
        const escaped = ESCAPES[this.#line[this.#at] ?? ''];
        if (escaped === undefined) this.#fail('an unknown escape; allowed: \\\\ \\" and \\n');
        value += escaped;
        this.#at++;
      }
    }
  }

  #expect(char: string): void {
    this.#blanks();
    if (this.#line[this.#at] !== char) this.#fail(`no ${char} where one has to be; allowed: label="value"`);
    this.#at++;
  }

  #blanks(): void {
    while (this.#line[this.#at] === ' ' || this.#line[this.#at] === '\t') this.#at++;
  }

  #fail(problem: string): never {
    throw new PrometheusTextError(this.#number, this.#line, problem);
  }
}

/** Of text that {@link VALUE} took. */
export function numberOf(text: string): number {
  const infinite = /^([+-]?)inf(inity)?$/i.exec(text);
  if (infinite) return infinite[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return Number(text.replace(/^([+-])0x/i, '0x')) * (/^-0x/i.test(text) ? -1 : 1);
}
