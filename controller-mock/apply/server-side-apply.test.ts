import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KubeObject, ManagedFieldsEntry, ObjectMeta } from '../api/object.ts';
import type { Schema } from '../api/schema.ts';
import type { ApiStatusError, Status } from '../api/status.ts';
import { OBJECT_META_SCHEMA } from '../schema/object-meta-schema.ts';
import { serverSideApply } from './server-side-apply.ts';
import { trackUpdate } from './track-update.ts';

/** A custom resource with every kind of field. */
const WIDGET: Schema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        count: { type: 'integer' },
        text: { type: 'string' },
        on: { type: 'boolean' },
        port: { 'x-kubernetes-int-or-string': true },
        set: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
        map: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name', 'protocol'],
          items: {
            type: 'object',
            properties: {
              name: { type: 'string' },
              protocol: { type: 'string', default: 'TCP' },
              value: { type: 'integer' },
              sub: { type: 'object', properties: { a: { type: 'string' }, b: { type: 'string' } } },
            },
          },
        },
        atomicList: { type: 'array', items: { type: 'string' } },
        atomicMap: { type: 'object', additionalProperties: { type: 'string' }, 'x-kubernetes-map-type': 'atomic' },
        strings: { type: 'object', additionalProperties: { type: 'string' } },
        free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      },
    },
  },
};

/** A built-in kind, cut down. */
const DEPLOYMENT: Schema = {
  definition: 'io.k8s.api.apps.v1.Deployment',
  type: 'object',
  properties: {
    apiVersion: { type: 'string' },
    kind: { type: 'string' },
    metadata: OBJECT_META_SCHEMA,
    spec: {
      definition: 'io.k8s.api.apps.v1.DeploymentSpec',
      type: 'object',
      required: ['template'],
      properties: {
        replicas: { type: 'integer' },
        strategy: {
          type: 'object',
          default: {},
          properties: {
            type: { type: 'string' },
            rollingUpdate: { type: 'object', properties: { maxSurge: { 'x-kubernetes-int-or-string': true } } },
          },
        },
        template: {
          definition: 'io.k8s.api.core.v1.PodTemplateSpec',
          type: 'object',
          properties: {
            metadata: OBJECT_META_SCHEMA,
            spec: {
              definition: 'io.k8s.api.core.v1.PodSpec',
              type: 'object',
              required: ['containers'],
              properties: {
                containers: {
                  type: 'array',
                  'x-kubernetes-patch-merge-key': 'name',
                  'x-kubernetes-patch-strategy': 'merge',
                  items: {
                    definition: 'io.k8s.api.core.v1.Container',
                    type: 'object',
                    required: ['name'],
                    properties: {
                      name: { type: 'string' },
                      image: { type: 'string' },
                      resources: { type: 'object', default: {}, properties: { limits: { type: 'object' } } },
                    },
                  },
                },
                volumes: {
                  type: 'array',
                  'x-kubernetes-list-type': 'map',
                  'x-kubernetes-list-map-keys': ['name'],
                  items: { type: 'object', properties: { name: { type: 'string' } } },
                },
              },
            },
          },
        },
      },
    },
  },
};

const T1 = '2030-01-01T00:00:01Z';
const T2 = '2030-01-01T00:00:02Z';
const T3 = '2030-01-01T00:00:03Z';
const VERSION = 'test.example/v1';

const widget = (spec: Record<string, unknown> | undefined, metadata: ObjectMeta = {}): KubeObject => ({
  apiVersion: VERSION,
  kind: 'Widget',
  metadata: { name: 'w', ...metadata },
  ...(spec && { spec }),
});

interface Options {
  time?: string;
  force?: boolean;
  schema?: Schema;
  subresource?: string;
  apiVersion?: string;
}

const apply = (live: KubeObject | undefined, applied: KubeObject, manager: string, options: Options = {}) =>
  serverSideApply(live, applied, {
    manager,
    apiVersion: VERSION,
    subresource: '',
    time: T1,
    schema: WIDGET,
    force: false,
    ...options,
  });

