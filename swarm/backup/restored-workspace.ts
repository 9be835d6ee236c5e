/** One workspace that is restored: what was asked for, and what the watches say of it and its pod. */
import type { KubeObject } from '../../model/kube/kube-object.ts';
import { errorLine, patternOf } from './backup-failures.ts';
import type { RestoreCase } from './backup-options.ts';
import { DWO_LABELS, RESTORE_CONTAINER } from './backup-resources.ts';
import { momentOf } from './backup-site.ts';
import type { RestoredFigures, RestoreOutcome } from './restore-figures.ts';
import { Workspace } from './workspace.ts';

interface Terminated {
  exitCode?: number;
  reason?: string;
  message?: string;
  startedAt?: string;
  finishedAt?: string;
}

interface ContainerStatus {
  name: string;
  state?: { waiting?: { reason?: string; message?: string }; terminated?: Terminated };
  lastState?: { terminated?: Terminated };
}

/** What a container cannot come out of by itself: devfile/devworkspace-operator, pkg/library/status/check.go, containerFailureStateReasons. */
const HOPELESS: ReadonlySet<string> = new Set(['ImagePullBackOff', 'CreateContainerError', 'RunContainerError']);

export interface RestoredOptions {
  readonly namespace: string;
  readonly name: string;
  readonly original: Workspace;
  readonly image: string;
  readonly case: RestoreCase | null;
}

export class RestoredWorkspace {
  readonly options: RestoredOptions;
  /** That of the start that restores. */
  workspace: Workspace;
  outcome: RestoreOutcome = 'unfinished';
  deleteMs: number | null = null;
  /** The container that restores has ended well. */
  wasRestored = false;
  /** Why nothing could be asked for; '' for nothing. */
  refusal = '';
  #initMs: number | null = null;
  /** The first that failed. */
  #failed: { pod: string; container: string; reason: string; log: string | null | undefined } | null = null;
  /** What the operator said when it failed: it says less afterwards. */
  #said = '';

  constructor(options: RestoredOptions) {
    this.options = options;
    this.workspace = new Workspace(options.namespace, options.name);
  }

  /** It starts another time. The restore is this start's. */
  startAgain(startedAt: number): void {
    const { uid, id } = this.workspace;
    this.workspace = new Workspace(this.options.namespace, this.options.name);
    this.workspace.uid = uid;
    this.workspace.id = id;
    this.workspace.createdAt = startedAt;
    this.workspace.start = 'starting';
  }

  /** @returns whether something that people see has changed */
  follow(object: KubeObject | undefined, now: number): boolean {
    const changed = this.workspace.follow(object, now);
    if (this.workspace.start === 'failed') this.#said ||= this.workspace.message;
    return changed;
  }

  /** @returns name of a container that has failed by this change, whose log is to be read; null for none */
  followPod(object: KubeObject): string | null {
    const id = object.metadata.labels?.[DWO_LABELS.workspaceId];
    if (this.workspace.id !== '' && id !== this.workspace.id) return null;
    const { initContainerStatuses = [], containerStatuses = [] } = (object.status ?? {}) as {
      initContainerStatuses?: ContainerStatus[];
      containerStatuses?: ContainerStatus[];
    };
    const ended = initContainerStatuses.find(({ name }) => name === RESTORE_CONTAINER)?.state?.terminated;
    if (ended?.exitCode === 0) {
      this.wasRestored = true;
      const [from, to] = [momentOf(ended.startedAt), momentOf(ended.finishedAt)];
      if (from !== null && to !== null) this.#initMs = Math.max(0, to - from);
    }
    if (this.#failed !== null || this.workspace.start === 'ready' || object.metadata.deletionTimestamp) return null;
    for (const { name, state, lastState } of [...initContainerStatuses, ...containerStatuses]) {
      const dead = [state?.terminated, lastState?.terminated].find((one) => (one?.exitCode ?? 0) !== 0);
      const { reason = '', message = '' } = state?.waiting ?? {};
      if (!dead && !HOPELESS.has(reason)) continue;
      const why = dead ? dead.message || dead.reason || `exit code ${dead.exitCode}` : `${reason}: ${message}`;
      this.#failed = { pod: object.metadata.name, container: name, reason: why, log: dead ? undefined : null };
      return dead ? name : null;
    }
    return null;
  }

  /** @param log null when it could not be read */
  heard(log: string | null): void {
    if (this.#failed) this.#failed.log = log;
  }

  /** All is known of why it failed that will be. */
  get isExplained(): boolean {
    if (this.#failed) return this.#failed.log !== undefined;
    // Without the failure of a container there is nothing to wait for but what was said.
    return this.#said !== '' && !/container/i.test(this.#said);
  }

  get #asExpected(): boolean {
    switch (this.options.case) {
      case null:
      case 'non-empty':
        return this.outcome === 'ready';
      default:
        // Anything else that fails is another failure than the one that was brought about.
        return this.outcome === 'failed' && this.#failed?.container === RESTORE_CONTAINER;
    }
  }

  get figures(): RestoredFigures {
    const { namespace, name, original, image, case: kind } = this.options;
    const { createdAt, readyAt } = this.workspace;
    return {
      namespace,
      name,
      original: `${original.namespace}/${original.name}`,
      case: kind,
      image,
      outcome: this.outcome,
      asExpected: this.#asExpected,
      message: this.outcome === 'ready' ? '' : this.#message,
      failedContainer: this.outcome === 'ready' ? '' : (this.#failed?.container ?? ''),
      deleteMs: this.deleteMs,
      readyMs: createdAt === null || readyAt === null ? null : Math.max(0, readyAt - createdAt),
      initMs: this.#initMs,
    };
  }

  /** Its message without names and numbers. */
  get pattern(): string {
    const { namespace, name, original } = this.options;
    const names: [string, string][] = [
      [this.#failed?.pod ?? '', '<pod>'],
      [original.name, '<workspace>'],
      [name, '<workspace>'],
      [original.namespace, '<namespace>'],
      [namespace, '<namespace>'],
    ];
    return patternOf(
      this.#message,
      names.filter(([one]) => one !== ''),
    );
  }

  get #message(): string {
    if (this.refusal !== '') return this.refusal;
    const said = this.#said || this.workspace.message;
    if (this.#failed) return errorLine(this.#failed.log ?? '') ?? `${this.#failed.container}: ${this.#failed.reason}`;
    if (this.workspace.isGone) return 'it was deleted by somebody';
    if (this.outcome === 'timed-out') return `not ready in time: phase ${this.workspace.phase || 'unknown'}, ${said}`;
    return said;
  }
}
