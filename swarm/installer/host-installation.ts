/**
 * What installers of all roles have in common: the opening, the download of the ignition, the writing of the image and
 * the end (assisted-installer src/installer/installer.go RunInstaller, InstallNode).
 */

import type { InstallRequest } from '../../model/protocol/install-request.ts';
import type { HostStage } from '../../model/protocol/states.ts';
import type { SpokeView } from '../../model/spoke/memory-spoke.ts';
import { type HostDuration, hostDurationMs, type SpokeProfile } from '../../model/spoke/profiles.ts';
import type { Clock } from '../../model/time/clock.ts';
import { waitUntil } from '../../model/time/ticker.ts';
import type { Host } from '../host/host.ts';
import {
  accepted,
  type CallOptions,
  InventoryClient,
  type InventoryClientOptions,
  newRequestId,
} from '../service/inventory-client.ts';
import type { ServiceClient } from '../service/service-client.ts';
import { writeImage } from './image-writer.ts';
import type { LogLength } from './installer-log.ts';

/** Simulated milliseconds between two looks at what an installer waits for. */
export const WAIT_INTERVAL_MS = 5_000;
/** How long the encapsulated machine config is tried for (assisted-installer src/ops/ops.go GetEncapsulatedMC). */
const MACHINE_CONFIG_LIMIT_MS = 20 * 60_000;

export interface InstallerOptions {
  clock: Clock;
  host: Host;
  request: InstallRequest;
  /** Client of kind `installer`, for the installer's life; released at its end. */
  client: ServiceClient;
  /** Runs logs_sender on the host and waits for its end; how it went does not matter. */
  sendLogs: (bootstrap: boolean, signal: AbortSignal) => Promise<unknown>;
  /** What a bootstrap installer sees of the cluster that it builds. */
  spoke: SpokeView<Host>;
  profile: SpokeProfile;
  /** Bootkube was started on this host. */
  onBootstrapStarted: () => void;
  /** The service says that the cluster is installed: this host joins it. */
  onDay2?: () => void;
  /** Runs `shutdown -r` on the machine. */
  shutdown: (when: '+1' | 'now') => void;
  /** Told of each stage that the service accepted, of this host and (bootstrap) of others. */
  onStage?: InventoryClientOptions['onStage'];
  /** `podman stop`, or the machine is unplugged. */
  signal: AbortSignal;
}

/** What the installer was to do on its machine went wrong. */
export class InstallationFailed extends Error {}

/** One run of the installer. */
export class HostInstallation {
  readonly options: InstallerOptions;
  readonly request: InstallRequest;
  readonly service: InventoryClient;
  /** Aborts when the installer ends, for what it does in the background. */
  readonly signal: AbortSignal;
  /** Of how far the image was written. */
  imageReports = 0;
  /** What its log has of all that was looked for more than once. */
  readonly waiting: LogLength = { lines: 0, bytes: 0 };
  readonly #life = new AbortController();
  readonly #stop: () => void;

