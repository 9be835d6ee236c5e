/** What machines of any site ask for and tell: every change of a phase goes to the telemetry and the event stream. */
import type { SpokeProfile } from '../../model/spoke/profiles.ts';
import type { Host } from '../host/host.ts';
import type { Machine, MachineSetup } from '../host/machine.ts';
import type { Runtime } from '../service/runtime.ts';

/** How events name a host. */
export function namesOf({ plan, identity }: Host): { cluster: number; host: number; id: string } {
  return { cluster: plan.clusterIndex, host: plan.index, id: identity.id };
}

/** One object for all machines of a site. */
export function machineSetup(
  { clock, telemetry, emit }: Pick<Runtime, 'clock' | 'telemetry' | 'emit'>,
  profile: SpokeProfile,
  site: Pick<MachineSetup, 'runInstaller' | 'onRebooted' | 'onSilent' | 'bootsImage'> & {
    /** Told after telemetry and events. */
    onPhase?: (machine: Machine) => void;
  },
): MachineSetup {
  const { onPhase: told, ...rest } = site;
  return {
    clock,
    profile,
    onPhase: (machine, phase, reason) => {
      const { host, slot } = machine;
      telemetry.hostPhase(slot, phase);
      emit({ type: 'host.phase', time: clock.now(), ...namesOf(host), phase, ...(reason ? { reason } : {}) });
      told?.(machine);
    },
    onInstallerFailed: ({ host }, message) => {
      telemetry.error('installer-failed');
      emit({ type: 'host.error', time: clock.now(), ...namesOf(host), kind: 'installer-failed', message });
    },
    ...rest,
  };
}
