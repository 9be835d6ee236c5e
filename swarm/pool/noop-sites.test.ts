/** No-op machines whose clusters nobody has planned: their installers name these. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { HostPhase } from '../../model/protocol/phases.ts';
import { SPOKE_PROFILES } from '../../model/spoke/profiles.ts';
import { ManualClock } from '../../model/time/testing/manual-clock.ts';
import { spokeAccessOf, spokeKubeconfig } from '../noop/spoke-access.ts';
import type { StockInstallation } from '../noop/stock-installation.ts';
import type { Runtime } from '../service/runtime.ts';
import type { RunEvent } from '../telemetry/run-event.ts';
import { AttachedSites } from './attached-sites.ts';
import { ClusterMachines } from './cluster-machines.ts';
import type { ClusterLaunch } from './messages.ts';
import { NoopSites } from './noop-sites.ts';
import { MANIFESTS, RememberingLab, SPOKE } from './testing/remembering-lab.ts';
import { planOf } from './testing/simulation.ts';

const CONTROLLER = 2_000_000;
const REBOOTED_MS = SPOKE_PROFILES.quick.host.shutdown.delayMs * 10;

let clock: ManualClock;
let lab: RememberingLab;
let sites: NoopSites;
let events: RunEvent[];
let installations: [number, StockInstallation][];
let idle: number[];
const settle = () => new Promise((resolve) => setTimeout(resolve, 0));
const phasesOf = (index: number): HostPhase[] =>
  events.flatMap((event) => (event.type === 'host.phase' && event.cluster === index ? [event.phase] : []));

beforeEach(() => {
  clock = new ManualClock();
  lab = new RememberingLab();
  sites = new NoopSites({ lab, spokes: SPOKE });
  events = [];
  installations = [];
  idle = [];
});

/** A group of one host, in slot `index`. */
async function group(index: number, other: Partial<ClusterLaunch> = {}): Promise<ClusterMachines> {
  const cluster = { ...planOf({ controlPlanes: 1 }, index), machineNetwork: '10.3.0.0/16' };
  for (const host of cluster.hosts) Object.assign(host, { kind: 'noop', clusterIndex: index });
  const telemetry = new Proxy({}, { get: () => () => {} }) as Runtime['telemetry'];
  const machines = new ClusterMachines({
    runtime: { clock, telemetry, emit: (event) => events.push(event) } as Partial<Runtime> as Runtime,
    launch: {
      ...{ seed: `seed-${index}`, cluster, infraEnvId: 'IE', agentVersion: 'IMG', firstSlot: index },
      ...{ start: [0], spokeProfile: 'quick', attached: true },
      access: { baseUrl: 'http://service.test', token: 'secret', pollIntervalSeconds: null },
      ...other,
    },
    noop: sites,
    sites: new AttachedSites(),
    onInstallation: (installation) => installations.push([index, installation]),
    createAgent: () => expect.unreachable('a native agent'),
    onIdle: () => idle.push(index),
  });
  await clock.advance(1);
  await settle();
  return machines;
}

const idOf = (index: number) =>
  (events.find((event) => 'cluster' in event && event.cluster === index) as { id: string }).id;

