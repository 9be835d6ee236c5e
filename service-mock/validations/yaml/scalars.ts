/** How far scalars, tags, anchors and directives go. Upstream: gopkg.in/yaml.v2, scannerc.go, yaml_parser_scan_*. */
import { isBlank, isBlankOrEnd, isBreak, isBreakOrEnd, isDigit, isEnd, isHex, isWord } from './characters.ts';
import type { Cursor } from './cursor.ts';

/** @returns its name. */
export function scanAnchor(cursor: Cursor): string {
  cursor.skip();
  const name = scanWord(cursor);
  const next = cursor.at();
  if (name === '' || !(isBlankOrEnd(next) || '?:,]}%@`'.includes(next)))
    cursor.fail('did not find expected alphabetic or numeric character');
  return name;
}

function scanWord(cursor: Cursor): string {
  const start = cursor.position;
  while (isWord(cursor.at())) cursor.skip();
  return cursor.text.slice(start, cursor.position);
}

/** @returns its handle; empty for a tag without one. */
export function scanTag(cursor: Cursor): string {
  let handle = '';
  if (cursor.at(1) === '<') {
    cursor.skip(2);
    scanTagUri(cursor, '');
    if (cursor.at() !== '>') cursor.fail("did not find the expected '>'");
    cursor.skip();
  } else {
    handle = scanTagHandle(cursor, false);
    const isNamed = handle.length > 1 && handle.endsWith('!');
    const length = scanTagUri(cursor, isNamed ? '' : handle);
    if (!isNamed) handle = length + handle.length > 1 ? '!' : '';
  }
  if (!isBlankOrEnd(cursor.at())) cursor.fail('did not find expected whitespace or line break');
  return handle;
}

function scanTagHandle(cursor: Cursor, isDirective: boolean): string {
  if (cursor.at() !== '!') cursor.fail("did not find expected '!'");
  cursor.skip();
  const name = scanWord(cursor);
  if (cursor.at() === '!') {
    cursor.skip();
    return `!${name}!`;
  }
  if (isDirective && name !== '') cursor.fail("did not find expected '!'");
  return `!${name}`;
}

/** @returns its length. */
function scanTagUri(cursor: Cursor, head: string): number {
  const start = cursor.position;
  for (let c = cursor.at(); isWord(c) || (c !== '' && ";/?:@&=+$,.!~*'()[]%".includes(c)); c = cursor.at()) {
    if (c === '%' && !(isHex(cursor.at(1)) && isHex(cursor.at(2)))) cursor.fail('did not find URI escaped octet');
    cursor.skip(c === '%' ? 3 : 1);
  }
  if (cursor.position === start && head === '') cursor.fail('did not find expected tag URI');
  return cursor.position - start;
}

/** @returns the version that it tells, or the tag handle that it makes known. */
export function scanDirective(cursor: Cursor): { version?: string; handle?: string } {
  cursor.skip();
  const name = scanWord(cursor);
  if (name === '') cursor.fail('could not find expected directive name');
  if (!isBlankOrEnd(cursor.at())) cursor.fail('found unexpected non-alphabetical character');
  cursor.skipBlanks();
  const told: { version?: string; handle?: string } = {};
  if (name === 'YAML') told.version = scanVersion(cursor);
  else if (name === 'TAG') told.handle = scanTagDirective(cursor);
  else cursor.fail('found unknown directive name');
  cursor.skipRestOfLine();
  return told;
}

function scanVersion(cursor: Cursor): string {
  const major = scanVersionNumber(cursor);
  if (cursor.at() !== '.') cursor.fail("did not find expected digit or '.' character");
  cursor.skip();
  return `${major}.${scanVersionNumber(cursor)}`;
}

function scanVersionNumber(cursor: Cursor): number {
  const start = cursor.position;
  while (isDigit(cursor.at())) {
    if (cursor.position - start === 2) cursor.fail('found extremely long version number');
    cursor.skip();
  }
  if (cursor.position === start) cursor.fail('did not find expected version number');
  return Number(cursor.text.slice(start, cursor.position));
}

function scanTagDirective(cursor: Cursor): string {
  const handle = scanTagHandle(cursor, true);
  if (!isBlank(cursor.at())) cursor.fail('did not find expected whitespace');
  cursor.skipBlanks();
  scanTagUri(cursor, '');
  if (!isBlankOrEnd(cursor.at())) cursor.fail('did not find expected whitespace or line break');
  return handle;
}

