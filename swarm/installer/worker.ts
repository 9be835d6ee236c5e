/**
 * A worker, which reboots once two control plane nodes are done; on day 2 at once. Source: openshift/assisted-installer,
 * src/installer/installer.go, workerWaitFor2ReadyMasters.
 */
import { answerOf, type ClusterHost } from '../service/inventory-client.ts';
import { type HostInstallation, WAIT_INTERVAL_MS } from './host-installation.ts';

const MIN_DONE = 2;

export async function installWorker(installation: HostInstallation): Promise<void> {
  await installation.stage('Installing', 'worker');
  await installation.downloadIgnition();
  await installation.writeImage('writeWorker');
  await waitForControlPlane(installation);
  await installation.overwriteOsImage();
  await installation.finish('plain');
}

/** The cluster is asked for until it answers once; then masters and arbiters are listed in every pass. */
async function waitForControlPlane(installation: HostInstallation): Promise<void> {
  const { service } = installation;
  await installation.stage('Waiting for control plane');
  let kind: { value: string | undefined } | null = null;
  await installation.waitUntil(WAIT_INTERVAL_MS, async (dueMs) => {
    let first = { dueMs };
    if (!kind) {
      const cluster = await answerOf(service.getCluster(true, first));
      if (!cluster) return false;
      kind = { value: cluster.value.kind };
      first = { dueMs: installation.options.clock.now() };
    }
    if (kind.value === 'AddHostsCluster') {
      installation.options.onDay2?.();
      return true;
    }
    const masters = await answerOf(service.listHosts('master', first));
    if (!masters) return false;
    const arbiters = await answerOf(service.listHosts('arbiter'));
    return countDone(masters.value) + countDone(arbiters?.value ?? []) >= MIN_DONE;
  });
}

function countDone(hosts: readonly ClusterHost[]): number {
  return hosts.filter((host) => host.progress.current_stage === 'Done').length;
}
