import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../model/time/testing/manual-clock.ts';
import type { ClusterPlan } from '../plan/expanded-plan.ts';
import type { RunEvent } from '../telemetry/run-event.ts';
import type { ClusterAdapter } from './cluster-adapter.ts';
import { ClusterLife } from './cluster-life.ts';
import { PollPacer } from './poll-pacer.ts';
import { adapterError, clusterPlan, FakeService, fakeIdentity } from './testing/fake-service.ts';

const LIMITS = { discovery: 600, ready: 900, install: 3600, day2: 1200 };

function start(plan: Partial<ClusterPlan> = {}, service = new FakeService(), mayCreate = Promise.resolve()) {
  const clock = new ManualClock();
  const events: RunEvent[] = [];
  const errors: string[] = [];
  const phases: string[] = [];
  const life = new ClusterLife(
    {
      seed: 'seed',
      limits: LIMITS,
      spokeProfile: 'default',
      adapterOf: () => service,
      machines: service,
      clock,
      telemetry: {
        clusterPhase: (slot, phase) => phases.push(`${slot} ${phase}`),
        error: (kind) => errors.push(kind),
      },
      emit: (event) => events.push(event),
      pace: new PollPacer(clock, null, 1, () => 0.5),
      mayCreate,
      identify: fakeIdentity,
    },
    clusterPlan(plan),
    7,
    100,
  );
  const stop = new AbortController();
  const outcome = life.run(stop.signal);
  return { life, service, clock, events, errors, phases, stop, outcome };
}

