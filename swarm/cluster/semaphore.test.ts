import { expect, it } from 'vitest';
import { Semaphore } from './semaphore.ts';

const never = new AbortController().signal;

it('never lets more in than its limit, and serves in order', async () => {
  const semaphore = new Semaphore(2);
  let inside = 0;
  let most = 0;
  const order: number[] = [];
  await Promise.all(
    Array.from({ length: 20 }, (_, n) =>
      semaphore.run(never, async () => {
        order.push(n);
        most = Math.max(most, ++inside);
        await new Promise((resolve) => setImmediate(resolve));
        inside--;
      }),
    ),
  );
  expect(most).toBe(2);
  expect(order).toEqual(Array.from({ length: 20 }, (_, n) => n));
});

it('gives the place back when the work throws, and lets those who wait leave', async () => {
  const semaphore = new Semaphore(1);
  await expect(semaphore.run(never, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  const open = Promise.withResolvers<void>();
  const first = semaphore.run(never, () => open.promise);
  const leaving = new AbortController();
  const waiting = semaphore.run(leaving.signal, async () => 'never');
  leaving.abort(new Error('gone'));
  await expect(waiting).rejects.toThrow('gone');
  open.resolve();
  await first;
  expect(await semaphore.run(never, async () => 'in')).toBe('in');
});
