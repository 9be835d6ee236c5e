import { expect, it } from 'vitest';
import {
  CONFIGURATION_LINE,
  installerLog,
  type LogLength,
  nodesLog,
  servedLog,
  type WrittenLog,
} from './installer-log.ts';

const log = (changes: Partial<WrittenLog> = {}) =>
  installerLog({
    ...{ kind: 'node', whole: true, imageLines: 20, osImage: true, startMs: 0, endMs: 90_000 },
    waiting: { lines: 0, bytes: 0 },
    ...changes,
  });
/** As it goes over the wire, in the output of a reply. */
const sizeOf = (text: string) => JSON.stringify({ output: text, step_type: 'install' }).length;
const within = (text: string, bytes: number) => Math.abs(sizeOf(text) - bytes) / bytes;

it('is as long as that of the stock installer, by what is done', () => {
  expect(within(log({ kind: 'single-node' }), 11_239)).toBeLessThan(0.01);
  expect(within(log(), 7_955)).toBeLessThan(0.01);
  expect(sizeOf(log({ osImage: false }))).toBeLessThan(sizeOf(log()) - 1300);
  expect(sizeOf(log({ imageLines: 10 }))).toBeLessThan(sizeOf(log()) - 800);
  expect(sizeOf(log({ whole: false, imageLines: 0 }))).toBeLessThan(4000);
});

it('is made of lines with the time of the beginning and of the end', () => {
  const lines = log().split('\n');
  expect(lines.pop()).toBe('');
  expect(lines).toHaveLength(54);
  for (const line of lines) expect(line).toMatch(/^time="1970-01-01T00:0[01]:[03]0Z" level=info msg="[a-z ]+"$/);
  expect(lines[0]).toContain('00:00:00Z');
  expect(lines.at(-1)).toContain('00:01:30Z');
});

it('of a bootstrap has what it waits for, as often as it looked', () => {
  const waiting = { lines: 0, bytes: 0 };
  const looked = ({ lines, bytes }: LogLength, times: number) => {
    waiting.lines += lines * times;
    waiting.bytes += bytes * times;
  };
  // A bootstrap of three masters and two workers: 27 looks before there was a node, one with the first, eight with two.
  for (const [nodes, times] of [
    [0, 27],
    [1, 1],
    [2, 8],
  ] as const)
    looked(nodesLog(nodes), times);
  looked(servedLog(4, false), 5);
  looked(servedLog(2, true), 4);
  looked(CONFIGURATION_LINE, 4);
  const text = log({ kind: 'bootstrap', waiting });
  expect(text.split('\n')).toHaveLength(138 + waiting.lines + 20 + 11 + 1);
  expect(Math.abs(text.length - 42_801) / 42_801).toBeLessThan(0.03);
});
