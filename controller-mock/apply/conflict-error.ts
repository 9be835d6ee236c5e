import type { StatusCause } from '../api/causes.ts';
import { ApiStatusError } from '../api/status.ts';
import type { ManagerKey } from './managed-fields.ts';

/** A field that another manager owns and this apply would change. */
export interface Conflict {
  id: string;
  key: ManagerKey;
  path: string;
}

/** The 409 that names them (kubernetes/apimachinery, pkg/util/managedfields/internal/conflict.go NewConflictError). */
export function conflictError(conflicts: readonly Conflict[]): ApiStatusError {
  const causes: StatusCause[] = conflicts.map(({ key, path }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${shownManager(key)}`,
    field: path,
  }));
  const lines: string[] = [];
  let lastId: string | undefined;
  for (const { id, key, path } of conflicts) {
    if (id !== lastId) lines.push(`conflicts with ${shownManager(key)}:`);
    lines.push(`- ${path}`);
    lastId = id;
  }
  const message =
    conflicts.length === 1
      ? `Apply failed with 1 conflict: ${causes[0]!.message}: ${causes[0]!.field}`
      : `Apply failed with ${conflicts.length} conflicts: ${lines.join('\n')}`;
  return new ApiStatusError(409, 'Conflict', message, { causes });
}

function shownManager({ manager, operation, apiVersion, subresource }: ManagerKey): string {
  const name = JSON.stringify(manager) + (subresource ? ` with subresource ${JSON.stringify(subresource)}` : '');
  return operation === 'Update' ? `${name} using ${apiVersion}` : name;
}
