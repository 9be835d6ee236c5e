/**
 * Where the machines of one cluster stand: the spoke that they become, the installers on them and the controller that one of
 * them runs later. The owner (a worker thread) hands each agent its installer and is told when machines fall silent.
 */

import type { InstallRequest } from '../../model/protocol/install-request.ts';
import type { HostPhase } from '../../model/protocol/phases.ts';
import type { HostRole, HostStage } from '../../model/protocol/states.ts';
import { MemorySpoke } from '../../model/spoke/memory-spoke.ts';
import type { SpokeProfile } from '../../model/spoke/profiles.ts';
import type { ClockTimer } from '../../model/time/clock.ts';
import { runController } from '../controller/controller.ts';
import type { Host } from '../host/host.ts';
import type { InstallOutcome, RunInstaller } from '../host/machine.ts';
import { runInstaller } from '../installer/installer.ts';
import type { ClusterPlan } from '../plan/expanded-plan.ts';
import { sendHostLogs } from '../service/logs-sender.ts';
import type { ServiceClientKind } from '../service/retry.ts';
import type { Runtime, ServiceAccess } from '../service/runtime.ts';
import { createServiceClient, type ServiceClient } from '../service/service-client.ts';

export interface ClusterSiteOptions {
  runtime: Runtime;
  access: ServiceAccess;
  cluster: ClusterPlan;
  /** All hosts of the cluster, at least one. */
  hosts: readonly Host[];
  profile: SpokeProfile;
  /**
   * The machine is silent: it left the discovery image and will boot from its disk. Its agent must be stopped. Comes about
   * a simulated minute after the installer's end, on a single node a moment after it.
   */
  onHostSilent?: (host: Host) => void;
  /** The last stage of a host was reported (day 2: its node is ready). */
  onHostDone?: (host: Host) => void;
  /** {@link ClusterSite.active} turned false. */
  onIdle?: () => void;
}

/** Simulated milliseconds after which a failed controller is started again; doubles each time, as the kubelet does. */
const RESTART_MS = 10_000;
const RESTART_LIMIT_MS = 300_000;
/** Reboots that a node has behind it when it is done; skipping the machine-config operator's saves one. */
const REBOOTS = 2;

interface SiteHost {
  host: Host;
  slot: number;
  role: HostRole;
  /** The agent enters `installing`, `rebooted` and `failed`; what lies between and after is entered here. */
  phase: HostPhase;
  stage: HostStage | null;
  info: string;
  /** Simulated moment at which the stage began. */
  since: number;
}

export class ClusterSite {
  readonly spoke: MemorySpoke<Host>;
  readonly #options: ClusterSiteOptions;
  /** Source of the clients' jitter: reproducible, as everything that a cluster does by itself. */
  readonly #random: () => number;
  readonly #hosts = new Map<string, SiteHost>();
  readonly #life = new AbortController();
  readonly #timers = new Set<ClockTimer>();
  #installers = 0;
  /** What the bootstrap was asked to do; the controller's settings come from it. */
  #request: InstallRequest | null = null;
  #controller: AbortController | null = null;

  constructor(options: ClusterSiteOptions) {
    const { runtime, cluster, hosts, profile } = options;
    const seedHost = hosts[0];
    if (!seedHost) throw new Error(`cluster ${cluster.name} has no hosts: a site needs at least one`);
    this.#options = options;
    let draws = 0;
    this.#random = () => seedHost.random('site/jitter', draws++);
    this.spoke = new MemorySpoke<Host>({
      clock: runtime.clock,
      profile,
      topology: cluster,
      hosts,
      startController: () => void this.#runController(RESTART_MS),
      onNode: (node) => {
        if (node.host.plan.day2) this.#nodeOfDay2(node.host, node.ready);
      },
      onIdle: () => this.#noteIdle(),
    });
  }

  /**
   * The installer of a host, for its agent.
   * @param slot of the host in the telemetry's table, also the transport's machine number
   */
  installerFor(host: Host, slot: number): RunInstaller {
    return (request, _agentVersion, signal) => this.#install(host, slot, request, signal);
  }

  /** An installer or the controller runs, or something will still happen on its own that starts one. */
  get active(): boolean {
    return this.#installers > 0 || this.#controller !== null || this.#timers.size > 0 || this.spoke.busy;
  }

