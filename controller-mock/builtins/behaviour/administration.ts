/** Namespaces, nodes, access rights, extensions and priorities. */
import { rfc3339 } from '../../../model/protocol/go-time.ts';
import { causeInvalid, causeNotSupported, causeRequired, type StatusCause } from '../../api/causes.ts';
import { isPlainObject } from '../../api/json.ts';
import type { GroupResource, KubeObject } from '../../api/object.ts';
import { at, ensure, fields, fill, items, number, strings, text } from '../fields.ts';
import { type Behaviours, defaulted, immutable } from './behaviour.ts';

const NAME_LABEL = 'kubernetes.io/metadata.name';

/** Objects that a namespace has from its birth. @param caPem certificate with which clients check the server. */
export function namespaceContents(namespace: string, caPem: string): { resource: GroupResource; object: KubeObject }[] {
  return [
    {
      resource: { group: '', resource: 'serviceaccounts' },
      object: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace } },
    },
    {
      resource: { group: '', resource: 'configmaps' },
      object: {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: {
          name: 'kube-root-ca.crt',
          namespace,
          annotations: {
            'kubernetes.io/description':
              'Certificate bundle with which pods check the API server when they call it inside of the cluster.',
          },
        },
        data: { 'ca.crt': caPem },
      },
    },
  ];
}

const RBAC_GROUP = 'rbac.authorization.k8s.io';
const SUBJECT_KINDS = ['ServiceAccount', 'User', 'Group'];

function fillBinding(binding: KubeObject): void {
  const role = ensure(binding, 'roleRef');
  if (!text(role, 'apiGroup')) role.apiGroup = RBAC_GROUP;
  for (const subject of items(binding, 'subjects')) {
    if (subject.kind === 'User' || subject.kind === 'Group') fill(subject, { apiGroup: RBAC_GROUP });
  }
}

function bindingFaults(binding: KubeObject, old: KubeObject | undefined): StatusCause[] {
  const causes: StatusCause[] = [];
  const kinds = binding.kind === 'RoleBinding' ? ['Role', 'ClusterRole'] : ['ClusterRole'];
  const kind = text(binding, 'roleRef', 'kind');
  if (!kinds.includes(kind)) causes.push(causeNotSupported('roleRef.kind', kind, kinds));
  if (!text(binding, 'roleRef', 'name')) causes.push(causeRequired('roleRef.name'));
  for (const [index, subject] of items(binding, 'subjects').entries()) {
    const path = `subjects[${index}]`;
    if (!text(subject, 'name')) causes.push(causeRequired(`${path}.name`));
    if (!SUBJECT_KINDS.includes(text(subject, 'kind'))) {
      causes.push(causeNotSupported(`${path}.kind`, subject.kind, SUBJECT_KINDS));
    } else if (subject.kind === 'ServiceAccount' && !text(subject, 'namespace')) {
      causes.push(causeRequired(`${path}.namespace`));
    }
  }
  if (old && immutable(binding, old, 'roleRef').length > 0) {
    causes.push(causeInvalid('roleRef', binding.roleRef, 'cannot change roleRef'));
  }
  return causes;
}

const BINDING = { ...defaulted(fillBinding), validate: bindingFaults };

function ruleFaults(role: KubeObject): StatusCause[] {
  return items(role, 'rules').flatMap((rule, index) => {
    const verbs = rule.verbs;
    return Array.isArray(verbs) && verbs.length > 0
      ? []
      : [causeRequired(`rules[${index}].verbs`, 'verbs must contain at least one value')];
  });
}

const ROLE = { validate: ruleFaults };

function fillWebhooks(mutating: boolean) {
  return (object: KubeObject) => {
    for (const webhook of items(object, 'webhooks')) {
      fill(webhook, {
        failurePolicy: 'Fail',
        matchPolicy: 'Equivalent',
        namespaceSelector: {},
        objectSelector: {},
        timeoutSeconds: 10,
        ...(mutating && { reinvocationPolicy: 'Never' }),
      });
      for (const rule of items(webhook, 'rules')) fill(rule, { scope: '*' });
      const service = at(webhook, 'clientConfig', 'service');
      if (isPlainObject(service)) fill(service, { port: 443 });
    }
  };
}

