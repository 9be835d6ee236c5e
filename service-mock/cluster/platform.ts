/**
 * The platform of a cluster, and whether users manage its networking: what goes together, and what one of them makes of the other.
 * Upstream: assisted-service, internal/provider/platform.go and platform_validations.go.
 */
import type { ClusterRow } from '../core/rows.ts';
import { objectField, textField } from '../core/wire.ts';
import { hasFeature } from '../features/feature-checks.ts';
import { type JsonObject, OperationError } from '../service-api.ts';

/** A platform as requests name it. */
export interface Platform {
  readonly type: string;
  readonly external: External | undefined;
}

interface External {
  readonly name: string | undefined;
  readonly controller: string | undefined;
}

/** What is to be of both; undefined for what stays as it is. */
export interface PlatformChoice {
  readonly platform: Platform | undefined;
  readonly userManaged: boolean | undefined;
}

const NOTHING: PlatformChoice = { platform: undefined, userManaged: undefined };
const plain = (type: string, userManaged: boolean): PlatformChoice => ({
  platform: { type, external: undefined },
  userManaged,
});

export function platformOf(body: JsonObject): Platform | undefined {
  const given = objectField(body, 'platform');
  if (!given) return undefined;
  const external = objectField(given, 'external');
  return {
    type: textField(given, 'type') ?? '',
    external: external && {
      name: textField(external, 'platform_name'),
      controller: textField(external, 'cloud_controller_manager'),
    },
  };
}

/** A platform as rows keep it and answers show it. */
export function platformRow({ type, external }: Platform, before: JsonObject = {}): JsonObject {
  if (type !== 'external') return { external: {}, type };
  const known = externalOf(before);
  const controller = external?.controller ?? known?.controller;
  const name = external?.name ?? known?.name;
  return {
    external: {
      ...(controller !== undefined && { cloud_controller_manager: controller }),
      ...(name !== undefined && { platform_name: name }),
    },
    type,
  };
}

function externalOf(platform: JsonObject): External | undefined {
  const external = platform.external as JsonObject | undefined;
  if (!external) return undefined;
  return { name: textField(external, 'platform_name'), controller: textField(external, 'cloud_controller_manager') };
}

const isMandatory = (type: string) => type === 'none' || type === 'external';
const isAllowed = (type: string) => type !== 'baremetal' && type !== 'nutanix';

function refuse(problem: string): never {
  throw new OperationError(400, problem);
}

const clash = (type: string, userManaged: boolean) =>
  `Can't set ${type} platform with user-managed-networking ${userManaged ? 'enabled' : 'disabled'}`;

function checkTogether(platform: Platform | undefined, userManaged: boolean | undefined): void {
  if (!platform || userManaged === undefined) return;
  const { type } = platform;
  if ((!userManaged && isMandatory(type)) || (userManaged && !isAllowed(type))) refuse(clash(type, userManaged));
}

const FEWEST_MASTERS = 3;

function checkAgainst(cluster: ClusterRow, platform: Platform | undefined, userManaged: boolean | undefined): void {
  if (userManaged !== undefined || !platform || cluster.controlPlaneCount < FEWEST_MASTERS) return;
  const before = typeOf(cluster);
  const { type } = platform;
  if ((before === 'baremetal' && type === 'none') || (before === 'none' && type === 'baremetal')) return;
  const isManaged = cluster.userManagedNetworking === true;
  if ((isManaged && !isAllowed(type)) || (!isManaged && isMandatory(type))) refuse(clash(type, isManaged));
}

const typeOf = ({ platform }: ClusterRow) => String(platform.type ?? '');

function checkExternal(platform: Platform | undefined, cluster: ClusterRow | undefined): void {
  if (!platform) return;
  const { type, external } = platform;
  const isSaid = external?.name !== undefined || external?.controller !== undefined;
  if (type !== 'external' && isSaid) refuse('External settings can only be set with external platform type');
  const before = cluster && externalOf(cluster.platform);
  if (type === 'external' && !(cluster && typeOf(cluster) === 'external')) {
    if (!external) refuse('External setting must be set when using platform type external');
    if (external.name === undefined)
      refuse('Platform name must be set to a non-empty string when using platform type external');
  }
  const name = external?.name ?? before?.name;
  const controller = external?.controller ?? before?.controller;
  if (type === 'external' && name === 'oci' && controller !== 'External')
    refuse('Cloud controller manager must be enabled when using oci external integration');
}

/** An external platform has a controller, if only an empty one. */
function withController(platform: Platform | undefined, isNew: boolean): Platform | undefined {
  if (platform?.type !== 'external' || !isNew) return platform;
  const { name, controller = '' } = platform.external!;
  return { ...platform, external: { name, controller } };
}

