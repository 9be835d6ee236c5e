/** The published JSON Schema of summary.json. */
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, it } from 'vitest';
import { SUMMARY_SCHEMA_VERSION } from '../report/summary.ts';
import { RunManager } from './run-manager.ts';
import { summaryJsonSchema } from './summary-schema.ts';
import { FakeParts, fakePlan } from './testing/fakes.ts';

const published = () => JSON.parse(readFileSync(new URL('../../docs/summary.schema.json', import.meta.url), 'utf8'));

it('is the one in use (after a change: node swarm/daemon/write-summary-schema.ts)', () => {
  expect(published()).toEqual(JSON.parse(JSON.stringify(summaryJsonSchema())));
});

it('is true of what a run writes, with the percentiles that it was asked for, and lets later fields pass', async () => {
  const parts = new FakeParts();
  parts.service.readiness = 'ready';
  const runs = new RunManager(parts);
  const run = runs.start(fakePlan([{}, {}]), { percentiles: [50, 90, 99.9] });
  await runs.idle();
  const summary = JSON.parse(JSON.stringify(run.summary()));
  expect(summary.schemaVersion).toBe(SUMMARY_SCHEMA_VERSION);
  expect(Object.keys(summary.totals.sinceDue.percentiles)).toEqual(['90', '99.9']);
  expect(Object.keys(summary.pollLateness.percentiles)).toEqual(['90', '99.9']);
  const isRight = new Ajv2020({ strict: false, validateFormats: false }).compile(published());
  expect(isRight({ ...summary, ofLater: 1 }) ? [] : isRight.errors).toEqual([]);
  expect(isRight({ ...summary, schemaVersion: 'one' })).toBe(false);
});
