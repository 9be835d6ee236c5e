/**
 * A cluster on a model service under a clock that tests move: hosts with their installers, and the site between them.
 */

import type { InstallRequest } from '../../../model/protocol/install-request.ts';
import { SPOKE_PROFILES, type SpokeProfile } from '../../../model/spoke/profiles.ts';
import { ManualClock } from '../../../model/time/testing/manual-clock.ts';
import type { TimerWheel } from '../../../model/time/timer-wheel.ts';
import { buildHost } from '../../host/build-host.ts';
import type { Host } from '../../host/host.ts';
import type { InstallOutcome, Machine } from '../../host/machine.ts';
import type { ClusterPlan, HostPlan } from '../../plan/expanded-plan.ts';
import { CLUSTER_ID, INFRA_ENV_ID, ModelService, type Sent } from '../../service/testing/model-service.ts';
import type { RunEvent } from '../../telemetry/run-event.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { NO_TELEMETRY } from '../../telemetry/testing/no-telemetry.ts';
import { ClusterSite } from '../cluster-site.ts';

export interface Topology {
  controlPlanes: number;
  arbiters?: number;
  workers?: number;
  day2Workers?: number;
}

export class Simulation {
  readonly clock = new ManualClock();
  readonly service = new ModelService(this.clock);
  readonly hosts: Host[];
  /** Of the hosts, in their order; they are on, without an agent. */
  readonly machines: Machine[];
  readonly site: ClusterSite;
  readonly events: RunEvent[] = [];
  /** Calls of the telemetry other than requests, as texts. */
  readonly measured: string[] = [];
  /** Machines that rebooted. */
  readonly silent: { host: Host; at: number }[] = [];
  readonly outcomes = new Map<string, InstallOutcome>();
  idle = 0;
  readonly #start = this.clock.now();

