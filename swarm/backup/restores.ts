/**
 * Restores a sample of the workspaces that are backed up, as many at once as may be starting, and the cases that must go wrong.
 *
 *    original ──delete──> 404, claim gone ──┐ in place
 *                                           ├──> made with the attribute ──> init container ──> content found right ──> Running
 *    another name, or another namespace ────┘                                     └──> log of what failed ──> Failed
 */
import { Informer } from '../../model/kube/informer.ts';
import { type KubeObject, objectKey } from '../../model/kube/kube-object.ts';
import { RESOURCES } from '../../model/kube/resources.ts';
import { RUN_LABEL } from '../../model/kube/run-label.ts';
import type { BackupJobs } from './backup-jobs.ts';
import { CREDENTIALS_NAMESPACE, type RestoreCase, restoreNamespaceName } from './backup-options.ts';
import { outcomeOf } from './backup-outcomes.ts';
import { BACKUP_RESOURCES, DWO_LABELS, RESTORED_LABEL } from './backup-resources.ts';
import { abortable, type BackupSite } from './backup-site.ts';
import { backupImage } from './restore-content.ts';
import { RESTORE_OUTCOMES, type RestoreFailureGroup, type RestoreFigures } from './restore-figures.ts';
import { drawSample, sampleText } from './restore-sample.ts';
import { type RestoreSource, RestoreSteps } from './restore-steps.ts';
import { RestoredWorkspace } from './restored-workspace.ts';
import { spreadOf } from './spread.ts';
import type { Workspace } from './workspace.ts';
import { essentials, type Workspaces } from './workspaces.ts';

export interface RestoresSource extends RestoreSource {
  readonly workspaces: Workspaces;
  readonly jobs: BackupJobs;
}

const LOG_LINES = 50;

export class Restores {
  readonly #site: BackupSite;
  readonly #source: RestoresSource;
  readonly #seed: string;
  readonly #candidates: readonly Workspace[];
  /** The sample, and after it the cases. */
  readonly #all: readonly RestoredWorkspace[];
  readonly #byKey = new Map<string, RestoredWorkspace>();
  readonly #informers: Informer[] = [];

