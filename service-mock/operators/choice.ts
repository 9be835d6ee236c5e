/**
 * Operators that a cluster is given: those that are always watched, those that are chosen, one by one or as bundles, and what they need.
 * Upstream: assisted-service, internal/bminventory/inventory.go, expandAndMergeOperators and getOLMOperators, and internal/operators/manager.go.
 */
import { isSingleNode } from '../cluster/traits.ts';
import type { ClusterRow, OperatorRow } from '../core/rows.ts';
import { textField } from '../core/wire.ts';
import { featureRunsOn } from '../features/feature-checks.ts';
import { type JsonObject, OperationError } from '../service-api.ts';
import { compareBase } from '../versions/versions.ts';
import { OPERATORS } from './operators.ts';

/** What a request chooses; undefined for a list that it does not have. */
export interface OperatorChoice {
  /** Those that are there anyway, which may be chosen too. */
  readonly watched: readonly OperatorRow[];
  readonly bundles: readonly JsonObject[] | undefined;
  readonly operators: readonly JsonObject[] | undefined;
}

/** Operators of a bundle, and those that can be added to it. Upstream: GetBundleLabels and GetOptionalBundleLabels of each operator. */
const BUNDLES: Readonly<Record<string, { operators: readonly string[]; optional: readonly string[] }>> = {
  virtualization: {
    operators: [
      'cluster-observability',
      'cnv',
      'fence-agents-remediation',
      'kube-descheduler',
      'loki',
      'metallb',
      'mtv',
      'nmstate',
      'node-healthcheck',
      'node-maintenance',
      'numaresources',
      'oadp',
      'openshift-logging',
    ],
    optional: [],
  },
  'openshift-ai': {
    operators: ['authorino', 'odf', 'openshift-ai', 'pipelines', 'serverless', 'servicemesh'],
    optional: ['amd-gpu', 'nvidia-gpu'],
  },
};

/** Names that texts of the service have for operators, where they are not the names of features. Upstream: GetFullName of each operator. */
const FULL_NAMES: Readonly<Record<string, string>> = {
  'amd-gpu': 'AMD GPU',
  authorino: 'Authorino',
  cnv: 'OpenShift Virtualization',
  lso: 'Local Storage Operator',
  lvm: 'Logical Volume Management',
  mtv: 'OpenShift Migration Toolkit for Virtualization',
  nmstate: 'Kubernetes NMState Operator',
  'node-feature-discovery': 'Node Feature Discovery',
  'nvidia-gpu': 'NVIDIA GPU',
  odf: 'OpenShift Data Foundation',
  'openshift-ai': 'OpenShift AI',
  osc: 'OpenShift sandboxed containers',
};

const BUILTIN: readonly string[] = ['console', 'cvo'];

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
  return checkClusterVersion ? BUILTIN.map(builtin) : [builtin('console')];
}

/**
 * Rows of what a request chooses and of what that needs, chosen ones first.
 * @param architectures that it has to run on.
 * @throws OperationError 400 for an operator or bundle that is unknown, or for some that do not go together.
 */
export function chosenOperators(
  choice: OperatorChoice,
  cluster: ClusterRow,
  architectures: readonly string[],
): OperatorRow[] {
  const chosen = expanded(choice);
  const rows = new Map<string, OperatorRow>();
  for (const [given, properties] of chosen) {
    const name = given === 'ocs' ? 'odf' : given;
    const isKnown = Object.hasOwn(OPERATORS, name);
    if (!isKnown && !choice.watched.some((row) => row.name === name))
      throw new OperationError(400, `operator ${name} isn't supported`);
    if (isKnown) rows.set(name, rowOf(name, properties, false));
  }
  for (const name of neededBy([...rows.keys()], cluster)) rows.set(name, rowOf(name, '', true));
  checkTogether(rows, cluster);
  for (const architecture of architectures) checkArchitecture(rows, cluster, architecture);
  return [...rows.values()];
}

/** Names and properties, bundles first. */
function expanded({ bundles = [], operators = [] }: OperatorChoice): ReadonlyMap<string, string> {
  const chosen = new Map<string, string>();
  for (const bundle of bundles) for (const name of operatorsOf(bundle)) chosen.set(name, '');
  for (const operator of operators) {
    const name = textField(operator, 'name') ?? '';
    if (!chosen.has(name)) chosen.set(name, textField(operator, 'properties') ?? '');
  }
  return chosen;
}

function operatorsOf(bundle: JsonObject): string[] {
  const id = textField(bundle, 'id') ?? '';
  const known = Object.hasOwn(BUNDLES, id) ? BUNDLES[id] : undefined;
  if (!known) throw new OperationError(400, `bundle '${id}' is not supported`);
  const optional = (bundle.optional_operators as string[] | undefined) ?? [];
  const stray = optional.find((name) => !known.optional.includes(name));
  if (stray !== undefined) {
    throw new OperationError(400, `operator '${stray}' is not a valid optional operator for bundle '${id}'`);
  }
  return [...known.operators, ...optional];
}

function rowOf(name: string, properties: string, dependencyOnly: boolean): OperatorRow {
  const { namespace, subscription, minutes = 30 } = OPERATORS[name]!;
  return {
    ...builtin(name),
    type: 'olm',
    namespace,
    subscriptionName: subscription,
    timeoutSeconds: minutes * 60,
    properties,
    dependencyOnly,
  };
}

/** What operators need that is not among them. */
function neededBy(names: readonly string[], cluster: ClusterRow): Set<string> {
  const needed = new Set<string>();
  const open = [...names];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    for (const need of needsOf(name, cluster)) {
      if (names.includes(need) || needed.has(need)) continue;
      needed.add(need);
      open.push(need);
    }
  }
  return needed;
}

function needsOf(name: string, cluster: ClusterRow): readonly string[] {
  if (name === 'openshift-ai' && isSingleNode(cluster)) return ['lvm'];
  return OPERATORS[name]!.needs ?? [];
}

const FIRST_VERSION_WITH_BOTH = '4.12';
const FIRST_VERSION_WITH_MULTI_NODE = '4.15';

/** Upstream: EnsureLVMAndCNVDoNotClash. */
function checkTogether(rows: ReadonlyMap<string, OperatorRow>, cluster: ClusterRow): void {
  const { openshiftVersion: version } = cluster;
  if (!rows.has('lvm') || !rows.has('cnv') || compareBase(version, FIRST_VERSION_WITH_MULTI_NODE) >= 0) return;
  if (compareBase(version, FIRST_VERSION_WITH_BOTH) < 0) {
    throw new OperationError(
      400,
      'Currently, you can not install Logical Volume Manager operator at the same time as Virtualization operator.',
    );
  }
  if (isSingleNode(cluster)) return;
  throw new OperationError(
    400,
    `Logical Volume Manager is only supported for highly available openshift with version ${FIRST_VERSION_WITH_MULTI_NODE}.0 or above`,
  );
}

/** Upstream: EnsureOperatorArchCapability. */
function checkArchitecture(rows: ReadonlyMap<string, OperatorRow>, cluster: ClusterRow, architecture: string): void {
  const lacking = [...rows.keys()].filter((name) => !featureRunsOn(name, cluster.openshiftVersion, architecture));
  if (lacking.length === 0) return;
  const names = lacking
    .map((name) => FULL_NAMES[name] ?? name)
    .sort()
    .join(', ');
  throw new OperationError(
    400,
    `${names} is not available when ${cluster.cpuArchitecture} CPU architecture is selected`,
  );
}
