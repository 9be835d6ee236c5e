/** Whatever the text of a rule: an answer in the API server's words. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { compileRules } from './compile.ts';
import { declareType } from './schema-types.ts';
import { GARDEN, garden } from './testing/rule-schemas.ts';
import { CompiledSchema } from './validate.ts';

const declared = declareType(GARDEN, false, 'garden')!;

/** Words of JavaScript and of libraries that no user of Kubernetes should read. */
const FOREIGN =
  /undefined(?! field)|Maximum call stack|\bis not a function|Cannot (?:read|convert|mix)|BigInt|NaN values cannot be converted|\[object|TypeError|RangeError|SyntaxError|\bat \w+ \(.*:\d+:\d+\)|Unexpected (?:token|character)|Expected [A-Z]+, got/;

function messagesOf(rule: string): string[] {
  const schema = { ...GARDEN, 'x-kubernetes-validations': [{ rule, messageExpression: rule, message: 'no' }] };
  const [compiled] = compileRules(schema, declared);
  const faults = new CompiledSchema(schema, false).faults(garden(), garden(), undefined);
  return [compiled?.condition.fault ?? '', ...faults.map(({ message }) => message.replaceAll(rule, ''))];
}

const TOKENS = [
  ...[
    'self',
    'oldSelf',
    '.',
    '.?',
    '(',
    ')',
    '[',
    ']',
    '[?',
    '{',
    '}',
    ',',
    ':',
    '?',
    '+',
    '-',
    '*',
    '/',
    '%',
    '!',
    '&&',
    '||',
  ],
  ...[
    '==',
    '!=',
    '<',
    '<=',
    '>',
    '>=',
    ' in ',
    'true',
    'null',
    '1',
    '2u',
    '1.5',
    "'a'",
    'b"x"',
    'size',
    'has',
    'all',
    'map',
    'x',
  ],
  ...[
    'name',
    'count',
    'beds',
    'plants',
    'labels',
    'port',
    'planted',
    'interval',
    'format',
    'matches',
    'split',
    'int',
    'string',
  ],
  ...[
    'duration',
    'timestamp',
    'quantity',
    'ip',
    'cidr',
    'url',
    'optional',
    'of',
    'none',
    'orValue',
    'value',
    'getHours',
    'sets',
  ],
];

const tokens = fc.array(fc.constantFrom(...TOKENS), { maxLength: 25 }).map((parts) => parts.join(''));
const anything = fc.string({ unit: 'grapheme', maxLength: 60 });

it('answers any text', () => {
  fc.assert(
    fc.property(fc.oneof(tokens, anything), (rule) => {
      for (const message of messagesOf(rule)) expect(message).not.toMatch(FOREIGN);
    }),
    { numRuns: 3000 },
  );
});

const leaf = fc.constantFrom(
  ...[
    'self.count',
    'self.large',
    'self.weight',
    'self.name',
    'self.beds',
    'self.sizes',
    'self.labels',
    'self.port',
    'self.planted',
  ],
  ...[
    'self.interval',
    'self.secret',
    'self.?absent',
    'self.note',
    'null',
    '0',
    '-1',
    '2u',
    '1e308',
    '""',
    '"%s"',
    '[]',
    '{}',
    'dyn(1)',
  ],
  ...['dyn("a")', 'oldSelf.count', 'type(self.port)', 'quantity("1")', 'ip("::1")', 'cidr("::/0")', 'duration("1s")'],
);

const functions = fc.constantFrom(
  ...[
    'size',
    'string',
    'int',
    'uint',
    'double',
    'bytes',
    'duration',
    'timestamp',
    'type',
    'dyn',
    'quantity',
    'ip',
    'cidr',
    'url',
    'isIP',
  ],
);

const methods = fc.constantFrom(
  ...[
    'size',
    'matches',
    'contains',
    'split',
    'join',
    'format',
    'replace',
    'substring',
    'charAt',
    'indexOf',
    'find',
    'findAll',
    'sum',
  ],
  ...['min', 'isSorted', 'getHours', 'getDate', 'orValue', 'value', 'add', 'compareTo', 'containsIP', 'masked', 'trim'],
);

const { expression } = fc.letrec<{ expression: string }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'e' },
    leaf,
    fc
      .tuple(
        tie('expression'),
        fc.constantFrom('+', '-', '*', '/', '%', '==', '<', '>=', ' in ', '&&', '||'),
        tie('expression'),
      )
      .map(([a, operator, b]) => `(${a}${operator}${b})`),
    fc.tuple(functions, tie('expression')).map(([name, arg]) => `${name}(${arg})`),
    fc
      .tuple(tie('expression'), methods, fc.array(tie('expression'), { maxLength: 2 }))
      .map(([target, name, args]) => `${target}.${name}(${args.join(', ')})`),
    fc.tuple(tie('expression'), tie('expression')).map(([list, index]) => `${list}[${index}]`),
    fc
      .tuple(tie('expression'), fc.constantFrom('all', 'exists', 'map', 'filter'), tie('expression'))
      .map(([range, macro, body]) => `${range}.${macro}(x, x == ${body})`),
    fc.tuple(tie('expression'), tie('expression'), tie('expression')).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
  ),
}));

it('answers expressions of all shapes', () => {
  fc.assert(
    fc.property(expression, (text) => {
      for (const rule of [text, `dyn(${text}) == 1`]) {
        for (const message of messagesOf(rule)) expect(message).not.toMatch(FOREIGN);
      }
    }),
    { numRuns: 3000 },
  );
});

it.each([
  ['parentheses', '('.repeat(5000)],
  ['brackets', `${'['.repeat(300)}${']'.repeat(300)}`],
  ['exclamation marks', `${'!'.repeat(50_000)}true`],
  ['sums', `${'1+'.repeat(40_000)}1 > 0`],
  ['products', `${'1 * '.repeat(251)}1 > 0`],
  ['selections', `self${'.x'.repeat(400)}`],
  ['length', `"${'a'.repeat(100_001)}" == ""`],
])('refuses too many %s', (_what, rule) => {
  expect(messagesOf(rule)[0]).toMatch(/^compilation failed: ERROR: <input>/);
});

it('takes long chains of conditions', () => {
  const rule = Array.from({ length: 2000 }, (_, index) => `self.count != ${index + 10}`).join(' && ');
  expect(messagesOf(rule)).toEqual(['']);
});
