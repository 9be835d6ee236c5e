import { expect, it } from 'vitest';
import type { JsonObject } from '../service-api.ts';
import { Site } from './test-site.ts';

const disk = (name: string, drive_type: string, extra: JsonObject = {}): JsonObject => ({
  id: `/dev/${name}`,
  drive_type,
  name,
  path: `/dev/${name}`,
  size_bytes: 2e11,
  ...extra,
});
const iscsi = (address: string) => disk('sdi', 'iSCSI', { iscsi: { host_ip_address: address } });

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
