/**
 * Operators that a cluster can be created with, what they need, and how their validations come out.
 * Upstream: assisted-service, internal/operators/builder.go and manager.go, with a package for each operator beside them. Texts are
 * upstream's: assisted-service, internal/operators/manager.go and the operators' own.
 */
import { type OperatorNeed as Need, OPERATOR_NEEDS, type OperatorNeeds } from '../../model/protocol/operators.ts';
import { isDay2Cluster, isSingleNode } from '../cluster/traits.ts';
import type { ClusterRow, HostRow, OperatorRow } from '../core/rows.ts';
import { effectiveRole } from '../host/traits.ts';
import type { ValidationResult } from '../validations/results.ts';
import {
  aiCluster,
  aiGpus,
  aiHost,
  type ClusterCheck,
  fromVersion,
  type HostCheck,
  lvmCluster,
  lvmHost,
  MET,
  mastersAreSchedulable,
  type OperatorOutcome,
  odfCluster,
  odfHost,
  resources,
  secureBootOff,
  someGpu,
  virtualization,
} from './requirements.ts';

interface OperatorDefinition extends OperatorNeeds {
  /** Prefix of the validation id. */
  readonly validation: string;
  readonly namespace: string;
  readonly subscription: string;
  /** Minutes that its installation may take; 30 unless given. */
  readonly minutes?: number;
  readonly checkHost?: HostCheck;
  readonly checkCluster?: ClusterCheck;
  /** A second validation of the cluster, shown only with the operator. */
  readonly alsoCluster?: { readonly validation: string; readonly check: ClusterCheck };
}

const IN_HOST = 'Missing Inventory in the host';
const IN_HOSTS = 'Missing Inventory in some of the hosts';
const NMSTATE = 'Kubernetes NMState Operator';
const MTV = 'OpenShift Migration Toolkit for Virtualization';
const SANDBOXED = 'OpenShift sandboxed containers';

/** What is theirs alone; the rest is what they need. */
const DEFINITIONS: Readonly<Record<string, OperatorDefinition>> = {
  'amd-gpu': {
    validation: 'amd-gpu',
    namespace: 'openshift-amd-gpu',
    subscription: 'amd-gpu-operator',
    checkHost: secureBootOff('AMD GPU drivers', '1002'),
    checkCluster: someGpu('AMD', '1002'),
  },
  authorino: { validation: 'authorino', namespace: 'openshift-operators', subscription: 'authorino-operator' },
  'cluster-observability': {
    validation: 'cluster-observability',
    namespace: 'openshift-cluster-observability-operator',
    subscription: 'cluster-observability-operator',
  },
  cnv: {
    validation: 'cnv',
    namespace: 'openshift-cnv',
    subscription: 'hco-operatorhub',
    minutes: 60,
    checkHost: virtualization,
  },
  'fence-agents-remediation': {
    validation: 'fence-agents-remediation',
    namespace: 'openshift-workload-availability',
    subscription: 'fence-agents-remediation',
  },
  kmm: {
    validation: 'kmm',
    namespace: 'openshift-kmm',
    subscription: 'kernel-module-management',
    checkHost: secureBootOff('modules'),
  },
  'kube-descheduler': {
    validation: 'kube-descheduler',
    namespace: 'openshift-kube-descheduler-operator',
    subscription: 'cluster-kube-descheduler-operator',
  },
  loki: {
    validation: 'loki',
    namespace: 'openshift-operators-redhat',
    subscription: 'loki-operator',
    checkCluster: fromVersion('Loki Operator', '4.17.0', 'OpenShift'),
  },
  lso: { validation: 'lso', namespace: 'openshift-local-storage', subscription: 'local-storage-operator', minutes: 70 },
  lvm: {
    validation: 'lvm',
    namespace: 'openshift-storage',
    subscription: 'lvms-operator',
    checkHost: lvmHost,
    checkCluster: lvmCluster,
  },
  mce: {
    validation: 'mce',
    namespace: 'multicluster-engine',
    subscription: 'multicluster-engine',
    minutes: 60,
    checkHost: resources('multicluster engine', IN_HOST),
    checkCluster: fromVersion('multicluster engine', '4.10.0'),
  },
  metallb: { validation: 'metallb', namespace: 'metallb-system', subscription: 'metallb-operator' },
  mtv: {
    validation: 'mtv',
    namespace: 'openshift-mtv',
    subscription: 'mtv-operator',
    minutes: 60,
    checkHost: resources(MTV, IN_HOSTS),
    checkCluster: fromVersion(MTV, '4.14.0'),
  },
  nmstate: {
    validation: 'nmstate',
    namespace: 'openshift-nmstate',
    subscription: 'kubernetes-nmstate-operator',
    minutes: 60,
    checkCluster: fromVersion(NMSTATE, '4.12.0'),
  },
  'node-feature-discovery': { validation: 'node-feature-discovery', namespace: 'openshift-nfd', subscription: 'nfd' },
  'node-healthcheck': {
    validation: 'node-healthcheck',
    namespace: 'openshift-workload-availability',
    subscription: 'node-healthcheck-operator',
  },
  'node-maintenance': {
    validation: 'node-maintenance',
    namespace: 'openshift-workload-maintenance',
    subscription: 'node-maintenance-operator',
  },
  numaresources: {
    validation: 'numa-resources',
    namespace: 'openshift-numaresources',
    subscription: 'numaresources-operator',
  },
  'nvidia-gpu': {
    validation: 'nvidia-gpu',
    namespace: 'nvidia-gpu-operator',
    subscription: 'gpu-operator-certified',
    checkHost: secureBootOff('NVIDIA GPU drivers', '10de'),
    checkCluster: someGpu('NVIDIA', '10de'),
  },
  oadp: { validation: 'oadp', namespace: 'openshift-adp', subscription: 'redhat-oadp-operator' },
  odf: {
    validation: 'odf',
    namespace: 'openshift-storage',
    subscription: 'odf-operator',
    checkHost: odfHost,
    checkCluster: odfCluster,
  },
  'openshift-ai': {
    validation: 'openshift-ai',
    namespace: 'redhat-ods-operator',
    subscription: 'rhods-operator',
    checkHost: aiHost,
    checkCluster: aiCluster,
    alsoCluster: { validation: 'openshift-ai-gpu', check: aiGpus },
  },
  'openshift-logging': {
    validation: 'openshift-logging',
    namespace: 'openshift-logging',
    subscription: 'cluster-logging',
    checkCluster: fromVersion('OpenShift Logging Operator', '4.17.0', 'OpenShift'),
  },
  osc: {
    validation: 'osc',
    namespace: 'openshift-sandboxed-containers-operator',
    subscription: 'sandboxed-containers-operator',
    minutes: 60,
    checkHost: resources(SANDBOXED, IN_HOSTS),
    checkCluster: fromVersion(SANDBOXED, '4.10.0'),
  },
  pipelines: {
    validation: 'pipelines',
    namespace: 'openshift-operators',
    subscription: 'openshift-pipelines-operator-rh',
  },
  'self-node-remediation': {
    validation: 'self-node-remediation',
    namespace: 'openshift-workload-availability',
    subscription: 'self-node-remediation',
  },
  serverless: { validation: 'serverless', namespace: 'openshift-serverless', subscription: 'serverless-operator' },
  servicemesh: { validation: 'servicemesh', namespace: 'openshift-operators', subscription: 'servicemeshoperator' },
};

