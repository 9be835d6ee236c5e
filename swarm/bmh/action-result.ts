/** What an action of the operator leads to. Upstream: internal/controller/metal3.io/action_result.go. */

export type ActionResult =
  /**
   * Goes on in the present state. `afterMs`: when to look again; null when whatever it waits for tells.
   * `save`: the status has changed (actionUpdate).
   */
  | { kind: 'continue'; save: boolean; afterMs: number | null }
  /** The next state may come. */
  | { kind: 'complete' }
  /** There is no capacity at present. */
  | { kind: 'delayed' }
  /** The status holds an error, and the count of errors the time of the next try. */
  | { kind: 'failed' }
  /** The last finalizer is gone. */
  | { kind: 'deleted' }
  /** The provisioner does not have the machine: an error that may pass. */
  | { kind: 'unregistered' };

export const COMPLETE: ActionResult = { kind: 'complete' };
export const FAILED: ActionResult = { kind: 'failed' };

/** Waits to be told. */
export function waits(save = false): ActionResult {
  return { kind: 'continue', save, afterMs: null };
}

/** Looks again at once. */
export function again(save = false): ActionResult {
  return { kind: 'continue', save, afterMs: 0 };
}

export function isSaved({ kind, ...result }: ActionResult): boolean {
  switch (kind) {
    case 'continue':
      return 'save' in result && result.save;
    case 'complete':
    case 'delayed':
    case 'failed':
      return true;
    case 'deleted':
    case 'unregistered':
      return false;
  }
}
