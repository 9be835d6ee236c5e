/** Against registries on the loopback interface, over HTTP. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, expect, it } from 'vitest';
import { tryLogin } from './registry-login.ts';

const servers: ReturnType<typeof createServer>[] = [];
afterAll(() => {
  for (const server of servers) server.close();
});
const listen = async (handle: (request: IncomingMessage, response: ServerResponse, host: string) => void) => {
  const server = createServer((request, response) => handle(request, response, request.headers.host!));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
};
const signal = new AbortController().signal;
const credentials = { username: 'robot', password: 'pä:ss' };
const basic = `Basic ${Buffer.from('robot:pä:ss').toString('base64')}`;
const end = (response: ServerResponse, status: number, headers: Record<string, string> = {}) =>
  response.writeHead(status, headers).end('{}');

it('asks for a token that allows pushes, where the registry says', async () => {
  const seen: string[] = [];
  const host = await listen((request, response, self) => {
    seen.push(request.url!);
    if (request.url === '/v2/') {
      return end(response, 401, { 'www-authenticate': `Bearer realm="http://${self}/token?x=1",service="a b"` });
    }
    return end(response, request.headers.authorization === basic ? 200 : 401);
  });
  expect(await tryLogin(`${host}/me`, credentials, signal)).toEqual({ result: 'accepted' });
  expect(seen[1]).toBe('/token?x=1&service=a+b&scope=repository%3Ame%2Fload-test%2Flogin%3Apull%2Cpush');
  expect(await tryLogin(`${host}/me`, { ...credentials, password: 'wrong' }, signal)).toEqual({
    result: 'refused',
    why: `${host} answers 401`,
  });
});

it('logs in by name and password where that is asked for, and not at all where nothing is', async () => {
  const host = await listen((request, response) =>
    end(response, request.headers.authorization === basic ? 200 : 401, { 'www-authenticate': 'Basic realm="x"' }),
  );
  expect(await tryLogin(host, credentials, signal)).toEqual({ result: 'accepted' });
  expect(await tryLogin(host, { ...credentials, username: 'x' }, signal)).toMatchObject({ result: 'refused' });
  const open = await listen((_request, response) => end(response, 200));
  expect(await tryLogin(open, credentials, signal)).toEqual({ result: 'accepted' });
});

it('sends credentials to no place that is neither encrypted nor on this machine', async () => {
  let asked = 0;
  const host = await listen((_request, response) => {
    asked += 1;
    end(response, 401, { 'www-authenticate': 'Bearer realm="http://192.0.2.1/token"' });
  });
  expect(await tryLogin(host, credentials, signal)).toMatchObject({ result: 'unknown' });
  expect(asked).toBe(1);
});

it.each([
  ['answers something else', (response: ServerResponse) => end(response, 404), /answers 404 to \/v2\//],
  [
    'wants another way',
    (response: ServerResponse) => end(response, 401, { 'www-authenticate': 'Negotiate' }),
    /not known here/,
  ],
  ['hangs up', (response: ServerResponse) => response.destroy(), /was not reached from here/],
])('does not know about a registry that %s', async (_, answer, why) => {
  const host = await listen((_request, response) => void answer(response));
  const login = await tryLogin(host, credentials, signal);
  expect(login).toMatchObject({ result: 'unknown', why: expect.stringMatching(why) });
});
