/**
 * Runs that fail for good, and how one knows: a service that answered once and went away is waited for, but what has never worked and
 * fails for a cause that lasts is not worth hours. Rules are data; {@link HopelessWatch} looks at a run with them.
 */
import type { ClientKind } from '../../model/protocol/endpoints.ts';
import { GENERATOR_ERROR_KINDS, isGeneratorError, type TransportErrorKind } from '../../model/protocol/outcomes.ts';
import type { ClusterPhase } from '../../model/protocol/phases.ts';
import {
  type AgentAccess,
  agentsRefused,
  hintForKind,
  NO_SERVICE,
  planAccess,
  type UserAccess,
  userRefused,
} from '../cluster/hint.ts';
import type { ExpandedPlan } from '../plan/expanded-plan.ts';
import { redactUrl } from '../plan/redact.ts';
import type { RunEvent } from '../telemetry/run-event.ts';
import type { RequestCount } from '../telemetry/telemetry-snapshot.ts';

/** Failures that do not pass by themselves. */
interface LastingFailure {
  codes: readonly string[];
  /** How many there must be. */
  attempts: number;
  /** Wall-clock seconds for which there must have been nothing else. */
  seconds: number;
}

/** While nobody has ever got an HTTP answer. A service that is just being started refuses connections for a while. */
const NO_ANSWER: readonly LastingFailure[] = [
  { codes: ['refused', 'reset', 'eof', 'unreachable', 'protocol'], attempts: 3, seconds: 10 },
  // Either takes long enough by itself.
  { codes: ['dial-timeout'], attempts: 1, seconds: 0 },
  { codes: ['tls-timeout'], attempts: 2, seconds: 0 },
  // Name servers have their moments too.
  { codes: ['dns'], attempts: 1, seconds: 5 },
  { codes: ['tls'], attempts: 1, seconds: 5 },
  { codes: ['source-address'], attempts: 1, seconds: 0 },
  { codes: GENERATOR_ERROR_KINDS, attempts: 3, seconds: 10 },
];

/** What users and agents of a run show of themselves. */
interface Access {
  user: UserAccess;
  agents: AgentAccess;
}

const NOTHING_SHOWN: Access = { user: planAccess(''), agents: { given: false, fromIgnition: false } };

/** While no request of a kind of client has ever got another answer. */
const REFUSALS: readonly (LastingFailure & {
  client: ClientKind;
  hint: (access: Access, codes: readonly string[]) => string;
})[] = [
  {
    client: 'user',
    codes: ['401', '403'],
    attempts: 1,
    seconds: 0,
    // Who is not known to the service is told so first.
    hint: ({ user }, codes) => userRefused(codes.includes('401') ? 401 : 403, user),
  },
  {
    client: 'user',
    codes: ['404', '405', '501'],
    attempts: 1,
    seconds: 0,
    hint: () => NO_SERVICE,
  },
  {
    client: 'agent',
    codes: ['401', '403'],
    attempts: 3,
    seconds: 0,
    hint: ({ agents }) => agentsRefused(agents),
  },
  // The stock agent gives up for good after these as well.
  {
    client: 'agent',
    codes: ['404', '409'],
    attempts: 3,
    seconds: 0,
    hint: () => 'it does not take these hosts; does somebody remove infra-envs, or register the same hosts?',
  },
];

/** Clusters that may fail while they are created before nobody believes in the next one. */
const FAILED_CREATIONS = 3;
/** What a user asks before anything is made. */
const BEFORE_CREATION: ReadonlySet<string> = new Set(['component-versions', 'list-infra-envs', 'list-clusters']);
/** Wall-clock milliseconds between two looks. */
const LOOK_MS = 1000;

/**
 * Why requests will go on to fail, or null while they may not.
 * @param service what the reason calls it
 * @param seconds since the first attempt ended
 */
export function lastingCause(
  service: string,
  requests: readonly RequestCount[],
  seconds: number,
  access: Access = NOTHING_SHOWN,
): string | null {
  const ended = requests.filter(({ code }) => code !== 'aborted');
  if (ended.length === 0) return null;
  const holds = (rule: LastingFailure, rows: readonly RequestCount[]) =>
    rows.length > 0 &&
    rows.every(({ code }) => rule.codes.includes(code)) &&
    countOf(rows) >= rule.attempts &&
    seconds >= rule.seconds;
  if (NO_ANSWER.some((rule) => holds(rule, ended))) {
    const { code } = ended.toSorted((a, b) => b.count - a.count)[0]!;
    const hint = hintForKind(code as TransportErrorKind);
    const why = `${code}${hint && `: ${hint}`}`;
    if (isGeneratorError(code)) return `no request has left this machine: ${all(ended)} attempts failed (${why})`;
    return `${service} has never answered: ${all(ended)} attempts failed (${why})`;
  }
  for (const rule of REFUSALS) {
    const rows = ended.filter(({ client }) => client === rule.client);
    if (!holds(rule, rows)) continue;
    const codes = [...new Set(rows.map(({ code }) => code))];
    const whom = rule.client === 'user' ? 'the user' : 'agents';
    return `the service has refused every request of ${whom} with ${codes.join(', ')} (${all(rows)}): ${rule.hint(access, codes)}`;
  }
  return null;
}

