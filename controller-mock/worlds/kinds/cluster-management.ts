/**
 * Kinds of group cluster.open-cluster-management.io, which a hub of many clusters has, as in
 * open-cluster-management-io/api, cluster/v1 (June 2026).
 */

import { COMMON_PARTS } from './common-parts.ts';
import { AGE, type KindDefinition } from './definition.ts';
import { fields } from './notation.ts';

const GROUP = 'cluster.open-cluster-management.io';

const MANAGED_CLUSTER: KindDefinition = {
  group: GROUP,
  kind: 'ManagedCluster',
  plural: 'managedclusters',
  shortNames: ['mcl', 'mcls'],
  namespaced: false,
  description: 'A cluster the hub looks after.',
  statusSubresource: true,
  versions: [
    {
      name: 'v1',
      columns: [
        { name: 'Hub Accepted', type: 'boolean', jsonPath: '.spec.hubAcceptsClient' },
        { name: 'Managed Cluster URLs', type: 'string', jsonPath: '.spec.managedClusterClientConfigs[*].url' },
        { name: 'Joined', type: 'string', jsonPath: '.status.conditions[?(@.type=="ManagedClusterJoined")].status' },
        {
          name: 'Available',
          type: 'string',
          jsonPath: '.status.conditions[?(@.type=="ManagedClusterConditionAvailable")].status',
        },
        AGE,
      ],
      fields: fields(
        String.raw`
spec: object  # What is wanted.
  hubAcceptsClient: boolean  # The cluster may join.
  leaseDurationSeconds: int32 default=60  # How often its agent has to report.
  managedClusterClientConfigs: list of object  # How it is reached.
    caBundle: string:byte  # Its authority, in base64.
    url!: string  # Its API.
  taints: list of object  # What keeps workloads away.
    effect!: string enum=NoSelect|PreferNoSelect|NoSelectIfNew  # What it does.
    key!: string maxLength=316 /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$/  # Its name.
    timeAdded: time nullable  # Since when.
    value: string maxLength=1024  # Its value.
status: object  # What there is.
  allocatable: map of quantity  # What workloads may use.
  capacity: map of quantity  # What it has.
  clusterClaims: list of object  # What it tells of itself.
    name: string minLength=1 maxLength=253  # Its name.
    value: string minLength=1 maxLength=1024  # Its value.
  conditions: $StandardConditions
  managedNamespaces: list by=clusterSet,name of object  # Namespaces it has of its sets.
    clusterSet!: string  # The set.
    conditions: $StandardConditions
    name!: string maxLength=63 /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/  # Name of the namespace.
  version: object  # Its versions.
    kubernetes: string  # Version of Kubernetes.
`,
        COMMON_PARTS,
      ),
    },
  ],
};

export const CLUSTER_MANAGEMENT_KINDS: readonly KindDefinition[] = [MANAGED_CLUSTER];
