/** Kinds of group config.openshift.io. Installer facts 2.4.4, 2.6 and 2.7. */
import type { KindDefinition } from './definition.ts';
import { conditions, flag, list, object, open, text, texts, time, whole, word } from './schema.ts';

const GROUP = { group: 'config.openshift.io', versions: ['v1'], namespaced: false } as const;

const RELEASE = open('A release.', {
  version: text('OpenShift version.'),
  image: text('Release image.'),
  url: text('Where it is described.'),
  channels: texts('Channels it is in.'),
});

const CLUSTER_VERSION: KindDefinition = {
  ...GROUP,
  kind: 'ClusterVersion',
  plural: 'clusterversions',
  description: 'The release of the cluster; there is one, version.',
  statusSubresource: true,
  columns: [
    { name: 'Version', type: 'string', jsonPath: '.status.history[?(@.state=="Completed")].version' },
    { name: 'Available', type: 'string', jsonPath: '.status.conditions[?(@.type=="Available")].status' },
    { name: 'Progressing', type: 'string', jsonPath: '.status.conditions[?(@.type=="Progressing")].status' },
    { name: 'Since', type: 'date', jsonPath: '.status.conditions[?(@.type=="Progressing")].lastTransitionTime' },
    { name: 'Status', type: 'string', jsonPath: '.status.conditions[?(@.type=="Progressing")].message' },
  ],
  required: ['spec'],
  fields: {
    spec: open(
      'The release that is wanted.',
      {
        clusterID: text('Id of the cluster.'),
        channel: text('Channel of updates.'),
        upstream: text('Server of updates.'),
        desiredUpdate: RELEASE,
      },
      ['clusterID'],
    ),
    status: open('The release there is.', {
      desired: RELEASE,
      observedGeneration: whole('Generation that was looked at.', { format: 'int64' }),
      versionHash: text('Fingerprint of what is applied.'),
      capabilities: object('Optional parts.', {
        enabledCapabilities: texts('Parts that are in use.'),
        knownCapabilities: texts('Parts there are.'),
      }),
      history: list(
        'Releases since the installation, the newest first.',
        open('One release.', {
          state: word('Whether it was applied whole.', ['Completed', 'Partial']),
          version: text('OpenShift version.'),
          image: text('Release image.'),
          startedTime: time('When it began.'),
          completionTime: { ...time('When it was applied.'), nullable: true },
          verified: flag('Whether its signature was checked.'),
        }),
      ),
      conditions: conditions(),
      availableUpdates: { ...list('Releases to go to.', RELEASE), nullable: true },
    }),
  },
};

const CLUSTER_OPERATOR: KindDefinition = {
  ...GROUP,
  kind: 'ClusterOperator',
  plural: 'clusteroperators',
  shortNames: ['co'],
  description: 'State of one part of the cluster.',
  statusSubresource: true,
  columns: [
    { name: 'Version', type: 'string', jsonPath: '.status.versions[?(@.name=="operator")].version' },
    { name: 'Available', type: 'string', jsonPath: '.status.conditions[?(@.type=="Available")].status' },
    { name: 'Progressing', type: 'string', jsonPath: '.status.conditions[?(@.type=="Progressing")].status' },
    { name: 'Degraded', type: 'string', jsonPath: '.status.conditions[?(@.type=="Degraded")].status' },
    { name: 'Since', type: 'date', jsonPath: '.status.conditions[?(@.type=="Available")].lastTransitionTime' },
    { name: 'Message', type: 'string', jsonPath: '.status.conditions[?(@.type=="Progressing")].message' },
  ],
  required: ['spec'],
  fields: {
    spec: open('Nothing can be wanted.'),
    status: object('How it is.', {
      conditions: conditions(),
      versions: list(
        'Versions of its parts.',
        object('One part.', { name: text('Name of the part.'), version: text('Its version.') }, ['name', 'version']),
      ),
      relatedObjects: list(
        'Objects that matter when it fails.',
        object(
          'One object.',
          {
            group: text('Group of the kind.'),
            resource: text('Plural of the kind.'),
            namespace: text('Namespace of the object.'),
            name: text('Name of the object.'),
          },
          ['group', 'resource', 'name'],
        ),
      ),
      extension: { ...open('More about it.'), nullable: true },
    }),
  },
};

const PROXY: KindDefinition = {
  ...GROUP,
  kind: 'Proxy',
  plural: 'proxies',
  description: 'Proxy of the whole cluster; there is one, cluster.',
  statusSubresource: true,
  required: ['spec'],
  fields: {
    spec: open('What is wanted.', {
      httpProxy: text('Proxy for http requests.'),
      httpsProxy: text('Proxy for https requests.'),
      noProxy: text('What is reached without it.'),
      readinessEndpoints: texts('URLs by which it is checked.'),
      trustedCA: object('ConfigMap with its authority.', { name: text('Name of the ConfigMap.') }),
    }),
    status: open('What is in use.', {
      httpProxy: text('Proxy for http requests.'),
      httpsProxy: text('Proxy for https requests.'),
      noProxy: text('What is reached without it.'),
    }),
  },
};

const INFRASTRUCTURE: KindDefinition = {
  ...GROUP,
  kind: 'Infrastructure',
  plural: 'infrastructures',
  description: 'Where the cluster runs; there is one, cluster.',
  statusSubresource: true,
  required: ['spec'],
  fields: {
    spec: open('What is wanted.', { platformSpec: open('The platform.', { type: text('Its name.') }) }),
    status: open('What there is.', {
      infrastructureName: text('Name of the infrastructure.'),
      platform: text('Name of the platform.'),
      platformStatus: open('The platform.', { type: text('Its name.') }),
      apiServerURL: text('The API from outside.'),
      apiServerInternalURI: text('The API from inside.'),
      controlPlaneTopology: text('HighlyAvailable, SingleReplica and others.'),
      infrastructureTopology: text('The same for workers.'),
    }),
  },
};

export const CLUSTER_STATE_KINDS: readonly KindDefinition[] = [CLUSTER_VERSION, CLUSTER_OPERATOR];

export const OPENSHIFT_CONFIG_KINDS: readonly KindDefinition[] = [...CLUSTER_STATE_KINDS, PROXY, INFRASTRUCTURE];
