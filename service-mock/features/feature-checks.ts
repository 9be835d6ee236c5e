/**
 * Whether what a cluster is to have goes together. The real service looks at features in a random order and tells of the first problem;
 * here the order is that of the rows. Upstream: assisted-service, internal/featuresupport/common.go, ValidateActiveFeatures and
 * ValidateIncompatibleFeatures, and feature_support_level.go.
 */
import { isDay2Cluster } from '../cluster/traits.ts';
import type { ClusterRow } from '../core/rows.ts';
import { compareBase } from '../versions/versions.ts';
import type { FeatureFacts } from './facts.ts';
import { excludedBy, FEATURES, type Feature, isAvailable, runsOn } from './features.ts';

type Named = readonly [id: string, feature: Feature];

function activeFeatures(facts: FeatureFacts): Named[] {
  return Object.entries(FEATURES).filter(([, feature]) => feature.isActive(facts));
}

/** Why a version cannot have what it is asked for; undefined when it can. */
export function versionProblem(cluster: ClusterRow, facts: FeatureFacts): string | undefined {
  const { sdn } = FEATURES;
  const { openshiftVersion: version } = cluster;
  if (isDay2Cluster(cluster) || !sdn!.isActive(facts) || isAvailable(sdn!, version, '')) return undefined;
  return `Openshift version ${version} is not supported for OpenShiftSDN NetworkType`;
}

/**
 * Why features cannot be together, or not on an architecture; undefined when they can.
 * @param cluster undefined for an infra-env of no cluster.
 * @param architecture empty when none is to be looked at.
 */
export function compatibilityProblem(
  cluster: ClusterRow | undefined,
  facts: FeatureFacts,
  architecture: string,
): string | undefined {
  if (cluster && isDay2Cluster(cluster)) return undefined;
  const version = cluster?.openshiftVersion ?? '';
  const active = activeFeatures(facts);
  const problem = architecture && version ? architectureProblem(active, version, architecture) : undefined;
  return problem ?? exclusionProblem(active, version);
}

/** First versions that run on an architecture. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  arm64: '4.10',
  s390x: '4.12',
  ppc64le: '4.12',
  multi: '4.11',
};

function architectureProblem(active: readonly Named[], version: string, architecture: string): string | undefined {
  const first = ARCHITECTURES[architecture];
  if (first !== undefined && compareBase(version, first) < 0)
    return `cannot use ${architecture} architecture because it's not compatible on version ${version} of OpenShift`;
  const lacking = active.find(([, feature]) => !isAvailable(feature, version, architecture));
  if (!lacking) return undefined;
  return `cannot use ${lacking[1].name} because it's not compatible with the ${architecture} architecture on version ${version} of OpenShift`;
}

function exclusionProblem(active: readonly Named[], version: string): string | undefined {
  for (const [, feature] of active) {
    const excluded = excludedBy(feature, version);
    const other = active.find(([id]) => excluded.includes(id));
    if (other) return `cannot use ${feature.name} because it's not compatible with ${other[1].name}`;
  }
  return undefined;
}

/** Whether a version has a feature at all, on an architecture. @param id as rows of features are called. */
export function hasFeature(id: string, version: string, architecture: string): boolean {
  return isAvailable(FEATURES[id]!, version, architecture);
}

/** Whether a feature is on an architecture, whatever the version. @param id as rows of features are called. */
export function featureRunsOn(id: string, version: string, architecture: string): boolean {
  return runsOn(FEATURES[id]!, version, architecture);
}
