/**
 * Which secret a backup or a restore takes to the registry, and how it gets into the namespace of the workspace:
 * devfile/devworkspace-operator, pkg/secrets/backup.go. The operator sees secrets alone that have the label for it
 * (pkg/cache/cache.go).
 */

import type { KubeObject } from '../../api/object.ts';
import { text } from '../../builtins/fields.ts';
import type { BackupConfig } from './config.ts';
import type { Credentials } from './registry.ts';
import type { VersionProfile } from './versions.ts';
import { controllerOf, LABELS, RESOURCES, type WorldObjects } from './world-objects.ts';

export const COPIED_SECRET = 'devworkspace-backup-registry-auth';

export type SecretChoice =
  /** undefined: without credentials. */
  { readonly secret: KubeObject | undefined } | { readonly error: string };

export class RegistrySecrets {
  readonly #objects: WorldObjects;
  readonly #version: VersionProfile;
  readonly #operatorNamespace: string;

  constructor(objects: WorldObjects, version: VersionProfile, operatorNamespace: string) {
    this.#objects = objects;
    this.#version = version;
    this.#operatorNamespace = operatorNamespace;
  }

  choose(workspace: KubeObject, config: BackupConfig | undefined, purpose: 'backup' | 'restore'): SecretChoice {
    const { backupSecret, restoreSecret, restoreFallsBack } = this.#version;
    if (config?.registryPath === undefined) {
      return { error: 'backup/restore configuration not properly set in DevWorkspaceOperatorConfig' };
    }
    const rule = purpose === 'backup' ? backupSecret : restoreSecret;
    const { authSecret } = config;
    // Releases before 0.41 take no secret at all when the settings name none.
    if (backupSecret === 'configured' && authSecret === '') return { secret: undefined };
    const namespace = workspace.metadata.namespace ?? '';
    const own = this.#seen(namespace, rule === 'fixed' ? COPIED_SECRET : authSecret);
    if (own) return { secret: own };
    if (authSecret === '' || (purpose === 'restore' && !restoreFallsBack)) return { secret: undefined };
    const source = this.#seen(this.#operatorNamespace, authSecret);
    if (!source) return { error: `Secret "${authSecret}" not found` };
    return this.#copy(workspace, source);
  }

  /** As the operator's cache has it. */
  #seen(namespace: string, name: string): KubeObject | undefined {
    const secret = this.#objects.get(RESOURCES.secrets, namespace, name);
    return secret?.metadata.labels?.[LABELS.watchSecret] === 'true' ? secret : undefined;
  }

  #copy(workspace: KubeObject, source: KubeObject): SecretChoice {
    const namespace = workspace.metadata.namespace ?? '';
    const copy = this.#objects.create(RESOURCES.secrets, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        namespace,
        name: COPIED_SECRET,
        labels: { [LABELS.watchSecret]: 'true' },
        ...(this.#version.ownedCopy && { ownerReferences: [controllerOf(workspace)] }),
      },
      data: source.data,
      type: source.type,
    });
    if (copy) return { secret: copy };
    if (this.#version.overwrittenCopy) this.#overwrite(namespace, source);
    const there = this.#version.overwrittenCopy
      ? this.#objects.get(RESOURCES.secrets, namespace, COPIED_SECRET)
      : this.#seen(namespace, COPIED_SECRET);
    return there ? { secret: there } : { error: `Secret "${COPIED_SECRET}" not found` };
  }

  #overwrite(namespace: string, source: KubeObject): void {
    const there = this.#objects.get(RESOURCES.secrets, namespace, COPIED_SECRET);
    if (!there || JSON.stringify(there.data) === JSON.stringify(source.data)) return;
    this.#objects.amend(RESOURCES.secrets, namespace, COPIED_SECRET, () => ({ data: source.data }));
  }
}

/** What a secret says to a registry. */
export function credentialsOf(secret: KubeObject | undefined, withToken: boolean): Credentials {
  if (!secret) return { kind: withToken ? 'token' : 'anonymous' };
  const data = text(secret, 'data', '.dockerconfigjson');
  return { kind: 'file', text: Buffer.from(data, 'base64').toString() };
}
