/**
 * Addresses and ports that services are given, in a cluster of IPv4 alone: kubernetes, pkg/registry/core/service/storage/alloc.go. What
 * cannot be given is refused before anything else is looked at.
 */
import { causeInvalid, type StatusCause } from '../../api/causes.ts';
import type { ClusterAccess, RequestContext } from '../../api/cluster-access.ts';
import { stringsLiteral } from '../../api/go-values.ts';
import { equalJson } from '../../api/json.ts';
import type { KubeObject } from '../../api/object.ts';
import { ApiStatusError, internalError, invalid } from '../../api/status.ts';
import { ensure, type Fields, fields, items, number, strings, text } from '../fields.ts';
import { isStrictlyWithin, type Network, parseAddress, parseNetwork } from '../validation/addresses.ts';
import { clusterAddressFaults, isHeadless } from '../validation/cluster-addresses.ts';
import { hasHealthCheck } from '../validation/services.ts';

/** From which services get their addresses; the lower ones are left to clients that choose. */
const DEFAULT_NETWORK = '10.96.0.0/12';
const FIRST_OFFSET = 256;

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

/** What a cluster has to give. */
class Supply {
  readonly cidr: string;
  readonly network: Network;
  readonly #addresses = new Turn();
  readonly nodePorts = new Turn();

  constructor(cidr: string) {
    this.cidr = cidr;
    this.network = parseNetwork(cidr)!;
  }

  address(): string {
    const { value, length } = this.network;
    const number = Number(value) + FIRST_OFFSET + this.#addresses.take(2 ** (32 - length) - FIRST_OFFSET - 1);
    return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
  }
}

const supplies = new WeakMap<ClusterAccess, Supply>();

function supplyOf(cluster: ClusterAccess): Supply {
  let found = supplies.get(cluster);
  if (!found) {
    found = new Supply(DEFAULT_NETWORK);
    supplies.set(cluster, found);
  }
  return found;
}

/** Before there are services. @param cidr of IPv4 */
export function setServiceNetwork(cluster: ClusterAccess, cidr: string): void {
  supplies.set(cluster, new Supply(cidr));
}

const SERVICES = { group: '', resource: 'services' };

const refuse = (service: KubeObject, causes: StatusCause[]) =>
  invalid({ group: '', kind: 'Service' }, service.metadata.name ?? '', causes);

/** Hands out what a service of this type has. @param old undefined at creation @throws ApiStatusError 422, 500 */
export function allocate(service: KubeObject, old: KubeObject | undefined, context: RequestContext): void {
  const spec = ensure(service, 'spec');
  if (old) keepAllocated(spec, fields(old, 'spec'));
  normaliseAddresses(spec, old && fields(old, 'spec'));
  if (spec.type !== 'ExternalName') {
    fillFamilies(service, spec, old && fields(old, 'spec'));
    fillAddress(service, spec, old, context);
  }
  const ports = new NodePorts(service, old, context);
  if (spec.type === 'NodePort' || spec.type === 'LoadBalancer') ports.fill(spec);
  if (hasHealthCheck(spec) && !(old && hasHealthCheck(fields(old, 'spec')))) ports.fillHealthCheck(spec);
}

const needsAddress = (spec: Readonly<Fields>) => spec.type !== 'ExternalName';
const needsNodePort = (spec: Readonly<Fields>) => spec.type === 'NodePort' || spec.type === 'LoadBalancer';

/** A client that replaces a service without naming what it was given keeps it (storage.go patchAllocatedValues). */
function keepAllocated(spec: Fields, before: Readonly<Fields>): void {
  if (needsAddress(before) && needsAddress(spec)) {
    if (!spec.clusterIP && before.clusterIP) spec.clusterIP = before.clusterIP;
    if (strings(spec, 'clusterIPs').length === 0 && before.clusterIPs) spec.clusterIPs = before.clusterIPs;
  }
  if (needsNodePort(before) && needsNodePort(spec)) {
    const named = new Map(items(before, 'ports').map((port) => [text(port, 'name'), number(port, 'nodePort')]));
    const sent = new Set(items(spec, 'ports').map((port) => number(port, 'nodePort')));
    for (const port of items(spec, 'ports')) {
      const given = named.get(text(port, 'name'));
      if (!port.nodePort && given && !sent.has(given)) port.nodePort = given;
    }
  }
  if (hasHealthCheck(before) && hasHealthCheck(spec)) spec.healthCheckNodePort ||= before.healthCheckNodePort;
}

