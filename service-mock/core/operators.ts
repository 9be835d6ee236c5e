/**
 * Operators that a cluster can be created with, what they need, and how their validations come out.
 * Source: Service facts 1.6, 4.2 and 4.4; resource additions are those of the operators' published minima.
 */
import { OperationError, type JsonObject } from '../service-api.ts';
import { effectiveRole, isSingleNode, type ClusterRow, type HostRow, type OperatorRow } from './store.ts';
import type { ValidationResult } from './validation.ts';

interface Need {
  readonly cpu: number;
  readonly ramMib: number;
}
interface OperatorDefinition {
  /** Prefix of the validation id. */
  readonly validation: string;
  readonly namespace: string;
  readonly subscription: string;
  readonly master?: Need;
  readonly worker?: Need;
  readonly needs?: readonly string[];
  /** Checks beyond resources; a text says what is missing. */
  readonly checkHost?: (host: HostRow, cluster: ClusterRow) => string | undefined;
  readonly checkCluster?: (cluster: ClusterRow) => string | undefined;
}

const virtualization = (host: HostRow) =>
  host.inventory?.virtualization ? undefined : 'The CPU of the host has no hardware virtualization';
const spareDisk = (host: HostRow) =>
  (host.inventory?.disks.filter((disk) => disk.eligible).length ?? 0) > 1
    ? undefined
    : 'The host needs a disk beside the installation disk';
const threeHosts = (cluster: ClusterRow) => (cluster.hosts.length >= 3 ? undefined : 'At least three hosts are needed');
const threeWorkers = (cluster: ClusterRow) =>
  cluster.hosts.filter((host) => effectiveRole(host) === 'worker').length >= 2 ? undefined : 'At least two workers are needed';

/** By name, in the order in which the service lists them. */
export const OPERATORS: Readonly<Record<string, OperatorDefinition>> = {
  'amd-gpu': { validation: 'amd-gpu', namespace: 'kube-amd-gpu', subscription: 'amd-gpu-operator', needs: ['kmm', 'node-feature-discovery'] },
  authorino: { validation: 'authorino', namespace: 'openshift-operators', subscription: 'authorino-operator' },
  'cluster-observability': { validation: 'cluster-observability', namespace: 'openshift-operators', subscription: 'cluster-observability-operator' },
  cnv: {
    validation: 'cnv',
    namespace: 'openshift-cnv',
    subscription: 'hco-operatorhub',
    master: { cpu: 4, ramMib: 150 },
    worker: { cpu: 2, ramMib: 360 },
    checkHost: virtualization,
  },
  'fence-agents-remediation': { validation: 'fence-agents-remediation', namespace: 'openshift-workload-availability', subscription: 'fence-agents-remediation' },
  kmm: { validation: 'kmm', namespace: 'openshift-kmm', subscription: 'kernel-module-management' },
  'kube-descheduler': { validation: 'kube-descheduler', namespace: 'openshift-kube-descheduler-operator', subscription: 'cluster-kube-descheduler-operator' },
  loki: { validation: 'loki', namespace: 'openshift-operators-redhat', subscription: 'loki-operator' },
  lso: { validation: 'lso', namespace: 'openshift-local-storage', subscription: 'local-storage-operator' },
  lvm: {
    validation: 'lvm',
    namespace: 'openshift-storage',
    subscription: 'local-storage-operator',
    master: { cpu: 1, ramMib: 100 },
    worker: { cpu: 1, ramMib: 100 },
    checkHost: spareDisk,
  },
  mce: { validation: 'mce', namespace: 'multicluster-engine', subscription: 'multicluster-engine', master: { cpu: 4, ramMib: 16384 }, worker: { cpu: 4, ramMib: 16384 } },
  metallb: { validation: 'metallb', namespace: 'metallb-system', subscription: 'metallb-operator' },
  mtv: { validation: 'mtv', namespace: 'openshift-mtv', subscription: 'mtv-operator', master: { cpu: 1, ramMib: 1024 }, worker: { cpu: 1, ramMib: 1024 }, needs: ['cnv'] },
  nmstate: { validation: 'nmstate', namespace: 'openshift-nmstate', subscription: 'kubernetes-nmstate-operator' },
  'node-feature-discovery': { validation: 'node-feature-discovery', namespace: 'openshift-nfd', subscription: 'nfd' },
  'node-healthcheck': { validation: 'node-healthcheck', namespace: 'openshift-workload-availability', subscription: 'node-healthcheck-operator', needs: ['self-node-remediation'] },
  'node-maintenance': { validation: 'node-maintenance', namespace: 'openshift-workload-availability', subscription: 'node-maintenance-operator' },
  'numa-resources': { validation: 'numa-resources', namespace: 'openshift-numaresources', subscription: 'numaresources-operator' },
  'nvidia-gpu': { validation: 'nvidia-gpu', namespace: 'nvidia-gpu-operator', subscription: 'gpu-operator-certified', needs: ['node-feature-discovery'] },
  oadp: { validation: 'oadp', namespace: 'openshift-adp', subscription: 'redhat-oadp-operator' },
  odf: {
    validation: 'odf',
    namespace: 'openshift-storage',
    subscription: 'odf-operator',
    master: { cpu: 6, ramMib: 19456 },
    worker: { cpu: 8, ramMib: 19456 },
    needs: ['lso'],
    checkHost: spareDisk,
    checkCluster: threeHosts,
  },
  'openshift-ai': { validation: 'openshift-ai', namespace: 'redhat-ods-operator', subscription: 'rhods-operator', worker: { cpu: 8, ramMib: 32768 }, needs: ['odf', 'pipelines', 'servicemesh', 'serverless', 'authorino'], checkCluster: threeWorkers },
  'openshift-logging': { validation: 'openshift-logging', namespace: 'openshift-logging', subscription: 'cluster-logging', needs: ['loki'] },
  osc: { validation: 'osc', namespace: 'openshift-sandboxed-containers-operator', subscription: 'sandboxed-containers-operator', master: { cpu: 1, ramMib: 1024 }, worker: { cpu: 1, ramMib: 1024 } },
  pipelines: { validation: 'pipelines', namespace: 'openshift-operators', subscription: 'openshift-pipelines-operator-rh' },
  'self-node-remediation': { validation: 'self-node-remediation', namespace: 'openshift-workload-availability', subscription: 'self-node-remediation' },
  serverless: { validation: 'serverless', namespace: 'openshift-serverless', subscription: 'serverless-operator' },
  servicemesh: { validation: 'servicemesh', namespace: 'openshift-operators', subscription: 'servicemeshoperator' },
};

