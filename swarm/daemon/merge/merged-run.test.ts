/** One run against its shards: the same happenings, measured once by threads of one run and once by runs that are merged. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { CLUSTER_PHASES, HOST_PHASES } from '../../../model/protocol/phases.ts';
import type { RunSummary } from '../../report/summary.ts';
import { fakePlan, shardOf } from '../testing/fakes.ts';
import type { ShardEnd } from './figure-parts.ts';
import { type KeptFigures, keepFigures, writeFigures } from './figures-file.ts';
import { mergeRuns } from './merge-runs.ts';
import { summarizeMerged } from './merged-run.ts';
import { type Happening, measuredRun } from './testing/measured-runs.ts';

const folder = mkdtempSync(join(tmpdir(), 'swarm-merge-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Each run is measured by the megabyte; this machine may have a lot else to do. */
vi.setConfig({ testTimeout: 120_000 });

const CLUSTERS = 7;
const plan = fakePlan(
  [{}, { controlPlanes: 3, workers: 1 }, { justInfraEnv: true }, {}, { controlPlanes: 3 }, {}, {}],
  { clockSpeed: 1, service: { url: 'http://service', tls: {}, agentToken: '', userAuthorization: '' } },
);

/** What one folder after the other comes to. */
async function mergedOf(
  happenings: readonly Happening[],
  count: number,
  left: readonly number[] = [],
): Promise<RunSummary> {
  const folders: string[] = [];
  for (let index = 0; index < count; index++) {
    if (left.includes(index)) continue;
    const one = mkdtempSync(join(folder, 'shard-'));
    await writeFigures(one, keepFigures(measuredRun(shardOf(plan, index, count), happenings)));
    folders.push(one);
  }
  return summarizeMerged(await mergeRuns(folders), { run: 'merged', apartMs: 1e12 });
}

/** Sums of fractions differ in their last digit by the order in which they are made; what depends on when a test ran is left out. */
function comparable(summary: RunSummary): unknown {
  const {
    generator: _,
    shards: __,
    run: ___,
    wallSeconds,
    countedSeconds,
    ...rest
  } = summary as RunSummary & {
    countedSeconds?: number;
  };
  const byName = (a: { of: string; state: string }, b: { of: string; state: string }) =>
    `${a.of} ${a.state}` < `${b.of} ${b.state}` ? -1 : 1;
  const states = rest.states.toSorted(byName);
  // Which of many are named, and what comes first of as many, is a matter of their order in time.
  const failureCauses = rest.failureCauses.map(({ of, cause, count }) => `${of} ${cause}: ${count}`).sort();
  return JSON.parse(
    JSON.stringify({ ...rest, states, failureCauses }, (key, value) => {
      if (key === 'mean' && typeof value === 'number') return value.toPrecision(9);
      return [
        'rate',
        'seconds',
        'simulatedSeconds',
        'afterSeconds',
        'startedAt',
        'firstAt',
        'crossedAfterSeconds',
      ].includes(key)
        ? undefined
        : value;
    }),
  );
}

const cluster = fc.nat({ max: CLUSTERS - 1 });
const at = fc.integer({ min: 0, max: 5_000_000 });
const happening: fc.Arbitrary<Happening> = fc.oneof(
  fc.record({
    cluster,
    request: fc.constantFrom(200, 200, 200, 404, 503, 'refused', 'reset' as const),
    ms: fc.double({ min: 0.01, max: 90_000, noNaN: true }),
    endpoint: fc.constantFrom('get-instructions', 'post-step-reply'),
  }),
  fc.record({
    cluster,
    lateMs: fc.double({ min: 0, max: 900, noNaN: true }),
    waitMs: fc.double({ min: 0, max: 9000, noNaN: true }),
  }),
  fc.record({ cluster, stage: fc.nat({ max: 9 }), ms: fc.double({ min: 1, max: 4_000_000, noNaN: true }) }),
  fc.record({ cluster, error: fc.constantFrom('malformed-answer', 'host-lost') }),
  fc.record({ cluster, phase: fc.constantFrom(...CLUSTER_PHASES), at }),
  fc.record({ cluster, status: fc.constantFrom('insufficient', 'ready', 'installing'), at }),
  fc.record({ cluster, hostPhase: fc.constantFrom(...HOST_PHASES), at }),
  fc.record({ cluster, hostStatus: fc.constantFrom('known', 'installing', 'error'), at }),
) as fc.Arbitrary<Happening>;

