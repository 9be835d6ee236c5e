/**
 * What an address must look like to be taken for one. The rule is a regular expression over ambiguous parts; it is followed for all of
 * its readings at once, so that no text takes long. Upstream: asaskevich/govalidator, patterns.go, URL.
 */

/** Positions of a text up to which something matched. */
type Positions = ReadonlySet<number>;
/** From each position at which a part may begin to all at which it may end. */
type Part = (text: string, from: Positions) => Positions;

const one =
  (characters: RegExp): Part =>
  (text, from) =>
    new Set([...from].filter((at) => at < text.length && characters.test(text[at]!)).map((at) => at + 1));
const word =
  (...words: string[]): Part =>
  (text, from) =>
    new Set([...from].flatMap((at) => words.filter((one) => text.startsWith(one, at)).map((one) => at + one.length)));
const sequence =
  (...parts: Part[]): Part =>
  (text, from) =>
    parts.reduce((positions, part) => part(text, positions), from);
const either =
  (...parts: Part[]): Part =>
  (text, from) =>
    new Set(parts.flatMap((part) => [...part(text, from)]));
const maybe =
  (part: Part): Part =>
  (text, from) =>
    new Set([...from, ...part(text, from)]);
/** Any number of times, none included. */
const any =
  (part: Part): Part =>
  (text, from) => {
    const reached = new Set(from);
    for (let edge: Positions = from; edge.size > 0; ) {
      edge = new Set([...part(text, edge)].filter((at) => !reached.has(at)));
      for (const at of edge) reached.add(at);
    }
    return reached;
  };
const some = (part: Part): Part => sequence(part, any(part));

const ALPHANUMERIC = one(/[a-zA-Z0-9]/);
const LETTER_OF_LABEL = one(/[a-zA-Z0-9\u00a1-\uffff]/);
const LETTER_OF_DOMAIN = one(/[a-zA-Z\u00a1-\uffff]/);
const DIGIT = one(/\d/);
const VISIBLE = one(/[^\s]/);
const DOT = word('.');
const DASH = word('-');

const octets = (pattern: string): Part => {
  const expression = new RegExp(`^(?:${pattern})$`);
  return (text, from) =>
    new Set(
      [...from].flatMap((at) =>
        [1, 2, 3].filter((length) => expression.test(text.slice(at, at + length))).map((length) => at + length),
      ),
    );
};
const FIRST_OCTET = octets('[1-9]\\d?|1\\d\\d|2[01]\\d|22[0-3]|24\\d|25[0-5]');
const MIDDLE_OCTET = octets('\\d{1,2}|1\\d\\d|2[0-4]\\d|25[0-5]');
const LAST_OCTET = octets('[0-9]\\d?|1\\d\\d|2[0-4]\\d|25[0-5]');
const V4 = sequence(FIRST_OCTET, DOT, MIDDLE_OCTET, DOT, MIDDLE_OCTET, DOT, LAST_OCTET);

/** What stands in brackets has been parsed as an address before. */
const V6 = sequence(word('['), some(one(/[0-9a-zA-Z:.%]/)), word(']'));

const SUBDOMAIN = either(
  word('www.'),
  sequence(some(ALPHANUMERIC), any(sequence(maybe(one(/[-_.]/)), ALPHANUMERIC)), ALPHANUMERIC, DOT, some(ALPHANUMERIC)),
);
const PREFIX = either(
  sequence(ALPHANUMERIC, any(one(/[a-zA-Z0-9_-]/)), ALPHANUMERIC, any(sequence(one(/[-.]/), some(ALPHANUMERIC)))),
  SUBDOMAIN,
);
const LABEL = sequence(some(LETTER_OF_LABEL), any(sequence(DASH, maybe(DASH), some(LETTER_OF_LABEL))));
const NAME = sequence(maybe(PREFIX), LABEL, maybe(sequence(DOT, some(LETTER_OF_DOMAIN))));

const SCHEME = word(...['ftp', 'tcp', 'udp', 'ws', 'wss', 'http', 'https'].map((scheme) => `${scheme}://`));
const USER = sequence(some(VISIBLE), maybe(sequence(word(':'), any(VISIBLE))), word('@'));
const PORT: Part = (text, from) => {
  let reached = word(':')(text, from);
  const ends = new Set<number>();
  for (let digits = 0; digits < 5; digits++) {
    reached = DIGIT(text, reached);
    for (const at of reached) ends.add(at);
  }
  return ends;
};
const PATH = sequence(one(/[/?#]/), any(VISIBLE));
const URL_SHAPE = sequence(maybe(SCHEME), maybe(USER), either(V4, V6, NAME), maybe(DOT), maybe(PORT), maybe(PATH));

/** Whether a text, as a whole, has the shape of an address. Its scheme may be missing. */
export function isUrlShaped(text: string): boolean {
  return URL_SHAPE(text, new Set([0])).has(text.length);
}
