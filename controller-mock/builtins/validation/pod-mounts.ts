/** Where containers have the volumes of their pod: as folders and as devices. */
import {
  causeForbidden,
  causeInvalid,
  causeNotFound,
  causeNotSupported,
  causeRequired,
  type StatusCause,
} from '../../api/causes.ts';
import { at, items, text } from '../fields.ts';
import { required } from './checks.ts';
import { coreSource, outerPath, podOf } from './pod-facts.ts';
import { descendingFaults } from './pod-files.ts';
import { below, type Check, type Place, type Rule, rows, valueRows } from './rule.ts';

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** What comes before this item of a list of its container. */
function before({ holder }: Place, container: unknown, list: string) {
  const all = items(container, list);
  return all.slice(0, all.indexOf(holder));
}

/** Causes of a mount's lesser fields name the list, and not which mount it is. */
const ofList = (path: string): string => {
  const mount = outerPath(path);
  return `${outerPath(mount)}${path.slice(mount.length)}`;
};

const mountName: Check = (value, place) => {
  const given = textOf(value);
  const causes: StatusCause[] = given === '' ? [causeRequired(place.path)] : [];
  if (!podOf(place).volumes.has(given)) causes.push(causeNotFound(place.path, given));
  return causes;
};

const mountedDevice: Check = (value, place) =>
  items(place.up(1), 'volumeDevices').some((device) => text(device, 'name') === textOf(value))
    ? causeInvalid(place.path, value ?? '', 'must not already exist in volumeDevices')
    : undefined;

const mountPath: Check = (value, place) => {
  const container = place.up(1);
  const given = textOf(value);
  const causes: StatusCause[] = [];
  if (before(place, container, 'volumeMounts').some((other) => text(other, 'mountPath') === given)) {
    causes.push(causeInvalid(place.path, given, 'must be unique'));
  }
  if (items(container, 'volumeDevices').some((device) => text(device, 'devicePath') === given)) {
    causes.push(causeInvalid(place.path, given, 'must not already exist as a path in volumeDevices'));
  }
  return causes;
};

const subPath: Check = (value, { path }) =>
  value ? descendingFaults(textOf(value)).map((fault) => causeInvalid(ofList(path), value, fault)) : undefined;

const onlySubPath: Check = (value, { path, holder }) =>
  value && holder.subPath ? causeInvalid(path, value, 'subPathExpr and subPath are mutually exclusive') : undefined;

const PROPAGATIONS = ['Bidirectional', 'HostToContainer', 'None'];

const propagation: Check = (value, place) => {
  if (value === undefined) return undefined;
  const field = ofList(place.path);
  if (!PROPAGATIONS.includes(textOf(value))) return causeNotSupported(field, value, PROPAGATIONS);
  if (value !== 'Bidirectional' || at(place.up(1), 'securityContext', 'privileged') === true) return undefined;
  return causeForbidden(field, 'Bidirectional mount propagation is available only to privileged containers');
};

const readOnlyBelow: Check = (value, { path, holder }) => {
  if (value === undefined || value === 'Disabled') return undefined;
  const field = ofList(path);
  if (value !== 'Enabled' && value !== 'IfPossible') {
    return causeNotSupported(field, value, ['Disabled', 'Enabled', 'IfPossible']);
  }
  const causes: StatusCause[] = [];
  if (holder.readOnly !== true) causes.push(causeForbidden(field, 'may only be specified when readOnly is true'));
  if (holder.mountPropagation !== undefined && holder.mountPropagation !== 'None') {
    causes.push(causeForbidden(field, 'may only be specified when mountPropagation is None or not specified'));
  }
  return causes;
};

const deviceName: Check = (value, place) => {
  const container = place.up(1);
  const given = textOf(value);
  const causes: StatusCause[] = given === '' ? [causeRequired(place.path)] : [];
  if (given !== '' && before(place, container, 'volumeDevices').some((other) => other.name === given)) {
    causes.push(causeInvalid(place.path, given, 'must be unique'));
  }
  const volume = podOf(place).volumes.get(given);
  if (!volume) causes.push(causeNotFound(place.path, given));
  else if (!volume.persistentVolumeClaim && !volume.ephemeral) {
    const detail = 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode';
    causes.push(causeInvalid(place.path, given, detail));
  }
  return causes;
};

const backsteps = (path: string): boolean => path.split('/').includes('..');

const devicePath: Check = (value, place) => {
  const container = place.up(1);
  const given = textOf(value);
  const earlier = before(place, container, 'volumeDevices').map((other) => text(other, 'devicePath'));
  const causes: StatusCause[] = [];
  if (earlier.some((other) => other === given && !backsteps(other))) {
    causes.push(causeInvalid(place.path, given, 'must be unique'));
  }
  if (backsteps(given)) causes.push(causeInvalid(place.path, given, "can not contain backsteps ('..')"));
  return causes;
};

const mountedName: Check = (value, place) =>
  items(place.up(1), 'volumeMounts').some((mount) => text(mount, 'name') === textOf(value))
    ? causeInvalid(place.path, value ?? '', 'must not already exist in volumeMounts')
    : undefined;

const mountedPath: Check = (value, place) =>
  items(place.up(1), 'volumeMounts').some((mount) => text(mount, 'mountPath') === textOf(value))
    ? causeInvalid(place.path, value ?? '', 'must not already exist as a path in volumeMounts')
    : undefined;

/** Of a container. */
export const MOUNT_RULES: readonly Rule[] = [
  ...below('volumeMounts[*]', [
    ...rows(coreSource('ValidateVolumeMounts'), [
      ['name', mountName],
      ['mountPath', required()],
      ['mountPath', mountPath],
      ['name', mountedDevice],
    ]),
    ...valueRows(coreSource('ValidateVolumeMounts'), [
      ['subPath', subPath],
      ['subPathExpr', onlySubPath],
      ['subPathExpr', subPath],
    ]),
  ]),
  ...valueRows(coreSource('validateMountPropagation'), [['volumeMounts[*].mountPropagation', propagation]]),
  ...valueRows(coreSource('validateMountRecursiveReadOnly'), [['volumeMounts[*].recursiveReadOnly', readOnlyBelow]]),
  ...below(
    'volumeDevices[*]',
    rows(coreSource('ValidateVolumeDevices'), [
      ['name', deviceName],
      ['devicePath', required()],
      ['devicePath', devicePath],
      ['name', mountedName],
      ['devicePath', mountedPath],
    ]),
  ),
];
