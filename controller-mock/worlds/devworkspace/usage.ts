/**
 * What the programs of a world use, as metrics.k8s.io shows it: the operator and etcd by how much they have had to do lately and
 * by how much there is, pods of backups while they work. Rates are made up; what they follow is not.
 */

import type { KubeObject } from '../../api/object.ts';
import type { Usage, UsageSource } from '../../builtins/index.ts';

const MIB = 2 ** 20;
/** How long something counts as lately, in simulated milliseconds. */
const WINDOW_MS = 15_000;

/** Events a second, of about the last {@link WINDOW_MS}. */
export class Rate {
  #perSecond = 0;
  #at = 0;

  add(nowMs: number): void {
    this.#decay(nowMs);
    this.#perSecond += 1000 / WINDOW_MS;
  }

  perSecond(nowMs: number): number {
    this.#decay(nowMs);
    return this.#perSecond;
  }

  #decay(nowMs: number): void {
    if (nowMs <= this.#at) return;
    this.#perSecond *= Math.exp(-(nowMs - this.#at) / WINDOW_MS);
    this.#at = nowMs;
  }
}

export interface UsageFacts {
  /** Steps of the operator. */
  readonly operator: Rate;
  /** Changes of the store. */
  readonly store: Rate;
  workspaces(): number;
  objects(): number;
  isBackup(pod: KubeObject): boolean;
}

export function usageSource(facts: UsageFacts): UsageSource {
  return (object, container, nowMs): Usage => {
    const wobble = 0.9 + 0.2 * fraction(`${object.metadata.uid}/${Math.floor(nowMs / WINDOW_MS)}`);
    const use = (cores: number, mebibytes: number) => ({ cores: cores * wobble, bytes: mebibytes * MIB * wobble });
    if (container === 'devworkspace-controller') {
      return use(0.01 + 0.002 * facts.operator.perSecond(nowMs), 60 + 0.05 * facts.workspaces());
    }
    if (container === 'etcd') {
      return use(0.05 + 0.001 * facts.store.perSecond(nowMs), 120 + 0.02 * facts.objects());
    }
    if (container === 'webhook-server') return use(0.002, 25);
    if (container === '') return use(2, 8192);
    if (facts.isBackup(object)) return use(0.4, 90);
    return use(0.005, 20);
  };
}

/** A number in [0, 1) that stays the same for a name. */
function fraction(name: string): number {
  let hash = 2166136261;
  for (let index = 0; index < name.length; index++) hash = Math.imul(hash ^ name.charCodeAt(index), 16777619) >>> 0;
  return (hash % 1000) / 1000;
}
