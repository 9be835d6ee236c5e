/** What can be done to a world of developer workspaces that a cluster does not let be done. */
import type { WatchEnd } from '../../http/watches.ts';
import type { QuotaKind } from './admission.ts';
import type { ApiFault, DeniedRight } from './api-faults.ts';
import type { RegistrySettings } from './registry.ts';

/** A backup in the registry. */
export interface StoredImage {
  /** `host/path/namespace/workspace:latest` */
  readonly image: string;
  /** Equal for equal content. */
  readonly hash: string;
}

/** What can be done to a world from outside of its API. Times are simulated. */
export interface WorldControl {
  /** The operator's container ends and is started again after so long; its clock stops, and it hears of nothing meanwhile. */
  restartOperator(downMs?: number): void;
  stopOperator(): void;
  startOperator(): void;
  readonly operatorUp: boolean;
  /** The webhooks' server answers, or all writes of workspaces are refused. */
  setWebhooks(up: boolean): void;
  /** Pulling an image takes so much longer, or fails. */
  setImagePull(delay: { delayMs: number } | 'failing' | null): void;
  /** Claims get no volumes, and pods with claims stay Pending. */
  setClaimsPending(pending: boolean): void;
  setRegistry(change: Partial<RegistrySettings>): void;
  readonly registry: {
    readonly settings: RegistrySettings;
    /** Pushes that went through. */
    readonly pushes: number;
    readonly images: readonly StoredImage[];
    /** Forgets one, or all. */
    remove(image?: string): void;
    /** What is in one, or in all, is no longer what was pushed. */
    spoil(image?: string): void;
  };
  /** Requests that are refused or late. @param fault null takes it away */
  setApiFault(name: string, fault: ApiFault | null): void;
  /** Ends the watches that are under way. @param resource `<group>/<plural>`; all unless given; @param end 410 unless given */
  dropWatches(resource?: string, end?: WatchEnd): void;
  /** The API server can be reached, or all connections break. */
  setReachable(reachable: boolean): void;
  /** What the clients may not do: reviews of rights say so, and requests are answered with 403. @param denied none: everything may be done */
  setDenied(denied: readonly DeniedRight[]): void;
  /** Creations of these are refused as beyond a quota; of pods those of Jobs. */
  setQuota(exceeded: readonly QuotaKind[]): void;
  /** Requests so far, by verb and plural: `create devworkspaces`. */
  readonly requests: ReadonlyMap<string, number>;
  /** Requests that a fault of the API has met so far, by its name. */
  readonly faultHits: ReadonlyMap<string, number>;
  /** Passes of the backup controller that have begun, and the schedule that is armed. */
  readonly backups: { readonly passes: number; readonly schedule: string | null };
}
