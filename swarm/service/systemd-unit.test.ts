import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unitEnvironment, unitSettings, unitWords } from './systemd-unit.ts';

describe('settings of a unit', () => {
  it('are those of their section, in order', () => {
    const unit =
      '[Unit]\nExecStart=no\n[Service]\nExecStart=one\nType = simple\nExecStart = two\n[Install]\nExecStart=no\n';
    expect(unitSettings(unit, 'Service', 'ExecStart')).toEqual(['one', 'two']);
  });

  it('are cleared by an empty value', () => {
    expect(unitSettings('[Service]\nExecStart=one\nExecStart=\nExecStart=two', 'Service', 'ExecStart')).toEqual([
      'two',
    ]);
  });

  it('go on behind a backslash, comments left out', () => {
    const unit = '[Service]\r\nExecStart=agent --a \\\r\n# why\r\n  --b \\\r\n  --c\r\n;ExecStart=no\r\n';
    expect(unitSettings(unit, 'Service', 'ExecStart')).toEqual(['agent --a --b --c']);
  });

  it('end with the text, also behind a backslash', () => {
    expect(unitSettings('[Service]\nExecStart=agent \\', 'Service', 'ExecStart')).toEqual(['agent']);
  });
});

describe('words of a value', () => {
  it.each([
    ['a  b\tc', ['a', 'b', 'c']],
    ['"a b" \'c "d"\' ""', ['a b', 'c "d"', '']],
    ['a"b c"d', ['ab cd']],
    ['a\\sb \\x41\\n \\"q', ['a b', 'A\n', '"q']],
    ['100%% %i', ['100%', '%i']],
    ['"open end', ['open end']],
    ['', []],
  ])('of %j are %j', (value, words) => {
    expect(unitWords(value)).toEqual(words);
  });

  it('come back from any quoted list of words', () => {
    const quoted = (word: string) =>
      `"${word.replace(/[\\"]/g, '\\$&').replaceAll('%', '%%').replaceAll('\n', '\\n').replaceAll('\r', '\\r')}"`;
    fc.assert(
      fc.property(fc.array(fc.string()), (words) => {
        expect(unitWords(words.map(quoted).join(' '))).toEqual(words);
      }),
    );
  });
});

describe('the environment of a unit', () => {
  it('holds the last value of a name, several in one setting, quoted ones', () => {
    const unit = '[Service]\nEnvironment=A=1 "B=two words" C\nEnvironment=A=3\nEnvironment="D="';
    expect([...unitEnvironment(unit)]).toEqual([
      ['A', '3'],
      ['B', 'two words'],
      ['D', ''],
    ]);
  });
});
