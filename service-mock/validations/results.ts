/** Results of validations and the text in which rows carry them. Upstream: assisted-service, internal/host/refresh_status_preprocessor.go and internal/cluster/refresh_status_preprocessor.go. */
import type { Clock } from '../../model/time/clock.ts';

export type ValidationStatus = 'success' | 'failure' | 'pending' | 'error' | 'disabled';

export interface ValidationResult {
  readonly id: string;
  readonly category: string;
  readonly status: ValidationStatus;
  readonly message: string;
}

/** Outcome of a validation that the service's settings switch off. */
export const DISABLED = ['disabled', 'Validation disabled by configuration'] as const;

/** Messages of one validation that are shared; others name something of their host. */
const SHARED_MESSAGES = 16;
const shared = new Map<string, Map<string, ValidationResult>>();

/**
 * A result. Thousands of hosts have the same ones, which are kept only once: a bound host saves more than 2 KB, and
 * comparing is comparing references.
 */
export function validationResult(
  id: string,
  category: string,
  status: ValidationStatus,
  message: string,
): ValidationResult {
  let known = shared.get(id);
  if (!known) {
    known = new Map();
    shared.set(id, known);
  }
  const result = known.get(message);
  if (result?.status === status && result.category === category) return result;
  const fresh = Object.freeze({ id, category, status, message });
  if (!result && known.size < SHARED_MESSAGES) {
    known.set(message, fresh);
    written.set(fresh, textOf(fresh));
  }
  return fresh;
}

/** Shared results as they stand in texts. */
const written = new WeakMap<ValidationResult, string>();

function textOf({ id, status, message }: ValidationResult): string {
  return JSON.stringify({ id, status, message });
}

/** The JSON map category → results; empty string while nothing was evaluated. */
export function validationsText(results: readonly ValidationResult[]): string {
  if (results.length === 0) return '';
  const categories = new Map<string, string[]>();
  for (const result of results) {
    let list = categories.get(result.category);
    if (!list) {
      list = [];
      categories.set(result.category, list);
    }
    list.push(written.get(result) ?? textOf(result));
  }
  const sorted = [...categories].sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${sorted.map(([category, list]) => `${JSON.stringify(category)}:[${list.join()}]`).join()}}`;
}

function sameResults(a: readonly ValidationResult[], b: readonly ValidationResult[]): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) {
    const left = a[index] as ValidationResult;
    const right = b[index] as ValidationResult;
    if (left === right) continue;
    if (left.id !== right.id || left.status !== right.status || left.message !== right.message) return false;
  }
  return true;
}

/** Validations that turned, in the order of `now`: to failure, back from it to success, or otherwise. */
function flips(
  before: readonly ValidationResult[],
  now: readonly ValidationResult[],
): { id: string; to: 'failed' | 'fixed' | 'other'; usedToSucceed: boolean }[] {
  const previous = new Map(before.map((result) => [result.id, result.status]));
  const result: { id: string; to: 'failed' | 'fixed' | 'other'; usedToSucceed: boolean }[] = [];
  for (const { id, status } of now) {
    const old = previous.get(id);
    if (old === undefined || old === status) continue;
    if (status === 'failure') result.push({ id, to: 'failed', usedToSucceed: old === 'success' });
    else result.push({ id, to: status === 'success' && old === 'failure' ? 'fixed' : 'other', usedToSucceed: false });
  }
  return result;
}

/** A row with what its validations found last. */
interface ValidatedRow {
  validations: readonly ValidationResult[];
  updatedAt: number;
}

/** Who is told of validations that turned. @param lost whether it used to succeed. */
interface FlipListener {
  failed(id: string, lost: boolean): void;
  fixed(id: string): void;
  /** Any other turn, such as from pending to success: no event, but a hub shows it. */
  turned(): void;
}

/**
 * Stores what validations found, unless it is what they found before. Upstream: assisted-service, internal/host/host.go and
 * internal/cluster/cluster.go, reportValidationStatusChanged.
 */
export function keepResults(
  { clock }: { readonly clock: Clock },
  row: ValidatedRow,
  results: readonly ValidationResult[],
  listener: FlipListener,
): void {
  if (sameResults(row.validations, results)) return;
  for (const { id, to, usedToSucceed } of flips(row.validations, results)) {
    if (to === 'failed') listener.failed(id, usedToSucceed);
    else if (to === 'fixed') listener.fixed(id);
    else listener.turned();
  }
  row.validations = results;
  row.updatedAt = clock.now();
}

/** How the event of a failed validation says it. @param lost whether it used to succeed. */
export function failureWords(lost: boolean): string {
  return lost ? 'that used to succeed is now failing' : 'failed';
}

/** True when an ignore list (a JSON array of ids, or `["all"]`) covers a validation that may be ignored. */
export function isIgnored(ignored: readonly string[], id: string, neverIgnorable: ReadonlySet<string>): boolean {
  if (ignored.length === 0 || neverIgnorable.has(id)) return false;
  return ignored.includes('all') || ignored.includes(id);
}

const lists = new Map<string, readonly string[]>();

/** Ids of an ignore list; empty for an empty or unreadable text. */
export function ignoreList(text: string): readonly string[] {
  if (text === '') return [];
  let list = lists.get(text);
  if (!list) {
    try {
      const value: unknown = JSON.parse(text);
      list = Array.isArray(value) ? value.map(String) : [];
    } catch {
      list = [];
    }
    lists.set(text, list);
  }
  return list;
}
