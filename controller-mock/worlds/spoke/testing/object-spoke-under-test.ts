/** The view as Kubernetes objects for the shared tests: everything is read from objects and logs, as clients do. */
import { SPOKE_PROFILES } from '../../../../model/spoke/profiles.ts';
import {
  TEST_OLM_OPERATOR,
  TEST_SPOKE,
  TEST_VERSION,
  type TestHost,
} from '../../../../model/spoke/testing/expected-times.ts';
import type { SpokeSetup, SpokeUnderTest } from '../../../../model/spoke/testing/spoke-bench.ts';
import type { KubeObject } from '../../../api/object.ts';
import { podLogsOf } from '../../../builtins/behaviour/pod-logs.ts';
import { KubeServer } from '../../../server/kube-server.ts';
import { STANDARD_KINDS } from '../../../standard-kinds.ts';
import { seedEmptyWorld } from '../../empty.ts';
import { openshiftTypes, RESOURCES } from '../kinds.ts';
import { Spoke } from '../spoke.ts';
import { SpokeLogs } from '../spoke-logs.ts';
import { spokeSettings } from '../spoke-settings.ts';

const OLM_NAMESPACE = 'openshift-storage';

type Conditions = { type: string; status: string; message: string }[];
const conditionsOf = (object: KubeObject | undefined) => (object?.status as { conditions: Conditions }).conditions;

/** The first condition that tells the controller something. */
function reported(object: KubeObject | undefined): { status: string; message: string } {
  for (const { type, status, message } of conditionsOf(object)) {
    if (type === 'Available' && status === 'True') return { status: 'available', message };
    if (type === 'Progressing' && status === 'True') return { status: 'progressing', message };
    if ((type === 'Degraded' && status === 'True') || (type === 'Available' && status === 'False')) {
      return { status: 'failed', message };
    }
  }
  return { status: 'progressing', message: '' };
}

export function openObjectSpoke(setup: SpokeSetup): SpokeUnderTest {
  const { clock, topology, hosts, faults, onControllerStart } = setup;
  const addresses = new Map<string, string>();
  const settingsOf = ({ name, role, bootstrap }: TestHost) => {
    const address = `192.0.2.${10 + addresses.size}`;
    addresses.set(address, name);
    return { name, role, bootstrap, addresses: [address], cpuCores: 8, memoryMiB: 16_384 };
  };
  const { controlPlanes, arbiters, workers } = topology;
  const settings = spokeSettings(
    {
      name: TEST_SPOKE,
      version: TEST_VERSION,
      topology: `${controlPlanes}+${arbiters}+${workers}`,
      hosts: hosts.map(settingsOf),
      faults,
      olmOperators: [{ name: TEST_OLM_OPERATOR, namespace: OLM_NAMESPACE }],
      csrApproval: 'automatic',
    },
    0,
  );
  const { cluster } = new KubeServer(STANDARD_KINDS).addCluster({ clock });
  const logs = new SpokeLogs(clock);
  for (const type of openshiftTypes()) cluster.registry.add(type);
  podLogsOf(cluster).setSources((pod) => logs.source(pod));
  seedEmptyWorld(cluster);
  const profile = SPOKE_PROFILES.quick;
  const told = {
    controllerStarted: onControllerStart,
    bootkubeDone: () => {},
    node: () => {},
    ignitionFetched: () => {},
  };
  const spoke = new Spoke({ settings, cluster, clock, profile, logs, told });
  const configs = () => cluster.list(RESOURCES.machineConfigs);
  const dnsHolder = () =>
    cluster.list(RESOURCES.services).find(({ spec }) => (spec as { clusterIP?: string }).clusterIP === '172.30.0.10')
      ?.metadata;
  const machineConfigServer: KubeObject = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { labels: { 'k8s-app': 'machine-config-server' } },
  };
  return {
    addDay2Host: (host) => spoke.addHost(settingsOf(host)),
    reboot: (name) => spoke.hostRebooted(name),
    fail: (name) => spoke.hostFailed(name),
    state: (name) => spoke.hosts.get(name)!,
    nodes: () =>
      cluster.list(RESOURCES.nodes).map((node) => ({
        name: node.metadata.name!,
        ready: conditionsOf(node).find(({ type }) => type === 'Ready')?.status === 'True',
      })),
    ignitions: () =>
      podLogsOf(cluster)
        .source(machineConfigServer, 'machine-config-server')
        .lines()
        .map(({ text }) => addresses.get(/address:"([\d.]+):\d+" User-Agent:"Ignition/.exec(text)?.[1] ?? '')!),
    operator: (name) =>
      reported(
        name === 'cvo'
          ? cluster.get(RESOURCES.clusterVersions, '', 'version')
          : cluster.get(RESOURCES.clusterOperators, '', name),
      ),
    hasIngressCertificate: () =>
      cluster.get(RESOURCES.configMaps, 'openshift-config-managed', 'default-ingress-cert') !== undefined,
    hasMachineConfigs: () => configs().length > 0,
    csvPhase: () => {
      const csv = cluster.get(RESOURCES.csvs, OLM_NAMESPACE, `${TEST_OLM_OPERATOR}.v${TEST_VERSION}`);
      return (csv?.status as { phase: string } | undefined)?.phase ?? null;
    },
    deleteOlmObstacle: () => {
      for (const resource of [RESOURCES.jobs, RESOURCES.installPlans]) {
        for (const { metadata, status } of cluster.list(resource)) {
          const { failed = 0, phase } = status as { failed?: number; phase?: string };
          if (failed > 0 || phase === 'Failed') cluster.delete(resource, metadata.namespace!, metadata.name!);
        }
      }
    },
    hasDns: () => dnsHolder()?.name === 'dns-default',
    deleteDnsAddressHolder: () => {
      const holder = dnsHolder();
      if (holder) cluster.delete(RESOURCES.services, holder.namespace!, holder.name!);
    },
    close: () => spoke.close(),
  };
}
