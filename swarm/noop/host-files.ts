/** What a host's file system and the replaced commands answer with, from the same facts as the native agent's. */
import { isIPv4 } from 'node:net';
import { gzipSync } from 'node:zlib';
import { hostDurationMs, type SpokeProfile } from '../../model/spoke/profiles.ts';
import { spanMs } from '../../model/time/span.ts';
import type { Host, HostIdentity } from '../host/host.ts';
import { BOOTSTRAP_LOG_GATHER } from '../service/logs-sender.ts';
import { NAME_SERVER } from './addresses.ts';
import { diskLinks, hardwareFiles, type InventoryDocument, inventoryDocument } from './hardware-files.ts';
import type { HostFile, HostStart } from './lab-protocol.ts';

/**
 * The agent's host id: the product's UUID, as it stands, where the board's serial is one of those that mean nothing
 * (assisted-installer-agent, src/scanners/machine_uuid_scanner.go).
 */
const NO_SERIAL = 'None';

/** A host of a cluster, as its network sees it. */
export type Peer = Pick<HostIdentity, 'ipv4' | 'mac'>;

/** What of a host's start follows from the host itself. */
export interface HostFiles extends Pick<HostStart, 'hostname' | 'nics' | 'devices'> {
  files: HostFile[];
}

export interface HostFilesOptions {
  /** Further lines of its `/etc/hosts`. */
  hosts: string;
  /** All hosts of its cluster. */
  peers: readonly Peer[];
  /** How long things take on it. */
  profile: SpokeProfile;
  /** Addresses that a DHCP server of its network gives the cluster. */
  vips: { api: string; ingress: string };
  /** The stock inventory program runs on it, and finds what it reads; else the plan's document is what its container prints. */
  stockInventory?: boolean;
  /** How long a bootstrap gathers logs when its installation has failed; drawn unless given. */
  gatherMs?: number;
}

/** NICs and files of a host. */
export function hostFiles(
  host: Host,
  { hosts, peers, profile, vips, stockInventory = false, gatherMs = drawnGatherMs(host) }: HostFilesOptions,
): HostFiles {
  const { identity, nics } = host;
  const links = nics.filter(({ type }) => type === 'physical');
  const document = inventoryDocument(host);
  return {
    hostname: identity.hostname,
    nics: links.map(({ name, mac, mtu, ipv4 }) => ({
      name,
      mac,
      mtu,
      addresses: ipv4,
      ...(stockInventory && gatewayOf(document, name)),
    })),
    devices: document.disks.map(({ name }) => name),
    files: [
      ...dmi(host),
      ...links.flatMap(({ name }) => nicFiles(name)),
      ...diskLinks(document),
      { path: 'etc/hosts', text: `127.0.0.1 localhost\n${hosts}` },
      { path: 'etc/resolv.conf', text: `nameserver ${NAME_SERVER}\n` },
      { path: 'etc/mtab', text: 'overlay / overlay rw 0 0\n' },
      { path: 'answers/chronyc', text: CHRONYC },
      { path: 'answers/address', text: `${identity.ipv4}\n` },
      { path: 'answers/leases', text: `api ${vips.api}\ningress ${vips.ingress}\n` },
      {
        path: 'answers/gateways',
        text: gatewaysOf(document)
          .map((gateway) => `${gateway}\n`)
          .join(''),
      },
      { path: 'answers/peers', text: peers.map(({ ipv4, mac }) => `${ipv4} ${mac.toUpperCase()}\n`).join('') },
      ...hardwareAnswers(document),
      ...(stockInventory ? hardwareFiles(document) : [{ path: 'answers/inventory', text: host.inventory() }]),
      ...installationAnswers(host, profile),
      // Programs that are being checked are answered at once.
      { path: 'answers/gather-seconds', text: `${stockInventory ? 0 : Math.round(gatherMs / 1000)}\n` },
      ...faultAnswers(host),
    ],
  };
}

/** Where Go programs look for authorities, and where the service's ignition puts its own: assisted-service, internal/common/common.go, HostCACertPath. */
const AUTHORITIES = ['etc/ssl/certs/ca-certificates.crt', 'etc/assisted-service/service-ca-cert.crt'];

/** Lets stock programs trust a service. @param ca PEM; '' for none */
export function trustFiles(ca: string): HostFile[] {
  return ca === '' ? [] : AUTHORITIES.map((path) => ({ path, text: ca }));
}

/** Of all NICs, each once. */
function gatewaysOf({ routes }: InventoryDocument): string[] {
  const gateways = routes.map(({ gateway }) => gateway).filter((gateway) => gateway !== undefined && isIPv4(gateway));
  return [...new Set(gateways as string[])];
}

function gatewayOf({ routes }: InventoryDocument, nic: string): { gateway?: string } {
  const gateway = routes.find((route) => route.interface === nic && route.gateway !== undefined)?.gateway;
  return gateway === undefined ? {} : { gateway };
}

const DMI = 'sys/class/dmi/id';

function dmi({ identity }: Host): HostFile[] {
  const texts = {
    board_serial: NO_SERIAL,
    board_asset_tag: '',
    board_vendor: 'Simulated',
    board_version: '',
    board_name: 'Simulated',
    product_uuid: identity.id,
    product_family: '',
    product_name: 'Simulated',
    product_serial: identity.serial,
    product_sku: '',
    product_version: '',
    sys_vendor: 'Simulated',
  };
  return Object.entries(texts).map(([name, text]) => ({ path: `${DMI}/${name}`, text: `${text}\n` }));
}

