/** Texts as Go writes them. */

/** A text in quotes, as `%q` prints it. Upstream: strconv.Quote. */
export function goQuoted(text: string): string {
  return JSON.stringify(text)
    .replaceAll('\\u0007', '\\a')
    .replaceAll('\\u000b', '\\v')
    .replaceAll(/\\u00([01][0-9a-f])/g, '\\x$1')
    .replaceAll('\u007f', '\\x7f');
}

const ESCAPED = /[<>&\u2028\u2029]/g;

/** JSON that may stand in HTML. Upstream: encoding/json, Marshal. */
export function goJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    ESCAPED,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
