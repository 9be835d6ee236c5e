/** One DevWorkspace of a run: what was asked for, and what the watch says of it. */
import { conditionOf, type KubeObject } from '../../model/kube/kube-object.ts';
import type { Start } from './backup-figures.ts';
import { DWO_ANNOTATIONS } from './backup-resources.ts';
import { momentOf } from './backup-site.ts';

/** Phases that a workspace does not leave for Running: devfile/devworkspace-operator, controllers/workspace/status.go. */
const FAILED: ReadonlySet<string> = new Set(['Failing', 'Failed', 'Error']);

export class Workspace {
  readonly namespace: string;
  readonly name: string;
  uid = '';
  start: Start = 'planned';
  /** As the watch has it. */
  phase = '';
  message = '';
  /** What was said when it could not be made, or could not be asked to stop. */
  refusal = '';
  id = '';
  isGone = false;
  createdAt: number | null = null;
  readyAt: number | null = null;
  stopAskedAt: number | null = null;
  stopRefused = false;
  /** When the watch said so. */
  stoppedAt: number | null = null;
  /** When the operator says that it was; whole seconds of the cluster's clock. */
  stoppedSince: number | null = null;
  /** What the operator has noted of the last backup; null for nothing. */
  lastBackup: { readonly successful: boolean; readonly error: string } | null = null;
  /** Resolves when it is ready, has failed, or is gone. */
  readonly settled = Promise.withResolvers<void>();
  readonly gone = Promise.withResolvers<void>();

  constructor(namespace: string, name: string) {
    this.namespace = namespace;
    this.name = name;
  }

  get exists(): boolean {
    return this.uid !== '' && !this.isGone;
  }

  /** A backup is due for it. */
  get isStopped(): boolean {
    return this.exists && this.phase === 'Stopped';
  }

  /** @returns whether something that people see has changed */
  follow(object: KubeObject | undefined, now: number): boolean {
    if (object === undefined) {
      this.isGone = true;
      this.settled.resolve();
      this.gone.resolve();
      return true;
    }
    const {
      phase = '',
      message = '',
      devworkspaceId = '',
    } = (object.status ?? {}) as Record<string, string | undefined>;
    const changed = phase !== this.phase || message !== this.message;
    this.uid = object.metadata.uid ?? this.uid;
    this.phase = phase;
    this.message = message;
    this.id = devworkspaceId;
    const annotations = object.metadata.annotations ?? {};
    const successful = annotations[DWO_ANNOTATIONS.backupSuccessful];
    if (successful !== undefined) {
      this.lastBackup = { successful: successful === 'true', error: annotations[DWO_ANNOTATIONS.backupError] ?? '' };
    }
    if (this.start === 'starting' || this.start === 'planned') {
      if (phase === 'Running') {
        this.start = 'ready';
        this.readyAt = now;
        this.settled.resolve();
      } else if (FAILED.has(phase)) {
        this.start = 'failed';
        this.settled.resolve();
      }
    }
    if (phase === 'Stopped' && this.stopAskedAt !== null && this.stoppedAt === null) {
      this.stoppedAt = now;
      this.stoppedSince = momentOf(conditionOf(object, 'Started')?.lastTransitionTime);
    }
    return changed;
  }
}
