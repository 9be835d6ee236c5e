/** Removes from a hub what a run has left there: everything with the run's label, as its ledger says where and which. */
import { KubeClient } from '../../model/kube/kube-client.ts';
import { loadKubeconfig } from '../../model/kube/kubeconfig.ts';
import type { KubeResource } from '../../model/kube/resources.ts';
import { ScaledClock, startClock, wallNow } from '../../model/time/clock.ts';
import { HubObjects, ledgerNameOf, targetOf } from '../cluster/hub-objects.ts';
import { HubPreflight } from '../cluster/hub-preflight.ts';
import { RUN_KINDS, RunRemoval } from '../cluster/run-removal.ts';
import { redactUrl } from '../plan/redact.ts';
import { Ledger, type LedgerEntry, type LedgerHub } from '../telemetry/ledger.ts';
import { type CleanProgress, type CleanResult, SETTLE_MS } from './cleaner.ts';

/** Namespaces under way at once. */
const CONCURRENCY = 20;
/** Wall-clock milliseconds that an object may wait for its finalizers. */
const LIMIT_MS = 600_000;

export interface HubCleanTask {
  hub: LedgerHub;
  /** In place of those of the run. */
  kubeconfig?: string | undefined;
  context?: string | undefined;
  run: string;
  /** Open entries of the run that are about objects of a hub. */
  entries: readonly LedgerEntry[];
  /** Wall-clock epoch milliseconds at which the run wrote its last line. */
  lastWordAt: number;
}

/** Never throws for what the hub does: what could not be removed is in the result. */
export async function cleanHub(
  task: HubCleanTask,
  signal: AbortSignal,
  onProgress: (progress: CleanProgress) => void,
): Promise<CleanResult> {
  const { run } = task;
  /** Those that are not known to be gone. */
  const open = new Map(task.entries.map((entry) => [`${entry.kind} ${entry.name}`, entry]));
  const removed: Record<string, number> = {};
  let client: KubeClient | null = null;
  try {
    client = clientOf(task);
    const { left, gone } = await removeLabelled(task, open, client, signal, onProgress);
    for (const kind of gone) removed[kind] = (removed[kind] ?? 0) + 1;
    return {
      removed,
      left: left.map(({ target, reason }) => ({ run, ...ledgerNameOf(target), id: target.uid ?? null, reason })),
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { removed, left: [...open.values()].map(({ kind, name, id }) => ({ run, kind, name, id, reason })) };
  } finally {
    await client?.close();
  }
}

/** @throws Error when the kubeconfig cannot be read or leads to another hub. */
function clientOf({ hub, kubeconfig, context }: HubCleanTask): KubeClient {
  const given = kubeconfig !== undefined || context !== undefined;
  const file = kubeconfig ?? (hub.kubeconfig || undefined);
  const name = given ? context : (hub.context ?? undefined);
  const client = new KubeClient({
    kubeconfig: loadKubeconfig({ ...(file !== undefined && { file }), ...(name !== undefined && { context: name }) }),
    clock: new ScaledClock(startClock(1)),
    connections: CONCURRENCY,
  });
  const server = redactUrl(client.server);
  if (server === hub.server) return client;
  throw new Error(
    `it is on ${hub.server}, and the kubeconfig leads to ${server}; give the right one with --kubeconfig or --context`,
  );
}

async function removeLabelled(
  { hub, lastWordAt }: HubCleanTask,
  open: Map<string, LedgerEntry>,
  client: KubeClient,
  signal: AbortSignal,
  onProgress: (progress: CleanProgress) => void,
) {
  const clock = new ScaledClock(startClock(1));
  const kinds = new Map(RUN_KINDS.map((resource) => [keyOf(resource), resource]));
  for (const entry of open.values()) {
    const { resource } = targetOf(entry)!;
    if (!kinds.has(keyOf(resource))) kinds.set(keyOf(resource), resource);
  }
  const inDoubt = [...open.values()].some(({ id, unanswered }) => id === null || unanswered);
  const wait = lastWordAt + SETTLE_MS - wallNow();
  if (inDoubt && wait > 0) await clock.sleep(wait, signal);
  const objects = new HubObjects({
    client,
    clock,
    // Entries are those of the run's own ledger, and told below.
    ledger: new Ledger({ sink: () => {}, onFailure: () => {} }),
    run: hub.label,
  });
  const preflight = new HubPreflight(objects, signal);
  const unreachable = await preflight.unreachable();
  if (unreachable !== null) throw new Error(unreachable);
  const gone: string[] = [];
  const removal = new RunRemoval({
    objects,
    run: hub.label,
    kinds: [...kinds.values()],
    signal,
    concurrency: CONCURRENCY,
    limitMs: LIMIT_MS,
    controllers: await preflight.hasControllers(),
    strip: false,
    onGone: (target) => {
      const { kind, name } = ledgerNameOf(target);
      gone.push(kind);
      open.get(`${kind} ${name}`)?.gone();
      open.delete(`${kind} ${name}`);
      onProgress({ done: removal.done, of: removal.of });
    },
  });
  await removal.find();
  const left = await removal.remove();
  if (signal.aborted) throw signal.reason;
  // What was not found, somebody else has removed, or it was never made.
  if (left.length === 0) for (const entry of open.values()) entry.gone();
  return { left, gone };
}

const keyOf = ({ group, kind }: KubeResource) => `${group} ${kind}`;
