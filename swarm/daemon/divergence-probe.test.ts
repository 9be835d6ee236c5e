import { describe, expect, it } from 'vitest';
import { ScaledClock, startClock } from '../../model/time/clock.ts';
import { type ServiceCall, type ServiceClient, ServiceError } from '../service/service-client.ts';
import { Divergence } from '../telemetry/divergence.ts';
import { DivergenceProbe } from './divergence-probe.ts';

const SPEED = 20;

/** A service that answers what `rest` says, and a hub that says what `hub` does. */
class Pair {
  readonly clock = new ScaledClock(startClock(SPEED));
  readonly divergence = new Divergence();
  readonly asked: ServiceCall[] = [];
  rest: { status: string; since: number } | null = { status: 'known', since: 0 };
  hub: string | null = 'known';
  refusal = 0;
  readonly #probe: DivergenceProbe;

  constructor() {
    const client: Pick<ServiceClient, 'json'> = {
      json: async <T>(call: ServiceCall) => {
        this.asked.push(call);
        const status = this.refusal || (this.rest === null ? 404 : 200);
        if (status !== 200) throw new ServiceError(`answered ${status}`, status, true, '');
        const { status: state, since } = this.rest!;
        const cluster = call.endpoint === 'get-host' ? { cluster_id: 'cluster' } : {};
        return { status: state, status_updated_at: new Date(since).toISOString(), ...cluster } as T;
      },
    };
    const hostOf = () => ({
      id: 'host',
      infraEnvId: 'infra-env',
      agentState: () => this.hub,
      clusterState: () => null,
    });
    this.#probe = new DivergenceProbe({ client, clock: this.clock, divergence: this.divergence, hostOf });
    this.#probe.start();
  }

  get hosts() {
    const found = this.divergence.times(this.clock.now()).find(({ of }) => of === 'host');
    if (!found) return { compared: 0, differed: 0, ended: 0, open: 0, max: 0 };
    const { compared, differed, survival } = found;
    return { compared, differed, ended: survival.ended.count, open: survival.open.count, max: survival.max };
  }

  async until(done: () => boolean): Promise<void> {
    while (!done()) await this.clock.sleep(10 * SPEED);
  }

  stop(): Promise<void> {
    return this.#probe.stop();
  }
}

describe('the comparison', () => {
  it('finds none while both say the same, and asks for one host a second', async () => {
    const pair = new Pair();
    await pair.until(() => pair.hosts.compared >= 2);
    await pair.stop();
    expect(pair.hosts).toMatchObject({ differed: 0, ended: 0, open: 0 });
    // The hub knows of no cluster.
    expect(new Set(pair.asked.map(({ endpoint }) => endpoint))).toEqual(new Set(['get-host']));
    expect(pair.asked[0]!.params).toEqual({ infra_env_id: 'infra-env', host_id: 'host' });
  });

  it('knows for how long the copy was behind, by the moment that the service names', async () => {
    const pair = new Pair();
    const since = pair.clock.now() - 50_000;
    pair.rest = { status: 'installing', since };
    await pair.until(() => pair.hosts.open === 1);
    const seen = pair.clock.now();
    pair.hub = 'installing';
    await pair.until(() => pair.hosts.ended === 1);
    const caught = pair.clock.now();
    await pair.stop();
    const { differed, open, max } = pair.hosts;
    expect({ differed, open }).toEqual({ differed: 1, open: 0 });
    expect(max).toBeGreaterThanOrEqual(seen - since - 1);
    expect(max).toBeLessThanOrEqual(caught - since + 1);
  });

  it('stays open while it lasts, over many comparisons, and is left open when the resource goes', async () => {
    const pair = new Pair();
    pair.hub = 'discovering';
    await pair.until(() => pair.hosts.differed >= 2);
    expect(pair.hosts).toMatchObject({ ended: 0, open: 1 });
    pair.hub = null;
    const { max } = pair.hosts;
    await pair.until(() => pair.asked.length >= 5);
    expect(pair.hosts).toMatchObject({ ended: 0, open: 1 });
    const left = pair.hosts.max;
    await pair.clock.sleep(100 * SPEED);
    expect(pair.hosts.max).toBe(left);
    expect(left).toBeGreaterThanOrEqual(max);
    await pair.stop();
  }, 30_000);

  it('takes a host that the service does not know as one that differs', async () => {
    const pair = new Pair();
    pair.rest = null;
    await pair.until(() => pair.hosts.differed >= 1);
    await pair.stop();
    expect(pair.hosts.open).toBe(1);
  });

  it('ends with a refusal, and not with an error that may pass', async () => {
    const pair = new Pair();
    pair.refusal = 503;
    await pair.until(() => pair.asked.length === 2);
    pair.refusal = 401;
    await pair.until(() => pair.asked.length === 3);
    await pair.clock.sleep(1500 * SPEED);
    expect(pair.asked).toHaveLength(3);
    expect(pair.hosts.compared).toBe(0);
    await pair.stop();
  });
});
