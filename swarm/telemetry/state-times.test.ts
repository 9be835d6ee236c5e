import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ClusterPhase } from '../../model/protocol/phases.ts';
import type { HostStatus } from '../../model/protocol/states.ts';
import { clusterPlan } from '../cluster/testing/fake-service.ts';
import type { ClusterPlan } from '../plan/expanded-plan.ts';
import { Dwells, OTHER } from './dwells.ts';
import { sideName } from './reactions.ts';
import type { RunEvent } from './run-event.ts';
import { StateLook } from './state-look.ts';
import { StateTimes } from './state-times.ts';

const S = 1000;
const ORIGIN = 1_700_000_000_000;

/** Clusters of so many hosts, with gaps in the numbers as in a shard. */
function plan(...hosts: number[]): { clusters: ClusterPlan[] } {
  let first = 7;
  const clusters = hosts.map((count, at) => {
    const index = 3 + at * 2;
    const base = clusterPlan({ index, name: `c-${index}`, api: 'kube' });
    const [host] = base.hosts;
    const cluster = {
      ...base,
      hosts: Array.from({ length: count }, (_, ordinal) => ({
        ...host!,
        index: first + ordinal,
        ordinal,
        day2: false,
      })),
    };
    first += count + 5;
    return cluster;
  });
  return { clusters };
}

class Story {
  readonly times: StateTimes;
  readonly clusters: ClusterPlan[];

  constructor(...hosts: number[]) {
    const { clusters } = plan(...hosts);
    this.clusters = clusters;
    this.times = new StateTimes({ clusters });
    this.tell({ time: ORIGIN, type: 'run.started', run: 'r', plan: 'p', seed: 's', clusters: 1, hosts: 1 });
  }

  tell(event: RunEvent): this {
    this.times.apply(event);
    return this;
  }

  phase(at: number, cluster: number, phase: ClusterPhase): this {
    const { index, name } = this.clusters[cluster]!;
    return this.tell({ time: ORIGIN + at * S, type: 'cluster.phase', cluster: index, name, phase });
  }

  host(at: number, cluster: number, ordinal: number, status: HostStatus): this {
    const { index, hosts } = this.clusters[cluster]!;
    const host = hosts[ordinal]!.index;
    return this.tell({ time: ORIGIN + at * S, type: 'host.status', cluster: index, host, id: 'id', status, info: '' });
  }

  cluster(at: number, cluster: number, status: 'insufficient' | 'ready' | 'preparing-for-installation'): this {
    const { index } = this.clusters[cluster]!;
    return this.tell({ time: ORIGIN + at * S, type: 'cluster.status', cluster: index, status, info: '' });
  }

  state(of: string, state: string, at: number) {
    const found = this.times.states(ORIGIN + at * S).find((one) => one.of === of && one.state === state);
    if (!found) return null;
    const { survival, now } = found;
    return { ended: survival.ended.count, open: survival.open.count, max: survival.max / S, now };
  }

  reaction(name: string, at: number) {
    const found = this.times
      .reactions(ORIGIN + at * S)
      .find(({ reaction: { from, to } }) => `${sideName(from)} → ${sideName(to)}` === name);
    if (!found) return null;
    const { ended, open, max } = found.survival;
    return { ended: ended.count, open: open.count, max: max / S };
  }
}

