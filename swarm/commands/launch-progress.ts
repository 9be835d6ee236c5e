/** A launch for people: a line for what happens to InfraEnvs, and one now and then about all hosts. */
import { HOST_PHASES } from '../../model/protocol/phases.ts';
import { wallNow } from '../../model/time/clock.ts';
import type { LaunchEvent } from '../cluster/launch/launch-event.ts';
import type { LaunchSource } from '../daemon/launch-routes.ts';

/** Wall-clock milliseconds between two lines. */
const LINE_MS = 5_000;
/** Names of hosts that a line shows. */
const SHOWN_NAMES = 4;

/** One event in a line; null for those that are too many for people. */
export function launchLine(event: LaunchEvent): string | null {
  switch (event.type) {
    case 'launch.started':
      return `following ${event.hub}`;
    case 'infra-env.ready':
      return `${event.infraEnv}: hosts reach ${event.service}, agent ${event.agentVersion || 'of no named image'}`;
    case 'infra-env.hosts':
      return `${event.infraEnv}: ${hosts(event.hosts)} alive${list('added', event.added)}${list('removed', event.removed)}`;
    case 'infra-env.waiting':
      return `${event.infraEnv}: ${event.message}`;
    case 'infra-env.gone':
      return `${event.infraEnv}: gone, with ${hosts(event.hosts)}`;
    case 'agent.approved':
      return `${event.infraEnv}: Agent ${event.agent} approved${event.role ? ` as ${event.role}` : ''}`;
    case 'launch.warning':
      return `warning: ${event.message}`;
    case 'host':
      return event.event.type === 'host.error'
        ? `${event.infraEnv}: host ${event.event.id}: ${event.event.message}`
        : null;
  }
}

const hosts = (count: number) => `${count} host${count === 1 ? '' : 's'}`;

function list(verb: string, names: readonly string[]): string {
  if (names.length === 0) return '';
  const more = names.length - SHOWN_NAMES;
  return `, ${verb} ${names.slice(0, SHOWN_NAMES).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** Writes a line about all hosts when it differs from the one before. */
export class LaunchProgress {
  readonly #source: LaunchSource;
  readonly #write: (line: string) => void;
  #timer: NodeJS.Timeout | undefined;
  #last = '';

  constructor(source: LaunchSource, write: (line: string) => void) {
    this.#source = source;
    this.#write = write;
  }

  start(): void {
    this.#timer = setInterval(() => this.show(), LINE_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  show(): void {
    const line = this.line();
    if (line === this.#last) return;
    this.#last = line;
    this.#write(line);
  }

  line(): string {
    const { state } = this.#source;
    if (!state) return 'starting';
    if (state.infraEnvs === 0) return 'no InfraEnv is there to launch hosts for; waits for one';
    const { phases } = this.#source.measured().reader.snapshot(wallNow()).hosts;
    // Those that were taken away are nobody's concern any more.
    const alive = HOST_PHASES.filter((phase) => phase !== 'planned' && phase !== 'stopped' && phases[phase] > 0);
    const shown = alive.map((phase) => `${phases[phase]} ${phase}`).join(', ');
    const waiting = state.waiting.size > 0 ? `; ${state.waiting.size} without` : '';
    return `${hosts(state.hosts)} in ${state.launched} of ${state.infraEnvs} InfraEnvs${shown && `: ${shown}`}${waiting}`;
  }
}
