import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { ScaledClock, startClock } from '../time/clock.ts';
import { KubeDiscovery } from './discovery.ts';
import { Informer } from './informer.ts';
import { KubeClient, type KubeClientOptions } from './kube-client.ts';
import { loadKubeconfig } from './kubeconfig.ts';
import { RESOURCES } from './resources.ts';

const CLOCK = new ScaledClock(startClock(1));
const TOKEN = 'token-of-the-user';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

async function clientOf(answer: Answer, options: Partial<KubeClientOptions> = {}): Promise<KubeClient> {
  const server: Server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => answer(request, response, body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const text = `{clusters: [{name: a, cluster: {server: "${url}"}}], users: [{name: a, user: {token: ${TOKEN}}}], contexts: [{name: a, context: {cluster: a, user: a}}], current-context: a}`;
  const client = new KubeClient({ kubeconfig: loadKubeconfig({ text }), clock: CLOCK, ...options });
  open.push(() => client.close());
  return client;
}

const secret = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'pull', namespace: 'a' },
  data: {
    '.dockerconfigjson': Buffer.from('{"auths":{"quay.example.com":{"auth":"c3dhcm06c3dhcm0="}}}').toString('base64'),
  },
  stringData: { password: 'open sesame "1"' },
};

describe('what a server says', () => {
  it.each(['json', 'text'])('shows no secret that it was sent, as %s', async (form) => {
    const client = await clientOf((request, response, body) => {
      const message = `refused ${request.headers.authorization}: ${body} ${atob(secret.data['.dockerconfigjson'])} c3dhcm06c3dhcm0=`;
      response.writeHead(422).end(form === 'json' ? JSON.stringify({ message }) : message);
    });
    const options = { fieldManager: 'me' };
    const error = await client.apply(RESOURCES.secrets, secret, options).catch((thrown) => thrown);
    expect(error.message).toContain('refused Bearer (redacted)');
    for (const hidden of [TOKEN, 'sesame', 'c3dhcm06', 'eyJhdXRocyI6']) {
      expect(JSON.stringify([error.message, error.said])).not.toContain(hidden);
    }
    const other = await client.json('/version').catch((thrown) => thrown);
    expect(other.message).toContain('(redacted)');
    expect(other.message).not.toContain(TOKEN);
  });

  it.each([
    ['<html>', 'is not a JSON object'],
    ['', 'is not a JSON object'],
    ['null', 'is not a JSON object'],
    ['[]', 'is not a JSON object'],
    ['{}', 'is not an object of Kubernetes'],
  ])('may be %j, which is told and may pass', async (text, reason) => {
    const client = await clientOf((_, response) => response.writeHead(200).end(text));
    const expected = { status: 0, reason: 'Protocol', passing: true, message: expect.stringContaining(reason) };
    await expect(client.get(RESOURCES.secrets, 'a', 'b')).rejects.toMatchObject(expected);
    if (text === '{}') return;
    await expect(client.list(RESOURCES.secrets)).rejects.toMatchObject(expected);
    await expect(new KubeDiscovery(client).find('v1', 'Secret')).rejects.toMatchObject(expected);
  });

  it.each([
    ['that is far too long', {}, '3600'],
    ['that a caller with a patience of its own does not take here', { retries: 0 }, '1'],
  ])('may ask for a rest %s', async (_title, options, seconds) => {
    const answer: Answer = (_, response) => response.writeHead(429, { 'retry-after': seconds }).end('{}');
    const client = await clientOf(answer, options);
    await expect(client.get(RESOURCES.secrets, 'a', 'b')).rejects.toMatchObject({
      status: 429,
      retryAfterSeconds: Number(seconds),
    });
  });
});

describe('an informer', () => {
  it.each([
    ['ends every watch at once', 200, ''],
    ['has lost its history every time', 410, '{}'],
  ])('does not hammer a server that %s', async (_, status, text) => {
    let asked = 0;
    const client = await clientOf((request, response) => {
      asked++;
      if (request.url?.includes('watch=true')) response.writeHead(status).end(text);
      else response.writeHead(200).end('{"metadata": {"resourceVersion": "1"}, "items": []}');
    });
    const informer = new Informer({ client, resource: RESOURCES.secrets, clock: CLOCK, random: () => 0 }).start();
    open.push(() => informer.stop());
    await informer.synced;
    await sleep(300);
    expect(asked).toBeGreaterThan(1);
    expect(asked).toBeLessThanOrEqual(5);
  });
});
