import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { expandPlan } from '../plan/expand.ts';
import type { ClusterPlan } from '../plan/expanded-plan.ts';
import { parsePlan } from '../plan/load.ts';
import { buildHost } from './build-host.ts';
import type { ForcedIdentity, Host } from './host.ts';
import { MAX_DISKS, MAX_NICS } from './identity.ts';
import { contains, parseCidr, parseIpv4 } from './ipv4.ts';
import { PROFILE_NAMES, profileNamed } from './profiles.ts';

interface Inventory {
  bmc_address: string;
  boot: { command_line: string; current_boot_mode: string; pxe_interface?: string };
  cpu: { count: number; architecture: string; flags: string[] };
  disks: {
    id: string;
    by_id?: string;
    by_path: string;
    name: string;
    drive_type: string;
    serial?: string;
    wwn?: string;
    size_bytes: number;
    bootable?: boolean;
    removable?: boolean;
    hctl?: string;
    is_installation_media?: boolean;
    installation_eligibility: { eligible: boolean; not_eligible_reasons: null };
  }[];
  hostname: string;
  interfaces: {
    name: string;
    type: string;
    flags: string[];
    has_carrier?: boolean;
    ipv4_addresses: string[];
    ipv6_addresses: string[];
    mac_address?: string;
    mtu: number;
  }[];
  memory: { physical_bytes: number; physical_bytes_method: string; usable_bytes: number };
  routes: { destination: string; family: number; gateway?: string; interface: string; metric: number }[];
  system_vendor: { manufacturer: string; product_name: string; serial_number: string; virtual?: boolean };
  tpm_version: string;
}

function clustersOf(clusters: object[], seed = 'test', shard = { index: 0, count: 1 }): ClusterPlan[] {
  return expandPlan(parsePlan({ name: 'hosts', seed, clusters }, 'test.yaml'), { shard }).clusters;
}

function hostsOf(clusters: readonly ClusterPlan[], seed = 'test'): Host[] {
  return clusters.flatMap((cluster) => cluster.hosts.map((host) => buildHost(seed, cluster, host)));
}

function oneHost(profile: string, forced?: ForcedIdentity): Host {
  const [cluster] = clustersOf([{ topology: { control_planes: 3, workers: 2 }, profile }]);
  return buildHost('test', cluster!, cluster!.hosts[1]!, forced);
}

const read = (host: Host) => JSON.parse(host.inventory()) as Inventory;

