/** Restores of a load against a world of its own: what comes back, what must not, and what is told of it. */
import { afterEach, describe, expect, it } from 'vitest';
import type { DevWorkspaceWorldOptions } from '../../controller-mock/index.ts';
import type { OperatorVersion } from '../../controller-mock/worlds/devworkspace/versions.ts';
import { readLedger } from '../telemetry/ledger.ts';
import { type BackupPart, RESTORE_CASES, type RestoreMode, type RestorePart } from './backup-options.ts';
import { judgeBackup } from './backup-verdict.ts';
import { withPayloadEnvironment } from './payload.ts';
import { BackupBench, optionsOf } from './testing/backup-bench.ts';
import { builtInTemplate } from './workspace-template.ts';

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

/** With a registry that asks who comes, and the secret for it. */
const guarded = (options: DevWorkspaceWorldOptions = {}) =>
  start({ ...options, registry: { accounts: { robot: 'right' }, ...options.registry } });
const SECRET = { registrySecret: 'push-secret' };

describe('the sample', () => {
  it('is the same for the same seed, and another for another', TIMEOUT, async () => {
    const drawn = async (seed: string) => {
      const bench = await start();
      const { figures } = await bench.run(optionsOf(8, part({ seed, mode: 'side-by-side', sample: { percent: 30 } })));
      return figures.restore!.workspaces.map(({ original }) => original);
    };
    const first = await drawn('a');
    expect(first).toHaveLength(3);
    expect(await drawn('a')).toEqual(first);
    expect(await drawn('b')).not.toEqual(first);
  });

  it('is taken of those alone whose last backup did well', TIMEOUT, async () => {
    const bench = await start({ registry: { failureShare: 0.6 }, seed: 'some' });
    const result = await bench.run(
      optionsOf(12, part({ sample: { percent: 100 } }, { waitMs: 90_000, backoffLimit: 0 })),
    );
    const { restore, workspaces } = result.figures;
    const backedUp = workspaces.filter(({ outcome }) => outcome === 'backed-up');
    expect(backedUp.length).toBeGreaterThan(0);
    expect(backedUp.length).toBeLessThan(12);
    expect(restore!.workspaces.map(({ original }) => original).sort()).toEqual(
      backedUp.map(({ namespace, name }) => `${namespace}/${name}`).sort(),
    );
  });

  it('is nothing where nothing is backed up, and the verdict says so', TIMEOUT, async () => {
    const bench = await start({ registry: { full: true } });
    const result = await bench.run(optionsOf(3, part({}, { waitMs: 90_000 })));
    expect(result.figures.restore).toMatchObject({ candidates: 0, restored: { hits: 0, of: 0 } });
    expect(judgeBackup(result).reasons).toContain('no workspace is backed up, so that none could be restored');
    expect(bench.leftByRuns()).toEqual([]);
  });
});

