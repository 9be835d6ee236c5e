/**
 * Who a simulated machine is: names, serials, addresses. Every value is an injective function of (seed, host index), so that
 * two hosts of a run, or of two shards of a run, cannot meet; nothing here relies on luck.
 *
 * A host index has 20 bits ({@link MAX_HOSTS}). It is permuted by the seed and then placed, whole, into each value beside bits of
 * the seed and a small number of the part (NIC or disk):
 *
 *     MAC          ssssss10 ssssssss ssssssss hhhhhhhh hhhhhhhh hhhhnnnn   s seed, h host, n NIC; 10 = local, unicast
 *     serial       S + 6 letters of the seed + 4 letters of the host
 *     disk serial  2 letters of the model + 4 of the seed + 4 of the host + 1 of the disk
 *     WWN, EUI     fixed vendor + 8 or 12 bits of the seed + host + 5 bits of the disk
 */
import { createHash } from 'node:crypto';
import { base32, type HashWords, hashWords, mixWords, permute } from '../../model/time/random.ts';
import type { ClusterPlan, HostPlan } from '../plan/expanded-plan.ts';
import type { ForcedIdentity, HostIdentity } from './host.ts';
import { contains, FIRST_HOST_OFFSET, formatIpv4, GATEWAY_OFFSET, networkSize, parseCidr, parseIpv4 } from './ipv4.ts';

const HOST_BITS = 20;
/** Number of host indices that can be told apart. */
export const MAX_HOSTS = 2 ** HOST_BITS;
/** Number of NICs of one host that can be told apart. */
export const MAX_NICS = 16;
/** Number of disks of one host that can be told apart. */
export const MAX_DISKS = 32;

interface SeedBits {
  readonly seed: string;
  readonly words: HashWords;
  readonly permutation: HashWords;
  /** First three octets of all MACs. */
  readonly macPrefix: string;
}

let lastSeed: SeedBits | undefined;

/** All hosts of a run ask for the same seed, so the last one is remembered. */
function seedBits(seed: string): SeedBits {
  if (lastSeed?.seed !== seed) {
    const words = hashWords(`identity/${seed}`);
    const octets = [((words.a & 0x3f) << 2) | 2, (words.a >>> 8) & 255, (words.a >>> 16) & 255];
    lastSeed = { seed, words, permutation: mixWords(words, 1), macPrefix: octets.map(hexByte).join(':') };
  }
  return lastSeed;
}

function hexByte(value: number): string {
  return value.toString(16).padStart(2, '0');
}

/** The seed's share of cluster names: six letters and digits, so that runs with other seeds stay apart. */
export function runToken(seed: string): string {
  return base32(hashWords(`run/${seed}`).a, 6);
}

/**
 * The id a stock agent computes from a motherboard serial: MD5 in UUID form, without version bits (assisted-installer-agent,
 * src/scanners/machine_uuid_scanner.go ReadId).
 */
