/**
 * Loads against clusters in trouble. What the run counts is compared with what the world itself has recorded, and what it says with
 * what was done to it.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { DevWorkspaceWorld, DevWorkspaceWorldOptions } from '../../controller-mock/index.ts';
import { ADMIN } from '../../controller-mock/registry/tokens.ts';
import { WORLD_PROFILES } from '../../controller-mock/worlds/devworkspace/settings.ts';
import { BaseClock, type Clock, type ClockTimer } from '../../model/time/clock.ts';
import { SteadyClock } from '../../model/time/steady-clock.ts';
import type { BackupEvent } from './backup-event.ts';
import type { BackupPhase } from './backup-figures.ts';
import type { BackupOptions, BackupPart } from './backup-options.ts';
import type { BackupResult } from './backup-run-options.ts';
import { type BackupVerdict, judgeBackup } from './backup-verdict.ts';
import { findingLines } from './finding.ts';
import { BackupBench, type BenchSettings, optionsOf } from './testing/backup-bench.ts';

const COUNT = 8;
/** Wall-clock milliseconds: what takes two minutes on a real cluster takes four seconds here. */
const PATIENCE_MS = 4_000;
/** Where the same request may meet several faults in a row, and rests grow. */
const PATIENT: BenchSettings = { patienceMs: 40_000 };

interface Scene {
  readonly world?: DevWorkspaceWorldOptions;
  readonly settings?: BenchSettings | ((world: DevWorkspaceWorld) => BenchSettings);
  readonly backup?: Partial<BackupPart>;
  readonly options?: Partial<BackupOptions>;
  readonly before?: (bench: BackupBench) => void;
  readonly on?: (event: BackupEvent, bench: BackupBench) => void;
}

interface Played {
  readonly bench: BackupBench;
  readonly result: BackupResult;
  readonly verdict: BackupVerdict;
  /** All that a user is told at the end. */
  readonly said: string;
}

const benches: BackupBench[] = [];
/** Written to as long as the worlds go on. */
const folders: string[] = [];
// Scenes are played at the same time.
afterAll(async () => {
  for (const bench of benches.splice(0)) await bench.close();
  for (const folder of folders) rmSync(folder, { recursive: true });
});

async function play({ world, settings, backup = {}, options, before, on }: Scene): Promise<Played> {
  const bench = await BackupBench.start(world, { patienceMs: PATIENCE_MS });
  Object.assign(bench.settings, typeof settings === 'function' ? settings(bench.world) : settings);
  benches.push(bench);
  before?.(bench);
  const result = await bench.run(optionsOf(COUNT, { waitMs: 12 * 60_000, ...backup }, options), (event) =>
    on?.(event, bench),
  );
  const verdict = judgeBackup(result);
  return { bench, result, verdict, said: [...verdict.reasons, ...bench.findings.flatMap(findingLines)].join('\n') };
}

/** Once, when a phase begins. */
function at(phase: BackupPhase, act: (bench: BackupBench) => void): NonNullable<Scene['on']> {
  let done = false;
  return (event, bench) => {
    if (done || event.type !== 'phase.started' || event.phase !== phase) return;
    done = true;
    act(bench);
  };
}

/** Does something, and undoes it after milliseconds of the world. */
function forAWhile(ms: number, act: (bench: BackupBench) => void, undo: (bench: BackupBench) => void) {
  return (bench: BackupBench) => {
    act(bench);
    bench.world.clock.setTimer(ms, () => undo(bench));
  };
}

/** Everything has been counted as it was, whatever that is. */
function expectTrueCounts({ bench, result: { figures } }: Played): void {
  const { total, succeeded, failed, unfinished, pods, workspacesByJobs } = figures.jobs!;
  const { 0: _none, ...tried } = workspacesByJobs;
  expect({ total, succeeded, failed, unfinished, pods, workspacesByJobs: tried }).toEqual(bench.facts);
  expect(figures.load.created).toBe(bench.record.workspaces);
}

