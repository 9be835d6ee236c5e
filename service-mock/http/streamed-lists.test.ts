import { request as httpRequest, type IncomingMessage } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { JsonObject } from '../service-api.ts';
import { startTestServer, type TestServer } from './testing/test-server.ts';

const ID = '9b9e4a6f-6a6d-4f63-b94b-5a4b1d5f3c11';
const PATH = `/api/assisted-install/v2/infra-envs/${ID}/hosts`;
const WAIT = { timeout: 20_000, interval: 5 };
const MANY = 20_000;
/** Some 30 MB: more than sockets and streams between the two hold. */
const TOO_MANY = 60_000;

const row = (index: number): JsonObject => ({ id: `host-${index}`, inventory: `ä"${index}`.repeat(60) });
const listed = (count: number) => `${JSON.stringify(Array.from({ length: count }, (_, index) => row(index)))}\n`;

let server: TestServer;
/** Rows that were made. */
let made = 0;
/** Rows that are made before one that cannot be. */
let broken = Number.POSITIVE_INFINITY;

function* rows(count: number): Generator<JsonObject> {
  for (let index = 0; index < count; index++) {
    if (index === broken) throw new Error('a row that cannot be made');
    made++;
    yield row(index);
  }
}

beforeEach(async () => {
  made = 0;
  broken = Number.POSITIVE_INFINITY;
  server = await startTestServer();
});
afterEach(() => server.close());

const list = (count: number) => server.when('listInfraEnvHosts', () => rows(count));

function ask(headers: Record<string, string> = {}): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port: server.port, path: PATH, agent: false, headers });
    request.on('response', resolve).on('error', reject).end();
  });
}

async function bytesOf(answer: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

const metric = async (name: string) => {
  const text = await server.metrics.registry.metrics();
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${name}{`) && candidate.includes('/hosts"'));
  return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ') + 1));
};

describe('a list', () => {
  test.each([0, 1, 2, 40, 300, 700, 3000])('of %i rows has the bytes of one text', async (count) => {
    list(count);
    const answer = await ask();
    const text = listed(count);
    expect((await bytesOf(answer)).toString()).toBe(text);
    expect(answer.headers).toMatchObject({ 'content-type': 'application/json', vary: 'Accept-Encoding' });
    const isShort = Buffer.byteLength(text) <= 2048;
    expect(answer.headers['content-length']).toBe(isShort ? String(Buffer.byteLength(text)) : undefined);
    expect(answer.headers['transfer-encoding']).toBe(isShort ? undefined : 'chunked');
    expect(await metric('http_response_size_bytes_sum')).toBe(Buffer.byteLength(text));
  });

  test.each([1, 40, 3000])('of %i rows has the same when it is compressed', async (count) => {
    list(count);
    const answer = await ask({ 'Accept-Encoding': 'gzip' });
    const text = listed(count);
    const isCompressed = Buffer.byteLength(text) >= 1400;
    expect(answer.headers['content-encoding']).toBe(isCompressed ? 'gzip' : undefined);
    const body = await bytesOf(answer);
    expect((isCompressed ? gunzipSync(body) : body).toString()).toBe(text);
    expect(await metric('http_response_size_bytes_sum')).toBe(Buffer.byteLength(text));
  });

  test.each([
    {},
    { 'Accept-Encoding': 'gzip' },
  ])('waits for a slow reader with most of its rows unmade (%o)', async (headers) => {
    list(TOO_MANY);
    const answer = await ask(headers);
    answer.pause();
    // Others are served while the reader sleeps; nothing more is made once all buffers are full.
    let before = -1;
    await vi.waitFor(async () => {
      const asleep = made === before;
      before = made;
      expect((await server.fetch('/ready')).status).toBe(200);
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(asleep).toBe(true);
    }, WAIT);
    if (!('Accept-Encoding' in headers)) expect(made).toBeLessThan(TOO_MANY);
    const body = await bytesOf(answer);
    expect(('Accept-Encoding' in headers ? gunzipSync(body) : body).toString()).toBe(listed(TOO_MANY));
    expect(made).toBe(TOO_MANY);
  });

  test.each([
    {},
    { 'Accept-Encoding': 'gzip' },
  ])('ends with a client that goes away in the middle (%o)', async (headers) => {
    list(Number.POSITIVE_INFINITY);
    const answer = await ask(headers);
    await new Promise((resolve) => answer.once('data', resolve));
    expect(await metric('http_requests_inflight')).toBe(1);
    answer.destroy();
    await vi.waitFor(async () => expect(await metric('http_requests_inflight')).toBe(0), WAIT);
    const then = made;
    expect((await server.fetch('/ready')).status).toBe(200);
    expect(made).toBe(then);
    expect(server.bugs).toEqual([]);
  });

  test('of which a row cannot be made is cut off, and told of', async () => {
    list(MANY);
    broken = 2000;
    const answer = await ask();
    await expect(bytesOf(answer)).rejects.toThrow('aborted');
    expect(server.bugs).toEqual([new Error('a row that cannot be made')]);
    expect(await metric('http_requests_inflight')).toBe(0);
  });

  test('lets others in between', async () => {
    list(MANY);
    const answer = await ask();
    const whole = bytesOf(answer);
    let isOver = false;
    whole.finally(() => {
      isOver = true;
    });
    let served = 0;
    while (!isOver) {
      await server.fetch('/ready');
      served++;
    }
    expect(served).toBeGreaterThan(5);
    expect((await whole).toString()).toBe(listed(MANY));
  });
});
