import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { startClock } from '../../model/time/clock.ts';
import { ImageServer } from '../service/testing/image-server.ts';
import type { RunEvent } from '../telemetry/run-event.ts';
import { createTelemetryBuffer } from '../telemetry/telemetry-layout.ts';
import { TelemetryReader } from '../telemetry/telemetry-reader.ts';
import { createPool, type LostWorker, type Pool, type PoolOptions } from './pool.ts';
import { launchFixture } from './testing/launch.ts';

const LONG = 3_600_000;

class Harness {
  readonly events: RunEvent[] = [];
  readonly idle: number[] = [];
  readonly lost: LostWorker[] = [];
  readonly telemetry: SharedArrayBuffer;
  readonly reader: TelemetryReader;
  readonly #waiting = new Set<() => void>();

  constructor(workers: number) {
    this.telemetry = createTelemetryBuffer({ writers: workers + 1, hostSlots: 1000, clusterSlots: 10 });
    this.reader = new TelemetryReader(this.telemetry);
  }

  options(workers: number): PoolOptions {
    return {
      workers,
      clock: startClock(1),
      transport: { mode: 'per-poll', idleTimeoutMs: 1000, dialTimeoutMs: 5000, tlsHandshakeTimeoutMs: 5000 },
      telemetry: this.telemetry,
      onEvents: (events) => this.#note(() => this.events.push(...events)),
      onClusterIdle: (cluster) => this.#note(() => this.idle.push(cluster)),
      onWorkerLost: (lost) => this.#note(() => this.lost.push(lost)),
    };
  }

