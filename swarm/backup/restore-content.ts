/** What workspaces are made of that are restored, and those that show how restores fail. */
import type { RestoreCase } from './backup-options.ts';
import { DWO_ATTRIBUTES, DWO_LABELS } from './backup-resources.ts';
import { withPayloadProof } from './payload.ts';
import { registryHost } from './registry-path.ts';
import { COPIED_SECRET, SECRET_TYPE } from './registry-secret.ts';
import type { WorkspaceSpec } from './workspace-template.ts';

type Mapping = Readonly<Record<string, unknown>>;

/** Where the operator puts the backup of a workspace: devfile/devworkspace-operator, project-backup/workspace-recovery.sh, backup. */
export function backupImage(registryPath: string, { namespace, name }: { namespace: string; name: string }): string {
  return `${registryPath.replace(/\/+$/, '')}/${namespace}/${name}:latest`;
}

/**
 * `spec` of a workspace that is restored.
 * @param image null: that of the workspace of its own name in its namespace
 * @param marker of the content that it must find to be ready; null for any
 */
export function restoredSpec(spec: WorkspaceSpec, image: string | null, marker: string | null): WorkspaceSpec {
  const proven = withPayloadProof(spec, marker === null ? {} : { EXPECT_MARKER: marker });
  // What would be cloned into /projects comes with the backup.
  const { projects: _projects, ...template } = (proven.template ?? {}) as Mapping;
  const attributes = {
    ...(template.attributes as Mapping | undefined),
    [DWO_ATTRIBUTES.restore]: 'true',
    ...(image !== null && { [DWO_ATTRIBUTES.restoreSource]: image }),
  };
  return { ...proven, started: true, template: { ...template, attributes } };
}

/** A volume claim of a workspace's own; else it shares one. */
export function hasOwnClaim(spec: WorkspaceSpec): boolean {
  const { attributes } = (spec.template ?? {}) as { attributes?: Mapping };
  return attributes?.[DWO_ATTRIBUTES.storageType] === 'per-workspace';
}

/** What a case is expected to end with, for people. */
export const CASE_EXPECTATIONS: Readonly<Record<RestoreCase, string>> = {
  'missing-image': 'to fail, as there is no such image',
  'wrong-credentials': 'to fail, as the registry must not let it in',
  'empty-backup': 'to fail, as the operator cannot restore an empty backup',
  'non-empty': 'to be ready with the content that it had before',
};

/**
 * Secrets with a login that no registry knows, under the names that the operator looks for in the namespace of a workspace
 * (devfile/devworkspace-operator, pkg/secrets/backup.go; release 0.40.0 took the configured name).
 */
export function wrongSecrets(registryPath: string, configured: string): { name: string; content: object }[] {
  const [username, password] = ['no-such-user', 'no-such-password'];
  const auth = Buffer.from(`${username}:${password}`).toString('base64');
  const file = JSON.stringify({ auths: { [registryHost(registryPath)]: { username, password, auth } } });
  const content = { type: SECRET_TYPE, data: { '.dockerconfigjson': Buffer.from(file).toString('base64') } };
  return [...new Set([COPIED_SECRET, configured])].map((name) => ({ name, content }));
}

/** The operator sees those alone that have it. */
export const SECRET_LABEL = { [DWO_LABELS.watchSecret]: 'true' };
