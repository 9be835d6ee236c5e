import * as http2 from 'node:http2';
import * as net from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KubeMock, startKubeMock } from '../index.ts';
import { TestClient } from '../testing/test-client.ts';

let mock: KubeMock;
let client: TestClient;

beforeAll(async () => {
  mock = await startKubeMock();
  client = new TestClient(mock);
});

afterAll(async () => {
  client.close();
  await mock.close();
});

const C = { name: 'c', image: 'i' };

describe('who asks', () => {
  it('refuses unknown tokens', async () => {
    const reply = await client.get('/api/v1/namespaces', { authorization: 'Bearer wrong' });
    expect(reply.code).toBe(401);
    expect(reply.json).toMatchObject({ kind: 'Status', reason: 'Unauthorized', code: 401 });
  });

  it('lets anonymous clients see health and version alone', async () => {
    const anonymous = { authorization: '' };
    const bare = async (path: string) => {
      const request = client.open('GET', path);
      request.removeHeader('authorization');
      const code = await new Promise((resolve, reject) => {
        request.on('response', (response) => {
          response.resume();
          resolve(response.statusCode);
        });
        request.on('error', reject);
        request.end();
      });
      return code;
    };
    expect(await bare('/version')).toBe(200);
    expect(await bare('/readyz')).toBe(200);
    expect(await bare('/api/v1/pods')).toBe(403);
    expect(await bare('/apis')).toBe(403);
    expect((await client.get('/api/v1/pods', anonymous)).code).toBe(401);
  });

  it('knows tokens until they expire', async () => {
    mock.cluster.tokens.add('short', { username: 'u', uid: '', groups: [] }, mock.cluster.clock.now() + 60_000);
    mock.cluster.tokens.add('late', { username: 'u', uid: '', groups: [] }, mock.cluster.clock.now() - 1);
    expect((await client.get('/api', { authorization: 'Bearer short' })).code).toBe(200);
    expect((await client.get('/api', { authorization: 'Bearer late' })).code).toBe(401);
  });
});

describe('discovery', () => {
  it('has plain documents', async () => {
    expect((await client.get('/api')).json).toMatchObject({ kind: 'APIVersions', versions: ['v1'] });
    const groups = (await client.get('/apis')).json;
    expect(groups.kind).toBe('APIGroupList');
    expect(groups.groups).toContainEqual({
      name: 'apps',
      versions: [{ groupVersion: 'apps/v1', version: 'v1' }],
      preferredVersion: { groupVersion: 'apps/v1', version: 'v1' },
    });
    expect((await client.get('/apis/apps')).json).toMatchObject({ kind: 'APIGroup', name: 'apps' });
    const core = (await client.get('/api/v1')).json;
    expect(core).toMatchObject({ kind: 'APIResourceList', groupVersion: 'v1' });
    expect(core.resources).toContainEqual(expect.objectContaining({ name: 'pods', kind: 'Pod', namespaced: true }));
    expect((await client.get('/apis/nothing.example.com')).code).toBe(404);
    expect((await client.get('/apis/apps/v9')).code).toBe(404);
  });

  it('has aggregated documents for clients that ask', async () => {
    const accept =
      'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json';
    const reply = await client.get('/apis', { accept });
    expect(reply.headers['content-type']).toBe('application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList');
    const apps = reply.json.items.find((item: { metadata: { name: string } }) => item.metadata.name === 'apps');
    const deployments = apps.versions[0].resources.find(
      (entry: { resource: string }) => entry.resource === 'deployments',
    );
    expect(deployments).toMatchObject({
      scope: 'Namespaced',
      responseKind: { group: 'apps', version: 'v1', kind: 'Deployment' },
      singularResource: 'deployment',
    });
    expect(deployments.subresources).toContainEqual({
      subresource: 'scale',
      responseKind: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
      verbs: ['get', 'patch', 'update'],
    });
    const core = await client.get('/api', { accept });
    expect(core.json.items).toHaveLength(1);
    expect(core.json.items[0].metadata.name).toBeUndefined();
  });

  it('answers version and health', async () => {
    expect((await client.get('/version')).json.major).toBe('1');
    expect((await client.get('/healthz')).text).toBe('ok');
    expect((await client.get('/livez/ping')).text).toBe('ok');
    expect((await client.get('/readyz?verbose')).text).toContain('[+]ping ok\n');
    expect((await client.get('/readyz/none')).code).toBe(404);
    expect((await client.get('/')).json.paths).toContain('/apis/apps/v1');
  });

  it('has OpenAPI documents whose references all lead somewhere', async () => {
    const { paths } = (await client.get('/openapi/v3')).json;
    const url = paths['apis/apps/v1'].serverRelativeURL;
    expect(url).toMatch(/^\/openapi\/v3\/apis\/apps\/v1\?hash=[0-9A-F]{64}$/);
    for (const [document, prefix, definitions] of [
      [
        (await client.get(url)).json,
        '#/components/schemas/',
        (json: { components: { schemas: object } }) => json.components.schemas,
      ],
      [(await client.get('/openapi/v2')).json, '#/definitions/', (json: { definitions: object }) => json.definitions],
    ] as const) {
      const known = definitions(document);
      const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map((match) => match[1]!);
      expect(references.length).toBeGreaterThan(3);
      for (const reference of new Set(references)) expect(known).toHaveProperty([reference.slice(prefix.length)]);
      const deployment = Object.values(known).find((entry) =>
        (entry as { 'x-kubernetes-group-version-kind'?: { kind: string }[] })['x-kubernetes-group-version-kind']?.some(
          ({ kind }) => kind === 'Deployment',
        ),
      );
      expect(deployment).toBeDefined();
    }
    const patch = (await client.get(url)).json.paths['/apis/apps/v1/namespaces/{namespace}/deployments/{name}'].patch;
    expect(patch.parameters.map((entry: { name: string }) => entry.name)).toContain('fieldValidation');
    const protobuf = await client.get('/openapi/v2', {
      accept: 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf',
    });
    expect(protobuf.headers['content-type']).toBe('application/com.github.proto-openapi.spec.v2.v1.0+protobuf');
    expect(protobuf.text.startsWith('\n\u00032.0')).toBe(true);
    expect(protobuf.text).toContain('io.k8s.api.apps.v1.Deployment');
  });
});

