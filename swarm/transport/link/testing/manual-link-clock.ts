/** Time of links that tests move by hand; waits are over exactly when they should be. */
import type { LinkClock, LinkWait } from '../link-clock.ts';

interface Waiting {
  atMs: number;
  fn: () => void;
}

export class ManualLinkClock implements LinkClock {
  #now = 1000;
  #waiting: Waiting[] = [];

  now(): number {
    return this.#now;
  }

  wait(ms: number, fn: () => void): LinkWait {
    const one = { atMs: this.#now + ms, fn };
    this.#waiting.push(one);
    return {
      cancel: () => {
        this.#waiting = this.#waiting.filter((other) => other !== one);
      },
    };
  }

  /** Waits that go on. */
  get pending(): number {
    return this.#waiting.length;
  }

  /** Lets waits end in their order until so much time has passed; streams get their turns between. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await turns();
    for (;;) {
      const next = this.#waiting.reduce<Waiting | null>((a, b) => (a && a.atMs <= b.atMs ? a : b), null);
      if (!next || next.atMs > until) break;
      this.#waiting = this.#waiting.filter((other) => other !== next);
      this.#now = Math.max(this.#now, next.atMs);
      next.fn();
      await turns();
    }
    this.#now = until;
  }
}

/** Streams tell each other in later turns of the loop. */
async function turns(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}
