/** Removes from one hub what runs have left there, as their ledgers have it, in the order that finalizers ask for. */
import { KubeClient } from '../../model/kube/kube-client.ts';
import { loadKubeconfig } from '../../model/kube/kubeconfig.ts';
import { ScaledClock, startClock } from '../../model/time/clock.ts';
import { HubObjects, type HubTarget, ledgerNameOf, targetOf } from '../cluster/hub-objects.ts';
import { elsewhereReason, HubPreflight } from '../cluster/hub-preflight.ts';
import { removeHubObjects } from '../cluster/hub-removal.ts';
import { HubRequests } from '../cluster/hub-requests.ts';
import { removeAll, STALL_MS } from '../cluster/removal.ts';
import { redactUrl } from '../plan/redact.ts';
import { Ledger, type LedgerEntry, type LedgerHub } from '../telemetry/ledger.ts';
import type { CleanProgress, CleanResult } from './cleaner.ts';
import { USER_CONNECTIONS } from './user-client.ts';

/** Wall-clock milliseconds after a run's last word in which the hub may still carry out what it was asked for. */
const SETTLE_MS = 3_000;
/** What the operator of BareMetalHosts takes off: baremetal-operator, apis/metal3.io/v1alpha1/baremetalhost_types.go. */
const OPERATOR_FINALIZER = 'baremetalhost.metal3.io';

export interface HubCleanTask {
  hub: LedgerHub;
  /** Somebody has said where the hub is found now; otherwise it must be the same as then. */
  chosen: boolean;
  /** Open entries of runs that are over, all of this hub and label. */
  entries: { run: string; entry: LedgerEntry }[];
  /** Wall-clock epoch milliseconds at which the last of the runs wrote its last line. */
  lastWordAt: number;
  /** Wall-clock milliseconds that the finalizers of one step of the removal may take; default 120,000. */
  removalLimitMs?: number;
}

type Entry = HubCleanTask['entries'][number];

/** Never throws for what the hub does: what could not be removed is in the result. */
export async function cleanHub(
  task: HubCleanTask,
  signal: AbortSignal,
  onProgress: (progress: CleanProgress) => void,
): Promise<CleanResult> {
  const result: CleanResult = { removed: {}, left: [] };
  const leave = (entries: readonly Entry[], reason: string) => {
    for (const { run, entry } of entries) {
      const { kind, name, id } = entry;
      result.left.push({ run, kind, name, id, reason });
    }
  };
  let client: KubeClient | null = null;
  try {
    const { kubeconfig, context } = task.hub;
    const clock = new ScaledClock(startClock(1));
    client = new KubeClient({
      kubeconfig: loadKubeconfig({
        ...(kubeconfig !== null && { file: kubeconfig }),
        ...(context !== null && { context }),
      }),
      clock,
      connections: USER_CONNECTIONS,
      retries: 0,
    });
    const elsewhere = task.chosen ? null : elsewhereReason(task.hub.server, redactUrl(client.server));
    if (elsewhere !== null) throw new Error(elsewhere);
    const preflight = new HubPreflight(new HubRequests({ client, clock }), signal);
    const unreachable = await preflight.unreachable();
    if (unreachable !== null) throw new Error(unreachable);
    const wait = task.lastWordAt + SETTLE_MS - Date.now();
    if (wait > 0) await clock.sleep(wait, signal);
    // Entries are told here; the removal needs a ledger of its own only because runs have one.
    const ledger = new Ledger({ sink: () => {}, onFailure: () => {} });
    const objects = new HubObjects({ client, clock, ledger, run: task.hub.label });
    const controllers = await preflight.hasControllers();
    const { removalLimitMs: limitMs = STALL_MS } = task;
    const { label } = task.hub;
    await removeGroups(groupsOf(task.entries), {
      objects,
      controllers,
      label,
      limitMs,
      signal,
      onProgress,
      result,
      leave,
    });
  } catch (error) {
    const done = new Set(result.left.map(({ name, kind }) => `${kind} ${name}`));
    const rest = task.entries.filter(({ entry }) => !entry.isGone && !done.has(`${entry.kind} ${entry.name}`));
    leave(rest, error instanceof Error ? error.message : String(error));
  } finally {
    await client?.close();
  }
  return result;
}

interface Work {
  objects: HubObjects;
  controllers: boolean;
  /** Of the runs. */
  label: string;
  limitMs: number;
  signal: AbortSignal;
  onProgress: (progress: CleanProgress) => void;
  result: CleanResult;
  leave: (entries: readonly Entry[], reason: string) => void;
}

async function removeGroups({ clusters, shared }: Groups, work: Work): Promise<void> {
  const progress: CleanProgress = { done: 0, of: clusters.length };
  work.onProgress({ ...progress });
  // What clusters share goes when they are gone.
  for (const jobs of [clusters, shared.length > 0 ? [shared] : []]) {
    const failures = await removeAll({
      jobs,
      remove: (entries, giveUp) => removeGroup(entries, work, giveUp),
      atOnce: USER_CONNECTIONS,
      signal: work.signal,
      onRemoved: () => {
        if (jobs === clusters) work.onProgress({ ...progress, done: ++progress.done });
      },
    });
    for (const { job, reason } of failures) {
      work.leave(
        job.filter(({ entry }) => !entry.isGone),
        reason,
      );
    }
  }
}

async function removeGroup(entries: readonly Entry[], work: Work, signal: AbortSignal): Promise<void> {
  const { objects, controllers, label, limitMs, result, leave } = work;
  const byName = new Map(entries.map((one) => [`${one.entry.kind} ${one.entry.name}`, one]));
  const find = (target: HubTarget) => {
    const { kind, name } = ledgerNameOf(target);
    return byName.get(`${kind} ${name}`);
  };
  const left = await removeHubObjects({
    objects,
    targets: entries.flatMap(({ entry }) => targetOf(entry) ?? []),
    controllers,
    signal,
    limitMs,
    onGone: (target) => {
      const one = find(target);
      if (!one || one.entry.isGone) return;
      one.entry.gone();
      result.removed[one.entry.kind] = (result.removed[one.entry.kind] ?? 0) + 1;
    },
  });
  for (const { target, reason, finalizers } of left) {
    const one = find(target);
    if (one) leave([one], finalizers?.includes(OPERATOR_FINALIZER) ? `${reason}; ${withoutOperator(label)}` : reason);
  }
}

/** A run's own operator ends with it. */
function withoutOperator(label: string): string {
  return `the operator of BareMetalHosts takes that off: where there is none any more, use swarm manifests delete --run ${label} --strip-finalizers`;
}

interface Groups {
  /** Objects of one cluster of one run each. */
  clusters: Entry[][];
  shared: Entry[];
}

function groupsOf(entries: readonly Entry[]): Groups {
  const clusters = new Map<string, Entry[]>();
  const shared: Entry[] = [];
  for (const one of entries) {
    const { attributes, name } = one.entry;
    const namespace = targetOf(one.entry)?.namespace ?? (one.entry.kind === 'Namespace' ? name : undefined);
    if (attributes.cluster === undefined && namespace === undefined) {
      shared.push(one);
      continue;
    }
    const key = `${one.run} ${attributes.cluster ?? namespace}`;
    const group = clusters.get(key);
    if (group) group.push(one);
    else clusters.set(key, [one]);
  }
  return { clusters: [...clusters.values()], shared };
}
