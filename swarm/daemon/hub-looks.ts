/**
 * What readers of a hub ask for: `kubectl get agents,agentclusterinstalls,baremetalhosts --all-namespaces`, as tables, in chunks of 500.
 * Upstream: kubernetes/kubernetes, staging/src/k8s.io/kubectl/pkg/cmd/get/get.go (--chunk-size, transformRequests).
 */
import type { KubeClient } from '../../model/kube/kube-client.ts';
import { isKubeError } from '../../model/kube/kube-error.ts';
import { RESOURCES } from '../../model/kube/resources.ts';
import type { Looking } from './readers.ts';

const LISTED = [RESOURCES.agents, RESOURCES.agentClusterInstalls, RESOURCES.bareMetalHosts];

/** Looks of one reader. Its requests are counted by the client, too: each page is one. */
export function hubLooks(client: Pick<KubeClient, 'tables'>): Looking {
  return async ({ signal, requested }) => {
    for (const resource of LISTED) {
      try {
        for await (const _ of client.tables(resource, {}, requested, signal));
      } catch (error) {
        // A hub without such a kind says so, and kubectl goes on with the others.
        if (!(isKubeError(error) && error.notFound)) throw error;
      }
    }
  };
}
