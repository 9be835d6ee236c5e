/**
 * The two processes of an agent on its machine (assisted-installer-agent src/agent/agent.go RunAgent) and the sessions in which
 * they speak.
 *
 *   agent             registers; starts the runner, and registers again when that has ended        boots with the machine
 *   next_step_runner  polls, runs steps and replies, under the ids and the version that the        one after the other
 *                     answer to the registration named
 */
import type { StepType } from '../../model/protocol/states.ts';
import type { Machine } from '../host/machine.ts';
import type { RoundTripOutcome } from '../service/round-trip.ts';
import type { ErrorKind, ReplyFate } from '../telemetry/telemetry.ts';
import { Program } from '../transport/program.ts';
import { type Session, TransportError } from '../transport/transport.ts';
import type { RunnerCommand } from './answers.ts';
import type { Backoff } from './backoff.ts';
import type { AgentGroup } from './group.ts';
import { ReplyCache } from './reply-cache.ts';
import type { AgentRequests } from './requests.ts';

/** What an agent does next, when its timer fires. */
export type Due = 'register' | 'poll' | 'exit';

/** What registration, polls and steps ask of the agent that they are part of. */
export interface AgentProcess {
  readonly machine: Machine;
  readonly group: AgentGroup;
  /** Bits of the guarded steps whose containers run: these outlive the runner. */
  containers: number;
  /** Simulated moment at which a row of failed registrations began to be due; null when there is none. */
  registrationDueMs: number | null;
  /** A session of the runner while there is one, of the agent itself otherwise: that waits while a runner runs. */
  openSession(): AgentSession;
  /** One user less; the last one releases the session. */
  closeSession(session: AgentSession): void;
  schedule(due: Due, dueMs: number): void;
  /** @param crashRetryMs simulated milliseconds until the agent tries again, should the runner crash */
  startRunner(command: RunnerCommand & { kind: 'run' }, crashRetryMs: number): void;
  /** The runner ended with exit code 0: the agent registers again at once. */
  exitRunner(dueMs: number): void;
  /** The runner could not be started, or ended with an error: the agent registers again after this wait. */
  crash(why: string, retryMs: number): void;
  /** An upgrade has succeeded: the runner ends as soon as it waits. */
  upgraded(runner: RunnerProcess): void;
  /** No request will be made any more; steps under way still reply. */
  freeze(kind: ErrorKind, why: string): void;
  /** Counts an error. */
  count(kind: ErrorKind): void;
  /** Tells of an error as an event of the host. */
  report(kind: ErrorKind, message: string): void;
  /** Counts and tells. */
  fail(kind: ErrorKind, message: string): void;
}

/** A registration, or a poll with the replies to its steps, under one X-Request-Id. */
export class AgentSession {
  readonly session: Session;
  readonly requestId = crypto.randomUUID();
  /** Uses that have not ended: the request itself and steps under way. */
  uses = 1;

  constructor(session: Session) {
    this.session = session;
  }
}

/** next_step_runner. Everything in it dies with it. */
export class RunnerProcess {
  readonly agent: AgentProcess;
  readonly requests: AgentRequests;
  readonly infraEnvId: string;
  readonly hostId: string;
  /** Simulated milliseconds until the agent tries again, should the runner crash. */
  readonly crashRetryMs: number;
  /** Its connections. */
  readonly program = new Program();
  readonly replies = new ReplyCache();
  /** Null while polls succeed. */
  backoff: Backoff | null = null;
  /** Attempts of the poll under way; 0 while the runner waits for its next one. */
  attempts = 0;
  /** Simulated moment at which the first of them was due. */
  firstDueMs = 0;
  /** Simulated milliseconds that the service wants between two polls; 0 until it has said so. */
  paceMs = 0;
  /** Bits of the steps that the process's own semaphores guard and that are under way. */
  semaphores = 0;
  /** Types of the steps that are under way; null when there are none. */
  #steps: (StepType | 'unknown')[] | null = null;
  /** Another agent image was pulled: the process ends at its next wait. */
  upgraded = false;
  ended = false;

  constructor(
    agent: AgentProcess,
    requests: AgentRequests,
    command: { infraEnvId: string; hostId: string; crashRetryMs: number },
  ) {
    this.agent = agent;
    this.requests = requests;
    this.infraEnvId = command.infraEnvId;
    this.hostId = command.hostId;
    this.crashRetryMs = command.crashRetryMs;
  }

  /** The poll under way has its answer. */
  tellWait(): void {
    const { telemetry, clock, wallOf } = this.agent.group.environment.runtime;
    const since = wallOf(this.firstDueMs);
    telemetry.pollWaited(wallOf(clock.now()) - since, wallOf(this.firstDueMs + this.paceMs) - since, this.attempts);
    this.attempts = 0;
  }

  stepBegins(type: StepType | 'unknown'): void {
    this.agent.group.environment.runtime.telemetry.stepReply(type, 'received');
    this.#steps ??= [];
    this.#steps.push(type);
  }

  /** A step that outlives the process has had its fate. */
  stepEnds(type: StepType | 'unknown', fate: ReplyFate): void {
    if (this.ended) return;
    this.agent.group.environment.runtime.telemetry.stepReply(type, fate);
    const steps = this.#steps!;
    if (steps.length === 1) this.#steps = null;
    else steps.splice(steps.indexOf(type), 1);
  }

  /**
   * The process ends, and its steps with it: what they sleep for may be longer than the run. A poll that has waited longer than the pace
   * made others impossible, though it never gets an answer.
   */
  end(): void {
    this.ended = true;
    for (const type of this.#steps ?? []) this.agent.group.environment.runtime.telemetry.stepReply(type, 'dropped');
    this.#steps = null;
    if (this.attempts === 0 || this.paceMs === 0) return;
    if (this.agent.group.environment.runtime.clock.now() - this.firstDueMs >= this.paceMs) this.tellWait();
  }
}

/** What became of a request, for people. */
export function describe(outcome: RoundTripOutcome): string {
  return outcome instanceof TransportError ? `${outcome.kind}: ${outcome.message}` : `status ${outcome.status}`;
}
