/**
 * A stock agent on a host of a lab: the machine switches it on and off, and the commands that it executes tell what it does.
 *
 *    start(up) ── at `up` ──► lab.start ──► agent registers ──► runner polls ──► …
 *    stop() ────────────────► lab.stop: every process of the host is killed
 */
import type { SpokeProfile } from '../../model/spoke/profiles.ts';
import type { ClockTimer } from '../../model/time/clock.ts';
import type { DiscoveryProgram, Machine } from '../host/machine.ts';
import type { TlsOptions } from '../plan/connections.ts';
import type { ClusterPlan } from '../plan/expanded-plan.ts';
import type { Runtime, ServiceAccess } from '../service/runtime.ts';
import type { TappedListener } from './connection-telemetry.ts';
import { hostFiles, type Peer, trustFiles } from './host-files.ts';
import type { LabAccess } from './lab.ts';
import type { SpokeAccess } from './noop-controller.ts';

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
  /** Makes the listener of each connection of a host. */
  readonly connection: TappedListener;
  /** The service has made this host the bootstrap, whose installer starts now. @param reboots that a node has behind it when it is done */
  readonly onBootstrap: (hostId: string, reboots: number) => void;
  /** The bootstrap's installer has started bootkube and written the controller's manifests. */
  readonly onBootstrapped: (manifests: readonly string[]) => void;
}

export class NoopAgent implements DiscoveryProgram {
  readonly #machine: Machine;
  readonly #environment: NoopEnvironment;
  #timer: ClockTimer | null = null;
  #running = false;

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
    const { access, agentVersion, cluster, infraEnvId, lab, peers, profile, spoke, tls } = this.#environment;
    const { host, slot } = this.#machine;
    this.#machine.enter('registering');
    try {
      const { url, hosts, ca } = await lab.reach(access.baseUrl, { tls });
      const kubeApi = spoke ? await lab.reach(spoke.url, { at: spoke.at }) : null;
      const files = hostFiles(host, hosts + (kubeApi?.hosts ?? ''), peers, {
        profile,
        singleNode: cluster.controlPlanes === 1,
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
    else if (what === 'refused') this.#report(`a stock program executed what is not replaced: ${words.join(' ')}`);
  }

  #install(role: string | undefined, reboots: number): void {
    this.#machine.enter('installing');
    if (role === 'bootstrap') this.#environment.onBootstrap(this.#machine.host.identity.id, reboots);
  }

  #fail(message: string): void {
    this.#running = false;
    this.#machine.enter('failed', message);
    this.#report(message);
    this.#machine.fallSilent();
  }

  #report(message: string): void {
    const { clock, emit } = this.#environment.runtime;
    const { identity, plan } = this.#machine.host;
    emit({
      type: 'host.error',
      time: clock.now(),
      cluster: plan.clusterIndex,
      host: plan.index,
      id: identity.id,
      kind: 'boot-failed',
      message,
    });
  }
}
