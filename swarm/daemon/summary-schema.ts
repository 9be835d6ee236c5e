/**
 * What `GET /api/v1/runs/{id}/summary` gives, for the OpenAPI document. The types stand where the summary is made; the compiler
 * holds these schemas against them in both directions, and tests hold them against summaries of runs.
 */
import { z } from 'zod';
import { FAULT_KINDS } from '../../model/faults/faults.ts';
import { BOOT_KINDS } from '../../model/protocol/boot-kinds.ts';
import { CLIENT_KINDS, ENDPOINTS, type EndpointName } from '../../model/protocol/endpoints.ts';
import { CLUSTER_PHASES, HOST_PHASES } from '../../model/protocol/phases.ts';
import { RUN_PHASES } from '../report/phase-summary.ts';
import type { RunSummary } from '../report/summary.ts';
import { CLUSTER_MILESTONES } from '../telemetry/cluster-durations.ts';
import { COMPARED_KINDS } from '../telemetry/divergence.ts';
import { HUB_CLIENTS } from '../telemetry/hub-request-counts.ts';
import { HOST_PROGRAMS } from '../telemetry/process-figures.ts';
import { REACTION_KINDS, STATEFUL_KINDS } from '../telemetry/reactions.ts';
import { ERROR_KINDS } from '../telemetry/telemetry.ts';
import { runPart } from './event-schema.ts';

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
    percentiles: z
      .record(z.string().regex(/^\d+(\.\d+)?$/), milliseconds)
      .exactOptional()
      .describe('Further percentiles that the run was asked for, such as 99.9.'),
  })
  .describe('Milliseconds; all 0 when count is 0.');
const openMilliseconds = milliseconds.nullable().describe('Null where so many are not over that nobody knows.');
const openQuantiles = {
  ended: count,
  open: count.describe('Not over, or nobody saw the end: they count as at least so long.'),
  p50: openMilliseconds,
  p95: openMilliseconds,
  p99: openMilliseconds,
  max: milliseconds,
};
const of = z.enum(STATEFUL_KINDS);
const reactionSide = z.object({ of: z.enum(REACTION_KINDS), state: z.string() });
const spread = z.object({ p50: z.number(), max: z.number() });
const funnelStep = z.object({ name: z.string(), count, of: count.describe('How many are meant to come so far.') });

/** How long requests took. */
const latencies = {
  sinceDue: quantiles,
  sinceSent: quantiles,
  failedSinceDue: quantiles,
  untilSuccess: quantiles,
};

const request = z.object({
  client,
  endpoint,
  method: z.string(),
  count,
  rate: z.number().describe('Per wall-clock second of the run, clean-up included.'),
  errors: count.describe('Attempts that the service refused (400 or more) or did not answer.'),
  ownErrors: count.describe('Attempts that this machine had no means for.'),
  outcomes: counts.describe('Attempts by HTTP status, or by why there was none.'),
  ...latencies,
});

const reader = z.object({
  load: z.string(),
  amount: count,
  everySeconds: z.number().describe('Simulated.'),
  looks: count,
  failed: count.describe('Looks that got not all that they asked for.'),
  missed: count.describe('Looks that were never begun, because the one before was not over.'),
  requests: count,
  duration: quantiles.describe('From the moment a look was due to its end, missed ones included; milliseconds.'),
});

const churn = z.object({
  sharePerHour: z.number().describe('Of the clusters, in a simulated hour; 1 is as many as there are.'),
  clustersPerHour: z.number(),
  turns: count.describe('To remove a cluster, since the first was complete; those beyond `begun` found none that was.'),
  begun: count.describe('Clusters whose removal was begun.'),
  removed: count,
  complete: count.describe('Made anew and complete again.'),
  failed: count.describe('Made anew and failed.'),
  unfinished: count.describe('The run ended before.'),
  notRemoved: count,
});

