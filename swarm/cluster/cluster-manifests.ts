/** The custom resources of one cluster, in the steps in which its user applies them. */
import { type KubeObject, keyOf, splitKey } from '../../model/kube/kube-object.ts';
import type { ClusterPlan } from '../plan/expanded-plan.ts';
import { ClusterAdapterError } from './cluster-adapter.ts';

/** Objects of a cluster in the order in which they are applied, in the steps of its life. */
export interface ClusterManifests {
  namespace: string;
  /** Keys; null for what is not there. */
  clusterInstall: string | null;
  clusterDeployment: string | null;
  infraEnv: string;
  /** All but what follows. */
  cluster: readonly KubeObject[];
  /** NMStateConfigs before their InfraEnv, so that its first image has them. */
  infraEnvironment: readonly KubeObject[];
  /** BareMetalHosts with their Secrets: machines boot because of them. */
  bareMetalHosts: readonly KubeObject[];
}

const OF_INFRA_ENV: ReadonlySet<string> = new Set(['NMStateConfig', 'InfraEnv']);

/** @throws ClusterAdapterError when what a run cannot do without is missing */
export function inSteps(cluster: ClusterPlan, objects: readonly KubeObject[]): ClusterManifests {
  const keyOfKind = (kind: string) => {
    const found = objects.find((object) => object.kind === kind);
    return found ? keyOf(found) : null;
  };
  const infraEnv = keyOfKind('InfraEnv');
  const clusterInstall = keyOfKind('AgentClusterInstall');
  if (infraEnv === null || (clusterInstall === null && !cluster.justInfraEnv)) {
    const missing = infraEnv === null ? 'InfraEnv' : 'AgentClusterInstall';
    throw new ClusterAdapterError(`the manifests of cluster ${cluster.name} have no ${missing}`, {
      passing: false,
      conflict: false,
    });
  }
  const credentials = new Set(
    objects
      .filter(({ kind }) => kind === 'BareMetalHost')
      .map(({ spec }) => (spec as { bmc?: { credentialsName?: string } }).bmc?.credentialsName),
  );
  const ofHost = ({ kind, metadata }: KubeObject) =>
    kind === 'BareMetalHost' || (kind === 'Secret' && credentials.has(metadata.name));
  const bareMetalHosts = objects.filter(ofHost);
  const rest = objects.filter((object) => !ofHost(object));
  return {
    namespace: splitKey(infraEnv).namespace ?? '',
    clusterInstall,
    clusterDeployment: keyOfKind('ClusterDeployment'),
    infraEnv,
    cluster: rest.filter(({ kind }) => !OF_INFRA_ENV.has(kind)),
    infraEnvironment: rest.filter(({ kind }) => OF_INFRA_ENV.has(kind)),
    bareMetalHosts,
  };
}
