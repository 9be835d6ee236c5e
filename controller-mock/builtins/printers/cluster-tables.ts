/** Tables of nodes, namespaces, configuration, access rights and extensions. */
import { humanDuration } from '../../api/human-duration.ts';
import type { KubeObject } from '../../api/object.ts';
import type { TablePrinter } from '../../api/resource-type.ts';
import { at, fields, items, text } from '../fields.ts';
import {
  ageColumn,
  asText,
  boolean,
  column,
  containerColumns,
  createdColumn,
  field,
  integer,
  labelsText,
  length,
  nameColumn,
  printerOf,
  selectorText,
  since,
  wide,
} from './columns.ts';

const ROLE_PREFIX = 'node-role.kubernetes.io/';

function nodeStatus(node: KubeObject): string {
  const ready = items(node, 'status', 'conditions').find((entry) => entry.type === 'Ready');
  const status = ready ? (ready.status === 'True' ? 'Ready' : 'NotReady') : 'Unknown';
  return at(node, 'spec', 'unschedulable') === true ? `${status},SchedulingDisabled` : status;
}

function nodeRoles(node: KubeObject): string {
  const roles = new Set<string>();
  for (const [key, value] of Object.entries(node.metadata.labels ?? {})) {
    if (key.startsWith(ROLE_PREFIX) && key.length > ROLE_PREFIX.length) roles.add(key.slice(ROLE_PREFIX.length));
    else if (key === 'kubernetes.io/role' && value !== '') roles.add(value);
  }
  return roles.size === 0 ? '<none>' : [...roles].sort().join(',');
}

const nodeAddress = (type: string) => (node: KubeObject) =>
  text(
    items(node, 'status', 'addresses').find((entry) => entry.type === type),
    'address',
  ) || '<none>';

function csrCondition(csr: KubeObject): string {
  const has = (type: string) => items(csr, 'status', 'conditions').some((entry) => entry.type === type);
  let status = has('Denied') ? 'Denied' : has('Approved') ? 'Approved' : 'Pending';
  if (has('Failed')) status += ',Failed';
  if (text(csr, 'status', 'certificate') !== '') status += ',Issued';
  return status;
}

const subjects = (kind: string) => (binding: KubeObject) =>
  items(binding, 'subjects')
    .filter((subject) => subject.kind === kind)
    .map((subject) =>
      kind === 'ServiceAccount' ? `${text(subject, 'namespace')}/${text(subject, 'name')}` : text(subject, 'name'),
    )
    .join(', ');

const roleBinding = printerOf(
  nameColumn,
  column('Role', (binding) => `${text(binding, 'roleRef', 'kind')}/${text(binding, 'roleRef', 'name')}`),
  ageColumn,
  wide('Users', subjects('User')),
  wide('Groups', subjects('Group')),
  wide('ServiceAccounts', subjects('ServiceAccount')),
);

/** Roles and extensions show when they were made instead of their age. */
const created = printerOf(nameColumn, createdColumn);

/** `requests` or `limits` of a quota, as `name: used/hard`. */
const quota = (limits: boolean) => (object: KubeObject) =>
  Object.entries(fields(object, 'status', 'hard'))
    .filter(([name]) => name.startsWith('limits.') === limits)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, hard]) => `${name}: ${at(object, 'status', 'used', name) ?? 0}/${hard}`)
    .join(', ');

const webhooks = printerOf(
  nameColumn,
  column('Webhooks', (object) => length(at(object, 'webhooks')), 'integer'),
  ageColumn,
);

function componentCondition(object: KubeObject): Record<string, unknown> {
  return items(object, 'conditions').find((entry) => entry.type === 'Healthy') ?? {};
}

function paramRef(binding: KubeObject): string {
  const name = text(binding, 'spec', 'paramRef', 'name');
  if (name) return `${text(binding, 'spec', 'paramRef', 'namespace') || '*'}/${name}`;
  return at(binding, 'spec', 'paramRef') === undefined
    ? '<unset>'
    : selectorText(at(binding, 'spec', 'paramRef', 'selector'));
}

/** Available services of APIService: `Local` for those the server answers itself. */
function serviceOf(apiService: KubeObject): string {
  const service = at(apiService, 'spec', 'service');
  return service ? `${text(service, 'namespace')}/${text(service, 'name')}` : 'Local';
}

