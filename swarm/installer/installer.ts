/**
 * The native installer: what the installer's container does on a host, as far as the service can tell (assisted-installer
 * src/installer/installer.go, src/ops/ops.go).
 */

import type { InstallRequest } from '../../model/protocol/install-request.ts';
import type { SpokeProfile } from '../../model/spoke/profiles.ts';
import type { Clock } from '../../model/time/clock.ts';
import type { SpokeView } from '../controller/spoke.ts';
import type { Host } from '../host/host.ts';
import type { InstallOutcome } from '../host/machine.ts';
import type { InventoryClientOptions } from '../service/inventory-client.ts';
import { type ServiceClient, ServiceError } from '../service/service-client.ts';
import { installBootstrap } from './bootstrap.ts';
import { HostInstallation } from './common.ts';
import { installMaster } from './master.ts';
import { installSingleNode } from './single-node.ts';
import { installWorker } from './worker.ts';

export interface InstallerOptions {
  clock: Clock;
  host: Host;
  request: InstallRequest;
  /** Client of kind `installer`, for the installer's life; released at its end. */
  client: ServiceClient;
  /** Runs logs_sender on the host and waits for its end; how it went does not matter. */
  sendLogs: (bootstrap: boolean, signal: AbortSignal) => Promise<unknown>;
  /** What a bootstrap installer sees of the cluster that it builds. */
  spoke: SpokeView;
  profile: SpokeProfile;
  /** Bootkube was started on this host. */
  onBootstrapStarted: () => void;
  /** Runs `shutdown -r` on the machine. */
  shutdown: (when: '+1' | 'now') => void;
  /** Told of each stage that the service accepted, of this host and (bootstrap) of others. */
  onStage?: InventoryClientOptions['onStage'];
  /** `podman stop`, or the machine is unplugged. */
  signal: AbortSignal;
}

/** Exit code of a container that was stopped with SIGTERM. */
const STOPPED = 143;

/**
 * Runs the installer to its end. A failed installation reports stage `Failed` with the error's text and exits with 1; the
 * process itself writes nothing to stderr. Never rejects for what the service does.
 */
export async function runInstaller(options: InstallerOptions): Promise<InstallOutcome> {
  const installation = new HostInstallation(options);
  try {
    await install(installation);
    return { exitCode: 0, error: '' };
  } catch (error) {
    if (options.signal.aborted) return { exitCode: STOPPED, error: '' };
    if (!(error instanceof ServiceError)) throw error;
    try {
      await installation.stage('Failed', error.message);
    } catch (failure) {
      if (!options.signal.aborted) throw failure;
    }
    return { exitCode: 1, error: '', reason: error.message };
  } finally {
    installation.close();
    options.client.release();
  }
}

/** One control plane node means single node, except for workers, whose count is ignored (assisted-installer src/config/config.go). */
async function install(installation: HostInstallation): Promise<void> {
  const { role, control_plane_count: controlPlanes } = installation.request;
  await installation.begin();
  if (role === 'worker') return installWorker(installation);
  if (controlPlanes === 1) return installSingleNode(installation);
  if (role === 'bootstrap') return installBootstrap(installation);
  return installMaster(installation);
}
