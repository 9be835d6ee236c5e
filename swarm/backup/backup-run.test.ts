import { afterEach, describe, expect, it } from 'vitest';
import { readLedger } from '../telemetry/ledger.ts';
import { BackupInputError } from './backup-error.ts';
import { SINGLE_NAMESPACE } from './backup-options.ts';
import { judgeBackup } from './backup-verdict.ts';
import { BackupBench, optionsOf } from './testing/backup-bench.ts';

const benches: BackupBench[] = [];
afterEach(() => Promise.all(benches.splice(0).map((bench) => bench.close())));

async function start(options: Parameters<typeof BackupBench.start>[0] = {}): Promise<BackupBench> {
  const bench = await BackupBench.start(options);
  benches.push(bench);
  return bench;
}

const TIMEOUT = { timeout: 120_000 };

describe('50 workspaces', () => {
  it.each([false, true])('are backed up once each (separate namespaces: %s)', TIMEOUT, async (separateNamespaces) => {
    const bench = await start();
    const result = await bench.run(optionsOf(50, {}, { separateNamespaces }));
    const { figures } = result;
    expect(figures.load).toMatchObject({ planned: 50, created: 50, ready: 50, readyFailed: 0, readyTimedOut: 0 });
    expect(figures.stop).toMatchObject({ requested: 50, stopped: 50, failed: 0 });
    expect(figures.jobs).toMatchObject({
      total: 50,
      succeeded: 50,
      failed: 0,
      unfinished: 0,
      vanished: 0,
      pods: 50,
      retries: 0,
      jobsByPods: { 1: 50 },
      workspacesByJobs: { 1: 50 },
      successRate: { hits: 50, of: 50 },
      failureRate: { hits: 0, of: 50 },
    });
    expect(figures.outcomes).toMatchObject({ 'backed-up': 50, failed: 0, 'never-attempted': 0, 'not-stopped': 0 });
    expect(figures.attemptedTwiceOrMore).toBe(0);
    expect(judgeBackup(result)).toMatchObject({ verdict: 'passed', reasons: [] });
    // What the cluster itself says.
    expect(bench.world.control.registry.pushes).toBe(50);
    expect(figures.phases.map(({ phase }) => phase)).toEqual([
      'preflight',
      'create',
      'ready',
      'stop',
      'configure',
      'watch',
      'collect',
      'reset',
      'cleanup',
    ]);
    expect(figures.phases.filter(({ timedOut }) => timedOut)).toEqual([]);
    expect(figures.api.perWorkspace).toBeLessThanOrEqual(6);
    const discovery = Object.keys(figures.api.calls).filter((call) => call.startsWith('get /')).length;
    expect(figures.api.total - discovery).toBe(bench.requests);
    expect(bench.leftByRuns()).toEqual([]);
    expect(readLedger(bench.folder).open).toEqual([]);
  });

  it.each([false, true])(
    'are tried twice each at least when the registry is wrong (separate: %s)',
    TIMEOUT,
    async (separateNamespaces) => {
      const bench = await start();
      const result = await bench.run(optionsOf(50, { configType: 'incorrect' }, { separateNamespaces }));
      const { figures } = result;
      expect(figures.config).toMatchObject({ type: 'incorrect', registryPath: 'quay.i/acme', reset: true });
      // Two passes, each with a Job for every workspace, each Job with its two pods.
      expect(figures.jobs).toMatchObject({
        total: 100,
        succeeded: 0,
        failed: 100,
        unfinished: 0,
        pods: 200,
        retries: 100,
        jobsByPods: { 2: 100 },
        workspacesByJobs: { 2: 50 },
      });
      expect(figures.outcomes).toMatchObject({ 'backed-up': 0, failed: 50, 'never-attempted': 0 });
      expect(figures.failures).toMatchObject({
        pods: 200,
        read: 50,
        conditions: { 'Job has reached the specified backoff limit': 100 },
      });
      expect(figures.failures?.groups).toHaveLength(1);
      expect(figures.failures?.groups[0]?.pattern).toContain('no such host');
      expect(figures.failures?.groups[0]?.example.log).toContain('quay.i');
      expect(judgeBackup(result)).toMatchObject({ verdict: 'passed', reasons: [] });
      expect(bench.world.control.registry.pushes).toBe(0);
      expect(figures.api.perWorkspace).toBeLessThanOrEqual(6);
      expect(bench.leftByRuns()).toEqual([]);
    },
  );

  it(
    'fail the verdict of a correct configuration when the registry is full, with the thresholds that were crossed',
    TIMEOUT,
    async () => {
      const bench = await start({ registry: { full: true } });
      const result = await bench.run(optionsOf(10, { waitMs: 5 * 60_000 }));
      const { verdict, reasons, thresholds } = judgeBackup(result);
      expect(verdict).toBe('failed');
      const crossed = thresholds.filter(({ ok }) => ok === false).map(({ figure }) => figure);
      expect(crossed).toEqual(['backup_success', 'backup_jobs_failed']);
      expect(reasons).toHaveLength(crossed.length);
      expect(result.figures.outcomes).toMatchObject({ 'backed-up': 0, failed: 10 });
    },
  );
});

