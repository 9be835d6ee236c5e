/**
 * The backup Jobs of a run's workspaces and their pods, by uid and as the watch has shown them: a Job that has been deleted since,
 * as all are two minutes after their end, counts like any other.
 */
import { conditionOf, type KubeObject, keyOf, objectKey } from '../../model/kube/kube-object.ts';
import { RESOURCES } from '../../model/kube/resources.ts';
import type { JobFigures, PendingGroup, QueueFigures, QueuePoint } from './backup-figures.ts';
import { SINGLE_NAMESPACE } from './backup-options.ts';
import { BackupPod } from './backup-pod.ts';
import { BACKUP_RESOURCES, DWO_LABELS, JOB_POD_SELECTOR } from './backup-resources.ts';
import { type BackupSite, momentOf } from './backup-site.ts';
import { ClusterWatch } from './cluster-watch.ts';
import type { JobDurations } from './durations.ts';
import { countBy, slopeOf, spreadOf } from './spread.ts';
import type { Workspace } from './workspace.ts';
import type { Workspaces } from './workspaces.ts';

export interface BackupJob {
  readonly uid: string;
  readonly name: string;
  readonly workspace: Workspace;
  /** Moments are the cluster's, in whole seconds. */
  readonly createdAt: number;
  startedAt: number | null;
  endedAt: number | null;
  outcome: 'succeeded' | 'failed' | null;
  /** Deleted before it had ended. */
  vanished: boolean;
  /** Of the condition that says that it failed. */
  message: string;
  readonly pods: ReadonlyMap<string, BackupPod>;
  /** Pods that have ended, as its own status counts them. */
  endedPods: number;
}

interface JobStatus {
  active?: number;
  succeeded?: number;
  failed?: number;
  startTime?: string;
  completionTime?: string;
}

/** Milliseconds for which a pod may wait without being told of. */
const PENDING_MS = 60_000;

export class BackupJobs {
  readonly #site: BackupSite;
  readonly #workspaces: Workspaces;
  readonly #onPodFailed: (pod: BackupPod, job: BackupJob) => void;
  readonly #jobs = new Map<string, BackupJob>();
  readonly #unended = new Set<BackupJob>();
  readonly #ofWorkspace = new Map<Workspace, BackupJob[]>();
  /** By uid of their Job, whose own news may come later than theirs. */
  readonly #pods = new Map<string, Map<string, BackupPod>>();
  /** Job's uid by `namespace/name` of a pod. */
  readonly #podJobs = new Map<string, string>();
  readonly #watches: ClusterWatch[] = [];
  readonly #points: QueuePoint[] = [];
  #succeeded = 0;
  #failed = 0;
  #peak = 0;
  #peakAt: number | null = null;

  constructor(site: BackupSite, workspaces: Workspaces, onPodFailed: (pod: BackupPod, job: BackupJob) => void) {
    this.#site = site;
    this.#workspaces = workspaces;
    this.#onPodFailed = onPodFailed;
  }

