/** What is written to the status of a pod. */
import { causeDuplicate, causeForbidden, causeInvalid, type StatusCause } from '../../api/causes.ts';
import { GoLiteral } from '../../api/go-values.ts';
import { labelKeyFaults, nameFaults } from '../../api/names.ts';
import { at, type Fields, fields, items, text } from '../fields.ts';
import { parseAddress } from './addresses.ts';
import { coreSource } from './pod-facts.ts';
import { type Check, type Rule, rows } from './rule.ts';

const SYSTEM_CONDITIONS = ['PodScheduled', 'Ready', 'Initialized'];

/** Said to be of the metadata. */
const conditions: Check = (value) =>
  items({ value }, 'value').flatMap((condition, index) => {
    const type = text(condition, 'type');
    if (SYSTEM_CONDITIONS.includes(type)) return [];
    return labelKeyFaults(type).map((fault) => causeInvalid(`metadata.conditions[${index}].Type`, type, fault));
  });

const nominated: Check = (value, { path, before }) =>
  value && value !== before
    ? nameFaults(String(value), 'dns-subdomain').map((fault) => causeInvalid(path, value, fault))
    : undefined;

const sameQuality: Check = (value, { path, before }) =>
  value === before || value === undefined ? undefined : causeInvalid(path, value, 'field is immutable');

/** Whether a container that ended is said to be anything else. @param mayRestart which of them might */
const ended =
  (mayRestart: (status: Fields, spec: Readonly<Fields>) => boolean): Check =>
  (value, { path, old, before }) => {
    const spec = fields(old, 'spec');
    const now = items({ value }, 'value');
    return items({ before }, 'before').flatMap((status, index) => {
      if (at(status, 'state', 'terminated') === undefined || mayRestart(status, spec)) return [];
      return now
        .filter((entry) => entry.name === status.name && at(entry, 'state', 'terminated') === undefined)
        .map(() => causeForbidden(`${path}[${index}].state`, 'may not be transitioned to non-terminated state'));
    });
  };

const byPolicy = (status: Fields, { restartPolicy }: Readonly<Fields>): boolean =>
  restartPolicy === 'Always' || (restartPolicy === 'OnFailure' && at(status, 'state', 'terminated', 'exitCode') !== 0);

const byOwnPolicy = (status: Fields, spec: Readonly<Fields>): boolean =>
  byPolicy(status, spec) ||
  items(spec, 'initContainers').find(({ name }) => name === status.name)?.restartPolicy === 'Always';

/** One address of each family. @param type of the list in Go */
function addressFaults(list: readonly Fields[], path: string, type: string): StatusCause[] {
  const causes: StatusCause[] = [];
  const given = list.map((entry) => text(entry, 'ip'));
  const families = given.map((ip) => parseAddress(ip)?.family);
  for (const [index, ip] of given.entries()) {
    if (families[index]) continue;
    const detail = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
    causes.push(causeInvalid(`${path}[${index}]`, ip, detail));
  }
  if (given.length < 2) return causes;
  const wrong = families.indexOf(undefined);
  if (wrong >= 0) {
    const detail = `failed to check for dual stack with error:invalid IP[${wrong}]: ${given[wrong]}`;
    causes.push({ reason: 'InternalError', message: `Internal error: ${detail}`, field: path });
  }
  if (wrong >= 0 || new Set(families).size < 2 || given.length > 2) {
    const shown = given.map((ip) => `core.${type}{IP:${JSON.stringify(ip)}}`).join(', ');
    const literal = new GoLiteral(`[]core.${type}{${shown}}`);
    causes.push(causeInvalid(path, literal, 'may specify no more than one IP for each IP family'));
  }
  for (const [index, ip] of given.entries()) {
    if (given.indexOf(ip) === index) continue;
    causes.push(causeDuplicate(`${path}[${index}]`, new GoLiteral(`core.${type}{IP:${JSON.stringify(ip)}}`)));
  }
  return causes;
}

const podIps: Check = (value, { path }) => addressFaults(items({ value }, 'value'), path, 'PodIP');

const hostIps: Check = (value, { path, holder }) => {
  const list = items({ value }, 'value');
  if (list.length === 0) return undefined;
  const first = text(list[0], 'ip');
  const other =
    first === text(holder, 'hostIP') ? [] : [causeInvalid(`${path}[0].ip`, first, 'must be equal to `hostIP`')];
  return [...other, ...addressFaults(list, path, 'HostIP')];
};

export const POD_STATUS_RULES: readonly Rule[] = [
  ...rows(coreSource('validatePodConditions'), [['status.conditions', conditions]]),
  ...rows(coreSource('ValidatePodStatusUpdate'), [
    ['status.nominatedNodeName', nominated],
    ['status.qosClass', sameQuality],
  ]),
  ...rows(coreSource('ValidateContainerStateTransition'), [['status.containerStatuses', ended(byPolicy)]]),
  ...rows(coreSource('ValidateInitContainerStateTransition'), [['status.initContainerStatuses', ended(byOwnPolicy)]]),
  ...rows(coreSource('ValidateContainerStateTransition'), [['status.ephemeralContainerStatuses', ended(() => false)]]),
  ...rows(coreSource('validatePodIPs'), [['status.podIPs', podIps]]),
  ...rows(coreSource('validateHostIPs'), [['status.hostIPs', hostIps]]),
];
