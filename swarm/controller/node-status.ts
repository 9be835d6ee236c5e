/**
 * The controller's node loop: nodes that exist have joined, nodes that are ready are done. Source: openshift/assisted-installer,
 * src/assisted_installer_controller/assisted_installer_controller.go, waitAndUpdateNodesStatus.
 */

import { waitUntil } from '../../model/time/ticker.ts';
import { reportIgnitionFetches } from '../service/ignition-report.ts';
import { accepted, answerOf, type ClusterHost, newRequestId } from '../service/inventory-client.ts';
import type { ControllerProcess } from './controller-process.ts';

const INTERVAL_MS = 30_000;
/** How far back the machine-config-server's log is read. */
const LOG_WINDOW_MS = 300_000;

/** Ends when all hosts are installed, when all others failed, or with the main context. */
export async function reportNodes(process: ControllerProcess): Promise<void> {
  await waitUntil(process.clock, INTERVAL_MS, process.main, (dueMs) => reportOnce(process, dueMs));
}

/** One pass; all its calls share one request id, except the reports about ignitions. True when there is nothing left. */
async function reportOnce(process: ControllerProcess, dueMs: number): Promise<boolean> {
  const { service, spoke } = process;
  const requestId = newRequestId();
  const hosts = await answerOf(service.getHosts(['disabled'], { requestId, dueMs }));
  if (!hosts) return false;
  const inProgress = [...hosts.value.values()].filter((host) => host.status !== 'installed');
  if (inProgress.every((host) => host.status === 'error')) return true;
  const byId = new Map(inProgress.map((host) => [host.id, host]));
  for (const node of spoke.nodes()) {
    const host = byId.get(node.host.identity.id);
    if (host) await reportNode(process, host, node.ready, node.host.identity.hostname, requestId);
  }
  // The stages have changed by the reports: look again before judging who only fetched an ignition.
  const updated = await answerOf(service.getHosts(['disabled'], { requestId }));
  if (updated) {
    await reportIgnitionFetches(service, updated.value, spoke.ignitionFetched(LOG_WINDOW_MS), 'controller');
  }
  return false;
}

/** Both reports can happen in one pass; a refused one leaves the node to the next pass. */
async function reportNode(
  process: ControllerProcess,
  host: ClusterHost,
  ready: boolean,
  nodeName: string,
  requestId: string,
): Promise<void> {
  const { service } = process;
  const stage = host.progress.current_stage;
  if (stage === 'Configuring' || stage === 'Rebooting') {
    const joined = service.reportStage(host.infra_env_id, host.id, 'Joined', '', { requestId });
    if (!(await accepted(joined))) return;
  }
  if (!ready || stage === 'Done') return;
  const done = service.reportStage(host.infra_env_id, host.id, 'Done', '', { requestId });
  if (await accepted(done)) process.reboots.start(host, nodeName, requestId);
}
