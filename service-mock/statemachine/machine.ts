/**
 * Interpreter of transition tables: the first rule whose states and condition fit wins. Upstream: filanov/stateswitch,
 * statemachine.go, Run; the tables are those of assisted-service, internal/host/statemachine.go and internal/cluster/statemachine.go.
 *
 *   run(trigger, state) → rules of that trigger and state, in order → first whose condition holds → its action stores the new state
 */

export interface Rule<State extends string, Trigger extends string, Context> {
  readonly on: Trigger;
  readonly from: readonly State[];
  /** Target; the state is kept when absent. */
  readonly to?: State;
  readonly when?: (context: Context) => boolean;
  /** Runs after the state was chosen; it stores the state. */
  readonly run?: (context: Context, from: State, to: State) => void;
}

/** What callers say when no rule fits. Upstream: filanov/stateswitch, statemachine.go, NoConditionPassedToRunTransaction. */
export const NO_TRANSITION = 'no condition found to run transition';

export class StateMachine<State extends string, Trigger extends string, Context> {
  readonly #index = new Map<string, Rule<State, Trigger, Context>[]>();

  constructor(rules: readonly Rule<State, Trigger, Context>[]) {
    for (const rule of rules) {
      for (const state of rule.from) {
        const key = `${rule.on} ${state}`;
        const list = this.#index.get(key);
        if (list) list.push(rule);
        else this.#index.set(key, [rule]);
      }
    }
  }

  /** @returns the rule that ran; undefined when none fits (nothing happened). */
  run(trigger: Trigger, state: State, context: Context): Rule<State, Trigger, Context> | undefined {
    for (const rule of this.#index.get(`${trigger} ${state}`) ?? []) {
      if (rule.when && !rule.when(context)) continue;
      rule.run?.(context, state, rule.to ?? state);
      return rule;
    }
    return undefined;
  }
}
