/**
 * The life of a Job as rows of the lifecycle: what the Job's controller does (kubernetes, pkg/controller/job/job_controller.go,
 * pkg/controller/ttlafterfinished), and what happens to its pods. The view is told by {@link JobMoves}.
 *
 *   created ─▶ pod: pending ─▶ pulling ─▶ working ─▶ sending ─▶ Succeeded ─▶ Complete ──ttl──▶ deleted with its pods
 *                 ▲                          └──────────┴─────▶ Failed ─┬──▶ Failed   ──ttl──▶ …
 *                 └───────────── back-off: 10 s, 20 s … 6 min ──────────┘ too often
 */
import { type Stage, stageTable } from '../../../model/lifecycle/lifecycle.ts';
import type { Draws } from '../../../model/time/random.ts';
import type { WorldProfile } from './settings.ts';
import type { Turn } from './slots.ts';

export interface JobSite {
  readonly profile: WorldProfile;
  readonly moves: JobMoves;
  claimsPending: boolean;
  imagePull: number | 'never';
  /** A quota leaves no room for pods. */
  podsRefused: boolean;
}

export type JobPodState = 'pending' | 'pulling' | 'working' | 'sending' | 'succeeded' | 'failed';

export interface JobPod {
  readonly name: string;
  state: JobPodState;
  /** It has a place on a node, and holds it. */
  place: Turn | null;
  placed: boolean;
  /** It has a place at the registry. */
  transfer: Turn | null;
  connected: boolean;
  /** Milliseconds of what it does now. */
  ms: number;
}

export interface JobRun extends Draws {
  readonly site: JobSite;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly backoffLimit: number;
  /** Milliseconds that it stays after its end; null: for ever. */
  readonly ttlMs: number | null;
  pod: JobPod | null;
  /** Pods so far, and those of them that failed. */
  pods: number;
  failures: number;
  /** Its next pod was refused, and that was told. */
  refused: boolean;
  /** The next pod waits for the end of a back-off. */
  backingOff: boolean;
  finished: 'Complete' | 'Failed' | null;
}

/** What a view is told, at the moment it happens. */
export interface JobMoves {
  podCreated(job: JobRun): JobPod | null;
  podRefused(job: JobRun): void;
  podMoved(job: JobRun, pod: JobPod): void;
  /** @returns milliseconds that the pod works before it sends; with an error, until it fails */
  work(job: JobRun, pod: JobPod): number;
  /** @returns whether there is something to send; else the pod is through, or has failed */
  worked(job: JobRun, pod: JobPod): 'send' | 'succeeded' | 'failed';
  /** @returns milliseconds of the transfer */
  send(job: JobRun, pod: JobPod): number;
  sent(job: JobRun, pod: JobPod): 'succeeded' | 'failed';
  podEnded(job: JobRun, pod: JobPod): void;
  finished(job: JobRun): void;
  expired(job: JobRun): void;
}

const BACKOFF_MS = 10_000;
const MOST_BACKOFF_MS = 360_000;

/** pkg/controller/job/backoff_utils.go: doubled with each failure. */
export function backoffMs(failures: number): number {
  return Math.min(MOST_BACKOFF_MS, BACKOFF_MS * 2 ** (failures - 1));
}

function podStep(
  name: string,
  from: JobPodState,
  rest: {
    when?: (job: JobRun, pod: JobPod) => boolean;
    delay: (job: JobRun, pod: JobPod) => { delayMs: number; jitterMs: number };
    effect: (job: JobRun, pod: JobPod) => void;
  },
): Stage<JobRun> {
  const { when = () => true } = rest;
  return {
    name,
    group: 'pod',
    when: (job) => job.pod?.state === from && when(job, job.pod),
    delay: (job) => rest.delay(job, job.pod!),
    effect: (job) => rest.effect(job, job.pod!),
  };
}

function move(job: JobRun, pod: JobPod, state: JobPodState): void {
  pod.state = state;
  if (state !== 'succeeded' && state !== 'failed') {
    job.site.moves.podMoved(job, pod);
    return;
  }
  pod.place?.leave();
  pod.transfer?.leave();
  if (state === 'failed') job.failures += 1;
  job.site.moves.podEnded(job, pod);
  if (state === 'failed' && job.failures <= job.backoffLimit) {
    job.pod = null;
    job.backingOff = true;
  }
}

export const JOB_STAGES = stageTable<JobRun>([
  {
    name: 'back-off',
    group: 'job',
    when: ({ backingOff }) => backingOff,
    delay: ({ failures }) => ({ delayMs: backoffMs(failures), jitterMs: 0 }),
    effect: (job) => {
      job.backingOff = false;
    },
  },
  {
    name: 'pod',
    group: 'job',
    when: ({ pod, finished, backingOff, site }) =>
      pod === null && finished === null && !backingOff && !site.podsRefused,
    delay: ({ site }) => site.profile.jobPod,
    effect: (job) => {
      job.refused = false;
      job.pods += 1;
      job.pod = job.site.moves.podCreated(job);
    },
  },
  {
    name: 'refused pod',
    group: 'job',
    when: ({ pod, finished, backingOff, refused, site }) =>
      pod === null && finished === null && !backingOff && !refused && site.podsRefused,
    delay: ({ site }) => site.profile.jobPod,
    effect: (job) => {
      job.refused = true;
      job.site.moves.podRefused(job);
    },
  },
  podStep('schedule', 'pending', {
    when: ({ site }, { placed }) => placed && !site.claimsPending,
    delay: ({ site }) => site.profile.schedule,
    effect: (job, pod) => move(job, pod, 'pulling'),
  }),
  podStep('pull', 'pulling', {
    when: ({ site }) => site.imagePull !== 'never',
    delay: ({ site }) => {
      const { delayMs, jitterMs } = site.profile.imagePull;
      return { delayMs: delayMs + (site.imagePull === 'never' ? 0 : site.imagePull), jitterMs };
    },
    effect: (job, pod) => {
      pod.ms = job.site.moves.work(job, pod);
      move(job, pod, 'working');
    },
  }),
  podStep('work', 'working', {
    delay: (_job, { ms }) => ({ delayMs: ms, jitterMs: 0 }),
    effect: (job, pod) => {
      const outcome = job.site.moves.worked(job, pod);
      if (outcome === 'send') pod.state = 'sending';
      else move(job, pod, outcome);
    },
  }),
  podStep('send', 'sending', {
    when: (_job, { connected }) => connected,
    delay: (job, pod) => ({ delayMs: job.site.moves.send(job, pod), jitterMs: 0 }),
    effect: (job, pod) => move(job, pod, job.site.moves.sent(job, pod)),
  }),
  {
    name: 'end',
    group: 'job',
    when: ({ pod, finished }) => finished === null && (pod?.state === 'succeeded' || pod?.state === 'failed'),
    delay: ({ site }) => site.profile.jobEnd,
    effect: (job) => {
      job.finished = job.pod?.state === 'succeeded' ? 'Complete' : 'Failed';
      job.site.moves.finished(job);
    },
  },
  {
    name: 'ttl',
    when: ({ finished, ttlMs }) => finished !== null && ttlMs !== null,
    delay: ({ ttlMs }) => ({ delayMs: ttlMs ?? 0, jitterMs: 0 }),
    effect: (job, lifecycle) => {
      lifecycle.remove(job);
      job.site.moves.expired(job);
    },
  },
]);
