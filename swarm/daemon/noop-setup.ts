/** What the worker threads of a pool need for its no-op hosts. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SpokeAccess } from '../noop/spoke-access.ts';
import { packageRoot } from '../package-root.ts';
import type { StockPrograms } from '../plan/expanded-plan.ts';
import type { NoopSetup } from '../pool/messages.ts';

/** Folder of the replaced commands. */
export function patchesFolder(): string {
  return join(packageRoot(), 'patches');
}

/** What a daemon was given for no-op hosts that no plan of its own names. */
export interface NoopMeans {
  programs: StockPrograms;
  /** They may work for a service or hub that is not on this machine. */
  outside: boolean;
}

/**
 * @param folder below which the output of hosts goes; null when nothing is kept
 * @param spokes how hosts reach the kube-apis of their clusters
 */
export function noopSetup({ programs, outside }: NoopMeans, folder: string | null, spokes: SpokeAccess): NoopSetup {
  return { programs, patches: patchesFolder(), logs: join(folder ?? tmpdir(), 'noop'), outside, spokes };
}
