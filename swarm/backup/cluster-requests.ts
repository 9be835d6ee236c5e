/**
 * Requests of a backup load to its cluster: as many at once as the server takes, repeated while it is overloaded or away, each try
 * counted.
 */
import type { KubeConfig } from '@kubernetes/client-node';
import { KubeClient } from '../../model/kube/kube-client.ts';
import { isKubeError, type KubeError } from '../../model/kube/kube-error.ts';
import type { Clock } from '../../model/time/clock.ts';
import type { ApiFigures } from './backup-figures.ts';
import { RequestGate } from './request-gate.ts';

export interface ClusterRequestsOptions {
  kubeconfig: KubeConfig;
  clock: Clock;
  /** See {@link ClusterRequests.patienceMs}; 120,000 unless given. */
  patienceMs?: number;
}

/** Requests of one kind, watches too. */
export interface RequestCount {
  readonly verb: string;
  /** Plural of the resource, or the path. */
  readonly resource: string;
  /** HTTP status; `none` for those without a response. */
  readonly code: string;
  readonly count: number;
}

/** Most requests under way at once; maintainers of the public scripts saw servers throttle beyond 100. */
const MOST_AT_ONCE = 64;
/** Wall-clock milliseconds before a request is sent again that the server has not set a time for; doubles each time. */
const PAUSE_FIRST_MS = 250;
const PAUSE_MOST_MS = 10_000;
const PATIENCE_MS = 120_000;
/** Shares of the patience for which credentials that were taken before may be refused, and a cluster may be away, before it is lost. */
const REFUSED_SHARE = 1 / 6;
const AWAY_SHARE = 5;
/** Wall-clock milliseconds for which a text is asked for again: logs are gone with their pods. */
const TEXT_MS = 15_000;

/** Methods throw KubeError, or the signal's reason when nothing was asked before it aborted. */
export class ClusterRequests {
  readonly clock: Clock;
  /** Wall-clock milliseconds for which a cluster that is away is waited for where no phase sets another end. */
  readonly patienceMs: number;
  readonly client: KubeClient;
  /** For what is asked at a pace of its own: neither held up nor repeated, and counted apart. */
  readonly sampler: KubeClient;
  readonly #gate: RequestGate;
  readonly #calls: Record<string, number> = {};
  /** By `verb resource code`. */
  readonly #counts = new Map<string, number>();
  readonly #lost = new AbortController();
  #accepted = false;
  #refusedSince: number | null = null;
  #awaySince: number | null = null;
  #samples = 0;
  #watches = 0;
  #refused = 0;
  #failed = 0;

  constructor({ kubeconfig, clock, patienceMs = PATIENCE_MS }: ClusterRequestsOptions) {
    this.clock = clock;
    this.patienceMs = patienceMs;
    this.#gate = new RequestGate({ clock, most: MOST_AT_ONCE });
    this.client = new KubeClient({
      kubeconfig,
      clock,
      connections: MOST_AT_ONCE,
      retries: 0,
      onCall: ({ verb, resource, status }) => this.#count(`${verb} ${resource}`, verb === 'watch', status),
    });
    this.sampler = new KubeClient({
      kubeconfig,
      clock,
      connections: 4,
      retries: 0,
      onCall: ({ verb, resource, status }) => {
        this.#samples += 1;
        this.#count(`${verb} ${resource}.metrics.k8s.io`, false, status);
      },
    });
  }

  get server(): string {
    return this.client.server;
  }