const hub = z.object({
  requests: count,
  errors: count,
  requestsPerCluster: z.number(),
  rows: z.array(
    z.object({
      client: z.enum(HUB_CLIENTS),
      verb: z.string(),
      resource: z.string(),
      count,
      errors: count,
      codes: counts,
      latency: quantiles.describe('Of responses below 500, in milliseconds.'),
      failedLatency: quantiles.describe('Of all others, in milliseconds.'),
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

const link = z.object({
  link: count.describe('Place in the plan, from 1: as metrics label it.'),
  name: z.string().describe('Preset and figures.'),
  share: z.number().describe("Of the plan's hosts, more than 0 to 1."),
  hosts: count,
  delayMs: z.number().describe('One way, simulated.'),
  jitterMs: z.number(),
  loss: z.number().describe('Share of the packets, from 0.'),
  bytesPerSecond: z.number().nullable().describe('Each way; null for as many as come.'),
  connections: count.describe('Opened, those of downloads of booting hosts included.'),
  connect: quantiles.describe('Until a connection could be used, TLS handshake included; milliseconds.'),
  requests: quantiles.describe('From when an attempt was due to its answer (below 500); milliseconds.'),
  stalls: count.describe('Packets that were lost, for which what came after them waited.'),
  resets: count.describe('Connections given up because a packet was lost as often as TCP sends it.'),
});

const leftBehind = z.object({
  name: z.string(),
  clusterId: z.string().nullable(),
  infraEnvId: z.string().nullable(),
  unconfirmed: z.array(z.object({ kind: z.string(), name: z.string() })).exactOptional(),
  hub: z.array(z.string()).exactOptional(),
});

const measured = z.number().nullable();
const serverValues = {
  last: measured.describe("Of a gauge or of a counter's rate."),
  min: measured,
  max: measured,
  mean: measured,
  count: measured.describe('Values of a trend, or growth of a counter.'),
  p50: measured,
  p95: measured,
  p99: measured,
};
const server = z
  .object({
    collectors: z.array(
      z.object({
        name: z.string(),
        target: z.string(),
        state: z.enum(['read', 'failed', 'absent']),
        reason: z.string().nullable(),
        reads: count,
        failures: count,
      }),
    ),
    figures: z.array(
      z.object({
        figure: z.string(),
        labels: z.record(z.string(), z.string()),
        source: z.string().describe('Name of the collector.'),
        kind: z.enum(['gauge', 'counter', 'trend']),
        unit: z.string(),
        ...serverValues,
        phases: z.array(z.object({ ...serverValues, phase: z.enum(RUN_PHASES), step: z.int().nullable() })),
        points: z.array(z.object({ afterSeconds: z.number(), value: z.number() })),
      }),
    ),
  })
  .describe('What was seen of the servers under load. Times are wall-clock milliseconds.');

const totals = z.object({
  requests: count,
  rate: z.number(),
  errors: count,
  ownErrors: count,
  replayed: count.describe('Requests that went out once more inside their attempt.'),
  redirected: count,
  ...latencies,
});

const phase = z.object({
  ...runPart,
  startedAt: z.iso.datetime(),
  afterSeconds: z.number().describe('From the start of the run.'),
  seconds: z.number(),
  simulatedSeconds: z.number(),
  hosts: count.describe('That were up at its end.'),
  totals,
  requests: z.array(request),
});

export const runSummary = z
  .object({
    schemaVersion: z.int().positive().describe('Raised when a field changes its meaning, its type or goes away.'),
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
        crossedAfterSeconds: z
          .number()
          .nullable()
          .describe('Wall-clock seconds from the start of the run, since which it was crossed.'),
        worst: z
          .object({ labels: z.record(z.string(), z.string()), value: z.number() })
          .nullable()
          .describe("Of a crossed one: the endpoint, or the servers' series, that speaks most against it."),
      }),
    ),
    startedAt: z.iso.datetime(),
    startAt: z.iso
      .datetime()
      .nullable()
      .describe('Moment at which the run was to begin, as all shards of its plan; null when none was given.'),
    startedLateSeconds: z
      .number()
      .nonnegative()
      .nullable()
      .describe('By so much it began after startAt; null when none was given.'),
    wallSeconds: z.number(),
    simulatedSeconds: z.number(),
    clockSpeed: z.number(),
    clusters: z.object({
      planned: count.describe('That are to be installed.'),
      installed: count,
      infraEnvs: count.describe('That only hold discovered hosts.'),
      infraEnvsDiscovered: count,
      complete: count,
      failed: count,
      failedAsExpected: count.describe('Because of a fault that the plan gives them; not among the failed ones.'),
      cancelled: count,
    }),
    faults: z
      .array(
        z.object({
          fault: z.enum(FAULT_KINDS),
          of: z.enum(['host', 'cluster']),
          count: count.describe('Hosts or clusters that have it.'),
          asExpected: count,
          otherwise: count.describe('Led to something else than what follows from it.'),
          notReached: count.describe('Their cluster ended before, for another fault.'),
          examples: z.array(z.object({ name: z.string(), expected: z.string(), was: z.string() })),
        }),
      )
      .describe("What became of the plan's faults; empty where it has none."),
    hostFunnel: z.array(funnelStep),
    clusterFunnel: z.array(funnelStep),
    phases: z
      .array(phase)
      .describe('In the order of time: the phases of the run, deploy in as many parts as its load has steps.'),
    failures: z.array(
      z.object({
        cluster: count,
        name: z.string(),
        reason: z.string(),
        life: z.int().min(2).exactOptional().describe('Of a cluster that failed when it was made anew.'),
      }),
    ),
    requests: z.array(request),
    totals,
    polls: z.object({
      openLoop: quantiles,
      missed: count.describe('Polls that were never sent because the one before had no answer.'),
    }),
    requestErrors: z.array(
      z.object({
        client,
        endpoint,
        code: z.string().describe('HTTP status, or why there was none.'),
        count,
        own: z.boolean().describe('Whether the machine of the generator is to blame.'),
        message: z.string().nullable(),
        firstAt: z.iso.datetime().nullable(),
        expected: z.string().nullable().describe('Why a service that is well answers so; null where it should not.'),
      }),
    ),
    readers: z.array(reader).describe('Empty where nobody looked.'),
    churn: churn.nullable().describe('Null where clusters stayed.'),
    hub: hub.nullable().describe('Null when no cluster was made by custom resources.'),
    links: z.array(link).describe('Slow links; empty where no host had one. Older summaries lack it.'),
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
    underWay: z.array(z.object({ client, count, oldestSeconds: z.number() })),
    unanswered: z.array(z.object({ client, seconds: z.number(), at: z.iso.datetime(), underWay: count })),
    series: z.array(
      z.object({
        afterSeconds: z.number(),
        seconds: z.number(),
        requests: count,
        refused: count,
        failed: count,
        ownErrors: count,
        p50: milliseconds,
        p99: milliseconds,
        max: milliseconds,
        underWay: count,
        oldestSeconds: z.number(),
        hosts: z.partialRecord(z.enum(HOST_PHASES), count).describe('By phase at the end; 0 where it is not named.'),
        clusters: z.partialRecord(z.enum(CLUSTER_PHASES), count).describe('The same of clusters.'),
      }),
    ),
    clusterDurations: z.array(
      z.object({ from: z.enum(CLUSTER_MILESTONES), to: z.enum(CLUSTER_MILESTONES), duration: quantiles }),
    ),
    states: z
      .array(z.object({ of, state: z.string(), ...openQuantiles }))
      .describe('Simulated time in each state; quantiles by the estimate of Kaplan and Meier.'),
    reactions: z.array(
      z.object({
        from: reactionSide,
        to: reactionSide,
        each: z.enum(['host', 'cluster']),
        all: z.boolean().describe('It begins when all hosts of a cluster are in `from`.'),
        ...openQuantiles,
      }),
    ),
    divergence: z
      .array(z.object({ of: z.enum(COMPARED_KINDS), compared: count, differed: count, ...openQuantiles }))
      .describe('How long custom resources said something else than the REST API, of a sample.'),
    stuck: z.object({
      count,
      oldest: z.array(
        z.object({
          of,
          name: z.string(),
          id: z.string(),
          state: z.string(),
          seconds: z.number(),
          usualSeconds: z.number().nullable().describe('Of 99 % of the others; null where they are too few.'),
        }),
      ),
    }),
    failureCauses: z.array(
      z.object({ of: z.enum(['cluster', 'host']), cause: z.string(), count, names: z.array(z.string()) }),
    ),
    pollLateness: quantiles,
    stages: z.array(z.object({ role: z.string(), stage: z.string(), duration: quantiles })),
    replies: z.array(
      z.object({
        step: z.string(),
        received: count,
        posted: count,
        deduplicated: count,
        failed: count,
        dropped: count.describe('Its program ended before the reply was answered.'),
        inFlight: count,
      }),
    ),
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
    servers: server,
    drift: z.object({ differences: count, result: z.string() }).nullable(),
    deviations: z.array(z.string()),
    leftBehind: z.array(leftBehind),
  })
  .describe(
    'What a run of a plan came to, or how it stands. Durations are milliseconds unless their name says seconds.',
  );

/**
 * The JSON Schema that is published as docs/summary.schema.json, for whoever reads summary.json. Further fields are no fault: a reader
 * must not fail on one that it does not know.
 */
export function summaryJsonSchema(): object {
  return {
    ...z.toJSONSchema(runSummary, { io: 'input' }),
    title: 'Summary of a run of assisted-swarm',
  };
}

/** Fails to compile when one has a field that the other lacks, or has another type: a new field of the summary wants a line above. */
type Same<A, B> = [A, B] extends [B, A] ? true : never;
true satisfies Same<z.infer<typeof runSummary>, RunSummary>;
