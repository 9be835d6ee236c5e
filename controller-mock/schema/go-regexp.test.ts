import { expect, it } from 'vitest';
import { compileGoRegexp, goRegexpFault } from './go-regexp.ts';

it.each([
  ['^(?!x).*$', 'invalid or unsupported Perl syntax: `(?!`'],
  ['(', 'missing closing ): `(`'],
  ['[a', 'missing closing ]: `[a`'],
  ['a{1001}', 'invalid repeat count: `{1001}`'],
  ['a\\', 'trailing backslash at end of expression: ``'],
  ['[b-a]', 'invalid character class range: `b-a`'],
])('%j is refused', (pattern, fault) => {
  expect(goRegexpFault(pattern)).toBe(`error parsing regexp: ${fault}`);
});

it.each([
  ['(?P<n>a)(?P<n>b)', 'ab', true],
  ['(?i)^ab$', 'AB', true],
  ['^a$', 'a\n', false],
  ['\\pL', 'é', true],
  ['^[[:alpha:]]+\\z', 'ab', true],
  // Ambiguous in a way that takes other engines for ever.
  ['^(a+)+$', `${'a'.repeat(40)}b`, false],
])('%j finds in %j: %j', (pattern, text, found) => {
  expect(compileGoRegexp(pattern).matcher(text).find()).toBe(found);
});
