import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../service-api.ts';
import { diskByHints } from './disk-hints.ts';

const disk = (id: string, more: JsonObject = {}): JsonObject => ({
  id,
  path: `/dev/${id}`,
  byPath: `/dev/disk/by-path/${id}`,
  hctl: '0:0:0:0',
  model: 'PERC H755',
  vendor: 'DELL',
  serial: `serial-${id}`,
  wwn: `wwn-${id}`,
  sizeBytes: 119_999_999_999,
  driveType: 'SSD',
  installationEligibility: { eligible: true },
  ...more,
});
const DISKS = [
  disk('sda', { installationEligibility: {} }),
  disk('sdb'),
  disk('sdc', { driveType: 'HDD', sizeBytes: 2_000_000_000_000 }),
  disk('dm-0', { driveType: 'Multipath', hctl: '' }),
];

describe('root device hints', () => {
  it.each([
    ['none', undefined, ''],
    ['that are empty take the multipath disk', {}, 'dm-0'],
    ['of a path', { deviceName: '/dev/sdb' }, 'sdb'],
    ['of a path by bus', { deviceName: '/dev/disk/by-path/sdc' }, 'sdc'],
    ['of an address', { hctl: '0:0:0:0' }, 'sdb'],
    ['of a part of a model and a vendor', { model: 'H755', vendor: 'EL' }, 'dm-0'],
    ['of a serial number', { serialNumber: 'serial-sdc' }, 'sdc'],
    ['of a world-wide name', { wwn: 'wwn-sdb' }, 'sdb'],
    ['of a size, in whole gigabytes', { minSizeGigabytes: 120 }, 'sdc'],
    ['of a size that just fits', { minSizeGigabytes: 119, deviceName: '/dev/sdb' }, 'sdb'],
    ['of rotation', { rotational: true }, 'sdc'],
    ['of no rotation', { rotational: false, hctl: '0:0:0:0' }, 'sdb'],
    ['that exclude each other', { rotational: true, deviceName: '/dev/sdb' }, '/dev/not-found-by-hints'],
    ['of a disk that is not eligible', { deviceName: '/dev/sda' }, '/dev/not-found-by-hints'],
  ])('%s', (_, hints, expected) => {
    expect(diskByHints(DISKS, hints)).toBe(expected);
  });

  it('without a disk name one that cannot be', () => {
    expect(diskByHints([], {})).toBe('/dev/not-found-by-hints');
  });
});
