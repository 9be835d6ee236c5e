import { expect, test, vi } from 'vitest';
import type { Collector, Reading } from '../collect/collector.ts';
import { NotOffered } from '../collect/collector.ts';
import { ServerCollection } from './server-collection.ts';

const reading: Reading = { figure: 'service_goroutines', labels: {}, kind: 'gauge', value: 5 };

function collection(collect: Collector['collect'], intervalMs = 1) {
  const warnings: string[] = [];
  const close = vi.fn(async () => {});
  const collector: Collector = { name: 'service', target: 'http://127.0.0.1:1/metrics', collect, close };
  const absent = [{ name: 'database', target: '', reason: 'collect.database is not given' }];
  const servers = new ServerCollection({
    collectors: [collector],
    absent,
    intervalMs,
    now: () => performance.now(),
    warn: (message) => warnings.push(message),
  });
  return { servers, warnings, close };
}

test('looks again and again, keeps what it finds, and names who is absent', async () => {
  let looks = 0;
  const enough = Promise.withResolvers<void>();
  const { servers, warnings, close } = collection(async () => {
    if (++looks === 3) enough.resolve();
    return [reading];
  });
  servers.start();
  await enough.promise;
  await servers.stop();
  expect(servers.figures.read('service_goroutines', {})!.gauge).toMatchObject({ last: 5, looks });
  expect(servers.summaries()).toEqual([
    { name: 'service', target: 'http://127.0.0.1:1/metrics', state: 'read', reason: null, reads: looks, failures: 0 },
    { name: 'database', target: '', state: 'absent', reason: 'collect.database is not given', reads: 0, failures: 0 },
  ]);
  expect(warnings).toEqual([]);
  expect(close).toHaveBeenCalledOnce();
});

test('tells a failure once, counts all, and goes on when the source is back', async () => {
  let looks = 0;
  const enough = Promise.withResolvers<void>();
  const { servers, warnings } = collection(async () => {
    if (++looks === 4) enough.resolve();
    if (looks < 3) throw new Error('refused');
    return [reading];
  });
  servers.start();
  await enough.promise;
  await servers.stop();
  expect(warnings).toEqual(['figures of the service could not be read: refused']);
  expect(servers.summaries()[0]).toMatchObject({ state: 'read', reason: 'refused', failures: 2 });
});

test('does not ask again whom there is nothing to be read of', async () => {
  const collect = vi.fn(async () => {
    throw new NotOffered('GET http://127.0.0.1:1/metrics is answered with 404');
  });
  const { servers, warnings } = collection(collect);
  servers.start();
  await servers.window({ phase: 'deploy', step: null });
  await servers.stop();
  expect(collect).toHaveBeenCalledOnce();
  expect(warnings).toEqual([]);
  expect(servers.summaries()[0]).toMatchObject({ state: 'absent', reason: expect.stringContaining('404') });
});

test('never looks twice at once, and ends a look that is under way', async () => {
  let under = 0;
  let most = 0;
  const { servers } = collection(async (signal) => {
    most = Math.max(most, ++under);
    await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    return [];
  });
  servers.start();
  void servers.window({ phase: 'deploy', step: 1 });
  await servers.stop();
  expect(most).toBe(1);
  expect(servers.summaries()[0]).toMatchObject({ reads: 0, failures: 0 });
});

test('a window holds what was read from a last look before it on', async () => {
  let value = 0;
  const { servers } = collection(async () => [{ ...reading, value: ++value }], 600_000);
  servers.start();
  await servers.window({ phase: 'deploy', step: 1 });
  await servers.window({ phase: 'deploy', step: 2 });
  await servers.stop();
  const first = servers.figures.read('service_goroutines', {}, { phase: 'deploy', step: 1 })!.gauge!;
  const second = servers.figures.read('service_goroutines', {}, { phase: 'deploy', step: 2 })!.gauge!;
  expect(second.min).toBe(first.last + 1);
});
