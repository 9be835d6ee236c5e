/** Services, endpoints and network policies. */
import { isIPv4, isIPv6 } from 'node:net';
import { causeInvalid, causeNotSupported, causeRequired, type StatusCause } from '../../api/causes.ts';
import type { ClusterAccess, RequestContext } from '../../api/cluster-access.ts';
import type { KubeObject } from '../../api/object.ts';
import { at, ensure, type Fields, fill, items, strings, text } from '../fields.ts';
import { type Behaviours, defaulted } from './behaviour.ts';

/** First of the addresses and ports that are given to services, and how many there are. */
const FIRST_ADDRESS = 10 * 2 ** 24 + 96 * 2 ** 16 + 10;
const ADDRESSES = 2 ** 20 - 20;
const FIRST_NODE_PORT = 30_000;
const NODE_PORTS = 2768;

/** Gives out numbers in turn; after a full round it begins again. */
class Turn {
  #next = 0;

  take(count: number): number {
    const value = this.#next;
    this.#next = (this.#next + 1) % count;
    return value;
  }
}

const turns = new WeakMap<ClusterAccess, { addresses: Turn; nodePorts: Turn }>();

function turnsOf(cluster: ClusterAccess) {
  let found = turns.get(cluster);
  if (!found) {
    found = { addresses: new Turn(), nodePorts: new Turn() };
    turns.set(cluster, found);
  }
  return found;
}

function nextAddress(cluster: ClusterAccess): string {
  const value = FIRST_ADDRESS + turnsOf(cluster).addresses.take(ADDRESSES);
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}

const SERVICES = { group: '', resource: 'services' };

/** An address that the client chose must be free. */
function taken(service: KubeObject, context: RequestContext): boolean {
  const wanted = strings(service, 'spec', 'clusterIPs')[0];
  return context.cluster
    .list(SERVICES)
    .some((other) => other.metadata.uid !== service.metadata.uid && strings(other, 'spec', 'clusterIPs')[0] === wanted);
}

function fillPorts(spec: Fields): void {
  for (const port of items(spec, 'ports')) {
    fill(port, { protocol: 'TCP' });
    if (port.targetPort === undefined || port.targetPort === 0 || port.targetPort === '') port.targetPort = port.port;
  }
}

function fillAddress(spec: Fields, cluster: ClusterAccess): void {
  const given = text(spec, 'clusterIP') || (strings(spec, 'clusterIPs')[0] ?? '');
  spec.clusterIP = given || nextAddress(cluster);
  if (strings(spec, 'clusterIPs').length === 0) spec.clusterIPs = [spec.clusterIP];
  fill(spec, { ipFamilies: [isIPv6(String(spec.clusterIP)) ? 'IPv6' : 'IPv4'], ipFamilyPolicy: 'SingleStack' });
}

/** Types of services that are reached from outside of the cluster. */
const isExternal = (spec: Fields) => spec.type === 'NodePort' || spec.type === 'LoadBalancer';

function fillService(service: KubeObject): void {
  const spec = ensure(service, 'spec');
  fill(spec, { type: 'ClusterIP', sessionAffinity: 'None' });
  if (spec.sessionAffinity === 'ClientIP') {
    fill(ensure(ensure(spec, 'sessionAffinityConfig'), 'clientIP'), { timeoutSeconds: 10_800 });
  }
  fillPorts(spec);
  if (spec.type !== 'ExternalName') fill(spec, { internalTrafficPolicy: 'Cluster' });
  if (isExternal(spec)) fill(spec, { externalTrafficPolicy: 'Cluster' });
  if (spec.type === 'LoadBalancer') fill(spec, { allocateLoadBalancerNodePorts: true });
}

/** Hands out addresses and node ports, and takes away what a service of this type does not have. */
function allocate(service: KubeObject, context: RequestContext): void {
  const spec = ensure(service, 'spec');
  if (spec.type === 'ExternalName') {
    for (const field of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy', 'internalTrafficPolicy']) {
      delete spec[field];
    }
    return;
  }
  fillAddress(spec, context.cluster);
  if (spec.type !== 'LoadBalancer') delete spec.allocateLoadBalancerNodePorts;
  if (isExternal(spec)) {
    for (const port of items(spec, 'ports')) {
      if (spec.allocateLoadBalancerNodePorts !== false) {
        port.nodePort ||= FIRST_NODE_PORT + turnsOf(context.cluster).nodePorts.take(NODE_PORTS);
      }
    }
  } else delete spec.externalTrafficPolicy;
}