/** As if nothing had been. */
function expectWell(played: Played): void {
  const { bench, result, verdict } = played;
  expectTrueCounts(played);
  const { figures } = result;
  expect(figures.load).toMatchObject({ planned: COUNT, created: COUNT, ready: COUNT, createFailed: 0 });
  expect(figures.jobs).toMatchObject({ total: COUNT, succeeded: COUNT, failed: 0, unfinished: 0, vanished: 0 });
  expect(figures.outcomes).toMatchObject({ 'backed-up': COUNT, failed: 0, 'never-attempted': 0 });
  expect(verdict).toMatchObject({ verdict: 'passed', reasons: [] });
  expect(bench.findings).toEqual([]);
  expect(bench.world.control.registry.pushes).toBe(COUNT);
  expectClean(played);
}

function expectClean({ bench }: Played): void {
  expect(bench.leftByRuns()).toEqual([]);
  expect(bench.configAnnotations()).toEqual({});
}

/** A pass over eight workspaces takes eight seconds. */
const SLOW_PASSES = { ...WORLD_PROFILES.quick, loopCost: { delayMs: 1_000, jitterMs: 0 } };

/** Another clock, always as far from the given one. */
class ShiftedClock extends BaseClock {
  readonly #clock: Clock;
  readonly #shiftMs: number;
  readonly speed: number;

  constructor(clock: Clock, shiftMs: number) {
    super();
    this.#clock = clock;
    this.#shiftMs = shiftMs;
    this.speed = clock.speed;
  }

  now(): number {
    return this.#clock.now() + this.#shiftMs;
  }

  setTimer(ms: number, fn: () => void): ClockTimer {
    return this.#clock.setTimer(ms, fn);
  }
}

const PHASES = ['create', 'ready', 'stop', 'configure', 'watch', 'collect', 'reset', 'cleanup'] as const;
const TIMEOUT = { timeout: 60_000 };