function report(slot: number, hostId: string, stage: string): void {
  const connection = lab.started.get(slot)!.listener.onConnection();
  const body = JSON.stringify({ current_stage: stage });
  const path = `/api/assisted-install/v2/infra-envs/IE/hosts/${hostId}/progress`;
  connection.sent(Buffer.from(`PUT ${path} HTTP/1.1\r\nContent-Length: ${body.length}\r\n\r\n${body}`));
  connection.received(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'));
}

describe('no-op machines of several groups', () => {
  it('bring credentials of their own, and become one cluster with the controller of its bootstrap', async () => {
    await group(4);
    const kubeconfig = lab.file(4, 'opt/openshift/auth/kubeconfig');
    expect(kubeconfig).toBe(spokeKubeconfig(spokeAccessOf(SPOKE, idOf(4))));
    await group(5);
    expect(lab.file(5, 'opt/openshift/auth/kubeconfig')).not.toBe(kubeconfig);
    expect(lab.started.get(5)!.host.network).toBe(lab.started.get(4)!.host.network);
    lab.tell(4, 'installer-started master 1 C 3 4.20.8');
    lab.tell(5, 'installer-started bootstrap 1 C 3 4.20.8');
    expect(installations).toMatchObject([
      [4, { clusterId: 'C', role: 'master', controlPlanes: 3, host: { id: idOf(4) }, day2: false, name: null }],
      [5, { clusterId: 'C', role: 'bootstrap', openshiftVersion: '4.20.8', host: { id: idOf(5) } }],
    ]);
    sites.bootstrapWrites('C', { path: 'x', text: 'y' });
    expect(lab.appended).toEqual([{ slot: 5, path: 'x', text: 'y' }]);
    lab.tell(5, 'bootkube-started', MANIFESTS);
    sites.controllerDue('another');
    await settle();
    expect([...lab.started.keys()]).toEqual([4, 5]);
    sites.controllerDue('C');
    await settle();
    const { token } = spokeAccessOf(SPOKE, idOf(5));
    expect(lab.file(CONTROLLER + 5, 'var/run/secrets/kubernetes.io/serviceaccount/token')).toBe(token);

    // The bootstrap tells of the other group's host, then the controller does.
    report(5, idOf(4), 'Joined');
    expect(phasesOf(4).at(-1)).toBe('joined');
    for (const slot of [4, 5]) lab.tell(slot, 'shutdown +1');
    await clock.advance(REBOOTED_MS);
    expect(idle).toEqual([]);
    for (const index of [4, 5]) report(CONTROLLER + 5, idOf(index), 'Done');
    expect([4, 5].map((index) => phasesOf(index).at(-1))).toEqual(['done', 'done']);
    lab.tell(CONTROLLER + 5, 'program-ended 0');
    lab.started.get(CONTROLLER + 5)!.listener.onEnded('exit code 0');
    expect(idle.sort()).toEqual([4, 5]);
  });

  it('join an installed cluster, and are done when their nodes are', async () => {
    await group(1, { lasting: true });
    lab.tell(1, 'installer-started bootstrap 1 C 1 4.20.8');
    lab.tell(1, 'bootkube-started', MANIFESTS);
    sites.controllerDue('C');
    lab.tell(1, 'shutdown now');
    await clock.advance(REBOOTED_MS);
    lab.tell(CONTROLLER + 1, 'program-ended 0');
    lab.started.get(CONTROLLER + 1)!.listener.onEnded('exit code 0');
    const worker = await group(2);
    lab.tell(2, 'installer-started worker 1 C 1 4.20.8');
    expect(installations.at(-1)).toMatchObject([2, { role: 'worker', day2: true }]);
    lab.tell(2, 'shutdown +1');
    await clock.advance(REBOOTED_MS);
    expect(phasesOf(2).at(-1)).toBe('rebooted');
    worker.nodeOfDay2(idOf(2), false);
    expect(phasesOf(2).at(-1)).toBe('joined');
    expect(idle).toEqual([]);
    worker.nodeOfDay2(idOf(2), true);
    expect(phasesOf(2).at(-1)).toBe('done');
    expect(idle).toEqual([2]);
  });

  it('are taken away one by one, and a cluster can begin anew', async () => {
    const machines = await group(1, { lasting: true });
    lab.tell(1, 'installer-started bootstrap 1 C 1 4.20.8');
    lab.tell(1, 'bootkube-started', MANIFESTS);
    sites.controllerDue('C');
    await settle();
    await group(2, { lasting: true });
    lab.tell(2, 'installer-started bootstrap 1 C 1 4.20.8');
    expect(lab.stopped).toEqual([CONTROLLER + 1]);
    sites.controllerDue('C');
    await settle();
    // Its own bootstrap has not written what the controller needs.
    expect(lab.started.has(CONTROLLER + 2)).toBe(false);
    machines.remove([0]);
    expect(phasesOf(1).at(-1)).toBe('stopped');
    expect(lab.stopped).toEqual([CONTROLLER + 1, 1]);
  });

  it('start their agents as the discovery ignition says', async () => {
    await group(1, {
      tls: { ca: 'PEM', insecure: true },
      proxy: { http: 'http://me:p%40ss@proxy.test:3128', no: '.cluster.local' },
      access: { baseUrl: 'https://s.test', token: 't', pollIntervalSeconds: null, registrationRetrySeconds: 17 },
    });
    const { command, environment } = lab.started.get(1)!.host;
    expect(command.slice(7)).toEqual(['--insecure=true', '--interval', '17']);
    expect(lab.ways.get('https://s.test')).toEqual({ tls: { ca: 'PEM', insecure: true } });
    expect(environment).toEqual({
      PULL_SECRET_TOKEN: 't',
      HTTP_PROXY: 'http://me:p%40ss@proxy.test:3128/',
      NO_PROXY: '.cluster.local',
    });
    expect(lab.file(1, 'etc/hosts')).toContain('198.18.0.1 proxy.test');
  });

  it('do not boot when they were taken away while the lab was asked for their service', async () => {
    const machines = await group(1, { lasting: true, start: [] });
    const { promise, resolve } = Promise.withResolvers<void>();
    lab.held = promise;
    machines.start('IE', [0]);
    await clock.advance(1);
    machines.remove([0]);
    resolve();
    await settle();
    expect(lab.started.size).toBe(0);
    expect(phasesOf(1)).toEqual(['booting', 'registering', 'stopped']);
  });

  it('say when a stock installer is started for no cluster', async () => {
    await group(1);
    lab.tell(1, 'installer-started bootstrap 1 - - -');
    expect(installations).toEqual([]);
    expect(events.at(-1)).toMatchObject({
      type: 'host.error',
      message: 'a stock installer was started without a role or a cluster: bootstrap 1 - - -',
    });
  });
});
