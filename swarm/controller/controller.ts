/**
 * The native controller of one spoke: what assisted-installer-controller sends to the service. It reads the spoke directly
 * where the real one asks a kube-apiserver. Source: openshift/assisted-installer, src/main/assisted-installer-controller/
 * assisted_installer_main.go and src/assisted_installer_controller/assisted_installer_controller.go.
 *
 *   ready ─┬─ node status        every 30 s   Joined, Done, Configuring
 *          ├─ post-install       every 30 s until finalizing, then its stages one after the other
 *          ├─ log upload         every 5 min, and once more at the end
 *          ├─ node labels        every 30 s while hosts want labels
 *          ├─ DNS address        every 20 s until the cluster's DNS has it; sends nothing to the service
 *          └─ main poll          every 60 s; its end ends the others
 */

import type { ClusterStatus } from '../../model/protocol/states.ts';
import { waitUntil } from '../../model/time/ticker.ts';
import { failureOf } from '../service/failure-of.ts';
import {
  answerOf,
  type ClusterAnswer,
  ContextCancelled,
  InventoryClient,
  newRequestId,
} from '../service/inventory-client.ts';
import { ServiceError } from '../service/service-client.ts';
import type { ControllerOptions, ControllerProcess } from './controller-process.ts';
import { freeDnsAddress } from './dns-address.ts';
import { uploadLogsUntilEnd } from './log-upload.ts';
import { labelNodes } from './node-labels.ts';
import { reportNodes } from './node-status.ts';
import { finishInstallation } from './post-install.ts';
import { RebootsNotifier } from './reboots-notifier.ts';

const READY_INTERVAL_MS = 1_000;
const READY_LIMIT_MS = 70 * 60_000;
const STATUS_INTERVAL_MS = 60_000;
/** Typed 401 answers in a row after which the process exits; one typed 404 weighs as much. */
const MAX_ERRORS = 3;
const KILLED = 137;
/** Exit code of a Go program that panics. */
const PANIC = 2;

const ENDED: readonly ClusterStatus[] = ['installed', 'cancelled', 'adding-hosts', 'error'];

/**
 * Runs a controller to its end.
 * @returns exit code 0 whenever the installation ended (also badly) or the service does not know or trust the controller;
 *   1 when it never became ready, 2 when the service's answer makes it panic, 137 when it was killed
 */
export async function runController(options: ControllerOptions): Promise<{ exitCode: number }> {
  const life = new AbortController();
  const main = new AbortController();
  const kill = () => life.abort(options.signal.reason);
  if (options.signal.aborted) kill();
  options.signal.addEventListener('abort', kill, { once: true });
  life.signal.addEventListener('abort', () => main.abort(life.signal.reason), { once: true });
  const service = new InventoryClient({
    client: options.client,
    clock: options.clock,
    clusterId: options.clusterId,
    signal: life.signal,
    ...(options.onStage && { onStage: options.onStage }),
  });
  const process: ControllerProcess = {
    options,
    service,
    clock: options.clock,
    spoke: options.spoke,
    main: main.signal,
    signal: life.signal,
    reboots: new RebootsNotifier(service, options, life.signal),
    failed: false,
    failedOperators: new Set(),
  };
  try {
    const cluster = await becomeReady(process);
    if (!cluster) return { exitCode: 1 };
    if (!cluster.platform?.type) return { exitCode: PANIC };
    const loops = Promise.all([
      reportNodes(process),
      finishInstallation(process),
      uploadLogsUntilEnd(process),
      labelNodes(process),
      freeDnsAddress(process),
    ]);
    const end = await Promise.race([pollCluster(process), failureOf(loops)]);
    if (end === 'exit') return { exitCode: 0 };
    main.abort(new ContextCancelled());
    await loops;
    await process.reboots.finished();
    return { exitCode: 0 };
  } catch (error) {
    if (options.signal.aborted) return { exitCode: KILLED };
    throw error;
  } finally {
    options.signal.removeEventListener('abort', kill);
    life.abort(new Error('the controller ended'));
    options.client.release();
  }
}

/** Every second for 70 minutes: service, kube-apiserver, ready event. Null when the service never answered at the end. */
async function becomeReady(process: ControllerProcess): Promise<ClusterAnswer | null> {
  let cluster: ClusterAnswer | null = null;
  const ready = async (dueMs: number): Promise<boolean> => {
    const answer = await answerOf(process.service.getCluster(true, { dueMs }));
    cluster = answer?.value ?? null;
    if (!cluster || !process.spoke.apiReachable()) return false;
    process.spoke.createReadyEvent();
    return true;
  };
  await waitUntil(process.clock, READY_INTERVAL_MS, process.signal, ready, READY_LIMIT_MS);
  process.signal.throwIfAborted();
  return cluster;
}

/**
 * The main thread: asks for the cluster a minute after the last answer, with one request id for all.
 * @returns `exit` when the process leaves at once, `finished` when the installation ended
 */
async function pollCluster(process: ControllerProcess): Promise<'exit' | 'finished'> {
  const requestId = newRequestId();
  let errors = 0;
  for (;;) {
    const dueMs = process.clock.now() + STATUS_INTERVAL_MS;
    await process.clock.sleep(STATUS_INTERVAL_MS, process.signal);
    try {
      const cluster = await process.service.getCluster(true, { requestId, dueMs });
      errors = 0;
      if (!ENDED.includes(cluster.status)) continue;
      if (cluster.status === 'error') process.failed = true;
      return 'finished';
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      if (error.typed && error.status === 404) errors += MAX_ERRORS;
      if (error.typed && error.status === 401) errors += 1;
      if (errors >= MAX_ERRORS) return 'exit';
    }
  }
}
