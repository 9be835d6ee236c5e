/**
 * Networks of both families in one cluster, and which of the families comes first.
 * Upstream: assisted-service, internal/network/dual_stack_validations.go; internal/cluster/validations/validations.go, ValidateDualStackNetworks.
 */
import { compareBase } from '../versions/versions.ts';
import { type Family, parseCidr, parseIp } from './networks.ts';

/** Networks (CIDRs) and VIPs of a cluster or of a request; undefined for lists that are not given. */
export interface AddressLists {
  readonly machineNetworks: readonly string[] | undefined;
  readonly apiVips: readonly string[] | undefined;
  readonly ingressVips: readonly string[] | undefined;
  readonly serviceNetworks: readonly string[] | undefined;
  readonly clusterNetworks: readonly string[] | undefined;
}

/** Whether one of the lists of networks has both families. What is no network counts as IPv6. */
export function isDualStack(
  lists: Pick<AddressLists, 'machineNetworks' | 'serviceNetworks' | 'clusterNetworks'>,
): boolean {
  return [lists.machineNetworks, lists.serviceNetworks, lists.clusterNetworks].some((list) => {
    const isV4 = (list ?? []).map((cidr) => parseCidr(cidr)?.family === 4);
    return isV4.includes(true) && isV4.includes(false);
  });
}

function familyOf(text: string): Family | undefined {
  return (parseCidr(text) ?? parseIp(text))?.family;
}

/** The lists in the order in which they are looked at, as requests name them. */
const LISTS: readonly (readonly [name: string, list: keyof AddressLists])[] = [
  ['machine_networks', 'machineNetworks'],
  ['api_vips', 'apiVips'],
  ['ingress_vips', 'ingressVips'],
  ['service_networks', 'serviceNetworks'],
  ['cluster_networks', 'clusterNetworks'],
];

const FIRST_WORDS = 'Inconsistent IP family order';
const ALL_WORDS = 'All networks must have the same IP family first';

/** The family that comes first in all lists of a cluster of both families; undefined with one family, or the problem. */
export function primaryStackOf(lists: AddressLists): { family?: Family; problem?: string } {
  if (!isDualStack(lists)) return {};
  const firsts = LISTS.flatMap(([name, list]) => {
    const first = lists[list]?.[0];
    return first ? [{ name, first }] : [];
  });
  // Two lists that begin with the same text go by the name of the later one.
  const names = new Map(firsts.map(({ name, first }) => [first, name]));
  const known = firsts.filter(({ first }) => familyOf(first) !== undefined).map(({ first }) => first);
  const [primary] = known;
  if (primary === undefined) return {};
  const family = familyOf(primary)!;
  const other = known.find((first) => familyOf(first) !== family);
  if (other === undefined) return { family };
  return {
    problem: `${FIRST_WORDS}: ${names.get(primary)} first IP is ${primary} but ${names.get(other)} first IP is ${other}. ${ALL_WORDS}`,
  };
}

/** Why given lists cannot be beside those that a cluster keeps; undefined when they can. */
export function otherStackProblem(lists: AddressLists, family: Family): string | undefined {
  for (const [name, list] of LISTS) {
    const first = lists[list]?.[0];
    const given = first ? familyOf(first) : undefined;
    if (given !== undefined && given !== family)
      return `${FIRST_WORDS}: ${name} first IP is ${first} but existing primary IP stack is IPv${family}. ${ALL_WORDS}`;
  }
  return undefined;
}

/** From this version on either family may come first. */
const FIRST_VERSION_WITH_V6_FIRST = '4.12';

/** Why a list is not one of two families; undefined when it is. @param what its items are called, @param unit one of them. */
export function stackOrderProblem(
  items: readonly string[],
  what: string,
  unit: 'subnet' | 'address',
  version: string,
): string | undefined {
  if (items.length !== 2) return `Expected 2 ${what}, found ${items.length}`;
  const families = items.map((item) => (unit === 'subnet' ? parseCidr(item) : parseIp(item))?.family);
  if (compareBase(version, FIRST_VERSION_WITH_V6_FIRST) >= 0) {
    for (const family of [4, 6] as const)
      if (!families.includes(family)) return `dual-stack ${what} must include exactly one IPv${family} ${unit}`;
    return undefined;
  }
  if (families[0] !== 4)
    return `First ${what} has to be IPv4 ${unit} (IPv6-primary dual-stack requires OpenShift 4.12+), got ${items[0]}`;
  return families[1] === 6 ? undefined : `Second ${what} has to be IPv6 ${unit}, got ${items[1]}`;
}

/** What lists are checked against. */
export interface StackCircumstances {
  readonly version: string;
  /** Whether the cluster has both families already. */
  readonly isDualStack: boolean;
  /** Type of the load balancer as it is to be. */
  readonly loadBalancer: string;
}

/** Why networks cannot be those of one cluster, by their families; undefined when they can. */
export function networkFamiliesProblem(lists: AddressLists, circumstances: StackCircumstances): string | undefined {
  const { machineNetworks = [], serviceNetworks = [], clusterNetworks = [] } = lists;
  const { version, loadBalancer } = circumstances;
  const isNothingElseSaid = serviceNetworks.length === 0 && clusterNetworks.length === 0;
  if (isDualStack(lists) || (isNothingElseSaid && circumstances.isDualStack)) {
    for (const [what, list] of [
      ['machine networks', machineNetworks],
      ['service networks', serviceNetworks],
      ['cluster networks', clusterNetworks],
    ] as const) {
      const problem = list.length === 0 ? undefined : stackOrderProblem(list, what, 'subnet', version);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }
  return machineNetworks.length > 1 && loadBalancer === 'cluster-managed'
    ? 'Single-stack cluster cannot contain multiple Machine Networks'
    : undefined;
}
