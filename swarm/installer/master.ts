/** A master or arbiter that is not the bootstrap. Source: openshift/assisted-installer, src/installer/installer.go, InstallNode. */
import type { HostInstallation } from './host-installation.ts';

export async function installMaster(installation: HostInstallation): Promise<void> {
  const { role } = installation.request;
  await installation.stage('Installing', role);
  await installation.downloadIgnition();
  await installation.writeImage(role === 'arbiter' ? 'writeArbiter' : 'writeMaster');
  await installation.overwriteOsImage();
  await installation.finish('plain');
}
