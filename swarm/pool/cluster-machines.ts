/**
 * The machines of one cluster on a worker thread: their agents before the reboot, and the site they stand on, which joins
 * installers, spoke and controller.
 *
 *    launch ──► machines boot ──► … ──► machine silent ─┐
 *                   │                                   ├──► no agent speaks, site idle, nobody is left to start ──► onIdle
 *                   └─ installer ─► site … ─► idle ─────┘
 */

import { spokeProfile } from '../../model/spoke/profiles.ts';
import type { AgentEnvironment, CreateAgent } from '../agent/agent.ts';
import { buildHost } from '../host/build-host.ts';
import type { Host } from '../host/host.ts';
import type { Machine } from '../host/machine.ts';
import type { Runtime } from '../service/runtime.ts';
import { ClusterSite } from './cluster-site.ts';
import type { ClusterLaunch } from './messages.ts';

export interface ClusterMachinesOptions {
  runtime: Runtime;
  launch: ClusterLaunch;
  createAgent: CreateAgent;
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
      machine.powerOn(createAgent(machine, environment), now + host.plan.bootDelayMs);
    }
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
