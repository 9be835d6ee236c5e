/** Defaults of pods and pod templates. */
import { isPlainObject } from '../../api/json.ts';
import { at, ensure, type Fields, fields, fill, items, text } from '../fields.ts';

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

function fillContainer(container: Fields, hostNetwork: boolean): void {
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
  for (const port of items(container, 'ports')) {
    if (hostNetwork) fill(port, { hostPort: port.containerPort });
  }
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

/** Defaults that pods and templates share. @param restartPolicy default for this kind of owner. */
export function fillPodSpec(spec: Fields, restartPolicy?: string): void {
  fill(spec, {
    ...(restartPolicy !== undefined && { restartPolicy }),
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    securityContext: {},
    schedulerName: 'default-scheduler',
  });
  // The old name of the field is written beside the new one.
  const account = text(spec, 'serviceAccountName') || text(spec, 'serviceAccount');
  if (account) Object.assign(spec, { serviceAccountName: account, serviceAccount: account });
  const hostNetwork = spec.hostNetwork === true;
  for (const name of ['initContainers', 'containers', 'ephemeralContainers']) {
    for (const container of items(spec, name)) fillContainer(container, hostNetwork);
  }
  for (const volume of items(spec, 'volumes')) fillVolume(volume);
}

/** Defaults of the template at `owner.template`. */
export function fillTemplate(owner: Fields, restartPolicy = 'Always'): void {
  const template = ensure(owner, 'template');
  const spec = template.spec;
  if (isPlainObject(spec)) fillPodSpec(spec, restartPolicy);
}

const NODE_TOLERATIONS = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

/** Defaults of pods themselves. */
export function fillPodDefaults(spec: Fields): void {
  fillPodSpec(spec, 'Always');
  fill(spec, { enableServiceLinks: true });
  for (const container of [...items(spec, 'initContainers'), ...items(spec, 'containers')]) {
    const resources = ensure(container, 'resources');
    if (isPlainObject(resources.limits)) fill(ensure(resources, 'requests'), resources.limits);
  }
}

/** What the server adds to new pods: service account, priority, tolerations. */
export function admitPod(spec: Fields): void {
  const account = text(spec, 'serviceAccountName') || 'default';
  Object.assign(spec, { serviceAccountName: account, serviceAccount: account });
  fill(spec, { priority: 0, preemptionPolicy: 'PreemptLowerPriority' });
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
