/** A pod of a backup Job: what is kept of it once it is gone. */
import { conditionOf, type KubeObject } from '../../model/kube/kube-object.ts';
import { BACKUP_CONTAINER } from './backup-resources.ts';
import { momentOf } from './backup-site.ts';

interface ContainerStatus {
  name?: string;
  state?: {
    waiting?: { reason?: string; message?: string };
    running?: { startedAt?: string };
    terminated?: { exitCode?: number; reason?: string; message?: string; startedAt?: string };
  };
}

export class BackupPod {
  readonly namespace: string;
  readonly name: string;
  readonly seenAt: number;
  phase = '';
  /** Of the cluster, in whole seconds; null before. */
  containerStartedAt: number | null = null;
  /** Of its container's end; null while there is none. */
  exitCode: number | null = null;
  reason = '';
  message = '';
  /** Why it waits, while it does. */
  waiting: { reason: string; message: string } = { reason: '', message: '' };

  constructor({ metadata: { namespace = '', name } }: KubeObject, seenAt: number) {
    this.namespace = namespace;
    this.name = name;
    this.seenAt = seenAt;
  }

  get hasEnded(): boolean {
    return this.hasFailed || this.phase === 'Succeeded';
  }

  get hasFailed(): boolean {
    return this.phase === 'Failed';
  }

  /** @returns whether it has failed by this very change */
  follow(object: KubeObject): boolean {
    const failedBefore = this.hasFailed;
    const status = (object.status ?? {}) as {
      phase?: string;
      reason?: string;
      message?: string;
      containerStatuses?: ContainerStatus[];
    };
    this.phase = status.phase ?? '';
    // Beside those that a service mesh may have put into the pod.
    const state = status.containerStatuses?.find(({ name }) => name === BACKUP_CONTAINER)?.state ?? {};
    const startedAt = state.terminated?.startedAt ?? state.running?.startedAt;
    this.containerStartedAt ??= momentOf(startedAt);
    if (state.terminated) this.exitCode = state.terminated.exitCode ?? null;
    this.reason = status.reason ?? state.terminated?.reason ?? '';
    this.message = status.message ?? state.terminated?.message ?? '';
    const scheduled = conditionOf(object, 'PodScheduled');
    const unscheduled = scheduled?.status === 'False' ? scheduled : undefined;
    this.waiting = {
      reason: unscheduled?.reason ?? state.waiting?.reason ?? 'Pending',
      message: unscheduled?.message ?? state.waiting?.message ?? '',
    };
    return this.hasFailed && !failedBefore;
  }
}
