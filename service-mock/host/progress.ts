/** What installers and controllers tell of a host's installation. Upstream: assisted-service, internal/host/host.go, UpdateInstallProgress. */

import { HOST_STAGES, type HostStage } from '../../model/protocol/states.ts';
import { updateInstallProgress } from '../cluster/progress.ts';
import { isSingleNode } from '../cluster/traits.ts';
import { aboutHost, type Core } from '../core/core.ts';
import { hostOf } from '../core/lookup.ts';
import type { HostRow } from '../core/rows.ts';
import { requiredText, textField } from '../core/wire.ts';
import { type JsonObject, OperationError } from '../service-api.ts';
import { stagePercentage, stagesOf } from './stages.ts';
import { runHost } from './state-machine/machine.ts';
import { setHostStatus } from './state-machine/status.ts';
import { displayName, effectiveRole, endsWithReboot } from './traits.ts';

const PROGRESSING: ReadonlySet<string> = new Set([
  'installing',
  'installing-in-progress',
  'installing-pending-user-action',
]);

export function updateHostProgress(core: Core, infraEnvId: string, hostId: string, body: JsonObject): void {
  const host = hostOf(core, infraEnvId, hostId);
  const given = requiredText(body, 'current_stage');
  const info = textField(body, 'progress_info') ?? '';
  const stage = HOST_STAGES.find((known) => known === given);
  if (stage === undefined)
    throw new OperationError(400, `Stage '${given}' is unknown. Known are ${HOST_STAGES.join(', ')}`);
  const cluster = host.cluster;
  if (!cluster) throw new OperationError(400, `host ${hostId} is not bound to any cluster, cannot update progress`);
  const changed = stage !== host.stage;
  if (!changed && info === host.stageInfo) return;
  const now = core.clock.now();
  if (changed) enterStage(core, host, stage, info);
  else {
    host.stageInfo = info;
    host.stageUpdatedAt = now;
    host.updatedAt = now;
  }
  core.events.emit('host_install_progress_updated', aboutHost(host), displayName(host), stage, info);
  if (changed) updateInstallProgress(cluster);
}

export function updateHostLogsProgress(core: Core, infraEnvId: string, hostId: string, body: JsonObject): void {
  const host = hostOf(core, infraEnvId, hostId);
  host.logsInfo = textField(body, 'logs_state') ?? '';
  if (host.logsInfo === 'requested') host.logsStartedAt = core.clock.now();
  host.updatedAt = core.clock.now();
}

/** @throws OperationError 409 for a stage that cannot come now. */
function enterStage(core: Core, host: HostRow, stage: HostStage, info: string): void {
  if (!PROGRESSING.has(host.status))
    throw new OperationError(409, `Can't set progress <${stage}> to host in status <${host.status}>`);
  const stages: readonly string[] = stagesOf(
    { role: host.role, bootstrap: host.bootstrap, day2: endsWithReboot(host) },
    isSingleNode(host.cluster),
  );
  if (stage !== 'Failed' && host.stage !== '') {
    if (!stages.includes(stage))
      throw new OperationError(
        409,
        `Stages ${stage} isn't available for host role ${host.role} bootstrap ${host.bootstrap}`,
      );
    if (stages.indexOf(stage) < stages.indexOf(host.stage))
      throw new OperationError(409, `Can't assign lower stage "${stage}" after host has been in stage "${host.stage}"`);
  }
  const now = core.clock.now();
  const before = host.stage;
  const since = host.stageStartedAt || host.statusUpdatedAt;
  if (stage === 'Failed') {
    setHostStatus(core, host, host.status, 'error', info === '' ? 'Failed' : `Failed - ${info}`);
  } else {
    host.installationPercentage = stagePercentage(stage, stages);
    host.stage = stage === 'Rebooting' && endsWithReboot(host) ? 'Done' : stage;
    host.stageInfo = info;
    host.stageStartedAt = now;
    host.stageUpdatedAt = now;
    host.stageTimedOut = false;
    runHost(core, host, 'progress');
  }
  if (before !== '') core.metrics.hostPhase(before, stage === 'Failed' ? 'failed' : 'success', (now - since) / 1000);
  if (stage === 'Failed' || stage === 'Done')
    core.metrics.hostsFinished(effectiveRole(host), stage === 'Done' ? 'installed' : 'error');
}
