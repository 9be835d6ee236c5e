/** What telemetry, events and a machine's phase say of the stages that its installation and its cluster report. */
import type { HostRole, HostStage } from '../../model/protocol/states.ts';
import type { Machine } from '../host/machine.ts';
import type { Runtime } from '../service/runtime.ts';
import { namesOf } from './machine-setup.ts';

/** The installation of one machine. */
export interface StagedHost {
  readonly machine: Machine;
  readonly role: HostRole;
  stage: HostStage | null;
  info: string;
  /** Simulated moment at which the stage began. */
  since: number;
}

/** A stage report of a host was accepted. */
export function enterStage(runtime: Runtime, staged: StagedHost, stage: HostStage, info: string): void {
  if (staged.stage === stage && staged.info === info) return;
  const { machine, role } = staged;
  const { clock, telemetry, emit } = runtime;
  const now = clock.now();
  if (staged.stage !== stage) {
    if (staged.stage) telemetry.stageDuration(role, staged.stage, now - staged.since);
    telemetry.hostStage(machine.slot, stage);
    staged.since = now;
  }
  // Percentages are many and belong to the same stage: they are counted as requests, not told as events.
  if (staged.stage !== stage || stage !== 'Writing image to disk') {
    emit({ time: now, type: 'host.stage', ...namesOf(machine.host), role, stage, ...(info && { info }) });
  }
  staged.stage = stage;
  staged.info = info;
  if (stage === 'Writing image to disk') machine.enter('writing');
  else if (stage === 'Joined') machine.enter('joined');
  else if (stage === 'Done') machine.enter('done');
  else if (machine.phase === 'writing') machine.enter('installing');
}