export const OPERATOR_VALIDATION_IDS: readonly string[] = Object.values(OPERATORS).map(
  (operator) => `${operator.validation}-requirements-satisfied`,
);

const NOT_SELECTED: ReadonlyMap<string, ValidationResult> = new Map(
  Object.entries(OPERATORS).map(([name, operator]) => [
    name,
    Object.freeze({
      id: `${operator.validation}-requirements-satisfied`,
      category: 'operators',
      status: 'success' as const,
      message: `${name} is not selected`,
    }),
  ]),
);
const NONE_SELECTED: readonly ValidationResult[] = [...NOT_SELECTED.values()];

function selected(cluster: ClusterRow): OperatorRow[] {
  return cluster.operators.filter((operator) => operator.type === 'olm');
}

/** What the selected operators add to a host's needs. */
export function operatorNeeds(cluster: ClusterRow, role: string): Need {
  const sum = { cpu: 0, ramMib: 0 };
  for (const operator of selected(cluster)) {
    const definition = OPERATORS[operator.name];
    const need = role === 'master' || role === 'arbiter' ? definition?.master : definition?.worker;
    sum.cpu += need?.cpu ?? 0;
    sum.ramMib += need?.ramMib ?? 0;
  }
  return sum;
}

function results(cluster: ClusterRow, check: (definition: OperatorDefinition) => string | undefined | 'pending'): readonly ValidationResult[] {
  const chosen = new Set(selected(cluster).map((operator) => operator.name));
  if (chosen.size === 0) return NONE_SELECTED;
  return Object.entries(OPERATORS).map(([name, definition]) => {
    if (!chosen.has(name)) return NOT_SELECTED.get(name) as ValidationResult;
    const problem = check(definition);
    return {
      id: `${definition.validation}-requirements-satisfied`,
      category: 'operators',
      status: problem === undefined ? 'success' : problem === 'pending' ? 'pending' : 'failure',
      message: problem === undefined ? `${name} requirements are met` : problem === 'pending' ? 'The inventory is missing' : problem,
    };
  });
}

export function hostOperatorResults(host: HostRow, cluster: ClusterRow): readonly ValidationResult[] {
  return results(cluster, (definition) => (host.inventory ? definition.checkHost?.(host, cluster) : 'pending'));
}

export function clusterOperatorResults(cluster: ClusterRow): readonly ValidationResult[] {
  return results(cluster, (definition) => definition.checkCluster?.(cluster));
}

function builtin(name: string): OperatorRow {
  return {
    name,
    type: 'builtin',
    namespace: '',
    subscriptionName: '',
    timeoutSeconds: 3600,
    properties: '',
    dependencyOnly: false,
    status: '',
    statusInfo: '',
    version: '',
    statusUpdatedAt: 0,
  };
}

/** Operators that are always watched. */
export function builtinOperators(checkClusterVersion: boolean): OperatorRow[] {
  return checkClusterVersion ? [builtin('console'), builtin('cvo')] : [builtin('console')];
}

/**
 * Rows of the wanted operators and of what they need.
 * @throws OperationError 400 for an operator that is unknown or cannot go with a single node.
 */
export function chosenOperators(wanted: readonly JsonObject[], cluster: ClusterRow): OperatorRow[] {
  const rows = new Map<string, OperatorRow>();
  const add = (name: string, properties: string, dependency: boolean) => {
    const definition = OPERATORS[name];
    if (!definition) {
      throw new OperationError(400, `Operator ${name} is unknown. Known are ${Object.keys(OPERATORS).join(', ')}`);
    }
    if (name === 'odf' && isSingleNode(cluster)) {
      throw new OperationError(400, 'Operator odf needs at least three hosts, a single-node cluster cannot have it');
    }
    const known = rows.get(name);
    if (known) {
      if (!dependency) known.dependencyOnly = false;
      return;
    }
    rows.set(name, {
      ...builtin(name),
      type: 'olm',
      namespace: definition.namespace,
      subscriptionName: definition.subscription,
      timeoutSeconds: 70 * 60,
      properties,
      dependencyOnly: dependency,
    });
    for (const needed of definition.needs ?? []) add(needed, '', true);
    if (name === 'cnv') add(isSingleNode(cluster) ? 'lvm' : 'lso', '', true);
  };
  for (const item of wanted) {
    const properties = item['properties'];
    add(String(item['name'] ?? ''), typeof properties === 'string' ? properties : '', false);
  }
  return [...rows.values()];
}
