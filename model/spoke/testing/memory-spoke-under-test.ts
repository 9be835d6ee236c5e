/** The view in memory for the shared tests. */
import { MemorySpoke } from '../memory-spoke.ts';
import { SPOKE_PROFILES } from '../profiles.ts';
import type { SpokeHost } from '../stages.ts';
import { TEST_OLM_OPERATOR, TEST_VERSION, type TestHost, testRandom } from './expected-times.ts';
import type { SpokeSetup, SpokeUnderTest } from './spoke-bench.ts';

interface NamedHost extends SpokeHost {
  readonly name: string;
}

function memoryHost({ name, day2 }: TestHost): NamedHost {
  return { name, identity: { id: name }, plan: { day2 }, random: (purpose) => testRandom(name, purpose) };
}

export function openMemorySpoke({ clock, topology, hosts, faults, onControllerStart }: SpokeSetup): SpokeUnderTest {
  const members = new Map(hosts.map((host) => [host.name, memoryHost(host)]));
  const spoke = new MemorySpoke<NamedHost>({
    clock,
    profile: SPOKE_PROFILES.quick,
    topology,
    hosts: [...members.values()],
    faults,
    startController: onControllerStart,
  });
  for (const { name, role, bootstrap } of hosts)
    spoke.installerStarted(members.get(name)!, bootstrap ? 'bootstrap' : role);
  spoke.bootstrapStarted(TEST_VERSION);
  const member = (name: string) => members.get(name)!;
  return {
    addDay2Host: (host) => {
      members.set(host.name, memoryHost(host));
      spoke.installerStarted(member(host.name), host.role);
    },
    reboot: (name) => spoke.hostRebooted(member(name)),
    fail: (name) => spoke.hostFailed(member(name)),
    state: (name) => spoke.hostState(member(name)),
    nodes: () => spoke.nodes().map(({ host, ready }) => ({ name: host.name, ready })),
    ignitions: () => spoke.ignitionFetched(Number.POSITIVE_INFINITY).map((host) => host.name),
    operator: (name) => {
      const { status, message } = spoke.operator(name);
      return { status, message };
    },
    hasIngressCertificate: () => spoke.ingressCaBundle() !== null,
    hasMachineConfigs: () => spoke.machineConfigsConsistent(),
    csvPhase: () => spoke.csv(TEST_OLM_OPERATOR)?.phase ?? null,
    deleteOlmObstacle: () => spoke.deleteOlmObstacle(TEST_OLM_OPERATOR),
    hasDns: () => spoke.dnsAddress === 'served',
    deleteDnsAddressHolder: () => spoke.deleteDnsAddressHolder(),
    close: () => spoke.close(),
  };
}