/** As the server stores a write that is not an apply. */
function write(live: KubeObject | undefined, updated: KubeObject, manager: string, options: Options = {}): KubeObject {
  const { time = T1, schema = WIDGET, subresource = '', apiVersion = VERSION } = options;
  const managedFields = trackUpdate(live, updated, { manager, apiVersion, subresource, time, schema });
  return { ...updated, metadata: { ...updated.metadata, managedFields } };
}

const fieldsOf = (object: KubeObject, manager: string): unknown =>
  object.metadata.managedFields?.find((entry) => entry.manager === manager)?.fieldsV1;

const managersOf = (object: KubeObject): string[] =>
  (object.metadata.managedFields ?? []).map(({ manager, operation, time }) => `${manager} ${operation} ${time}`);

function failure(act: () => unknown): Status {
  try {
    act();
  } catch (error) {
    return (error as ApiStatusError).status;
  }
  throw new Error('did not fail');
}

describe('serverSideApply', () => {
  it('creates an object with all that was applied but identity as owned', () => {
    const created = apply(
      undefined,
      widget(
        {
          count: 1,
          set: ['b', 'a'],
          map: [{ name: 'x', sub: { a: '1' } }],
          atomicList: ['q'],
          atomicMap: { k: 'v' },
          strings: { k: 'v', 'a/b': 'c' },
          free: { deep: { n: 1 }, list: [{ n: 1 }], none: {} },
        },
        { labels: { l: '1' }, finalizers: ['f/1'], creationTimestamp: null },
      ),
      'm',
    );
    expect(created.metadata.managedFields).toEqual([
      {
        manager: 'm',
        operation: 'Apply',
        apiVersion: VERSION,
        time: T1,
        fieldsType: 'FieldsV1',
        fieldsV1: {
          'f:metadata': { 'f:finalizers': { 'v:"f/1"': {} }, 'f:labels': { 'f:l': {} } },
          'f:spec': {
            'f:atomicList': {},
            'f:atomicMap': {},
            'f:count': {},
            'f:free': { 'f:deep': { '.': {}, 'f:n': {} }, 'f:list': {}, 'f:none': {} },
            'f:map': { 'k:{"name":"x","protocol":"TCP"}': { '.': {}, 'f:name': {}, 'f:sub': { 'f:a': {} } } },
            'f:set': { 'v:"a"': {}, 'v:"b"': {} },
            'f:strings': { 'f:a/b': {}, 'f:k': {} },
          },
        },
      },
    ]);
    expect(Object.keys(created.metadata.managedFields![0]!)).toEqual([
      'manager',
      'operation',
      'apiVersion',
      'time',
      'fieldsType',
      'fieldsV1',
    ]);
    expect(created.spec).toMatchObject({ count: 1, set: ['b', 'a'] });
  });

  it('returns the live object itself when nothing changes, so that its version stays', () => {
    const applied = widget({ count: 1, map: [{ name: 'x' }] }, { labels: {} });
    const live = apply(undefined, applied, 'm');
    expect(apply(live, applied, 'm', { time: T2 })).toBe(live);
  });

  it('keeps the time of a manager whose apply changed who owns but not what is there', () => {
    const live = write(undefined, widget({ count: 1, text: 'a' }), 'writer');
    const shared = apply(live, widget({ count: 1 }), 'm', { time: T2 });
    expect(managersOf(shared)).toEqual(['m Apply undefined', `writer Update ${T1}`]);
    const changed = apply(shared, widget({ count: 1, on: true }), 'm', { time: T2 });
    const fewer = apply(changed, widget({ on: true }), 'm', { time: T3 });
    expect(fewer.spec).toEqual({ count: 1, text: 'a', on: true });
    expect(managersOf(fewer)).toEqual([`m Apply ${T2}`, `writer Update ${T1}`]);
  });

  it('removes what the manager leaves out, unless somebody else owns it', () => {
    let live = apply(
      undefined,
      widget({
        count: 1,
        text: 'a',
        set: ['a', 'b'],
        strings: { x: '1', y: '2' },
        map: [{ name: 'x', value: 1 }, { name: 'y' }],
      }),
      'm',
    );
    live = apply(live, widget({ text: 'a', set: ['b'], map: [{ name: 'y' }] }), 'other');
    live = apply(live, widget({ strings: { x: '1' } }), 'm', { time: T2 });
    expect(live.spec).toEqual({ text: 'a', set: ['b'], strings: { x: '1' }, map: [{ name: 'y' }] });
    expect(fieldsOf(live, 'm')).toEqual({ 'f:spec': { 'f:strings': { 'f:x': {} } } });
  });

  it('leaves alone what others have added beside it, but takes its list items away whole', () => {
    let live = apply(undefined, widget({ free: { a: 1 }, map: [{ name: 'x' }, { name: 'y' }] }), 'm');
    const map = [
      { name: 'x', protocol: 'TCP', value: 1 },
      { name: 'y', protocol: 'TCP' },
    ];
    live = write(live, widget({ free: { a: 1, b: 2 }, map }, live.metadata), 'writer');
    live = apply(live, widget({ map: [{ name: 'y' }] }), 'm', { time: T2 });
    expect(live.spec).toEqual({ free: { b: 2 }, map: [{ name: 'y', protocol: 'TCP' }] });
    expect(fieldsOf(live, 'writer')).toEqual({
      'f:spec': { 'f:free': { 'f:b': {} }, 'f:map': { 'k:{"name":"y","protocol":"TCP"}': { 'f:protocol': {} } } },
    });
  });

  it('removes the last entry of a map with the map', () => {
    let live = apply(undefined, widget({ count: 1 }, { labels: { a: '1' }, annotations: { b: '2' } }), 'm');
    live = apply(live, widget({ count: 1 }), 'm', { time: T2 });
    expect(live).toEqual(apply(undefined, widget({ count: 1 }), 'm', { time: T2 }));
  });

  it('lets go of everything with an empty configuration, but not of identity', () => {
    const metadata = { namespace: 'n', uid: 'u', resourceVersion: '1', generation: 1, creationTimestamp: T1 };
    const created = apply(undefined, widget({ count: 1 }, { labels: { a: '1' } }), 'm');
    const live = { ...created, metadata: { ...created.metadata, ...metadata } };
    expect(apply(live, { apiVersion: VERSION, kind: 'Widget', metadata: {} }, 'm')).toEqual({
      apiVersion: VERSION,
      kind: 'Widget',
      metadata: { name: 'w', ...metadata },
    });
  });

  it.each<[string, string[], string[], string[]]>([
    ['items of both in the new order', ['a', 'b', 'c'], ['c', 'a'], ['b', 'c', 'a']],
    ['new items after their predecessor', ['a', 'b', 'x', 'c'], ['c', 'a', 'y'], ['b', 'x', 'c', 'a', 'y']],
    ['new items before the first', ['a', 'b'], ['n', 'a'], ['n', 'a', 'b']],
    ['live items in place when nothing is shared', ['a', 'b'], ['c'], ['a', 'b', 'c']],
    ['live items for an empty list', ['a', 'b'], [], ['a', 'b']],
  ])('merges lists with %s', (_, live, applied, merged) => {
    const before = write(undefined, widget({ set: live, map: live.map((name) => ({ name })) }), 'writer');
    const after = apply(before, widget({ set: applied, map: applied.map((name) => ({ name })) }), 'm');
    expect(after.spec).toEqual({ set: merged, map: merged.map((name) => ({ name })) });
  });

  it('replaces atomic lists and maps', () => {
    const live = apply(undefined, widget({ atomicList: ['a', 'b'], atomicMap: { a: '1' } }), 'm');
    const after = apply(live, widget({ atomicList: ['c'], atomicMap: { b: '2' } }), 'm');
    expect(after.spec).toEqual({ atomicList: ['c'], atomicMap: { b: '2' } });
  });

  it('leaves what a null stands for as it is, but for scalars', () => {
    const live = apply(undefined, widget({ text: 'a', strings: { x: '1' }, set: ['s'] }), 'm');
    const after = apply(live, widget({ text: null, strings: null, set: null }), 'm2', { force: true });
    expect(after.spec).toEqual({ text: null, strings: { x: '1' }, set: ['s'] });
  });

  it('names every field and manager of a conflict as the API server does', () => {
    let live = write(undefined, widget({ count: 1, map: [{ name: 'x', protocol: 'TCP', value: 1 }] }), 'writer');
    live = write(
      live,
      widget({ count: 1, text: 'a', map: [{ name: 'x', protocol: 'TCP', value: 1 }] }, live.metadata),
      'stat',
      {
        subresource: 'status',
      },
    );
    live = apply(live, widget({ count: 1 }), 'm');
    const one = failure(() => apply(live, widget({ text: 'b' }), 'me'));
    expect(one).toMatchObject({
      code: 409,
      reason: 'Conflict',
      message: `Apply failed with 1 conflict: conflict with "stat" with subresource "status" using ${VERSION}: .spec.text`,
    });
    const three = failure(() => apply(live, widget({ count: 2, map: [{ name: 'x', value: 2 }] }), 'me'));
    expect(three.message).toBe(
      `Apply failed with 3 conflicts: conflicts with "m":\n- .spec.count\nconflicts with "writer" using ${VERSION}:\n` +
        '- .spec.count\n- .spec.map[name="x",protocol="TCP"].value',
    );
    expect(three.details).toEqual({
      causes: [
        { reason: 'FieldManagerConflict', message: 'conflict with "m"', field: '.spec.count' },
        { reason: 'FieldManagerConflict', message: `conflict with "writer" using ${VERSION}`, field: '.spec.count' },
        {
          reason: 'FieldManagerConflict',
          message: `conflict with "writer" using ${VERSION}`,
          field: '.spec.map[name="x",protocol="TCP"].value',
        },
      ],
    });
  });

  it('takes fields from others by force', () => {
    let live = apply(undefined, widget({ count: 1, text: 'a' }), 'other');
    live = apply(live, widget({ count: 2 }), 'm', { force: true, time: T2 });
    expect(live.spec).toEqual({ count: 2, text: 'a' });
    expect(fieldsOf(live, 'other')).toEqual({ 'f:spec': { 'f:text': {} } });
    expect(managersOf(live)).toEqual([`other Apply ${T1}`, `m Apply ${T2}`]);
  });

  it('keeps entries of one manager for update, apply and a subresource apart', () => {
    let live = write(undefined, widget({ count: 1 }), 'm');
    live = apply(live, widget({ text: 'a' }), 'm', { time: T2 });
    live = apply(live, widget({ on: true }), 'm', { time: T2, subresource: 'status' });
    expect(live.metadata.managedFields?.map(({ operation, subresource }) => [operation, subresource])).toEqual([
      ['Apply', undefined],
      ['Apply', 'status'],
      ['Update', undefined],
    ]);
    expect(failure(() => apply(live, widget({ count: 2 }), 'm')).code).toBe(409);
  });

  it('gives what was there before anything was tracked to before-first-apply', () => {
    const live = widget({ count: 1, text: 'a' });
    expect(failure(() => apply(live, widget({ count: 2 }), 'm')).message).toBe(
      `Apply failed with 1 conflict: conflict with "before-first-apply" using ${VERSION}: .spec.count`,
    );
    const after = apply(live, widget({ count: 1 }), 'm', { time: T2 });
    expect(managersOf(after)).toEqual(['m Apply undefined', `before-first-apply Update ${T2}`]);
    expect(fieldsOf(after, 'before-first-apply')).toEqual({ 'f:spec': { '.': {}, 'f:count': {}, 'f:text': {} } });
  });

  it('replaces ownership of parts by ownership of the whole when the schema has made it atomic', () => {
    const live = apply(undefined, widget({ strings: { a: '1', b: '2' } }), 'm');
    const { spec } = WIDGET.properties!;
    const strings: Schema = { ...spec!.properties!.strings!, 'x-kubernetes-map-type': 'atomic' };
    const schema: Schema = {
      ...WIDGET,
      properties: { spec: { ...spec!, properties: { ...spec!.properties, strings } } },
    };
    const after = apply(live, widget({ count: 1 }), 'other', { schema });
    expect(fieldsOf(after, 'm')).toEqual({ 'f:spec': { 'f:strings': {} } });
  });

  it.each<[string, KubeObject, number, string]>([
    ['another version', { ...widget({}), apiVersion: 'v1' }, 400, 'invalid object type: /v1, Kind=Widget'],
    ['another kind', { ...widget({}), kind: 'Gadget' }, 400, `invalid object type: ${VERSION}, Kind=Gadget`],
    ['managedFields', widget({}, { managedFields: [] }), 400, 'metadata.managedFields must be nil'],
    ['an unknown field', widget({ nope: 1 }), 500, '.spec.nope: field not declared in schema'],
    ['a wrong number', widget({ count: 'x' }), 500, '.spec.count: expected numeric (int or float), got string'],
    ['a wrong text', widget({ text: 1 }), 500, '.spec.text: expected string, got &value.valueUnstructured{Value:1}'],
    ['a wrong boolean', widget({ on: 'yes' }), 500, '.spec.on: expected boolean, got &{yes}'],
    ['a wrong map', widget({ strings: [] }), 500, '.spec.strings: expected map, got &{[]}'],
    ['a wrong list', widget({ set: { a: 1 } }), 500, '.spec.set: expected list, got &{map[a:1]}'],
    [
      'a double item',
      widget({ map: [{ name: 'x' }, { name: 'x', protocol: 'TCP' }] }),
      500,
      '.spec.map: duplicate entries for key [name="x",protocol="TCP"]',
    ],
    [
      'an item without key',
      widget({ map: [{ value: 1 }] }),
      500,
      '.spec.map: element 0: associative list with keys has an element that omits key field "name" (and doesn\'t have default value)',
    ],
    [
      'a null item',
      widget({ set: [null] }),
      500,
      ".spec.set: element 0: associative list without keys has an element that's an explicit null",
    ],
    [
      'two faults',
      widget({ count: 'x', text: 1 }),
      500,
      'errors:\n  .spec.count: expected numeric (int or float), got string\n  .spec.text: expected string, got &value.valueUnstructured{Value:1}',
    ],
  ])('refuses %s', (_, applied, code, text) => {
    const live = apply(undefined, widget({ count: 1 }), 'm');
    const prefix = code === 500 ? `failed to create typed patch object (/w; ${VERSION}, Kind=Widget): ` : '';
    expect(failure(() => apply(live, applied, 'm'))).toMatchObject({ code, message: prefix + text });
  });

  describe('by kubectl', () => {
    const LAST = 'kubectl.kubernetes.io/last-applied-configuration';
    const clientSide = (spec: Record<string, unknown>, lastApplied: unknown) =>
      write(
        undefined,
        widget(spec, { annotations: { [LAST]: JSON.stringify(lastApplied) } }),
        'kubectl-client-side-apply',
      );

    it('takes over what client-side apply has set, and keeps its annotation up to date', () => {
      const live = clientSide({ count: 1 }, widget({ count: 1 }));
      const after = apply(live, widget({ count: 2, text: '<a>' }), 'kubectl', { time: T2 });
      expect(after.spec).toEqual({ count: 2, text: '<a>' });
      expect(after.metadata.annotations).toEqual({
        [LAST]: `{"apiVersion":"${VERSION}","kind":"Widget","metadata":{"name":"w"},"spec":{"count":2,"text":"\\u003ca\\u003e"}}\n`,
      });
      expect(apply(after, widget({ count: 2, text: '<a>' }), 'kubectl', { time: T3 })).toBe(after);
    });

    it('does not take over what has changed since', () => {
      const live = clientSide({ count: 5 }, widget({ count: 1 }));
      expect(failure(() => apply(live, widget({ count: 2 }), 'kubectl')).code).toBe(409);
      expect(failure(() => apply(clientSide({ count: 1 }, 'garbage'), widget({ count: 2 }), 'kubectl')).code).toBe(409);
    });
  });
});

