/**
 * Steps of a runner: what an instruction makes the machine do, and the reply (assisted-installer-agent
 * src/commands/step_processor.go handleSteps, sendStepReply; src/commands/actions/action.go New).
 *
 *   instruction ──> arguments good? ──> guard free? ──> its time passes ──> run ──> known already? ──no──> POST reply
 *                        │no                 │no                                        │yes                 │204
 *                        v                   v                                          v                    v
 *                    exit code -1      answers at once                            nothing is sent      known for an hour
 *
 * A step holds its session, and its own promise, until its reply is out; with the runner's end it is void.
 */
import { STEP_TYPES, type StepType } from '../../model/protocol/states.ts';
import { spanMs } from '../../model/time/span.ts';
import { jsonBody } from '../service/go-openapi.ts';
import { roundTrip } from '../service/round-trip.ts';
import { TransportError } from '../transport/transport.ts';
import type { Instruction } from './answers.ts';
import { type AgentSession, describe, type RunnerProcess } from './processes.ts';
import { STEP_DURATIONS } from './steps/durations.ts';
import { STEPS } from './steps/index.ts';
import { StepArgumentError, type StepContext, type StepResult } from './steps/step.ts';

/** Guarded by semaphores of the runner process; the other guarded steps look for a container, which outlives the runner. */
const GUARDED_IN_RUNNER: readonly StepType[] = ['container-image-availability', 'upgrade-agent'];

/** The machine's reply would be what the service already has. */
const KNOWN: unique symbol = Symbol('known');

/** Runs the step of an instruction to its reply, in the session that the instruction came in. */
export async function runStep(runner: RunnerProcess, session: AgentSession, instruction: Instruction): Promise<void> {
  session.uses++;
  const { agent } = runner;
  const type = STEP_TYPES.find((known) => known === instruction.step_type);
  runner.stepBegins(type ?? 'unknown');
  try {
    const result = await perform(runner, type, instruction);
    if (!result || runner.ended) return;
    if (result === KNOWN) runner.stepEnds(type!, 'deduplicated');
    else await reply(runner, session, instruction, type, result);
  } catch (error) {
    if (!runner.ended) throw error;
  } finally {
    agent.closeSession(session);
  }
}

/** @returns null when the step died with its process. */
async function perform(
  runner: RunnerProcess,
  type: StepType | undefined,
  { step_type, args }: Instruction,
): Promise<StepResult | typeof KNOWN | null> {
  const step = type && STEPS[type];
  if (!type || !step) return { output: '', error: `failed to find action for step type ${step_type}`, exitCode: -1 };
  let request: unknown;
  try {
    request = step.parse(args);
  } catch (error) {
    if (!(error instanceof StepArgumentError)) throw error;
    return { output: '', error: error.message, exitCode: -1 };
  }
  if (step.whileBusy && !takeGuard(runner, type)) return step.whileBusy(request);
  const { boot } = runner.agent.machine;
  try {
    const tookMs = await work(runner, type, step.pieces?.(request) ?? 1);
    if (runner.ended) return null;
    if (step.steady && runner.replies.hasType(runner.agent.group.environment.runtime.clock, type)) return KNOWN;
    return await step.run(request, contextOf(runner, tookMs));
  } finally {
    if (step.whileBusy) giveGuard(runner, type, boot);
  }
}

/** @returns false when a step of this type is under way. */
function takeGuard(runner: RunnerProcess, type: StepType): boolean {
  const { agent } = runner;
  const bit = bitOf(type);
  if ((runner.semaphores | agent.containers) & bit) return false;
  if (GUARDED_IN_RUNNER.includes(type)) runner.semaphores |= bit;
  else agent.containers |= bit;
  return true;
}

/** @param boot the machine's, when the guard was taken: containers of a former one are gone */
function giveGuard(runner: RunnerProcess, type: StepType, boot: number): void {
  const { agent } = runner;
  if (GUARDED_IN_RUNNER.includes(type)) runner.semaphores &= ~bitOf(type);
  else if (boot === agent.machine.boot) agent.containers &= ~bitOf(type);
}

function bitOf(step: StepType): number {
  return 1 << STEP_TYPES.indexOf(step);
}

/** Lets the time of a step's work pass. */
async function work(runner: RunnerProcess, type: StepType, pieces: number): Promise<number> {
  const { environment, random } = runner.agent.group;
  let ms = 0;
  for (let piece = 0; piece < pieces; piece++) ms += spanMs(STEP_DURATIONS[type], random());
  if (ms > 0) await environment.runtime.clock.sleep(ms);
  return ms;
}

function contextOf(runner: RunnerProcess, tookMs: number): StepContext {
  const { machine, group } = runner.agent;
  const { runtime, cluster, access } = group.environment;
  return { runtime, cluster, access, machine, tookMs, random: group.random };
}

async function reply(
  runner: RunnerProcess,
  session: AgentSession,
  { step_type: stepType, step_id: stepId }: Instruction,
  type: StepType | undefined,
  result: StepResult,
): Promise<void> {
  const { agent } = runner;
  const { clock } = agent.group.environment.runtime;
  const { output, error = '', exitCode = 0 } = result;
  if (exitCode === 0 && type && runner.replies.has(clock, type, output)) {
    runner.stepEnds(type, 'deduplicated');
    return;
  }
  if (exitCode !== 0) agent.fail('step-failed', `${stepType} ended with ${exitCode}: ${error}`);
  const outcome = await roundTrip(
    agent.group.tripper,
    session.session,
    'post-step-reply',
    {
      prepared: runner.requests.reply,
      values: [runner.infraEnvId, runner.hostId, session.requestId],
      body: jsonBody({
        ...(error && { error }),
        ...(exitCode !== 0 && { exit_code: exitCode }),
        ...(output && { output }),
        ...(stepId && { step_id: stepId }),
        ...(stepType && { step_type: stepType }),
      }),
    },
    clock.now(),
  );
  if (runner.ended) return;
  if (outcome instanceof TransportError || outcome.status !== 204) {
    runner.stepEnds(type ?? 'unknown', 'failed');
    agent.fail('reply-lost', `${stepType}: ${describe(outcome)}`);
  } else {
    runner.stepEnds(type ?? 'unknown', 'posted');
    if (exitCode === 0 && type) runner.replies.store(clock, type, output);
    if (type === 'inventory' && exitCode === 0 && agent.machine.phase === 'polling') agent.machine.enter('discovered');
  }
  // Whether the reply got through does not matter.
  if (type === 'upgrade-agent' && isUpgraded(output)) agent.upgraded(runner);
}

/** Whether an upgrade-agent reply tells of success; refused arguments leave it without output. */
function isUpgraded(output: string): boolean {
  return output !== '' && (JSON.parse(output) as { result?: string }).result === 'success';
}