describe.concurrent('a load goes through', () => {
  it.each([1, null])('a storm of 429 (Retry-After: %s)', TIMEOUT, async (retryAfterSeconds) => {
    const played = await play({
      settings: PATIENT,
      options: { separateNamespaces: true },
      before: ({ world }) =>
        world.control.setApiFault('storm', {
          verbs: ['create', 'patch', 'delete', 'get', 'list'],
          resources: ['namespaces', 'devworkspaces', 'devworkspaceoperatorconfigs', 'pods', 'jobs', 'events'],
          code: 429,
          share: 0.25,
          times: 14,
          retryAfterSeconds,
        }),
    });
    expectWell(played);
    const { api } = played.result.figures;
    // The client tells how often it was refused, and how long it rested for that.
    expect(api.refused).toBe(played.bench.world.control.faultHits.get('storm'));
    expect(api.pausedMs).toBeGreaterThan(900);
  });

  it.each(['create', 'patch', 'delete', 'list', 'get'] as const)('errors of many a %s', TIMEOUT, async (verb) => {
    const played = await play({
      settings: PATIENT,
      before: ({ world }) =>
        world.control.setApiFault('errors', {
          verbs: [verb],
          resources: ['namespaces', 'devworkspaces', 'devworkspaceoperatorconfigs', 'jobs', 'pods'],
          code: 500,
          share: 0.3,
        }),
    });
    expectWell(played);
    expect(played.result.figures.api.failed).toBe(played.bench.world.control.faultHits.get('errors') ?? 0);
  });

  it('connections that break under every fifth request', TIMEOUT, async () => {
    const played = await play({
      settings: PATIENT,
      before: ({ world }) => world.control.setApiFault('resets', { cut: true, share: 0.2 }),
    });
    expectWell(played);
  });

  it.each(['expired', 'closed', 'broken'] as const)(
    'watches that are %s in each phase and at each Job',
    TIMEOUT,
    async (end) => {
      let jobs = 0;
      const played = await play({
        options: { separateNamespaces: true },
        on: (event, { world }) => {
          const isPhase = event.type === 'phase.started' && event.phase !== 'preflight';
          if (isPhase || (event.type === 'job' && ++jobs % 5 === 0)) world.control.dropWatches(undefined, end);
        },
      });
      expectWell(played);
    },
  );

  it.each(PHASES)('watches that fall silent as it begins to %s', TIMEOUT, async (phase) => {
    const played = await play({
      // A watch that is dead is found out after some minutes of this world.
      options: { separateNamespaces: true },
      on: at(phase, ({ world }) => world.control.dropWatches(undefined, 'silent')),
    });
    expectWell(played);
  });

  it.each(PHASES)('an API server that is away for half a minute as it begins to %s', TIMEOUT, async (phase) => {
    const away = forAWhile(
      30_000,
      ({ world }) => world.control.setReachable(false),
      ({ world }) => world.control.setReachable(true),
    );
    expectWell(await play({ on: at(phase, away) }));
  });

  it.each(['create', 'stop'] as const)(
    'webhooks that refuse for a while as it begins to %s',
    TIMEOUT,
    async (phase) => {
      const refusing = forAWhile(
        30_000,
        ({ world }) => world.control.setWebhooks(false),
        ({ world }) => world.control.setWebhooks(true),
      );
      expectWell(await play({ on: at(phase, refusing) }));
    },
  );

  it('a registry that is slow', TIMEOUT, async () => {
    const played = await play({ world: { registry: { latencyMs: 60_000, concurrency: 2 } } });
    expectWell(played);
    expect(played.result.figures.jobs!.totalMs!.max).toBeGreaterThan(180_000);
  });

  it('a cluster without metrics and without an etcd to be seen, and takes nothing for 0', TIMEOUT, async () => {
    const played = await play({
      before: ({ world }) => {
        world.cluster.registry.remove('metrics.k8s.io', 'v1beta1', 'pods');
        world.cluster.registry.remove('metrics.k8s.io', 'v1beta1', 'nodes');
        for (const { metadata } of world.cluster.list(
          { group: '', resource: 'pods' },
          { namespace: 'openshift-etcd' },
        )) {
          world.cluster.delete({ group: '', resource: 'pods' }, 'openshift-etcd', metadata.name!, {
            gracePeriodSeconds: 0,
          });
        }
      },
    });
    expectWell(played);
    expect(played.result.figures.resources).toMatchObject({
      unavailable: 'the cluster does not serve metrics.k8s.io',
      operator: { cpu: null, memory: null },
      backupPods: { cpu: null, memory: null },
      etcd: null,
      etcdRestarts: null,
      operatorRestarts: { restarts: 0, replaced: 0 },
      operatorAlive: true,
    });
  });
});

describe.concurrent('an operator that restarts', () => {
  it('while backups run costs no count: Jobs that ended meanwhile are known by themselves', TIMEOUT, async () => {
    let restarted = false;
    const played = await play({
      world: { registry: { latencyMs: 20_000 } },
      on: (event, { world }) => {
        if (restarted || event.type !== 'job' || event.job.status !== 'Running') return;
        restarted = true;
        world.control.restartOperator(60_000);
      },
    });
    expectTrueCounts(played);
    expect(played.result.figures.outcomes).toMatchObject({ 'backed-up': COUNT });
    expect(played.result.figures.resources.operatorRestarts).toEqual({ restarts: 1, replaced: 0 });
    expect(played.verdict.reasons).toEqual([expect.stringContaining('the operator was restarted 1 time')]);
    expect(played.bench.findings).toEqual([]);
    expectClean(played);
  });

  it('in the middle of a pass makes Jobs of the rest later, and each is counted once', TIMEOUT, async () => {
    let jobs = 0;
    const played = await play({
      world: { profile: SLOW_PASSES },
      on: (event, { world }) => {
        if (event.type === 'job' && event.job.status === 'Running' && ++jobs === 3)
          world.control.restartOperator(5_000);
      },
    });
    expectTrueCounts(played);
    expect(played.result.figures.outcomes).toMatchObject({ 'backed-up': COUNT, 'never-attempted': 0 });
    expectClean(played);
  });
});

