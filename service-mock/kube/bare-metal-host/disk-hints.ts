/** The disk that a BareMetalHost means. Upstream: assisted-service, bmh_agent_controller.go (findInstallationDiskID), hostutil/host_utils.go. */
import type { JsonObject } from '../../service-api.ts';
import type { RootDeviceHints } from './objects.ts';

/** Written when no disk is meant: an installation onto it fails, one onto another disk would not. */
const NOT_FOUND = '/dev/not-found-by-hints';
const GB = 1000 ** 3;

/**
 * Id of the first disk that all hints fit, a multipath one before others; empty without hints.
 * @param disks of the Agent's inventory
 */
export function diskByHints(disks: readonly JsonObject[], hints: RootDeviceHints | undefined): string {
  if (!hints) return '';
  const acceptable = disks.filter((disk) => isEligible(disk) && fits(disk, hints));
  const chosen = acceptable.find((disk) => driveType(disk) === 'MULTIPATH') ?? acceptable[0];
  return chosen ? text(chosen, 'id') : NOT_FOUND;
}

const text = (disk: JsonObject, field: string) => (typeof disk[field] === 'string' ? (disk[field] as string) : '');
const driveType = (disk: JsonObject) => text(disk, 'driveType').toUpperCase();
const isEligible = ({ installationEligibility: eligibility }: JsonObject) =>
  (eligibility as JsonObject | undefined)?.eligible === true;

function fits(disk: JsonObject, hints: RootDeviceHints): boolean {
  const { deviceName, hctl, model, vendor, serialNumber, minSizeGigabytes, wwn, rotational } = hints;
  return (
    (!deviceName || deviceName === text(disk, 'path') || deviceName === text(disk, 'byPath')) &&
    (!hctl || hctl === text(disk, 'hctl')) &&
    (!model || text(disk, 'model').includes(model)) &&
    (!vendor || text(disk, 'vendor').includes(vendor)) &&
    (!serialNumber || serialNumber === text(disk, 'serial')) &&
    (!minSizeGigabytes || Math.trunc(Number(disk.sizeBytes ?? 0) / GB) >= minSizeGigabytes) &&
    (!wwn || wwn === text(disk, 'wwn')) &&
    (rotational === undefined || rotational === null || rotational === (driveType(disk) === 'HDD'))
  );
}
