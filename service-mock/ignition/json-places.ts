/** Where values stand in a JSON text that is known to be good. */
import { endOfFirstValue } from '../../model/protocol/json-syntax.ts';

export interface JsonPlace {
  /** Of a list or an object: behind its bracket. */
  start: number;
  /** Behind it. */
  end: number;
  /** By the names of its members, or by their numbers. */
  readonly parts: Map<string, JsonPlace>;
  /** Where the names of members begin. */
  readonly keys: Map<string, number>;
}

const SPACE = /[ \t\n\r]*/y;
const STRING = /"[^"\\]*(?:\\.[^"\\]*)*"/y;
/** No config goes deeper. */
const DEEPEST = 32;
const LITERAL = /[^ \t\n\r,\]}]+/y;

export function jsonPlaces(text: string): JsonPlace {
  let at = 0;
  const take = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    const [found] = pattern.exec(text) ?? [''];
    at += found.length;
    return found;
  };
  const begin = (): JsonPlace => {
    take(SPACE);
    return { start: at, end: at, parts: new Map(), keys: new Map() };
  };
  const value = (depth = 0): JsonPlace => {
    const place = begin();
    const c = text[at];
    if (depth === DEEPEST) at += endOfFirstValue(text.slice(at));
    else if (c === '{' || c === '[') container(place, c, depth);
    else take(c === '"' ? STRING : LITERAL);
    place.end = at;
    return place;
  };
  const container = (place: JsonPlace, kind: '{' | '[', depth: number) => {
    place.start = ++at;
    for (let i = 0; ; i++) {
      take(SPACE);
      if (text[at] === ',') {
        at++;
        take(SPACE);
      }
      if (text[at] === '}' || text[at] === ']') break;
      let name = String(i);
      if (kind === '{') {
        const start = at;
        name = JSON.parse(take(STRING)) as string;
        place.keys.set(name, start);
        take(SPACE);
        at++;
      }
      place.parts.set(name, value(depth + 1));
    }
    at++;
  };
  return value();
}