describe('time in states', () => {
  it('ends with the next state, and goes on until it does', () => {
    const story = new Story(2)
      .host(0, 0, 0, 'discovering')
      .host(1, 0, 1, 'discovering')
      .host(10, 0, 0, 'known')
      .host(12, 0, 0, 'known');
    expect(story.state('host', 'discovering', 50)).toEqual({ ended: 1, open: 1, max: 49, now: 1 });
    expect(story.state('host', 'known', 50)).toEqual({ ended: 0, open: 1, max: 40, now: 1 });
    expect(story.state('cluster', 'ready', 50)).toBeNull();
    const look = new StateLook(story.times, () => ORIGIN + 50 * S).seen;
    expect(look.durations({ of: 'host' }).count).toBe(3);
    expect(look.durations({ state: 'known' }).count).toBe(1);
    expect(look.durations({ of: 'cluster' }).count).toBe(0);
  });

  it('is open for ever, and no longer grows, when the cluster has failed', () => {
    const story = new Story(1, 1)
      .host(0, 0, 0, 'insufficient')
      .phase(30, 0, 'failed')
      .host(40, 0, 0, 'known')
      .phase(45, 0, 'deleted');
    expect(story.state('host', 'insufficient', 9999)).toEqual({ ended: 0, open: 1, max: 30, now: 1 });
    expect(story.state('host', 'known', 9999)).toBeNull();
  });

  it('of a former life stays open when the cluster is made anew', () => {
    const story = new Story(1)
      .phase(0, 0, 'creating')
      .host(0, 0, 0, 'known')
      .phase(30, 0, 'complete')
      .phase(40, 0, 'deleted')
      .phase(100, 0, 'creating')
      .host(110, 0, 0, 'discovering')
      .host(115, 0, 0, 'known');
    expect(story.state('host', 'known', 120)).toEqual({ ended: 0, open: 2, max: 30, now: 1 });
    expect(story.state('host', 'discovering', 120)).toEqual({ ended: 1, open: 0, max: 5, now: 0 });
  });

  it('of a custom resource that is gone stays open', () => {
    const story = new Story(1);
    const cluster = story.clusters[0]!;
    const agent = { type: 'agent.state', cluster: cluster.index, host: cluster.hosts[0]!.index, id: 'a' } as const;
    story.tell({ ...agent, time: ORIGIN, state: 'not-ready' }).tell({ ...agent, time: ORIGIN + 9 * S, state: null });
    expect(story.state('agent', 'not-ready', 99)).toEqual({ ended: 0, open: 1, max: 9, now: 0 });
  });

  it('is that of the events, whatever happens', () => {
    const step = fc.record({
      wait: fc.integer({ min: 0, max: 100_000 }),
      host: fc.integer({ min: 0, max: 4 }),
      status: fc.constantFrom<HostStatus>('discovering', 'known', 'insufficient'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const story = new Story(3, 2);
        const since = new Map<number, { status: string; at: number }>();
        const totals = new Map<string, number>();
        const add = (status: string, ms: number) => totals.set(status, (totals.get(status) ?? 0) + ms);
        let at = 0;
        for (const { wait, host, status } of steps) {
          at += wait;
          const before = since.get(host);
          if (before?.status !== status) {
            if (before) add(before.status, at - before.at);
            since.set(host, { status, at });
          }
          story.host(at / S, host < 3 ? 0 : 1, host % 3, status);
        }
        for (const { status, at: from } of since.values()) add(status, at - from);
        for (const { state, survival } of story.times.states(ORIGIN + at)) {
          expect(survival.ended.sum + survival.open.sum).toBeCloseTo(totals.get(state)!, 3);
        }
      }),
    );
  });

  it('of states without end is kept for sixty, and the rest together', () => {
    const dwells = new Dwells(1);
    for (let i = 0; i < 100; i++) dwells.enter(0, `state ${i}`, i * S);
    const all = dwells.survivals(() => 100 * S);
    expect(all).toHaveLength(61);
    expect(all.at(-1)).toMatchObject({ state: OTHER, now: 1 });
  });
});