function nicFiles(name: string): HostFile[] {
  const folder = `sys/class/net/${name}`;
  return [
    { path: `${folder}/carrier`, text: '1\n' },
    { path: `${folder}/speed`, text: '10000\n' },
    { path: `${folder}/device/vendor`, text: '0x8086\n' },
    { path: `${folder}/device/device`, text: '0x1572\n' },
  ];
}

const CHRONYC = `MS Name/IP address         Stratum Poll Reach LastRx Last sample
===============================================================================
^* time-a.pool.example.net       2   6    17    23   -155us[ -212us] +/- 9315us
^+ time-b.pool.example.net       2   6    17    23   -155us[ -212us] +/- 9315us
^+ ntp1.example.org              2   6    17    23   -155us[ -212us] +/- 9315us
^+ ntp2.example.org              2   6    17    23   -155us[ -212us] +/- 9315us
`;

/** Lines that coreos-installer prints while it writes, so that each can be reported before the next comes. */
const IMAGE_STEPS = 20;

/** How long a host writes, by its part in the installation: the service names it when it installs. */
const WRITING = {
  'single-node': 'writeSingleNode',
  bootstrap: 'writeBootstrap',
  master: 'writeMaster',
  arbiter: 'writeArbiter',
  worker: 'writeWorker',
} as const;

/** What tools tell of the hardware, as the inventory does. */
function hardwareAnswers({ cpu, memory }: InventoryDocument): HostFile[] {
  const fields = [
    { field: 'Architecture:', data: cpu.architecture },
    { field: 'CPU(s):', data: String(cpu.count) },
  ];
  const mebibytes = Math.round(memory.physical_bytes / 2 ** 20);
  return [
    { path: 'answers/lscpu', text: `${JSON.stringify({ lscpu: fields })}\n` },
    { path: 'answers/dmidecode', text: `Memory Device\n\tSize: ${mebibytes} MB\n` },
    { path: 'answers/architecture', text: `${cpu.architecture}\n` },
  ];
}

/** What the commands of an installation answer with, and how long they take. */
function installationAnswers(host: Host, profile: SpokeProfile): HostFile[] {
  const bootkubeMs = spanMs(profile.cluster.bootkubeSingleNode, host.random('bootkube', 0));
  return [
    ...Object.entries(WRITING).map(([part, duration]) => {
      const stepSeconds = hostDurationMs(profile, host, duration) / 1000 / IMAGE_STEPS;
      const text = `IMAGE_STEPS=${IMAGE_STEPS}\nIMAGE_STEP_SECONDS=${stepSeconds.toFixed(2)}\n`;
      return { path: `answers/image-${part}`, text };
    }),
    { path: 'answers/bootkube-seconds', text: `${Math.round(bootkubeMs / 1000)}\n` },
    { path: 'answers/journal', text: 'No entries\n' },
    { path: 'answers/lsblk', text: 'NAME MAJ:MIN SIZE TYPE\n' },
    { path: 'answers/fio', text: fio(host.plan.fault?.kind === 'slow-disk' ? host.plan.fault.syncMs : SYNC_MS) },
    { path: 'answers/ignition', text: IGNITION },
    { path: 'opt/openshift/master.ign', text: '{"ignition":{"version":"3.2.0"}}\n' },
    { path: 'root/.ssh/id_rsa.pub', text: 'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAQQC7 root@bootstrap\n' },
    { path: 'opt/openshift/openshift/.keep', text: '' },
  ];
}

const drawnGatherMs = (host: Host) => spanMs(BOOTSTRAP_LOG_GATHER, host.random('gather', 0));

/** What replaced commands fail with, by the host's fault. */
function faultAnswers({ plan: { fault } }: Host): HostFile[] {
  switch (fault?.kind) {
    case 'installer-fails':
      return [{ path: 'answers/image-failure', text: `${fault.message}\n` }];
    case 'image-unavailable': {
      const seconds = fault.lastingMs === null ? 'ever' : String(Math.ceil(fault.lastingMs / 1000));
      return [{ path: 'answers/pull-failure', text: `${seconds}\n` }];
    }
    case 'log-upload-fails':
      return [{ path: 'answers/logs-failure', text: 'the service cannot be reached\n' }];
    default:
      return [];
  }
}

/** Milliseconds in which a fast disk syncs. */
const SYNC_MS = 4.1;

const fio = (syncMs: number) =>
  `{"jobs":[{"sync":{"lat_ns":{"percentile":{"99.000000":${Math.round(syncMs * 1e6)}}}}}]}\n`;

const dataUrl = (bytes: Buffer) => `data:;base64,${bytes.toString('base64')}`;

/**
 * An ignition that brings the MachineConfig of the host along: assisted-installer, src/ops/ops.go, GetEncapsulatedMC and
 * getEmbeddedIgnition.
 */
const IGNITION = (() => {
  const machineConfig = {
    apiVersion: 'machineconfiguration.openshift.io/v1',
    kind: 'MachineConfig',
    metadata: { name: 'rendered' },
    spec: { osImageURL: `registry.example.com/rhel-coreos@sha256:${'0'.repeat(64)}`, kernelArguments: [] },
  };
  const files = [
    {
      path: '/etc/ignition-machine-config-encapsulated.json',
      contents: { source: dataUrl(Buffer.from(JSON.stringify(machineConfig))) },
    },
  ];
  const inner = gzipSync(JSON.stringify({ ignition: { version: '3.2.0' }, storage: { files } }));
  return `${JSON.stringify({ ignition: { version: '3.2.0', config: { merge: [{ source: dataUrl(inner) }] } } })}\n`;
})();
