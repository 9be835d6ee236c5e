/**
 * The native installer: what the installer's container does on a host, as far as the service can tell.
 * Source: openshift/assisted-installer, src/installer/installer.go, RunInstaller and InstallNode.
 */

import type { InstallOutcome } from '../host/machine.ts';
import { ServiceError } from '../service/service-client.ts';
import { installBootstrap } from './bootstrap.ts';
import { HostInstallation, InstallationFailed, type InstallerOptions } from './host-installation.ts';
import { installerLog, type WrittenLog } from './installer-log.ts';
import { installMaster } from './master.ts';
import { installSingleNode } from './single-node.ts';
import { installWorker } from './worker.ts';

/** Exit code of a container that was stopped with SIGTERM. */
const STOPPED = 143;

/**
 * Runs the installer to its end. A failed installation reports stage `Failed` with the error's text and exits with 1; the
 * process itself writes nothing to stderr. Never rejects for what the service does.
 */
export async function runInstaller(options: InstallerOptions): Promise<InstallOutcome> {
  const installation = new HostInstallation(options);
  const startMs = options.clock.now();
  const output = (whole: boolean) =>
    installerLog({ ...logOf(installation), whole, startMs, endMs: options.clock.now() });
  try {
    await install(installation);
    return { exitCode: 0, output: output(true), error: '' };
  } catch (error) {
    if (options.signal.aborted) return { exitCode: STOPPED, output: output(false), error: '' };
    if (!(error instanceof ServiceError || error instanceof InstallationFailed)) throw error;
    try {
      await installation.stage('Failed', error.message);
    } catch (failure) {
      if (!options.signal.aborted) throw failure;
    }
    return { exitCode: 1, output: output(false), error: '', reason: error.message };
  } finally {
    installation.close();
    options.client.release();
  }
}

function logOf({
  request,
  imageReports,
  waiting,
}: HostInstallation): Pick<WrittenLog, 'kind' | 'imageLines' | 'osImage' | 'waiting'> {
  const { role, control_plane_count: controlPlanes, enable_skip_mco_reboot: osImage = false } = request;
  const single = controlPlanes === 1 && role !== 'worker';
  const kind = single ? 'single-node' : role === 'bootstrap' ? 'bootstrap' : 'node';
  return { kind, imageLines: imageReports, osImage, waiting };
}

/** One control plane node means single node, except for workers, whose count is ignored (src/config/config.go, ProcessArgs). */
async function install(installation: HostInstallation): Promise<void> {
  const { role, control_plane_count: controlPlanes } = installation.request;
  await installation.begin();
  if (role === 'worker') return installWorker(installation);
  if (controlPlanes === 1) return installSingleNode(installation);
  if (role === 'bootstrap') return installBootstrap(installation);
  return installMaster(installation);
}
