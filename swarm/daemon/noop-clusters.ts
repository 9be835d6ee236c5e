/**
 * The kube-apis of the clusters that no-op machines become: stock bootstraps and controllers speak to them. How they are reached is
 * known before there are machines; a cluster begins when the installer of its bootstrap starts, takes hosts in whose installers
 * start, and is told when they reboot.
 */
import { randomBytes } from 'node:crypto';
import { SpokeWorld } from '../../controller-mock/index.ts';
import { spokeProfile } from '../../model/spoke/profiles.ts';
import type { Clock } from '../../model/time/clock.ts';
import type { HostFile } from '../noop/lab-protocol.ts';
import { type SpokeAccess, spokeTokenOf } from '../noop/spoke-access.ts';
import type { StockInstallation } from '../noop/stock-installation.ts';
import type { RunEvent } from '../telemetry/run-event.ts';

/** The machines, as their clusters reach them: by the launch to which a machine belongs. */
export interface NoopMachines {
  /** The cluster, by its id, would start its controller's pod now. */
  controllerDue(launch: number, clusterId: string): void;
  /** That cluster writes to a file of its bootstrap: appends. */
  bootstrapWrites(launch: number, clusterId: string, file: HostFile): void;
  /** A host of day 2, by its id, has become a node. */
  nodeOfDay2(launch: number, host: string, ready: boolean): void;
}

export interface NoopClustersOptions {
  clock: Clock;
  /** Of clusters whose installers do not name one. */
  openshiftVersion: string | null;
  warn: (message: string) => void;
}

/** Name under which stock programs find the kube-apis: they take no address that is this machine's own. */
const SPOKES_NAME = 'spokes.swarm.internal';

/** Where a bootstrap finds out that bootkube has ended well: assisted-installer, src/installer/installer.go, waitForBootkube. */
const BOOTKUBE_DONE = 'opt/openshift/.bootkube.done';
/** Where a bootstrap finds out whom its machine-config-server has served: assisted-installer, src/ops/ops.go, GetMCSLogs. */
const SERVED_LOG = 'var/log/containers/machine-config-server-bootstrap_machine-config-server.log';

interface Member {
  /** The launch of its machine. */
  launch: number;
  installation: StockInstallation;
}

interface NoopCluster {
  /** Of its spoke. */
  name: string;
  bootstrap: Member | null;
  /** Hosts whose installers have started, by id. */
  members: Map<string, Member>;
  /** What happens to its kube-api, one after the other. */
  work: Promise<void>;
}

export class NoopClusters {
  /** How stock programs reach the kube-apis. */
  readonly access: SpokeAccess;
  readonly #options: NoopClustersOptions;
  readonly #world: SpokeWorld;
  /** By id in the service. */
  readonly #clusters = new Map<string, NoopCluster>();
  /** By the id of a host. */
  readonly #clusterOf = new Map<string, NoopCluster>();
  #machines: NoopMachines | null = null;

  private constructor(options: NoopClustersOptions, world: SpokeWorld, ca: string) {
    const { port } = world;
    this.#options = options;
    this.#world = world;
    this.access = {
      url: `https://${SPOKES_NAME}:${port}`,
      at: { host: '127.0.0.1', port },
      token: randomBytes(24).toString('base64url'),
      ca,
    };
  }

  /** @throws Error when no port is free. */
  static async start(options: NoopClustersOptions): Promise<NoopClusters> {
    let clusters: NoopClusters | undefined;
    const world = await SpokeWorld.start({
      clock: options.clock,
      names: [SPOKES_NAME],
      onControllerStart: (spoke) => clusters?.controllerDue(spoke),
      onBootkubeDone: (spoke) => clusters?.bootstrapWrites(spoke, { path: BOOTKUBE_DONE, text: '' }),
      onIgnitionFetched: (spoke, line) => clusters?.bootstrapWrites(spoke, { path: SERVED_LOG, text: `${line}\n` }),
      onNode: (_spoke, host, ready) => clusters?.node(host, ready),
    });
    clusters = new NoopClusters(options, world, await world.caCert());
    return clusters;
  }

  /** From now on these are told what happens in their clusters. */
  serve(machines: NoopMachines): void {
    this.#machines = machines;
  }

  /** The installer of a host starts. @param launch of its machine */
  installing(launch: number, installation: StockInstallation): void {
    const { clusterId, host, role, name } = installation;
    let cluster = this.#clusters.get(clusterId);
    if (!cluster) {
      cluster = { name: name ?? clusterId, bootstrap: null, members: new Map(), work: Promise.resolve() };
      this.#clusters.set(clusterId, cluster);
    }
    const member = { launch, installation };
    cluster.members.set(host.id, member);
    this.#clusterOf.set(host.id, cluster);
    if (role === 'bootstrap') {
      cluster.bootstrap = member;
      this.#do(cluster, (current) => this.#open(current));
    } else this.#do(cluster, (current) => this.#join(current, member));
  }

