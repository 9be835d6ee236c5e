import { describe, expect, it } from 'vitest';
import { SPOKE_PROFILES } from '../../model/spoke/profiles.ts';
import type { Host } from '../host/host.ts';
import { Simulation } from '../pool/testing/simulation.ts';
import type { Answer, Sent } from '../service/testing/model-service.ts';
import { TransportError } from '../transport/transport.ts';

const withoutPercentages = (lines: string[]) => lines.filter((line) => !/\(\d+%\)$/.test(line));

/** A master of a cluster whose service answers some requests otherwise. */
function masterWith(fault: (told: string, sent: Sent) => Answer | TransportError | undefined): {
  simulation: Simulation;
  master: Host;
} {
  const simulation = new Simulation({ controlPlanes: 3 });
  const master = simulation.hosts[1]!;
  simulation.service.fault = (sent) => fault(simulation.tell(sent), sent);
  simulation.install([master]);
  return { simulation, master };
}

describe('an installer that meets trouble', () => {
  it('fails with the text of the error when its ignition is refused, after the retries of its client', async () => {
    const { simulation, master } = masterWith((told) =>
      told.startsWith('host-ignition') ? { status: 404, body: { code: '404', reason: 'no ignition' } } : undefined,
    );
    await simulation.until(() => simulation.outcomes.size === 1);
    const reason = expect.stringMatching(/^host-ignition answered 404/);
    expect([...simulation.outcomes.values()]).toEqual([
      { exitCode: 1, error: '', reason, output: expect.stringMatching(/^time=/) },
    ]);
    const story = simulation.story(master);
    expect(story.filter((line) => line.startsWith('host-ignition'))).toHaveLength(11);
    expect(story.at(-1)).toMatch(/^host-progress m1 Failed \(host-ignition answered 404, not 200/);
    expect(simulation.measured.slice(-3)).toEqual(['stage 1 Failed', 'error installer-failed', 'phase 1 failed']);
    expect(simulation.service.released).toBe(simulation.service.sessions);
    expect(simulation.clock.pending).toBe(0);
  });

  it('goes on when its reports are refused', async () => {
    const { simulation, master } = masterWith((told) =>
      told.startsWith('host-progress') || told.startsWith('host-logs-progress')
        ? { status: 409, body: { code: '409' } }
        : undefined,
    );
    await simulation.until(() => simulation.silent.length === 1);
    expect([...simulation.outcomes.values()]).toEqual([
      { exitCode: 0, error: '', output: expect.stringMatching(/^time=/) },
    ]);
    expect(withoutPercentages(simulation.story(master))).toEqual([
      'host-progress m1 Starting installation (master)',
      'host-progress m1 Installing (master)',
      'host-ignition infra-env',
      'host-progress m1 Writing image to disk',
      'host-logs-progress m1 requested',
      'host-progress m1 Rebooting',
    ]);
    expect(simulation.measured.filter((line) => line.startsWith('stage'))).toEqual([]);
    simulation.site.stop();
  });

  it('retries for half an hour when the service is broken, then fails', async () => {
    const { simulation, master } = masterWith((told) =>
      told.startsWith('host-ignition') ? { status: 500, body: {} } : undefined,
    );
    await simulation.until(() => simulation.outcomes.size === 1);
    const downloads = simulation.story(master).filter((line) => line.startsWith('host-ignition'));
    expect(downloads).toHaveLength(361);
    expect(simulation.story(master).at(-1)).toMatch(/^host-progress m1 Failed/);
  });

  it('survives a service that is away for some minutes', async () => {
    let away = true;
    const { simulation, master } = masterWith(() => (away ? new TransportError('refused', 'refused') : undefined));
    await simulation.clock.advance(10 * 60_000);
    away = false;
    await simulation.until(() => simulation.silent.length === 1);
    expect([...simulation.outcomes.values()]).toEqual([
      { exitCode: 0, error: '', output: expect.stringMatching(/^time=/) },
    ]);
    expect(simulation.story(master).at(-1)).toBe('host-progress m1 Rebooting');
    simulation.site.stop();
  });

  it('fails a bootstrap that cannot read its cluster', async () => {
    const simulation = new Simulation({ controlPlanes: 3 });
    const bootstrap = simulation.hosts[0]!;
    simulation.service.fault = (sent) =>
      simulation.tell(sent) === 'get-cluster' ? { status: 403, body: { code: '403' } } : undefined;
    simulation.install([bootstrap]);
    await simulation.until(() => simulation.outcomes.size === 1);
    const story = simulation.story(bootstrap);
    // The first refusal is ignored, the second one is fatal.
    expect(story.filter((line) => line === 'get-cluster')).toHaveLength(2);
    expect(story.at(-1)).toMatch(/^host-progress m0 Failed \(get-cluster answered 403/);
    simulation.site.stop();
    expect(simulation.clock.pending).toBe(0);
  });

  it('lets a worker wait for a service that answers nonsense', async () => {
    const simulation = new Simulation({ controlPlanes: 3, workers: 1 });
    const worker = simulation.hosts[3]!;
    let broken = true;
    simulation.service.fault = (sent) =>
      broken && simulation.tell(sent) === 'get-cluster'
        ? { status: 200, body: '<html>', contentType: 'text/html' }
        : undefined;
    simulation.install([worker]);
    await simulation.until(() => simulation.story(worker).filter((line) => line === 'get-cluster').length > 5);
    expect(simulation.story(worker)).not.toContain('list-cluster-hosts master');
    broken = false;
    const asked = simulation.story(worker).filter((line) => line === 'get-cluster').length;
    await simulation.clock.advance(60_000);
    expect(simulation.story(worker).filter((line) => line === 'get-cluster')).toHaveLength(asked + 1);
    expect(simulation.story(worker)).toContain('list-cluster-hosts master');
    simulation.site.stop();
    await simulation.clock.advance(0);
    expect(simulation.clock.pending).toBe(0);
  });

  it('reports joined masters again after a refused report', async () => {
    const simulation = new Simulation({ controlPlanes: 3 }, SPOKE_PROFILES.typical);
    let refusals = 2;
    simulation.service.fault = (sent) => {
      const refuse =
        sent.client === 'installer' && simulation.tell(sent) === 'host-progress m1 Joined' && refusals-- > 0;
      return refuse ? { status: 409, body: { code: '409' } } : undefined;
    };
    simulation.install();
    await simulation.until(() => simulation.service.status === 'installed');
    const bootstrap = simulation.story(simulation.hosts[0]!);
    expect(bootstrap.filter((line) => line === 'host-progress m1 Joined').length).toBeGreaterThanOrEqual(2);
    // Each refusal makes it fetch the hosts anew.
    expect(bootstrap.filter((line) => line === 'get-cluster hosts').length).toBeGreaterThanOrEqual(3);
    simulation.site.stop();
  });
});

describe('what the request asks for', () => {
  it('replaces the operating system before the reboot when the second one is skipped', async () => {
    const simulation = new Simulation({ controlPlanes: 3 });
    const master = simulation.hosts[1]!;
    const plain = simulation.requestFor(master);
    simulation.requestFor = () => ({ ...plain, enable_skip_mco_reboot: true });
    simulation.install([master]);
    // No bootstrap: the machine config is tried for 20 minutes, then the installation goes on.
    await simulation.until(() => simulation.silent.length === 1);
    const at = (told: string) => simulation.service.sent.find((sent) => simulation.tell(sent) === told)!.at;
    expect(at('host-logs-progress m1 requested') - at('host-progress m1 Writing image to disk')).toBeGreaterThan(
      20 * 60_000,
    );
    simulation.site.stop();
  });

  it('treats the control plane count of a worker as unknown', async () => {
    const simulation = new Simulation({ controlPlanes: 1, workers: 1 });
    const worker = simulation.hosts[1]!;
    simulation.service.kind = 'AddHostsCluster';
    simulation.install([worker]);
    await simulation.until(() => simulation.outcomes.size === 1);
    expect(simulation.story(worker)).not.toContain('cluster-files bootstrap.ign');
    simulation.site.stop();
  });
});
