/**
 * The stock agent's life on one machine. What it does stands beside this file; here its parts are put together and wait.
 *
 *   machine boots ──> registration.ts ──> runner starts ──> poll.ts ──> step-runner.ts ──> replies
 *                        ^     │                              ^  │
 *                        │     └─> frozen                     │  ├─> frozen
 *                        │                                    │  └─> backoff.ts
 *                        └──── runner exits, crashes ─────────┴──── waits
 *
 * Hot path: the wheel calls the table of {@link AgentGroup} with a slot, the agent opens a session, the runner polls in it and
 * puts the agent back on the wheel. While it waits there an agent is the fields of two objects, this one and its runner: no
 * timer object, no closure, no promise. A step that takes time holds its own promise until its reply is out.
 */

import { spanMs } from '../../model/time/span.ts';
import type { TimerId } from '../../model/time/timer-wheel.ts';
import type { Machine } from '../host/machine.ts';
import type { ErrorKind } from '../telemetry/telemetry.ts';
import { Program } from '../transport/program.ts';
import type { Agent, AgentEnvironment } from './agent.ts';
import type { RunnerCommand } from './answers.ts';
import { AgentGroup } from './group.ts';
import { poll } from './poll.ts';
import { type AgentProcess, AgentSession, type Due, RunnerProcess } from './processes.ts';
import { register } from './registration.ts';
import { RUNNER_START } from './steps/durations.ts';

export class NativeAgent implements Agent, AgentProcess {
  readonly machine: Machine;
  readonly group: AgentGroup;
  containers = 0;
  registrationDueMs: number | null = null;
  /** Connections of the agent process, of this boot. */
  #program = new Program();
  #runner: RunnerProcess | null = null;
  /** Sessions in use; null when there are none. */
  #sessions: AgentSession[] | null = null;
  #timer: TimerId = 0;
  #due: Due = 'register';
  #frozen = false;

  constructor(machine: Machine, environment: AgentEnvironment) {
    this.machine = machine;
    this.group = AgentGroup.of(environment);
  }

  // ---- what the machine asks

  start(upMs: number): void {
    this.#program = new Program();
    this.group.table.add(this.machine.slot, this);
    this.schedule('register', upMs);
  }

  stop(): void {
    this.#endRunner();
    this.#program.end();
    this.containers = 0;
    this.registrationDueMs = null;
    this.#frozen = false;
    this.#cancelTimer();
    this.group.table.remove(this.machine.slot, this);
  }

  // ---- timer wheel

  /** Something scheduled is due. */
  fire(dueMs: number): void {
    this.#timer = 0;
    if (this.#due === 'poll') void poll(this.#runner!, dueMs);
    else if (this.#due === 'register') void register(this, dueMs);
    else this.exitRunner(dueMs);
  }

  schedule(due: Due, dueMs: number): void {
    this.#due = due;
    this.#timer = this.group.environment.runtime.wheel.schedule(dueMs, this.group.table.fire, this.machine.slot);
  }

  #cancelTimer(): void {
    if (this.#timer !== 0) this.group.environment.runtime.wheel.cancel(this.#timer);
    this.#timer = 0;
  }

  // ---- processes

  startRunner(command: RunnerCommand & { kind: 'run' }, crashRetryMs: number): void {
    const { group, machine } = this;
    const { runtime, infraEnvId } = group.environment;
    const { id } = machine.host.identity;
    // The answer's texts are copies: an agent that keeps ours is smaller.
    this.#runner = new RunnerProcess(this, group.requestsOf(command.agentVersion), {
      infraEnvId: command.infraEnvId === infraEnvId ? infraEnvId : command.infraEnvId,
      hostId: command.hostId === id ? id : command.hostId,
      crashRetryMs,
    });
    if (machine.phase === 'registering') machine.enter('polling');
    this.schedule('poll', runtime.clock.now() + spanMs(RUNNER_START, group.random()));
  }

  exitRunner(dueMs: number): void {
    this.#endRunner();
    void register(this, dueMs);
  }

  crash(why: string, retryMs: number): void {
    this.fail('malformed-answer', why);
    this.#endRunner();
    this.schedule('register', this.group.environment.runtime.clock.now() + retryMs);
  }

  upgraded(runner: RunnerProcess): void {
    runner.upgraded = true;
    if (this.#timer === 0 || this.#due !== 'poll' || runner.backoff) return;
    this.#cancelTimer();
    this.exitRunner(this.group.environment.runtime.clock.now());
  }

  freeze(kind: ErrorKind, why: string): void {
    this.fail(kind, why);
    this.#frozen = true;
    this.machine.enter('frozen', why);
    if (!this.#sessions) this.#fallSilent();
  }

  #endRunner(): void {
    const runner = this.#runner;
    runner?.end();
    this.#runner = null;
    for (const session of this.#sessions ?? []) session.session.abort();
    runner?.program.end();
  }

  #fallSilent(): void {
    this.group.table.remove(this.machine.slot, this);
    this.machine.fallSilent();
  }

  // ---- sessions

  openSession(): AgentSession {
    const { runtime, access } = this.group.environment;
    const { baseUrl } = access;
    const { program } = this.#runner ?? { program: this.#program };
    const session = new AgentSession(
      runtime.transport.openSession({ baseUrl, client: 'agent', machine: this.machine.slot, program }),
    );
    this.#sessions ??= [];
    this.#sessions.push(session);
    return session;
  }

  closeSession(session: AgentSession): void {
    session.uses--;
    if (session.uses > 0) return;
    session.session.release();
    const rest = this.#sessions?.filter((other) => other !== session) ?? [];
    this.#sessions = rest.length > 0 ? rest : null;
    if (this.#frozen && !this.#sessions) this.#fallSilent();
  }

  // ---- telemetry

  count(kind: ErrorKind): void {
    this.group.environment.runtime.telemetry.error(kind);
  }

  report(kind: ErrorKind, message: string): void {
    const { emit, clock } = this.group.environment.runtime;
    const { plan, identity } = this.machine.host;
    emit({
      type: 'host.error',
      time: clock.now(),
      cluster: plan.clusterIndex,
      host: plan.index,
      id: identity.id,
      kind,
      message,
    });
  }

  fail(kind: ErrorKind, message: string): void {
    this.count(kind);
    this.report(kind, message);
  }
}
