/** How stock programs reach the kube-api of the cluster that their host becomes. */
import { stringify } from 'yaml';

export interface SpokeAccess {
  /** `https://name:port`; the certificate is for that name. */
  url: string;
  /** Where it is really reached from outside of a lab. */
  at: { host: string; port: number };
  /** Tells which cluster is meant: that of the host which was given it, when it has become the bootstrap. */
  token: string;
  /** PEM. */
  ca: string;
}

/** That of one host: nobody knows which cluster it becomes, so each brings a token of its own. @param id of the host */
export function spokeAccessOf(all: SpokeAccess, id: string): SpokeAccess {
  return { ...all, token: spokeTokenOf(all.token, id) };
}

/** See {@link spokeAccessOf}. */
export function spokeTokenOf(secret: string, id: string): string {
  return `${secret}.${id}`;
}

/** YAML. */
export function spokeKubeconfig({ url, token, ca }: SpokeAccess): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: 'cluster', cluster: { server: url, 'certificate-authority-data': Buffer.from(ca).toString('base64') } },
    ],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'admin', context: { cluster: 'cluster', user: 'admin' } }],
    'current-context': 'admin',
  });
}
