/** The steps of one restore. What goes wrong with it is in its state; only the end of the run is thrown. */
import { unlessNotFound } from '../../model/kube/kube-error.ts';
import { objectKey } from '../../model/kube/kube-object.ts';
import { type KubeResource, RESOURCES } from '../../model/kube/resources.ts';
import { type BackupPart, CREDENTIALS_NAMESPACE, type RestorePart, restoreNamespaceName } from './backup-options.ts';
import { BACKUP_RESOURCES, DWO_LABELS, RESTORED_LABEL } from './backup-resources.ts';
import { abortable, type BackupSite, deadlineSignal } from './backup-site.ts';
import { markerOf, withPayloadProof } from './payload.ts';
import { hasOwnClaim, restoredSpec, SECRET_LABEL, wrongSecrets } from './restore-content.ts';
import type { RestoredWorkspace } from './restored-workspace.ts';
import { head, makeObject, messageOf } from './run-objects.ts';
import type { Workspace } from './workspace.ts';
import type { WorkspaceSpec } from './workspace-template.ts';

export interface RestoreSource {
  readonly backup: BackupPart;
  readonly restore: RestorePart;
  /** As the operator was told. */
  readonly registryPath: string;
}

/** Milliseconds of the clock between two looks whether something is gone. */
const LOOK_MS = 1_000;
/** Milliseconds of the clock in which news of a pod come that belong to news of its workspace. */
const NEWS_MS = 10_000;

export class RestoreSteps {
  readonly #site: BackupSite;
  readonly #source: RestoreSource;
  readonly #expect: (one: RestoredWorkspace) => void;
  readonly #namespaces = new Map<string, Promise<unknown>>();

  /** @param expect told before a workspace is made that news of its name are its */
  constructor(site: BackupSite, source: RestoreSource, expect: (one: RestoredWorkspace) => void) {
    this.#site = site;
    this.#source = source;
    this.#expect = expect;
  }

  /** @throws the signal's reason */
  async restore(one: RestoredWorkspace, signal: AbortSignal): Promise<void> {
    try {
      if (one.options.case === null) await this.#sampled(one, signal);
      else await this.#case(one, signal);
    } catch (error) {
      signal.throwIfAborted();
      one.refusal = messageOf(error);
      one.outcome = 'not-made';
    }
  }

  async #sampled(one: RestoredWorkspace, signal: AbortSignal): Promise<void> {
    const { mode } = this.#source.restore;
    const { original, image } = one.options;
    if (mode === 'in-place' && !(await this.#remove(one, signal))) return;
    if (mode === 'other-namespace') await this.#makeNamespace(restoreNamespaceName(original.namespace), signal);
    const { run, options } = this.#site;
    const source = mode === 'in-place' ? null : image;
    await this.#make(one, restoredSpec(options.workspaceSpec, source, markerOf(run, original)), signal);
    await this.#untilEnded(one, signal);
  }

  async #case(one: RestoredWorkspace, signal: AbortSignal): Promise<void> {
    const { run, options } = this.#site;
    const { original, image, case: kind } = one.options;
    if (kind === 'non-empty') {
      await this.#nonEmpty(one, signal);
      return;
    }
    if (kind === 'wrong-credentials') await this.#makeWrongSecrets(signal);
    const marker = kind === 'wrong-credentials' ? markerOf(run, original) : null;
    const spec = restoredSpec(options.workspaceSpec, image, marker);
    // One that should restore what is not there must not make content of its own of it.
    await this.#make(one, kind === 'wrong-credentials' ? spec : withPayloadProof(spec, { PAYLOAD_BYTES: '0' }), signal);
    await this.#untilEnded(one, signal);
  }

