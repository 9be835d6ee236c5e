/**
 * The Jobs of a world, run by a controller and kubelets that are played here: backups, and what cleans a shared claim. Other
 * Jobs stay as they are.
 */
import type { Lifecycle } from '../../../model/lifecycle/lifecycle.ts';
import { hashWords, mixWords, unitNumber } from '../../../model/time/random.ts';
import { spanMs } from '../../../model/time/span.ts';
import type { ClusterAccess } from '../../api/cluster-access.ts';
import type { KubeObject } from '../../api/object.ts';
import { at, items, text } from '../../builtins/fields.ts';
import { podLogsOf } from '../../builtins/index.ts';
import type { StoreChange } from '../../store/store.ts';
import { quotaRefusal } from './admission.ts';
import { finishedStatus, jobPod, jobPodStatus } from './job-objects.ts';
import { JOB_STAGES, type JobMoves, type JobPod, type JobRun, type JobSite } from './job-stages.ts';
import { bytesOf, type Content } from './payload.ts';
import { type Course, hostOf, isInternal, type Registry } from './registry.ts';
import { credentialsOf } from './registry-secrets.ts';
import type { WorldSettings } from './settings.ts';
import { Slots } from './slots.ts';
import type { Volumes } from './volumes.ts';
import { LABELS, RESOURCES, type WorldObjects } from './world-objects.ts';

export interface JobsOptions {
  readonly settings: WorldSettings;
  readonly objects: WorldObjects;
  readonly cluster: ClusterAccess;
  readonly lifecycle: Lifecycle;
  readonly volumes: Volumes;
  readonly registry: Registry;
  /** An image has arrived. */
  onPushed(image: string): void;
}

/** What a backup's pod was told by its environment. */
interface Order {
  readonly image: string;
  readonly claim: string;
  readonly path: string;
  readonly secret: string | undefined;
}

/** Bytes a second that tar and gzip read. */
const ARCHIVE_BYTES_PER_SECOND = 60e6;
/** backoffLimit where nobody says another (kubernetes, pkg/apis/batch/v1/defaults.go). */
const USUAL_BACKOFF_LIMIT = 6;

export class Jobs implements JobMoves {
  readonly site: JobSite;
  readonly #options: JobsOptions;
  /** By uid. */
  readonly #jobs = new Map<string, JobRun>();
  readonly #orders = new Map<JobRun, Order>();
  readonly #courses = new Map<JobPod, { course: Course<() => void>; content: Content }>();
  readonly #places: Slots;

  constructor(options: JobsOptions) {
    this.#options = options;
    this.site = {
      profile: options.settings.profile,
      moves: this,
      claimsPending: false,
      imagePull: 0,
      podsRefused: false,
    };
    this.#places = new Slots(options.settings.podCapacity);
  }

  lookAtAll(): void {
    for (const job of this.#jobs.values()) this.#options.lifecycle.look(job);
  }

  /** Whether a pod is one that uses something now. */
  isBusy(pod: KubeObject): boolean {
    const job = this.#jobs.get(pod.metadata.ownerReferences?.[0]?.uid ?? '');
    return job?.pod?.state === 'working' || job?.pod?.state === 'sending';
  }

  /** Hears every change of the store. */
  follow({ collection, type, record }: StoreChange): void {
    if (collection !== 'batch/jobs') return;
    const { object } = record;
    const { uid = '' } = object.metadata;
    const known = this.#jobs.get(uid);
    if (type === 'ADDED' && isOurs(object)) this.#start(object);
    else if (known && (type === 'DELETED' || object.metadata.deletionTimestamp)) this.#forget(known);
  }

  #start(object: KubeObject): void {
    const { lifecycle, settings } = this.#options;
    const { namespace = '', name = '', uid = '', labels = {} } = object.metadata;
    // Names are drawn; the workspace and how many Jobs came before make the numbers of a run repeat.
    const words = hashWords(`${settings.seed}\njob\n${namespace}\n${labels[LABELS.name]}`);
    const limit = at(object, 'spec', 'backoffLimit');
    const ttl = at(object, 'spec', 'ttlSecondsAfterFinished');
    const job: JobRun = {
      site: this.site,
      namespace,
      name,
      uid,
      backoffLimit: typeof limit === 'number' ? limit : USUAL_BACKOFF_LIMIT,
      ttlMs: typeof ttl === 'number' ? ttl * 1000 : null,
      pod: null,
      pods: 0,
      failures: 0,
      refused: false,
      backingOff: false,
      finished: null,
      random: (purpose, ordinal) => unitNumber(mixWords(mixWords(words, hashWords(purpose).b), ordinal)),
    };
    this.#jobs.set(uid, job);
    const order = orderOf(object);
    if (order) this.#orders.set(job, order);
    lifecycle.add(job, JOB_STAGES, job);
  }

