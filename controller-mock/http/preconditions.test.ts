import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KubeMock, startKubeMock } from '../index.ts';
import { TestClient } from '../testing/test-client.ts';

let mock: KubeMock;
let client: TestClient;

beforeAll(async () => {
  mock = await startKubeMock({ tls: false });
  client = new TestClient(mock);
});

afterAll(async () => {
  client.close();
  await mock.close();
});

const CM = '/api/v1/namespaces/default/configmaps';
const GONE = '3d7fb73c-5ff8-456a-939b-6cb635e4e152';

const configMap = (name: string, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...metadata },
});

const apply = (name: string, metadata: object) =>
  client.send('PATCH', `${CM}/${name}?fieldManager=m`, {
    body: configMap(name, metadata),
    type: 'application/apply-patch+yaml',
  });

describe('the uid of an object', () => {
  it('must not be that of one that is gone, when it is applied', async () => {
    const reply = await apply('absent', { uid: GONE });
    expect(reply.code).toBe(409);
    expect(reply.json.message).toBe(
      `Operation cannot be fulfilled on configmaps "absent": uid mismatch: the provided object specified uid ${GONE}, and no existing object was found`,
    );
    expect((await client.get(`${CM}/absent`)).code).toBe(404);
  });

  it('does not change', async () => {
    await client.post(CM, configMap('there'));
    for (const reply of [
      await apply('there', { uid: GONE }),
      await client.merge(`${CM}/there`, { metadata: { uid: GONE } }),
    ]) {
      expect(reply.code).toBe(422);
      expect(reply.json.message).toBe(
        `ConfigMap "there" is invalid: metadata.uid: Invalid value: "${GONE}": field is immutable`,
      );
    }
  });

  it.each(['there', 'absent'])('is compared before anything else when an object is put: %s', async (name) => {
    const reply = await client.put(`${CM}/${name}`, configMap(name, { uid: GONE }));
    expect(reply.code).toBe(409);
    expect(reply.json.message).toMatch(
      new RegExp(`AdditionalErrorMsg: Precondition failed: UID in precondition: ${GONE}, UID in object meta: `),
    );
  });

  it('is told by kind when a deletion expects another', async () => {
    const reply = await client.delete(`${CM}/there`, {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      preconditions: { uid: GONE },
    });
    expect(reply.code).toBe(409);
    expect(reply.json.message).toMatch(
      new RegExp(
        `^Operation cannot be fulfilled on ConfigMap "there": the UID in the precondition \\(${GONE}\\) does not match the UID in record \\([-0-9a-f]+\\). The object might have been deleted and then recreated$`,
      ),
    );
  });
});

describe('a PUT', () => {
  const lease = (metadata: object) => ({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'l', ...metadata },
  });
  const LEASE = '/apis/coordination.k8s.io/v1/namespaces/default/leases/l';

  it('makes what is not there, of some kinds', async () => {
    expect((await client.put(LEASE, lease({}))).code).toBe(201);
    expect((await client.put(`${CM}/none`, configMap('none'))).code).toBe(404);
  });

  it('must name a version, of some kinds', async () => {
    const reply = await client.put(LEASE, lease({ labels: { a: 'b' } }));
    expect(reply.code).toBe(422);
    expect(reply.json.details).toMatchObject({ kind: 'leases', causes: [{ field: 'metadata.resourceVersion' }] });
    expect((await client.put(`${CM}/there`, configMap('there', { labels: { a: 'b' } }))).code).toBe(200);
  });
});

describe('what the store takes', () => {
  const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const BLOBS = '/apis/example.com/v1/namespaces/default/blobs';
  const blob = (name: string, length: number) => ({
    apiVersion: 'example.com/v1',
    kind: 'Blob',
    metadata: { name },
    x: 'y'.repeat(length),
  });

  beforeAll(async () => {
    const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
    await client.post(CRDS, {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'blobs.example.com' },
      spec: {
        group: 'example.com',
        scope: 'Namespaced',
        names: { plural: 'blobs', kind: 'Blob' },
        versions: [{ name: 'v1', served: true, storage: true, schema }],
      },
    });
  });

  it.each([
    [2_000_000, 'etcdserver: request is too large'],
    [2_500_000, expect.stringContaining('trying to send message larger than max')],
  ])('is no object of %d bytes', async (length, message) => {
    const reply = await client.post(BLOBS, blob('large', length));
    expect(reply.code).toBe(500);
    expect(reply.json.message).toEqual(message);
    expect((await client.get(`${BLOBS}/large`)).code).toBe(404);
  });

  it('must not grow too large by patches either', async () => {
    expect((await client.post(BLOBS, blob('grows', 1_400_000))).code).toBe(201);
    const reply = await client.merge(`${BLOBS}/grows`, { y: 'y'.repeat(500_000) });
    expect(reply.code).toBe(500);
    expect((await client.get(`${BLOBS}/grows`)).json.y).toBeUndefined();
  });

  it('keeps integers of 64 bits, through all patches and forms', async () => {
    const body = (name: string, number: string) =>
      `{"apiVersion":"example.com/v1","kind":"Blob","metadata":{"name":"${name}"},"n":${number},"d":1.5}`;
    for (const [name, number] of [
      ['odd', '9007199254740993'],
      ['most', '9223372036854775807'],
      ['least', '-9223372036854775808'],
    ] as const) {
      const made = await client.send('POST', BLOBS, { body: body(name, number) });
      expect(made.text).toContain(`"n":${number},"d":1.5`);
      const merged = await client.send('PATCH', `${BLOBS}/${name}`, {
        body: `{"m":{"k":[${number}]}}`,
        type: 'application/merge-patch+json',
      });
      expect(merged.text).toContain(`"k":[${number}]`);
      const applied = await client.send('PATCH', `${BLOBS}/${name}?fieldManager=a`, {
        body: `{apiVersion: example.com/v1, kind: Blob, metadata: {name: ${name}}, o: ${number}}`,
        type: 'application/apply-patch+yaml',
      });
      expect(applied.text).toContain(`"o":${number}`);
      const yaml = await client.get(`${BLOBS}/${name}`, { accept: 'application/yaml' });
      expect(yaml.text).toContain(`n: ${number}\n`);
    }
    const beyond = await client.send('POST', BLOBS, { body: body('beyond', '9223372036854775808') });
    expect(beyond.json.n).toBe(2 ** 63);
  });
});
