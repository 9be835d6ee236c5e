/**
 * A day-2 host fetches its ignition from the cluster. No machine-config-server exists, so no request is sent: the answer holds
 * what the agent would have kept of the ignition of such a cluster
 * (assisted-installer-agent src/apivip_check/apivip_check.go).
 */
import { goJson } from '../../../model/protocol/go-json.ts';
import type { ClusterPlan } from '../../plan/expanded-plan.ts';
import { objectArgument, type Step, textField } from './step.ts';

export const apiVipConnectivityCheck: Step<string> = {
  parse: (args) => textField('api vip connectivity check', objectArgument('api vip connectivity check', args), 'url'),
  run: (url, { cluster }) => ({ output: goJson({ ignition: goJson(ignitionOf(cluster)), is_success: true, url }) }),
};

function ignitionOf(cluster: ClusterPlan) {
  const domain = `${cluster.name}.${cluster.baseDomain}`;
  const files = [
    // Static pods that tell a cluster with virtual addresses of its own.
    ...(cluster.apiVip
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
