import { describe, expect, it } from 'vitest';
import { SPOKE_PROFILES } from '../../model/spoke/profiles.ts';
import { ManualClock } from '../../model/time/testing/manual-clock.ts';
import type { Host } from '../host/host.ts';
import { Simulation } from '../pool/testing/simulation.ts';
import { Spoke, type SpokeOptions } from './spoke.ts';

const MINUTE = 60_000;

function open(topology: SpokeOptions['topology']) {
  const clock = new ManualClock(0);
  const { hosts } = new Simulation(topology);
  let controllers = 0;
  const spoke = new Spoke({
    clock,
    profile: SPOKE_PROFILES.quick,
    topology,
    seedHost: hosts[0]!,
    startController: () => {
      controllers += 1;
    },
  });
  for (const host of hosts) spoke.installerStarted(host, host.plan.ordinal === 0 ? 'bootstrap' : host.plan.role);
  return { clock, hosts: hosts as [Host, Host, Host, Host], spoke, controllers: () => controllers };
}

describe('Spoke', () => {
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
