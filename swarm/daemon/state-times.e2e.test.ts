/** States in the summary of a run, beside what its stream of events says when somebody else reads it. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expandPlan } from '../plan/expand.ts';
import { parsePlan } from '../plan/load.ts';
import type { StateTimeSummary } from '../report/state-summary.ts';
import type { RunSummary } from '../report/summary.ts';
import { renderSummary } from '../report/summary-text.ts';
import { HISTOGRAM_RELATIVE_ERROR } from '../telemetry/histogram.ts';
import { createRegistry } from '../telemetry/metric-registry.ts';
import type { RunEvent } from '../telemetry/run-event.ts';
import { plannedManifests } from './manifest-source.ts';
import { realParts } from './parts.ts';
import { Run } from './run.ts';
import { openPercentile, timesInStates } from './testing/recount.ts';

let folder: string;
let summary: RunSummary;
let events: RunEvent[];
let metrics: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'swarm-states-'));
  const plan = parsePlan(
    {
      name: 'states',
      seed: 'states',
      clock_speed: 25,
      spoke_profile: 'quick',
      boot_spread: '10s',
      limits: { discovery: '90m' },
      clusters: [
        { topology: 'sno', amount: 2 },
        { topology: 'sno', api: 'kube', amount: 2 },
        { topology: 'sno', api: 'kube', bmh: true },
      ],
    },
    'plan',
  );
  const parts = realParts({ directory: folder, warn: () => {} });
  const run = new Run({ id: 'run', plan: plannedManifests(expandPlan(plan)).plan, parts, workers: 1 });
  summary = await run.execute();
  const { reader, saturation, states } = run;
  metrics = await createRegistry('1', () => ({ reader, saturation, clockSpeed: 25, states })).metrics();
  events = readFileSync(join(folder, 'run', 'events.ndjson'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as RunEvent);
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('states of a run', () => {
  it('are those of hosts, clusters and custom resources, and the run is none the worse for it', () => {
    expect(summary.reasons).toEqual([]);
    const seen = (of: StateTimeSummary['of']) =>
      summary.states.filter((one) => one.of === of).map(({ state }) => state);
    expect(seen('host')).toEqual(expect.arrayContaining(['known', 'installing-in-progress', 'installed']));
    expect(seen('cluster')).toEqual(expect.arrayContaining(['insufficient', 'installing']));
    expect(seen('agent')).toEqual(expect.arrayContaining(['created', 'installing', 'installed']));
    expect(seen('agentclusterinstall')).toEqual(expect.arrayContaining(['created', 'installing', 'completed']));
    expect(seen('baremetalhost')).toEqual(expect.arrayContaining(['registering', 'provisioned']));
  });

  it('are as long as the events say', () => {
    const own = timesInStates(events);
    expect(summary.states.map(({ of, state }) => `${of} ${state}`).toSorted()).toEqual([...own.keys()].toSorted());
    for (const row of summary.states) {
      const name = `${row.of} ${row.state}`;
      const times = own.get(name)!;
      expect({ name, ended: row.ended, open: row.open }).toEqual({
        name,
        ended: times.ended.length,
        open: times.open.length,
      });
      // Moments are kept to the millisecond.
      expect(Math.abs(row.max - Math.max(...times.ended, ...times.open)), name).toBeLessThanOrEqual(1.01);
      for (const [q, value] of [
        [0.5, row.p50],
        [0.95, row.p95],
        [0.99, row.p99],
      ] as const) {
        const exact = openPercentile(times, q);
        if (exact === null) expect(value, `${name} ${q}`).toBeNull();
        else
          expect(Math.abs(value! - exact), `${name} ${q}`).toBeLessThanOrEqual(exact * HISTOGRAM_RELATIVE_ERROR + 1.1);
      }
    }
  });

  it('bring about reactions', () => {
    const reactions = summary.reactions.map(({ from, to, ended }) => ({
      name: `${from.of} ${from.state} → ${to.of} ${to.state}`,
      ended,
    }));
    expect(reactions).toEqual(
      expect.arrayContaining([
        { name: 'machine discovered → host judged', ended: 5 },
        { name: 'machine registered → agent there', ended: 3 },
        { name: 'agent installed → agentclusterinstall completed', ended: 3 },
      ]),
    );
    // From the event of the machine to that of the Agent.
    const longest = Math.max(
      ...events.flatMap((event) => {
        if (event.type !== 'host.phase' || event.phase !== 'polling') return [];
        const agent = events.find((one) => one.type === 'agent.state' && one.host === event.host);
        return agent ? [Math.max(0, agent.time - event.time)] : [];
      }),
    );
    const row = summary.reactions.find(({ to }) => to.state === 'there')!;
    expect(Math.abs(row.max - longest)).toBeLessThanOrEqual(2);
  });

  it('of custom resources are compared with the service', () => {
    const [hosts, clusters] = summary.divergence;
    expect(hosts).toMatchObject({ of: 'host' });
    expect(hosts!.compared).toBeGreaterThan(3);
    expect(hosts!.differed).toBeLessThanOrEqual(hosts!.compared);
    expect(clusters!.compared).toBeGreaterThan(0);
    expect(summary.deviations.join('\n')).toContain('read by REST each second');
    // They are no part of the load.
    expect(summary.requests.some(({ endpoint }) => endpoint === 'get-host')).toBe(false);
  });

  it('stand in the terminal and in the metrics', () => {
    const text = renderSummary(summary);
    expect(text).toMatch(/Longest in a state \(simulated time\)\n +state +ended +open +p50 +p95 +p99 +max\n/);
    expect(text).toMatch(/machine registered → agent there +3 +0 /);
    const installing = summary.states.find(({ of, state }) => of === 'cluster' && state === 'installing')!;
    expect(metrics).toContain(
      `swarm_state_duration_seconds_count{of="cluster",state="installing"} ${installing.ended}`,
    );
    expect(metrics).toContain('swarm_in_state{of="host",state="installed"} 5');
    expect(metrics).toMatch(/swarm_reaction_duration_seconds_count\{from="machine registered",to="agent there"\} 3/);
  });
});
