/** A Kubernetes API server in memory, in one line: `const server = await startKubeMock()`; and the worlds that can be in it. */
import { writeFile } from 'node:fs/promises';
import type { ClusterAccess } from './api/cluster-access.ts';
import type { ApiHandler } from './http/api-handler.ts';
import type { Cluster } from './registry/cluster.ts';
import { type ClusterSettings, KubeServer, type ListenSettings } from './server/kube-server.ts';
import { STANDARD_KINDS } from './standard-kinds.ts';
import type { Store } from './store/store.ts';
import { seedEmptyWorld } from './worlds/empty.ts';

export { NAMESPACE_GRACE_MS } from './controllers/namespace-lifecycle.ts';
export type { ApiFault } from './worlds/devworkspace/api-faults.ts';
export {
  type DevWorkspaceWorld,
  type DevWorkspaceWorldOptions,
  startDevWorkspaceWorld,
} from './worlds/devworkspace/devworkspace-world.ts';
export type { RegistrySettings } from './worlds/devworkspace/registry.ts';
export { type Flavour, WorldSettingsError } from './worlds/devworkspace/settings.ts';
export type { OperatorVersion } from './worlds/devworkspace/versions.ts';
export type { StoredImage, WorldControl } from './worlds/devworkspace/world-control.ts';
export { startWorldThread, type WorldThread } from './worlds/devworkspace/world-thread.ts';
export { seedHub } from './worlds/hub.ts';
export { startControlServer } from './worlds/spoke/control-server.ts';
export { SpokeSettingsError } from './worlds/spoke/spoke-settings.ts';
export { SpokeWorld } from './worlds/spoke/spoke-world.ts';

export interface KubeMockOptions extends ClusterSettings, ListenSettings {
  /** Fills the cluster before the first request; without it there are the standard namespaces. */
  world?: 'empty' | ((cluster: ClusterAccess) => void | Promise<void>);
  /** File the kubeconfig is written to, readable by its owner alone. */
  kubeconfigPath?: string;
}

export interface KubeMock {
  /** Without a trailing slash. */
  readonly url: string;
  readonly port: number;
  /** Bearer token with all rights. */
  readonly token: string;
  /** PEM of the authority; undefined for plain HTTP. */
  readonly ca: string | undefined;
  /** YAML. */
  readonly kubeconfig: string;
  readonly cluster: Cluster;
  readonly store: Store;
  readonly handler: ApiHandler;
  /** Cuts all connections and ends all controllers. */
  close(): Promise<void>;
}

/**
 * Starts one cluster on one port. Times of objects come from `clock`; timeouts of watches are the clients' and run in
 * real time. Namespaces that are deleted go at once unless `namespaceGraceMs` says otherwise. CEL rules of CustomResourceDefinitions are kept and not evaluated; webhooks are not called.
 * @throws Error when the port is taken or the kubeconfig cannot be written.
 */
export async function startKubeMock(options: KubeMockOptions = {}): Promise<KubeMock> {
  const server = new KubeServer(STANDARD_KINDS);
  try {
    const ca = options.tls === false ? undefined : await server.caCert();
    const served = server.addCluster({ metrics: true, ...options });
    seedEmptyWorld(served.cluster);
    if (typeof options.world === 'function') await options.world(served.cluster);
    const listener = await server.listen(options, served);
    const kubeconfig = await server.kubeconfig(listener, served);
    if (options.kubeconfigPath) await writeFile(options.kubeconfigPath, kubeconfig, { mode: 0o600 });
    return {
      url: listener.url,
      port: listener.port,
      token: served.token,
      ca,
      kubeconfig,
      cluster: served.cluster,
      store: served.cluster.store,
      handler: served.handler,
      close: () => server.close(),
    };
  } catch (error) {
    await server.close();
    throw error;
  }
}
