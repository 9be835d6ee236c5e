/**
 * Addresses of the machine's networks that nobody answers on. On a healthy LAN those of the cluster's hosts and of the
 * gateway are taken and the virtual ones are free (assisted-installer-agent src/free_addresses/free_addresses.go).
 */
import { goJson } from '../../../model/protocol/go-json.ts';
import { addressesOf } from '../../host/identity.ts';
import { contains, formatIpv4, type Ipv4Network, networkSize, parseCidr, parseIpv4 } from '../../host/ipv4.ts';
import type { ClusterPlan } from '../../plan/expanded-plan.ts';
import { jsonArgument, type Step, type StepResult, textList } from './step.ts';

/** The scan of a network stops when it has found this many. */
const MAX_FREE = 8000;

const STEP = 'free addresses';

/** All hosts of a cluster find the same; made once a cluster and network. */
const found = new WeakMap<ClusterPlan, Map<string, string[]>>();

export const freeNetworkAddresses: Step<string[]> = {
  parse: (args) => textList(STEP, jsonArgument(STEP, args), 'the argument'),
  whileBusy: () => ({ output: '' }),
  run(networks, { cluster, machine }): StepResult {
    const result = [];
    for (const text of networks) {
      const network = parseNetwork(text);
      if (network === null) {
        return { output: '', error: `network ${text} is no IPv4 network in CIDR notation`, exitCode: 255 };
      }
      result.push({
        free_addresses: freeOf(cluster, text, network, parseIpv4(machine.host.identity.ipv4)),
        network: text,
      });
    }
    return { output: result.length === 0 ? 'null' : goJson(result) };
  },
};

function parseNetwork(text: string): Ipv4Network | null {
  try {
    const { address, network } = parseCidr(text);
    return address === network.base && network.prefix > 0 ? network : null;
  } catch {
    return null;
  }
}

function freeOf(cluster: ClusterPlan, text: string, network: Ipv4Network, own: number | null): string[] {
  let networks = found.get(cluster);
  if (!networks) {
    networks = new Map();
    found.set(cluster, networks);
  }
  let free = networks.get(text);
  if (!free) {
    free = [];
    const taken = takenAddresses(cluster);
    const end = network.base + networkSize(network.prefix);
    for (let address = network.base; address < end && free.length < MAX_FREE; address++) {
      if (!taken.has(address)) free.push(formatIpv4(address));
    }
    networks.set(text, free);
  }
  // A machine whose address was forced is not where the plan puts it.
  const self = own !== null && contains(network, own) ? formatIpv4(own) : null;
  return self !== null && free.includes(self) ? free.filter((address) => address !== self) : free;
}

function takenAddresses(cluster: ClusterPlan): Set<number> {
  const taken = new Set<number>();
  for (const host of cluster.hosts) taken.add(parseIpv4(addressesOf(cluster, host).ipv4)!);
  const gateway = parseIpv4(cluster.gateway);
  if (gateway !== null) taken.add(gateway);
  return taken;
}
