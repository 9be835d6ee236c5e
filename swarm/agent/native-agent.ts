/**
 * The stock agent's life on one host: registration, polling, steps, replies. Agent facts 2, 3, 4, 6, 9.
 *
 *                    ┌───────────── 60 s ─────────────┐
 *   start ──> register ──typed 401/403/404/409──> frozen        (1 h when the answer names no usable runner)
 *                │ 201                                           ^
 *                v                                               │ typed 404
 *          ┌──> poll ──200──> steps run, each replies ──> wait next_instruction_seconds ──┐
 *          │     │ other                                     │                            │
 *          │     └─> back-off 0.5 s … 60 s, 15 min ──> runner exits <── exit, upgraded    │
 *          │                                              │                               │
 *          │                                              └──> register                   │
 *          └──────────────────────────────────────────────────────────────────────────────┘
 *
 * Hot path: the wheel calls {@link AgentTable.fire} with a slot, the agent opens a session (`Poll`), sends the GET, hands out
 * the instructions and puts itself back on the wheel. While it waits there an agent is this object's fields and nothing else: no timer
 * object, no closure, no promise. A step that takes time holds its own promise until its reply is out.
 */

import { API_BASE } from '../../model/protocol/endpoints.ts';
import type { InstallRequest } from '../../model/protocol/install-request.ts';
import type { HostPhase } from '../../model/protocol/phases.ts';
import { STEP_TYPES, type StepType } from '../../model/protocol/states.ts';
import { wallNow } from '../../model/time/clock.ts';
import { spanMs } from '../../model/time/span.ts';
import type { TimerId, TimerWheel } from '../../model/time/timer-wheel.ts';
import type { Host } from '../host/host.ts';
import type { InstallOutcome } from '../host/machine.ts';
import { goHeaders, isTypedError, jsonBody } from '../service/go-openapi.ts';
import { AGENT_RETRY } from '../service/retry.ts';
import { exchange, type Line, type Outcome } from '../service/round-trip.ts';
import type { ErrorKind } from '../telemetry/telemetry.ts';
import { type Session, TransportError } from '../transport/transport.ts';
import type { Agent, AgentOptions } from './agent.ts';
import { decodePollAnswer, decodeRegistration, type Instruction } from './answers.ts';
import { ReplyCache } from './reply-cache.ts';
import {
  BOOT,
  REBOOT_AFTER_INSTALL_MS,
  RUNNER_START,
  SINGLE_NODE_REBOOT_MS,
  STEP_DURATIONS,
} from './steps/durations.ts';
import { STEPS } from './steps/index.ts';
import { type Machine, StepArgumentError, type StepContext, type StepResult } from './steps/step.ts';

/** `--interval`: wait after a failed registration. */
const REGISTRATION_RETRY_MS = 60_000;
/** Wait after a runner that could not be started or crashed, unless the service names another. */
const CRASH_RETRY_MS = 3_600_000;
const BACKOFF_FIRST_MS = 500;
const BACKOFF_FACTOR = 1.5;
const BACKOFF_MAX_MS = 60_000;
/** Each wait is drawn from half to one and a half of its nominal length. */
const BACKOFF_SPREAD = 0.5;
const BACKOFF_GIVE_UP_MS = 15 * 60_000;
/** Exit code of a process that was stopped by podman. */
const STOPPED_EXIT_CODE = 143;
/** Semaphores of the runner process; the other guarded steps look for a container, which outlives the runner. */
const GUARDED_IN_RUNNER: readonly StepType[] = ['container-image-availability', 'upgrade-agent'];

type Due = 'register' | 'poll' | 'exit';

/** The machine's reply would be what the service already has. */
const KNOWN: unique symbol = Symbol('known');