  /** Told of everything that happens to hosts. */
  apply(event: RunEvent): void {
    if (event.type !== 'host.phase') return;
    const cluster = this.#clusterOf.get(event.id);
    if (!cluster) return;
    if (event.phase === 'rebooted')
      this.#do(cluster, ({ name }) => this.#serves(name) && this.#world.hostRebooted(name, event.id));
    else if (event.phase === 'stopped')
      this.#do(cluster, ({ name }) => this.#serves(name) && this.#world.hostFailed(name, event.id));
  }

  /** No machine of a launch will do anything more: clusters that nobody else is in end. */
  left(launch: number): void {
    for (const [clusterId, cluster] of this.#clusters) {
      for (const [id, member] of cluster.members) {
        if (member.launch !== launch) continue;
        cluster.members.delete(id);
        if (this.#clusterOf.get(id) === cluster) this.#clusterOf.delete(id);
      }
      if (cluster.members.size > 0) continue;
      this.#clusters.delete(clusterId);
      this.#do(cluster, (current) => this.#end(current));
    }
  }

  controllerDue(spoke: string): void {
    this.#ofBootstrap(spoke, (launch, clusterId) => this.#machines?.controllerDue(launch, clusterId));
  }

  bootstrapWrites(spoke: string, file: HostFile): void {
    this.#ofBootstrap(spoke, (launch, clusterId) => this.#machines?.bootstrapWrites(launch, clusterId, file));
  }

  node(host: string, ready: boolean): void {
    const member = this.#clusterOf.get(host)?.members.get(host);
    if (member?.installation.day2) this.#machines?.nodeOfDay2(member.launch, host, ready);
  }

  close(): Promise<void> {
    return this.#world.close();
  }

  #serves(name: string): boolean {
    return this.#world.spokes.some((spoke) => spoke.name === name);
  }

  #ofBootstrap(spoke: string, tell: (launch: number, clusterId: string) => void): void {
    for (const [clusterId, { name, bootstrap }] of this.#clusters)
      if (name === spoke && bootstrap) tell(bootstrap.launch, clusterId);
  }

  /** After what has been begun: hosts join a kube-api that is there. */
  #do(cluster: NoopCluster, work: (cluster: NoopCluster) => unknown): void {
    cluster.work = cluster.work
      .then(async () => {
        await work(cluster);
      })
      .catch((error: Error) => this.#options.warn(`kube-api of cluster ${cluster.name}: ${error.message}`));
  }

  /** A new cluster begins, with the hosts that are being installed into it. */
  async #open({ name, bootstrap, members }: NoopCluster): Promise<void> {
    const { installation } = bootstrap!;
    const { platform, profile, controlPlanes, openshiftVersion, fault } = installation;
    if (this.#serves(name)) await this.#world.removeSpoke(name);
    const version = openshiftVersion ?? this.#options.openshiftVersion;
    const hosts = [...members.values()].map((member) => member.installation).filter(({ day2 }) => !day2);
    const counted = (role: string) => hosts.filter((one) => one.role === role).length;
    const planes = controlPlanes ?? counted('bootstrap') + counted('master');
    await this.#world.addSpoke(
      {
        name,
        platform,
        ...(version !== null && { version }),
        topology: `${planes}+${Math.min(counted('arbiter'), 1)}+${counted('worker')}`,
        // The controller and the bootstrap approve what they are asked to.
        csrApproval: 'automatic',
        faults: fault === null ? [] : [fault],
        token: spokeTokenOf(this.access.token, installation.host.id),
        hosts: hosts.map((host) => ({ ...settingsOf(host), bootstrap: host === installation })),
      },
      spokeProfile(profile),
    );
  }

  async #end({ name }: NoopCluster): Promise<void> {
    // Another may have begun under its name.
    const isTaken = [...this.#clusters.values()].some((cluster) => cluster.name === name);
    if (!isTaken && this.#serves(name)) await this.#world.removeSpoke(name);
  }

  /** A host whose installer starts after that of the bootstrap. */
  #join({ name, bootstrap }: NoopCluster, { installation }: Member): void {
    if (!bootstrap || !this.#serves(name)) return;
    this.#world.addHost(name, settingsOf(installation), installation.day2 ? 'day2' : 'installation');
  }
}

function settingsOf({ host: { id, hostname, address, mac }, role, stuck }: StockInstallation) {
  return {
    name: hostname,
    id,
    role: role === 'bootstrap' ? ('master' as const) : role,
    addresses: [address],
    macAddress: mac,
    ...(stuck !== null && { fault: stuck }),
  };
}