  /** Starts with content of its own, stops, and starts again with the attribute and the image of another. */
  async #nonEmpty(one: RestoredWorkspace, signal: AbortSignal): Promise<void> {
    const { run, options, clock, requests, changes } = this.#site;
    const { namespace, name, image } = one.options;
    const marker = markerOf(run, one.options);
    const before = withPayloadProof(options.workspaceSpec, { PAYLOAD_MARKER: marker });
    await this.#make(one, { ...before, started: true }, signal);
    const first = one.workspace;
    await this.#untilSettled(first, signal);
    if (first.start !== 'ready') {
      await this.#conclude(one, signal);
      return;
    }
    const patch = (spec: unknown) =>
      requests.ask((client) => client.patch(BACKUP_RESOURCES.devWorkspaces, namespace, name, { spec }), signal);
    await patch({ started: false });
    const deadlineAt = clock.now() + options.readyTimeoutMs;
    if (!(await changes.until(() => first.phase === 'Stopped', deadlineAt, signal))) {
      throw new Error(`it was not stopped in time: phase ${first.phase}`);
    }
    one.startAgain(clock.now());
    const { template } = restoredSpec(options.workspaceSpec, image, marker);
    const { attributes, components } = template as Record<string, unknown>;
    await patch({ started: true, template: { attributes, components } });
    await this.#untilEnded(one, signal);
  }

  /** Deletes the original, and sees it and its claim gone. @returns whether they are */
  async #remove(one: RestoredWorkspace, signal: AbortSignal): Promise<boolean> {
    const { requests, clock, ledger, options } = this.#site;
    const { original } = one.options;
    const { namespace, name, uid, id } = original;
    const { devWorkspaces, volumeClaims } = BACKUP_RESOURCES;
    const since = clock.now();
    const timer = deadlineSignal(clock, options.readyTimeoutMs, signal);
    try {
      await unlessNotFound(
        requests.ask((client) => client.delete(devWorkspaces, namespace, name, { uid }, timer.signal), timer.signal),
      );
      await abortable(original.gone.promise, timer.signal);
      await this.#untilGone(devWorkspaces, namespace, name, timer.signal);
      if (hasOwnClaim(options.workspaceSpec)) {
        // devfile/devworkspace-operator, pkg/common/naming.go, PerWorkspacePVCName
        await this.#untilGone(volumeClaims, namespace, `storage-${id}`, timer.signal);
      }
      one.deleteMs = clock.now() - since;
      ledger.find(devWorkspaces.kind, objectKey(namespace, name))?.gone();
      return true;
    } catch (error) {
      signal.throwIfAborted();
      one.outcome = 'not-deleted';
      one.refusal = timer.signal.aborted ? 'the original, or its claim, was not gone in time' : messageOf(error);
      return false;
    } finally {
      timer.cancel();
    }
  }

  async #untilGone(resource: KubeResource, namespace: string, name: string, signal: AbortSignal): Promise<void> {
    const { requests, clock } = this.#site;
    for (;;) {
      const get = requests.ask((client) => client.get(resource, namespace, name, signal), signal);
      if ((await unlessNotFound(get)) === undefined) return;
      await clock.sleep(LOOK_MS, signal);
    }
  }

  /** Once, however many are to be in it. @throws KubeError */
  #makeNamespace(name: string, signal: AbortSignal): Promise<unknown> {
    let made = this.#namespaces.get(name);
    if (!made) {
      const { namespaces } = RESOURCES;
      made = makeObject(this.#site, namespaces, head(namespaces, name, undefined, this.#site.run), signal);
      this.#namespaces.set(name, made);
    }
    return made;
  }

  async #makeWrongSecrets(signal: AbortSignal): Promise<void> {
    const { registryPath, backup } = this.#source;
    await this.#makeNamespace(CREDENTIALS_NAMESPACE, signal);
    for (const { name, content } of wrongSecrets(registryPath, backup.registrySecret!)) {
      const object = head(RESOURCES.secrets, name, CREDENTIALS_NAMESPACE, this.#site.run);
      object.metadata.labels = { ...object.metadata.labels, ...SECRET_LABEL };
      await makeObject(this.#site, RESOURCES.secrets, { ...object, ...content }, signal);
    }
  }

  /** @throws KubeError */
  async #make(one: RestoredWorkspace, spec: WorkspaceSpec, signal: AbortSignal): Promise<void> {
    const { devWorkspaces } = BACKUP_RESOURCES;
    const { namespace, name } = one.options;
    const { workspace } = one;
    const object = head(devWorkspaces, name, namespace, this.#site.run);
    object.metadata.labels = { ...object.metadata.labels, [RESTORED_LABEL]: 'true' };
    this.#expect(one);
    workspace.uid = await makeObject(this.#site, devWorkspaces, { ...object, spec }, signal);
    workspace.createdAt = this.#site.clock.now();
    if (workspace.start === 'planned') workspace.start = 'starting';
  }

  async #untilEnded(one: RestoredWorkspace, signal: AbortSignal): Promise<void> {
    await this.#untilSettled(one.workspace, signal);
    await this.#conclude(one, signal);
  }

  async #untilSettled(workspace: Workspace, signal: AbortSignal): Promise<void> {
    const { clock, options } = this.#site;
    const timer = deadlineSignal(clock, options.readyTimeoutMs, signal);
    try {
      await abortable(workspace.settled.promise, timer.signal);
    } catch {
      signal.throwIfAborted();
      if (workspace.start === 'starting') workspace.start = 'timed-out';
    } finally {
      timer.cancel();
    }
  }

  async #conclude(one: RestoredWorkspace, signal: AbortSignal): Promise<void> {
    const { changes, clock } = this.#site;
    const { start } = one.workspace;
    const until = (check: () => boolean) => changes.until(check, clock.now() + NEWS_MS, signal);
    if (start === 'ready') {
      // Of a workspace that is ready its pod was; only its news may come later, or much later where watches end.
      if ((await until(() => one.wasRestored)) || (await this.#lookAtPods(one, signal))) one.outcome = 'ready';
      else {
        one.outcome = 'failed';
        one.refusal = 'it became ready without a container that restores: the operator has not seen the attribute';
      }
      return;
    }
    if (start === 'failed') await until(() => one.isExplained);
    one.outcome = start === 'timed-out' ? 'timed-out' : 'failed';
  }

  /** @returns whether the container that restores has ended well */
  async #lookAtPods(one: RestoredWorkspace, signal: AbortSignal): Promise<boolean> {
    const { namespace, name } = one.options;
    const labelSelector = `${DWO_LABELS.workspaceName}=${name}`;
    const { items } = await this.#site.requests.ask(
      (client) => client.list(RESOURCES.pods, { namespace, labelSelector }, signal),
      signal,
    );
    for (const pod of items) one.followPod(pod);
    return one.wasRestored;
  }
}
