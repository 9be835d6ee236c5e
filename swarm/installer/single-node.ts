/**
 * A cluster of one: the host bootstraps itself, then becomes its master. Source: openshift/assisted-installer,
 * src/installer/installer.go, createSingleNodeMasterIgnition.
 */
import { startBootstrap } from './bootstrap.ts';
import type { HostInstallation } from './host-installation.ts';

export async function installSingleNode(installation: HostInstallation): Promise<void> {
  const { spoke } = installation.options;
  await installation.stage('Installing', installation.request.role);
  await startBootstrap(installation);
  await installation.stage('Waiting for bootkube');
  await installation.sleepUntil(() => spoke.bootkubeDone());
  await installation.downloadIgnition();
  await installation.writeImage('writeSingleNode');
  await installation.overwriteOsImage();
  await installation.finish('single-node');
}
