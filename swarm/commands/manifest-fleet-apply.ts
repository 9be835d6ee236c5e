/**
 * Carries the manifests of a fleet to a hub: cluster by cluster as they are rendered, several at once, and nothing of them is
 * kept. What does not take part in it stands in the ledger.
 */
import { manifestObjects } from '../../manifests/index.ts';
import { isKubeError } from '../../model/kube/kube-error.ts';
import { type KubeObject, objectKey } from '../../model/kube/kube-object.ts';
import { type KubeResource, RESOURCES, resourceName } from '../../model/kube/resources.ts';
import { RUN_LABEL } from '../../model/kube/run-label.ts';
import { ClusterAdapterError } from '../cluster/cluster-adapter.ts';
import type { HubObjects } from '../cluster/hub-objects.ts';
import type { HubKinds, HubNamespaces } from '../cluster/hub-preflight.ts';
import { countOf, formatCount } from '../report/style.ts';
import type { Work } from '../report/work-progress.ts';
import type { HubRequestCounts } from '../telemetry/hub-request-counts.ts';
import { inputErrors, type ManifestFleet, type ManifestFleetSurvey, type Piece } from './manifest-fleet.ts';
import { Refusals, type RefusedKind } from './work-texts.ts';

export interface FleetApplyOptions {
  fleet: ManifestFleet;
  survey: ManifestFleetSurvey;
  kinds: HubKinds;
  /** Null when it is not known. */
  namespaces: HubNamespaces | null;
  objects: HubObjects;
  /** Uids of objects that are as they shall be when they are still there. */
  finished: ReadonlySet<string>;
  /** Clusters under way at once. */
  concurrency: number;
  /** Wall-clock milliseconds without any success after which a hub that fails is given up. */
  patienceMs: number;
  /** Takes fields that others have changed. */
  force: boolean;
  /** Nothing new is begun once it aborts. */
  stop: AbortSignal;
  /** Ends requests. */
  cut: AbortSignal;
  calls: HubRequestCounts;
}

export interface ApplySummary {
  clusters: { of: number; done: number };
  objects: { of: number; applied: number; unchanged: number; refused: number };
  /** Objects that were applied, by kind. */
  kinds: Record<string, number>;
  refused: RefusedKind[];
  /** Why the rest was not tried; null when everything was. */
  stopped: string | null;
}

const NAMESPACES = resourceName(RESOURCES.namespaces);

export class ManifestFleetApply implements Work {
  readonly unit = 'clusters';
  readonly of: number;
  done = 0;
  /** Why the rest was not tried. */
  stopped: string | null = null;
  readonly #options: FleetApplyOptions;
  /** Uids of what stands on the hub with the run's label, by kind and name. */
  readonly #standing = new Map<string, string>();
  readonly #clusterNames: ReadonlySet<string>;
  readonly #applied = new Map<string, number>();
  readonly #refusals = new Refusals();
  #unchanged = 0;
  #conflicts = 0;
  #lastSuccess = performance.now();
  /** What ends everything: the ledger cannot be written, a template fails. */
  #failure: unknown = null;

  constructor(options: FleetApplyOptions) {
    this.#options = options;
    this.of = options.fleet.plan.clusters.length;
    this.#clusterNames = new Set(options.fleet.plan.clusters.map(({ name }) => name));
  }

  get title(): string {
    return `apply ${this.#options.fleet.label}`;
  }

  /** Objects with fields that others have changed. */
  get conflicts(): number {
    return this.#conflicts;
  }

  /** Everything is applied. */
  get complete(): boolean {
    return this.stopped === null && this.#refusals.count === 0 && this.done === this.of;
  }

  details(): string[] {
    const { calls, survey } = this.#options;
    const done = this.#appliedCount + this.#unchanged;
    return [
      `${formatCount(done)} of ${countOf(survey.objects, 'object')}`,
      countOf(calls.total, 'request'),
      ...(calls.failed > 0 ? [`${formatCount(calls.failed)} of them failed and are repeated`] : []),
    ];
  }

  warning(): string {
    return this.#refusals.count > 0 ? `refused ${countOf(this.#refusals.count, 'object')}` : '';
  }

