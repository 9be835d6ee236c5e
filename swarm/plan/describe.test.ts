import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { describePlan, renderDescription } from './describe.ts';
import { parsePlan } from './load.ts';
import type { Runner } from './needs.ts';

const DEMO = new URL('../../examples/demo.yaml', import.meta.url);

const describeText = (plan: object, runner: Runner = { workers: 1, fromSource: true }) =>
  describePlan(parsePlan({ seed: 'x', ...plan }, 'plan.yaml'), undefined, runner);

describe('description of a plan', () => {
  test('single nodes', () => {
    const description = describeText({
      name: 'edge',
      clusters: [{ topology: 'sno', amount: 600 }],
      arrival: { rate: '10/m' },
    });
    expect(description.totals).toEqual({ clusters: 600, infraEnvsOnly: 0, hosts: 600, day2Hosts: 0 });
    expect(description.arrival).toMatchObject({ text: '600 clusters/h', durationSeconds: 3594 });
    expect(description.arrival.curve).toHaveLength(11);
    expect(description.arrival.curve[0]).toEqual({ atSeconds: 0, clusters: 1, hosts: 1 });
    expect(description.arrival.curve.at(-1)).toEqual({ atSeconds: 3594, clusters: 600, hosts: 600 });
    // One GET a minute, six hourly reports, a connection a poll that stays for 90 s.
    expect(description.load).toEqual({
      pollIntervalSeconds: 60,
      getsPerMinute: 600,
      postsPerMinute: 60,
      requestsPerSecond: 11,
      connectionsOpenedPerSecond: 10,
      openConnections: 900,
    });
    expect(description.notes).toEqual([]);
  });

  test('clusters report connectivity with every poll, very large ones not with all hosts', () => {
    expect(
      describeText({ clusters: [{ topology: { control_planes: 3, workers: 2 }, amount: 10 }] }).load.postsPerMinute,
    ).toBe(55);
    expect(describeText({ clusters: [{ topology: { control_planes: 3, workers: 297 } }] }).load.postsPerMinute).toBe(
      180,
    );
    expect(describeText({ poll_interval: '30s', clusters: [{ topology: 'compact' }] }).load).toMatchObject({
      getsPerMinute: 6,
      postsPerMinute: 6,
    });
  });

  test('infra-envs without clusters report next to nothing', () => {
    const { totals, load } = describeText({ clusters: [{ topology: 'compact', just_infraenv: true, amount: 100 }] });
    expect(totals).toMatchObject({ clusters: 0, infraEnvsOnly: 100, hosts: 300 });
    expect(load).toMatchObject({ getsPerMinute: 300, postsPerMinute: 9 });
  });

  test('batches are shown one by one', () => {
    const { curve } = describeText({
      clusters: [{ topology: 'sno', amount: 5 }],
      arrival: { batches: '2 every 5m' },
    }).arrival;
    expect(curve).toEqual([
      { atSeconds: 0, clusters: 2, hosts: 2 },
      { atSeconds: 300, clusters: 4, hosts: 4 },
      { atSeconds: 600, clusters: 5, hosts: 5 },
    ]);
  });

  test('like clusters are one line', () => {
    const { topologies } = describeText({
      clusters: [
        { topology: 'sno', amount: 2 },
        { single_node: true, amount: 3 },
        { topology: 'compact' },
        { topology: { control_planes: 5, workers: 9 }, profile: 'vm' },
        { topology: { control_planes: 2, arbiters: 1 } },
        { topology: { control_planes: 2, arbiters: 1, workers: 4 } },
        { topology: { control_planes: 3, workers: 2 }, day2_workers: 1 },
      ],
    });
    expect(topologies.map(({ topology, clusters, hosts }) => [topology, clusters, hosts])).toEqual([
      ['SNO', 5, 5],
      ['compact', 1, 3],
      ['5+9', 1, 14],
      ['2+1 arbiter', 1, 3],
      ['2+1 arbiter+4', 1, 7],
      ['3+2, 1 on day 2', 1, 6],
    ]);
  });

  test('too few ports are noted with what to do', () => {
    const clusters = [{ topology: { control_planes: 3, workers: 497 }, amount: 40 }];
    expect(describeText({ clusters }).notes).toEqual([
      expect.stringMatching(/^About 71591 local ports .* give 3 in connections\.source_addresses \(1 now\)/),
    ]);
    expect(
      describeText({ clusters, connections: { source_addresses: ['127.0.0.1', '127.0.0.2', '127.0.0.3'] } }).notes,
    ).toEqual([]);
    expect(describeText({ clusters, connections: { mode: 'keep-alive' } }).notes).toEqual([
      expect.stringMatching(/^connections\.mode is keep-alive/),
    ]);
  });

  test('everything that makes a run unlike reality is noted', () => {
    const plan = parsePlan(
      {
        clusters: [{ topology: 'sno' }],
        clock_speed: 50,
        poll_interval: '10s',
        keep: true,
        connections: { mode: 'shared' },
      },
      'p',
    );
    const { notes, load } = describePlan(plan);
    expect(notes.map((note) => note.split(' ')[0])).toEqual([
      'No',
      'connections.mode',
      'poll_interval',
      'Time',
      'keep',
    ]);
    expect(load).toMatchObject({ getsPerMinute: 300, openConnections: 0 });
  });

  test('needs are what runs of these plans took', () => {
    // Peaks of open files in /proc/PID/fd and of resident memory (VmHWM), run from source with one worker.
    const waiting = (amount: number, spread: string) => ({
      boot_spread: spread,
      clusters: [{ topology: 'sno', just_infraenv: true, amount }],
    });
    const installing = (topology: string, amount: number, plan: object) => ({
      ...plan,
      clusters: [{ topology, amount }],
    });
    const fast = { clock_speed: 20, boot_spread: '60s' };
    const demo = parse(readFileSync(DEMO, 'utf8'));
    for (const [plan, files, memoryMiB, runner] of [
      [waiting(60, '30s'), 227, 239],
      [waiting(60, '60s'), 205, 239],
      [waiting(600, '60s'), 1518, 280],
      [{ ...waiting(60, '60s'), clock_speed: 10 }, 196, 246],
      [{ ...waiting(300, '60s'), clock_speed: 10 }, 830, 279],
      [waiting(3000, '60s'), 7509, 367],
      [installing('sno', 40, fast), 188, 311],
      [installing('compact', 12, fast), 152, 285],
      [installing('sno', 40, { ...fast, spoke_profile: 'quick' }), 175, 307],
      [installing('compact', 12, { ...fast, spoke_profile: 'quick' }), 203, 279],
      [installing('sno', 300, { clock_speed: 6, boot_spread: '2m', spoke_profile: 'quick' }), 886, 451],
      // With an embedded hub, and hosts made by custom resources.
      [{ ...demo, clock_speed: 10 }, 302, 393],
      [waiting(600, '60s'), 1534, 305, { workers: 2, fromSource: true }],
      [waiting(600, '60s'), 1516, 244, { workers: 1, fromSource: false }],
    ] as [object, number, number, Runner?][]) {
      const { needs } = describeText(plan, runner);
      expect(Math.abs(needs.fileDescriptors / files - 1), `files of ${JSON.stringify(plan)}`).toBeLessThan(0.1);
      expect(Math.abs(needs.memoryMiB / memoryMiB - 1), `memory of ${JSON.stringify(plan)}`).toBeLessThan(0.1);
    }
  });

  test('a million clusters that come slowly need what those do that are there at a time', () => {
    const few = describeText({ arrival: { rate: '60/h' }, clusters: [{ topology: 'sno', amount: 1000 }] }).needs;
    const many = describeText({ arrival: { rate: '60/h' }, clusters: [{ topology: 'sno', amount: 30_000 }] }).needs;
    expect(Math.abs(many.connections / few.connections - 1)).toBeLessThan(0.1);
    expect(many.fileDescriptors).toBeLessThan(200);
    expect(many.localPorts).toBeLessThan(200);
  });

  test('the text says it all and has no secrets', () => {
    const text = renderDescription(
      describeText({
        name: 'demo',
        service: { url: 'http://127.0.0.1:8090', agent_token: 'tok3n' },
        clusters: [
          { topology: 'sno', amount: 2, infranev_labels: { a: 'b' } },
          { topology: { control_planes: 3, workers: 2 }, day2_workers: 1 },
          { topology: 'compact', just_infraenv: true },
        ],
        arrival: { batches: '2 every 5m' },
      }),
    );
    expect(text).toMatchInlineSnapshot(`
      "Plan:         demo, seed x
      Service:      http://127.0.0.1:8090, OpenShift 4.20
      Makes:        3 clusters, 1 infra-env without a cluster, 11 hosts (1 on day 2)

        topology         platform   number  hosts  hardware               first name
        SNO              none       2       2      sno-small              demo-1w96cn-0
        3+2, 1 on day 2  baremetal  1       6      master, worker-medium  demo-1w96cn-2
        infra-env only   -          1       3      master                 demo-1w96cn-3

      Arrival:      2 clusters every 5m, over 5m
                           0s  #######                                   2 clusters, 2 hosts
                           5m  ########################################  4 clusters, 11 hosts
      Steady load:  0.3 requests/s (11 GET and 6 POST a minute), polls every 1m; the simulated user's looks at clusters come on top
      Connections:  17 open while all hosts wait, 0.18 new a second; at most 28 open at once
      Needs:        about 251 MiB of memory, 78 file descriptors, 12 threads, 39 local ports
                    peaks of the run's own process with 1 worker: at most 11 hosts in discovery or installing at once, with 28 connections, of a service and a machine that keep up
      Note: infraenv_labels are given and not sent: the service's REST API has no labels on infra-envs.
      Warning: plan.yaml:12:7: infranev_labels is a misspelling of infraenv_labels; it is accepted
      "
    `);
    expect(text).not.toContain('tok3n');
  });
});
