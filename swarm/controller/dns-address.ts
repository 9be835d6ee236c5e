/**
 * The controller takes care that the cluster's DNS gets its address: another service that has it is deleted. Source:
 * openshift/assisted-installer, src/assisted_installer_controller/assisted_installer_controller.go, HackDNSAddressConflict.
 */
import { waitUntil } from '../../model/time/ticker.ts';
import type { ControllerProcess } from './controller-process.ts';

const INTERVAL_MS = 20_000;
/** 45 passes. */
const LIMIT_MS = 44 * INTERVAL_MS;

/** Ends when the DNS service has the address, at the latest after 15 minutes; the main context does not end it. */
export async function freeDnsAddress(process: ControllerProcess): Promise<void> {
  const { clock, signal, spoke } = process;
  await waitUntil(
    clock,
    INTERVAL_MS,
    signal,
    () => {
      if (spoke.dnsAddress === 'taken') spoke.deleteDnsAddressHolder();
      return spoke.dnsAddress === 'served';
    },
    LIMIT_MS,
  );
}
