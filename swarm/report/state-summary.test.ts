import { describe, expect, it } from 'vitest';
import { alike } from '../telemetry/alike.ts';
import { Distribution, HISTOGRAM_WORDS, recordDuration } from '../telemetry/histogram.ts';
import { REACTIONS } from '../telemetry/reactions.ts';
import { Survival } from '../telemetry/survival.ts';
import { type StateFacts, summarizeStates } from './state-summary.ts';
import { causeLines, divergenceLines, reactionLines, stateLines, stuckLines } from './state-text.ts';
import { NO_STATES } from './testing/no-states.ts';

function survival(endedSeconds: readonly number[], openSeconds: readonly number[]): Survival {
  const [ended, open] = [endedSeconds, openSeconds].map((seconds) => {
    const words = new Float64Array(HISTOGRAM_WORDS);
    for (const one of seconds) recordDuration(words, 0, one * 1000);
    const distribution = new Distribution();
    distribution.addWords(words, 0);
    return distribution;
  });
  return new Survival(ended, open);
}

const nameOf = (cluster: number, host: number | null) => ({ name: `${host} of c-${cluster}`, id: `id-${host}` });
const summarized = (facts: Partial<StateFacts>, failures: { name: string; reason: string }[] = []) =>
  summarizeStates({ ...NO_STATES, ...facts }, nameOf, failures);

describe('states', () => {
  it('with too many open ones have no percentile, and say how long it is at least', () => {
    const { states } = summarized({
      states: [
        { of: 'host', state: 'known', survival: survival([10, 20, 30], []), now: 0 },
        { of: 'host', state: 'insufficient', survival: survival([10], [700, 800]), now: 2 },
        { of: 'host', state: 'installed', survival: survival([], [9000]), now: 1 },
      ],
    });
    expect(states[1]).toMatchObject({ ended: 1, open: 2, p50: null, p95: null, p99: null, max: 800_000 });
    const lines = stateLines({ states });
    // What is hidden comes first, and what is an end does not come.
    expect(lines.map((line) => line.trim().split(/ {2,}/))).toEqual([
      ['state', 'ended', 'open', 'p50', 'p95', 'p99', 'max'],
      ['host', 'insufficient', '1', '2', '> 13m20s', '> 13m20s', '> 13m20s', '13m20s'],
      ['host', 'known', '3', '0', expect.stringMatching(/^20 s$/), '30 s', '30 s', '30 s'],
    ]);
  });

  it('that nothing was in are nothing to read', () => {
    const nothing = summarized({});
    for (const lines of [stateLines, reactionLines, divergenceLines, stuckLines, causeLines]) {
      expect(lines(nothing)).toEqual([]);
    }
  });

  it('lead to reactions of one or of all', () => {
    const { reactions } = summarized({
      reactions: REACTIONS.map((reaction) => ({ reaction, survival: survival([5], []) })),
    });
    const text = reactionLines({ reactions }).join('\n');
    expect(text).toMatch(/^all hosts known → cluster ready +1 +0 +5\.0 s/m);
    expect(text).toMatch(/^baremetalhost provisioned → agent there +1/m);
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(110);
  });

  it('that differ are counted of those that were compared', () => {
    const { divergence } = summarized({
      divergence: [
        { of: 'host', compared: 40, differed: 2, survival: survival([0.2], [60]) },
        { of: 'cluster', compared: 9, differed: 0, survival: survival([], []) },
      ],
    });
    expect(divergence[0]).toMatchObject({ compared: 40, differed: 2, ended: 1, open: 1, p99: null, max: 60_000 });
    const [, hosts, clusters] = divergenceLines({ divergence });
    expect(hosts).toMatch(/^host +40 +5\.00% +1 +1 +200 ms +> 1m00s/);
    expect(clusters).toMatch(/^cluster +9 +0\.0% +- +-/);
  });

  it('of stuck things have names, and how long others needed', () => {
    const one = { of: 'host', cluster: 3, host: 7, state: 'insufficient', ms: 600_000, usualMs: 60_000 } as const;
    const { stuck } = summarized({
      stuck: {
        count: 30,
        counts: [],
        longest: [
          one,
          ...Array.from({ length: 19 }, () => ({ ...one, of: 'cluster' as const, host: null, usualMs: null })),
        ],
      },
    });
    expect(stuck.count).toBe(30);
    expect(stuck.oldest).toHaveLength(20);
    expect(stuck.oldest[0]).toEqual({
      of: 'host',
      name: '7 of c-3',
      id: 'id-7',
      state: 'insufficient',
      seconds: 600,
      usualSeconds: 60,
    });
    const lines = stuckLines({ stuck });
    expect(lines).toHaveLength(9);
    expect(lines[0]).toBe('host 7 of c-3 (id-7): insufficient for 10m00s, 99 % of the others needed 1m00s');
    expect(lines[1]).toBe('cluster null of c-3: insufficient for 10m00s, nobody else tells what is usual');
    expect(lines[8]).toBe('and 22 more; summary.json names the 20 oldest');
  });
});

