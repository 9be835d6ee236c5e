/**
 * Splits a text into words as a shell does before it starts a program (POSIX.1-2024, Shell Command Language, 2.2 Quoting):
 * blanks divide, quotes and backslashes keep together. Test plans of the public load tests hold command lines as such texts
 * (rohankanojia-testing/dwo-load-testing-using-k6-poc, scripts/run_all_loadtests.sh, Makefile `test_load`). A shell would do more
 * with some signs: run other programs, put in variables. Those are refused: what came of them nobody could tell.
 */

/** The text is no command line that could be taken; says which sign is wrong, and where. */
export class ShellWordsError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ShellWordsError';
  }
}

const BLANK = /[ \t\r\n]/;
/** What only a shell could do something with, when it stands without quotes. */
const OPERATORS: Readonly<Record<string, string>> = {
  ';': 'begin another command',
  '&': 'begin another command',
  '|': 'begin another command',
  '<': 'read a file',
  '>': 'write a file',
  '(': 'begin a subshell',
  ')': 'end a subshell',
};
const SUBSTITUTIONS: Readonly<Record<string, string>> = {
  $: 'put in a variable',
  '`': 'put in what a command prints',
};

/** @throws ShellWordsError for a quote that is not closed, and for what a shell would run or put in. */
export function shellWords(text: string): string[] {
  const words: string[] = [];
  /** null between words. */
  let word: string | null = null;
  for (let at = 0; at < text.length; at++) {
    const sign = text[at]!;
    if (BLANK.test(sign)) {
      if (word !== null) words.push(word);
      word = null;
    } else if (sign === "'") {
      const end = text.indexOf("'", at + 1);
      if (end < 0)
        throw new ShellWordsError(`the ' at ${place(text, at)} is not closed; close it, or escape it as \\'`);
      word = (word ?? '') + text.slice(at + 1, end);
      at = end;
    } else if (sign === '"') {
      const quoted = doubleQuoted(text, at);
      word = (word ?? '') + quoted.content;
      at = quoted.end;
    } else if (sign === '\\') {
      at += 1;
      if (at === text.length) throw new ShellWordsError('a backslash at the end escapes nothing; take it away');
      // An escaped end of line is none: the line goes on.
      if (text[at] !== '\n') word = (word ?? '') + text[at];
    } else {
      refuse(text, at, { ...OPERATORS, ...SUBSTITUTIONS, ...(word === null && { '#': 'begin a comment' }) });
      word = (word ?? '') + sign;
    }
  }
  if (word !== null) words.push(word);
  return words;
}

/** @param start where the opening quote is */
function doubleQuoted(text: string, start: number): { content: string; end: number } {
  let content = '';
  for (let at = start + 1; at < text.length; at++) {
    const sign = text[at]!;
    if (sign === '"') return { content, end: at };
    if (sign === '\\') {
      const next = text[at + 1] ?? '';
      if (next === '\n') at += 1;
      else if (next !== '' && '$`"\\'.includes(next)) {
        content += next;
        at += 1;
      } else content += sign;
      continue;
    }
    refuse(text, at, SUBSTITUTIONS);
    content += sign;
  }
  throw new ShellWordsError(`the " at ${place(text, start)} is not closed; close it, or escape it as \\"`);
}

function refuse(text: string, at: number, signs: Readonly<Record<string, string>>): void {
  const what = signs[text[at]!];
  if (what === undefined) return;
  throw new ShellWordsError(
    `the ${text[at]} at ${place(text, at)} would ${what} in a shell, and here is none; write the value itself, or put it in single quotes`,
  );
}

/** `character 12 (… --registry-path $HOME)`, counted from 1. */
function place(text: string, at: number): string {
  return `character ${at + 1} (${at > 20 ? '…' : ''}${text.slice(Math.max(0, at - 20), at + 1)})`;
}
