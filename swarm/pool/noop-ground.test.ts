/** The life of no-op machines and their cluster, with a lab that only remembers what it was asked. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { HostFault } from '../../model/faults/faults.ts';
import type { HostPhase } from '../../model/protocol/phases.ts';
import { SPOKE_PROFILES } from '../../model/spoke/profiles.ts';
import { ManualClock } from '../../model/time/testing/manual-clock.ts';
import type { StockInstallation } from '../noop/stock-installation.ts';
import type { Runtime } from '../service/runtime.ts';
import type { RunEvent } from '../telemetry/run-event.ts';
import { AttachedSites } from './attached-sites.ts';
import { ClusterMachines } from './cluster-machines.ts';
import { NoopSites } from './noop-sites.ts';
import { MANIFESTS, RememberingLab, SPOKE } from './testing/remembering-lab.ts';
import { planOf } from './testing/simulation.ts';

let clock: ManualClock;
let lab: RememberingLab;
let events: RunEvent[];
let idle: number;
let machines: ClusterMachines;
let sites: NoopSites;
let installations: StockInstallation[];
const settle = () => new Promise((resolve) => setTimeout(resolve, 0));
const phases = () => events.filter((event) => event.type === 'host.phase').map(({ phase }) => phase as HostPhase);

function launch(spoke: typeof SPOKE | null, fault?: HostFault): void {
  const cluster = planOf({ controlPlanes: 1 });
  for (const host of cluster.hosts) Object.assign(host, { kind: 'noop', ...(fault && { fault }) });
  sites = new NoopSites({ lab, spokes: spoke });
  const telemetry = new Proxy({}, { get: () => () => {} }) as Runtime['telemetry'];
  machines = new ClusterMachines({
    runtime: { clock, telemetry, emit: (event) => events.push(event) } as Partial<Runtime> as Runtime,
    launch: {
      ...{
        seed: 'seed',
        cluster,
        infraEnvId: 'IE',
        agentVersion: 'IMG',
        firstSlot: 7,
        start: [0],
        spokeProfile: 'quick',
      },
      access: { baseUrl: 'http://service.test', token: 'secret', pollIntervalSeconds: null },
    },
    noop: sites,
    sites: new AttachedSites(),
    onInstallation: (installation) => installations.push(installation),
    createAgent: () => expect.unreachable('a native agent'),
    onIdle: () => {
      idle++;
    },
  });
}

beforeEach(() => {
  clock = new ManualClock();
  lab = new RememberingLab();
  events = [];
  installations = [];
  idle = 0;
});

describe('no-op machines', () => {
  it('run the stock agent, and pass through the phases that its commands tell of', async () => {
    launch(SPOKE);
    await clock.advance(1);
    await settle();
    const { host } = lab.started.get(7)!;
    expect(host.command).toEqual([
      'agent',
      '--url',
      'http://service.test/',
      '--infra-env-id',
      'IE',
      '--agent-version',
      'IMG',
      '--insecure=false',
    ]);
    expect(host.environment).toEqual({ PULL_SECRET_TOKEN: 'secret' });
    expect(lab.file(7, 'etc/hosts')).toContain('198.18.0.1 spokes.test');
    const kubeconfig = lab.file(7, 'opt/openshift/auth/kubeconfig');
    expect(kubeconfig).toContain('server: https://spokes.test:7443');
    for (const path of ['ssl/certs/ca-certificates.crt', 'assisted-service/service-ca-cert.crt'])
      expect(lab.file(7, `etc/${path}`)).toBe('PEM of the lab');
    for (const words of ['runner-started', 'inventory', 'installer-started bootstrap 1 C 1 4.20.8', 'shutdown now'])
      lab.tell(7, words);
    await clock.advance(SPOKE_PROFILES.quick.host.shutdownSingleNode.delayMs * 10);
    expect(phases()).toEqual(['booting', 'registering', 'polling', 'discovered', 'installing', 'rebooted']);
    expect(lab.stopped).toEqual([7]);
    expect(idle).toBe(0);
  });

  it('have their controller started when it is due and its manifests are there, again when it fails, and are idle after it', async () => {
    launch(SPOKE);
    await clock.advance(1);
    await settle();
    const file = { path: 'opt/openshift/.bootkube.done', text: '' };
    sites.bootstrapWrites('C', file);
    expect(lab.appended).toEqual([]);
    lab.tell(7, 'installer-started bootstrap 1 C 1 4.20.8');
    sites.bootstrapWrites('C', file);
    expect(lab.appended).toEqual([{ slot: 7, ...file }]);
    lab.tell(7, 'shutdown now');
    sites.controllerDue('C');
    await settle();
    expect(lab.started.has(2_000_007)).toBe(false);
    lab.tell(7, 'bootkube-started', MANIFESTS);
    await settle();
    expect(lab.started.get(2_000_007)!.host).toMatchObject({
      command: ['assisted-installer-controller'],
      restart: false,
      environment: {
        ...{ CLUSTER_ID: 'C', INVENTORY_URL: 'http://s', OPENSHIFT_VERSION: '4.20' },
        ...{ KUBERNETES_SERVICE_HOST: 'spokes.test', KUBERNETES_SERVICE_PORT: '7443', SWARM_REBOOTS: '1' },
      },
    });
    expect(lab.started.get(2_000_007)!.host.environment).not.toHaveProperty('CA_CERT_PATH');
    expect(lab.file(2_000_007, 'etc/assisted-installer-controller/token')).toBe('hush');
    expect(lab.file(2_000_007, 'var/run/secrets/kubernetes.io/serviceaccount/ca.crt')).toBe('PEM');
    expect(lab.file(2_000_007, 'etc/assisted-service/service-ca-cert.crt')).toBe('PEM of the lab');
    await clock.advance(SPOKE_PROFILES.quick.host.shutdownSingleNode.delayMs * 10);

    lab.tell(2_000_007, 'refused oc adm must-gather');
    expect(events.at(-1)).toMatchObject({
      message: 'a stock controller executed what is not replaced: oc adm must-gather',
    });
    const first = lab.started.get(2_000_007)!.listener;
    lab.tell(2_000_007, 'program-ended 2');
    lab.started.delete(2_000_007);
    first.onEnded('exit code 2');
    expect(events.at(-1)).toMatchObject({ type: 'run.warning', message: 'a stock controller ended: exit code 2' });
    await clock.advance(9_999);
    expect(lab.started.has(2_000_007)).toBe(false);
    await clock.advance(1);
    await settle();
    lab.tell(2_000_007, 'program-ended 0');
    expect(idle).toBe(0);
    lab.started.get(2_000_007)!.listener.onEnded('exit code 0');
    expect(idle).toBe(1);
  });

  it('have their agent killed by a fault, which its host starts again, and say nothing of it', async () => {
    launch(null, { kind: 'agent-restart', at: 'discovered', afterMs: 5000 });
    await settle();
    lab.tell(7, 'runner-started');
    lab.tell(7, 'inventory');
    await clock.advance(5000);
    expect(lab.killed).toEqual([7]);
    expect(lab.stopped).toEqual([]);
    lab.tell(7, 'program-ended 137');
    expect(events.filter(({ type }) => type === 'host.error')).toEqual([]);
    lab.tell(7, 'program-ended 137');
    expect(events.filter(({ type }) => type === 'host.error')).toHaveLength(1);
  });

  it('say of a fault what their cluster has to know', async () => {
    launch(SPOKE, { kind: 'reboot', at: 'rebooted', afterMs: 0 });
    await settle();
    lab.tell(7, 'installer-started bootstrap 1 C 1 4.20');
    expect(installations).toMatchObject([{ stuck: 'no-ignition', fault: null }]);
  });

  it('tell of programs that end, of so many as somebody reads, and fail with their installer', async () => {
    launch(SPOKE);
    await clock.advance(1);
    await settle();
    expect(lab.started.get(7)!.host.place).toMatchObject({ cluster: expect.any(String), index: 0 });
    lab.tell(7, 'program-ended 137');
    lab.tell(7, 'runner-ended 2');
    lab.tell(7, 'disk-full');
    lab.tell(7, 'installer-ended 0');
    expect(phases().at(-1)).not.toBe('failed');
    lab.tell(7, 'installer-ended 1');
    expect(phases().at(-1)).toBe('failed');
    const told = () =>
      events.filter((event) => event.type === 'host.error').map(({ kind, message }) => `${kind}: ${message}`);
    expect(told()).toEqual([
      'program-ended: agent ended by SIGKILL and is started again',
      'program-ended: next_step_runner ended with exit code 2 and is started again',
      'disk-full: its file system of 64 MiB is full: what its programs write fails from now on',
      'installer-failed: the installer ended with exit code 1',
    ]);
    for (let i = 0; i < 100; i++) lab.tell(7, 'program-ended 1');
    expect(told()).toHaveLength(20);
  });

  it('fail where their lab cannot be, and say why', async () => {
    lab.refusal = new Error('no namespaces here');
    launch(null);
    await clock.advance(1);
    await settle();
    expect(phases().at(-1)).toBe('failed');
    expect(events).toContainEqual(expect.objectContaining({ type: 'host.error', message: 'no namespaces here' }));
    expect(idle).toBe(1);
  });

  it('tell of the stages that the service has taken, and stop at once', async () => {
    launch(SPOKE);
    await clock.advance(1);
    await settle();
    const { id } = events.find((event) => event.type === 'host.phase') as { id: string };
    lab.tell(7, 'installer-started bootstrap 1 C 1 4.20.8');
    const connection = lab.started.get(7)!.listener.onConnection();
    const body = JSON.stringify({ current_stage: 'Writing image to disk', progress_info: '5%' });
    const path = `/api/assisted-install/v2/infra-envs/IE/hosts/${id}/progress`;
    connection.sent(Buffer.from(`PUT ${path} HTTP/1.1\r\nContent-Length: ${body.length}\r\n\r\n${body}`));
    connection.received(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'));
    expect(phases().at(-1)).toBe('writing');
    machines.stop();
    expect(lab.stopped).toContain(7);
    expect(phases().at(-1)).toBe('stopped');
  });
});
