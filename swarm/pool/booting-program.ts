/**
 * A discovery image that has to be downloaded before its agent can start.
 *
 *    start(up) ──> firmware until `up` ──> downloads ──> agent.start(now)
 *                                             └─ given up ──> machine failed, silent
 */
import type { Clock } from '../../model/time/clock.ts';
import { type DiscoveryProgram, type Machine, restartOf } from '../host/machine.ts';
import { type BootDownloader, BootFailed } from '../service/boot-downloads.ts';
import type { BootSource } from '../service/boot-source.ts';
import type { HostLink } from '../transport/link/host-link.ts';

export interface BootingProgramOptions {
  machine: Machine;
  /** What runs under the image. */
  agent: DiscoveryProgram;
  source: BootSource;
  downloader: BootDownloader;
  clock: Clock;
  /** The machine's; null for none. */
  link: HostLink | null;
  /** The machine will not boot: told once, before it falls silent. */
  onFailed: (machine: Machine, reason: string) => void;
}

export class BootingProgram implements DiscoveryProgram {
  readonly #options: BootingProgramOptions;
  /** Of the downloads of this boot; null when they are over. */
  #download: AbortController | null = null;
  #started = false;

  constructor(options: BootingProgramOptions) {
    this.#options = options;
  }

  start(upMs: number): void {
    this.#download = new AbortController();
    void this.#boot(upMs, this.#download.signal);
  }

  stop(): void {
    this.#download?.abort(new Error('the power is gone'));
    this.#download = null;
    if (this.#started) this.#options.agent.stop();
    this.#started = false;
  }

  /** The image is there already. */
  restart(afterMs: number): void {
    const { agent, clock } = this.#options;
    if (this.#started) restartOf(agent, clock.now(), afterMs);
  }

  async #boot(upMs: number, signal: AbortSignal): Promise<void> {
    const { machine, agent, source, downloader, clock, link, onFailed } = this.#options;
    try {
      const wait = upMs - clock.now();
      if (wait > 0) await clock.sleep(wait, signal);
      await downloader.boot(source, machine.host.identity.mac, signal, link);
      signal.throwIfAborted();
    } catch (error) {
      if (signal.aborted) return;
      const reason = error instanceof BootFailed ? error.message : `internal error: ${(error as Error).message}`;
      onFailed(machine, `cannot boot: ${reason}`);
      machine.fallSilent();
      return;
    }
    this.#download = null;
    this.#started = true;
    agent.start(clock.now());
  }
}
