/** Services, endpoints and network policies: defaults, and what a change of type takes away. */
import { equalJson } from '../../api/json.ts';
import type { KubeObject } from '../../api/object.ts';
import { at, ensure, type Fields, fields, fill, items, number, strings, text } from '../fields.ts';
import { hasHealthCheck, isExternal } from '../validation/services.ts';
import { type Behaviours, defaulted } from './behaviour.ts';
import { allocate } from './service-addresses.ts';

const WITH_TRAFFIC_POLICY = ['ClusterIP', 'LoadBalancer', 'NodePort'];

/** kubernetes, pkg/apis/core/v1/defaults.go SetDefaults_Service */
function fillService(service: KubeObject): void {
  const spec = ensure(service, 'spec');
  fill(spec, { type: 'ClusterIP', sessionAffinity: 'None' });
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig;
  if (spec.sessionAffinity === 'ClientIP') {
    fill(ensure(ensure(spec, 'sessionAffinityConfig'), 'clientIP'), { timeoutSeconds: 10_800 });
  }
  for (const port of items(spec, 'ports')) {
    fill(port, { protocol: 'TCP' });
    if (port.targetPort === undefined || port.targetPort === 0 || port.targetPort === '') port.targetPort = port.port;
  }
  if (WITH_TRAFFIC_POLICY.includes(text(spec, 'type'))) fill(spec, { internalTrafficPolicy: 'Cluster' });
  if (isExternal(spec)) fill(spec, { externalTrafficPolicy: 'Cluster' });
  if (spec.type !== 'LoadBalancer') return;
  fill(spec, { allocateLoadBalancerNodePorts: true });
  for (const entry of items(service, 'status', 'loadBalancer', 'ingress'))
    if (text(entry, 'ip')) fill(entry, { ipMode: 'VIP' });
}

const isBalanced = (spec: Readonly<Fields>) => spec.type === 'LoadBalancer';
const hasNodePorts = (spec: Readonly<Fields>) => isBalanced(spec) || spec.type === 'NodePort';

/** What only services of some types have, and what tells whether one does. */
const OF_TYPES: readonly (readonly [(spec: Readonly<Fields>) => boolean, ...string[]])[] = [
  [(spec) => spec.type !== 'ExternalName', 'ipFamilies', 'ipFamilyPolicy'],
  [hasHealthCheck, 'healthCheckNodePort'],
  [isBalanced, 'allocateLoadBalancerNodePorts', 'loadBalancerClass'],
  [isExternal, 'externalTrafficPolicy'],
];

/**
 * What a service of its new type does not have goes, as long as the client did not change it as well: kubernetes,
 * pkg/registry/core/service/strategy.go dropTypeDependentFields.
 */
function dropOfOldType(service: KubeObject, old: KubeObject): void {
  const spec = ensure(service, 'spec');
  const before = fields(old, 'spec');
  const isSame = (field: string) => equalJson(spec[field], before[field]);
  const isNamed = before.type !== 'ExternalName' && spec.type === 'ExternalName';
  if (isNamed && isSame('clusterIP') && isSame('clusterIPs')) {
    delete spec.clusterIP;
    delete spec.clusterIPs;
  }
  for (const [has, ...names] of OF_TYPES) {
    if (!has(before) || has(spec)) continue;
    for (const field of names) if (isSame(field)) delete spec[field];
  }
  const given = new Set(items(before, 'ports').map((port) => number(port, 'nodePort')));
  const ports = items(spec, 'ports');
  if (
    hasNodePorts(before) &&
    !hasNodePorts(spec) &&
    ports.every((port) => !port.nodePort || given.has(number(port, 'nodePort')))
  ) {
    for (const port of ports) delete port.nodePort;
  }
  if (!isBalanced(spec) && service.status !== undefined) ensure(service, 'status').loadBalancer = {};
}

/** Of services that are names it is not shown, but looked at (storage.go defaultOnReadInternalTrafficPolicy). */
function dropUnread(spec: Fields): void {
  const isSound = spec.internalTrafficPolicy === 'Cluster' || spec.internalTrafficPolicy === 'Local';
  if (spec.type === 'ExternalName' && isSound) delete spec.internalTrafficPolicy;
}

export const SERVICE_BEHAVIOUR: Behaviours = {
  'v1 Service': {
    subresources: [],
    selectableFields: {
      'spec.clusterIP': (service) => text(service, 'spec', 'clusterIP'),
      'spec.type': (service) => text(service, 'spec', 'type'),
    },
    setDefaults: fillService,
    prepareCreate(service, context) {
      allocate(service, undefined, context);
      dropUnread(ensure(service, 'spec'));
    },
    prepareUpdate(service, old, context) {
      allocate(service, old, context);
      dropOfOldType(service, old);
      dropUnread(ensure(service, 'spec'));
    },
  },
  'v1 Endpoints': defaulted((object) => {
    for (const subset of items(object, 'subsets'))
      for (const port of items(subset, 'ports')) fill(port, { protocol: 'TCP' });
  }),
  'discovery.k8s.io/v1 EndpointSlice': {
    ...defaulted((object) => {
      for (const port of items(object, 'ports')) fill(port, { name: '', protocol: 'TCP' });
    }),
    prepareCreate: (slice) => dropTopology(slice),
    prepareUpdate: (slice, old) => {
      if (!equalJson(slice.endpoints, old.endpoints)) dropTopology(slice);
    },
  },
  'networking.k8s.io/v1 NetworkPolicy': defaulted((object) => {
    const spec = ensure(object, 'spec');
    if (strings(spec, 'policyTypes').length === 0) {
      spec.policyTypes = items(spec, 'egress').length === 0 ? ['Ingress'] : ['Ingress', 'Egress'];
    }
    for (const rule of [...items(spec, 'ingress'), ...items(spec, 'egress')]) {
      for (const port of items(rule, 'ports')) fill(port, { protocol: 'TCP' });
    }
  }),
  'networking.k8s.io/v1 IngressClass': defaulted((object) => {
    const parameters = at(object, 'spec', 'parameters');
    if (parameters !== undefined) fill(parameters as Fields, { scope: 'Cluster' });
  }),
};

/** Of an older version of the kind (pkg/registry/discovery/endpointslice/strategy.go dropTopologyOnV1). */
function dropTopology(slice: KubeObject): void {
  for (const endpoint of items(slice, 'endpoints')) delete endpoint.deprecatedTopology;
}