/** By name, in the order in which the service lists them. */
export const OPERATORS: Readonly<Record<string, OperatorDefinition>> = Object.fromEntries(
  Object.entries(DEFINITIONS).map(([name, definition]) => [name, { ...OPERATOR_NEEDS[name], ...definition }]),
);

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
      message: `${name} is disabled`,
    }),
  ]),
);
const NONE_SELECTED: readonly ValidationResult[] = [...NOT_SELECTED.values()];

function selected(cluster: ClusterRow): OperatorRow[] {
  return cluster.operators.filter((operator) => operator.type === 'olm');
}

const NO_NEED: Need = { cpu: 0, ramMib: 0 };

/** Upstream: internal/operators/ of each, GetHostRequirements. */
function needOf({ master, worker, single, avoidsMasters }: OperatorNeeds, role: string, cluster: ClusterRow): Need {
  if (single && isSingleNode(cluster)) return single;
  if (role === 'arbiter') return NO_NEED;
  if (role !== 'master') return worker ?? NO_NEED;
  return avoidsMasters && !mastersAreSchedulable(cluster) ? NO_NEED : (master ?? NO_NEED);
}

/** What the selected operators add to a host's needs. */
export function operatorNeeds(cluster: ClusterRow, role: string): Need {
  const sum = { cpu: 0, ramMib: 0 };
  for (const operator of selected(cluster)) {
    const definition = OPERATORS[operator.name];
    if (!definition) continue;
    const need = needOf(definition, role, cluster);
    sum.cpu += need.cpu;
    sum.ramMib += need.ramMib;
  }
  return sum;
}

function results(
  cluster: ClusterRow,
  check: (definition: OperatorDefinition) => OperatorOutcome | undefined,
): ValidationResult[] {
  const chosen = new Set(selected(cluster).map((operator) => operator.name));
  return Object.entries(OPERATORS).map(([name, definition]) => {
    if (!chosen.has(name)) return NOT_SELECTED.get(name) as ValidationResult;
    if (isDay2Cluster(cluster)) {
      const message = `${name} validation is disabled when adding hosts to an existing cluster.`;
      return resultOf(definition.validation, ['success', message]);
    }
    return resultOf(definition.validation, check(definition) ?? MET);
  });
}

function resultOf(validation: string, [status, message]: OperatorOutcome): ValidationResult {
  return { id: `${validation}-requirements-satisfied`, category: 'operators', status, message };
}

/** @param candidate role for which the host is looked at; its own unless given. */
export function hostOperatorResults(
  host: HostRow,
  cluster: ClusterRow,
  candidate?: string,
): readonly ValidationResult[] {
  if (selected(cluster).length === 0) return NONE_SELECTED;
  const role = candidate ?? effectiveRole(host);
  const given = candidate ?? host.role;
  return results(cluster, (definition) =>
    definition.checkHost?.({ host, cluster, role, given, need: needOf(definition, role, cluster) }),
  );
}

export function clusterOperatorResults(cluster: ClusterRow): readonly ValidationResult[] {
  const chosen = selected(cluster);
  if (chosen.length === 0) return NONE_SELECTED;
  const all = results(cluster, (definition) => definition.checkCluster?.(cluster));
  for (const { name } of chosen) {
    const also = OPERATORS[name]?.alsoCluster;
    if (also) all.push(resultOf(also.validation, also.check(cluster)));
  }
  return all.sort((a, b) => (a.id < b.id ? -1 : 1));
}