/** In the order of time, with phases of the run and looks of its monitors between them. */
const happenings = fc.array(happening, { minLength: 1, maxLength: 120 }).map((list) => {
  const timeOf = (one: Happening) => ('at' in one ? one.at : 0);
  const inTime = list.map((one, i) => ({ one, at: timeOf(one) || i * 1000 })).sort((a, b) => a.at - b.at);
  const third = Math.ceil(inTime.length / 3);
  return inTime.flatMap(({ one }, i): Happening[] => [
    ...(i === 0 ? [{ cluster: null, enter: 'deploy' } as const] : []),
    ...(i === third ? [{ cluster: null, enter: 'soak' } as const] : []),
    ...(i === 2 * third ? [{ cluster: null, enter: 'remove' } as const] : []),
    one,
    ...(i % 5 === 4 ? [{ cluster: null, look: (i + 1) * 1000 } as const] : []),
  ]);
});

describe('shards that are merged', () => {
  it('come to what one run would have come to: counts, percentiles, phases, states, series', async () => {
    await fc.assert(
      fc.asyncProperty(happenings, fc.integer({ min: 2, max: 4 }), async (list, count) => {
        const whole = measuredRun(plan, list, count).summary;
        const merged = await mergedOf(list, count);
        // Others had answers while one shard had an outage or none; stuck is what a shard's own hosts make of it.
        const [one, other] = [whole, merged].map((summary) => {
          const { outages, stuck, verdict, reasons, thresholds, unanswered, ...rest } = comparable(
            summary,
          ) as RunSummary;
          return rest;
        });
        expect(other).toEqual(one);
      }),
      { numRuns: 5, endOnFailure: true },
    );
  });
});

/** A quiet run of some requests, whose load begins when the run does. */
const quiet: Happening[] = [
  { cluster: null, enter: 'deploy' },
  ...Array.from({ length: CLUSTERS }, (_, cluster): Happening => {
    return { cluster, request: 200, ms: 10 + cluster, endpoint: 'get-instructions' };
  }),
  ...Array.from({ length: CLUSTERS }, (_, cluster): Happening => ({ cluster, phase: 'complete', at: 1000 })),
  { cluster: null, look: 1000 },
];

/** Wall-clock milliseconds. */
const BEGAN = 1_700_000_000_500;

/** Figures of the shards of the plan, each changed by `change` before it is written. */
async function folders(
  count: number,
  change: (figures: KeptFigures) => KeptFigures = (figures) => figures,
): Promise<string[]> {
  const list: string[] = [];
  for (let index = 0; index < count; index++) {
    const one = mkdtempSync(join(folder, 'shard-'));
    const { parts, ...figures } = keepFigures(measuredRun(shardOf(plan, index, count), quiet));
    // However slow this machine is.
    const ends = parts.ends.map((end) => ({ ...end, beganMs: BEGAN }));
    await writeFigures(one, change({ ...figures, parts: { ...parts, ends } }));
    list.push(one);
  }
  return list;
}

/** With another end of one shard. */
const withEnd = (shard: number, end: Partial<ShardEnd>) => (figures: KeptFigures) =>
  figures.shard.index !== shard
    ? figures
    : { ...figures, parts: { ...figures.parts, ends: figures.parts.ends.map((one) => ({ ...one, ...end })) } };

const summaryOf = async (list: readonly string[], apartMs = 5000) =>
  summarizeMerged(await mergeRuns(list), { run: 'merged', apartMs });

