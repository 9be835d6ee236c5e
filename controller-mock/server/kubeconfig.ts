import { stringify } from 'yaml';

export interface KubeconfigOptions {
  url: string;
  token: string;
  /** PEM; absent for plain HTTP. */
  ca?: string;
  /** Of cluster, user and context. */
  name?: string;
  namespace?: string;
}

/** A kubeconfig as YAML. */
export function kubeconfigText({
  url,
  token,
  ca,
  name = 'kube-mock',
  namespace = 'default',
}: KubeconfigOptions): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name,
        cluster: {
          server: url,
          // The JavaScript client speaks plain HTTP only to clusters that are marked so.
          ...(ca
            ? { 'certificate-authority-data': Buffer.from(ca).toString('base64') }
            : { 'insecure-skip-tls-verify': true }),
        },
      },
    ],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name, namespace } }],
    'current-context': name,
  });
}
