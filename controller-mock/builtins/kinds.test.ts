import { describe, expect, it } from 'vitest';
import { apiVersionOf } from '../api/object.ts';
import type { Schema } from '../api/schema.ts';
import { typeNamed } from '../testing/test-cluster.ts';
import { builtinTypes } from './index.ts';
import { MESSAGE_TABLES } from './messages/index.ts';
import { messageOf } from './messages/message-table.ts';
import { schemaOf } from './schema.ts';

const types = builtinTypes();
const named = types.map((type) => [`${apiVersionOf(type)} ${type.kind}`, type] as const);

describe('names', () => {
  it('are made once for the process', () => {
    expect(builtinTypes()).toBe(types);
  });

  it('are served under one path each', () => {
    const paths = types.map((type) => `${apiVersionOf(type)}/${type.plural}`);
    expect(new Set(paths).size).toBe(paths.length);
  });

  it('have the short names and categories of a real server', () => {
    const short = Object.fromEntries(types.flatMap((type) => type.shortNames.map((name) => [name, type.plural])));
    expect(short).toMatchObject({
      po: 'pods',
      svc: 'services',
      deploy: 'deployments',
      cm: 'configmaps',
      ns: 'namespaces',
      crd: 'customresourcedefinitions',
      crds: 'customresourcedefinitions',
      csr: 'certificatesigningrequests',
      pvc: 'persistentvolumeclaims',
      hpa: 'horizontalpodautoscalers',
    });
    const all = types.filter((type) => type.categories.includes('all')).map((type) => type.kind);
    expect(new Set(all)).toEqual(
      new Set([
        'Pod',
        'ReplicationController',
        'Service',
        'DaemonSet',
        'Deployment',
        'ReplicaSet',
        'StatefulSet',
        'HorizontalPodAutoscaler',
        'CronJob',
        'Job',
      ]),
    );
  });

  it('have their subresources', () => {
    const names = (kind: string) => typeNamed(kind).subresources.map(({ name }) => name);
    expect(names('v1 Pod')).toEqual([
      'attach',
      'binding',
      'ephemeralcontainers',
      'eviction',
      'exec',
      'log',
      'portforward',
      'status',
    ]);
    expect(names('apps/v1 Deployment')).toEqual(['scale', 'status']);
    expect(names('v1 ServiceAccount')).toEqual(['token']);
    expect(names('v1 Namespace')).toEqual(['finalize', 'status']);
    expect(names('certificates.k8s.io/v1 CertificateSigningRequest')).toEqual(['approval', 'status']);
  });

  it.each(named)('%s does what its verbs say', (_name, type) => {
    if (type.virtual) {
      expect(Boolean(type.virtual.create)).toBe(type.verbs.includes('create'));
      expect(Boolean(type.virtual.list)).toBe(type.verbs.includes('list'));
    } else expect(type.verbs).toContain('watch');
    for (const part of type.subresources) {
      expect([part.merge, part.scale, part.handle].filter(Boolean), part.name).toHaveLength(1);
    }
  });
});

/** Visits every node once. */
function walk(schema: Schema, visit: (node: Schema, path: string) => void, path = '', seen = new Set<Schema>()): void {
  if (seen.has(schema)) return;
  seen.add(schema);
  visit(schema, path);
  for (const [name, child] of Object.entries(schema.properties ?? {})) walk(child, visit, `${path}.${name}`, seen);
  if (schema.items) walk(schema.items, visit, `${path}[]`, seen);
  if (typeof schema.additionalProperties === 'object') walk(schema.additionalProperties, visit, `${path}{}`, seen);
}

describe('schemas', () => {
  it('refer to messages that exist, everywhere', () => {
    for (const table of Object.values(MESSAGE_TABLES)) {
      for (const name of Object.keys(table.messages)) {
        const numbers = messageOf(table, name)!.fields.map((field) => field.number);
        expect(new Set(numbers).size, `${table.definitions}.${name}`).toBe(numbers.length);
        expect(numbers.every((number) => number > 0)).toBe(true);
      }
    }
  });

  it('mean one thing by one definition name', () => {
    const shapes = new Map<string, string>();
    for (const [kind, { schema }] of named) {
      walk(schema, (node, path) => {
        if (!node.definition || path === '') return;
        const shape = JSON.stringify([node.type, Object.keys(node.properties ?? {}), node.required ?? []]);
        expect(shapes.get(node.definition) ?? shape, `${kind} ${path}`).toBe(shape);
        shapes.set(node.definition, shape);
      });
    }
    expect(shapes.size).toBeGreaterThan(350);
  });

  it.each(named)('%s has sound lists and required fields', (_name, { schema }) => {
    walk(schema, (node, path) => {
      for (const name of node.required ?? []) expect(node.properties, path).toHaveProperty([name]);
      if (node.type === 'array') expect(node.items, path).toBeDefined();
      const keys = node['x-kubernetes-list-map-keys'];
      expect(node['x-kubernetes-list-type'] === 'map', path).toBe(keys !== undefined);
      for (const key of keys ?? []) expect(node.items!.properties, path).toHaveProperty([key]);
      const mergeKey = node['x-kubernetes-patch-merge-key'];
      if (mergeKey) expect(node.items!.properties, path).toHaveProperty([mergeKey]);
      expect(node.description || node.items || node.type, path).toBeTruthy();
    });
    expect(Object.keys(schema.properties ?? {}).slice(0, 2)).toEqual(['apiVersion', 'kind']);
  });

  it('know how lists of pods merge', () => {
    const pod = typeNamed('v1 Pod').schema.properties!.spec!.properties!;
    expect(pod.containers).toMatchObject({
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      'x-kubernetes-patch-strategy': 'merge',
      'x-kubernetes-patch-merge-key': 'name',
    });
    expect(pod.volumes!['x-kubernetes-patch-strategy']).toBe('merge,retainKeys');
    expect(pod.nodeSelector!['x-kubernetes-map-type']).toBe('atomic');
    expect(pod.containers!.items!.properties!.ports!['x-kubernetes-list-map-keys']).toEqual([
      'containerPort',
      'protocol',
    ]);
  });

  it('stand in cycles where kinds contain themselves', () => {
    const message = messageOf(MESSAGE_TABLES['apiextensions.k8s.io/v1']!, 'JSONSchemaProps')!;
    const schema = schemaOf(message);
    expect(schema.properties!.not!.properties!.not).toBe(schema.properties!.not);
  });
});
