/** What VIPs of a cluster must be like. Upstream: assisted-service, internal/network/machine_network_cidr.go; internal/cluster/validations/validations.go. */
import type { HostRow } from '../core/rows.ts';
import { countedErrorList } from '../validations/error-list.ts';
import { placeProblem, takenProblem, vipProblemInAny } from './cluster-networks.ts';
import { parseIp } from './networks.ts';

const MOST_VIPS = 2;

/** Why two lists of VIPs are none, all of it; undefined when they are. */
export function vipListsProblem(apiVips: readonly string[], ingressVips: readonly string[]): string | undefined {
  const [api, ingress] = [apiVips.length, ingressVips.length];
  return countedErrorList([
    ...(api > MOST_VIPS ? [`apiVIPs supports 2 vips. got: ${api}`] : addressProblems('API', apiVips)),
    ...(ingress > MOST_VIPS
      ? [`ingressVips supports 2 vips. got: ${ingress}`]
      : addressProblems('Ingress', ingressVips)),
    ...(api === ingress
      ? []
      : [`configuration must include the same number of apiVIPs (got ${api}) and ingressVIPs (got ${ingress})`]),
  ]);
}

/** As {@link vipListsProblem}, of each VIP alone. */
export function vipAddressesProblem(apiVips: readonly string[], ingressVips: readonly string[]): string | undefined {
  return countedErrorList([...addressProblems('API', apiVips), ...addressProblems('Ingress', ingressVips)]);
}

function addressProblems(kind: string, vips: readonly string[]): string[] {
  return vips.flatMap((ip, index) => {
    if (ip === '') return [`${kind} VIP IP at index ${index} cannot be empty`];
    return parseIp(ip) ? [] : [`Could not parse VIP ip ${ip}`];
  });
}

/** Which VIPs are given twice; undefined when none are. @param mayShare whether one address may be both. */
export function duplicateVipsProblem(
  apiVips: readonly string[],
  ingressVips: readonly string[],
  mayShare: boolean,
): string | undefined {
  const problems: string[] = [];
  const api = new Set<string>();
  for (const ip of apiVips.filter((text) => text !== '')) {
    if (api.has(ip)) problems.push(`The IP address "${ip}" appears multiple times in apiVIPs`);
    api.add(ip);
  }
  const ingress = new Set<string>();
  for (const ip of ingressVips.filter((text) => text !== '')) {
    if (ingress.has(ip)) problems.push(`The IP address "${ip}" appears multiple times in ingressVIPs`);
    ingress.add(ip);
    if (!mayShare && api.has(ip)) problems.push(`The IP address "${ip}" appears both in apiVIPs and ingressVIPs`);
  }
  return countedErrorList(problems);
}

/** Why two VIPs cannot be those of a machine network; undefined when they can. VIPs of no network are not looked at. */
export function vipPairProblem(
  api: string,
  ingress: string,
  network: string,
  hosts: readonly HostRow[],
): string | undefined {
  for (const [name, ip] of [
    ['api-vip', api],
    ['ingress-vip', ingress],
  ] as const) {
    if (network === '') continue;
    const problem = placeProblem(name, ip, network) ?? takenProblem(name, ip, network, hosts);
    if (problem !== undefined) return problem;
  }
  return duplicateVipsProblem([api], [ingress], false);
}

/** As {@link vipPairProblem}, behind the user's own load balancer: any of the machine networks will do. */
export function vipPairProblemInAny(api: string, ingress: string, networks: readonly string[]): string | undefined {
  return vipProblemInAny(networks, 'api-vip', api) ?? vipProblemInAny(networks, 'ingress-vip', ingress);
}
