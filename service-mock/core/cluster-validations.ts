/** Cluster validations as data. Source: Service facts 4.4 and 2.6. The messages are this service's own. */
import {
  clusterFamilies,
  hasMachineNetwork,
  isUserManagedLoadBalancer,
  networkOfVip,
  vipProblem,
} from './cluster-networks.ts';
import type { Core } from './core.ts';
import { addressBits, familiesOf, normalizeCidr, overlaps, parseCidr } from './networks.ts';
import { clusterOperatorResults, OPERATOR_VALIDATION_IDS } from './operators.ts';
import { countRoles } from './roles.ts';
import { type ClusterRow, isDay2Cluster, isFencingCluster, isSingleNode, type VipRow } from './store.ts';
import { ignoreList, isIgnored, type ValidationResult, type ValidationStatus, validationResult } from './validation.ts';

type Outcome = readonly [ValidationStatus, string];
interface Context {
  readonly core: Core;
  readonly cluster: ClusterRow;
  readonly hasInventories: boolean;
}

export interface ClusterValidation {
  readonly id: string;
  readonly category: 'network' | 'hosts-data' | 'configuration';
  readonly evaluate: (context: Context) => Outcome;
}

const passIf = (good: boolean, yes: string, no: string): Outcome => (good ? ['success', yes] : ['failure', no]);
const READY_HOST_STATUSES: ReadonlySet<string> = new Set([
  'known',
  'preparing-for-installation',
  'preparing-successful',
]);
const EXTERNAL_NETWORK_TYPES: ReadonlySet<string> = new Set(['Cilium', 'Calico', 'CiscoACI', 'None']);
const NETWORK_TYPES: ReadonlySet<string> = new Set([...EXTERNAL_NETWORK_TYPES, 'OVNKubernetes', 'OpenShiftSDN']);

export const NEVER_IGNORABLE_CLUSTER_VALIDATIONS: ReadonlySet<string> = new Set([
  'api-vips-defined',
  'ingress-vips-defined',
  'all-hosts-are-ready-to-install',
  'sufficient-masters-count',
  'pull-secret-set',
]);

function machineCidrDefined({ cluster, hasInventories }: Context): Outcome {
  if (cluster.userManagedNetworking && !isSingleNode(cluster))
    return ['success', 'User-managed networking needs no machine network'];
  if (hasMachineNetwork(cluster)) return ['success', 'The machine network is known'];
  if (!hasInventories) return ['pending', 'No host has been discovered'];
  return ['failure', 'The machine network is unknown'];
}

const needsNoVips = (cluster: ClusterRow) => cluster.userManagedNetworking === true || isSingleNode(cluster);

function vipsDefined(name: string, vips: (cluster: ClusterRow) => readonly VipRow[]) {
  return (context: Context): Outcome => {
    if (needsNoVips(context.cluster)) return ['success', `${name} VIPs are not needed`];
    if (vips(context.cluster).length > 0) return ['success', `${name} VIPs are set`];
    if (context.cluster.vipDhcpAllocation && machineCidrDefined(context)[0] !== 'success')
      return ['pending', 'The machine network is unknown'];
    return ['failure', `${name} VIPs are missing`];
  };
}

function vipsValid(name: string, vips: (cluster: ClusterRow) => readonly VipRow[]) {
  return (context: Context): Outcome => {
    const { cluster } = context;
    if (needsNoVips(cluster)) return ['success', `${name} VIPs are not needed`];
    const list = vips(cluster);
    if (list.length === 0) return ['pending', `${name} VIPs are missing`];
    if (!context.hasInventories || machineCidrDefined(context)[0] !== 'success')
      return ['pending', 'No host has been discovered'];
    const problems = list
      .map((vip, position) => vipProblem(cluster, name === 'API' ? 'api-vip' : 'ingress-vip', vip, position))
      .filter((problem) => problem !== undefined);
    return passIf(
      problems.length === 0,
      `${name} VIPs are in the machine network and free`,
      `${name} VIPs: ${problems.join('; ')}`,
    );
  };
}