describe('negotiation', () => {
  it('answers JSON to those who prefer protobuf', async () => {
    const reply = await client.get('/api/v1/namespaces', {
      accept: 'application/vnd.kubernetes.protobuf,application/json',
    });
    expect(reply.headers['content-type']).toBe('application/json');
    expect(reply.json.kind).toBe('NamespaceList');
  });

  it('answers 406 to those who take nothing else', async () => {
    const reply = await client.get('/api/v1/namespaces', { accept: 'application/vnd.kubernetes.protobuf' });
    expect(reply.code).toBe(406);
    expect(reply.json.reason).toBe('NotAcceptable');
  });

  it('answers metadata alone, YAML, or indented', async () => {
    const partial = await client.get('/api/v1/namespaces', {
      accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json',
    });
    expect(partial.json).toMatchObject({ kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1' });
    expect(partial.json.items[0]).not.toHaveProperty('status');
    const yaml = await client.get('/api/v1/namespaces/default', { accept: 'application/yaml' });
    expect(yaml.headers['content-type']).toBe('application/yaml');
    expect(yaml.text).toContain('kind: Namespace\n');
    expect((await client.get('/api/v1/namespaces/default?pretty=true')).text).toContain('{\n  "');
  });
});

describe('bad requests', () => {
  it.each([
    ['GET', '/api/v1/namespaces/../secrets', 400],
    ['GET', '/api/v1/namespaces/%2e%2e/secrets', 400],
    ['GET', '/api/v1//pods', 400],
    ['GET', '/api/v1/namespaces/a%2Fb/pods', 400],
    ['GET', '/api/v1/namespaces/%ff/pods', 400],
    ['GET', '/api/v1/namespaces/a%00b/pods', 400],
    ['GET', '/api/v1/nothings', 404],
    ['GET', '/api/v2/pods', 404],
    ['GET', '/nothing', 404],
    ['GET', '/api/v1/namespaces/default/pods/a/b/c', 404],
    ['GET', '/api/v1/namespaces/default/namespaces', 404],
    ['GET', '/api/v1/namespaces/default/pods/none', 404],
    ['GET', '/api/v1/namespaces/default/pods/none/nothing', 404],
    ['POST', '/api/v1/pods', 405],
    ['PUT', '/api/v1/namespaces/default/pods', 405],
    ['POST', '/api/v1/namespaces/default/pods/a', 405],
    ['OPTIONS', '/api/v1/namespaces/default/pods/a', 405],
    ['DELETE', '/version', 405],
  ])('%s %s is answered %i', async (method, path, code) => {
    const reply = await client.send(method, path);
    expect(reply.code).toBe(code);
    expect(reply.json).toMatchObject({ kind: 'Status', status: 'Failure', code });
  });

  it.each([
    ['no JSON', '{', 'application/json', 400],
    ['a list', '[]', 'application/json', 400],
    ['null', 'null', 'application/json', 400],
    ['nothing', '', 'application/json', 400],
    ['bad UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 'application/json', 400],
    ['numbers for names', '{"apiVersion":1,"kind":2}', 'application/json', 400],
    [
      'metadata of a wrong type',
      '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":{"a":1}}}',
      'application/json',
      400,
    ],
    [
      'labels of a wrong type',
      '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x","labels":"a"}}',
      'application/json',
      400,
    ],
    ['bad YAML', 'a: b: c', 'application/yaml', 400],
    [
      'YAML that explodes',
      `a: &a [x]\n${['b', 'c', 'd', 'e', 'f', 'g'].map((key, at) => `${key}: &${key} [${`*${'abcdef'[at]},`.repeat(50)}]`).join('\n')}`,
      'application/yaml',
      400,
    ],
    ['bad protobuf', 'k8s\0xxxx', 'application/vnd.kubernetes.protobuf', 400],
    ['another format', 'x', 'text/plain', 415],
    ['deep nesting', '['.repeat(5000) + ']'.repeat(5000), 'application/json', 400],
  ])('a body of %s is answered', async (_what, body, type, code) => {
    const reply = await client.send('POST', '/api/v1/namespaces/default/configmaps', { body, type });
    expect([reply.code, reply.json?.kind]).toEqual([code, 'Status']);
  });

  it('refuses bodies over 3 MiB, announced or not', async () => {
    const path = '/api/v1/namespaces/default/configmaps';
    const body = Buffer.alloc(3 * 1024 * 1024 + 1, 0x20);
    expect((await client.send('POST', path, { body })).code).toBe(413);
    const request = client.open('POST', path, { 'content-type': 'application/json', 'transfer-encoding': 'chunked' });
    const code = new Promise((resolve, reject) => {
      request.on('response', (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      request.on('error', reject);
    });
    request.end(body);
    expect(await code).toBe(413);
  });

  it('refuses patches that would break an object', async () => {
    const path = '/apis/apps/v1/namespaces/default/deployments';
    const labels = { a: 'b' };
    const spec = { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [C] } } };
    const object = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'kept' }, spec };
    expect((await client.post(path, object)).code).toBe(201);
    const before = (await client.get(`${path}/kept`)).text;
    const patch = (type: string, body: unknown, query = '') =>
      client.send('PATCH', `${path}/kept${query}`, { type: `application/${type}`, body });
    const merge = 'merge-patch+json';
    const strategic = 'strategic-merge-patch+json';
    for (const [code, reply] of [
      [422, await patch(merge, { spec: { replicas: 'many' } })],
      [422, await patch(merge, { spec: { replicas: -1 } })],
      [422, await patch(merge, { spec: { selector: null } })],
      [400, await patch(merge, { metadata: { name: 'other' } })],
      [400, await patch(merge, { metadata: { namespace: 'other' } })],
      [422, await patch(merge, { metadata: { uid: 'other' } })],
      [409, await patch(merge, { metadata: { resourceVersion: '1' } })],
      [422, await patch(merge, { metadata: [] })],
      [422, await patch(merge, { kind: 'Pod' })],
      [422, await patch(merge, { apiVersion: 'apps/v9' })],
      [422, await patch(merge, { spek: {} }, '?fieldValidation=Strict')],
      [400, await patch(merge, [])],
      [400, await patch(merge, '{')],
      [422, await patch(strategic, { spec: { template: { spec: { containers: [{ name: 'd' }] } } } })],
      // As the API server answers.
      [500, await patch(strategic, { spec: { template: { spec: { containers: [{ image: 'x' }] } } } })],
      [500, await patch(strategic, { spec: { template: { spec: { containers: [{ $patch: 'x', name: 'c' }] } } } })],
      [422, await patch('json-patch+json', [{ op: 'remove', path: '/spec/template/spec/containers/0' }])],
      [422, await patch('json-patch+json', [{ op: 'remove', path: '/spec/nothing' }])],
      [400, await patch('json-patch+json', [{ op: 'replace', path: '', value: 7 }])],
      [400, await patch('json-patch+json', { op: 'add' })],
      [400, await patch('apply-patch+yaml', 'a: b: c', '?fieldManager=m')],
      [422, await patch('apply-patch+yaml', object)],
      [415, await patch('nothing', {})],
    ] as const) {
      expect([reply.code, reply.json?.kind], reply.text).toEqual([code, 'Status']);
    }
    expect((await client.get(`${path}/kept`)).text).toBe(before);
  });

  it('refuses selectors, limits and versions that make no sense', async () => {
    for (const [query, code] of [
      ['labelSelector=a@b', 400],
      ['labelSelector=a in (b', 400],
      ['labelSelector=a>b', 400],
      ['fieldSelector=a', 400],
      ['fieldSelector=a=b', 400],
      ['limit=-1', 200],
      ['limit=x', 400],
      ['limit=99999999999999999999', 400],
      ['limit=9007199254740991', 200],
      ['continue=x', 400],
      ['timeoutSeconds=x', 400],
      ['resourceVersion=x', 400],
      ['resourceVersion=99999999', 504],
      ['resourceVersion=1&resourceVersionMatch=Sometimes', 422],
      [`labelSelector=${'a,'.repeat(3000)}a`, 200],
    ] as const) {
      const reply = await client.get(`/api/v1/configmaps?${encodeURI(query)}`);
      expect([query.slice(0, 60), reply.code]).toEqual([query.slice(0, 60), code]);
    }
  });

  it('takes a body as slowly as it comes, and is not held up by those that never come', async () => {
    const plain = await startKubeMock({ tls: false });
    const path = '/api/v1/namespaces/default/configmaps';
    const body = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'slow' } });
    const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${plain.token}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
    const connect = () =>
      new Promise<net.Socket>((resolve, reject) => {
        const socket = net.connect(plain.port, '127.0.0.1', () => resolve(socket));
        socket.on('error', reject);
      });
    // Some stop within the head, some within the body, some read nothing of a watch.
    const stuck = await Promise.all(Array.from({ length: 60 }, connect));
    for (const [index, socket] of stuck.entries()) {
      socket.on('error', () => {});
      if (index % 3 === 0) socket.write(head.slice(0, 40));
      else if (index % 3 === 1) socket.write(head + body.slice(0, 10));
      else
        socket.pause().write(
          head
            .replace('POST', 'GET')
            .replace(' HTTP', '?watch=1 HTTP')
            .replace(/Content.*/s, '\r\n'),
        );
    }
    const slow = await connect();
    let answer = '';
    const answered = new Promise<void>((resolve) => {
      slow.setEncoding('utf8').on('data', (text: string) => {
        answer += text;
        if (answer.includes('\r\n\r\n')) resolve();
      });
    });
    for (const byte of head + body) {
      slow.write(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await answered;
    expect(answer).toMatch(/^HTTP\/1.1 201 Created/);
    await expect.poll(() => plain.handler.watches).toBe(20);
    const closed = Promise.all(stuck.map((socket) => new Promise((resolve) => socket.resume().once('close', resolve))));
    await plain.close();
    await closed;
    slow.destroy();
    expect(plain.handler.watches).toBe(0);
  });

  it('survives clients that break off', async () => {
    const { port } = mock;
    await new Promise<void>((resolve) => {
      const socket = net.connect(port, '127.0.0.1', () => socket.end('no TLS at all'));
      socket.on('error', () => {});
      socket.on('close', () => resolve());
      socket.resume();
    });
    const request = client.open('POST', '/api/v1/namespaces/default/configmaps', { 'content-length': '1000' });
    request.on('error', () => {});
    request.write('{');
    await new Promise((resolve) => setImmediate(resolve));
    request.destroy();
    expect((await client.get('/healthz')).code).toBe(200);
  });
});

describe('connections', () => {
  it('are kept open longer than Go clients keep them', async () => {
    const plain = await startKubeMock({ tls: false });
    const overPlain = new TestClient(plain);
    try {
      for (const each of [client, overPlain]) {
        const { headers } = await each.get('/version');
        expect(headers['keep-alive']).toBe('timeout=120');
      }
    } finally {
      overPlain.close();
      await plain.close();
    }
  });
});

describe('HTTP/2', () => {
  it('serves requests and watches on one connection', async () => {
    const session = http2.connect(mock.url, { ca: mock.ca! });
    const headers = { authorization: `Bearer ${mock.token}` };
    const list = session.request({ ':path': '/api/v1/namespaces', ...headers });
    let text = '';
    for await (const part of list.setEncoding('utf8')) text += part;
    expect(JSON.parse(text).kind).toBe('NamespaceList');
    const watch = session.request({ ':path': '/api/v1/namespaces?watch=1&timeoutSeconds=1', ...headers });
    text = '';
    for await (const part of watch.setEncoding('utf8')) text += part;
    expect(text.trimEnd().split('\n').length).toBeGreaterThanOrEqual(4);
    session.close();
  });
});
