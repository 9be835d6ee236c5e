/**
 * What the machine-config server of an installed cluster serves to workers that join it: of an ignition of some 300 kB the part that
 * an agent keeps when it asks for it (assisted-installer-agent src/apivip_check/apivip_check.go, filterIgnition).
 */
import type { ClusterPlan } from '../plan/expanded-plan.ts';

/** What the ignition tells of the cluster. */
export interface GrowingCluster extends Pick<ClusterPlan, 'apiVip'> {
  /** Name and base domain. */
  domain: string;
}

export function workerIgnition({ domain, apiVip }: GrowingCluster) {
  const files = [
    // Static pods that tell a cluster with virtual addresses of its own.
    ...(apiVip
      ? [
          file('/etc/kubernetes/manifests/coredns.yaml', pod('coredns', domain)),
          file('/etc/kubernetes/manifests/keepalived.yaml', pod('keepalived', domain)),
        ]
      : []),
    file('/etc/kubernetes/kubeconfig', kubeconfig(domain)),
  ];
  return {
    ignition: {
      config: { replace: { verification: {} } },
      proxy: {},
      security: { tls: {} },
      timeouts: {},
      version: '3.2.0',
    },
    passwd: {},
    storage: { files },
    systemd: {},
  };
}

function file(path: string, content: string) {
  const source = `data:,${encodeURIComponent(content)}`;
  return { group: {}, overwrite: true, path, user: {}, contents: { source, verification: {} }, mode: 420 };
}

function pod(name: string, domain: string): string {
  return `kind: Pod\napiVersion: v1\nmetadata:\n  name: ${name}\n  namespace: openshift-infra\n  labels:\n    app: ${domain}\nspec:\n  hostNetwork: true\n`;
}

function kubeconfig(domain: string): string {
  const server = `https://api-int.${domain}:6443`;
  return `apiVersion: v1\nkind: Config\nclusters:\n- name: local\n  cluster:\n    server: ${server}\ncontexts:\n- name: kubelet\n  context:\n    cluster: local\n    user: kubelet\ncurrent-context: kubelet\n`;
}
