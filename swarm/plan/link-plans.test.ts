import { describe, expect, it } from 'vitest';
import { expandPlan } from './expand.ts';
import { formatLink, linkName } from './link-plans.ts';
import { parsePlan } from './load.ts';

const plan = (links: string, clusters = 'clusters: [{topology: sno, amount: 100}]') =>
  parsePlan(`seed: s\n${clusters}\n${links}\n`, 'p.yaml');

describe('links of a plan', () => {
  it('are read with their figures, those of a preset where the entry has none of its own', () => {
    const { links } = plan(
      'links: [{preset: acm-scale-lab, share: 20%}, {share: 5%, delay: 100ms, jitter: 20ms, loss: 1%, bandwidth: 1MB/s}, {share: 1.5%, preset: acm-scale-lab, loss: 0%}]',
    );
    expect(links).toEqual([
      {
        share: 0.2,
        preset: 'acm-scale-lab',
        figures: { delayMs: 25, jitterMs: 0, loss: 0.0002, bytesPerSecond: null },
      },
      { share: 0.05, preset: null, figures: { delayMs: 100, jitterMs: 20, loss: 0.01, bytesPerSecond: 1e6 } },
      { share: 0.015, preset: 'acm-scale-lab', figures: { delayMs: 25, jitterMs: 0, loss: 0, bytesPerSecond: null } },
    ]);
    expect(links.map(linkName)).toEqual([
      'acm-scale-lab (25ms each way, 0.02% loss)',
      '100ms each way ± 20ms, 1% loss, 1MB/s',
      'acm-scale-lab (25ms each way)',
    ]);
    expect(formatLink({ delayMs: 1500, jitterMs: 0, loss: 0, bytesPerSecond: 2500 })).toBe('1.5s each way, 2.5kB/s');
  });

  it.each([
    [
      '{share: 20%}',
      'p.yaml:3:9: links[0] is a mapping; allowed: a mapping with a preset (acm-scale-lab), or with a delay, loss or bandwidth that makes a link of it',
    ],
    ['{share: 20%, delay: 0ms}', 'p.yaml:3:9: links[0] is a mapping; allowed: a mapping with a preset'],
    ['{share: 0%, delay: 5ms}', 'p.yaml:3:17: links[0].share is "0%"; allowed: more than 0% of the hosts'],
    [
      '{share: 60%, delay: 5ms}, {share: 41%, delay: 6ms}',
      'p.yaml:3:43: links[1].share is "41%"; allowed: at most 40%',
    ],
    ['{share: 120%, delay: 5ms}', 'p.yaml:3:17: links[0].share is "120%"; allowed: a share of the hosts'],
    ['{share: -5%, delay: 5ms}', 'p.yaml:3:17: links[0].share is "-5%"; allowed: a share of the hosts'],
    ['{delay: 5ms}', 'p.yaml:3:9: links[0].share is nothing; allowed: a share of the hosts'],
    ['{share: 5%, preset: moon}', 'p.yaml:3:29: links[0].preset is "moon"; allowed: one of acm-scale-lab'],
    ['{share: 5%, delay: -5ms}', 'p.yaml:3:28: links[0].delay is "-5ms"; allowed: a duration'],
    ['{share: 5%, delay: 11s}', 'p.yaml:3:28: links[0].delay is "11s"; allowed: at most 10s'],
    ['{share: 5%, delay: 5ms, jitter: 6ms}', 'p.yaml:3:41: links[0].jitter is "6ms"; allowed: at most the delay (5ms)'],
    ['{share: 5%, loss: 60%}', 'p.yaml:3:27: links[0].loss is "60%"; allowed: at most 50%'],
    ['{share: 5%, loss: 0.5}', 'p.yaml:3:27: links[0].loss is 0.5; allowed: a share of the packets'],
    ['{share: 5%, bandwidth: 10B/s}', 'p.yaml:3:32: links[0].bandwidth is "10B/s"; allowed: at least 1kB/s'],
    ['{share: 5%, bandwidth: fast}', 'p.yaml:3:32: links[0].bandwidth is "fast"; allowed: bytes in a second'],
  ])('refuses %s with one error', (entry, message) => {
    let told = '';
    try {
      plan(`links: [${entry}]`);
    } catch (error) {
      told = (error as Error).message;
    }
    expect(told.split('\n')).toEqual([expect.stringContaining(message)]);
  });

  it('has hosts chosen from the whole plan, so that shards agree', () => {
    const clusters = 'clusters: [{topology: compact, amount: 60}, {topology: sno, amount: 120}]\nshuffle: true';
    const whole = plan('links: [{preset: acm-scale-lab, share: 20%}, {share: 5%, delay: 100ms}]', clusters);
    const linked = (index: number, count: number) =>
      expandPlan(whole, { shard: { index, count } }).clusters.flatMap(({ hosts, links = [] }) =>
        links.map(({ ordinal, link }) => `${hosts[ordinal]!.index}: ${link}`),
      );
    const all = linked(0, 1);
    expect(all.filter((one) => one.endsWith(': 0'))).toHaveLength(60);
    expect(all.filter((one) => one.endsWith(': 1'))).toHaveLength(15);
    expect(new Set(all.map((one) => one.split(':')[0])).size).toBe(75);
    expect([0, 1, 2].flatMap((shard) => linked(shard, 3)).sort()).toEqual(all.sort());
    expect(expandPlan(whole).links!.map(({ hosts }) => hosts)).toEqual([60, 15]);
    expect(expandPlan(whole, { seed: 'other' }).clusters).not.toEqual(expandPlan(whole).clusters);
  });

  it('costs a plan without links nothing', () => {
    const expanded = expandPlan(plan(''));
    expect(expanded).not.toHaveProperty('links');
    for (const cluster of expanded.clusters) expect(cluster).not.toHaveProperty('links');
  });
});