describe.concurrent('an interrupt', () => {
  it.each([...PHASES, 'restore'] as const)(
    'as it begins to %s leaves nothing, and counts what there was',
    TIMEOUT,
    async (phase) => {
      const played = await play({
        options: { separateNamespaces: true },
        ...(phase === 'restore' && {
          backup: { restore: { sample: { count: 2 }, mode: 'in-place', cases: [], seed: 'x' } },
        }),
        on: at(phase, (bench) => bench.stop.abort(new Error('interrupted'))),
      });
      expect(played.result).toMatchObject({ interrupted: true, failure: null });
      expect(played.verdict.verdict).toBe('interrupted');
      expect(played.result.figures.load.created).toBe(played.bench.record.workspaces);
      expect(played.result.figures.leftovers).toEqual([]);
      expectClean(played);
    },
  );
});

describe.concurrent('a failed Job that is deleted after a later success', () => {
  it('makes the operator note a failure, and the figures none', TIMEOUT, async () => {
    const noted: unknown[] = [];
    const played = await play({
      // The first has a Job, and the other is passed over: it keeps the run waiting.
      options: { workspaces: 2 },
      world: { profile: SLOW_PASSES, registry: { full: true, latencyMs: 10_000 } },
      // Over when the first Job is deleted, and the second, which would set it right, is not yet.
      backup: { backoffLimit: 0, schedule: '@every 60s', waitMs: 222_000 },
      on: (event, { world }) => {
        if (event.type === 'job' && event.job.status === 'Running') world.control.setQuota(['jobs']);
        // Once: it is seen again as it is deleted.
        if (event.type === 'job' && event.job.status === 'Failed' && world.control.registry.settings.full) {
          world.control.setRegistry({ full: false });
          world.control.setQuota([]);
        }
        if (event.type !== 'phase.started' || event.phase !== 'collect') return;
        for (const { metadata } of world.cluster.list({ group: 'workspace.devfile.io', resource: 'devworkspaces' })) {
          noted.push(metadata.annotations?.['controller.devfile.io/last-backup-successful']);
        }
      },
    });
    // devfile/devworkspace-operator, controllers/backupcronjob/backupcronjob_handler.go: the last change of any Job counts.
    expect(noted).toContain('false');
    expectTrueCounts(played);
    expect(played.result.figures.jobs).toMatchObject({ total: 2, succeeded: 1, failed: 1 });
    expect(played.result.figures.outcomes).toMatchObject({ 'backed-up': 1, failed: 0, 'never-attempted': 1 });
    expectClean(played);
  });
});

