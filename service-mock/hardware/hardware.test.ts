import { expect, it } from 'vitest';
import type { JsonObject } from '../service-api.ts';
import { Site } from '../testing/test-site.ts';

const disk = (name: string, drive_type: string, extra: JsonObject = {}): JsonObject => ({
  id: `/dev/${name}`,
  drive_type,
  name,
  path: `/dev/${name}`,
  size_bytes: 2e11,
  ...extra,
});
const iscsi = (address: string) => disk('sdi', 'iSCSI', { iscsi: { host_ip_address: address } });

const TYPES = 'HDD, SSD, Multipath, RAID, iSCSI, FC';

it.each<[JsonObject[], (string[] | null)[]]>([
  [[disk('sda', 'SSD')], [null]],
  [
    [disk('sda', 'SSD', { size_bytes: 1.5e9 })],
    [['Disk is too small (disk only has 1.5 GB, but 100 GB are required)']],
  ],
  [
    [disk('sda', 'SSD', { size_bytes: 1e11 - 1000 })],
    [['Disk is too small (disk only has 100 GB (short by 1 KB), but 100 GB are required)']],
  ],
  [[disk('sr0', 'ODD')], [[`Drive type is ODD, it must be one of ${TYPES}.`]]],
  [[iscsi('192.168.10.11')], [['iSCSI host IP 192.168.10.11 is the same as host IP, they must be different']]],
  [[disk('sdi', 'iSCSI')], [['Host IP address is not available']]],
  [
    [disk('dm-0', 'Multipath'), disk('sdb', 'FC', { holders: 'dm-0' }), disk('sdc', 'SSD', { holders: 'dm-0' })],
    [
      ['Multipath device has paths of different types, but they must all be the same type'],
      [
        'Disk is a member of multipath device dm-0 and is not eligible for installation. Use the multipath device instead.',
      ],
      null,
    ],
  ],
  [[disk('dm-0', 'Multipath')], [['Multipath device has path of unsupported type. It must be FC, iSCSI']]],
])('says of %j why they are not eligible', async (disks, reasons) => {
  const site = new Site();
  const machine = site.machine(site.infraEnv(site.cluster({ control_plane_count: 1 })));
  machine.inventory = (document) => {
    document.disks = disks;
  };
  await site.live(1);
  const stored = JSON.parse(site.host(machine).inventory as string) as {
    disks: { installation_eligibility: { not_eligible_reasons: string[] | null } }[];
  };
  expect(stored.disks.map((item) => item.installation_eligibility.not_eligible_reasons)).toEqual(reasons);
});

it.each<[string, JsonObject[], string[]]>([
  ['a local disk', [disk('sda', 'SSD')], ['sda']],
  ['a small disk', [disk('sda', 'SSD', { size_bytes: 1e9 })], []],
  ['an optical drive', [disk('sr0', 'ODD')], []],
  ['an iSCSI disk behind another interface', [iscsi('10.5.5.5')], ['sdi']],
  ['an iSCSI disk behind the default route', [iscsi('192.168.10.11')], []],
  ['an iSCSI disk without an address', [disk('sdi', 'iSCSI')], []],
  ['a multipath device over FC', [disk('dm-0', 'Multipath'), disk('sdb', 'FC', { holders: 'dm-0' })], ['dm-0']],
  [
    'a multipath device over a local disk',
    [disk('dm-0', 'Multipath'), disk('sdb', 'SSD', { holders: 'dm-0' })],
    ['sdb'],
  ],
  [
    'a multipath device over mixed paths',
    [disk('dm-0', 'Multipath'), disk('sdb', 'FC', { holders: 'dm-0' }), disk('sdc', 'SSD', { holders: 'dm-0' })],
    ['sdc'],
  ],
])('judges %s', async (_what, disks, eligible) => {
  const site = new Site();
  const machine = site.machine(site.infraEnv(site.cluster({ control_plane_count: 1 })));
  machine.inventory = (document) => {
    document.disks = disks;
  };
  await site.live(1);
  const stored = JSON.parse(site.host(machine).inventory as string) as {
    disks: { name: string; installation_eligibility: { eligible?: boolean; not_eligible_reasons: string[] | null } }[];
  };
  expect(stored.disks.filter((item) => item.installation_eligibility.eligible).map((item) => item.name)).toEqual(
    eligible,
  );
  // Judging again does not pile reasons up.
  site.service.updateHost(machine.infraEnvId, machine.id, {});
  expect(JSON.parse(site.host(machine).inventory as string)).toEqual(stored);
});

it.each([
  ['has-min-cpu-cores', 'success'],
  ['has-cpu-cores-for-role', 'failure'],
] as const)('a single node with three cores: %s is %s', async (id, status) => {
  const site = new Site();
  const machine = site.machine(site.infraEnv(site.cluster({ control_plane_count: 1 })));
  machine.inventory = (document) => {
    (document.cpu as JsonObject).count = 3;
  };
  await site.live(1);
  expect(site.validation(machine, id)?.status).toBe(status);
});
