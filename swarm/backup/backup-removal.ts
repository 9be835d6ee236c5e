/**
 * Takes away everything that a run has made, as its ledger has it, and puts back what it has changed: at the end of the run, and for
 * one that was killed by `swarm clean` or the next run.
 *
 *    operator's settings ──> secrets, with copies at others ──> namespaces, with all that is in them ──> seen gone on the watch
 *
 * A namespace in which others have made workspaces stays, without those of the run.
 */
import { isKubeError, unlessNotFound } from '../../model/kube/kube-error.ts';
import { type KubeObject, objectKey, splitKey } from '../../model/kube/kube-object.ts';
import { type KubeResource, RESOURCES } from '../../model/kube/resources.ts';
import { RUN_LABEL } from '../../model/kube/run-label.ts';
import type { LedgerEntry } from '../telemetry/ledger.ts';
import { BACKUP_RESOURCES } from './backup-resources.ts';
import { Changes } from './changes.ts';
import type { ClusterRequests } from './cluster-requests.ts';
import { ClusterWatch } from './cluster-watch.ts';
import { whyItStays } from './namespace-end.ts';
import { CONFIG_KIND, readSnapshot, resetConfig } from './operator-config.ts';
import { COPIED_SECRET, removeCopy, SECRET_TYPE } from './registry-secret.ts';

export interface BackupRemovalOptions {
  requests: ClusterRequests;
  /** Value of the run's label. */
  run: string;
  /** Folder of the run, with the snapshot of the operator's settings. */
  folder: string;
  /** Open entries of its ledger. */
  entries: readonly LedgerEntry[];
  signal: AbortSignal;
  /** Told of each namespace that is gone. */
  onProgress?: (progress: { done: number; of: number }) => void;
  /** Told of each entry that is gone. */
  onGone?: (entry: LedgerEntry) => void;
}

/** What could not be removed or put back. */
export interface BackupLeft {
  readonly entry: LedgerEntry;
  readonly reason: string;
}

/** Milliseconds of the clock in which something must have gone. */
const STALL_MS = 180_000;
/** Wall-clock milliseconds in which the cluster may still carry out a request that was not answered. */
const SETTLE_MS = 3_000;

const KINDS: Readonly<Record<string, KubeResource>> = Object.fromEntries(
  [RESOURCES.namespaces, RESOURCES.secrets, RESOURCES.configMaps, BACKUP_RESOURCES.devWorkspaces].map((one) => [
    one.kind,
    one,
  ]),
);

/**
 * Puts the operator's settings back, when the run has changed them.
 * @returns whether they are exactly as they were found; null when there was nothing to do
 * @throws KubeError, or Error when the snapshot is gone
 */
export async function resetOperator(options: BackupRemovalOptions): Promise<boolean | null> {
  const { requests, run, folder, entries, signal, onGone } = options;
  const entry = entries.find((one) => one.kind === CONFIG_KIND && !one.isGone);
  if (!entry) return null;
  const exact = await resetConfig(requests, readSnapshot(folder), run, signal, requests.patienceMs);
  entry.gone();
  onGone?.(entry);
  return exact;
}

/** Never throws for what the cluster does: what is left is returned with the reason. */
export async function removeRun(options: BackupRemovalOptions): Promise<BackupLeft[]> {
  return new Removal(options).run();
}

class Removal {
  readonly #options: BackupRemovalOptions;
  readonly #left: BackupLeft[] = [];
  /** Entries by the namespace that their objects are in. */
  readonly #inside: ReadonlyMap<string | undefined, LedgerEntry[]>;

  constructor(options: BackupRemovalOptions) {
    this.#options = options;
    this.#inside = Map.groupBy(options.entries, ({ name }) => splitKey(name).namespace);
  }

