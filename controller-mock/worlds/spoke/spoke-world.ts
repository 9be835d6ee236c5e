/**
 * Hundreds of spokes in one process. One listener serves them all, told apart by path (`/spokes/<name>/…`) and by
 * bearer token; a spoke can have a port of its own beside that, which is how a pod's service account would find it.
 */
import { stringify } from 'yaml';
import { type SpokeProfile, spokeProfile } from '../../../model/spoke/profiles.ts';
import type { HostState } from '../../../model/spoke/stages.ts';
import { type Clock, ScaledClock, startClock } from '../../../model/time/clock.ts';
import { podLogsOf } from '../../builtins/behaviour/pod-logs.ts';
import type { Listener } from '../../http/listener.ts';
import type { Cluster } from '../../registry/cluster.ts';
import { KubeServer, type ListenSettings } from '../../server/kube-server.ts';
import type { ServedCluster } from '../../server/served-cluster.ts';
import { STANDARD_KINDS } from '../../standard-kinds.ts';
import { seedEmptyWorld } from '../empty.ts';
import { openshiftTypes } from './kinds.ts';
import { Spoke } from './spoke.ts';
import { SpokeLogs } from './spoke-logs.ts';
import {
  HOST_SETTINGS,
  parseSettings,
  SpokeSettingsError,
  type SpokeSettingsInput,
  spokeSettings,
} from './spoke-settings.ts';

export interface SpokeWorldOptions extends ListenSettings {
  /** Simulated time of all spokes; real time unless given. */
  clock?: Clock;
  /** The moment at which a real spoke would start its controller. */
  onControllerStart?: (spoke: string) => void;
  /** The moment at which the bootkube of a spoke's bootstrap would have ended well. */
  onBootkubeDone?: (spoke: string) => void;
  /** A host, by its id where it has one, has become a node, then a ready one. */
  onNode?: (spoke: string, host: string, ready: boolean) => void;
  /** A host of a spoke was served by its machine-config-server. @param line of that one's log */
  onIgnitionFetched?: (spoke: string, line: string) => void;
}

/** A spoke as its users see it. */
export interface SpokeAccess {
  readonly name: string;
  /** Under the common listener. */
  readonly url: string;
  /** Its own listener, if it has one. */
  readonly ownUrl: string | undefined;
  readonly token: string;
  /** YAML; leads to the own listener if there is one. */
  readonly kubeconfig: string;
  readonly cluster: Cluster;
  /** Each host by its name, and how far it is. */
  readonly hosts: ReadonlyMap<string, HostState>;
}

/** Nobody of that name is here. */
export class UnknownSpokeError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UnknownSpokeError';
  }
}

/** The name is taken. */
export class SpokeExistsError extends Error {
  constructor(name: string) {
    super(`there is a spoke "${name}" already: remove it first or choose another name`);
    this.name = 'SpokeExistsError';
  }
}

/** A spoke makes a few hundred changes in its life. */
const HISTORY_LENGTH = 500;

interface Entry {
  access: SpokeAccess;
  spoke: Spoke;
  served: ServedCluster;
  own: Listener | undefined;
}

export class SpokeWorld {
  readonly #server = new KubeServer(STANDARD_KINDS);
  readonly #options: SpokeWorldOptions;
  readonly #clock: Clock;
  readonly #spokes = new Map<string, Entry>();
  #listener: Listener | undefined;
  #ordinal = 0;

  private constructor(options: SpokeWorldOptions) {
    this.#options = options;
    this.#clock = options.clock ?? new ScaledClock(startClock(1));
  }

  /** @throws Error when the port is taken */
  static async start(options: SpokeWorldOptions = {}): Promise<SpokeWorld> {
    const world = new SpokeWorld(options);
    // Whoever asks for no spoke meets a cluster without objects, and so the answers of an API server.
    world.#listener = await world.#server.listen(options, world.#server.addCluster());
    return world;
  }

  /** Of the common listener, without a trailing slash. */
  get url(): string {
    return this.#common.url;
  }

  get port(): number {
    return this.#common.port;
  }

  /** PEM of the authority of all listeners. */
  caCert(): Promise<string> {
    return this.#server.caCert();
  }

