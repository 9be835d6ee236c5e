import { expect, it } from 'vitest';
import { checkIgnition } from './parsing.ts';

it.each([
  '',
  '{"ignition":{"version":"3.1.0"}}',
  '{"ignition":{"version":"3.2.0"},"storage":{}}',
])('takes %s', (text) => {
  expect(() => checkIgnition(text)).not.toThrow();
});

// The first was recorded from the real service.
it.each([
  [
    '{bad',
    "config is not valid, error report: error at line 1 col 3: invalid character 'b' looking for beginning of object key string\n",
  ],
  [
    '{\n "ä": x}',
    "config is not valid, error report: error at line 2 col 9: invalid character 'x' looking for beginning of value\n",
  ],
  ['{', 'config is not valid, error report: error at line 0 col 0: unexpected end of JSON input\n'],
  ['{}', 'unsupported config version, error report: '],
  ['{"ignition":{"version":"3.4.0"}}', 'unsupported config version, error report: '],
])('refuses %j', (text, problem) => {
  expect(() => checkIgnition(text)).toThrow(
    expect.objectContaining({ status: 400, message: `error parsing ignition: ${problem}` }),
  );
});
