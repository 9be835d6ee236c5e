/** Connections to a Kubernetes API and the credentials that go with requests, as a kubeconfig says. */
import type { KubeConfig } from '@kubernetes/client-node';
import { Agent, type Dispatcher, ProxyAgent } from 'undici';
import { KubeCredentials, type TlsOptions } from './kube-credentials.ts';
import { KubeError } from './kube-error.ts';

export interface KubeAccess {
  /** Requests and watches have connections of their own, so that watches do not use up those of requests. */
  requests: Dispatcher;
  watches: Dispatcher;
  headers: Readonly<Record<string, string>>;
}

export class KubeConnections {
  /** Headers of the last request that got access. */
  sent: Readonly<Record<string, string>> = {};
  readonly #credentials: KubeCredentials;
  readonly #proxyUrl: string | undefined;
  readonly #most: number;
  #dispatchers: Pick<KubeAccess, 'requests' | 'watches'> | null = null;
  /** Certificate with which they were made. */
  #cert: unknown;

  /** @param most connections of requests at once. */
  constructor(kubeconfig: KubeConfig, most: number) {
    this.#credentials = new KubeCredentials(kubeconfig);
    this.#proxyUrl = kubeconfig.getCurrentCluster()?.proxyUrl;
    this.#most = most;
  }

  /** @param what the request that needs it, for the message. @throws KubeError 401 with a cause when there are no credentials. */
  async access(what: string): Promise<KubeAccess> {
    try {
      const { headers, tls } = await this.#credentials.get();
      if (this.#dispatchers && this.#cert !== tls.cert) await this.close();
      this.#cert = tls.cert;
      this.#dispatchers ??= this.#connect(tls);
      this.sent = headers;
      return { ...this.#dispatchers, headers };
    } catch (cause) {
      const said = `the kubeconfig's credentials cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`;
      throw new KubeError(`${what}: ${said}`, { status: 401, reason: 'Unauthorized', said }, { cause });
    }
  }

  /** Credentials were refused. @returns whether others may be had with the next access */
  renew(): boolean {
    this.#credentials.renew();
    return this.#credentials.renewable;
  }

  /** Ends all connections, those of watches too. */
  async close(): Promise<void> {
    const dispatchers = this.#dispatchers;
    this.#dispatchers = null;
    await Promise.all([dispatchers?.requests.destroy(), dispatchers?.watches.destroy()]);
  }

  #connect(tls: TlsOptions): Pick<KubeAccess, 'requests' | 'watches'> {
    const uri = this.#proxyUrl;
    const make = (connections: number | null) =>
      uri ? new ProxyAgent({ uri, requestTls: tls, connections }) : new Agent({ connect: tls, connections });
    return { requests: make(this.#most), watches: make(null) };
  }
}
