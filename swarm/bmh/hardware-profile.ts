/** Settings of the status that a host's spec and profile give. Upstream: apis/metal3.io/v1alpha1/profile; baremetalhost_controller.go. */
import { isDeepStrictEqual } from 'node:util';
import type { BareMetalHost, HostStatus, Raid, RootDeviceHints } from './bare-metal-host.ts';

/** Hints by profile. */
const PROFILES: Readonly<Record<string, RootDeviceHints>> = {
  unknown: { deviceName: '/dev/sda' },
  libvirt: { deviceName: '/dev/vda' },
  dell: { hctl: '0:0:0:0' },
  'dell-raid': { hctl: '0:2:0:0' },
  openstack: { deviceName: '/dev/vdb' },
  empty: {},
};

/** matchProfile. @returns whether something has changed, or why there is no such profile */
export function matchProfile(host: BareMetalHost): { dirty: boolean; set: string | null } | { error: string } {
  const { spec, status } = host;
  const name =
    status.hardwareProfile || spec.hardwareProfile || (spec.bmc?.address.startsWith('libvirt') ? 'libvirt' : 'unknown');
  if (!PROFILES[name]) return { error: `no hardware profile named "${name}"` };
  const set = status.hardwareProfile === name ? null : name;
  status.hardwareProfile = name;
  return { dirty: updateRootDeviceHints(host) || set !== null, set };
}

/** updateRootDeviceHints. */
function updateRootDeviceHints({ spec, status }: BareMetalHost): boolean {
  const { provisioning } = status;
  if (spec.raid?.softwareRAIDVolumes?.some((volume) => (volume as { rootVolume?: boolean }).rootVolume)) {
    const had = provisioning.rootDeviceHints !== undefined;
    delete provisioning.rootDeviceHints;
    return had;
  }
  const hints = spec.rootDeviceHints ?? PROFILES[status.hardwareProfile ?? '']!;
  if (isDeepStrictEqual(hints, provisioning.rootDeviceHints)) return false;
  provisioning.rootDeviceHints = structuredClone(hints);
  return true;
}

/** saveHostProvisioningSettings: copies what does not make a host be provisioned again. @returns whether it has changed */
export function saveProvisioningSettings(host: BareMetalHost): boolean {
  const { spec, status } = host;
  const dirty = updateRootDeviceHints(host);
  const wanted = wantedRaid(spec.raid, status);
  if (isDeepStrictEqual(wanted, status.provisioning.raid)) return dirty;
  if (wanted) status.provisioning.raid = structuredClone(wanted);
  else delete status.provisioning.raid;
  return true;
}

/** No volumes asked for: arrays of the controller stay as they are, those of the operating system go. */
function wantedRaid(raid: Raid | null | undefined, { provisioning }: HostStatus): Raid | undefined {
  if (raid && Object.keys(raid).length > 0) return raid;
  if (!provisioning.raid) return undefined;
  return { hardwareRAIDVolumes: provisioning.raid.hardwareRAIDVolumes ?? null, softwareRAIDVolumes: [] };
}

/** getHostProvisioningSettings: what saving would change. */
export function provisioningSettings(host: BareMetalHost): { dirty: boolean; status: HostStatus } {
  const copy = { ...host, status: structuredClone(host.status) };
  return { dirty: saveProvisioningSettings(copy), status: copy.status };
}

/** clearHostProvisioningSettings. */
export function clearProvisioningSettings({ status: { provisioning } }: BareMetalHost): void {
  delete provisioning.rootDeviceHints;
  delete provisioning.firmware;
  if (provisioning.raid) provisioning.raid.softwareRAIDVolumes = null;
}
