/** Base64 as Go reads it (encoding/base64, StdEncoding.Decode). */

const CLEAN = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const DIGIT = /[A-Za-z0-9+/]/;

/** @returns where the text stops being base64, as a byte offset; undefined when all of it is. Line breaks are skipped. */
export function base64Fault(text: string): number | undefined {
  if (CLEAN.test(text)) return undefined;
  const skipBreaks = (from: number) => {
    let to = from;
    while (text[to] === '\n' || text[to] === '\r') to++;
    return to;
  };
  let at = 0;
  for (;;) {
    let digits = 0;
    while (digits < 4) {
      at = skipBreaks(at);
      const char = text[at];
      if (char === undefined) return digits === 0 ? undefined : at - digits;
      if (char === '=' && digits >= 2) break;
      if (!DIGIT.test(char)) return at;
      digits++;
      at++;
    }
    if (digits === 4) continue;
    // The padding: two signs behind two digits, one behind three, and then nothing.
    at++;
    if (digits === 2) {
      at = skipBreaks(at);
      if (at === text.length) return at;
      if (text[at] !== '=') return at - 1;
      at++;
    }
    at = skipBreaks(at);
    return at === text.length ? undefined : at;
  }
}
