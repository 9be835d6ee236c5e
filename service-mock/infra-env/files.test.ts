import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { mergeIgnition } from '../ignition/ignition.ts';
import { CERTIFICATE, PULL_SECRET, Site } from '../testing/test-site.ts';

interface Config {
  ignition: { version: string; proxy?: object };
  passwd: { users: { name: string; sshAuthorizedKeys: string[] }[] };
  systemd: { units: { name: string; contents?: string; enabled?: boolean }[] };
  storage: { files: { path: string; mode: number; contents: { source: string } }[] };
}

const NETWORK = [
  {
    network_yaml: 'interfaces: [{name: eth0}]\n',
    mac_interface_map: [{ mac_address: '52:54:00:00:00:01', logical_nic_name: 'eth0' }],
  },
];
const PROXY = {
  http_proxy: 'http://proxy.example.com:3128',
  https_proxy: 'http://proxy.example.com:3129',
  no_proxy: 'a.com,b.com',
};

const infraEnvOf = (site: Site, body: object = {}) =>
  String(site.service.registerInfraEnv({ name: 'env', pull_secret: PULL_SECRET, ...body }).id);
const fileOf = (site: Site, id: string, name: string, query: Record<string, string> = {}) =>
  site.service.downloadInfraEnvFile(id, name, query);
const ignition = (site: Site, id: string, query?: Record<string, string>) =>
  JSON.parse(fileOf(site, id, 'discovery.ign', query).content.toString()) as Config;
const pathsOf = ({ storage }: Config) => storage.files.map(({ path }) => path);
const textAt = ({ storage }: Config, path: string) => {
  const { source } = storage.files.find((file) => file.path === path)!.contents;
  const [type, data] = source.split(/,(.*)/s) as [string, string];
  return type.endsWith(';base64') ? Buffer.from(data, 'base64').toString() : decodeURIComponent(data);
};
const agentUnit = ({ systemd }: Config) => systemd.units.find(({ name }) => name === 'agent.service')!.contents!;

/** Paths, modes and sizes of a cpio archive. */
function cpioList(archive: Buffer): [string, string, number][] {
  const list: [string, string, number][] = [];
  for (let at = 0; ; ) {
    const field = (i: number) => Number.parseInt(archive.toString('latin1', at + 6 + i * 8, at + 14 + i * 8), 16);
    const [mode, size, nameSize] = [field(1), field(6), field(11)];
    const name = archive.toString('utf8', at + 110, at + 110 + nameSize - 1);
    if (name === 'TRAILER!!!') return list;
    list.push([name, mode.toString(8), size]);
    at = ((at + 110 + nameSize + 3) & ~3) + ((size + 3) & ~3);
  }
}

describe('the discovery ignition', () => {
  it('tells an agent what it needs', () => {
    const site = new Site();
    const id = infraEnvOf(site);
    const config = ignition(site, id);
    const unit = agentUnit(config);
    expect(unit).toContain(
      `ExecStart=/usr/local/bin/agent --url http://127.0.0.1:8090 --infra-env-id ${id} --agent-version quay.io/edge-infrastructure/assisted-installer-agent:latest --insecure=false \n`,
    );
    expect(unit).toContain('\nEnvironment=HTTP_PROXY=\nEnvironment=http_proxy=\n');
    expect(unit).not.toContain('PULL_SECRET_TOKEN');
    expect(JSON.parse(textAt(config, '/root/.docker/config.json'))).toHaveProperty('auths');
    expect(config.ignition).toEqual({ version: '3.1.0' });
  });

  it('carries proxies, certificates, time servers and networks', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ca-'));
    const ca = join(folder, 'ca.pem');
    writeFileSync(ca, CERTIFICATE);
    const site = new Site({ SERVICE_CA_CERT_PATH: ca, SKIP_CERT_VERIFICATION: true });
    const id = infraEnvOf(site, {
      proxy: { ...PROXY, http_proxy: 'http://u:p%40@proxy.example.com:3128' },
      additional_trust_bundle: CERTIFICATE,
      additional_ntp_sources: 'ntp.example.com',
      static_network_config: NETWORK,
      image_type: 'minimal-iso',
    });
    const config = ignition(site, id);
    expect(agentUnit(config)).toContain('--insecure=true --cacert /etc/assisted-service/service-ca-cert.crt\n');
    expect(agentUnit(config)).toContain('Environment=http_proxy=http://u:p%%40@proxy.example.com:3128\n');
    expect(textAt(config, '/etc/assisted-service/service-ca-cert.crt')).toBe(CERTIFICATE);
    expect(config.ignition.proxy).toEqual({
      httpProxy: 'http://u:p%40@proxy.example.com:3128',
      httpsProxy: 'http://proxy.example.com:3129',
      noProxy: ['a.com', 'b.com'],
    });
    expect(pathsOf(config)).toContain('/usr/local/bin/add-ntp-sources.sh');
    // A minimal image gets its networks before, with its first root.
    expect(pathsOf(config)).not.toContain('/etc/assisted/network/host0/ymlFile0.yml');
    const full = ignition(site, id, { discovery_iso_type: 'full-iso' });
    expect(textAt(full, '/etc/assisted/network/host0/mac_interface.ini')).toBe('52:54:00:00:00:01=eth0');
    expect(textAt(full, '/etc/assisted/network/host0/ymlFile0.yml')).toBe('interfaces: [{name: eth0}]\n');
  });

  it('has the overrides laid over it, the service’s before the user’s', () => {
    const site = new Site();
    const id = infraEnvOf(site, {
      ignition_config_override:
        '{"ignition":{"version":"3.1.0"},"storage":{"files":[{"path":"/etc/motd","mode":384,"contents":{"source":"data:,hello"}}]}}',
    });
    const internal = {
      ignition: { version: '3.2.0' },
      storage: { files: [{ path: '/etc/ironic-python-agent.conf', contents: { source: 'data:,x' } }] },
      systemd: { units: [{ name: 'ironic-agent.service', enabled: true, contents: 'y' }] },
    };
    site.service.updateInfraEnv(id, {}, JSON.stringify(internal));
    const config = ignition(site, id);
    expect(textAt(config, '/etc/motd')).toBe('hello');
    expect(pathsOf(config).filter((path) => path === '/etc/motd').length).toBe(1);
    expect(pathsOf(config)).toContain('/etc/ironic-python-agent.conf');
    expect(config.systemd.units.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['agent.service', 'ironic-agent.service']),
    );
    expect(config.ignition.version).toBe('3.1.0');
  });

  it('keeps of a merged list what only one side has', () => {
    expect(
      mergeIgnition({ a: [{ name: 'x', on: true }, 'k'], b: 1 }, { a: [{ name: 'x', off: true }, 'k', 'l'], c: null }),
    ).toEqual({ a: [{ name: 'x', on: true, off: true }, 'k', 'l'], b: 1 });
  });
});

