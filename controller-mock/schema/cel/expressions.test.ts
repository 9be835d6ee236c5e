/** What expressions come to; the same ones hold and fail on a kube-apiserver 1.32. */
import { describe, expect, it } from 'vitest';
import type { Schema } from '../../api/schema.ts';
import { GARDEN, garden } from './testing/rule-schemas.ts';
import { CompiledSchema } from './validate.ts';

/** What is said of an object when one rule is asked about it; '' when the rule holds. */
function verdict(rule: string, object: unknown = garden(), old?: unknown, schema: Schema = GARDEN): string {
  const withRule = { ...schema, 'x-kubernetes-validations': [{ rule, message: 'no' }] };
  const faults = new CompiledSchema(withRule, false).faults(object, old, undefined);
  return faults.map(({ message }) => message.replace(/^Invalid value: "\w*": /, '')).join('\n');
}

const HOLD: Record<string, string[]> = {
  numbers: [
    'self.count == 3 && self.count != 4',
    'self.large == 9007199254740993 && self.large % 2 == 1',
    'self.weight == 2.0 && self.weight < 3 && self.count > 2.5',
    'self.count + 4 * 2 - 1 == 10 && 7 / 2 == 3 && -7 / 2 == -3 && -7 % 3 == -1',
    '7.0 / 2.0 == 3.5 && 1.0 / 0.0 > 1e308',
    'int("42") == 42 && int(4.9) == 4 && double("1.5") == 1.5 && uint(5) == 5u',
    'string(3) == "3" && string(2.5) == "2.5" && string(1000000.0) == "1e+06" && string(true) == "true"',
    '-9223372036854775808 < 0 && 0xFF == 255 && 1e3 == 1000.0',
    'dyn(1) == dyn(1.0) && dyn(1u) == 1 && dyn(1) != dyn("1")',
    '1u + 2u == 3u && 1 < 2u && 2u > 1.5',
  ],
  texts: [
    'self.name.startsWith("Grüner") && self.name.endsWith("Garten") && self.name.contains(" ")',
    'size(self.name) == 13 && self.name.size() == 13',
    'self.name.matches("^Gr.ner [A-Z]") && !self.name.matches("garten") && matches("ab", "^a")',
    '"abc".charAt(1) == "b" && "abc".charAt(3) == "" && "äbc".indexOf("c") == 2 && "abcabc".lastIndexOf("b") == 4',
    '"abcabc".indexOf("b", 2) == 4 && "abc".indexOf("") == 0 && "abc".lastIndexOf("") == 3 && "a".indexOf("abc") == -1',
    '"ABC ä".lowerAscii() == "abc ä" && "abc".upperAscii() == "ABC"',
    '"a-b-c".replace("-", "+") == "a+b+c" && "a-b-c".replace("-", "", 1) == "ab-c" && "ab".replace("", "-") == "-a-b-"',
    '"a,b,c".split(",") == ["a", "b", "c"] && "a,b,c".split(",", 2) == ["a", "b,c"] && "ab".split("") == ["a", "b"]',
    '"hello".substring(1) == "ello" && "hello".substring(1, 3) == "el" && "  x ".trim() == "x"',
    '["a", "b"].join() == "ab" && ["a", "b"].join("-") == "a-b"',
    '"%s has %d, %.1f, %x, %b".format(["it", 5, 2.25, 255, true]) == "it has 5, 2.2, ff, 1"',
    '"%s".format([[1, "a", 2.5]]) == "[1, \\"a\\", 2.500000]" && "100%%".format([]) == "100%"',
    '"ab12cd345".find("[0-9]+") == "12" && "ab12cd345".findAll("[0-9]+") == ["12", "345"]',
    '"ab12cd345".findAll("[0-9]+", 1) == ["12"] && "x".find("y") == "" && "a" < "b"',
    "r'\\d' == '\\\\d' && '\\u00e4' == 'ä' && \"\"\"a\nb\"\"\".contains(\"\\n\") && b'ab' == bytes('ab')",
    'strings.quote("a\\"b") == "\\"a\\\\\\"b\\""',
  ],
  'lists and maps': [
    '"south" in self.beds && !("east" in self.beds) && self.beds[0] == "north" && size(self.beds) == 3',
    'self.sizes.sum() == 16 && self.sizes.max() == 8 && self.sizes.min() == 3 && self.sizes.isSorted()',
    'self.beds.indexOf("west") == 2 && self.beds.lastIndexOf("x") == -1 && [1.5, 2.0].sum() == 3.5',
    'self.sizes.all(s, s > 2) && self.sizes.exists(s, s == 5) && self.sizes.exists_one(s, s > 7)',
    'self.sizes.map(s, s * 2) == [6, 10, 16] && self.sizes.filter(s, s > 3) == [5, 8]',
    'self.sizes.map(s, s > 3, string(s)) == ["5", "8"]',
    'self.labels["colour"] == "green" && self.labels.colour == "green" && "colour" in self.labels',
    'self.labels["app.kubernetes.io/name"] == "garden" && has(self.labels.colour) && !has(self.labels.x)',
    'self.labels.all(key, self.labels[key] != "") && self.labels.exists(key, key == "colour")',
    'self.tags == ["b", "a"] && self.tags + ["b", "c"] == ["a", "b", "c"]',
    'self.beds + ["x"] == ["north", "south", "west", "x"] && self.beds != ["south", "north", "west"]',
    'self.plants.exists(p, p.kind == "rose" && p.height == 60) && self.plants[1].height == 30',
    'has(self.plants[0].leaves) && !has(self.plants[1].leaves) && self.plants[0].leaves.all(l, l.startsWith("l"))',
    '{"a": 1, "b": 2}["b"] == 2 && {"a": 1} == {"a": 1} && size({1: "x", 2: "y"}) == 2 && {1: "x"}[1] == "x"',
    'sets.contains(self.beds, ["west"]) && sets.intersects([1, 2], [2, 3]) && sets.equivalent([1, 2], [2, 1, 1])',
    '[[1], [2, 3]].all(l, l.exists(x, x < 3)) && [1, 2].map(x, [x, x]) == [[1, 1], [2, 2]]',
  ],
  fields: [
    'self.soil__dash__type == "loam" && self.a__dot__b__slash__c == "path" && self.__namespace__ == "south"',
    'self.__underscores__odd == "odd" && has(self.soil__dash__type)',
    'has(self.name) && !has(self.absent) && !has(self.note) && has(self.house.door)',
    'self.house.door.width == 90 && self.house == self.house',
    'self.seed.metadata.name == "seed-1" && self.seed.kind == "Seed"',
    'has(self.loose.known) && self.loose.known == "k"',
    'type(self.port) == string ? self.port == "http" : self.port == 80',
    'type(self.share) == int && self.share == 40 && self.share > 39',
    'type(1) == int && type("") == string && type([]) == list && type({}) == map && type(int) == type',
    'type(null) == null_type && type(1.0) == double && type(1u) == uint && type(true) == bool',
  ],
  times: [
    'self.planted > timestamp("2024-01-01T00:00:00Z") && self.planted.getFullYear() == 2024',
    'self.planted.getMonth() == 2 && self.planted.getDate() == 10 && self.planted.getDayOfMonth() == 9',
    'self.planted.getDayOfWeek() == 0 && self.planted.getDayOfYear() == 69 && self.planted.getMilliseconds() == 250',
    'self.planted.getHours() == 9 && self.planted.getHours("America/New_York") == 5 && self.planted.getHours("-02:30") == 7',
    'timestamp("2024-03-10T06:30:00Z").getHours("America/New_York") == 1',
    'timestamp("2024-03-10T07:30:00Z").getHours("America/New_York") == 3',
    'self.day.getDate() == 29 && self.day == timestamp("2024-02-29T00:00:00Z")',
    'self.interval == duration("90m") && self.interval.getHours() == 1 && self.interval.getMinutes() == 90',
    'self.planted + self.interval == timestamp("2024-03-10T11:00:15.25Z")',
    'timestamp("2024-01-02T00:00:00Z") - timestamp("2024-01-01T00:00:00Z") == duration("24h")',
    'string(duration("1h")) == "3600s" && string(timestamp(0)) == "1970-01-01T00:00:00Z" && int(timestamp("1970-01-01T00:01:00Z")) == 60',
    'duration("1.5s") > duration("1s499ms") && [duration("1s"), duration("2s")].sum() == duration("3s")',
  ],
  'bytes and optionals': [
    'self.secret == b"\\x01\\x02\\x03\\x04" && size(self.secret) == 4 && string(b"abc") == "abc"',
    'self.?absent.orValue("none") == "none" && self.?name.hasValue() && !self.?absent.hasValue()',
    'self.?house.?door.?width.orValue(0) == 90 && self.house.?door.width.value() == 90',
    'self.labels[?"colour"].orValue("") == "green" && self.beds[?5].orValue("far") == "far"',
    'optional.of(3).value() == 3 && optional.none().orValue(4) == 4 && optional.ofNonZeroValue("").hasValue() == false',
    'optional.none().or(optional.of(1)).value() == 1 && self.?name.optMap(n, size(n)).orValue(0) == 13',
    'self.?absent.optFlatMap(a, optional.of(a + "!")).hasValue() == false && optional.of(1) == optional.of(1)',
    'has(self.?house.door)',
  ],
  'URLs, quantities, addresses, formats': [
    'isURL("https://example.org:80/a?b=c") && !isURL("nothing") && url("https://u@example.org:80/a?b=c").getHost() == "example.org:80"',
    'url("https://[::1]:80/a").getHostname() == "::1" && url("https://x/a%20b?k=v&k=w").getQuery() == {"k": ["v", "w"]}',
    'url("http://x:81/p").getPort() == "81" && url("http://x/p").getScheme() == "http" && url("http://x/p").getEscapedPath() == "/p"',
    'quantity("1.5Gi").isGreaterThan(quantity("1Gi")) && quantity("500m").compareTo(quantity("0.5")) == 0 && isQuantity("10k")',
    '!isQuantity("10xx") && quantity("2k").asInteger() == 2000 && quantity("1").add(quantity("500m")) == quantity("1.5")',
    'quantity("10").sub(3).asInteger() == 7 && !quantity("100m").isInteger() && sign(quantity("-1")) == -1',
    'quantity("1500m").asApproximateFloat() == 1.5 && quantity("1Ki").isLessThan(quantity("1025"))',
    'ip("192.168.0.1").family() == 4 && ip("::1").isLoopback() && isIP("10.0.0.1") && !isIP("10.0.0.256")',
    'ip("fe80::1").isLinkLocalUnicast() && ip("224.0.0.1").isLinkLocalMulticast() && ip("8.8.8.8").isGlobalUnicast()',
    'ip.isCanonical("2001:db8::1") && !ip.isCanonical("2001:DB8::1") && string(ip("2001:0db8::0001")) == "2001:db8::1"',
    'cidr("192.168.0.0/24").containsIP("192.168.0.7") && !cidr("192.168.0.0/24").containsIP(ip("192.168.1.1"))',
    'cidr("10.0.0.0/8").containsCIDR("10.1.0.0/16") && cidr("10.1.2.3/8").masked() == cidr("10.0.0.0/8")',
    'cidr("10.1.2.3/8").ip() == ip("10.1.2.3") && cidr("::/0").prefixLength() == 0 && isCIDR("10.0.0.0/8") && !isCIDR("10.0.0.0")',
    '!format.dns1123Label().validate("my-label").hasValue() && format.uuid().validate("x").value() == ["does not match the UUID format"]',
    'format.named("dns1035Label").value().validate("1a").hasValue() && !format.named("none").hasValue()',
  ],
  'logic with faults': [
    'self.beds[9] == "x" || self.open',
    '!(self.beds[9] == "x" && !self.open)',
    'self.sizes.exists(s, 10 / (s - 3) == 5)',
    'self.open ? true : self.beds[9] == "x"',
    'true || self.count / 0 == 1',
  ],
};

