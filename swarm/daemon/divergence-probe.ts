/**
 * Reads hosts and clusters that are made by custom resources from the service's own API, one a second, and compares: what the hub says of
 * them is a copy that controllers make. It is a tool of measurement and no part of the load: its requests are few, stand in no figure, and
 * end with the first refusal.
 *
 *   next Agent ── get-host ──► same state? ── get-cluster ──► same state? ── no: looks at the hub until it has caught up
 */
import type { ScaledClock } from '../../model/time/clock.ts';
import type { RepeatedState } from '../cluster/kube.ts';
import { type ServiceClient, ServiceError } from '../service/service-client.ts';
import type { ComparedKind, Divergence } from '../telemetry/divergence.ts';

/** Wall-clock milliseconds between two comparisons, and between two looks at what is known of the hub. */
const COMPARE_MS = 1000;
const LOOK_MS = 25;

export interface DivergenceProbeOptions {
  client: Pick<ServiceClient, 'json'>;
  clock: ScaledClock;
  divergence: Divergence;
  /** A host that can be compared now; null while there is none. @param turn a number for each, in rotation */
  hostOf: (turn: number) => RepeatedState | null;
}

/** Parts of the service's objects: assisted-service, swagger.yaml, `host` and `cluster`. */
interface Stated {
  status?: string;
  status_updated_at?: string;
  cluster_id?: string;
}

/** What the hub says otherwise for more than a second. */
interface Behind {
  of: ComparedKind;
  name: string;
  onHub: string;
  stateOnHub: () => string | null;
}

export class DivergenceProbe {
  readonly #options: DivergenceProbeOptions;
  readonly #stop = new AbortController();
  #running: Promise<void> | null = null;
  #turn = 0;
  #behind: Behind[] = [];

  constructor(options: DivergenceProbeOptions) {
    this.#options = options;
  }

  /** Begins. Call once. */
  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('nothing is compared any more'));
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const { clock } = this.#options;
    while (!signal.aborted) {
      await clock.sleep(COMPARE_MS * clock.speed, signal).catch(() => {});
      this.#behind = this.#behind.filter((one) => !this.#isOver(one));
      const host = this.#options.hostOf(this.#turn++);
      if (signal.aborted || host === null) continue;
      try {
        await this.#compare(host);
      } catch (error) {
        if (signal.aborted) return;
        // Whoever has no access will not get it; anything else may pass.
        if (error instanceof ServiceError && (error.status === 401 || error.status === 403)) return;
      }
    }
  }

  async #compare(host: RepeatedState): Promise<void> {
    const params = { infra_env_id: host.infraEnvId, host_id: host.id };
    const seen = await this.#read({ endpoint: 'get-host', params });
    await this.#judge('host', host.id, seen, () => host.agentState());
    if (!seen?.cluster_id || host.clusterState() === null) return;
    const cluster = await this.#read({
      endpoint: 'get-cluster',
      params: { cluster_id: seen.cluster_id },
      query: [['exclude-hosts', 'true']],
    });
    await this.#judge('cluster', seen.cluster_id, cluster, () => host.clusterState());
  }

  /** Undefined for what is not there. */
  async #read(
    call: Pick<Parameters<ServiceClient['json']>[0], 'endpoint' | 'params' | 'query'>,
  ): Promise<Stated | undefined> {
    try {
      return await this.#options.client.json<Stated>({ ...call, expect: 200, signal: this.#stop.signal });
    } catch (error) {
      if (error instanceof ServiceError && error.status === 404) return undefined;
      throw error;
    }
  }

  async #judge(
    of: ComparedKind,
    name: string,
    seen: Stated | undefined,
    stateOnHub: () => string | null,
  ): Promise<void> {
    const { clock, divergence } = this.#options;
    const { signal } = this.#stop;
    const now = clock.now();
    const onHub = stateOnHub();
    // What is being removed goes from one side first.
    if (onHub === null) return divergence.left(of, name, now);
    const state = seen?.status ?? '';
    if (this.#behind.some((one) => one.of === of && one.name === name)) {
      // It goes on, and is looked at already.
      if (state !== onHub) return divergence.compared(of, name, now, now);
      this.#behind = this.#behind.filter((one) => one.of !== of || one.name !== name);
    }
    if (state === onHub) return divergence.compared(of, name, null, now);
    const since = Date.parse(seen?.status_updated_at ?? '');
    divergence.compared(of, name, Number.isNaN(since) ? now : since, now);
    const behind = { of, name, onHub, stateOnHub };
    const until = now + COMPARE_MS * clock.speed;
    while (clock.now() < until && !signal.aborted) {
      await clock.sleep(LOOK_MS * clock.speed, signal).catch(() => {});
      if (this.#isOver(behind)) return;
    }
    this.#behind.push(behind);
  }

  /** Whether the hub says something else by now, or nothing: what it said before is behind the service in any case. */
  #isOver({ of, name, onHub, stateOnHub }: Behind): boolean {
    const { clock, divergence } = this.#options;
    const now = stateOnHub();
    if (now === onHub) return false;
    if (now === null) divergence.left(of, name, clock.now());
    else divergence.agreed(of, name, clock.now());
    return true;
  }
}
