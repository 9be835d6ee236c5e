/** The networks of a launch: one for the hosts of each cluster, and one for those of a namespace whose InfraEnvs have none. */
import { derivedNetwork, firstIpv4, HostNetwork, liesIn } from './host-network.ts';
import { ANNOTATIONS, type InfraEnvFacts } from './infra-env-facts.ts';
import { knownCluster } from './infra-env-group.ts';

export class LaunchNetworks {
  readonly #seed: string;
  readonly #warn: (message: string) => void;
  readonly #networks = new Map<string, HostNetwork>();

  /** @param seed of networks that nobody names */
  constructor(seed: string, warn: (message: string) => void) {
    this.#seed = seed;
    this.#warn = warn;
  }

  /** The network that hosts of an InfraEnv are on, or why there is none. */
  of(facts: InfraEnvFacts): HostNetwork | string {
    const cluster = knownCluster(facts);
    const owner = cluster ? `cluster ${cluster.key}` : `namespace ${facts.namespace}`;
    const told = facts.annotations[ANNOTATIONS.machineNetwork];
    const vips = [cluster?.apiVip, cluster?.ingressVip].filter((vip) => typeof vip === 'string');
    const statics = facts.networks.flatMap(({ ipv4Cidr }) => ipv4Cidr ?? []);
    const asked = told === undefined ? (cluster?.machineNetworks ?? []) : [told];
    if (asked.length > 0 && !firstIpv4(asked)) {
      return `its machine network is ${asked.join(', ')}; hosts have IPv4 addresses, so give an IPv4 CIDR`;
    }
    const cidr = firstIpv4(asked) ?? firstIpv4(statics) ?? derivedNetwork(this.#seed, owner, vips, cluster === null);
    // A cluster that was made anew may be on another one.
    const key = `${owner} ${cidr}`;
    let network = this.#networks.get(key);
    if (network) return network;
    const outside = statics.find((one) => asked.length > 0 && !liesIn(one, cidr));
    if (outside)
      this.#warn(
        `InfraEnv ${facts.key}: NMStateConfigs give the address ${outside}, which is not in the machine network ${cidr}`,
      );
    try {
      network = new HostNetwork(cidr, vips);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
    this.#networks.set(key, network);
    return network;
  }
}