export class NativeAgent implements Agent, Machine {
  readonly #options: AgentOptions;
  readonly #table: AgentTable;
  readonly #cache = new ReplyCache();
  /** What the runner says: given by the server. The process that registers always says what its own flag says. */
  #version: string;
  #path: string;
  #phase: HostPhase = 'planned';
  #timer: TimerId = 0;
  #due: Due = 'register';
  #rebootTimer: TimerId = 0;
  /** Grows when the machine is switched off or on: what began before it is void. */
  #boot = 0;
  /** Grows when the runner process ends: its steps are void. */
  #runner = 0;
  #frozen = false;
  #silent = false;
  /** The runner has pulled another agent image and ends at its next wait. */
  #upgraded = false;
  #crashRetryMs = CRASH_RETRY_MS;
  #backoffStartMs = 0;
  /** 0 while polls succeed. */
  #backoffMs = 0;
  /** Bits of guarded steps under way, by step number. */
  #busy = 0;
  /** Sessions in use; null when there are none. */
  #polls: Poll[] | null = null;
  /** The installer's container exists; its signal stops it. */
  #installer: AbortController | null = null;
  #installing = false;
  /** Ends programs that steps have started; made when first needed. */
  #power: AbortController | null = null;
  #registrationFailing = false;

  constructor(options: AgentOptions) {
    this.#options = options;
    this.#table = AgentTable.of(options.runtime.wheel);
    this.#version = options.agentVersion;
    this.#path = instructionsPath(options.infraEnvId, options.host.identity.id);
  }

