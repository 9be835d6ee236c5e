/** Strict readers of what is written for others: they throw where a lenient one would guess. */
import fc from 'fast-check';

/** Texts of any UTF-16 code units: control characters and halves of surrogate pairs too. */
export const anyText = fc.string({
  unit: fc.oneof(
    fc.constantFrom(...'<>&"\'=,;\n\r\t\0 a'),
    fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
  ),
});

const VOID = new Set(['meta', 'input', 'br', 'link']);

export interface Element {
  name: string;
  attributes: Record<string, string>;
  /** All text inside, entities resolved. */
  text: string;
}

/**
 * Reads XML, or HTML that closes all its elements. Throws for anything that is not well-formed: a tag that is not closed, a bare & or <,
 * an attribute without quotes, a character that XML 1.0 does not have. Returns all elements in the order of their ends.
 */
export function readMarkup(text: string): Element[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is looked for
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Cs}/u.test(text))
    throw new Error('a character that XML has not');
  const open: Element[] = [];
  const done: Element[] = [];
  const say = (piece: string) => {
    for (const element of open) element.text += piece;
  };
  // What a style sheet has is no markup.
  const rest = text.replace(/^<!doctype html>|^<\?xml [^?]*\?>/, '').replace(/<style>[^<]*<\/style>/, '');
  const pieceOrTag = /([^<]+)|<(\/?)([a-z][\w-]*)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/iy;
  for (let at = 0; at < rest.length; at = pieceOrTag.lastIndex) {
    const match = pieceOrTag.exec(rest);
    if (!match) throw new Error(`no tag: ${rest.slice(at, at + 60)}`);
    const [, piece, closes, name = '', attributes = '', selfClosed] = match;
    if (piece !== undefined) {
      say(resolved(piece));
      continue;
    }
    if (closes) {
      const last = open.pop();
      if (last?.name !== name) throw new Error(`</${name}> closes <${last?.name}>`);
      done.push(last);
      continue;
    }
    const pairs = [...attributes.matchAll(/([\w:-]+)="([^"]*)"/g)].map(([, key = '', value = '']) => [
      key,
      resolved(value),
    ]);
    const element = { name, attributes: Object.fromEntries(pairs), text: '' };
    if (selfClosed || VOID.has(name)) done.push(element);
    else open.push(element);
  }
  if (open.length > 0) throw new Error(`<${open.at(-1)!.name}> is not closed`);
  return done;
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };

function resolved(text: string): string {
  return text.replace(/&([^;\s]*);?/g, (whole, name: string) => {
    if (!whole.endsWith(';') || NAMED[name] === undefined) throw new Error(`no entity: ${whole}`);
    return NAMED[name];
  });
}

/** Reads CSV as RFC 4180 has it; throws for what is not. */
export function readCsv(text: string): string[][] {
  const rows: string[][] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y;
  let row: string[] = [];
  while (cell.lastIndex < text.length) {
    const at = cell.lastIndex;
    const match = cell.exec(text);
    if (!match) throw new Error(`no cell: ${text.slice(at, at + 40)}`);
    row.push(match[1]?.replaceAll('""', '"') ?? match[2]!);
    if (match[3] === ',') continue;
    rows.push(row);
    row = [];
  }
  if (row.length > 0) throw new Error('the last line has no end');
  return rows;
}

/** A table of a document as its reader sees it. */
export interface MarkupTable {
  /** Of the heading above. */
  title: string;
  head: string[];
  rows: string[][];
}

/** All tables of a document in their order. */
export function readTables(text: string): MarkupTable[] {
  const tables: MarkupTable[] = [];
  let title = '';
  let head: string[] = [];
  let rows: string[][] = [];
  let cells: string[] = [];
  for (const { name, text: inside } of readMarkup(text)) {
    if (/^h[1-6]$/.test(name)) title = inside;
    else if (name === 'th') head.push(inside);
    else if (name === 'td') cells.push(inside);
    else if (name === 'tr' && cells.length > 0) {
      rows.push(cells);
      cells = [];
    } else if (name === 'table') {
      tables.push({ title, head, rows });
      [head, rows] = [[], []];
    }
  }
  return tables;
}
