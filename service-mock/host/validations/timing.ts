/**
 * Host validations of latency and packet loss between hosts of one role. Texts are upstream's: assisted-service,
 * internal/host/validator.go, hasSufficientNetworkLatencyRequirementForRole, hasSufficientPacketLossRequirementForRole
 * and what they call. Their `\n` before the advice is a backslash and an n there, too.
 */

import type { ClusterRow, HostRow } from '../../core/rows.ts';
import type { InventoryFacts } from '../inventory.ts';
import { effectiveRole, hostnameOf, isDay2Host } from '../traits.ts';
import { type Check, fail, type HostContext, pass, wait } from './check.ts';

interface Measure {
  readonly field: 'rttMs' | 'lossPercent';
  readonly limit: (context: HostContext) => number | undefined;
  readonly name: string;
  /** As the text of an unknown host calls the check. */
  readonly check: string;
  readonly unit: string;
  readonly heading: (limit: string) => string;
  readonly advice: (host: HostRow, inventory: InventoryFacts) => string;
}

/** Entries of a list before the rest is only hinted at. */
const SHOWN = 5;

export const latency: Check = timing({
  field: 'rttMs',
  limit: ({ requirement }) => requirement.latencyMs,
  name: 'network latency',
  check: 'network latency',
  unit: ' ms',
  heading: (limit) =>
    `A total network latency above the tolerated threshold of ${limit} ms was encountered when performing network latency tests`,
  advice: (host, inventory) =>
    inventory.interfaces.length === 0
      ? ''
      : `Actions:\n1: Please try the following commands on the host ${hostnameOf(host)} and examine averages to investigate the latency issue further\n\n${pings(host, inventory)}`,
});

export const packetLoss: Check = timing({
  field: 'lossPercent',
  limit: ({ requirement }) => requirement.lossPercent,
  name: 'packet loss',
  check: 'packet loss validation',
  unit: '%',
  heading: (limit) =>
    `A total packet loss above the tolerated threshold of ${limit}% was encountered when performing connectivity validation`,
  advice: (host, inventory) =>
    `Actions:\n1: Check if there are multiple devices on the same L2 network, if so then use the built-in nmstate-based advanced networking configuration to create a bond or disable all but one of the interfaces.\n${pings(host, inventory)}`,
});

function timing(measure: Measure): Check {
  const good = pass(`${measure.name[0]?.toUpperCase()}${measure.name.slice(1)} requirement has been satisfied.`);
  return (context) => {
    const { host, cluster } = context;
    if (!host.inventory) return wait('The inventory is not available yet.');
    if (!cluster) return undefined;
    const limit = measure.limit(context);
    const isExempt = cluster.hosts.length === 1 || effectiveRole(host) === 'auto-assign' || isDay2Host(host);
    if (limit === undefined || isExempt) return good;
    if (!host.connectivity) return wait(`Missing ${measure.name} information.`);
    const problem = excess(measure, limit, host, cluster);
    return problem === undefined ? good : fail(problem);
  };
}

/** What is above the limit; undefined when nothing is. */
function excess(measure: Measure, limit: number, host: HostRow, cluster: ClusterRow): string | undefined {
  const bad = new Map<string, string>();
  for (const path of host.connectivity?.slow ?? []) {
    const value = path[measure.field];
    if (value <= limit || bad.has(path.address)) continue;
    const other = cluster.hosts.find((candidate) => candidate.id === path.hostId);
    if (!other) {
      if (measure.field === 'rttMs' || path.hostId !== '')
        return `Error while attempting to validate ${measure.check}: host with ID ${path.hostId} was not found`;
      continue;
    }
    if (!other.inventory || effectiveRole(other) !== effectiveRole(host)) continue;
    bad.set(path.address, `${hostnameOf(other)} (${value.toFixed(2)}${measure.unit})`);
  }
  if (bad.size === 0) return undefined;
  const others = [...bad.values()].slice(0, SHOWN + 1);
  if (others.length > SHOWN) others[SHOWN] += ' and others...';
  const heading = measure.heading(limit.toFixed(2));
  const advice = host.inventory ? measure.advice(host, host.inventory) : '';
  return `${heading} between host ${host.id} and ${others.join(', ')}\\n${advice}`;
}

/** Commands to look further, one for each IPv4 address of each interface. */
function pings(host: HostRow, inventory: InventoryFacts): string {
  if (inventory.interfaces.length === 0) return '';
  let text = `2: Please try the following commands on the host ${hostnameOf(host)} to investigate the packet loss further\n\n`;
  for (const nic of inventory.interfaces) {
    const addresses = nic.addresses.filter((address) => address.ip.family === 4);
    for (const { text: ip, network } of addresses.slice(0, SHOWN))
      text += `ping -c 10 -W 3 -q -I ${nic.name} ${ip}/${network.prefix}\n`;
    if (addresses.length > SHOWN) text += 'etc... \n';
  }
  return text;
}