  /** Resolves when `condition` holds, looked at whenever the pool tells something. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  phases(cluster: number): (string | null)[] {
    return [0, 1, 2].map((ordinal) => this.reader.hostPhase(cluster * 100 + ordinal));
  }

  #note(what: () => void): void {
    what();
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

describe('pool', () => {
  let pool: Pool | undefined;
  let server: Server | undefined;
  afterEach(async () => {
    await pool?.stop();
    server?.closeAllConnections();
    server?.close();
    pool = undefined;
    server = undefined;
  });

  const setUp = async (workers: number) => {
    const harness = new Harness(workers);
    pool = await createPool(harness.options(workers));
    return { harness, pool };
  };

  it('boots the machines of clusters on worker threads, and unplugs them', async () => {
    const { harness, pool } = await setUp(2);
    pool.launch(launchFixture({ index: 0, hosts: 3, bootDelayMs: LONG }));
    pool.launch(launchFixture({ index: 1, hosts: 2, bootDelayMs: LONG }));
    await harness.until(() => harness.events.length === 5);
    expect(harness.events.every((event) => event.type === 'host.phase' && event.phase === 'booting')).toBe(true);
    expect(harness.reader.snapshot(0).hosts.phases.booting).toBe(5);
    expect(harness.reader.threads().map((thread) => thread.thread)).toEqual(['worker-0', 'worker-1']);
    pool.stopCluster(1);
    await harness.until(() => harness.idle.length === 1);
    expect(harness.idle).toEqual([1]);
    expect(harness.phases(1)).toEqual(['stopped', 'stopped', null]);
    expect(harness.phases(0)).toEqual(['booting', 'booting', 'booting']);
    expect(() => pool.launch(launchFixture({ index: 0, hosts: 1 }))).toThrow(/launched already/);
    expect(() => pool.startHosts(1, 'infra-env', [1])).toThrow(/no machines/);
    expect(harness.lost).toEqual([]);
  });

  it('lets agents start when their machines have downloaded what they boot', async () => {
    const images = await new ImageServer().start();
    images.fail('GET rootfs', 404);
    const registered: string[] = [];
    server = createServer((request, response) => {
      registered.push(request.url!);
      response.writeHead(503).end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const harness = new Harness(1);
    pool = await createPool({
      ...harness.options(1),
      boot: { from: 'iso', share: 1, ratePerHost: null, rateTotal: 100e6, readBytes: 100_000 },
    });
    const boot = { from: 'iso', url: images.minimalIsoUrl } as const;
    pool.launch({ ...launchFixture({ hosts: 2, baseUrl }), boot });
    // The other host's registration is refused, which is an error too.
    const failures = () =>
      harness.events.filter((event) => event.type === 'host.error' && event.kind === 'boot-failed');
    await harness.until(() => failures().length > 0);
    await harness.until(() =>
      harness.events.some((event) => event.type === 'host.phase' && event.phase === 'registering'),
    );
    await images.close();

    const [failed] = failures() as { message: string }[];
    expect(failed?.message).toMatch(/^cannot boot: rootfs .*\/boot-artifacts\/rootfs: HTTP 404$/);
    expect(harness.phases(0).slice(0, 2).sort()).toEqual(['failed', 'registering']);
    expect(harness.reader.errors()['boot-failed']).toBe(1);
    const downloads = Object.fromEntries(harness.reader.bootDownloads().map((one) => [one.kind, one]));
    expect(downloads.iso).toMatchObject({ requests: { 200: 2, 206: 6 }, bytes: 600_000 });
    expect(downloads.rootfs?.durations.count).toBe(1);
    expect(images.story.slice(-2)).toContain('GET rootfs');
  });

  it('notices a killed thread at once, says which clusters it held, and spares the others', async () => {
    const { harness, pool } = await setUp(2);
    // The larger cluster goes to worker 0, both smaller ones to worker 1.
    for (const [index, hosts] of [3, 1, 1].entries()) {
      pool.launch(launchFixture({ index, hosts, bootDelayMs: LONG }));
    }
    await harness.until(() => harness.events.length === 5);
    await pool.thread(1)?.terminate();
    await harness.until(() => harness.lost.length === 1);
    expect(harness.lost).toEqual([{ worker: 1, message: expect.stringContaining('exit'), clusters: [1, 2] }]);
    expect(harness.events.at(-1)).toMatchObject({ type: 'worker.lost', worker: 1 });
    expect(harness.reader.snapshot(0).errors['worker-lost']).toBe(1);
    expect(harness.phases(1)[0]).toBe('failed');
    expect(harness.phases(0)).toEqual(['booting', 'booting', 'booting']);

    pool.launch(launchFixture({ index: 3, hosts: 1, bootDelayMs: LONG }));
    await harness.until(() => harness.events.some((event) => 'cluster' in event && event.cluster === 3));
    expect(() => pool.startHosts(1, 'infra-env', [0])).toThrow(/no machines/);
    await pool.thread(0)?.terminate();
    await harness.until(() => harness.lost.length === 2);
    expect(harness.lost[1]).toMatchObject({ worker: 0, clusters: [0, 3] });
    expect(() => pool.launch(launchFixture({ index: 4, hosts: 1 }))).toThrow(/no worker thread is left/);
  });

  it('notices a thread that crashed, and says why', async () => {
    const { harness, pool } = await setUp(1);
    // An agent without access to anything breaks when it is to speak.
    pool.launch({ ...launchFixture({ index: 5, hosts: 1 }), access: undefined as never });
    await harness.until(() => harness.lost.length === 1);
    expect(harness.lost).toEqual([{ worker: 0, message: expect.stringContaining('undefined'), clusters: [5] }]);
    expect(harness.phases(5)[0]).toBe('failed');
  });

  it('lets a cluster that cannot be launched fail alone', async () => {
    const { harness, pool } = await setUp(1);
    pool.launch(launchFixture({ index: 0, hosts: 1, bootDelayMs: LONG }));
    pool.launch({ ...launchFixture({ index: 1, hosts: 1 }), spokeProfile: 'instant' });
    await harness.until(() => harness.idle.length === 1);
    expect(harness.idle).toEqual([1]);
    expect(harness.events.at(-1)).toMatchObject({ type: 'run.warning', message: expect.stringContaining('instant') });
    expect(harness.phases(0)[0]).toBe('booting');
    expect(harness.lost).toEqual([]);
  });

  it('lets agents speak to a service and counts what they do in shared memory', async () => {
    const requests: string[] = [];
    server = createServer((request, response) => {
      requests.push(`${request.method} ${request.url}`);
      request.resume().on('end', () => {
        response.writeHead(404, { 'content-type': 'application/json' });
        response.end('{"kind":"Error","id":404,"href":"","code":"404","reason":"infra-env is gone"}\n');
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { harness, pool } = await setUp(2);
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    pool.launch(launchFixture({ index: 0, hosts: 2, baseUrl }));
    pool.launch(launchFixture({ index: 1, hosts: 1, baseUrl }));
    // Refused for good: the agents freeze, and nothing is left that could speak.
    await harness.until(() => harness.idle.length === 2);
    expect(requests).toEqual(
      Array(3).fill('POST /api/assisted-install/v2/infra-envs/00000000-0000-4000-8000-000000000002/hosts'),
    );
    const { totals, hosts, requests: counted } = harness.reader.snapshot(0);
    expect(counted).toEqual([{ client: 'agent', endpoint: 'register-host', method: 'POST', code: '404', count: 3 }]);
    expect(totals.bytesSent).toBeGreaterThan(0);
    expect(hosts.phases.frozen).toBe(3);
    expect(harness.reader.latency('due').count).toBe(3);
  });

  it('stops at any time, also twice and with dead threads, and says nothing of it as a loss', async () => {
    const { harness, pool } = await setUp(2);
    pool.launch(launchFixture({ index: 0, hosts: 3, bootDelayMs: LONG }));
    await pool.thread(0)?.terminate();
    await harness.until(() => harness.lost.length === 1);
    await Promise.all([pool.stop(), pool.stop()]);
    expect(harness.lost).toHaveLength(1);
    expect(pool.thread(1)).toBeUndefined();
  });

  it('refuses wrong sizes', async () => {
    const harness = new Harness(1);
    await expect(createPool(harness.options(0))).rejects.toThrow(/at least 1 worker/);
    await expect(createPool(harness.options(2))).rejects.toThrow(/2 writers/);
  });
});
