/** What the worker threads of a run need for its no-op hosts. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stockPrograms } from '../noop/programs.ts';
import { packageRoot } from '../package-root.ts';
import type { ExpandedPlan } from '../plan/expanded-plan.ts';
import type { NoopSetup } from '../pool/messages.ts';

/** Folder of the replaced commands. */
export function patchesFolder(): string {
  return join(packageRoot(), 'patches');
}

/** Null when a plan has no such hosts. @param folder of the run; null when nothing of it is kept */
export function noopSetup({ programs, noopOutside }: ExpandedPlan, folder: string | null): NoopSetup | null {
  if (!programs) return null;
  return {
    programs: stockPrograms(programs),
    patches: patchesFolder(),
    logs: join(folder ?? tmpdir(), 'noop'),
    outside: noopOutside === true,
  };
}
