/** Query parameters of writes: kubernetes/apimachinery, pkg/apis/meta/v1/validation/validation.go ValidatePatchOptions. */
import { causeForbidden, causeNotSupported } from '../api/causes.ts';
import { invalid } from '../api/status.ts';
import type { FieldValidation } from '../registry/write-options.ts';

export const PATCH_OPTIONS = { group: 'meta.k8s.io', kind: 'PatchOptions' };

/** Longest name of a field manager (FieldManagerMaxLength). */
const MANAGER_LIMIT = 128;

/** @throws ApiStatusError 422 */
export function fieldValidationOf(query: URLSearchParams): FieldValidation {
  const validation = query.get('fieldValidation') || 'Warn';
  if (validation !== 'Strict' && validation !== 'Warn' && validation !== 'Ignore') {
    throw invalid(PATCH_OPTIONS, '', [causeNotSupported('fieldValidation', validation, ['Ignore', 'Warn', 'Strict'])]);
  }
  return validation;
}

/** Whether the write is only tried. @param sent of the body; undefined: the query says. @throws ApiStatusError 422 */
export function isDryRun(query: URLSearchParams, sent?: unknown): boolean {
  const values = sent === undefined ? query.getAll('dryRun') : Array.isArray(sent) ? sent : [sent];
  for (const value of values) {
    if (value !== 'All') {
      throw invalid({ group: 'meta.k8s.io', kind: 'Options' }, '', [causeNotSupported('dryRun', value, ['All'])]);
    }
  }
  return values.length > 0;
}

/** Name in managedFields: what the client says, or the program name of its User-Agent. @throws ApiStatusError 422 */
export function fieldManagerOf(query: URLSearchParams, userAgent: string | undefined): string {
  const manager = query.get('fieldManager') ?? '';
  if (manager.length > MANAGER_LIMIT || /[^\x20-\x7e]/.test(manager)) {
    throw invalid(PATCH_OPTIONS, '', [
      causeForbidden('fieldManager', `must be at most ${MANAGER_LIMIT} printable characters`),
    ]);
  }
  if (manager !== '') return manager;
  const name = (userAgent ?? '').split('/', 1)[0]!.replace(/[^\x20-\x7e]/g, '');
  return name.slice(0, MANAGER_LIMIT) || 'unknown';
}