  start(dueMs: number): void {
    if (this.#silent) return;
    this.#table.add(this.#options.slot, this);
    this.#enter('booting');
    this.#schedule('register', dueMs);
  }

  stop(): void {
    if (this.#silent) return;
    this.#enter('stopped');
    this.#powerOff();
    this.#fallSilent();
  }

  // ---- timer wheel

  /** Something scheduled is due. */
  fire(dueMs: number): void {
    this.#timer = 0;
    switch (this.#due) {
      case 'register':
        void this.#register(dueMs);
        break;
      case 'poll':
        void this.#poll(dueMs);
        break;
      case 'exit':
        this.#exitRunner(dueMs);
        break;
    }
  }

  /** The installed system takes over. */
  reboot(): void {
    this.#rebootTimer = 0;
    this.#enter('rebooted');
    this.#powerOff();
    this.#fallSilent();
  }

  #schedule(due: Due, dueMs: number): void {
    this.#due = due;
    this.#timer = this.#options.runtime.wheel.schedule(dueMs, this.#table.fire, this.#options.slot);
  }

  // ---- registration

  async #register(dueMs: number): Promise<void> {
    const { runtime, host } = this.#options;
    const boot = this.#boot;
    if (['booting', 'polling', 'discovered'].includes(this.#phase)) this.#enter('registering');
    const line = this.#openPoll();
    const version = this.#options.agentVersion;
    const outcome = await exchange(
      line,
      'register-host',
      {
        method: 'POST',
        path: `${API_BASE}/v2/infra-envs/${this.#options.infraEnvId}/hosts`,
        headers: this.#headers(line, version, true),
        body: jsonBody({ ...(version ? { discovery_agent_version: version } : {}), host_id: host.identity.id }),
        signal: line.signal,
      },
      dueMs,
    );
    this.#closePoll(line);
    if (boot !== this.#boot) return;

    const now = runtime.clock.now();
    if (!(outcome instanceof TransportError)) {
      if ([401, 403, 404, 409].includes(outcome.status) && isTypedError(outcome.contentType, outcome.body)) {
        this.#fail('registration-frozen', `registration was refused with ${outcome.status}`);
        this.#freeze(`registration was refused with ${outcome.status}`);
        return;
      }
      const command = outcome.status === 201 ? decodeRegistration(outcome) : undefined;
      if (command) {
        this.#registrationFailing = false;
        this.#crashRetryMs = command.retrySeconds > 0 ? command.retrySeconds * 1000 : CRASH_RETRY_MS;
        if (command.kind === 'run') this.#startRunner(command, now);
        else this.#crash('the answer to the registration names no usable runner');
        return;
      }
      if (outcome.status === 201) this.#count('malformed-answer');
    }
    this.#count('registration-retry');
    if (!this.#registrationFailing) this.#report('registration-retry', describe(outcome));
    this.#registrationFailing = true;
    this.#schedule('register', now + REGISTRATION_RETRY_MS);
  }

  #startRunner(command: { agentVersion: string; hostId: string; infraEnvId: string }, now: number): void {
    this.#version = this.#table.intern(command.agentVersion);
    const { infraEnvId, host } = this.#options;
    if (command.infraEnvId !== infraEnvId || command.hostId !== host.identity.id) {
      this.#path = instructionsPath(command.infraEnvId, command.hostId);
    }
    this.#cache.clear();
    this.#backoffMs = 0;
    this.#upgraded = false;
    if (this.#phase === 'registering') this.#enter('polling');
    this.#schedule('poll', now + spanMs(RUNNER_START, this.#random()));
  }

  /** The runner could not be started, or ended with an error. */
  #crash(why: string): void {
    this.#fail('malformed-answer', why);
    this.#endRunner();
    this.#schedule('register', this.#options.runtime.clock.now() + this.#crashRetryMs);
  }

  // ---- polling

  async #poll(dueMs: number): Promise<void> {
    const { runtime, access } = this.#options;
    const boot = this.#boot;
    runtime.telemetry.pollLateness(Math.max(0, wallNow() - runtime.wallOf(dueMs)));
    if (this.#backoffMs === 0) this.#backoffStartMs = dueMs;
    const poll = this.#openPoll();
    const outcome = await exchange(
      poll,
      'get-instructions',
      {
        method: 'GET',
        path: `${this.#path}?timestamp=${Math.floor(runtime.clock.now() / 1000)}`,
        headers: this.#headers(poll, this.#version, false),
        signal: poll.signal,
      },
      dueMs,
    );
    if (boot !== this.#boot) {
      this.#closePoll(poll);
      return;
    }
    const good = !(outcome instanceof TransportError) && outcome.status === 200;
    const answer = good ? decodePollAnswer(outcome) : undefined;
    if (!answer) {
      if (good) this.#count('malformed-answer');
      this.#onFailedPoll(outcome);
      this.#closePoll(poll);
      return;
    }

    this.#backoffMs = 0;
    if (answer.instructions.includes(null)) {
      this.#closePoll(poll);
      this.#crash('an instruction of the answer is null');
      return;
    }
    for (const instruction of answer.instructions) void this.#runStep(poll, instruction!);
    this.#closePoll(poll);
    // An instruction may have switched the machine off.
    if (boot !== this.#boot) return;

    if (!answer.paced) this.#count('malformed-answer');
    const now = runtime.clock.now();
    if (this.#upgraded) {
      this.#exitRunner(now);
      return;
    }
    const seconds = answer.exit ? answer.nextSeconds : (access.pollIntervalSeconds ?? answer.nextSeconds);
    this.#schedule(answer.exit ? 'exit' : 'poll', now + Math.max(0, seconds * 1000));
  }

  #onFailedPoll(outcome: Outcome): void {
    const { clock } = this.#options.runtime;
    this.#cache.clear();
    if (
      !(outcome instanceof TransportError) &&
      outcome.status === 404 &&
      isTypedError(outcome.contentType, outcome.body)
    ) {
      this.#fail('poll-frozen', 'the service does not know this host (404)');
      this.#freeze('the service does not know this host (404)');
      return;
    }
    this.#count('poll-error');
    if (this.#backoffMs === 0) {
      this.#backoffMs = BACKOFF_FIRST_MS;
      this.#report('poll-error', describe(outcome));
    }
    const now = clock.now();
    const wait = this.#backoffMs * (1 - BACKOFF_SPREAD + 2 * BACKOFF_SPREAD * this.#random());
    this.#backoffMs = Math.min(this.#backoffMs * BACKOFF_FACTOR, BACKOFF_MAX_MS);
    if (now - this.#backoffStartMs + wait > BACKOFF_GIVE_UP_MS) {
      this.#fail('poll-given-up', `no instructions for ${BACKOFF_GIVE_UP_MS / 60_000} minutes: ${describe(outcome)}`);
      this.#exitRunner(now);
    } else {
      this.#schedule('poll', now + wait);
    }
  }

  /** The runner ended with exit code 0: the agent registers again at once. */
  #exitRunner(dueMs: number): void {
    this.#endRunner();
    void this.#register(dueMs);
  }

  /** Everything that runs inside the runner process dies with it. */
  #endRunner(): void {
    this.#runner++;
    for (const step of GUARDED_IN_RUNNER) this.#busy &= ~bitOf(step);
    for (const poll of [...(this.#polls ?? [])]) poll.abort();
  }

  /** No request will be made any more; steps under way still reply. */
  #freeze(reason: string): void {
    this.#frozen = true;
    this.#enter('frozen', reason);
    if (!this.#polls) this.#fallSilent();
  }

  // ---- steps

  async #runStep(poll: Poll, instruction: Instruction): Promise<void> {
    poll.open++;
    const { step_type, step_id, args } = instruction;
    const type = STEP_TYPES.find((known) => known === step_type);
    const runner = this.#runner;
    const boot = this.#boot;
    const alive = () => runner === this.#runner && boot === this.#boot;
    try {
      const result = await this.#perform(type, args, alive);
      if (!result || !alive()) return;
      if (result === KNOWN) this.#options.runtime.telemetry.stepReply(type!, 'deduplicated');
      else await this.#reply(poll, type, step_type, step_id, result, alive);
    } catch (error) {
      if (!alive()) return;
      throw error;
    } finally {
      this.#closePoll(poll);
    }
  }

  /** @returns null when the step died with its process. */
  async #perform(
    type: StepType | undefined,
    args: readonly string[],
    alive: () => boolean,
  ): Promise<StepResult | typeof KNOWN | null> {
    const step = type && STEPS[type];
    if (!type || !step) return { output: '', error: 'no action is known for this step type', exitCode: -1 };
    let request: unknown;
    try {
      request = step.parse(args);
    } catch (error) {
      if (!(error instanceof StepArgumentError)) throw error;
      return { output: '', error: error.message, exitCode: -1 };
    }
    const bit = step.whileBusy ? bitOf(type) : 0;
    if (bit & this.#busy) return step.whileBusy!(request);
    this.#busy |= bit;
    const runner = this.#runner;
    try {
      const tookMs = await this.#work(type, step.pieces?.(request) ?? 1);
      if (!alive()) return null;
      if (step.steady && this.#cache.hasType(this.#options.runtime.clock, type)) return KNOWN;
      return await step.run(request, this.#stepContext(tookMs));
    } finally {
      if (runner === this.#runner || !GUARDED_IN_RUNNER.includes(type)) this.#busy &= ~bit;
    }
  }

  /** Lets the time of a step's work pass. */
  async #work(type: StepType, pieces: number): Promise<number> {
    let ms = 0;
    for (let piece = 0; piece < pieces; piece++) ms += spanMs(STEP_DURATIONS[type], this.#random());
    if (ms > 0) await this.#options.runtime.clock.sleep(ms);
    return ms;
  }

  #stepContext(tookMs: number): StepContext {
    const { runtime, host, cluster, slot, access } = this.#options;
    return {
      runtime,
      host,
      cluster,
      slot,
      access,
      machine: this,
      tookMs,
      signal: this.#powerSignal(),
      random: this.#random,
    };
  }

  async #reply(
    poll: Poll,
    type: StepType | undefined,
    stepType: string,
    stepId: string,
    result: StepResult,
    alive: () => boolean,
  ): Promise<void> {
    const { runtime } = this.#options;
    const { clock, telemetry } = runtime;
    const { output, error = '', exitCode = 0 } = result;
    if (exitCode === 0 && type && this.#cache.has(clock, type, output)) {
      telemetry.stepReply(type, 'deduplicated');
      return;
    }
    if (exitCode !== 0) this.#fail('step-failed', `${stepType} ended with ${exitCode}: ${error}`);
    const outcome = await exchange(
      poll,
      'post-step-reply',
      {
        method: 'POST',
        path: this.#path,
        headers: this.#headers(poll, this.#version, true),
        body: jsonBody({
          ...(error && { error }),
          ...(exitCode !== 0 && { exit_code: exitCode }),
          ...(output && { output }),
          ...(stepId && { step_id: stepId }),
          ...(stepType && { step_type: stepType }),
        }),
        signal: poll.signal,
      },
      clock.now(),
    );
    if (!alive()) return;
    if (outcome instanceof TransportError || outcome.status !== 204) {
      telemetry.stepReply(type ?? 'unknown', 'failed');
      this.#fail('reply-lost', `${stepType}: ${describe(outcome)}`);
    } else {
      telemetry.stepReply(type ?? 'unknown', 'posted');
      if (exitCode === 0 && type) this.#cache.store(clock, type, output);
      if (type === 'inventory' && exitCode === 0 && this.#phase === 'polling') this.#enter('discovered');
    }
    if (type === 'upgrade-agent' && isUpgraded(output)) this.#onUpgraded();
  }

  /** Whether the reply got through does not matter. */
  #onUpgraded(): void {
    this.#upgraded = true;
    if (this.#timer !== 0 && this.#due === 'poll' && this.#backoffMs === 0) {
      const { wheel, clock } = this.#options.runtime;
      wheel.cancel(this.#timer);
      this.#timer = 0;
      this.#exitRunner(clock.now());
    }
  }

  // ---- the machine

  install(request: InstallRequest): Promise<InstallOutcome> | null {
    if (this.#installer) return null;
    this.#installer = new AbortController();
    this.#installing = true;
    this.#enter('installing');
    return this.#runInstaller(request, this.#installer.signal);
  }

  stopInstaller(): boolean {
    if (!this.#installing) return false;
    this.#installer?.abort();
    return true;
  }

  restart(): void {
    this.#powerOff();
    this.#frozen = false;
    this.#enter('booting');
    this.#table.add(this.#options.slot, this);
    const { clock } = this.#options.runtime;
    this.#schedule('register', clock.now() + spanMs(BOOT, this.#random()));
  }

  async #runInstaller(request: InstallRequest, signal: AbortSignal): Promise<InstallOutcome> {
    const { runtime, install, slot } = this.#options;
    const boot = this.#boot;
    let outcome: InstallOutcome;
    try {
      outcome = await install(request, this.#version, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
      outcome = { exitCode: STOPPED_EXIT_CODE, error: '' };
    }
    if (boot !== this.#boot) return outcome;
    this.#installing = false;
    if (outcome.exitCode === 0) {
      const delay = request.control_plane_count === 1 ? SINGLE_NODE_REBOOT_MS : REBOOT_AFTER_INSTALL_MS;
      this.#rebootTimer = runtime.wheel.schedule(runtime.clock.now() + delay, this.#table.reboot, slot);
    } else {
      this.#fail('installer-failed', outcome.error || `exit code ${outcome.exitCode}`);
      this.#enter('failed', outcome.error || `the installer ended with ${outcome.exitCode}`);
    }
    return outcome;
  }

  /** Everything that runs on the machine is gone, containers included. */
  #powerOff(): void {
    const { wheel } = this.#options.runtime;
    this.#boot++;
    this.#endRunner();
    this.#installer?.abort();
    this.#installer = null;
    this.#installing = false;
    this.#power?.abort();
    this.#power = null;
    this.#busy = 0;
    if (this.#timer !== 0) wheel.cancel(this.#timer);
    if (this.#rebootTimer !== 0) wheel.cancel(this.#rebootTimer);
    this.#timer = 0;
    this.#rebootTimer = 0;
  }

  #powerSignal(): AbortSignal {
    this.#power ??= new AbortController();
    return this.#power.signal;
  }

  #fallSilent(): void {
    if (this.#silent) return;
    this.#silent = true;
    this.#table.remove(this.#options.slot, this);
    this.#options.onSilent(this.#options.host);
  }

  // ---- sessions

  #openPoll(): Poll {
    const { runtime, access, slot } = this.#options;
    const session = runtime.transport.openSession({ baseUrl: access.baseUrl, client: 'agent', machine: slot });
    const poll = new Poll(this.#options, session, this.#random);
    this.#polls ??= [];
    this.#polls.push(poll);
    return poll;
  }

  /** One user less; the last one releases the session. */
  #closePoll(poll: Poll): void {
    poll.open--;
    if (poll.open > 0) return;
    poll.session.release();
    const rest = this.#polls?.filter((other) => other !== poll) ?? [];
    this.#polls = rest.length > 0 ? rest : null;
    if (this.#frozen && !this.#polls) this.#fallSilent();
  }

  #headers(poll: Poll, agentVersion: string, withBody: boolean): string[] {
    return goHeaders({
      contentType: withBody ? 'application/json' : undefined,
      agentVersion,
      requestId: poll.requestId,
      secretKey: this.#options.access.token,
    });
  }

  // ---- telemetry

  #enter(phase: HostPhase, reason?: string): void {
    if (phase === this.#phase) return;
    this.#phase = phase;
    const { runtime, host, slot } = this.#options;
    runtime.telemetry.hostPhase(slot, phase);
    runtime.emit({
      type: 'host.phase',
      time: runtime.clock.now(),
      ...nameOf(host),
      phase,
      ...(reason ? { reason } : {}),
    });
  }

  #count(kind: ErrorKind): void {
    this.#options.runtime.telemetry.error(kind);
  }

  #report(kind: ErrorKind, message: string): void {
    const { runtime, host } = this.#options;
    runtime.emit({ type: 'host.error', time: runtime.clock.now(), ...nameOf(host), kind, message });
  }

  #fail(kind: ErrorKind, message: string): void {
    this.#count(kind);
    this.#report(kind, message);
  }

  get #random(): () => number {
    return this.#options.random ?? Math.random;
  }
}

/** A session of the agent: a registration, or a poll with the replies to its steps, under one X-Request-Id. */
class Poll implements Line {
  readonly client = 'agent';
  readonly policy = AGENT_RETRY;
  readonly requestId = crypto.randomUUID();
  readonly runtime: AgentOptions['runtime'];
  readonly session: Session;
  readonly random: () => number;
  /** Uses that have not ended: the request itself and steps under way. */
  open = 1;
  readonly #controller = new AbortController();

  constructor(options: AgentOptions, session: Session, random: () => number) {
    this.runtime = options.runtime;
    this.session = session;
    this.random = random;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  abort(): void {
    this.#controller.abort();
  }
}

/** All agents of one wheel, so that a timer needs a number and no closure of its own. */
class AgentTable {
  static readonly #tables = new WeakMap<TimerWheel, AgentTable>();

  static of(wheel: TimerWheel): AgentTable {
    let table = AgentTable.#tables.get(wheel);
    if (!table) {
      table = new AgentTable();
      AgentTable.#tables.set(wheel, table);
    }
    return table;
  }

  readonly #agents = new Map<number, NativeAgent>();
  readonly #texts = new Map<string, string>();
  readonly fire = (slot: number, dueMs: number): void => this.#agents.get(slot)?.fire(dueMs);
  readonly reboot = (slot: number): void => this.#agents.get(slot)?.reboot();

  add(slot: number, agent: NativeAgent): void {
    this.#agents.set(slot, agent);
  }

  remove(slot: number, agent: NativeAgent): void {
    if (this.#agents.get(slot) === agent) this.#agents.delete(slot);
  }

  /** One copy of a text that many agents hold. */
  intern(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    this.#texts.set(text, text);
    return text;
  }
}

function instructionsPath(infraEnvId: string, hostId: string): string {
  return `${API_BASE}/v2/infra-envs/${infraEnvId}/hosts/${hostId}/instructions`;
}

function bitOf(step: StepType): number {
  return 1 << STEP_TYPES.indexOf(step);
}

function nameOf(host: Host): { cluster: number; host: number; id: string } {
  return { cluster: host.plan.clusterIndex, host: host.plan.index, id: host.identity.id };
}

function describe(outcome: Outcome): string {
  return outcome instanceof TransportError ? `${outcome.kind}: ${outcome.message}` : `status ${outcome.status}`;
}

/** Whether an upgrade-agent reply tells of success; refused arguments leave it without output. */
function isUpgraded(output: string): boolean {
  return output !== '' && (JSON.parse(output) as { result?: string }).result === 'success';
}
