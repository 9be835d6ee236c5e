/**
 * The controller's part in finalizing a cluster: cluster operators, ingress certificate, OLM operators, completion.
 * Source: openshift/assisted-installer,
 * src/assisted_installer_controller/assisted_installer_controller.go, postInstallConfigs.
 */

import { waitUntil } from '../../model/time/ticker.ts';
import { accepted, answerOf, newRequestId } from '../service/inventory-client.ts';
import type { ControllerProcess } from './controller-process.ts';
import { enterStage } from './finalizing-stage.ts';
import { installOlmOperators } from './olm-operators.ts';
import { followOperator } from './operator-report.ts';

const FINALIZING_POLL_MS = 30_000;
const OPERATORS_INTERVAL_MS = 60_000;
const OPERATORS_LIMIT_MS = 10 * 60 * 60_000;
const ROUTER_CA_INTERVAL_MS = 10_000;
const COMPLETE_INTERVAL_MS = 60_000;

/**
 * Waits until the service finalizes the cluster and goes through the stages. When the main context ends in between, the
 * failure is reported once.
 */
export async function finishInstallation(process: ControllerProcess): Promise<void> {
  const { clock, main, service, spoke } = process;
  const finalizing = await waitUntil(clock, FINALIZING_POLL_MS, main, async (dueMs) => {
    const cluster = await answerOf(service.getCluster(true, { dueMs, signal: main }));
    return cluster?.value.status === 'finalizing';
  });
  if (!finalizing) return;

  await enterStage(process, 'Waiting for cluster operators');
  const available = await waitUntil(
    clock,
    OPERATORS_INTERVAL_MS,
    main,
    (dueMs) => clusterOperatorsAvailable(process, dueMs),
    OPERATORS_LIMIT_MS,
  );
  const report = spoke.clusterOperators();
  if (!available) {
    return fail(process, 'Stopped waiting for cluster operators to be available', main.aborted, report);
  }

  await enterStage(process, 'Adding router ca');
  const certified = await waitUntil(clock, ROUTER_CA_INTERVAL_MS, main, async (dueMs) => {
    const bundle = spoke.ingressCaBundle();
    return bundle !== null && accepted(service.uploadIngressCa(bundle, { requestId: newRequestId(), dueMs }));
  });
  if (!certified) return fail(process, 'Stopped waiting for router ca data', true, report);

  await installOlmOperators(process);
  await enterStage(process, 'Done');
  await complete(process, true, '', null);
}

/** Console always, the cluster version when asked for: both are looked at in every pass. */
async function clusterOperatorsAvailable(process: ControllerProcess, dueMs: number): Promise<boolean> {
  const { spoke } = process;
  const console = await followOperator(process, 'console', () => spoke.operator('console'), dueMs);
  if (!process.options.checkClusterVersion) return console;
  return (await followOperator(process, 'cvo', () => spoke.operator('cvo'), process.clock.now())) && console;
}

async function fail(
  process: ControllerProcess,
  what: string,
  cancelled: boolean,
  report: readonly unknown[],
): Promise<void> {
  process.failed = true;
  const reason = cancelled ? 'context canceled' : 'context deadline exceeded';
  await complete(process, false, `${what}: ${reason}`, { CLUSTER_OPERATORS_REPORT: report });
}

/** S14, repeated until it is accepted; at least once, also after the main context ended. */
async function complete(
  process: ControllerProcess,
  success: boolean,
  errorInfo: string,
  data: Record<string, unknown> | null,
): Promise<void> {
  const { clock, main, service } = process;
  await waitUntil(clock, COMPLETE_INTERVAL_MS, main, (dueMs) =>
    accepted(service.completeInstallation(success, errorInfo, data, { requestId: newRequestId(), dueMs })),
  );
}
