import type { Endpoint } from './api-handler.ts';

/** How requests to one listener find their cluster. */
export interface Route {
  /** First segments of the path, such as `/clusters/17`; taken off before the cluster sees it. At most two. */
  prefix?: string;
  /** Bearer token. */
  token?: string;
}

export interface Target {
  endpoint: Endpoint;
  path: string;
}

const PREFIX = /^(\/[^/]+){1,2}$/;

/** Tells the clusters of one listener apart: by path prefix, else by token, else the default one. */
export class Routes {
  #fallback: Endpoint | undefined;
  readonly #byPrefix = new Map<string, Endpoint>();
  readonly #byToken = new Map<string, Endpoint>();

  /** The cluster of requests that no other route takes. */
  setFallback(endpoint: Endpoint): void {
    this.#fallback = endpoint;
  }

  /** @throws Error if the prefix cannot be told from the API's own paths. */
  add(endpoint: Endpoint, route: Route): void {
    if (route.prefix !== undefined) {
      if (!PREFIX.test(route.prefix) || /^\/apis?(\/|$)/.test(route.prefix)) {
        throw new Error(
          `a path prefix has one or two segments and does not begin with /api or /apis, such as /clusters/17; given ${JSON.stringify(route.prefix)}`,
        );
      }
      this.#byPrefix.set(route.prefix, endpoint);
    }
    if (route.token !== undefined) this.#byToken.set(route.token, endpoint);
  }

  remove(endpoint: Endpoint): void {
    if (this.#fallback === endpoint) this.#fallback = undefined;
    for (const map of [this.#byPrefix, this.#byToken]) {
      for (const [key, value] of map) if (value === endpoint) map.delete(key);
    }
  }

  resolve(path: string, authorization: string | undefined): Target | undefined {
    if (this.#byPrefix.size > 0) {
      const first = path.indexOf('/', 1);
      const second = first < 0 ? -1 : path.indexOf('/', first + 1);
      for (const end of [second, first]) {
        const prefix = end < 0 ? path : path.slice(0, end);
        const endpoint = this.#byPrefix.get(prefix);
        if (endpoint) return { endpoint, path: path.slice(prefix.length) || '/' };
      }
    }
    const token = authorization && this.#byToken.size > 0 ? /^Bearer +(\S+)$/i.exec(authorization)?.[1] : undefined;
    const endpoint = (token !== undefined ? this.#byToken.get(token) : undefined) ?? this.#fallback;
    return endpoint && { endpoint, path };
  }
}