  /** Begins to follow Jobs and pods; resolves when what is there is known. @throws Error when that does not come; the signal's reason */
  async watch(signal: AbortSignal): Promise<void> {
    const { options } = this.#site;
    const where = options.separateNamespaces ? {} : { namespace: SINGLE_NAMESPACE };
    const follow = (
      resource: (typeof BACKUP_RESOURCES)['jobs'] | (typeof RESOURCES)['pods'],
      labelSelector: string,
    ) => {
      const watch = new ClusterWatch(this.#site, {
        resource,
        selection: { ...where, labelSelector },
        keep: withoutSpec,
      });
      this.#watches.push(watch);
      return watch;
    };
    const jobs = follow(BACKUP_RESOURCES.jobs, `${DWO_LABELS.backupJob}=true`);
    const pods = follow(RESOURCES.pods, JOB_POD_SELECTOR);
    jobs.informer.onChange((after, before) => this.#followJob(after, before));
    pods.informer.onChange((after, before) => this.#followPod(after, before));
    await Promise.all([jobs.start(signal), pods.start(signal)]);
  }

  async close(): Promise<void> {
    await Promise.all(this.#watches.map((watch) => watch.stop()));
  }

  /** Something has happened that the watches have not shown, or may not have. */
  get isBehind(): boolean {
    if (this.#watches.some(({ informer }) => !informer.isWatching)) return true;
    const due = this.#workspaces.all.filter(({ isStopped }) => isStopped);
    if (due.length > 0 && this.total === 0) return true;
    return (
      due.some((one) => one.lastBackup !== null && this.of(one).every(({ outcome }) => outcome === null)) ||
      [...this.all].some(
        ({ pods, endedPods }) => [...pods.values()].filter(({ hasEnded }) => hasEnded).length < endedPods,
      )
    );
  }

  /** Waits until all is known that has happened up to now, as long as a cluster that is away is waited for. @throws the signal's reason */
  async catchUp(signal: AbortSignal): Promise<void> {
    const known = await Promise.all(this.#watches.map((watch) => watch.catchUp(signal)));
    if (known.every(Boolean)) return;
    const message = 'the cluster does not show all that has happened: Jobs and pods may be missing in the figures';
    this.#site.emit({ type: 'warning', message });
  }

  get all(): IterableIterator<BackupJob> {
    return this.#jobs.values();
  }

  get total(): number {
    return this.#jobs.size;
  }

  get succeeded(): number {
    return this.#succeeded;
  }

  get failed(): number {
    return this.#failed;
  }

  /** Those that have not ended, as they came. */
  get underWay(): ReadonlySet<BackupJob> {
    return this.#unended;
  }

  of(workspace: Workspace): readonly BackupJob[] {
    return this.#ofWorkspace.get(workspace) ?? [];
  }

  /** Whether a pod is that of one of these Jobs. */
  hasPod(namespace: string | undefined, name: string): boolean {
    return this.#jobs.has(this.#podJobs.get(objectKey(namespace, name)) ?? '');
  }

  /** Notes how many there are now. */
  mark(): void {
    let running = 0;
    let pending = 0;
    for (const { pods } of this.#unended) {
      if ([...pods.values()].some(({ phase }) => phase === 'Running')) running += 1;
      else pending += 1;
    }
    this.#points.push({
      at: this.#site.clock.now(),
      created: this.total,
      succeeded: this.#succeeded,
      failed: this.#failed,
      pending,
      running,
      waiting: this.#workspaces.count((one) => one.isStopped && this.of(one).length === 0),
    });
  }

  /** @param appliedAt when the configuration was, by the clock of the cluster; null counts from the stop alone */
  figures(appliedAt: number | null): JobFigures {
    const jobs = [...this.#jobs.values()];
    const stopped = this.#workspaces.all.filter(({ isStopped }) => isStopped);
    const pods = jobs.reduce((sum, job) => sum + podsOf(job), 0);
    const durations = this.durations(appliedAt);
    return {
      total: jobs.length,
      succeeded: this.#succeeded,
      failed: this.#failed,
      unfinished: this.#unended.size + jobs.filter(({ vanished }) => vanished).length,
      vanished: jobs.filter(({ vanished }) => vanished).length,
      pods,
      retries: jobs.reduce((sum, job) => sum + Math.max(0, podsOf(job) - 1), 0),
      jobsByPods: countBy(jobs, podsOf),
      workspacesByJobs: countBy(stopped, (one) => this.of(one).length),
      successRate: { hits: this.#succeeded, of: jobs.length },
      failureRate: { hits: this.#failed, of: jobs.length },
      creationLagMs: spreadOf(durations.creationLagMs),
      waitMs: spreadOf(durations.waitMs),
      runMs: spreadOf(durations.runMs),
      totalMs: spreadOf(durations.totalMs),
    };
  }

  /** What {@link figures} has the spreads of. @param appliedAt as there */
  durations(appliedAt: number | null): JobDurations {
    const jobs = [...this.#jobs.values()];
    const ended = jobs.filter(({ endedAt }) => endedAt !== null);
    return {
      creationLagMs: [...this.#ofWorkspace].flatMap(([workspace, [first]]) => {
        const since = Math.max(workspace.stoppedSince ?? 0, appliedAt ?? 0);
        return first && since > 0 ? [Math.max(0, first.createdAt - since)] : [];
      }),
      waitMs: jobs.flatMap((job) => {
        const at = firstStart(job);
        return at === null ? [] : [Math.max(0, at - job.createdAt)];
      }),
      runMs: ended.flatMap((job) => {
        const at = firstStart(job);
        return at === null ? [] : [Math.max(0, job.endedAt! - at)];
      }),
      totalMs: ended.map(({ endedAt, createdAt }) => Math.max(0, endedAt! - createdAt)),
    };
  }

  get queue(): QueueFigures {
    const points = this.#points;
    const open = (point: QueuePoint) => point.pending + point.running;
    return {
      points,
      peak: this.#peak,
      peakAt: this.#peakAt,
      growthPerMinute: slopeOf(points.map((point) => [point.at / 60_000, open(point)] as const)),
    };
  }

  /** Pods of Jobs that have not ended which wait now, and have for a minute. */
  get pending(): PendingGroup[] {
    const groups = new Map<string, { reason: string; message: string; count: number; example: string }>();
    const now = this.#site.clock.now();
    for (const job of this.#unended) {
      for (const pod of job.pods.values()) {
        if (pod.phase !== 'Pending' || now - pod.seenAt < PENDING_MS) continue;
        const { reason, message } = pod.waiting;
        const group = groups.get(`${reason}\n${message}`);
        if (group) group.count += 1;
        else
          groups.set(`${reason}\n${message}`, { reason, message, count: 1, example: `${pod.namespace}/${pod.name}` });
      }
    }
    return [...groups.values()].sort((a, b) => b.count - a.count);
  }

  #followJob(after: KubeObject | undefined, before: KubeObject | undefined): void {
    const object = (after ?? before)!;
    const uid = object.metadata.uid!;
    let job = this.#jobs.get(uid);
    if (!job) {
      const workspace = this.#workspaceOf(object);
      if (!workspace || !after) return;
      job = {
        uid,
        name: object.metadata.name,
        workspace,
        createdAt: momentOf(object.metadata.creationTimestamp) ?? this.#site.clock.now(),
        startedAt: null,
        endedAt: null,
        outcome: null,
        vanished: false,
        message: '',
        pods: this.#podsOf(uid),
        endedPods: 0,
      };
      this.#jobs.set(uid, job);
      this.#unended.add(job);
      if (this.#unended.size > this.#peak) {
        this.#peak = this.#unended.size;
        this.#peakAt = this.#site.clock.now();
      }
      const known = this.#ofWorkspace.get(workspace);
      if (known) known.push(job);
      else this.#ofWorkspace.set(workspace, [job]);
      // Those whose news came first.
      for (const pod of job.pods.values()) if (pod.hasFailed) this.#onPodFailed(pod, job);
    }
    if (job.outcome === null) this.#look(job, object, after === undefined);
    this.#tell(job, object, after === undefined);
    this.#site.changes.touch();
  }

  #look(job: BackupJob, object: KubeObject, isGone: boolean): void {
    const { startTime, completionTime, succeeded = 0, failed: lost = 0 } = (object.status ?? {}) as JobStatus;
    job.endedPods = Math.max(job.endedPods, succeeded + lost);
    job.startedAt = momentOf(startTime) ?? job.startedAt;
    const complete = conditionOf(object, 'Complete');
    const failed = conditionOf(object, 'Failed');
    if (complete?.status === 'True') {
      job.outcome = 'succeeded';
      job.endedAt = momentOf(completionTime) ?? momentOf(complete.lastTransitionTime);
      this.#succeeded += 1;
    } else if (failed?.status === 'True') {
      job.outcome = 'failed';
      job.endedAt = momentOf(failed.lastTransitionTime);
      job.message = failed.message ?? failed.reason ?? '';
      this.#failed += 1;
    } else if (isGone) job.vanished = true;
    else return;
    this.#unended.delete(job);
  }

  #tell(job: BackupJob, object: KubeObject, isGone: boolean): void {
    const { succeeded = 0 } = (object.status ?? {}) as JobStatus;
    const { uid, name, workspace, startedAt, endedAt, createdAt } = job;
    const under = ['Complete', 'Failed', 'FailureTarget', 'SuccessCriteriaMet'].find(
      (type) => conditionOf(object, type)?.status === 'True',
    );
    const status = isGone ? 'Deleted' : (under ?? 'Running');
    this.#site.emit({
      type: 'job',
      job: {
        uid,
        namespace: workspace.namespace,
        name,
        workspace: workspace.name,
        status,
        succeeded,
        completions: 1,
        startedAt,
        endedAt,
        createdAt,
      },
    });
  }

