/** Restores of a load against a world of its own: what comes back, what must not, and what is told of it. */
import { afterEach, describe, expect, it } from 'vitest';
import type { DevWorkspaceWorldOptions } from '../../controller-mock/index.ts';
import { readLedger } from '../telemetry/ledger.ts';
import type { BackupPart, RestorePart } from './backup-options.ts';
import { judgeBackup } from './backup-verdict.ts';
import { BackupBench, optionsOf } from './testing/backup-bench.ts';

const benches: BackupBench[] = [];
afterEach(() => Promise.all(benches.splice(0).map((bench) => bench.close())));

async function start(options: DevWorkspaceWorldOptions = {}): Promise<BackupBench> {
  const bench = await BackupBench.start(options);
  benches.push(bench);
  return bench;
}

const TIMEOUT = { timeout: 120_000 };
const part = (restore: Partial<RestorePart>, more: Partial<BackupPart> = {}): Partial<BackupPart> => ({
  restore: { mode: 'in-place', sample: { count: 4 }, seed: 'seed', cases: [], ...restore },
  ...more,
});

describe('a sample', () => {
  it.each([
    ['in-place', false],
    ['in-place', true],
    ['side-by-side', false],
    ['side-by-side', true],
    ['other-namespace', false],
    ['other-namespace', true],
  ] as const)(
    'is restored %s with its content (separate namespaces: %s)',
    TIMEOUT,
    async (mode, separateNamespaces) => {
      const bench = await start();
      const result = await bench.run(optionsOf(8, part({ mode }), { separateNamespaces }));
      const { restore, outcomes } = result.figures;
      expect(judgeBackup(result)).toMatchObject({ verdict: 'passed', reasons: [] });
      expect(outcomes).toMatchObject({ 'backed-up': 8 });
      expect(restore).toMatchObject({ mode, seed: 'seed', sample: '4', candidates: 8, restored: { hits: 4, of: 4 } });
      expect(restore).toMatchObject({ failures: [], cases: [], readyMs: { count: 4 }, initMs: { count: 4 } });
      expect(restore!.deleteMs?.count).toBe(mode === 'in-place' ? 4 : undefined);
      expect(bench.leftByRuns()).toEqual([]);
      expect(readLedger(bench.folder).open).toEqual([]);
    },
  );
});
