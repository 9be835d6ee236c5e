import { describe, expect, it } from 'vitest';
import { adapterError } from '../cluster/testing/fake-service.ts';
import type { ExpandedPlan } from '../plan/expanded-plan.ts';
import { Run } from './run.ts';
import { FakeParts, fakePlan, shardOf } from './testing/fakes.ts';

const SNO = {};
/** Any address that is not `embedded`. The speed is not checked below the command line. */
const ELSEWHERE = { service: { url: 'http://service', tls: {}, agentToken: 't', userAuthorization: '' } };

function start(plan: ExpandedPlan, parts = new FakeParts()) {
  const run = new Run({ id: 'run-1', plan, parts, workers: 1 });
  return { run, parts, ended: run.execute() };
}

describe('run', () => {
  it('passes when all clusters complete, cleans up, and writes what happened', async () => {
    const { run, parts, ended } = start(fakePlan([SNO, { controlPlanes: 3, workers: 2 }]));
    const summary = await ended;
    expect(summary).toMatchObject({
      verdict: 'passed',
      reasons: [],
      clusters: { planned: 2, installed: 2, complete: 2 },
    });
    expect(summary.hostFunnel.at(-1)).toEqual({ name: 'done', count: 6, of: 6 });
    expect(run.state).toBe('ended');
    expect(parts.service.live.clusters.size + parts.service.live.infraEnvs.size).toBe(0);
    expect(parts.poolStopped).toBe(true);
    expect(parts.embedded).toBe('stopped');
    expect(parts.stored).toEqual(summary);
    const types = parts.events.map((event) => event.type);
    expect(types[0]).toBe('run.started');
    expect(types.at(-1)).toBe('run.ended');
    expect(summary.deviations).toEqual([
      'time is compressed 1000 times: rates are that many times those of real agents',
    ]);
  });

  it('fails when a cluster fails, and names it with its reason', async () => {
    const parts = new FakeParts();
    parts.service.errors.set('createCluster', [adapterError('400 bad name', false)]);
    const summary = await start(fakePlan([SNO, SNO]), parts).ended;
    expect(summary.verdict).toBe('failed');
    expect(summary.reasons).toEqual(['1 of 2 clusters failed; cluster-0: creating: 400 bad name']);
    expect(summary.failures).toEqual([{ cluster: 0, name: 'cluster-0', reason: 'creating: 400 bad name' }]);
    expect(summary.clusters).toMatchObject({ planned: 2, complete: 1, failed: 1 });
  });

  it('says of a moment that it shares with others by how much it was late', async () => {
    const startedAfter = async (ms: number) => {
      const parts = new FakeParts();
      const startAt = new Date(Date.now() - ms);
      const run = new Run({ id: 'run-1', plan: fakePlan([SNO]), parts, workers: 1, startAt });
      return { startAt, parts, summary: await run.execute() };
    };
    const late = await startedAfter(90_000);
    expect(late.summary.startAt).toBe(late.startAt.toISOString());
    expect(late.summary.startedLateSeconds).toBeGreaterThanOrEqual(90);
    expect(late.parts.events).toContainEqual(
      expect.objectContaining({ type: 'run.warning', message: expect.stringMatching(/^the run began 1m3\ds after 2/) }),
    );
    const early = await startedAfter(-5000);
    expect(early.summary.startedLateSeconds).toBe(0);
    expect(early.parts.events.filter(({ type }) => type === 'run.warning')).toEqual([]);
    expect(await start(fakePlan([SNO])).ended).toMatchObject({ startAt: null, startedLateSeconds: null });
  });

  it('does not take what it prepares for load that is too much', async () => {
    const preparingMs = 1200;
    const parts = new FakeParts();
    const { createPool } = parts;
    parts.createPool = (options) => {
      // As reading and writing a plan of a million hosts: a thread that does nothing else.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, preparingMs);
      return createPool.call(parts, options);
    };
    const { generator, wallSeconds } = await start(fakePlan([SNO]), parts).ended;
    expect(generator).toMatchObject({ saturated: false, saturatedBy: {} });
    expect(generator.watchedSeconds).toBeLessThanOrEqual(wallSeconds - preparingMs / 1000);
  });

  it('watches for load that is too much until the last cluster has ended', async () => {
    const { generator } = await start(fakePlan([SNO])).ended;
    expect(generator.watchedSeconds).toBeGreaterThan(0);
    const parts = new FakeParts();
    parts.createPool = async () => {
      throw new Error('no thread');
    };
    expect((await start(fakePlan([SNO]), parts).ended).generator.watchedSeconds).toBe(0);
  });

  it('lets clusters arrive when they are due', async () => {
    const { parts, ended } = start(fakePlan([{ arrivalMs: 360_000 }, SNO]));
    await ended;
    const created = parts.service.calls.filter((call) => call.startsWith('createCluster'));
    expect(created).toEqual(['createCluster cluster-1', 'createCluster cluster-0']);
  });

  it('keeps what it made where asked, and says what stands there', async () => {
    const { parts, ended } = start(fakePlan([SNO], { keep: true, ...ELSEWHERE }));
    const summary = await ended;
    expect(parts.service.live.clusters.size).toBe(1);
    expect(summary.leftBehind).toEqual([{ name: 'cluster-0', clusterId: 'c1', infraEnvId: 'i2' }]);
  });

  it('cancels clusters that have not arrived without making anything of them', async () => {
    const { run, parts, ended } = start(fakePlan([SNO, { arrivalMs: 1e9 }, { arrivalMs: 2e9 }]));
    run.events.listen((event) => event.type === 'cluster.phase' && event.phase === 'complete' && run.stop());
    const summary = await ended;
    expect(summary.clusters).toMatchObject({ planned: 3, cancelled: 2 });
    expect(parts.service.calls.filter((call) => call.startsWith('createCluster'))).toEqual(['createCluster cluster-0']);
    expect(parts.events.filter((event) => event.type === 'cluster.phase' && event.cluster > 0)).toEqual([]);
  });

  it('stops gracefully: lives are cancelled, the service is cleaned, the verdict is interrupted', async () => {
    const parts = new FakeParts();
    parts.service.readiness = 'insufficient';
    const { run, ended } = start(fakePlan([SNO, { arrivalMs: 36_000_000 }], ELSEWHERE), parts);
    await new Promise<void>((resolve) => run.events.listen((event) => event.type === 'cluster.status' && resolve()));
    run.stop();
    const summary = await ended;
    expect(summary).toMatchObject({ verdict: 'interrupted', clusters: { cancelled: 2 } });
    expect(parts.service.live.clusters.size).toBe(0);
    expect(summary.leftBehind).toEqual([]);
  });

  it('lists at an abort what it leaves behind, without cleaning up', async () => {
    const parts = new FakeParts();
    parts.service.readiness = 'insufficient';
    const { run, ended } = start(fakePlan([SNO], ELSEWHERE), parts);
    await new Promise<void>((resolve) => run.events.listen((event) => event.type === 'cluster.status' && resolve()));
    expect(run.abort()).toEqual([{ name: 'cluster-0', clusterId: 'c1', infraEnvId: 'i2' }]);
    await ended;
    expect(parts.service.calls.some((call) => call.startsWith('remove'))).toBe(false);
  });

  it('fails when something cannot be removed', async () => {
    const parts = new FakeParts();
    parts.service.errors.set('removeInfraEnv', [adapterError('403 forbidden', false)]);
    const summary = await start(fakePlan([SNO], ELSEWHERE), parts).ended;
    expect(summary.verdict).toBe('failed');
    expect(summary.reasons).toEqual([
      '1 of 1 clusters could not be removed from the service; first: cluster-0: 403 forbidden',
    ]);
    expect(summary.leftBehind).toEqual([{ name: 'cluster-0', clusterId: null, infraEnvId: 'i2' }]);
  });

  it('fails clearly when a worker is lost, with the clusters that lived on it', async () => {
    const parts = new FakeParts();
    parts.service.readiness = 'insufficient';
    const { run, ended } = start(fakePlan([SNO, SNO]), parts);
    await new Promise<void>((resolve) => run.events.listen((event) => event.type === 'cluster.status' && resolve()));
    parts.pool!.onWorkerLost({ worker: 0, message: 'out of memory', clusters: [0, 1] });
    const summary = await ended;
    expect(summary.verdict).toBe('failed');
    expect(summary.reasons[0]).toBe('worker 0 was lost: out of memory');
    expect(summary.reasons[1]).toContain('2 of 2 clusters failed; cluster-0: ');
    expect(summary.reasons[1]).toContain('its worker thread was lost: out of memory');
  });

  it('fails clearly when the embedded service dies', async () => {
    const parts = new FakeParts();
    parts.service.readiness = 'insufficient';
    const { run, ended } = start(fakePlan([SNO]), parts);
    await new Promise<void>((resolve) => run.events.listen((event) => event.type === 'cluster.status' && resolve()));
    parts.die('the embedded service was killed by SIGKILL');
    const summary = await ended;
    expect(summary.verdict).toBe('failed');
    expect(summary.reasons[0]).toBe('the embedded service was killed by SIGKILL');
  });

  it.each([
    ['dies', 'failed', ['the embedded service was killed by SIGKILL']],
    ['is no longer wanted', 'interrupted', ['the run was stopped before its end']],
  ])('removes nothing more when the embedded service %s during the clean-up', async (how, verdict, reasons) => {
    const parts = new FakeParts();
    let removals = 0;
    parts.service.remove = async () => {
      removals++;
      if (how === 'dies') parts.die('the embedded service was killed by SIGKILL');
      else run.stop();
      throw adapterError('refused', true);
    };
    const { run, ended } = start(fakePlan([SNO]), parts);
    expect(await ended).toMatchObject({ verdict, reasons, clusters: { complete: 1 }, leftBehind: [] });
    expect(removals).toBe(1);
  });

  it('fails when a part does not start, and ends the others', async () => {
    const parts = new FakeParts();
    parts.createPool = async () => {
      throw new Error('no threads');
    };
    const summary = await start(fakePlan([SNO]), parts).ended;
    expect(summary).toMatchObject({ verdict: 'failed', reasons: ['no threads'] });
    expect(parts.embedded).toBe('stopped');
  });

  it('holds machines that never finish for as long as asked', async () => {
    const parts = new FakeParts();
    parts.service.discovered = 'known-unbound';
    const plan = fakePlan([{ justInfraEnv: true }]);
    const run = new Run({ id: 'run-1', plan, parts, workers: 1, soakSeconds: 300 });
    const { verdict, simulatedSeconds } = await run.execute();
    expect(verdict).toBe('passed');
    expect(simulatedSeconds).toBeGreaterThanOrEqual(300);
  });

  it('waits for the last words of installed machines', async () => {
    const parts = new FakeParts();
    parts.silent = false;
    const { run, ended } = start(fakePlan([SNO], { clockSpeed: 1000 }), parts);
    await new Promise<void>((resolve) =>
      run.events.listen((event) => event.type === 'cluster.phase' && event.phase === 'complete' && resolve()),
    );
    await new Promise((resolve) => setImmediate(resolve));
    expect(parts.service.calls).not.toContain('stopCluster 0');
    parts.pool!.onClusterIdle!(0);
    expect((await ended).verdict).toBe('passed');
    expect(parts.events.filter(({ type }) => type === 'run.warning')).toEqual([]);
  });

  it('does not wait for ever for machines of installed clusters, and says so', async () => {
    const parts = new FakeParts();
    parts.silent = false;
    const { verdict } = await start(fakePlan([SNO, SNO]), parts).ended;
    expect(verdict).toBe('passed');
    expect(parts.events).toContainEqual(
      expect.objectContaining({
        type: 'run.warning',
        message:
          'machines of 2 installed clusters had not come to their end after 1200 s (simulated) and are switched off',
      }),
    );
  });
});