  constructor(options: InstallerOptions) {
    this.options = options;
    this.request = options.request;
    this.#stop = () => this.#life.abort(options.signal.reason);
    if (options.signal.aborted) this.#stop();
    else options.signal.addEventListener('abort', this.#stop, { once: true });
    this.signal = this.#life.signal;
    this.service = new InventoryClient({
      client: options.client,
      clock: options.clock,
      clusterId: options.request.cluster_id,
      signal: this.signal,
      ...(options.onStage && { onStage: options.onStage }),
    });
  }

  /** The process ended. */
  close(): void {
    this.options.signal.removeEventListener('abort', this.#stop);
    this.#life.abort(new Error('the installer ended'));
  }

  /** Reports a stage of this host; a refused report is ignored, as the installer only logs it. */
  async stage(stage: HostStage, info = ''): Promise<boolean> {
    const reported = await this.#report(stage, info);
    const { fault } = this.options.host.plan;
    if (fault?.kind === 'installer-fails' && fault.stage === stage) throw new InstallationFailed(fault.message);
    return reported;
  }

  #report(stage: HostStage, info: string): Promise<boolean> {
    const { infra_env_id, host_id } = this.request;
    return accepted(this.service.reportStage(infra_env_id, host_id, stage, info, { requestId: newRequestId() }));
  }

  /** A look was written to the log. */
  looked({ lines, bytes }: LogLength): void {
    this.waiting.lines += lines;
    this.waiting.bytes += bytes;
  }

  /** Spends the time that the profile says this takes. */
  pause(duration: HostDuration): Promise<void> {
    return this.options.clock.sleep(hostDurationMs(this.options.profile, this.options.host, duration), this.signal);
  }

  /** @throws the signal's reason when the installer was stopped meanwhile. */
  async waitUntil(intervalMs: number, predicate: (dueMs: number) => boolean | Promise<boolean>): Promise<void> {
    await waitUntil(this.options.clock, intervalMs, this.signal, predicate);
    this.signal.throwIfAborted();
  }

  /** Like {@link waitUntil}, but the first look is one interval later and a look delays the next one. */
  async sleepUntil(condition: (dueMs: number) => boolean | Promise<boolean>): Promise<void> {
    const { clock } = this.options;
    let due: number;
    do {
      due = clock.now() + WAIT_INTERVAL_MS;
      await clock.sleep(WAIT_INTERVAL_MS, this.signal);
    } while (!(await condition(due)));
  }

  async begin(): Promise<void> {
    await this.stage('Starting installation', this.request.role);
    if (!this.request.skip_installation_disk_cleanup) await this.pause('diskCleanup');
  }

  /** @throws ServiceError, which ends the installation. */
  async downloadIgnition(): Promise<void> {
    const { infra_env_id, host_id } = this.request;
    await this.service.downloadIgnition(infra_env_id, host_id, { requestId: newRequestId() });
  }

  async writeImage(duration: HostDuration): Promise<void> {
    const { clock, profile, host } = this.options;
    await this.stage('Writing image to disk');
    await writeImage({
      clock,
      durationMs: hostDurationMs(profile, host, duration),
      lineMs: profile.writerLineMs,
      report: (percent) => {
        this.imageReports++;
        return this.stage('Writing image to disk', `${percent}%`);
      },
      signal: this.signal,
    });
  }

  /**
   * Puts the release's operating system on the disk, where the request asks for it: the machine config comes from the
   * cluster's machine-config-server, tried for 20 minutes; without it the installation goes on
   * (assisted-installer src/ops/ops.go OverwriteOsImage).
   */
  async overwriteOsImage(): Promise<void> {
    if (!this.request.enable_skip_mco_reboot) return;
    const { clock, spoke, host } = this.options;
    const available = () => host.plan.day2 || spoke.apiReachable();
    const found = await waitUntil(clock, WAIT_INTERVAL_MS, this.signal, available, MACHINE_CONFIG_LIMIT_MS);
    this.signal.throwIfAborted();
    if (found) await this.pause('osImageOverwrite');
  }

  /**
   * Uploads the host's logs and reboots the machine, which is the machine's business from then on.
   * @param kind `bootstrap` hosts collect more; a `single-node` host does too and reboots at once
   */
  async finish(kind: 'bootstrap' | 'single-node' | 'plain'): Promise<void> {
    const { infra_env_id, host_id } = this.request;
    const { sendLogs, shutdown } = this.options;
    await accepted(this.service.reportHostLogs(infra_env_id, host_id, 'requested'));
    await sendLogs(kind !== 'plain', this.signal);
    await this.stage('Rebooting');
    // An installer that was stopped while it reported shuts nothing down, least of all a machine that has booted anew.
    this.signal.throwIfAborted();
    shutdown(kind === 'single-node' ? 'now' : '+1');
  }

  /** Options of a call that carries an id of its own. */
  identified(dueMs: number): CallOptions {
    return { requestId: newRequestId(), dueMs };
  }
}
