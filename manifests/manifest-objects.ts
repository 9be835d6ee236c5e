/** Objects of rendered manifests, as kubectl reads the same text. */
import { type DocumentOptions, type ParseOptions, parseAllDocuments, type SchemaOptions, type Tags } from 'yaml';
import type { KubeObject } from '../model/kube/kube-object.ts';

/**
 * YAML 1.1 without times: `yes` is true, while `12:30` and `2026-01-01` are texts. Upstream: sigs.k8s.io/yaml, goyaml.v2/resolve.go.
 */
const withoutTimes = (tags: Tags): Tags =>
  tags.filter((tag) => typeof tag === 'string' || (tag.format !== 'TIME' && tag.tag !== 'tag:yaml.org,2002:timestamp'));

/** How kubectl reads YAML. */
export const AS_KUBECTL = {
  version: '1.1',
  customTags: withoutTimes,
  logLevel: 'silent',
} as const satisfies ParseOptions & DocumentOptions & SchemaOptions;

/** @param text of {@link ManifestRenderer}; its documents are known to be objects */
export function manifestObjects(text: string): KubeObject[] {
  const documents = parseAllDocuments(text, AS_KUBECTL);
  return (Array.isArray(documents) ? documents : []).flatMap((document) => {
    const object = document.toJS() as KubeObject | null;
    return object === null ? [] : [object];
  });
}