describe('trackUpdate', () => {
  it('tells a created custom resource as it was sent', () => {
    const created = write(
      undefined,
      widget({ count: 1, strings: { a: '1' }, set: [], map: [{ name: 'x', protocol: 'UDP' }] }, { labels: { l: '1' } }),
      'm',
    );
    expect(fieldsOf(created, 'm')).toEqual({
      'f:metadata': { 'f:labels': { '.': {}, 'f:l': {} } },
      'f:spec': {
        '.': {},
        'f:count': {},
        'f:map': { '.': {}, 'k:{"name":"x","protocol":"UDP"}': { '.': {}, 'f:name': {}, 'f:protocol': {} } },
        'f:set': {},
        'f:strings': { '.': {}, 'f:a': {} },
      },
    });
  });

  it('tells a created built-in object without the structs that are always there', () => {
    const deployment: KubeObject = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'd', ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u-1' }] },
      spec: {
        replicas: 1,
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%' } },
        template: {
          metadata: { creationTimestamp: null, labels: { a: 'b' } },
          spec: { containers: [{ name: 'x', image: 'i', resources: {} }], volumes: [{ name: 'v' }] },
        },
      },
    };
    const created = write(undefined, deployment, 'm', { schema: DEPLOYMENT, apiVersion: 'apps/v1' });
    expect(fieldsOf(created, 'm')).toEqual({
      'f:metadata': { 'f:ownerReferences': { '.': {}, 'k:{"uid":"u-1"}': {} } },
      'f:spec': {
        'f:replicas': {},
        'f:strategy': { 'f:rollingUpdate': { '.': {}, 'f:maxSurge': {} }, 'f:type': {} },
        'f:template': {
          'f:metadata': { 'f:labels': { '.': {}, 'f:a': {} } },
          'f:spec': {
            'f:containers': { 'k:{"name":"x"}': { '.': {}, 'f:image': {}, 'f:name': {}, 'f:resources': {} } },
            'f:volumes': { '.': {}, 'k:{"name":"v"}': { '.': {}, 'f:name': {} } },
          },
        },
      },
    });
  });

  it('moves what changes to who changed it, and joins it with what that manager had', () => {
    const live = write(undefined, widget({ count: 1, text: 'a', strings: { a: '1' } }), 'one');
    let after = write(live, widget({ count: 2, text: 'a', strings: { a: '1', b: '2' } }, live.metadata), 'two', {
      time: T2,
    });
    after = write(after, widget({ count: 2, text: 'b', strings: { a: '1', b: '2' } }, after.metadata), 'two', {
      time: T3,
    });
    expect(fieldsOf(after, 'one')).toEqual({ 'f:spec': { '.': {}, 'f:strings': { '.': {}, 'f:a': {} } } });
    expect(fieldsOf(after, 'two')).toEqual({ 'f:spec': { 'f:count': {}, 'f:strings': { 'f:b': {} }, 'f:text': {} } });
    expect(managersOf(after)).toEqual([`one Update ${T1}`, `two Update ${T3}`]);
  });

  it('shares entries that stay, and keeps the times of a write that only removes', () => {
    const live = write(undefined, widget({ count: 1, text: 'a' }), 'one');
    const same = trackUpdate(live, widget({ count: 1, text: 'a' }), ownership('two'));
    expect(same[0]).toBe(live.metadata.managedFields![0]);
    const after = write(live, widget({ count: 1 }, live.metadata), 'two', { time: T2 });
    expect(managersOf(after)).toEqual([`one Update ${T1}`]);
    expect(fieldsOf(after, 'one')).toEqual({ 'f:spec': { '.': {}, 'f:count': {} } });
  });

  it('takes no notice of what the server sets', () => {
    const live = write(undefined, widget({ count: 1 }, { resourceVersion: '1' }), 'one');
    const updated = widget({ count: 1 }, { resourceVersion: '2', uid: 'u', generation: 7, creationTimestamp: T2 });
    expect(trackUpdate(live, updated, ownership('two'))).toEqual(live.metadata.managedFields);
  });

  const ownership = (manager: string, schema = WIDGET, subresource = '') => ({
    manager,
    apiVersion: VERSION,
    subresource,
    time: T2,
    schema,
  });

  it('starts anew after a reset, once somebody applies', () => {
    const live = write(undefined, widget({ count: 1 }), 'one');
    const reset = [{}] as ManagedFieldsEntry[];
    expect(trackUpdate(live, widget({ count: 2 }, { managedFields: reset }), ownership('two'))).toEqual([]);
    expect(trackUpdate(widget({ count: 2 }), widget({ count: 3 }), ownership('two'))).toEqual([]);
    const builtin: KubeObject = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'd', labels: { a: 'b' } },
    };
    const tracked = write(undefined, builtin, 'one', { schema: DEPLOYMENT });
    const emptied = { ...builtin, metadata: { ...builtin.metadata, managedFields: [] } };
    expect(trackUpdate(tracked, emptied, ownership('two', DEPLOYMENT))).toEqual([]);
    expect(trackUpdate(tracked, emptied, ownership('two', DEPLOYMENT, 'status'))).toEqual(
      tracked.metadata.managedFields,
    );
  });

  it('accepts managedFields that a client sends, unless they are malformed or empty', () => {
    const live = write(undefined, widget({ count: 1 }), 'one');
    const mine = {
      manager: 'mine',
      operation: 'Update',
      apiVersion: VERSION,
      fieldsType: 'FieldsV1',
      fieldsV1: { 'f:spec': { 'f:count': {} } },
    } as const;
    const sent = (entry: unknown) => widget({ count: 1 }, { managedFields: [entry] as ManagedFieldsEntry[] });
    expect(trackUpdate(live, sent(mine), ownership('two'))).toEqual([mine]);
    for (const bad of [
      { ...mine, operation: 'X' },
      { ...mine, apiVersion: '' },
      { ...mine, fieldsType: '' },
      { ...mine, fieldsV1: { q: {} } },
      1,
    ]) {
      expect(trackUpdate(live, sent(bad), ownership('two'))).toEqual(live.metadata.managedFields);
    }
    expect(trackUpdate(live, widget({ count: 1 }, { managedFields: [] }), ownership('two'))).toEqual(
      live.metadata.managedFields,
    );
  });

  it('joins the oldest of more than ten managers', () => {
    let live = write(undefined, widget({ strings: { k0: '' } }), 'm0', { time: '2030-01-01T00:00:00Z' });
    for (let index = 1; index < 13; index++) {
      const strings = { ...(live.spec as { strings: Record<string, string> }).strings, [`k${index}`]: '' };
      live = write(live, widget({ strings }, live.metadata), `m${index}`, { time: `2030-01-01T00:00:${index + 10}Z` });
    }
    expect(managersOf(live).map((text) => text.split(' ')[0])).toEqual([
      'ancient-changes',
      ...['m4', 'm5', 'm6', 'm7', 'm8', 'm9', 'm10', 'm11', 'm12'].slice(-9),
    ]);
    expect(fieldsOf(live, 'ancient-changes')).toEqual({
      'f:spec': { '.': {}, 'f:strings': { '.': {}, 'f:k0': {}, 'f:k1': {}, 'f:k2': {}, 'f:k3': {} } },
    });
  });

  it('does not track lists whose items cannot be told apart', () => {
    expect(trackUpdate(undefined, widget({ map: [{ value: 1 }] }), ownership('one'))).toEqual([]);
  });

  it('tracks keys with names of things that every JavaScript object has', () => {
    const live = write(undefined, widget({ strings: { constructor: '1', toString: '2' } }), 'one');
    const after = write(live, widget({ strings: { constructor: '1' } }, live.metadata), 'two');
    expect(fieldsOf(after, 'one')).toEqual({ 'f:spec': { '.': {}, 'f:strings': { '.': {}, 'f:constructor': {} } } });
  });
});

