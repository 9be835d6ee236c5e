/** What a polling host is told to do. Upstream: assisted-service, internal/host/hostcommands/instruction_manager.go, GetNextSteps. */

import type { StepType } from '../../model/protocol/states.ts';
import { aboutHost, type Core } from '../core/core.ts';
import type { HostRow } from '../core/rows.ts';
import { displayName } from '../host/traits.ts';
import type { JsonObject } from '../service-api.ts';
import { apiVipStep } from './steps/api-vip-connectivity-check.ts';
import { connectivityStep } from './steps/connectivity-check.ts';
import { imagesStep } from './steps/container-image-availability.ts';
import { dhcpStep } from './steps/dhcp-lease-allocate.ts';
import { domainStep } from './steps/domain-resolution.ts';
import { artifactsStep } from './steps/download-boot-artifacts.ts';
import { freeAddressesStep } from './steps/free-network-addresses.ts';
import { installStep } from './steps/install.ts';
import { diskSpeedStep } from './steps/installation-disk-speed-check.ts';
import { inventoryStep } from './steps/inventory.ts';
import { logsStep } from './steps/logs-gather.ts';
import { ntpStep } from './steps/ntp-synchronizer.ts';
import { json, type StepBuilder } from './steps/step.ts';
import { tangStep } from './steps/tang-connectivity-check.ts';
import { vipsStep } from './steps/verify-vips.ts';
import { POLL_SECONDS, stateEntry, UPGRADABLE } from './steps-by-state.ts';

const BUILDERS: Readonly<Partial<Record<StepType, StepBuilder>>> = {
  inventory: inventoryStep,
  'connectivity-check': connectivityStep,
  'free-network-addresses': freeAddressesStep,
  'ntp-synchronizer': ntpStep,
  'domain-resolution': domainStep,
  'verify-vips': vipsStep,
  'dhcp-lease-allocate': dhcpStep,
  'tang-connectivity-check': tangStep,
  'api-vip-connectivity-check': apiVipStep,
  'installation-disk-speed-check': diskSpeedStep,
  'container-image-availability': imagesStep,
  install: installStep,
  'logs-gather': logsStep,
  'stop-installation': () => [],
  'download-boot-artifacts': artifactsStep,
  'reboot-for-reclaim': () => json({ host_fs_mount_dir: '/host' }),
};

/** The answer to a poll. */
export function instructionsFor(core: Core, host: HostRow): JsonObject {
  const { settings } = core;
  if (
    settings.ENABLE_UPGRADE_AGENT &&
    UPGRADABLE.has(host.status) &&
    host.discoveryAgentVersion !== settings.AGENT_DOCKER_IMAGE
  ) {
    core.events.emit('upgrade_agent_started', aboutHost(host), displayName(host), settings.AGENT_DOCKER_IMAGE);
    return {
      instructions: [{ args: json({ agent_image: settings.AGENT_DOCKER_IMAGE }), step_type: 'upgrade-agent' }],
      next_instruction_seconds: POLL_SECONDS,
      post_step_action: 'continue',
    };
  }
  const { steps, seconds, exit } = stateEntry(host);
  const instructions: JsonObject[] = [];
  for (const type of steps) {
    if (settings.DISABLED_STEPS.includes(type)) continue;
    const args = BUILDERS[type]?.(core, host);
    if (args)
      instructions.push({ args: args as string[], step_id: `${type}-${core.uuid().slice(0, 8)}`, step_type: type });
  }
  return {
    instructions: instructions.length === 0 ? null : instructions,
    ...(seconds === 0 ? {} : { next_instruction_seconds: seconds }),
    post_step_action: exit ? 'exit' : 'continue',
  };
}
