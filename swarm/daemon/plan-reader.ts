/**
 * Reads the plans that clients send, on a thread of its own. A few kilobytes of YAML can keep a parser busy for hours (`[{` or `? `
 * over and over), and a run that goes on meanwhile must not notice.
 *
 *   read ──► queue ──► plan-worker.ts, one plan at a time ──► plan, or an error
 *                          └─ ended when a plan takes too long or too much; the next one gets a new one
 */
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { ExpandedPlan } from '../plan/expanded-plan.ts';
import { PlanError } from '../plan/plan.ts';
import { ApiError } from './api-error.ts';
import type { NoopMeans } from './noop-setup.ts';
import type { Overrides } from './overrides.ts';
import type { PlanAnswer, PlanQuestion } from './plan-worker.ts';

export interface PlanReaderLimits {
  /** Milliseconds for one plan. */
  planMs: number;
  /** Plans that may be waiting, the one that is being read included; further ones are answered 503. */
  plans: number;
}

const PLAN_READER_LIMITS: Readonly<PlanReaderLimits> = { planMs: 10_000, plans: 8 };
/** Megabytes of the thread's heap; the longest plan allowed with a million hosts fits. */
const HEAP_MB = 2048;
/** Milliseconds that a thread may take to start beside its first plan, on a machine that is busy. */
const START_MS = 20_000;

export class PlanReader {
  readonly #limits: PlanReaderLimits;
  readonly #noop: NoopMeans | null;
  #worker: Worker | null = null;
  #closed = false;
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** @param noop what hosts with `agent: noop` run; plans with some are refused when null */
  constructor(limits: Partial<PlanReaderLimits> = {}, noop: NoopMeans | null = null) {
    this.#limits = { ...PLAN_READER_LIMITS, ...limits };
    this.#noop = noop;
  }

  /**
   * The plan in a body, ready to be run. `seed` and `overrides` replace its own values.
   * @throws ApiError 400 with every problem of a plan that cannot be run; 503 when too many are waiting
   */
  async read(text: string, seed: string | null, overrides: Overrides): Promise<ExpandedPlan> {
    if (this.#waiting >= this.#limits.plans) {
      throw new ApiError(503, 'busy', `${this.#waiting} plans are waiting to be read; try again in a few seconds`);
    }
    this.#waiting++;
    const answer = this.#last.then(() => this.#ask({ text, seed, overrides, noop: this.#noop }));
    this.#last = answer.catch(() => {});
    try {
      return planOf(await answer);
    } finally {
      this.#waiting--;
    }
  }

  /** Ends the thread; what was being read fails. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#worker?.terminate();
  }

  async #ask(question: PlanQuestion): Promise<PlanAnswer> {
    if (this.#closed) throw ending();
    const worker = this.#worker ?? (await this.#start());
    const { promise, resolve, reject } = Promise.withResolvers<PlanAnswer>();
    const tooMuch = (what: string) =>
      reject(new ApiError(400, 'bad-plan', `reading the plan takes ${what}; give one that is smaller or less nested`));
    const onError = (error: NodeJS.ErrnoException) =>
      error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? tooMuch('too much memory') : reject(error);
    const onExit = () => reject(ending());
    const timer = setTimeout(() => tooMuch(`longer than ${this.#limits.planMs / 1000} s`), this.#limits.planMs);
    worker.once('message', resolve).once('error', onError).once('exit', onExit);
    worker.postMessage(question);
    try {
      return await promise;
    } catch (error) {
      // Still busy, or dying; the next plan gets another.
      this.#worker = null;
      await worker.terminate();
      throw error;
    } finally {
      clearTimeout(timer);
      worker.off('message', resolve).off('error', onError).off('exit', onExit);
    }
  }

  /** A new thread that holds up no process' end. Its start does not count as reading. */
  async #start(): Promise<Worker> {
    const worker = new Worker(new URL(`./plan-worker${extname(import.meta.url)}`, import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
    });
    worker.unref();
    // Who waits for it has listeners of its own.
    worker.on('error', () => {});
    worker.once('exit', () => {
      if (this.#worker === worker) this.#worker = null;
    });
    this.#worker = worker;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => reject(new Error('the thread that reads plans does not start')), START_MS);
    worker
      .once('message', resolve)
      .once('error', reject)
      .once('exit', () => reject(new Error('the thread that reads plans ended at its start')));
    await promise.finally(() => clearTimeout(timer));
    return worker;
  }
}

function ending(): ApiError {
  return new ApiError(503, 'ending', 'the daemon is ending; the plan was not read');
}

/** @throws ApiError when the answer holds none */
function planOf(answer: PlanAnswer): ExpandedPlan {
  if ('plan' in answer) return answer.plan;
  if ('refused' in answer) throw new ApiError(400, 'bad-plan', answer.refused);
  if ('fault' in answer) throw new Error(answer.fault);
  const more = answer.more === 0 ? '' : `\n… and ${answer.more} more`;
  const { message } = new PlanError(answer.problems);
  throw new ApiError(400, 'bad-plan', `${message}${more}`, { given: answer.problems });
}
