/** Files of a pod: what its program reads, from a ConfigMap or, where it is nobody else's business, from a Secret. */

/** Where the ConfigMap and the Secret are mounted. */
export const CONFIG_FOLDER = '/plan';
export const SECRET_FOLDER = '/secrets';

export interface PodFile {
  /** Path below the folder that it is mounted in. */
  path: string;
  text: string;
}

/** What may name a value of a ConfigMap or Secret (kubernetes/apimachinery, pkg/util/validation IsConfigMapKey). */
const NO_KEY = /[^-._a-zA-Z0-9]/g;

/** Name of the value that holds the file; `at` tells those apart whose paths differ in other characters alone. */
export function keyOf({ path }: PodFile, at: number): string {
  const key = path.replaceAll(NO_KEY, '_');
  return key === path ? key : `${at}-${key}`.slice(0, 253);
}

/** Files for a pod, gathered one by one. */
export class PodFiles {
  readonly config: PodFile[] = [];
  readonly secret: PodFile[] = [];

  /** @returns its path in the pod */
  addConfig(path: string, text: string): string {
    this.config.push({ path, text });
    return `${CONFIG_FOLDER}/${path}`;
  }

  /** @returns its path in the pod */
  addSecret(path: string, text: string): string {
    this.secret.push({ path, text });
    return `${SECRET_FOLDER}/${path}`;
  }
}
