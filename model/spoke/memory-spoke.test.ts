import { describe, expect, it } from 'vitest';
import { ManualClock } from '../time/testing/manual-clock.ts';
import { drawsOf } from './draws.ts';
import { MemorySpoke } from './memory-spoke.ts';
import { CLUSTER_OPERATORS, SPOKE_PROFILES } from './profiles.ts';
import type { SpokeHost, SpokeTopology } from './stages.ts';
import { openMemorySpoke } from './testing/memory-spoke-under-test.ts';
import { testSpokeView } from './testing/spoke.shared-tests.ts';

testSpokeView('the view in memory', openMemorySpoke);

const MINUTE = 60_000;

function open(topology: SpokeTopology) {
  const clock = new ManualClock(0);
  const { controlPlanes, arbiters, workers } = topology;
  const hosts = Array.from({ length: controlPlanes + arbiters + workers }, (_, ordinal): SpokeHost => {
    const id = `host-${ordinal}`;
    return { identity: { id }, plan: { day2: false }, random: drawsOf(id).random };
  });
  let controllers = 0;
  const spoke = new MemorySpoke({
    clock,
    profile: SPOKE_PROFILES.quick,
    topology,
    hosts,
    startController: () => {
      controllers += 1;
    },
  });
  const roles = [
    ...Array<'master'>(controlPlanes).fill('master'),
    ...Array<'arbiter'>(arbiters).fill('arbiter'),
    ...Array<'worker'>(workers).fill('worker'),
  ];
  for (const [ordinal, host] of hosts.entries())
    spoke.installerStarted(host, ordinal === 0 ? 'bootstrap' : roles[ordinal]!);
  return { clock, hosts: hosts as [SpokeHost, SpokeHost, SpokeHost, SpokeHost], spoke, controllers: () => controllers };
}

