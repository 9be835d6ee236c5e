/** Arguments of the step `domain-resolution`. Upstream: assisted-service, internal/host/hostcommands/domain_name_resolution_cmd.go. */
import type { ClusterRow } from '../../core/rows.ts';
import { isDay2Host } from '../../host/traits.ts';
import { isIpText } from '../../network/networks.ts';
import { registryOf } from '../../versions/versions.ts';
import { json, type StepBuilder } from './step.ts';

const dnsCache = new WeakMap<ClusterRow, { key: string; args: readonly string[] }>();

export const domainStep: StepBuilder = (_core, host) => {
  const cluster = host.cluster as ClusterRow;
  if (cluster.baseDnsDomain === '') return undefined;
  const day2 = isDay2Host(host);
  const key = `${cluster.name} ${cluster.baseDnsDomain} ${cluster.releaseImage} ${day2}`;
  const known = dnsCache.get(cluster);
  if (known?.key === key) return known.args;
  const base = `${cluster.name}.${cluster.baseDnsDomain}`;
  const names = [
    `api.${base}`,
    `api-int.${base}`,
    `console-openshift-console.apps.${base}`,
    `validateNoWildcardDNS.${base}.`,
    `validateNoWildcardDNS.${base}`,
  ];
  const registry = registryOf(cluster.releaseImage).replace(/:\d+$/, '');
  if (!day2 && cluster.releaseImage !== '' && !isIpText(registry)) names.push(registry);
  const args = json({ domains: names.map((name) => ({ domain_name: name })) });
  dnsCache.set(cluster, { key, args });
  return args;
};
