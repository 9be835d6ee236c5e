/**
 * Files that give a booting host its networks, and the archives that carry them. The real service has nmstate turn some
 * of them into connection profiles for old versions; here hosts always get the YAML, as from 4.18 on.
 * Upstream: assisted-service, pkg/staticnetworkconfig/generator.go and internal/isoeditor/rhcos.go.
 */
import { gzipSync } from 'node:zlib';
import { cpioArchive } from '../archive/cpio.ts';
import type { InfraEnvRow } from '../core/rows.ts';
import { filler } from '../ignition/ignition.ts';
import type { JsonObject } from '../service-api.ts';

export interface NetworkFile {
  readonly path: string;
  readonly text: string;
  readonly mode: number;
}

export interface Proxies {
  readonly http: string;
  readonly https: string;
  readonly no: string;
}

export function proxyOf({ proxy }: Pick<InfraEnvRow, 'proxy'>): Proxies {
  const text = (field: string) => (typeof proxy[field] === 'string' ? (proxy[field] as string) : '');
  return { http: text('http_proxy'), https: text('https_proxy'), no: text('no_proxy') };
}

/** What tells a host which of the entries is its own, and what it has to set up; none without static networks. */
export function hostNetworkFiles({ staticNetworkConfig }: Pick<InfraEnvRow, 'staticNetworkConfig'>): NetworkFile[] {
  if (staticNetworkConfig === '') return [];
  return (JSON.parse(staticNetworkConfig) as JsonObject[]).flatMap((entry, i) => {
    const folder = `/etc/assisted/network/host${i}`;
    const pairs = ((entry.mac_interface_map as JsonObject[] | null) ?? []).map(
      ({ mac_address, logical_nic_name }) => `${mac_address}=${logical_nic_name}`,
    );
    return [
      { path: `${folder}/mac_interface.ini`, text: pairs.join('\n'), mode: 0o600 },
      { path: `${folder}/ymlFile${i}.yml`, text: String(entry.network_yaml), mode: 0o600 },
    ];
  });
}

/** Sizes of the scripts that apply them, in bytes. */
const SCRIPT_BYTES = 3200;
const FUNCTIONS_BYTES = 2300;
const SERVICE_BYTES = 500;

/** The files with the scripts that apply them; none without static networks. */
export function networkFiles(infraEnv: Pick<InfraEnvRow, 'staticNetworkConfig'>): NetworkFile[] {
  const own = hostNetworkFiles(infraEnv);
  if (own.length === 0) return [];
  return [
    { path: '/usr/local/bin/pre-network-manager-config.sh', text: filler('pre-network', SCRIPT_BYTES), mode: 0o755 },
    { path: '/usr/local/bin/common_network_script.sh', text: filler('network', FUNCTIONS_BYTES), mode: 0o755 },
    ...own,
  ];
}

const ROOTFS_SERVICE = '/etc/systemd/system/coreos-livepxe-rootfs.service.d/10-proxy.conf';
const NETWORK_SERVICE = '/etc/systemd/system/pre-network-manager-config.service';
const SYMLINK = 0o120777;
const REGULAR = 0o100000;

/** What a minimal image needs before it can load the rest; null when that is nothing. A gzipped cpio archive. */
export function minimalInitrd(infraEnv: Pick<InfraEnvRow, 'staticNetworkConfig' | 'proxy'>): Buffer | null {
  const network = hostNetworkFiles(infraEnv);
  const { http, https, no } = proxyOf(infraEnv);
  if (network.length === 0 && http === '' && https === '') return null;
  const files = network.map((file) => ({ ...file, mode: REGULAR | file.mode }));
  if (network.length > 0) {
    const [script, functions] = networkFiles(infraEnv) as [NetworkFile, NetworkFile];
    files.push(
      { ...script, mode: REGULAR | 0o755 },
      { ...functions, mode: REGULAR | 0o755 },
      { path: NETWORK_SERVICE, text: filler('network-service', SERVICE_BYTES), mode: REGULAR | 0o644 },
      {
        path: '/etc/systemd/system/initrd.target.wants/pre-network-manager-config.service',
        text: NETWORK_SERVICE,
        mode: SYMLINK,
      },
    );
  }
  if (http !== '' || https !== '') {
    const escaped = (text: string) => text.replaceAll('%', '%%');
    const values = [
      ['http_proxy', escaped(http)],
      ['https_proxy', escaped(https)],
      ['no_proxy', no],
    ] as const;
    const lines = [
      ...values.map(([name, value]) => `Environment=${name}=${value}`),
      ...values.map(([name, value]) => `Environment=${name.toUpperCase()}=${value}`),
    ];
    files.push({ path: ROOTFS_SERVICE, text: `[Service]\n${lines.join('\n')}`, mode: REGULAR | 0o664 });
  }
  return gzipSync(cpioArchive(files));
}
