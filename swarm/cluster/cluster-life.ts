/**
 * The life of one cluster, as its simulated user lives it: create, let the machines boot, settle roles and names, install,
 * follow to the end, add day-2 workers, remove. All waits are in simulated time.
 *
 *   planned → creating → discovering → preparing → installing → finalizing → installed → (day2) → complete
 *                └──────────┴─────────────┴────────────┴────────────┴──────────────┴→ failed | cancelled   → deleted
 */

import type { ClusterPhase } from '../../model/protocol/phases.ts';
import type { ClusterStatus, HostStatus } from '../../model/protocol/states.ts';
import type { Clock } from '../../model/time/clock.ts';
import type { ClusterPlan, HostPlan, WaitLimits } from '../plan/expanded-plan.ts';
import { expectedOutcome } from '../plan/fault-outcomes.ts';
import type { ClusterLaunch } from '../pool/messages.ts';
import type { EventSink } from '../telemetry/run-event.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import {
  type ClusterAdapter,
  ClusterAdapterError,
  type ClusterObjects,
  type ClusterView,
  type DiscoveredHost,
  type HostSetup,
  type HostView,
} from './cluster-adapter.ts';
import { describeFailing, describeHosts, describeStatus } from './failure-reason.ts';
import { FaultWatch, type LifeEnd } from './fault-watch.ts';
import { ClusterFailed, Patience } from './patience.ts';
import type { PollPacer } from './poll-pacer.ts';
import { removePatiently } from './removal.ts';

/** The machines of clusters, as far as a cluster's user reaches them: power on, power off. */
export interface Machines {
  launch(launch: ClusterLaunch): void;
  startHosts(cluster: number, infraEnvId: string, start: number[]): void;
  stopCluster(cluster: number): void;
}

/** What all lives of a run share. */
export interface LifeContext {
  seed: string;
  limits: WaitLimits;
  spokeProfile: string;
  /** How this cluster is made. */
  adapterOf(cluster: ClusterPlan): ClusterAdapter;
  machines: Machines;
  clock: Clock;
  telemetry: Pick<Telemetry, 'clusterPhase' | 'error'>;
  emit: EventSink;
  pace: PollPacer;
  /** Resolves when objects may be created, see {@link ClusterAdapter.alreadyThere}. */
  mayCreate: Promise<void>;
  /** What a host will register with, and what a user knows of it. */
  identify(cluster: ClusterPlan, host: HostPlan): Omit<DiscoveredHost, 'role'>;
}

/** How a life ended. `reason` is '' for a complete one. */
export interface LifeOutcome {
  result: 'complete' | 'failed' | 'cancelled';
  reason: string;
  /** Whether it is what had to be expected of its faults; absent of a cluster without, and of a cancelled one. */
  asExpected?: boolean;
}

/** How long a cluster is looked at for what the service makes of its faults: three times what it takes to miss a host. */
const FAULT_PATIENCE_MS = 10 * 60_000;
/**
 * How long an Agent may go on showing what its host was: the service tells its controllers of a change before that is committed,
 * and they look again with the next event, or after a minute.
 */
const AGENT_LAG_MS = 3 * 60_000;
/** A host with an inventory has left these: assisted-service, internal/host/statemachine.go. */
const NOT_DISCOVERED: readonly HostStatus[] = [
  'discovering',
  'discovering-unbound',
  'disconnected',
  'disconnected-unbound',
  'binding',
];
/** A cluster whose preparation was given up is found in one of these. */
const BEFORE_INSTALLATION: readonly ClusterStatus[] = ['ready', 'insufficient', 'pending-for-input'];
/** The installation has been started. */
const UNDER_WAY: readonly ClusterStatus[] = [
  'preparing-for-installation',
  'installing',
  'finalizing',
  'installed',
  'adding-hosts',
];
/** Controllers of a hub open installed clusters for further hosts at once. */
const INSTALLED: readonly ClusterStatus[] = ['installed', 'adding-hosts'];
/**
 * A host that was added. With kube-api it goes on to `installed`, when its node is ready: assisted-service,
 * internal/host/transition.go, PostHostProgress.
 */
const ADDED: readonly HostStatus[] = ['added-to-existing-cluster', 'installed'];
/** A host that was discovered for a cluster, or will be bound to one. */
const INSTALLABLE: readonly HostStatus[] = ['known', 'known-unbound'];