describe('life of a cluster', () => {
  it('goes from creation to complete, in order, and tells each phase once', async () => {
    const { outcome, clock, service, phases, events } = start({ controlPlanes: 3, workers: 2 });
    await clock.advance(300_000);
    expect(await outcome).toEqual({ result: 'complete', reason: '' });
    expect(phases).toEqual(
      ['creating', 'discovering', 'preparing', 'installing', 'finalizing', 'installed', 'complete'].map(
        (p) => `7 ${p}`,
      ),
    );
    const order = service.calls.filter((call) => call !== 'hosts' && call !== 'cluster');
    expect(order).toEqual([
      'agentVersion',
      'createCluster cluster-0',
      'createInfraEnv cluster-0',
      'launch 0,1,2,3,4',
      'install',
    ]);
    expect(service.launches[0]).toMatchObject({
      infraEnvId: 'i2',
      firstSlot: 100,
      agentVersion: 'quay.io/agent:1',
    });
    const statuses = events.flatMap((event) => (event.type === 'cluster.status' ? [event.status] : []));
    expect(statuses).toEqual(['ready', 'installing', 'finalizing', 'installed']);
    expect(events.filter((event) => event.type === 'host.status')).toHaveLength(5);
  });

  it('sets roles and names of all hosts before it waits for readiness', async () => {
    const { outcome, clock, service } = start({ controlPlanes: 3, workers: 1, assignRoles: true, setHostnames: true });
    await clock.advance(300_000);
    await outcome;
    const updates = service.calls.filter((call) => call.startsWith('updateHost'));
    expect(updates).toContain('updateHost host-3 {"role":"worker","hostname":"cluster-0-3.example.com"}');
    expect(updates).toHaveLength(4);
    expect(service.calls.lastIndexOf(updates[3]!)).toBeLessThan(service.calls.indexOf('install'));
  });

  it('adds day-2 workers after the installation and counts only them', async () => {
    const { outcome, clock, service, phases } = start({ day2Workers: 2 });
    await clock.advance(600_000);
    expect((await outcome).result).toBe('complete');
    const order = service.calls.filter((call) => call !== 'hosts' && call !== 'cluster').slice(3);
    expect(order).toEqual([
      'launch 0',
      'install',
      'allowAddHosts',
      'startHosts 1,2',
      'installHost host-1',
      'installHost host-2',
    ]);
    expect(phases).toContain('7 day2');
  });

  it('makes only an infra-env where the plan asks for no cluster', async () => {
    const service = new FakeService();
    service.discovered = 'known-unbound';
    const { outcome, clock, life } = start({ justInfraEnv: true, controlPlanes: 3 }, service);
    await clock.advance(60_000);
    expect((await outcome).result).toBe('complete');
    expect(service.calls).not.toContain('createCluster cluster-0');
    expect(life.objects.clusterId).toBeNull();
  });

  it('fails when not all hosts are discovered within the limit, and says how many were', async () => {
    const service = new FakeService();
    service.dead.add(2);
    service.forcedStatus.set('host-1', { status: 'discovering', info: 'Waiting for host to send hardware details' });
    const { outcome, clock, errors } = start({ controlPlanes: 3 }, service);
    await clock.advance(LIMITS.discovery * 1000 - 1);
    expect(errors).toEqual([]);
    await clock.advance(1);
    expect(await outcome).toEqual({
      result: 'failed',
      reason:
        'discovering: gave up after 600 s: 2 of 3 hosts registered, 1 of them have an inventory; host 1 (host-1) is discovering: Waiting for host to send hardware details',
    });
    expect(errors).toEqual(['cluster-failed']);
  });

  it('says what hinders machines that others are to switch on, where that can be known', async () => {
    const reasonOf = async (told: () => Promise<string>) => {
      const service: FakeService & Pick<ClusterAdapter, 'describeProvisioning'> = new FakeService();
      service.dead.add(0);
      service.describeProvisioning = told;
      const { outcome, clock } = start({}, service);
      await clock.advance(LIMITS.discovery * 1000);
      return (await outcome).reason;
    };
    const always = 'discovering: gave up after 600 s: 0 of 1 hosts registered, 0 of them have an inventory';
    expect(await reasonOf(async () => 'BareMetalHost a is registering')).toBe(
      `${always}; BareMetalHost a is registering`,
    );
    expect(await reasonOf(async () => '')).toBe(always);
    expect(await reasonOf(() => Promise.reject(adapterError('forbidden', false)))).toBe(always);
  });

  it('names the failing validations of cluster and hosts when it never becomes ready', async () => {
    const service = new FakeService();
    service.readiness = 'insufficient';
    service.discovered = 'insufficient';
    service.failing = [
      { id: 'sufficient-masters-count', status: 'failure', message: 'Clusters must have exactly 3 masters' },
      { id: 'api-vips-valid', status: 'pending', message: 'waits' },
    ];
    service.hostFailing = [{ id: 'ntp-synced', status: 'failure', message: 'Host could not synchronize' }];
    const { outcome, clock } = start({ controlPlanes: 3 }, service);
    await clock.advance(LIMITS.ready * 1000 + 60_000);
    const { result, reason } = await outcome;
    expect(result).toBe('failed');
    expect(reason).toContain('preparing: gave up after 900 s: cluster is insufficient');
    expect(reason).toContain('sufficient-masters-count [failure: Clusters must have exactly 3 masters]');
    expect(reason).toContain('ntp-synced [failure: Host could not synchronize] on 3 of 3 hosts');
    expect(reason).not.toContain('api-vips-valid');
  });

  it('waits on when the service takes readiness back at the last moment', async () => {
    const service = new FakeService();
    service.errors.set('install', [adapterError('cluster is not ready', false, true)]);
    const { outcome, clock } = start({}, service);
    await clock.advance(300_000);
    expect((await outcome).result).toBe('complete');
    expect(service.calls.filter((call) => call === 'install')).toHaveLength(2);
  });

  it('fails with the status texts of the hosts that broke the installation', async () => {
    const service = new FakeService();
    service.script = ['installing', 'installing', 'error'];
    service.statusInfo = 'cluster has hosts in error';
    for (const id of ['host-0', 'host-1', 'host-3', 'host-4']) {
      service.forcedStatus.set(id, { status: 'error', info: 'the cluster failed' });
    }
    service.forcedStatus.set('host-2', { status: 'error', info: 'no disk' });
    const { outcome, clock } = start({ controlPlanes: 3, workers: 2 }, service);
    await clock.advance(300_000);
    expect((await outcome).reason).toBe(
      'installing: the service says error: cluster has hosts in error; host 2 (host-2) is error: no disk; host 0 (host-0) is error: the cluster failed; host 1 (host-1) is error: the cluster failed; and 2 more hosts',
    );
  });

  it('fails when the preparation is given up, with the reason the service recorded', async () => {
    const service = new FakeService();
    service.script = ['preparing-for-installation', 'preparing-for-installation', 'ready'];
    service.preparationFailure = 'failed to generate ignition';
    const { outcome, clock } = start({}, service);
    await clock.advance(300_000);
    expect((await outcome).reason).toBe('preparing: the preparation was given up: failed to generate ignition');
  });

  it('gives up an installation that does not end, naming the unfinished hosts', async () => {
    const service = new FakeService();
    service.script = ['installing'];
    service.forcedStatus.set('host-0', { status: 'installing-in-progress', info: 'Rebooting' });
    const { outcome, clock } = start({}, service);
    await clock.advance(LIMITS.install * 1000 + 60_000);
    expect((await outcome).reason).toContain('gave up after 3600 s: cluster is installing');
    expect((await outcome).reason).toContain('host 0 (host-0) is installing-in-progress: Rebooting');
  });

  it('waits through errors that may pass, but not through a refusal', async () => {
    const service = new FakeService();
    service.errors.set('cluster', [adapterError('503 overloaded', true), adapterError('reset', true)]);
    const patient = start({}, service);
    await patient.clock.advance(300_000);
    expect((await patient.outcome).result).toBe('complete');

    const refused = new FakeService();
    refused.errors.set('createCluster', [adapterError('400 name too long', false)]);
    const short = start({}, refused);
    await short.clock.advance(10_000);
    expect(await short.outcome).toEqual({ result: 'failed', reason: 'creating: 400 name too long' });
    expect(refused.calls).toEqual(['agentVersion', 'createCluster cluster-0']);
  });

  it('goes on when the answer to the start of the installation was lost', async () => {
    const service = new FakeService();
    const install = service.install.bind(service);
    service.install = async (clusterId) => {
      await install(clusterId);
      throw adapterError('connection reset', true);
    };
    const { outcome, clock } = start({}, service);
    await clock.advance(300_000);
    expect((await outcome).result).toBe('complete');
    expect(service.calls.filter((call) => call === 'install')).toHaveLength(1);
  });

  it('is cancelled by a stop, at once and without an error count', async () => {
    const { outcome, clock, stop, errors, phases } = start();
    await clock.advance(1);
    stop.abort(new Error('stopped'));
    expect(await outcome).toEqual({ result: 'cancelled', reason: 'the run was stopped' });
    expect(errors).toEqual([]);
    expect(phases.at(-1)).toBe('7 cancelled');
  });

  it('fails at once when told from outside', async () => {
    const { outcome, clock, life } = start();
    await clock.advance(1);
    life.fail('worker 1 died');
    expect((await outcome).result).toBe('failed');
    expect((await outcome).reason).toContain('worker 1 died');
  });
});

