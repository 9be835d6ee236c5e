/**
 * A stock agent on a host of a lab: the machine switches it on and off, and the commands that it executes tell what it does.
 *
 *    start(up) ── at `up` ──► lab.start ──► agent registers ──► runner polls ──► …
 *    stop() ────────────────► lab.stop: every process of the host is killed
 *    restart() ─────────────► lab.kill: the agent alone is killed; the host's init starts it again
 */
import type { SpokeProfile } from '../../model/spoke/profiles.ts';
import type { ClockTimer } from '../../model/time/clock.ts';
import type { Host } from '../host/host.ts';
import { virtualAddresses } from '../host/ipv4.ts';
import type { DiscoveryProgram, Machine } from '../host/machine.ts';
import type { ProxySettings, TlsOptions } from '../plan/connections.ts';
import type { ClusterPlan } from '../plan/expanded-plan.ts';
import type { Runtime, ServiceAccess } from '../service/runtime.ts';
import type { HostProgram } from '../telemetry/process-figures.ts';
import type { ErrorKind } from '../telemetry/telemetry.ts';
import type { TappedListener } from './connection-telemetry.ts';
import { hostFiles, type Peer, trustFiles } from './host-files.ts';
import { HOST_FOLDER_BYTES } from './host-folder.ts';
import type { LabAccess } from './lab.ts';
import type { MachineConfigServer } from './machine-config-server.ts';
import { exitName } from './process-sampler.ts';
import { type SpokeAccess, spokeAccessOf, spokeKubeconfig } from './spoke-access.ts';
import { type InstallerArguments, installerArguments } from './stock-installation.ts';

/** What the no-op agents of one infra-env have in common. */
export interface NoopEnvironment {
  readonly runtime: Runtime;
  readonly infraEnvId: string;
  /** The cluster whose network the hosts are on. */
  readonly cluster: ClusterPlan;
  readonly agentVersion: string;
  readonly access: ServiceAccess;
  /** How the service's certificate is verified; by the system's authorities unless given. */
  readonly tls: TlsOptions | undefined;
  /** In their environment. */
  readonly proxy: ProxySettings | null;
  readonly lab: LabAccess;
  /** Hosts of the cluster that are known. */
  readonly peers: readonly Peer[];
  /** The kube-apis of clusters, which bootstraps ask; null when nothing is installed. */
  readonly spokes: SpokeAccess | null;
  /** Hosts with the same text here see each other; by default those of the cluster do. */
  readonly network: string;
  /** Where hosts that join an installed cluster fetch their ignition; null where none does. */
  readonly machineConfigs: MachineConfigServer | null;
  /** How long things take on the host. */
  readonly profile: SpokeProfile;
  /** The stock inventory program runs on the hosts. */
  readonly stockInventory: boolean;
  /** Makes the listener of each connection of this host. */
  readonly connection: TappedListener;
  /** The installer starts. */
  readonly onInstaller: (given: InstallerArguments) => void;
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
  /** It was killed, and its end is no news. */
  #killed = false;
  #timer: ClockTimer | null = null;
  #running = false;
  /** Grows with each boot: what began under a smaller number is void. */
  #boots = 0;
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