function calculatedCidr({ cluster, hasInventories }: Context): Outcome {
  if (cluster.userManagedNetworking || isUserManagedLoadBalancer(cluster))
    return ['success', 'The machine network is not compared'];
  if (cluster.apiVips.length === 0 && cluster.ingressVips.length === 0) return ['pending', 'VIPs are missing'];
  if (!hasInventories) return ['pending', 'No host has been discovered'];
  for (const [position, vip] of cluster.apiVips.entries()) {
    const calculated = networkOfVip(vip.ip, cluster.hosts);
    if (calculated === undefined) return ['failure', `No host has a network that holds ${vip.ip}`];
    const given = cluster.machineNetworks[position];
    if (given !== undefined && normalizeCidr(given) !== calculated) {
      return ['failure', `Machine network ${given} is not ${calculated}, which the hosts and VIPs give`];
    }
  }
  return ['success', 'The machine network is the one of hosts and VIPs'];
}

/** With user-managed networking only a single node needs to know its machine network. */
const needsMachineNetwork = (cluster: ClusterRow) => !cluster.userManagedNetworking || isSingleNode(cluster);

function noOverlaps(context: Context): Outcome {
  const { cluster } = context;
  const defined = cluster.clusterNetworks.length > 0 && cluster.serviceNetworks.length > 0;
  if (!defined || (needsMachineNetwork(cluster) && machineCidrDefined(context)[0] !== 'success')) {
    return ['pending', 'A network is missing'];
  }
  if (cluster.clusterNetworks.length !== cluster.serviceNetworks.length) {
    return ['error', 'The numbers of cluster and service networks differ'];
  }
  for (const [index, { cidr }] of cluster.clusterNetworks.entries()) {
    const trio = [cidr, cluster.serviceNetworks[index], cluster.machineNetworks[index]].filter(
      (network) => network !== undefined,
    );
    for (let a = 0; a < trio.length; a++) {
      for (let b = a + 1; b < trio.length; b++) {
        const left = parseCidr(trio[a] as string);
        const right = parseCidr(trio[b] as string);
        if (left && right && overlaps(left, right)) return ['failure', `Networks ${trio[a]} and ${trio[b]} overlap`];
      }
    }
  }
  return ['success', 'No networks overlap'];
}

function networkPrefix({ cluster }: Context): Outcome {
  if (cluster.clusterNetworks.length === 0) return ['pending', 'The cluster network is missing'];
  for (const { cidr, hostPrefix } of cluster.clusterNetworks) {
    const network = parseCidr(cidr);
    if (!network) return ['failure', `${cidr} is no network`];
    const bits = network.family === 4 ? 32 : 128;
    const largest = network.family === 4 ? 25 : 128;
    if (hostPrefix < 1 || hostPrefix > largest)
      return ['failure', `Host prefix ${hostPrefix} is not between 1 and ${largest}`];
    const networks = 2 ** Math.min(40, Math.max(0, addressBits(network) - (bits - hostPrefix)));
    if (hostPrefix <= network.prefix || networks < Math.max(4, cluster.hosts.length)) {
      return ['failure', `${cidr} has too few networks of prefix ${hostPrefix} for ${cluster.hosts.length} hosts`];
    }
  }
  return ['success', 'The cluster network is large enough'];
}

function sameFamilies(context: Context): Outcome {
  const { cluster } = context;
  const needMachine = needsMachineNetwork(cluster);
  if (
    cluster.clusterNetworks.length === 0 ||
    cluster.serviceNetworks.length === 0 ||
    (needMachine && machineCidrDefined(context)[0] !== 'success')
  ) {
    return ['pending', 'A network is missing'];
  }
  const sorted = (cidrs: readonly string[]) => familiesOf(cidrs)?.sort().join();
  const service = sorted(cluster.serviceNetworks);
  const pods = sorted(cluster.clusterNetworks.map((network) => network.cidr));
  if (service === undefined || pods === undefined || !clusterFamilies(cluster))
    return ['error', 'A network is malformed'];
  const machine = needMachine ? sorted(cluster.machineNetworks) : service;
  return passIf(
    service === pods && machine === service,
    'All networks have the same families',
    'The networks have different address families',
  );
}

