/** What goes wrong in CEL, in the API server's words; nothing else is thrown in this room. */

/** An error that an expression meets while it is evaluated; `||`, `&&` and quantifiers may do without the part that failed. */
export class EvaluationFault extends Error {}

/** The expression costs more than a call may: it is over, whatever is around it (k8s.io/apiserver, pkg/apis/cel/config.go PerCallLimit). */
export class CostFault extends Error {
  constructor() {
    super('operation cancelled: actual cost limit exceeded');
  }
}

/** @param call what was called, where that is told */
export const noSuchOverload = (call?: string): EvaluationFault =>
  new EvaluationFault(call === undefined ? 'no such overload' : `no such overload: ${call}`);

/** Something wrong with the text of an expression. */
export interface SourceFault {
  /** Offset in UTF-16 units; undefined for none in particular. */
  readonly at: number | undefined;
  readonly message: string;
}

const REPORTED_AT_MOST = 100;

/** The faults of an expression as one text: google/cel-go, common/errors.go ToDisplayString, common/error.go. */
export function describeFaults(source: string, faults: readonly SourceFault[]): string {
  const places = faults.map((fault) => ({ ...placeOf(source, fault.at), message: fault.message }));
  places.sort((a, b) => a.line - b.line || a.column - b.column);
  const lines = source.split('\n');
  const texts = places.slice(0, REPORTED_AT_MOST).map(({ line, column, message }) => {
    const head = `ERROR: <input>:${line}:${column + 1}: ${message}`;
    const snippet = lines[line - 1]?.replaceAll('\t', ' ');
    if (snippet === undefined) return head;
    const before = [...snippet].slice(0, column).map((rune) => (isWide(rune) ? '．' : '.'));
    const mark = isWide([...snippet][column] ?? '') ? '＾' : '^';
    return `${head}\n | ${snippet}\n | ${before.join('')}${mark}`;
  });
  if (places.length > REPORTED_AT_MOST) texts.push(`${places.length - REPORTED_AT_MOST} more errors were truncated`);
  return texts.join('\n');
}

const isWide = (rune: string) => Buffer.byteLength(rune) > 1;

function placeOf(source: string, at: number | undefined): { line: number; column: number } {
  if (at === undefined) return { line: -1, column: -1 };
  const before = source.slice(0, at);
  const start = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: [...before.slice(start)].length };
}
