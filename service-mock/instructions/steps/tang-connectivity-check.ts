/** Arguments of the step `tang-connectivity-check`. Upstream: assisted-service, internal/host/hostcommands/tang_connectivity_check_cmd.go. */

import type { ClusterRow } from '../../core/rows.ts';
import { json, type StepBuilder } from './step.ts';

export const tangStep: StepBuilder = (_core, host) => {
  const { mode, enableOn, tangServers } = (host.cluster as ClusterRow).diskEncryption;
  return mode === 'tang' && enableOn !== 'none' ? json({ tang_servers: tangServers }) : undefined;
};
