import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../api/object.ts';
import { definitionFaults } from './definition.ts';

type Loose = Record<string, unknown>;

const SPEC = 'spec.validation.openAPIV3Schema.properties[spec]';

/** A good definition, as it is when it is checked, with one version. */
function definition(properties: Loose, version: Loose = {}, spec: Loose = {}, schema: Loose = {}): KubeObject {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'qs.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'qs', singular: 'q', kind: 'Q', listKind: 'QList' },
      conversion: { strategy: 'None' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', properties, ...schema } },
          ...version,
        },
      ],
      ...spec,
    },
    status: { storedVersions: ['v1'] },
  };
}

/** `field: message` of each cause. */
const faultsOf = (crd: KubeObject, old?: KubeObject) =>
  definitionFaults(crd, old).map(({ field, message }) => `${field}: ${message}`);

const string = { type: 'string' };
const listOf = (items: Loose, more: Loose) => ({
  spec: { type: 'object', properties: { list: { type: 'array', items, ...more } } },
});
const LIST = `${SPEC}.properties[list]`;
const byKey = (keys: string[]) => ({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': keys });
const protocol = { type: 'object', properties: { protocol: string } };

describe('schemas of definitions', () => {
  it.each<[string, Loose, string[]]>([
    ['a good one', { spec: { type: 'object', properties: { a: string } } }, []],
    [
      'a key neither required nor defaulted',
      listOf(protocol, byKey(['protocol'])),
      [
        `${LIST}.items.properties[protocol].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property`,
      ],
    ],
    [
      'a key with a default',
      listOf({ type: 'object', properties: { protocol: { ...string, default: 'TCP' } } }, byKey(['protocol'])),
      [],
    ],
    [
      'a key that is no property',
      listOf(protocol, byKey(['zz'])),
      [
        `${LIST}.x-kubernetes-list-map-keys: Invalid value: []string{"zz"}: entries must all be names of item properties`,
      ],
    ],
    [
      'a list of maps without keys',
      listOf({ type: 'object' }, { 'x-kubernetes-list-type': 'map' }),
      [`${LIST}.x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map`],
    ],
    [
      'keys of a list that is no map',
      listOf(protocol, { 'x-kubernetes-list-map-keys': ['protocol'] }),
      [`${LIST}.x-kubernetes-list-type: Required value: must be map if x-kubernetes-list-map-keys is non-empty`],
    ],
    [
      'a set of objects that are not atomic',
      listOf({ type: 'object', properties: { a: string } }, { 'x-kubernetes-list-type': 'set' }),
      [
        `${LIST}.items.x-kubernetes-map-type: Invalid value: "null": must be atomic as item of a list with x-kubernetes-list-type=set`,
      ],
    ],
    [
      'an unknown type of list',
      listOf(string, { 'x-kubernetes-list-type': 'bag' }),
      [`${LIST}.x-kubernetes-list-type: Unsupported value: "bag": supported values: "atomic", "set", "map"`],
    ],
    [
      'items of a set that may be null',
      listOf({ ...string, nullable: true }, { 'x-kubernetes-list-type': 'set' }),
      [`${LIST}.items.nullable: Forbidden: cannot be nullable when x-kubernetes-list-type is set`],
    ],
    [
      'a default outside of the enum',
      { spec: { type: 'object', properties: { a: { ...string, enum: ['red'], default: 'blue' } } } },
      [`${SPEC}.properties[a].default: Unsupported value: "blue": supported values: "red"`],
    ],
    [
      'a default with unknown fields',
      { spec: { type: 'object', properties: { a: string }, default: { b: 1 } } },
      [`${SPEC}.default: Invalid value: map[string]interface {}{"b":1}: must not have unknown fields`],
    ],
    [
      'a schema of labels',
      { metadata: { type: 'object', properties: { labels: { type: 'object' } } } },
      [
        'spec.validation.openAPIV3Schema.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified',
      ],
    ],
    ['a schema of the name', { metadata: { type: 'object', properties: { name: { ...string, maxLength: 5 } } } }, []],
    [
      'a type inside of anyOf',
      { spec: { type: 'object', anyOf: [{ type: 'object' }] } },
      [`${SPEC}.anyOf[0].type: Forbidden: must be empty to be structural`],
    ],
    [
      'integer or string',
      { spec: { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] } },
      [],
    ],
    [
      'an expression that Go cannot compile',
      { spec: { ...string, pattern: '^(?!x).*$' } },
      [
        `${SPEC}.pattern: Invalid value: "^(?!x).*$": must be a valid regular expression, but isn't: error parsing regexp: invalid or unsupported Perl syntax: \`(?!\``,
      ],
    ],
    [
      'unique items',
      { spec: { type: 'array', uniqueItems: true, items: string } },
      [
        `${SPEC}.uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic`,
      ],
    ],
    [
      'unknown fields that are not kept',
      { spec: { type: 'object', 'x-kubernetes-preserve-unknown-fields': false } },
      [`${SPEC}.x-kubernetes-preserve-unknown-fields: Invalid value: false: must be true or undefined`],
    ],
    [
      'properties beside additional ones',
      { spec: { type: 'object', properties: { a: string }, additionalProperties: string } },
      [`${SPEC}.additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive`],
    ],
    [
      'no type',
      { spec: { properties: {} } },
      [`${SPEC}.type: Required value: must not be empty for specified object fields`],
    ],
    ['a list without items', { spec: { type: 'array' } }, [`${SPEC}.items: Required value: must be specified`]],
    [
      'an embedded object without anything',
      { spec: { type: 'object', 'x-kubernetes-embedded-resource': true } },
      [
        `${SPEC}.properties: Required value: must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields`,
      ],
    ],
  ])('%s', (_title, properties, causes) => {
    expect(faultsOf(definition(properties))).toEqual(causes);
  });

  it('must know what their allOf speaks of', () => {
    const crd = definition({}, {}, {}, { allOf: [{ properties: { a: { minLength: 1 } } }] });
    expect(faultsOf(crd)).toEqual([
      'spec.validation.openAPIV3Schema.properties[a]: Required value: because it is defined in spec.validation.openAPIV3Schema.allOf[0].properties[a]',
    ]);
  });

  it('are named by their version where versions differ', () => {
    const crd = definition({});
    const { versions } = crd.spec as { versions: Loose[] };
    versions.push({
      name: 'v2',
      served: true,
      storage: false,
      schema: { openAPIV3Schema: { type: 'array', items: string } },
    });
    expect(faultsOf(crd)).toEqual([
      'spec.versions[1].schema.openAPIV3Schema.type: Invalid value: "array": must be object at the root',
    ]);
  });
});

describe('definitions', () => {
  const fields = {
    spec: {
      type: 'object',
      properties: { r: string, o: { type: 'object' }, m: { type: 'object', additionalProperties: string } },
    },
  };

  it.each<[string, KubeObject, string[]]>([
    [
      'a field to select by that is not there',
      definition(fields, { selectableFields: [{ jsonPath: '.spec.zz' }] }),
      [
        'spec.selectableFields[0].jsonPath: Invalid value: ".spec.zz": is an invalid path: does not refer to a valid field',
      ],
    ],
    [
      'a field to select by that is an object',
      definition(fields, { selectableFields: [{ jsonPath: '.spec.o' }] }),
      [
        'spec.selectableFields[0].jsonPath: Invalid value: ".spec.o": must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.',
      ],
    ],
    ['an entry of a map to select by', definition(fields, { selectableFields: [{ jsonPath: '.spec.m.k' }] }), []],
    [
      'the same field twice',
      definition(fields, { selectableFields: [{ jsonPath: '.spec.r' }, { jsonPath: '.spec.r' }] }),
      ['spec.selectableFields[1].jsonPath: Duplicate value: ".spec.r"'],
    ],
    [
      'a webhook without a client',
      definition({}, {}, { conversion: { strategy: 'Webhook' } }),
      [
        'spec.conversion.webhookClientConfig: Required value: required when strategy is set to Webhook',
        'spec.conversion.conversionReviewVersions: Required value',
      ],
    ],
    [
      'a webhook over HTTP',
      definition(
        {},
        {},
        {
          conversion: {
            strategy: 'Webhook',
            webhook: { clientConfig: { url: 'http://a.example' }, conversionReviewVersions: ['v1'] },
          },
        },
      ),
      [
        `spec.conversion.webhookClientConfig.url: Invalid value: "http": 'https' is the only allowed URL scheme; desired format: https://host[/path]`,
      ],
    ],
    [
      'a webhook that nobody calls',
      definition({}, {}, { conversion: { strategy: 'None', webhook: { conversionReviewVersions: ['v1'] } } }),
      ['spec.conversion.conversionReviewVersions: Forbidden: should not be set when strategy is not set to Webhook'],
    ],
    [
      'a column of an unknown type',
      definition({}, { additionalPrinterColumns: [{ name: 'A', type: 'text', jsonPath: 'spec.a' }] }),
      [
        'spec.additionalPrinterColumns[0].type: Invalid value: "text": must be one of boolean,date,integer,number,string',
        'spec.additionalPrinterColumns[0].JSONPath: Invalid value: "spec.a": must be a simple json path starting with .',
      ],
    ],
    [
      'replicas outside of the spec',
      definition(
        {},
        { subresources: { scale: { specReplicasPath: '.replicas', statusReplicasPath: '.status.replicas' } } },
      ),
      ['spec.subresources.scale.specReplicasPath: Invalid value: ".replicas": should be a json path under .spec'],
    ],
    [
      'a warning of what is not deprecated',
      definition({}, { deprecationWarning: 'old' }),
      ['spec.versions[0].deprecationWarning: Invalid value: "old": can only be set for deprecated versions'],
    ],
    [
      'a group of the community without approval',
      { ...definition({}, {}, { group: 'x.k8s.io' }), metadata: { name: 'qs.x.k8s.io' } },
      [
        'metadata.annotations[api-approved.kubernetes.io]: Required value: protected groups must have approval annotation "api-approved.kubernetes.io", see https://github.com/kubernetes/enhancements/pull/1111',
      ],
    ],
    [
      'unknown fields that are all kept',
      definition({}, {}, { preserveUnknownFields: true }),
      [
        'spec.preserveUnknownFields: Invalid value: true: cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
      ],
    ],
    [
      'null at the root beside a status',
      definition({}, { subresources: { status: {} } }, {}, { nullable: true }),
      ['spec.validation.openAPIV3Schema.nullable: Forbidden: nullable cannot be true at the root'],
    ],
    [
      'a kind that is its list',
      definition({}, {}, { names: { plural: 'qs', singular: 'q', kind: 'Q', listKind: 'Q' } }),
      ['spec.names.listKind: Invalid value: "Q": kind and listKind may not be the same'],
    ],
  ])('%s', (_title, crd, causes) => {
    // What stands beside it, such as a value that the message shows whole, is not what is looked at here.
    expect(faultsOf(crd).filter((cause) => !cause.includes('fields are allowed at the root'))).toEqual(causes);
  });

  it('keep their kind once it is established, and versions that objects are stored in', () => {
    const old = definition({});
    old.status = { storedVersions: ['v1'], conditions: [{ type: 'Established', status: 'True' }] };
    const renamed = definition({}, {}, { names: { plural: 'qs', singular: 'q', kind: 'P', listKind: 'PList' } });
    expect(faultsOf(renamed, old)).toEqual(['spec.names.kind: Invalid value: "P": field is immutable']);
    const moved = definition({}, { name: 'v2' });
    moved.status = { storedVersions: ['v1', 'v2'] };
    expect(faultsOf(moved, old)).toEqual([
      'status.storedVersions[0]: Invalid value: "v1": must appear in spec.versions',
    ]);
  });
});
