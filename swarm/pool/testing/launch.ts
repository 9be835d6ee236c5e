/** A launch in miniature, for tests of the pool. */
import type { ClusterPlan, HostPlan } from '../../plan/expanded-plan.ts';
import type { ClusterLaunch } from '../messages.ts';

/** A cluster of `hosts` machines of which the last `day2` come later; all boot after `bootDelayMs`. */
export function launchFixture(options: {
  index?: number;
  hosts: number;
  day2?: number;
  bootDelayMs?: number;
  baseUrl?: string;
}): ClusterLaunch {
  const { index = 0, hosts, day2 = 0, bootDelayMs = 0, baseUrl = 'http://127.0.0.1:9' } = options;
  const plans = Array.from(
    { length: hosts },
    (_, ordinal): HostPlan => ({
      index: index * 100 + ordinal,
      clusterIndex: index,
      ordinal,
      role: 'master',
      day2: ordinal >= hosts - day2,
      profile: 'vm',
      kind: 'native',
      bootDelayMs: bootDelayMs * (ordinal + 1),
    }),
  );
  const cluster: ClusterPlan = {
    index,
    name: `cluster-${index}`,
    baseDomain: 'example.com',
    api: 'rest',
    platform: 'none',
    controlPlanes: hosts - day2,
    arbiters: 0,
    workers: 0,
    day2Workers: day2,
    olmOperators: [],
    justInfraEnv: false,
    infraEnvLabels: {},
    withNmstate: false,
    flow: {},
    machineNetwork: '10.1.0.0/24',
    gateway: '10.1.0.1',
    apiVip: null,
    ingressVip: null,
    arrivalMs: 0,
    assignRoles: false,
    setHostnames: false,
    hosts: plans,
  };
  return {
    seed: 'test',
    cluster,
    infraEnvId: '00000000-0000-4000-8000-000000000002',
    agentVersion: 'quay.example.com/agent:latest',
    access: { baseUrl, token: '', pollIntervalSeconds: null },
    firstSlot: index * 100,
    start: plans.filter((plan) => !plan.day2).map((plan) => plan.ordinal),
    spokeProfile: 'quick',
  };
}
