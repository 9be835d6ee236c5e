/**
 * The bootstrap of a cluster with several control plane nodes: it carries the first kube-apiserver, waits until the other
 * masters took over, reports their stages meanwhile, and reboots into a master last. Source: openshift/assisted-installer,
 * src/installer/installer.go, startBootstrap, waitForControlPlane and updateConfiguringStatus.
 */

import type { SpokeNode } from '../../model/spoke/stages.ts';
import { Ticker } from '../../model/time/ticker.ts';
import type { Host } from '../host/host.ts';
import { failureOf } from '../service/failure-of.ts';
import { reportIgnitionFetches } from '../service/ignition-report.ts';
import { accepted, answerOf, type ClusterHost, newRequestId } from '../service/inventory-client.ts';
import { logArchive } from '../service/log-archive.ts';
import { type HostInstallation, WAIT_INTERVAL_MS } from './host-installation.ts';
import { CONFIGURATION_LINE, nodesLog, servedLog } from './installer-log.ts';

const IGNITION_INTERVAL_MS = 30_000;
const LOG_UPLOAD_INTERVAL_MS = 5 * 60_000;
const MIN_MASTER_NODES = 2;

export async function installBootstrap(installation: HostInstallation): Promise<void> {
  const background = new AbortController();
  await startBootstrap(installation);
  const ignitionReports = watchIgnitionFetches(installation, background.signal);
  try {
    await Promise.race([installAsMaster(installation), failureOf(ignitionReports)]);
  } finally {
    background.abort(new Error('the installer ended'));
  }
}

/** Fetches the bootstrap's ignition and starts bootkube. @throws ServiceError, which ends the installation. */
export async function startBootstrap(installation: HostInstallation): Promise<void> {
  await installation.service.downloadFile('bootstrap.ign', { requestId: newRequestId() });
  await installation.pause('bootstrapPreparation');
  installation.options.onBootstrapStarted();
}

async function installAsMaster(installation: HostInstallation): Promise<void> {
  await installation.stage('Installing', 'master');
  await installation.downloadIgnition();
  await installation.writeImage('writeBootstrap');
  await installation.overwriteOsImage();
  await installation.stage('Waiting for control plane', 'Waiting for bootstrap node preparation');
  await waitForControlPlane(installation);
  await installation.waitUntil(WAIT_INTERVAL_MS, () => {
    const consistent = installation.options.spoke.machineConfigsConsistent();
    if (!consistent) installation.looked(CONFIGURATION_LINE);
    return consistent;
  });
  await installation.finish('bootstrap');
}

/** @throws ServiceError when the cluster cannot be read, which ends the installation. */
async function waitForControlPlane(installation: HostInstallation): Promise<void> {
  const { service } = installation;
  const { spoke } = installation.options;
  await installation.stage('Waiting for control plane', 'Waiting for masters to join bootstrap control plane');
  // The first look is for credentials of other platforms; only the second one is needed.
  await answerOf(service.getCluster(true));
  await service.getCluster(true);
  await waitForNodes(installation, 'master', spoke.controlPlaneReplicas, spoke.controlPlaneReplicas - 1);
  await waitForNodes(installation, 'arbiter', spoke.arbiterReplicas, 1);
  await installation.stage('Waiting for bootkube');
  await installation.sleepUntil(() => spoke.bootkubeDone());
  await installation.stage('Waiting for bootkube', 'waiting for ETCD bootstrap to be complete');
  await installation.waitUntil(WAIT_INTERVAL_MS, () => spoke.etcdBootstrapDone());
  await waitForController(installation);
}

/**
 * Waits for Ready nodes of a role and reports `Joined` for those that belong to hosts. The hosts are fetched once and again
 * after an error.
 */
