/**
 * Where the machines of one cluster stand: it joins the installers that run on them, the spoke that they become and the
 * controller that one of them runs later, and tells telemetry and the event stream what became of each.
 *
 *   machine.install ──> installer ── bootkube starts ──> spoke ── controller's turn ──> controller
 *        │                  └─ stages ─┐                  ^ └─ node of a day-2 host ─┐      │
 *        │                             ├──> machine.enter │ <────────────────────────┘      │
 *        │                             └──────────────────┼──────────── stages ─────────────┘
 *        └─ shutdown ──> machine reboots ─────────────────┘
 */

import type { ClusterFaultKind } from '../../model/faults/faults.ts';
import type { InstallRequest } from '../../model/protocol/install-request.ts';
import type { HostStage } from '../../model/protocol/states.ts';
import { MemorySpoke } from '../../model/spoke/memory-spoke.ts';
import type { SpokeProfile } from '../../model/spoke/profiles.ts';
import type { SpokeTopology } from '../../model/spoke/stages.ts';
import type { ClockTimer } from '../../model/time/clock.ts';
import { runController } from '../controller/controller.ts';
import type { Host } from '../host/host.ts';
import { type InstallOutcome, Machine, type MachineSetup } from '../host/machine.ts';
import { runInstaller } from '../installer/installer.ts';
import { sendHostLogs } from '../service/logs-sender.ts';
import type { ServiceClientKind } from '../service/retry.ts';
import type { Runtime, ServiceAccess } from '../service/runtime.ts';
import { createServiceClient, type ServiceClient } from '../service/service-client.ts';
import { enterStage, type StagedHost } from './host-stages.ts';
import { machineSetup } from './machine-setup.ts';

/** What a site has to know of its cluster. The topology is read whenever it counts. */
export interface SiteCluster extends SpokeTopology {
  readonly index: number;
  readonly name: string;
  /** What goes wrong with its spoke. */
  readonly fault?: ClusterFaultKind;
}

/** How the programs of a machine reach the service. */
export interface ServiceWay {
  readonly runtime: Runtime;
  readonly access: ServiceAccess;
}

export interface ClusterSiteOptions {
  runtime: Runtime;
  access: ServiceAccess;
  cluster: SiteCluster;
  /** Those hosts of the cluster that are known, at least one. */
  hosts: readonly Host[];
  profile: SpokeProfile;
  /** No program under the discovery image of this machine will send anything any more. */
  onSilent?: (machine: Machine) => void;
  /** A machine came to a phase. */
  onPhase?: (machine: Machine) => void;
  /** A machine that reboots boots the discovery image again. */
  bootsImage?: (machine: Machine) => boolean;
  /** {@link ClusterSite.active} turned false. */
  onIdle?: () => void;
}

/** Simulated milliseconds after which a failed controller is started again; doubles each time, as the kubelet does. */
const RESTART_MS = 10_000;
const RESTART_LIMIT_MS = 300_000;
/** Reboots that a node has behind it when it is done; skipping the machine-config operator's saves one. */
const REBOOTS = 2;

/** A machine whose installer was started. */
interface Installation extends StagedHost {
  readonly way: ServiceWay;
}

export class ClusterSite {
  readonly spoke: MemorySpoke<Host>;
  readonly #options: ClusterSiteOptions;
  /** Source of the clients' jitter: reproducible, as everything that a cluster does by itself. */
  readonly #random: () => number;
  readonly #setup: MachineSetup;
  /** By host id. */
  readonly #installations = new Map<string, Installation>();
  readonly #life = new AbortController();
  readonly #timers = new Set<ClockTimer>();
  #installers = 0;
  /** What the bootstrap was asked to do, and how it reaches the service; the controller's settings come from it. */
  #bootstrap: { request: InstallRequest; way: ServiceWay } | null = null;
  #controller: AbortController | null = null;
  #installed = false;

