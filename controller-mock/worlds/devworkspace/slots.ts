/** Places of which there are so many; who comes later waits for its turn. */
export class Slots {
  #limit: number;
  #used = 0;
  readonly #waiting = new Set<Turn>();

  /** @param limit from 1; may be infinite */
  constructor(limit: number) {
    this.#limit = limit;
  }

  set limit(limit: number) {
    this.#limit = limit;
    this.#serve();
  }

  /** Calls back when a place is free: at once, or when it is this one's turn. */
  enter(onTurn: () => void): Turn {
    const turn: Turn = {
      onTurn,
      leave: () => {
        if (this.#waiting.delete(turn) || turn.left) return;
        turn.left = true;
        this.#used -= 1;
        this.#serve();
      },
      left: false,
    };
    this.#waiting.add(turn);
    this.#serve();
    return turn;
  }

  #serve(): void {
    while (this.#used < this.#limit) {
      const next = this.#waiting.values().next();
      if (next.done) return;
      this.#waiting.delete(next.value);
      this.#used += 1;
      next.value.onTurn();
    }
  }
}

export interface Turn {
  readonly onTurn: () => void;
  /** Gives the place back, or waits no longer. Once is enough; more does nothing. */
  leave(): void;
  left: boolean;
}