describe('the plain load', () => {
  it('creates workspaces, deletes each when it is ready, and leaves the operator alone', TIMEOUT, async () => {
    const bench = await start();
    const before = bench.config();
    const result = await bench.run(optionsOf(20, null, { deleteAfterReady: true, maxStarting: 5 }));
    expect(result.figures.load).toMatchObject({ created: 20, ready: 20 });
    expect(result.figures.load.deleteMs?.count).toBe(20);
    expect(result.figures).toMatchObject({ jobs: null, config: null, outcomes: null });
    expect(judgeBackup(result).verdict).toBe('passed');
    expect(bench.config()).toEqual(before);
    expect(bench.leftByRuns()).toEqual([]);
  });
});

describe("the operator's configuration", () => {
  const FOUND = {
    routing: { clusterHostSuffix: 'apps.workspaces.test', defaultRoutingClass: 'basic' },
    workspace: {
      progressTimeout: '3600s',
      imagePullPolicy: 'IfNotPresent',
      backupCronJob: {
        enable: false,
        schedule: '0 3 * * *',
        backoffLimit: 4,
        registry: { path: 'registry.example/own', authSecret: 'own-secret' },
        oras: { extraArgs: '--verbose' },
      },
    },
  };

  it.each([
    ['with backups of its own', FOUND],
    ['without a part about backups', { workspace: { progressTimeout: '3600s' } }],
    ['with an empty workspace', { workspace: {} }],
    ['that is not there', null],
  ])('%s is byte for byte what it was', TIMEOUT, async (_what, operatorConfig) => {
    const bench = await start({ operatorConfig });
    const before = bench.configText();
    const result = await bench.run(optionsOf(3, {}));
    expect(result.figures.config?.reset).toBe(true);
    expect(bench.configText()).toBe(before);
    expect(bench.configAnnotations()).toEqual({});
    expect(result.figures.jobs).toMatchObject({ total: 3, succeeded: 3 });
  });

  it('is put back when the run is stopped in the middle, and all is removed', TIMEOUT, async () => {
    const bench = await start({ operatorConfig: FOUND });
    const before = bench.configText();
    const result = await bench.run(optionsOf(10, {}, { separateNamespaces: true }), (event) => {
      if (event.type === 'phase.started' && event.phase === 'watch') bench.stop.abort(new Error('interrupted'));
    });
    expect(judgeBackup(result)).toMatchObject({ verdict: 'interrupted' });
    expect(bench.configText()).toBe(before);
    expect(bench.leftByRuns()).toEqual([]);
  });

  it('is put back to what it was when the run came to it, long after its first look', TIMEOUT, async () => {
    const bench = await start({ operatorConfig: FOUND });
    const { backupCronJob, ...workspace } = FOUND.workspace;
    const changed = {
      ...FOUND,
      workspace: { ...workspace, backupCronJob: { ...backupCronJob, schedule: '0 4 * * *' } },
    };
    const result = await bench.run(optionsOf(3, {}), (event) => {
      if (event.type !== 'phase.started' || event.phase !== 'stop') return;
      bench.changeConfig((config) => Object.assign(config, changed));
    });
    expect(result.figures.config?.reset).toBe(true);
    expect(bench.config()).toEqual(changed);
  });

  it('is left to another run that has come to it first', TIMEOUT, async () => {
    const bench = await start({ operatorConfig: FOUND });
    const result = await bench.run(optionsOf(3, {}), (event) => {
      if (event.type === 'phase.started' && event.phase === 'stop')
        bench.annotateConfig({ 'assisted-swarm/run': 'another-run' });
    });
    expect(result.failure).toMatch(/^the operator is configured by run another-run/);
    expect(bench.config()).toEqual(FOUND);
    expect(bench.configAnnotations()).toEqual({ 'assisted-swarm/run': 'another-run' });
    expect(bench.leftByRuns()).toEqual([]);
  });

  it('says how often Jobs are tried again where the run does not', TIMEOUT, async () => {
    const bench = await start({ operatorConfig: { workspace: { backupCronJob: FOUND.workspace.backupCronJob } } });
    const result = await bench.run(optionsOf(2, { configType: 'incorrect' }));
    expect(result.figures.jobs!.jobsByPods['5']).toBeGreaterThanOrEqual(4);
  });

  it("keeps what others change beside the run's part", TIMEOUT, async () => {
    const bench = await start({ operatorConfig: FOUND });
    const result = await bench.run(optionsOf(3, {}), (event) => {
      if (event.type !== 'phase.started' || event.phase !== 'watch') return;
      bench.changeConfig((config) => {
        (config.workspace as Record<string, unknown>).progressTimeout = '10m';
      });
    });
    expect(result.figures.config?.reset).toBe(false);
    expect(bench.config()).toEqual({ ...FOUND, workspace: { ...FOUND.workspace, progressTimeout: '10m' } });
    expect(judgeBackup(result).verdict).toBe('passed');
  });

  it('can be applied before anything is created, as the public scripts do', TIMEOUT, async () => {
    const bench = await start({ operatorConfig: FOUND });
    const before = bench.configText();
    const result = await bench.run(optionsOf(5, { order: 'config-first' }));
    const phases = result.figures.phases.map(({ phase }) => phase);
    expect(phases.indexOf('configure')).toBeLessThan(phases.indexOf('create'));
    expect(bench.configText()).toBe(before);
  });
});

