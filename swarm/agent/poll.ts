/**
 * One poll of the runner (assisted-installer-agent src/commands/step_processor.go processSingleSession, ProcessSteps;
 * src/commands/service_api.go GetNextSteps).
 *
 *   ┌──> GET …/instructions ──200──> steps run, each replies ──> next_instruction_seconds ──┐
 *   │             │    └──typed 404──> frozen                               │ exit          │
 *   │             │ anything else                                           v               │
 *   │             v                                                    runner exits         │
 *   │         back-off ──15 min──> runner exits                                             │
 *   └─────────────┴─────────────────────────────────────────────────────────────────────────┘
 *
 * Hot path. What this poll says differently from all others is the four values that it fills in: two ids, the host's clock
 * and X-Request-Id.
 */
import { wallNow } from '../../model/time/clock.ts';
import { isTypedError } from '../service/go-openapi.ts';
import { type RoundTripOutcome, roundTrip } from '../service/round-trip.ts';
import { TransportError } from '../transport/transport.ts';
import { decodePollAnswer } from './answers.ts';
import { BACKOFF, Backoff } from './backoff.ts';
import { describe, type RunnerProcess } from './processes.ts';
import { runStep } from './step-runner.ts';

/** Polls once, hands out the instructions and puts the agent back on the wheel. */
export async function poll(runner: RunnerProcess, dueMs: number): Promise<void> {
  const { agent } = runner;
  const { runtime, access } = agent.group.environment;
  runtime.telemetry.pollLateness(Math.max(0, wallNow() - runtime.wallOf(dueMs)));
  const session = agent.openSession();
  if (runner.attempts++ === 0) runner.firstDueMs = dueMs;
  const { fault } = agent.machine.host.plan;
  const skewMs = fault?.kind === 'clock-skew' ? fault.byMs : 0;
  const timestamp = String(Math.floor((runtime.clock.now() + skewMs) / 1000));
  const outcome = await roundTrip(
    agent.group.tripper,
    session.session,
    'get-instructions',
    { prepared: runner.requests.poll, values: [runner.infraEnvId, runner.hostId, timestamp, session.requestId] },
    dueMs,
    runner.firstDueMs,
  );
  if (runner.ended) {
    agent.closeSession(session);
    return;
  }
  const good = !(outcome instanceof TransportError) && outcome.status === 200;
  const answer = good ? decodePollAnswer(outcome) : undefined;
  if (!answer) {
    if (good) agent.count('malformed-answer');
    onFailedPoll(runner, outcome, dueMs);
    agent.closeSession(session);
    return;
  }

  runner.backoff = null;
  runner.tellWait();
  if (answer.instructions.includes(null)) {
    agent.closeSession(session);
    agent.crash('an instruction of the answer is null', runner.crashRetryMs);
    return;
  }
  for (const instruction of answer.instructions) void runStep(runner, session, instruction!);
  agent.closeSession(session);
  // An instruction may have switched the machine off.
  if (runner.ended) return;

  // The service leaves a pace of 0 out, which it gives with `exit` to hosts that are bound (Go's omitempty).
  if (!answer.paced && !answer.exit) agent.count('malformed-answer');
  const now = runtime.clock.now();
  if (runner.upgraded) {
    agent.exitRunner(now);
    return;
  }
  const seconds = answer.exit ? answer.nextSeconds : (access.pollIntervalSeconds ?? answer.nextSeconds);
  if (!answer.exit) runner.paceMs = seconds * 1000;
  agent.schedule(answer.exit ? 'exit' : 'poll', now + Math.max(0, seconds * 1000));
}

function onFailedPoll(runner: RunnerProcess, outcome: RoundTripOutcome, dueMs: number): void {
  const { agent } = runner;
  const { runtime } = agent.group.environment;
  runner.replies.clear();
  if (
    !(outcome instanceof TransportError) &&
    outcome.status === 404 &&
    isTypedError(outcome.contentType, outcome.body)
  ) {
    // Refused for good is an answer: nothing is waited for any more.
    runner.attempts = 0;
    agent.freeze('poll-frozen', 'the service does not know this host (404)');
    return;
  }
  agent.count('poll-error');
  if (!runner.backoff) {
    runner.backoff = new Backoff(dueMs);
    agent.report('poll-error', describe(outcome));
  }
  const now = runtime.clock.now();
  const waitMs = runner.backoff.next(now, agent.group.random());
  if (waitMs === null) {
    agent.fail('poll-given-up', `no instructions for ${BACKOFF.giveUpMs / 60_000} minutes: ${describe(outcome)}`);
    agent.exitRunner(now);
  } else {
    agent.schedule('poll', now + waitMs);
  }
}