function networkType({ cluster }: Context): Outcome {
  const type = cluster.networkType;
  if (type !== undefined && !NETWORK_TYPES.has(type)) return ['failure', `Network type ${type} is unknown`];
  if (type === 'OpenShiftSDN' && clusterFamilies(cluster)?.includes(6))
    return ['failure', 'OpenShiftSDN cannot do IPv6'];
  if (type === 'OpenShiftSDN' && isSingleNode(cluster))
    return ['failure', 'OpenShiftSDN cannot do single-node clusters'];
  if (type === 'OVNKubernetes' && cluster.vipDhcpAllocation)
    return ['failure', 'VIPs from DHCP do not go with OVNKubernetes'];
  return ['success', 'The network type is valid'];
}

function clocks({ cluster, core }: Context): Outcome {
  let oldest = Number.POSITIVE_INFINITY;
  let newest = 0;
  for (const host of cluster.hosts) {
    const skipped =
      host.status === 'disconnected' ||
      host.status === 'resetting-pending-user-action' ||
      host.status === 'discovering';
    if (skipped || host.timestamp === 0) continue;
    oldest = Math.min(oldest, host.timestamp);
    newest = Math.max(newest, host.timestamp);
  }
  const limit = core.settings.HW_VALIDATOR_MAX_TIME_DIFF_MINUTES;
  const minutes = newest === 0 ? 0 : Math.trunc((newest - oldest) / 60);
  return passIf(minutes <= limit, 'The hosts’ clocks agree', `The hosts’ clocks are more than ${limit} minutes apart`);
}

function masters({ core, cluster }: Context): Outcome {
  const count = countRoles(core, cluster);
  if (isSingleNode(cluster)) {
    return passIf(
      count.masters === 1 && count.workers === 0,
      'There is one control-plane node',
      'A single-node cluster has one control-plane node and no workers',
    );
  }
  const arbiterMissing = cluster.controlPlaneCount === 2 && count.arbiters === 0 && !isFencingCluster(cluster);
  return passIf(
    count.masters === cluster.controlPlaneCount && !arbiterMissing,
    'The number of control-plane nodes is right',
    `Exactly ${cluster.controlPlaneCount} control-plane nodes are needed, there are ${count.masters}${arbiterMissing ? ', and an arbiter' : ''}`,
  );
}

/** Every cluster validation, sorted by id as the service shows them. */
export const CLUSTER_VALIDATIONS: readonly ClusterValidation[] = [
  {
    id: 'all-hosts-are-ready-to-install',
    category: 'hosts-data',
    evaluate: ({ cluster }) =>
      passIf(
        cluster.hosts.every((host) => READY_HOST_STATUSES.has(host.status)),
        'All hosts are ready',
        'A host is not ready',
      ),
  },
  { id: 'api-vips-defined', category: 'network', evaluate: vipsDefined('API', (cluster) => cluster.apiVips) },
  { id: 'api-vips-valid', category: 'network', evaluate: vipsValid('API', (cluster) => cluster.apiVips) },
  {
    id: 'cluster-cidr-defined',
    category: 'network',
    evaluate: ({ cluster }) =>
      passIf(cluster.clusterNetworks.length > 0, 'The cluster network is set', 'The cluster network is missing'),
  },
  {
    id: 'custom-manifests-requirements-satisfied',
    category: 'network',
    evaluate: ({ cluster }) =>
      passIf(
        !EXTERNAL_NETWORK_TYPES.has(cluster.networkType ?? '') ||
          [...cluster.manifests.values()].some((manifest) => manifest.source === 'user'),
        'No custom manifests are missing',
        `Network type ${cluster.networkType} needs custom manifests`,
      ),
  },
  {
    id: 'dns-domain-defined',
    category: 'network',
    evaluate: ({ cluster }) =>
      passIf(cluster.baseDnsDomain !== '', 'The base domain is set', 'The base domain is missing'),
  },
  {
    id: 'ingress-vips-defined',
    category: 'network',
    evaluate: vipsDefined('Ingress', (cluster) => cluster.ingressVips),
  },
  { id: 'ingress-vips-valid', category: 'network', evaluate: vipsValid('Ingress', (cluster) => cluster.ingressVips) },
  { id: 'machine-cidr-defined', category: 'network', evaluate: machineCidrDefined },
  { id: 'machine-cidr-equals-to-calculated-cidr', category: 'network', evaluate: calculatedCidr },
  { id: 'network-prefix-valid', category: 'network', evaluate: networkPrefix },
  { id: 'network-type-valid', category: 'network', evaluate: networkType },
  { id: 'networks-same-address-families', category: 'network', evaluate: sameFamilies },
  { id: 'no-cidrs-overlapping', category: 'network', evaluate: noOverlaps },
  { id: 'ntp-server-configured', category: 'network', evaluate: clocks },
  {
    id: 'platform-requirements-satisfied',
    category: 'configuration',
    evaluate: ({ cluster }) => {
      const external = cluster.platform.external as { platform_name?: string } | undefined;
      const needs = cluster.platform.type === 'external' && external?.platform_name === 'oci';
      return passIf(
        !needs || cluster.manifests.size > 0,
        'The platform needs nothing more',
        'The platform needs a custom manifest',
      );
    },
  },
  {
    id: 'pull-secret-set',
    category: 'configuration',
    evaluate: ({ cluster }) =>
      passIf(cluster.pullSecret !== '', 'The pull secret is set', 'The pull secret is missing'),
  },
  {
    id: 'service-cidr-defined',
    category: 'network',
    evaluate: ({ cluster }) =>
      passIf(cluster.serviceNetworks.length > 0, 'The service network is set', 'The service network is missing'),
  },
  { id: 'sufficient-masters-count', category: 'hosts-data', evaluate: masters },
];

