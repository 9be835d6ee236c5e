import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ShellWordsError, shellWords } from './shell-words.ts';

describe('words of a shell', () => {
  it.each([
    ['--mode binary', ['--mode', 'binary']],
    ['--registry-path "" --registry-secret \'\'', ['--registry-path', '', '--registry-secret', '']],
    ['  a\t b\n', ['a', 'b']],
    ['a"b c"\'d e\'f\\ g', ['ab cd ef g']],
    ['"a\\"b" "\\n" \'\\n\' \\n', ['a"b', '\\n', '\\n', 'n']],
    ['--backup-schedule "*/2 * * * *"', ['--backup-schedule', '*/2 * * * *']],
    ['a \\\n  b', ['a', 'b']],
    ['a\\\nb "c\\\nd"', ['ab', 'cd']],
    ["'$HOME' \"\\$HOME\" \\$HOME '#' a#b", ['$HOME', '$HOME', '$HOME', '#', 'a#b']],
    ['', []],
  ])('%j', (text, words) => {
    expect(shellWords(text)).toEqual(words);
  });

  it.each([
    ["--a 'b", /the ' at character 5 \(--a '\) is not closed/],
    ['--a "b', /the " at character 5/],
    ['a \\', /a backslash at the end escapes nothing/],
    ['--path $HOME', /the \$ at character 8 .* would put in a variable .* single quotes/],
    ['"`id`"', /the ` at character 2/],
    ['a; rm b', /the ; at character 2 .* begin another command/],
    ['a #b', /begin a comment/],
  ])('refuses %j', (text, message) => {
    expect(() => shellWords(text)).toThrow(ShellWordsError);
    expect(() => shellWords(text)).toThrow(message);
  });

  it('come back from each way to quote them', () => {
    const quotes: ((word: string) => string)[] = [
      (word) => `'${word.replaceAll("'", "'\\''")}'`,
      (word) => `"${word.replaceAll(/[$`"\\]/g, '\\$&')}"`,
      (word) => (word === '' ? "''" : word.replaceAll(/[^\w\n]/g, '\\$&').replaceAll('\n', "'\n'")),
    ];
    const quoted = fc.record({ word: fc.string({ unit: 'binary', maxLength: 12 }), quote: fc.constantFrom(...quotes) });
    fc.assert(
      fc.property(fc.array(quoted, { maxLength: 6 }), fc.constantFrom(' ', '\n', ' \t '), (words, blank) => {
        const text = words.map(({ word, quote }) => quote(word)).join(blank);
        expect(shellWords(text)).toEqual(words.map(({ word }) => word));
      }),
    );
  });

  it('are those that /bin/sh makes of the same text', () => {
    const text = fc
      .array(fc.constantFrom(...`ab -=/.'"\\\n\t,:@%+#`, ' ', '""', "''"), { maxLength: 24 })
      .map((parts) => parts.join(''));
    const texts: { text: string; words: string[] }[] = [];
    fc.assert(
      fc.property(text, (one) => {
        try {
          texts.push({ text: one, words: shellWords(one) });
        } catch (error) {
          expect(error).toBeInstanceOf(ShellWordsError);
        }
      }),
      { numRuns: 1000 },
    );
    expect(texts.length).toBeGreaterThan(100);
    // A shell ends a command with its line; between words that makes no difference to what the words are.
    const script = texts
      .filter(({ text: one }) => !/\n/.test(one))
      .map(({ text: one }) => `printf '%s\\0' - ${one}\nprintf '\\1'\n`)
      .join('');
    const printed = execFileSync('/bin/sh', ['-s'], { input: script, encoding: 'utf8' }).split('\u0001').slice(0, -1);
    const made = printed.map((line) => line.split('\0').slice(1, -1));
    expect(made).toEqual(texts.filter(({ text: one }) => !/\n/.test(one)).map(({ words }) => words));
  });
});
