/** metrics.k8s.io: what nodes and containers use now, for `kubectl top`. */
import { rfc3339 } from '../../../model/protocol/go-time.ts';
import type { ClusterAccess, RequestContext } from '../../api/cluster-access.ts';
import type { KubeObject } from '../../api/object.ts';
import { quantityValue } from '../../api/quantity.ts';
import { items, text } from '../fields.ts';
import type { Behaviours } from './behaviour.ts';

/** What something uses. */
export interface Usage {
  /** CPU cores. */
  cores: number;
  bytes: number;
}

/** Answers for one container of a pod, or for a node when `container` is ''. */
export type UsageSource = (object: KubeObject, container: string, nowMs: number) => Usage;

const sources = new WeakMap<ClusterAccess, UsageSource>();

/** Replaces the made-up numbers of one cluster. */
export function setUsageSource(cluster: ClusterAccess, source: UsageSource): void {
  sources.set(cluster, source);
}

/** A fraction that stays the same for a name. */
function fraction(name: string): number {
  let hash = 2166136261;
  for (let index = 0; index < name.length; index++) hash = Math.imul(hash ^ name.charCodeAt(index), 16777619) >>> 0;
  return (hash % 1000) / 1000;
}

/** Half of what is asked for, give or take; a little when nothing is asked for. */
const madeUp: UsageSource = (object, container) => {
  const part = 0.3 + 0.5 * fraction(`${object.metadata.uid}/${container}`);
  if (container === '') {
    const capacity = (name: string) => {
      const status = object.status as { capacity?: Record<string, unknown> } | undefined;
      return quantityValue(status?.capacity?.[name] ?? 0);
    };
    return { cores: part * (capacity('cpu') || 1), bytes: part * (capacity('memory') || 2 ** 30) };
  }
  const entry = items(object, 'spec', 'containers').find((candidate) => candidate.name === container);
  const request = (name: string) => quantityValue(text(entry, 'resources', 'requests', name) || 0);
  return { cores: part * (request('cpu') || 0.01), bytes: part * (request('memory') || 32 * 2 ** 20) };
};

const usageOf = (object: KubeObject, container: string, { cluster, clock }: RequestContext) => {
  const { cores, bytes } = (sources.get(cluster) ?? madeUp)(object, container, clock.now());
  return { cpu: `${Math.round(cores * 1e9)}n`, memory: `${Math.round(bytes / 1024)}Ki` };
};

function head(kind: string, object: KubeObject, { clock }: RequestContext) {
  const { name = '', namespace, labels } = object.metadata;
  const now = rfc3339(clock.now());
  return {
    kind,
    apiVersion: 'metrics.k8s.io/v1beta1',
    metadata: { name, ...(namespace && { namespace }), creationTimestamp: now, ...(labels && { labels }) },
    timestamp: now,
    window: '15s',
  };
}

const nodeMetrics = (node: KubeObject, context: RequestContext): KubeObject => ({
  ...head('NodeMetrics', node, context),
  usage: usageOf(node, '', context),
});

const podMetrics = (pod: KubeObject, context: RequestContext): KubeObject => ({
  ...head('PodMetrics', pod, context),
  containers: items(pod, 'spec', 'containers').map((container) => ({
    name: text(container, 'name'),
    usage: usageOf(pod, text(container, 'name'), context),
  })),
});

const NODES = { group: '', resource: 'nodes' };
const PODS = { group: '', resource: 'pods' };

const running = (pod: KubeObject) => text(pod, 'status', 'phase') === 'Running';

export const METRICS_BEHAVIOUR: Behaviours = {
  'metrics.k8s.io/v1beta1 NodeMetrics': {
    virtual: {
      get(_namespace, name, context) {
        const node = context.cluster.get(NODES, '', name);
        return node && nodeMetrics(node, context);
      },
      list: (_namespace, context) => context.cluster.list(NODES).map((node) => nodeMetrics(node, context)),
    },
  },
  'metrics.k8s.io/v1beta1 PodMetrics': {
    virtual: {
      get(namespace, name, context) {
        const pod = context.cluster.get(PODS, namespace, name);
        return pod && running(pod) ? podMetrics(pod, context) : undefined;
      },
      list: (namespace, context) =>
        context.cluster
          .list(PODS, namespace ? { namespace } : {})
          .filter(running)
          .map((pod) => podMetrics(pod, context)),
    },
  },
  'v1 ComponentStatus': { virtual: { get: () => undefined, list: () => [] } },
};
