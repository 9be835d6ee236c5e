/** The machines of a run, and which clusters have machines that still have something to do. */
import type { Machines } from '../cluster/cluster-life.ts';

export class MachinesAtWork implements Machines {
  readonly #machines: Machines;
  readonly #clusters = new Set<number>();
  #whenIdle: (() => void) | null = null;

  /** @param machines those that do what is asked here */
  constructor(machines: Machines) {
    this.#machines = machines;
  }

  launch(...launch: Parameters<Machines['launch']>): void {
    this.#clusters.add(launch[0].cluster.index);
    this.#machines.launch(...launch);
  }

  startHosts(...start: Parameters<Machines['startHosts']>): void {
    this.#clusters.add(start[0]);
    this.#machines.startHosts(...start);
  }

  stopCluster(cluster: number): void {
    this.#clusters.delete(cluster);
    this.#machines.stopCluster(cluster);
  }

  /** The machines of this cluster have come to their end, or have none. */
  done(cluster: number): void {
    this.#clusters.delete(cluster);
    if (this.#clusters.size === 0) this.#whenIdle?.();
  }

  /** Clusters with machines at work. */
  get size(): number {
    return this.#clusters.size;
  }

  /** Resolves when no cluster has machines at work; at once where that is so already. For one caller. */
  idle(): Promise<void> {
    if (this.#clusters.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenIdle = resolve;
    });
  }
}