  /** By its owner: labels anybody can give, and their workspace may have been another of the same name. */
  #workspaceOf({ metadata: { namespace = '', ownerReferences = [] } }: KubeObject): Workspace | undefined {
    const owner = ownerReferences.find(({ kind }) => kind === BACKUP_RESOURCES.devWorkspaces.kind);
    const named = owner && this.#workspaces.ofName(namespace, owner.name);
    return named && named.uid !== '' && named.uid !== owner.uid ? undefined : named;
  }

  #podsOf(job: string): Map<string, BackupPod> {
    let pods = this.#pods.get(job);
    if (!pods) {
      pods = new Map();
      this.#pods.set(job, pods);
    }
    return pods;
  }

  #followPod(after: KubeObject | undefined, before: KubeObject | undefined): void {
    const object = (after ?? before)!;
    const owner = object.metadata.ownerReferences?.find(({ kind }) => kind === BACKUP_RESOURCES.jobs.kind);
    if (!owner) return;
    const pods = this.#podsOf(owner.uid);
    const uid = object.metadata.uid!;
    let pod = pods.get(uid);
    if (!pod) {
      pod = new BackupPod(object, this.#site.clock.now());
      pods.set(uid, pod);
      this.#podJobs.set(keyOf(object), owner.uid);
    }
    const failedNow = pod.follow(object);
    const job = this.#jobs.get(owner.uid);
    if (failedNow && job) this.#onPodFailed(pod, job);
    if (job) this.#site.changes.touch();
  }
}

/** Of pods whose news got lost their Job has the number. */
export function podsOf({ pods, endedPods }: BackupJob): number {
  return Math.max(pods.size, endedPods);
}

function firstStart({ pods }: BackupJob): number | null {
  let first: number | null = null;
  for (const { containerStartedAt } of pods.values()) {
    if (containerStartedAt !== null && (first === null || containerStartedAt < first)) first = containerStartedAt;
  }
  return first;
}

/** What of a Job or a pod is kept. */
function withoutSpec({ apiVersion, kind, metadata, status }: KubeObject): KubeObject {
  const { managedFields: _managedFields, ...rest } = metadata;
  return { apiVersion, kind, metadata: rest as KubeObject['metadata'], status };
}
