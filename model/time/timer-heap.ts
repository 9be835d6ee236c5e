/** Timers that wait, the next one first: a binary heap by due time and order of setting. */
export interface WaitingTimer {
  /** Epoch milliseconds of its clock. */
  readonly due: number;
  readonly order: number;
  /** null once it has fired or is cancelled. */
  fn: (() => void) | null;
}

export class TimerHeap {
  readonly #heap: WaitingTimer[] = [];
  #order = 0;

  add(due: number, fn: () => void): WaitingTimer {
    const timer: WaitingTimer = { due, order: this.#order++, fn };
    const heap = this.#heap;
    let at = heap.length;
    heap.push(timer);
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!isBefore(timer, heap[above]!)) break;
      heap[at] = heap[above]!;
      at = above;
    }
    heap[at] = timer;
    return timer;
  }

  /** When the next one is due; infinite when none waits. */
  nextDue(): number {
    while (this.#heap.length > 0 && this.#heap[0]!.fn === null) this.#pop();
    return this.#heap[0]?.due ?? Number.POSITIVE_INFINITY;
  }

  /** Fires the next one. @throws nothing: what it throws comes as from a timer of Node's, so that others go on */
  fireNext(): void {
    const timer = this.#pop();
    const { fn } = timer;
    timer.fn = null;
    try {
      fn?.();
    } catch (error) {
      setImmediate(() => {
        throw error;
      });
    }
  }

  clear(): void {
    this.#heap.length = 0;
  }

  #pop(): WaitingTimer {
    const heap = this.#heap;
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let below = at * 2 + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isBefore(heap[below + 1]!, heap[below]!)) below += 1;
      if (!isBefore(heap[below]!, last)) break;
      heap[at] = heap[below]!;
      at = below;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(a: WaitingTimer, b: WaitingTimer): boolean {
  return a.due < b.due || (a.due === b.due && a.order < b.order);
}
