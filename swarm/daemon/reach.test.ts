import { readFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { MachineCheck } from './machine-checks.ts';
import { checkReach } from './reach.ts';

const testdata = (name: string) => readFileSync(new URL(`../transport/testing/${name}`, import.meta.url), 'utf8');
const servers: (Server | net.Server)[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listen(server: Server | net.Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const answering =
  (status: number, date?: Date): RequestListener =>
  (_request, response) => {
    if (date) response.setHeader('Date', date.toUTCString());
    response.writeHead(status).end('{}');
  };

async function steps(url: string, tls = {}): Promise<Record<string, MachineCheck>> {
  const rows = await checkReach(url, tls);
  return Object.fromEntries(rows.map((row) => [row.name.slice(row.name.lastIndexOf(' ') + 1), row]));
}

describe('the way to a service', () => {
  it('is told step by step', async () => {
    const port = await listen(createServer(answering(200)));
    const rows = await steps(`http://localhost:${port}`);
    expect(Object.keys(rows)).toEqual(['name', 'connection', 'answer', 'clock']);
    expect(Object.values(rows).map(({ verdict }) => verdict)).toEqual(['ok', 'ok', 'ok', 'ok']);
    expect(rows.answer!.has).toMatch(/^200 for \/api\/assisted-install\/v2\/component-versions, in [\d.]+ ms$/);
  });

  it('leads to a service that wants to know who asks', async () => {
    const port = await listen(createServer(answering(401)));
    expect((await steps(`http://127.0.0.1:${port}`)).answer).toMatchObject({ verdict: 'ok' });
  });

  it('ends where nobody listens, and at unknown names', async () => {
    const port = await listen(net.createServer());
    servers.pop()!.close();
    const refused = await steps(`http://127.0.0.1:${port}`);
    expect(Object.keys(refused)).toEqual(['connection']);
    expect(refused.connection).toMatchObject({ verdict: 'short', has: expect.stringContaining('ECONNREFUSED') });
    const unknown = await steps('http://no-such-host.invalid');
    expect(unknown.name).toMatchObject({ verdict: 'short', has: expect.stringContaining('no-such-host.invalid') });
  });

  it('leads to something else', async () => {
    const port = await listen(createServer(answering(404)));
    const rows = await steps(`http://127.0.0.1:${port}`);
    expect(rows.answer).toMatchObject({ verdict: 'short', says: 'this is not what an assisted-service answers' });
    const rude = await listen(net.createServer((socket) => socket.once('data', () => socket.end('SSH-2.0-x\r\n'))));
    expect((await steps(`http://127.0.0.1:${rude}`)).answer).toMatchObject({ verdict: 'short' });
  });

  it('shows that clocks differ', async () => {
    const ahead = await listen(createServer(answering(200, new Date(Date.now() + 300_000))));
    expect((await steps(`http://127.0.0.1:${ahead}`)).clock).toMatchObject({
      verdict: 'mind',
      has: expect.stringMatching(/^(299|300) s before ours$/),
    });
  });

  it('speaks TLS where authorities are known', async () => {
    const key = { key: testdata('server.key'), cert: testdata('server.pem') };
    const port = await listen(createSecureServer(key, answering(200)));
    const url = `https://127.0.0.1:${port}`;
    expect((await steps(url)).TLS).toMatchObject({
      verdict: 'short',
      mend: 'give its authority with --ca, or --insecure',
    });
    const trusted = await steps(url, { ca: testdata('ca.pem') });
    expect(trusted.TLS).toMatchObject({
      verdict: 'ok',
      has: expect.stringMatching(/^TLSv1\.3 in [\d.]+ ms, certificate until \d{4}-/),
    });
    expect(trusted.answer).toMatchObject({ verdict: 'ok' });
    expect((await steps(url, { insecure: true })).answer).toMatchObject({ verdict: 'ok' });
  });
});
