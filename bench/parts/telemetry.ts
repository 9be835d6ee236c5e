/**
 * What recording a request costs: the shared telemetry beside prom-client holding the same numbers (a counter of attempts, two latency histograms,
 * two byte counters), while the former also keeps which requests are under way; and what reading everything costs.
 */
import { Counter, Histogram, Registry } from 'prom-client';
import { endpointNumber } from '../../model/protocol/endpoints.ts';
import { createRegistry } from '../../swarm/telemetry/metric-registry.ts';
import { SaturationMonitor } from '../../swarm/telemetry/saturation.ts';
import { SharedTelemetry } from '../../swarm/telemetry/shared-telemetry.ts';
import type { RequestRecord } from '../../swarm/telemetry/telemetry.ts';
import { createTelemetryBuffer } from '../../swarm/telemetry/telemetry-layout.ts';
import { TelemetryReader } from '../../swarm/telemetry/telemetry-reader.ts';
import type { Figures, PartContext } from '../part.ts';
import { ratio } from '../table.ts';

const AMOUNTS = { full: 1_000_000, quick: 200_000 };

/** Latencies from 1 ms to 1 s, a few endpoints and outcomes; no random numbers, so that both do the same. */
const records: RequestRecord[] = Array.from({ length: 1024 }, (_, i) => ({
  client: 'agent',
  endpoint: (['get-instructions', 'post-step-reply', 'register-host'] as const)[i % 3]!,
  outcome: i % 50 === 0 ? 503 : 200,
  dueAt: 1000,
  sentAt: 1001,
  firstByteAt: 1001.5,
  endAt: 1002 + 1000 ** (i / 1024),
  bytesSent: 300,
  bytesReceived: 1500,
}));

const registers = [new Registry()];
const pair = ['client', 'endpoint'];
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const attempts = new Counter({ name: 'requests_total', help: 'a', labelNames: [...pair, 'method', 'code'], registers });
const sent = new Counter({ name: 'sent_bytes_total', help: 'a', labelNames: pair, registers });
const received = new Counter({ name: 'received_bytes_total', help: 'a', labelNames: pair, registers });
const sinceDue = new Histogram({ name: 'duration_seconds', help: 'a', labelNames: pair, buckets, registers });
const sinceSent = new Histogram({ name: 'send_duration_seconds', help: 'a', labelNames: pair, buckets, registers });

function recordWithPromClient(record: RequestRecord): void {
  const { client, endpoint } = record;
  const method = endpointNumber(endpoint) === 1 ? 'GET' : 'POST';
  attempts.inc({ client, endpoint, method, code: String(record.outcome) });
  sent.inc({ client, endpoint }, record.bytesSent);
  received.inc({ client, endpoint }, record.bytesReceived);
  sinceDue.observe({ client, endpoint }, (record.endAt - record.dueAt) / 1000);
  sinceSent.observe({ client, endpoint }, (record.endAt - record.sentAt) / 1000);
}

/** Nanoseconds of processor time of one call, mean, after a warm-up. */
function measureCalls(requests: number, record: (record: RequestRecord) => void): number {
  for (let i = 0; i < 50_000; i++) record(records[i % 1024]!);
  const before = process.cpuUsage();
  for (let i = 0; i < requests; i++) record(records[i % 1024]!);
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / requests;
}

/** Milliseconds of the fastest of ten. */
async function fastest(read: () => unknown): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 10; i++) {
    const start = performance.now();
    await read();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

/** See {@link PartModule}. */
export async function measure({ quick, progress }: PartContext): Promise<Figures> {
  const requests = quick ? AMOUNTS.quick : AMOUNTS.full;
  progress(`${requests} requests`);
  const buffer = createTelemetryBuffer({ writers: 3, hostSlots: 100_000, clusterSlots: 1000 });
  const shared = new SharedTelemetry(buffer, 1);
  // A thousand others are under way meanwhile, as on a busy thread.
  for (let i = 0; i < 1000; i++) shared.requestStarted('agent', i);
  const own = measureCalls(requests, (record) => {
    const ticket = shared.requestStarted(record.client, record.dueAt);
    shared.request(record);
    shared.requestEnded(ticket);
  });
  const promClient = measureCalls(requests, recordWithPromClient);
  const reader = new TelemetryReader(buffer);
  const saturation = new SaturationMonitor(reader);
  const registry = createRegistry('bench', () => ({ reader, saturation, clockSpeed: 1 }));
  const scrape = await fastest(() => registry.metrics());
  const snapshot = await fastest(() => reader.snapshot(0));
  return {
    tables: [
      {
        title: `recording ${requests} requests, mean`,
        head: ['', 'CPU ns a request'],
        rows: [
          ['prom-client', promClient],
          ['shared telemetry', own],
          ['shared ÷ prom-client', ratio(own, promClient)],
        ],
      },
      {
        title: 'reading 3 writers, 100,000 hosts, the fastest of ten',
        head: ['', 'ms'],
        rows: [
          ['snapshot', snapshot],
          ['scrape', scrape],
        ],
      },
    ],
    charts: [
      {
        name: 'telemetry',
        title: 'Recording one request',
        unit: 'ns of processor time, less is better',
        groups: [
          {
            title: 'A counter of attempts, two latency histograms and two byte counters',
            bars: [
              { label: 'shared telemetry', value: own, own: true },
              { label: 'prom-client', value: promClient, own: false },
            ],
          },
        ],
      },
    ],
    notes: [],
  };
}