describe('what a run makes', () => {
  const untilStatus = (run: Run) =>
    new Promise<void>((resolve) => run.events.listen((event) => event.type === 'cluster.status' && resolve()));

  it('is in its ledger, which ends with the verdict', async () => {
    const { parts, ended } = start(fakePlan([SNO], ELSEWHERE));
    await ended;
    const lines = parts.ledger.join('').trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { seq: 1, intended: 'cluster', name: 'cluster-0', attributes: { cluster: 0 } },
      { seq: 1, made: 'c1' },
      { seq: 2, intended: 'infra-env', name: 'cluster-0-infra-env' },
      { seq: 2, made: 'i2' },
      { seq: 1, gone: true },
      { seq: 2, gone: true },
      { verdict: 'passed', reasons: [] },
    ]);
  });

  it('is listed at an abort while it is being made', async () => {
    const parts = new FakeParts();
    const begun = Promise.withResolvers<void>();
    const held = Promise.withResolvers<string>();
    parts.service.createInfraEnv = async (cluster) => {
      await parts.service.ledger!.intend('infra-env', `${cluster.name}-infra-env`, { cluster: cluster.index });
      begun.resolve();
      return held.promise;
    };
    const { run, ended } = start(fakePlan([SNO], ELSEWHERE), parts);
    await begun.promise;
    expect(run.abort()).toEqual([
      {
        name: 'cluster-0',
        clusterId: 'c1',
        infraEnvId: null,
        unconfirmed: [{ kind: 'infra-env', name: 'cluster-0-infra-env' }],
      },
    ]);
    held.resolve('i2');
    await ended;
  });

  it('is removed when the service comes back during the clean-up', async () => {
    const parts = new FakeParts();
    parts.service.readiness = 'insufficient';
    parts.service.errors.set(
      'removeCluster',
      Array.from({ length: 3 }, () => adapterError('503', true)),
    );
    const { run, ended } = start(fakePlan([SNO], ELSEWHERE), parts);
    await untilStatus(run);
    run.stop();
    const summary = await ended;
    expect(parts.service.live.clusters.size).toBe(0);
    expect(summary).toMatchObject({ verdict: 'interrupted', leftBehind: [] });
  }, 60_000);
});

