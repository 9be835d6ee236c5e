/** Readers of a run over HTTP, beside a server that counts, hangs and goes away. */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ScaledClock, startClock } from '../../model/time/clock.ts';
import { knownRefusal } from '../report/known-refusals.ts';
import { Divergence } from '../telemetry/divergence.ts';
import { HubRequestCounts } from '../telemetry/hub-request-counts.ts';
import { Ledger } from '../telemetry/ledger.ts';
import { ReaderFigures } from '../telemetry/reader-figures.ts';
import { SharedTelemetry } from '../telemetry/shared-telemetry.ts';
import { createTelemetryBuffer } from '../telemetry/telemetry-layout.ts';
import { TelemetryReader } from '../telemetry/telemetry-reader.ts';
import { startReaders } from './run-readers.ts';
import { fakePlan } from './testing/fakes.ts';

const AMOUNT = 12;
/** Simulated; 250 ms. */
const EVERY_SECONDS = 10;
const SPEED = 40;

let server: Server;
let port = 0;
/** Requests that came; those that have no answer yet. */
let came = 0;
let most = 0;
const waiting = new Set<ServerResponse>();
let mode: 'answer' | 'hang' | 'gone' = 'answer';
let connections = 0;

const listen = (at: number) => new Promise<void>((resolve) => server.listen(at, '127.0.0.1', resolve));

beforeEach(async () => {
  came = 0;
  most = 0;
  connections = 0;
  mode = 'answer';
  server = createServer((_request, response) => {
    came++;
    waiting.add(response);
    most = Math.max(most, waiting.size);
    response.on('close', () => waiting.delete(response));
    if (mode === 'hang') return;
    response.writeHead(mode === 'gone' ? 404 : 200, { 'content-type': 'application/json' }).end('[]');
  });
  server.on('connection', () => connections++);
  await listen(0);
  port = (server.address() as AddressInfo).port;
});
afterEach(() => {
  server.close();
  server.closeAllConnections();
});

async function start() {
  const plan = fakePlan([{}], {
    readers: [{ load: 'events', amount: AMOUNT, everySeconds: EVERY_SECONDS }],
    clockSpeed: SPEED,
  });
  const buffer = createTelemetryBuffer({ writers: 1, hostSlots: 1, clusterSlots: 1 });
  const figures = new ReaderFigures(plan.readers);
  const stop = await startReaders(
    {
      ...{ plan, baseUrl: `http://127.0.0.1:${port}`, hub: null, clock: new ScaledClock(startClock(SPEED)) },
      telemetry: new SharedTelemetry(buffer, 0),
      ...{ hubRequests: new HubRequestCounts(), divergence: new Divergence(), readers: figures },
      ...{ warn: () => {}, emit: () => {}, ledger: new Ledger({ sink: () => {}, onFailure: () => {} }) },
    },
    () => ({ clusters: ['a', 'b'], infraEnvs: [] }),
  );
  return { stop, figures, requests: () => new TelemetryReader(buffer).requests() };
}

const countOf = (rows: { code: string; count: number }[], code: (code: string) => boolean) =>
  rows.filter((row) => code(row.code)).reduce((sum, { count }) => sum + count, 0);
const until = async (reached: () => boolean) => {
  while (!reached()) await sleep(20);
};

describe('readers of a run', () => {
  it('are counted, each request once, each reader on one connection', async () => {
    const { stop, figures, requests } = await start();
    await until(() => came >= 60);
    await stop();
    const rows = requests();
    expect(new Set(rows.map(({ client, endpoint }) => `${client} ${endpoint}`))).toEqual(
      new Set(['reader list-events']),
    );
    const answered = countOf(rows, (code) => code === '200');
    expect(came).toBeGreaterThanOrEqual(answered);
    expect(came).toBeLessThanOrEqual(answered + countOf(rows, (code) => code === 'aborted'));
    expect(figures.rows()[0]!.requests).toBeGreaterThanOrEqual(came);
    expect(connections).toBeLessThanOrEqual(AMOUNT);
  });

  it('have one request each at a service that does not answer, and count what they miss', async () => {
    const { stop, figures } = await start();
    mode = 'hang';
    await until(() => waiting.size === AMOUNT);
    const before = came;
    await sleep(1500);
    expect(came).toBe(before);
    expect(most).toBe(AMOUNT);
    mode = 'answer';
    for (const response of waiting) response.end('[]');
    await until(() => figures.rows()[0]!.looks.answered >= AMOUNT && came > before);
    // Six paces have passed.
    expect(figures.rows()[0]!.missed).toBeGreaterThanOrEqual(AMOUNT * 3);
    expect(figures.rows()[0]!.duration.max).toBeGreaterThan(1000);
    await stop();
  });

  it('try once in each pace while nobody listens, and go on when somebody does', async () => {
    const { stop, figures, requests } = await start();
    await until(() => came >= AMOUNT);
    server.close();
    server.closeAllConnections();
    const from = performance.now();
    await sleep(2000);
    const paces = ((performance.now() - from) / 1000 / EVERY_SECONDS) * SPEED;
    const refused = countOf(requests(), (code) => code !== '200' && code !== 'aborted');
    expect(refused).toBeGreaterThan(AMOUNT);
    expect(refused).toBeLessThanOrEqual((paces + 2) * AMOUNT);
    const answered = figures.rows()[0]!.looks.answered;
    await listen(port);
    await until(() => figures.rows()[0]!.looks.answered > answered + AMOUNT);
    await stop();
    expect(figures.rows()[0]!.looks.failed).toBe(countOf(requests(), (code) => code !== '200' && code !== 'aborted'));
  });

  it('take what was removed meanwhile for no error', async () => {
    mode = 'gone';
    const { stop, figures, requests } = await start();
    await until(() => came >= AMOUNT * 2);
    await stop();
    const [gone] = requests().filter(({ code }) => code === '404');
    expect(knownRefusal(gone!)).toMatch(/removed meanwhile/);
    expect(figures.rows()[0]!.looks.failed).toBe(0);
  });
});
