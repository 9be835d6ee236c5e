/** As whom pods and their containers run, and what they may. */
import {
  causeDuplicate,
  causeForbidden,
  causeInvalid,
  causeNotSupported,
  causeRequired,
  causeTooLong,
  type StatusCause,
} from '../../api/causes.ts';
import { GoLiteral, structLiteral } from '../../api/go-values.ts';
import { at, type Fields, items, text } from '../fields.ts';
import { coreSource, podOf } from './pod-facts.ts';
import { descendingFaults } from './pod-files.ts';
import { windowsOptions } from './pod-windows.ts';
import { type Check, type Rule, valueRows } from './rule.ts';

const LARGEST_ID = 2 ** 31 - 1;

/** A user or a group; larger numbers than JavaScript's are read as bigint. */
const id: Check = (value, { path }) => {
  if (typeof value !== 'number' && typeof value !== 'bigint') return undefined;
  if (value >= 0 && value <= LARGEST_ID) return undefined;
  return causeInvalid(path, value, `must be between 0 and ${LARGEST_ID}, inclusive`);
};

const PROFILE_TYPES = ['Localhost', 'RuntimeDefault', 'Unconfined'];

const typeFault = (type: unknown, what: string, path: string): StatusCause[] => {
  if (!type) return [causeRequired(`${path}.type`, `type is required when ${what} is set`)];
  return PROFILE_TYPES.includes(String(type)) ? [] : [causeNotSupported(`${path}.type`, type, PROFILE_TYPES)];
};

const seccomp: Check = (value, { path }) => {
  if (!value) return undefined;
  const type = at(value, 'type');
  const profile = at(value, 'localhostProfile');
  const causes = typeFault(type, 'seccompProfile', path);
  const here = `${path}.localhostProfile`;
  if (type === 'Localhost') {
    if (profile === undefined) causes.push(causeRequired(here, 'must be set when seccomp type is Localhost'));
    else causes.push(...descendingFaults(String(profile)).map((fault) => causeInvalid(here, profile, fault)));
  } else if (profile !== undefined) {
    // Go shows where the name of the profile is.
    const shown = new GoLiteral(
      `core.SeccompProfile{Type:${JSON.stringify(type ?? '')}, LocalhostProfile:(*string)(0xc000000000)}`,
    );
    causes.push(causeInvalid(here, shown, 'can only be set when seccomp type is Localhost'));
  }
  return causes;
};

/** PATH_MAX - 1 */
const LONGEST_PROFILE_BYTES = 4095;

function localProfileFaults(profile: unknown, path: string): StatusCause[] {
  if (profile === undefined) return [causeRequired(path, 'must be set when AppArmor type is Localhost')];
  const given = String(profile);
  const causes: StatusCause[] = [];
  if (given !== given.trim()) causes.push(causeInvalid(path, given, 'must not be padded with whitespace'));
  else if (given === '') causes.push(causeRequired(path, 'must be set when AppArmor type is Localhost'));
  if (Buffer.byteLength(given) > LONGEST_PROFILE_BYTES) causes.push(causeTooLong(path, LONGEST_PROFILE_BYTES));
  return causes;
}

const appArmor: Check = (value, { path }) => {
  if (!value) return undefined;
  const type = at(value, 'type');
  const profile = at(value, 'localhostProfile');
  if (type === 'Localhost') return localProfileFaults(profile, `${path}.localhostProfile`);
  if (!PROFILE_TYPES.includes(String(type))) return typeFault(type, 'appArmorProfile', path);
  if (profile === undefined) return undefined;
  return causeInvalid(`${path}.localhostProfile`, profile, 'can only be set when AppArmor type is Localhost');
};

const contextLiteral = (context: Fields): GoLiteral =>
  structLiteral('core.SecurityContext', [
    ['Capabilities', '*core.Capabilities', context.capabilities],
    ['Privileged', '*bool', context.privileged],
    ['SELinuxOptions', '*core.SELinuxOptions', context.seLinuxOptions],
    ['WindowsOptions', '*core.WindowsSecurityContextOptions', context.windowsOptions],
    ['RunAsUser', '*int64', context.runAsUser],
    ['RunAsGroup', '*int64', context.runAsGroup],
    ['RunAsNonRoot', '*bool', context.runAsNonRoot],
    ['ReadOnlyRootFilesystem', '*bool', context.readOnlyRootFilesystem],
    ['AllowPrivilegeEscalation', '*bool', context.allowPrivilegeEscalation],
    ['ProcMount', '*core.ProcMountType', context.procMount],
    ['SeccompProfile', '*core.SeccompProfile', context.seccompProfile],
    ['AppArmorProfile', '*core.AppArmorProfile', context.appArmorProfile],
  ]);

