import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KubeServer } from '../server/kube-server.ts';
import type { ServedCluster } from '../server/served-cluster.ts';
import { STANDARD_KINDS } from '../standard-kinds.ts';
import type { Listener } from './listener.ts';

let server: KubeServer;
let listener: Listener;
const clusters: ServedCluster[] = [];

const NAMESPACES = { group: '', resource: 'namespaces' };

beforeAll(async () => {
  server = new KubeServer(STANDARD_KINDS);
  for (const name of ['one', 'two', 'three']) {
    const served = server.addCluster();
    served.cluster.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    clusters.push(served);
  }
  listener = await server.listen({ tls: false }, clusters[0]);
  for (const [index, served] of clusters.entries()) {
    server.route(listener, served, { prefix: `/clusters/${index}`, token: served.token });
  }
});

afterAll(() => server.close());

async function namespacesAt(path: string, token: string): Promise<string[] | number> {
  const reply = await fetch(`${listener.url}${path}/api/v1/namespaces`, {
    headers: { authorization: `Bearer ${token}` },
  });
  if (reply.status !== 200) return reply.status;
  const list = (await reply.json()) as { items: { metadata: { name: string } }[] };
  return list.items.map((item) => item.metadata.name);
}

describe('clusters of one process', () => {
  it('are told apart by token', async () => {
    expect(await namespacesAt('', clusters[1]!.token)).toEqual(['two']);
    expect(await namespacesAt('', clusters[2]!.token)).toEqual(['three']);
  });

  it('are told apart by path prefix, and take only their own tokens', async () => {
    expect(await namespacesAt('/clusters/2', clusters[2]!.token)).toEqual(['three']);
    expect(await namespacesAt('/clusters/2', clusters[1]!.token)).toBe(401);
    expect(await namespacesAt('/clusters/9', clusters[1]!.token)).toBe(404);
  });

  it('are told apart by port', async () => {
    const other = await server.listen({ tls: false }, clusters[1]);
    const reply = await fetch(`${other.url}/api/v1/namespaces/two`, {
      headers: { authorization: `Bearer ${clusters[1]!.token}` },
    });
    expect(reply.status).toBe(200);
  });

  it('refuses prefixes that hide the API', () => {
    for (const prefix of ['/api', '/apis/x', 'x', '/', '/a/b/c', '/a/']) {
      expect(() => server.route(listener, clusters[0]!, { prefix })).toThrow('a path prefix has one or two segments');
    }
  });

  it('are gone once removed', async () => {
    const served = server.addCluster();
    server.route(listener, served, { prefix: '/gone', token: served.token });
    expect(await namespacesAt('/gone', served.token)).toEqual([]);
    server.removeCluster(served);
    expect(await namespacesAt('/gone', served.token)).toBe(401);
  });
});
