/** A session for a plan from the command line: its hub looked at, its stock programs at hand, served where that is asked for. */
import { stockPrograms } from '../noop/programs.ts';
import type { ExpandedPlan } from '../plan/expanded-plan.ts';
import { type AccessFlags, listenSettings } from './access-options.ts';
import { DaemonSession } from './daemon-session.ts';
import { InputError } from './exit.ts';
import { note } from './note.ts';
import type { ListenAddress } from './options.ts';

export interface SessionFlags extends AccessFlags {
  /** Folder for the runs' folders. */
  out: string;
  listen?: ListenAddress;
}

/** @throws InputError when the hub cannot be worked with, a folder cannot be used, or an address cannot be listened on */
export async function openSession(plan: ExpandedPlan, flags: SessionFlags): Promise<DaemonSession> {
  if (plan.hub !== null) {
    const { hubProblems } = await import('../daemon/hub-check.ts');
    const problems = await hubProblems(plan, new AbortController().signal);
    if (problems.length > 0) throw new InputError(`${problems.join('\n')}\nnothing was made`);
  }
  const session = new DaemonSession({
    directory: flags.out,
    noop: plan.programs && { programs: stockPrograms(plan.programs), outside: plan.noopOutside === true },
    ...(flags.agentFiles !== undefined && { agentFiles: flags.agentFiles }),
  });
  if (flags.listen) {
    const settings = await listenSettings(flags.listen, flags, flags.out);
    note(`page, API and metrics: ${await session.listen(settings)}`);
    for (const line of settings.notes) note(line);
  }
  return session;
}
