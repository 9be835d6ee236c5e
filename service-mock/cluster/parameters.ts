/** Reading and checking what a user asks of a cluster. Upstream: assisted-service, internal/bminventory/inventory.go, internal/provider/platform.go and internal/cluster/validations/validations.go. */

import type { ClusterRow, VipRow } from '../core/rows.ts';
import { objectField, objectsField } from '../core/wire.ts';
import { placeProblem } from '../network/cluster-networks.ts';
import { familiesOf, formatCidr, formatIp, parseCidr, parseIp } from '../network/networks.ts';
import { type JsonObject, OperationError } from '../service-api.ts';
import { compareBase } from '../versions/versions.ts';

const MAX_CONTROL_PLANE = 5;

/** How many control-plane nodes are wanted, from either way of saying it. */
export function controlPlane(body: { count: number | undefined; mode: string | undefined }): {
  count: number;
  mode: string;
} {
  if (body.count === undefined) return body.mode === 'None' ? { count: 1, mode: 'None' } : { count: 3, mode: 'Full' };
  return { count: body.count, mode: body.mode ?? (body.count === 1 ? 'None' : 'Full') };
}

/** @throws OperationError 400 for a number that the version cannot have. */
export function checkControlPlane(count: number, mode: string, version: string): void {
  if (mode === 'None') {
    if (count !== 1) throw new OperationError(400, 'single-node clusters must have a single control plane node');
    return;
  }
  const flexible = compareBase(version, '4.18') >= 0;
  if (!flexible && count !== 3) {
    throw new OperationError(
      400,
      'there should be exactly 3 dedicated control plane nodes for high availability mode Full in openshift version older than 4.18',
    );
  }
  const fewest = compareBase(version, '4.19') >= 0 ? 2 : 3;
  if (count < fewest || count > MAX_CONTROL_PLANE) {
    throw new OperationError(
      400,
      `there should be ${fewest}-${MAX_CONTROL_PLANE} dedicated control plane nodes for high availability mode Full in openshift version ${fewest === 2 ? '4.19' : '4.18'} or newer`,
    );
  }
}

const PLATFORMS: readonly string[] = ['baremetal', 'none', 'vsphere', 'nutanix', 'external'];
/** Platforms that must, or cannot, leave the networking to the user. */
const USER_MANAGED_ONLY: readonly string[] = ['none', 'external'];
const NEVER_USER_MANAGED: readonly string[] = ['baremetal', 'nutanix'];

function checkPlatform(type: string | undefined, userManaged: boolean | undefined): void {
  if (type === undefined) return;
  if (!PLATFORMS.includes(type))
    throw new OperationError(400, `Platform ${type} is unknown. Known are ${PLATFORMS.join(', ')}`);
  const clash =
    (userManaged === false && USER_MANAGED_ONLY.includes(type)) ||
    (userManaged === true && NEVER_USER_MANAGED.includes(type));
  if (clash)
    throw new OperationError(
      400,
      `Can't set ${type} platform with user-managed-networking ${userManaged ? 'enabled' : 'disabled'}`,
    );
}