  /** Somebody deleted it. */
  #forget(job: JobRun): void {
    this.#options.lifecycle.remove(job);
    this.#jobs.delete(job.uid);
    this.#orders.delete(job);
    if (!job.pod) return;
    this.#courses.delete(job.pod);
    job.pod.place?.leave();
    job.pod.transfer?.leave();
  }

  // JobMoves

  podCreated(job: JobRun): JobPod | null {
    const { objects, lifecycle } = this.#options;
    const owner = objects.get(RESOURCES.jobs, job.namespace, job.name);
    const created = owner && objects.create(RESOURCES.pods, jobPod(owner));
    if (!created) return null;
    const now = objects.now();
    objects.amend(RESOURCES.jobs, job.namespace, job.name, (live) => ({
      status: {
        startTime: text(live, 'status', 'startTime') || now,
        active: 1,
        ready: 0,
        terminating: 0,
        uncountedTerminatedPods: {},
        ...(job.failures > 0 && { failed: job.failures }),
      },
    }));
    const pod: JobPod = {
      name: created.metadata.name ?? '',
      state: 'pending',
      place: null,
      placed: false,
      transfer: null,
      connected: false,
      ms: 0,
    };
    pod.place = this.#places.enter(() => {
      pod.placed = true;
      lifecycle.look(job);
    });
    if (!pod.placed || this.site.claimsPending) this.#tellPending(job, pod);
    return pod;
  }

  podRefused(job: JobRun): void {
    const why = `pods "${job.name}-" is forbidden: ${quotaRefusal('pods')}`;
    this.#event(job, 'Job', job.name, 'Warning', 'FailedCreate', `Error creating: ${why}`);
  }

  /** Why a pod waits: in its conditions, and as an event. */
  #tellPending(job: JobRun, pod: JobPod): void {
    const { objects } = this.#options;
    const message = this.site.claimsPending
      ? '0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims.'
      : '0/3 nodes are available: 3 Too many pods.';
    const now = objects.now();
    objects.amend(RESOURCES.pods, job.namespace, pod.name, (live) => ({
      status: {
        ...(live.status as object),
        conditions: [
          {
            type: 'PodScheduled',
            status: 'False',
            lastProbeTime: null,
            lastTransitionTime: now,
            reason: 'Unschedulable',
            message,
          },
        ],
      },
    }));
    this.#event(job, 'Pod', pod.name, 'Warning', 'FailedScheduling', message);
  }

  #event(job: JobRun, kind: 'Pod' | 'Job', name: string, type: string, reason: string, message: string): void {
    const { objects } = this.#options;
    const resource = kind === 'Pod' ? RESOURCES.pods : RESOURCES.jobs;
    const live = objects.get(resource, job.namespace, name);
    const now = objects.now();
    objects.create(RESOURCES.events, {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { namespace: job.namespace, generateName: `${name}.` },
      involvedObject: {
        apiVersion: kind === 'Pod' ? 'v1' : 'batch/v1',
        kind,
        namespace: job.namespace,
        name,
        uid: live?.metadata.uid ?? '',
      },
      type,
      reason,
      message,
      count: 1,
      firstTimestamp: now,
      lastTimestamp: now,
      source: { component: kind === 'Pod' ? 'default-scheduler' : 'job-controller' },
    });
  }

  podMoved(job: JobRun, pod: JobPod): void {
    const { objects } = this.#options;
    const reason = pod.state === 'pulling' && this.site.imagePull === 'never' ? 'ImagePullBackOff' : '';
    objects.amend(RESOURCES.pods, job.namespace, pod.name, (live) => jobPodStatus(live, pod, objects.now(), reason));
    if (reason !== '') this.#event(job, 'Pod', pod.name, 'Warning', 'Failed', 'Error: ImagePullBackOff');
  }

  work(job: JobRun, pod: JobPod): number {
    const { volumes, objects, settings } = this.#options;
    const base = spanMs(settings.profile.backup, job.random('backup', job.pods));
    const order = this.#orders.get(job);
    if (!order) return base;
    const content = volumes.read({ namespace: job.namespace, claim: order.claim, path: order.path });
    this.#courses.set(pod, { content, course: { ms: 0, result: () => {} } });
    const owner = objects.get(RESOURCES.jobs, job.namespace, job.name);
    const name = owner?.metadata.labels?.[LABELS.name] ?? '';
    const lines = [
      '+ exec /workspace-recovery.sh --backup',
      `Backing up devworkspace '${name}' in namespace '${job.namespace}' to image '${order.image}'`,
      './',
      ...[...content.keys()].map((entry) => `./${entry}`),
    ];
    this.#say(job, pod, lines.join('\n'));
    return base + (bytesOf(content) / ARCHIVE_BYTES_PER_SECOND) * 1000;
  }

  worked(job: JobRun, pod: JobPod): 'send' | 'succeeded' | 'failed' {
    const { registry, lifecycle } = this.#options;
    if (!this.#orders.has(job)) return 'succeeded';
    pod.transfer = registry.slots.enter(() => {
      pod.connected = true;
      lifecycle.look(job);
    });
    return 'send';
  }

  send(job: JobRun, pod: JobPod): number {
    const { registry, objects } = this.#options;
    const order = this.#orders.get(job);
    const { content = new Map() } = this.#courses.get(pod) ?? {};
    if (!order) return 0;
    const { image } = order;
    const secret = order.secret ? objects.get(RESOURCES.secrets, job.namespace, order.secret) : undefined;
    const credentials = credentialsOf(secret, isInternal(hostOf(image)));
    const course = registry.push({ image, credentials, draw: job.random('push', job.pods) }, content);
    this.#courses.set(pod, { content, course });
    if (course.error === undefined) this.#say(job, pod, 'Uploading devworkspace-backup.tar.gz');
    return course.ms;
  }

  sent(job: JobRun, pod: JobPod): 'succeeded' | 'failed' {
    const { onPushed } = this.#options;
    const course = this.#courses.get(pod)?.course;
    this.#courses.delete(pod);
    const image = this.#orders.get(job)?.image ?? '';
    if (course?.error !== undefined) {
      this.#say(job, pod, course.error);
      return 'failed';
    }
    course?.result?.();
    this.#say(
      job,
      pod,
      `Uploaded  devworkspace-backup.tar.gz\nPushed [registry] ${image}\nBackup completed successfully.`,
    );
    onPushed(image);
    return 'succeeded';
  }

  /** In the log of a backup. */
  #say({ namespace }: JobRun, { name }: JobPod, lines: string): void {
    const { cluster, objects } = this.#options;
    podLogsOf(cluster).append(namespace, name, 'backup-workspace', objects.nowMs(), lines);
  }

  podEnded(job: JobRun, pod: JobPod): void {
    const { objects } = this.#options;
    objects.amend(RESOURCES.pods, job.namespace, pod.name, (live) => jobPodStatus(live, pod, objects.now(), ''));
    if (pod.state === 'succeeded' || job.failures > job.backoffLimit) return;
    objects.amend(RESOURCES.jobs, job.namespace, job.name, (live) => {
      const { active: _active, ...status } = live.status as Record<string, unknown>;
      return { status: { ...status, failed: job.failures } };
    });
  }

  finished(job: JobRun): void {
    const { objects } = this.#options;
    const outcome = job.finished ?? 'Failed';
    const now = objects.now();
    objects.amend(RESOURCES.jobs, job.namespace, job.name, (live) => ({
      status: finishedStatus(live, { outcome, failures: job.failures, now }),
    }));
    const [reason, message] =
      outcome === 'Complete'
        ? ['Completed', 'Job completed']
        : ['BackoffLimitExceeded', 'Job has reached the specified backoff limit'];
    this.#event(job, 'Job', job.name, outcome === 'Complete' ? 'Normal' : 'Warning', reason, message);
  }

  expired(job: JobRun): void {
    // In the foreground, so that the Job is seen with a deletion time before it goes (ttlafterfinished_controller.go).
    this.#options.objects.delete(RESOURCES.jobs, job.namespace, job.name, { propagationPolicy: 'Foreground' });
    this.#jobs.delete(job.uid);
    this.#orders.delete(job);
  }
}

function isOurs(job: KubeObject): boolean {
  const { labels = {}, name = '' } = job.metadata;
  return labels[LABELS.backupJob] === 'true' || (labels[LABELS.id] !== undefined && name.startsWith('cleanup-'));
}

function orderOf(job: KubeObject): Order | undefined {
  const spec = at(job, 'spec', 'template', 'spec');
  const [container] = items(spec, 'containers');
  const value = (name: string) => text(items(container, 'env').find((entry) => entry.name === name) ?? {}, 'value');
  const registry = value('DEVWORKSPACE_BACKUP_REGISTRY');
  if (registry === '') return undefined;
  const volume = (name: string) => items(spec, 'volumes').find((entry) => entry.name === name);
  const secret = text(volume('registry-auth-secret'), 'secret', 'secretName');
  return {
    image: `${registry.replace(/\/$/, '')}/${value('DEVWORKSPACE_NAMESPACE')}/${value('DEVWORKSPACE_NAME')}:latest`,
    claim: text(volume('workspace-data'), 'persistentVolumeClaim', 'claimName'),
    path: value('BACKUP_SOURCE_PATH').replace(/^\/workspace\/+/, ''),
    secret: secret || undefined,
  };
}
