/** JSON text as Go's encoding/json writes it: compact, with the characters escaped that could end a script element. */

const ESCAPES: Record<string, string> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
};

/** JSON of a value in Go's spelling. Keys stay in insertion order; `undefined` members are left out. */
export function goJson(value: unknown): string {
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (found) => ESCAPES[found]!);
}
