/** Which Kubernetes API to speak to, and as whom: a kubeconfig, as kubectl takes it. */
import { readFileSync } from 'node:fs';
import { KubeConfig } from '@kubernetes/client-node';

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
 * @throws Error that names the source, what is wrong with it, and what to do.
 */
export function loadKubeconfig({ file, text, context }: KubeconfigSource = {}): KubeConfig {
  const config = new KubeConfig();
  const from = file ?? (text === undefined ? defaultName() : 'the kubeconfig');
  try {
    if (text !== undefined) config.loadFromString(text);
    else if (file !== undefined) {
      // Its own message for a missing file names no reason.
      readFileSync(file);
      config.loadFromFile(file);
    } else config.loadFromDefault();
  } catch (cause) {
    throw new Error(`${from} is not a kubeconfig that can be read: ${reasonOf(cause)}`, { cause });
  }
  if (context !== undefined) {
    const names = config.getContexts().map(({ name }) => name);
    if (!names.includes(context)) {
      throw new Error(`${from} has no context ${context}; it has ${names.join(', ') || 'none'}`);
    }
    config.setCurrentContext(context);
  }
  // client-node refuses plain HTTP to clusters that are not marked so; kubectl does not.
  config.clusters = config.clusters.map((one) =>
    one.server?.startsWith('http:') ? { ...one, skipTLSVerify: true } : one,
  );
  const cluster = config.getCurrentCluster();
  if (!cluster?.server) {
    throw new Error(`${from} names no cluster to speak to; set current-context, or choose a context of it`);
  }
  if (!/^https?:\/\//.test(cluster.server)) {
    throw new Error(`${from} has the server ${cluster.server}, which is not a valid HTTP(S) URL`);
  }
  return config;
}

function defaultName(): string {
  return process.env.KUBECONFIG ? `$KUBECONFIG (${process.env.KUBECONFIG})` : 'the default kubeconfig';
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return 'code' in cause && cause.code === 'ENOENT' ? 'there is no such file' : cause.message.split('\n')[0]!;
}
