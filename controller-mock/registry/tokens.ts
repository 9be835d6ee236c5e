import type { Clock } from '../../model/time/clock.ts';
import type { TokenRegistry, UserInfo } from '../api/cluster-access.ts';

export const ADMIN: UserInfo = { username: 'kube-admin', uid: '', groups: ['system:masters', 'system:authenticated'] };

export const ANONYMOUS: UserInfo = { username: 'system:anonymous', uid: '', groups: ['system:unauthenticated'] };

/** Tokens beyond which expired ones are looked for. */
const FIRST_SWEEP = 1000;

/** Bearer tokens of one cluster; expired ones are dropped when they are looked at or have become many. */
export class Tokens implements TokenRegistry {
  readonly #clock: Clock;
  readonly #known = new Map<string, { user: UserInfo; expiresAtMs: number }>();

  #sweepAt = FIRST_SWEEP;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(token: string, user: UserInfo, expiresAtMs = Number.POSITIVE_INFINITY): void {
    this.#known.set(token, { user, expiresAtMs });
    if (this.#known.size < this.#sweepAt) return;
    const now = this.#clock.now();
    for (const [known, entry] of this.#known) if (entry.expiresAtMs <= now) this.#known.delete(known);
    this.#sweepAt = Math.max(FIRST_SWEEP, 2 * this.#known.size);
  }

  find(token: string): UserInfo | undefined {
    const entry = this.#known.get(token);
    if (!entry) return undefined;
    if (entry.expiresAtMs > this.#clock.now()) return entry.user;
    this.#known.delete(token);
    return undefined;
  }
}