describe('a cluster that failed before its fault was seen', () => {
  const MINUTE = 60_000;

  /** One whose host has a fault that it is not seen with when the cluster fails. */
  async function failed(api: ClusterPlan['api']) {
    const service = new FakeService();
    service.script = ['preparing-for-installation', 'installing', 'error'];
    service.forcedStatus.set('host-0', { status: 'installing-in-progress', info: 'Writing image to disk' });
    const { hosts } = clusterPlan();
    hosts[0]!.fault = { kind: 'installer-fails', stage: 'Writing image to disk', message: 'no disk' };
    const started = start({ api, hosts }, service);
    const show = () => service.forcedStatus.set('host-0', { status: 'error', info: 'Failed - no disk' });
    const found = () => started.events.flatMap((event) => (event.type === 'host.fault' ? [event.result] : []));
    while (started.life.phase !== 'installing') await started.clock.advance(1000);
    await started.clock.advance(MINUTE);
    return { ...started, show, found };
  }

  it('is looked at on a hub, whose Agents may lag behind, until the fault is seen', async () => {
    const { life, clock, outcome, show, found, errors } = await failed('kube');
    expect(life.outcome).toBeNull();
    show();
    await clock.advance(MINUTE);
    expect(await outcome).toMatchObject({ result: 'failed', asExpected: true });
    expect(found()).toEqual(['as-expected']);
    expect(errors).toEqual([]);
  });

  it('is judged on a hub after three minutes all the same', async () => {
    const { life, clock, outcome, found } = await failed('kube');
    await clock.advance(MINUTE);
    expect(life.outcome).toBeNull();
    await clock.advance(2 * MINUTE);
    expect(await outcome).toMatchObject({ result: 'failed', asExpected: false });
    expect(found()).toEqual(['otherwise']);
  });

  it('keeps its reason when a look fails meanwhile', async () => {
    const { service, clock, outcome } = await failed('kube');
    service.errors.set('hosts', [adapterError('forbidden', false)]);
    await clock.advance(MINUTE);
    expect(await outcome).toMatchObject({
      result: 'failed',
      reason: expect.stringMatching(/^installing: the service says error/),
    });
  });

  it('is cancelled when the run is stopped meanwhile', async () => {
    const { clock, stop, outcome, found } = await failed('kube');
    stop.abort();
    await clock.advance(0);
    expect(await outcome).toMatchObject({ result: 'cancelled' });
    expect(found()).toEqual([]);
  });

  it('is judged at once by what the service itself shows', async () => {
    const { outcome, found } = await failed('rest');
    expect(await outcome).toMatchObject({ result: 'failed', asExpected: false });
    expect(found()).toEqual(['otherwise']);
  });
});

