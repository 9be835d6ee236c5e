/**
 * Interpreter of transition tables: the first rule whose states and condition fit wins, exactly as the service's own
 * interpreter works. Source: Service facts 2.2 and 2.6.
 */

export interface Rule<Trigger extends string, Context> {
  readonly on: Trigger;
  readonly from: readonly string[];
  /** Target; the state is kept when absent. */
  readonly to?: string;
  readonly when?: (context: Context) => boolean;
  /** Runs after the state was chosen; it stores the state. */
  readonly run?: (context: Context, from: string, to: string) => void;
}

/** What callers say when no rule fits. Upstream: github.com/filanov/stateswitch, statemachine.go. */
export const NO_TRANSITION = 'no condition found to run transition';

export class Machine<Trigger extends string, Context> {
  readonly #index = new Map<string, Rule<Trigger, Context>[]>();

  constructor(rules: readonly Rule<Trigger, Context>[]) {
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
  run(trigger: Trigger, state: string, context: Context): Rule<Trigger, Context> | undefined {
    for (const rule of this.#index.get(`${trigger} ${state}`) ?? []) {
      if (rule.when && !rule.when(context)) continue;
      rule.run?.(context, state, rule.to ?? state);
      return rule;
    }
    return undefined;
  }
}
