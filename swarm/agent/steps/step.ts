/**
 * What a step type is: how its arguments are checked, how long it takes, what the machine answers (assisted-installer-agent
 * src/commands/actions, one file a step type).
 */

import { UUID } from '../../../model/text/uuid.ts';
import type { Machine } from '../../host/machine.ts';
import type { ClusterPlan } from '../../plan/expanded-plan.ts';
import type { Runtime, ServiceAccess } from '../../service/runtime.ts';

/** What a step's command printed and how it ended. */
export interface StepResult {
  /** stdout; '' is left out of the reply. */
  output: string;
  /** stderr; left out when absent or ''. */
  error?: string;
  /** Default 0, which is never sent. */
  exitCode?: number;
}

/** What a step may ask and use. */
export interface StepContext {
  readonly runtime: Runtime;
  readonly cluster: ClusterPlan;
  readonly access: ServiceAccess;
  /** The machine that the step runs on, with its identity, its power and the installer's container. */
  readonly machine: Machine;
  /** Simulated milliseconds that the step has taken when `run` is called. */
  readonly tookMs: number;
  random(): number;
}

export interface Step<Request = unknown> {
  /** @throws StepArgumentError when the agent would not run the step. */
  parse(args: readonly string[]): Request;
  /** How many pieces of the duration table's size the work has; default 1. */
  pieces?(request: Request): number;
  /** Called when the duration is over. */
  run(request: Request, context: StepContext): StepResult | Promise<StepResult>;
  /** Only one may be under way; what another one answers at once. Absent: they may overlap. */
  whileBusy?(request: Request): StepResult;
  /** The output depends on the machine alone, so that an unexpired reply needs no second look. */
  steady?: boolean;
}

/** The agent answers such arguments with exit code -1 and this text. */
export class StepArgumentError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'StepArgumentError';
  }
}

const IMAGE = /^(([a-zA-Z0-9\-.]+)(:[0-9]+)?\/)?[a-z0-9._\-/@]+[?::a-zA-Z0-9_\-.]+$/;

export function isUuid(value: unknown): value is string {
  return typeof value === 'string' && UUID.test(value);
}

/** Whether a text passes the pattern that the API demands of image references. */
export function isImageReference(value: unknown): value is string {
  return typeof value === 'string' && IMAGE.test(value);
}

/**
 * The text is upstream's, as the reply carries it (assisted-installer-agent src/commands/actions/action.go ValidateCommon).
 * @throws StepArgumentError when there are more or fewer arguments.
 */
export function expectArgs(step: string, args: readonly string[], count: number): void {
  if (args.length === count) return;
  throw new StepArgumentError(`${step} cmd accepts ${count} params in args, given args [${args.join(' ')}]`);
}

/** @throws StepArgumentError when the only argument is not valid JSON. */
export function jsonArgument(step: string, args: readonly string[], count = 1): unknown {
  expectArgs(step, args, count);
  try {
    return JSON.parse(args[0]!);
  } catch (error) {
    throw new StepArgumentError(`${step}: ${(error as Error).message}`);
  }
}

/** @throws StepArgumentError when the argument is not a JSON object. */
export function objectArgument(step: string, args: readonly string[], count = 1): Record<string, unknown> {
  const value = jsonArgument(step, args, count);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new StepArgumentError(`${step}: the argument is not a JSON object`);
  }
  return value as Record<string, unknown>;
}

/** @throws StepArgumentError when a required text is missing or no text. */
export function textField(step: string, object: Record<string, unknown>, name: string): string {
  const value = object[name];
  if (typeof value !== 'string') throw new StepArgumentError(`${step}: ${name} must be a string`);
  return value;
}

/** @throws StepArgumentError when it is there and no list of texts. Absent and null are an empty list. */
export function textList(step: string, value: unknown, name: string): string[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || value.some((item) => typeof item !== 'string')) {
    throw new StepArgumentError(`${step}: ${name} is no list of texts`);
  }
  return value;
}

/** @throws StepArgumentError when it is no list of objects. Null is an empty list. */
export function objectList(step: string, value: unknown, name: string): Record<string, unknown>[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || value.some((item) => typeof item !== 'object' || item === null)) {
    throw new StepArgumentError(`${step}: ${name} is no list of objects`);
  }
  return value;
}
