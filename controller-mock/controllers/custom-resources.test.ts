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

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

const widgetSchema = {
  type: 'object',
  required: ['spec'],
  properties: {
    spec: {
      type: 'object',
      required: ['size'],
      properties: {
        size: { type: 'integer', minimum: 1, maximum: 10 },
        color: { type: 'string', enum: ['red', 'green'], default: 'red' },
        code: { type: 'string', pattern: '^[a-z]+$', maxLength: 5 },
        port: { 'x-kubernetes-int-or-string': true },
        free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        nested: { type: 'object', default: {}, properties: { depth: { type: 'integer', default: 3 } } },
        tags: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
        parts: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name'],
          items: {
            type: 'object',
            required: ['name'],
            properties: { name: { type: 'string' }, when: { type: 'string', format: 'date-time' } },
          },
        },
        choice: {
          type: 'object',
          properties: { a: { type: 'string' }, b: { type: 'string' } },
          oneOf: [{ required: ['a'] }, { required: ['b'] }],
        },
        maybe: { type: 'string', nullable: true },
      },
    },
    status: { type: 'object', properties: { replicas: { type: 'integer' }, phase: { type: 'string' } } },
  },
};

const crd = (plural: string, kind: string, more: object = {}, versionMore: object = {}) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${plural}.example.com` },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural, kind, shortNames: [plural.slice(0, 2)], categories: ['all'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: widgetSchema },
        subresources: { status: {}, scale: { specReplicasPath: '.spec.size', statusReplicasPath: '.status.replicas' } },
        additionalPrinterColumns: [
          { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
          { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
          { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
        ],
        selectableFields: [{ jsonPath: '.spec.color' }],
        ...versionMore,
      },
    ],
    ...more,
  },
});

const WIDGETS = '/apis/example.com/v1/namespaces/default/widgets';
const widget = (name: string, spec: object) => ({
  apiVersion: 'example.com/v1',
  kind: 'Widget',
  metadata: { name },
  spec,
});

describe('custom resources', () => {
  it('are served at once, with accepted names', async () => {
    const reply = await client.post(CRDS, crd('widgets', 'Widget'));
    expect(reply.code).toBe(201);
    expect(
      reply.json.status.conditions.map((entry: { type: string; status: string }) => `${entry.type}=${entry.status}`),
    ).toEqual(['NamesAccepted=True', 'Established=True']);
    expect(reply.json.status.acceptedNames).toMatchObject({
      plural: 'widgets',
      singular: 'widget',
      listKind: 'WidgetList',
    });
    expect(reply.json.status.storedVersions).toEqual(['v1']);
    const list = await client.get(WIDGETS);
    expect(list.json).toMatchObject({ kind: 'WidgetList', apiVersion: 'example.com/v1', items: [] });
    const resources = (await client.get('/apis/example.com/v1')).json.resources;
    expect(resources.map((entry: { name: string }) => entry.name)).toEqual([
      'widgets',
      'widgets/status',
      'widgets/scale',
    ]);
  });

  it('are defaulted and pruned', async () => {
    const reply = await client.post(
      WIDGETS,
      widget('a', { size: 1, junk: 1, free: { x: { y: 1 } }, maybe: null, port: 'http' }),
    );
    expect(reply.code).toBe(201);
    expect(reply.json.spec).toEqual({
      size: 1,
      color: 'red',
      free: { x: { y: 1 } },
      maybe: null,
      port: 'http',
      nested: { depth: 3 },
    });
    expect(reply.json.metadata.generation).toBe(1);
  });

  it('lose nulls where null is no value, unless they are applied', async () => {
    const parts = [{ name: 'x', when: null }];
    const written = await client.post(
      WIDGETS,
      widget('nulls', { size: 1, color: null, code: null, maybe: null, parts }),
    );
    expect(written.code).toBe(201);
    const kept = { size: 1, color: 'red', maybe: null, parts: [{ name: 'x' }], nested: { depth: 3 } };
    expect(written.json.spec).toEqual(kept);
    const replaced = await client.put(`${WIDGETS}/nulls`, {
      ...written.json,
      spec: { ...kept, port: null, nested: null },
    });
    expect(replaced.json.spec).toEqual(kept);
    const merged = await client.merge(`${WIDGETS}/nulls`, { spec: { parts: [{ name: 'y', when: null }] } });
    expect(merged.json.spec.parts).toEqual([{ name: 'y' }]);
    const labelled = await client.merge(`${WIDGETS}/nulls`, { metadata: { labels: { a: 'x' }, annotations: null } });
    const labels = { a: null };
    const cleared = await client.put(`${WIDGETS}/nulls`, {
      ...labelled.json,
      metadata: { ...labelled.json.metadata, labels },
    });
    expect(cleared.json.metadata.labels).toEqual({ a: '' });
    const item = await client.post(WIDGETS, widget('null-item', { size: 1, tags: ['t', null] }));
    expect(item.json.details.causes).toMatchObject([{ reason: 'FieldValueTypeInvalid', field: 'spec.tags[1]' }]);
    const applied = await client.send('PATCH', `${WIDGETS}/applied?fieldManager=m`, {
      body: widget('applied', { size: 1, color: null, code: null }),
      type: 'application/apply-patch+yaml',
    });
    expect(applied.json.details.causes).toMatchObject([{ reason: 'FieldValueTypeInvalid', field: 'spec.code' }]);
  });

  it.each([
    [{}, 'spec.size', 'FieldValueRequired', 'Required value'],
    [
      { size: 'x' },
      'spec.size',
      'FieldValueTypeInvalid',
      'Invalid value: "string": spec.size in body must be of type integer: "string"',
    ],
    [
      { size: 0 },
      'spec.size',
      'FieldValueInvalid',
      'Invalid value: 0: spec.size in body should be greater than or equal to 1',
    ],
    [
      { size: 1, color: 'blue' },
      'spec.color',
      'FieldValueNotSupported',
      'Unsupported value: "blue": supported values: "red", "green"',
    ],
    [
      { size: 1, code: 'A' },
      'spec.code',
      'FieldValueInvalid',
      `Invalid value: "A": spec.code in body should match '^[a-z]+$'`,
    ],
    [{ size: 1, code: 'abcdef' }, 'spec.code', 'FieldValueTooLong', 'Too long: may not be more than 5 bytes'],
    [
      { size: 1, port: true },
      'spec.port',
      'FieldValueTypeInvalid',
      'Invalid value: "boolean": spec.port in body must be of type integer,string: "boolean"',
    ],
    [{ size: 1, tags: ['a', 'a'] }, 'spec.tags[1]', 'FieldValueDuplicate', 'Duplicate value: "a"'],
    [
      { size: 1, parts: [{ name: 'a' }, { name: 'a' }] },
      'spec.parts[1]',
      'FieldValueDuplicate',
      'Duplicate value: map[string]interface {}{"name":"a"}',
    ],
    [
      { size: 1, parts: [{ name: 'a', when: 'soon' }] },
      'spec.parts[0].when',
      'FieldValueTypeInvalid',
      'Invalid value: "soon": spec.parts[0].when in body must be of type date-time: "soon"',
    ],
    [
      { size: 1, choice: { a: 'x', b: 'y' } },
      '<nil>',
      'FieldValueInvalid',
      'Invalid value: "": "spec.choice" must validate one and only one schema (oneOf). Found 2 valid alternatives',
    ],
  ])('are checked: %j', async (spec, field, reason, message) => {
    const reply = await client.post(WIDGETS, widget('bad', spec));
    expect(reply.code).toBe(422);
    expect(reply.json).toMatchObject({
      reason: 'Invalid',
      details: { name: 'bad', group: 'example.com', kind: 'Widget' },
    });
    expect(reply.json.details.causes).toContainEqual({ field, reason, message });
    expect(reply.json.message).toContain(`Widget.example.com "bad" is invalid: `);
  });

  it('need a version to be replaced, and refuse strategic merge patches', async () => {
    const put = await client.put(`${WIDGETS}/a`, widget('a', { size: 2 }));
    expect(put.code).toBe(422);
    expect(put.json.message).toContain('metadata.resourceVersion: Invalid value: 0x0: must be specified for an update');
    const patch = await client.send('PATCH', `${WIDGETS}/a`, {
      body: {},
      type: 'application/strategic-merge-patch+json',
    });
    expect(patch.code).toBe(415);
  });

  it('keep status apart from the rest', async () => {
    const status = await client.merge(`${WIDGETS}/a/status`, {
      status: { phase: 'Up', replicas: 4 },
      metadata: { labels: { no: 'no' } },
      spec: { size: 9 },
    });
    expect(status.code).toBe(200);
    expect(status.json).toMatchObject({ spec: { size: 1 }, status: { phase: 'Up', replicas: 4 } });
    expect(status.json.metadata.labels).toBeUndefined();
    const spec = await client.merge(`${WIDGETS}/a`, { status: { phase: 'Down' }, spec: { size: 2 } });
    expect(spec.json).toMatchObject({ spec: { size: 2 }, status: { phase: 'Up' }, metadata: { generation: 2 } });
    expect((await client.get(`${WIDGETS}/a/scale`)).json).toMatchObject({
      spec: { replicas: 2 },
      status: { replicas: 4 },
    });
  });

  it('are shown with their own columns and selected by their own fields', async () => {
    const reply = await client.get(WIDGETS, {
      accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json',
    });
    expect(reply.json.columnDefinitions.map((column: { name: string }) => column.name)).toEqual([
      'Name',
      'Size',
      'Phase',
      'Age',
    ]);
    expect(reply.json.rows[0].cells.slice(0, 3)).toEqual(['a', 2, 'Up']);
    expect(reply.json.rows[0].cells[3]).toMatch(/^\d+s$/);
    await client.post(WIDGETS, widget('green', { size: 1, color: 'green' }));
    const chosen = await client.get(`${WIDGETS}?fieldSelector=spec.color%3Dgreen`);
    expect(chosen.json.items.map((item: { metadata: { name: string } }) => item.metadata.name)).toEqual(['green']);
  });

  it('follow changes of their schema', async () => {
    const live = (await client.get(`${CRDS}/widgets.example.com`)).json;
    live.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.size.maximum = 100;
    expect((await client.put(`${CRDS}/widgets.example.com`, live)).code).toBe(200);
    expect((await client.post(WIDGETS, widget('large', { size: 50 }))).code).toBe(201);
  });

  it('are served in several versions, which differ in nothing but their name', async () => {
    const versions = ['v1', 'v1beta1'].map((name) => ({
      name,
      served: true,
      storage: name === 'v1',
      schema: {
        openAPIV3Schema: {
          type: 'object',
          properties: { spec: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
        },
      },
    }));
    expect((await client.post(CRDS, crd('gadgets', 'Gadget', { scope: 'Cluster', versions }))).code).toBe(201);
    const watch = await client.watch('/apis/example.com/v1beta1/gadgets?watch=1');
    const made = await client.post('/apis/example.com/v1beta1/gadgets', {
      apiVersion: 'example.com/v1beta1',
      kind: 'Gadget',
      metadata: { name: 'g' },
      spec: { a: 1 },
    });
    expect(made.json.apiVersion).toBe('example.com/v1beta1');
    expect((await watch.next())?.object.apiVersion).toBe('example.com/v1beta1');
    watch.close();
    const other = await client.get('/apis/example.com/v1/gadgets/g');
    expect(other.json).toMatchObject({ apiVersion: 'example.com/v1', spec: { a: 1 } });
    expect((await client.get('/apis/example.com/v1beta1/gadgets')).json.items[0].apiVersion).toBe(
      'example.com/v1beta1',
    );
  });

  it('warn of versions that are deprecated', async () => {
    const schema = { openAPIV3Schema: { type: 'object' } };
    const versions = [
      { name: 'v1alpha1', served: true, storage: false, deprecated: true, schema },
      { name: 'v1beta1', served: true, storage: false, deprecated: true, deprecationWarning: 'use v1 of Old', schema },
      { name: 'v1', served: true, storage: true, schema },
    ];
    expect((await client.post(CRDS, crd('olds', 'Old', { versions }))).code).toBe(201);
    const warnings = async (version: string) =>
      (await client.get(`/apis/example.com/${version}/namespaces/default/olds`)).headers.warning;
    expect(await warnings('v1alpha1')).toBe('299 - "example.com/v1alpha1 Old is deprecated; use example.com/v1 Old"');
    expect(await warnings('v1beta1')).toBe('299 - "use v1 of Old"');
    expect(await warnings('v1')).toBeUndefined();
    const made = await client.post('/apis/example.com/v1/namespaces/default/olds', {
      apiVersion: 'example.com/v1',
      kind: 'Old',
      metadata: { name: 'o', finalizers: ['example.com'] },
    });
    expect(made.headers.warning).toBe(
      '299 - "metadata.finalizers: \\"example.com\\": prefer a domain-qualified finalizer name including a path (/) to avoid accidental conflicts with other finalizer writers"',
    );
    await client.merge('/apis/example.com/v1/namespaces/default/olds/o', { metadata: { finalizers: null } });
  });

  it('refuse names that are taken', async () => {
    const clash = await client.post(CRDS, crd('doodads', 'Widget'));
    expect(clash.code).toBe(201);
    expect(clash.json.status.conditions).toMatchObject([
      { type: 'NamesAccepted', status: 'False', reason: 'ListKindConflict', message: '"WidgetList" is already in use' },
      { type: 'Established', status: 'False', reason: 'NotAccepted' },
    ]);
    expect((await client.get('/apis/example.com/v1/namespaces/default/doodads')).code).toBe(404);
  });

  it.each([
    ['name', { ...crd('xs', 'X'), metadata: { name: 'ys.example.com' } }, 'metadata.name'],
    ['storage', crd('xs', 'X', {}, { storage: false }), 'spec.versions'],
    ['schema', crd('xs', 'X', {}, { schema: undefined }), 'spec.versions[0].schema.openAPIV3Schema'],
    [
      'structure',
      crd('xs', 'X', {}, { schema: { openAPIV3Schema: { type: 'object', properties: { spec: {} } } } }),
      'spec.validation.openAPIV3Schema.properties[spec].type',
    ],
    ['scope', crd('xs', 'X', { scope: 'Global' }), 'spec.scope'],
    [
      'column',
      crd('xs', 'X', {}, { additionalPrinterColumns: [{ name: 'A', type: 'string', jsonPath: 'spec' }] }),
      'spec.additionalPrinterColumns[0].JSONPath',
    ],
  ])('need a sound definition: %s', async (_what, definition, field) => {
    const reply = await client.post(CRDS, definition);
    expect(reply.code).toBe(422);
    expect(reply.json.details.causes.map((cause: { field: string }) => cause.field)).toContain(field);
  });

  it('end their watches when their definition changes', async () => {
    const watch = await client.watch(`${WIDGETS}?watch=1`);
    await client.merge(`${CRDS}/widgets.example.com`, { metadata: { labels: { a: 'b' } } });
    await client.post(WIDGETS, widget('seen', { size: 1 }));
    const live = (await client.get(`${CRDS}/widgets.example.com`)).json;
    live.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.size.maximum = 99;
    await client.put(`${CRDS}/widgets.example.com`, live);
    await watch.ended;
    const lines: string[] = [];
    for (let line = await watch.next(); line; line = await watch.next()) lines.push(line.object.metadata.name!);
    expect(lines).toContain('seen');
  });

  it('are read by the schema of now, and change nothing by it', async () => {
    const names = { plural: 'rereads', kind: 'Reread' };
    const withFields = (fields: object) => {
      const spec = { type: 'object', properties: fields };
      return { schema: { openAPIV3Schema: { type: 'object', properties: { spec } } }, selectableFields: [] };
    };
    const fields = { a: { type: 'string' }, b: { type: 'string' } };
    await client.post(CRDS, crd('rereads', 'Reread', { names }, withFields(fields)));
    const path = '/apis/example.com/v1/namespaces/default/rereads';
    const made = await client.post(path, { ...widget('r', { a: '1', b: '2' }), kind: 'Reread' });
    const watch = await client.watch(`${path}?watch=1&resourceVersion=${made.json.metadata.resourceVersion}`);
    const live = (await client.get(`${CRDS}/rereads.example.com`)).json;
    live.spec.versions[0].schema = withFields({ a: { type: 'string' }, c: { type: 'string', default: 'x' } }).schema;
    expect((await client.put(`${CRDS}/rereads.example.com`, live)).code).toBe(200);
    const { spec, metadata } = (await client.get(`${path}/r`)).json;
    expect(spec).toEqual({ a: '1', c: 'x' });
    expect(metadata).toEqual(made.json.metadata);
    await watch.ended;
    // Who has seen the old form must list again.
    const again = await client.watch(`${path}?watch=1&resourceVersion=${made.json.metadata.resourceVersion}`);
    expect((await again.next())?.object).toMatchObject({ code: 410, reason: 'Expired' });
  });

  it('may keep what was wrong before, as long as it is as it was', async () => {
    const parts = [{ name: 'x' }, { name: 'y' }];
    await client.post(WIDGETS, widget('old', { size: 60, code: 'abc', tags: ['a'], parts }));
    const live = (await client.get(`${CRDS}/widgets.example.com`)).json;
    const { properties } = live.spec.versions[0].schema.openAPIV3Schema.properties.spec;
    properties.size.maximum = 50;
    properties.tags.maxItems = 0;
    properties.parts.items.properties.name.maxLength = 0;
    await client.put(`${CRDS}/widgets.example.com`, live);
    const causes = async (spec: object) => {
      const reply = await client.merge(`${WIDGETS}/old`, { spec });
      return (reply.json.details?.causes ?? []).map((cause: { field: string }) => cause.field);
    };
    expect(await causes({ code: 'abcd' })).toEqual([]);
    expect(await causes({ size: 61 })).toEqual(['spec.size']);
    expect(await causes({ tags: ['a', 'b'] })).toEqual(['spec.tags']);
    // Items are told apart by their keys, and a new one is new.
    expect(await causes({ parts: [{ name: 'y' }, { name: 'x' }, { name: 'z' }] })).toEqual(['spec.parts[2].name']);
    expect(await causes({ parts: [{ name: 'y', when: '2026-01-01T00:00:00Z' }] })).toEqual([]);
    expect((await client.post(WIDGETS, widget('new', { size: 60 }))).code).toBe(422);
    const status = await client.merge(`${WIDGETS}/old/status`, { status: { phase: 'Up' } });
    expect(status.code).toBe(200);
    const bad = await client.merge(`${WIDGETS}/old/status`, { status: { replicas: 'x' } });
    expect(bad.json.details.causes[0]).toEqual({
      field: 'status.replicas',
      reason: 'FieldValueTypeInvalid',
      message: 'Invalid value: "string": replicas in body must be of type integer: "string"',
    });
  });

  it('go with their definition, once their finalizers are gone', async () => {
    await client.merge(`${WIDGETS}/a`, { metadata: { finalizers: ['example.com/hold'] } });
    const watch = await client.watch(`${WIDGETS}?watch=1`);
    const reply = await client.delete(`${CRDS}/widgets.example.com`);
    expect(reply.json.metadata.finalizers).toEqual(['customresourcecleanup.apiextensions.k8s.io']);
    await expect.poll(async () => (await client.get(`${WIDGETS}/green`)).code).toBe(404);
    expect((await client.get(`${WIDGETS}/a`)).code).toBe(200);
    const { conditions } = (await client.get(`${CRDS}/widgets.example.com`)).json.status;
    expect(conditions).toContainEqual(
      expect.objectContaining({ type: 'Terminating', status: 'True', reason: 'InstanceDeletionInProgress' }),
    );
    const late = await client.post(WIDGETS, widget('late', { size: 1 }));
    expect(late.code).toBe(405);
    expect(late.json).toMatchObject({
      reason: 'MethodNotAllowed',
      message: 'create not allowed while custom resource definition is terminating',
    });
    await client.merge(`${WIDGETS}/a`, { metadata: { finalizers: null } });
    await expect.poll(async () => (await client.get(WIDGETS)).code).toBe(404);
    expect((await client.get(`${CRDS}/widgets.example.com`)).code).toBe(404);
    await watch.ended;
    const { resources } = (await client.get('/apis/example.com/v1')).json;
    expect(resources.map((entry: { name: string }) => entry.name)).not.toContain('widgets');
  });
});
