/**
 * Brings what the spoke says about an operator to the service. Source: openshift/assisted-installer,
 * src/assisted_installer_controller/operator_handler.go, checkAndUpdateOperatorAvailability.
 */
import type { OperatorStatus } from '../../model/protocol/states.ts';
import type { OperatorState } from '../../model/spoke/memory-spoke.ts';
import { accepted, answerOf, newRequestId } from '../service/inventory-client.ts';
import type { ControllerProcess } from './controller-process.ts';

/**
 * One look at an operator: a change is reported.
 * @param state what the spoke says now; null when the operator cannot be read
 * @param mayReport asked before a report; false skips it
 * @returns whether the operator is available and the service knows it
 */
export async function followOperator(
  process: ControllerProcess,
  name: string,
  state: () => OperatorState | null,
  dueMs: number,
  mayReport: (status: OperatorStatus) => boolean = () => true,
): Promise<boolean> {
  const { service } = process;
  const answer = await answerOf(service.listOperators(true, { requestId: newRequestId(), dueMs }));
  const known = answer?.value.find((operator) => operator.name === name);
  if (known?.status === 'available') return true;
  const now = state();
  if (!known || !now) return false;
  const changed = known.status !== now.status || (now.message !== '' && known.status_info !== now.message);
  if (!changed || !mayReport(now.status)) return false;
  if (!(await accepted(service.reportOperator(name, now.status, now.message, now.version)))) return false;
  return now.status === 'available';
}
