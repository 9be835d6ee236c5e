/** What is said of definitions whose rules are no good; all of it is what a kube-apiserver 1.32 says. */
import { describe, expect, it } from 'vitest';
import { definitionSchemaFaults } from './definition-schema.ts';
import { type Case, int, list, map, obj, rules, said, str } from './testing/rule-schemas.ts';

const CASES: Record<string, Case> = {
  'a field that is not there': [
    obj({ a: { ...obj({ b: int }), ...rules('self.x > 0') } }),
    ".properties[a].…[0].rule Invalid: Invalid value: RULE: compilation failed: ERROR: <input>:1:5: undefined field 'x'\n | self.x > 0\n | ....^",
  ],
  'a rule that is no bool': [
    obj({ a: { ...int, ...rules('self + 1') } }),
    '.properties[a].…[0].rule Invalid: Invalid value: RULE: cel expression must evaluate to a bool',
  ],
  'a message that is no text': [
    obj({ a: { ...int, ...rules({ rule: 'self > 0', messageExpression: 'self' }) } }),
    '.properties[a].…[0].messageExpression Invalid: Invalid value: RULE: messageExpression must evaluate to a string',
  ],
  'a message that does not compile': [
    obj({ a: { ...int, ...rules({ rule: 'self > 0', messageExpression: '"a" + self' }) } }),
    ".properties[a].…[0].messageExpression Invalid: Invalid value: RULE: messageExpression compilation failed: ERROR: <input>:1:5: found no matching overload for '_+_' applied to '(string, int)'\n | \"a\" + self\n | ....^",
  ],
  'two rules, both wrong': [
    obj({ a: { ...str, ...rules('self > 1', 'self.size() == "x"') } }),
    ".properties[a].…[0].rule Invalid: Invalid value: RULE: compilation failed: ERROR: <input>:1:6: found no matching overload for '_>_' applied to '(string, int)'\n | self > 1\n | .....^",
    ".properties[a].…[1].rule Invalid: Invalid value: RULE: compilation failed: ERROR: <input>:1:13: found no matching overload for '_==_' applied to '(int, string)'\n | self.size() == \"x\"\n | ............^",
  ],
  'names that are reserved': [
    obj({
      a: {
        ...obj({ namespace: str, 'x-y': str, 'a.b': str }),
        ...rules('self.__namespace__ == "a" && self.x__dash__y == "b" && self.a__dot__b == "c"'),
      },
    }),
  ],
  'a name that is reserved, unescaped': [
    obj({ a: { ...obj({ 'x-y': str }), ...rules('self.x-y == "b"') } }),
    ".properties[a].…[0].rule Invalid: Invalid value: RULE: compilation failed: ERROR: <input>:1:5: undefined field 'x'\n | self.x-y == \"b\"\n | ....^\nERROR: <input>:1:8: undeclared reference to 'y' (in container '')\n | self.x-y == \"b\"\n | .......^",
  ],
  'metadata beyond the name': [
    obj({}, rules('self.metadata.labels.size() > 0')),
    ".…[0].rule Invalid: Invalid value: RULE: compilation failed: ERROR: <input>:1:14: undefined field 'labels'\n | self.metadata.labels.size() > 0\n | .............^",
  ],
  'the name': [obj({}, rules('self.metadata.name.startsWith("a") && self.kind == "X"'))],
  'unknown fields': [
    obj({ a: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true, ...rules('self.x == 1') } }),
    ".properties[a].…[0].rule Invalid: Invalid value: RULE: compilation failed: ERROR: <input>:1:5: undefined field 'x'\n | self.x == 1\n | ....^",
  ],
  'data without a type': [
    obj({ a: { 'x-kubernetes-preserve-unknown-fields': true, ...rules('self == 1') } }),
    '.properties[a].… InternalError: Internal error: internal error: failed to construct type information for … rules: unable to convert structural schema to CEL declarations',
  ],
  'oldSelf in a list': [
    obj({ a: list({ ...int, ...rules('self >= oldSelf') }) }),
    '.properties[a].items.…[0].rule Invalid: Invalid value: "self >= oldSelf": oldSelf cannot be used on the uncorrelatable portion of the schema within spec.validation.openAPIV3Schema.properties[a]',
  ],
  'oldSelf in a set': [
    obj({ a: list({ ...int, ...rules('self >= oldSelf') }, { 'x-kubernetes-list-type': 'set' }) }),
    '.properties[a].items.…[0].rule Invalid: Invalid value: "self >= oldSelf": oldSelf cannot be used on the uncorrelatable portion of the schema within spec.validation.openAPIV3Schema.properties[a]',
  ],
  'oldSelf in a list of type map': [
    obj({
      a: list(obj({ k: str, v: { ...int, ...rules('self >= oldSelf') } }, { required: ['k'] }), {
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['k'],
        maxItems: 10,
      }),
    }),
  ],
  'oldSelf below a list of lists': [
    obj({ a: list(list(obj({ k: { ...int, ...rules('self >= oldSelf') } }), { maxItems: 3 }), { maxItems: 3 }) }),
    '.properties[a].items.items.properties[k].…[0].rule Invalid: Invalid value: "self >= oldSelf": oldSelf cannot be used on the uncorrelatable portion of the schema within spec.validation.openAPIV3Schema.properties[a]',
  ],
  'oldSelf in a map': [obj({ a: map({ ...int, ...rules('self >= oldSelf') }, { maxProperties: 3 }) })],
  'optionalOldSelf without oldSelf': [
    obj({ a: { ...int, ...rules({ rule: 'self > 1', optionalOldSelf: true }) } }),
    '.properties[a].…[0].optionalOldSelf Invalid: Invalid value: true: may not be set if oldSelf is not used in rule',
  ],
  'optionalOldSelf false without oldSelf': [
    obj({ a: { ...int, ...rules({ rule: 'self > 1', optionalOldSelf: false }) } }),
    '.properties[a].…[0].optionalOldSelf Invalid: Invalid value: false: may not be set if oldSelf is not used in rule',
  ],
  'optionalOldSelf used as it is': [
    obj({ a: { ...int, ...rules({ rule: 'self > oldSelf', optionalOldSelf: true }) } }),
    ".properties[a].…[0].rule Invalid: Invalid value: RULE: compilation failed: ERROR: <input>:1:6: found no matching overload for '_>_' applied to '(int, optional_type(int))'\n | self > oldSelf\n | .....^",
    '.properties[a].…[0].optionalOldSelf Invalid: Invalid value: true: may not be set if oldSelf is not used in rule',
  ],
  'optionalOldSelf as optional': [
    obj({ a: { ...int, ...rules({ rule: 'self > oldSelf.orValue(0)', optionalOldSelf: true }) } }),
  ],
  'oldSelf as optional without saying so': [
    obj({ a: { ...int, ...rules('self > oldSelf.orValue(0)') } }),
    ".properties[a].…[0].rule Invalid: Invalid value: RULE: compilation failed: ERROR: <input>:1:23: found no matching overload for 'orValue' applied to 'int.(int)'\n | self > oldSelf.orValue(0)\n | ......................^",
  ],
  'a blank rule': [
    obj({ a: { ...int, ...rules('  ') } }),
    '.properties[a].…[0].rule Required: Required value: rule is not specified',
  ],
  'a rule of two lines': [
    obj({ a: { ...int, ...rules('self > 1 &&\nself < 5') } }),
    '.properties[a].…[0].message Required: Required value: message must be specified if rule contains line breaks',
  ],
  'a rule of two lines with a message': [
    obj({ a: { ...int, ...rules({ rule: 'self > 1 &&\nself < 5', message: 'm' }) } }),
  ],
  'an error on the second line': [
    obj({ a: { ...int, ...rules({ rule: 'self > 1 &&\n  self.x < 5', message: 'm' }) } }),
    ".properties[a].…[0].rule Invalid: Invalid value: RULE: compilation failed: ERROR: <input>:2:7: type 'int' does not support field selection\n |   self.x < 5\n | ......^",
  ],
  'a message of two lines': [
    obj({ a: { ...int, ...rules({ rule: 'self > 1', message: 'a\nb' }) } }),
    '.properties[a].…[0].message Invalid: Invalid value: "a\\nb": message must not contain line breaks',
  ],
  'a blank message': [
    obj({ a: { ...int, ...rules({ rule: 'self > 1', message: ' ' }) } }),
    '.properties[a].…[0].message Invalid: Invalid value: " ": message must be non-empty if specified',
  ],
  'a blank messageExpression': [
    obj({ a: { ...int, ...rules({ rule: 'self > 1', messageExpression: ' ' }) } }),
    '.properties[a].…[0].messageExpression Required: Required value: messageExpression must be non-empty if specified',
  ],
  'an unknown reason': [
    obj({ a: { ...int, ...rules({ rule: 'self > 1', reason: 'FieldValueWrong' }) } }),
    '.properties[a].…[0].reason NotSupported: Unsupported value: "FieldValueWrong": supported values: "FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"',
  ],
  'a fieldPath that leads nowhere': [
    obj({ a: { ...obj({ b: int }), ...rules({ rule: 'true', fieldPath: '.c' }) } }),
    '.properties[a].…[0].fieldPath Invalid: Invalid value: ".c": fieldPath must be a valid path',
  ],
  'a fieldPath without a dot': [
    obj({ a: { ...obj({ b: int }), ...rules({ rule: 'true', fieldPath: 'b' }) } }),
    '.properties[a].…[0].fieldPath Invalid: Invalid value: "b": fieldPath must be a valid path',
  ],
  'a fieldPath through a map': [
    obj({ a: { ...obj({ b: map(int) }), ...rules({ rule: 'true', fieldPath: ".b['x.y']" }) } }),
  ],
  format: [
    obj({
      a: {
        ...obj({ x: int, y: str }),
        ...rules({ rule: 'self.x > 0', messageExpression: '"x is %d, y is %s".format([self.x, self.y])' }),
      },
    }),
  ],
  'int-or-string': [
    obj({ a: { 'x-kubernetes-int-or-string': true, ...rules('type(self) == int ? self > 0 : self.endsWith("%")') } }),
  ],
  dates: [
    obj({
      a: {
        ...obj({
          t: { type: 'string', format: 'date-time' },
          d: { type: 'string', format: 'duration' },
          b: { type: 'string', format: 'byte' },
        }),
        ...rules('self.t + self.d > timestamp("2024-01-01T00:00:00Z") && self.b.size() > 1'),
      },
    }),
  ],
  'an embedded resource': [
    obj({
      a: {
        type: 'object',
        'x-kubernetes-embedded-resource': true,
        'x-kubernetes-preserve-unknown-fields': true,
        ...rules('self.metadata.name == self.kind'),
      },
    }),
  ],
  'rules where the schema is wrong': [
    obj({ a: { ...obj({ b: { type: 'string', maxLength: 5, uniqueItems: true } }), ...rules('self.x == 1') } }),
    '.properties[a].properties[b].uniqueItems Forbidden: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
  ],
  'a default that breaks a rule': [
    obj({ a: { ...int, default: 1, ...rules('self > 5') } }),
    '.properties[a].default Invalid: Invalid value: "integer": failed rule: self > 5',
  ],
  'a default that keeps a rule': [obj({ a: { ...int, default: 6, ...rules('self > 5') } })],
  'duration literals': [
    obj({ a: { type: 'string', format: 'duration', ...rules('self > duration("x")') } }),
    '.properties[a].…[0].rule Invalid: Invalid value: RULE: compilation failed: ERROR: <input>:1:17: invalid duration argument\n | self > duration("x")\n | ................^',
  ],
  'types of rules two deep': [
    obj({
      a: {
        ...obj({ b: { ...obj({ c: { ...int, ...rules('self.x > 0') } }), ...rules('self.y > 0') } }),
        ...rules('self.b > 0'),
      },
    }),
    ".properties[a].properties[b].properties[c].…[0].rule Invalid: Invalid value: RULE: compilation failed: ERROR: <input>:1:5: type 'int' does not support field selection\n | self.x > 0\n | ....^",
    ".properties[a].properties[b].…[0].rule Invalid: Invalid value: RULE: compilation failed: ERROR: <input>:1:5: undefined field 'y'\n | self.y > 0\n | ....^",
    ".properties[a].…[0].rule Invalid: Invalid value: RULE: compilation failed: ERROR: <input>:1:8: found no matching overload for '_>_' applied to '(selfType.b, int)'\n | self.b > 0\n | .......^",
  ],
};

describe('rules of a definition', () => {
  it.each(Object.entries(CASES))('%s', (_what, [schema, ...expected]) => {
    expect(said(schema).sort()).toEqual(expected.sort());
  });
});

it('shows the whole rule as Go prints it', () => {
  const schema = obj({ a: { ...int, ...rules({ rule: 'self.x', message: 'm' }) } });
  expect(definitionSchemaFaults(schema, 'spec.validation', false)[0]?.message).toBe(
    'Invalid value: apiextensions.ValidationRule{Rule:"self.x", Message:"m", MessageExpression:"", Reason:(*apiextensions.FieldValueErrorReason)(nil), FieldPath:"", OptionalOldSelf:(*bool)(nil)}: compilation failed: ERROR: <input>:1:5: type \'int\' does not support field selection\n | self.x\n | ....^',
  );
});
