/** What a workspace leaves to be cleaned before it goes: devfile/devworkspace-operator, controllers/workspace/finalize.go. */

import type { KubeObject } from '../../api/object.ts';
import { items, text } from '../../builtins/fields.ts';
import { storageType } from './template.ts';
import * as make from './workspace-objects.ts';
import type { WorkspaceRecords } from './workspace-records.ts';
import type { Workspace } from './workspace-stages.ts';
import { FINALIZERS, RESOURCES } from './world-objects.ts';

export class WorkspaceFinalizers {
  readonly #records: WorkspaceRecords;
  /** Those that wait for a cleanup Job, by its namespace and name. */
  readonly #cleanups = new Map<string, Workspace>();

  constructor(records: WorkspaceRecords) {
    this.#records = records;
  }

  finalize(workspace: Workspace): Workspace['finalizing'] {
    const { objects } = this.#records.options;
    const object = this.#records.object(workspace);
    const finalizers = object?.metadata.finalizers ?? [];
    const finalizer = finalizers.find((each) => each === FINALIZERS.storage || each === FINALIZERS.rbac);
    if (!object || finalizer === undefined) return 'cleanup';
    const namespace = objects.get(RESOURCES.namespaces, '', workspace.namespace);
    const terminating = text(namespace, 'status', 'phase') === 'Terminating';
    if (finalizer === FINALIZERS.storage && objects.get(RESOURCES.deployments, workspace.namespace, workspace.id)) {
      objects.delete(RESOURCES.deployments, workspace.namespace, workspace.id);
      this.#sayTerminating(workspace);
      return 'next';
    }
    if (!terminating) {
      const waits =
        finalizer === FINALIZERS.storage ? this.#cleanStorage(workspace, object) : this.#cleanRoles(workspace);
      if (waits) {
        this.#sayTerminating(workspace);
        return 'cleanup';
      }
    }
    this.#dropFinalizer(workspace, finalizer);
    // With its last finalizer the workspace is gone, and nothing is said of it.
    if (finalizers.length > 1) this.#sayTerminating(workspace);
    return 'next';
  }

  #sayTerminating(workspace: Workspace): void {
    this.#records.writeStatus(
      workspace,
      'Terminating',
      new Map([['Started', { status: 'True', message: 'Cleaning up resources for deletion' }]]),
    );
  }

  #dropFinalizer(workspace: Workspace, finalizer: string): void {
    this.#records.options.objects.amend(RESOURCES.workspaces, workspace.namespace, workspace.name, (live) => {
      const left = live.metadata.finalizers?.filter((each) => each !== finalizer) ?? [];
      return { metadata: { finalizers: left } };
    });
  }

  /** @returns whether something must be waited for */
  #cleanStorage(workspace: Workspace, object: KubeObject): boolean {
    const { objects, volumes } = this.#records.options;
    const { namespace, id } = workspace;
    if (storageType(object) === 'per-workspace') return false;
    const { claimName } = this.#records.config;
    const claim = objects.get(RESOURCES.claims, namespace, claimName);
    if (!claim) return false;
    if (this.#records.countOf(namespace).sharing === 0) {
      objects.delete(RESOURCES.claims, namespace, claimName);
      return false;
    }
    const job = make.cleanupJob({ workspace: object, id }, claimName);
    volumes.remove({ namespace, claim: claimName, path: id });
    if (!objects.create(RESOURCES.jobs, job)) return false;
    this.#cleanups.set(`${namespace}/${job.metadata.name}`, workspace);
    return true;
  }

  #cleanRoles(workspace: Workspace): boolean {
    const { objects } = this.#records.options;
    const { namespace, id } = workspace;
    const { role, roleBinding } = make.SHARED_NAMES;
    if (this.#records.countOf(namespace).all === 0) {
      objects.delete(RESOURCES.roles, namespace, role);
      objects.delete(RESOURCES.roleBindings, namespace, roleBinding);
    } else {
      objects.amend(RESOURCES.roleBindings, namespace, roleBinding, (live) => ({
        subjects: items(live, 'subjects').filter(({ name }) => name !== make.serviceAccountName(id)),
      }));
    }
    return false;
  }

  /** A Job has changed. */
  followJob(job: KubeObject): void {
    const key = `${job.metadata.namespace}/${job.metadata.name}`;
    const workspace = this.#cleanups.get(key);
    const done = items(job, 'status', 'conditions').find(
      ({ type, status }) => status === 'True' && (type === 'Complete' || type === 'Failed'),
    );
    if (!workspace || !done) return;
    this.#cleanups.delete(key);
    if (done.type === 'Failed') return;
    this.#records.options.lifecycle.change(workspace, () => {
      this.#dropFinalizer(workspace, FINALIZERS.storage);
      workspace.finalizing = 'next';
    });
  }
}
