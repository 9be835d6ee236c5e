/** Objects of a run: what is in their heads, and how they come about, each written down in the ledger before it is made. */
import { isKubeError } from '../../model/kube/kube-error.ts';
import { type KubeObject, objectKey } from '../../model/kube/kube-object.ts';
import { apiVersionOf, type KubeResource } from '../../model/kube/resources.ts';
import { RUN_LABEL } from '../../model/kube/run-label.ts';
import { SCRIPT_LABELS } from './backup-resources.ts';
import type { BackupSite } from './backup-site.ts';

/** @param run value of the label */
export function head(resource: KubeResource, name: string, namespace: string | undefined, run: string): KubeObject {
  return {
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    metadata: { name, ...(namespace !== undefined && { namespace }), labels: { ...SCRIPT_LABELS, [RUN_LABEL]: run } },
  };
}

/**
 * Written down, then made.
 * @param onAnswered called with the milliseconds of the request that made it
 * @returns its uid
 * @throws KubeError; what may have been made stays open in the ledger
 */
export async function makeObject(
  { ledger, requests, clock, run }: BackupSite,
  resource: KubeResource,
  object: KubeObject,
  signal: AbortSignal,
  onAnswered: (ms: number) => void = () => {},
): Promise<string> {
  const { namespace, name } = object.metadata;
  const entry = await ledger.intend(resource.kind, objectKey(namespace, name));
  /** A request may have been carried out, whatever a later one was answered. */
  let inDoubt = false;
  try {
    const made = await requests.ask(async (client) => {
      const since = clock.now();
      try {
        // Not cut short: a request that is under way may be carried out all the same.
        const answer = await client.create(resource, object);
        onAnswered(clock.now() - since);
        return answer;
      } catch (error) {
        if (!isKubeError(error) || !error.alreadyExists) {
          inDoubt ||= !isKubeError(error) || (error.passing && error.status !== 429);
          throw error;
        }
        // An earlier try of ours whose answer got lost.
        const live = await client.get(resource, namespace, name);
        if (live.metadata.labels?.[RUN_LABEL] !== run) throw error;
        return live;
      }
    }, signal);
    entry.made(made.metadata.uid!);
    return made.metadata.uid!;
  } catch (error) {
    if (inDoubt) entry.notAnswered();
    else entry.gone();
    throw error;
  }
}

export function messageOf(error: unknown): string {
  return isKubeError(error) ? error.said : error instanceof Error ? error.message : String(error);
}