/** What excludes each other is said of the whole. */
const escalation: Check = (value, { path }) => {
  if (at(value, 'allowPrivilegeEscalation') !== false) return undefined;
  const causes: StatusCause[] = [];
  const shown = contextLiteral(value as Fields);
  if (at(value, 'privileged') === true) {
    causes.push(causeInvalid(path, shown, 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true'));
  }
  const added = at(value, 'capabilities', 'add');
  if (Array.isArray(added) && added.includes('CAP_SYS_ADMIN')) {
    const detail = 'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN';
    causes.push(causeInvalid(path, shown, detail));
  }
  return causes;
};

/** Of the `securityContext` of a container. */
export const SECURITY_RULES: readonly Rule[] = [
  ...valueRows(coreSource('ValidateSecurityContext'), [
    ['runAsUser', id],
    ['runAsGroup', id],
  ]),
  ...valueRows(coreSource('validateSeccompProfileField'), [['seccompProfile', seccomp]]),
  ...valueRows(coreSource('ValidateSecurityContext'), [['', escalation]]),
  ...valueRows(coreSource('validateWindowsSecurityContextOptions'), [['windowsOptions', windowsOptions]]),
  ...valueRows(coreSource('ValidateAppArmorProfileField'), [['appArmorProfile', appArmor]]),
];

const SYSCTL = '^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$';
const SYSCTL_PATTERN = new RegExp(SYSCTL);
const SYSCTL_LIMIT = 253;

const IPC_SYSCTL =
  /^(?:kernel\.(?:sem|shmall|shmmax|shmmni|shm_rmid_forced|shm|msgmax|msgmnb|msgmni|msg)$|fs\.mqueue\.)/;

/** component-helpers, node/util/sysctl NormalizeName: `/` separates where it comes first. */
function normalSysctl(name: string): string {
  const separator = /[./]/.exec(name)?.[0];
  return separator === '/' ? name.replace(/[./]/g, (sign) => (sign === '/' ? '.' : '/')) : name;
}

const sysctls: Check = (value, place) => {
  const { spec } = podOf(place);
  const seen = new Set<string>();
  return items({ value }, 'value').flatMap((sysctl, index) => {
    const name = text(sysctl, 'name');
    const path = `${place.path}[${index}].name`;
    const causes: StatusCause[] = [];
    if (name === '') causes.push(causeRequired(path));
    else if (name.length > SYSCTL_LIMIT || !SYSCTL_PATTERN.test(name)) {
      causes.push(causeInvalid(path, name, `must have at most ${SYSCTL_LIMIT} characters and match regex ${SYSCTL}`));
    } else if (seen.has(name)) causes.push(causeDuplicate(path, name));
    seen.add(name);
    const normal = normalSysctl(name);
    if (spec.hostNetwork === true && normal.startsWith('net.')) {
      causes.push(causeInvalid(path, name, "may not be specified when 'hostNetwork' is true"));
    } else if (spec.hostIPC === true && IPC_SYSCTL.test(normal)) {
      causes.push(causeInvalid(path, name, "may not be specified when 'hostIPC' is true"));
    }
    return causes;
  });
};

const oneNamespace: Check = (value, place) => {
  const { spec } = podOf(place);
  if (spec.shareProcessNamespace !== true || spec.hostPID !== true || !value) return undefined;
  const detail = 'ShareProcessNamespace and HostPID cannot both be enabled';
  return causeInvalid(`${place.path}.shareProcessNamespace`, true, detail);
};

const CHANGE_POLICIES = ['Always', 'OnRootMismatch'];

const changePolicy: Check = (value, { path }) =>
  value === undefined || CHANGE_POLICIES.includes(String(value))
    ? undefined
    : causeNotSupported(path, value, CHANGE_POLICIES);

/** Of the `securityContext` of a pod. */
export const POD_SECURITY_RULES: readonly Rule[] = [
  ...valueRows(coreSource('validatePodSpecSecurityContext'), [
    ['fsGroup', id],
    ['runAsUser', id],
    ['runAsGroup', id],
    ['supplementalGroups[*]', id],
    ['', oneNamespace],
  ]),
  ...valueRows(coreSource('validateSysctls'), [['sysctls', sysctls]]),
  ...valueRows(coreSource('validateFSGroupChangePolicy'), [['fsGroupChangePolicy', changePolicy]]),
  ...valueRows(coreSource('validateSeccompProfileField'), [['seccompProfile', seccomp]]),
  ...valueRows(coreSource('validateWindowsSecurityContextOptions'), [['windowsOptions', windowsOptions]]),
  ...valueRows(coreSource('ValidateAppArmorProfileField'), [['appArmorProfile', appArmor]]),
];

/** Whether what an old annotation says of a profile is what its field says; the annotation decides nothing any more. */
export function profileMismatch(
  what: 'seccomp' | 'apparmor',
  annotation: string,
  profile: unknown,
  path: string,
): StatusCause[] {
  const type = at(profile, 'type');
  const allowed: Record<string, string[]> = {
    Unconfined: ['unconfined'],
    RuntimeDefault: what === 'seccomp' ? ['runtime/default', 'docker/default'] : ['runtime/default'],
  };
  const wrongType = [causeForbidden(`${path}.type`, `${what} type in annotation and field must match`)];
  if (type === 'Unconfined' || type === 'RuntimeDefault') return allowed[type]!.includes(annotation) ? [] : wrongType;
  if (type !== 'Localhost') return [];
  if (!annotation.startsWith('localhost/')) return wrongType;
  if (annotation.slice('localhost/'.length) === at(profile, 'localhostProfile')) return [];
  return [causeForbidden(`${path}.localhostProfile`, `${what} profile in annotation and field must match`)];
}
