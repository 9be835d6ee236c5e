/**
 * Cluster validations as data. Messages are upstream's, people's scripts match on
 * them: assisted-service, internal/cluster/validator.go.
 */

import type { Core } from '../../core/core.ts';
import type { ClusterRow } from '../../core/rows.ts';
import { countRoles } from '../../host/roles.ts';
import { clusterOperatorResults, OPERATOR_VALIDATION_IDS } from '../../operators/operators.ts';
import { DISABLED, ignoreList, isIgnored, type ValidationResult, validationResult } from '../../validations/results.ts';
import { isDay2Cluster, isFencingCluster, isSingleNode } from '../traits.ts';
import {
  type ClusterContext,
  type ClusterOutcome,
  calculatedCidr,
  customManifests,
  machineCidrDefined,
  networkPrefix,
  networkType,
  noOverlaps,
  passIf,
  sameFamilies,
  vipsDefined,
  vipsValid,
} from './networks.ts';

export interface ClusterValidation {
  readonly id: string;
  readonly category: 'network' | 'hosts-data' | 'configuration';
  readonly evaluate: (context: ClusterContext) => ClusterOutcome;
}

const READY_HOST_STATUSES: ReadonlySet<string> = new Set([
  'known',
  'preparing-for-installation',
  'preparing-successful',
]);

export const NEVER_IGNORABLE_CLUSTER_VALIDATIONS: ReadonlySet<string> = new Set([
  'api-vips-defined',
  'ingress-vips-defined',
  'all-hosts-are-ready-to-install',
  'sufficient-masters-count',
  'pull-secret-set',
]);

function clocks({ cluster, core }: ClusterContext): ClusterOutcome {
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
  return passIf(
    minutes <= limit,
    'No ntp problems found',
    `Hosts' clocks are not synchronized (there's more than a ${limit} minutes gap between clocks), please configure an NTP server via DHCP or set clocks manually.`,
  );
}

function masters({ core, cluster }: ClusterContext): ClusterOutcome {
  const count = countRoles(core, cluster);
  const right = 'The cluster has the exact amount of dedicated control plane nodes.';
  if (isSingleNode(cluster)) {
    return passIf(
      count.masters === 1 && count.workers === 0,
      right,
      'Single-node clusters must have a single control plane node and no workers.',
    );
  }
  const arbiterMissing = cluster.controlPlaneCount === 2 && count.arbiters === 0 && !isFencingCluster(cluster);
  const arbiter = arbiterMissing
    ? ' and at least 1 arbiter node or the control plane nodes must have fencing credentials'
    : '';
  return passIf(
    count.masters === cluster.controlPlaneCount && !arbiterMissing,
    right,
    `The cluster must have exactly ${cluster.controlPlaneCount} dedicated control plane nodes${arbiter}. Add or remove hosts, or change their roles configurations to meet the requirement.`,
  );
}

/** Every cluster validation, sorted by id as the service shows them. */
const CLUSTER_VALIDATIONS: readonly ClusterValidation[] = [
  {
    id: 'all-hosts-are-ready-to-install',
    category: 'hosts-data',
    evaluate: ({ cluster }) =>
      passIf(
        cluster.hosts.every((host) => READY_HOST_STATUSES.has(host.status)),
        'All hosts in the cluster are ready to install.',
        'The cluster has hosts that are not ready to install.',
      ),
  },
  { id: 'api-vips-defined', category: 'network', evaluate: vipsDefined('API', (cluster) => cluster.apiVips) },
  { id: 'api-vips-valid', category: 'network', evaluate: vipsValid('API', (cluster) => cluster.apiVips) },
  {
    id: 'cluster-cidr-defined',
    category: 'network',
    evaluate: ({ cluster }) =>
      passIf(
        cluster.clusterNetworks.length > 0,
        'The Cluster Network CIDR is defined.',
        'The Cluster Network CIDR is undefined.',
      ),
  },
  {
    id: 'custom-manifests-requirements-satisfied',
    category: 'network',
    evaluate: customManifests,
  },
  {
    id: 'dns-domain-defined',
    category: 'network',
    evaluate: ({ cluster }) =>
      passIf(
        cluster.baseDnsDomain !== '',
        'The base domain is defined.',
        'The base domain is undefined and must be provided.',
      ),
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
        'Platform requirements satisfied',
        'The custom manifest required for Oracle Cloud Infrastructure platform integration has not been added. Add a custom manifest to continue.',
      );
    },
  },
  {
    id: 'pull-secret-set',
    category: 'configuration',
    evaluate: ({ cluster }) =>
      passIf(cluster.pullSecret !== '', 'The pull secret is set.', 'The pull secret is not set.'),
  },
  {
    id: 'service-cidr-defined',
    category: 'network',
    evaluate: ({ cluster }) =>
      passIf(
        cluster.serviceNetworks.length > 0,
        'The Service Network CIDR is defined.',
        'The Service Network CIDR is undefined.',
      ),
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
  const context: ClusterContext = {
    core,
    cluster,
    hasInventories: cluster.hosts.some((host) => host.inventory !== undefined),
  };
  const ignored = ignoreList(cluster.ignoredClusterValidations);
  const disabled = cluster.ignoredClusterValidations === '' ? core.settings.DISABLED_CLUSTER_VALIDATIONS : [];
  const failing = new Set<string>();
  const results: ValidationResult[] = [];
  for (const { id, category, evaluate } of CLUSTER_VALIDATIONS) {
    const [status, message]: ClusterOutcome = disabled.includes(id) ? DISABLED : evaluate(context);
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