  summary(): ApplySummary {
    const { survey } = this.#options;
    return {
      clusters: { of: this.of, done: this.done },
      objects: {
        of: survey.objects,
        applied: this.#appliedCount,
        unchanged: this.#unchanged,
        refused: this.#refusals.count,
      },
      kinds: Object.fromEntries([...this.#applied].sort(([a], [b]) => (a < b ? -1 : 1))),
      refused: this.#refusals.summary(),
      stopped: this.stopped,
    };
  }

  /** Applies everything it can. @throws what makes it impossible to go on, apart from the hub */
  async run(): Promise<void> {
    const { fleet, concurrency, namespaces } = this.#options;
    if (namespaces === null || namespaces.ours.length > 0) await this.#listStanding();
    const pieces = fleet.pieces();
    const first = inputErrors(() => pieces.next());
    if (!first.done) await this.#piece(first.value);
    const worker = async () => {
      while (this.#goesOn) {
        const next = inputErrors(() => pieces.next());
        if (next.done) return;
        await this.#piece(next.value);
      }
    };
    await Promise.all(
      Array.from({ length: concurrency }, () =>
        worker().catch((error: unknown) => {
          this.#failure ??= error;
        }),
      ),
    );
    if (this.#failure) throw this.#failure;
  }

  get #goesOn(): boolean {
    return this.stopped === null && this.#failure === null && !this.#options.stop.aborted;
  }

  get #appliedCount(): number {
    return [...this.#applied.values()].reduce((sum, count) => sum + count, 0);
  }

  /** What an earlier call has left is known by a list of each kind; so are its gaps. */
  async #listStanding(): Promise<void> {
    const { objects, kinds, fleet, stop } = this.#options;
    const selection = { labelSelector: `${RUN_LABEL}=${fleet.label}` };
    for (const resource of new Set(kinds.values())) {
      await objects.insist(stop, async () => {
        for await (const { items } of objects.client.pages(resource, selection, stop)) {
          for (const { metadata } of items) {
            if (metadata.deletionTimestamp) continue;
            this.#standing.set(standingKey(resource, metadata), metadata.uid ?? '');
          }
        }
      });
    }
  }

  async #piece({ cluster, text }: Piece): Promise<void> {
    const objects = manifestObjects(text);
    // Templates of the user's may come before the namespace that they need.
    const namespaces = objects.filter((object) => object.kind === 'Namespace');
    const refused = new Set<string>();
    for (const object of [...namespaces, ...objects.filter((one) => one.kind !== 'Namespace')]) {
      if (!this.#goesOn) return;
      const { namespace, name } = object.metadata;
      if (namespace !== undefined && refused.has(namespace)) {
        this.#refusals.add(object.kind, objectKey(namespace, name), 'its Namespace is refused');
      } else if (!(await this.#object(object)) && object.kind === 'Namespace') refused.add(name);
    }
    if (cluster !== null && this.#goesOn) this.done++;
  }

  /** @returns whether it stands on the hub now */
  async #object(object: KubeObject): Promise<boolean> {
    const { kinds, objects, finished, force, cut } = this.#options;
    const resource = kinds.get(`${object.apiVersion} ${object.kind}`)!;
    const uid = this.#standing.get(standingKey(resource, object.metadata));
    if (uid !== undefined && finished.has(uid)) {
      this.#unchanged++;
      return true;
    }
    try {
      await objects.apply(object, cut, { resource, force, known: this.#knownOf(resource, object, uid) });
      this.#lastSuccess = performance.now();
      this.#applied.set(object.kind, (this.#applied.get(object.kind) ?? 0) + 1);
      return true;
    } catch (error) {
      if (cut.aborted) return false;
      if (!(error instanceof ClusterAdapterError)) throw error;
      this.#refuse(object, error);
      return false;
    }
  }

  #knownOf(resource: KubeResource, { metadata }: KubeObject, uid: string | undefined): 'absent' | 'ours' | undefined {
    if (uid !== undefined) return 'ours';
    const listed = this.#options.namespaces !== null && resourceName(resource) === NAMESPACES;
    return listed && this.#clusterNames.has(metadata.name) ? 'absent' : undefined;
  }

  #refuse(object: KubeObject, error: ClusterAdapterError): void {
    const { namespace, name } = object.metadata;
    if (isKubeError(error.cause) && error.cause.fieldConflict) this.#conflicts++;
    const silentMs = performance.now() - this.#lastSuccess;
    // The last try comes well before the time is over: pauses between tries grow.
    if (error.passing && silentMs >= this.#options.patienceMs / 2) {
      // One object that always fails is refused; when nothing succeeds any more, the hub is not there.
      this.stopped ??= `gave up, because the hub has taken nothing for ${Math.round(silentMs / 1000)} s: ${error.message}`;
    } else this.#refusals.add(object.kind, objectKey(namespace, name), error.message);
  }
}

function standingKey(resource: KubeResource, { namespace, name }: KubeObject['metadata']): string {
  return `${resourceName(resource)} ${objectKey(namespace, name)}`;
}
