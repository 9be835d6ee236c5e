import { describe, expect, it } from 'vitest';
import { hostDurationMs, SPOKE_PROFILES } from '../../model/spoke/profiles.ts';
import type { Host } from '../host/host.ts';
import { Simulation, type Topology } from './testing/simulation.ts';

const percentages = (lines: string[]) => lines.filter((line) => !/\(\d+%\)$/.test(line));
const stagesOf = (lines: string[], name: string) =>
  percentages(lines).filter((line) => line.startsWith(`host-progress ${name} `));

async function installed(topology: Topology): Promise<Simulation> {
  const simulation = new Simulation(topology);
  simulation.install();
  await simulation.until(() => simulation.idle > 0 && simulation.service.status === 'installed');
  return simulation;
}

function refused(simulation: Simulation): string[] {
  return simulation.service.sent.filter((sent) => sent.status >= 400).map((sent) => `${sent.status} ${sent.path}`);
}

describe('whole clusters', () => {
  const topologies: [string, Topology][] = [
    ['single node', { controlPlanes: 1 }],
    ['compact', { controlPlanes: 3 }],
    ['3+2', { controlPlanes: 3, workers: 2 }],
    ['5 control planes', { controlPlanes: 5, workers: 3 }],
    ['two masters and an arbiter', { controlPlanes: 2, arbiters: 1, workers: 1 }],
  ];
  it.each(topologies)('%s reaches installed without a refused request', async (_, topology) => {
    const simulation = await installed(topology);
    expect(refused(simulation)).toEqual([]);
    expect(simulation.done).toHaveLength(simulation.hosts.length);
    expect([...simulation.outcomes.values()].every((outcome) => outcome.exitCode === 0)).toBe(true);
    expect(simulation.measured.filter((line) => line.startsWith('error'))).toEqual([]);
    expect(simulation.clock.pending).toBe(0);
    expect(simulation.service.released).toBe(simulation.service.sessions);
    const stories = simulation.controllerStory();
    expect(stories.filter((line) => line.startsWith('cluster-progress'))).toEqual([
      'cluster-progress Waiting for cluster operators',
      'cluster-progress Adding router ca',
      'cluster-progress Waiting for olm operators csv initialization',
      'cluster-progress Done',
    ]);
    expect(stories.slice(-4)).toEqual([
      'get-cluster',
      'cluster-logs-progress requested',
      'upload-logs controller',
      'cluster-logs-progress completed',
    ]);
    expect(stories.filter((line) => line.startsWith('complete-installation'))).toEqual(['complete-installation true']);
    for (const host of simulation.hosts) {
      const name = `host-progress ${host.plan.role[0]}${host.plan.ordinal} Done`;
      const done = simulation.service.sent.filter((sent) => simulation.tell(sent) === name);
      expect(done).toHaveLength(1);
      expect(done[0]?.client).toBe('controller');
    }
  });

  it.each(topologies)('%s reboots each host once, at the one moment that the table gives', async (_, topology) => {
    const simulation = await installed(topology);
    for (const host of simulation.hosts) {
      const phases = simulation.measured.filter((line) => line.startsWith(`phase ${host.plan.index} `));
      expect(phases.map((line) => line.split(' ')[2])).toEqual([
        ...['installing', 'writing', 'installing', 'rebooted', 'joined', 'done'],
      ]);
      const reboots = simulation.silent.filter((silent) => silent.host === host);
      expect(reboots).toHaveLength(1);
      const said = `host-progress ${host.plan.role[0]}${host.plan.ordinal} Rebooting`;
      const rebooting = simulation.service.sent.find((sent) => simulation.tell(sent) === said)!;
      const duration = topology.controlPlanes === 1 ? 'shutdownSingleNode' : 'shutdown';
      expect(reboots[0]!.at - rebooting.at).toBeCloseTo(hostDurationMs(SPOKE_PROFILES.quick, host, duration), 3);
    }
  });

  it('runs a single node in the order of its facts', async () => {
    const simulation = await installed({ controlPlanes: 1 });
    const [host] = simulation.hosts as [Host];
    expect(percentages(simulation.story(host))).toEqual([
      'host-progress m0 Starting installation (bootstrap)',
      'host-progress m0 Installing (bootstrap)',
      'cluster-files bootstrap.ign',
      'host-progress m0 Waiting for bootkube',
      'host-ignition infra-env',
      'host-progress m0 Writing image to disk',
      'host-logs-progress m0 requested',
      'host-progress m0 Rebooting',
    ]);
    expect(simulation.story(host, 'agent')).toEqual([
      'host-logs-progress m0 requested',
      'host-logs-progress m0 collecting',
      'upload-logs host',
      'host-logs-progress m0 completed',
    ]);
    expect(stagesOf(simulation.controllerStory(), 'm0')).toEqual(['host-progress m0 Joined', 'host-progress m0 Done']);
    const rebooting = simulation.service.sent.find((sent) => simulation.tell(sent) === 'host-progress m0 Rebooting')!;
    expect(simulation.silent[0]!.at - rebooting.at).toBeLessThanOrEqual(3_000);
  });

  it('runs 3+2 in the order of its facts', async () => {
    const simulation = await installed({ controlPlanes: 3, workers: 2 });
    const [m0, m1, m2, w3, w4] = simulation.hosts as [Host, Host, Host, Host, Host];
    const own = percentages(simulation.story(m0));
    expect(own.filter((line) => !/^host-progress [mw][1-4] /.test(line) && line !== 'get-cluster hosts')).toEqual([
      'host-progress m0 Starting installation (bootstrap)',
      'cluster-files bootstrap.ign',
      'host-progress m0 Installing (master)',
      'host-ignition infra-env',
      'host-progress m0 Writing image to disk',
      'host-progress m0 Waiting for control plane (Waiting for bootstrap node preparation)',
      'host-progress m0 Waiting for control plane (Waiting for masters to join bootstrap control plane)',
      'get-cluster',
      'get-cluster',
      'host-progress m0 Waiting for bootkube',
      'host-progress m0 Waiting for bootkube (waiting for ETCD bootstrap to be complete)',
      'host-progress m0 Waiting for controller (waiting for controller pod ready event)',
      'cluster-logs-progress requested',
      'upload-logs controller',
      'host-logs-progress m0 requested',
      'host-progress m0 Rebooting',
    ]);
    // One fetch for the node loop, one for the loop that looks for ignitions.
    expect(own.filter((line) => line === 'get-cluster hosts')).toHaveLength(2);
    expect(own.filter((line) => line.endsWith('Joined')).sort()).toEqual([
      'host-progress m1 Joined',
      'host-progress m2 Joined',
    ]);
    for (const host of [m1, m2]) {
      const name = `m${host.plan.ordinal}`;
      expect(percentages(simulation.story(host))).toEqual([
        `host-progress ${name} Starting installation (master)`,
        `host-progress ${name} Installing (master)`,
        'host-ignition infra-env',
        `host-progress ${name} Writing image to disk`,
        `host-logs-progress ${name} requested`,
        `host-progress ${name} Rebooting`,
      ]);
    }
    for (const host of [w3, w4]) {
      const name = `w${host.plan.ordinal}`;
      const lines = percentages(simulation.story(host));
      const polls = lines.filter((line) => line.startsWith('list-cluster-hosts'));
      expect(lines.filter((line) => !line.startsWith('list-cluster-hosts'))).toEqual([
        `host-progress ${name} Starting installation (worker)`,
        `host-progress ${name} Installing (worker)`,
        'host-ignition infra-env',
        `host-progress ${name} Writing image to disk`,
        `host-progress ${name} Waiting for control plane`,
        'get-cluster',
        `host-logs-progress ${name} requested`,
        `host-progress ${name} Rebooting`,
      ]);
      expect(polls.length).toBeGreaterThan(10);
      expect(
        polls.every((line, at) => line === (at % 2 ? 'list-cluster-hosts arbiter' : 'list-cluster-hosts master')),
      ).toBe(true);
    }
    // Masters reach the bootstrap's view before the controller's.
    const everything = simulation.service.sent.map((sent) => simulation.tell(sent));
    for (const name of ['m1', 'm2', 'w3', 'w4', 'm0']) {
      const joined = everything.indexOf(`host-progress ${name} Joined`);
      expect(everything.indexOf(`host-progress ${name} Done`)).toBeGreaterThan(joined);
      expect(joined).toBeGreaterThan(everything.indexOf(`host-progress ${name} Rebooting`));
    }
  });

  it('polls the control plane every 5 s from a worker, two roles a pass, and leaves when two are done', async () => {
    const simulation = await installed({ controlPlanes: 3, workers: 1 });
    const worker = simulation.hosts[3]!;
    const polls = simulation.service.sent.filter(
      (sent) => sent.machine === worker.plan.index && sent.query === 'role=master',
    );
    const gaps = polls.slice(1).map((sent, at) => sent.at - polls[at]!.at);
    expect(new Set(gaps)).toEqual(new Set([5_000]));
    const secondDone = simulation.service.sent.filter((sent) =>
      /^host-progress .* Done$/.test(simulation.tell(sent)),
    )[1]!;
    expect(polls.at(-1)!.at - secondDone.at).toBeLessThanOrEqual(5_000);
  });

  it('counts an arbiter as part of the control plane', async () => {
    const simulation = await installed({ controlPlanes: 2, arbiters: 1, workers: 1 });
    const [m0, , a2] = simulation.hosts as [Host, Host, Host];
    expect(percentages(simulation.story(a2))[0]).toBe('host-progress a2 Starting installation (arbiter)');
    expect(simulation.story(a2)).toContain('host-progress a2 Installing (arbiter)');
    // The wait for the arbiter fetches its own hosts.
    expect(simulation.story(m0).filter((line) => line === 'get-cluster hosts')).toHaveLength(3);
    expect(simulation.story(m0)).toContain('host-progress a2 Joined');
  });

  it('adds a worker on day 2 without waiting for anybody', async () => {
    const simulation = await installed({ controlPlanes: 3, day2Workers: 1 });
    const worker = simulation.hosts[3]!;
    simulation.service.kind = 'AddHostsCluster';
    simulation.service.status = 'adding-hosts';
    simulation.install([worker]);
    await simulation.until(() => simulation.done.length === 4);
    expect(percentages(simulation.story(worker))).toEqual([
      'host-progress w3 Starting installation (worker)',
      'host-progress w3 Installing (worker)',
      'host-ignition infra-env',
      'host-progress w3 Writing image to disk',
      'host-progress w3 Waiting for control plane',
      'get-cluster',
      'host-logs-progress w3 requested',
      'host-progress w3 Rebooting',
    ]);
    expect(simulation.measured.filter((line) => line.startsWith('phase 3'))).toEqual([
      'phase 3 installing',
      'phase 3 writing',
      'phase 3 installing',
      'phase 3 rebooted',
      'phase 3 joined',
      'phase 3 done',
    ]);
    expect(simulation.clock.pending).toBe(0);
  });
});