describe('others', () => {
  it('keep what is theirs, also with the labels of the public scripts', TIMEOUT, async () => {
    const bench = await start();
    const labels = { 'load-test': 'test-type' };
    bench.plantNamespace('load-test-ns-1-0', labels);
    bench.plantWorkspace('load-test-ns-1-0', 'dw-test-1-0', labels);
    bench.plantNamespace('team', { 'assisted-swarm/run': 'another-run' });
    bench.plantWorkspace('team', 'mine', { ...labels, 'assisted-swarm/run': 'another-run' });
    const before = bench.uids('team', 'load-test-ns-1-0');
    const result = await bench.run(optionsOf(5, {}, { separateNamespaces: true }));
    expect(bench.uids('team', 'load-test-ns-1-0')).toEqual(expect.arrayContaining(before));
    // Their workspaces run, and are nobody's backups.
    expect(result.figures.jobs?.total).toBe(5);
    expect(bench.leftByRuns()).toEqual(['Namespace team', 'DevWorkspace team/mine']);
  });

  it("have Jobs of their own, which are not the run's, whatever their labels", TIMEOUT, async () => {
    const bench = await start();
    const result = await bench.run(optionsOf(3, {}), (event) => {
      if (event.type !== 'phase.started') return;
      // The operator holds that workspace for backed up by it, and makes two.
      if (event.phase === 'configure') bench.noteBackup(SINGLE_NAMESPACE, 'dw-test-1');
      if (event.phase === 'watch') bench.plantJob(SINGLE_NAMESPACE, 'dw-test-1');
    });
    expect(bench.facts?.total).toBe(3);
    expect(result.figures.jobs).toMatchObject({ total: 2, succeeded: 2, workspacesByJobs: { 0: 1, 1: 2 } });
  });

  it('whose stopped workspaces the operator backs up meanwhile do not keep the credentials', TIMEOUT, async () => {
    const bench = await start();
    bench.settings.credentials = { username: 'robot', password: 'secret' };
    bench.plantNamespace('team', {});
    bench.plantWorkspace('team', 'theirs', {});
    const copied = new Set<string>();
    bench.world.cluster.store.observe(({ collection, record: { object } }) => {
      if (collection === '/secrets') copied.add(`${object.metadata.namespace}/${object.metadata.name}`);
    });
    const result = await bench.run(optionsOf(3, { registrySecret: 'push' }), (event) => {
      if (event.type === 'phase.started' && event.phase === 'stop') bench.stopWorkspace('team', 'theirs');
    });
    expect(bench.events).toContainEqual(
      expect.objectContaining({
        type: 'warning',
        message: expect.stringMatching(/^others have 1 DevWorkspace in .* copies the secret/),
      }),
    );
    expect([...copied]).toContain('team/devworkspace-backup-registry-auth');
    expect(bench.names('Secret')).toEqual([]);
    expect(bench.names('DevWorkspace')).toEqual(['team/theirs']);
    expect(result.figures).toMatchObject({ jobs: { total: 3, succeeded: 3 }, leftovers: [] });
  });

  it('who put a workspace into a namespace of the run keep both', TIMEOUT, async () => {
    const bench = await start();
    const result = await bench.run(optionsOf(3, {}, { separateNamespaces: true }), (event) => {
      if (event.type === 'phase.started' && event.phase === 'stop') bench.plantWorkspace('load-test-ns-2', 'guest', {});
    });
    expect(bench.names('DevWorkspace')).toEqual(['load-test-ns-2/guest']);
    expect(bench.names('Namespace').filter((name) => name.startsWith('load-test'))).toEqual(['load-test-ns-2']);
    expect(result.figures.leftovers).toEqual([expect.stringContaining('guest')]);
    expect(judgeBackup(result).verdict).toBe('failed');
  });
});