  get counts(): RequestCount[] {
    return [...this.#counts].map(([key, count]) => {
      const [verb = '', resource = '', code = ''] = key.split(' ');
      return { verb, resource, code, count };
    });
  }

  /** Aborts with an Error that says why when the cluster, which has answered before, will not any more: nothing can be done there. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** @param workspaces those planned */
  figures(workspaces: number): ApiFigures {
    const total = Object.values(this.#calls).reduce((sum, count) => sum + count, 0);
    return {
      calls: { ...this.#calls },
      total,
      samples: this.#samples,
      perWorkspace: (total - this.#samples) / workspaces,
      watches: this.#watches,
      refused: this.#refused,
      failed: this.#failed,
      ...this.#gate.figures,
    };
  }

  /**
   * Sends a request until there is an answer that will not change by itself.
   * @param patienceMs wall-clock milliseconds for which a server that is overloaded or away is tried again
   */
  async ask<T>(
    work: (client: KubeClient) => Promise<T>,
    signal: AbortSignal,
    patienceMs = Number.POSITIVE_INFINITY,
  ): Promise<T> {
    const giveUpAt = this.clock.now() + patienceMs * this.clock.speed;
    let last: KubeError | null = null;
    for (let attempt = 0; ; attempt++) {
      try {
        const result = await this.#gate.run(() => work(this.client), signal);
        this.#gate.answered();
        return result;
      } catch (error) {
        if (signal.aborted) throw last ?? error;
        // Credentials that were good a moment ago may be renewed meanwhile, or be refused by mistake.
        const refused = isKubeError(error) && error.status === 401 && this.#accepted && !this.#lost.signal.aborted;
        // A server that could not be trusted the first time will not be by waiting.
        const strange = isKubeError(error) && error.reason === 'Trust' && !this.#accepted;
        if (!isKubeError(error) || strange || !(error.passing || refused)) {
          this.#gate.answered();
          throw error;
        }
        last = error;
        const restMs = (error.retryAfterSeconds ?? 0) * 1000;
        if (error.passing) this.#gate.overloaded(error.status === 429 ? restMs || 1000 : restMs);
        const pause = Math.min(PAUSE_FIRST_MS * 2 ** attempt, PAUSE_MOST_MS) * (0.5 + Math.random());
        const ms = Math.max(restMs, pause) * this.clock.speed;
        if (this.clock.now() + ms > giveUpAt) throw error;
        await this.clock.sleep(ms, signal).catch(() => {
          throw last;
        });
      }
    }
  }

  /** Text of a path, counted as `what`. */
  text(path: string, what: string, signal: AbortSignal): Promise<string> {
    return this.ask((client) => this.#counted(what, client.text(path, signal)), signal, TEXT_MS);
  }

  /** What a path answers as JSON, counted by its name. @param patienceMs as of {@link ask} */
  json(path: string, signal: AbortSignal, patienceMs: number): Promise<Record<string, unknown>> {
    return this.ask((client) => this.#counted(`get ${path}`, client.json(path, signal)), signal, patienceMs);
  }

  async close(): Promise<void> {
    await Promise.all([this.client.close(), this.sampler.close()]);
  }

  async #counted<T>(what: string, work: Promise<T>): Promise<T> {
    try {
      const result = await work;
      this.#count(what, false, 200);
      return result;
    } catch (error) {
      this.#count(what, false, isKubeError(error) ? error.status : 0);
      throw error;
    }
  }

  #count(what: string, watch: boolean, status: number): void {
    if (watch) this.#watches += 1;
    else this.#calls[what] = (this.#calls[what] ?? 0) + 1;
    const key = `${what} ${status || 'none'}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    if (status === 429) this.#refused += 1;
    else if (status === 0 || status >= 500) this.#failed += 1;
    this.#lookWhetherLost(status);
  }

  #lookWhetherLost(status: number): void {
    const now = this.clock.now();
    const isAway = status === 0 || status >= 500;
    this.#awaySince = isAway ? (this.#awaySince ?? now) : null;
    if (status === 401) this.#refusedSince ??= now;
    else if (!isAway) {
      this.#refusedSince = null;
      this.#accepted = true;
    }
    if (!this.#accepted) return;
    const patience = this.patienceMs * this.clock.speed;
    if (this.#refusedSince !== null && now - this.#refusedSince >= patience * REFUSED_SHARE) {
      this.#lose(
        'does not accept the credentials of the kubeconfig any more (401): they have expired or were withdrawn',
      );
    } else if (this.#awaySince !== null && now - this.#awaySince >= patience * AWAY_SHARE) {
      this.#lose(`has not answered any more for ${Math.round((this.patienceMs * AWAY_SHARE) / 1000)} seconds`);
    }
  }

  #lose(what: string): void {
    if (!this.#lost.signal.aborted) this.#lost.abort(new Error(`the cluster ${this.server} ${what}`));
  }
}
