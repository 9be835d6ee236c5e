/** The operating system that a pod is for, and what it may not ask of that. */
import { causeForbidden, causeInvalid, causeNotSupported, causeRequired, type StatusCause } from '../../api/causes.ts';
import { nameFaults } from '../../api/names.ts';
import { at, type Fields, items } from '../fields.ts';
import { CONTAINER_LISTS, coreSource, outerPath, podOf } from './pod-facts.ts';
import { type Check, type Place, type Rule, rows } from './rule.ts';

const CREDENTIALS_KIB = 64;

const NETBIOS = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/;
const DNS = /^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
const CONTROL = /[\u0000-\u001f\u007f]/;

/** A user, such as `DOMAIN\name`. */
function userFaults(given: string): string[] {
  if (given === '') return ['runAsUserName cannot be an empty string'];
  if (CONTROL.test(given)) return ['runAsUserName cannot contain control characters'];
  const parts = given.split('\\');
  if (parts.length > 2) return ['runAsUserName cannot contain more than one backslash'];
  const user = parts.at(-1)!;
  const domain = parts.length === 2 ? parts[0]! : undefined;
  const faults: string[] = [];
  if (domain !== undefined && domain.length >= 256)
    faults.push("runAsUserName's Domain length must be under 256 characters");
  if (domain !== undefined && !NETBIOS.test(domain) && !DNS.test(domain)) {
    faults.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format");
  }
  if (user === '') faults.push("runAsUserName's User cannot be empty");
  else if (user.length > 104) faults.push("runAsUserName's User length must not be longer than 104 characters");
  if (/^[. ]+$/.test(user)) faults.push("runAsUserName's User cannot contain only periods or spaces");
  if (/["/\\:;|=,+*?<>@[\]]/.test(user)) {
    faults.push('runAsUserName\'s User cannot contain the following characters: "/\\:;|=,+*?<>@[]');
  }
  return faults;
}

/** Of pods and of containers. */
export const windowsOptions: Check = (value, { path }) => {
  if (!value) return undefined;
  const { gmsaCredentialSpecName, gmsaCredentialSpec, runAsUserName } = value as Fields;
  const causes: StatusCause[] = [];
  const say = (field: string, shown: unknown, faults: readonly string[]) => {
    causes.push(...faults.map((fault) => causeInvalid(`${path}.${field}`, shown, fault)));
  };
  if (typeof gmsaCredentialSpecName === 'string') {
    say('gmsaCredentialSpecName', gmsaCredentialSpecName, nameFaults(gmsaCredentialSpecName, 'dns-subdomain'));
  }
  if (gmsaCredentialSpec === '') {
    say('gmsaCredentialSpec', '', ['gmsaCredentialSpec cannot be an empty string']);
  } else if (typeof gmsaCredentialSpec === 'string' && Buffer.byteLength(gmsaCredentialSpec) > CREDENTIALS_KIB * 1024) {
    say('gmsaCredentialSpec', gmsaCredentialSpec, [`gmsaCredentialSpec size must be under ${CREDENTIALS_KIB} KiB`]);
  }
  if (typeof runAsUserName === 'string') say('runAsUserName', runAsUserName, userFaults(runAsUserName));
  return causes;
};

/** All containers of a pod, with their paths. @param path of its spec */
export const containersOf = (spec: unknown, path: string): (readonly [container: Fields, path: string])[] =>
  CONTAINER_LISTS.flatMap((list) =>
    items(spec, list).map((container, index) => [container, `${path}.${list}[${index}]`] as const),
  );

/** Whether containers are processes of the host: all of a pod, or none. */
const hostProcesses: Check = (value, { path }) => {
  const ofPod = at(value, 'securityContext', 'windowsOptions', 'hostProcess');
  const causes: StatusCause[] = [];
  const containers = containersOf(value, path);
  let count = 0;
  for (const [container, where] of containers) {
    const own = at(container, 'securityContext', 'windowsOptions', 'hostProcess');
    if (ofPod !== undefined && own !== undefined && ofPod !== own) {
      const detail = `pod hostProcess value must be identical if both are specified, was ${ofPod}`;
      causes.push(causeInvalid(`${where}.securityContext.windowsOptions.hostProcess`, own, detail));
    }
    if ((own ?? ofPod) === true) count++;
  }
  if (count === 0) return causes;
  if (count !== containers.length) {
    const detail = 'If pod contains any hostProcess containers then all containers must be HostProcess containers';
    causes.push(causeInvalid(path, '', detail));
  }
  if (at(value, 'hostNetwork') !== true) {
    const detail = 'hostNetwork must be true if pod contains any hostProcess containers';
    causes.push(causeInvalid(`${path}.hostNetwork`, false, detail));
  }
  return causes;
};

/** Of the context of a pod, and beside it. */
const NOT_ON_WINDOWS = [
  'securityContext.appArmorProfile',
  'securityContext.seLinuxOptions',
  'hostPID',
  'hostIPC',
  'securityContext.seccompProfile',
  'securityContext.fsGroup',
  'securityContext.fsGroupChangePolicy',
  'securityContext.sysctls',
  'shareProcessNamespace',
  'securityContext.runAsUser',
  'securityContext.runAsGroup',
  'securityContext.supplementalGroups',
];
const NOT_IN_WINDOWS_CONTAINERS = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'capabilities',
  'readOnlyRootFilesystem',
  'privileged',
  'allowPrivilegeEscalation',
  'procMount',
  'runAsUser',
  'runAsGroup',
];

const isGiven = (value: unknown): boolean => value !== undefined && value !== false;

function onWindows({ spec }: { spec: Readonly<Fields> }, path: string): StatusCause[] {
  const detail = 'cannot be set for a windows pod';
  const ofPod = NOT_ON_WINDOWS.filter((field) =>
    field.startsWith('host') ? isGiven(spec[field]) : at(spec, ...field.split('.')) !== undefined,
  ).map((field) => causeForbidden(`${path}.${field}`, detail));
  const ofContainers = containersOf(spec, path).flatMap(([container, where]) =>
    NOT_IN_WINDOWS_CONTAINERS.filter((field) => at(container, 'securityContext', field) !== undefined).map((field) =>
      causeForbidden(`${where}.securityContext.${field}`, detail),
    ),
  );
  return [...ofPod, ...ofContainers];
}

function onLinux({ spec }: { spec: Readonly<Fields> }, path: string): StatusCause[] {
  const holders = [[spec, path] as const, ...containersOf(spec, path)];
  return holders
    .filter(([holder]) => at(holder, 'securityContext', 'windowsOptions') !== undefined)
    .map(([, where]) =>
      causeForbidden(`${where}.securityContext.windowsOptions`, 'windows options cannot be set for a linux pod'),
    );
}

const system: Check = (value, place: Place) => {
  if (!value) return undefined;
  const { path } = place;
  const name = at(value, 'name');
  if (!name) return causeRequired(`${path}.name`, 'cannot be empty');
  if (name === 'linux') return onLinux(podOf(place), outerPath(path));
  if (name === 'windows') return onWindows(podOf(place), outerPath(path));
  return causeNotSupported(path, name, ['linux', 'windows']);
};

/** Of the spec of a pod. */
export const HOST_PROCESS_RULES: readonly Rule[] = rows(coreSource('validateWindowsHostProcessPod'), [
  ['', hostProcesses],
]);

/** Of the spec of a pod, at the end. */
export const SYSTEM_RULES: readonly Rule[] = rows(coreSource('validateOS'), [['os', system]]);