describe('an outage during creation', () => {
  const outage = (times: number) => Array.from({ length: times }, () => adapterError('503 down', true));

  it('is waited through at every step', async () => {
    const service = new FakeService();
    for (const step of ['agentVersion', 'createCluster', 'createInfraEnv']) service.errors.set(step, outage(12));
    const { outcome, clock } = start({}, service);
    await clock.advance(900_000);
    expect((await outcome).result).toBe('complete');
    expect(service.calls.filter((call) => call.startsWith('create'))).toHaveLength(26);
    expect(service.live).toEqual({ clusters: new Set(['c1']), infraEnvs: new Set(['i2']) });
  });

  it('is paced, and given up after the limit with the last answer', async () => {
    const service = new FakeService();
    service.errors.set('createCluster', outage(1_000));
    const { outcome, clock } = start({}, service);
    await clock.advance(LIMITS.discovery * 1000 + 1);
    expect(await outcome).toEqual({
      result: 'failed',
      reason: 'creating: gave up after 600 s: the service does not take the request; last answer: 503 down',
    });
    expect(service.calls.filter((call) => call.startsWith('createCluster')).length).toBeLessThanOrEqual(70);
  });

  it('is no outage when nobody has ever reached the service', async () => {
    const service = new FakeService();
    service.reached = false;
    service.errors.set('agentVersion', [adapterError('nothing listens there', true)]);
    const { outcome } = start({}, service);
    expect(await outcome).toEqual({ result: 'failed', reason: 'creating: nothing listens there' });
  });

  it('ends at once when the run is stopped', async () => {
    const service = new FakeService();
    service.errors.set('createInfraEnv', outage(1_000));
    const { outcome, clock, stop, life } = start({}, service);
    await clock.advance(30_000);
    stop.abort(new Error('stopped'));
    expect((await outcome).result).toBe('cancelled');
    await life.remove(new AbortController().signal);
    expect(service.live.clusters.size).toBe(0);
  });
});

it('makes nothing before it may', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { clock, service, outcome, stop } = start({}, new FakeService(), promise);
  await clock.advance(10_000);
  expect(service.calls).toEqual(['agentVersion']);
  stop.abort(new Error('stopped'));
  resolve();
  expect((await outcome).result).toBe('cancelled');
  expect(service.calls).toEqual(['agentVersion']);
});

describe('removal', () => {
  const signal = new AbortController().signal;

  it('powers machines off first, then removes cluster and infra-env', async () => {
    const { outcome, clock, life, service, phases } = start();
    await clock.advance(300_000);
    await outcome;
    await life.remove(signal);
    expect(service.calls.slice(-3)).toEqual(['stopCluster 0', 'removeCluster c1', 'removeInfraEnv i2']);
    expect(life.objects).toEqual({ clusterId: null, infraEnvId: null });
    expect(phases.at(-1)).toBe('7 deleted');
  });

  it('removes what a failed creation left behind', async () => {
    const service = new FakeService();
    service.errors.set('createInfraEnv', [adapterError('500', false)]);
    const { outcome, clock, life } = start({}, service);
    await clock.advance(10_000);
    expect((await outcome).result).toBe('failed');
    expect(service.live.clusters.size).toBe(1);
    await life.remove(signal);
    expect(service.live.clusters.size).toBe(0);
  });

  it('tries again while the service is busy and says what is left when it gives up', async () => {
    const service = new FakeService();
    service.errors.set(
      'removeInfraEnv',
      Array.from({ length: 2 }, () => adapterError('hosts still belong', true)),
    );
    const { outcome, clock, life } = start({}, service);
    await clock.advance(300_000);
    await outcome;
    const removed = life.remove(signal);
    await clock.advance(60_000);
    await removed;
    expect(service.live.infraEnvs.size).toBe(0);

    const stubborn = new FakeService();
    stubborn.errors.set('removeInfraEnv', [adapterError('403 forbidden', false)]);
    const other = start({}, stubborn);
    await other.clock.advance(300_000);
    await other.outcome;
    await expect(other.life.remove(signal)).rejects.toThrow('403 forbidden');
    expect(other.life.objects).toEqual({ clusterId: null, infraEnvId: 'i2' });
  });
});
