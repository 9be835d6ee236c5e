/** Namespaces, nodes, access rights, extensions and priorities. */
import { rfc3339 } from '../../../model/protocol/go-time.ts';
import { isPlainObject } from '../../api/json.ts';
import type { GroupResource, KubeObject } from '../../api/object.ts';
import { at, ensure, fields, fill, items, number, strings, text } from '../fields.ts';
import { type Behaviours, defaulted } from './behaviour.ts';

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
function fillBinding(binding: KubeObject): void {
  const role = ensure(binding, 'roleRef');
  if (!text(role, 'apiGroup')) role.apiGroup = RBAC_GROUP;
  for (const subject of items(binding, 'subjects')) {
    if (subject.kind === 'User' || subject.kind === 'Group') fill(subject, { apiGroup: RBAC_GROUP });
  }
}

const BINDING = defaulted(fillBinding);

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

/** Which requests a policy is asked about. */
function fillMatch(match: unknown): void {
  if (!isPlainObject(match)) return;
  fill(match, { matchPolicy: 'Equivalent', namespaceSelector: {}, objectSelector: {} });
  for (const rule of [...items(match, 'resourceRules'), ...items(match, 'excludeResourceRules')])
    fill(rule, { scope: '*' });
}

/** kubernetes, pkg/apis/flowcontrol/v1/defaults.go */
function fillLevel(object: KubeObject): void {
  const { limited, exempt } = ensure(object, 'spec');
  if (isPlainObject(exempt)) fill(exempt, { nominalConcurrencyShares: 0, lendablePercent: 0 });
  if (!isPlainObject(limited)) return;
  fill(limited, { nominalConcurrencyShares: 30, lendablePercent: 0 });
  const queuing = at(limited, 'limitResponse', 'queuing');
  if (!isPlainObject(queuing)) return;
  queuing.handSize ||= 8;
  queuing.queues ||= 64;
  queuing.queueLengthLimit ||= 50;
}

/** Of a feature that is off (pkg/registry/coordination/lease/strategy.go). */
function dropCoordination(lease: KubeObject, old: KubeObject | undefined): void {
  const spec = ensure(lease, 'spec');
  for (const field of ['strategy', 'preferredHolder']) if (at(old, 'spec', field) === undefined) delete spec[field];
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
          const { metadata } = body;
          return { ...live, metadata, spec: finalizers.length > 0 ? { ...spec, finalizers } : spec };
        },
      },
    ],
    selectableFields: { 'status.phase': (namespace) => text(namespace, 'status', 'phase') },
    setDefaults({ metadata }) {
      if (metadata.name) metadata.labels = { ...metadata.labels, [NAME_LABEL]: metadata.name };
    },
    prepareCreate(namespace) {
      const spec = ensure(namespace, 'spec');
      const finalizers = strings(spec, 'finalizers');
      if (!finalizers.includes('kubernetes')) spec.finalizers = [...finalizers, 'kubernetes'];
      fill(ensure(namespace, 'status'), { phase: 'Active' });
    },
    prepareUpdate(namespace, old) {
      const finalizers = at(old, 'spec', 'finalizers');
      if (finalizers === undefined) delete ensure(namespace, 'spec').finalizers;
      else ensure(namespace, 'spec').finalizers = finalizers;
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
  'scheduling.k8s.io/v1 PriorityClass': defaulted((object) =>
    fill(object, { preemptionPolicy: 'PreemptLowerPriority' }),
  ),
  'admissionregistration.k8s.io/v1 MutatingWebhookConfiguration': defaulted(fillWebhooks(true)),
  'admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration': defaulted(fillWebhooks(false)),
  'admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy': defaulted((object) => {
    const spec = ensure(object, 'spec');
    fill(spec, { failurePolicy: 'Fail' });
    fillMatch(spec.matchConstraints);
  }),
  'admissionregistration.k8s.io/v1 ValidatingAdmissionPolicyBinding': defaulted((object) =>
    fillMatch(at(object, 'spec', 'matchResources')),
  ),
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
  'flowcontrol.apiserver.k8s.io/v1 PriorityLevelConfiguration': defaulted(fillLevel),
  'coordination.k8s.io/v1 Lease': {
    prepareCreate: (lease) => dropCoordination(lease, undefined),
    prepareUpdate: dropCoordination,
  },
};
