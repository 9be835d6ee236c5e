/**
 * A stock agent on a host of a lab: the machine switches it on and off, and the commands that it executes tell what it does.
 *
 *    start(up) ── at `up` ──► lab.start ──► agent registers ──► runner polls ──► …
 *    stop() ────────────────► lab.stop: every process of the host is killed
 */
import type { SpokeProfile } from '../../model/spoke/profiles.ts';
import type { ClockTimer } from '../../model/time/clock.ts';
import { virtualAddresses } from '../host/ipv4.ts';
import type { DiscoveryProgram, Machine } from '../host/machine.ts';
import type { TlsOptions } from '../plan/connections.ts';
import type { ClusterPlan } from '../plan/expanded-plan.ts';
import type { Runtime, ServiceAccess } from '../service/runtime.ts';
import type { HostProgram } from '../telemetry/process-figures.ts';
import type { ErrorKind } from '../telemetry/telemetry.ts';
import type { TappedListener } from './connection-telemetry.ts';
import { hostFiles, type Peer, trustFiles } from './host-files.ts';
import { HOST_FOLDER_BYTES } from './host-folder.ts';
import type { LabAccess } from './lab.ts';
import type { SpokeAccess } from './noop-controller.ts';
import { exitName } from './process-sampler.ts';

/** What the no-op agents of one infra-env have in common. */
export interface NoopEnvironment {
  readonly runtime: Runtime;
  readonly infraEnvId: string;
  /** The cluster whose network the hosts are on. */
  readonly cluster: ClusterPlan;
  readonly agentVersion: string;
  readonly access: ServiceAccess;
  readonly lab: LabAccess;
  /** How the service's certificate is verified; by the system's authorities unless given. */
  readonly tls: TlsOptions | undefined;
  /** All hosts of the cluster. */
  readonly peers: readonly Peer[];
  /** The kube-api of the cluster, which a bootstrap asks; null when nothing is installed. */
  readonly spoke: SpokeAccess | null;
  /** How long things take on the host. */
  readonly profile: SpokeProfile;
  /** The stock inventory program runs on the hosts. */
  readonly stockInventory: boolean;
  /** Makes the listener of each connection of a host. */
  readonly connection: TappedListener;
  /** The service has made this host the bootstrap, whose installer starts now. @param reboots that a node has behind it when it is done */
  readonly onBootstrap: (hostId: string, reboots: number) => void;
  /** The bootstrap's installer has started bootkube and written the controller's manifests. */
  readonly onBootstrapped: (manifests: readonly string[]) => void;
}

/** Errors of one host that are told; the others are counted. */
const MOST_TOLD = 20;
const DISK_FULL = `its file system of ${HOST_FOLDER_BYTES / 1024 / 1024} MiB is full: what its programs write fails from now on`;

/** How a program ended, from what a shell makes of it. */
function endText(code = ''): string {
  const how = exitName(code);
  return how.startsWith('SIG') ? `by ${how}` : `with exit code ${how}`;
}

export class NoopAgent implements DiscoveryProgram {
  readonly #machine: Machine;
  readonly #environment: NoopEnvironment;
  #timer: ClockTimer | null = null;
  #running = false;
  #told = 0;

  constructor(machine: Machine, environment: NoopEnvironment) {
    this.#machine = machine;
    this.#environment = environment;
  }

  start(upMs: number): void {
    const { clock } = this.#environment.runtime;
    this.#timer = clock.setTimer(Math.max(0, upMs - clock.now()), () => void this.#boot());
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
    if (this.#running) this.#environment.lab.stop(this.#machine.slot);
    this.#running = false;
  }

  async #boot(): Promise<void> {
    this.#timer = null;
    this.#running = true;
    const { access, agentVersion, cluster, infraEnvId, lab, peers, profile, spoke, stockInventory, tls } =
      this.#environment;
    const { host, slot } = this.#machine;
    this.#machine.enter('registering');
    try {
      const { url, hosts, ca } = await lab.reach(access.baseUrl, { tls });
      const kubeApi = spoke ? await lab.reach(spoke.url, { at: spoke.at }) : null;
      const files = hostFiles(host, {
        hosts: hosts + (kubeApi?.hosts ?? ''),
        peers,
        timing: { profile, singleNode: cluster.controlPlanes === 1 },
        vips: virtualAddresses(cluster),
        stockInventory,
      });
      files.files.push(...trustFiles(ca));
      if (spoke) files.files.push({ path: 'opt/openshift/auth/kubeconfig', text: spoke.kubeconfig });
      await lab.start(
        {
          slot,
          ...files,
          names: cluster,
          command: [
            'agent',
            '--url',
            url,
            '--infra-env-id',
            infraEnvId,
            '--agent-version',
            agentVersion,
            '--insecure=false',
          ],
          restart: true,
          environment: { PULL_SECRET_TOKEN: access.token },
          place: { cluster: cluster.name, host: host.identity.hostname, index: host.plan.index },
        },
        {
          onEvent: (words, files) => this.#happened(words, files),
          onConnection: this.#environment.connection,
          onEnded: (message) => {
            if (message !== undefined) this.#fail(message);
          },
        },
      );
    } catch (error) {
      this.#fail((error as Error).message);
    }
  }

  #happened([what, ...words]: readonly string[], files: readonly string[]): void {
    if (what === 'runner-started') this.#machine.enter('polling');
    else if (what === 'inventory') this.#machine.enter('discovered');
    else if (what === 'installer-started') this.#install(words[0], Number(words[1]));
    else if (what === 'bootkube-started') this.#environment.onBootstrapped(files);
    else if (what === 'shutdown') this.#machine.shutdown(words[0] === 'now' ? 'now' : '+1');
    else if (what === 'failed') this.#fail(words.join(' '));
    else if (what === 'program-ended') this.#ended('agent', words[0]);
    else if (what === 'runner-ended') this.#ended('next_step_runner', words[0]);
    else if (what === 'installer-ended') this.#installerEnded(words[0]);
    else if (what === 'disk-full') this.#report('disk-full', DISK_FULL);
    else if (what === 'refused')
      this.#report('boot-failed', `a stock program executed what is not replaced: ${words.join(' ')}`);
  }

  #install(role: string | undefined, reboots: number): void {
    this.#machine.enter('installing');
    if (role === 'bootstrap') this.#environment.onBootstrap(this.#machine.host.identity.id, reboots);
  }

  /** A program that is started again. */
  #ended(program: HostProgram, code: string | undefined): void {
    this.#report('program-ended', `${program} ended ${endText(code)} and is started again`);
  }

  #installerEnded(code: string | undefined): void {
    if (code === '0') return;
    const message = `the installer ended ${endText(code)}`;
    this.#report('installer-failed', message);
    this.#machine.enter('failed', message);
  }

  #fail(message: string): void {
    this.#running = false;
    this.#machine.enter('failed', message);
    this.#report('host-lost', message);
    this.#machine.fallSilent();
  }

  /** Counts all, and tells of as many as somebody may want to read of one host. */
  #report(kind: ErrorKind, message: string): void {
    const { clock, emit, telemetry } = this.#environment.runtime;
    telemetry.error(kind);
    if (++this.#told > MOST_TOLD) return;
    const { identity, plan } = this.#machine.host;
    emit({
      type: 'host.error',
      time: clock.now(),
      cluster: plan.clusterIndex,
      host: plan.index,
      id: identity.id,
      kind,
      message,
    });
  }
}
