import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { UnwritableValueError, yamlText } from './yaml-text.ts';

/** Texts that break careless writers of YAML, beside arbitrary ones. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: fc.constantFrom(...'\'":{}[]#&*!|>%@`,?-\\\n\r\t {%}\u0085\u2028\ufeff0123456789eEx._~yn') }),
  fc.constantFrom(
    'yes',
    'NO',
    'on',
    'y',
    '~',
    'null',
    '1e3',
    'e6',
    'E-6',
    '0x1f',
    '1_000',
    '12:30:45',
    '2026-01-01',
    '.inf',
    '=',
    '<<',
  ),
  fc.constantFrom('---', '...', '{{ x }}', '{% raw %}', "it's", 'a: b', 'a #b', ' ', '', '- a', '? a', '"', 'a\nb: c'),
);
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    text,
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('any'), { maxLength: 4 }),
    fc.dictionary(text, tie('any'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).any;

describe.each(['1.1', '1.2'] as const)('a reader of YAML %s', (version) => {
  const read = (document: string) => parse(document, { version, merge: false });
  it('reads the value that was written, wherever it stands', () => {
    fc.assert(
      fc.property(value, (given) => {
        const written = yamlText(given);
        expect(written).not.toContain('\n');
        expect(read(`before: 1\nkey: ${written}\nafter: 2\n`)).toEqual({ before: 1, key: given, after: 2 });
        expect(read(`- ${written}\n- x\n`)).toEqual([given, 'x']);
        expect(read(`{a: [1, ${written}], b: ${written}}`)).toEqual({ a: [1, given], b: given });
      }),
      { numRuns: 200 },
    );
  });
});

it.each([
  ['swarm-0', 'swarm-0'],
  ['agent-install.openshift.io/v1beta1', 'agent-install.openshift.io/v1beta1'],
  ['no', '"no"'],
  ['10.0.0.1', '"10.0.0.1"'],
  ['02:00:00:80:12:14', '"02:00:00:80:12:14"'],
  [1e21, '1.0e+21'],
  [{ a: ['b', 1] }, '{"a": [b, 1]}'],
])('writes %j as %s', (given, written) => expect(yamlText(given)).toBe(written));

it.each([[undefined], [() => 1], [Number.NaN], ['\ud800']])('refuses %s', (given) =>
  expect(() => yamlText(given)).toThrow(UnwritableValueError));
