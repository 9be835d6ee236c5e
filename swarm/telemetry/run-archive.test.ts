import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LEDGER_FILE, Ledger, type LedgerHeader } from './ledger.ts';
import { ownIdentity } from './process-identity.ts';
import { locateRun, RunArchive } from './run-archive.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'swarm-archive-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const dead = { ...ownIdentity(), startTime: '1', pid: 2 ** 22 + 1 };

function ledgerOf(run: string, header: Partial<LedgerHeader> = {}): Ledger {
  mkdirSync(join(root, run));
  return Ledger.create(
    join(root, run),
    {
      ledger: 1,
      run,
      plan: 'plan',
      seed: 'seed',
      shard: { index: 0, count: 1 },
      service: 'http://service',
      tls: {},
      clusters: 2,
      hosts: 6,
      startedAt: '2026-11-21T14:30:00.000Z',
      process: dead,
      ...header,
    },
    (error) => {
      throw error;
    },
  );
}

const END = { ended: '2026-11-21T15:00:00.000Z', verdict: 'failed', reasons: ['x'.repeat(100)] } as const;

it('tells running, ended and killed runs apart, newest first', () => {
  ledgerOf('20261121-1').end(END);
  ledgerOf('20261121-2').end();
  ledgerOf('20261121-3', { process: ownIdentity() });
  ledgerOf('20261121-4', { process: { ...dead, machine: { ...dead.machine, host: 'another' } } });
  mkdirSync(join(root, 'something-else'));
  writeFileSync(join(root, 'file'), '');
  const archive = new RunArchive(root);
  expect(archive.list().map(({ id, state, verdict }) => [id, state, verdict])).toEqual([
    ['20261121-4', 'unknown', null],
    ['20261121-3', 'running', null],
    ['20261121-2', 'killed', null],
    ['20261121-1', 'ended', 'failed'],
  ]);
  expect(archive.list(1)).toHaveLength(1);
  expect(archive.get('20261121-1')).toMatchObject({ endedAt: END.ended, reasons: END.reasons, clusters: 2, hosts: 6 });
});

it('sees what has changed since it looked last', () => {
  const ledger = ledgerOf('run');
  const archive = new RunArchive(root);
  expect(archive.get('run')?.state).toBe('killed');
  ledger.end(END);
  expect(archive.get('run')?.state).toBe('ended');
});

it('finds the end of a long ledger before what was removed later, and long first lines', () => {
  const ledger = ledgerOf('run', { tls: { ca: 'x'.repeat(200_000) }, plan: 'long' });
  ledger.end(END);
  appendFileSync(join(root, 'run', LEDGER_FILE), '{"seq":1,"gone":true}\n'.repeat(10_000));
  expect(new RunArchive(root).get('run')).toMatchObject({ plan: 'long', state: 'ended', verdict: 'failed' });
});

it('reads runs of versions that kept no ledger from their summary', () => {
  mkdirSync(join(root, 'old'));
  writeFileSync(
    join(root, 'old', 'summary.json'),
    JSON.stringify({
      plan: 'old plan',
      seed: 's',
      service: 'http://service',
      verdict: 'passed',
      reasons: [],
      startedAt: '2026-11-20T10:00:00.000Z',
      wallSeconds: 60,
      clusters: { planned: 3, infraEnvs: 1 },
      hostFunnel: [{ name: 'booted', count: 9, of: 9 }],
    }),
  );
  expect(new RunArchive(root).get('old')).toMatchObject({
    plan: 'old plan',
    state: 'ended',
    verdict: 'passed',
    endedAt: '2026-11-20T10:01:00.000Z',
    clusters: 4,
    hosts: 9,
    process: null,
  });
});

it('passes over folders that are no runs, and ids that are no names', () => {
  mkdirSync(join(root, 'empty'));
  mkdirSync(join(root, 'torn'));
  writeFileSync(join(root, 'torn', LEDGER_FILE), '{"ledger":1,"ru');
  mkdirSync(join(root, 'other'));
  writeFileSync(join(root, 'other', 'summary.json'), '{}');
  const archive = new RunArchive(root);
  expect(archive.list()).toEqual([]);
  for (const id of ['', '.', '..', '../x', 'a/b', 'a\0b', 'none']) expect(archive.get(id)).toBeNull();
  expect(new RunArchive(join(root, 'nowhere')).list()).toEqual([]);
});

it('takes a run by its id or by the path of its folder', () => {
  ledgerOf('run').end(END);
  const archive = new RunArchive('elsewhere');
  expect(locateRun(archive, 'run')).toEqual({ archive, id: 'run' });
  const { archive: found, id } = locateRun(archive, join(root, 'run', '/'));
  expect(found.get(id)).toMatchObject({ id: 'run', folder: join(root, 'run') });
});
