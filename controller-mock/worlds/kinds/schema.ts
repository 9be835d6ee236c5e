/** Short ways to write the structural schemas of kinds. Every node says what it means: `kubectl explain` shows it. */
import type { Schema } from '../../server/resource.ts';

type Properties = Record<string, Schema>;

export function text(description: string, more: Schema = {}): Schema {
  return { type: 'string', description, ...more };
}

/** A text that is one of a few. */
export function word(description: string, allowed: readonly string[], more: Schema = {}): Schema {
  return { type: 'string', description, enum: [...allowed], ...more };
}

/** An RFC 3339 time. */
export function time(description: string): Schema {
  return { type: 'string', format: 'date-time', description };
}

export function whole(description: string, more: Schema = {}): Schema {
  return { type: 'integer', description, ...more };
}

export function flag(description: string, more: Schema = {}): Schema {
  return { type: 'boolean', description, ...more };
}

/** An amount such as `4`, `100m` or `16Gi`. */
export function quantity(description: string): Schema {
  return {
    anyOf: [{ type: 'integer' }, { type: 'string' }],
    pattern: '^[+-]?(\\d+(\\.\\d*)?|\\.\\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\\d+)?$',
    'x-kubernetes-int-or-string': true,
    description,
  };
}

export function list(description: string, items: Schema, more: Schema = {}): Schema {
  return { type: 'array', description, items, ...more };
}

export function texts(description: string): Schema {
  return list(description, { type: 'string' });
}

/** An object with keys of the user's choice. */
export function map(description: string, values: Schema = { type: 'string' }): Schema {
  return { type: 'object', description, additionalProperties: values };
}

/** An object with these fields and no others; `required` names those that must be there. */
export function object(description: string, properties: Properties, required: readonly string[] = []): Schema {
  return { type: 'object', description, properties, ...(required.length > 0 && { required: [...required] }) };
}

/** As {@link object}, but fields that are not listed are kept. */
export function open(description: string, properties: Properties = {}, required: readonly string[] = []): Schema {
  return { ...object(description, properties, required), 'x-kubernetes-preserve-unknown-fields': true };
}

/** Refers to another object by its name. */
export function reference(description: string, required = false): Schema {
  return object(description, { name: text('Name of the object.') }, required ? ['name'] : []);
}

/** Refers to another object by namespace and name. */
export function namespacedReference(description: string, required = false): Schema {
  return object(
    description,
    { name: text('Name of the object.'), namespace: text('Namespace of the object.') },
    required ? ['name', 'namespace'] : [],
  );
}

export function labelSelector(description: string): Schema {
  return object(description, {
    matchLabels: map('Labels an object must have.'),
    matchExpressions: list(
      'Conditions on labels, all of which must hold.',
      object(
        'One condition.',
        {
          key: text('Label.'),
          operator: text('In, NotIn, Exists or DoesNotExist.'),
          values: texts('Values to compare.'),
        },
        ['key', 'operator'],
      ),
      { 'x-kubernetes-list-type': 'atomic' },
    ),
  });
}

/** @param moments time fields beside lastTransitionTime. */
export function conditions(...moments: ('lastProbeTime' | 'lastHeartbeatTime')[]): Schema {
  return list(
    'What is known about the state, one entry a type.',
    object(
      'One condition.',
      {
        type: text('What the entry is about.'),
        status: text('True, False or Unknown.'),
        reason: text('One word that says why.'),
        message: text('For people.'),
        lastTransitionTime: time('When the status last changed.'),
        ...Object.fromEntries(moments.map((name) => [name, time('When it was last looked at.')])),
        observedGeneration: whole('Generation that was looked at.', { format: 'int64' }),
      },
      ['type', 'status'],
    ),
  );
}

export function webProxy(description: string): Schema {
  return object(description, {
    httpProxy: text('Proxy for http requests.'),
    httpsProxy: text('Proxy for https requests.'),
    noProxy: text('Hosts and networks that are reached without it, separated by commas.'),
  });
}