describe('a restore that is not right', () => {
  const atRestore = (bench: BackupBench, change: () => void) => (event: (typeof bench.events)[number]) => {
    if (event.type === 'phase.started' && event.phase === 'restore') change();
  };

  it('of content that has changed fails the verdict, and is told by the workspace itself', TIMEOUT, async () => {
    const bench = await start();
    const spoil = atRestore(bench, () => bench.world.control.registry.spoil());
    const result = await bench.run(optionsOf(4, part({ mode: 'side-by-side' })), spoil);
    expect(result.figures.restore).toMatchObject({
      restored: { hits: 0, of: 4 },
      failures: [
        { message: '/projects/payload: FAILED, it has changed', count: 4, example: { failedContainer: 'main' } },
      ],
    });
    const { verdict, thresholds } = judgeBackup(result);
    expect(verdict).toBe('failed');
    expect(thresholds.filter(({ ok }) => ok === false).map(({ figure }) => figure)).toEqual(['restore_success']);
  });

  it('of an image that is gone is one failure, not one for each name', TIMEOUT, async () => {
    const bench = await start();
    const remove = atRestore(bench, () => bench.world.control.registry.remove());
    const result = await bench.run(optionsOf(4, part({}), { separateNamespaces: true }), remove);
    const { failures } = result.figures.restore!;
    expect(failures).toHaveLength(1);
    expect(failures[0]).toMatchObject({
      message:
        'Error response from registry: failed to resolve latest: quay.io/acme/<namespace>/<workspace>:latest: not found',
      count: 4,
      example: { failedContainer: 'workspace-restore' },
    });
  });

  it('of hidden content alone (R1) and of none (R2) fails in the container that restores', TIMEOUT, async () => {
    for (const environment of [{ PAYLOAD_ENTRY: '.payload' }, { PAYLOAD_BYTES: '0' }]) {
      const bench = await start();
      const workspaceSpec = withPayloadEnvironment(optionsOf(1, {}).workspaceSpec, environment);
      const result = await bench.run(optionsOf(3, part({}), { workspaceSpec }));
      expect(result.figures.restore).toMatchObject({
        restored: { hits: 0, of: 3 },
        failures: [
          { message: expect.stringContaining('cannot stat'), example: { failedContainer: 'workspace-restore' } },
        ],
      });
    }
  });
});

describe('a cluster in trouble', () => {
  it('that refuses and loses requests restores all of the sample all the same', TIMEOUT, async () => {
    const bench = await start();
    // Rests are of the wall clock, and long in the time of the world.
    const result = await bench.run(
      optionsOf(6, part({}), { separateNamespaces: true, readyTimeoutMs: 3_600_000 }),
      (event) => {
        const { control } = bench.world;
        const verbs = ['create', 'delete', 'get', 'patch'] as const;
        if (event.type === 'phase.started' && event.phase === 'restore') {
          control.setApiFault('some errors', { code: 500, share: 0.2, verbs });
          control.setApiFault('storm', { code: 429, share: 0.1, verbs, retryAfterSeconds: 1 });
          control.dropWatches();
        }
        if (event.type !== 'phase.ended' || event.figures.phase !== 'restore') return;
        control.setApiFault('some errors', null);
        control.setApiFault('storm', null);
      },
    );
    expect(result.figures.restore!.restored).toEqual({ hits: 4, of: 4 });
    expect(bench.leftByRuns()).toEqual([]);
  });

  it('that is left in the middle is as it was', TIMEOUT, async () => {
    const bench = await start({ operatorConfig: { workspace: { progressTimeout: '3600s' } } });
    const before = bench.configText();
    // Two at a time: four have not begun when the first is over.
    const options = optionsOf(6, part({ cases: ['non-empty'] }), { maxStarting: 2 });
    const result = await bench.run(options, (event) => {
      if (event.type === 'restore') bench.stop.abort(new Error('interrupted'));
    });
    expect(judgeBackup(result)).toMatchObject({ verdict: 'interrupted' });
    expect(result.figures.restore!.outcomes.unfinished).toBeGreaterThan(0);
    expect(bench.configText()).toBe(before);
    expect(bench.leftByRuns()).toEqual([]);
  });

  it('whose claims do not go is told so, and nothing is made over them', TIMEOUT, async () => {
    const bench = await start();
    const result = await bench.run(optionsOf(2, part({}), { readyTimeoutMs: 90_000 }), (event) => {
      if (event.type === 'phase.started' && event.phase === 'restore') bench.holdClaims();
      if (event.type === 'phase.ended' && event.figures.phase === 'restore') bench.releaseClaims();
    });
    expect(result.figures.restore).toMatchObject({
      restored: { hits: 0, of: 2 },
      outcomes: { 'not-deleted': 2 },
      failures: [{ message: 'the original, or its claim, was not gone in time', count: 2 }],
    });
    expect(bench.leftByRuns()).toEqual([]);
  });
});