describe('the verdict of merged shards', () => {
  it('passes where nothing speaks against it, and says where it comes from', async () => {
    const summary = await summaryOf(await folders(2));
    expect(summary.reasons).toEqual([]);
    expect(summary.verdict).toBe('passed');
    expect(summary.clusters).toMatchObject({ planned: 6, infraEnvs: 1, complete: 7 });
    expect(
      summary.shards.map(({ index, state, clusters, hosts, complete }) => [index, state, clusters, hosts, complete]),
    ).toEqual([
      [0, 'ended', 4, 6, 4],
      [1, 'ended', 3, 6, 3],
    ]);
  });

  it('fails for a shard of which nothing is known, and counts what it had as not done', async () => {
    const [first, , third] = await folders(3);
    const summary = await summaryOf([first!, third!]);
    expect(summary.verdict).toBe('failed');
    expect(summary.reasons[0]).toMatch(
      /^shard 1 of 3 is missing: nothing is known of its 2 clusters; give its folder, or run it again \(swarm run … --shard 1\/3\)/,
    );
    expect(summary.clusterFunnel.at(-1)).toMatchObject({ count: 5, of: 7 });
    expect(summary.hostFunnel[0]!.of).toBe(12);
    expect(summary.shards[1]).toMatchObject({ index: 1, state: 'missing', clusters: 2, hosts: null });
    const complete = summary.thresholds.find(({ figure }) => figure === 'clusters_failed');
    expect(complete).toMatchObject({ ok: true });
  });

  it('names shards that were interrupted, began late, or spoilt themselves, and takes no verdict of theirs for its own', async () => {
    const cases: [Partial<ShardEnd>, RegExp][] = [
      [
        { verdict: 'interrupted', reasons: ['the run was stopped before its end'] },
        /^shard 1 of 2 was interrupted: the run was stopped/,
      ],
      [{ causes: ['worker 0 was lost: out of memory'] }, /^shard 1 of 2: worker 0 was lost: out of memory$/],
      [{ beganMs: BEGAN + 3_600_000 }, /^shard 1 of 2 began 1h00m after shard 0, allowed are 5\.0 s/],
      [
        {
          thresholds: [
            {
              ...{ figure: 'generator_saturation', labels: {}, aggregation: 'rate', percentile: null },
              ...{ ok: false, crossedSinceMs: null },
            },
          ],
          generator: {
            ...{ cpuPercent: 90, rssBytes: 1, peakRssBytes: 1, workers: 1, saturated: true },
            ...{ saturatedSeconds: 40, watchedSeconds: 100, saturatedBy: { 'poll-lateness': 40 } },
          },
        },
        /^shard 1 of 2 was its own bottleneck for 40\.0% of the time \(poll-lateness\)/,
      ],
    ];
    for (const [end, reason] of cases) {
      const summary = await summaryOf(await folders(2, withEnd(1, end)));
      expect(summary.verdict).toBe('failed');
      expect(summary.reasons).toHaveLength(1);
      expect(summary.reasons[0]).toMatch(reason);
    }
    const own = await summaryOf(await folders(2, withEnd(1, { verdict: 'failed', reasons: ['of its own'] })));
    expect(own.verdict).toBe('passed');
  });

  it('knows nothing of the saturation of generators that were watched too shortly each', async () => {
    const watched = (observedMs: number) => (figures: KeptFigures) => {
      const { moments } = figures.parts.moments;
      moments.at(-1)!.saturation = { observedMs, saturatedMs: observedMs / 2, byReason: {} };
      return figures;
    };
    const saturationOf = async (observedMs: number) => {
      const { thresholds } = await summaryOf(await folders(3, watched(observedMs)));
      return thresholds.find(({ figure }) => figure === 'generator_saturation');
    };
    expect(await saturationOf(11_000)).toMatchObject({ value: null, ok: null });
    expect(await saturationOf(40_000)).toMatchObject({ value: 0.5, ok: false });
  });

  it('says where the figures of servers are when the shard that read them is not there', async () => {
    const absent = {
      name: 'service',
      target: 'http://service/metrics',
      state: 'absent',
      reads: 0,
      failures: 0,
    } as const;
    const left = (figures: KeptFigures) => {
      figures.parts.servers.collectors = [{ ...absent, reason: 'the first shard reads it' }];
      return figures;
    };
    const list = await folders(3, left);
    expect((await summaryOf(list.slice(1))).servers!.collectors).toEqual([
      { ...absent, reason: 'shard 0 read it, and is missing' },
    ]);
  });

  it('allows to begin as far apart as it is told', async () => {
    const list = await folders(2, withEnd(1, { beganMs: BEGAN + 20_000 }));
    expect((await summaryOf(list, 60_000)).verdict).toBe('passed');
  });

  it('judges the whole: what is little in each shard may be too much together, by the limits of the whole load', async () => {
    const list: Happening[] = [
      ...quiet,
      ...Array.from({ length: CLUSTERS }, (_, cluster): Happening => ({ cluster, phase: 'failed', at: 2000 })),
    ];
    const merged = await mergedOf(list, 2);
    expect(merged.failures.map(({ cluster }) => cluster)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(merged.failureCauses).toEqual([
      { of: 'cluster', cause: 'host # broke', count: 7, names: expect.any(Array) },
    ]);
  });
});

describe('what cannot be merged', () => {
  const refused = async (list: readonly string[]) =>
    mergeRuns(list).then(
      () => 'merged',
      (error: Error) => error.message,
    );

  it('is a shard twice, or shards of other plans, seeds, counts and versions', async () => {
    const [zero, one] = await folders(2);
    expect(await refused([zero!, zero!, one!])).toMatch(/are both shard 0 of 2; give one of them/);
    const other = async (change: (figures: KeptFigures) => KeptFigures) =>
      refused([zero!, (await folders(2, change))[1]!]);
    const inPlan = (part: Partial<KeptFigures['plan']>) =>
      other((figures) => ({ ...figures, plan: { ...figures.plan, ...part } }));
    expect(await inPlan({ seed: 'two' })).toMatch(/their seeds are "seed" and "two"; give all shards the same --seed/);
    expect(await inPlan({ name: 'other' })).toMatch(/their plans are "test" and "other"/);
    expect(await inPlan({ clockSpeed: 7 })).toMatch(/their plans differ in clockSpeed \(1 and 7\)/);
    expect(await inPlan({ whole: { ...plan.whole, digest: 'x' } })).toMatch(/their clusters and arrival/);
    expect(await inPlan({ service: { ...plan.service, url: 'http://another' } })).toBe('merged');
    expect(await other((figures) => ({ ...figures, version: '9.9.9' }))).toMatch(/run by versions .* and 9\.9\.9/);
    expect(await other((figures) => ({ ...figures, shard: { index: 1, count: 4 } }))).toMatch(
      /one is shard 0 of 2, the other shard 1 of 4; give all shards the same count/,
    );
    expect(await other((figures) => ({ ...figures, layout: 'x' }))).toMatch(/written by another build of version/);
  });

  it('is a damaged file', async () => {
    const [zero, one] = await folders(2);
    const path = join(one!, 'figures.json.gz');
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.subarray(0, bytes.length / 2));
    expect(await refused([zero!, one!])).toMatch(/figures\.json\.gz is damaged: it is not whole; copy it again/);
    writeFileSync(path, gzipSync('[]'));
    expect(await refused([zero!, one!])).toMatch(/is damaged: it holds something else/);
    const figures = keepFigures(measuredRun(shardOf(plan, 1, 2), quiet));
    await writeFigures(one!, { ...figures, parts: { ...figures.parts, series: undefined as never } });
    expect(await refused([zero!, one!])).toMatch(/is damaged: it lacks series/);
    const { moments } = figures.parts;
    const torn = { ...moments, moments: moments.moments.map((moment) => ({ ...moment, telemetry: [-5, 1] })) };
    await writeFigures(one!, { ...figures, parts: { ...figures.parts, moments: torn } });
    expect(await refused([zero!, one!])).toMatch(/is damaged: telemetry has no word -5/);
  });
});