describe('identity', () => {
  const MIXED = [
    { topology: 'sno', amount: 3 },
    { topology: { control_planes: 3, workers: 4 }, day2_workers: 2, profile: 'server-large' },
    { topology: { control_planes: 2, arbiters: 1 } },
  ];

  test('the same plan and seed give the same bytes', () => {
    const [first, second] = [hostsOf(clustersOf(MIXED)), hostsOf(clustersOf(MIXED))];
    expect(second.map((host) => host.identity)).toEqual(first.map((host) => host.identity));
    expect(second.map((host) => host.inventory())).toEqual(first.map((host) => host.inventory()));
    expect(second.map((host) => host.nics)).toEqual(first.map((host) => host.nics));
    expect(second.map((host) => host.random('rtt', 4))).toEqual(first.map((host) => host.random('rtt', 4)));
    expect(first[0]!.inventory()).toBe(first[0]!.inventory());
  });

  test('a run in shards has the machines of the run in one piece', () => {
    const byId = (hosts: Host[]) => hosts.map((host) => `${host.identity.id} ${host.inventory()}`).sort();
    const parts = [0, 1, 2].flatMap((index) => hostsOf(clustersOf(MIXED, 'test', { index, count: 3 })));
    expect(byId(parts)).toEqual(byId(hostsOf(clustersOf(MIXED))));
  });

  test('these bytes never change by accident', () => {
    const [cluster] = clustersOf([{ topology: 'sno' }]);
    expect(buildHost('test', cluster!, cluster!.hosts[0]!).identity).toMatchInlineSnapshot(`
      {
        "hostname": "hosts-w3rv6n-0-master-0",
        "id": "6dffc8f5-c3df-ac38-a300-a3fa5a759c0d",
        "ipv4": "10.0.0.4",
        "mac": "92:20:ae:f8:16:60",
        "serial": "S3WDSQQZ0B6",
      }
    `);
  });

  test('other seeds give other machines', () => {
    const ours = hostsOf(clustersOf(MIXED, 'one'), 'one');
    const theirs = hostsOf(clustersOf(MIXED, 'two'), 'two');
    for (const key of ['id', 'hostname', 'serial', 'mac'] as const) {
      const all = [...ours, ...theirs].map((host) => host.identity[key]);
      expect(new Set(all).size, key).toBe(all.length);
    }
  });

  test('the id is what a stock agent makes of the serial in the inventory', () => {
    for (const host of hostsOf(clustersOf(MIXED))) {
      const digest = createHash('md5').update(read(host).system_vendor.serial_number).digest('hex');
      expect(host.identity.id.replaceAll('-', '')).toBe(digest);
      expect(host.identity.id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    }
  });

  test.each([
    { what: 'single nodes', clusters: [{ topology: 'sno', amount: 100_000 }] },
    {
      what: 'large clusters',
      clusters: [{ topology: { control_planes: 5, workers: 495 }, day2_workers: 100, amount: 150 }],
    },
  ])('100,000 hosts share nothing: $what', ({ clusters }) => {
    const seen = { id: new Set(), hostname: new Set(), serial: new Set(), ipv4: new Set(), mac: new Set() };
    let count = 0;
    for (const cluster of clustersOf(clusters)) {
      const { network } = parseCidr(cluster.machineNetwork);
      for (const plan of cluster.hosts) {
        const { identity } = buildHost('test', cluster, plan);
        count++;
        for (const key of ['id', 'hostname', 'serial', 'ipv4', 'mac'] as const) seen[key].add(identity[key]);
        if (!contains(network, parseIpv4(identity.ipv4)!))
          throw new Error(`${identity.ipv4} is not in ${cluster.machineNetwork}`);
        if ([cluster.gateway, cluster.apiVip, cluster.ingressVip].includes(identity.ipv4))
          throw new Error(`${identity.ipv4} is taken`);
      }
    }
    expect(Object.values(seen).map((values) => values.size)).toEqual([count, count, count, count, count]);
  });

  test('every NIC, disk and management address of a fleet is its own', () => {
    const macs: string[] = [];
    const disks: string[] = [];
    const bmcs: string[] = [];
    for (const profile of PROFILE_NAMES) {
      for (const host of hostsOf(
        clustersOf(
          PROFILE_NAMES.map((name) => ({ topology: 'compact', amount: 20, profile: name })),
          profile,
        ),
        profile,
      )) {
        const inventory = read(host);
        macs.push(...new Set(inventory.interfaces.flatMap((nic) => nic.mac_address ?? [])));
        disks.push(...inventory.disks.flatMap((disk) => [disk.serial ?? [], disk.wwn ?? []].flat()));
        if (inventory.bmc_address !== '0.0.0.0') bmcs.push(`${profile} ${inventory.bmc_address}`);
        expect(host.nics.map((nic) => nic.mac)).toEqual(inventory.interfaces.map((nic) => nic.mac_address ?? ''));
      }
    }
    expect(new Set(macs).size).toBe(macs.length);
    expect(new Set(disks).size).toBe(disks.length);
    expect(new Set(bmcs).size).toBe(bmcs.length);
    for (const mac of macs) expect(Number.parseInt(mac.slice(0, 2), 16) & 3, `${mac} is local and unicast`).toBe(2);
  });

  test('hostnames are valid for the service and name the role', () => {
    const hosts = hostsOf(
      clustersOf([
        { name: 'a'.repeat(30), topology: { control_planes: 2, arbiters: 1, workers: 500 }, day2_workers: 500 },
      ]),
    );
    for (const host of hosts) {
      expect(host.identity.hostname).toMatch(/^[a-z0-9][a-z0-9-]{0,62}(?:[.][a-z0-9-]{1,63})*$/);
      expect(host.identity.hostname.length).toBeLessThanOrEqual(63);
    }
    const suffixes = hosts.map((host) => host.identity.hostname.split('-').slice(-2).join('-'));
    expect(suffixes.slice(0, 4)).toEqual(['master-0', 'master-1', 'arbiter-0', 'worker-0']);
    expect(suffixes.slice(-1)).toEqual(['day2-499']);
  });

  test('a machine network that is too small is refused', () => {
    const [cluster] = clustersOf([{ topology: 'compact' }]);
    expect(() => buildHost('s', { ...cluster!, machineNetwork: '10.0.0.0/30' }, cluster!.hosts[0]!)).toThrow(
      `host 0 of cluster ${cluster!.name} does not fit 10.0.0.0/30`,
    );
  });
});

describe('forced identity', () => {
  test('replaces what is given and keeps the rest', () => {
    const plain = oneHost('master');
    const forced = oneHost('master', {
      id: '11111111-2222-3333-4444-555555555555',
      hostname: 'given',
      mac: '52:54:00:00:00:01',
      ipv4Cidr: '10.123.0.5/16',
    });
    expect(forced.identity).toEqual({
      id: '11111111-2222-3333-4444-555555555555',
      hostname: 'given',
      serial: plain.identity.serial,
      ipv4: '10.123.0.5',
      mac: '52:54:00:00:00:01',
    });
    const inventory = read(forced);
    expect(inventory.hostname).toBe('given');
    expect(inventory.interfaces[1]).toMatchObject({
      mac_address: '52:54:00:00:00:01',
      ipv4_addresses: ['10.123.0.5/16'],
    });
    expect(inventory.interfaces[2]!.mac_address).toBe(read(plain).interfaces[2]!.mac_address);
    expect(inventory.routes[0]).toMatchObject({ destination: '0.0.0.0', gateway: '10.123.0.1' });
    expect(inventory.routes[1]!.destination).toBe('10.123.0.0');
    expect(forced.nics[1]).toMatchObject({ mac: '52:54:00:00:00:01', ipv4: ['10.123.0.5/16'] });
  });

  test('a forced MAC is shown by the bond, its first member and its VLAN', () => {
    const macs = read(oneHost('server-large', { mac: '52:54:00:00:00:01' })).interfaces.filter(
      (nic) => nic.mac_address === '52:54:00:00:00:01',
    );
    expect(macs.map((nic) => nic.name)).toEqual(['ens1f0', 'bond0', 'bond0.140']);
  });

  test('a hostname that needs escaping does not break the document', () => {
    expect(read(oneHost('vm', { hostname: 'a"b\\<c' })).hostname).toBe('a"b\\<c');
    expect(oneHost('vm', { hostname: 'a<b' }).inventory()).toContain('"a\\u003cb"');
  });

  test('a malformed forced address is refused', () => {
    expect(() => oneHost('vm', { ipv4Cidr: '10.123.0.5' })).toThrow('is no IPv4 CIDR');
  });
});

describe.each(PROFILE_NAMES)('inventory of %s', (profile) => {
  const host = oneHost(profile);
  const inventory = read(host);

  test('has the keys of the agent in its order, and empty members only where the agent sends them', () => {
    expect(Object.keys(inventory)).toEqual(
      'bmc_address bmc_v6address boot cpu disks gpus hostname interfaces memory routes system_vendor tpm_version'.split(
        ' ',
      ),
    );
    const order = {
      boot: 'command_line current_boot_mode device_type pxe_interface secure_boot_state',
      cpu: 'architecture count flags frequency model_name',
      memory: 'physical_bytes physical_bytes_method usable_bytes',
      system_vendor: 'manufacturer product_name serial_number virtual',
      disks:
        'bootable by_id by_path drive_type has_uuid hctl holders id installation_eligibility is_installation_media iscsi model name path ' +
        'removable serial size_bytes vendor wwn',
      interfaces:
        'biosdevname flags has_carrier ipv4_addresses ipv6_addresses mac_address mtu name product speed_mbps type vendor',
      routes: 'destination family gateway interface metric',
      gpus: 'address device_id name vendor vendor_id',
    };
    for (const [key, allowed] of Object.entries(order)) {
      for (const item of [(inventory as unknown as Record<string, object>)[key]!].flat()) {
        const keys = Object.keys(item);
        expect(keys, key).toEqual(allowed.split(' ').filter((name) => keys.includes(name)));
        for (const [name, value] of Object.entries(item)) {
          if (!['ipv4_addresses', 'ipv6_addresses'].includes(name))
            expect([key, name, value]).not.toContainEqual(expect.toBeOneOf(['', false, 0, null]));
        }
      }
    }
  });

  test('is compact JSON in Go spelling with a command line that ends in a line feed', () => {
    expect(host.inventory()).toBe(JSON.stringify(inventory));
    expect(host.inventory()).not.toMatch(/[<>&\u2028\u2029]|@@/);
    expect(inventory.boot.command_line.endsWith('\n')).toBe(true);
  });

  test('has the size of its kind', () => {
    const [least, most] = {
      vm: [2800, 3200],
      'sno-small': [3300, 4100],
      master: [3700, 4400],
      'worker-medium': [5000, 6200],
      'server-large': [15_000, 17_000],
    }[profile]!;
    expect(host.inventory().length).toBeGreaterThanOrEqual(least!);
    expect(host.inventory().length).toBeLessThanOrEqual(most!);
  });

  test("passes the service's hardware rules of its roles", () => {
    const cores = profile === 'sno-small' ? 8 : 4;
    expect(inventory.cpu.count).toBeGreaterThanOrEqual(cores);
    expect(inventory.memory.physical_bytes).toBeGreaterThanOrEqual(16 * 2 ** 30);
    expect(inventory.memory.usable_bytes).toBeLessThan(inventory.memory.physical_bytes);
    const fit = inventory.disks.filter(
      (disk) =>
        disk.installation_eligibility.eligible &&
        ['HDD', 'SSD'].includes(disk.drive_type) &&
        !disk.removable &&
        !disk.is_installation_media &&
        disk.size_bytes >= 100e9,
    );
    // assisted-service, internal/hardware/validator.go ListEligibleDisks: bootable first, then not NVMe, HDD before SSD, smaller.
    const rank = (disk: Inventory['disks'][number]) =>
      [disk.bootable ? 0 : 1, disk.name.startsWith('nvme') ? 1 : 0, disk.drive_type === 'HDD' ? 0 : 1].join('') +
      String(disk.size_bytes).padStart(20, '0');
    expect(fit.toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1))[0]!.id).toBe(host.installationDisk);
  });

  test("passes the service's network rules", () => {
    expect(inventory.interfaces[0]).toEqual({
      flags: ['up', 'loopback', 'running'],
      has_carrier: true,
      ipv4_addresses: ['127.0.0.1/8'],
      ipv6_addresses: ['::1/128'],
      mtu: 65_536,
      name: 'lo',
      type: 'device',
    });
    const own = inventory.interfaces.slice(1).filter((nic) => nic.ipv4_addresses.length > 0);
    expect(own).toHaveLength(1);
    const { prefix } = parseCidr(own[0]!.ipv4_addresses[0]!).network;
    expect(own[0]!.ipv4_addresses).toEqual([`${host.identity.ipv4}/${prefix}`]);
    expect(own[0]!.mac_address).toBe(host.identity.mac);
    expect(['physical', 'vlan', 'bond']).toContain(own[0]!.type);
    expect(own[0]!.flags).toContain('running');
    const [route] = inventory.routes;
    expect(route).toMatchObject({ destination: '0.0.0.0', family: 2, interface: own[0]!.name });
    expect(contains(parseCidr(own[0]!.ipv4_addresses[0]!).network, parseIpv4(route!.gateway!)!)).toBe(true);
    for (const { family } of inventory.routes) expect([2, 10]).toContain(family);
  });

  test('the facts given beside the document agree with it', () => {
    expect(host.nics).toEqual(
      inventory.interfaces.map((nic) => ({
        name: nic.name,
        mac: nic.mac_address ?? '',
        mtu: nic.mtu,
        ipv4: nic.ipv4_addresses,
        ipv6: nic.ipv6_addresses,
        type: nic.type,
      })),
    );
    expect(inventory.disks.map((disk) => disk.id)).toContain(host.installationDisk);
    expect(inventory.hostname).toBe(host.identity.hostname);
  });
});

