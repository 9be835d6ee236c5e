/** The custom resources of a run's clusters, rendered when they are needed. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  clusterValues,
  ManifestRenderer,
  type ManifestRun,
  type ManifestValues,
  manifestObjects,
  manifestValues,
  runValues,
  TemplateSet,
} from '../../manifests/index.ts';
import type { KubeObject } from '../../model/kube/kube-object.ts';
import { settingsFromEnv } from '../../service-mock/index.ts';
import { runToken } from '../host/identity.ts';
import type { ClusterPlan, ExpandedPlan } from '../plan/expanded-plan.ts';
import { hostFacts, withNetwork } from './manifest-hosts.ts';
import { parseValues } from './manifest-values.ts';

/** Clusters that are rendered before others get their turn. */
const TURN = 50;

/** What a run's objects are made with. */
export interface ManifestSource {
  /** Value of the label of all of them. */
  readonly run: string;
  /** Objects of one cluster and its hosts, in an order in which each can be applied. @throws TemplateError, RangeError */
  manifestsOf(cluster: ClusterPlan): KubeObject[];
  /** Objects that all clusters share. @throws TemplateError */
  sharedManifests(): KubeObject[];
  /**
   * Kinds of all objects as `apiVersion kind`, found by rendering everything once. Gives others their turn.
   * @throws TemplateError, RangeError, or the signal's reason
   */
  types(signal: AbortSignal): Promise<string[]>;
}

/** The run that a plan's objects belong to; the same for the same plan and seed. */
export function manifestRun({ name, seed, clusters }: Pick<ExpandedPlan, 'name' | 'seed' | 'clusters'>): ManifestRun {
  return {
    name: `${name}-${runToken(seed)}`,
    seed,
    clusters: clusters.filter(({ api, justInfraEnv }) => api === 'kube' && !justInfraEnv).length,
  };
}

/** Values of a plan's own manifests, and the plan as they change it. */
export interface PlannedManifests {
  plan: ExpandedPlan;
  values: ManifestValues;
}

/**
 * Reads what a plan says of its custom resources. A plan without any is left as it is.
 * @throws PlanError for values that are wrong; RangeError where a release is missing
 */
export function plannedManifests(given: ExpandedPlan): PlannedManifests {
  const plan = withRelease(given);
  const { values: file } = plan.manifests;
  const own = plan.clusters.filter(({ api }) => api === 'kube');
  const parsed = file && parseValues(file.file, file.text, { ...plan, clusters: own });
  const values = parsed?.values ?? manifestValues({}, plan);
  const installs = own.some(({ justInfraEnv }) => !justInfraEnv);
  if (installs && values.release_image === null && values.image_set === null) {
    throw new RangeError(
      'clusters made by custom resources need a release image, and the plan has none; add the key release_image, or manifests: {values: FILE} with release_image or image_set',
    );
  }
  if (values.bmh_day2 && own.some(({ day2Workers }) => day2Workers > 0)) {
    throw new RangeError(
      'bmh_day2 is not supported in a run: day-2 workers register by themselves; leave it out of the values',
    );
  }
  const resolved = {
    ...plan,
    manifests: { ...plan.manifests, secrets: secretsOf(values) },
    clusters: plan.clusters.map((cluster) => withValues(cluster, values)),
  };
  return { plan: parsed ? withNetwork(resolved, parsed.network, ({ api }) => api === 'kube') : resolved, values };
}

function secretsOf({ pull_secret_b64, bmc_password }: ManifestValues): string[] {
  return [Buffer.from(pull_secret_b64, 'base64').toString(), pull_secret_b64, bmc_password];
}

/** Whoever starts the embedded service need not know which releases it has. */
function withRelease(plan: ExpandedPlan): ExpandedPlan {
  if (plan.releaseImage !== null || plan.hub?.kubeconfig !== 'embedded') return plan;
  const { openshiftVersion: version } = plan;
  const release = settingsFromEnv({}).RELEASE_IMAGES.find(
    (image) => image.version === version || image.openshift_version === version,
  );
  return { ...plan, releaseImage: typeof release?.url === 'string' ? release.url : null };
}

function withValues(cluster: ClusterPlan, values: ManifestValues): ClusterPlan {
  if (cluster.api === 'rest') return cluster;
  const { bmh, late_binding, hold_installation } = values;
  const { flow, justInfraEnv } = cluster;
  return {
    ...cluster,
    flow: {
      bmh: flow.bmh ?? bmh,
      lateBinding: !justInfraEnv && (flow.lateBinding ?? late_binding),
      holdInstallation: !justInfraEnv && (flow.holdInstallation ?? hold_installation),
    },
  };
}

/** @throws TemplateError when the plan's own templates cannot be read */
export function manifestSource(plan: ExpandedPlan, values: ManifestValues): ManifestSource {
  const run = runValues(manifestRun(plan), values);
  const templates = new TemplateSet(plan.manifests.templates ?? undefined);
  const renderer = new ManifestRenderer(templates, run);
  const factsOf = hostFacts(plan.seed);
  return {
    run: run.run.name,
    manifestsOf: (cluster) => manifestObjects(renderer.cluster(clusterValues(run, cluster, factsOf))),
    sharedManifests: () => manifestObjects(renderer.once()),
    types: async (signal) => {
      const survey = new ManifestRenderer(templates, run);
      survey.once();
      for (const [at, cluster] of plan.clusters.entries()) {
        if (cluster.api === 'kube') survey.cluster(clusterValues(run, cluster, factsOf));
        if (at % TURN === TURN - 1) await nextTurn();
        signal.throwIfAborted();
      }
      return [...survey.types.keys()];
    },
  };
}