describe.concurrent('a registry', () => {
  it.each<[string, DevWorkspaceWorldOptions['registry'], RegExp]>([
    ['that refuses', { state: 'refusing' }, /does not get through to the registry quay\.io.*connection refused/s],
    ['that is silent', { state: 'silent' }, /does not get through to the registry quay\.io.*TLS handshake timeout/s],
    ['that is full', { full: true }, /has no more room.*quota exceeded/s],
    ['that takes nobody', { accounts: {} }, /does not accept the credentials.*unauthorized/s],
    ['that nobody finds', { unresolvable: ['quay.io'] }, /the path of the registry is wrong.*no such host/s],
    ['that fails', { failureShare: 1 }, /the registry quay\.io answers with errors of its own.*status code 500/s],
  ])('%s fails all, each pod counted, with the reason', TIMEOUT, async (_, registry, reason) => {
    const played = await play({ world: { registry: registry! } });
    expectTrueCounts(played);
    const { jobs, failures, outcomes } = played.result.figures;
    expect(outcomes).toMatchObject({ failed: COUNT, 'backed-up': 0 });
    expect(failures!.pods).toBe(jobs!.pods);
    expect(failures!.groups).toHaveLength(1);
    expect(played.verdict.verdict).toBe('failed');
    expect(played.said).toMatch(reason);
    expectClean(played);
  });

  it('that is full fails each pod, also where the watch does not say so', TIMEOUT, async () => {
    let jobs = 0;
    const played = await play({
      world: { registry: { full: true, latencyMs: 10_000 } },
      backup: { backoffLimit: 0 },
      // They are known, and not how they end.
      on: (event, { world }) => {
        if (event.type === 'job' && event.job.status === 'Running' && ++jobs === COUNT) {
          world.clock.setTimer(3_000, () => world.control.dropWatches('/pods', 'silent'));
        }
      },
    });
    expectTrueCounts(played);
    const { failures, jobs: seen } = played.result.figures;
    expect(failures).toMatchObject({ pods: seen!.pods, read: COUNT });
    expectClean(played);
  });

  it('that fails for some is told with their number', TIMEOUT, async () => {
    const played = await play({ world: { registry: { failureShare: 0.5 } }, backup: { backoffLimit: 0 } });
    expectTrueCounts(played);
    const { failed } = played.result.figures.jobs!;
    expect(failed).toBeGreaterThan(0);
    expect(failed).toBeLessThan(COUNT);
    expect(played.said).toContain(`${failed} of ${failed} logs end with`);
  });
});