describe('MemorySpoke', () => {
  it('lets masters wait for the API of the bootstrap, then join, become ready and end the bootstrap', async () => {
    const { clock, hosts, spoke, controllers } = open({ controlPlanes: 3, arbiters: 0, workers: 1 });
    spoke.hostRebooted(hosts[1]);
    await clock.advance(10 * MINUTE);
    expect(spoke.apiReachable()).toBe(false);
    expect(spoke.ignitionFetched(Number.POSITIVE_INFINITY)).toEqual([]);
    spoke.bootstrapStarted('4.19.7');
    await clock.advance(30_001);
    expect(spoke.ignitionFetched(Number.POSITIVE_INFINITY)).toEqual([hosts[1]]);
    await clock.advance(2 * MINUTE);
    expect(spoke.nodes()).toEqual([{ host: hosts[1], ready: true }]);
    expect(controllers()).toBe(1);
    expect(spoke.bootkubeDone()).toBe(false);
    spoke.hostRebooted(hosts[2]);
    await clock.advance(5 * MINUTE);
    expect([spoke.bootkubeDone(), spoke.etcdBootstrapDone(), spoke.machineConfigsConsistent()]).toEqual([
      true,
      true,
      true,
    ]);
    expect(spoke.ignitionFetched(MINUTE)).toEqual([]);
    expect(spoke.nodes('worker')).toEqual([]);
    // Routers need the worker.
    expect(spoke.ingressCaBundle()).toBeNull();
    expect(spoke.csv('lvm')).toBeNull();
    spoke.hostRebooted(hosts[3]);
    await clock.advance(10 * MINUTE);
    expect(spoke.ingressCaBundle()).toMatch(/^-----BEGIN CERTIFICATE-----/);
    expect(spoke.csv('lvm')?.phase).toBe('Succeeded');
    expect(spoke.operator('cvo')).toEqual({ status: 'available', message: 'Done applying 4.19.7', version: '4.19.7' });
    expect(spoke.clusterOperators().every((operator) => operator.status === 'available')).toBe(true);
    expect(controllers()).toBe(1);
    expect(spoke.busy).toBe(false);
    expect(clock.pending).toBe(0);
  });

  it('lets the bootstrap itself join as a master', async () => {
    const { clock, hosts, spoke } = open({ controlPlanes: 3, arbiters: 0, workers: 0 });
    spoke.bootstrapStarted('4.19.7');
    spoke.hostRebooted(hosts[0]);
    await clock.advance(5 * MINUTE);
    expect(spoke.nodes('master')).toEqual([{ host: hosts[0], ready: true }]);
    expect(spoke.bootkubeDone()).toBe(false);
  });

  it('begins anew when the cluster is installed again', async () => {
    const { clock, hosts, spoke, controllers } = open({ controlPlanes: 1, arbiters: 0, workers: 0 });
    for (const round of [1, 2]) {
      spoke.installerStarted(hosts[0], 'bootstrap');
      spoke.bootstrapStarted('4.19.7');
      expect([spoke.bootkubeDone(), spoke.nodes().length, spoke.controllerReady()]).toEqual([false, 0, false]);
      await clock.advance(5 * MINUTE);
      expect(spoke.bootkubeDone()).toBe(true);
      spoke.hostRebooted(hosts[0]);
      await clock.advance(5 * MINUTE);
      expect(spoke.nodes()).toHaveLength(1);
      expect(controllers()).toBe(round);
      spoke.createReadyEvent();
    }
  });

  it('gives the same host the same times', async () => {
    const times = async () => {
      const { clock, hosts, spoke } = open({ controlPlanes: 1, arbiters: 0, workers: 0 });
      spoke.bootstrapStarted('4.19.7');
      spoke.hostRebooted(hosts[0]);
      let passed = 0;
      for (; !spoke.nodes()[0]?.ready; passed += 100) await clock.advance(100);
      return passed;
    };
    expect(await times()).toBe(await times());
  });

  it('costs no timer for phases of operators, and computes them all the same', async () => {
    const { clock, hosts, spoke } = open({ controlPlanes: 1, arbiters: 0, workers: 0 });
    spoke.bootstrapStarted('4.19.7');
    await clock.advance(5 * MINUTE);
    spoke.hostRebooted(hosts[0]);
    while (!spoke.nodes()[0]?.ready) await clock.advance(100);
    // The controller's start is all that is left to come.
    expect(clock.pending).toBe(1);
    await clock.advance(11_000);
    expect([clock.pending, spoke.busy]).toEqual([0, false]);
    const settled = () => spoke.clusterOperators().filter((operator) => operator.status === 'available').length;
    const counts = [settled()];
    for (let second = 0; second < 120; second++) {
      await clock.advance(1000);
      counts.push(settled());
    }
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    expect(new Set(counts).size).toBeGreaterThan(10);
    expect(counts.at(-1)).toBe(CLUSTER_OPERATORS.length);
  });

  it('tells of idleness once, when nothing more will happen by itself', async () => {
    const clock = new ManualClock(0);
    const idleAt: number[] = [];
    const host: SpokeHost = { identity: { id: 'h' }, plan: { day2: false }, random: drawsOf('h').random };
    const spoke = new MemorySpoke({
      clock,
      profile: SPOKE_PROFILES.quick,
      topology: { controlPlanes: 1, arbiters: 0, workers: 0 },
      hosts: [host],
      startController: () => {},
      onIdle: () => idleAt.push(clock.now()),
    });
    spoke.installerStarted(host, 'bootstrap');
    spoke.bootstrapStarted('4.19.7');
    await clock.advance(5 * MINUTE);
    expect(idleAt).toHaveLength(1);
    spoke.hostRebooted(host);
    expect(spoke.busy).toBe(true);
    await clock.advance(10 * MINUTE);
    expect(idleAt).toHaveLength(2);
  });

  it('knows labels of a node as long as the node lives', async () => {
    const { clock, hosts, spoke } = open({ controlPlanes: 1, arbiters: 0, workers: 0 });
    spoke.bootstrapStarted('4.19.7');
    spoke.hostRebooted(hosts[0]);
    await clock.advance(5 * MINUTE);
    const [node] = spoke.nodes();
    expect([spoke.labelNode(node!, { a: '1' }), spoke.labelNode(node!, { a: '1' })]).toEqual([true, false]);
    expect(spoke.labelNode(node!, { a: '2' })).toBe(true);
    spoke.hostRebooted(hosts[0]);
    expect(spoke.labelNode(node!, { a: '3' })).toBe(false);
  });

  it('needs a host', () => {
    const options = { clock: new ManualClock(0), profile: SPOKE_PROFILES.quick, startController: () => {} };
    const topology = { controlPlanes: 1, arbiters: 0, workers: 0 };
    expect(() => new MemorySpoke({ ...options, topology, hosts: [] })).toThrow('needs at least one host');
  });

  it('does nothing once closed', async () => {
    const { clock, hosts, spoke } = open({ controlPlanes: 3, arbiters: 0, workers: 0 });
    spoke.bootstrapStarted('4.19.7');
    spoke.hostRebooted(hosts[1]);
    spoke.close();
    expect(clock.pending).toBe(0);
    spoke.hostRebooted(hosts[2]);
    expect(clock.pending).toBe(0);
    expect(spoke.busy).toBe(false);
  });
});
