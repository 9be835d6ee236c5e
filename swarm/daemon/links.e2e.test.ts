/** Slow links of a run: real threads, real HTTP, the embedded service in its own process. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { expandPlan } from '../plan/expand.ts';
import { parsePlan } from '../plan/load.ts';
import { realParts } from './parts.ts';
import { Run } from './run.ts';

it('tells what links do, and judges the service without them', async () => {
  const plan = expandPlan(
    parsePlan(
      {
        ...{ name: 'links', seed: 'links', service: { url: 'embedded' }, clock_speed: 10, boot_spread: '5s' },
        // At this pace of the clock each way takes 200 ms.
        links: [{ share: '100%', delay: '2s' }],
        phases: { soak: '1m' },
        clusters: [{ topology: { control_planes: 3, workers: 3 }, just_infraenv: true }],
        // What hosts meet is what a threshold of the plan is about.
        thresholds: { generator_saturation: 'off', 'request_duration{client:agent,endpoint:get-instructions}': 'med>=400' },
      },
      'plan',
    ),
  );
  const parts = realParts({ directory: mkdtempSync(join(tmpdir(), 'swarm-links-')), warn: () => {} });
  const summary = await new Run({ id: 'links', plan, parts, workers: 1 }).execute();
  expect(summary).toMatchObject({ verdict: 'passed', reasons: [] });
  const [link] = summary.links;
  expect(link).toMatchObject({ name: '2s each way', hosts: 6, share: 1, stalls: 0, resets: 0 });
  // A round trip to connect, and one more for an answer: all of them took it, and timers may be early by a millisecond.
  expect(link!.connect.p50).toBeGreaterThan(390);
  expect(link!.connections).toBeGreaterThanOrEqual(12);
  expect(link!.requests.count).toBe(summary.requests.filter(({ client }) => client === 'agent').reduce((sum, { sinceDue }) => sum + sinceDue.count, 0));
  const poll = summary.requests.find(({ endpoint }) => endpoint === 'get-instructions')!;
  expect(poll.sinceDue.p50).toBeGreaterThan(780);
  expect(poll.sinceSent.p50).toBeGreaterThan(390);
  const judged = summary.thresholds.find(
    ({ figure, labels, expression }) =>
      figure === 'request_duration' && labels.client === 'agent' && expression.startsWith('med<='),
  )!;
  expect(judged.value).toBeLessThan(poll.sinceDue.p50 - 390);
}, 90_000);