describe.concurrent('what cannot be done', () => {
  it.each<[string, Scene, RegExp]>([
    [
      'creating, for errors of the API server',
      {
        before: ({ world }) =>
          world.control.setApiFault('x', { verbs: ['create'], resources: ['devworkspaces'], code: 500 }),
      },
      /^Workspaces were not created: 8 of 8: .*etcdserver: request timed out\n +seen: +8 of them: .*loadtest-devworkspaces\/dw-test-1\)\n +to do: look at the API server/m,
    ],
    [
      'creating, for a storm of 429 that does not end',
      {
        before: ({ world }) =>
          world.control.setApiFault('x', { verbs: ['create'], resources: ['devworkspaces'], code: 429 }),
      },
      /^Workspaces were not created: 8 of 8: too many requests.*to do: the API server is overloaded/ms,
    ],
    [
      'creating, without webhooks',
      { on: at('create', ({ world }) => world.control.setWebhooks(false)) },
      /^Workspaces were not created: 8 of 8: .*failed calling webhook.*to do: the webhooks' server/ms,
    ],
    [
      'creating, beyond a quota',
      { before: ({ world }) => world.control.setQuota(['devworkspaces']) },
      /^Workspaces were not created: 8 of 8: .*exceeded quota: team-quota.*to do: raise the quota/ms,
    ],
    [
      'creating, for a right that was taken away',
      {
        on: at('create', ({ world }) => world.control.setDenied([{ verb: 'create', resource: 'devworkspaces' }])),
      },
      /^Workspaces were not created: 8 of 8: .*cannot create resource.*to do: ask for the right/ms,
    ],
    [
      'starting, for images that are not pulled',
      { before: ({ world }) => world.control.setImagePull('failing') },
      /^Workspaces did not become ready: 8 of 8: .*to do: /ms,
    ],
    [
      'starting, without the operator',
      {
        on: (event, bench) => {
          at('create', ({ world }) => world.control.stopOperator())(event, bench);
          at('reset', ({ world }) => world.control.startOperator())(event, bench);
          at('cleanup', ({ world }) => world.control.startOperator())(event, bench);
        },
      },
      /^Workspaces did not become ready: 8 of 8: the operator has not seen it/m,
    ],
  ])('%s, ends with its count and its reason', TIMEOUT, async (_, scene, reason) => {
    const played = await play({ options: { testDurationMs: 60_000, readyTimeoutMs: 60_000 }, ...scene });
    expect(played.result.figures.load).toMatchObject({ planned: COUNT, ready: 0 });
    expect(played.result.figures.load.created).toBe(played.bench.record.workspaces);
    expect(played.result.figures.jobs).toMatchObject({ total: 0 });
    expect(played.verdict.verdict).toBe('failed');
    expect(played.said).toMatch(reason);
    expect(played.bench.findings).toHaveLength(1);
    expectClean(played);
  });

  it('stopping, for errors of the API server, ends with its phase', TIMEOUT, async () => {
    const played = await play({
      options: { readyTimeoutMs: 60_000 },
      before: ({ world }) =>
        world.control.setApiFault('x', { verbs: ['patch'], resources: ['devworkspaces'], code: 500 }),
    });
    expect(played.result.figures.stop).toMatchObject({ requested: COUNT, stopped: 0 });
    expect(played.result.figures.jobs).toMatchObject({ total: 0 });
    expect(played.said).toMatch(
      /no workspace is Stopped.*seen: +Running: 8\n.*8 of them say: .*etcdserver: request timed out/s,
    );
    expectClean(played);
  });

  it('making Jobs, beyond a quota, is told by what the operator cannot', TIMEOUT, async () => {
    const played = await play({ on: at('configure', ({ world }) => world.control.setQuota(['jobs'])) });
    expectTrueCounts(played);
    expect(played.result.figures.outcomes).toMatchObject({ 'never-attempted': COUNT });
    expect(played.said).toMatch(/the schedule fires, and the operator makes no Job.*quotas of the namespaces/s);
    expectClean(played);
  });

  it('making pods, beyond a quota, is told by the events of the Jobs', TIMEOUT, async () => {
    const played = await play({
      backup: { waitMs: 150_000 },
      on: at('configure', ({ world }) => world.control.setQuota(['pods'])),
    });
    expectTrueCounts(played);
    expect(played.result.figures.jobs).toMatchObject({ total: COUNT, pods: 0, unfinished: COUNT });
    expect(played.said).toMatch(/are refused before they exist.*8 Jobs have no pod.*exceeded quota: team-quota/s);
    expectClean(played);
  });

  it('configuring, for a right that was taken away, ends the run and leaves nothing', TIMEOUT, async () => {
    const played = await play({
      on: at('stop', ({ world }) =>
        world.control.setDenied([
          { verb: 'create', resource: 'devworkspaceoperatorconfigs' },
          { verb: 'patch', resource: 'devworkspaceoperatorconfigs' },
        ]),
      ),
    });
    expect(played.result.failure).toMatch(/devworkspaceoperatorconfigs.*forbidden/);
    expect(played.result.figures.stop).toMatchObject({ stopped: COUNT });
    expect(played.bench.record.facts.total).toBe(0);
    expectClean(played);
  });
});

