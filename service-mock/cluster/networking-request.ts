/** What a request says of a cluster's networking. */
import type { ClusterRow, VipRow } from '../core/rows.ts';
import { booleanField, integerField, objectField, objectsField, textField } from '../core/wire.ts';
import type { AddressLists } from '../network/dual-stack.ts';
import { formatIp, parseIp } from '../network/networks.ts';
import type { JsonObject } from '../service-api.ts';

/** Each undefined when it is not said. */
export interface NetworkingRequest extends AddressLists {
  /** `clusterNetworks` with their prefixes. */
  readonly podNetworks: ClusterRow['clusterNetworks'] | undefined;
  /** What is said of VIPs' verification, by their texts. */
  readonly verifications: ReadonlyMap<string, string>;
  readonly userManaged: boolean | undefined;
  readonly vipDhcp: boolean | undefined;
  /** Type of the load balancer; empty when it is said to have none. */
  readonly loadBalancer: string | undefined;
  readonly networkType: string | undefined;
}

export function networkingRequest(body: JsonObject): NetworkingRequest {
  const texts = (list: string, field: string) => objectsField(body, list)?.map((item) => textField(item, field) ?? '');
  const balancer = objectField(body, 'load_balancer');
  return {
    machineNetworks: texts('machine_networks', 'cidr'),
    serviceNetworks: texts('service_networks', 'cidr'),
    clusterNetworks: texts('cluster_networks', 'cidr'),
    apiVips: texts('api_vips', 'ip'),
    ingressVips: texts('ingress_vips', 'ip'),
    podNetworks: objectsField(body, 'cluster_networks')?.map((item) => ({
      cidr: textField(item, 'cidr') ?? '',
      hostPrefix: integerField(item, 'host_prefix') ?? 0,
    })),
    verifications: new Map(
      ['api_vips', 'ingress_vips']
        .flatMap((list) => objectsField(body, list) ?? [])
        .map((item) => [textField(item, 'ip') ?? '', textField(item, 'verification') ?? '']),
    ),
    userManaged: booleanField(body, 'user_managed_networking'),
    vipDhcp: booleanField(body, 'vip_dhcp_allocation'),
    loadBalancer: balancer && (textField(balancer, 'type') ?? ''),
    networkType: textField(body, 'network_type'),
  };
}

/** VIPs as rows keep them. */
export function vipRows(vips: readonly string[] | undefined, verifications: ReadonlyMap<string, string>): VipRow[] {
  return (vips ?? []).map((text) => {
    const ip = parseIp(text);
    return { ip: ip ? formatIp(ip) : text, verification: verifications.get(text) ?? '' };
  });
}