  /** The init of the host is its unit, and knows itself how long it waits. */
  restart(): void {
    if (!this.#running) return;
    this.#killed = true;
    this.#environment.lab.kill(this.#machine.slot);
  }

  async #boot(): Promise<void> {
    this.#timer = null;
    this.#running = true;
    this.#killed = false;
    const boot = ++this.#boots;
    const { host, slot } = this.#machine;
    this.#machine.enter('registering');
    try {
      await this.#start(host, slot, () => this.#running && boot === this.#boots);
    } catch (error) {
      if (boot === this.#boots) this.#fail((error as Error).message);
    }
  }

  /** @param isOn whether this boot still is. @throws Error when the lab cannot be, or does not reach what the host needs */
  async #start(host: Host, slot: number, isOn: () => boolean): Promise<void> {
    const { cluster, connection, lab, machineConfigs, network, peers, profile, access, spokes, stockInventory, tls } =
      this.#environment;
    const { url, hosts, ca } = await lab.reach(access.baseUrl, { tls });
    const proxies = await this.#proxies();
    const kubeApi = spokes ? await lab.reach(spokes.url, { at: spokes.at }) : null;
    const joined = await machineConfigs?.serve(cluster);
    if (joined) await lab.reach(joined.url, { at: joined.at });
    const { files, ...own } = hostFiles(host, {
      hosts: [hosts, kubeApi?.hosts, proxies.hosts].join(''),
      peers,
      profile,
      vips: virtualAddresses(cluster),
      stockInventory,
    });
    files.push(...trustFiles(ca));
    if (spokes) {
      const text = spokeKubeconfig(spokeAccessOf(spokes, host.identity.id));
      files.push({ path: 'opt/openshift/auth/kubeconfig', text });
    }
    if (!isOn()) return;
    await lab.start(
      {
        slot,
        ...own,
        files,
        names: cluster,
        network,
        outside: joined ? [joined.address] : [],
        command: this.#command(url),
        restart: true,
        environment: { ...proxies.environment, PULL_SECRET_TOKEN: access.token },
        place: { cluster: cluster.name, host: host.identity.hostname, index: host.plan.index },
      },
      {
        onEvent: (words, files) => this.#happened(words, files),
        onConnection: connection,
        onEnded: (message) => {
          if (message !== undefined && isOn()) this.#fail(message);
        },
      },
    );
    // Its power went while the host before it was ending.
    if (!isOn()) lab.stop(slot);
  }

  /** As the unit of the discovery ignition starts it: assisted-service, internal/ignition/templates/agent.service. */
  #command(url: string): string[] {
    const { access, agentVersion, infraEnvId, tls } = this.#environment;
    const { registrationRetrySeconds: interval } = access;
    return [
      ...['agent', '--url', url, '--infra-env-id', infraEnvId, '--agent-version', agentVersion],
      `--insecure=${tls?.insecure ?? false}`,
      ...(interval === undefined ? [] : ['--interval', String(interval)]),
    ];
  }

  /** The variables of the programs' proxies, as the discovery ignition's unit sets them, and what the host must know to reach these. */
  async #proxies(): Promise<{ environment: Record<string, string>; hosts: string }> {
    const { lab, proxy } = this.#environment;
    const environment: Record<string, string> = {};
    let hosts = '';
    for (const [name, url] of [
      ['HTTP_PROXY', proxy?.http],
      ['HTTPS_PROXY', proxy?.https],
    ] as const) {
      if (!url) continue;
      const given = new URL(url.includes('://') ? url : `http://${url}`);
      const reach = await lab.reach(given.origin);
      const { username, password } = given;
      environment[name] = Object.assign(new URL(reach.url), { username, password }).href;
      if (!hosts.includes(reach.hosts)) hosts += reach.hosts;
    }
    if (proxy?.no) environment.NO_PROXY = proxy.no;
    return { environment, hosts };
  }

  #happened([what, ...words]: readonly string[], files: readonly string[]): void {
    if (what === 'runner-started') this.#machine.enter('polling');
    else if (what === 'inventory') this.#machine.enter('discovered');
    else if (what === 'installer-started') this.#install(words);
    else if (what === 'bootkube-started') this.#environment.onBootstrapped(files);
    else if (what === 'shutdown') this.#machine.shutdown(words[0] === 'now' ? 'now' : '+1');
    else if (what === 'failed') this.#fail(words.join(' '));
    else if (what === 'program-ended' && this.#killed) this.#killed = false;
    else if (what === 'program-ended') this.#ended('agent', words[0]);
    else if (what === 'runner-ended') this.#ended('next_step_runner', words[0]);
    else if (what === 'installer-ended') this.#installerEnded(words[0]);
    else if (what === 'disk-full') this.#report('disk-full', DISK_FULL);
    else if (what === 'refused')
      this.#report('boot-failed', `a stock program executed what is not replaced: ${words.join(' ')}`);
  }

  #install(words: readonly string[]): void {
    this.#machine.enter('installing');
    const given = installerArguments(words);
    if (given) this.#environment.onInstaller(given);
    else
      this.#report('installer-failed', `a stock installer was started without a role or a cluster: ${words.join(' ')}`);
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
