/**
 * The service's answers as the agent's generated client decodes them: a field of the wrong type spoils the whole answer
 * (assisted-installer-agent src/commands/service_api.go; go-openapi/runtime json.go).
 */
import { decodeJsonAnswer } from '../service/go-openapi.ts';
import type { WireResponse } from '../transport/transport.ts';
import { isImageReference, isUuid } from './steps/step.ts';

export interface Instruction {
  step_type: string;
  step_id: string;
  args: readonly string[];
}

export interface PollAnswer {
  /** A null among them crashes the runner. */
  instructions: readonly (Instruction | null)[];
  /** As sent; 0 when missing. */
  nextSeconds: number;
  /** Whether the answer said when to come again; without that the agent comes again at once. */
  paced: boolean;
  exit: boolean;
}

/** @returns undefined when the client would report a decoding error. */
export function decodePollAnswer(response: WireResponse): PollAnswer | undefined {
  const answer = decodeJsonAnswer(response.contentType, response.body);
  if (!answer) return undefined;
  const nextSeconds = integer(answer.next_instruction_seconds);
  const action = text(answer.post_step_action);
  const instructions = listOf(answer.instructions, decodeInstruction);
  if (nextSeconds === undefined || action === undefined || instructions === undefined) return undefined;
  return {
    instructions,
    nextSeconds,
    paced: answer.next_instruction_seconds !== undefined,
    exit: action === 'exit',
  };
}

function decodeInstruction(value: unknown): Instruction | null | undefined {
  if (value === null) return null;
  if (typeof value !== 'object' || Array.isArray(value)) return undefined;
  const fields = value as Record<string, unknown>;
  const stepType = text(fields.step_type);
  const stepId = text(fields.step_id);
  const args = listOf(fields.args, text);
  if (stepType === undefined || stepId === undefined || args === undefined) return undefined;
  return { step_type: stepType, step_id: stepId, args };
}

/** What the agent does after a good registration. */
export type RunnerCommand =
  | { kind: 'run'; agentVersion: string; hostId: string; infraEnvId: string; retrySeconds: number }
  /** Not runnable: register again after `retrySeconds`, or the agent's own long wait when that is 0. */
  | { kind: 'unusable'; retrySeconds: number };

/** @returns undefined when the client would report a decoding error. */
export function decodeRegistration(response: WireResponse): RunnerCommand | undefined {
  const answer = decodeJsonAnswer(response.contentType, response.body);
  if (!answer) return undefined;
  const command = answer.next_step_runner_command;
  if (command === undefined || command === null) return { kind: 'unusable', retrySeconds: 0 };
  if (typeof command !== 'object' || Array.isArray(command)) return undefined;
  const fields = command as Record<string, unknown>;
  const retry = integer(fields.retry_seconds);
  const args = listOf(fields.args, text);
  if (retry === undefined || args === undefined) return undefined;
  const retrySeconds = Math.max(0, retry);
  const request = args.length === 1 ? parseObject(args[0]!) : undefined;
  if (
    !request ||
    !isImageReference(request.agent_version) ||
    !isUuid(request.host_id) ||
    !isUuid(request.infra_env_id)
  ) {
    return { kind: 'unusable', retrySeconds };
  }
  const { agent_version: agentVersion, host_id: hostId, infra_env_id: infraEnvId } = request;
  return { kind: 'run', agentVersion, hostId, infraEnvId, retrySeconds };
}

function parseObject(source: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(source);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Null and absent are the zero value in Go. */
function integer(value: unknown): number | undefined {
  if (value === undefined || value === null) return 0;
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined;
}

function text(value: unknown): string | undefined {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : undefined;
}

function listOf<T>(value: unknown, decode: (item: unknown) => T | undefined): T[] | undefined {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) return undefined;
  const result: T[] = [];
  for (const item of value) {
    const decoded = decode(item);
    if (decoded === undefined) return undefined;
    result.push(decoded);
  }
  return result;
}
