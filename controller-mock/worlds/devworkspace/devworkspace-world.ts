/**
 * A cluster with the DevWorkspace Operator in it, all of it played: workspaces start and stop, backups run, restores prove what
 * they brought back. For clients it is a Kubernetes API; for whoever started it there is a handle for what a cluster does not let
 * be done: the operator restarts, the registry is full, requests are refused.
 *
 *   clients ──HTTP──▶ API server ──▶ store ──observe──▶ Workspaces, Backups, Jobs ──rows of the lifecycle──▶ store …
 *                          ▲                                     ▲
 *                     ApiFaults                    registry, volumes, one clock
 */
import { writeFile } from 'node:fs/promises';
import { type Clock, ScaledClock, startClock } from '../../../model/time/clock.ts';
import { NAMESPACE_GRACE_MS } from '../../controllers/namespace-lifecycle.ts';
import type { Listener } from '../../http/listener.ts';
import type { Cluster } from '../../registry/cluster.ts';
import { KubeServer, type ListenSettings } from '../../server/kube-server.ts';
import { STANDARD_KINDS } from '../../standard-kinds.ts';
import { Actors } from './actors.ts';
import { programOfEnvironment } from './payload.ts';
import { REGISTRY } from './registry.ts';
import { type WorldSettings, type WorldSettingsInput, worldSettings } from './settings.ts';
import type { WorldControl } from './world-control.ts';

export interface DevWorkspaceWorldOptions extends ListenSettings, WorldSettingsInput {
  /**
   * Simulated time of everything in it; real time unless given. With a SteadyClock counts hold at any speed: while the process is
   * busy, no time passes that a pass of the operator would have to keep up with.
   */
  clock?: Clock;
  /** Bearer token with all rights; random by default. */
  token?: string;
  /** Changes that each collection keeps for watches. */
  historyLength?: number;
  /** Milliseconds of the clock that a namespace waits for its content to go. */
  namespaceGraceMs?: number;
  /** File the kubeconfig is written to, readable by its owner alone. */
  kubeconfigPath?: string;
}

export interface DevWorkspaceWorld {
  /** Without a trailing slash. */
  readonly url: string;
  readonly token: string;
  /** PEM of the authority; undefined for plain HTTP. */
  readonly ca: string | undefined;
  /** YAML. */
  readonly kubeconfig: string;
  readonly settings: WorldSettings;
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly control: WorldControl;
  /** Ends everything: timers, watches, port. */
  close(): Promise<void>;
}

/** @throws WorldSettingsError for bad settings; Error when the port is taken or the kubeconfig cannot be written */
export async function startDevWorkspaceWorld(options: DevWorkspaceWorldOptions = {}): Promise<DevWorkspaceWorld> {
  const settings = worldSettings(options, { registry: REGISTRY, program: programOfEnvironment });
  const server = new KubeServer(STANDARD_KINDS);
  const clock = options.clock ?? new ScaledClock(startClock(1));
  const served = server.addCluster({
    clock,
    namespaceGraceMs: options.namespaceGraceMs ?? NAMESPACE_GRACE_MS,
    ...(options.historyLength !== undefined && { historyLength: options.historyLength }),
    ...(options.token !== undefined && { token: options.token }),
  });
  const actors = new Actors(settings, served, clock);
  const close = async () => {
    actors.close();
    await server.close();
  };
  try {
    const ca = options.tls === false ? undefined : await server.caCert();
    const listener: Listener = await server.listen(options, served);
    actors.listener = listener;
    const kubeconfig = await server.kubeconfig(listener, served);
    if (options.kubeconfigPath) await writeFile(options.kubeconfigPath, kubeconfig, { mode: 0o600 });
    return {
      url: listener.url,
      token: served.token,
      ca,
      kubeconfig,
      settings,
      cluster: served.cluster,
      clock,
      control: actors,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