  async run(): Promise<BackupLeft[]> {
    await this.#try(CONFIG_KIND, () => resetOperator(this.#options));
    const namespaces = this.#open(RESOURCES.namespaces.kind);
    const { clock } = this.#options.requests;
    const inDoubt = this.#options.entries.some(({ unanswered, isGone }) => unanswered && !isGone);
    if (inDoubt) await clock.sleep(SETTLE_MS * clock.speed);
    const own = new Set(namespaces.map(({ name }) => name));
    // What is in a namespace of the run goes with it.
    for (const entry of this.#options.entries) {
      const { namespace } = splitKey(entry.name);
      if (entry.isGone || entry.kind === CONFIG_KIND || namespace === undefined || own.has(namespace)) continue;
      await this.#tryEntry(entry, () => this.#delete(entry));
    }
    if (namespaces.length > 0) await this.#removeNamespaces(namespaces);
    return this.#left;
  }

  async #removeNamespaces(entries: readonly LedgerEntry[]): Promise<void> {
    const { requests, run, signal, onProgress } = this.#options;
    const changes = new Changes(requests.clock);
    const watch = new ClusterWatch(
      { requests, clock: requests.clock },
      { resource: RESOURCES.namespaces, selection: { labelSelector: `${RUN_LABEL}=${run}` } },
    );
    const { informer } = watch;
    let done = 0;
    let movedAt = requests.clock.now();
    const byName = new Map(entries.map((entry) => [entry.name, entry]));
    const gone = (entry: LedgerEntry) => {
      if (entry.isGone) return;
      this.#gone(entry);
      for (const inside of this.#inside.get(entry.name) ?? []) this.#gone(inside);
      movedAt = requests.clock.now();
      onProgress?.({ done: ++done, of: entries.length });
    };
    try {
      informer.onChange((after, before) => {
        const entry = after ? undefined : byName.get(before!.metadata.name);
        if (entry) gone(entry);
        changes.touch();
      });
      // First, as its refusal says at once what a watch that does not come keeps to itself.
      const shared = await this.#sharedNamespaces();
      await watch.start(signal);
      const refused = new Set<LedgerEntry>();
      await Promise.all(
        entries.map(async (entry) => {
          const live = informer.get(undefined, entry.name);
          if (!live || (entry.id !== null && live.metadata.uid !== entry.id)) gone(entry);
          else if (shared.has(entry.name)) {
            refused.add(entry);
            await this.#leave(entry, shared.get(entry.name)!);
          } else if (!live.metadata.deletionTimestamp) {
            await this.#tryEntry(entry, () => this.#deleteNamespace(live)).then((well) => !well && refused.add(entry));
          }
        }),
      );
      const waits = entries.filter((entry) => !refused.has(entry));
      const over = () => waits.every(({ isGone }) => isGone) || requests.clock.now() - movedAt > STALL_MS;
      await changes.until(over, Number.POSITIVE_INFINITY, signal);
      // Some may have gone while their watch was cut.
      if (!waits.every(({ isGone }) => isGone) && (await watch.catchUp(signal))) {
        await changes.until(over, Number.POSITIVE_INFINITY, signal);
      }
      for (const entry of waits) {
        if (!entry.isGone) this.#left.push({ entry, reason: whyItStays(informer.get(undefined, entry.name)) });
      }
    } catch (error) {
      const told = new Set(this.#left.map(({ entry }) => entry));
      for (const entry of entries)
        if (!entry.isGone && !told.has(entry)) this.#left.push({ entry, reason: reasonOf(error) });
    } finally {
      await watch.stop();
    }
  }

  /** Namespaces with workspaces that are not the run's, each with one of them. */
  async #sharedNamespaces(): Promise<Map<string, string>> {
    const items = await this.#workspacesOfOthers();
    return new Map(items.map(({ metadata }) => [metadata.namespace!, metadata.name]));
  }

