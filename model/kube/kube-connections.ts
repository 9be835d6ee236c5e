/** Connections to a Kubernetes API and the credentials that go with requests, as a kubeconfig says. */
import type { KubeConfig } from '@kubernetes/client-node';
import { Agent, type Dispatcher, ProxyAgent } from 'undici';
import { KubeError } from './kube-error.ts';

export interface KubeAccess {
  /** Requests and watches have connections of their own, so that watches do not use up those of requests. */
  requests: Dispatcher;
  watches: Dispatcher;
  headers: Readonly<Record<string, string>>;
}

const TLS_OPTIONS = ['ca', 'cert', 'key', 'pfx', 'passphrase', 'rejectUnauthorized', 'servername'] as const;

type HttpsOptions = { headers?: Record<string, string>; auth?: string } & Partial<
  Record<(typeof TLS_OPTIONS)[number], unknown>
>;

export class KubeConnections {
  readonly #kubeconfig: KubeConfig;
  readonly #most: number;
  #dispatchers: Pick<KubeAccess, 'requests' | 'watches'> | null = null;
  #headers: Record<string, string> | null = null;

  /** Headers of the last request that got access. */
  sent: Readonly<Record<string, string>> = {};

  /** @param most connections of requests at once. */
  constructor(kubeconfig: KubeConfig, most: number) {
    this.#kubeconfig = kubeconfig;
    this.#most = most;
  }

  /** @param what the request that needs it, for the message. @throws KubeError 401 when there are no credentials. */
  async access(what: string): Promise<KubeAccess> {
    if (this.#dispatchers && this.#headers) return { ...this.#dispatchers, headers: this.#headers };
    const user = this.#kubeconfig.getCurrentUser();
    const options: HttpsOptions = {};
    try {
      await this.#kubeconfig.applyToHTTPSOptions(options as Parameters<KubeConfig['applyToHTTPSOptions']>[0]);
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new KubeError(
        `${what}: the kubeconfig's credentials cannot be used: ${message}`,
        { status: 401, reason: 'Unauthorized' },
        { cause },
      );
    }
    this.#dispatchers ??= this.#connect(options);
    const { auth } = options;
    const headers = {
      ...options.headers,
      ...(auth !== undefined && { Authorization: `Basic ${Buffer.from(auth).toString('base64')}` }),
    };
    // Tokens of programs and of files change; client-node keeps them as long as they last.
    if (!user?.exec && !user?.authProvider) this.#headers = headers;
    this.sent = headers;
    return { ...this.#dispatchers, headers };
  }

  /** Ends all connections, those of watches too. */
  async close(): Promise<void> {
    const dispatchers = this.#dispatchers;
    this.#dispatchers = null;
    await Promise.all([dispatchers?.requests.destroy(), dispatchers?.watches.destroy()]);
  }

  #connect(options: HttpsOptions): Pick<KubeAccess, 'requests' | 'watches'> {
    const tls = Object.fromEntries(
      TLS_OPTIONS.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]),
    );
    const uri = this.#kubeconfig.getCurrentCluster()?.proxyUrl;
    const make = (connections: number | null) =>
      uri ? new ProxyAgent({ uri, requestTls: tls, connections }) : new Agent({ connect: tls, connections });
    return { requests: make(this.#most), watches: make(null) };
  }
}
