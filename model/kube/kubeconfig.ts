/** Which Kubernetes API to speak to, and as whom: a kubeconfig, as kubectl takes it. */
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve, sep } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { parse } from 'yaml';

/** A kubeconfig that cannot be used. The message is for people. */
export class KubeconfigError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'KubeconfigError';
  }
}

export interface KubeconfigSource {
  /** Path of a file. */
  file?: string;
  /** Its text. Paths in it are relative to the working directory. */
  text?: string;
  /** Name of a context; the file's current one when absent. */
  context?: string;
}

/**
 * Reads a kubeconfig; without file and text the one that kubectl would take ($KUBECONFIG, ~/.kube/config, the pod's own).
 * @throws KubeconfigError that names the source, what is wrong with it, and what to do.
 */
export function loadKubeconfig({ file, text, context }: KubeconfigSource = {}): KubeConfig {
  const from = file ?? (text === undefined ? defaultName() : 'the kubeconfig');
  let config: KubeConfig;
  try {
    if (text !== undefined) config = readText(text, process.cwd());
    else if (file !== undefined) config = readFile(file);
    else config = readDefault();
  } catch (cause) {
    throw new KubeconfigError(`${from} is not a kubeconfig that can be read: ${reasonOf(cause)}`, { cause });
  }
  if (context !== undefined) {
    const names = config.getContexts().map(({ name }) => name);
    if (!names.includes(context)) {
      throw new KubeconfigError(`${from} has no context ${context}; it has ${names.join(', ') || 'none'}`);
    }
    config.setCurrentContext(context);
  }
  // client-node refuses plain HTTP to clusters that are not marked so; kubectl does not.
  config.clusters = config.clusters.map((one) =>
    one.server?.startsWith('http:') ? { ...one, skipTLSVerify: true } : one,
  );
  const cluster = config.getCurrentCluster();
  if (!cluster?.server) {
    throw new KubeconfigError(`${from} names no cluster to speak to; set current-context, or choose a context of it`);
  }
  if (!/^https?:\/\//.test(cluster.server)) {
    throw new KubeconfigError(`${from} has the server ${cluster.server}, which is not a valid HTTP(S) URL`);
  }
  if (cluster.proxyUrl && !URL.canParse(cluster.proxyUrl)) {
    throw new KubeconfigError(`${from} has a proxy-url that is not a URL; give one as http://proxy.example:3128`);
  }
  return config;
}

/** `$KUBECONFIG`, whose files are merged; the home folder's; that of a pod. */
function readDefault(): KubeConfig {
  const files = (process.env.KUBECONFIG ?? '').split(delimiter).filter((file) => file !== '');
  if (files.length > 0) return merged(files);
  const home = join(homedir(), '.kube', 'config');
  if (existsSync(home)) return readFile(home);
  const config = new KubeConfig();
  config.loadFromDefault();
  // What client-node takes when it finds nothing.
  if (config.getCurrentCluster()?.server !== 'http://localhost:8080') return config;
  throw new Error(`neither $KUBECONFIG nor ${home} is there; give a kubeconfig`);
}

/** The first that says something counts, and files that are missing count for nothing: client-go, tools/clientcmd/loader.go. */
function merged(files: readonly string[]): KubeConfig {
  const found = files.filter((file) => existsSync(file));
  const [first, ...others] = (found.length > 0 ? found : files).map(readFile) as [KubeConfig, ...KubeConfig[]];
  for (const other of others) {
    const without = <T extends { name: string }>(known: readonly T[], more: readonly T[]) => [
      ...known,
      ...more.filter(({ name }) => !known.some((one) => one.name === name)),
    ];
    first.clusters = without(first.clusters, other.clusters);
    first.users = without(first.users, other.users);
    first.contexts = without(first.contexts, other.contexts);
    if (!first.getCurrentContext()) first.setCurrentContext(other.getCurrentContext());
  }
  return first;
}

function readFile(file: string): KubeConfig {
  return readText(readFileSync(file, 'utf8'), dirname(resolve(file)));
}

/** Paths in it are relative to `folder`. */
function readText(text: string, folder: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromString(text);
  config.makePathsAbsolute(folder);
  // What client-node leaves out: files of tokens, and where programs are.
  const { users = [] } = parse(text, { logLevel: 'silent' }) as {
    users?: { name: string; user?: { tokenFile?: string } }[];
  };
  config.users = config.users.map((user) => {
    const tokenFile = users.find(({ name }) => name === user.name)?.user?.tokenFile;
    const exec = user.exec as { command?: string } | undefined;
    return {
      ...user,
      ...(tokenFile && { authProvider: { name: 'tokenFile', config: { tokenFile: resolve(folder, tokenFile) } } }),
      ...(exec?.command?.includes(sep) && { exec: { ...exec, command: resolve(folder, exec.command) } }),
    };
  });
  return config;
}

function defaultName(): string {
  return process.env.KUBECONFIG ? `$KUBECONFIG (${process.env.KUBECONFIG})` : 'the default kubeconfig';
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  if ('code' in cause && cause.code === 'ENOENT') return 'there is no such file';
  return 'code' in cause && cause.code === 'EISDIR' ? 'it is a folder' : cause.message.split('\n')[0]!;
}
