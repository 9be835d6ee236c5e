import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { FaultInput } from './faults.ts';
import { startTestServer, type TestServer } from './testing/test-server.ts';

const ID = '8e3746eb-df8d-47d1-ad4d-ab13fac2b38e';
const POLL = `/v2/infra-envs/${ID}/hosts/${ID}/instructions`;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ admin: true });
});
afterEach(async () => {
  await server.fetch('/mock/faults', { method: 'DELETE' });
});
afterAll(() => server.close());

const arm = (fault: FaultInput) => server.fetch('/mock/faults', { method: 'POST', body: JSON.stringify(fault) });
const rawPoll = () => server.raw(`GET /api/assisted-install${POLL} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);

describe('actions', () => {
  test('answer', async () => {
    await arm({ action: { kind: 'answer', status: 503, body: 'busy', contentType: 'text/plain' } });
    const response = await server.call('GET', POLL);
    expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
      503,
      'text/plain',
      'busy',
    ]);
  });

  test('html', async () => {
    await arm({ action: { kind: 'html' } });
    const response = await server.call('POST', '/v2/clusters', {});
    expect([response.status, response.headers.get('content-type')]).toEqual([502, 'text/html']);
    expect(await response.text()).toMatch(/^<html>/);
  });

  test('garbage', async () => {
    await arm({ action: { kind: 'garbage' } });
    const response = await server.call('GET', POLL);
    expect(response.status).toBe(200);
    await expect(response.json()).rejects.toThrow(SyntaxError);
  });

  test('truncated gzip', async () => {
    await arm({ action: { kind: 'truncated-gzip' } });
    const [head, body] = (await rawPoll()).split('\r\n\r\n');
    expect(head).toMatch(/Content-Encoding: gzip/);
    expect(() => gunzipSync(Buffer.from(body!, 'latin1'))).toThrow('unexpected end of file');
  });

  test('delay waits in simulated time', async () => {
    await arm({ action: { kind: 'delay', milliseconds: 90_000 } });
    let answered = false;
    const answer = server.call('GET', POLL).then((response) => {
      answered = true;
      return response.status;
    });
    while (server.clock.pending === 0) await new Promise((resolve) => setImmediate(resolve));
    await server.clock.advance(89_999);
    expect(answered).toBe(false);
    await server.clock.advance(1);
    expect(await answer).toBe(200);
  });

  test('a delayed request whose client leaves keeps no timer', async () => {
    await arm({ action: { kind: 'delay', milliseconds: 90_000 } });
    const leave = new AbortController();
    const answer = server.fetch(`/api/assisted-install${POLL}`, { signal: leave.signal });
    while (server.clock.pending === 0) await new Promise((resolve) => setImmediate(resolve));
    leave.abort();
    await expect(answer).rejects.toThrow();
    while (server.clock.pending > 0) await new Promise((resolve) => setImmediate(resolve));
  });

  test('no answer: the connection stays, nothing comes', async () => {
    await arm({ count: 1, action: { kind: 'no-answer' } });
    const leave = new AbortController();
    const silent = server.fetch(`/api/assisted-install${POLL}`, { signal: leave.signal });
    while (((await (await server.fetch('/mock/faults')).json()) as { hits: number }[])[0]!.hits === 0);
    expect((await server.call('GET', POLL)).status).toBe(200);
    leave.abort();
    await expect(silent).rejects.toThrow(/abort/);
  });

  test('reset', async () => {
    await arm({ action: { kind: 'reset' } });
    await expect(rawPoll()).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  test('close', async () => {
    await arm({ action: { kind: 'close' } });
    expect(await rawPoll()).toBe('');
  });
});

describe('matching', () => {
  const teapot = { kind: 'answer', status: 418 } as const;
  const status = async (method: string, path: string) => (await server.call(method, path)).status;

  test('by endpoint name, operation ID, method and path', async () => {
    await arm({ match: { endpoint: 'get-instructions' }, action: teapot });
    expect(await status('GET', POLL)).toBe(418);
    expect(await status('GET', '/v2/clusters')).toBe(200);
    await arm({ match: { endpoint: 'v2ListClusters' }, action: teapot });
    expect(await status('GET', '/v2/clusters')).toBe(418);
    await arm({ match: { method: 'DELETE', path: 'clusters/8e37.*' }, action: teapot });
    expect(await status('DELETE', `/v2/clusters/${ID}`)).toBe(418);
    expect(await status('GET', `/v2/clusters/${ID}`)).toBe(200);
    expect(await status('DELETE', `/v2/infra-envs/${ID}`)).toBe(204);
  });

  test('health and metrics are never hit', async () => {
    await arm({ action: teapot });
    expect((await server.fetch('/health')).status).toBe(200);
    expect((await server.fetch('/metrics')).status).toBe(200);
  });

  test('a count ends', async () => {
    await arm({ count: 2, action: teapot });
    expect([await status('GET', POLL), await status('GET', POLL), await status('GET', POLL)]).toEqual([418, 418, 200]);
    expect(await (await server.fetch('/mock/faults')).json()).toMatchObject([{ hits: 2 }]);
  });

  test('a share hits by the random source', async () => {
    const draws = [0.2, 0.3, 0.1];
    const shared = await startTestServer({ admin: true, random: () => draws.shift()! });
    const fault = { share: 0.25, action: teapot };
    await shared.fetch('/mock/faults', { method: 'POST', body: JSON.stringify(fault) });
    const statuses = [];
    for (let i = 0; i < 3; i++) statuses.push((await shared.call('GET', POLL)).status);
    expect(statuses).toEqual([418, 200, 418]);
    await shared.close();
  });
});

describe('administration', () => {
  test('lists and removes', async () => {
    const added = (await (await arm({ match: { method: 'GET' }, action: { kind: 'close' } })).json()) as { id: number };
    expect(added).toEqual({
      id: expect.any(Number),
      match: { method: 'GET' },
      share: 1,
      action: { kind: 'close' },
      hits: 0,
    });
    const remove = () => server.fetch(`/mock/faults/${added.id}`, { method: 'DELETE' });
    expect((await remove()).status).toBe(204);
    expect((await remove()).status).toBe(404);
    expect(await (await server.fetch('/mock/faults')).json()).toEqual([]);
  });

  test.each([
    [{ action: { kind: 'melt' } }, /action\.kind/],
    [{ action: { kind: 'close' }, share: 2 }, /share/],
    [{ action: { kind: 'close' }, match: { path: '(' } }, /match\.path: must be a regular expression/],
    [{ action: { kind: 'close' }, match: { endpoint: 'nope' } }, /no operation 'nope'. Known are: .*get-instructions/],
    [{ action: { kind: 'close' }, what: 1 }, /what/],
  ])('%j is refused', async (fault, message) => {
    const response = await arm(fault as FaultInput);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ code: 400, message: expect.stringMatching(message) });
  });

  test('does not exist unless asked for', async () => {
    const plain = await startTestServer();
    expect((await plain.fetch('/mock/faults')).status).toBe(404);
    await plain.close();
  });
});
