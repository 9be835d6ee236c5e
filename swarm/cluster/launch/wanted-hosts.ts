/**
 * Which hosts an InfraEnv needs, as a function of what the hub says about it. The same facts give the same hosts, in every process:
 * identities come from the seed and from the name that a host has here.
 *
 *   how many    annotation assisted-swarm/agents, else with powered BareMetalHosts those that are on, else what the
 *               AgentClusterInstall requires; without a cluster one for each NMStateConfig, or as many as the user says
 *   which MAC   of a BareMetalHost, else of an NMStateConfig, else made of the identity
 *
 *   name of a host    seed of its identity                   index
 *   #4                the run's (assisted-swarm/seed)        assisted-swarm/first-host + 4, below assisted-swarm/hosts
 *   52:54:00:…        seed/namespace/InfraEnv/52:54:00:…     0
 *   +4                seed/namespace/InfraEnv                4
 */
import { hostIdOfSerial, MAX_HOSTS, MAX_NICS, macOf, serialOf } from '../../host/identity.ts';
import { DEFAULT_PROFILES } from '../../host/profiles.ts';
import {
  ANNOTATIONS,
  type BareMetalHostFacts,
  type ClusterFacts,
  type InfraEnvFacts,
  type StaticNetworkFacts,
} from './infra-env-facts.ts';

type Role = 'master' | 'arbiter' | 'worker';

export interface WantedHost {
  /** Name of the host among those of its InfraEnv. */
  key: string;
  seed: string;
  index: number;
  id: string;
  /** Position among the hosts of its InfraEnv. */
  position: number;
  role: Role;
  /** It joins a cluster that is installed. */
  day2: boolean;
  /** Of a hardware profile. */
  profile: string;
  hostname: string;
  /** Name of the BareMetalHost that it is. */
  bmh: string | null;
  /** Replaces that of the identity. */
  mac: string | null;
  /** Static address with prefix length, or null for one of the InfraEnv's network. */
  ipv4Cidr: string | null;
}

export interface WantedOptions {
  /** Of identities. */
  seed: string;
  /** Hosts of an InfraEnv without a cluster, unless something says how many. */
  agents: number;
  /** Whether a BareMetalHost is on, by its key; null when nobody here acts as their operator. */
  poweredOn: ((key: string) => boolean) | null;
}

/** What the InfraEnv cannot have hosts for, for people; or the hosts. */
export type Wanted = { waiting: string } | { problem: string } | { hosts: WantedHost[] };

/** @param running names of hosts that are alive here: they stay wanted when their machines boot from their disks */
export function wantedHosts(facts: InfraEnvFacts, options: WantedOptions, running: ReadonlySet<string>): Wanted {
  const all = allHosts(facts, options);
  if (!('hosts' in all)) return all;
  const { cluster } = facts;
  const known = typeof cluster === 'string' ? null : cluster;
  return { hosts: all.hosts.filter((host) => isAlive(facts, known, host, requiredBy(known), running)) };
}

function requiredBy(cluster: ClusterFacts | null): number {
  return cluster ? cluster.controlPlanes + cluster.arbiters + cluster.workers : 0;
}

/** Hosts of an InfraEnv, those included that boot from their disks since an earlier time. */
export function allHosts(facts: InfraEnvFacts, options: WantedOptions): Wanted {
  const { annotations, cluster } = facts;
  const named = namedHosts(facts, options.poweredOn);
  const told = wholeNumber(annotations, ANNOTATIONS.agents, MAX_HOSTS);
  if (typeof told === 'string') return { problem: told };
  const first = wholeNumber(annotations, ANNOTATIONS.firstHost, MAX_HOSTS - 1);
  if (typeof first === 'string') return { problem: first };
  const planned = wholeNumber(annotations, ANNOTATIONS.plannedHosts, MAX_HOSTS);
  if (typeof planned === 'string') return { problem: planned };
  if (typeof cluster === 'string' && told === null) return { waiting: `${cluster} does not exist yet` };
  const known = typeof cluster === 'string' ? null : cluster;
  const required = requiredBy(known);
  const amount = told ?? amountOf(facts, options, named, known ? required : null);
  const run = annotations[ANNOTATIONS.seed];
  const count = planned ?? (known ? required : amount);
  const plan = run !== undefined && first !== null ? { seed: run, first, count } : null;
  const slots = slotsOf(facts, named, amount, plan, options.seed);
  return { hosts: slots.map((slot, order) => hostOf(facts, known, slot, order, required)) };
}

/** A host of the hub that has a name there. */
interface Named {
  mac: string | null;
  bmh: BareMetalHostFacts | null;
  network: StaticNetworkFacts | null;
}

function namedHosts({ bareMetalHosts, networks }: InfraEnvFacts, poweredOn: WantedOptions['poweredOn']): Named[] {
  const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
  const networkOf = (mac: string) => networks.find(({ macs }) => macs.includes(mac)) ?? null;
  const known = [...bareMetalHosts].sort(byName);
  const hosts = known
    .filter(({ key }) => poweredOn === null || poweredOn(key))
    .map((bmh): Named => ({ mac: bmh.mac, bmh, network: bmh.mac === null ? null : networkOf(bmh.mac) }));
  // An NMStateConfig of a BareMetalHost that is off is no host of its own.
  const covered = new Set(known.map(({ mac }) => networkOf(mac ?? '')));
  for (const network of [...networks].sort(byName)) {
    if (covered.has(network) || network.macs.length === 0) continue;
    hosts.push({ mac: network.macs[0]!, bmh: null, network });
  }
  return hosts;
}

