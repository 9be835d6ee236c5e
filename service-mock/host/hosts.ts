/** Hosts as users list, change and end them. Upstream: assisted-service, internal/bminventory/inventory.go and inventory_v2_handlers.go. */

import { refreshCluster } from '../cluster/state-machine/machine.ts';
import { aboutHost, type Core } from '../core/core.ts';
import { hostOf, infraEnvOf } from '../core/lookup.ts';
import { eachOf } from '../core/wire.ts';
import { rejudgeInventory } from '../instructions/replies.ts';
import { type JsonObject, OperationError, type Rows } from '../service-api.ts';
import { changeHost } from './changes.ts';
import { refreshHost } from './state-machine/machine.ts';
import { displayName } from './traits.ts';
import { hostView } from './view.ts';

export function listInfraEnvHosts(core: Core, infraEnvId: string): Rows {
  return eachOf([...infraEnvOf(core, infraEnvId).hosts.values()], (host) => hostView(host));
}

export function getHost(core: Core, infraEnvId: string, hostId: string): JsonObject {
  return hostView(hostOf(core, infraEnvId, hostId));
}

/**
 * All or nothing: what was changed before a refusal is taken back.
 * @param options `interactive` false leaves states to the monitor, as for custom resources.
 */
export function updateHost(
  core: Core,
  infraEnvId: string,
  hostId: string,
  body: JsonObject,
  { interactive = true } = {},
): JsonObject {
  const host = hostOf(core, infraEnvId, hostId);
  const before = host.copy();
  try {
    changeHost(host, body);
    if (host.cluster) rejudgeInventory(core, host);
  } catch (error) {
    Object.assign(host, before);
    throw error;
  }
  host.updatedAt = core.clock.now();
  host.triggeredAt = host.updatedAt;
  if (interactive) {
    refreshHost(core, host);
    if (host.cluster) refreshCluster(core, host.cluster);
  }
  return hostView(host);
}

export function deleteHost(core: Core, infraEnvId: string, hostId: string): void {
  const host = hostOf(core, infraEnvId, hostId, 500);
  const about = aboutHost(host);
  core.store.removeHost(host);
  if (host.cluster) {
    host.cluster.triggeredAt = core.clock.now();
    refreshCluster(core, host.cluster);
  }
  core.events.emit('host_deregistered', about, displayName(host));
}

export function resetHostValidation(core: Core, infraEnvId: string, hostId: string, validationId: string): JsonObject {
  const host = hostOf(core, infraEnvId, hostId);
  if (!host.cluster) throw new OperationError(500, `Host ${hostId} is not bound to a cluster`);
  if (validationId === 'sufficient-installation-disk-speed') {
    if (host.installationDiskId === '')
      throw new OperationError(500, `The installation disk of host ${hostId} is unknown`);
    const speed = host.diskSpeeds.get(host.installationDiskId);
    if (speed) host.addDiskSpeed(host.installationDiskId, { ...speed, exitCode: 0, speedMs: 0, tested: false });
  } else if (validationId === 'container-images-available') {
    host.forgetImages();
  } else {
    throw new OperationError(
      400,
      `Validation ${validationId} cannot be reset; these can: sufficient-installation-disk-speed, container-images-available`,
    );
  }
  host.updatedAt = core.clock.now();
  return hostView(host);
}
