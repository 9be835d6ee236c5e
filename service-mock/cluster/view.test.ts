import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../service-api.ts';
import { Site } from '../testing/test-site.ts';

const parsed = (value: unknown) => JSON.parse(value as string) as JsonObject;

describe('feature usage', () => {
  it.each<[JsonObject, string[]]>([
    [{}, ['Hyperthreading', 'OVN network type']],
    [{ control_plane_count: 1, hyperthreading: 'none' }, ['OVN network type', 'SNO']],
    [{ additional_ntp_source: 'a.b,c.d', tags: 'x' }, ['Additional NTP Source', 'Cluster Tags']],
    [{ http_proxy: 'http://a:1', no_proxy: 'b.c' }, ['Proxy']],
    [{ user_managed_networking: true }, ['User Managed Networking With Multi Node']],
    [{ platform: { type: 'nutanix' } }, ['Nutanix integration', 'Platform selection']],
    [{ disk_encryption: { enable_on: 'all', mode: 'tpmv2' } }, ['Disk encryption']],
    [{ olm_operators: [{ name: 'mtv' }] }, ['CNV', 'MTV']],
    [{ vip_dhcp_allocation: true }, ['VIP auto alloc.']],
    [{ schedulable_masters: true }, ['Schedulable masters']],
  ])('of %j names %j', (body, names) => {
    const site = new Site();
    const usage = parsed(site.service.getCluster(site.cluster(body), { excludeHosts: true }).feature_usage);
    expect(Object.keys(usage)).toEqual(expect.arrayContaining(names));
    expect(Object.keys(usage)).toEqual(Object.keys(usage).sort());
    for (const [name, item] of Object.entries(usage))
      expect(item).toMatchObject({ id: name.toUpperCase().replace(/\W/g, (sign) => (sign === ' ' ? '_' : '')), name });
  });
});

it('counts what users changed beside the cluster', async () => {
  const site = new Site();
  const { service } = site;
  const clusterId = site.cluster();
  const machine = site.machine(site.infraEnv(clusterId));
  service.updateInstallConfig(clusterId, '{"fips":true}');
  service.createManifest(clusterId, { file_name: 'a.yaml', content: 'eA==' });
  service.updateHost(machine.infraEnvId, machine.id, { host_name: 'other' });
  service.updateHostIgnition(machine.infraEnvId, machine.id, { config: '{"ignition":{"version":"3.1.0"}}' });
  expect(parsed(service.getCluster(clusterId, { excludeHosts: true }).feature_usage)).toMatchObject({
    'Custom manifest': { id: 'CUSTOM_MANIFEST' },
    FIPS: { id: 'FIPS' },
    'Ignition Config Override': { data: { host: true } },
    'Install Config Overrides': { data: { fips: true } },
    'Requested hostname': { data: { host_count: 1 } },
  });
});

it('shows the networks that every discovered host has', async () => {
  const site = new Site();
  const clusterId = site.cluster();
  const infraEnv = site.infraEnv(clusterId);
  const machines = [site.machine(infraEnv), site.machine(infraEnv)];
  site.machine(infraEnv, '10.1.1');
  await site.live(1, machines);
  const networks = () => site.service.getCluster(clusterId, { excludeHosts: false }).host_networks;
  expect(networks()).toEqual([{ cidr: '192.168.10.0/24', host_ids: machines.map(({ id }) => id) }]);
  await site.live(1);
  expect(networks()).toEqual([]);
});

it('keeps a disk whose measurement was taken back, without a speed', async () => {
  const site = new Site();
  const machine = site.machine(site.infraEnv(site.cluster({ control_plane_count: 1 })));
  await site.live(3);
  const disk = site.host(machine).installation_disk_id as string;
  site.reply(machine, 'installation-disk-speed-check', { path: disk, io_sync_duration: 7 });
  expect(parsed(site.host(machine).disks_info)).toEqual({
    [disk]: { disk_speed: { speed_ms: 7, tested: true }, path: disk },
  });
  site.service.resetHostValidation(machine.infraEnvId, machine.id, 'sufficient-installation-disk-speed');
  expect(parsed(site.host(machine).disks_info)).toEqual({ [disk]: { path: disk } });
});

it('answers an import without what is only read back later', () => {
  const { service } = new Site();
  const answer = service.importCluster({
    name: 'day2',
    api_vip_dnsname: 'api.day2.example.com',
    openshift_cluster_id: '11111111-1111-4111-8111-111111111111',
  });
  expect(answer).toMatchObject({ api_vips: null, monitored_operators: null, platform: { type: 'baremetal' } });
  expect(answer).not.toHaveProperty('progress');
  expect(service.getCluster(answer.id as string, { excludeHosts: true })).toMatchObject({ api_vips: [], progress: {} });
});