describe.concurrent('credentials that end after an hour', () => {
  it('and are not renewed end the run, with all that is left and how to remove it', TIMEOUT, async () => {
    const played = await play({
      // 600 times as fast: a backup of more than an hour.
      world: { clock: new SteadyClock(600), registry: { latencyMs: 2 * 3600_000 } },
      settings: { patienceMs: 1_000 },
      backup: { waitMs: 5 * 3600_000 },
      options: { separateNamespaces: true },
      before: ({ world }) => world.cluster.tokens.add(world.token, ADMIN, world.clock.now() + 3600_000),
    });
    expect(played.result.failure).toMatch(/does not accept the credentials of the kubeconfig any more \(401\)/);
    expect(played.verdict.verdict).toBe('failed');
    // Nothing could be put back, and each thing is named.
    const { leftovers } = played.result.figures;
    expect(leftovers.filter((left) => left.startsWith('Namespace load-test-ns-'))).toHaveLength(COUNT);
    expect(leftovers).toContainEqual(
      expect.stringMatching(
        /^DevWorkspaceOperatorConfig openshift-operators\/.*Unauthorized.*goes on with the backups of this run/,
      ),
    );
    expect(played.said).toContain('swarm clean bench-1');
    // What was seen until then is counted.
    expect(played.result.figures.jobs).toMatchObject({ total: COUNT, unfinished: COUNT });
    played.bench.world.cluster.tokens.add(played.bench.world.token, ADMIN);
    await played.bench.clean();
    expectClean(played);
  });

  it.each(['a file', 'a program'])('and are renewed in %s cost nothing', TIMEOUT, async (kind) => {
    const folder = mkdtempSync(join(tmpdir(), 'swarm-tokens-'));
    folders.push(folder);
    const path = join(folder, 'token');
    const hour = 3600_000;
    const played = await play({
      world: { clock: new SteadyClock(600), registry: { latencyMs: 2 * hour } },
      settings: (world) => {
        const token = (number: number, expires: number) => {
          const text = `token-${number}`;
          world.cluster.tokens.add(text, ADMIN, world.clock.now() + expires);
          // Programs tell when theirs ends, in time of the wall.
          const expirationTimestamp = new Date(Date.now() + expires / 600).toISOString();
          const credential = { kind: 'ExecCredential', status: { token: text, expirationTimestamp } };
          writeFileSync(path, kind === 'a file' ? text : JSON.stringify(credential));
        };
        token(0, hour);
        for (let number = 1; number < 8; number++) {
          world.clock.setTimer(number * hour - 60_000, () => token(number, hour + 60_000));
        }
        const exec = {
          apiVersion: 'client.authentication.k8s.io/v1',
          command: 'cat',
          args: [path],
          interactiveMode: 'Never',
        };
        const user = kind === 'a file' ? { tokenFile: path } : { exec };
        const kubeconfig = world.kubeconfig.replace(/user:\n( +)token: .*/, `user: ${JSON.stringify(user)}`);
        expect(kubeconfig).toContain(path);
        return { kubeconfig, patienceMs: 6_000 };
      },
      backup: { waitMs: 6 * hour },
    });
    expectTrueCounts(played);
    expect(played.result.failure).toBeNull();
    expect(played.result.figures.jobs).toMatchObject({ total: COUNT, succeeded: COUNT });
    expect(played.verdict).toMatchObject({ verdict: 'passed', reasons: [] });
    expectClean(played);
  });
});

describe.concurrent('a cluster with another time', () => {
  it.each([-600_000, 600_000])('(%d ms from ours) is told, and no figure mixes the two', TIMEOUT, async (skewMs) => {
    const played = await play({
      settings: (world) => ({ clock: new ShiftedClock(world.clock, -skewMs) }),
    });
    expectWell(played);
    const { creationLagMs, totalMs } = played.result.figures.jobs!;
    // The first Job comes at the next minute, and all come within a pass.
    expect(creationLagMs!.max).toBeLessThanOrEqual(61_000);
    expect(creationLagMs!.count).toBe(COUNT);
    expect(totalMs!.max).toBeLessThan(60_000);
    const warnings = played.bench.events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
    expect(warnings).toContainEqual(
      expect.stringMatching(
        `clock of the cluster is \\d+ seconds ${skewMs > 0 ? 'ahead of' : 'behind'} the clock of this machine`,
      ),
    );
  });
});

describe.concurrent('a cluster that stays away', () => {
  it('ends the run with what is left and how to remove it', TIMEOUT, async () => {
    const played = await play({
      settings: { patienceMs: 500 },
      backup: { waitMs: 3600_000 },
      world: { registry: { latencyMs: 1800_000 } },
      on: at('watch', ({ world }) => world.control.setReachable(false)),
    });
    expect(played.result.failure).toMatch(/has not answered any more for/);
    expect(played.said).toMatch(
      /left behind: DevWorkspaceOperatorConfig .*\nleft behind: Namespace loadtest-devworkspaces: /,
    );
    expect(played.said).toContain('swarm clean bench-1');
    played.bench.world.control.setReachable(true);
    await played.bench.clean();
    expectClean(played);
  });
});