export function hostIdOfSerial(serial: string): string {
  const hex = createHash('md5').update(serial).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Names a host of a cluster; the same text that {@link buildIdentity} uses when nobody forces another. */
export function hostnameOf(
  cluster: Pick<ClusterPlan, 'name' | 'controlPlanes' | 'arbiters' | 'workers'>,
  host: HostPlan,
): string {
  const before =
    host.role === 'master'
      ? 0
      : host.role === 'arbiter'
        ? cluster.controlPlanes
        : cluster.controlPlanes + cluster.arbiters;
  return host.day2
    ? `${cluster.name}-day2-${host.ordinal - before - cluster.workers}`
    : `${cluster.name}-${host.role}-${host.ordinal - before}`;
}

/** Addresses of a host: its own and its surroundings, all IPv4. */
export interface HostAddresses {
  ipv4: string;
  prefix: number;
  /** Network address without prefix. */
  network: string;
  gateway: string;
}

/**
 * @throws RangeError when the machine network is too small for the host or a forced address is malformed.
 */
export function addressesOf(cluster: ClusterPlan, host: HostPlan, forced?: ForcedIdentity): HostAddresses {
  const { network } = parseCidr(cluster.machineNetwork);
  if (!forced?.ipv4Cidr) {
    const offset = FIRST_HOST_OFFSET + host.ordinal;
    if (offset > networkSize(network.prefix) - 2) {
      throw new RangeError(`host ${host.ordinal} of cluster ${cluster.name} does not fit ${cluster.machineNetwork}`);
    }
    return {
      ipv4: formatIpv4(network.base + offset),
      prefix: network.prefix,
      network: formatIpv4(network.base),
      gateway: cluster.gateway,
    };
  }
  const own = parseCidr(forced.ipv4Cidr);
  const gateway = parseIpv4(cluster.gateway);
  return {
    ipv4: formatIpv4(own.address),
    prefix: own.network.prefix,
    network: formatIpv4(own.network.base),
    gateway:
      gateway !== null && contains(own.network, gateway)
        ? cluster.gateway
        : formatIpv4(own.network.base + GATEWAY_OFFSET),
  };
}

/** MAC of a NIC slot of a host, locally administered and unicast. */
export function macOf(seed: string, hostIndex: number, slot: number): string {
  const bits = seedBits(seed);
  const low = permute(hostIndex, HOST_BITS, bits.permutation) * MAX_NICS + slot;
  return `${bits.macPrefix}:${hexByte(low >>> 16)}:${hexByte((low >>> 8) & 255)}:${hexByte(low & 255)}`;
}

/** Motherboard serial of a host. */
export function serialOf(seed: string, hostIndex: number): string {
  const bits = seedBits(seed);
  return `S${base32(bits.words.b, 6)}${base32(permute(hostIndex, HOST_BITS, bits.permutation), 4)}`.toUpperCase();
}

/** Address of the management controller: one of 172.16.0.0/12, which no machine network uses. */
export function bmcAddressOf(seed: string, hostIndex: number): string {
  return formatIpv4(0xac100000 + permute(hostIndex, HOST_BITS, seedBits(seed).permutation));
}

/** Names of one disk. */
export interface DiskNames {
  serial: string;
  /** NAA name of an ATA or SAS disk: `0x` and 16 hex digits. */
  wwn: string;
  /** EUI-64 of an NVMe namespace: 16 hex digits. */
  eui: string;
}

/** Names of a disk slot (below {@link MAX_DISKS}) of a host; `mark` is two letters that begin the serial. */
export function diskNamesOf(seed: string, hostIndex: number, slot: number, mark: string): DiskNames {
  const bits = seedBits(seed);
  const host = permute(hostIndex, HOST_BITS, bits.permutation);
  const low = (host * MAX_DISKS + slot).toString(16).padStart(7, '0');
  const seedDigits = (bits.words.b & 0xfff).toString(16).padStart(3, '0');
  return {
    serial: `${mark}${base32(bits.words.b >>> 8, 4)}${base32(host, 4)}${base32(slot, 1)}`.toUpperCase(),
    wwn: `0x500d5e1${seedDigits.slice(0, 2)}${low}`,
    eui: `0025d8${seedDigits}${low}`,
  };
}

/** Lower-case UUID of a host. @param serialIndex index of the host whose motherboard serial it has, as a rule its own */
export function hostIdOf(seed: string, serialIndex: number, forced?: ForcedIdentity): string {
  return compact(forced?.id ?? hostIdOfSerial(serialOf(seed, serialIndex)));
}

/** What an identity is made from. */
export interface IdentitySource {
  /** See {@link hostIdOf}. */
  id: string;
  seed: string;
  cluster: ClusterPlan;
  host: HostPlan;
  /** Motherboard serial. */
  serial: string;
  /** The NIC slot whose MAC stands beside the address. */
  primarySlot: number;
  forced?: ForcedIdentity;
}

export function buildIdentity({ id, seed, cluster, host, serial, primarySlot, forced }: IdentitySource): HostIdentity {
  return {
    id,
    hostname: forced?.hostname ?? hostnameOf(cluster, host),
    serial,
    ipv4: addressesOf(cluster, host, forced).ipv4,
    mac: forced?.mac ?? macOf(seed, host.index, primarySlot),
  };
}

/**
 * The same text in one piece. V8 keeps a text made of parts as a tree of them, which takes several times the memory; ids are
 * kept for as long as their machines live.
 */
function compact(text: string): string {
  return Buffer.from(text).toString();
}