describe.each(Object.entries(HOLD))('%s', (_what, rules) => {
  it.each(rules)('%s', (rule) => expect(verdict(rule)).toBe(''));
});

describe('what fails while it is evaluated', () => {
  const evaluating = (fault: string) => `${fault} evaluating rule: no`;
  const unmatched =
    "'no such overload': call arguments did not match a supported operator, function or macro signature for rule: no";
  it.each([
    ['self.count == 4', 'no'],
    ['self.beds[9] == "x"', evaluating('index out of bounds: 9')],
    ['self.beds[-1] == "x"', evaluating('index out of bounds: -1')],
    ['self.absent == "x"', evaluating('no such key: absent')],
    ['self.labels["x"] == "y"', evaluating('no such key: x')],
    ['self.count / 0 == 1', evaluating('division by zero')],
    ['self.count % 0 == 1', evaluating('modulus by zero')],
    ['self.large * self.large * 1000 > 0', evaluating('integer overflow')],
    ['uint(self.count - 4) > 0u', evaluating('unsigned integer overflow')],
    ['int(self.name) == 1', evaluating("type conversion error from 'string' to 'int'")],
    [
      'duration(self.name) > duration("1s")',
      evaluating("type conversion error from 'string' to 'google.protobuf.Duration'"),
    ],
    ['self.port < 5', unmatched],
    ['self.port + 1 == 2', unmatched],
    ['self.?absent.value() == ""', evaluating('optional.none() dereference')],
    ['self.name.matches(self.name + "(")', evaluating('error parsing regexp: missing closing ): `Grüner Garten(`')],
    ['"abc".charAt(self.count + 1) == ""', evaluating('index out of range: 4')],
    ['"abc".substring(2, self.count - 2) == ""', evaluating('invalid substring range. start: 2, end: 1')],
    ['self.sizes.filter(s, s > 100).max() == 1', evaluating('max called on empty list')],
    ['self.planted.getHours(self.name) == 1', evaluating('unknown time zone Grüner Garten')],
    [
      'ip(self.name).family() == 4',
      evaluating(
        'IP Address "Grüner Garten" parse error during conversion from string: ParseAddr("Grüner Garten"): unable to parse IP',
      ),
    ],
  ])('%s', (rule, message) => expect(verdict(rule)).toBe(message));
});

