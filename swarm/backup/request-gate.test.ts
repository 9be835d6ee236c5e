import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../model/time/testing/manual-clock.ts';
import { RequestGate } from './request-gate.ts';

/** Requests that end when the test says so. */
class Requests {
  readonly gate: RequestGate;
  readonly clock = new ManualClock();
  readonly #open: PromiseWithResolvers<void>[] = [];
  most = 0;

  constructor(most: number) {
    this.gate = new RequestGate({ clock: this.clock, most });
  }

  get underWay(): number {
    return this.#open.length;
  }

  send(signal?: AbortSignal): Promise<void> {
    return this.gate.run(() => {
      const request = Promise.withResolvers<void>();
      this.#open.push(request);
      this.most = Math.max(this.most, this.#open.length);
      return request.promise;
    }, signal);
  }

  /** Ends all that are under way. */
  async end(how: (gate: RequestGate) => void): Promise<void> {
    for (const request of this.#open.splice(0)) {
      how(this.gate);
      request.resolve();
    }
    await this.clock.advance(0);
  }
}

const answered = (gate: RequestGate) => gate.answered();

describe('a gate of requests', () => {
  it('lets more through while they are answered, up to its most', async () => {
    const requests = new Requests(20);
    for (let sent = 0; sent < 400; sent++) void requests.send();
    await requests.clock.advance(0);
    expect(requests.underWay).toBe(16);
    while (requests.underWay > 0) await requests.end(answered);
    expect(requests.most).toBe(20);
    expect(requests.gate.figures).toMatchObject({ leastAtOnce: 16, mostAtOnce: 20 });
  });

  it('halves what goes at once for what is refused together, and never stops for good', async () => {
    const requests = new Requests(64);
    for (let sent = 0; sent < 200; sent++) void requests.send();
    await requests.clock.advance(0);
    for (let round = 0; round < 8; round++) await requests.end((gate) => gate.overloaded(0));
    expect(requests.gate.figures.leastAtOnce).toBe(1);
    expect(requests.underWay).toBe(1);
    while (requests.underWay > 0) await requests.end(answered);
  });

  it('sends nothing for as long as the server asks for', async () => {
    const requests = new Requests(64);
    void requests.send();
    await requests.clock.advance(0);
    requests.gate.overloaded(3000);
    void requests.send();
    await requests.clock.advance(2999);
    expect(requests.underWay).toBe(1);
    await requests.clock.advance(1);
    expect(requests.underWay).toBe(2);
    expect(requests.gate.figures.pausedMs).toBe(3000);
  });

  it('counts a rest that is asked for twice at once as one', async () => {
    const requests = new Requests(64);
    requests.gate.overloaded(2000);
    await requests.clock.advance(500);
    requests.gate.overloaded(2000);
    expect(requests.gate.figures).toMatchObject({ pausedMs: 2500, leastAtOnce: 8 });
  });

  it('forgets who gives up waiting', async () => {
    const requests = new Requests(1);
    void requests.send();
    const given = new AbortController();
    const waits = requests.send(given.signal);
    const after = requests.send();
    given.abort(new Error('enough'));
    await expect(waits).rejects.toThrow('enough');
    await requests.end(answered);
    expect(requests.underWay).toBe(1);
    await requests.end(answered);
    await after;
  });
});