  async #workspacesOfOthers(): Promise<KubeObject[]> {
    const { requests, run, signal } = this.#options;
    const { items } = await requests.ask(
      (client) => client.list(BACKUP_RESOURCES.devWorkspaces, { labelSelector: `${RUN_LABEL}!=${run}` }, signal),
      signal,
      requests.patienceMs,
    );
    return items;
  }

  /** Removes the run's objects from a namespace that stays. */
  async #leave(namespace: LedgerEntry, others: string): Promise<void> {
    for (const entry of this.#inside.get(namespace.name) ?? []) {
      if (!entry.isGone) await this.#tryEntry(entry, () => this.#delete(entry));
    }
    this.#left.push({
      entry: namespace,
      reason: `workspace ${others} of somebody else is in it; the run's own are removed`,
    });
  }

  async #deleteNamespace({ metadata: { name, uid = '' } }: KubeObject): Promise<void> {
    const { requests, signal } = this.#options;
    await unlessNotFound(
      requests.ask(
        (client) => client.delete(RESOURCES.namespaces, undefined, name, { uid }, signal),
        signal,
        requests.patienceMs,
      ),
    );
  }

  async #delete(entry: LedgerEntry): Promise<void> {
    const { requests, run, signal } = this.#options;
    const resource = KINDS[entry.kind];
    const { namespace, name } = splitKey(entry.name);
    if (!resource) throw new Error(`nobody knows how to remove a ${entry.kind}`);
    const ask = <T>(work: Parameters<typeof requests.ask<T>>[0]) =>
      unlessNotFound(requests.ask(work, signal, requests.patienceMs));
    const live = await ask((client) => client.get(resource, namespace, name, signal));
    const ours = live?.metadata.labels?.[RUN_LABEL] === run;
    if (live && ours && (entry.id === null || live.metadata.uid === entry.id)) {
      if (entry.kind === RESOURCES.secrets.kind && live.type === SECRET_TYPE) await this.#removeCopies(entry, live);
      await ask((client) => client.delete(resource, namespace, name, { uid: live.metadata.uid! }, signal));
    }
    this.#gone(entry);
  }

  /** Of a secret that the run has made, where the operator has put it beside workspaces of others: nobody asked them for credentials. */
  async #removeCopies(entry: LedgerEntry, secret: KubeObject): Promise<void> {
    const { requests, signal } = this.#options;
    const namespaces = new Set((await this.#workspacesOfOthers()).map(({ metadata }) => metadata.namespace!));
    const copies = [...namespaces].flatMap((namespace) =>
      [COPIED_SECRET, secret.metadata.name].map((name) => ({ namespace, name })),
    );
    const work = copies.map(async ({ namespace, name }) => {
      try {
        await removeCopy(requests, secret, { namespace, name }, signal);
      } catch (error) {
        const advice = `kubectl delete secret ${name} -n ${namespace}`;
        this.#left.push({
          entry,
          reason: `a copy of it may be left (${reasonOf(error)}); look, and remove it: ${advice}`,
        });
      }
    });
    await Promise.all(work);
  }

  #open(kind: string): LedgerEntry[] {
    return this.#options.entries.filter((entry) => entry.kind === kind && !entry.isGone);
  }

  #gone(entry: LedgerEntry): void {
    if (entry.isGone) return;
    entry.gone();
    this.#options.onGone?.(entry);
  }

  async #try(kind: string, work: () => Promise<unknown>): Promise<void> {
    const entry = this.#options.entries.find((one) => one.kind === kind && !one.isGone);
    if (entry) await this.#tryEntry(entry, work);
  }

  async #tryEntry(entry: LedgerEntry, work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      this.#left.push({ entry, reason: reasonOf(error) });
      return false;
    }
  }
}

function reasonOf(error: unknown): string {
  return isKubeError(error) ? error.message : error instanceof Error ? error.message : String(error);
}

/** For people: `Namespace loadtest-devworkspaces: it is still being deleted`. */
export function leftText({ entry, reason }: BackupLeft): string {
  const { namespace, name } = splitKey(entry.name);
  const text = `${entry.kind} ${objectKey(namespace, name)}: ${reason}`;
  return entry.kind === CONFIG_KIND
    ? `${text}; it is not as it was found, and the operator goes on with the backups of this run`
    : text;
}