export class ClusterLife {
  readonly cluster: ClusterPlan;
  /** From 1. */
  readonly life: number;
  /** What is known to stand on the service now; ids disappear as they are removed. */
  readonly objects: ClusterObjects = { clusterId: null, infraEnvId: null };
  readonly #context: LifeContext;
  readonly #adapter: ClusterAdapter;
  readonly #slot: number;
  readonly #firstHostSlot: number;
  readonly #trouble = new AbortController();
  readonly #patience: Patience;
  #phase: ClusterPhase = 'planned';
  #outcome: LifeOutcome | null = null;
  #status: ClusterStatus | null = null;
  #hosts = new Map<string, HostPlan>();
  /** The service's id of the infra-env, which hosts register with. */
  #hostsInfraEnv = '';
  readonly #hostStatus = new Map<string, HostStatus>();
  /** Null for a cluster without faults. */
  readonly #faults: FaultWatch | null;

  /**
   * @param slot this cluster's slot in the telemetry; `firstHostSlot` its first host's
   * @param life 2 for a cluster that was removed and is made anew, and so on
   */
  constructor(context: LifeContext, cluster: ClusterPlan, slot: number, firstHostSlot: number, life = 1) {
    this.#context = context;
    this.#adapter = context.adapterOf(cluster);
    this.#patience = new Patience({ clock: context.clock, pace: context.pace, adapter: this.#adapter, cluster });
    this.cluster = cluster;
    this.#slot = slot;
    this.#firstHostSlot = firstHostSlot;
    this.life = life;
    const expected = expectedOutcome(cluster, context.limits);
    this.#faults = expected && new FaultWatch(cluster, expected, (host) => context.identify(cluster, host).id);
  }

  get phase(): ClusterPhase {
    return this.#phase;
  }

  /** The service's ids of what stands on it and can be read; null for what does not, or is not known. */
  get onService(): ClusterObjects {
    return this.#adapter.onService(this.cluster, this.objects);
  }

  /** Null while it lives. */
  get outcome(): LifeOutcome | null {
    return this.#outcome;
  }

  /** Ends the life as failed, for a cause outside of it (its worker thread died). Nothing happens when it has ended. */
  fail(reason: string): void {
    this.#trouble.abort(new ClusterFailed(reason));
  }

  /**
   * Lives to the end. Never throws: what goes wrong is the outcome. An abort of `signal` cancels.
   * @param cancelled why, then
   */
  async run(signal: AbortSignal, cancelled = 'the run was stopped'): Promise<LifeOutcome> {
    const either = AbortSignal.any([signal, this.#trouble.signal]);
    const leave = this.#context.pace.enter(this.cluster.hosts.length);
    let unwatch: (() => void) | undefined;
    try {
      unwatch = this.#watchStates();
      await this.#liveAndSee(either, signal);
      const asExpected = this.#judgeFaults({ complete: true, phase: this.#phase, reason: '' });
      this.#outcome = { result: 'complete', reason: '', ...asExpected };
      this.#enter('complete');
    } catch (error) {
      if (signal.aborted && !(error instanceof ClusterFailed)) {
        this.#outcome = { result: 'cancelled', reason: cancelled };
        this.#enter('cancelled', this.#outcome.reason);
      } else {
        const reason = `${this.#phase}: ${messageOf(error)}`;
        const asExpected = this.#judgeFaults(this.#failure(error));
        this.#outcome = { result: 'failed', reason, ...asExpected };
        if (!asExpected.asExpected) this.#context.telemetry.error('cluster-failed');
        this.#enter('failed', reason);
      }
    } finally {
      unwatch?.();
      leave();
    }
    return this.#outcome;
  }

  /** Unplugs all machines of the cluster. */
  powerOff(): void {
    this.#context.machines.stopCluster(this.cluster.index);
  }

  /**
   * Powers the machines off and removes from the service what this life made or may have made. Errors that may pass are
   * waited through until `signal` aborts.
   * @throws ClusterAdapterError when something could not be removed; the run's ledger then still has it.
   */
  async remove(signal: AbortSignal): Promise<void> {
    this.powerOff();
    const adapter = this.#adapter;
    const { clock } = this.#context;
    let any = false;
    await removePatiently(
      async () => {
        any = (await adapter.remove(this.cluster, this.objects, signal)) || any;
      },
      clock,
      signal,
      () => adapter.reached,
    );
    if (any) this.#enter('deleted');
  }

  /**
   * Lives, and is looked at until its faults have shown themselves.
   * @param signal ends it for any cause; `stopped` because the run is stopped
   */
  async #liveAndSee(signal: AbortSignal, stopped: AbortSignal): Promise<void> {
    const faults = this.#faults;
    try {
      await this.#live(signal);
    } catch (error) {
      if (faults !== null && this.cluster.api === 'kube') {
        const end = this.#failure(error);
        // What hinders these looks is not why the cluster failed.
        await this.#lookOn(AGENT_LAG_MS, () => faults.awaits(end), signal).catch(() => stopped.throwIfAborted());
      }
      throw error;
    }
    if (faults !== null) await this.#lookOn(FAULT_PATIENCE_MS, () => faults.waits, signal);
  }

  #failure(error: unknown): LifeEnd {
    return { complete: false, phase: this.#phase, reason: messageOf(error) };
  }

  async #live(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await this.#create(signal);
    await this.#discover(signal);
    if (this.cluster.justInfraEnv) return;
    this.#enter('preparing');
    await this.#settleHosts(signal);
    await this.#startInstallation(signal);
    await this.#install(signal);
    this.#enter('installed');
    if (this.cluster.day2Workers > 0) await this.#addWorkers(signal);
  }