/** clusterIP and clusterIPs say the same, whichever of them a client knows (storage.go normalizeClusterIPs). */
function normaliseAddresses(spec: Fields, before: Readonly<Fields> | undefined): void {
  const given = text(spec, 'clusterIP');
  if (!before) {
    if (given && strings(spec, 'clusterIPs').length === 0) spec.clusterIPs = [given];
    return;
  }
  if (text(before, 'clusterIP') === given || !equalJson(spec.clusterIPs ?? [], before.clusterIPs ?? [])) return;
  if (given) spec.clusterIPs = [given];
  else delete spec.clusterIPs;
}

/** initIPFamilyFields */
function fillFamilies(service: KubeObject, spec: Fields, before: Readonly<Fields> | undefined): void {
  const isSelfMade = spec.clusterIP === 'None' && Object.keys(fields(spec, 'selector')).length === 0;
  spec.ipFamilyPolicy ??= before?.ipFamilyPolicy ?? (isSelfMade ? 'RequireDualStack' : 'SingleStack');
  const early = clusterAddressFaults(spec);
  if (early.length > 0) throw refuse(service, early);
  const policy = spec.ipFamilyPolicy;
  const addresses = strings(spec, 'clusterIPs');
  const families = [...strings(spec, 'ipFamilies')];
  const causes: StatusCause[] = [];
  if (policy === 'SingleStack') {
    for (const [given, what] of [
      [addresses, 'cluster IPs'],
      [families, 'IP families'],
    ] as const) {
      if (given.length !== 2) continue;
      const detail = `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${what} are specified`;
      causes.push(causeInvalid('spec.ipFamilyPolicy', policy, detail));
    }
  }
  for (const [index, address] of addresses.entries()) {
    if (address === 'None') break;
    if (index < families.length) continue;
    if (parseAddress(address)?.family === 4) families.push('IPv4');
    else {
      const path = `spec.clusterIPs[${index}]`;
      causes.push(causeInvalid(path, stringsLiteral(addresses), 'IPv6 is not configured on this cluster'));
    }
  }
  if (causes.length > 0) throw refuse(service, causes);
  if (families.length === 0) families.push('IPv4');
  spec.ipFamilies = families;
  if (isSelfMade) {
    if (families.length < 2 && policy !== 'SingleStack') families.push(families[0] === 'IPv4' ? 'IPv6' : 'IPv4');
    return;
  }
  if (policy === 'RequireDualStack') {
    const detail = 'this cluster is not configured for dual-stack services';
    causes.push(causeInvalid('spec.ipFamilyPolicy', policy, detail));
  }
  for (const [index, family] of families.entries()) {
    if (family === 'IPv4') continue;
    causes.push(causeInvalid(`spec.ipFamilies[${index}]`, family, 'not configured on this cluster'));
  }
  if (causes.length > 0) throw refuse(service, causes);
}

/** allocClusterIPs: an address that the client chose must be of the network, and free. */
function fillAddress(
  service: KubeObject,
  spec: Fields,
  old: KubeObject | undefined,
  { cluster }: RequestContext,
): void {
  if (isHeadless(spec) || (old && needsAddress(fields(old, 'spec')))) return;
  const [wanted] = strings(spec, 'clusterIPs');
  if (wanted === undefined) {
    spec.clusterIP = supplyOf(cluster).address();
    spec.clusterIPs = [spec.clusterIP];
    return;
  }
  const why = addressFault(wanted, service, cluster);
  if (why === undefined) return;
  const shown = stringsLiteral(strings(spec, 'clusterIPs'));
  throw refuse(service, [causeInvalid('spec.clusterIPs', shown, `failed to allocate IP ${wanted}: ${why}`)]);
}

function addressFault(wanted: string, service: KubeObject, cluster: ClusterAccess): string | undefined {
  const address = parseAddress(wanted)!;
  const { cidr, network } = supplyOf(cluster);
  const last = network.value + (1n << BigInt(32 - network.length)) - 1n;
  const isOfNetwork = isStrictlyWithin({ ...address, length: 32 }, network);
  if (!isOfNetwork || address.value === network.value || address.value === last) {
    return `the provided IP (${wanted}) is not in the valid range. The range of valid IPs is ${cidr}`;
  }
  const isTaken = cluster
    .list(SERVICES)
    .some((other) => other.metadata.uid !== service.metadata.uid && strings(other, 'spec', 'clusterIPs')[0] === wanted);
  return isTaken ? 'provided IP is already allocated' : undefined;
}