/** @param parent the indentation around it. */
export function scanBlockScalar(cursor: Cursor, parent: number): void {
  cursor.skip();
  let indent = scanBlockHeader(cursor, parent);
  indent = scanBlockBreaks(cursor, indent, parent);
  while (cursor.column === indent && !isEnd(cursor.at())) {
    while (!isBreakOrEnd(cursor.at())) cursor.skip();
    if (isBreak(cursor.at())) cursor.skipBreak();
    indent = scanBlockBreaks(cursor, indent, parent);
  }
}

/** @returns the indentation that it tells; 0 for none. */
function scanBlockHeader(cursor: Cursor, parent: number): number {
  const isChomping = () => cursor.at() === '+' || cursor.at() === '-';
  let increment = 0;
  if (isChomping()) cursor.skip();
  if (isDigit(cursor.at())) {
    if (cursor.at() === '0') cursor.fail('found an indentation indicator equal to 0');
    increment = Number(cursor.at());
    const isFirst = !/[+-]/.test(cursor.at(-1));
    cursor.skip();
    if (isFirst && isChomping()) cursor.skip();
  }
  cursor.skipRestOfLine();
  return increment === 0 ? 0 : Math.max(parent, 0) + increment;
}

/** Passes empty lines. @returns the indentation, which the first line that is not empty settles. */
function scanBlockBreaks(cursor: Cursor, indent: number, parent: number): number {
  let deepest = 0;
  for (;;) {
    while ((indent === 0 || cursor.column < indent) && cursor.at() === ' ') cursor.skip();
    deepest = Math.max(deepest, cursor.column);
    if ((indent === 0 || cursor.column < indent) && cursor.at() === '\t')
      cursor.fail('found a tab character where an indentation space is expected');
    if (!isBreak(cursor.at())) break;
    cursor.skipBreak();
  }
  return indent === 0 ? Math.max(deepest, parent + 1, 1) : indent;
}

export function scanQuoted(cursor: Cursor): void {
  const quote = cursor.at();
  cursor.skip();
  for (;;) {
    if (cursor.standsAt('---') || cursor.standsAt('...')) cursor.fail('found unexpected document indicator');
    if (isEnd(cursor.at())) cursor.fail('found unexpected end of stream');
    scanQuotedLine(cursor, quote);
    if (cursor.at() === quote) break;
    while (isBlank(cursor.at()) || isBreak(cursor.at())) {
      if (isBlank(cursor.at())) cursor.skip();
      else cursor.skipBreak();
    }
  }
  cursor.skip();
}

function scanQuotedLine(cursor: Cursor, quote: string): void {
  while (!isBlankOrEnd(cursor.at())) {
    if (cursor.at() === quote) {
      if (quote === '"' || cursor.at(1) !== quote) return;
      cursor.skip(2);
    } else if (quote === '"' && cursor.at() === '\\') {
      if (isBreak(cursor.at(1))) {
        cursor.skip();
        cursor.skipBreak();
        return;
      }
      scanEscape(cursor);
    } else {
      cursor.skip();
    }
  }
}

const CODE_LENGTHS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

function scanEscape(cursor: Cursor): void {
  const kind = cursor.at(1);
  if (kind === '' || !'0abt\tnvfre "\'\\N_LPxuU'.includes(kind)) cursor.fail('found unknown escape character');
  cursor.skip(2);
  const length = CODE_LENGTHS[kind] ?? 0;
  for (let i = 0; i < length; i++) if (!isHex(cursor.at(i))) cursor.fail('did not find expected hexdecimal number');
  const code = Number.parseInt(cursor.text.slice(cursor.position, cursor.position + length), 16);
  if ((code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff) cursor.fail('found invalid Unicode character escape code');
  cursor.skip(length);
}

/** @param parent the indentation around it. @returns whether it ended with a line, after which a key may stand. */
export function scanPlain(cursor: Cursor, parent: number, isInFlow: boolean): boolean {
  let isBehindBreak = false;
  for (;;) {
    if (cursor.standsAt('---') || cursor.standsAt('...') || cursor.at() === '#') break;
    for (let c = cursor.at(); !isBlankOrEnd(c); c = cursor.at()) {
      if ((c === ':' && isBlankOrEnd(cursor.at(1))) || (isInFlow && ',?[]{}'.includes(c))) break;
      isBehindBreak = false;
      cursor.skip();
    }
    if (!isBlank(cursor.at()) && !isBreak(cursor.at())) break;
    while (isBlank(cursor.at()) || isBreak(cursor.at())) {
      if (isBreak(cursor.at())) {
        cursor.skipBreak();
        isBehindBreak = true;
        continue;
      }
      if (isBehindBreak && cursor.column <= parent && cursor.at() === '\t')
        cursor.fail('found a tab character that violates indentation');
      cursor.skip();
    }
    if (!isInFlow && cursor.column <= parent) break;
  }
  return isBehindBreak;
}
