/** All DevWorkspaces of a run: made, waited for, stopped; each written down in the ledger before it is made. */
import { type KubeObject, objectKey } from '../../model/kube/kube-object.ts';
import { RESOURCES } from '../../model/kube/resources.ts';
import { RUN_LABEL } from '../../model/kube/run-label.ts';
import type { LoadFigures, StopFigures } from './backup-figures.ts';
import { namespaceName, SINGLE_NAMESPACE, workspaceName } from './backup-options.ts';
import { BACKUP_RESOURCES, DWO_LABELS } from './backup-resources.ts';
import { abortable, type BackupSite, deadlineSignal } from './backup-site.ts';
import { ClusterWatch } from './cluster-watch.ts';
import type { WorkspaceDurations } from './durations.ts';
import { markerOf, withPayloadProof } from './payload.ts';
import { head, makeObject, messageOf } from './run-objects.ts';
import { spreadOf } from './spread.ts';
import { Workspace } from './workspace.ts';
import type { WorkspaceSpec } from './workspace-template.ts';

export class Workspaces {
  readonly all: readonly Workspace[];
  readonly #site: BackupSite;
  readonly #byKey = new Map<string, Workspace>();
  readonly #byUid = new Map<string, Workspace>();
  readonly #createMs: number[] = [];
  readonly #deleteMs: number[] = [];
  #watch: ClusterWatch | null = null;

  constructor(site: BackupSite) {
    this.#site = site;
    const { options } = site;
    this.all = Array.from(
      { length: options.workspaces },
      (_, index) => new Workspace(namespaceName(options, index), workspaceName(index)),
    );
    for (const one of this.all) this.#byKey.set(objectKey(one.namespace, one.name), one);
  }

  ofUid(uid: string): Workspace | undefined {
    return this.#byUid.get(uid);
  }

  ofName(namespace: string, name: string): Workspace | undefined {
    return this.#byKey.get(objectKey(namespace, name));
  }

  count(is: (workspace: Workspace) => boolean): number {
    let count = 0;
    for (const one of this.all) if (is(one)) count += 1;
    return count;
  }

