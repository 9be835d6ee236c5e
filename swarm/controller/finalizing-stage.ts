/**
 * Tells the service which part of finalizing the controller is in. Source: openshift/assisted-installer,
 * src/assisted_installer_controller/assisted_installer_controller.go, postInstallConfigs.
 */
import type { FinalizingStage } from '../../model/protocol/states.ts';
import { waitUntil } from '../../model/time/ticker.ts';
import { accepted } from '../service/inventory-client.ts';
import type { ControllerProcess } from './controller-process.ts';

const RETRY_INTERVAL_MS = 30_000;

/** S12, repeated until it is accepted or the main context ends. */
export async function enterStage(process: ControllerProcess, stage: FinalizingStage): Promise<void> {
  const { clock, main, service, options } = process;
  await waitUntil(clock, RETRY_INTERVAL_MS, main, async (dueMs) => {
    if (!(await accepted(service.reportFinalizingStage(stage, { dueMs, signal: main })))) return false;
    options.onFinalizingStage?.(stage);
    return true;
  });
}
