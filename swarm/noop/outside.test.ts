import { expect, test } from 'vitest';
import { isOutside, outsideRefusal } from './outside.ts';

test('only loopback addresses are inside', () => {
  for (const url of [
    'http://127.0.0.1:8090',
    'http://127.9.9.9',
    'https://[::1]:1/x',
    'http://localhost:1',
    'http://a.localhost',
  ])
    expect(isOutside(url), url).toBe(false);
  for (const url of [
    'http://10.0.0.1',
    'https://assisted.example.com',
    'http://[fd00::1]',
    'http://0.0.0.0',
    'http://127.0.0.1.example.com',
  ])
    expect(isOutside(url), url).toBe(true);
});

test('the refusal names the address without its password, and the option', () => {
  const text = outsideRefusal('the service', 'https://user:secret@assisted.example.com');
  expect(text).toContain('assisted.example.com');
  expect(text).toContain('--noop-outside');
  expect(text).not.toContain('secret');
});
