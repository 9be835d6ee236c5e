import { rfc3339 } from '../../../model/protocol/go-time.ts';
import type { RequestContext } from '../../api/cluster-access.ts';
import { isPlainObject } from '../../api/json.ts';
import type { KubeObject } from '../../api/object.ts';
import type { Subresource } from '../../api/resource-type.ts';
import { parseLabelSelector } from '../../api/selector.ts';
import { ApiStatusError, badRequest, conflict, tooManyRequests } from '../../api/status.ts';
import { at, ensure, fields, fill, items, number, text } from '../fields.ts';
import { selectorText } from '../printers/columns.ts';
import { type Behaviours, defaulted, READ_AND_WRITE } from './behaviour.ts';
import { admitPod, fillPodDefaults, fillTemplate, qosClass } from './pod-defaults.ts';
import { POD_LOG } from './pod-logs.ts';
import { podSpecFaults, podUpdateFaults } from './pod-validation.ts';

const PODS = { group: '', resource: 'pods' };
const BINDING_TYPE = { group: '', plural: 'pods/binding' };
const RESTART_POLICIES = ['Always', 'OnFailure', 'Never'];

const success = (): KubeObject => ({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 });

/** Ties a pod to a node, as a scheduler asks for. @throws ApiStatusError 400, 404, 409 */
function bind(namespace: string, name: string, binding: KubeObject | undefined, context: RequestContext): void {
  const node = text(binding, 'target', 'name');
  if (node === '') throw badRequest('Binding is invalid: target.name: Required value');
  const pod = context.cluster.get(PODS, namespace, name);
  const before = text(pod, 'spec', 'nodeName');
  if (before) throw conflict(BINDING_TYPE, name, `pod ${name} is already assigned to node "${before}"`);
  if (context.dryRun) return;
  const lastTransitionTime = rfc3339(context.clock.now());
  const change = (draft: KubeObject) => {
    ensure(draft, 'spec').nodeName = node;
    const status = ensure(draft, 'status');
    const others = items(status, 'conditions').filter((entry) => entry.type !== 'PodScheduled');
    status.conditions = [...others, { type: 'PodScheduled', status: 'True', lastProbeTime: null, lastTransitionTime }];
  };
  context.cluster.modify(PODS, namespace, name, change, { manager: 'kube-scheduler' });
}

/** @throws ApiStatusError 429 when a disruption budget is used up. */
function evict(pod: KubeObject, eviction: KubeObject | undefined, context: RequestContext): void {
  const { namespace = '', name = '', labels } = pod.metadata;
  const finished = ['Succeeded', 'Failed', 'Pending'].includes(text(pod, 'status', 'phase'));
  if (!finished) {
    for (const budget of context.cluster.list({ group: 'policy', resource: 'poddisruptionbudgets' }, { namespace })) {
      const selector = at(budget, 'spec', 'selector');
      const terms = selectorText(selector);
      const matches = selector !== undefined && parseLabelSelector(terms === '<none>' ? '' : terms)(labels);
      if (matches && number(budget, 'status', 'disruptionsAllowed') < 1) {
        throw tooManyRequests("Cannot evict pod as it would violate the pod's disruption budget.", 10);
      }
    }
  }
  if (context.dryRun) return;
  const options = at(eviction, 'deleteOptions');
  context.cluster.delete(PODS, namespace, name, isPlainObject(options) ? options : {});
}

/** Subresources that are streams, which a client opens by an upgrade of the connection. */
const stream = (name: string, kind: string): Subresource => ({
  name,
  kind,
  verbs: ['create', 'get'],
  handle({ parent, name: pod }) {
    if (text(parent, 'spec', 'nodeName') === '') throw badRequest(`pod ${pod} does not have a host assigned`);
    throw new ApiStatusError(501, 'NotImplemented', `${name} needs a node with containers, and this cluster has none`);
  },
});

const templateFaults = (object: KubeObject) =>
  podSpecFaults(at(object, 'template', 'spec'), 'template.spec', RESTART_POLICIES);

export const POD_BEHAVIOUR: Behaviours = {
  'v1 Pod': {
    subresources: [
      stream('attach', 'PodAttachOptions'),
      {
        name: 'binding',
        kind: 'Binding',
        verbs: ['create'],
        handle({ namespace, name, body, context }) {
          bind(namespace, name, body, context);
          return { code: 201, object: success() };
        },
      },
      {
        name: 'ephemeralcontainers',
        verbs: READ_AND_WRITE,
        merge: (live, body) => ({
          ...live,
          spec: { ...fields(live, 'spec'), ephemeralContainers: items(body, 'spec', 'ephemeralContainers') },
        }),
      },
      {
        name: 'eviction',
        kind: 'Eviction',
        group: 'policy',
        version: 'v1',
        verbs: ['create'],
        handle({ parent, body, context }) {
          evict(parent, body, context);
          return { code: 201, object: success() };
        },
      },
      stream('exec', 'PodExecOptions'),
      POD_LOG,
      stream('portforward', 'PodPortForwardOptions'),
    ],
    selectableFields: {
      'spec.nodeName': (pod) => text(pod, 'spec', 'nodeName'),
      'spec.restartPolicy': (pod) => text(pod, 'spec', 'restartPolicy'),
      'spec.schedulerName': (pod) => text(pod, 'spec', 'schedulerName'),
      'spec.serviceAccountName': (pod) => text(pod, 'spec', 'serviceAccountName'),
      'spec.hostNetwork': (pod) => String(at(pod, 'spec', 'hostNetwork') === true),
      'status.phase': (pod) => text(pod, 'status', 'phase'),
      'status.podIP': (pod) => text(pod, 'status', 'podIP'),
      'status.nominatedNodeName': (pod) => text(pod, 'status', 'nominatedNodeName'),
    },
    setDefaults: (pod) => fillPodDefaults(ensure(pod, 'spec')),
    prepareCreate(pod) {
      const spec = ensure(pod, 'spec');
      admitPod(spec);
      const status = ensure(pod, 'status');
      fill(status, { phase: 'Pending', qosClass: qosClass(spec) });
    },
    validate: (pod, old) => [
      ...podSpecFaults(pod.spec, 'spec', RESTART_POLICIES),
      ...(old ? podUpdateFaults(pod, old) : []),
    ],
    gracePeriodSeconds(pod) {
      // A pod that no node runs, or that has ended, has nothing to wait for.
      const ended = ['Succeeded', 'Failed'].includes(text(pod, 'status', 'phase'));
      if (text(pod, 'spec', 'nodeName') === '' || ended) return 0;
      return number(pod, 'spec', 'terminationGracePeriodSeconds');
    },
  },
  'v1 Binding': {
    virtual: {
      create(binding, namespace, context) {
        const name = binding.metadata.name ?? '';
        if (!context.cluster.get(PODS, namespace, name)) throw badRequest(`pod ${name} does not exist`);
        bind(namespace, name, binding, context);
        return success();
      },
    },
  },
  'v1 PodTemplate': {
    ...defaulted((object) => fillTemplate(object)),
    validate: templateFaults,
  },
};