/** Details of an external platform, in the order in which the service shows them. */
function externalOf(platform: JsonObject | undefined): JsonObject {
  const external = (platform?.external as JsonObject | undefined) ?? {};
  return Object.fromEntries(Object.entries(external).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Platform and networking of a new cluster. @throws OperationError 400 for a combination that cannot be. */
export function platformOfNew(
  body: JsonObject,
  count: number,
  userManaged: boolean | undefined,
): { platform: JsonObject; userManaged: boolean | undefined } {
  const given = objectField(body, 'platform');
  const type = given?.type as string | undefined;
  checkPlatform(type, userManaged);
  const make = (name: string): JsonObject => ({ external: externalOf(given), type: name });
  if (count === 1) {
    if (type !== undefined && !USER_MANAGED_ONLY.includes(type)) {
      if (type === 'baremetal')
        throw new OperationError(400, "Can't set baremetal platform with user-managed-networking enabled");
      return { platform: make(type), userManaged };
    }
    if (userManaged === false) throw new OperationError(400, 'A single node cannot have user_managed_networking false');
    return { platform: make(type ?? 'none'), userManaged: true };
  }
  if (type !== undefined && type !== 'baremetal' && !USER_MANAGED_ONLY.includes(type))
    return { platform: make(type), userManaged };
  if (!userManaged && (type === undefined || type === 'baremetal'))
    return { platform: make('baremetal'), userManaged: false };
  return { platform: make(type ?? 'none'), userManaged: true };
}

/** Changes of platform and networking; undefined where nothing changes. @throws OperationError 400. */
export function platformChange(
  cluster: ClusterRow,
  body: JsonObject,
  userManaged: boolean | undefined,
): { platform: JsonObject; userManaged: boolean } | undefined {
  const given = objectField(body, 'platform');
  const type = given?.type as string | undefined;
  if (type === undefined && userManaged === undefined) return undefined;
  checkPlatform(type, userManaged);
  if (
    cluster.controlPlaneCount === 1 &&
    (userManaged === false || (type !== undefined && !USER_MANAGED_ONLY.includes(type)))
  ) {
    throw new OperationError(400, 'A single node needs user-managed networking and platform none or external');
  }
  const current = String(cluster.platform.type ?? '');
  const wanted =
    type ??
    (userManaged === undefined
      ? current
      : userManaged
        ? USER_MANAGED_ONLY.includes(current)
          ? current
          : 'none'
        : USER_MANAGED_ONLY.includes(current)
          ? 'baremetal'
          : current);
  const managed =
    userManaged ??
    (USER_MANAGED_ONLY.includes(wanted)
      ? true
      : wanted === 'baremetal'
        ? false
        : cluster.userManagedNetworking === true);
  checkPlatform(wanted, managed);
  return {
    platform: { external: externalOf(given), type: wanted },
    userManaged: managed,
  };
}

/** VIPs of a body; undefined when not given. @throws OperationError 400 for what is no address. */
export function vipsField(body: JsonObject, field: string): VipRow[] | undefined {
  return objectsField(body, field)?.map((item) => {
    const ip = parseIp(String(item.ip ?? ''));
    if (!ip) throw new OperationError(400, `${field}: ${item.ip} is no IP address`);
    return { ip: formatIp(ip), verification: '' };
  });
}

/** CIDRs of a list of networks; undefined when not given. @throws OperationError 400 for what is no network. */
export function cidrsField(body: JsonObject, field: string): string[] | undefined {
  return objectsField(body, field)?.map((item, index) => checkedCidr(field, String(item.cidr ?? ''), index));
}

export function clusterNetworksField(body: JsonObject): ClusterRow['clusterNetworks'] | undefined {
  return objectsField(body, 'cluster_networks')?.map((item, index) => {
    const cidr = checkedCidr('cluster_networks', String(item.cidr ?? ''), index);
    const hostPrefix = Number(item.host_prefix ?? 0);
    return { cidr, hostPrefix };
  });
}

/** Smallest networks: a cluster or service network must hold at least this many address bits. */
const NETWORK_NAMES: Readonly<Record<string, string>> = {
  machine_networks: 'Machine Network',
  cluster_networks: 'Cluster Network',
  service_networks: 'Service Network',
};

function checkedCidr(field: string, text: string, index: number): string {
  const cidr = parseCidr(text);
  if (!cidr) {
    const name = NETWORK_NAMES[field];
    throw new OperationError(
      400,
      oneError(`Could not parse ${name} CIDR ${text} (index ${index}): invalid CIDR address: ${text}`),
    );
  }
  if (cidr.prefix === 0) throw new OperationError(400, `${field}: ${text} would be everything`);
  const bits = cidr.family === 4 ? 32 : 128;
  if (field !== 'machine_networks' && bits - cidr.prefix < 7)
    throw new OperationError(400, `${field}: ${text} is too small, it must hold at least 128 addresses`);
  return formatCidr(cidr);
}

/** What the VIP rules look at. */
export interface VipPlan {
  apiVips: readonly VipRow[];
  ingressVips: readonly VipRow[];
  machineNetworks: readonly string[];
  clusterNetworks: readonly string[];
  serviceNetworks: readonly string[];
  userManaged: boolean;
  dhcp: boolean;
  loadBalancer: string;
}

/** @throws OperationError 400 for VIPs that cannot be. */
export function checkVips(plan: VipPlan): void {
  const refuse = (reason: string): never => {
    throw new OperationError(400, reason);
  };
  const { apiVips, ingressVips } = plan;
  if (apiVips.length > 2 || ingressVips.length > 2) refuse('At most two API and two ingress VIPs can be given');
  if (apiVips.length !== ingressVips.length)
    refuse(
      oneError(
        `configuration must include the same number of apiVIPs (got ${apiVips.length}) and ingressVIPs (got ${ingressVips.length})`,
      ),
    );
  if (apiVips.length === 2 && familiesOfIps(apiVips) !== 2)
    refuse('Two API VIPs must be of different address families');
  const seen = new Set<string>();
  for (const { ip } of [...apiVips, ...(plan.loadBalancer === 'user-managed' ? [] : ingressVips)]) {
    if (seen.has(ip)) refuse(oneError(`The IP address "${ip}" appears both in apiVIPs and ingressVIPs`));
    seen.add(ip);
  }
  if (!familiesOf([...plan.machineNetworks, ...plan.clusterNetworks, ...plan.serviceNetworks]))
    refuse('A network is malformed');
  if (plan.userManaged) {
    if (plan.dhcp) refuse('VIP DHCP Allocation cannot be set with User Managed Networking');
    if (apiVips.length > 0) refuse('API VIPs cannot be set with User Managed Networking');
  }
  if (plan.dhcp) {
    if (apiVips.length > 0) refuse('Setting API VIPs is forbidden when cluster is in vip-dhcp-allocation mode');
    return;
  }
  if (plan.machineNetworks.length === 0) return;
  const userLoadBalancer = plan.loadBalancer === 'user-managed';
  for (const [name, list] of [
    ['api-vip', apiVips],
    ['ingress-vip', ingressVips],
  ] as const) {
    for (const [position, { ip }] of list.entries()) {
      const candidates = userLoadBalancer ? plan.machineNetworks : plan.machineNetworks.slice(position, position + 1);
      const problems = candidates.map((network) => placeProblem(name, ip, network));
      if (problems.length > 0 && !problems.includes(undefined)) refuse(oneError(problems[0] as string));
    }
  }
}

/** As Go's multierror writes a single error. Upstream: github.com/hashicorp/go-multierror, format.go. */
function oneError(text: string): string {
  return `1 error occurred:\n\t* ${text}\n\n`;
}

function familiesOfIps(vips: readonly VipRow[]): number {
  return new Set(vips.map(({ ip }) => parseIp(ip)?.family)).size;
}

/** Families of two stacks need a machine network each, IPv4 first unless said otherwise. @throws OperationError 400. */
export function checkDualStack(
  clusterNetworks: readonly string[],
  serviceNetworks: readonly string[],
  machineNetworks: readonly string[],
): void {
  const dual = [clusterNetworks, serviceNetworks, machineNetworks].some((list) => (familiesOf(list)?.length ?? 0) > 1);
  if (!dual) return;
  if (machineNetworks.length === 0)
    throw new OperationError(400, 'A dual-stack cluster needs its machine networks to be given');
  for (const [name, list] of [
    ['cluster', clusterNetworks],
    ['service', serviceNetworks],
    ['machine', machineNetworks],
  ] as const) {
    if (list.length !== 2 || familiesOf(list)?.length !== 2) {
      throw new OperationError(400, `A dual-stack cluster needs one ${name} network of each family`);
    }
  }
}
