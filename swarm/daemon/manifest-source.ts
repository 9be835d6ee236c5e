/** The custom resources of a run's clusters, rendered when they are needed. */
import {
  clusterValues,
  type HostFacts,
  ManifestRenderer,
  type ManifestRun,
  type ManifestValues,
  manifestObjects,
  runValues,
  TemplateSet,
} from '../../manifests/index.ts';
import type { KubeObject } from '../../model/kube/kube-object.ts';
import { buildHost } from '../host/build-host.ts';
import { bmcAddressOf, runToken } from '../host/identity.ts';
import type { ClusterPlan, ExpandedPlan, HostPlan } from '../plan/expanded-plan.ts';

/** What a run's objects are made with. */
export interface ManifestSource {
  /** Value of the label of all of them. */
  readonly run: string;
  /** Objects of one cluster and its hosts, in an order in which each can be applied. @throws TemplateError, RangeError */
  manifestsOf(cluster: ClusterPlan): KubeObject[];
  /** Objects that all clusters share. @throws TemplateError */
  sharedManifests(): KubeObject[];
}

/** The run that a plan's objects belong to; the same for the same plan and seed. */
export function manifestRun({ name, seed, clusters }: Pick<ExpandedPlan, 'name' | 'seed' | 'clusters'>): ManifestRun {
  return {
    name: `${name}-${runToken(seed)}`,
    seed,
    clusters: clusters.filter(({ api, justInfraEnv }) => api === 'kube' && !justInfraEnv).length,
  };
}

/** The hosts that agents of the same plan and seed are. */
export function hostFacts(seed: string): (cluster: ClusterPlan, host: HostPlan) => HostFacts {
  return (cluster, host) => {
    const { identity, nics } = buildHost(seed, cluster, host);
    return {
      hostname: identity.hostname,
      mac: identity.mac,
      nic: nics.find((nic) => nic.mac === identity.mac)?.name ?? 'eth0',
      ipv4: identity.ipv4,
      bmc: bmcAddressOf(seed, host.index),
    };
  };
}

/** @throws TemplateError when the plan's own templates cannot be read */
export function manifestSource(plan: ExpandedPlan, values: ManifestValues): ManifestSource {
  const run = runValues(manifestRun(plan), values);
  const renderer = new ManifestRenderer(new TemplateSet(plan.manifests.templates ?? undefined), run);
  const factsOf = hostFacts(plan.seed);
  return {
    run: run.run.name,
    manifestsOf: (cluster) => manifestObjects(renderer.cluster(clusterValues(run, cluster, factsOf))),
    sharedManifests: () => manifestObjects(renderer.once()),
  };
}