it('asks rules about what is there and not null', () => {
  const schema: Schema = {
    type: 'object',
    properties: { a: { type: 'string', nullable: true, 'x-kubernetes-validations': [{ rule: 'self == "x"' }] } },
  };
  const faults = (object: unknown) => new CompiledSchema(schema, false).faults(object, undefined, undefined);
  expect(faults({})).toEqual([]);
  expect(faults({ a: null })).toEqual([]);
  expect(faults({ a: 'y' })).toEqual([
    { reason: 'FieldValueInvalid', message: 'Invalid value: "string": failed rule: self == "x"', field: 'a' },
  ]);
});

it('gives up on what takes too many steps', () => {
  const many = { sizes: Array.from({ length: 1000 }, (_, index) => index) };
  const rule = 'self.sizes.all(a, self.sizes.all(b, a + b >= 0))';
  expect(verdict(rule, many)).toBe(
    "'operation cancelled: actual cost limit exceeded': no further validation rules will be run due to call cost exceeds limit for rule: no",
  );
});

describe('oldSelf', () => {
  const schema = (rule: object): Schema => ({
    type: 'object',
    properties: {
      list: {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['k'],
        items: {
          type: 'object',
          properties: { k: { type: 'string' }, v: { type: 'integer', 'x-kubernetes-validations': [rule as never] } },
        },
      },
      map: { type: 'object', additionalProperties: { type: 'integer', 'x-kubernetes-validations': [rule as never] } },
    },
  });
  const fields = (rule: object, object: unknown, old: unknown) =>
    new CompiledSchema(schema(rule), false).faults(object, old, undefined).map(({ field }) => field);
  const grows = { rule: 'self >= oldSelf' };
  const optional = { rule: 'self >= oldSelf.orValue(5)', optionalOldSelf: true };
  const old = {
    list: [
      { k: 'a', v: 5 },
      { k: 'b', v: 5 },
    ],
    map: { a: 5, b: 5 },
  };
  const now = {
    list: [
      { k: 'b', v: 4 },
      { k: 'c', v: 1 },
      { k: 'a', v: 6 },
    ],
    map: { a: 4, c: 1 },
  };

  it('is looked for by keys, and rules about it wait for something to compare with', () => {
    expect(fields(grows, now, old)).toEqual(['list[0].v', 'map[a]']);
    expect(fields(grows, now, undefined)).toEqual([]);
  });

  it('may be optional', () => {
    expect(fields(optional, now, old)).toEqual(['list[0].v', 'list[1].v', 'map[a]', 'map[c]']);
  });
});
