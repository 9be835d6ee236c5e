/**
 * The controller's log uploads: a snapshot every five minutes, a summary at the end. Source: openshift/assisted-installer,
 * src/assisted_installer_controller/assisted_installer_controller.go, UploadLogs.
 */

import { Ticker, waitUntil } from '../../model/time/ticker.ts';
import { accepted, answerOf, newRequestId } from '../service/inventory-client.ts';
import { logArchive } from '../service/log-archive.ts';
import type { ControllerProcess } from './controller-process.ts';

const SNAPSHOT_INTERVAL_MS = 5 * 60_000;
const SUMMARY_INTERVAL_MS = 30_000;
const SUMMARY_LIMIT_MS = 70 * 60_000;
const MINUTE_MS = 60_000;

/** Uploads snapshots until the main context ends, then the summary, which is tried for 70 minutes. */
export async function uploadLogsUntilEnd(process: ControllerProcess): Promise<void> {
  const { clock, main, service, signal } = process;
  const startMs = clock.now();
  const ticker = new Ticker(clock, SNAPSHOT_INTERVAL_MS);
  while (!main.aborted) {
    let dueMs: number;
    try {
      dueMs = await ticker.next(main);
    } catch (error) {
      if (main.aborted) break;
      throw error;
    }
    await accepted(service.uploadControllerLogs(controllerLog(process, startMs), { requestId: newRequestId(), dueMs }));
  }
  const requestId = newRequestId();
  await accepted(service.reportClusterLogs('requested', { requestId }));
  const router = new AbortController();
  const routerCheck = checkRouter(process, AbortSignal.any([router.signal, signal]));
  const gathered = { mustGather: false };
  await waitUntil(
    clock,
    SUMMARY_INTERVAL_MS,
    signal,
    () => uploadSummary(process, startMs, gathered),
    SUMMARY_LIMIT_MS,
  );
  await accepted(service.reportClusterLogs('completed', { requestId }));
  router.abort(new Error('the controller ended'));
  await routerCheck;
}

/** One try of the summary; after a failure must-gather comes first, and is kept for the next try. */
async function uploadSummary(
  process: ControllerProcess,
  startMs: number,
  gathered: { mustGather: boolean },
): Promise<boolean> {
  const { service, clock, spoke, signal, options } = process;
  const requestId = newRequestId();
  let complete = true;
  let content = controllerLog(process, startMs);
  if (process.failed || process.failedOperators.size > 0) {
    await accepted(service.uploadControllerLogs(content, { requestId: newRequestId() }));
    if (!gathered.mustGather && (await accepted(service.downloadKubeconfig({ requestId })))) {
      await clock.sleep(spoke.durationMs('mustGather'), signal);
      gathered.mustGather = true;
    }
    complete = gathered.mustGather;
    if (complete) content = logArchive('must-gather.tar.gz', options.profile.logs.mustGather);
  }
  return (await accepted(service.uploadControllerLogs(content, { requestId }))) && complete;
}

/** All that the controller has logged so far. */
function controllerLog(process: ControllerProcess, startMs: number): Buffer {
  const { controller, controllerPerMinute } = process.options.profile.logs;
  const minutes = (process.clock.now() - startMs) / MINUTE_MS;
  return logArchive('assisted-installer-controller.logs', controller + minutes * controllerPerMinute);
}

/** A failed single node checks its router, for which it reads the cluster's names once. */
async function checkRouter(process: ControllerProcess, signal: AbortSignal): Promise<void> {
  if (!process.failed || process.options.controlPlaneCount !== 1) return;
  const { clock, service } = process;
  const named = async (dueMs: number) => (await answerOf(service.getCluster(true, { dueMs }))) !== null;
  await waitUntil(clock, SUMMARY_INTERVAL_MS, signal, named, SUMMARY_LIMIT_MS);
}