function available(apiService: KubeObject): string {
  const found = items(apiService, 'status', 'conditions').find((entry) => entry.type === 'Available');
  if (!found) return 'Unknown';
  return found.status === 'True' ? 'True' : `${found.status} (${text(found, 'reason')})`;
}

/** By apiVersion and kind. */
export const CLUSTER_TABLES: Readonly<Record<string, TablePrinter>> = {
  'v1 Node': printerOf(
    nameColumn,
    column('Status', nodeStatus),
    column('Roles', nodeRoles),
    ageColumn,
    column('Version', field('status.nodeInfo.kubeletVersion')),
    wide('Internal-IP', nodeAddress('InternalIP')),
    wide('External-IP', nodeAddress('ExternalIP')),
    wide('OS-Image', field('status.nodeInfo.osImage', '<unknown>')),
    wide('Kernel-Version', field('status.nodeInfo.kernelVersion', '<unknown>')),
    wide('Container-Runtime', field('status.nodeInfo.containerRuntimeVersion', '<unknown>')),
  ),
  'v1 Namespace': printerOf(nameColumn, column('Status', field('status.phase')), ageColumn),
  'v1 ConfigMap': printerOf(
    nameColumn,
    column('Data', (object) => length(object.data) + length(object.binaryData), 'string'),
    ageColumn,
  ),
  'v1 Secret': printerOf(
    nameColumn,
    column('Type', field('type')),
    column('Data', (object) => length(object.data)),
    ageColumn,
  ),
  'v1 ServiceAccount': printerOf(
    nameColumn,
    column('Secrets', (object) => length(object.secrets)),
    ageColumn,
  ),
  'v1 ComponentStatus': printerOf(
    nameColumn,
    column('Status', (object) => {
      const { status } = componentCondition(object);
      return status === 'True' ? 'Healthy' : status === undefined ? 'Unknown' : 'Unhealthy';
    }),
    column('Message', (object) => text(componentCondition(object), 'message')),
    column('Error', (object) => text(componentCondition(object), 'error')),
  ),
  'v1 PodTemplate': printerOf(
    nameColumn,
    ...containerColumns('template').map((entry) => ({ ...entry, priority: 0 })),
    column('Pod Labels', (object) => labelsText(at(object, 'template', 'metadata', 'labels'))),
  ),
  'v1 ResourceQuota': printerOf(nameColumn, ageColumn, column('Request', quota(false)), column('Limit', quota(true))),
  'rbac.authorization.k8s.io/v1 Role': created,
  'rbac.authorization.k8s.io/v1 ClusterRole': created,
  'rbac.authorization.k8s.io/v1 RoleBinding': roleBinding,
  'rbac.authorization.k8s.io/v1 ClusterRoleBinding': roleBinding,
  'apiextensions.k8s.io/v1 CustomResourceDefinition': created,
  'apiregistration.k8s.io/v1 APIService': printerOf(
    nameColumn,
    column('Service', serviceOf),
    column('Available', available),
    ageColumn,
  ),
  'admissionregistration.k8s.io/v1 MutatingWebhookConfiguration': webhooks,
  'admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration': webhooks,
  'admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy': printerOf(
    nameColumn,
    column('Validations', (object) => length(at(object, 'spec', 'validations')), 'integer'),
    column('ParamKind', (object) => {
      const kind = at(object, 'spec', 'paramKind');
      return kind ? `${text(kind, 'apiVersion')}/${text(kind, 'kind')}` : '<unset>';
    }),
    ageColumn,
  ),
  'admissionregistration.k8s.io/v1 ValidatingAdmissionPolicyBinding': printerOf(
    nameColumn,
    column('PolicyName', field('spec.policyName')),
    column('ParamRef', paramRef),
    ageColumn,
  ),
  'certificates.k8s.io/v1 CertificateSigningRequest': printerOf(
    nameColumn,
    ageColumn,
    column('SignerName', field('spec.signerName', '<none>')),
    column('Requestor', field('spec.username')),
    column('RequestedDuration', (object) => {
      const seconds = at(object, 'spec', 'expirationSeconds');
      return typeof seconds === 'number' ? humanDuration(seconds * 1000) : '<none>';
    }),
    column('Condition', csrCondition),
  ),
  'coordination.k8s.io/v1 Lease': printerOf(nameColumn, column('Holder', field('spec.holderIdentity')), ageColumn),
  'scheduling.k8s.io/v1 PriorityClass': printerOf(
    nameColumn,
    integer('Value', 'value'),
    column('Global-Default', boolean('globalDefault'), 'boolean'),
    ageColumn,
    column('PreemptionPolicy', field('preemptionPolicy')),
  ),
  'node.k8s.io/v1 RuntimeClass': printerOf(nameColumn, column('Handler', field('handler')), ageColumn),
  'flowcontrol.apiserver.k8s.io/v1 FlowSchema': printerOf(
    nameColumn,
    column('PriorityLevel', field('spec.priorityLevelConfiguration.name')),
    asText(integer('MatchingPrecedence', 'spec.matchingPrecedence')),
    column('DistinguisherMethod', field('spec.distinguisherMethod.type', '<none>')),
    ageColumn,
    column(
      'MissingPL',
      (object) =>
        text(
          items(object, 'status', 'conditions').find((entry) => entry.type === 'Dangling'),
          'status',
        ) || '?',
    ),
  ),
  'flowcontrol.apiserver.k8s.io/v1 PriorityLevelConfiguration': printerOf(
    nameColumn,
    column('Type', field('spec.type')),
    column('NominalConcurrencyShares', field('spec.limited.nominalConcurrencyShares', '<none>')),
    column('Queues', field('spec.limited.limitResponse.queuing.queues', '<none>')),
    column('HandSize', field('spec.limited.limitResponse.queuing.handSize', '<none>')),
    column('QueueLengthLimit', field('spec.limited.limitResponse.queuing.queueLengthLimit', '<none>')),
    ageColumn,
  ),
  'metrics.k8s.io/v1beta1 NodeMetrics': printerOf(
    nameColumn,
    column('cpu', field('usage.cpu')),
    column('memory', field('usage.memory')),
    column('window', field('window')),
  ),
  'metrics.k8s.io/v1beta1 PodMetrics': printerOf(
    nameColumn,
    column('cpu', (object) => text(items(object, 'containers')[0], 'usage', 'cpu')),
    column('memory', (object) => text(items(object, 'containers')[0], 'usage', 'memory')),
    column('window', field('window')),
  ),
  'v1 Event': eventTable(),
  'events.k8s.io/v1 Event': eventTable(),
};

