/**
 * What befalls the machines of one cluster in the midst of their lives, as rows of the lifecycle: a machine comes to a phase, and so
 * much later it is reset, loses its power, or its agent is killed.
 *
 *   machine enters a phase ──▶ reached(fault)() ──after──▶ does `when` still hold? ──▶ effect, once
 */
import type { HostFault } from '../../model/faults/faults.ts';
import { Lifecycle, type Stage, stageTable } from '../../model/lifecycle/lifecycle.ts';
import { HOST_PHASES, type HostPhase } from '../../model/protocol/phases.ts';
import type { Clock } from '../../model/time/clock.ts';
import type { Machine } from '../host/machine.ts';

/** RestartSec of the agent's unit: assisted-service, internal/ignition/templates/agent.service. */
const UNIT_RESTART_MS = 3000;

type MomentFault = Extract<HostFault, { afterMs: number }>;

/** A machine that something will befall. */
interface Struck {
  readonly machine: Machine;
  readonly fault: MomentFault;
  /** Its power goes, for good. */
  readonly lose: (machine: Machine) => void;
  over: boolean;
}

/** The machine's phase from which on a fault counts. */
const PHASE_OF: Readonly<Record<MomentFault['at'], HostPhase>> = {
  registered: 'polling',
  discovered: 'discovered',
  installing: 'installing',
  writing: 'writing',
  rebooted: 'rebooted',
};

const order = (phase: HostPhase) => HOST_PHASES.indexOf(phase);

/** The machine has come to the fault's phase; where that lies before the reboot, it has not rebooted yet. */
function reached({ machine, fault, over }: Struck): boolean {
  if (over) return false;
  const at = order(machine.phase);
  const until = fault.at === 'rebooted' ? 'frozen' : 'rebooted';
  return at >= order(PHASE_OF[fault.at]) && at < order(until);
}

const row = (kind: MomentFault['kind'], befall: (struck: Struck) => void): Stage<Struck> => ({
  name: kind,
  when: (struck) => struck.fault.kind === kind && reached(struck),
  delay: ({ fault }) => ({ delayMs: fault.afterMs, jitterMs: 0 }),
  effect: (struck) => {
    struck.over = true;
    befall(struck);
  },
});

const TABLE = stageTable<Struck>([
  row('reboot', ({ machine }) => machine.restart()),
  row('silent', ({ machine, lose }) => lose(machine)),
  row('agent-restart', ({ machine }) => machine.restartProgram(UNIT_RESTART_MS)),
]);

const NO_DRAWS = { random: () => 0 };

export class MachineFaults {
  readonly #lifecycle: Lifecycle;
  readonly #struck = new Map<Machine, Struck>();
  readonly #lose: (machine: Machine) => void;

  /** @param lose takes a machine's power, for good */
  constructor(clock: Clock, lose: (machine: Machine) => void) {
    this.#lifecycle = new Lifecycle({ clock });
    this.#lose = lose;
  }

  /** A machine is there; nothing happens to one without such a fault. Not twice for one machine. */
  add(machine: Machine): void {
    const { fault } = machine.host.plan;
    // A machine that boots the wrong thing does so by itself, see bootsImage.
    if (fault === undefined || !('afterMs' in fault) || bootsImage(machine)) return;
    const struck: Struck = { machine, fault, lose: this.#lose, over: false };
    this.#struck.set(machine, struck);
    this.#lifecycle.add(struck, TABLE, NO_DRAWS);
  }

  /** A machine came to a phase. */
  look(machine: Machine): void {
    const struck = this.#struck.get(machine);
    if (struck) this.#lifecycle.look(struck);
  }

  /** Nothing happens any more. */
  close(): void {
    this.#lifecycle.close();
    this.#struck.clear();
  }
}

/** A machine that boots the discovery image again where it should boot its disk. */
export function bootsImage({ host }: Machine): boolean {
  const { fault } = host.plan;
  return fault?.kind === 'reboot' && fault.at === 'rebooted';
}
