/**
 * Tells the service how often a node was rebooted before it was done. Source: openshift/assisted-installer,
 * src/assisted_installer_controller/reboots_notifier.go.
 */

import type { MemorySpoke } from '../../model/spoke/memory-spoke.ts';
import { hostDurationMs, type SpokeProfile } from '../../model/spoke/profiles.ts';
import type { Clock } from '../../model/time/clock.ts';
import type { Host } from '../host/host.ts';
import { answerOf, type ClusterHost, type InventoryClient } from '../service/inventory-client.ts';

export interface RebootsNotifierOptions {
  clock: Clock;
  spoke: MemorySpoke<Host>;
  profile: SpokeProfile;
  /** Null when the service did not ask for it. */
  notifyReboots: { rebootsPerNode: number } | null;
}

export class RebootsNotifier {
  readonly #service: InventoryClient;
  readonly #options: RebootsNotifierOptions;
  readonly #signal: AbortSignal;
  readonly #running = new Set<Promise<void>>();
  #failure: { error: unknown } | null = null;
  /** The download that all nodes share while it succeeds. */
  #kubeconfig: Promise<unknown> | null = null;

  constructor(service: InventoryClient, options: RebootsNotifierOptions, signal: AbortSignal) {
    this.#service = service;
    this.#options = options;
    this.#signal = signal;
  }

  /** Begins to count for a host that is done; calls carry the id of the pass that found it. */
  start(host: ClusterHost, nodeName: string, requestId: string): void {
    const notify = this.#options.notifyReboots;
    if (!notify) return;
    const run = this.#notify(host, nodeName, requestId, notify.rebootsPerNode)
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#running.delete(run));
    this.#running.add(run);
  }

  /** Resolves when no count is under way. @throws what a count threw. */
  async finished(): Promise<void> {
    await Promise.all(this.#running);
    if (this.#failure) throw this.#failure.error;
  }

  async #notify(host: ClusterHost, nodeName: string, requestId: string, reboots: number): Promise<void> {
    if (!(await this.#haveKubeconfig(requestId))) return;
    const { clock, spoke, profile } = this.#options;
    const node = spoke.nodes().find((candidate) => candidate.host.identity.id === host.id);
    if (!node) return;
    await clock.sleep(hostDurationMs(profile, node.host, 'rebootCount'), this.#signal);
    const event = {
      category: 'user',
      cluster_id: this.#service.clusterId,
      event_time: new Date(clock.now()).toISOString(),
      host_id: host.id,
      infra_env_id: host.infra_env_id,
      message: `Node ${nodeName} has been rebooted ${reboots} times before completing installation`,
      name: 'reboots_for_node',
      severity: 'info',
    };
    await answerOf(this.#service.triggerEvent(event, { requestId }));
  }

  async #haveKubeconfig(requestId: string): Promise<boolean> {
    this.#kubeconfig ??= answerOf(this.#service.downloadKubeconfig({ requestId }));
    if (await this.#kubeconfig) return true;
    this.#kubeconfig = null;
    return false;
  }
}