describe('a namespace that does not go', () => {
  it('is told with what holds it, and the others go', TIMEOUT, async () => {
    const bench = await start();
    const result = await bench.run(optionsOf(3, {}, { separateNamespaces: true }), (event) => {
      if (event.type === 'phase.started' && event.phase === 'collect') bench.plantStuck('load-test-ns-2');
    });
    expect(result.figures.leftovers).toEqual([expect.stringMatching(/^Namespace load-test-ns-2: .*finalizer/i)]);
    expect(judgeBackup(result)).toMatchObject({ verdict: 'failed' });
    expect(bench.names('Namespace').filter((name) => name.startsWith('load-test-ns'))).toEqual(['load-test-ns-2']);
    // What is left stands in the ledger.
    const open = readLedger(bench.folder).open.map(({ kind, name }) => `${kind} ${name}`);
    expect(open).toContain('Namespace load-test-ns-2');
  });
});

describe('nothing is created', () => {
  const refused = async (bench: BackupBench, options = optionsOf(3, {})) => {
    const before = bench.writes;
    await expect(bench.run(options)).rejects.toThrow(BackupInputError);
    expect(bench.writes).toBe(before);
    return bench.run(options).catch((error: Error) => error.message);
  };

  it('where a namespace of the run is there already', async () => {
    const bench = await start();
    bench.plantNamespace('loadtest-devworkspaces', {});
    expect(await refused(bench)).toMatch(/loadtest-devworkspaces \(of somebody else\).*delete them/);
  });

  it('where the settings object has no config.workspace', async () => {
    const bench = await start({ operatorConfig: { routing: {} } });
    expect(await refused(bench)).toMatch(/no config\.workspace.*kubectl patch/);
  });

  it('where another run has configured the operator', async () => {
    const bench = await start({ operatorConfig: { workspace: {} } });
    bench.annotateConfig({ 'assisted-swarm/run': 'another' });
    expect(await refused(bench)).toMatch(/configured by run another.*swarm clean another/);
  });

  it('where the operator is not', async () => {
    const bench = await start();
    expect(await refused(bench, optionsOf(3, {}, { operatorNamespace: 'elsewhere' }))).toMatch(
      /--operator-namespace|--dwo-namespace/,
    );
  });

  it('for the registry of an OpenShift cluster on another one', async () => {
    const bench = await start({ flavour: 'kubernetes' });
    expect(await refused(bench, optionsOf(3, { configType: 'openshift-internal', registryPath: '' }))).toMatch(
      /OpenShift/,
    );
  });
});

