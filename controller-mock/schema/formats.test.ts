import { expect, it } from 'vitest';
import { formatCheck } from './formats.ts';

/** Texts that a format takes, and texts that it does not. */
const SAMPLES: Readonly<Record<string, readonly [good: readonly string[], bad: readonly string[]]>> = {
  'date-time': [
    ['2026-11-29T10:00:00Z', '2026-11-29t10:00:00.25+01:00'],
    ['2026-11-29', '2026-02-30T10:00:00Z', '2026-11-29T24:00:00Z', '2026-11-29 10:00:00Z', '2026-11-29T10:00:60Z', ''],
  ],
  date: [['2024-02-29'], ['2026-02-29', '2026-13-01', '2026-1-1', '']],
  duration: [
    ['1h30m', '0', '-1.5s', '22 ns', '3 days', '1w'],
    ['', '1', 'h', 'soon'],
  ],
  ipv4: [
    ['10.0.0.1', '010.0.0.1', '::ffff:1.2.3.4'],
    ['10.0.0', '10.0.0.256', '::1', ''],
  ],
  ipv6: [
    ['::1', 'fd00::10'],
    ['10.0.0.1', 'fd00::g', ''],
  ],
  cidr: [
    ['10.0.0.0/8', 'fd00::/64'],
    ['10.0.0.0', '10.0.0.0/33', 'fd00::/129', ''],
  ],
  mac: [
    ['52:54:00:12:34:56', '52-54-00-12-34-56', '5254.0012.3456'],
    ['52:54:00:12:34', '52:54:00:12:34:5g', ''],
  ],
  uuid: [
    ['6BA7B810-9DAD-11d1-80b4-00c04fd430c8', '6ba7b8109dad11d180b400c04fd430c8'],
    ['6ba7b810', ''],
  ],
  uuid4: [['6ba7b810-9dad-41d1-80b4-00c04fd430c8'], ['6ba7b810-9dad-11d1-80b4-00c04fd430c8', '']],
  hostname: [
    ['example.com', 'a', '1.example.com'],
    ['-a.example.com', 'a_b.example.com', 'a..b', ''],
  ],
  email: [
    ['me@example.com', 'Me <me@example.com>'],
    ['example.com', 'me@', 'me example@example.com', ''],
  ],
  uri: [
    ['https://example.com/a?b', '/a', 'mailto:me@example.com'],
    ['example.com/a', 'https://exa mple.com', '%zz', ''],
  ],
  byte: [
    ['YQ==', 'YWJj'],
    ['YQ', 'Y Q==', '*', ''],
  ],
  hexcolor: [
    ['#fff', 'A0b1C2'],
    ['#ffff', 'red', ''],
  ],
  rgbcolor: [['rgb(0, 10,255)'], ['rgb(0,10,256)', 'rgb(1,2)', '']],
  isbn10: [
    ['0321751043', '0-321-75104-3'],
    ['0321751044', ''],
  ],
  isbn13: [['978-0321751041'], ['978-0321751042', '']],
  creditcard: [['4111 1111 1111 1111'], ['4111 1111 1111 1112', '']],
  ssn: [
    ['123-45-6789', '123 45 6789'],
    ['123456789', '123-456-789', ''],
  ],
  bsonobjectid: [['507f1f77bcf86cd799439011'], ['507f1f77bcf86cd79943901', '']],
  password: [['', 'anything'], []],
};

const CASES = Object.entries(SAMPLES).flatMap(([format, [good, bad]]) => [
  ...good.map((text) => [format, text, true] as const),
  ...bad.map((text) => [format, text, false] as const),
]);

it.each(CASES)('%s %j: %j', (format, text, expected) => {
  expect(formatCheck(format)!(text)).toBe(expected);
});

it.each(['int32', 'int64', 'quantity', 'toString', ''])('%j is not checked', (format) => {
  expect(formatCheck(format)).toBeUndefined();
});