describe('common storage', () => {
  it('is restored in a directory of its own', TIMEOUT, async () => {
    const workspaceSpec = builtInTemplate(2 ** 20, { backup: true, storageType: 'common' });
    for (const mode of ['in-place', 'side-by-side'] as const) {
      const bench = await start();
      const result = await bench.run(optionsOf(4, part({ mode }), { workspaceSpec }));
      expect(result.figures.restore!.restored).toEqual({ hits: 4, of: 4 });
    }
  });
});

describe('the cases', () => {
  it.each([false, true])(
    'end as they must on the present operator (separate: %s)',
    TIMEOUT,
    async (separateNamespaces) => {
      const bench = await guarded();
      bench.plantSecret('push-secret', { 'quay.io': { username: 'robot', password: 'right' } });
      const cases = [...RESTORE_CASES];
      const result = await bench.run(
        optionsOf(5, part({ cases, sample: { count: 2 } }, SECRET), { separateNamespaces }),
      );
      expect(judgeBackup(result)).toMatchObject({ verdict: 'passed', reasons: [] });
      expect(result.figures.restore).toMatchObject({
        candidates: 4,
        restored: { hits: 2, of: 2 },
        cases: [
          { case: 'missing-image', outcome: 'failed', message: expect.stringContaining('not found') },
          { case: 'wrong-credentials', outcome: 'failed', message: expect.stringContaining('unauthorized') },
          { case: 'empty-backup', outcome: 'failed', message: expect.stringContaining('cannot stat') },
          { case: 'non-empty', outcome: 'ready', message: '' },
        ],
      });
      expect(bench.leftByRuns()).toEqual([]);
      expect(readLedger(bench.folder).open).toEqual([]);
    },
  );

  it('that end otherwise fail the verdict, each with what was expected', TIMEOUT, async () => {
    // A registry that lets everybody in.
    const bench = await start();
    bench.plantSecret('push-secret', { 'quay.io': { username: 'robot', password: 'right' } });
    const result = await bench.run(optionsOf(3, part({ cases: ['wrong-credentials'], sample: null }, SECRET)));
    expect(result.figures.restore).toMatchObject({ sample: '', cases: [{ outcome: 'ready', asExpected: false }] });
    expect(judgeBackup(result).reasons).toEqual([
      'wrong-credentials: ready, expected to fail, as the registry must not let it in: restore_cases_unexpected wants count==0',
    ]);
  });
});

describe('releases of the operator', () => {
  const restored = async (version: OperatorVersion, mode: RestoreMode) => {
    const bench = await guarded({ version });
    bench.plantSecret('push-secret', { 'quay.io': { username: 'robot', password: 'right' } });
    const { figures } = await bench.run(optionsOf(3, part({ mode }, SECRET), { separateNamespaces: true }));
    expect(figures.outcomes).toMatchObject({ 'backed-up': 3 });
    const { hits } = figures.restore!.restored;
    if (hits === 0) expect(figures.restore!.failures[0]!.message).toContain('unauthorized');
    return hits;
  };

  it('0.40.0 looks for the secret under another name than it has copied it to', TIMEOUT, async () => {
    expect(await restored('0.40.0', 'side-by-side')).toBe(0);
    expect(await restored('0.40.1', 'side-by-side')).toBe(3);
  });

  it('before 0.42 have no secret in a new namespace', TIMEOUT, async () => {
    expect(await restored('0.41', 'other-namespace')).toBe(0);
    expect(await restored('0.42', 'other-namespace')).toBe(3);
  });

  it('before 0.42 lose the copy with the workspace that it belongs to', TIMEOUT, async () => {
    expect(await restored('0.41', 'in-place')).toBe(0);
    expect(await restored('0.42', 'in-place')).toBe(3);
  });

  it('before 0.40 are refused before anything is made', TIMEOUT, async () => {
    const bench = await start({ version: '0.39' });
    const before = bench.writes;
    await expect(bench.run(optionsOf(3, part({})))).rejects.toThrow(/before 0\.40, which restores nothing/);
    expect(bench.writes).toBe(before);
  });
});