describe('reactions', () => {
  it('begin when all hosts of a cluster are there', () => {
    const name = 'host known → cluster ready';
    const story = new Story(2, 2).host(0, 0, 0, 'known').cluster(1, 0, 'insufficient');
    expect(story.reaction(name, 100)).toBeNull();
    story.host(10, 0, 1, 'known');
    expect(story.reaction(name, 100)).toEqual({ ended: 0, open: 1, max: 90 });
    // One falls back: what lasted until then has not ended in a reaction.
    story.host(14, 0, 0, 'insufficient');
    expect(story.reaction(name, 100)).toEqual({ ended: 0, open: 1, max: 4 });
    story.host(20, 0, 0, 'known').cluster(27, 0, 'ready');
    expect(story.reaction(name, 100)).toEqual({ ended: 1, open: 1, max: 7 });
    // Once a life.
    story.host(30, 0, 0, 'insufficient').host(31, 0, 0, 'known');
    expect(story.reaction(name, 100)).toEqual({ ended: 1, open: 1, max: 7 });
    // Another cluster whose user looks at it before its hosts: no time that could be seen passed between.
    story.cluster(50, 1, 'ready').host(50, 1, 0, 'known').host(51, 1, 1, 'known');
    expect(story.reaction(name, 100)).toEqual({ ended: 2, open: 1, max: 7 });
  });

  it('to what machines say are measured although it is told later', () => {
    const story = new Story(1);
    const [{ index: cluster, hosts }] = story.clusters as [ClusterPlan];
    story.host(10, 0, 0, 'known');
    const machine = { type: 'host.phase', cluster, host: hosts[0]!.index, id: 'a' } as const;
    story.tell({ ...machine, time: ORIGIN + 4 * S, phase: 'discovered' });
    expect(story.reaction('machine discovered → host judged', 99)).toEqual({ ended: 1, open: 0, max: 6 });
  });

  it('by custom resources are not waited for where there are none', () => {
    const { clusters } = plan(1);
    const [cluster] = clusters as [ClusterPlan];
    for (const api of ['rest', 'kube'] as const) {
      const times = new StateTimes({ clusters: [{ ...cluster, api }] });
      const host = cluster.hosts[0]!.index;
      times.apply({ type: 'host.phase', time: ORIGIN, cluster: cluster.index, host, id: 'a', phase: 'polling' });
      const found = times.reactions(ORIGIN + S).map(({ reaction }) => sideName(reaction.to));
      expect(found).toEqual(api === 'kube' ? ['machine discovered', 'agent there'] : ['machine discovered']);
    }
  });
});

describe('what is stuck', () => {
  /** Twelve clusters whose hosts were insufficient for a minute and are known since. */
  function usual(): Story {
    const story = new Story(...Array.from({ length: 14 }, () => 1));
    for (let at = 0; at < 12; at++) story.host(0, at, 0, 'insufficient').host(60, at, 0, 'known');
    for (let at = 0; at < 12; at++) story.phase(70, at, 'complete');
    return story;
  }

  it('has been in a state for three times as long as others', () => {
    const story = usual().host(0, 12, 0, 'insufficient').host(100, 13, 0, 'insufficient');
    expect(story.times.stuck(ORIGIN + 179 * S, 20).count).toBe(0);
    const { count, counts, longest } = story.times.stuck(ORIGIN + 290 * S, 20);
    expect(count).toBe(2);
    expect(counts).toEqual([{ of: 'host', state: 'insufficient', count: 2 }]);
    const [cluster, younger] = story.clusters.slice(12) as [ClusterPlan, ClusterPlan];
    expect(longest).toMatchObject([
      { cluster: cluster.index, host: cluster.hosts[0]!.index, state: 'insufficient', ms: 290 * S },
      { cluster: younger.index, ms: 190 * S },
    ]);
    expect(longest[0]!.usualMs! / S).toBeCloseTo(60, 0);
    expect(story.times.stuck(ORIGIN + 290 * S, 1)).toMatchObject({ count: 2, longest: [{ ms: 290 * S }] });
  });

  it('stays so when its cluster has failed of it', () => {
    const story = usual().host(0, 12, 0, 'insufficient').phase(400, 12, 'failed');
    expect(story.times.stuck(ORIGIN + 9999 * S, 20).longest).toMatchObject([{ ms: 400 * S }]);
  });

  it('is nothing that has come to its end, and nothing that few others have left before hours are over', () => {
    const story = usual().host(0, 12, 0, 'installed').host(0, 13, 0, 'pending-for-input');
    expect(story.times.stuck(ORIGIN + 10_000 * S, 20).count).toBe(0);
    expect(story.times.stuck(ORIGIN + 11_000 * S, 20).longest).toMatchObject([
      { state: 'pending-for-input', usualMs: null },
    ]);
  });
});
