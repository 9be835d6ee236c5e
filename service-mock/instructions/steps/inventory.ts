/** Arguments of the step `inventory`. Upstream: assisted-service, internal/host/hostcommands/inventory_cmd.go. */
import type { StepBuilder } from './step.ts';

export const inventoryStep: StepBuilder = ({ settings }, host) => [
  host.id,
  ...(settings.AGENT_INVENTORY_MAX_SIZE ? [`--output-max-size=${settings.AGENT_INVENTORY_MAX_SIZE}`] : []),
  ...(settings.AGENT_INVENTORY_DISK_MIN_SIZE ? [`--disk-min-size=${settings.AGENT_INVENTORY_DISK_MIN_SIZE}`] : []),
];
