/**
 * Restores: the init container of a workspace that asks for one (devfile/devworkspace-operator, pkg/library/restore/restore.go),
 * and what its script does (project-backup/workspace-recovery.sh, restore): it fetches the image in any case, and copies what is
 * not hidden if there is nothing yet.
 */
import type { KubeObject } from '../../api/object.ts';
import type { BackupConfig, WorkspaceConfig } from './config.ts';
import type { Content } from './payload.ts';
import { hostOf, isInternal, type Registry } from './registry.ts';
import { credentialsOf, type RegistrySecrets } from './registry-secrets.ts';
import { ATTRIBUTES, attribute, containersOf, restoreRequested } from './template.ts';
import type { VersionProfile } from './versions.ts';
import type { Identity } from './workspace-objects.ts';
import { commonEnvironment } from './workspace-pod-template.ts';

export const RESTORE_CONTAINER = 'workspace-restore';
/** What the world calls the image of both scripts; nobody pulls it. */
export const BACKUP_IMAGE = 'registry.example/project-backup:next';

export interface Restore {
  readonly image: string;
  readonly container: Record<string, unknown>;
  readonly secret: KubeObject | undefined;
}

/** A workspace's restore, if it wants one. */
export function restoreOf(
  { workspace, id }: Identity,
  sources: {
    config: WorkspaceConfig;
    backup: BackupConfig | undefined;
    version: VersionProfile;
    secrets: RegistrySecrets;
  },
): Restore | { error: string } | undefined {
  const { config, backup, version, secrets } = sources;
  if (!version.restore || !restoreRequested(workspace)) return undefined;
  const image = imageOf(workspace, backup);
  if (typeof image !== 'string') return image;
  if (containersOf(workspace).length === 0) return undefined;
  const choice = secrets.choose(workspace, backup, 'restore');
  if ('error' in choice) return { error: `handling registry auth secret for workspace restore: ${choice.error}` };
  const value = (name: string, text: string) => ({ name, value: text });
  return {
    image,
    secret: choice.secret,
    container: {
      name: RESTORE_CONTAINER,
      image: BACKUP_IMAGE,
      imagePullPolicy: config.imagePullPolicy,
      command: ['/workspace-recovery.sh'],
      args: ['--restore'],
      env: [
        ...config.restoreEnv,
        ...commonEnvironment({ workspace, id }),
        value('PROJECTS_ROOT', '/projects'),
        ...(backup?.orasArgs ? [value('ORAS_EXTRA_ARGS', backup.orasArgs)] : []),
        value('BACKUP_IMAGE', image),
        ...(choice.secret ? [value('REGISTRY_AUTH_FILE', '/tmp/.docker/.dockerconfigjson')] : []),
      ],
      resources: config.restoreResources,
    },
  };
}

function imageOf(workspace: KubeObject, backup: BackupConfig | undefined): string | { error: string } {
  const given = attribute(workspace, ATTRIBUTES.restoreSource);
  if (given !== undefined) {
    if (typeof given === 'string' && given !== '') return given;
    return { error: `empty value for attribute ${ATTRIBUTES.restoreSource} is invalid` };
  }
  if (!backup) return { error: 'workspace restore requested but backup cron job configuration is missing' };
  if (!backup.registryPath) {
    return { error: 'workspace restore requested but backup cron job registry is not configured' };
  }
  return backupImage(backup.registryPath.replace(/\/+$/, ''), workspace);
}

/** Where the backup of a workspace is. */
export function backupImage(path: string, workspace: KubeObject): string {
  const { namespace, name } = workspace.metadata;
  return `${path}/${namespace}/${name}:latest`;
}

/** How a restore goes, and what it leaves. */
export interface RestoreCourse {
  readonly ms: number;
  readonly log: string;
  /** undefined: it ends with an error. */
  readonly content: Content | undefined;
}

export function runRestore(registry: Registry, restore: Restore, found: Content, draw: number): RestoreCourse {
  const { image } = restore;
  const lines = [`Restoring devworkspace from image '${image}' to path '/projects'`];
  const credentials = credentialsOf(restore.secret, isInternal(hostOf(image)));
  const course = registry.pull({ image, credentials, draw });
  if (course.error !== undefined) {
    return { ms: course.ms, log: [...lines, course.error].join('\n'), content: undefined };
  }
  const content = course.result;
  lines.push('Downloaded  devworkspace-backup.tar.gz', `Pulled [registry] ${image}`, './');
  for (const name of content.keys()) lines.push(`./${name}`);
  if (found.size > 0) {
    lines.push("PROJECTS_ROOT '/projects' is not empty. Skipping restore action.");
    return { ms: course.ms, log: lines.join('\n'), content: found };
  }
  // A shell's asterisk names what is not hidden; where it finds nothing, it stays an asterisk.
  const copied = new Map([...content].filter(([name]) => !name.startsWith('.')));
  if (copied.size === 0) {
    lines.push("cp: cannot stat '/tmp/extracted-backup/*': No such file or directory");
    return { ms: course.ms, log: lines.join('\n'), content: undefined };
  }
  lines.push('Restore completed successfully.');
  return { ms: course.ms, log: lines.join('\n'), content: copied };
}
