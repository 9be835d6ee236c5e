/** What a kubeconfig gives to identify with: headers and TLS options, renewed where they come from programs and files. */
import { readFile } from 'node:fs/promises';
import type { ConnectionOptions } from 'node:tls';
import { KubeConfig, type User } from '@kubernetes/client-node';
import { type ExecConfig, type ExecCredential, execCredential } from './exec-credentials.ts';

const TLS_OPTIONS = ['ca', 'cert', 'key', 'pfx', 'passphrase', 'rejectUnauthorized', 'servername'] as const;

export type TlsOptions = Pick<ConnectionOptions, (typeof TLS_OPTIONS)[number]>;

interface HttpsOptions extends TlsOptions {
  headers?: Record<string, string>;
  auth?: string;
}

export interface Credentials {
  headers: Readonly<Record<string, string>>;
  tls: TlsOptions;
}

/** Wall-clock milliseconds for which a token's file is not read again: client-go, transport/token_source.go. */
const FILE_MS = 60_000;

/** Methods throw Error that says what about the kubeconfig is wrong. */
export class KubeCredentials {
  readonly #kubeconfig: KubeConfig;
  /** Without what is looked after here. */
  readonly #plain = new KubeConfig();
  readonly #exec: ExecConfig | undefined;
  readonly #tokenFile: string | undefined;
  /** Programs that use other means of client-node change their tokens there. */
  readonly #provided: boolean;
  #kept: { credentials: Credentials; until: number } | null = null;
  #asking: Promise<Credentials> | null = null;

  constructor(kubeconfig: KubeConfig) {
    this.#kubeconfig = kubeconfig;
    const user = kubeconfig.getCurrentUser() as (Omit<User, 'authProvider'> & { authProvider?: Provider }) | null;
    this.#tokenFile = user?.authProvider?.config?.tokenFile;
    this.#exec = user?.exec ?? user?.authProvider?.config?.exec;
    const ours = this.#tokenFile !== undefined || this.#exec !== undefined;
    this.#provided = Boolean(user?.authProvider) && !ours;
    this.#plain.loadFromOptions({
      clusters: kubeconfig.clusters,
      contexts: kubeconfig.contexts,
      users: kubeconfig.users.map((one) => {
        if (!ours || one.name !== user?.name) return one;
        const { exec: _exec, authProvider: _provider, ...rest } = one;
        return rest;
      }),
      currentContext: kubeconfig.getCurrentContext(),
    });
  }

  /** Credentials that were refused can be renewed: a token without an end of its own may have come to one. */
  get renewable(): boolean {
    return this.#exec !== undefined || this.#tokenFile !== undefined;
  }

  /** Does not use again what was given before. */
  renew(): void {
    this.#kept = null;
  }

  /** One look for all who ask meanwhile. */
  async get(): Promise<Credentials> {
    if (this.#kept && Date.now() < this.#kept.until) return this.#kept.credentials;
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  async #ask(): Promise<Credentials> {
    const options: HttpsOptions = {};
    await this.#plain.applyToHTTPSOptions(options as Parameters<KubeConfig['applyToHTTPSOptions']>[0]);
    const given: ExecCredential | null = this.#exec
      ? await execCredential(this.#exec, this.#kubeconfig.getCurrentCluster())
      : null;
    const token = given?.token ?? (this.#tokenFile && (await readFile(this.#tokenFile, 'utf8')).trim());
    const { auth } = options;
    const authorization = token
      ? `Bearer ${token}`
      : auth !== undefined && `Basic ${Buffer.from(auth).toString('base64')}`;
    const credentials = {
      headers: {
        ...options.headers,
        ...(authorization && { Authorization: authorization }),
      },
      tls: {
        ...Object.fromEntries(
          TLS_OPTIONS.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])),
        ),
        ...(given?.cert !== undefined && { cert: given.cert, key: given.key }),
      },
    };
    const until = this.#exec
      ? (given?.expiresAt ?? Number.POSITIVE_INFINITY)
      : this.#tokenFile
        ? Date.now() + FILE_MS
        : Number.POSITIVE_INFINITY;
    if (!this.#provided) this.#kept = { credentials, until };
    return credentials;
  }
}

interface Provider {
  config?: { tokenFile?: string; exec?: ExecConfig };
}