describe('causes', () => {
  it.each([
    [
      'host 2 (0f1e2d3c-aaaa-bbbb-cccc-0123456789ab) timed out after 1h10m3s',
      'host # (<id>) timed out after <duration>',
    ],
    ['dial tcp 10.3.1.4:8090: refused at 2026-11-28T21:00:01.123Z', 'dial tcp <address>: refused at <time>'],
    ['GET https://api.example.com:6443/x?y=1: no answer', 'GET <address>: no answer'],
    ['[fd00::1]:443 via 52:54:00:AA:bb:cc, ::1', '<address> via <mac>, <address>'],
    ['c-1-master-0.example.com of c-1, not of c-12', '<name> of <name>, not of c-#'],
    ['get-host answered 503, not 200, after 7 of 12,345 tries', 'get-host answered 503, not #, after # of # tries'],
    ['time: 10:20, v4.20.1', 'time: #:#, v#'],
    ['gave up after 3600 s', 'gave up after # s'],
  ])('lose what names one thing: %s', (reason, cause) => {
    expect(alike(reason, ['c-1'])).toBe(cause);
    // Once is enough.
    expect(alike(cause, ['c-1'])).toBe(cause);
  });

  it('fall together, the most frequent first, those of clusters before those of hosts', () => {
    const failed = (name: string, reason: string) => ({ name, reason });
    const said = (id: number, more: string) =>
      `installing: the service says error; host ${id} (c138ddd9-0959-30ef-4fa0-24058c93ff9${id}) is error: timed out${more}`;
    const { failureCauses } = summarized({ hostCauses: [{ cause: 'no disk', count: 9, names: ['a'] }] }, [
      failed('c-0', 'discovering: gave up after 60 s'),
      failed('c-1', said(1, '')),
      failed('c-2', said(2, '; host 0 (c138ddd9-0959-30ef-4fa0-24058c93ff90) is error: cluster is in error')),
      failed(
        'c-3',
        `${said(3, '').replace(': timed', ' in stage Writing image to disk: timed').replace('; host', '; host 9 (x) is error in stage Installing: Host is part of a cluster that failed to install; host')}; and 2 more hosts`,
      ),
    ]);
    expect(failureCauses).toEqual([
      {
        of: 'cluster',
        cause: 'installing: the service says error; host # (<id>) is error: timed out',
        count: 3,
        names: ['c-1', 'c-2', 'c-3'],
      },
      { of: 'cluster', cause: 'discovering: gave up after # s', count: 1, names: ['c-0'] },
      { of: 'host', cause: 'no disk', count: 9, names: ['a'] },
    ]);
    expect(causeLines({ failureCauses })[0]).toBe(
      '3 clusters: installing: the service says error; host # (<id>) is error: timed out (such as c-1)',
    );
  });
});