describe('a cluster in trouble', () => {
  it(
    'that refuses a fifth of all changes gets all of its work all the same, after the rests it asks for',
    TIMEOUT,
    async () => {
      const bench = await start();
      bench.world.control.setApiFault('storm', {
        resources: ['namespaces', 'devworkspaces'],
        verbs: ['create', 'patch', 'delete'],
        code: 429,
        share: 0.2,
        retryAfterSeconds: 1,
      });
      const result = await bench.run(optionsOf(6, {}, { separateNamespaces: true }));
      expect(result.figures.jobs).toMatchObject({ total: 6, succeeded: 6 });
      expect(result.figures.api.refused).toBeGreaterThan(2);
      expect(result.figures.api.pausedMs).toBeGreaterThan(900);
      expect(result.figures.api.leastAtOnce).toBeLessThan(16);
      expect(judgeBackup(result).verdict).toBe('passed');
      expect(bench.leftByRuns()).toEqual([]);
    },
  );

  it('that answers 500 to a fifth, and ends watches with 410, loses no Job', TIMEOUT, async () => {
    const bench = await start();
    bench.world.control.setApiFault('errors', { code: 500, share: 0.2, verbs: ['create', 'patch', 'delete', 'get'] });
    const result = await bench.run(optionsOf(20, {}), (event) => {
      if (event.type === 'job' && event.job.status === 'Running') bench.world.control.dropWatches();
    });
    expect(result.figures.jobs).toMatchObject({ total: 20, succeeded: 20, unfinished: 0 });
    expect(judgeBackup(result).verdict).toBe('passed');
    expect(bench.leftByRuns()).toEqual([]);
  });

  it('whose answers are lost makes nothing twice and leaves nothing', TIMEOUT, async () => {
    const bench = await start();
    // The workspace is made, and its creator is told of an error.
    let lost = 0;
    const stop = bench.world.cluster.store.observe(({ collection, type }) => {
      if (collection !== 'workspace.devfile.io/devworkspaces' || type !== 'ADDED' || ++lost > 3) return;
      throw new Error('the answer is lost');
    });
    const result = await bench.run(optionsOf(10, {}));
    stop();
    expect(result.figures.api.failed).toBe(3);
    expect(result.figures.load).toMatchObject({ created: 10, createFailed: 0, ready: 10 });
    expect(bench.leftByRuns()).toEqual([]);
  });

  it('whose operator restarts in the middle fails the verdict by its restart alone', TIMEOUT, async () => {
    const bench = await start();
    let restarted = false;
    const result = await bench.run(optionsOf(10, {}), (event) => {
      if (event.type !== 'phase.started' || event.phase !== 'watch' || restarted) return;
      restarted = true;
      bench.world.control.restartOperator();
    });
    expect(result.figures.resources.operatorRestarts).toEqual({ restarts: 1, replaced: 0 });
    expect(result.figures.outcomes).toMatchObject({ 'backed-up': 10 });
    expect(judgeBackup(result).reasons).toEqual([expect.stringContaining('restarted 1 time')]);
  });
});