  constructor(options: ClusterSiteOptions) {
    const { runtime, cluster, hosts, profile } = options;
    const seedHost = hosts[0];
    if (!seedHost) throw new Error(`cluster ${cluster.name} has no hosts: a site needs at least one`);
    this.#options = options;
    this.#setup = machineSetup(runtime, profile, {
      runInstaller: (machine, request, signal) => this.install(machine, request, signal),
      onRebooted: (machine) => this.rebooted(machine),
      onSilent: (machine) => options.onSilent?.(machine),
      ...(options.onPhase && { onPhase: options.onPhase }),
      ...(options.bootsImage && { bootsImage: options.bootsImage }),
    });
    let draws = 0;
    this.#random = () => seedHost.random('site/jitter', draws++);
    this.spoke = new MemorySpoke<Host>({
      clock: runtime.clock,
      profile,
      topology: cluster,
      hosts,
      faults: cluster.fault === undefined ? [] : [cluster.fault],
      startController: () => void this.#runController(RESTART_MS),
      onNode: (node) => {
        if (node.host.plan.day2) this.#nodeOfDay2(node.host, node.ready);
      },
      onIdle: () => this.#noteIdle(),
    });
  }

  /** A machine that stands on this site; off at first. @param slot see Machine.slot */
  machine(host: Host, slot: number): Machine {
    return new Machine(this.#setup, host, slot);
  }

  /** The controller has ended well since the last bootstrap began: who comes now joins an installed cluster. */
  get installed(): boolean {
    return this.#installed;
  }

  /** An installer or the controller runs, or something will still happen on its own that starts one. */
  get active(): boolean {
    if (this.#installers > 0 || this.#controller !== null || this.#timers.size > 0 || this.spoke.busy) return true;
    for (const { machine } of this.#installations.values()) if (machine.shuttingDown) return true;
    return false;
  }

  /** Nothing will be started here any more. */
  end(): void {
    this.stop();
  }

  /** Unplugs all that was installed here: programs end without another request, no timer is left. */
  stop(): void {
    this.#life.abort(new Error('the site was stopped'));
    for (const { machine } of this.#installations.values()) machine.unplug();
    this.spoke.close();
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  /** The machine is dead: its node stays and is not ready. Its programs are the machine's own to end. */
  lost({ host }: Machine): void {
    this.#installations.delete(host.identity.id);
    this.spoke.hostFailed(host);
  }

  /** A machine whose installer ran here boots from its disk. */
  rebooted({ host }: Machine): void {
    this.spoke.hostRebooted(host);
    this.#noteIdle();
  }

  /**
   * Runs the installer of a machine to its end. Machines of the site come here by themselves; others bring a way of their own.
   * @param signal see RunInstaller
   */
  async install(
    machine: Machine,
    request: InstallRequest,
    signal: AbortSignal,
    way: ServiceWay = this.#options,
  ): Promise<InstallOutcome> {
    const { clock, telemetry } = this.#options.runtime;
    const { host, slot } = machine;
    this.#installations.set(host.identity.id, {
      machine,
      way,
      role: request.role,
      stage: null,
      info: '',
      since: clock.now(),
    });
    if (request.role === 'bootstrap') {
      this.#bootstrap = { request, way };
      this.#installed = false;
      this.#controller?.abort(new Error('the cluster is installed anew'));
    }
    this.spoke.installerStarted(host, request.role);
    this.#installers += 1;
    try {
      const outcome = await runInstaller({
        clock,
        host,
        request,
        client: this.#openClient('installer', slot, way),
        sendLogs: (bootstrap, processSignal) => this.#sendLogs(machine, request, way, bootstrap, processSignal),
        spoke: this.spoke,
        profile: this.#options.profile,
        onBootstrapStarted: () => this.spoke.bootstrapStarted(request.openshift_version ?? ''),
        onDay2: () => {
          host.plan.day2 = true;
        },
        shutdown: (when) => machine.shutdown(when),
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

  #openClient(kind: ServiceClientKind, machine: number, { runtime, access }: ServiceWay): ServiceClient {
    const { baseUrl, token } = access;
    return createServiceClient({ runtime, kind, baseUrl, token, machine, random: this.#random });
  }

  #sendLogs(
    machine: Machine,
    request: InstallRequest,
    { runtime, access }: ServiceWay,
    bootstrap: boolean,
    signal: AbortSignal,
  ): Promise<boolean> {
    return sendHostLogs(
      {
        clusterId: request.cluster_id,
        hostId: request.host_id,
        infraEnvId: request.infra_env_id,
        bootstrap,
        installerGather: false,
      },
      {
        runtime,
        access,
        slot: machine.slot,
        signal,
        random: this.#random,
        lost: machine.host.plan.fault?.kind === 'log-upload-fails',
      },
    );
  }

  /** Nobody reports the end of a day-2 host: its node is all there is to see. */
  #nodeOfDay2(host: Host, ready: boolean): void {
    this.#installations.get(host.identity.id)?.machine.enter(ready ? 'done' : 'joined');
  }

  async #runController(restartMs: number): Promise<void> {
    if (!this.#bootstrap || this.#life.signal.aborted) return;
    const { request, way } = this.#bootstrap;
    const { runtime, profile } = this.#options;
    const own = new AbortController();
    this.#controller?.abort(new Error('the controller is started anew'));
    this.#controller = own;
    this.spoke.setControllerRunning(true);
    let exitCode = 1;
    try {
      const exit = await runController({
        clock: runtime.clock,
        client: this.#openClient('controller', this.#controllerMachine(), way),
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
    } else this.#installed = true;
    this.#noteIdle();
  }

  /** The controller's pod runs on a master. */
  #controllerMachine(): number {
    const node = this.spoke.nodes('master').find((candidate) => candidate.ready);
    return (node && this.#installations.get(node.host.identity.id)?.machine.slot) ?? 0;
  }

  /** A stage report of this or another host was accepted. */
  #enterStage(hostId: string, stage: HostStage, info: string): void {
    const installation = this.#installations.get(hostId);
    if (installation) enterStage(this.#options.runtime, installation, stage, info);
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
