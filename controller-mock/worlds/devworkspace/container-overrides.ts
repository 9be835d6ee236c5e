/** What a component says of its container beyond the devfile: devfile/devworkspace-operator, pkg/library/overrides/containers.go. */

import { isPlainObject } from '../../api/json.ts';
import type { KubeObject } from '../../api/object.ts';
import type { Schema } from '../../api/schema.ts';
import { at, text } from '../../builtins/fields.ts';
import { strategicMergePatch } from '../../patch/strategic-merge.ts';
import { containersOf } from './template.ts';

type Mapping = Record<string, unknown>;

/** constants/attributes.go, ContainerOverridesAttribute: of a component. */
const ATTRIBUTE = 'container-overrides';
/** container_restrictions.go, restrictContainerOverride. */
const RESTRICTED = ['name', 'image', 'command', 'args', 'ports', 'env'];
/** Items of these lists are told apart by where they are mounted: k8s.io/api, core/v1/types.go, Container. */
const byKey = (key: string) => ({
  type: 'array',
  'x-kubernetes-patch-strategy': 'merge',
  'x-kubernetes-patch-merge-key': key,
});
const CONTAINER = {
  type: 'object',
  properties: { volumeMounts: byKey('mountPath'), volumeDevices: byKey('devicePath') },
} as unknown as Schema;
/** handleDefaultedContainerFields: what is not given of a probe. */
const PROBE_DEFAULTS = { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 };
const PROBES = ['startupProbe', 'readinessProbe', 'livenessProbe'];

/** The container of a component with what the component overrides. */
export function withOverrides<T extends Mapping>(component: Mapping, container: T): T {
  const patch = at(component, 'attributes', ATTRIBUTE);
  if (!isPlainObject(patch)) return container;
  const patched = { ...(strategicMergePatch(container as unknown as KubeObject, patch, CONTAINER) as Mapping) };
  for (const name of PROBES) {
    if (isPlainObject(patched[name])) patched[name] = { ...PROBE_DEFAULTS, ...patched[name] };
  }
  return patched as T;
}

/** Why the overrides of a workspace are refused, in the operator's words; null when they are not. */
export function overridesFault(workspace: KubeObject): string | null {
  for (const component of containersOf(workspace)) {
    const patch = at(component, 'attributes', ATTRIBUTE);
    const field = RESTRICTED.find((name) => isPlainObject(patch) && patch[name] !== undefined);
    if (field === undefined) continue;
    const name = text(component, 'name');
    return `invalid ${ATTRIBUTE} attribute on component ${name}: cannot use container-overrides to override container ${field}`;
  }
  return null;
}
