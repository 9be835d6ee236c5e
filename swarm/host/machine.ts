/**
 * A machine: its power, where it is in its life, the installer's container on it, and its reboot. Programs come and go on it;
 * whatever they want of the machine itself they ask here, so that a host has one phase, one writer of it and one reboot.
 *
 *                        restart()  (everything of the former boot is void)
 *              ┌──────────────── discoveryBoot ────────────────┐
 *              v                                               │
 *   off ──> powered ──> program.start ──> … ──> install() ──> installer runs ──shutdown()──> goes on until
 *              │                                               │  container stays,           `shutdown -r` acts
 *              │ unplug()                                      │  its name in use               │
 *              v                                               v                                v
 *           stopped                                          failed                rebooted: the discovery image is gone,
 *                                                                                  the installed system boots
 *
 * While nothing happens a machine is the fields of this object: its signals, its container and its timer are made when they
 * are needed.
 */

import type { InstallRequest } from '../../model/protocol/install-request.ts';
import type { HostPhase } from '../../model/protocol/phases.ts';
import { hostDurationMs, type SpokeProfile } from '../../model/spoke/profiles.ts';
import type { Clock, ClockTimer } from '../../model/time/clock.ts';
import type { Host } from './host.ts';

/** How an installer process ended. */
export interface InstallOutcome {
  exitCode: number;
  /** What it has written to its standard output; nothing when absent. */
  output?: string;
  /** stderr text of the process; '' when it was silent. */
  error: string;
  /** Why a silent process failed, for people; no part of what it wrote. */
  reason?: string;
}

/**
 * Runs the installer of a machine to its end.
 * @param signal aborts when the container is stopped and when the machine's power goes
 */
export type RunInstaller = (machine: Machine, request: InstallRequest, signal: AbortSignal) => Promise<InstallOutcome>;

/** What runs under the discovery image and speaks to the service: an agent, of whatever kind. */
export interface DiscoveryProgram {
  /** The image is up at this simulated moment. Called once for each boot of the image. */
  start(upMs: number): void;
  /** The power is gone: nothing may be sent any more, requests under way are aborted. */
  stop(): void;
  /**
   * It is killed, and its unit starts it again after so many simulated milliseconds; the machine goes on. Absent where stopping and
   * starting it does the same.
   */
  restart?(afterMs: number): void;
}

/** Kills a program that its unit starts again. @param now simulated milliseconds */
export function restartOf(program: DiscoveryProgram, now: number, afterMs: number): void {
  if (program.restart) {
    program.restart(afterMs);
    return;
  }
  program.stop();
  program.start(now + afterMs);
}

/** What the machines of one cluster have in common: one object for all of them. */
export interface MachineSetup {
  readonly clock: Clock;
  /** How long a machine takes to shut down and to boot. */
  readonly profile: SpokeProfile;
  readonly runInstaller: RunInstaller;
  /** The phase of a machine changed. */
  onPhase(machine: Machine, phase: HostPhase, reason?: string): void;
  /** The installer ended with another exit code than 0, on a machine that is still the same boot. */
  onInstallerFailed(machine: Machine, reason: string): void;
  /** The machine left the discovery image and boots from its disk. */
  onRebooted(machine: Machine): void;
  /** A machine that was told to reboot boots the discovery image again, and not its disk. Never when absent. */
  bootsImage?(machine: Machine): boolean;
  /** Told once: no program under the discovery image will send anything any more. */
  onSilent(machine: Machine): void;
}

/** Exit code of a process that was stopped with SIGTERM, as podman does first. */
const STOPPED_EXIT_CODE = 143;

/** The installer's container. It stays when its process has ended. */
class InstallerContainer {
  readonly controller = new AbortController();
  running = true;
}

export class Machine {
  readonly host: Host;
  /** Number of the machine in this generator: its place in the telemetry's host table, and the transport's machine number. */
  readonly slot: number;
  readonly #setup: MachineSetup;
  #program: DiscoveryProgram | null = null;
  #phase: HostPhase = 'planned';
  #boot = 0;
  #silent = false;
  #container: InstallerContainer | null = null;
  #power: AbortController | null = null;
  /** `shutdown -r` was run and has not acted yet. */
  #shutdown: ClockTimer | null = null;

  constructor(setup: MachineSetup, host: Host, slot: number) {
    this.#setup = setup;
    this.host = host;
    this.slot = slot;
  }

  // ---- phase

  /** Where the machine is. */
  get phase(): HostPhase {
    return this.#phase;
  }

