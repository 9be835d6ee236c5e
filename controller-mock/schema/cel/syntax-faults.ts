/**
 * What the API server's parser says of texts that are no expressions, as near as another parser can tell. It tells all characters that it
 * does not know, and then what is wrong without them; of several other mistakes, only the first is told here.
 */
import type { ParseError } from '@marcbachmann/cel-js';
import type { SourceFault } from './fault.ts';

/** Tokens that an expression may begin with, as google/cel-go lists them. */
const OPERAND =
  "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";

const CAN_BEGIN = /^[\w"'[{(.!-]/;

/** Something wrong, and the text that the parser goes on without; undefined when it gives up. */
export interface Mistake {
  readonly fault: SourceFault;
  readonly skipped: { readonly start: number; readonly end: number } | undefined;
}

/** @param error of the library, whose own words are not told */
export function syntaxMistake(source: string, error: ParseError): Mistake {
  const start = error.range?.start ?? source.length;
  const unknown = unknownText(source, start, error.code);
  if (unknown !== undefined) {
    const fault = { at: start, message: `Syntax error: token recognition error at: '${unknown}'` };
    return { fault, skipped: { start, end: start + unknown.length } };
  }
  return { fault: syntaxFault(source, start, error), skipped: undefined };
}

/** Text that begins no token. */
function unknownText(source: string, start: number, code: string): string | undefined {
  switch (code) {
    case 'unterminated_string':
    case 'newline_in_string':
    case 'unterminated_triple_quoted_string':
      return source.slice(start).split('\n')[0]!;
    case 'unexpected_character': {
      const [character = ''] = source.slice(start);
      // Half of an operator takes the next character with it.
      if ('=&|'.includes(character) && character !== '') return source.slice(start, start + 2);
      return /[\w\s"'()[\]{}.,:?+*/%<>!-]/.test(character)
        ? undefined
        : String.fromCodePoint(source.codePointAt(start)!);
    }
    default:
      return undefined;
  }
}

function syntaxFault(source: string, start: number, { code, range, summary = '' }: ParseError): SourceFault {
  const fault = (message: string, at: number | undefined = start): SourceFault => ({ at, message });
  const rest = source.slice(start);
  const isEnd = rest.trim() === '';
  const token = isEnd ? '<EOF>' : firstToken(rest);
  const next = rest.slice(isEnd ? rest.length : token.length).trim();
  switch (code) {
    case 'reserved_identifier':
      return fault(`reserved identifier: ${token}`);
    case 'limit_exceeded':
      return { at: undefined, message: 'expression recursion limit exceeded: 250' };
    case 'invalid_number':
      return fault('invalid double literal');
    case 'invalid_integer':
    case 'invalid_hex_integer':
      return fault(
        source.slice(start, range?.end).toLowerCase().endsWith('u') ? 'invalid uint literal' : 'invalid int literal',
      );
    case 'invalid_macro_argument': {
      const isList = /^(?:map|filter)\(/.test(summary);
      const at = source[start - 1] === '.' ? start - 1 : start;
      return fault(isList ? 'argument is not an identifier' : 'argument must be a simple name', at);
    }
    case 'expected_token':
      return fault(`Syntax error: ${missingToken(summary, token)}`);
    case 'unexpected_token':
      return fault(
        `Syntax error: ${!isEnd && CAN_BEGIN.test(next) ? 'extraneous' : 'mismatched'} input '${token}' expecting ${OPERAND}`,
      );
    case 'unexpected_character': {
      const name = token === '{' ? /([\w.]+)\s*$/.exec(source.slice(0, start))?.[1] : undefined;
      if (name !== undefined) return fault(`undeclared reference to '${name}' (in container '')`);
      return fault(`Syntax error: ${next === '' ? 'extraneous' : 'mismatched'} input '${token}' expecting <EOF>`);
    }
    default:
      return fault(`Syntax error: token recognition error at: '${token}'`);
  }
}

const firstToken = (text: string): string => /^(?:\w+|"[^"]*"|'[^']*'|&&|\|\||[=!<>]=|.)/s.exec(text)![0];

/** @param expected the library's summary, which names the token */
function missingToken(expected: string, token: string): string {
  switch (/^Expected (\w+)/.exec(expected)?.[1]) {
    case 'RPAREN':
      return token === '<EOF>' ? "missing ')' at '<EOF>'" : `mismatched input '${token}' expecting ')'`;
    case 'RBRACKET':
      return `mismatched input '${token}' expecting {']', ','}`;
    case 'RBRACE':
      return `mismatched input '${token}' expecting {'}', ','}`;
    case 'COLON':
      return `mismatched input '${token}' expecting ':'`;
    default:
      return `no viable alternative at input '.${token === '<EOF>' ? '' : token}'`;
  }
}