const names = (prefix: string) =>
  fc.subarray(
    ['a', 'b', 'c', 'd'].map((name) => prefix + name),
    { minLength: 1 },
  );
const texts = fc.constantFrom('p', 'q', 'r');

/** Configurations without empty maps, whose keys start with a prefix. */
const specs = (prefix: string) =>
  fc.record(
    {
      count: fc.integer({ min: 0, max: 3 }),
      text: texts,
      set: names(prefix).chain((list) => fc.shuffledSubarray(list, { minLength: list.length })),
      map: names(prefix).chain((list) =>
        fc.tuple(
          ...list.map((name) =>
            fc.record({ name: fc.constant(name), value: fc.integer({ min: 0, max: 3 }) }, { requiredKeys: ['name'] }),
          ),
        ),
      ),
      atomicList: fc.array(texts, { minLength: 1, maxLength: 3 }),
      strings: fc.dictionary(
        texts.map((key) => prefix + key),
        texts,
        { minKeys: 1 },
      ),
      free: fc.record({ [`${prefix}n`]: fc.integer({ min: 0, max: 3 }), [`${prefix}m`]: fc.record({ k: texts }) }),
    },
    { requiredKeys: [] },
  );

const MANAGERS = ['m1', 'm2', 'm3'];
const histories = fc.array(
  fc.record({ manager: fc.constantFrom(...MANAGERS), spec: specs(''), isApply: fc.boolean() }),
  { minLength: 1, maxLength: 5 },
);

