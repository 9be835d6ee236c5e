/** Never resolves; rejects as the given promise does: for races in which the success of background work decides nothing. */
export function failureOf(promise: Promise<unknown>): Promise<never> {
  return new Promise((_, reject) => promise.catch(reject));
}
