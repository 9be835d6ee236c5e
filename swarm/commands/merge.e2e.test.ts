/**
 * A plan as shards, real processes with an embedded service each: what they are merged to beside what all their events say, and beside one
 * run of the same plan; and with a shard that was killed.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clusterDurations, percentile, stageTimes, timesInStates } from '../daemon/testing/recount.ts';
import type { RunSummary } from '../report/summary.ts';
import { HISTOGRAM_RELATIVE_ERROR } from '../telemetry/histogram.ts';
import type { RunEvent } from '../telemetry/run-event.ts';
import { Cli } from './testing/cli.ts';

const COUNT = 3;
const cli = new Cli();
afterAll(() => cli.killAll());

const PLAN = `
name: shared
seed: shared
service: { url: embedded }
clock_speed: 60
spoke_profile: quick
boot_spread: 30s
thresholds: { generator_saturation: off }
clusters:
  - { topology: sno, amount: 3 }
  - { topology: compact, amount: 1 }
`;

const runShard = (index: number, out: string) =>
  cli.start(['run', 'plan.yaml', '--shard', `${index}/${COUNT}`, '--out', out, '--workers', '1', '--quiet']);
const at = (...names: string[]) => join(cli.folder, ...names);
const foldersIn = (out: string) => readdirSync(at(out)).map((name) => at(out, name));
const summaryIn = (folder: string) => JSON.parse(readFileSync(join(folder, 'summary.json'), 'utf8')) as RunSummary;

function eventsIn(folder: string): RunEvent[] {
  const lines = writtenIn(folder).split('\n');
  return lines.filter(Boolean).map((line) => JSON.parse(line) as RunEvent);
}

/** Events as they were written until now, perhaps with half a line. */
function writtenIn(folder: string): string {
  const path = join(folder, 'events.ndjson');
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

let merged: RunSummary;
let parts: RunSummary[];
let events: RunEvent[];
let whole: RunSummary;
beforeAll(async () => {
  cli.file('plan.yaml', PLAN);
  await Promise.all([
    ...Array.from({ length: COUNT }, (_, index) => runShard(index, 'shards').ended),
    cli.run('run', 'plan.yaml', '--out', 'whole', '--workers', '1', '--quiet'),
  ]);
  const folders = foldersIn('shards');
  const { stdout } = await cli.run('merge', 'shards', '--to', 'merged', '--apart', '1h', '--json');
  merged = JSON.parse(stdout) as RunSummary;
  parts = folders.map(summaryIn);
  events = folders.flatMap(eventsIn);
  whole = summaryIn(foldersIn('whole')[0]!);
}, 300_000);

describe('the merged shards of a plan', () => {
  it('have all of its hosts and clusters once, as one run has', () => {
    expect(merged.hostFunnel).toEqual(whole.hostFunnel);
    expect(merged.clusterFunnel).toEqual(whole.clusterFunnel);
    expect(merged.clusters).toEqual(whole.clusters);
    const counts = ({ stages }: RunSummary) => stages.map(({ role, stage, duration }) => [role, stage, duration.count]);
    expect(counts(merged)).toEqual(counts(whole));
    expect(merged.shards.map(({ index, state }) => [index, state])).toEqual([
      [0, 'ended'],
      [1, 'ended'],
      [2, 'ended'],
    ]);
  });

  it('have the sums of what shards counted', () => {
    const sum = (of: (summary: RunSummary) => number) => parts.reduce((all, one) => all + of(one), 0);
    expect(merged.totals.requests).toBe(sum(({ totals }) => totals.requests));
    expect(merged.totals.sinceDue.count).toBe(sum(({ totals }) => totals.sinceDue.count));
    expect(merged.bytes.sent).toBe(sum(({ bytes }) => bytes.sent));
    expect(merged.connections.opened).toBe(sum(({ connections }) => connections.opened));
    const inSeries = (summary: RunSummary) => summary.series.reduce((all, { requests }) => all + requests, 0);
    expect(inSeries(merged)).toBe(sum(inSeries));
    for (const { phase, totals } of merged.phases) {
      const ofPhase = sum(({ phases }) => phases.find((one) => one.phase === phase)?.totals.requests ?? 0);
      expect([phase, totals.requests]).toEqual([phase, ofPhase]);
    }
    expect(merged.totals.sinceDue.max).toBe(Math.max(...parts.map(({ totals }) => totals.sinceDue.max)));
  });

  it('have the percentiles that all events of all shards have', () => {
    const near = (measured: number, exact: number, name: string) => {
      expect(Math.abs(measured - exact), `${name}: ${measured} ~ ${exact}`).toBeLessThanOrEqual(
        exact * HISTOGRAM_RELATIVE_ERROR + 0.001,
      );
    };
    const stages = stageTimes(events);
    const durations = clusterDurations(events);
    expect(merged.stages.length).toBe(stages.size);
    const rows = [
      ...merged.stages.map(({ role, stage, duration }) => [`${role} ${stage}`, duration, stages] as const),
      ...merged.clusterDurations.map(({ from, to, duration }) => [`${from} → ${to}`, duration, durations] as const),
    ];
    for (const [name, duration, exact] of rows) {
      const times = exact.get(name)!;
      expect(duration.count, name).toBe(times.length);
      for (const [key, q] of [
        ['p50', 0.5],
        ['p95', 0.95],
        ['p99', 0.99],
        ['max', 1],
      ] as const) {
        near(duration[key], percentile(times, q), `${name} ${key}`);
      }
    }
  });

  it('stayed in states and reacted as often as all events say', () => {
    const states = timesInStates(events);
    expect(
      Object.fromEntries(merged.states.map(({ of, state, ended, open }) => [`${of} ${state}`, [ended, open]])),
    ).toEqual(Object.fromEntries([...states].map(([name, { ended, open }]) => [name, [ended.length, open.length]])));
    const reacted = ({ reactions }: RunSummary) => reactions.reduce((sum, { ended, open }) => sum + ended + open, 0);
    expect(reacted(merged)).toBe(parts.reduce((sum, part) => sum + reacted(part), 0));
  });

  it('fail when one of them was killed, and name it', async () => {
    const { child, ended } = runShard(2, 'killed');
    const begun = () => foldersIn('killed').some((folder) => writtenIn(folder).includes('"phase":"discovering"'));
    while (!existsSync(at('killed')) || !begun()) await new Promise((resolve) => setTimeout(resolve, 50));
    child.kill('SIGKILL');
    await ended;
    const [zero, one] = foldersIn('shards').filter((folder) => summaryIn(folder).shard.index !== 2);
    const { code, stdout } = await cli.run('merge', zero!, one!, 'killed', '--to', 'torn', '--apart', '1h', '--json');
    expect(code).toBe(1);
    const torn = JSON.parse(stdout) as RunSummary;
    expect(torn.verdict).toBe('failed');
    expect(torn.reasons[0]).toMatch(
      /^shard 2 of 3 is lost: run \S+ on \S+ was killed; its last event came at .* 0 of 1 cluster complete/,
    );
    expect(torn.shards[2]).toMatchObject({ index: 2, state: 'lost', clusters: 1, complete: 0 });
    expect(torn.clusterFunnel.at(-1)).toMatchObject({ count: 3, of: 4 });
  }, 120_000);
});
