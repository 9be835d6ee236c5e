/** What the API server checks about pods and pod templates, as far as clients meet it. */

import {
  causeDuplicate,
  causeForbidden,
  causeInvalid,
  causeNotSupported,
  causeRequired,
  type StatusCause,
} from '../../api/causes.ts';
import { cloneJson, equalJson } from '../../api/json.ts';
import { nameFault } from '../../api/names.ts';
import type { KubeObject } from '../../api/object.ts';
import { quantityValue } from '../../api/quantity.ts';
import { at, type Fields, fields, items, text } from '../fields.ts';

const notFound = (field: string, value: unknown): StatusCause => ({
  reason: 'FieldValueNotFound',
  message: `Not found: ${JSON.stringify(value)}`,
  field,
});

function checkResources(container: Fields, path: string): StatusCause[] {
  const causes: StatusCause[] = [];
  const limits = fields(container, 'resources', 'limits');
  for (const [name, quantity] of Object.entries(limits)) {
    if (quantityValue(quantity) < 0) {
      causes.push(causeInvalid(`${path}.resources.limits[${name}]`, quantity, 'must be greater than or equal to 0'));
    }
  }
  for (const [name, quantity] of Object.entries(fields(container, 'resources', 'requests'))) {
    if (quantityValue(quantity) < 0) {
      causes.push(causeInvalid(`${path}.resources.requests[${name}]`, quantity, 'must be greater than or equal to 0'));
    }
    const limit = limits[name];
    if (limit !== undefined && quantityValue(quantity) > quantityValue(limit)) {
      causes.push(
        causeInvalid(`${path}.resources.requests`, quantity, `must be less than or equal to ${name} limit of ${limit}`),
      );
    }
  }
  return causes;
}

function checkContainers(spec: unknown, list: string, path: string, volumes: ReadonlySet<string>, names: Set<string>) {
  const causes: StatusCause[] = [];
  for (const [index, container] of items(spec, list).entries()) {
    const here = `${path}.${list}[${index}]`;
    const name = text(container, 'name');
    const fault = name === '' ? undefined : nameFault(name, 'dns-label');
    if (name === '') causes.push(causeRequired(`${here}.name`));
    else if (fault) causes.push(causeInvalid(`${here}.name`, name, fault));
    else if (names.has(name)) causes.push(causeDuplicate(`${here}.name`, name));
    names.add(name);
    if (text(container, 'image') === '') causes.push(causeRequired(`${here}.image`));
    const policy = text(container, 'imagePullPolicy');
    const policies = ['Always', 'IfNotPresent', 'Never'];
    if (policy && !policies.includes(policy)) {
      causes.push(causeNotSupported(`${here}.imagePullPolicy`, policy, policies));
    }
    const mounts = new Set<string>();
    for (const [at, mount] of items(container, 'volumeMounts').entries()) {
      const mountPath = text(mount, 'mountPath');
      const volume = text(mount, 'name');
      if (!volumes.has(volume)) causes.push(notFound(`${here}.volumeMounts[${at}].name`, volume));
      if (mountPath === '') causes.push(causeRequired(`${here}.volumeMounts[${at}].mountPath`));
      else if (mounts.has(mountPath)) {
        causes.push(causeInvalid(`${here}.volumeMounts[${at}].mountPath`, mountPath, 'must be unique'));
      }
      mounts.add(mountPath);
    }
    for (const [at, port] of items(container, 'ports').entries()) {
      const value = port.containerPort;
      if (typeof value !== 'number' || value < 1 || value > 65535) {
        const field = `${here}.ports[${at}].containerPort`;
        causes.push(causeInvalid(field, value ?? 0, 'must be between 1 and 65535, inclusive'));
      }
    }
    causes.push(...checkResources(container, here));
  }
  return causes;
}

/**
 * @param path of the spec, such as `spec` or `spec.template.spec`.
 * @param restartPolicies those the owner allows.
 */
export function podSpecFaults(spec: unknown, path: string, restartPolicies: readonly string[]): StatusCause[] {
  const causes: StatusCause[] = [];
  const volumes = new Set<string>();
  for (const [index, volume] of items(spec, 'volumes').entries()) {
    const name = text(volume, 'name');
    const field = `${path}.volumes[${index}].name`;
    const fault = nameFault(name, 'dns-label');
    if (name === '') causes.push(causeRequired(field));
    else if (fault) causes.push(causeInvalid(field, name, fault));
    else if (volumes.has(name)) causes.push(causeDuplicate(field, name));
    volumes.add(name);
  }
  if (items(spec, 'containers').length === 0) causes.push(causeRequired(`${path}.containers`));
  const names = new Set<string>();
  causes.push(...checkContainers(spec, 'containers', path, volumes, names));
  causes.push(...checkContainers(spec, 'initContainers', path, volumes, names));
  const policy = text(spec, 'restartPolicy');
  if (!restartPolicies.includes(policy)) {
    const field = `${path}.restartPolicy`;
    // Always is only there because nothing was given.
    const missing = policy === '' || (policy === 'Always' && !restartPolicies.includes('Always'));
    const allowed = restartPolicies.map((name) => JSON.stringify(name)).join(', ');
    causes.push(
      missing ? causeRequired(field, `valid values: ${allowed}`) : causeNotSupported(field, policy, restartPolicies),
    );
  }
  const account = text(spec, 'serviceAccountName');
  const fault = account === '' ? undefined : nameFault(account, 'dns-subdomain');
  if (fault) causes.push(causeInvalid(`${path}.serviceAccountName`, account, fault));
  return causes;
}

/** A pod's spec with everything taken out that may change after creation. */
function fixedPart(pod: KubeObject): Fields {
  const spec = cloneJson(fields(pod, 'spec')) as Fields;
  for (const list of ['containers', 'initContainers']) {
    for (const container of items(spec, list)) delete container.image;
  }
  for (const field of ['activeDeadlineSeconds', 'tolerations', 'terminationGracePeriodSeconds', 'schedulingGates']) {
    delete spec[field];
  }
  return spec;
}

const CHANGEABLE =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

/** @param old has no node yet when a scheduler may still choose one. */
export function podUpdateFaults(pod: KubeObject, old: KubeObject): StatusCause[] {
  const resized = ['containers', 'initContainers'].filter(
    (list) => items(pod, 'spec', list).length !== items(old, 'spec', list).length,
  );
  if (resized.length > 0) {
    return resized.map((list) => causeForbidden(`spec.${list}`, 'pod updates may not add or remove containers'));
  }
  const before = fixedPart(old);
  const after = fixedPart(pod);
  // The node is chosen once, by a binding.
  if (!text(before, 'nodeName')) delete after.nodeName;
  // Debug containers are added through a subresource of their own.
  delete before.ephemeralContainers;
  delete after.ephemeralContainers;
  const tolerations = items(pod, 'spec', 'tolerations');
  const kept = items(old, 'spec', 'tolerations').every((entry) => tolerations.some((now) => equalJson(now, entry)));
  const grace = at(pod, 'spec', 'terminationGracePeriodSeconds');
  const graceBefore = at(old, 'spec', 'terminationGracePeriodSeconds');
  const graceKept = grace === graceBefore || (grace === 1 && typeof graceBefore === 'number' && graceBefore < 0);
  return kept && graceKept && equalJson(before, after) ? [] : [causeForbidden('spec', CHANGEABLE)];
}