describe('a site', () => {
  it('gives every report an id of its own and leaves it out where the programs do', async () => {
    const simulation = await installed({ controlPlanes: 3, workers: 1 });
    const ids = new Map<string, string[]>();
    for (const sent of simulation.service.sent) {
      const told = simulation.tell(sent);
      const id = sent.headers.get('X-Request-Id');
      expect(sent.headers.get('X-Secret-Key')).toBe('token');
      if (sent.client === 'installer') {
        const without =
          told === 'get-cluster' || told.startsWith('list-cluster-hosts') || told.startsWith('host-logs-progress');
        expect(id === undefined, told).toBe(without);
        if (id) ids.set(id, [...(ids.get(id) ?? []), told]);
      }
    }
    expect([...ids.values()].filter((calls) => calls.length > 1)).toEqual([]);
    const logs = simulation.service.sent.filter((sent) => sent.client === 'agent' && sent.machine === 1);
    expect(new Set(logs.map((sent) => sent.headers.get('X-Request-Id'))).size).toBe(1);
  });

  it('keeps one session for an installer and downloads as a stream of bytes', async () => {
    const simulation = await installed({ controlPlanes: 1 });
    const installer = simulation.service.sent.filter((sent) => sent.client === 'installer');
    expect(new Set(installer.map((sent) => sent.session)).size).toBe(1);
    for (const sent of installer) {
      const accept = /downloads/.test(sent.path) ? 'application/octet-stream' : 'application/json';
      expect(sent.headers.get('Accept')).toBe(accept);
    }
  });

  it('tells telemetry and the event stream what became of a host', async () => {
    const simulation = await installed({ controlPlanes: 1 });
    expect(simulation.measured.filter((line) => line.startsWith('phase'))).toEqual([
      'phase 0 installing',
      'phase 0 writing',
      'phase 0 installing',
      'phase 0 rebooted',
      'phase 0 joined',
      'phase 0 done',
    ]);
    expect(simulation.measured.filter((line) => line.startsWith('stage'))).toEqual([
      'stage 0 Starting installation',
      'stage 0 Installing',
      'stage 0 Waiting for bootkube',
      'stage 0 Writing image to disk',
      'stage 0 Rebooting',
      'stage 0 Joined',
      'stage 0 Done',
    ]);
    const durations = simulation.measured.filter((line) => line.startsWith('duration'));
    expect(durations).toHaveLength(6);
    expect(durations[3]).toMatch(/^duration bootstrap Writing image to disk \d+$/);
    const stages = simulation.events.filter((event) => event.type === 'host.stage');
    expect(stages.map((event) => event.type === 'host.stage' && event.stage)).toEqual([
      'Starting installation',
      'Installing',
      'Waiting for bootkube',
      'Writing image to disk',
      'Rebooting',
      'Joined',
      'Done',
    ]);
    expect(simulation.events.filter((event) => event.type === 'cluster.finalizing-stage')).toHaveLength(4);
  });

  it('lets a host go silent a minute after it rebooted', async () => {
    const simulation = await installed({ controlPlanes: 3 });
    for (const { host, at } of simulation.silent) {
      const name = `host-progress m${host.plan.ordinal} Rebooting`;
      const rebooting = simulation.service.sent.find((sent) => simulation.tell(sent) === name)!;
      expect(at - rebooting.at).toBeGreaterThanOrEqual(60_000);
      expect(at - rebooting.at).toBeLessThan(63_000);
    }
  });

  it('is not idle while a host that is silent already is about to reboot', async () => {
    const simulation = new Simulation({ controlPlanes: 3 });
    const machine = simulation.machines[1]!;
    simulation.install([machine.host]);
    await simulation.until(() => machine.shuttingDown);
    machine.enter('frozen');
    machine.fallSilent();
    expect([simulation.site.active, simulation.idle]).toEqual([true, 0]);
    await simulation.until(() => machine.phase === 'rebooted');
    await simulation.clock.advance(5 * 60_000);
    expect([simulation.site.active, simulation.idle]).toEqual([false, 1]);
  });

  it('leaves no timer and sends nothing once stopped, at any moment', async () => {
    for (const minutes of [0, 1, 2, 4, 6, 9]) {
      const simulation = new Simulation({ controlPlanes: 3, workers: 2 });
      simulation.install();
      await simulation.clock.advance(minutes * 60_000 + 1_500);
      simulation.site.stop();
      await simulation.clock.advance(0);
      expect(simulation.clock.pending).toBe(0);
      const count = simulation.service.sent.length;
      await simulation.clock.advance(600_000);
      expect(simulation.service.sent).toHaveLength(count);
      expect(simulation.outcomes.size).toBe(5);
      expect(simulation.service.released).toBe(simulation.service.sessions);
    }
  });

  it('starts a failed controller again, later each time', async () => {
    const simulation = new Simulation({ controlPlanes: 1 });
    simulation.service.platform = null;
    simulation.install();
    const controllers = () => [
      ...new Map(
        simulation.service.sent.filter((sent) => sent.client === 'controller').map((sent) => [sent.session, sent.at]),
      ).values(),
    ];
    await simulation.until(() => controllers().length === 4);
    const starts = controllers();
    expect(starts.slice(1).map((at, n) => at - starts[n]!)).toEqual([10_000, 20_000, 40_000]);
    expect(simulation.measured.filter((line) => line === 'error controller-failed').length).toBeGreaterThanOrEqual(3);
    simulation.site.stop();
    expect(simulation.clock.pending).toBe(0);
  });

  it('is idle when nothing will come of its machines any more', async () => {
    const simulation = new Simulation({ controlPlanes: 3 });
    const [m0, m1] = simulation.hosts as [Host, Host];
    simulation.service.fault = (sent) =>
      sent.machine === m0.plan.index && simulation.tell(sent).startsWith('cluster-files') ? { status: 403 } : undefined;
    // The bootstrap fails at once; the master reboots and waits for a cluster that never comes.
    simulation.install([m0, m1]);
    await simulation.until(() => simulation.silent.length === 1);
    expect([simulation.site.active, simulation.idle]).toEqual([true, 0]);
    await simulation.clock.advance(5 * 60_000);
    expect([simulation.site.active, simulation.idle]).toEqual([false, 1]);
    expect(simulation.clock.pending).toBe(0);
  });

  it('ends an installer alone when its container is stopped', async () => {
    const simulation = new Simulation({ controlPlanes: 3 });
    simulation.install([simulation.hosts[1]!]);
    await simulation.clock.advance(10_000);
    expect(simulation.machines[1]!.stopInstaller()).toBe(true);
    await simulation.clock.advance(0);
    expect([...simulation.outcomes.values()]).toEqual([{ exitCode: 143, error: '', output: expect.any(String) }]);
    expect(simulation.story(simulation.hosts[1]!)).not.toContain('host-progress m1 Failed');
    expect(simulation.clock.pending).toBe(0);
    expect(simulation.measured.slice(-3)).toEqual(['stage 1 null', 'error installer-failed', 'phase 1 failed']);
  });
});
