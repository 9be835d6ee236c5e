/** Arguments of the step `free-network-addresses`. Upstream: assisted-service, internal/host/hostcommands/free_addresses_cmd.go. */
import type { StepBuilder } from './step.ts';

const MIN_FREE_PREFIX = 22;

export const freeAddressesStep: StepBuilder = (_core, host) => {
  const networks = new Set<string>();
  for (const nic of host.inventory?.interfaces ?? []) {
    for (const { network, networkText } of nic.addresses) {
      if (network.family === 4 && network.prefix >= MIN_FREE_PREFIX) networks.add(networkText);
    }
  }
  return networks.size === 0 ? undefined : [JSON.stringify([...networks])];
};
