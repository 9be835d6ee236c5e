/** What may go wrong around a backup load as a process: a full disk, a signal in any phase, a cluster in another process. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SteadyClock } from '../../model/time/steady-clock.ts';
import { BackupBench } from '../backup/testing/backup-bench.ts';
import { readLedger } from '../telemetry/ledger.ts';
import { Cli } from './testing/cli.ts';

const FOUND = {
  workspace: { progressTimeout: '3600s', backupCronJob: { enable: false, registry: { path: 'own.example/x' } } },
};
const LOAD = [
  ...['--max-devworkspaces', '6', '--registry-path', 'quay.io/acme', '--registry-secret', ''],
  ...['--backup-schedule', '@every 10s', '--separate-namespaces', 'true'],
];
const TIMEOUT = { timeout: 60_000 };

let bench: BackupBench;
let cli: Cli;
let before: string;

beforeEach(async () => {
  cli = new Cli();
  bench = await BackupBench.start({ clock: new SteadyClock(10), operatorConfig: FOUND, namespaceGraceMs: 200 });
  cli.file('kubeconfig', bench.world.kubeconfig);
  before = bench.configText();
});
afterEach(async () => {
  cli.killAll();
  await bench.close();
});

function expectAsBefore(): void {
  expect(bench.configText()).toBe(before);
  expect(bench.configAnnotations()).toEqual({});
  expect(bench.leftByRuns()).toEqual([]);
}

describe('a disk that is full', () => {
  // Files may grow to so many KiB, as if no more had room.
  const limited = (kibibytes: number) =>
    cli.shell(`ulimit -f ${kibibytes}; exec "$0" "$@"`, [
      ...['backup', 'run', '--kubeconfig', 'kubeconfig', ...LOAD],
    ]);

  it.each([
    // The log of events is the first to grow.
    ['for the events', 4, /not all files could be written: EFBIG: file too large, write/],
    // With fewer than its lines are long nothing can be made.
    ['for the ledger', 1, /what the run makes can no longer be written down \(EFBIG.*\), so it makes nothing more/],
  ])('%s is said, fails the run, and keeps nothing from being put back', TIMEOUT, async (_, kibibytes, message) => {
    const { code, stdout, stderr } = await limited(kibibytes).ended;
    expect(stdout + stderr).toMatch(message);
    expect(stdout).toMatch(/^verdict +failed/m);
    expect(code).toBe(1);
    expectAsBefore();
  });
});
