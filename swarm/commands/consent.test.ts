import { PassThrough } from 'node:stream';
import { afterEach, expect, it, vi } from 'vitest';
import { askedTo } from './consent.ts';

afterEach(() => vi.restoreAllMocks());

const terminal = (keys: string | null, isTTY = true) => {
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const input = Object.assign(new PassThrough(), { isTTY, setRawMode: () => {} });
  const output = Object.assign(new PassThrough(), { isTTY });
  output.once('data', () => (keys === null ? input.end() : input.write(keys)));
  return { input, output };
};

it.each([
  ['y\r', null],
  ['YES\r', null],
  ['n\r', 1],
  ['\r', 1],
  ['yesterday\r', 1],
  ['\x04', 1],
  ['\x03', 130],
  [null, 1],
])('is answered by %j: %s', async (keys, code) => {
  expect(await askedTo('Do it?', false, terminal(keys))).toBe(code);
});

it('asks nobody who has said yes, and not where nobody is', async () => {
  expect(await askedTo('Do it?', true, terminal('n\r'))).toBeNull();
  await expect(askedTo('Do it?', false, terminal('y\r', false))).rejects.toThrow('there is no terminal to ask on');
});