describe('a plan whose seed lives on the service already', () => {
  const taken = () => {
    const parts = new FakeParts();
    parts.service.strangers.push(
      { kind: 'infra-env', name: 'cluster-1-infra-env' },
      { kind: 'cluster', name: 'cluster-1' },
    );
    return parts;
  };

  it('makes nothing and says what to do', async () => {
    const parts = taken();
    const summary = await start(fakePlan([SNO, SNO], { ...ELSEWHERE, seed: "it's 7" }), parts).ended;
    expect(summary.verdict).toBe('failed');
    expect(summary.reasons).toHaveLength(1);
    expect(summary.reasons[0]).toMatch(
      /^2 objects of this plan and seed stand on the service already, for example infra-env cluster-1-infra-env: .*`swarm clean --seed 'it'\\''s 7' --service http:\/\/service`, or give this run another seed/,
    );
    expect(parts.service.calls.filter((call) => /create|launch|remove/.test(call))).toEqual([]);
  });

  it('is that of other shards too, whose objects must not be removed', async () => {
    const plan = shardOf(fakePlan([SNO, SNO], ELSEWHERE), 1, 2);
    const summary = await start(plan, taken()).ended;
    expect(summary.reasons[0]).toMatch(/another run of this shard .*`swarm clean` and the folder of that run/);
    expect(summary.reasons[0]).not.toContain('clean --seed');
  });

  it('is nobody else in the built-in service, which is not asked', async () => {
    const parts = taken();
    expect((await start(fakePlan([SNO, SNO]), parts).ended).verdict).toBe('passed');
    expect(parts.service.calls).not.toContain('alreadyThere');
  });

  it('is only a warning away when the service does not let us look', async () => {
    const parts = new FakeParts();
    parts.service.alreadyThere = async () => {
      throw adapterError('list-infra-envs answered 403', false);
    };
    expect((await start(fakePlan([SNO], ELSEWHERE), parts).ended).verdict).toBe('passed');
    expect(parts.events).toContainEqual(
      expect.objectContaining({ type: 'run.warning', message: expect.stringContaining('answered 403') }),
    );
  });
});
