import { describe, expect, it } from 'vitest';
import type { ExpandedPlan } from '../plan/expanded-plan.ts';
import { parseExpression, parseFigure } from '../plan/thresholds.ts';
import { collectorsOf } from './collectors-of.ts';
import { fakePlan, shardOf } from './testing/fakes.ts';

const SERVICE = 'http://127.0.0.1:1';
const SERVERS = { service: SERVICE, hub: null, images: null };

/** A plan of two clusters for a service that is read. */
function plan(overrides: Partial<ExpandedPlan> = {}): ExpandedPlan {
  const { collect, service, ...rest } = fakePlan([{}, {}]);
  return { ...rest, service: { ...service, url: SERVICE }, collect: { ...collect, service: true }, ...overrides };
}

async function namesOf(given: ExpandedPlan) {
  const { collectors, absent } = await collectorsOf(given, SERVERS);
  await Promise.all(collectors.map((collector) => collector.close()));
  return {
    read: collectors.map(({ name }) => name),
    absent: absent.map(({ name, reason }) => `${name}: ${reason}`),
  };
}

const BOTH = { read: ['service', 'database'], absent: [] };

describe('of the shards of a plan', () => {
  it('the first reads the servers, and the others say so', async () => {
    expect(await namesOf(plan())).toEqual(BOTH);
    expect(await namesOf(shardOf(plan(), 0, 2))).toEqual(BOTH);
    expect(await namesOf(shardOf(plan(), 1, 2))).toEqual({
      read: [],
      absent: ['service: the first shard reads it', 'database: the first shard reads it'],
    });
  });

  it('each reads the embedded service of its own', async () => {
    const { service } = plan();
    expect(await namesOf(shardOf(plan({ service: { ...service, url: 'embedded' } }), 1, 2))).toEqual(BOTH);
  });

  it('each reads the servers where one of their figures is to end it', async () => {
    const of = (text: string, abortAfterSeconds: number | null) => {
      const { figure, labels } = parseFigure(text);
      const threshold = { ...parseExpression('max<100', figure), abortAfterSeconds };
      return plan({ thresholds: [{ figure: figure.name, labels, thresholds: [threshold] }] });
    };
    expect(await namesOf(shardOf(of('service_goroutines', 0), 1, 2))).toEqual(BOTH);
    expect((await namesOf(shardOf(of('service_goroutines', null), 1, 2))).read).toEqual([]);
    expect((await namesOf(shardOf(of('poll_lateness', 0), 1, 2))).read).toEqual([]);
  });
});
