/** A kubeconfig that works wherever it is copied to: one context, and what its files hold in place of their paths. */
import { readFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { KubeconfigError, loadKubeconfig } from '../../model/kube/kubeconfig.ts';

export interface PortableKubeconfig {
  text: string;
  /** Base URL of the Kubernetes API. */
  server: string;
}

/**
 * @param context null for the file's current one
 * @throws KubeconfigError when it cannot be read, or needs a program of this machine to log in
 */
export function portableKubeconfig(file: string, context: string | null): PortableKubeconfig {
  const config = loadKubeconfig({ file, ...(context !== null && { context }) });
  const cluster = config.getCurrentCluster()!;
  const user = config.getCurrentUser();
  const helper =
    user?.exec?.command ?? (user?.authProvider?.name === 'tokenFile' ? undefined : user?.authProvider?.name);
  if (helper !== undefined) {
    throw new KubeconfigError(
      `user ${user!.name} of ${file} logs in by ${helper}, which pods do not have; give a kubeconfig with a token or a client certificate, such as that of a ServiceAccount`,
    );
  }
  const tokenFile = (user?.authProvider?.config as { tokenFile?: string } | undefined)?.tokenFile;
  const token = user?.token ?? (tokenFile === undefined ? undefined : read(file, tokenFile).toString().trim());
  const data = (given: string | undefined, path: string | undefined) =>
    given ?? (path === undefined ? undefined : read(file, path).toString('base64'));
  const object = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'hub',
        cluster: compact({
          server: cluster.server,
          'certificate-authority-data': cluster.skipTLSVerify ? undefined : data(cluster.caData, cluster.caFile),
          'insecure-skip-tls-verify': cluster.skipTLSVerify || undefined,
          'tls-server-name': cluster.tlsServerName,
          'proxy-url': cluster.proxyUrl,
        }),
      },
    ],
    users: [
      {
        name: 'user',
        user: compact({
          token,
          'client-certificate-data': data(user?.certData, user?.certFile),
          'client-key-data': data(user?.keyData, user?.keyFile),
          username: user?.username,
          password: user?.password,
          as: user?.impersonateUser,
        }),
      },
    ],
    contexts: [{ name: 'hub', context: { cluster: 'hub', user: 'user' } }],
    'current-context': 'hub',
  };
  return { text: stringify(object, { lineWidth: 0 }), server: cluster.server };
}

function compact(object: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined && value !== ''));
}

function read(kubeconfig: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new KubeconfigError(`${kubeconfig} names ${path}, which cannot be read (${code})`, { cause: error });
  }
}
