/** Kinds of groups workspace.devfile.io and controller.devfile.io. DevWorkspace facts 1.1 to 1.5. */
import { AGE, type KindDefinition } from './definition.ts';
import { conditions, flag, list, map, object, open, quantity, text, texts, time, whole } from './schema.ts';

const RESOURCES = object('Memory and processors.', {
  limits: map('At most this.', quantity('Amount.')),
  requests: map('At least this.', quantity('Amount.')),
});

const TEMPLATE = open('Content of a workspace.', {
  attributes: open('Settings of tools, by name.'),
  components: list(
    'Containers, volumes and other parts.',
    open(
      'One part.',
      {
        name: text('Name of the part.'),
        attributes: open('Settings of tools, by name.'),
        container: open('A container.', {
          image: text('Image.'),
          command: texts('Program in place of that of the image.'),
          args: texts('Arguments.'),
          env: list(
            'Environment.',
            object('One variable.', { name: text('Its name.'), value: text('Its value.') }, ['name', 'value']),
          ),
          mountSources: flag('The projects are mounted.'),
          volumeMounts: list(
            'Volumes.',
            object('One volume.', { name: text('Its name.'), path: text('Where it is mounted.') }, ['name']),
          ),
          memoryRequest: text('Least memory.'),
          memoryLimit: text('Most memory.'),
          cpuRequest: text('Least processors.'),
          cpuLimit: text('Most processors.'),
        }),
        volume: object('A volume.', { size: text('Its size.'), ephemeral: flag('It goes with the workspace.') }),
      },
      ['name'],
    ),
  ),
  projects: list('Sources that are cloned.', open('One of them.', { name: text('Its name.') }, ['name'])),
  commands: list('What can be run.', open('One command.', { id: text('Its name.') }, ['id'])),
  events: open('Commands that run at certain moments.'),
  parent: open('Content to start from.'),
  variables: map('Replaced in the content.'),
});

const DEV_WORKSPACE: KindDefinition = {
  group: 'workspace.devfile.io',
  versions: ['v1alpha2', 'v1alpha1'],
  kind: 'DevWorkspace',
  plural: 'devworkspaces',
  shortNames: ['dw'],
  namespaced: true,
  description: 'A workspace of a developer.',
  statusSubresource: true,
  columns: [
    { name: 'DevWorkspace ID', type: 'string', jsonPath: '.status.devworkspaceId' },
    { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
    { name: 'Info', type: 'string', jsonPath: '.status.message' },
  ],
  fields: {
    spec: open(
      'What is wanted.',
      {
        started: flag('It shall run.'),
        routingClass: text('How it is reached.'),
        template: TEMPLATE,
        contributions: list('Content from elsewhere.', open('One part.', { name: text('Its name.') }, ['name'])),
      },
      ['started'],
    ),
    status: open(
      'What there is.',
      {
        devworkspaceId: text('Id, part of the names of its objects.'),
        phase: text('Starting, Running, Stopping, Stopped, Failing, Failed, Error or Terminating.'),
        message: text('For people.'),
        mainUrl: text('Where it is reached.'),
        conditions: conditions(),
      },
      ['devworkspaceId'],
    ),
  },
};

const DEV_WORKSPACE_TEMPLATE: KindDefinition = {
  group: 'workspace.devfile.io',
  versions: ['v1alpha2', 'v1alpha1'],
  kind: 'DevWorkspaceTemplate',
  plural: 'devworkspacetemplates',
  shortNames: ['dwt'],
  namespaced: true,
  description: 'Content that workspaces share.',
  statusSubresource: false,
  fields: { spec: TEMPLATE },
};

const DEV_WORKSPACE_ROUTING: KindDefinition = {
  group: 'controller.devfile.io',
  versions: ['v1alpha1'],
  kind: 'DevWorkspaceRouting',
  plural: 'devworkspaceroutings',
  shortNames: ['dwr'],
  namespaced: true,
  description: 'How one workspace is reached.',
  statusSubresource: true,
  columns: [
    { name: 'DevWorkspace ID', type: 'string', jsonPath: '.spec.devworkspaceId' },
    { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
    { name: 'Info', type: 'string', jsonPath: '.status.message' },
  ],
  fields: {
    spec: open(
      'What is wanted.',
      {
        devworkspaceId: text('Id of the workspace.'),
        routingClass: text('Who makes it.'),
        podSelector: map('Labels of its pods.'),
        endpoints: map('Endpoints by component.', list('Endpoints of one component.', open('One endpoint.'))),
      },
      ['devworkspaceId'],
    ),
    status: open('What there is.', {
      phase: text('Preparing, Ready or Failed.'),
      message: text('For people.'),
      exposedEndpoints: map('URLs by component.', list('URLs of one component.', open('One URL.'))),
      podAdditions: open('Parts the pods get.'),
    }),
  },
};

const POLICY = text('When images are pulled: Always, IfNotPresent or Never.');

const DEV_WORKSPACE_OPERATOR_CONFIG: KindDefinition = {
  group: 'controller.devfile.io',
  versions: ['v1alpha1'],
  kind: 'DevWorkspaceOperatorConfig',
  plural: 'devworkspaceoperatorconfigs',
  shortNames: ['dwoc'],
  namespaced: true,
  description: 'Settings of the DevWorkspace Operator.',
  statusSubresource: true,
  columns: [AGE],
  fields: {
    config: open('The settings.', {
      enableExperimentalFeatures: flag('What is not finished is on.'),
      routing: open('How workspaces are reached.', {
        defaultRoutingClass: text('Class of workspaces that name none.'),
        clusterHostSuffix: text('Domain of their host names.'),
      }),
      workspace: open('Workspaces.', {
        imagePullPolicy: POLICY,
        progressTimeout: text('How long a start may stand still.'),
        idleTimeout: text('How long an idle workspace runs.'),
        pvcName: text('Claim that workspaces of a namespace share.'),
        storageClassName: text('Class of storage.'),
        storageAccessMode: list('How claims are mounted.', { type: 'string' }),
        defaultStorageSize: object('Size of claims.', {
          common: quantity('Shared by a namespace.'),
          perWorkspace: quantity('Of one workspace.'),
        }),
        cleanupOnStop: flag('Objects of a stopped workspace are deleted.'),
        ignoredUnrecoverableEvents: texts('Events that do not make a start fail.'),
        podSecurityContext: open('Security of the pods.'),
        restore: open('Restoring of backups.', {
          imagePullPolicy: POLICY,
          env: list('Environment.', open('One variable.')),
          resources: RESOURCES,
        }),
        backupCronJob: open(
          'Backup of stopped workspaces.',
          {
            enable: flag('It is on.'),
            schedule: text('When it runs, as five cron fields.', { default: '0 0 1 * *' }),
            backoffLimit: whole('How often a failed Job is tried again.', { format: 'int32', minimum: 0, default: 1 }),
            registry: object(
              'Where backups go.',
              { path: text('Registry and path.'), authSecret: text('Secret with the credentials.') },
              ['path'],
            ),
            oras: object('The program that sends them.', { extraArgs: text('More arguments.') }),
          },
          ['registry'],
        ),
      }),
    }),
    status: open('What the operator tells.', {
      lastBackupTime: time('End of the last pass over all workspaces.'),
      conditions: conditions(),
    }),
  },
};

export const DEV_WORKSPACE_KINDS: readonly KindDefinition[] = [
  DEV_WORKSPACE,
  DEV_WORKSPACE_TEMPLATE,
  DEV_WORKSPACE_ROUTING,
  DEV_WORKSPACE_OPERATOR_CONFIG,
];