  /** Begins to follow them. @throws Error when the first list does not come; the signal's reason */
  async watch(signal: AbortSignal): Promise<void> {
    const { run, options } = this.#site;
    this.#watch = new ClusterWatch(this.#site, {
      resource: BACKUP_RESOURCES.devWorkspaces,
      selection: {
        labelSelector: `${RUN_LABEL}=${run}`,
        ...(!options.separateNamespaces && { namespace: SINGLE_NAMESPACE }),
      },
      keep: essentials,
    });
    this.#watch.informer.onChange((after, before) => this.#follow(after, before));
    await this.#watch.start(signal);
  }

  async close(): Promise<void> {
    await this.#watch?.stop();
  }

  /**
   * Makes all of them and waits for each; at most `maxStarting` are on their way at once.
   * @param onMade called when the last request for a creation has been answered
   * @throws the signal's reason; what goes wrong with one workspace is in its state
   */
  async bringUp(signal: AbortSignal, onMade: () => void): Promise<void> {
    const { options, clock } = this.#site;
    const making = deadlineSignal(clock, options.testDurationMs, signal);
    let next = 0;
    let made = 0;
    const work = async () => {
      for (;;) {
        const one = this.all[next++];
        if (!one) return;
        await this.#make(one, making.signal);
        if (++made === this.all.length) onMade();
        signal.throwIfAborted();
        if (one.start === 'not-made') continue;
        await this.#untilSettled(one, signal);
        if (options.deleteAfterReady && one.exists) await this.#remove(one, signal);
      }
    };
    try {
      if (!options.separateNamespaces) await this.#makeNamespace(SINGLE_NAMESPACE, making.signal);
      const workers = Array.from({ length: Math.min(options.maxStarting, this.all.length) }, work);
      // Whatever ends one of them: what the others have asked for is answered before it is taken away.
      await Promise.allSettled(workers);
      signal.throwIfAborted();
      await Promise.all(workers);
    } finally {
      making.cancel();
    }
  }

  /**
   * Asks all that are there and have not failed to stop. @param withinMs milliseconds of the clock for which a request is repeated
   * @returns how many; the rest is seen on the watch
   */
  async stopAll(withinMs: number, signal: AbortSignal): Promise<number> {
    const { clock, requests, changes } = this.#site;
    const asking = deadlineSignal(clock, withinMs, signal);
    const targets = this.all.filter((one) => one.exists && one.start !== 'failed');
    await Promise.all(
      targets.map(async (one) => {
        try {
          await requests.ask((client) => {
            one.stopAskedAt ??= clock.now();
            const patch = { spec: { started: false } };
            return client.patch(BACKUP_RESOURCES.devWorkspaces, one.namespace, one.name, patch);
          }, asking.signal);
        } catch (error) {
          one.stopRefused = true;
          one.refusal = messageOf(error);
        }
        changes.touch();
      }),
    );
    asking.cancel();
    return targets.length;
  }

  get load(): LoadFigures {
    return {
      planned: this.all.length,
      created: this.count(({ uid }) => uid !== ''),
      createFailed: this.count(({ start }) => start === 'not-made'),
      ready: this.count(({ start }) => start === 'ready'),
      readyFailed: this.count(({ start }) => start === 'failed'),
      readyTimedOut: this.count(({ start }) => start === 'timed-out'),
      createMs: spreadOf(this.#createMs),
      readyMs: spreadOf(this.durations.readyMs),
      deleteMs: spreadOf(this.#deleteMs),
    };
  }

  get stop(): StopFigures {
    const asked = this.all.filter(({ stopAskedAt }) => stopAskedAt !== null);
    const stopped = asked.filter(({ stoppedAt }) => stoppedAt !== null);
    return {
      requested: asked.length,
      stopped: stopped.length,
      failed: asked.length - stopped.length,
      stopMs: spreadOf(this.durations.stopMs),
    };
  }

  get durations(): WorkspaceDurations {
    const between = (from: number | null, to: number | null) =>
      from === null || to === null ? [] : [Math.max(0, to - from)];
    return {
      readyMs: this.all.flatMap(({ createdAt, readyAt }) => between(createdAt, readyAt)),
      stopMs: this.all.flatMap(({ stopAskedAt, stoppedAt }) => between(stopAskedAt, stoppedAt)),
    };
  }

  #follow(after: KubeObject | undefined, before: KubeObject | undefined): void {
    const { metadata } = (after ?? before)!;
    const one = this.#byKey.get(objectKey(metadata.namespace, metadata.name));
    if (!one || one.isGone) return;
    // Another one that has been made again under its name.
    const isOther = one.uid !== '' && metadata.uid !== one.uid;
    if (!isOther) this.#byUid.set(metadata.uid!, one);
    const changed = one.follow(isOther ? undefined : after, this.#site.clock.now());
    const { namespace, name, phase, message, id } = one;
    if (changed) {
      const shown = after && !isOther ? phase : 'Deleted';
      this.#site.emit({ type: 'workspace', namespace, name, phase: shown, message, id });
    }
    this.#site.changes.touch();
  }

  async #make(one: Workspace, signal: AbortSignal): Promise<void> {
    const { options, clock, run, changes } = this.#site;
    try {
      signal.throwIfAborted();
      if (options.separateNamespaces) await this.#makeNamespace(one.namespace, signal);
      const object = {
        ...head(BACKUP_RESOURCES.devWorkspaces, one.name, one.namespace, run),
        spec: { ...this.#specOf(one), started: true },
      };
      const uid = await makeObject(this.#site, BACKUP_RESOURCES.devWorkspaces, object, signal, (ms) =>
        this.#createMs.push(ms),
      );
      one.uid = uid;
      one.createdAt = clock.now();
      if (one.start === 'planned') one.start = 'starting';
      this.#byUid.set(uid, one);
    } catch (error) {
      // The watch may have seen what the answer got lost of.
      if (one.uid !== '') return;
      one.start = 'not-made';
      one.refusal = messageOf(error);
    } finally {
      changes.touch();
    }
  }

  /** Where some are restored later, each has content of its own, and is not ready before that is there. */
  #specOf(one: Workspace): WorkspaceSpec {
    const { options, run } = this.#site;
    const restore = options.backup?.restore;
    if (!restore) return options.workspaceSpec;
    const isEmpty = restore.cases.includes('empty-backup') && one === this.all.at(-1);
    return withPayloadProof(options.workspaceSpec, {
      PAYLOAD_MARKER: markerOf(run, one),
      ...(isEmpty && { PAYLOAD_BYTES: '0' }),
    });
  }

  async #makeNamespace(name: string, signal: AbortSignal): Promise<void> {
    const { options, run } = this.#site;
    await makeObject(this.#site, RESOURCES.namespaces, head(RESOURCES.namespaces, name, undefined, run), signal);
    for (let pair = 1; pair <= options.automountPairs; pair++) {
      for (const [resource, suffix, watch, content] of [
        [RESOURCES.configMaps, 'configmap', DWO_LABELS.watchConfigMap, { data: { key: 'value' } }],
        [RESOURCES.secrets, 'secret', DWO_LABELS.watchSecret, { type: 'Opaque', stringData: { key: 'value' } }],
      ] as const) {
        // Names, labels and annotations as the public scripts have them: dwo-load-testing, devworkspace_load_test.js.
        const named = `dwo-load-test-automount-${suffix}${options.automountPairs === 1 ? '' : `-${pair}`}`;
        const object = head(resource, named, name, run);
        object.metadata.labels = { ...object.metadata.labels, [DWO_LABELS.mount]: 'true', [watch]: 'true' };
        object.metadata.annotations = {
          'controller.devfile.io/mount-path': `/etc/load-test/${suffix}-${pair}`,
          'controller.devfile.io/mount-as': 'file',
        };
        await makeObject(this.#site, resource, { ...object, ...content }, signal);
      }
    }
  }

  async #untilSettled(one: Workspace, signal: AbortSignal): Promise<void> {
    const { options, clock, changes } = this.#site;
    const timer = deadlineSignal(clock, options.readyTimeoutMs, signal);
    try {
      await abortable(one.settled.promise, timer.signal);
    } catch {
      signal.throwIfAborted();
      if (one.start === 'starting') one.start = 'timed-out';
    } finally {
      timer.cancel();
      changes.touch();
    }
  }

  async #remove(one: Workspace, signal: AbortSignal): Promise<void> {
    const { requests, clock, ledger, options } = this.#site;
    const { namespace, name, uid } = one;
    const since = clock.now();
    const timer = deadlineSignal(clock, options.readyTimeoutMs, signal);
    try {
      await requests.ask(
        (client) => client.delete(BACKUP_RESOURCES.devWorkspaces, namespace, name, { uid }, timer.signal),
        timer.signal,
      );
      await abortable(one.gone.promise, timer.signal);
      this.#deleteMs.push(clock.now() - since);
      ledger.find(BACKUP_RESOURCES.devWorkspaces.kind, objectKey(namespace, name))?.gone();
    } catch (error) {
      signal.throwIfAborted();
      // The clean-up tries again.
      one.message = messageOf(error);
    } finally {
      timer.cancel();
    }
  }
}

/** What of a DevWorkspace is kept: thousands of templates are not. */
export function essentials({ apiVersion, kind, metadata, status }: KubeObject): KubeObject {
  const { name, namespace, uid, resourceVersion, annotations } = metadata;
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      ...(uid !== undefined && { uid }),
      ...(resourceVersion !== undefined && { resourceVersion }),
      ...(annotations && { annotations }),
    },
    status,
  };
}
