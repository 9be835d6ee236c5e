/**
 * Reachability of the cluster's other hosts, made from the request: all of them answer. Round-trip times differ every
 * time, so that this reply is practically never de-duplicated (assisted-installer-agent src/connectivity_check).
 */
import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { goJson } from '../../../model/protocol/go-json.ts';
import type { Host, HostNic } from '../../host/host.ts';
import { addressesOf } from '../../host/identity.ts';
import { contains, type Ipv4Network, parseCidr, parseIpv4 } from '../../host/ipv4.ts';
import type { ClusterPlan, HostPlan } from '../../plan/expanded-plan.ts';
import { jsonArgument, objectList, type Step, textList } from './step.ts';

interface RemoteNic {
  mac: string;
  addresses: string[];
}
interface RemoteHost {
  hostId: string;
  nics: RemoteNic[];
}

interface L2 {
  outgoing_ip_address?: string;
  outgoing_nic: string;
  remote_ip_address: string;
  remote_mac: string;
  successful: true;
}
interface L3 {
  average_rtt_ms?: number;
  remote_ip_address: string;
  successful?: true;
}
interface Mtu {
  mtu_successful: true;
  outgoing_nic: string;
  remote_ip_address: string;
}

/** NICs with this MTU get no MTU report. */
const DEFAULT_MTU = 1500;
/** Round trips in a LAN, milliseconds with three digits as ping prints them. */
const RTT_MIN_MS = 0.15;
const RTT_JITTER_MS = 0.45;

const STEP = 'connectivity check';

export const connectivityCheck: Step<RemoteHost[]> = {
  parse: (args) =>
    objectList(STEP, jsonArgument(STEP, args), 'the argument').map((host) => ({
      hostId: String(host.host_id ?? ''),
      nics: objectList(STEP, host.nics, 'nics').map((nic) => ({
        mac: String(nic.mac ?? ''),
        addresses: textList(STEP, nic.ip_addresses, 'ip_addresses').map((address) => address.split('/', 1)[0]!),
      })),
    })),

  run(hosts, context) {
    const outgoing = outgoingNics(context.machine.host);
    const cut = cutAddresses(context.cluster, context.machine.host.plan);
    const reports = hosts.map((remote) => reportOf(remote, outgoing, cut, () => context.random()));
    reports.sort((a, b) => (a.host_id < b.host_id ? -1 : a.host_id > b.host_id ? 1 : 0));
    return { output: goJson({ remote_hosts: orNull(reports) }) };
  },
};

interface OutgoingNic {
  name: string;
  mtu: number;
  ipv4: { text: string; network: Ipv4Network }[];
  ipv6: { list: BlockList }[];
}

/** Physical NICs, bonds and VLANs that own an address. */
function outgoingNics(host: Host): OutgoingNic[] {
  return host.nics
    .filter((nic) => ['physical', 'bond', 'vlan'].includes(nic.type) && nic.ipv4.length + nic.ipv6.length > 0)
    .map((nic) => ({
      name: nic.name,
      mtu: nic.mtu,
      ipv4: nic.ipv4.map((cidr) => ({ text: cidr.split('/', 1)[0]!, network: parseCidr(cidr).network })),
      ipv6: nic.ipv6.map((cidr) => ({ list: ipv6Network(cidr) })),
    }));
}

function ipv6Network(cidr: HostNic['ipv6'][number]): BlockList {
  const [address = '', prefix = '128'] = cidr.split('/');
  const list = new BlockList();
  list.addSubnet(address, Number(prefix), 'ipv6');
  return list;
}

/**
 * Addresses of hosts of the cluster that this one does not reach, and that do not reach it: those after a faulty host, in their
 * order, as many as its fault says and two at least, so that it is never one of two equal groups.
 */
function cutAddresses(cluster: ClusterPlan, own: HostPlan): ReadonlySet<string> {
  const hosts = cluster.hosts.filter(({ day2 }) => !day2);
  const cut = new Set<string>();
  for (const [position, faulty] of hosts.entries()) {
    if (faulty.fault?.kind !== 'no-connectivity') continue;
    const count = Math.max(2, Math.round(faulty.fault.peers * (hosts.length - 1)));
    const peers = Array.from(
      { length: Math.min(count, hosts.length - 1) },
      (_, i) => hosts[(position + 1 + i) % hosts.length]!,
    );
    const others = faulty === own ? peers : peers.includes(own) ? [faulty] : [];
    for (const other of others) cut.add(addressesOf(cluster, other).ipv4);
  }
  return cut;
}

/** An address that does not answer has no answers of ARP, and no figures of ping (src/connectivity_check/ping_checker.go Check). */
function reportOf(remote: RemoteHost, outgoing: OutgoingNic[], cut: ReadonlySet<string>, random: () => number) {
  const l2: L2[] = [];
  const l3: L3[] = [];
  const mtu: Mtu[] = [];
  for (const nic of remote.nics) {
    for (const address of nic.addresses) {
      if (address === '') continue;
      if (cut.has(address)) {
        l3.push({ remote_ip_address: address });
        continue;
      }
      l3.push({
        average_rtt_ms: Math.round((RTT_MIN_MS + random() * RTT_JITTER_MS) * 1000) / 1000,
        remote_ip_address: address,
        successful: true,
      });
      for (const local of outgoing) {
        const from = localAddress(local, address);
        if (from === null) continue;
        l2.push({
          ...(from === '' ? {} : { outgoing_ip_address: from }),
          outgoing_nic: local.name,
          remote_ip_address: address,
          remote_mac: nic.mac.toLowerCase(),
          successful: true,
        });
        if (local.mtu !== DEFAULT_MTU) {
          mtu.push({ mtu_successful: true, outgoing_nic: local.name, remote_ip_address: address });
        }
      }
    }
  }
  const byAddress = (a: { remote_ip_address: string }, b: { remote_ip_address: string }) =>
    a.remote_ip_address < b.remote_ip_address ? -1 : a.remote_ip_address > b.remote_ip_address ? 1 : 0;
  l2.sort((a, b) => byAddress(a, b) || (a.remote_mac < b.remote_mac ? -1 : a.remote_mac > b.remote_mac ? 1 : 0));
  l3.sort(byAddress);
  mtu.sort(byAddress);
  return {
    host_id: remote.hostId,
    l2_connectivity: orNull(l2),
    l3_connectivity: orNull(l3),
    mtu_report: orNull(mtu),
  };
}

/** The NIC's own address in the network of a remote one; '' for IPv6, where the tool does not tell; null when it has none. */
function localAddress(nic: OutgoingNic, remote: string): string | null {
  if (isIPv4(remote)) {
    const address = parseIpv4(remote)!;
    return nic.ipv4.find(({ network }) => contains(network, address))?.text ?? null;
  }
  return isIPv6(remote) && nic.ipv6.some(({ list }) => list.check(remote, 'ipv6')) ? '' : null;
}

/** Go prints a list that nobody appended to as null. */
function orNull<T>(list: T[]): T[] | null {
  return list.length === 0 ? null : list;
}
