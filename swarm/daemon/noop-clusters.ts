/**
 * The kube-apis of the clusters that no-op machines become: stock bootstraps and controllers speak to them. How each will be reached
 * is known before its machines are there; it begins when the service has chosen the bootstrap, and is told when hosts reboot.
 */
import { randomBytes } from 'node:crypto';
import { stringify } from 'yaml';
import { SpokeWorld } from '../../controller-mock/index.ts';
import { spokeProfile } from '../../model/spoke/profiles.ts';
import type { Clock } from '../../model/time/clock.ts';
import type { Machines } from '../cluster/cluster-life.ts';
import { buildHost } from '../host/build-host.ts';
import type { HostFile } from '../noop/lab-protocol.ts';
import type { SpokeAccess } from '../noop/noop-controller.ts';
import type { ClusterLaunch } from '../pool/messages.ts';
import type { RunEvent } from '../telemetry/run-event.ts';
import type { RunPool } from './run-parts.ts';

export interface NoopClustersOptions {
  /** Those that launch the machines. */
  machines: Machines & Pick<RunPool, 'controllerDue' | 'bootstrapWrites'>;
  clock: Clock;
  openshiftVersion: string;
  warn: (message: string) => void;
}

/** Name under which stock programs find the kube-apis: they take no address that is this machine's own. */
const SPOKES_NAME = 'spokes.swarm.internal';

/** Where a bootstrap finds out that bootkube has ended well: assisted-installer, src/installer/installer.go, waitForBootkube. */
const BOOTKUBE_DONE = 'opt/openshift/.bootkube.done';
/** Where a bootstrap finds out whom its machine-config-server has served: assisted-installer, src/ops/ops.go, GetMCSLogs. */
const SERVED_LOG = 'var/log/containers/machine-config-server-bootstrap_machine-config-server.log';

interface Launched {
  launch: ClusterLaunch;
  /** Of its kube-api. */
  token: string;
}

export class NoopClusters implements Machines {
  readonly #options: NoopClustersOptions;
  readonly #world: SpokeWorld;
  /** Index of the cluster by the name of its spoke. */
  readonly #clusters = new Map<string, number>();
  /** By the index of the cluster. */
  readonly #launches = new Map<number, Launched>();
  readonly #ca: string;

  private constructor(options: NoopClustersOptions, world: SpokeWorld, ca: string) {
    this.#options = options;
    this.#world = world;
    this.#ca = ca;
  }

  /** @throws Error when no port is free. */
  static async start(options: NoopClustersOptions): Promise<NoopClusters> {
    let clusters: NoopClusters | undefined;
    const world = await SpokeWorld.start({
      clock: options.clock,
      names: [SPOKES_NAME],
      onControllerStart: (name) => clusters?.controllerDue(name),
      onBootkubeDone: (name) => clusters?.bootstrapWrites(name, { path: BOOTKUBE_DONE, text: '' }),
      onIgnitionFetched: (name, line) => clusters?.bootstrapWrites(name, { path: SERVED_LOG, text: `${line}\n` }),
    });
    clusters = new NoopClusters(options, world, await world.caCert());
    return clusters;
  }

  launch(launch: ClusterLaunch): void {
    const { cluster } = launch;
    if (cluster.justInfraEnv || cluster.hosts[0]?.kind !== 'noop') {
      this.#options.machines.launch(launch);
      return;
    }
    const token = randomBytes(24).toString('base64url');
    this.#clusters.set(cluster.name, cluster.index);
    this.#launches.set(cluster.index, { launch, token });
    this.#options.machines.launch({ ...launch, spoke: this.#accessOf(token) });
  }

  startHosts(...start: Parameters<Machines['startHosts']>): void {
    this.#options.machines.startHosts(...start);
  }

  stopCluster(cluster: number): void {
    this.#options.machines.stopCluster(cluster);
  }

  /** The service has chosen the bootstrap of a cluster: the cluster begins to be. @param host its id */
  bootstrapChosen(cluster: number, host: string): void {
    const launched = this.#launches.get(cluster);
    if (!launched) return;
    this.#open(launched, host).catch((error: Error) =>
      this.#options.warn(`cluster ${launched.launch.cluster.name} has no kube-api: ${error.message}`),
    );
  }

  /** Told of everything that happens in the run. */
  apply(event: RunEvent): void {
    if (event.type !== 'host.phase' || event.phase !== 'rebooted') return;
    const name = this.#launches.get(event.cluster)?.launch.cluster.name;
    if (this.#world.spokes.some((spoke) => spoke.name === name)) this.#world.hostRebooted(name!, event.id);
  }

  controllerDue(name: string): void {
    const cluster = this.#clusters.get(name);
    if (cluster !== undefined) this.#options.machines.controllerDue(cluster);
  }

  bootstrapWrites(name: string, file: HostFile): void {
    const cluster = this.#clusters.get(name);
    if (cluster !== undefined) this.#options.machines.bootstrapWrites(cluster, file);
  }

  close(): Promise<void> {
    return this.#world.close();
  }

  /** How its programs reach the kube-api of a cluster: it is told by the token which one is meant. */
  #accessOf(token: string): SpokeAccess {
    const { port } = this.#world;
    const url = `https://${SPOKES_NAME}:${port}`;
    const ca = Buffer.from(this.#ca).toString('base64');
    const kubeconfig = stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'cluster', cluster: { server: url, 'certificate-authority-data': ca } }],
      users: [{ name: 'admin', user: { token } }],
      contexts: [{ name: 'admin', context: { cluster: 'cluster', user: 'admin' } }],
      'current-context': 'admin',
    });
    return { url, at: { host: '127.0.0.1', port }, token, ca: this.#ca, kubeconfig };
  }

  async #open({ launch, token }: Launched, bootstrap: string): Promise<void> {
    const { cluster, seed, spokeProfile: profile, forced } = launch;
    const { name, platform } = cluster;
    if (this.#world.spokes.some((spoke) => spoke.name === name)) await this.#world.removeSpoke(name);
    const hosts = cluster.hosts
      .filter(({ day2 }) => !day2)
      .map((plan) => buildHost(seed, cluster, plan, forced?.[plan.ordinal]));
    await this.#world.addSpoke(
      {
        name,
        platform,
        version: this.#options.openshiftVersion,
        // The controller and the bootstrap approve what they are asked to.
        csrApproval: 'automatic',
        token,
        hosts: hosts.map(({ identity, plan }) => ({
          name: identity.hostname,
          id: identity.id,
          role: plan.role,
          addresses: [identity.ipv4],
          macAddress: identity.mac,
          bootstrap: identity.id === bootstrap,
        })),
      },
      spokeProfile(profile),
    );
  }
}
