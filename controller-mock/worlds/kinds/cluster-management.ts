/** Kinds of group cluster.open-cluster-management.io, which a hub of many clusters has. */
import { AGE, type KindDefinition } from './definition.ts';
import { conditions, flag, list, map, object, quantity, text, time, whole, word } from './schema.ts';

const MANAGED_CLUSTER: KindDefinition = {
  group: 'cluster.open-cluster-management.io',
  versions: ['v1'],
  kind: 'ManagedCluster',
  plural: 'managedclusters',
  shortNames: ['mcl', 'mcls'],
  namespaced: false,
  description: 'A cluster the hub looks after.',
  statusSubresource: true,
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
  fields: {
    spec: object('What is wanted.', {
      hubAcceptsClient: flag('The cluster may join.'),
      leaseDurationSeconds: whole('How often its agent has to report.', { format: 'int32', default: 60 }),
      managedClusterClientConfigs: list(
        'How it is reached.',
        object('One way.', { url: text('Its API.'), caBundle: text('Its authority, in base64.', { format: 'byte' }) }),
      ),
      taints: list(
        'What keeps workloads away.',
        object(
          'One taint.',
          {
            key: text('Its name.'),
            value: text('Its value.'),
            effect: word('What it does.', ['NoSelect', 'PreferNoSelect', 'NoSelectIfNew']),
            timeAdded: { ...time('Since when.'), nullable: true },
          },
          ['key', 'effect'],
        ),
      ),
    }),
    status: object('What there is.', {
      conditions: conditions(),
      version: object('Its versions.', { kubernetes: text('Version of Kubernetes.') }),
      capacity: map('What it has.', quantity('Amount.')),
      allocatable: map('What workloads may use.', quantity('Amount.')),
      clusterClaims: list(
        'What it tells of itself.',
        object('One claim.', { name: text('Its name.'), value: text('Its value.') }),
      ),
    }),
  },
};

export const CLUSTER_MANAGEMENT_KINDS: readonly KindDefinition[] = [MANAGED_CLUSTER];
