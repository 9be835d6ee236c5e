/** Makes alike causes equal: what names one thing, moment or amount gives way to a word for its kind. */

/** In this order: what is left of one may look like the next. */
const PARTICULARS: readonly (readonly [pattern: RegExp, word: string])[] = [
  [/\b\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?/g, '<time>'],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, '<id>'],
  [/\bhttps?:\/\/[^\s"'<>,;)]*[^\s"'<>,;).:]/gi, '<address>'],
  [/\b(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}\b/gi, '<mac>'],
  [/\b\d{1,3}(?:\.\d{1,3}){3}(?:\/\d+|:\d+)?(?![\w.])/g, '<address>'],
  // Of IPv6 whatever has a double colon or all its groups, in brackets with a port or without.
  [
    /\[?(?<![\w:])(?:(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}|(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4})*)?::(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4})*)?)(?![\w:])(?:\/\d+)?\]?(?::\d+)?/gi,
    '<address>',
  ],
  [/\b(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{12,}\b/gi, '<id>'],
  [/\b(?:\d+(?:\.\d+)?(?:h|m|s|ms|µs|us|ns)(?=[\d\W]|$)){1,}/g, '<duration>'],
  // A status of HTTP is a cause and not an amount: `answered 503`, `status 409`, `HTTP 429`.
  [/(?<!\b(?:answered|status|code|HTTP)(?: |: |=))(?<!\d)\d+(?:[.,]\d+)*/gi, '#'],
  [/\s+/g, ' '],
];

/** What is looked at of a reason: some quote whole answers. */
const READ_CHARACTERS = 4000;
/** Longest that is kept of a cause. */
const MOST_CHARACTERS = 300;

/**
 * What a reason has in common with others of its kind.
 * @param names of things, which count for nothing; with what hangs on them by a dash or a dot, as hosts' names do
 */
export function alike(reason: string, names: readonly string[] = []): string {
  let text = reason.slice(0, READ_CHARACTERS);
  for (const name of names) {
    if (name === '') continue;
    const quoted = name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
    text = text.replaceAll(new RegExp(`(?<![\\w-])${quoted}(?:[-.][\\w-]+)*(?![\\w-])`, 'g'), '<name>');
  }
  for (const [pattern, word] of PARTICULARS) text = text.replaceAll(pattern, word);
  text = text.trim();
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS - 1)}…` : text;
}