describe('hardware profiles', () => {
  test('the large server has 24 disks and 11 NICs, a bond and a VLAN among them', () => {
    const inventory = read(oneHost('server-large'));
    expect(inventory.disks).toHaveLength(24);
    expect(inventory.interfaces).toHaveLength(12);
    expect(inventory.interfaces.map((nic) => nic.type)).toEqual(expect.arrayContaining(['physical', 'bond', 'vlan']));
    expect(inventory.boot.pxe_interface).toBe(inventory.interfaces[1]!.mac_address);
    expect(inventory.boot.command_line).toContain(`BOOTIF=01-${inventory.boot.pxe_interface!.replaceAll(':', '-')}\n`);
    expect(new Set(inventory.disks.map((disk) => disk.by_path)).size).toBe(24);
    expect(new Set(inventory.disks.map((disk) => disk.name)).size).toBe(24);
  });

  test('masters weigh less than workers, so that a service that assigns roles agrees with the plan', () => {
    const weight = (name: string) => {
      const profile = profileNamed(name);
      return profile.cpu.count - 4 + 0.1 * (profile.memory.physicalBytes / 2 ** 30 - 16);
    };
    expect(weight('master')).toBeLessThan(weight('worker-medium'));
  });

  test('no profile has more NICs or disks than can be told apart', () => {
    for (const name of PROFILE_NAMES) {
      const profile = profileNamed(name);
      expect(profile.nics.length).toBeLessThanOrEqual(MAX_NICS);
      expect(profile.disks.reduce((sum, disk) => sum + (disk.count ?? 1), 0)).toBeLessThanOrEqual(MAX_DISKS);
    }
  });

  test('an unknown profile is refused with the known ones', () => {
    expect(() => profileNamed('toaster')).toThrow(/"toaster"; allowed: vm, sno-small, /);
  });
});

test('random depends on the host, the purpose and the ordinal, and on nothing else', () => {
  const [a, b] = hostsOf(clustersOf([{ topology: 'sno', amount: 2 }]));
  const numbers = [a!.random('rtt', 1), a!.random('rtt', 2), a!.random('disk', 1), b!.random('rtt', 1)];
  expect(new Set(numbers).size).toBe(4);
  expect(a!.random('rtt', 1)).toBe(numbers[0]);
  expect(numbers.every((n) => n >= 0 && n < 1)).toBe(true);
});
