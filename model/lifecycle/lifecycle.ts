/**
 * What happens to things by themselves as time passes: tables of stages, and the one interpreter of all such tables. The idea
 * is that of kwok's Stages (kubernetes-sigs/kwok, pkg/apis/v1alpha1/stage_types.go: selector, delay, weight, next).
 *
 *   change(subject) ──▶ look at the rows, group by group ◀─────────────────────────────┐
 *                         │                                                            │
 *        a row is pending ├─▶ its `when` holds ──▶ it stays, and so does its timer     │
 *                         │   else ──▶ it is dropped, and the group is free again      │
 *                         ▼                                                            │
 *        the group is free: of its rows whose `when` holds, one is drawn by weight     │
 *                         │                                                            │
 *                         ├─▶ it has a delay ──▶ pending ──clock──▶ `when` holds? ─yes─▶ effect
 *                         └─▶ it has none ─────────────────────────────────────────────▶ effect
 *
 * - A subject is any object; it is its own state. It belongs to one table and has draws of its own.
 * - Groups run side by side, rows of one group are alternatives. A row that names no group is alone in its own.
 * - Draws depend on nothing but the subject and the names in the row, so that a run can be repeated: neither other subjects nor
 *   other rows move them. A row that comes to the same subject twice takes as long as before.
 * - A row whose `when` still holds after its effect is pending again: this is how something repeats itself.
 * - Changes that effects make to other subjects are looked at when the effect is through, in the order in which they were made.
 * - A pending row costs one timer of the clock; a row that is not pending costs nothing.
 */
import type { Clock, ClockTimer } from '../time/clock.ts';
import type { Draws } from '../time/random.ts';
import { type Span, spanMs } from '../time/span.ts';

/** One row of a table. */
export interface Stage<S> {
  /** Unique in its table. */
  readonly name: string;
  /** Rows of the same group are alternatives: one of them at a time. The name unless given. */
  readonly group?: string;
  /** The selector. It must depend on nothing but the state; the interpreter asks often. */
  when(state: S): boolean;
  /** From the moment `when` holds to the effect, in simulated milliseconds. Without it the effect comes at once. */
  readonly delay?: Span | ((state: S) => Span);
  /** Purpose of the number that the delay's jitter is drawn with; the name unless given. */
  readonly draw?: string;
  /** Share among the alternatives that are possible at the same time; 1 unless given, 0 is never drawn. */
  readonly weight?: number;
  /** Changes the state. Other subjects are changed through the lifecycle, and added to it. */
  effect(state: S, lifecycle: Lifecycle): void;
}

/** Rows that were checked, by group in the order of the rows. */
export interface StageTable<S> {
  readonly groups: readonly (readonly Stage<S>[])[];
}

export interface LifecycleOptions {
  clock: Clock;
  /** The last pending stage took effect, and nothing followed. Not called for stages that a change from outside dropped. */
  onIdle?: () => void;
}

interface Entry {
  readonly state: object;
  readonly table: StageTable<object>;
  readonly draws: Draws;
  /** At most one of each group; null when there is none, as with most subjects most of the time. */
  pending: Pending[] | null;
  queued: boolean;
  gone: boolean;
}

interface Pending {
  readonly group: number;
  readonly stage: Stage<object>;
  readonly timer: ClockTimer;
}

/** Effects without a delay that may follow from one change, for each subject there is, before a table is called endless. */
const ENDLESS = 1000;

/** @throws Error when two rows have one name, or a weight or a delay is negative or not finite */
export function stageTable<S>(rows: readonly Stage<S>[]): StageTable<S> {
  const groups = new Map<string, Stage<S>[]>();
  const names = new Set<string>();
  for (const row of rows) {
    if (names.has(row.name)) throw new Error(`two stages have the name "${row.name}": names of a table must be unique`);
    names.add(row.name);
    const { weight = 1, delay } = row;
    if (!isAmount(weight)) throw new Error(`stage "${row.name}" has weight ${weight}: it must be a number from 0`);
    if (delay && typeof delay !== 'function' && !(isAmount(delay.delayMs) && isAmount(delay.jitterMs))) {
      throw new Error(
        `stage "${row.name}" has delay ${delay.delayMs} ms + ${delay.jitterMs} ms: both must be numbers from 0`,
      );
    }
    const group = row.group ?? row.name;
    const rowsOfGroup = groups.get(group);
    if (rowsOfGroup) rowsOfGroup.push(row);
    else groups.set(group, [row]);
  }
  return { groups: [...groups.values()] };
}

function isAmount(value: number): boolean {
  return Number.isFinite(value) && value >= 0;
}

/** Interprets tables for any number of subjects. One for each set of subjects that become idle together. */
export class Lifecycle {
  readonly #clock: Clock;
  readonly #onIdle: () => void;
  readonly #entries = new Map<object, Entry>();
  readonly #queue: Entry[] = [];
  #running = false;
  #pending = 0;
  #closed = false;

  constructor(options: LifecycleOptions) {
    this.#clock = options.clock;
    this.#onIdle = options.onIdle ?? (() => {});
  }

  /** Number of stages that are waited for; each is one timer. */
  get pending(): number {
    return this.#pending;
  }

