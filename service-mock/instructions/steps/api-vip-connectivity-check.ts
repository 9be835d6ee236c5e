/** Arguments of the step `api-vip-connectivity-check`. Upstream: assisted-service, internal/host/hostcommands/api_vip_connectivity_check_cmd.go. */

import type { ClusterRow } from '../../core/rows.ts';
import type { JsonObject } from '../../service-api.ts';
import { json, type StepBuilder } from './step.ts';

export const apiVipStep: StepBuilder = (_core, host) => {
  const cluster = host.cluster as ClusterRow;
  const pool = host.machineConfigPoolName || 'worker';
  const custom = cluster.ignitionEndpoint.url;
  const address = cluster.apiVipDnsName || `api.${cluster.name}.${cluster.baseDnsDomain}`;
  const ca = cluster.ignitionEndpoint.ca_certificate;
  const token = host.ignitionEndpointToken;
  const headers = Object.entries({
    ...(token ? { Authorization: `Bearer ${token}` } : {}),
    ...(host.ignitionEndpointHttpHeaders ? (JSON.parse(host.ignitionEndpointHttpHeaders) as JsonObject) : {}),
  });
  return json({
    ...(ca ? { ca_certificate: ca } : {}),
    ...(token ? { ignition_endpoint_token: token } : {}),
    request_headers: headers.length === 0 ? null : headers.map(([key, value]) => ({ key, value })),
    url: custom
      ? `${custom}/${pool}`
      : `${ca ? 'https' : 'http'}://${address.includes(':') ? `[${address}]` : address}:${ca ? 22623 : 22624}/config/${pool}`,
  });
};
