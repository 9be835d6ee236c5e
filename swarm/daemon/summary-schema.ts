/**
 * What `GET /api/v1/runs/{id}/summary` gives, for the OpenAPI document. The types stand where the summary is made; the compiler
 * holds these schemas against them in both directions, and tests hold them against summaries of runs.
 */
import { z } from 'zod';
import { BOOT_KINDS } from '../../model/protocol/boot-kinds.ts';
import { CLIENT_KINDS, ENDPOINTS, type EndpointName } from '../../model/protocol/endpoints.ts';
import type { RunSummary } from '../report/summary.ts';
import { HOST_PROGRAMS } from '../telemetry/process-figures.ts';
import { ERROR_KINDS } from '../telemetry/telemetry.ts';

const count = z.int().nonnegative();
const counts = z.record(z.string(), count);
const milliseconds = z.number().describe('Milliseconds.');
const client = z.enum(CLIENT_KINDS);
const endpoint = z.enum(ENDPOINTS.map(({ name }) => name) as [EndpointName, ...EndpointName[]]);

const quantiles = z
  .object({
    count,
    mean: milliseconds,
    p50: milliseconds,
    p95: milliseconds,
    p99: milliseconds,
    max: milliseconds,
  })
  .describe('Milliseconds; all 0 when count is 0.');
const spread = z.object({ p50: z.number(), max: z.number() });
const funnelStep = z.object({ name: z.string(), count, of: count.describe('How many are meant to come so far.') });

const request = z.object({
  client,
  endpoint,
  method: z.string(),
  count,
  rate: z.number().describe('Per wall-clock second of the run, clean-up included.'),
  errors: count.describe('Attempts without an answer, and answers of 400 or more.'),
  outcomes: counts.describe('Attempts by HTTP status, or by why there was none.'),
  sinceDue: quantiles,
  sinceSent: quantiles,
});

const hub = z.object({
  requests: count,
  errors: count,
  requestsPerCluster: z.number(),
  rows: z.array(
    z.object({
      client: z.enum(['user', 'baremetal-operator']),
      verb: z.string(),
      resource: z.string(),
      count,
      errors: count,
      codes: counts,
      latency: quantiles,
    }),
  ),
});

const noop = z.object({
  hosts: count,
  hostMinutes: z.number(),
  programs: z.array(
    z.object({
      program: z.enum(HOST_PROGRAMS),
      hosts: count,
      cpuPerMinute: spread.describe('Seconds of processor time for each minute that a host was up.'),
      resident: spread.nullable().describe('Bytes.'),
      proportional: spread.nullable().describe('Bytes.'),
      restarts: count,
      exits: counts.describe('By exit code or name of the signal.'),
    }),
  ),
  driver: z.object({
    labCpuPerMinute: z.number(),
    relayCpuPerMinute: z.number(),
    labProportional: z.number().describe('Bytes.'),
  }),
});

const leftBehind = z.object({
  name: z.string(),
  clusterId: z.string().nullable(),
  infraEnvId: z.string().nullable(),
  unconfirmed: z.array(z.object({ kind: z.string(), name: z.string() })).exactOptional(),
  hub: z.array(z.string()).exactOptional(),
});

export const runSummary = z
  .object({
    run: z.string(),
    plan: z.string(),
    seed: z.string(),
    shard: z.object({ index: count, count }),
    service: z.string(),
    verdict: z.enum(['passed', 'failed', 'interrupted']).nullable().describe('Null while the run goes on.'),
    reasons: z.array(z.string()),
    thresholds: z.array(
      z.object({
        figure: z.string(),
        labels: z.record(z.string(), z.string()),
        expression: z.string(),
        value: z.number().nullable(),
        ok: z.boolean().nullable(),
        default: z.boolean(),
      }),
    ),
    startedAt: z.iso.datetime(),
    wallSeconds: z.number(),
    simulatedSeconds: z.number(),
    clockSpeed: z.number(),
    clusters: z.object({
      planned: count.describe('That are to be installed.'),
      installed: count,
      infraEnvs: count.describe('That only hold discovered hosts.'),
      complete: count,
      failed: count,
      cancelled: count,
    }),
    hostFunnel: z.array(funnelStep),
    clusterFunnel: z.array(funnelStep),
    failures: z.array(z.object({ cluster: count, name: z.string(), reason: z.string() })),
    requests: z.array(request),
    totals: z.object({
      requests: count,
      rate: z.number(),
      errors: count,
      sinceDue: quantiles,
      sinceSent: quantiles,
    }),
    hub: hub.nullable().describe('Null when no cluster was made by custom resources.'),
    noop: noop.nullable().describe('Null when no host was a no-op one.'),
    outages: z.array(
      z.object({
        startedAt: z.iso.datetime(),
        afterSeconds: z.number(),
        seconds: z.number(),
        failed: count,
        waiting: count,
      }),
    ),
    unanswered: z.array(z.object({ client, seconds: z.number(), at: z.iso.datetime(), underWay: count })),
    pollLateness: quantiles,
    stages: z.array(z.object({ role: z.string(), stage: z.string(), duration: quantiles })),
    replies: z.array(z.object({ step: z.string(), posted: count, deduplicated: count, failed: count })),
    boot: z.array(
      z.object({
        kind: z.enum(BOOT_KINDS),
        requests: count,
        errors: count,
        outcomes: counts,
        bytes: z.number(),
        duration: quantiles,
      }),
    ),
    errors: z.partialRecord(z.enum(ERROR_KINDS), count),
    connections: z.object({ opened: count, closed: count, open: count }),
    bytes: z.object({ sent: z.number(), received: z.number() }),
    generator: z.object({
      cpuPercent: z.number().describe('Of one core, over the whole run and all threads.'),
      rssBytes: z.number(),
      peakRssBytes: z.number(),
      workers: count,
      saturated: z.boolean(),
      saturatedSeconds: z.number(),
      watchedSeconds: z.number(),
      saturatedBy: z.record(z.string(), z.number()),
    }),
    drift: z.object({ differences: count, result: z.string() }).nullable(),
    deviations: z.array(z.string()),
    leftBehind: z.array(leftBehind),
  })
  .describe(
    'What a run of a plan came to, or how it stands. Durations are milliseconds unless their name says seconds.',
  );

/** Fails to compile when one has a field that the other lacks, or has another type. */
type Same<A, B> = [A, B] extends [B, A] ? true : never;
true satisfies Same<z.infer<typeof runSummary>, RunSummary>;