/** Events of both groups; each names its fields in its own way. */
function eventTable(): TablePrinter {
  const any = (event: KubeObject, ...names: string[]) =>
    names.map((name) => text(event, name)).find((value) => value) ?? '';
  const subject = (event: KubeObject) => at(event, 'involvedObject') ?? at(event, 'regarding');
  const firstSeen = (event: KubeObject, nowMs: number) =>
    since(any(event, 'firstTimestamp', 'deprecatedFirstTimestamp', 'eventTime'), nowMs);
  const lastSeen = (event: KubeObject, nowMs: number) => {
    const series = text(event, 'series', 'lastObservedTime');
    if (series) return since(series, nowMs);
    const last = any(event, 'lastTimestamp', 'deprecatedLastTimestamp');
    return last ? since(last, nowMs) : firstSeen(event, nowMs);
  };
  return printerOf(
    column('Last Seen', lastSeen),
    column('Type', field('type')),
    column('Reason', field('reason')),
    column('Object', (event) => {
      const kind = text(subject(event), 'kind').toLowerCase();
      const name = text(subject(event), 'name');
      return name ? `${kind}/${name}` : kind;
    }),
    wide('Subobject', (event) => text(subject(event), 'fieldPath')),
    wide('Source', (event) => {
      const source = fields(at(event, 'source') ?? at(event, 'deprecatedSource'));
      const component = text(source, 'component') || any(event, 'reportingComponent', 'reportingController');
      const instance = text(source, 'host') || text(event, 'reportingInstance');
      return instance ? `${component}, ${instance}` : component;
    }),
    column('Message', (event) => any(event, 'message', 'note').trim()),
    wide('First Seen', firstSeen),
    wide('Count', (event) => {
      const count = at(event, 'series', 'count') ?? at(event, 'count') ?? at(event, 'deprecatedCount');
      return typeof count === 'number' && count > 0 ? count : 1;
    }),
    { ...wide('Name', (event) => event.metadata.name ?? ''), format: 'name' },
  );
}