describe('what a minimal image gets besides', () => {
  it('is nothing without networks and proxies', () => {
    const site = new Site();
    expect(site.service.downloadMinimalInitrd(infraEnvOf(site))).toBeNull();
  });

  it('is an archive of the same files as the real service’s', () => {
    const site = new Site();
    const list = (body: object) => cpioList(gunzipSync(site.service.downloadMinimalInitrd(infraEnvOf(site, body))!));
    // Sizes as the real one has them with this proxy.
    expect(list({ proxy: PROXY })).toEqual([
      ['/etc', '40755', 0],
      ['/etc/systemd', '40755', 0],
      ['/etc/systemd/system', '40755', 0],
      ['/etc/systemd/system/coreos-livepxe-rootfs.service.d', '40755', 0],
      ['/etc/systemd/system/coreos-livepxe-rootfs.service.d/10-proxy.conf', '100664', 289],
    ]);
    const networked = list({ static_network_config: NETWORK });
    expect(networked).toContainEqual(['/etc/assisted/network/host0/ymlFile0.yml', '100600', 27]);
    expect(networked.at(-1)).toEqual([
      '/etc/systemd/system/initrd.target.wants/pre-network-manager-config.service',
      '120777',
      54,
    ]);
  });
});

describe('other files', () => {
  it('are a tar archive of the networks, without a name when there are none', () => {
    const site = new Site();
    const plain = fileOf(site, infraEnvOf(site), 'static-network-config');
    expect(plain).toEqual({ name: '', content: Buffer.alloc(0) });
    const id = infraEnvOf(site, { static_network_config: NETWORK });
    const { name, content } = fileOf(site, id, 'static-network-config');
    expect(name).toBe(`${id}-static-network-config.tar`);
    expect(content.length % 512).toBe(0);
    expect(content.toString('latin1', 0, 45)).toBe('/etc/assisted/network/host0/mac_interface.ini');
    const checksum = Number.parseInt(content.toString('latin1', 148, 154), 8);
    const header = Buffer.from(content.subarray(0, 512)).fill(' ', 148, 156);
    expect(header.reduce((sum, byte) => sum + byte, 0)).toBe(checksum);
    expect(content.toString('latin1', 512, 512 + 22)).toBe('52:54:00:00:00:01=eth0');
  });

  it('are a script that boots the image with the infra-env’s kernel arguments', () => {
    const site = new Site();
    const id = infraEnvOf(site, { kernel_arguments: [{ operation: 'append', value: 'foo=bar' }] });
    const image = 'http://127.0.0.1:8888';
    const { name, content } = fileOf(site, id, 'ipxe-script');
    expect(name).toBe(`${id}-ipxe-script`);
    expect(content.toString().split('\n')).toEqual([
      '#!ipxe',
      `initrd --name initrd ${image}/images/${id}/pxe-initrd?arch=x86_64&version=4.20`,
      `kernel ${image}/boot-artifacts/kernel?arch=x86_64&version=4.20 initrd=initrd coreos.live.rootfs_url=${image}/boot-artifacts/rootfs?arch=x86_64&version=4.20 random.trust_cpu=on rd.luks.options=discard ignition.firstboot ignition.platform.id=metal console=tty1 console=ttyS1,115200n8 coreos.inst.persistent-kargs="console=tty1 console=ttyS1,115200n8" foo=bar`,
      'boot',
      '',
    ]);
    expect(() => fileOf(site, id, 'discovery.ign', { ipxe_script_type: 'boot-order-control' })).toThrow(
      expect.objectContaining({ status: 400 }),
    );
  });

  it('have addresses to be asked for', () => {
    const site = new Site();
    const id = infraEnvOf(site);
    expect(site.service.infraEnvFileUrl(id, 'ipxe-script', 'boot-order-control')).toEqual({
      expires_at: '0001-01-01T00:00:00.000Z',
      url: `http://127.0.0.1:8090/api/assisted-install/v2/infra-envs/${id}/downloads/files?file_name=ipxe-script&ipxe_script_type=boot-order-control`,
    });
    expect(() => site.service.infraEnvFileUrl(id, 'discovery.ign', 'boot-order-control')).toThrow(
      expect.objectContaining({ status: 400 }),
    );
  });
});