async function waitForNodes(
  installation: HostInstallation,
  role: 'master' | 'arbiter',
  replicas: number,
  wanted: number,
): Promise<void> {
  const { service, options } = installation;
  const seen = new Set<SpokeNode<Host>>();
  let hosts: Map<string, ClusterHost> | null = null;
  await installation.sleepUntil(async (dueMs) => {
    if (!options.spoke.apiReachable()) return false;
    if (replicas < 1) return true;
    hosts ??= await otherHosts(installation, dueMs);
    if (!hosts) return false;
    const nodes = options.spoke.nodes(role);
    installation.looked(nodesLog(nodes.length));
    for (const node of nodes) {
      if (!node.ready || seen.has(node)) continue;
      const host = hosts.get(node.host.identity.id);
      if (host && host.status !== 'installed') {
        const report = service.reportStage(host.infra_env_id, host.id, 'Joined', '', { requestId: newRequestId() });
        if (!(await accepted(report))) {
          hosts = null;
          return false;
        }
      }
      seen.add(node);
      if (!host) {
        hosts = null;
        return false;
      }
    }
    return seen.size >= Math.min(wanted, MIN_MASTER_NODES);
  });
}

/** All enabled hosts of the cluster but this one; null when the service did not answer. */
async function otherHosts(installation: HostInstallation, dueMs: number): Promise<Map<string, ClusterHost> | null> {
  const answer = await answerOf(installation.service.getHosts(['disabled'], installation.identified(dueMs)));
  answer?.value.delete(installation.request.host_id);
  return answer?.value ?? null;
}

/** Waits for the controller's ready event and hands its log to the service, also every five minutes while waiting. */
async function waitForController(installation: HostInstallation): Promise<void> {
  const { service, options, signal } = installation;
  await installation.stage('Waiting for controller', 'waiting for controller pod ready event');
  const startMs = options.clock.now();
  const look = new Ticker(options.clock, WAIT_INTERVAL_MS);
  let nextUploadMs = startMs + LOG_UPLOAD_INTERVAL_MS;
  for (;;) {
    const dueMs = await look.next(signal);
    if (options.spoke.controllerReady()) {
      await accepted(service.reportClusterLogs('requested', installation.identified(dueMs)));
      await uploadControllerLogs(installation);
      return;
    }
    if (dueMs >= nextUploadMs) {
      nextUploadMs += LOG_UPLOAD_INTERVAL_MS;
      await uploadControllerLogs(installation);
    }
  }
}

async function uploadControllerLogs(installation: HostInstallation): Promise<void> {
  const { spoke, profile } = installation.options;
  if (!spoke.controllerRunning()) return;
  const content = logArchive('assisted-installer-controller.logs', profile.logs.controller);
  await accepted(installation.service.uploadControllerLogs(content, { requestId: newRequestId() }));
}

/**
 * Every 30 s: who stands in this host's machine-config-server log? The hosts are fetched once, their stages are only
 * refreshed by what is reported here, and the watch ends when none is left.
 */
async function watchIgnitionFetches(installation: HostInstallation, signal: AbortSignal): Promise<void> {
  const { clock, spoke } = installation.options;
  const ticker = new Ticker(clock, IGNITION_INTERVAL_MS);
  const ended = AbortSignal.any([signal, installation.signal]);
  let hosts: Map<string, ClusterHost> | null = null;
  try {
    for (;;) {
      const dueMs = await ticker.next(ended);
      hosts ??= await otherHosts(installation, dueMs);
      if (!hosts) continue;
      const served = spoke.ignitionFetched(Number.POSITIVE_INFINITY);
      installation.looked(servedLog(hosts.size, served.length > 0));
      await reportIgnitionFetches(installation.service, hosts, served, 'bootstrap');
      for (const host of hosts.values()) {
        const stage = host.progress.current_stage;
        if (stage === 'Configuring' || stage === 'Joined' || stage === 'Done' || stage === 'Waiting for ignition') {
          hosts.delete(host.id);
        }
      }
      if (hosts.size === 0) return;
    }
  } catch (error) {
    if (!ended.aborted) throw error;
  }
}