/** Both, of a new cluster. @throws OperationError 400 for what does not go together. */
export function platformOfNew(
  body: JsonObject,
  controlPlaneCount: number,
  wanted: boolean | undefined,
): { platform: Platform; userManaged: boolean | undefined } {
  const given = platformOf(body);
  checkTogether(given, wanted);
  checkExternal(given, undefined);
  const platform = withController(given, true);
  const architecture = textField(body, 'cpu_architecture') ?? '';
  if (architecture === 's390x' || architecture === 'ppc64le') return onIbm(platform, wanted, architecture);
  if (platform && platform.type !== 'baremetal' && !isMandatory(platform.type))
    return { platform, userManaged: wanted };
  if (controlPlaneCount === 1) return ofSingleNode(platform, wanted);
  if (wanted !== true && (!platform || platform.type === 'baremetal'))
    return { platform: { type: 'baremetal', external: undefined }, userManaged: false };
  return { platform: platform ?? { type: 'none', external: undefined }, userManaged: true };
}

function onIbm(platform: Platform | undefined, wanted: boolean | undefined, architecture: string) {
  if (wanted === false) refuse(`Can't disable User Managed Networking on ${architecture} architecture`);
  if (platform && !isMandatory(platform.type))
    refuse(`Can't set ${platform.type} platform on ${architecture} architecture`);
  return { platform: platform ?? { type: 'none', external: undefined }, userManaged: true };
}

function ofSingleNode(platform: Platform | undefined, wanted: boolean | undefined) {
  if (platform?.type === 'baremetal') refuse("Can't set baremetal platform on single node OpenShift");
  if (wanted === false) refuse("Can't disable user-managed-networking on single node OpenShift");
  return { platform: platform ?? { type: 'none', external: undefined }, userManaged: true };
}

/** What a request changes of both. @throws OperationError 400 for what does not go together. */
export function platformChange(cluster: ClusterRow, body: JsonObject, wanted: boolean | undefined): PlatformChoice {
  const given = platformOf(body);
  if (!given && wanted === undefined) return NOTHING;
  checkTogether(given, wanted);
  checkAgainst(cluster, given, wanted);
  checkExternal(given, cluster);
  const before = typeOf(cluster);
  const platform = withController(given, before !== 'external');
  const type = platform?.type ?? before;
  if (isAllowed(type) && !isMandatory(type)) return { platform, userManaged: wanted };
  if (before === 'baremetal') return changeOfBareMetal(platform, wanted);
  if (isMandatory(before)) return changeOfUnmanaged(cluster, platform, wanted);
  if (!platform && !isAllowed(before) && wanted === true)
    refuse(`User-managed-networking is not supported with platform ${before}`);
  return { platform, userManaged: wanted };
}

function changeOfBareMetal(platform: Platform | undefined, wanted: boolean | undefined): PlatformChoice {
  if (wanted !== true && (!platform || platform.type === 'baremetal')) return NOTHING;
  if (platform?.type === 'none' || (wanted === true && !platform)) return plain('none', true);
  return { platform, userManaged: wanted };
}

function changeOfUnmanaged(
  cluster: ClusterRow,
  platform: Platform | undefined,
  wanted: boolean | undefined,
): PlatformChoice {
  if (wanted !== false && (!platform || isMandatory(platform.type)))
    return { platform: otherThan(cluster, platform), userManaged: undefined };
  if (cluster.controlPlaneCount === 1 && (wanted !== true || (platform && !isMandatory(platform.type)))) {
    refuse(
      'disabling User Managed Networking or setting platform different than none or oci platforms is not allowed in single node Openshift',
    );
  }
  if (wanted !== true && (!platform || platform.type === 'baremetal')) {
    const { cpuArchitecture, openshiftVersion } = cluster;
    if (cpuArchitecture !== 'x86_64' && !hasFeature('cluster-networking', openshiftVersion, cpuArchitecture)) {
      refuse(
        'disabling User Managed Networking or setting Bare-Metal platform is not allowed for clusters with non-x86_64 CPU architecture',
      );
    }
    return plain('baremetal', false);
  }
  return { platform, userManaged: wanted };
}

/** The platform, unless the cluster has it already. */
function otherThan(cluster: ClusterRow, platform: Platform | undefined): Platform | undefined {
  if (!platform || platform.type !== typeOf(cluster)) return platform;
  if (platform.type !== 'external' || !platform.external) return undefined;
  const before = externalOf(cluster.platform);
  const { name, controller } = platform.external;
  const isOther =
    (name !== undefined && name !== before?.name) || (controller !== undefined && controller !== before?.controller);
  return isOther ? platform : undefined;
}