const SERVICE_TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];

function portFaults(spec: Fields): StatusCause[] {
  const causes: StatusCause[] = [];
  const ports = items(spec, 'ports');
  const headless = spec.clusterIP === 'None';
  if (ports.length === 0 && !headless && spec.type !== 'ExternalName') causes.push(causeRequired('spec.ports'));
  for (const [index, port] of ports.entries()) {
    const path = `spec.ports[${index}]`;
    if (ports.length > 1 && !text(port, 'name')) causes.push(causeRequired(`${path}.name`));
    const value = port.port;
    if (typeof value !== 'number' || value < 1 || value > 65_535) {
      causes.push(causeInvalid(`${path}.port`, value ?? 0, 'must be between 1 and 65535, inclusive'));
    }
  }
  return causes;
}

function serviceFaults(service: KubeObject, old: KubeObject | undefined, context: RequestContext): StatusCause[] {
  const spec = ensure(service, 'spec');
  const causes = portFaults(spec);
  if (!SERVICE_TYPES.includes(text(spec, 'type'))) {
    causes.push(causeNotSupported('spec.type', spec.type, SERVICE_TYPES));
  }
  if (spec.type === 'ExternalName') {
    if (!text(spec, 'externalName')) causes.push(causeRequired('spec.externalName'));
    return causes;
  }
  const address = text(spec, 'clusterIP');
  if (address !== 'None' && !isIPv4(address) && !isIPv6(address)) {
    const detail = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
    causes.push(causeInvalid('spec.clusterIPs[0]', address, detail));
    return causes;
  }
  if (strings(spec, 'clusterIPs')[0] !== address) {
    causes.push(causeInvalid('spec.clusterIPs', spec.clusterIPs ?? [], 'first value must match `clusterIP`'));
  }
  const before = text(old, 'spec', 'clusterIP');
  if (old && at(old, 'spec', 'type') !== 'ExternalName' && before !== '' && before !== address) {
    causes.push(causeInvalid('spec.clusterIPs[0]', [address], 'may not change once set'));
  } else if (!before && address !== 'None' && taken(service, context)) {
    causes.push(
      causeInvalid('spec.clusterIPs', [address], `failed to allocate IP ${address}: provided IP is already allocated`),
    );
  }
  return causes;
}

export const SERVICE_BEHAVIOUR: Behaviours = {
  'v1 Service': {
    subresources: [],
    setDefaults: fillService,
    prepareCreate: allocate,
    prepareUpdate(service, old, context) {
      const spec = ensure(service, 'spec');
      // A client that replaces the object without naming the address keeps it.
      if (spec.type !== 'ExternalName') {
        for (const field of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy']) {
          const before = at(old, 'spec', field);
          if (!spec[field] && before !== undefined) spec[field] = before;
        }
        for (const port of items(spec, 'ports')) {
          const same = items(old, 'spec', 'ports').find(
            (entry) => entry.port === port.port && entry.protocol === port.protocol,
          );
          if (spec.type !== 'ClusterIP') port.nodePort ??= same?.nodePort;
          else if (at(old, 'spec', 'type') !== 'ClusterIP' && port.nodePort === same?.nodePort) delete port.nodePort;
        }
      }
      allocate(service, context);
    },
    validate: serviceFaults,
  },
  'v1 Endpoints': defaulted((object) => {
    for (const subset of items(object, 'subsets'))
      for (const port of items(subset, 'ports')) fill(port, { protocol: 'TCP' });
  }),
  'discovery.k8s.io/v1 EndpointSlice': defaulted((object) => {
    for (const port of items(object, 'ports')) fill(port, { name: '', protocol: 'TCP' });
  }),
  'networking.k8s.io/v1 NetworkPolicy': defaulted((object) => {
    const spec = ensure(object, 'spec');
    if (strings(spec, 'policyTypes').length === 0) {
      spec.policyTypes = spec.egress === undefined ? ['Ingress'] : ['Ingress', 'Egress'];
    }
    for (const rule of [...items(spec, 'ingress'), ...items(spec, 'egress')]) {
      for (const port of items(rule, 'ports')) fill(port, { protocol: 'TCP' });
    }
  }),
};
