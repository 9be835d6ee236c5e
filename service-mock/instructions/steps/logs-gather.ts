/** Arguments of the step `logs-gather`. Upstream: assisted-service, internal/host/hostcommands/logs_cmd.go. */

import type { ClusterRow } from '../../core/rows.ts';
import { json, type StepBuilder } from './step.ts';

export const logsStep: StepBuilder = (_core, host) => {
  if (host.logsCollectedAt !== 0) return undefined;
  const cluster = host.cluster as ClusterRow;
  const masters = host.bootstrap
    ? cluster.hosts
        .filter((member) => member.role === 'master' && member !== host)
        .flatMap(
          (member) =>
            member.inventory?.interfaces.flatMap((nic) => nic.addresses.map((address) => address.text)).slice(0, 1) ??
            [],
        )
    : undefined;
  return json({
    bootstrap: host.bootstrap,
    cluster_id: cluster.id,
    host_id: host.id,
    infra_env_id: host.infraEnv.id,
    installer_gather: true,
    master_ips: masters?.length ? masters : null,
  });
};
