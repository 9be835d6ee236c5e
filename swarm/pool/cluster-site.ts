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

import type { InstallRequest } from '../../model/protocol/install-request.ts';
import type { HostRole, HostStage } from '../../model/protocol/states.ts';
import { MemorySpoke } from '../../model/spoke/memory-spoke.ts';
import type { SpokeProfile } from '../../model/spoke/profiles.ts';
import type { ClockTimer } from '../../model/time/clock.ts';
import { runController } from '../controller/controller.ts';
import type { Host } from '../host/host.ts';
import { type InstallOutcome, Machine, type MachineSetup } from '../host/machine.ts';
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
  /** No program under the discovery image of this machine will send anything any more. */
  onSilent?: (machine: Machine) => void;
  /** {@link ClusterSite.active} turned false. */
  onIdle?: () => void;
}

/** Simulated milliseconds after which a failed controller is started again; doubles each time, as the kubelet does. */
const RESTART_MS = 10_000;
const RESTART_LIMIT_MS = 300_000;
/** Reboots that a node has behind it when it is done; skipping the machine-config operator's saves one. */
const REBOOTS = 2;

/** A machine whose installer was started. */
interface Installation {
  readonly machine: Machine;
  readonly role: HostRole;
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
  readonly #setup: MachineSetup;
  /** By host id. */
  readonly #installations = new Map<string, Installation>();
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
    this.#setup = this.#machineSetup();
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

  /** A machine that stands on this site; off at first. @param slot see Machine.slot */
  machine(host: Host, slot: number): Machine {
    return new Machine(this.#setup, host, slot);
  }

  /** An installer or the controller runs, or something will still happen on its own that starts one. */
  get active(): boolean {
    if (this.#installers > 0 || this.#controller !== null || this.#timers.size > 0 || this.spoke.busy) return true;
    for (const { machine } of this.#installations.values()) if (machine.shuttingDown) return true;
    return false;
  }

  /** Unplugs all that was installed here: programs end without another request, no timer is left. */
  stop(): void {
    this.#life.abort(new Error('the site was stopped'));
    for (const { machine } of this.#installations.values()) machine.unplug();
    this.spoke.close();
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  async #install(machine: Machine, request: InstallRequest, signal: AbortSignal): Promise<InstallOutcome> {
    const { clock, telemetry } = this.#options.runtime;
    const { host, slot } = machine;
    this.#installations.set(host.identity.id, {
      machine,
      role: request.role,
      stage: null,
      info: '',
      since: clock.now(),
    });
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
        sendLogs: (bootstrap, processSignal) => this.#sendLogs(machine, request, bootstrap, processSignal),
        spoke: this.spoke,
        profile: this.#options.profile,
        onBootstrapStarted: () => this.spoke.bootstrapStarted(request.openshift_version ?? ''),
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

  #openClient(kind: ServiceClientKind, machine: number): ServiceClient {
    const { runtime, access } = this.#options;
    const { baseUrl, token } = access;
    return createServiceClient({ runtime, kind, baseUrl, token, machine, random: this.#random });
  }

  #sendLogs(machine: Machine, request: InstallRequest, bootstrap: boolean, signal: AbortSignal): Promise<boolean> {
    const { runtime, access } = this.#options;
    return sendHostLogs(
      {
        clusterId: request.cluster_id,
        hostId: request.host_id,
        infraEnvId: request.infra_env_id,
        bootstrap,
        installerGather: false,
      },
      { runtime, access, slot: machine.slot, signal, random: this.#random },
    );
  }

  /** Nobody reports the end of a day-2 host: its node is all there is to see. */
  #nodeOfDay2(host: Host, ready: boolean): void {
    this.#installations.get(host.identity.id)?.machine.enter(ready ? 'done' : 'joined');
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
    return (node && this.#installations.get(node.host.identity.id)?.machine.slot) ?? 0;
  }

  /** A stage report of this or another host was accepted. */
  #enterStage(hostId: string, stage: HostStage, info: string): void {
    const installation = this.#installations.get(hostId);
    if (!installation || (installation.stage === stage && installation.info === info)) return;
    const { machine, role } = installation;
    const { clock, telemetry, emit } = this.#options.runtime;
    const now = clock.now();
    if (installation.stage !== stage) {
      if (installation.stage) telemetry.stageDuration(role, installation.stage, now - installation.since);
      telemetry.hostStage(machine.slot, stage);
      installation.since = now;
    }
    // Percentages are many and belong to the same stage: they are counted as requests, not told as events.
    if (installation.stage !== stage || stage !== 'Writing image to disk') {
      emit({
        time: now,
        type: 'host.stage',
        ...namesOf(machine.host),
        role,
        stage,
        ...(info && { info }),
      });
    }
    installation.stage = stage;
    installation.info = info;
    if (stage === 'Writing image to disk') machine.enter('writing');
    else if (stage === 'Joined') machine.enter('joined');
    else if (stage === 'Done') machine.enter('done');
    else if (machine.phase === 'writing') machine.enter('installing');
  }

  /** What the machines of the site ask for and tell. */
  #machineSetup(): MachineSetup {
    const { runtime, profile, onSilent } = this.#options;
    const { clock, telemetry, emit } = runtime;
    return {
      clock,
      profile,
      runInstaller: (machine, request, signal) => this.#install(machine, request, signal),
      onPhase: ({ host, slot }, phase, reason) => {
        telemetry.hostPhase(slot, phase);
        emit({ type: 'host.phase', time: clock.now(), ...namesOf(host), phase, ...(reason ? { reason } : {}) });
      },
      onInstallerFailed: ({ host }, message) => {
        telemetry.error('installer-failed');
        emit({ type: 'host.error', time: clock.now(), ...namesOf(host), kind: 'installer-failed', message });
      },
      onRebooted: ({ host }) => {
        this.spoke.hostRebooted(host);
        this.#noteIdle();
      },
      onSilent: (machine) => onSilent?.(machine),
    };
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

function namesOf({ plan, identity }: Host): { cluster: number; host: number; id: string } {
  return { cluster: plan.clusterIndex, host: plan.index, id: identity.id };
}
