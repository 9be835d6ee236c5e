/** Readers and churn in plans. */
import { describe, expect, it } from 'vitest';
import { describePlan } from './describe.ts';
import { expandPlan } from './expand.ts';
import { parsePlan } from './load.ts';

const plan = (text: string) => parsePlan(`clusters: [{topology: sno, amount: 40}]\n${text}`, 'plan');
const kube = (text: string) => parsePlan(`clusters: [{topology: sno, api: kube}]\n${text}`, 'plan');

describe('readers', () => {
  it('have defaults, and none are there when nothing is said', () => {
    expect(plan('').readers).toEqual([]);
    expect(plan('readers: [{load: events}, {load: cluster-list, amount: 20, every: 1m30s}]').readers).toEqual([
      { load: 'events', amount: 1, everySeconds: 10 },
      { load: 'cluster-list', amount: 20, everySeconds: 90 },
    ]);
  });

  it('are refused where there is nothing for them to look at, or for looks in no pace of a user', () => {
    expect(() => plan('readers: [{load: hub-list}]')).toThrow(
      'plan:2:18: readers[0].load is "hub-list"; allowed: hub-list only beside clusters with api: kube',
    );
    expect(kube('readers: [{load: hub-list}]').readers).toHaveLength(1);
    expect(() =>
      parsePlan(
        { clusters: [{ topology: 'sno', api: 'kube' }], hub: { kubeconfig: '/k' }, readers: [{ load: 'events' }] },
        'plan',
        {
          allowFiles: true,
        },
      ),
    ).toThrow(/readers\[0\]\.load is "events"; allowed: hub-list, or others beside service\.url/);
    expect(() => plan('readers: [{load: events, every: 500ms}]')).toThrow(
      /readers\[0\]\.every is "500ms"; allowed: at least 1s/,
    );
    expect(() => plan('readers: [{load: page}]')).toThrow(
      /readers\[0\]\.load is "page"; allowed: one of cluster-list, cluster-page, host-list, events, hub-list/,
    );
    expect(() => plan('readers: [{load: events, amount: 0}]')).toThrow(
      /amount is 0; allowed: a whole number from 1 to/,
    );
    expect(() => plan('readers: {load: events}')).toThrow(/allowed: a list of mappings such as/);
  });

  it('are dealt out to shards, each of them to one', () => {
    const whole = plan('seed: s\nreaders: [{load: events, amount: 5}, {load: cluster-list}]');
    const parts = [0, 1, 2].map((index) => expandPlan(whole, { shard: { index, count: 3 } }).readers);
    const amounts = (load: string) => parts.map((one) => one.find((row) => row.load === load)?.amount ?? 0);
    expect(amounts('events')).toEqual([2, 2, 1]);
    expect(amounts('cluster-list')).toEqual([1, 0, 0]);
  });
});

describe('churn', () => {
  it('is a share of the clusters in an hour', () => {
    expect(plan('').churnPerHour).toBe(null);
    expect(plan('churn: 0%/h').churnPerHour).toBe(null);
    expect(plan('churn: 2.5%/h').churnPerHour).toBe(0.025);
    expect(plan('churn: 300%/h').churnPerHour).toBe(3);
    for (const text of ['5%', '5/h', '-1%/h', '5%/m', '0.05']) {
      expect(() => plan(`churn: "${text}"`), text).toThrow(
        /churn is .*; allowed: a share of the clusters in an hour such as 5%\/h/,
      );
    }
  });

  it('is told with readers before a run', () => {
    const { notes } = describePlan(plan('seed: s\nchurn: 5%/h\nreaders: [{load: events, amount: 20}]'));
    expect(notes).toContain('20 readers look 2 times a second, all together, beside the load of hosts.');
    expect(notes).toContain(
      'Complete clusters are removed and made anew, 2 in a simulated hour; give phases.soak for the time in which they are.',
    );
  });
});
