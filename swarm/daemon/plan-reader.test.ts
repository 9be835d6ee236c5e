/** Plans that come over the network: whatever they are, the thread that serves and runs goes on. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { ApiError } from './api-error.ts';
import { PlanReader, type PlanReaderLimits } from './plan-reader.ts';

const PLAN = '{"name": "tiny", "service": {"url": "embedded"}, "clusters": [{"topology": "compact"}]}';

let reader: PlanReader;
const open = (limits: Partial<PlanReaderLimits> = {}) => {
  reader = new PlanReader(limits);
  return reader;
};
afterEach(() => reader.close());

const refusalOf = (text: string) =>
  reader.read(text, null, {}).then(
    () => null,
    (error: ApiError) => error,
  );

it('are read, with what replaces their values', async () => {
  open();
  const plan = await reader.read(PLAN, 'other', { speed: 5, keep: true });
  expect(plan).toMatchObject({ name: 'tiny', seed: 'other', hostCount: 3, clockSpeed: 5, keep: true });
});

it('are refused with every problem, or with what contradicts', async () => {
  open();
  const wrong = await refusalOf('clusters:\n  - topology: big\n    amont: 3\n');
  expect(wrong).toMatchObject({ status: 400, code: 'bad-plan', given: [{ line: 2 }, { line: 3 }] });
  expect(wrong!.message).toMatch(/^plan:2:15: .*big.*\nplan:3:5: .*amont/);
  const real = await reader.read(PLAN.replace('embedded', 'http://x'), null, { speed: 2 }).catch((error) => error);
  expect(real).toMatchObject({ status: 400, code: 'bad-plan', message: expect.stringContaining('embedded service') });
  const garbage = await refusalOf(']'.repeat(500));
  expect(garbage!.given).toHaveLength(100);
  expect(garbage!.message).toMatch(/… and \d+ more$/);
});

it('may have no-op agents where the daemon has stock programs, and name none themselves', async () => {
  const noop = PLAN.replace('"clusters"', '"agent": "noop", "clusters"');
  open();
  expect((await refusalOf(noop))!.message).toContain('noop only beside its stock programs');
  await reader.close();
  const manifests = mkdtempSync(join(tmpdir(), 'swarm-manifests-'));
  writeFileSync(join(manifests, 'assisted-installer-controller-pod.yaml.template'), '');
  const program = process.execPath;
  const programs = { agent: program, installer: program, controller: program, manifests };
  reader = new PlanReader({}, { programs, outside: false });
  expect((await reader.read(noop, null, {})).programs).toEqual(programs);
  expect((await reader.read(PLAN, null, {})).programs).toBeNull();
  const outside = noop.replace('embedded', 'https://192.0.2.1');
  expect((await refusalOf(outside))!.message).toContain('give --noop-outside if that is meant');
  const named = '"programs": {"agent": "a", "installer": "i", "controller": "c", "controller_manifests": "m"}';
  expect((await refusalOf(noop.replace('"clusters"', `${named}, "clusters"`)))!.message).toContain('programs.agent');
  rmSync(manifests, { recursive: true });
});

describe('that would take for ever', () => {
  /** A fast machine comes to the end of the stack before the time is up. */
  const GIVEN_UP =
    /^(reading the plan takes longer than 0\.1 s; give one that is smaller or|plan:1:\d+: nested too deeply to be read; give one that is) less nested$/;

  it.each([
    ['brackets', '[{'.repeat(20_000)],
    ['question marks', '? '.repeat(20_000)],
    ['JSON', '['.repeat(100_000)],
  ])('hold up nobody: %s', async (_name, text) => {
    open({ planMs: 100 });
    let turns = 0;
    const turning = setInterval(() => turns++, 10);
    const refusal = await refusalOf(text);
    clearInterval(turning);
    // On this thread, all of it would have been one turn.
    expect(turns).toBeGreaterThan(3);
    expect(refusal).toMatchObject({ status: 400, code: 'bad-plan' });
    expect(refusal!.message).toMatch(GIVEN_UP);
    reader.close();
    expect((await open().read(PLAN, null, {})).name).toBe('tiny');
  });

  it('make the others wait, and not too many of them', async () => {
    open({ planMs: 100, plans: 2 });
    const first = refusalOf('[{'.repeat(20_000));
    const second = refusalOf('? '.repeat(20_000));
    expect(await refusalOf(PLAN)).toMatchObject({ status: 503, code: 'busy' });
    for (const refusal of [await first, await second]) expect(refusal!.message).toMatch(GIVEN_UP);
    expect(await refusalOf('x: 1')).toMatchObject({ status: 400 });
  });

  it('end with the server', async () => {
    open();
    const first = refusalOf('[{'.repeat(20_000));
    const second = refusalOf(PLAN);
    await reader.close();
    for (const refusal of [await first, await second]) expect(refusal).toMatchObject({ status: 503, code: 'ending' });
  });
});