  /**
   * The one way in which a phase changes; entering the present one is no change, and an unplugged machine stays `stopped`.
   * @param reason for people, where the phase alone does not tell
   */
  enter(phase: HostPhase, reason?: string): void {
    if (phase === this.#phase || this.#phase === 'stopped') return;
    this.#phase = phase;
    this.#setup.onPhase(this, phase, reason);
  }

  // ---- power

  /** Grows whenever the power goes, or the program of the discovery image is killed: what began under a smaller number is void. */
  get boot(): number {
    return this.#boot;
  }

  /** Aborts when the power goes, for programs that only the machine can end. */
  get powerSignal(): AbortSignal {
    this.#power ??= new AbortController();
    return this.#power.signal;
  }

  /**
   * Switches the machine on for the first time.
   * @param program what the discovery image starts, now and after each {@link restart}
   * @param upMs simulated moment at which the image is up
   */
  powerOn(program: DiscoveryProgram, upMs: number): void {
    if (this.#program || this.#phase === 'stopped') return;
    this.#program = program;
    this.enter('booting');
    program.start(upMs);
  }

  /** Boots the discovery image again, at once: nothing of the boot before it is left, containers and a planned reboot included. */
  restart(): void {
    const { clock, profile } = this.#setup;
    this.#powerOff();
    this.enter('booting');
    this.#program?.start(clock.now() + hostDurationMs(profile, this.host, 'discoveryBoot'));
  }

  /** The discovery image's program is killed, and starts again after so many simulated milliseconds. The installer's container goes on. */
  restartProgram(afterMs: number): void {
    this.#boot++;
    if (this.#program) restartOf(this.#program, this.#setup.clock.now(), afterMs);
  }

  /** Pulls the plug, for good. A machine that was silent before keeps its phase. */
  unplug(): void {
    if (!this.#silent) this.enter('stopped');
    this.#powerOff();
    this.fallSilent();
  }

  /** The program has nothing to say any more, although the power is on: it has frozen. */
  fallSilent(): void {
    if (this.#silent) return;
    this.#silent = true;
    this.#setup.onSilent(this);
  }

  #powerOff(): void {
    this.#boot++;
    this.#program?.stop();
    this.#container?.controller.abort();
    this.#container = null;
    this.#power?.abort();
    this.#power = null;
    this.#shutdown?.cancel();
    this.#shutdown = null;
  }

  // ---- reboot

  /** The machine will reboot by itself. */
  get shuttingDown(): boolean {
    return this.#shutdown !== null;
  }

  /**
   * Runs `shutdown -r`: the machine goes on until it acts, then the installed system boots. A second call replaces the first.
   * @param when `+1` waits a minute; with `now`, what a single node's installer says, it acts at once (assisted-installer
   *   src/installer/installer.go)
   */
  shutdown(when: '+1' | 'now'): void {
    const { clock, profile } = this.#setup;
    const delayMs = hostDurationMs(profile, this.host, when === 'now' ? 'shutdownSingleNode' : 'shutdown');
    this.#shutdown?.cancel();
    this.#shutdown = clock.setTimer(delayMs, () => this.#reboot());
  }

  #reboot(): void {
    this.#shutdown = null;
    this.enter('rebooted');
    this.#powerOff();
    if (this.#setup.bootsImage?.(this)) {
      const { clock, profile } = this.#setup;
      this.#program?.start(clock.now() + hostDurationMs(profile, this.host, 'discoveryBoot'));
      return;
    }
    this.#setup.onRebooted(this);
    this.fallSilent();
  }

  // ---- the installer's container

  /**
   * Creates the installer's container and runs it. Its name is fixed and stays in use when the installer has ended
   * (assisted-installer-agent src/commands/actions/install_cmd.go), until the machine is restarted.
   * @returns how the installer ended, or null when a container of this name exists already
   */
  install(request: InstallRequest): Promise<InstallOutcome> | null {
    if (this.#container) return null;
    this.#container = new InstallerContainer();
    this.enter('installing');
    return this.#runInstaller(request, this.#container);
  }

  /** Stops the installer. @returns false when none runs */
  stopInstaller(): boolean {
    if (!this.#container?.running) return false;
    this.#container.controller.abort();
    return true;
  }

  async #runInstaller(request: InstallRequest, container: InstallerContainer): Promise<InstallOutcome> {
    const { signal } = container.controller;
    let outcome: InstallOutcome;
    try {
      outcome = await this.#setup.runInstaller(this, request, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
      outcome = { exitCode: STOPPED_EXIT_CODE, error: '' };
    }
    container.running = false;
    // The container of a former boot is nobody's concern any more.
    if (container !== this.#container || outcome.exitCode === 0) return outcome;
    this.#setup.onInstallerFailed(this, outcome.error || `exit code ${outcome.exitCode}`);
    this.enter('failed', outcome.error || `the installer ended with ${outcome.exitCode}`);
    return outcome;
  }
}
