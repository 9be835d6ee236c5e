/** How a host is installed, and day-2 hosts whose installation users start one by one. Upstream: assisted-service, internal/bminventory/inventory.go, V2InstallHost and its like. */

import { hostIgnition } from '../cluster/files.ts';
import { aboutHost, type Core } from '../core/core.ts';
import { hostOf } from '../core/lookup.ts';
import { textField } from '../core/wire.ts';
import { checkIgnition } from '../ignition/parsing.ts';
import { type JsonObject, OperationError } from '../service-api.ts';
import { checkInstallerArguments } from './installer-arguments.ts';
import { runHost } from './state-machine/machine.ts';
import { displayName, isDay2Host } from './traits.ts';
import { hostView } from './view.ts';

export function installHost(core: Core, infraEnvId: string, hostId: string): JsonObject {
  const host = hostOf(core, infraEnvId, hostId);
  if (!isDay2Host(host)) throw new OperationError(409, 'method only allowed when adding hosts to an existing cluster');
  if (!runHost(core, host, 'install')) throw new OperationError(409, `cannot install host in state ${host.status}`);
  core.events.emit('host_installation_started', aboutHost(host), displayName(host));
  return hostView(host);
}

export function resetHost(core: Core, infraEnvId: string, hostId: string): JsonObject {
  const host = hostOf(core, infraEnvId, hostId);
  if (!isDay2Host(host)) throw new OperationError(409, 'method only allowed when adding hosts to an existing cluster');
  if (!runHost(core, host, 'reset'))
    throw new OperationError(409, `Host ${hostId} cannot be reset while it is ${host.status}`);
  core.events.emit('host_installation_reset', aboutHost(host), displayName(host));
  return hostView(host);
}

export function updateInstallerArgs(core: Core, infraEnvId: string, hostId: string, body: JsonObject): JsonObject {
  const args = body.args ?? [];
  if (!Array.isArray(args) || !args.every((argument) => typeof argument === 'string'))
    throw new OperationError(400, 'args must be a list of texts');
  checkInstallerArguments(args as string[]);
  const host = hostOf(core, infraEnvId, hostId);
  host.installerArgs = JSON.stringify(args);
  host.updatedAt = core.clock.now();
  core.events.emit('host_installer_args_applied', aboutHost(host), displayName(host));
  return hostView(host, { customized: false });
}

export function getHostIgnition(core: Core, infraEnvId: string, hostId: string): JsonObject {
  return { config: downloadHostIgnition(core, infraEnvId, hostId).toString() };
}

export function updateHostIgnition(core: Core, infraEnvId: string, hostId: string, body: JsonObject): void {
  const host = hostOf(core, infraEnvId, hostId);
  const config = textField(body, 'config') ?? '';
  checkIgnition(config);
  host.ignitionConfigOverrides = config;
  host.updatedAt = core.clock.now();
  core.events.emit('host_discovery_ignition_config_applied', aboutHost(host), displayName(host));
}

/** The file that a host is installed with. */
export function downloadHostIgnition(core: Core, infraEnvId: string, hostId: string): Buffer {
  const host = core.store.infraEnvs.get(infraEnvId)?.hosts.get(hostId);
  if (!host) throw new OperationError(404, `host ${hostId} not found in infra env ${infraEnvId}`);
  return hostIgnition(host);
}
