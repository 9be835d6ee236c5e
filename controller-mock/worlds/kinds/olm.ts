/** Kinds of group operators.coreos.com. Installer facts 2.4.5. */
import { AGE, type KindDefinition } from './definition.ts';
import { conditions, flag, open, text, texts, time } from './schema.ts';

const GROUP = {
  group: 'operators.coreos.com',
  versions: ['v1alpha1'],
  namespaced: true,
  categories: ['olm'],
  statusSubresource: true,
  required: ['spec'],
} as const;

const SUBSCRIPTION: KindDefinition = {
  ...GROUP,
  kind: 'Subscription',
  plural: 'subscriptions',
  shortNames: ['sub', 'subs'],
  description: 'Keeps one operator installed.',
  columns: [
    { name: 'Package', type: 'string', jsonPath: '.spec.name' },
    { name: 'Source', type: 'string', jsonPath: '.spec.source' },
    { name: 'Channel', type: 'string', jsonPath: '.spec.channel' },
  ],
  fields: {
    spec: open(
      'The operator.',
      {
        name: text('Package.'),
        source: text('Catalog.'),
        sourceNamespace: text('Namespace of the catalog.'),
        channel: text('Channel.'),
        startingCSV: text('First version.'),
        installPlanApproval: text('Automatic or Manual.'),
      },
      ['name', 'source', 'sourceNamespace'],
    ),
    status: open('How far it is.', {
      currentCSV: text('Version that is being installed.'),
      installedCSV: text('Version that is installed.'),
      state: text('In one word.'),
      lastUpdated: time('When this was written.'),
      conditions: conditions(),
    }),
  },
};

const CLUSTER_SERVICE_VERSION: KindDefinition = {
  ...GROUP,
  kind: 'ClusterServiceVersion',
  plural: 'clusterserviceversions',
  shortNames: ['csv', 'csvs'],
  description: 'One version of an operator.',
  columns: [
    { name: 'Display', type: 'string', jsonPath: '.spec.displayName' },
    { name: 'Version', type: 'string', jsonPath: '.spec.version' },
    { name: 'Replaces', type: 'string', jsonPath: '.spec.replaces' },
    { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
  ],
  fields: {
    spec: open('The version.', {
      displayName: text('Name for people.'),
      version: text('Version.'),
      replaces: text('Version before.'),
      install: open('How it is installed.', { strategy: text('deployment.') }),
    }),
    status: open('How far it is.', {
      phase: text('Pending, InstallReady, Installing, Succeeded or Failed.'),
      reason: text('Why, in one word.'),
      message: text('Why, for people.'),
      lastUpdateTime: time('When this was written.'),
      lastTransitionTime: time('When the phase changed.'),
    }),
  },
};

const INSTALL_PLAN: KindDefinition = {
  ...GROUP,
  kind: 'InstallPlan',
  plural: 'installplans',
  shortNames: ['ip'],
  description: 'Steps that install versions of operators.',
  columns: [
    { name: 'CSV', type: 'string', jsonPath: '.spec.clusterServiceVersionNames[0]' },
    { name: 'Approval', type: 'string', jsonPath: '.spec.approval' },
    { name: 'Approved', type: 'boolean', jsonPath: '.spec.approved' },
    AGE,
  ],
  fields: {
    spec: open(
      'What is to be installed.',
      {
        approval: text('Automatic or Manual.'),
        approved: flag('It may begin.'),
        clusterServiceVersionNames: texts('Versions it installs.'),
      },
      ['approval', 'approved', 'clusterServiceVersionNames'],
    ),
    status: open('How far it is.', {
      phase: text('Installing, Complete or Failed.'),
      message: text('Why it failed.'),
      conditions: conditions(),
    }),
  },
};

export const OLM_KINDS: readonly KindDefinition[] = [SUBSCRIPTION, CLUSTER_SERVICE_VERSION, INSTALL_PLAN];