class NodePorts {
  readonly #service: KubeObject;
  readonly #old: KubeObject | undefined;
  readonly #context: RequestContext;
  #taken: Set<number> | undefined;

  constructor(service: KubeObject, old: KubeObject | undefined, context: RequestContext) {
    this.#service = service;
    this.#old = old;
    this.#context = context;
  }

  /** initNodePorts, updateNodePorts: ports of one number share one, over their protocols. */
  fill(spec: Fields): void {
    const ports = items(spec, 'ports');
    const mayGive = spec.type === 'NodePort' || spec.allocateLoadBalancerNodePorts !== false;
    const shared = new Map<unknown, number>();
    const own = this.#old ? items(this.#old, 'spec', 'ports').map((port) => number(port, 'nodePort')) : [];
    const pairs = new Set<string>();
    for (const [index, port] of ports.entries()) {
      if (!port.nodePort && !mayGive) continue;
      const requested = number(port, 'nodePort') || (this.#old ? 0 : this.#requestedFor(port, ports, shared));
      // At an update a port may be asked for twice in one go, and is told apart by its protocol below.
      const isShared = this.#old
        ? own.includes(requested) || [...shared.values()].includes(requested)
        : shared.get(port.port) === requested;
      if (requested === 0) port.nodePort = this.#next();
      else if (!isShared) this.#take(requested, `spec.ports[${index}].nodePort`);
      port.nodePort ||= requested;
      if (!shared.has(port.port)) shared.set(port.port, number(port, 'nodePort'));
      const pair = `${port.protocol} ${port.nodePort}`;
      if (this.#old && pairs.has(pair)) throw new ApiStatusError(500, '', `duplicate nodePort: {${pair}}`);
      pairs.add(pair);
    }
  }

  #requestedFor(port: Fields, ports: readonly Fields[], shared: ReadonlyMap<unknown, number>): number {
    const same = ports.find((other) => other.port === port.port && other.nodePort);
    return shared.get(port.port) ?? number(same, 'nodePort');
  }

  fillHealthCheck(spec: Fields): void {
    const wanted = number(spec, 'healthCheckNodePort');
    const fault = wanted === 0 ? undefined : this.#fault(wanted);
    if (fault) throw internalError(`failed to allocate requested HealthCheck NodePort ${wanted}: ${fault}`);
    spec.healthCheckNodePort = wanted || this.#next();
  }

  #take(wanted: number, path: string): void {
    const fault = this.#fault(wanted);
    if (fault) throw refuse(this.#service, [causeInvalid(path, wanted, fault)]);
    this.#allTaken().add(wanted);
  }

  #fault(wanted: number): string | undefined {
    const last = FIRST_NODE_PORT + NODE_PORTS - 1;
    if (wanted < FIRST_NODE_PORT || wanted > last) {
      return `provided port is not in the valid range. The range of valid ports is ${FIRST_NODE_PORT}-${last}`;
    }
    return this.#allTaken().has(wanted) ? 'provided port is already allocated' : undefined;
  }

  #next(): number {
    const taken = this.#allTaken();
    let found = 0;
    for (let attempt = 0; attempt < NODE_PORTS; attempt++) {
      found = FIRST_NODE_PORT + supplyOf(this.#context.cluster).nodePorts.take(NODE_PORTS);
      if (!taken.has(found)) break;
      if (attempt === NODE_PORTS - 1) throw internalError('failed to allocate a nodePort: range is full');
    }
    taken.add(found);
    return found;
  }

  #allTaken(): Set<number> {
    this.#taken ??= new Set(
      this.#context.cluster
        .list(SERVICES)
        .filter((other) => other.metadata.uid !== this.#service.metadata.uid)
        .flatMap((other) => [
          number(other, 'spec', 'healthCheckNodePort'),
          ...items(other, 'spec', 'ports').map((port) => number(port, 'nodePort')),
        ]),
    );
    return this.#taken;
  }
}