  /** What is restored is decided here, by what is known of the backups by now. */
  constructor(site: BackupSite, source: RestoresSource) {
    this.#site = site;
    this.#source = source;
    const { restore } = source;
    this.#seed = restore.seed ?? site.run;
    this.#candidates = this.#backedUp();
    const { chosen, others } = drawSample(this.#candidates, restore.sample, this.#seed);
    const cases = restore.cases.flatMap((kind) => this.#case(kind, others[0] ?? chosen[0]));
    this.#all = [...chosen.map((original) => this.#sampled(original)), ...cases];
  }

  get of(): number {
    return this.#all.length;
  }

  count(is: (one: RestoredWorkspace) => boolean): number {
    return this.#all.filter(is).length;
  }

  /** @throws the signal's reason; what goes wrong with one restore is in its state */
  async run(signal: AbortSignal): Promise<void> {
    await this.#watch(signal);
    const { options } = this.#site;
    const steps = new RestoreSteps(this.#site, this.#source, (one) => this.#expect(one));
    let next = 0;
    const work = async () => {
      for (;;) {
        const one = this.#all[next++];
        if (!one) return;
        signal.throwIfAborted();
        await steps.restore(one, signal);
        this.#site.emit({ type: 'restore', restored: one.figures });
      }
    };
    const workers = Array.from({ length: Math.min(options.maxStarting, this.#all.length) }, work);
    // Whatever ends one of them: what the others have asked for is answered before it is taken away.
    await Promise.allSettled(workers);
    signal.throwIfAborted();
    await Promise.all(workers);
  }

  async close(): Promise<void> {
    await Promise.all(this.#informers.map((informer) => informer.stop()));
  }

  get figures(): RestoreFigures {
    const { restore } = this.#source;
    const sample = this.#all.filter((one) => one.options.case === null);
    const workspaces = sample.map((one) => one.figures);
    const spread = (read: (one: (typeof workspaces)[number]) => number | null) =>
      spreadOf(workspaces.flatMap((one) => read(one) ?? []));
    const ready = workspaces.filter(({ outcome }) => outcome === 'ready').length;
    return {
      mode: restore.mode,
      seed: this.#seed,
      sample: sampleText(restore.sample),
      candidates: this.#candidates.length,
      restored: { hits: ready, of: sample.length },
      outcomes: Object.fromEntries(
        RESTORE_OUTCOMES.map((name) => [name, workspaces.filter(({ outcome }) => outcome === name).length]),
      ) as RestoreFigures['outcomes'],
      deleteMs: spread(({ deleteMs }) => deleteMs),
      readyMs: spread(({ readyMs }) => readyMs),
      initMs: spread(({ initMs }) => initMs),
      failures: groupsOf(sample),
      cases: this.#all.filter((one) => one.options.case !== null).map((one) => one.figures),
      workspaces,
    };
  }

  /** Those whose last backup did well, and that no Job is at any more; without the one that has nothing in it. */
  #backedUp(): Workspace[] {
    const { workspaces, jobs } = this.#source;
    const empty = this.#empty;
    return workspaces.all.filter(
      (one) =>
        one !== empty &&
        one.isStopped &&
        outcomeOf(one, jobs) === 'backed-up' &&
        jobs.of(one).every(({ outcome, vanished }) => outcome !== null || vanished),
    );
  }

  /** The workspace that was backed up without content; undefined when no case wants one. */
  get #empty(): Workspace | undefined {
    const { restore, workspaces } = this.#source;
    return restore.cases.includes('empty-backup') ? workspaces.all.at(-1) : undefined;
  }

  #sampled(original: Workspace): RestoredWorkspace {
    const { restore, registryPath } = this.#source;
    const { namespace, name } = original;
    const place = {
      'in-place': { namespace, name },
      'side-by-side': { namespace, name: `${name}-restored` },
      'other-namespace': { namespace: restoreNamespaceName(namespace), name },
    }[restore.mode];
    return new RestoredWorkspace({ ...place, original, image: backupImage(registryPath, original), case: null });
  }

  /** @param source a workspace that is backed up */
  #case(kind: RestoreCase, source: Workspace | undefined): RestoredWorkspace[] {
    const { registryPath, workspaces } = this.#source;
    const original = kind === 'empty-backup' ? this.#empty! : (source ?? workspaces.all[0]!);
    const name = `dw-restore-${kind}`;
    const namespace = kind === 'wrong-credentials' ? CREDENTIALS_NAMESPACE : original.namespace;
    const image = backupImage(
      registryPath,
      kind === 'missing-image' ? { namespace, name: 'no-such-workspace' } : original,
    );
    return [new RestoredWorkspace({ namespace, name, original, image, case: kind })];
  }

  /** From now on news of its name are news of it. */
  #expect(one: RestoredWorkspace): void {
    this.#byKey.set(objectKey(one.options.namespace, one.options.name), one);
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { run, clock, requests, emit } = this.#site;
    const { client } = requests;
    const follow = (resource: (typeof BACKUP_RESOURCES)['devWorkspaces'], labelSelector: string) => {
      const informer = new Informer({
        client,
        clock,
        resource,
        selection: { labelSelector },
        keep: resource === RESOURCES.pods ? podEssentials : essentials,
        onError: (error) =>
          emit({ type: 'warning', message: `${resource.plural} cannot be watched: ${error.message}` }),
      });
      this.#informers.push(informer);
      return informer;
    };
    const workspaces = follow(BACKUP_RESOURCES.devWorkspaces, `${RUN_LABEL}=${run},${RESTORED_LABEL}`);
    const pods = follow(RESOURCES.pods, DWO_LABELS.workspaceName);
    workspaces.onChange((after, before) => this.#follow(after, before));
    pods.onChange((after) => after && this.#followPod(after, signal));
    await abortable(Promise.all([workspaces.start().synced, pods.start().synced]), signal);
  }

  #follow(after: KubeObject | undefined, before: KubeObject | undefined): void {
    const { metadata } = (after ?? before)!;
    const one = this.#byKey.get(objectKey(metadata.namespace, metadata.name));
    if (!one) return;
    if (one.follow(after, this.#site.clock.now())) {
      const { namespace, name, phase, message, id } = one.workspace;
      this.#site.emit({ type: 'workspace', namespace, name, phase: after ? phase : 'Deleted', message, id });
    }
    this.#site.changes.touch();
  }

  #followPod(pod: KubeObject, signal: AbortSignal): void {
    const { namespace, name, labels = {} } = pod.metadata;
    const one = this.#byKey.get(objectKey(namespace, labels[DWO_LABELS.workspaceName] ?? ''));
    const container = one?.followPod(pod);
    if (one && container) {
      const path = `/api/v1/namespaces/${namespace}/pods/${name}/log?container=${container}&tailLines=${LOG_LINES}`;
      const { requests, changes } = this.#site;
      requests
        .text(path, 'get pods/log', signal)
        // The pod is gone, or its node does not answer: its state is known all the same.
        .catch(() => null)
        .then((log) => {
          one.heard(log);
          changes.touch();
        });
    }
    if (one) this.#site.changes.touch();
  }
}

function groupsOf(restored: readonly RestoredWorkspace[]): RestoreFailureGroup[] {
  const failed = restored.filter(({ outcome }) => outcome !== 'ready' && outcome !== 'unfinished');
  return [...Map.groupBy(failed, ({ pattern }) => pattern)]
    .map(([message, all]) => ({ message, count: all.length, example: all[0]!.figures }))
    .sort((a, b) => b.count - a.count);
}

/** What of a pod is kept. */
function podEssentials({ apiVersion, kind, metadata, status }: KubeObject): KubeObject {
  const { managedFields: _managedFields, ...rest } = metadata;
  return { apiVersion, kind, metadata: rest as KubeObject['metadata'], status };
}
