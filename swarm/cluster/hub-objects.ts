/**
 * Objects of a hub as things that a run makes and removes: applied by server-side apply, written to the run's ledger before,
 * never those of others. What the hub adapter, `swarm manifests` and `swarm clean` make and remove objects with.
 *
 *    apply    is it there, and ours? ──> ledger: intended ──> PATCH (apply) ──> ledger: made
 *    remove   DELETE of this very uid ──> wait until its finalizers are done ──> ledger: gone
 */
import { isKubeError, unlessNotFound } from '../../model/kube/kube-error.ts';
import { type KubeObject, objectKey, splitKey } from '../../model/kube/kube-object.ts';
import { type KubeResource, RESOURCES, resourceOf } from '../../model/kube/resources.ts';
import { RUN_LABEL } from '../../model/kube/run-label.ts';
import type { Ledger, LedgerAttributes, LedgerEntry, LedgerRecord } from '../telemetry/ledger.ts';
import { ClusterAdapterError } from './cluster-adapter.ts';
import { HubRequests, type HubRequestsOptions } from './hub-requests.ts';

/** Who we are in `managedFields`. */
export const FIELD_MANAGER = 'assisted-swarm';

/** Wall-clock milliseconds between two looks at an object that is being deleted; grows by half each time. */
const LOOK_FIRST_MS = 100;
const LOOK_MOST_MS = 3_000;

/** One object of a hub. */
export interface HubTarget {
  resource: KubeResource;
  /** Absent for kinds without namespaces. */
  namespace?: string | undefined;
  name: string;
  /** Only this very object counts. Absent: what bears the name and the run's label. */
  uid?: string | undefined;
}

export interface HubObjectsOptions extends HubRequestsOptions {
  ledger: Ledger;
  /** Value of the label {@link RUN_LABEL} on all objects of the run. */
  run: string;
}

export interface ApplyOptions {
  /** How the hub serves the kind; needed for kinds that are none of {@link RESOURCES}. */
  resource?: KubeResource;
  /** Kept in the ledger with the object. */
  attributes?: LedgerAttributes;
  /** What the caller knows of the name, so that the hub is not asked: nobody has an object of it, or the run has. */
  known?: 'absent' | 'ours' | undefined;
  /** Takes fields that others have changed since. */
  force?: boolean;
}

/** Methods throw {@link ClusterAdapterError} with the KubeError as its cause, or the signal's reason when aborted. */
export class HubObjects extends HubRequests {
  readonly #ledger: Ledger;
  readonly #run: string;
  /** Namespaces that did not exist before: what is in them can only be ours. */
  readonly #newNamespaces = new Set<string>();

  constructor({ ledger, run, ...requests }: HubObjectsOptions) {
    super(requests);
    this.#ledger = ledger;
    this.#run = run;
  }

