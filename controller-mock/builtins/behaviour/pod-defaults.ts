/** Defaults of pods and pod templates. */
import { isPlainObject } from '../../api/json.ts';
import { forbidden } from '../../api/status.ts';
import { at, ensure, type Fields, fields, fill, items, number, text } from '../fields.ts';
import { CONTAINER_LISTS } from '../validation/pod-facts.ts';

/** Octal 0644. */
const FILE_MODE = 420;
const TOKEN_SECONDS = 3600;

const VOLUME_SOURCE_MODES = ['secret', 'configMap', 'downwardAPI', 'projected'] as const;

function pullPolicy(image: string): string {
  const name = image.slice(image.lastIndexOf('/') + 1);
  if (name.includes('@')) return 'IfNotPresent';
  const tag = name.includes(':') ? name.slice(name.indexOf(':') + 1) : 'latest';
  return tag === 'latest' ? 'Always' : 'IfNotPresent';
}

function fillHttpGet(handler: unknown): void {
  const get = at(handler, 'httpGet');
  if (isPlainObject(get)) fill(get, { path: '/', scheme: 'HTTP' });
}

function fillFieldRef(source: unknown): void {
  const reference = at(source, 'fieldRef');
  if (isPlainObject(reference)) fill(reference, { apiVersion: 'v1' });
}

function fillContainer(container: Fields): void {
  fill(container, {
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: pullPolicy(text(container, 'image')),
    resources: {},
  });
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe']) {
    const probe = container[name];
    if (!isPlainObject(probe)) continue;
    fill(probe, { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 });
    fillHttpGet(probe);
    const grpc = probe.grpc;
    if (isPlainObject(grpc)) fill(grpc, { service: '' });
  }
  for (const hook of ['postStart', 'preStop']) fillHttpGet(at(container, 'lifecycle', hook));
  for (const entry of items(container, 'env')) fillFieldRef(entry.valueFrom);
  for (const port of items(container, 'ports')) fill(port, { protocol: 'TCP' });
}

function fillVolume(volume: Fields): void {
  if (Object.keys(volume).every((key) => key === 'name')) volume.emptyDir = {};
  for (const source of VOLUME_SOURCE_MODES) {
    const found = volume[source];
    if (isPlainObject(found)) fill(found, { defaultMode: FILE_MODE });
  }
  const hostPath = volume.hostPath;
  if (isPlainObject(hostPath)) fill(hostPath, { type: '' });
  for (const entry of items(volume, 'downwardAPI', 'items')) fillFieldRef(entry);
  for (const source of items(volume, 'projected', 'sources')) {
    const token = source.serviceAccountToken;
    if (isPlainObject(token)) fill(token, { expirationSeconds: TOKEN_SECONDS });
    for (const entry of items(source, 'downwardAPI', 'items')) fillFieldRef(entry);
  }
  const claim = at(volume, 'ephemeral', 'volumeClaimTemplate', 'spec');
  if (isPlainObject(claim)) fill(claim, { volumeMode: 'Filesystem' });
}

/** Defaults that pods and templates share. */
function fillPodSpec(spec: Fields): void {
  fill(spec, {
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    securityContext: {},
    schedulerName: 'default-scheduler',
  });
  // The old name of the field is written beside the new one.
  const account = text(spec, 'serviceAccountName') || text(spec, 'serviceAccount');
  if (account) Object.assign(spec, { serviceAccountName: account, serviceAccount: account });
  for (const name of CONTAINER_LISTS) {
    for (const container of items(spec, name)) fillContainer(container);
  }
  for (const volume of items(spec, 'volumes')) fillVolume(volume);
}

/** Defaults of the template at `owner.template`. */
export const fillTemplate = (owner: Fields): void => fillPodSpec(ensure(ensure(owner, 'template'), 'spec'));

const NODE_TOLERATIONS = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

/** Defaults of pods themselves. */
export function fillPodDefaults(spec: Fields): void {
  fillPodSpec(spec);
  fill(spec, { enableServiceLinks: true });
  // What is negative is a second; templates keep what they have.
  if (number(spec, 'terminationGracePeriodSeconds') < 0) spec.terminationGracePeriodSeconds = 1;
  for (const container of [...items(spec, 'initContainers'), ...items(spec, 'containers')]) {
    const resources = ensure(container, 'resources');
    if (isPlainObject(resources.limits)) fill(ensure(resources, 'requests'), resources.limits);
    if (spec.hostNetwork !== true) continue;
    for (const port of items(container, 'ports')) fill(port, { hostPort: port.containerPort });
  }
}

const PODS = { group: '', plural: 'pods' };
const PREEMPTION = 'PreemptLowerPriority';

/** kubernetes, plugin/pkg/admission/priority/admission.go admitPod, of a pod without a class. @throws ApiStatusError 403 */
function checkPriority({ priority, preemptionPolicy, priorityClassName }: Fields, name: string): void {
  if (priorityClassName) return;
  const refuse = (what: string, computed: unknown) =>
    forbidden(
      PODS,
      name,
      `the ${what} must not be provided in pod spec; priority admission controller computed ${computed} from the given PriorityClass name`,
    );
  if ((priority ?? 0) !== 0) throw refuse(`integer value of priority (${priority})`, 0);
  if ((preemptionPolicy ?? PREEMPTION) !== PREEMPTION) {
    throw refuse(`string value of PreemptionPolicy (${preemptionPolicy})`, PREEMPTION);
  }
}

/** What the server adds to new pods: service account, priority, tolerations. @throws ApiStatusError 403 */
export function admitPod(spec: Fields, name: string): void {
  checkPriority(spec, name);
  const account = text(spec, 'serviceAccountName') || 'default';
  Object.assign(spec, { serviceAccountName: account, serviceAccount: account });
  fill(spec, { priority: 0, preemptionPolicy: PREEMPTION });
  tolerateNodes(spec);
}

/** Whatever else pods tolerate, they stay a while on a node that has gone: at creation and at updates. */
export function tolerateNodes(spec: Fields): void {
  const tolerations = items(spec, 'tolerations');
  for (const key of NODE_TOLERATIONS) {
    const tolerated = tolerations.some(
      (entry) => (!entry.key || entry.key === key) && (!entry.effect || entry.effect === 'NoExecute'),
    );
    if (!tolerated) tolerations.push({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 });
  }
  spec.tolerations = tolerations;
}

/** Guaranteed when all containers ask for what they are limited to, BestEffort when none asks for anything. */
export function qosClass(spec: Readonly<Fields>): string {
  const containers = [...items(spec, 'initContainers'), ...items(spec, 'containers')];
  let asks = false;
  let guaranteed = true;
  for (const container of containers) {
    const requests = fields(container, 'resources', 'requests');
    const limits = fields(container, 'resources', 'limits');
    for (const resource of ['cpu', 'memory']) {
      if (requests[resource] !== undefined || limits[resource] !== undefined) asks = true;
      if (limits[resource] === undefined || (requests[resource] ?? limits[resource]) !== limits[resource]) {
        guaranteed = false;
      }
    }
  }
  if (!asks) return 'BestEffort';
  return guaranteed ? 'Guaranteed' : 'Burstable';
}
