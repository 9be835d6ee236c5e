/**
 * The machines of one cluster on a worker thread: their agents before the reboot, and the site they stand on, which joins
 * installers, spoke and controller.
 *
 *    launch ──► machines boot ──► … ──► machine silent ─┐
 *                   │                                   ├──► no agent speaks, site idle, nobody is left to start ──► onIdle
 *                   └─ installer ─► site … ─► idle ─────┘
 */

import { spokeProfile } from '../../model/spoke/profiles.ts';
import type { Agent, AgentEnvironment, CreateAgent } from '../agent/agent.ts';
import { buildHost } from '../host/build-host.ts';
import type { Host } from '../host/host.ts';
import type { DiscoveryProgram, Machine } from '../host/machine.ts';
import type { BootDownloader } from '../service/boot-downloads.ts';
import type { Runtime } from '../service/runtime.ts';
import { BootingProgram } from './booting-program.ts';
import { ClusterSite } from './cluster-site.ts';
import type { ClusterLaunch } from './messages.ts';

/** How hosts of a thread download what they boot. */
export interface BootDownloads {
  /** Of the hosts, from 0 to 1. */
  share: number;
  downloader: BootDownloader;
}

export interface ClusterMachinesOptions {
  runtime: Runtime;
  launch: ClusterLaunch;
  createAgent: CreateAgent;
  /** Images are there at once when absent. */
  boot?: BootDownloads;
  /** No machine of the cluster will send anything any more, and none is left to start. Called once, not after stop. */
  onIdle: () => void;
}

export class ClusterMachines {
  readonly #options: ClusterMachinesOptions;
  readonly #hosts: readonly Host[];
  readonly #site: ClusterSite;
  /** Machines whose agents may still speak. */
  readonly #speaking = new Set<Machine>();
  /** Ordinals that were never started. */
  readonly #unstarted: Set<number>;
  #ended = false;

  /** @throws Error for an unknown spoke profile or hardware profile, RangeError for a network that is too small. */
  constructor(options: ClusterMachinesOptions) {
    const { runtime, launch } = options;
    const { cluster } = launch;
    this.#options = options;
    this.#unstarted = new Set(cluster.hosts.map((plan) => plan.ordinal));
    this.#hosts = cluster.hosts.map((plan) => buildHost(launch.seed, cluster, plan, launch.forced?.[plan.ordinal]));
    this.#site = new ClusterSite({
      runtime,
      access: launch.access,
      cluster,
      hosts: this.#hosts,
      profile: spokeProfile(launch.spokeProfile),
      onSilent: (machine) => this.#silent(machine),
      onIdle: () => this.#noteIdle(),
    });
    this.start(launch.infraEnvId, launch.start);
  }

  /** Boots further hosts of the cluster, each after its boot delay; those that were started already are left alone. */
  start(infraEnvId: string, ordinals: readonly number[]): void {
    if (this.#ended) return;
    const { runtime, launch, createAgent } = this.#options;
    const { cluster, agentVersion, access, firstSlot } = launch;
    const environment: AgentEnvironment = { runtime, cluster, infraEnvId, agentVersion, access };
    const now = runtime.clock.now();
    for (const ordinal of ordinals) {
      const host = this.#hosts[ordinal];
      if (!host || !this.#unstarted.delete(ordinal)) continue;
      const machine = this.#site.machine(host, firstSlot + ordinal);
      this.#speaking.add(machine);
      machine.powerOn(this.#image(machine, createAgent(machine, environment)), now + host.plan.bootDelayMs);
    }
  }

  /** What a machine boots: its agent, after the downloads where there are any. */
  #image(machine: Machine, agent: Agent): DiscoveryProgram {
    const { boot, launch, runtime } = this.#options;
    if (!boot || !launch.boot || machine.host.random('boot/download', 0) >= boot.share) return agent;
    const { downloader } = boot;
    const onFailed = ({ host }: Machine, reason: string) => {
      const { plan, identity } = host;
      const { telemetry, clock, emit } = runtime;
      const place = { cluster: plan.clusterIndex, host: plan.index, id: identity.id };
      telemetry.error('boot-failed');
      emit({ type: 'host.error', time: clock.now(), ...place, kind: 'boot-failed', message: reason });
      machine.enter('failed', reason);
    };
    return new BootingProgram({ machine, agent, source: launch.boot, downloader, clock: runtime.clock, onFailed });
  }

  /** Unplugs all machines at once: nothing is sent any more. */
  stop(): void {
    this.#ended = true;
    for (const machine of this.#speaking) machine.unplug();
    this.#speaking.clear();
    this.#site.stop();
  }

  #silent(machine: Machine): void {
    this.#speaking.delete(machine);
    this.#noteIdle();
  }

  #noteIdle(): void {
    if (this.#ended || this.#speaking.size > 0 || this.#unstarted.size > 0 || this.#site.active) return;
    this.#ended = true;
    this.#site.stop();
    this.#options.onIdle();
  }
}
