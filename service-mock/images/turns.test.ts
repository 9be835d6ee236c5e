import { expect, it } from 'vitest';
import { Turns } from './turns.ts';

const settle = () => new Promise((resolve) => setImmediate(resolve));

it('turns are taken in order, and those who leave give theirs up', async () => {
  const turns = new Turns(2);
  const order: string[] = [];
  const stay = new AbortController().signal;
  const leave = new AbortController();
  const take = (name: string, signal = stay) =>
    turns.take(signal).then(
      () => order.push(name),
      () => order.push(`${name} left`),
    );
  for (const name of ['a', 'b']) await take(name);
  take('c');
  take('d', leave.signal);
  take('e');
  await settle();
  expect(order).toEqual(['a', 'b']);
  leave.abort();
  turns.done();
  turns.done();
  await settle();
  expect(order).toEqual(['a', 'b', 'd left', 'c', 'e']);
  await expect(turns.take(leave.signal)).rejects.toThrow();
  turns.done();
  turns.done();
  await take('f');
  await take('g');
  expect(order.slice(-2)).toEqual(['f', 'g']);
});