function objectAfter(history: readonly { manager: string; spec: Record<string, unknown>; isApply: boolean }[]) {
  let live: KubeObject | undefined;
  for (const { manager, spec, isApply } of history) {
    live = isApply
      ? apply(live, widget(spec), manager, { force: true })
      : write(live, widget(spec, live?.metadata ?? {}), manager);
  }
  return live!;
}

/** Without the order of lists that have none, and without times. */
function unordered(object: KubeObject): unknown {
  const spec = (object.spec ?? {}) as { set?: string[]; map?: { name: string }[] };
  const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
  return {
    ...object,
    spec: {
      ...spec,
      ...(spec.set && { set: spec.set.toSorted() }),
      ...(spec.map && { map: spec.map.toSorted(byName) }),
    },
    metadata: {
      ...object.metadata,
      managedFields: object.metadata.managedFields?.map((entry) => ({ ...entry, time: '' })),
    },
  };
}

describe('apply, whatever the history of an object', () => {
  it('is idempotent', () => {
    fc.assert(
      fc.property(histories, specs(''), (history, spec) => {
        const once = apply(objectAfter(history), widget(spec), 'm1', { force: true });
        expect(apply(once, widget(spec), 'm1', { time: T2 })).toBe(once);
      }),
    );
  });

  it('never conflicts by force, changes neither argument, and ends with what was applied', () => {
    fc.assert(
      fc.property(histories, specs(''), (history, spec) => {
        const live = objectAfter(history);
        const before = JSON.stringify(live);
        const after = apply(live, widget(spec), 'm1', { force: true });
        expect(JSON.stringify(live)).toBe(before);
        const { map, set, strings, free, ...whole } = spec;
        expect(after.spec ?? {}).toMatchObject({ ...whole, ...(strings && { strings }), ...(free && { free }) });
        if (set) expect((after.spec as { set: string[] }).set).toEqual(expect.arrayContaining(set));
        for (const item of map ?? []) {
          expect((after.spec as { map: unknown[] }).map).toContainEqual(expect.objectContaining(item));
        }
      }),
    );
  });

  it('depends on the last configuration of a manager alone where others own other fields', () => {
    fc.assert(
      fc.property(specs('x'), specs('y'), specs('y'), (base, a, b) => {
        const others = { set: base.set ?? ['x'], map: base.map ?? [{ name: 'x' }], strings: base.strings ?? { x: '' } };
        const live = write(undefined, widget(others), 'writer');
        const twice = apply(apply(live, widget(a), 'm'), widget(b), 'm');
        expect(unordered(twice)).toEqual(unordered(apply(live, widget(b), 'm')));
        const alone = apply(apply(undefined, widget(a), 'm'), widget(b), 'm');
        expect(unordered(alone)).toEqual(unordered(apply(undefined, widget(b), 'm')));
      }),
    );
  });

  it('conflicts exactly when a field of another manager would change', () => {
    fc.assert(
      fc.property(histories, specs(''), (history, spec) => {
        const live = objectAfter(history);
        const forced = apply(live, widget(spec), 'new', { force: true });
        const lost = MANAGERS.some((manager) =>
          (live.metadata.managedFields ?? []).some(
            (entry) =>
              entry.manager === manager &&
              !(forced.metadata.managedFields ?? []).some(
                (other) =>
                  other.manager === manager &&
                  other.operation === entry.operation &&
                  JSON.stringify(other.fieldsV1) === JSON.stringify(entry.fieldsV1),
              ),
          ),
        );
        let code = 0;
        try {
          apply(live, widget(spec), 'new');
        } catch (error) {
          code = (error as ApiStatusError).code;
        }
        expect(code).toBe(lost ? 409 : 0);
      }),
    );
  });
});