  /** Unplugs everything: programs end without another request, no timer is left. */
  stop(): void {
    this.#life.abort(new Error('the site was stopped'));
    this.spoke.close();
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  async #install(host: Host, slot: number, request: InstallRequest, signal: AbortSignal): Promise<InstallOutcome> {
    const { clock, telemetry } = this.#options.runtime;
    const site: SiteHost = {
      host,
      slot,
      role: request.role,
      phase: 'installing',
      stage: null,
      info: '',
      since: clock.now(),
    };
    this.#hosts.set(host.identity.id, site);
    if (request.role === 'bootstrap') {
      this.#request = request;
      this.#controller?.abort(new Error('the cluster is installed anew'));
    }
    this.spoke.installerStarted(host, request.role);
    this.#installers += 1;
    try {
      const outcome = await runInstaller({
        clock,
        host,
        request,
        client: this.#openClient('installer', slot),
        sendLogs: (bootstrap, processSignal) => this.#sendLogs(site, request, bootstrap, processSignal),
        spoke: this.spoke,
        profile: this.#options.profile,
        onBootstrapStarted: () => this.spoke.bootstrapStarted(request.openshift_version ?? ''),
        onShutdown: (delayMs) => this.#after(delayMs, () => this.#reboot(site)),
        onStage: (hostId, stage, info) => this.#enterStage(hostId, stage, info),
        signal: AbortSignal.any([signal, this.#life.signal]),
      });
      if (signal.aborted && !this.#life.signal.aborted) telemetry.hostStage(slot, null);
      return outcome;
    } finally {
      this.#installers -= 1;
      this.#noteIdle();
    }
  }

  #openClient(kind: ServiceClientKind, machine: number): ServiceClient {
    const { runtime, access } = this.#options;
    const { baseUrl, token } = access;
    return createServiceClient({ runtime, kind, baseUrl, token, machine, random: this.#random });
  }

  #sendLogs(site: SiteHost, request: InstallRequest, bootstrap: boolean, signal: AbortSignal): Promise<boolean> {
    const { runtime, access } = this.#options;
    return sendHostLogs(
      {
        clusterId: request.cluster_id,
        hostId: request.host_id,
        infraEnvId: request.infra_env_id,
        bootstrap,
        installerGather: false,
      },
      { runtime, access, slot: site.slot, signal, random: this.#random },
    );
  }

  #reboot(site: SiteHost): void {
    this.spoke.hostRebooted(site.host);
    this.#options.onHostSilent?.(site.host);
  }

  /** Nobody reports the end of a day-2 host: its node is all there is to see. */
  #nodeOfDay2(host: Host, ready: boolean): void {
    const site = this.#hosts.get(host.identity.id);
    if (!site) return;
    this.#enterPhase(site, ready ? 'done' : 'joined');
    if (ready) this.#options.onHostDone?.(host);
  }

  async #runController(restartMs: number): Promise<void> {
    const request = this.#request;
    if (!request || this.#life.signal.aborted) return;
    const { runtime, profile } = this.#options;
    const own = new AbortController();
    this.#controller?.abort(new Error('the controller is started anew'));
    this.#controller = own;
    this.spoke.setControllerRunning(true);
    let exitCode = 1;
    try {
      const exit = await runController({
        clock: runtime.clock,
        client: this.#openClient('controller', this.#controllerMachine()),
        clusterId: request.cluster_id,
        spoke: this.spoke,
        profile,
        checkClusterVersion: request.check_cvo ?? false,
        controlPlaneCount: request.control_plane_count ?? 0,
        notifyReboots: request.notify_num_reboots
          ? { rebootsPerNode: request.enable_skip_mco_reboot ? REBOOTS - 1 : REBOOTS }
          : null,
        onStage: (hostId, stage, info) => this.#enterStage(hostId, stage, info),
        onFinalizingStage: (stage) =>
          runtime.emit({
            time: runtime.clock.now(),
            type: 'cluster.finalizing-stage',
            cluster: this.#options.cluster.index,
            stage,
          }),
        signal: AbortSignal.any([own.signal, this.#life.signal]),
      });
      exitCode = exit.exitCode;
    } catch (error) {
      runtime.emit({ time: runtime.clock.now(), type: 'run.warning', message: `controller: ${String(error)}` });
    }
    if (own.signal.aborted || this.#life.signal.aborted) {
      if (this.#controller === own) this.#controller = null;
      return;
    }
    this.#controller = null;
    this.spoke.setControllerRunning(false);
    if (exitCode !== 0) {
      runtime.telemetry.error('controller-failed');
      this.#after(restartMs, () => void this.#runController(Math.min(restartMs * 2, RESTART_LIMIT_MS)));
    }
    this.#noteIdle();
  }

  /** The controller's pod runs on a master. */
  #controllerMachine(): number {
    const node = this.spoke.nodes('master').find((candidate) => candidate.ready);
    return (node && this.#hosts.get(node.host.identity.id)?.slot) ?? 0;
  }

  /** A stage report of this or another host was accepted. */
  #enterStage(hostId: string, stage: HostStage, info: string): void {
    const site = this.#hosts.get(hostId);
    if (!site || (site.stage === stage && site.info === info)) return;
    const { clock, telemetry, emit } = this.#options.runtime;
    const now = clock.now();
    if (site.stage !== stage) {
      if (site.stage) telemetry.stageDuration(site.role, site.stage, now - site.since);
      telemetry.hostStage(site.slot, stage);
      site.since = now;
    }
    // Percentages are many and belong to the same stage: they are counted as requests, not told as events.
    if (site.stage !== stage || stage !== 'Writing image to disk') {
      emit({
        time: now,
        type: 'host.stage',
        ...this.#names(site),
        role: site.role,
        stage,
        ...(info && { info }),
      });
    }
    site.stage = stage;
    site.info = info;
    if (stage === 'Writing image to disk') this.#enterPhase(site, 'writing');
    else if (stage === 'Joined') this.#enterPhase(site, 'joined');
    else if (stage === 'Done') {
      this.#enterPhase(site, 'done');
      this.#options.onHostDone?.(site.host);
    } else if (site.phase === 'writing') this.#enterPhase(site, 'installing');
  }

  #enterPhase(site: SiteHost, phase: HostPhase): void {
    if (site.phase === phase) return;
    site.phase = phase;
    const { clock, telemetry, emit } = this.#options.runtime;
    telemetry.hostPhase(site.slot, phase);
    emit({ time: clock.now(), type: 'host.phase', ...this.#names(site), phase });
  }

  #names(site: SiteHost): { cluster: number; host: number; id: string } {
    const { plan, identity } = site.host;
    return { cluster: plan.clusterIndex, host: plan.index, id: identity.id };
  }

  #after(delayMs: number, fn: () => void): void {
    if (this.#life.signal.aborted) return;
    const timer = this.#options.runtime.clock.setTimer(delayMs, () => {
      this.#timers.delete(timer);
      fn();
    });
    this.#timers.add(timer);
  }

  #noteIdle(): void {
    if (!this.active && !this.#life.signal.aborted) this.#options.onIdle?.();
  }
}
