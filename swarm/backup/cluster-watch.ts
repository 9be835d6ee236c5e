/** A watch of a backup load: its list must come in time, what goes wrong is told once, and silence is found out. */
import { Informer } from '../../model/kube/informer.ts';
import type { Selection } from '../../model/kube/kube-client.ts';
import type { KubeError } from '../../model/kube/kube-error.ts';
import type { KubeObject } from '../../model/kube/kube-object.ts';
import type { KubeResource } from '../../model/kube/resources.ts';
import { abortable, type BackupSite, deadlineSignal } from './backup-site.ts';

export interface ClusterWatchOptions {
  readonly resource: KubeResource;
  readonly selection: Selection;
  /** Reduces an object to what is needed of it. */
  readonly keep?: (object: KubeObject) => KubeObject;
  /** What warnings call it: `pods of kube-system`; the plural of the kind unless given. */
  readonly what?: string;
}

/**
 * Least length of a watch, of the time for which a cluster that is away is waited for: 30 s. Backup Jobs are gone 120 s after their
 * end. A watch that was cut without a word is found to be dead after 2 × 30 s × 1.5 at the latest, while its history can be had.
 */
const WATCH_SHARE = 1 / 4;
/** Wall-clock milliseconds for which one and the same failure is not told again. */
const QUIET_MS = 60_000;

export class ClusterWatch {
  readonly informer: Informer;
  readonly #site: Pick<BackupSite, 'requests' | 'clock'>;
  readonly #what: string;
  #failure: KubeError | null = null;

  /** @param site without `emit` nobody is told of failures before the last one */
  constructor(
    site: Pick<BackupSite, 'requests' | 'clock'> & Partial<Pick<BackupSite, 'emit'>>,
    options: ClusterWatchOptions,
  ) {
    const { requests, clock, emit } = site;
    const { resource, selection, keep, what = resource.plural } = options;
    this.#site = site;
    this.#what = what;
    let told = '';
    let toldAt = 0;
    this.informer = new Informer({
      client: requests.client,
      clock,
      resource,
      selection,
      watchSeconds: (requests.patienceMs * WATCH_SHARE) / 1000,
      ...(keep && { keep }),
      onError: (error) => {
        this.#failure = error;
        const now = clock.now();
        if (error.said === told && now - toldAt < QUIET_MS * clock.speed) return;
        told = error.said;
        toldAt = now;
        emit?.({ type: 'warning', message: `${what} cannot be watched, which is tried again: ${error.message}` });
      },
    });
  }

  /** Resolves when what is there is known. @throws Error with the last failure when that takes too long; the signal's reason */
  async start(signal: AbortSignal): Promise<void> {
    const { requests, clock } = this.#site;
    const contact = deadlineSignal(clock, requests.patienceMs * clock.speed, signal);
    try {
      await abortable(this.informer.start().synced, contact.signal);
    } catch (error) {
      signal.throwIfAborted();
      const { message: why } = this.#failure ?? (error as Error);
      throw new Error(`${this.#what} cannot be watched: ${why}`, { cause: error });
    } finally {
      contact.cancel();
    }
  }

  /**
   * Waits until all is known that has happened up to now, as long as a cluster that is away is waited for.
   * @returns whether it is
   * @throws the signal's reason
   */
  async catchUp(signal: AbortSignal): Promise<boolean> {
    const { requests, clock } = this.#site;
    const limit = deadlineSignal(clock, requests.patienceMs * clock.speed, signal);
    try {
      await abortable(this.informer.catchUp(), limit.signal);
      return true;
    } catch {
      signal.throwIfAborted();
      return false;
    } finally {
      limit.cancel();
    }
  }

  stop(): Promise<void> {
    return this.informer.stop();
  }
}
