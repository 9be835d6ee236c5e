import fc from 'fast-check';
import { expect, it } from 'vitest';
import { labelsProblem } from './node-labels.ts';

const NAME = /^([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]$/;
const PREFIX = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

it.each([
  [{ a: 'b', 'example.com/A_b.c-1': '' }, undefined],
  [
    { a: 'b c' },
    /^f: Invalid value: "b c": a valid label must be an empty string or consist of .* \(e\.g\. 'MyValue', {2}or 'my_value', {2}or '12345', regex used for validation is '\(\(\[A-Za-z0-9\]\[-A-Za-z0-9_\.\]\*\)\?\[A-Za-z0-9\]\)\?'\)$/,
  ],
  [{ '/a': '' }, 'f: Invalid value: "/a": prefix part must be non-empty'],
  [{ 'Up/a': '' }, /^f: Invalid value: "Up\/a": prefix part a lowercase RFC 1123 subdomain must consist of/],
  [
    { 'a/b/c': '' },
    /^f: Invalid value: "a\/b\/c": a qualified name must consist of .* with an optional DNS subdomain prefix and '\/' \(e\.g\. 'example\.com\/MyName'\)$/,
  ],
  [{ '': '' }, /^\[f: Invalid value: "": name part must be non-empty, f: Invalid value: "": name part must consist of/],
  [{ ['x'.repeat(64)]: '' }, /: name part must be no more than 63 characters$/],
  [{ a: 'x'.repeat(64) }, /: must be no more than 63 characters$/],
])('%j', (labels, problem) => {
  const said = labelsProblem(labels as Record<string, string>, 'f');
  if (problem instanceof RegExp) expect(said).toMatch(problem);
  else expect(said).toBe(problem);
});

it('finds a problem exactly in what Kubernetes does not take', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'Z', '0', '-', '_', '.', '/', ' '), maxLength: 8 });
  fc.assert(
    fc.property(text, text, (key, value) => {
      const parts = key.split('/');
      const isKey = parts.length <= 2 && NAME.test(parts.at(-1)!) && (parts.length === 1 || PREFIX.test(parts[0]!));
      const isGood = isKey && (value === '' || NAME.test(value));
      expect(labelsProblem({ [key]: value }, 'f') === undefined).toBe(isGood);
    }),
  );
});
