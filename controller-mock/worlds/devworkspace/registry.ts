/**
 * The registry backups go to, as a model: who finds it, who may write, how fast it is, what is in it. Messages are those that
 * `oras` ends with, in short (oras-project/oras; distribution/distribution, registry/api/errcode).
 */
import { bytesOf, type Content } from './payload.ts';
import { Slots } from './slots.ts';

export interface RegistrySettings {
  /** Takes connections, refuses them, or never answers. */
  readonly state: 'serving' | 'refusing' | 'silent';
  /** Has no room for more. */
  readonly full: boolean;
  /** Hosts that nobody finds, beside those that cannot exist. */
  readonly unresolvable: readonly string[];
  /** Who may write, password by user; null: everybody, also without a name. */
  readonly accounts: Readonly<Record<string, string>> | null;
  /** Bytes a second of each transfer. */
  readonly bytesPerSecond: number;
  /** Milliseconds before the first byte. */
  readonly latencyMs: number;
  /** Transfers at the same time; others wait. */
  readonly concurrency: number;
  /** Share of pushes that fail with an error of the registry's. */
  readonly failureShare: number;
}

export const REGISTRY: RegistrySettings = {
  state: 'serving',
  full: false,
  unresolvable: [],
  accounts: null,
  bytesPerSecond: 20e6,
  latencyMs: 300,
  concurrency: Number.POSITIVE_INFINITY,
  failureShare: 0,
};

/** Who comes: nobody, the token of a pod, or a file as of type kubernetes.io/dockerconfigjson. */
export type Credentials = { kind: 'anonymous' } | { kind: 'token' } | { kind: 'file'; text: string };

export interface Transfer {
  readonly image: string;
  readonly credentials: Credentials;
  /** A number in [0, 1) for random failures. */
  readonly draw: number;
}

/** How a transfer goes: after so many milliseconds it is through, or ends with a message. */
export type Course<T> = { readonly ms: number } & (
  | { readonly error: string; readonly result?: undefined }
  | { readonly error?: undefined; readonly result: T }
);

/** What a resolver takes to say that there is no such host, and a client to give up on one that does not answer. */
const UNRESOLVED_MS = 5000;
const SILENT_MS = 30_000;

/** Host with port of an image. */
export function hostOf(image: string): string {
  return image.split('/', 1)[0] ?? '';
}

/** The internal registry of an OpenShift cluster, as the backup's script knows it (project-backup/workspace-recovery.sh). */
export function isInternal(host: string): boolean {
  return host.includes('openshift') || host.includes('svc.cluster.local');
}

export class Registry {
  settings: RegistrySettings;
  /** What was pushed, by image. */
  readonly images = new Map<string, Content>();
  readonly slots: Slots;
  #pushes = 0;

  constructor(settings: RegistrySettings) {
    this.settings = settings;
    this.slots = new Slots(settings.concurrency);
  }

  /** Pushes that went through. */
  get pushes(): number {
    return this.#pushes;
  }

  change(change: Partial<RegistrySettings>): void {
    this.settings = { ...this.settings, ...change };
    this.slots.limit = this.settings.concurrency;
  }

  push(transfer: Transfer, content: Content): Course<() => void> {
    const { full, failureShare, bytesPerSecond, latencyMs } = this.settings;
    const [host, repository] = this.#split(transfer.image);
    const failed = this.#connect('Head', host, repository, transfer.credentials);
    if (failed) return failed;
    const ms = latencyMs + (bytesOf(content) / bytesPerSecond) * 1000;
    const upload = `Error response from registry: failed to perform "Push" on destination: PUT "https://${host}/v2/${repository}/blobs/uploads/"`;
    if (full) return { ms, error: `${upload}: response status code 507: Insufficient Storage: quota exceeded` };
    if (transfer.draw < failureShare)
      return { ms, error: `${upload}: response status code 500: internal server error` };
    return {
      ms,
      result: () => {
        this.#pushes += 1;
        this.images.set(transfer.image, content);
      },
    };
  }

  pull(transfer: Transfer): Course<Content> {
    const { bytesPerSecond, latencyMs } = this.settings;
    const [host, repository, tag] = this.#split(transfer.image);
    const failed = this.#connect('Get', host, repository, transfer.credentials);
    if (failed) return failed;
    const content = this.images.get(transfer.image);
    if (!content) {
      return {
        ms: latencyMs,
        error: `Error response from registry: failed to resolve ${tag}: ${transfer.image}: not found`,
      };
    }
    return { ms: latencyMs + (bytesOf(content) / bytesPerSecond) * 1000, result: content };
  }

  #split(image: string): [host: string, repository: string, tag: string] {
    const host = hostOf(image);
    const [repository = '', tag = 'latest'] = image.slice(host.length + 1).split(':');
    return [host, repository, tag];
  }

  /** What comes before the first byte; undefined when all is well. */
  #connect(
    method: string,
    host: string,
    repository: string,
    credentials: Credentials,
  ): { ms: number; error: string } | undefined {
    const { state, latencyMs } = this.settings;
    const request = `${method} "https://${host}/v2/${repository}/manifests/latest"`;
    if (!this.resolves(host)) {
      const name = host.replace(/:\d+$/, '');
      return { ms: UNRESOLVED_MS, error: `Error: ${request}: dial tcp: lookup ${name} on 10.96.0.10:53: no such host` };
    }
    if (state === 'refusing') {
      return { ms: latencyMs, error: `Error: ${request}: dial tcp 192.0.2.20:443: connect: connection refused` };
    }
    if (state === 'silent') return { ms: SILENT_MS, error: `Error: ${request}: net/http: TLS handshake timeout` };
    const refusal = this.#refusal(host, credentials);
    if (!refusal) return undefined;
    return { ms: latencyMs, error: `Error response from registry: ${request}: ${refusal}` };
  }

  /** A name has two parts or more, and ends in one of those that could be a domain. */
  resolves(host: string): boolean {
    const name = host.replace(/:\d+$/, '');
    if (this.settings.unresolvable.includes(name) || this.settings.unresolvable.includes(host)) return false;
    if (name === 'localhost' || /^\d{1,3}(\.\d{1,3}){3}$/.test(name)) return true;
    const last = name.split('.').at(-1) ?? '';
    return name.includes('.') && last.length > 1 && last !== 'invalid';
  }

  #refusal(host: string, credentials: Credentials): string | undefined {
    const { accounts } = this.settings;
    if (isInternal(host)) {
      return credentials.kind === 'anonymous' ? 'response status code 401: authentication required' : undefined;
    }
    if (!accounts) return undefined;
    const account = credentials.kind === 'file' ? accountOf(credentials.text, host) : undefined;
    if (account && accounts[account.user] === account.password) return undefined;
    return 'response status code 401: unauthorized: access to the requested resource is not authorized';
  }
}

/** User and password for a host in a file of type kubernetes.io/dockerconfigjson. */
function accountOf(text: string, host: string): { user: string; password: string } | undefined {
  try {
    const { auths = {} } = JSON.parse(text) as { auths?: Record<string, Record<string, string>> };
    const entry = auths[host] ?? auths[`https://${host}`];
    if (!entry) return undefined;
    if (entry.username !== undefined) return { user: entry.username, password: entry.password ?? '' };
    const [user = '', ...rest] = Buffer.from(entry.auth ?? '', 'base64')
      .toString()
      .split(':');
    return { user, password: rest.join(':') };
  } catch {
    return undefined;
  }
}
