/** What a workspace's devfile says about its storage and its restore (devfile/devworkspace-operator, pkg/provision/storage). */

import type { KubeObject } from '../../api/object.ts';
import { quantityValue } from '../../api/quantity.ts';
import { at, items, text } from '../../builtins/fields.ts';

export type StorageType = 'common' | 'per-workspace' | 'ephemeral' | 'async';

export const ATTRIBUTES = {
  storageType: 'controller.devfile.io/storage-type',
  restore: 'controller.devfile.io/restore-workspace',
  restoreSource: 'controller.devfile.io/restore-source-image',
  projectClone: 'controller.devfile.io/project-clone',
} as const;

const PROJECTS = 'projects';

export function attribute(workspace: KubeObject, name: string): unknown {
  return at(workspace, 'spec', 'template', 'attributes', name);
}

/** null for a type that the operator does not know (provisioner.go, GetProvisioner). */
export function storageType(workspace: KubeObject): StorageType | null {
  const type = attribute(workspace, ATTRIBUTES.storageType);
  switch (type) {
    case undefined:
    case '':
    case 'common':
    case 'per-user':
      return 'common';
    case 'per-workspace':
    case 'ephemeral':
    case 'async':
      return type;
    default:
      return null;
  }
}

interface Volume {
  name: string;
  size: string;
  ephemeral: boolean;
}

function volumesOf(workspace: KubeObject): Volume[] {
  return items(workspace, 'spec', 'template', 'components')
    .filter((component) => at(component, 'volume') !== undefined)
    .map((component) => ({
      name: text(component, 'name'),
      size: text(component, 'volume', 'size'),
      ephemeral: at(component, 'volume', 'ephemeral') === true,
    }));
}

/** Components with a container. */
export function containersOf(workspace: KubeObject): Record<string, unknown>[] {
  return items(workspace, 'spec', 'template', 'components').filter(
    (component) => at(component, 'container') !== undefined,
  );
}

/** mountSources, which is on unless the container says no (pkg/library/container/mountSources.go). */
export function mountsSources(component: Record<string, unknown>): boolean {
  return at(component, 'container', 'mountSources') !== false;
}

/** There is something that outlives a stop (shared.go, WorkspaceNeedsStorage). */
export function needsStorage(workspace: KubeObject): boolean {
  const volumes = volumesOf(workspace);
  if (volumes.some(({ ephemeral }) => !ephemeral)) return true;
  if (volumes.some(({ name }) => name === PROJECTS)) return false;
  return containersOf(workspace).some(mountsSources);
}

/** The workspace's claim: its own, the one it shares, or none. @param shared name of the one that is shared */
export function claimOf(workspace: KubeObject, id: string, shared: string): string | undefined {
  const type = storageType(workspace);
  if (!needsStorage(workspace)) return undefined;
  if (type === 'per-workspace') return `storage-${id}`;
  // Of an async workspace the shared claim is that of the server it syncs with.
  return type === 'common' || type === 'async' ? shared : undefined;
}

/** Where the sources are on it. */
export function sourcesOf(workspace: KubeObject, id: string): string {
  return storageType(workspace) === 'per-workspace' ? PROJECTS : `${id}/${PROJECTS}`;
}

/** Size of a claim of its own (perWorkspaceStorage.go, getPVCSize). @param usual for volumes that state none */
export function claimSize(workspace: KubeObject, usual: string): string {
  let bytes = 0;
  let allStated = true;
  for (const { size, ephemeral } of volumesOf(workspace)) {
    if (ephemeral) continue;
    if (size === '') allStated = false;
    else bytes += quantityValue(size);
  }
  return allStated || bytes > quantityValue(usual) ? binaryQuantity(bytes) : usual;
}

const UNITS = ['', 'Ki', 'Mi', 'Gi', 'Ti'];

/** The largest unit that leaves a whole number, as resource.Quantity in BinarySI is written. */
export function binaryQuantity(bytes: number): string {
  let unit = 0;
  let amount = bytes;
  while (amount > 0 && amount % 1024 === 0 && unit < UNITS.length - 1) {
    amount /= 1024;
    unit += 1;
  }
  return `${amount}${UNITS[unit]}`;
}

/** Go's attributes take a text for a boolean, too. */
export function restoreRequested(workspace: KubeObject): boolean {
  const value = attribute(workspace, ATTRIBUTES.restore);
  return value === true || (typeof value === 'string' && /^(1|t|T|TRUE|true|True)$/.test(value));
}
