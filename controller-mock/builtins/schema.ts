/** Schemas of the built-in kinds, made from the message tables when they are first looked at. */

import type { Schema } from '../api/schema.ts';
import { OBJECT_META_SCHEMA } from '../schema/object-meta-schema.ts';
import { describeField, describeMessage } from './descriptions.ts';
import type { Field, Message, Scalar } from './messages/message-table.ts';

const INT_OR_STRING: Schema = {
  definition: 'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
  format: 'int-or-string',
  description: 'A number, or a text such as a percentage or the name of a port.',
  oneOf: [{ type: 'integer' }, { type: 'string' }],
  'x-kubernetes-int-or-string': true,
};

/** Definition names of what is not made of fields. */
const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const APIEXTENSIONS = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1';

const SCALARS: Readonly<Record<Scalar, Schema>> = {
  string: { type: 'string' },
  bool: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  double: { type: 'number', format: 'double' },
  bytes: { type: 'string', format: 'byte' },
  Time: {
    definition: `${META}.Time`,
    type: 'string',
    format: 'date-time',
    nullable: true,
    description: 'RFC 3339, seconds.',
  },
  MicroTime: {
    definition: `${META}.MicroTime`,
    type: 'string',
    format: 'date-time',
    nullable: true,
    description: 'RFC 3339, microseconds.',
  },
  Duration: { definition: `${META}.Duration`, type: 'string', description: 'A length of time such as 1m30s.' },
  Quantity: {
    definition: 'io.k8s.apimachinery.pkg.api.resource.Quantity',
    description: 'A number with a unit, such as 500m, 2 or 4Gi.',
    oneOf: [{ type: 'string' }, { type: 'number' }],
  },
  IntOrString: INT_OR_STRING,
  RawExtension: {
    definition: 'io.k8s.apimachinery.pkg.runtime.RawExtension',
    type: 'object',
    description: 'Any object.',
    'x-kubernetes-preserve-unknown-fields': true,
  },
  FieldsV1: {
    definition: `${META}.FieldsV1`,
    type: 'object',
    description: 'A set of fields.',
    'x-kubernetes-preserve-unknown-fields': true,
  },
  Json: {
    definition: `${APIEXTENSIONS}.JSON`,
    description: 'Any value.',
    'x-kubernetes-preserve-unknown-fields': true,
  },
  SchemaOrBool: {
    definition: `${APIEXTENSIONS}.JSONSchemaPropsOrBool`,
    description: 'A schema, true or false.',
    'x-kubernetes-preserve-unknown-fields': true,
  },
  SchemaOrArray: {
    definition: `${APIEXTENSIONS}.JSONSchemaPropsOrArray`,
    description: 'A schema or a list of them.',
    'x-kubernetes-preserve-unknown-fields': true,
  },
  SchemaOrStrings: {
    definition: `${APIEXTENSIONS}.JSONSchemaPropsOrStringArray`,
    description: 'A schema or a list of names.',
    'x-kubernetes-preserve-unknown-fields': true,
  },
  Strings: { type: 'array', items: { type: 'string' } },
};

/** Values of fields that are always there (`=` in the tables). */
const ZEROS: Partial<Record<Scalar, unknown>> = { string: '', bool: false, int32: 0, int64: 0, double: 0 };

const OBJECT_META = `${META}.ObjectMeta`;

const made = new WeakMap<Message, Schema>();

/** The schema of a message; messages may contain themselves, so the properties are made at the first look. */
export function schemaOf(message: Message): Schema {
  if (message.definition === OBJECT_META) return OBJECT_META_SCHEMA;
  let schema = made.get(message);
  if (!schema) {
    let properties: Record<string, Schema> | undefined;
    schema = {
      definition: message.definition,
      type: 'object',
      description: describeMessage(message.name),
      ...(message.atomic && { 'x-kubernetes-map-type': 'atomic' as const }),
      get properties() {
        properties ??= propertiesOf(message);
        return properties;
      },
    };
    const required = requiredOf(message);
    if (required.length > 0) schema.required = required;
    made.set(message, schema);
  }
  return schema;
}

/** The schema of a whole kind. */
export function schemaOfKind(message: Message): Schema {
  const schema = schemaOf(message);
  let properties: Record<string, Schema> | undefined;
  return {
    ...pickWithoutProperties(schema),
    get properties() {
      properties ??= {
        apiVersion: { type: 'string', description: describeField('apiVersion') },
        kind: { type: 'string', description: describeField('kind') },
        ...schema.properties,
      };
      return properties;
    },
  };
}

/** Spreading a schema would make its properties at once. */
function pickWithoutProperties(schema: Schema): Schema {
  const { definition, type, description, required } = schema;
  const mapType = schema['x-kubernetes-map-type'];
  return {
    ...(definition !== undefined && { definition }),
    ...(type !== undefined && { type }),
    ...(description !== undefined && { description }),
    ...(required && { required }),
    ...(mapType && { 'x-kubernetes-map-type': mapType }),
  };
}

function requiredOf(message: Message): string[] {
  return message.fields.flatMap((field) => {
    if (field.embedded) return requiredOf(field.message!);
    return field.required || field.zero ? [field.name] : [];
  });
}

function propertiesOf(message: Message): Record<string, Schema> {
  const properties: Record<string, Schema> = {};
  for (const field of message.fields) {
    if (field.embedded) Object.assign(properties, propertiesOf(field.message!));
    else properties[field.name] = propertyOf(field);
  }
  return properties;
}

function propertyOf(field: Field): Schema {
  const description = describeField(field.name);
  const value = field.scalar ? SCALARS[field.scalar] : schemaOf(field.message!);
  if (field.shape === 'list') {
    return {
      type: 'array',
      description,
      items: value,
      ...(field.listType && { 'x-kubernetes-list-type': field.listType }),
      ...(field.mapKeys && { 'x-kubernetes-list-map-keys': field.mapKeys }),
      ...patchOf(field),
    };
  }
  if (field.shape === 'map') {
    return {
      type: 'object',
      description,
      additionalProperties: value,
      ...(field.atomic && { 'x-kubernetes-map-type': 'atomic' as const }),
    };
  }
  const fallback = defaultOf(field);
  const own = { description, ...patchOf(field), ...(fallback !== undefined && { default: fallback }) };
  if (value.definition === undefined) return { ...value, ...own };
  const published = { ...own, published: value };
  if (!field.message) return { ...value, ...published };
  return {
    ...pickWithoutProperties(value),
    ...published,
    get properties() {
      return value.properties ?? {};
    },
  };
}

function patchOf(field: Field): Schema {
  return {
    ...(field.patchStrategy && { 'x-kubernetes-patch-strategy': field.patchStrategy }),
    ...(field.mergeKey && { 'x-kubernetes-patch-merge-key': field.mergeKey }),
  };
}

function defaultOf(field: Field): unknown {
  if (field.default !== undefined) return field.default;
  if (field.zero || (field.required && !field.pointer)) {
    const zero = field.scalar && ZEROS[field.scalar];
    if (zero !== undefined) return zero;
  }
  // Objects that Go writes even when they are empty.
  if (field.message && !field.pointer && !field.optional) return {};
  return undefined;
}