export const CLUSTER_VALIDATION_IDS: readonly string[] = [
  ...CLUSTER_VALIDATIONS.map((validation) => validation.id),
  ...OPERATOR_VALIDATION_IDS,
];

/** Inputs that a user still owes. */
export const REQUIRED_INPUT: readonly string[] = [
  'machine-cidr-defined',
  'cluster-cidr-defined',
  'service-cidr-defined',
  'dns-domain-defined',
  'pull-secret-set',
];
export const VIPS_DEFINED: readonly string[] = ['api-vips-defined', 'ingress-vips-defined'];
export const REQUIRED_FOR_INSTALL: readonly string[] = CLUSTER_VALIDATION_IDS.filter(
  (id) => !REQUIRED_INPUT.includes(id) && !VIPS_DEFINED.includes(id) && id !== 'platform-requirements-satisfied',
);

export interface ClusterVerdict {
  readonly results: readonly ValidationResult[];
  holds(id: string): boolean;
}

/** Elsewhere the last results stay as they are. */
const EVALUATED: ReadonlySet<string> = new Set([
  'insufficient',
  'ready',
  'pending-for-input',
  'preparing-for-installation',
]);

export function evaluateCluster(core: Core, cluster: ClusterRow): ClusterVerdict {
  if (isDay2Cluster(cluster) || !EVALUATED.has(cluster.status))
    return { results: cluster.validations, holds: () => true };
  const context: Context = {
    core,
    cluster,
    hasInventories: cluster.hosts.some((host) => host.inventory !== undefined),
  };
  const ignored = ignoreList(cluster.ignoredClusterValidations);
  const disabled = cluster.ignoredClusterValidations === '' ? core.settings.DISABLED_CLUSTER_VALIDATIONS : [];
  const failing = new Set<string>();
  const results: ValidationResult[] = [];
  for (const { id, category, evaluate } of CLUSTER_VALIDATIONS) {
    const [status, message]: Outcome = disabled.includes(id)
      ? ['disabled', 'Disabled by the configuration']
      : evaluate(context);
    if (status !== 'success' && status !== 'disabled') failing.add(id);
    results.push(validationResult(id, category, status, message));
  }
  for (const result of clusterOperatorResults(cluster)) {
    if (result.status !== 'success') failing.add(result.id);
    results.push(result);
  }
  for (const id of [...failing]) if (isIgnored(ignored, id, NEVER_IGNORABLE_CLUSTER_VALIDATIONS)) failing.delete(id);
  return { results, holds: (id) => !failing.has(id) };
}
