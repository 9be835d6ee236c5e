/** Many clusters in one process, told apart by port, by path prefix and by token. */
import { randomBytes } from 'node:crypto';
import { CertificateAuthority } from '../../model/protocol/certificate-authority.ts';
import { type Clock, ScaledClock, startClock } from '../../model/time/clock.ts';
import { Listener } from '../http/listener.ts';
import type { Route } from '../http/routes.ts';
import type { ServerKinds } from './kinds.ts';
import { kubeconfigText } from './kubeconfig.ts';
import { ServedCluster, type ServedClusterOptions } from './served-cluster.ts';

/** All have defaults; that of the token is random. */
export type ClusterSettings = Partial<ServedClusterOptions>;

export interface ListenSettings {
  /** Address to bind; 127.0.0.1 by default. */
  host?: string;
  /** Any free one by default. */
  port?: number;
  /** HTTPS with the server's own authority; on by default. */
  tls?: boolean;
  /** Offers HTTP/2 beside HTTP/1.1 over TLS; on by default. */
  http2?: boolean;
  /** Further names and addresses the certificate is for. */
  names?: readonly string[];
}

/** Changes that each collection keeps for watches and pages. */
const HISTORY_LENGTH = 10_000;
const BOOKMARK_INTERVAL_MS = 60_000;

export class KubeServer {
  readonly #kinds: ServerKinds;
  readonly #clock: Clock = new ScaledClock(startClock(1));
  readonly #clusters = new Set<ServedCluster>();
  readonly #listeners = new Set<Listener>();
  #authority: Promise<CertificateAuthority> | undefined;
  #caPem = '';

  /** @param kinds that all clusters serve. */
  constructor(kinds: ServerKinds) {
    this.#kinds = kinds;
  }

  /**
   * A new cluster without any object; reachable once it is routed. It knows the server's authority if that was asked for
   * before, by {@link caCert} or by listening with TLS.
   */
  addCluster(settings: ClusterSettings = {}): ServedCluster {
    const served = new ServedCluster(this.#kinds, {
      clock: settings.clock ?? this.#clock,
      historyLength: settings.historyLength ?? HISTORY_LENGTH,
      firstResourceVersion: settings.firstResourceVersion ?? 0,
      anonymous: settings.anonymous ?? 'public-only',
      bookmarkIntervalMs: settings.bookmarkIntervalMs ?? BOOKMARK_INTERVAL_MS,
      caPem: settings.caPem ?? this.#caPem,
      namespaceGraceMs: settings.namespaceGraceMs ?? 0,
      metrics: settings.metrics ?? false,
      token: settings.token ?? randomBytes(24).toString('base64url'),
    });
    this.#clusters.add(served);
    return served;
  }

  /** Ends a cluster and all its routes. */
  removeCluster(served: ServedCluster): void {
    for (const listener of this.#listeners) listener.routes.remove(served.handler);
    this.#clusters.delete(served);
    served.close();
  }

  /** @param fallback the cluster of requests that no route of the listener takes. @throws Error if the port is taken. */
  async listen(settings: ListenSettings = {}, fallback?: ServedCluster): Promise<Listener> {
    const { host = '127.0.0.1', port = 0, tls = true, http2 = true, names = [] } = settings;
    if (tls) await this.caCert();
    const pair = tls
      ? await (await this.#ca()).issue('kube-apiserver', [
          ...new Set(['127.0.0.1', '::1', 'localhost', host, ...names]),
        ])
      : undefined;
    const listener = new Listener({ host, port, http2, ...(pair && { tls: pair }) });
    await listener.start();
    this.#listeners.add(listener);
    if (fallback) listener.routes.setFallback(fallback.handler);
    return listener;
  }

  /** Makes a cluster reachable at a listener beside others. */
  route(listener: Listener, served: ServedCluster, route: Route): void {
    listener.routes.add(served.handler, route);
  }

  /** PEM of the authority that signs the listeners' certificates. */
  async caCert(): Promise<string> {
    this.#caPem = (await this.#ca()).cert;
    return this.#caPem;
  }

  /** @param prefix the path prefix the cluster is routed under, if it is. */
  async kubeconfig(listener: Listener, served: ServedCluster, prefix = ''): Promise<string> {
    const url = `${listener.url}${prefix}`;
    const ca = url.startsWith('https:') ? await this.caCert() : undefined;
    return kubeconfigText({ url, token: served.token, ...(ca && { ca }) });
  }

  async close(): Promise<void> {
    for (const served of this.#clusters) served.close();
    this.#clusters.clear();
    await Promise.all([...this.#listeners].map((listener) => listener.close()));
    this.#listeners.clear();
  }

  #ca(): Promise<CertificateAuthority> {
    this.#authority ??= CertificateAuthority.create('kube-mock-ca');
    return this.#authority;
  }
}