  constructor(topology: Topology, profile: SpokeProfile = SPOKE_PROFILES.quick) {
    const cluster = planOf(topology);
    this.hosts = cluster.hosts.map((plan) => buildHost('seed', cluster, plan));
    this.site = new ClusterSite({
      runtime: {
        clock: this.clock,
        wheel: null as unknown as TimerWheel,
        transport: this.service,
        telemetry: this.#telemetry(),
        emit: (event) => this.events.push(event),
        wallOf: (simulatedMs) => simulatedMs,
      },
      access: { baseUrl: 'http://127.0.0.1:1', token: 'token', pollIntervalSeconds: null },
      cluster,
      hosts: this.hosts,
      profile,
      onSilent: ({ host, phase }) => {
        if (phase === 'rebooted') this.silent.push({ host, at: this.clock.now() - this.#start });
      },
      onIdle: () => {
        this.idle += 1;
      },
    });
    this.machines = this.hosts.map((host) => this.site.machine(host, host.plan.index));
  }

  /** Hosts that are done. */
  get done(): Host[] {
    return this.machines.filter((machine) => machine.phase === 'done').map((machine) => machine.host);
  }

  /** Runs the installers of the given hosts (default: all that are not for day 2) with what the service would ask. */
  install(hosts: readonly Host[] = this.hosts.filter((host) => !host.plan.day2)): void {
    for (const host of hosts) {
      const { plan, identity } = host;
      const machine = this.machines[plan.ordinal]!;
      const bootstrap = plan.ordinal === 0;
      this.service.hosts.push({
        id: identity.id,
        name: identity.hostname,
        role: plan.role,
        bootstrap,
        day2: plan.day2,
        status: 'installing',
        stage: null,
      });
      void machine.install(this.requestFor(host))?.then((outcome) => this.outcomes.set(identity.id, outcome));
    }
  }

  requestFor(host: Host): InstallRequest {
    const { plan, identity } = host;
    return {
      role: plan.ordinal === 0 ? 'bootstrap' : plan.role,
      cluster_id: CLUSTER_ID,
      infra_env_id: INFRA_ENV_ID,
      host_id: identity.id,
      boot_device: '/dev/sda',
      control_plane_count: this.hosts.filter((one) => one.plan.role === 'master').length,
      controller_image: 'controller:1',
      installer_image: 'installer:1',
      openshift_version: '4.19.7',
      check_cvo: true,
    };
  }

  /** Moves time until the condition holds. @throws Error when it does not within the limit. */
  async until(condition: () => boolean, limitMinutes = 240): Promise<void> {
    for (let seconds = 0; seconds < limitMinutes * 60; seconds += 5) {
      if (condition()) return;
      await this.clock.advance(5_000);
    }
    throw new Error(`not reached in ${limitMinutes} simulated minutes`);
  }

  /** Requests of one machine's programs as short texts, without the controller's. */
  story(host: Host, client = 'installer'): string[] {
    return this.service.sent
      .filter((sent) => sent.machine === host.plan.index && sent.client === client)
      .map((sent) => this.tell(sent));
  }

  controllerStory(): string[] {
    return this.service.sent.filter((sent) => sent.client === 'controller').map((sent) => this.tell(sent));
  }

  /** `host-progress <host> <stage> (<info>)`, `get-cluster hosts`, …; by the names of the endpoints (model/protocol/endpoints.ts). */
  tell(sent: Sent): string {
    const name = (id: string | undefined) => {
      const { plan } = this.hosts.find((host) => host.identity.id === id)!;
      return `${plan.role[0]}${plan.ordinal}`;
    };
    const path = sent.path.split('/');
    const json = sent.headers.get('Content-Type') === 'application/json' ? JSON.parse(sent.body) : {};
    if (sent.path.endsWith('/progress') && path[0] === 'infra-envs') {
      return `host-progress ${name(path[3])} ${json.current_stage}${json.progress_info ? ` (${json.progress_info})` : ''}`;
    }
    if (sent.path.endsWith('/logs-progress')) {
      return path[0] === 'clusters'
        ? `cluster-logs-progress ${json.logs_state}`
        : `host-logs-progress ${name(path[3])} ${json.logs_state}`;
    }
    if (sent.path.endsWith('/logs')) return `upload-logs ${new URLSearchParams(sent.query).get('logs_type')}`;
    if (sent.path.endsWith('/downloads/files')) return `cluster-files ${sent.query.replace('file_name=', '')}`;
    if (sent.path.endsWith('/downloads/credentials'))
      return `cluster-credentials ${sent.query.replace('file_name=', '')}`;
    if (sent.path.endsWith('/downloads/ignition')) return `host-ignition ${path[0]}`;
    if (sent.path.endsWith('/hosts')) return `list-cluster-hosts ${sent.query.replace('role=', '')}`;
    if (sent.path.endsWith('/monitored-operators')) {
      return sent.method === 'GET' ? 'list-operators' : `report-operator ${json.name} ${json.status}`;
    }
    if (sent.path.endsWith('/progress')) return `cluster-progress ${json.finalizing_stage}`;
    if (sent.path.endsWith('/ingress-cert')) return 'ingress-cert';
    if (sent.path.endsWith('/complete-installation')) return `complete-installation ${json.is_success}`;
    if (sent.path === 'events') return `trigger-event ${json.name}`;
    return sent.query === 'exclude-hosts=false' ? 'get-cluster hosts' : 'get-cluster';
  }

  #telemetry(): Telemetry {
    return {
      ...NO_TELEMETRY,
      hostPhase: (host, phase) => this.measured.push(`phase ${host} ${phase}`),
      hostStage: (host, stage) => this.measured.push(`stage ${host} ${stage}`),
      stageDuration: (role, stage, ms) => this.measured.push(`duration ${role} ${stage} ${Math.round(ms / 1000)}`),
      error: (kind) => this.measured.push(`error ${kind}`),
    };
  }
}

/** A plan with one cluster of that shape. */
export function planOf(topology: Topology, index = 0): ClusterPlan {
  const { controlPlanes, arbiters = 0, workers = 0, day2Workers = 0 } = topology;
  const hosts: HostPlan[] = [];
  const add = (role: HostPlan['role'], day2: boolean) => {
    const ordinal = hosts.length;
    hosts.push({
      index: index * 100 + ordinal,
      clusterIndex: index,
      ordinal,
      role,
      day2,
      profile: 'vm',
      kind: 'native',
      bootDelayMs: 0,
    });
  };
  for (let n = 0; n < controlPlanes; n++) add('master', false);
  for (let n = 0; n < arbiters; n++) add('arbiter', false);
  for (let n = 0; n < workers; n++) add('worker', false);
  for (let n = 0; n < day2Workers; n++) add('worker', true);
  return {
    index,
    name: `demo-${index}`,
    baseDomain: 'example.com',
    api: 'rest',
    // The service gives arbiters to clusters on bare metal only.
    platform: arbiters > 0 ? 'baremetal' : 'none',
    controlPlanes,
    arbiters,
    workers,
    day2Workers,
    olmOperators: [],
    justInfraEnv: false,
    infraEnvLabels: {},
    withNmstate: false,
    flow: {},
    machineNetwork: `10.3.${index}.0/24`,
    gateway: `10.3.${index}.1`,
    apiVip: arbiters > 0 ? `10.3.${index}.2` : null,
    ingressVip: arbiters > 0 ? `10.3.${index}.3` : null,
    arrivalMs: 0,
    assignRoles: true,
    setHostnames: false,
    hosts,
  };
}
