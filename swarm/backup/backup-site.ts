/** Where a run works, and what its parts share. */
import type { Clock } from '../../model/time/clock.ts';
import type { Ledger } from '../telemetry/ledger.ts';
import type { BackupEvent } from './backup-event.ts';
import type { BackupOptions } from './backup-options.ts';
import type { Changes } from './changes.ts';
import type { ClusterRequests } from './cluster-requests.ts';

/** What happens without the moment at which it does. */
export type NewEvent = BackupEvent extends infer E ? (E extends BackupEvent ? Omit<E, 'at'> : never) : never;

export interface BackupSite {
  readonly run: string;
  readonly options: BackupOptions;
  readonly clock: Clock;
  readonly requests: ClusterRequests;
  readonly ledger: Ledger;
  /** Touched by everything that something may wait for. */
  readonly changes: Changes;
  emit(event: NewEvent): void;
}

/** A signal that aborts after so many milliseconds of the clock, or with its parent. Cancel it when it is no longer needed. */
export function deadlineSignal(
  clock: Clock,
  ms: number,
  parent: AbortSignal,
): { signal: AbortSignal; cancel: () => void } {
  const own = new AbortController();
  const timer = clock.setTimer(ms, () => own.abort(new Error('the time is over')));
  return { signal: AbortSignal.any([own.signal, parent]), cancel: () => timer.cancel() };
}

/** Epoch milliseconds of an RFC 3339 time; null for none. */
export function momentOf(text: string | null | undefined): number | null {
  const ms = Date.parse(text ?? '');
  return Number.isNaN(ms) ? null : ms;
}

/** The promise's result, unless the signal aborts first. @throws the signal's reason */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
