/**
 * A planted fault: the process of the service begins anew again and again.
 *
 *    listens ─ amount of seconds ─► all connections are cut, nobody listens ─ 2 s ─► listens, counters at 0, a new start time
 */
import type { Server } from 'node:http';
import type { ListenOptions } from 'node:net';
import type { PlantedFaults } from '../core/planted-faults.ts';
import type { HttpServiceMetrics } from './metrics.ts';

const DOWN_MS = 2000;

export class Restarts {
  readonly #server: Server;
  readonly #address: ListenOptions;
  readonly #metrics: HttpServiceMetrics;
  readonly #faults: PlantedFaults;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  /** @param address where the server listens, and will again */
  constructor(server: Server, address: ListenOptions, metrics: HttpServiceMetrics, faults: PlantedFaults) {
    this.#server = server;
    this.#address = address;
    this.#metrics = metrics;
    this.#faults = faults;
    faults.onChange(() => this.#plan());
    this.#plan();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #plan(): void {
    // While nobody listens the timer is the one that ends it.
    if (!this.#server.listening) return;
    clearTimeout(this.#timer);
    const seconds = this.#faults.amount('restarting-pod');
    if (seconds !== null && !this.#stopped) this.#timer = setTimeout(() => this.#down(), seconds * 1000).unref();
  }

  #down(): void {
    this.#server.close();
    this.#server.closeAllConnections();
    // Nothing else may keep the process alive meanwhile.
    this.#timer = setTimeout(() => this.#up(), DOWN_MS);
  }

  #up(): void {
    if (this.#stopped) return;
    this.#metrics.restarted();
    this.#server.listen(this.#address, () => this.#plan());
  }
}
