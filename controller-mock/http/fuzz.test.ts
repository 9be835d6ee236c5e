import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type KubeMock, startKubeMock } from '../index.ts';
import { collectionKey } from '../registry/object-storage.ts';
import { TestClient } from '../testing/test-client.ts';

let mock: KubeMock;
let client: TestClient;

beforeAll(async () => {
  mock = await startKubeMock({ tls: false });
  client = new TestClient(mock);
  await client.post('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'things.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'things', kind: 'Thing' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: {
              type: 'object',
              properties: {
                spec: {
                  type: 'object',
                  properties: {
                    list: { type: 'array', items: { type: 'object', properties: { a: { type: 'string' } } } },
                  },
                },
              },
            },
          },
          subresources: {
            status: {},
            scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' },
          },
        },
      ],
    },
  });
});

afterAll(async () => {
  client.close();
  await mock.close();
});

const segment = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.constantFrom(
      'api',
      'v1',
      'apis',
      'namespaces',
      'default',
      'configmaps',
      'pods',
      'things',
      'example.com',
      'apps',
      'deployments',
      'status',
      'scale',
      'a',
      'b',
      'openapi',
      'v3',
      'healthz',
      'finalize',
    ),
  },
  { weight: 1, arbitrary: fc.string({ maxLength: 6 }).map((text) => encodeURIComponent(text.toWellFormed())) },
  { weight: 1, arbitrary: fc.constantFrom('..', '.', '', '%2e%2e', '%2F', '%', '%zz', '%00') },
);

const place = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      '/api/v1/namespaces/default/configmaps',
      '/api/v1/namespaces/default/configmaps/a',
      '/api/v1/namespaces/default/pods/a/status',
      '/api/v1/namespaces/a',
      '/api/v1/namespaces',
      '/apis/example.com/v1/namespaces/default/things',
      '/apis/example.com/v1/namespaces/default/things/a',
      '/apis/example.com/v1/namespaces/default/things/a/status',
      '/apis/example.com/v1/namespaces/default/things/a/scale',
      '/apis/apps/v1/namespaces/default/deployments/a/scale',
      '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
      '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.example.com/status',
    ),
  },
  { weight: 2, arbitrary: fc.array(segment, { maxLength: 8 }).map((parts) => `/${parts.join('/')}`) },
);

const parameter = fc.tuple(
  fc.constantFrom(
    'limit',
    'continue',
    'resourceVersion',
    'resourceVersionMatch',
    'labelSelector',
    'fieldSelector',
    'dryRun',
    'fieldManager',
    'fieldValidation',
    'force',
    'propagationPolicy',
    'gracePeriodSeconds',
    'includeObject',
    'pretty',
    'sendInitialEvents',
  ),
  fc.oneof(
    fc.constantFrom(
      '1',
      '0',
      '-1',
      '99999999999999999999',
      'true',
      'All',
      'Strict',
      'Exact',
      'NotOlderThan',
      'a=b',
      'a in (b,c)',
      '!a',
      'Foreground',
      'Orphan',
      'x',
    ),
    fc.string({ maxLength: 12 }),
  ),
);

const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom<unknown>(null, true, 0, -1, 1.5, '', 'a', 'x'.repeat(300), '__proto__', {}, []),
    fc.array(tie('any'), { maxLength: 3 }),
    fc.dictionary(
      fc.constantFrom(
        'metadata',
        'spec',
        'status',
        'data',
        'name',
        'namespace',
        'labels',
        'annotations',
        'finalizers',
        'ownerReferences',
        'managedFields',
        'replicas',
        'versions',
        'names',
        'group',
        'list',
        'a',
        '__proto__',
        'constructor',
        'op',
        'path',
        'value',
        'from',
        '$patch',
        '$retainKeys',
        '$setElementOrder/a',
        'uid',
        'resourceVersion',
        'generateName',
        'creationTimestamp',
        'conversion',
        'schema',
        'openAPIV3Schema',
        'properties',
        'subresources',
        'containers',
        'template',
      ),
      tie('any'),
      { maxKeys: 5 },
    ),
  ),
})).any;

const kind = fc.constantFrom(
  ['v1', 'ConfigMap'],
  ['v1', 'Pod'],
  ['v1', 'Namespace'],
  ['example.com/v1', 'Thing'],
  ['apps/v1', 'Deployment'],
  ['autoscaling/v1', 'Scale'],
  ['apiextensions.k8s.io/v1', 'CustomResourceDefinition'],
  ['', ''],
);

