import type { Clock } from '../../swarm/protocol/clock.ts';
import type { TokenRegistry, UserInfo } from './resource.ts';

export const ADMIN: UserInfo = { username: 'kube-admin', uid: '', groups: ['system:masters', 'system:authenticated'] };

export const ANONYMOUS: UserInfo = { username: 'system:anonymous', uid: '', groups: ['system:unauthenticated'] };

/** Bearer tokens of one cluster; expired ones are dropped when they are looked at. */
export class Tokens implements TokenRegistry {
  readonly #clock: Clock;
  readonly #known = new Map<string, { user: UserInfo; expiresAtMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(token: string, user: UserInfo, expiresAtMs = Number.POSITIVE_INFINITY): void {
    this.#known.set(token, { user, expiresAtMs });
  }

  find(token: string): UserInfo | undefined {
    const entry = this.#known.get(token);
    if (!entry) return undefined;
    if (entry.expiresAtMs > this.#clock.now()) return entry.user;
    this.#known.delete(token);
    return undefined;
  }
}
