import type { Schema } from '../api/schema.ts';

const text = (description: string): Schema => ({ type: 'string', description });
const time = (description: string): Schema => ({ type: 'string', format: 'date-time', nullable: true, description });
const texts = (description: string): Schema => ({
  type: 'object',
  additionalProperties: { type: 'string', default: '' },
  description,
});

/** `metadata` of every kind (apimachinery meta/v1 ObjectMeta), with the list keys that patches and apply go by. */
export const OBJECT_META_SCHEMA: Schema = {
  definition: 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta',
  type: 'object',
  description: 'Metadata that all persisted resources have.',
  properties: {
    name: text('Name, unique within a namespace.'),
    generateName: text('Prefix of the name that the server generates when no name is given.'),
    namespace: text('Namespace; empty for cluster-scoped objects.'),
    selfLink: text('Not set any more.'),
    uid: text('Unique in time and space; set by the server.'),
    resourceVersion: text('Opaque version of the object; set by the server.'),
    generation: { type: 'integer', format: 'int64', description: 'Counts changes of the desired state.' },
    creationTimestamp: time('When the object was created.'),
    deletionTimestamp: time('When the object is to be gone.'),
    deletionGracePeriodSeconds: {
      type: 'integer',
      format: 'int64',
      description: 'Seconds between deletion and removal.',
    },
    labels: texts('Keys and values to select by.'),
    annotations: texts('Keys and values that cannot be selected by.'),
    finalizers: {
      type: 'array',
      description: 'Must be empty before the object is removed.',
      items: { type: 'string' },
      'x-kubernetes-list-type': 'set',
      'x-kubernetes-patch-strategy': 'merge',
    },
    ownerReferences: {
      type: 'array',
      description: 'Objects this one depends on.',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['uid'],
      'x-kubernetes-patch-merge-key': 'uid',
      'x-kubernetes-patch-strategy': 'merge',
      items: {
        definition: 'io.k8s.apimachinery.pkg.apis.meta.v1.OwnerReference',
        type: 'object',
        description: 'An owner in the same namespace, or cluster-scoped.',
        'x-kubernetes-map-type': 'atomic',
        properties: {
          apiVersion: text('API version of the owner.'),
          kind: text('Kind of the owner.'),
          name: text('Name of the owner.'),
          uid: text('UID of the owner.'),
          controller: { type: 'boolean', description: 'Whether the owner is the managing controller.' },
          blockOwnerDeletion: {
            type: 'boolean',
            description: 'Whether foreground deletion of the owner waits for this object.',
          },
        },
      },
    },
    managedFields: {
      type: 'array',
      description: 'Which manager set which fields.',
      'x-kubernetes-list-type': 'atomic',
      items: {
        definition: 'io.k8s.apimachinery.pkg.apis.meta.v1.ManagedFieldsEntry',
        type: 'object',
        description: 'Fields of one manager.',
        properties: {
          manager: text('Name of the manager.'),
          operation: text('Apply or Update.'),
          apiVersion: text('Version the fields are of.'),
          time: time('Last change.'),
          fieldsType: text('FieldsV1.'),
          fieldsV1: {
            definition: 'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1',
            type: 'object',
            description: 'The set of fields.',
            'x-kubernetes-preserve-unknown-fields': true,
          },
          subresource: text('Subresource the change was made through.'),
        },
      },
    },
  },
};
