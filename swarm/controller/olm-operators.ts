/**
 * The controller's wait for operators that come through OLM. A stage that the service flags as timed out is given up; the
 * unfinished operators are reported as failed at the end, and the installation goes on. Source: openshift/assisted-installer,
 * src/assisted_installer_controller/assisted_installer_controller.go, waitForOLMOperators and what it calls.
 */
import type { FinalizingStage, OperatorStatus } from '../../model/protocol/states.ts';
import type { CsvState, OperatorState } from '../../model/spoke/memory-spoke.ts';
import { waitUntil } from '../../model/time/ticker.ts';
import { accepted, answerOf, type MonitoredOperator, newRequestId } from '../service/inventory-client.ts';
import type { ControllerProcess } from './controller-process.ts';
import { enterStage } from './finalizing-stage.ts';
import { followOperator } from './operator-report.ts';

const FETCH_INTERVAL_MS = 10_000;
const INTERVAL_MS = 30_000;
/** Passes in which a failed operator is given time to recover; also the tries of the last report. */
const FAILURE_TOLERANCE = 10;

const OPERATOR_STATUS: Readonly<Record<CsvState['phase'], OperatorStatus>> = {
  Pending: 'progressing',
  InstallReady: 'progressing',
  Installing: 'progressing',
  Succeeded: 'available',
  Failed: 'failed',
};

export async function installOlmOperators(process: ControllerProcess): Promise<void> {
  const { service } = process;
  let gaveUp = false;

  const initialization = 'Waiting for olm operators csv initialization';
  await enterStage(process, initialization);
  let operators: MonitoredOperator[] = [];
  const fetched = await waitInStage(process, initialization, FETCH_INTERVAL_MS, async (dueMs) => {
    const answer = await answerOf(service.listOperators(true, { dueMs }));
    operators = answer?.value.filter(isOlm) ?? [];
    return answer !== null;
  });
  if (!fetched || operators.length === 0) return;

  const initialized = () => {
    for (const operator of operators) process.spoke.deleteOlmObstacle(operator.name);
    return operators.every((operator) => process.spoke.csv(operator.name) !== null);
  };
  if (!(await waitInStage(process, initialization, INTERVAL_MS, initialized))) gaveUp = true;

  const applying = 'Applying olm manifests';
  await enterStage(process, applying);
  const applied = await waitInStage(process, applying, INTERVAL_MS, (dueMs) =>
    applyManifests(process, operators, initialized, dueMs),
  );
  if (!applied) gaveUp = true;

  await enterStage(process, 'Waiting for olm operators csv');
  if (!(await waitForCsvs(process))) gaveUp = true;
  if (gaveUp) await failPending(process);
}

function isOlm(operator: MonitoredOperator): boolean {
  return operator.operator_type === 'olm';
}

function isPending(operator: MonitoredOperator): boolean {
  return operator.status !== 'available' && operator.status !== 'failed';
}

/** After each unsuccessful pass the service is asked whether the stage timed out. False when given up. */
async function waitInStage(
  process: ControllerProcess,
  stage: FinalizingStage,
  intervalMs: number,
  predicate: (dueMs: number) => boolean | Promise<boolean>,
): Promise<boolean> {
  let timedOut = false;
  const met = await waitUntil(process.clock, intervalMs, process.main, async (dueMs) => {
    if (await predicate(dueMs)) return true;
    const cluster = await answerOf(process.service.getCluster(true));
    const progress = cluster?.value.progress;
    timedOut = progress?.finalizing_stage === stage && progress.finalizing_stage_timed_out === true;
    return timedOut;
  });
  return met && !timedOut;
}

/** Downloads the manifests and the kubeconfig, both in every pass, and applies what belongs to the operators. */
async function applyManifests(
  process: ControllerProcess,
  operators: readonly MonitoredOperator[],
  initialized: () => boolean,
  dueMs: number,
): Promise<boolean> {
  const { service, clock, spoke, signal } = process;
  const requestId = newRequestId();
  const file = await answerOf(service.readFile('custom_manifests.json', { requestId, dueMs }));
  if (!file || !(await accepted(service.downloadKubeconfig({ requestId })))) return false;
  const manifests = manifestNames(file.value);
  if (!manifests || !initialized()) return false;
  for (const name of manifests) {
    if (operators.some((operator) => operator.name === name))
      await clock.sleep(spoke.durationMs('manifestApply'), signal);
  }
  return true;
}

/** Names of a manifests file `[{"Name":…,"Content":…}]`; null when it is none. */
function manifestNames(file: Buffer): string[] | null {
  try {
    const manifests: unknown = JSON.parse(file.toString('utf8'));
    if (!Array.isArray(manifests)) return null;
    return manifests.map((manifest) => String((manifest as { Name?: unknown } | null)?.Name ?? ''));
  } catch {
    return null;
  }
}

/** Follows the operators that are neither available nor failed until all are available. False when given up. */
async function waitForCsvs(process: ControllerProcess): Promise<boolean> {
  const answer = await answerOf(process.service.listOperators(false));
  if (!answer) return false;
  const pending = new Map(answer.value.filter((one) => isOlm(one) && isPending(one)).map((one) => [one.name, 0]));
  if (pending.size === 0) return true;
  return waitInStage(process, 'Waiting for olm operators csv', INTERVAL_MS, async (dueMs) => {
    for (const name of [...pending.keys()]) {
      const mayReport = (status: OperatorStatus): boolean => {
        if (status !== 'failed') return true;
        const failures = pending.get(name) ?? 0;
        if (failures < FAILURE_TOLERANCE) {
          pending.set(name, failures + 1);
          return false;
        }
        process.failedOperators.add(name);
        return true;
      };
      if (await followOperator(process, name, () => operatorState(process, name), dueMs, mayReport)) {
        pending.delete(name);
      }
    }
    return pending.size === 0;
  });
}

function operatorState(process: ControllerProcess, name: string): OperatorState | null {
  const csv = process.spoke.csv(name);
  return csv && { status: OPERATOR_STATUS[csv.phase], message: csv.message, version: csv.version };
}

/** Tells the service that what is not finished has failed, in up to ten tries. */
async function failPending(process: ControllerProcess): Promise<void> {
  const { service, clock, main } = process;
  let tries = 0;
  await waitUntil(clock, INTERVAL_MS, main, async (dueMs) => {
    tries += 1;
    return (await reportPendingAsFailed(service, process, dueMs)) || tries >= FAILURE_TOLERANCE;
  });
}

async function reportPendingAsFailed(
  service: ControllerProcess['service'],
  process: ControllerProcess,
  dueMs: number,
): Promise<boolean> {
  const answer = await answerOf(service.listOperators(false, { dueMs }));
  if (!answer) return false;
  for (const operator of answer.value.filter((one) => isOlm(one) && isPending(one))) {
    process.failedOperators.add(operator.name);
    const report = service.reportOperator(
      operator.name,
      'failed',
      'Waiting for operator timed out',
      operator.version ?? '',
    );
    if (!(await accepted(report))) return false;
  }
  return true;
}
