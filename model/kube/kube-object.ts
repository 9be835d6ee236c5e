/** Objects of a Kubernetes API, as its clients read and write them. */

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

export interface ObjectMeta {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  /** RFC 3339, whole seconds; as are all times of this type. */
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
  [field: string]: unknown;
}

/** Any object as parsed JSON. Objects of an informer are shared and must not be changed: see {@link editable}. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [field: string]: unknown;
}

/** An entry of `status.conditions`, as OpenShift's and Hive's kinds have it. */
export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
  lastProbeTime?: string;
}

/** `namespace/name`, or the name alone of an object without a namespace. */
export function keyOf({ metadata: { namespace, name } }: Pick<KubeObject, 'metadata'>): string {
  return objectKey(namespace, name);
}

export function objectKey(namespace: string | undefined, name: string): string {
  return namespace ? `${namespace}/${name}` : name;
}

/** What {@link objectKey} made a key of. */
export function splitKey(key: string): { namespace: string | undefined; name: string } {
  const slash = key.indexOf('/');
  return slash < 0
    ? { namespace: undefined, name: key }
    : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** A copy that may be changed. */
export function editable<T extends KubeObject>(object: T): T {
  return structuredClone(object);
}

/** Of `status.conditions`; undefined when there is none of this type. */
export function conditionOf(object: KubeObject, type: string): Condition | undefined {
  const { conditions } = (object.status ?? {}) as { conditions?: Condition[] };
  return conditions?.find((condition) => condition.type === type);
}