  /** Something will still happen by itself. */
  get busy(): boolean {
    return this.#pending > 0;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** The clock's simulated milliseconds since the Unix epoch. */
  now(): number {
    return this.#clock.now();
  }

  /** From now on the table says what happens to the subject. One that is there already begins anew. */
  add<S extends object>(state: S, table: StageTable<S>, draws: Draws): void {
    this.remove(state);
    if (this.#closed) return;
    // Methods of rows take the state they were written for, which is the one that is kept beside them.
    const entry: Entry = {
      state,
      table: table as StageTable<object>,
      draws,
      pending: null,
      queued: false,
      gone: false,
    };
    this.#entries.set(state, entry);
    this.look(state);
  }

  /** Nothing happens to the subject any more. */
  remove(state: object): void {
    const entry = this.#entries.get(state);
    if (!entry) return;
    this.#dropAll(entry);
    entry.gone = true;
    this.#entries.delete(state);
  }

  /** Changes a subject and looks at its rows. */
  change<S extends object>(state: S, change: (state: S) => void): void {
    this.#run(() => {
      change(state);
      this.look(state);
    });
  }

  /** Drops what is pending for a subject, then changes it: delays begin anew even where `when` holds before and after. */
  restart<S extends object>(state: S, change: (state: S) => void): void {
    const entry = this.#entries.get(state);
    if (entry) this.#dropAll(entry);
    this.change(state, change);
  }

  /** Something that the subject's selectors look at has changed elsewhere. */
  look(state: object): void {
    const entry = this.#entries.get(state);
    if (!entry || entry.queued) return;
    entry.queued = true;
    this.#queue.push(entry);
    if (!this.#running) this.#run(() => {});
  }

  /** Cancels all timers; nothing happens any more. Changes are still made, and nothing follows from them. */
  close(): void {
    this.#closed = true;
    for (const entry of this.#entries.values()) {
      this.#dropAll(entry);
      entry.gone = true;
    }
    this.#entries.clear();
  }

  /** Runs something that changes subjects, then looks at all that were changed: by it, and by what follows from it. */
  #run(fn: () => void): void {
    if (this.#running) {
      fn();
      return;
    }
    this.#running = true;
    try {
      fn();
      let effects = 0;
      for (let at = 0; at < this.#queue.length; at++) {
        const entry = this.#queue[at]!;
        entry.queued = false;
        effects = this.#settle(entry, effects);
      }
    } finally {
      for (const entry of this.#queue) entry.queued = false;
      this.#queue.length = 0;
      this.#running = false;
    }
  }

  /**
   * Looks at the rows of one subject until no row without a delay is left.
   * @param before effects of such rows since the change
   * @returns the same afterwards
   */
  #settle(entry: Entry, before: number): number {
    const { groups } = entry.table;
    let effects = before;
    for (let group = 0; group < groups.length; group++) {
      if (entry.gone) break;
      const pending = entry.pending?.find((candidate) => candidate.group === group);
      if (pending) {
        if (pending.stage.when(entry.state)) continue;
        pending.timer.cancel();
        this.#release(entry, pending);
      }
      const stage = drawn(groups[group]!, entry);
      if (!stage) continue;
      if (stage.delay) {
        this.#wait(entry, group, stage, stage.delay);
        continue;
      }
      effects += 1;
      if (effects > ENDLESS * (1 + this.#entries.size)) {
        throw new Error(`stage "${stage.name}" has no delay and comes again and again: its effect must end its "when"`);
      }
      stage.effect(entry.state, this);
      group = -1;
    }
    return effects;
  }

  #wait(entry: Entry, group: number, stage: Stage<object>, delay: NonNullable<Stage<object>['delay']>): void {
    const span = typeof delay === 'function' ? delay(entry.state) : delay;
    // A number that changes nothing is not drawn: it costs a hash.
    const draw = span.jitterMs === 0 ? 0 : entry.draws.random(stage.draw ?? stage.name, 0);
    const timer = this.#clock.setTimer(spanMs(span, draw), () => this.#end(entry, pending));
    const pending: Pending = { group, stage, timer };
    if (entry.pending) entry.pending.push(pending);
    else entry.pending = [pending];
    this.#pending += 1;
  }

  /** The delay of a pending stage is over. */
  #end(entry: Entry, pending: Pending): void {
    const { stage } = pending;
    this.#release(entry, pending);
    this.#run(() => {
      // Who changed what the selector looks at need not have told.
      if (stage.when(entry.state)) stage.effect(entry.state, this);
      this.look(entry.state);
    });
    if (this.#pending === 0 && !this.#closed) this.#onIdle();
  }

  /** It is pending no longer; its timer has fired or is cancelled. */
  #release(entry: Entry, pending: Pending): void {
    const left = entry.pending?.filter((candidate) => candidate !== pending) ?? [];
    entry.pending = left.length > 0 ? left : null;
    this.#pending -= 1;
  }

  #dropAll(entry: Entry): void {
    for (const { timer } of entry.pending ?? []) timer.cancel();
    this.#pending -= entry.pending?.length ?? 0;
    entry.pending = null;
  }
}

/**
 * One of the rows that are possible now. Each has a number of its own, and the first to ring wins (exponential clocks), so that
 * a row more or less changes the choice of those subjects alone whom it takes or leaves.
 */
function drawn(group: readonly Stage<object>[], entry: Entry): Stage<object> | undefined {
  const possible = (stage: Stage<object>) => stage.weight !== 0 && stage.when(entry.state);
  if (group.length === 1) return possible(group[0]!) ? group[0] : undefined;
  const candidates = group.filter(possible);
  if (candidates.length < 2) return candidates[0];
  let first: Stage<object> | undefined;
  let firstAt = Number.POSITIVE_INFINITY;
  for (const stage of candidates) {
    const at = -Math.log(1 - entry.draws.random(`${stage.name}/weight`, 0)) / (stage.weight ?? 1);
    if (at >= firstAt) continue;
    first = stage;
    firstAt = at;
  }
  return first;
}
