import type { ApiHandler } from './api-handler.ts';
import { bearerToken } from './authentication.ts';

/** How requests to one listener find their cluster. */
export interface Route {
  /** First segments of the path, such as `/clusters/17`; taken off before the cluster sees it. At most two. */
  prefix?: string;
  /** Bearer token. */
  token?: string;
}

export interface Target {
  handler: ApiHandler;
  path: string;
}

const PREFIX = /^(\/[^/]+){1,2}$/;

/** Tells the clusters of one listener apart: by path prefix, else by token, else the default one. */
export class Routes {
  #fallback: ApiHandler | undefined;
  readonly #byPrefix = new Map<string, ApiHandler>();
  readonly #byToken = new Map<string, ApiHandler>();

  /** The cluster of requests that no other route takes. */
  setFallback(handler: ApiHandler): void {
    this.#fallback = handler;
  }

  /** @throws Error if the prefix cannot be told from the API's own paths. */
  add(handler: ApiHandler, route: Route): void {
    if (route.prefix !== undefined) {
      if (!PREFIX.test(route.prefix) || /^\/apis?(\/|$)/.test(route.prefix)) {
        throw new Error(
          `a path prefix has one or two segments and does not begin with /api or /apis, such as /clusters/17; given ${JSON.stringify(route.prefix)}`,
        );
      }
      this.#byPrefix.set(route.prefix, handler);
    }
    if (route.token !== undefined) this.#byToken.set(route.token, handler);
  }

  remove(handler: ApiHandler): void {
    if (this.#fallback === handler) this.#fallback = undefined;
    for (const map of [this.#byPrefix, this.#byToken]) {
      for (const [key, value] of map) if (value === handler) map.delete(key);
    }
  }

  resolve(path: string, authorization: string | undefined): Target | undefined {
    if (this.#byPrefix.size > 0) {
      const first = path.indexOf('/', 1);
      const second = first < 0 ? -1 : path.indexOf('/', first + 1);
      for (const end of [second, first]) {
        const prefix = end < 0 ? path : path.slice(0, end);
        const handler = this.#byPrefix.get(prefix);
        if (handler) return { handler, path: path.slice(prefix.length) || '/' };
      }
    }
    const token = authorization && this.#byToken.size > 0 ? bearerToken(authorization) : undefined;
    const handler = (token !== undefined ? this.#byToken.get(token) : undefined) ?? this.#fallback;
    return handler && { handler, path };
  }
}
