import { rfc3339 } from '../../../model/protocol/go-time.ts';
import type { RequestContext } from '../../api/cluster-access.ts';
import { isPlainObject } from '../../api/json.ts';
import type { KubeObject } from '../../api/object.ts';
import type { Subresource } from '../../api/resource-type.ts';
import { parseLabelSelector } from '../../api/selector.ts';
import { ApiStatusError, badRequest, conflict, notFound, tooManyRequests } from '../../api/status.ts';
import { at, ensure, fields, fill, items, number, text } from '../fields.ts';
import { selectorText } from '../printers/columns.ts';
import { type Behaviours, READ_AND_WRITE } from './behaviour.ts';
import { admitPod, fillPodDefaults, qosClass, tolerateNodes } from './pod-defaults.ts';
import { dropDisabledFields, markGated, writeOutLabelKeys, writeOutProfiles } from './pod-features.ts';
import { POD_LOG } from './pod-logs.ts';

const PODS = { group: '', resource: 'pods' };
const BINDING_TYPE = { group: '', plural: 'pods/binding' };

const success = (): KubeObject => ({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 });

/** pkg/apis/core/validation/validation.go ValidatePodBinding, whose causes upstream are an error of no kind. @throws ApiStatusError 500 */
function checkBinding(binding: KubeObject | undefined): void {
  const kind = text(binding, 'target', 'kind');
  const faults: string[] = [];
  if (kind !== '' && kind !== 'Node') {
    faults.push(`target.kind: Unsupported value: ${JSON.stringify(kind)}: supported values: "Node", "<empty>"`);
  }
  if (text(binding, 'target', 'name') === '') faults.push('target.name: Required value');
  if (faults.length === 0) return;
  throw new ApiStatusError(500, '', faults.length > 1 ? `[${faults.join(', ')}]` : faults[0]!);
}

/**
 * Ties a pod to a node, as a scheduler asks for: kubernetes, pkg/registry/core/pod/storage/storage.go BindingREST.
 * @throws ApiStatusError 400, 404, 409, 500
 */
function bind(namespace: string, name: string, binding: KubeObject | undefined, context: RequestContext): void {
  if (binding?.metadata?.name !== name) throw badRequest('name in URL does not match name in Binding object');
  checkBinding(binding);
  const pod = context.cluster.get(PODS, namespace, name);
  if (!pod) throw notFound({ group: '', plural: 'pods' }, name);
  const refuse = (why: string) => conflict(BINDING_TYPE, name, `pod ${name} ${why}`);
  const before = text(pod, 'spec', 'nodeName');
  if (pod.metadata.deletionTimestamp) throw refuse('is being deleted, cannot be assigned to a host');
  if (before) throw refuse(`is already assigned to node "${before}"`);
  if (items(pod, 'spec', 'schedulingGates').length > 0) throw refuse('has non-empty .spec.schedulingGates');
  if (context.dryRun) return;
  const lastTransitionTime = rfc3339(context.clock.now());
  const { annotations } = binding.metadata;
  const change = (draft: KubeObject) => {
    ensure(draft, 'spec').nodeName = text(binding, 'target', 'name');
    if (annotations) draft.metadata.annotations = { ...draft.metadata.annotations, ...annotations };
    const status = ensure(draft, 'status');
    const others = items(status, 'conditions').filter((entry) => entry.type !== 'PodScheduled');
    status.conditions = [...others, { type: 'PodScheduled', status: 'True', lastProbeTime: null, lastTransitionTime }];
  };
  context.cluster.modify(PODS, namespace, name, change, { manager: 'kube-scheduler', subresource: 'binding' });
}

/** @throws ApiStatusError 400, and 429 when a disruption budget is used up. */
function evict(pod: KubeObject, eviction: KubeObject | undefined, context: RequestContext): void {
  const { namespace = '', name = '', labels } = pod.metadata;
  if (eviction?.metadata?.name !== name) throw badRequest('name in URL does not match name in Eviction object');
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
    prepareCreate(pod, context) {
      const spec = ensure(pod, 'spec');
      dropDisabledFields(spec);
      fill(ensure(pod, 'status'), { phase: 'Pending', qosClass: qosClass(spec) });
      markGated(pod);
      writeOutLabelKeys(pod);
      writeOutProfiles(pod, context);
      admitPod(spec, pod.metadata.name ?? '');
    },
    prepareUpdate(pod) {
      const spec = ensure(pod, 'spec');
      dropDisabledFields(spec);
      tolerateNodes(spec);
    },
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
        bind(namespace, binding.metadata.name ?? '', binding, context);
        return success();
      },
    },
  },
};