  /** All spokes in one kubeconfig, a context each, named after the spoke; the first is the current one. */
  async kubeconfig(): Promise<string> {
    const ca = this.url.startsWith('https:') ? Buffer.from(await this.caCert()).toString('base64') : undefined;
    const { spokes } = this;
    return stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: spokes.map(({ name, url, ownUrl }) => ({
        name,
        cluster: { server: ownUrl ?? url, ...(ca && { 'certificate-authority-data': ca }) },
      })),
      users: spokes.map(({ name, token }) => ({ name, user: { token } })),
      contexts: spokes.map(({ name }) => ({ name, context: { cluster: name, user: name, namespace: 'default' } })),
      'current-context': spokes[0]?.name ?? '',
    });
  }

  /** In the order they were added. */
  get spokes(): readonly SpokeAccess[] {
    return [...this.#spokes.values()].map((entry) => entry.access);
  }

  /** @throws UnknownSpokeError */
  spoke(name: string): SpokeAccess {
    return this.#entry(name).access;
  }

  /**
   * @param profile in place of the one the settings name
   * @throws SpokeSettingsError, SpokeExistsError; Error when the port is taken
   */
  async addSpoke(input: SpokeSettingsInput, profile?: SpokeProfile): Promise<SpokeAccess> {
    const settings = spokeSettings(input, this.#ordinal);
    const { name, port, token } = settings;
    if (this.#spokes.has(name)) throw new SpokeExistsError(name);
    if (token !== undefined && this.spokes.some((spoke) => spoke.token === token)) {
      throw new SpokeSettingsError('token: another spoke has this token, and requests are told apart by it');
    }
    this.#ordinal += 1;
    const clock = this.#clock;
    const served = this.#server.addCluster({ clock, historyLength: HISTORY_LENGTH, ...(token && { token }) });
    const { cluster } = served;
    const logs = new SpokeLogs(clock);
    for (const type of openshiftTypes()) cluster.registry.add(type);
    podLogsOf(cluster).setSources((pod) => logs.source(pod));
    seedEmptyWorld(cluster);
    const spoke = new Spoke({
      settings,
      cluster,
      clock,
      profile: profile ?? spokeProfile(settings.profile),
      logs,
      told: {
        controllerStarted: () => this.#options.onControllerStart?.(name),
        bootkubeDone: () => this.#options.onBootkubeDone?.(name),
        node: ({ id, name: host }, ready) => this.#options.onNode?.(name, id ?? host, ready),
        ignitionFetched: (line) => this.#options.onIgnitionFetched?.(name, line),
      },
    });
    const prefix = `/spokes/${name}`;
    this.#server.route(this.#common, served, { prefix, token: served.token });
    const access = {
      name,
      url: `${this.url}${prefix}`,
      ownUrl: undefined as string | undefined,
      token: served.token,
      kubeconfig: '',
      cluster,
      get hosts() {
        return spoke.hosts;
      },
    };
    const entry: Entry = { access, spoke, served, own: undefined };
    // Known before its own port is open, so that a second spoke of the name is refused meanwhile.
    this.#spokes.set(name, entry);
    try {
      if (port !== undefined) {
        entry.own = await this.#server.listen({ ...this.#options, port }, served);
        access.ownUrl = entry.own.url;
      }
      access.kubeconfig = entry.own
        ? await this.#server.kubeconfig(entry.own, served)
        : await this.#server.kubeconfig(this.#common, served, prefix);
    } catch (error) {
      await this.removeSpoke(name);
      throw error;
    }
    return access;
  }

  /**
   * A further host.
   * @param when one of day 2 does not count in the installation; one of the installation counts beside those that were named
   * @throws UnknownSpokeError, SpokeSettingsError
   */
  addHost(spoke: string, host: unknown, when: 'day2' | 'installation' = 'day2'): void {
    this.#entry(spoke).spoke.addHost(parseSettings(HOST_SETTINGS, host), when === 'day2');
  }

  /** The machine boots from its disk. @param host name or id. @throws UnknownSpokeError */
  hostRebooted(spoke: string, host: string): void {
    this.#entryOfHost(spoke, host).spoke.hostRebooted(host);
  }

  /** The machine is dead. @param host name or id. @throws UnknownSpokeError */
  hostFailed(spoke: string, host: string): void {
    this.#entryOfHost(spoke, host).spoke.hostFailed(host);
  }

  /** Ends its timers, watches and port. @throws UnknownSpokeError */
  async removeSpoke(name: string): Promise<void> {
    const { spoke, served, own } = this.#entry(name);
    this.#spokes.delete(name);
    spoke.close();
    this.#server.removeCluster(served);
    await own?.close();
  }

  async close(): Promise<void> {
    for (const { spoke } of this.#spokes.values()) spoke.close();
    this.#spokes.clear();
    await this.#server.close();
  }

  get #common(): Listener {
    return this.#listener!;
  }

  #entry(name: string): Entry {
    const entry = this.#spokes.get(name);
    if (!entry) {
      throw new UnknownSpokeError(
        `there is no spoke "${name}": ${this.#spokes.size} spokes are listed at /control/spokes`,
      );
    }
    return entry;
  }

  #entryOfHost(spoke: string, host: string): Entry {
    const entry = this.#entry(spoke);
    if (!entry.spoke.host(host)) {
      throw new UnknownSpokeError(
        `spoke "${spoke}" has no host "${host}": use a name or id of ${[...entry.spoke.hosts.keys()].slice(0, 20).join(', ')}`,
      );
    }
    return entry;
  }
}
