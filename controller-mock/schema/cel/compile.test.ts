/** What is said of expressions that are none; all of it is what a kube-apiserver 1.32 says. */
import { describe, expect, it } from 'vitest';
import { compileRules } from './compile.ts';
import { declareType } from './schema-types.ts';
import { GARDEN } from './testing/rule-schemas.ts';

const declared = declareType(GARDEN, false, 'garden')!;

function faultOf(rule: string): string | undefined {
  const [compiled] = compileRules({ ...GARDEN, 'x-kubernetes-validations': [{ rule }] }, declared);
  return compiled?.condition.fault?.replaceAll('garden', 'selfType');
}

/** Without the lines that show the place. */
const short = (fault: string | undefined) =>
  fault
    ?.replace('compilation failed: ', '')
    .replaceAll('ERROR: <input>:', '')
    .replaceAll(/\n \| .*/g, '');

/** Tokens that an expression may begin with. */
const OPERAND =
  "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";

describe('faults of expressions', () => {
  it.each([
    ['self.foo > 0', "1:5: undefined field 'foo'"],
    ['self.count > "a"', "1:12: found no matching overload for '_>_' applied to '(int, string)'"],
    ['self.count', 'cel expression must evaluate to a bool'],
    ['self.name', 'cel expression must evaluate to a bool'],
    ['self.nme == 1', "1:5: undefined field 'nme'"],
    ['foo == 1', "1:1: undeclared reference to 'foo' (in container '')"],
    ['self.count == ', `1:15: Syntax error: mismatched input '<EOF>' expecting ${OPERAND}`],
    ['self.count == )', `1:15: Syntax error: mismatched input ')' expecting ${OPERAND}`],
    ['(self.count == 1', "1:17: Syntax error: missing ')' at '<EOF>'"],
    ['self.count == 1)', "1:16: Syntax error: extraneous input ')' expecting <EOF>"],
    ['self.count === 1', "1:14: Syntax error: token recognition error at: '= '"],
    [
      'self.count = 1',
      "1:12: Syntax error: token recognition error at: '= '\n1:14: Syntax error: extraneous input '1' expecting <EOF>",
    ],
    [
      'self.count & 1 == 1',
      "1:12: Syntax error: token recognition error at: '& '\n1:14: Syntax error: mismatched input '1' expecting <EOF>",
    ],
    ['self.count == 1 and true', "1:17: Syntax error: mismatched input 'and' expecting <EOF>"],
    ['self.count == 1 && ', `1:20: Syntax error: mismatched input '<EOF>' expecting ${OPERAND}`],
    ['&& true', `1:1: Syntax error: extraneous input '&&' expecting ${OPERAND}`],
    ['self.name.', "1:11: Syntax error: no viable alternative at input '.'"],
    ['self.name.(1)', "1:11: Syntax error: no viable alternative at input '.('"],
    ['self.class == "x"', "1:5: undefined field 'class'"],
    ['for == 1', '1:1: reserved identifier: for'],
    ['self.for == "x"', "1:5: undefined field 'for'"],
    ['true false', "1:6: Syntax error: extraneous input 'false' expecting <EOF>"],
    ["'abc''", "1:6: Syntax error: token recognition error at: '''"],
    [
      'self.count @ 2',
      "1:12: Syntax error: token recognition error at: '@'\n1:14: Syntax error: extraneous input '2' expecting <EOF>",
    ],
    ['self.x.y.z == 1', "1:5: undefined field 'x'"],
    [
      'self.count.all(x, x > 1)',
      "1:5: expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)",
    ],
    [
      'self.name.all(x, x > 1)',
      "1:5: expression of type 'string' cannot be range of a comprehension (must be list, map, or dynamic)",
    ],
    ['self.beds.all(1, true)', '1:15: argument must be a simple name'],
    ['self.beds.map(x.y, true)', '1:16: argument is not an identifier'],
    ['self.beds.filter("x", true)', '1:18: argument is not an identifier'],
    ['has(self)', '1:5: invalid argument to has() macro'],
    ['has(1)', '1:5: invalid argument to has() macro'],
    ['has(self.beds[0])', '1:14: invalid argument to has() macro'],
    ['has(self.foo)', "1:4: undefined field 'foo'"],
    ['has(self.name.x)', "1:4: type 'string' does not support field selection"],
    ['self.beds.all(x, x)', "1:18: expected type 'bool' but found 'string'"],
    ['self.beds.exists(x, 1)', "1:21: expected type 'bool' but found 'int'"],
    ['self.beds.exists_one(x, "a")', "1:21: found no matching overload for '_?_:_' applied to '(string, int, int)'"],
    [
      'self.beds.filter(x, x)',
      "1:17: found no matching overload for '_?_:_' applied to '(string, list(string), list(string))'",
    ],
    ['self.beds.foo()', "1:14: undeclared reference to 'foo' (in container '')"],
    ['foo(1)', "1:4: undeclared reference to 'foo' (in container '')"],
    ['size(1) == 1', "1:5: found no matching overload for 'size' applied to '(int)'"],
    ['self.name.matches("(")', '1:19: invalid matches argument'],
    ['self.name.matches("a{1001}")', '1:19: invalid matches argument'],
    ['duration("x") == duration("1s")', '1:10: invalid duration argument'],
    ['timestamp("x") == timestamp(1)', '1:11: invalid timestamp argument'],
    ['[1, "a"] == []', "1:5: expected type 'int' but found 'string'"],
    ['{"a": 1, "b": "c"}.a == 1', "1:15: expected type 'int' but found 'string'"],
    ['{1: 2, "a": 3} == {}', "1:8: expected type 'int' but found 'string'"],
    ['[1, 2.0].size() == 2', "1:5: expected type 'int' but found 'double'"],
    ['[dyn(1), 2].size() == 2', "1:10: expected type 'dyn' but found 'int'"],
    ['1 == "1"', "1:3: found no matching overload for '_==_' applied to '(int, string)'"],
    ['1 + "1" == 2', "1:3: found no matching overload for '_+_' applied to '(int, string)'"],
    ['self.count + 1.5 == 2.5', "1:12: found no matching overload for '_+_' applied to '(int, double)'"],
    ['self.count + self.weight > 2.0', "1:12: found no matching overload for '_+_' applied to '(int, double)'"],
    ['-"a" == "b"', "1:1: found no matching overload for '-_' applied to '(string)'"],
    ['!1', "1:1: found no matching overload for '!_' applied to '(int)'"],
    ['!self.count', "1:1: found no matching overload for '!_' applied to '(int)'"],
    ['self.open + true', "1:11: found no matching overload for '_+_' applied to '(bool, bool)'"],
    ['self.open && self.count', "1:18: expected type 'bool' but found 'int'"],
    ['self.count ? 1 : 2', "1:12: found no matching overload for '_?_:_' applied to '(int, int, int)'"],
    ['self.open ? 1 : "a"', "1:11: found no matching overload for '_?_:_' applied to '(bool, int, string)'"],
    ['(self.open ? 1 : 2.0) == 1', "1:12: found no matching overload for '_?_:_' applied to '(bool, int, double)'"],
    ['self.count in self.beds', "1:12: found no matching overload for '@in' applied to '(int, list(string))'"],
    ['"a" in self.count', "1:5: found no matching overload for '@in' applied to '(string, int)'"],
    ['"a" in self.name', "1:5: found no matching overload for '@in' applied to '(string, string)'"],
    ['self.beds["a"] == "b"', "1:10: found no matching overload for '_[_]' applied to '(list(string), string)'"],
    ['self.labels[1] == "b"', "1:12: found no matching overload for '_[_]' applied to '(map(string, string), int)'"],
    ['self.name[0] == "G"', "1:10: found no matching overload for '_[_]' applied to '(string, int)'"],
    ['self.count[0] == 1', "1:11: found no matching overload for '_[_]' applied to '(int, int)'"],
    ['self.house.x == 1', "1:11: undefined field 'x'"],
    ['self.house.door.depth == 1', "1:16: undefined field 'depth'"],
    ['self.anything == 1', "1:5: undefined field 'anything'"],
    ['self.loose.unknown == 1', "1:11: undefined field 'unknown'"],
    ['self.seed.more == 1', "1:10: undefined field 'more'"],
    ['self.seed.metadata.labels == {}', "1:19: undefined field 'labels'"],
    ['self.seed.spec == 1', "1:10: undefined field 'spec'"],
    ['oldSelf.foo == 1', "1:8: undefined field 'foo'"],
    [
      '"%d".format(["a"]) == ""',
      '1:14: error during formatting: decimal clause can only be used on integers, was given string',
    ],
    ['"%s %s".format(["a"]) == ""', '1:15: index 1 out of range'],
    ['"%s".format(["a", "b"]) == ""', '1:12: too many arguments supplied to string.format (expected 1, got 2)'],
    ['"%y".format([1]) == ""', '1:12: could not parse formatting clause: unrecognized formatting clause "y"'],
    ['"%".format([]) == ""', '1:11: unexpected end of string'],
    [
      '"%d".format([1.5]) == ""',
      '1:14: error during formatting: decimal clause can only be used on integers, was given double',
    ],
    [
      '"%.f".format([1.5]) == ""',
      '1:13: could not parse formatting clause: error while parsing precision: error while converting precision to integer: strconv.Atoi: parsing "": invalid syntax',
    ],
    [
      'cel.bind(x, 1, x == 1)',
      "1:1: undeclared reference to 'cel' (in container '')\n1:9: undeclared reference to 'bind' (in container '')\n1:10: undeclared reference to 'x' (in container '')\n1:16: undeclared reference to 'x' (in container '')",
    ],
    [
      '[1,2].transformList(i, v, v)== [1]',
      "1:20: undeclared reference to 'transformList' (in container '')\n1:21: undeclared reference to 'i' (in container '')\n1:24: undeclared reference to 'v' (in container '')\n1:27: undeclared reference to 'v' (in container '')",
    ],
    [
      'math.greatest(1,2) == 2',
      "1:1: undeclared reference to 'math' (in container '')\n1:14: undeclared reference to 'greatest' (in container '')",
    ],
    ['"abc".reverse() == "cba"', "1:14: undeclared reference to 'reverse' (in container '')"],
    ['[1].slice(0,1) == [1]', "1:10: undeclared reference to 'slice' (in container '')"],
    ['optional.of(1) == 1', "1:16: found no matching overload for '_==_' applied to '(optional_type(int), int)'"],
    ['self.?foo.orValue(1) == 1', "1:5: undefined field 'foo'"],
    ['self.?name == "x"', "1:12: found no matching overload for '_==_' applied to '(optional_type(string), string)'"],
    ['self.?name.foo', "1:11: type 'string' does not support field selection"],
    ['self.name.?x.hasValue()', "1:10: type 'string' does not support field selection"],
    ['9223372036854775808 == 1', '1:1: invalid int literal'],
    ['-9223372036854775809 == 1', '1:1: invalid int literal'],
    ['18446744073709551616u == 1u', '1:1: invalid uint literal'],
    ['1e999 == 1.0', '1:1: invalid double literal'],
    ['0x1G == 1', "1:4: Syntax error: mismatched input 'G' expecting <EOF>"],
    [
      'self.planted > "2020-01-01T00:00:00Z"',
      "1:14: found no matching overload for '_>_' applied to '(timestamp, string)'",
    ],
    [
      'self.planted + self.planted == self.planted',
      "1:14: found no matching overload for '_+_' applied to '(timestamp, timestamp)'",
    ],
    ['self.interval * 2 == self.interval', "1:15: found no matching overload for '_*_' applied to '(duration, int)'"],
    ['self.secret == "AQ=="', "1:13: found no matching overload for '_==_' applied to '(bytes, string)'"],
    ['self.interval > 5', "1:15: found no matching overload for '_>_' applied to '(duration, int)'"],
    ['type(self.count) == "int"', "1:18: found no matching overload for '_==_' applied to '(type(int), string)'"],
    ['self.count == null', "1:12: found no matching overload for '_==_' applied to '(int, null)'"],
    ['self.beds == null', "1:11: found no matching overload for '_==_' applied to '(list(string), null)'"],
    ['self.note == null', "1:11: found no matching overload for '_==_' applied to '(string, null)'"],
    ['self.labels == null', "1:13: found no matching overload for '_==_' applied to '(map(string, string), null)'"],
    [
      'self.labels.all(k, v, true)',
      "1:16: undeclared reference to 'all' (in container '')\n1:17: undeclared reference to 'k' (in container '')\n1:20: undeclared reference to 'v' (in container '')",
    ],
    ['self.plants.all(p, p.kind)', "1:21: expected type 'bool' but found 'string'"],
    ['self.plants.exists(p, p.foo == 1)', "1:24: undefined field 'foo'"],
    [
      'self.plants.map(p, p.kind) == [1]',
      "1:28: found no matching overload for '_==_' applied to '(list(string), list(int))'",
    ],
    [
      'self.plants == self.beds',
      "1:13: found no matching overload for '_==_' applied to '(list(selfType.plants.@idx), list(string))'",
    ],
    ['self.tags.contains("a")', "1:19: found no matching overload for 'contains' applied to 'list(string).(string)'"],
    [
      'self.labels.size() == 2 && self.labels.foo == 3',
      "1:44: found no matching overload for '_==_' applied to '(string, int)'",
    ],
    [
      'quantity("1") > quantity("2")',
      "1:15: found no matching overload for '_>_' applied to '(kubernetes.Quantity, kubernetes.Quantity)'",
    ],
    ['quantity("1") == 1', "1:15: found no matching overload for '_==_' applied to '(kubernetes.Quantity, int)'"],
    ['quantity(1) == quantity("1")', "1:9: found no matching overload for 'quantity' applied to '(int)'"],
    ['ip("1.2.3.4") == "1.2.3.4"', "1:15: found no matching overload for '_==_' applied to '(net.IP, string)'"],
    ['ip("1.2.3.4") < ip("1.2.3.5")', "1:15: found no matching overload for '_<_' applied to '(net.IP, net.IP)'"],
    [
      'cidr("10.0.0.0/8").containsIP(1)',
      "1:30: found no matching overload for 'containsIP' applied to 'net.CIDR.(int)'",
    ],
    ['isIP(4)', "1:5: found no matching overload for 'isIP' applied to '(int)'"],
    ['url("x") == "x"', "1:10: found no matching overload for '_==_' applied to '(kubernetes.URL, string)'"],
    [
      'format.foo().validate("x").hasValue()',
      "1:1: undeclared reference to 'format' (in container '')\n1:11: undeclared reference to 'foo' (in container '')",
    ],
    ['format.dns1123Label("x")', "1:20: found no matching overload for 'format.dns1123Label' applied to '(string)'"],
    [
      'sets.contains([1], ["a"])',
      "1:14: found no matching overload for 'sets.contains' applied to '(list(int), list(string))'",
    ],
    [
      'sets.foo([1])',
      "1:1: undeclared reference to 'sets' (in container '')\n1:9: undeclared reference to 'foo' (in container '')",
    ],
    ['string(self.house) == "x"', "1:7: found no matching overload for 'string' applied to '(selfType.house)'"],
    ['string([1]) == "x"', "1:7: found no matching overload for 'string' applied to '(list(int))'"],
    ['int(true) == 1', "1:4: found no matching overload for 'int' applied to '(bool)'"],
    ['bool(1)', "1:5: found no matching overload for 'bool' applied to '(int)'"],
    ['bytes(1) == b"1"', "1:6: found no matching overload for 'bytes' applied to '(int)'"],
    ['self.port.foo()', "1:14: undeclared reference to 'foo' (in container '')"],
    ['\nself.foo\n == 1', "2:5: undefined field 'foo'"],
    ['self.name == "ä" && self.foo', "1:25: undefined field 'foo'"],
    ['"ää" == self.foo', "1:13: undefined field 'foo'"],
    ['  self.foo', "1:7: undefined field 'foo'"],
    ['self.a.b', "1:5: undefined field 'a'"],
    ['self.beds.all(x, self.foo == x) && self.bar == 1', "1:22: undefined field 'foo'\n1:40: undefined field 'bar'"],
    ['true ? self.foo : self.bar', "1:12: undefined field 'foo'\n1:23: undefined field 'bar'"],
    ['[self.foo, self.bar] == []', "1:6: undefined field 'foo'\n1:16: undefined field 'bar'"],
    ['{self.foo: 1} == {}', "1:6: undefined field 'foo'"],
    ['self.beds.map(b, b.foo) == []', "1:19: type 'string' does not support field selection"],
    ['self.beds.map(b, b > 1, b) == []', "1:20: found no matching overload for '_>_' applied to '(string, int)'"],
    ['(1 + 2', "1:7: Syntax error: missing ')' at '<EOF>'"],
    ['a.b.c', "1:1: undeclared reference to 'a' (in container '')"],
    ['self..a', "1:6: Syntax error: no viable alternative at input '..'"],
    ['1.size()', "1:7: found no matching overload for 'size' applied to 'int.()'"],
    ['self[0]', "1:5: found no matching overload for '_[_]' applied to '(selfType, int)'"],
    ['self["name"] == "x"', "1:5: found no matching overload for '_[_]' applied to '(selfType, string)'"],
    ['a{b: 1}', "1:2: undeclared reference to 'a' (in container '')"],
    ['Foo{}', "1:4: undeclared reference to 'Foo' (in container '')"],
    ['self.count == 1 ;', "1:17: Syntax error: token recognition error at: ';'"],
    [
      'self.name == `a`',
      "1:14: Syntax error: token recognition error at: '`'\n1:16: Syntax error: token recognition error at: '`'",
    ],
    [
      'self.`name` == "a"',
      "1:6: Syntax error: token recognition error at: '`'\n1:11: Syntax error: token recognition error at: '`'",
    ],
    ['\tself.foo == 1', "1:6: undefined field 'foo'"],
    ['x', "1:1: undeclared reference to 'x' (in container '')"],
    ['1', 'cel expression must evaluate to a bool'],
    ['""', 'cel expression must evaluate to a bool'],
    ['null', 'cel expression must evaluate to a bool'],
    ['[]', 'cel expression must evaluate to a bool'],
    ['true == 1', "1:6: found no matching overload for '_==_' applied to '(bool, int)'"],
    ['true && 1', "1:9: expected type 'bool' but found 'int'"],
    ['1 || true', "1:1: expected type 'bool' but found 'int'"],
    ['size()', "1:5: found no matching overload for 'size' applied to '()'"],
    ['size(1,2)', "1:5: found no matching overload for 'size' applied to '(int, int)'"],
    ['self.name.size(1)', "1:15: found no matching overload for 'size' applied to 'string.(int)'"],
    ['self.name.startsWith()', "1:21: found no matching overload for 'startsWith' applied to 'string.()'"],
    ['self.name.startsWith(1)', "1:21: found no matching overload for 'startsWith' applied to 'string.(int)'"],
    ['startsWith(self.name, "a")', "1:11: found no matching overload for 'startsWith' applied to '(string, string)'"],
    ['self.name.string()', "1:17: found no matching overload for 'string' applied to 'string.()'"],
    ['self.name.substring("a")', "1:20: found no matching overload for 'substring' applied to 'string.(string)'"],
    ['self.name.replace("a")', "1:18: found no matching overload for 'replace' applied to 'string.(string)'"],
    ['self.name.split(1)', "1:16: found no matching overload for 'split' applied to 'string.(int)'"],
    ['self.beds.join(1) == ""', "1:15: found no matching overload for 'join' applied to 'list(string).(int)'"],
    ['self.sizes.join() == ""', "1:16: found no matching overload for 'join' applied to 'list(int).()'"],
    ['self.beds.sum() == ""', "1:14: found no matching overload for 'sum' applied to 'list(string).()'"],
    ['self.plants.max() == 1', "1:16: found no matching overload for 'max' applied to 'list(selfType.plants.@idx).()'"],
    [
      'self.plants.isSorted()',
      "1:21: found no matching overload for 'isSorted' applied to 'list(selfType.plants.@idx).()'",
    ],
    ['self.name.find(1)', "1:15: found no matching overload for 'find' applied to 'string.(int)'"],
    ['self.planted.getHours(1) == 1', "1:22: found no matching overload for 'getHours' applied to 'timestamp.(int)'"],
    ['self.planted.getFoo()', "1:20: undeclared reference to 'getFoo' (in container '')"],
    ['self.interval.getDate() == 1', "1:22: found no matching overload for 'getDate' applied to 'duration.()'"],
    ['timestamp(true)', "1:10: found no matching overload for 'timestamp' applied to '(bool)'"],
    ['self.name.upperAscii(1)', "1:21: found no matching overload for 'upperAscii' applied to 'string.(int)'"],
    ['self.name.charAt("1") == ""', "1:17: found no matching overload for 'charAt' applied to 'string.(string)'"],
    ['self.beds[0][0] == ""', "1:13: found no matching overload for '_[_]' applied to '(string, int)'"],
    ['1.a', "1:2: type 'int' does not support field selection"],
    ['self.count.a', "1:11: type 'int' does not support field selection"],
  ])('%s', (rule, fault) => expect(short(faultOf(rule))).toBe(fault));

  it('shows the place, whatever is before it', () => {
    expect(faultOf('self.name == "ä" &&\n\tself.foo')).toBe(
      "compilation failed: ERROR: <input>:2:6: undefined field 'foo'\n |  self.foo\n | .....^",
    );
    expect(faultOf('"ää" == self.foo')).toBe(
      'compilation failed: ERROR: <input>:1:13: undefined field \'foo\'\n | "ää" == self.foo\n | .．．.........^',
    );
  });
});
