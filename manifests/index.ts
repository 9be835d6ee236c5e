/** Manifests of a run: the custom resources of all its clusters, rendered from templates. */
export { RUN_LABEL } from '../model/kube/run-label.ts';
export { manifestObjects } from './manifest-objects.ts';
export { ManifestRenderer, type ObjectCounts } from './renderer.ts';
export { TemplateError } from './strict-templates.ts';
export { TemplateSet } from './template-set.ts';
export {
  type ClusterValues,
  clusterValues,
  type HostFacts,
  type ManifestRun,
  type ManifestValues,
  manifestValues,
  type RunValues,
  runValues,
} from './values.ts';
export { CLUSTER_KEYS, SECRET_VALUES, type ValuesFile, valuesFileSchema, valuesJsonSchema } from './values-schema.ts';
