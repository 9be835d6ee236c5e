/** Renders plans in tests, with the hosts that a run of them has. */
import { buildHost } from '../../swarm/host/build-host.ts';
import { bmcAddressOf, hostnameOf } from '../../swarm/host/identity.ts';
import { expandPlan } from '../../swarm/plan/expand.ts';
import type { ClusterPlan, HostPlan } from '../../swarm/plan/expanded-plan.ts';
import { parsePlan } from '../../swarm/plan/load.ts';
import {
  clusterValues,
  type HostFacts,
  ManifestRenderer,
  manifestValues,
  type ObjectCounts,
  runValues,
  TemplateSet,
  type ValuesFile,
} from '../index.ts';

export const PULL_SECRET = '{"auths":{"quay.io":{"auth":"c3dhcm06c3dhcm0="}}}';
export const RELEASE = 'quay.io/openshift-release-dev/ocp-release:4.20.0-x86_64';
const SSH_KEY = 'ssh-ed25519 AAAA # "swarm": {{ key }}';

const shipped = new TemplateSet();

/** @param cluster an entry of a plan's `clusters` */
export function render(
  cluster: object,
  values: ValuesFile = {},
  { templates = shipped, name = 'fleet', sshKey = SSH_KEY, faults = [] as object[] } = {},
): { once: string; clusters: string[]; all: string; counts: ObjectCounts; plans: ClusterPlan[] } {
  const plan = expandPlan(
    parsePlan({ name, seed: 'seed', openshift_version: '4.22', clusters: [cluster], faults }, 'test'),
  );
  const clusters = plan.clusters.filter((one) => !one.justInfraEnv).length;
  const run = runValues(
    { name: `${name}-run`, seed: plan.seed, clusters },
    manifestValues(values, { pullSecret: PULL_SECRET, sshPublicKey: sshKey, releaseImage: RELEASE }),
  );
  const renderer = new ManifestRenderer(templates, run);
  const once = renderer.once();
  const texts = plan.clusters.map((one) => renderer.cluster(clusterValues(run, one, factsOf)));
  return { once, clusters: texts, all: once + texts.join(''), counts: renderer.counts, plans: plan.clusters };
}

function factsOf(cluster: ClusterPlan, host: HostPlan): HostFacts {
  const { identity } = buildHost('seed', cluster, host);
  const { hostname, mac, ipv4 } = identity;
  return { name: hostnameOf(cluster, host), hostname, mac, ipv4, nic: 'eno1', bmc: bmcAddressOf('seed', host.index) };
}