const body = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(kind, value, value, fc.constantFrom('a', 'b', 'c'))
      .map(([[apiVersion, kindName], metadata, rest, name]) =>
        JSON.stringify({
          ...(rest as object),
          apiVersion,
          kind: kindName,
          metadata: typeof metadata === 'object' && !Array.isArray(metadata) ? { ...metadata, name } : metadata,
        }),
      ),
  },
  { weight: 2, arbitrary: value.map((entry) => JSON.stringify(entry)) },
  {
    weight: 1,
    arbitrary: fc
      .array(
        fc.record({
          op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test', 'x'),
          path: fc.constantFrom(
            '',
            '/metadata',
            '/metadata/labels',
            '/data/a',
            '/spec/list/0',
            '/spec/list/-',
            'x',
            '/kind',
          ),
          from: fc.constantFrom('/metadata', '/data', '/spec', ''),
          value,
        }),
        { maxLength: 4 },
      )
      .map((entry) => JSON.stringify(entry)),
  },
  { weight: 1, arbitrary: fc.string() },
  {
    weight: 1,
    arbitrary: fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.concat([Buffer.from('k8s\0'), bytes])),
  },
);

const type = fc.constantFrom(
  'application/json',
  'application/json',
  'application/yaml',
  'application/vnd.kubernetes.protobuf',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
  'text/plain',
  '',
);

const accept = fc.constantFrom(
  'application/json',
  '*/*',
  'application/yaml',
  'application/json;as=Table;v=v1;g=meta.k8s.io,application/json',
  'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
  ';;;',
  'application/json;q=x',
  'nothing/at-all',
);

const request = fc.record({
  method: fc.constantFrom('GET', 'GET', 'POST', 'POST', 'PUT', 'PATCH', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'),
  place,
  parameters: fc.array(parameter, { maxLength: 3 }),
  body,
  type,
  accept,
});

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Bytes in use once nothing but the kinds and namespaces of the beginning is left in the cluster. */
async function bytesWhenEmptied(): Promise<number> {
  const { cluster, store } = mock;
  for (const [key, collection] of store.collections()) {
    if (key === '/namespaces' || key.endsWith('/customresourcedefinitions')) continue;
    const type = [...cluster.registry.all()].find((entry) => collectionKey(entry) === key);
    for (const { namespace, name, object } of [...collection.list()]) {
      if (type && object.metadata.finalizers) {
        cluster.modify({ group: type.group, resource: type.plural }, namespace, name, (draft) => {
          delete draft.metadata.finalizers;
        });
      }
      if (type && collection.get(namespace, name)) {
        cluster.deleteObject(type, namespace, name, { gracePeriodSeconds: 0, propagationPolicy: 'Background' }, false);
      }
    }
  }
  store.compact();
  // Timers, sockets and controllers of the last requests have had their turn after this.
  await new Promise((resolve) => setTimeout(resolve, 50));
  collectGarbage();
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

/** What 10,000 requests may leave behind; a leak of a few hundred bytes a request would be more. */
const GROWTH_LIMIT_BYTES = 3e6;

it('answers 10,000 strange requests with a Status or an object, never with a failure of its own', {
  timeout: 120_000,
}, async () => {
  await ask(40);
  const before = await bytesWhenEmptied();
  await ask(200);
  expect((await bytesWhenEmptied()) - before).toBeLessThan(GROWTH_LIMIT_BYTES);
  expect(mock.handler.watches).toBe(0);
  expect((await client.get('/readyz')).text).toBe('ok');
});

/** @param rounds of 50 requests at once. */
async function ask(rounds: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.array(request, { minLength: 50, maxLength: 50 }), async (requests) => {
      await Promise.all(
        requests.map(async (sent) => {
          const query = new URLSearchParams(
            sent.parameters.map(([name, text]) => [name, text.toWellFormed()]),
          ).toString();
          const reply = await client.send(sent.method, `${sent.place}${query && `?${query}`}`, {
            ...(sent.method !== 'GET' && sent.method !== 'HEAD' && { body: sent.body, type: sent.type }),
            headers: { accept: sent.accept },
          });
          // Deliberate are a 504 for a version from the future, and the 500 without a reason that the API server has for
          // patches it cannot make sense of. A failure of our own has the reason InternalError.
          const isDeliberate = reply.code === 504 || (reply.code === 500 && reply.json?.reason === undefined);
          if (reply.code >= 500 && !isDeliberate) {
            throw new Error(`${sent.method} ${sent.place}?${query} ${sent.type} ${sent.body}: ${reply.text}`);
          }
          if (reply.code >= 400 && sent.method !== 'HEAD')
            expect(reply.json).toMatchObject({ kind: 'Status', code: reply.code });
        }),
      );
    }),
    { numRuns: rounds, endOnFailure: true },
  );
}
