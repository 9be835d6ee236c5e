/** Arguments of the step `verify-vips`. Upstream: assisted-service, internal/host/hostcommands/verify_vips_cmd.go. */

import type { ClusterRow } from '../../core/rows.ts';
import { json, type StepBuilder } from './step.ts';

export const vipsStep: StepBuilder = (_core, host) => {
  const cluster = host.cluster as ClusterRow;
  if (cluster.apiVips.length + cluster.ingressVips.length === 0) return undefined;
  return json([
    ...cluster.apiVips.map(({ ip }) => ({ vip: ip, vip_type: 'api' })),
    ...cluster.ingressVips.map(({ ip }) => ({ vip: ip, vip_type: 'ingress' })),
  ]);
};