function amountOf(facts: InfraEnvFacts, options: WantedOptions, named: Named[], required: number | null): number {
  if (options.poweredOn && facts.bareMetalHosts.length > 0) return named.filter(({ bmh }) => bmh !== null).length;
  if (required !== null) return required;
  return named.length || options.agents;
}

/** Null when it is absent, a text when it cannot be used. */
function wholeNumber(
  annotations: Readonly<Record<string, string>>,
  name: string,
  most: number,
): number | string | null {
  const value = annotations[name];
  if (value === undefined) return null;
  if (/^\d{1,9}$/.test(value) && Number(value) <= most) return Number(value);
  return `annotation ${name} is ${JSON.stringify(value)}; write a whole number from 0 to ${most}`;
}

/** A host with its name, before it has a role. */
interface Slot extends Named {
  key: string;
  seed: string;
  index: number;
  position: number;
}

/** Hosts of the plan that the manifests were made of. */
interface PlannedHosts {
  seed: string;
  /** Index of the first. */
  first: number;
  count: number;
}

/** Hosts that the hub names, then others, until there are enough. Those of a plan are at the places that their MACs show. */
function slotsOf(
  { key: infraEnv }: InfraEnvFacts,
  named: readonly Named[],
  amount: number,
  plan: PlannedHosts | null,
  seed: string,
): Slot[] {
  const own = `${seed}/${infraEnv}`;
  const places = plan ? placesOf(plan) : new Map<string, number>();
  const used = new Set<number>();
  const slots = named.slice(0, amount).map((host): Slot => {
    const place = host.mac === null ? undefined : places.get(host.mac);
    if (plan && place !== undefined && !used.has(place)) {
      used.add(place);
      return { ...host, key: `#${place}`, seed: plan.seed, index: plan.first + place, position: place };
    }
    const name = host.mac ?? host.bmh!.name;
    return { ...host, key: name, seed: `${own}/${name}`, index: 0, position: -1 };
  });
  const nobody: Named = { mac: null, bmh: null, network: null };
  for (let place = 0; slots.length < amount; place++) {
    if (used.has(place)) continue;
    slots.push(
      // What lies beyond in the plan are hosts of another cluster.
      plan && place < plan.count
        ? { ...nobody, key: `#${place}`, seed: plan.seed, index: plan.first + place, position: place }
        : { ...nobody, key: `+${place}`, seed: own, index: place, position: plan ? place : -1 },
    );
  }
  if (plan) slots.sort((a, b) => (a.position < 0 ? 1 : b.position < 0 ? -1 : a.position - b.position));
  return slots;
}

/** Places in a plan by the MACs that its hosts have, whatever their hardware and whichever of its NICs it is. */
function placesOf({ seed, first, count }: PlannedHosts): Map<string, number> {
  const places = new Map<string, number>();
  for (let place = 0; place < count && first + place < MAX_HOSTS; place++) {
    for (let nic = 0; nic < MAX_NICS; nic++) places.set(macOf(seed, first + place, nic), place);
  }
  return places;
}

function hostOf(
  facts: InfraEnvFacts,
  cluster: ClusterFacts | null,
  slot: Slot,
  order: number,
  required: number,
): WantedHost {
  const position = slot.position < 0 ? order : slot.position;
  const joins = cluster !== null && position >= required;
  const role = roleOf(slot.bmh?.role ?? null, cluster, position);
  const before = joins
    ? required
    : role === 'worker'
      ? required - (cluster?.workers ?? 0)
      : role === 'arbiter'
        ? cluster!.controlPlanes
        : 0;
  const suffix = `-${joins ? 'day2' : role}-${cluster ? position - before : position}`;
  return {
    key: slot.key,
    seed: slot.seed,
    index: slot.index,
    id: hostIdOfSerial(serialOf(slot.seed, slot.index)),
    position,
    role,
    day2: joins && cluster.installed,
    profile: role === 'master' && required === 1 ? DEFAULT_PROFILES.sno : DEFAULT_PROFILES[role],
    hostname: slot.bmh?.name ?? facts.name.slice(0, LONGEST_NAME - suffix.length) + suffix,
    bmh: slot.bmh?.name ?? null,
    mac: slot.mac,
    ipv4Cidr: slot.network?.ipv4Cidr ?? null,
  };
}

/** Of a host: assisted-service internal/hostutil/host_utils.go, MaxHostnameLength. */
const LONGEST_NAME = 63;

function roleOf(told: string | null, cluster: ClusterFacts | null, position: number): Role {
  if (told === 'master' || told === 'arbiter' || told === 'worker') return told;
  // Hosts without a cluster must be good for any role.
  if (cluster === null || position < cluster.controlPlanes) return 'master';
  return position < cluster.controlPlanes + cluster.arbiters ? 'arbiter' : 'worker';
}

/** Hosts that an installed cluster consists of boot from their disks: switching them on here would bring their agents back. */
function isAlive(
  facts: InfraEnvFacts,
  cluster: ClusterFacts | null,
  host: WantedHost,
  required: number,
  running: ReadonlySet<string>,
): boolean {
  if (running.has(host.key)) return true;
  if (facts.onDisk.has(host.id)) return false;
  // Their Agents may be gone. One that the hub names and that has no Agent is new.
  return !(cluster?.installed && host.position < required && (host.mac === null || host.key.startsWith('#')));
}