const countOf = (rows: readonly RequestCount[]) => rows.reduce((sum, { count }) => sum + count, 0);

/** `3 of 3`: there were no others. */
function all(rows: readonly RequestCount[]): string {
  const count = countOf(rows);
  return `${count} of ${count}`;
}

/** Phases of a cluster that it cannot leave without every one of its hosts' agents. */
const NEEDS_AGENTS: readonly ClusterPhase[] = ['discovering', 'preparing', 'day2'];

/** Phases in which it needs hosts that have not rebooted yet. */
const NEEDS_HOSTS: readonly ClusterPhase[] = [...NEEDS_AGENTS, 'installing'];

/**
 * Why a cluster in this phase will never get on after the event, or null: a frozen agent makes no request any more until somebody
 * restarts it, and nobody brings back a host whose processes are gone.
 * @param ordinal the host's place in its cluster
 */
export function clusterStuck(event: RunEvent, phase: ClusterPhase, ordinal: number): string | null {
  if (event.type === 'host.error' && event.kind === 'host-lost') {
    return NEEDS_HOSTS.includes(phase) ? event.message : null;
  }
  if (event.type !== 'host.phase' || event.phase !== 'frozen' || !NEEDS_AGENTS.includes(phase)) return null;
  return `host ${ordinal} (${event.id}): ${event.reason ?? 'its agent is frozen'}`;
}

/** What the watch looks at. */
export interface HopelessSource {
  requests(): RequestCount[];
}

export class HopelessWatch {
  readonly #source: HopelessSource;
  readonly #service: string;
  readonly #clusters: number;
  readonly #access: Access;
  #firstAt: number | null = null;
  #created = false;
  #failedCreations = 0;
  #firstFailure = '';
  #timer: NodeJS.Timeout | undefined;

  constructor(source: HopelessSource, { service, clusters }: Pick<ExpandedPlan, 'service' | 'clusters'>) {
    this.#source = source;
    this.#service = service.url === 'embedded' ? 'the embedded service' : redactUrl(service.url);
    this.#clusters = clusters.length;
    this.#access = {
      user: planAccess(service.userAuthorization),
      agents: { given: service.agentToken !== '', fromIgnition: clusters.every(({ api }) => api === 'kube') },
    };
  }

  /**
   * Looks once a second until `stop()`, and tells a cause that two looks in a row find. Does not keep the process alive.
   * Requests are counted before their events have come from the workers: by the second look the clusters that failed of it are known.
   */
  start(now: () => number, onHopeless: (cause: string) => void): void {
    let found = false;
    this.#timer = setInterval(() => {
      const cause = this.look(now());
      const before = found;
      found = cause !== null;
      if (cause === null || !before) return;
      this.stop();
      onHopeless(cause);
    }, LOOK_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Takes in what happened to clusters. */
  apply(event: RunEvent): void {
    if (event.type !== 'cluster.phase') return;
    if (event.phase === 'discovering') this.#created = true;
    if (event.phase !== 'failed' || event.expected || this.#created) return;
    if (this.#failedCreations++ === 0) this.#firstFailure = `${event.name}: ${event.reason ?? 'failed'}`;
  }

  /** Why the run cannot succeed, or null. @param nowMs wall-clock milliseconds */
  look(nowMs: number): string | null {
    const requests = this.#source.requests();
    if (requests.length > 0) this.#firstAt ??= nowMs;
    const seconds = this.#firstAt === null ? 0 : (nowMs - this.#firstAt) / 1000;
    return lastingCause(this.#service, requests, seconds, this.#access) ?? this.#noCreation(requests);
  }

  /** The same at the end of the run, where waiting longer would change nothing. */
  conclude(): string | null {
    return lastingCause(this.#service, this.#source.requests(), Number.POSITIVE_INFINITY, this.#access);
  }

  #noCreation(requests: readonly RequestCount[]): string | null {
    // When all have failed, the run ends by itself and names them.
    if (this.#created || this.#failedCreations === 0 || this.#failedCreations >= this.#clusters) return null;
    // What a cluster needs before it is asked for is the same for all of them.
    const useless = requests.every(({ client, endpoint }) => client !== 'user' || BEFORE_CREATION.has(endpoint));
    const answered = requests.some(({ client, code }) => client === 'user' && /^[23]/.test(code));
    if (!(useless && answered) && this.#failedCreations < FAILED_CREATIONS) return null;
    return `no cluster could be created so far (${this.#failedCreations} failed); ${this.#firstFailure}`;
  }
}
