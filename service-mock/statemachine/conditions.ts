/** Conditions of rules, and how they are joined. Upstream: filanov/stateswitch, condition.go. */

export type Condition<Context> = (context: Context) => boolean;

export const not =
  <Context>(condition: Condition<Context>): Condition<Context> =>
  (context) =>
    !condition(context);

export const all =
  <Context>(...conditions: readonly Condition<Context>[]): Condition<Context> =>
  (context) =>
    conditions.every((condition) => condition(context));

export const any =
  <Context>(...conditions: readonly Condition<Context>[]): Condition<Context> =>
  (context) =>
    conditions.some((condition) => condition(context));

/** What a refresh has found out about its row; undefined for other triggers, which nothing is validated for. */
export interface Validated {
  readonly verdict: { holds(id: string): boolean } | undefined;
}

/** Whether none of these validations stands in the way. */
export const holds =
  (...ids: readonly string[]): Condition<Validated> =>
  ({ verdict }) =>
    verdict === undefined || ids.every((id) => verdict.holds(id));
