import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { recordTraffic, type SentRequest } from '../report/testing/traffic.ts';
import { Ledger } from '../telemetry/ledger.ts';
import { ownIdentity } from '../telemetry/process-identity.ts';
import { writeTraffic } from '../telemetry/traffic/traffic-profile.ts';
import { driftCommand } from './drift.ts';
import { InputError } from './exit.ts';
import { runInProcess } from './testing/in-process.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'swarm-drift-'));
});
afterEach(() => rmSync(root, { recursive: true }));

type Change = (requests: SentRequest[]) => SentRequest[];
const withoutHeader: Change = (requests) =>
  requests.map((request) => ({ ...request, headers: request.headers.filter(([name]) => name !== 'Accept') }));

/** A run that is over; the process that it names is gone. */
function runOf(id: string, state: 'ended' | 'killed' | 'running' = 'ended'): string {
  const folder = join(root, id);
  mkdirSync(folder);
  const own = ownIdentity();
  const ledger = Ledger.create(
    folder,
    {
      ...{ ledger: 1, run: id, plan: 'both', seed: 's', shard: { index: 0, count: 1 }, service: 'embedded', tls: {} },
      ...{ clusters: 4, hosts: 4, startedAt: '2026-11-21T14:30:00.000Z' },
      process: state === 'running' ? own : { ...own, startTime: '1', pid: 2 ** 22 + 1 },
    },
    (error) => {
      throw error;
    },
  );
  if (state === 'ended') ledger.end({ ended: '2026-11-21T15:00:00.000Z', verdict: 'passed', reasons: [] });
  return folder;
}

const drift = (...args: string[]) => runInProcess(driftCommand, ['drift', ...args]);

it('ends with 0 where both kinds sent the same, and with 1 where they did not', async () => {
  await writeTraffic(runOf('alike'), [...recordTraffic('noop'), ...recordTraffic('native')]);
  const alike = await drift('alike', '--out', root);
  expect(alike).toMatchObject({ code: 0, error: null });
  expect(alike.stdout).toMatch(/✓ no drift/);
  expect(alike.stdout).toMatch(/OpenAPI: not compared, because the service published no document/);

  const folder = runOf('other');
  await writeTraffic(folder, [...recordTraffic('noop'), ...recordTraffic('native', 2, withoutHeader)]);
  const other = await drift(folder);
  expect(other.code).toBe(1);
  expect(other.stdout).toMatch(/header: agent register-host: stock Accept; native not sent/);
  // A minute is enough to read it.
  expect(other.stdout.split('\n').length).toBeLessThan(40);
  const json = JSON.parse((await drift(folder, '--json')).stdout) as { run: string; differences: object[] };
  expect(json).toMatchObject({ run: 'other', document: null });
  expect(json.differences[0]).toMatchObject({ kind: 'header', program: 'agent', stock: 'Accept' });
});

it('ends with 1 for what the document of the service knows otherwise', async () => {
  const folder = runOf('document');
  await writeTraffic(folder, [...recordTraffic('noop'), ...recordTraffic('native')]);
  writeFileSync(
    join(folder, 'openapi.json'),
    JSON.stringify({ swagger: '2.0', paths: {}, definitions: { 'step-type': { enum: ['measure-twice'] } } }),
  );
  const { code, stdout } = await drift('document', '--out', root);
  expect(code).toBe(1);
  expect(stdout).toContain('step type of step-type: not in native agents: measure-twice');
});

it('says why there is nothing to compare', async () => {
  const messageOf = async (...args: string[]) => {
    const { error, code } = await drift(...args, '--out', root);
    expect(error).toBeInstanceOf(InputError);
    expect(code).toBeNull();
    return error!.message;
  };
  runOf('native');
  runOf('killed', 'killed');
  runOf('running', 'running');
  await writeTraffic(runOf('silent'), recordTraffic('noop'));
  writeFileSync(join(runOf('newer'), 'traffic.json'), '{"traffic":2,"profiles":[]}');
  writeFileSync(join(runOf('broken'), 'traffic.json'), '{"traf');
  writeFileSync(join(runOf('empty'), 'traffic.json'), 'null');
  writeFileSync(join(runOf('damaged'), 'traffic.json'), '{"traffic":1,"profiles":[{"kind":"noop","shape":"sno"}]}');
  expect(await messageOf('none')).toMatch(/there is no run none in .*; the last ones are /);
  expect(await messageOf('native')).toMatch(
    /has no record of traffic: its plan has no clusters of one shape with hosts of both/,
  );
  expect(await messageOf('killed')).toMatch(/it was killed before its end/);
  expect(await messageOf('running')).toMatch(/it still goes on/);
  expect(await messageOf('silent')).toMatch(/cannot be compared: nothing was recorded of both kinds/);
  expect(await messageOf('newer')).toMatch(/traffic\.json is of version 2; this program reads version 1/);
  expect(await messageOf('broken')).toMatch(/traffic\.json is not valid JSON/);
  expect(await messageOf('empty')).toMatch(/traffic\.json is of version undefined/);
  expect(await messageOf('damaged')).toMatch(/traffic\.json is damaged: not all of its profiles are complete/);
});