  /**
   * Makes an object, or changes one of this run's to what is given. Its label {@link RUN_LABEL} is set.
   * @returns the object as it is on the hub
   * @throws ClusterAdapterError also for an object of the same name that is not this run's; nothing is changed then.
   */
  async apply(given: KubeObject, signal: AbortSignal, options: ApplyOptions = {}): Promise<KubeObject> {
    const { resource = resourceOf(given), attributes, known, force = false } = options;
    if (!resource) throw refusal(`${given.apiVersion} ${given.kind} is not a kind that this hub is known to have`);
    const { namespace, name, labels } = given.metadata;
    const object = { ...given, metadata: { ...given.metadata, labels: { ...labels, [RUN_LABEL]: this.#run } } };
    if (resource.namespaced && namespace === undefined) {
      throw refusal(`${resource.kind} ${name} has no metadata.namespace`);
    }
    const sure = known !== undefined || (namespace !== undefined && this.#newNamespaces.has(namespace));
    return this.insist(signal, async () => {
      const live = sure ? undefined : await this.#mineOrNone({ resource, namespace, name }, signal);
      const entry = await this.#intend(resource, objectKey(namespace, name), attributes);
      const applied = await this.#applied(entry, () =>
        this.client.apply(resource, object, { fieldManager: FIELD_MANAGER, force }, signal),
      );
      if (isNamespace(resource) && known !== 'ours' && !live) this.#newNamespaces.add(name);
      return applied;
    });
  }

  /**
   * Asks for the deletion of an object, in case it is there.
   * @returns what is left until finalizers are done; null when it is gone
   */
  delete(target: HubTarget, signal: AbortSignal): Promise<KubeObject | null> {
    const { resource, namespace, name } = target;
    return this.insist(signal, async () => {
      const uid = target.uid ?? (await this.find(target, signal))?.metadata.uid;
      if (uid === undefined) return null;
      try {
        return await this.client.delete(resource, namespace, name, { uid, propagation: 'Background' }, signal);
      } catch (error) {
        // 404 also without its CustomResourceDefinition.
        if (isKubeError(error) && error.notFound) return null;
        // Another object bears the name by now, or somebody has just changed this one.
        if (isKubeError(error) && error.conflict && !(await this.find({ ...target, uid }, signal))) return null;
        throw error;
      }
    });
  }

  /** The object when it is there: the one of the uid, or the one of the name that bears the run's label. */
  async find({ resource, namespace, name, uid }: HubTarget, signal: AbortSignal): Promise<KubeObject | null> {
    const live = await unlessNotFound(this.client.get(resource, namespace, name, signal));
    if (!live) return null;
    const same = uid === undefined ? live.metadata.labels?.[RUN_LABEL] === this.#run : live.metadata.uid === uid;
    return same ? live : null;
  }

  /**
   * Looks at an object that is being deleted until it is gone.
   * @param limitMs wall-clock milliseconds after which it is given up
   * @returns null, or the object as it is when the time is over
   */
  async untilGone(target: HubTarget, limitMs: number, signal: AbortSignal): Promise<KubeObject | null> {
    const { speed } = this.clock;
    const deadline = this.clock.now() + limitMs * speed;
    for (let pause = LOOK_FIRST_MS * speed; ; pause = Math.min(pause * 1.5, LOOK_MOST_MS * speed)) {
      const live = await this.insist(signal, () => this.find(target, signal));
      const left = deadline - this.clock.now();
      if (live === null || left <= 0) return live;
      await this.clock.sleep(Math.min(pause, left), signal);
    }
  }

  /**
   * Takes all finalizers off an object that is being deleted, so that it goes without what they would do. Those of a Namespace
   * are in its spec: kubernetes, pkg/registry/core/namespace/storage.
   */
  async strip(object: KubeObject, resource: KubeResource, signal: AbortSignal): Promise<void> {
    const { namespace, name, uid } = object.metadata;
    const options = { fieldManager: FIELD_MANAGER };
    await this.insist(signal, async () => {
      const patch = { metadata: { uid, finalizers: null } };
      const live = await unlessNotFound(this.client.patch(resource, namespace, name, patch, options, signal));
      if (!live || !isNamespace(resource)) return;
      const emptied = { ...live, spec: { ...(live.spec as object | undefined), finalizers: [] } };
      await unlessNotFound(this.client.update(resource, emptied, { ...options, subresource: 'finalize' }, signal));
    });
  }

  /** Writes down that an object is gone. */
  forget(target: HubTarget): void {
    const { kind, name } = ledgerNameOf(target);
    this.#ledger.find(kind, name)?.gone();
  }

  /** Undefined when there is no object of the name. @throws ClusterAdapterError for one that is not ours or goes. */
  async #mineOrNone(target: HubTarget, signal: AbortSignal): Promise<KubeObject | undefined> {
    const { resource, namespace, name } = target;
    const live = await unlessNotFound(this.client.get(resource, namespace, name, signal));
    if (!live) return undefined;
    const reason = strangerReason(live, this.#run);
    if (reason !== null) throw refusal(`${resource.kind} ${objectKey(namespace, name)} ${reason}`);
    return live;
  }

  async #intend(resource: KubeResource, name: string, attributes: LedgerAttributes = {}): Promise<LedgerEntry> {
    const kind = ledgerKind(resource);
    const known = resourceOfLedger({ kind, attributes: {} }) !== undefined;
    const { version, plural } = resource;
    return (
      this.#ledger.find(kind, name) ??
      (await this.#ledger.intend(kind, name, known ? attributes : { ...attributes, version, plural }))
    );
  }

  /** Keeps the ledger true to what became of the request. */
  async #applied(entry: LedgerEntry, request: () => Promise<KubeObject>): Promise<KubeObject> {
    try {
      const object = await request();
      const { uid = '' } = object.metadata;
      if (entry.id !== uid || entry.outdated) entry.made(uid);
      return object;
    } catch (error) {
      const refused = isKubeError(error) && (error.unfit || (error.status >= 400 && error.status < 500));
      if (!refused) entry.notAnswered();
      else if (entry.id !== null) entry.markOutdated();
      else if (error.status !== 429 && !entry.unanswered) entry.gone();
      throw error;
    }
  }
}

/** Why an object of the hub cannot be applied by a run; null when it can. */
export function strangerReason({ metadata }: KubeObject, run: string): string | null {
  const owner = metadata.labels?.[RUN_LABEL];
  if (owner !== run) {
    const whose = owner === undefined ? `has no label ${RUN_LABEL}` : `belongs to run ${owner}`;
    return `is there already and ${whose}; it is left as it is (remove it, or take another name or seed)`;
  }
  return metadata.deletionTimestamp ? 'is being deleted; apply again when it is gone' : null;
}

export function isNamespace({ kind, group }: KubeResource): boolean {
  return kind === RESOURCES.namespaces.kind && group === '';
}

/** What keeps an object that is being deleted. */
export function finalizersOf({ metadata, spec }: KubeObject, resource: KubeResource): readonly string[] {
  const ofSpec = isNamespace(resource) ? ((spec as { finalizers?: string[] } | undefined)?.finalizers ?? []) : [];
  return [...(metadata.finalizers ?? []), ...ofSpec];
}

/** Kinds as ledgers have them: `Secret`, and with the group those that are none of {@link RESOURCES}. */
function ledgerKind(resource: KubeResource): string {
  const { kind, group } = resource;
  const known = Object.values<KubeResource>(RESOURCES).some((one) => one.kind === kind && one.group === group);
  return known || group === '' ? kind : `${kind}.${group}`;
}

/** Under which kind and name a ledger has an object. */
export function ledgerNameOf({ resource, namespace, name }: HubTarget): { kind: string; name: string } {
  return { kind: ledgerKind(resource), name: objectKey(namespace, name) };
}

/** What an entry of the ledger is about; null when that is not an object of a hub. */
export function targetOf({ kind, name, id, unanswered, attributes }: LedgerRecord): HubTarget | null {
  const resource = resourceOfLedger({ kind, attributes }, name.includes('/'));
  // A request without an answer may have made it once more, after somebody had removed the first.
  return resource ? { resource, ...splitKey(name), ...(id !== null && !unanswered && { uid: id }) } : null;
}

function resourceOfLedger(
  { kind, attributes }: Pick<LedgerRecord, 'kind' | 'attributes'>,
  namespaced = true,
): KubeResource | undefined {
  const { version, plural } = attributes;
  if (typeof version !== 'string' || typeof plural !== 'string') {
    return Object.values<KubeResource>(RESOURCES).find((one) => one.kind === kind);
  }
  const dot = kind.indexOf('.');
  const group = dot < 0 ? '' : kind.slice(dot + 1);
  return { group, version, plural, kind: dot < 0 ? kind : kind.slice(0, dot), namespaced };
}

function refusal(message: string): ClusterAdapterError {
  return new ClusterAdapterError(message, { passing: false, conflict: false });
}