  async #create(signal: AbortSignal): Promise<void> {
    this.#enter('creating');
    const adapter = this.#adapter;
    const { limits, mayCreate } = this.#context;
    const insist = <T>(action: () => Promise<T>) => this.#patience.insist(limits.discovery, signal, action);
    await Promise.all([insist(() => adapter.prepare(signal)), mayCreate]);
    signal.throwIfAborted();
    if (!this.cluster.justInfraEnv) {
      this.objects.clusterId = await insist(() => adapter.createCluster(this.cluster, signal));
    }
    this.objects.infraEnvId = await insist(() => adapter.createInfraEnv(this.cluster, this.objects.clusterId, signal));
    const setup = await this.#setup(signal);
    this.#enter('discovering');
    this.#launch(setup);
    await insist(() => adapter.enroll(this.cluster, signal));
  }

  /** Waits until hosts can boot. */
  async #setup(signal: AbortSignal): Promise<HostSetup> {
    let setup: HostSetup | string = '';
    await this.#patience.until(
      this.#context.limits.discovery,
      signal,
      async () => {
        setup = await this.#adapter.setup(this.cluster, this.objects.infraEnvId!, signal);
        return typeof setup !== 'string';
      },
      async () => String(setup),
    );
    return setup as unknown as HostSetup;
  }

  /** Puts the machines up; BareMetalHosts are powered on when they are provisioned. */
  #launch(setup: HostSetup): void {
    const { machines, seed, spokeProfile, identify } = this.#context;
    for (const host of this.cluster.hosts) this.#hosts.set(identify(this.cluster, host).id, host);
    this.#hostsInfraEnv = setup.infraEnvId;
    machines.launch({
      ...setup,
      seed,
      cluster: this.cluster,
      firstSlot: this.#firstHostSlot,
      start: this.cluster.flow.bmh ? [] : this.#dayOneHosts().map((host) => host.ordinal),
      spokeProfile,
    });
  }

  async #discover(signal: AbortSignal): Promise<void> {
    const expected = this.#dayOneHosts().length;
    let registered = 0;
    let waiting: HostView[] = [];
    await this.#patience.until(
      this.#context.limits.discovery,
      signal,
      async () => {
        const hosts = await this.#lookAtHosts(signal);
        registered = hosts.length;
        waiting = hosts.filter((host) => NOT_DISCOVERED.includes(host.status));
        return registered >= expected && waiting.length === 0;
      },
      async () =>
        `${registered} of ${expected} hosts registered, ${registered - waiting.length} of them have an inventory${this.#describe(waiting)}${registered < expected ? await this.#describeProvisioning(signal) : ''}`,
    );
  }

  async #describeProvisioning(signal: AbortSignal): Promise<string> {
    // Why a cluster failed is told without it, too.
    const told = await this.#adapter.describeProvisioning?.(this.cluster, signal).catch(() => '');
    return told ? `; ${told}` : '';
  }

  async #settleHosts(signal: AbortSignal): Promise<void> {
    await Promise.all(
      this.#dayOneHosts().map(async (plan) => {
        const host = { ...this.#context.identify(this.cluster, plan), role: plan.role };
        await this.#patience.insist(this.#context.limits.ready, signal, () =>
          this.#adapter.settle(this.cluster, this.objects.infraEnvId!, host, signal),
        );
      }),
    );
  }

  /** Waits until the service calls the cluster ready, and starts its installation. */
  async #startInstallation(signal: AbortSignal): Promise<void> {
    const clusterId = this.objects.clusterId!;
    let view: ClusterView | null = null;
    let hosts: HostView[] = [];
    await this.#patience.until(
      this.#context.limits.ready,
      signal,
      async () => {
        view = await this.#lookAtCluster(signal);
        hosts = await this.#lookAtHosts(signal);
        // An answer that got lost does not undo the installation that it was about.
        if (UNDER_WAY.includes(view.status)) return true;
        if (view.status !== 'ready') return false;
        try {
          await this.#adapter.install(clusterId, signal);
          return !this.#adapter.startsByItself;
        } catch (error) {
          // The service looks once more before it starts, and may find that the cluster has just lost its readiness.
          if (error instanceof ClusterAdapterError && error.conflict) return false;
          throw error;
        }
      },
      async () => `cluster is ${view ? describeFailing(view, hosts) : 'unreachable'}`,
    );
  }

  async #install(signal: AbortSignal): Promise<void> {
    let view: ClusterView | null = null;
    let hosts: HostView[] = [];
    await this.#patience.until(
      this.#context.limits.install,
      signal,
      async () => {
        view = await this.#lookAtCluster(signal);
        hosts = await this.#lookAtHosts(signal);
        if (INSTALLED.includes(view.status)) return true;
        if (view.status === 'installing' || view.status === 'finalizing') this.#enter(view.status);
        if (view.status === 'error' || view.status === 'cancelled') {
          // The installation may have begun and failed between two looks.
          if (this.#phase === 'preparing') this.#enter('installing');
          throw new ClusterFailed(
            `the service says ${view.status}: ${view.statusInfo}${this.#describeTroubled(hosts)}`,
          );
        }
        if (BEFORE_INSTALLATION.includes(view.status) && !this.#adapter.startsByItself) {
          const why = view.preparationFailure || describeFailing(view, hosts);
          throw new ClusterFailed(`the preparation was given up: ${why}${this.#describeTroubled(hosts)}`);
        }
        return false;
      },
      async () => (view ? `cluster is ${describeStatus(view)}${this.#describeUnfinished(hosts)}` : 'unreachable'),
    );
  }

  async #addWorkers(signal: AbortSignal): Promise<void> {
    this.#enter('day2');
    const clusterId = this.objects.clusterId!;
    const infraEnvId = this.objects.infraEnvId!;
    await this.#patience.insist(this.#context.limits.ready, signal, async () => {
      const { status } = await this.#lookAtCluster(signal);
      if (status !== 'adding-hosts' || this.#adapter.startsByItself)
        await this.#adapter.allowAddHosts(this.cluster, clusterId, signal);
    });
    const expected = this.cluster.hosts.filter((host) => host.day2);
    this.#context.machines.startHosts(
      this.cluster.index,
      this.#hostsInfraEnv,
      expected.map((host) => host.ordinal),
    );
    const asked = new Set<string>();
    let hosts: HostView[] = [];
    await this.#patience.until(
      this.#context.limits.day2,
      signal,
      async () => {
        await this.#lookAtCluster(signal);
        hosts = (await this.#lookAtHosts(signal)).filter((host) => this.#hosts.get(host.id)?.day2);
        for (const host of hosts) {
          if (host.status === 'error') throw new ClusterFailed(`a day-2 host failed${this.#describe([host])}`);
          if (!INSTALLABLE.includes(host.status) || asked.has(host.id)) continue;
          try {
            await this.#adapter.installHost(this.cluster, infraEnvId, host.id, signal);
            asked.add(host.id);
          } catch (error) {
            // It has just left `known`, perhaps because an earlier request was taken whose answer got lost.
            if (!(error instanceof ClusterAdapterError && error.conflict)) throw error;
          }
        }
        return hosts.length >= expected.length && hosts.every((host) => ADDED.includes(host.status));
      },
      async () => {
        const left = hosts.filter((host) => !ADDED.includes(host.status));
        return `${hosts.length - left.length} of ${expected.length} day-2 workers were added${this.#describe(left)}`;
      },
    );
  }

  /** Looks at the hosts while something is still to be seen of them, for `ms` simulated milliseconds at most. */
  async #lookOn(ms: number, waits: () => boolean, signal: AbortSignal): Promise<void> {
    const { clock, pace } = this.#context;
    const deadline = clock.now() + ms;
    while (waits() && clock.now() < deadline) {
      await clock.sleep(Math.min(pace.delay(), deadline - clock.now()), signal);
      await this.#lookAtHosts(signal).catch((error: unknown) => {
        if (!(error instanceof ClusterAdapterError && error.passing)) throw error;
      });
    }
  }

  /** Tells what became of each fault. Empty for a cluster without. */
  #judgeFaults(end: LifeEnd): { asExpected?: boolean } {
    if (this.#faults === null) return {};
    const { asExpected, findings } = this.#faults.judge(end);
    const time = this.#context.clock.now();
    const { index: cluster } = this.cluster;
    const { emit } = this.#context;
    for (const { host, ...finding } of findings) {
      if (host === null) emit({ time, type: 'cluster.fault', cluster, ...finding });
      else emit({ time, type: 'host.fault', cluster, host: host.index, id: host.id, ...finding });
    }
    return { asExpected };
  }

  /** Tells what becomes of its custom resources, as soon as it is seen. */
  #watchStates(): (() => void) | undefined {
    const { clock, emit } = this.#context;
    const { index: cluster } = this.cluster;
    return this.#adapter.watchStates?.(this.cluster, {
      agent: (id, state) => {
        const host = this.#hosts.get(id)?.index;
        if (host !== undefined) emit({ time: clock.now(), type: 'agent.state', cluster, host, id, state });
      },
      clusterInstall: (name, state) =>
        emit({ time: clock.now(), type: 'agentclusterinstall.state', cluster, name, state }),
    });
  }

  #dayOneHosts(): HostPlan[] {
    return this.cluster.hosts.filter((host) => !host.day2);
  }

  async #lookAtCluster(signal: AbortSignal): Promise<ClusterView> {
    const view = await this.#adapter.cluster(this.objects.clusterId!, signal);
    if (view.status !== this.#status) {
      this.#status = view.status;
      this.#context.emit({
        time: this.#context.clock.now(),
        type: 'cluster.status',
        cluster: this.cluster.index,
        status: view.status,
        info: view.statusInfo,
      });
    }
    return view;
  }

  async #lookAtHosts(signal: AbortSignal): Promise<HostView[]> {
    const hosts = await this.#adapter.hosts(this.objects, signal);
    this.#faults?.look(hosts);
    for (const host of hosts) {
      const plan = this.#hosts.get(host.id);
      if (!plan || this.#hostStatus.get(host.id) === host.status) continue;
      this.#hostStatus.set(host.id, host.status);
      this.#context.emit({
        time: this.#context.clock.now(),
        type: 'host.status',
        cluster: this.cluster.index,
        host: plan.index,
        id: host.id,
        status: host.status,
        info: host.statusInfo,
      });
    }
    return hosts;
  }

  #enter(phase: ClusterPhase, reason?: string): void {
    if (phase === this.#phase) return;
    this.#phase = phase;
    const id = this.objects.clusterId ?? this.objects.infraEnvId;
    this.#context.telemetry.clusterPhase(this.#slot, phase);
    this.#context.emit({
      time: this.#context.clock.now(),
      type: 'cluster.phase',
      cluster: this.cluster.index,
      name: this.cluster.name,
      phase,
      ...(this.life > 1 && { life: this.life }),
      ...(id !== null && { id }),
      ...(reason !== undefined && { reason }),
      ...(phase === 'failed' && this.#outcome?.asExpected && { expected: true }),
    });
  }

  #describe(hosts: readonly HostView[]): string {
    return describeHosts(hosts, (id) => this.#hosts.get(id)?.ordinal);
  }

  /** Hosts that explain why an installation failed. */
  #describeTroubled(hosts: readonly HostView[]): string {
    const failed = hosts.filter((host) => host.status === 'error' || host.status === 'preparing-failed');
    // When the cluster falls, its healthy hosts are put into error too, all with the same words; what only few hosts say
    // is the cause.
    const alike = (host: HostView) => failed.filter((other) => other.statusInfo === host.statusInfo).length;
    return this.#describe(failed.toSorted((a, b) => alike(a) - alike(b)));
  }

  #describeUnfinished(hosts: readonly HostView[]): string {
    return this.#describe(hosts.filter((host) => host.status !== 'installed'));
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