export const ADMINISTRATION_BEHAVIOUR: Behaviours = {
  'v1 Namespace': {
    subresources: [
      {
        name: 'finalize',
        verbs: ['update'],
        merge(live, body) {
          const finalizers = strings(body, 'spec', 'finalizers');
          const { finalizers: _, ...spec } = fields(live, 'spec');
          return { ...live, spec: finalizers.length > 0 ? { ...spec, finalizers } : spec };
        },
      },
    ],
    selectableFields: { 'status.phase': (namespace) => text(namespace, 'status', 'phase') },
    setDefaults({ metadata }) {
      if (metadata.name) metadata.labels = { ...metadata.labels, [NAME_LABEL]: metadata.name };
    },
    prepareCreate(namespace) {
      fill(ensure(namespace, 'spec'), { finalizers: ['kubernetes'] });
      fill(ensure(namespace, 'status'), { phase: 'Active' });
    },
  },
  'v1 Node': {
    keepsStatusAtCreation: true,
    prepareCreate(node) {
      const capacity = at(node, 'status', 'capacity');
      if (capacity !== undefined) fill(ensure(node, 'status'), { allocatable: capacity });
    },
    selectableFields: { 'spec.unschedulable': (node) => String(at(node, 'spec', 'unschedulable') === true) },
    validate(node, old) {
      const before = text(old, 'spec', 'providerID');
      return before && before !== text(node, 'spec', 'providerID')
        ? [causeInvalid('spec.providerID', text(node, 'spec', 'providerID'), 'may not be changed once set')]
        : [];
    },
  },
  'v1 LimitRange': defaulted((object) => {
    for (const limit of items(object, 'spec', 'limits')) {
      if (limit.type !== 'Container') continue;
      if (isPlainObject(limit.max)) fill(ensure(limit, 'default'), limit.max);
      if (isPlainObject(limit.default)) fill(ensure(limit, 'defaultRequest'), limit.default);
      if (isPlainObject(limit.min)) fill(ensure(limit, 'defaultRequest'), limit.min);
    }
  }),
  'rbac.authorization.k8s.io/v1 RoleBinding': BINDING,
  'rbac.authorization.k8s.io/v1 ClusterRoleBinding': BINDING,
  'rbac.authorization.k8s.io/v1 Role': ROLE,
  'rbac.authorization.k8s.io/v1 ClusterRole': ROLE,
  'scheduling.k8s.io/v1 PriorityClass': {
    ...defaulted((object) => fill(object, { preemptionPolicy: 'PreemptLowerPriority' })),
    validate: (object, old) =>
      old && number(object, 'value') !== number(old, 'value')
        ? [{ reason: 'FieldValueForbidden', message: 'Forbidden: may not be changed in an update.', field: 'value' }]
        : [],
  },
  'admissionregistration.k8s.io/v1 MutatingWebhookConfiguration': defaulted(fillWebhooks(true)),
  'admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration': defaulted(fillWebhooks(false)),
  'admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy': defaulted((object) => {
    const spec = ensure(object, 'spec');
    fill(spec, { failurePolicy: 'Fail' });
    const constraints = spec.matchConstraints;
    if (isPlainObject(constraints)) {
      fill(constraints, { matchPolicy: 'Equivalent', namespaceSelector: {}, objectSelector: {} });
      for (const rule of items(constraints, 'resourceRules')) fill(rule, { scope: '*' });
    }
  }),
  'apiregistration.k8s.io/v1 APIService': {
    setDefaults(object) {
      const service = at(object, 'spec', 'service');
      if (isPlainObject(service)) fill(service, { port: 443 });
    },
    prepareCreate(object, { clock }) {
      if (at(object, 'spec', 'service') !== undefined) return;
      ensure(object, 'status').conditions = [
        {
          type: 'Available',
          status: 'True',
          lastTransitionTime: rfc3339(clock.now()),
          reason: 'Local',
          message: 'Local APIServices are always available',
        },
      ];
    },
  },
  'flowcontrol.apiserver.k8s.io/v1 FlowSchema': defaulted((object) => {
    const spec = ensure(object, 'spec');
    if (number(spec, 'matchingPrecedence') === 0) spec.matchingPrecedence = 1000;
  }),
  'coordination.k8s.io/v1 Lease': {
    validate(lease) {
      const causes: StatusCause[] = [];
      const seconds = at(lease, 'spec', 'leaseDurationSeconds');
      if (typeof seconds === 'number' && seconds <= 0) {
        causes.push(causeInvalid('spec.leaseDurationSeconds', seconds, 'must be greater than 0'));
      }
      const transitions = at(lease, 'spec', 'leaseTransitions');
      if (typeof transitions === 'number' && transitions < 0) {
        causes.push(causeInvalid('spec.leaseTransitions', transitions, 'must be greater than or equal to 0'));
      }
      return causes;
    },
  },
};
