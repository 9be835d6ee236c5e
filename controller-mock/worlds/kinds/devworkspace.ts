/**
 * Kinds of groups workspace.devfile.io and controller.devfile.io, as in devfile/devworkspace-operator,
 * deploy/deployment/openshift/objects (July 2026). The webhook that converts the old version is not called: both versions
 * show what is stored.
 */

import { COMMON_PARTS } from './common-parts.ts';
import type { KindDefinition } from './definition.ts';
import { fields, parts } from './notation.ts';

const PARTS = parts(
  String.raw`
$Apply: object
  component: string
  group: object
    isDefault: boolean
    kind: string enum=build|run|test|debug|deploy
  label: string
$CheckoutFrom: object
  remote: string
  revision: string
$CommandApply: object
  component!: string
  group: object
    isDefault: boolean
    kind!: string enum=build|run|test|debug|deploy
  label: string
$CommandComposite: object
  commands: list of string
  group: object
    isDefault: boolean
    kind!: string enum=build|run|test|debug|deploy
  label: string
  parallel: boolean
$CommandExec: object
  commandLine!: string
  component!: string
  env: list of object
    name!: string
    value!: string
  group: object
    isDefault: boolean
    kind!: string enum=build|run|test|debug|deploy
  hotReloadCapable: boolean
  label: string
  workingDir: string
$Commands: list of object
  @oneOf exec | apply | vscodeTask | vscodeLaunch | composite | custom
  apply: object
    attributes: map of string
    component: string
    group: $Group
    id!: string
    label: string
  commandType: string enum=Exec|Apply|VscodeTask|VscodeLaunch|Composite|Custom
  composite: object
    attributes: map of string
    commands: list of string
    group: $Group
    id!: string
    label: string
    parallel: boolean
  custom: object
    attributes: map of string
    commandClass!: string
    embeddedResource!: object embedded open
    group: $Group
    id!: string
    label: string
  exec: object
    attributes: map of string
    commandLine: string
    component: string
    env: list of object
      name!: string
      value!: string
    group: $Group
    hotReloadCapable: boolean
    id!: string
    label: string
    workingDir: string
  vscodeLaunch: $VscodeLaunch
  vscodeTask: $VscodeLaunch
$ComponentContainer: object
  annotation: object
    deployment: map of string
    service: map of string
  args: list of string
  command: list of string
  cpuLimit: string
  cpuRequest: string
  dedicatedPod: boolean
  endpoints: $Endpoints
  env: list of object
    name!: string
    value: string
  image: string
  memoryLimit: string
  memoryRequest: string
  mountSources: boolean
  sourceMapping: string
  volumeMounts: list of object
    name!: string maxLength=63 /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
    path: string
$ComponentContainerEndpoints: list of object
  attributes: map of string
  exposure: string enum=public|internal|none
  name!: string
  path: string
  protocol: string
  secure: boolean
  targetPort: integer
$ComponentKubernetes: object
  @oneOf uri | inlined
  deployByDefault: boolean
  endpoints: $ContainerEndpoints
  inlined: string
  locationType: string enum=Uri|Inlined
  uri: string
$ComponentVolume: object  # A volume.
  ephemeral: boolean  # It goes with the workspace.
  name!: string
  size: string  # Its size.
$Components: list of object  # Containers, volumes and other parts.
  @oneOf container | kubernetes | openshift | volume | plugin | custom
  componentType: string enum=Container|Kubernetes|Openshift|Volume|Plugin|Custom
  container: $SpecTemplateComponentContainer
  custom: object
    componentClass!: string
    embeddedResource!: object embedded open
    name!: string
  kubernetes: $TemplateComponentKubernetes
  openshift: $TemplateComponentKubernetes
  plugin: object
    @oneOf uri | id | kubernetes
    commands: $Commands
    components: list of object
      @oneOf container | kubernetes | openshift | volume
      componentType: string enum=Container|Kubernetes|Openshift|Volume
      container: $SpecTemplateComponentContainer
      kubernetes: $TemplateComponentKubernetes
      openshift: $TemplateComponentKubernetes
      volume: $ComponentVolume
    id: string
    importReferenceType: string enum=Uri|Id|Kubernetes
    kubernetes: $Instance
    name: string
    registryUrl: string
    uri: string
  volume: $ComponentVolume
$Composite: object
  commands: list of string
  group: object
    isDefault: boolean
    kind: string enum=build|run|test|debug|deploy
  label: string
  parallel: boolean
$ContainerEndpoints: list of object
  annotation: map of string
  attributes: object open
  exposure: string enum=public|internal|none default=public
  name!: string maxLength=63 /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
  path: string
  protocol: string enum=http|https|ws|wss|tcp|udp default=http
  secure: boolean
  targetPort!: integer
$ContributionCommands: list of object
  @oneOf exec | apply | composite
  apply: $Apply
  attributes: object open
  commandType: string enum=Exec|Apply|Composite
  composite: $Composite
  exec: $Exec
  id!: string maxLength=63 /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
$ContributionComponentVolume: object
  ephemeral: boolean  # It goes with the workspace.
  size: string  # Its size.
$ContributionComponents: list of object
  @oneOf container | kubernetes | openshift | volume | image
  attributes: object open
  componentType: string enum=Container|Kubernetes|Openshift|Volume|Image
  container: $ComponentContainer
  image: $Image
  kubernetes: $Kubernetes
  name!: string maxLength=63 /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
  openshift: $Kubernetes
  volume: $ContributionComponentVolume
$Custom: object
  commandClass!: string
  embeddedResource!: object embedded open
  group: object
    isDefault: boolean
    kind!: string enum=build|run|test|debug|deploy
  label: string
$DefaultTemplateComponentKubernetes: object
  deployByDefault: boolean
  endpoints: $ContainerEndpoints
  inlined: string
  locationType: string enum=Uri|Inlined
  uri: string
$DefaultTemplateDependentProjects: list of object
  attributes: object open
  clonePath: string
  custom: $DependentProjectCustom
  git: $DependentProjectGit
  name!: string maxLength=63 /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
  sourceType: string enum=Git|Zip|Custom
  zip: object
    location!: string
$DependentProjectCustom: object
  embeddedResource!: object embedded open
  projectSourceClass!: string
$DependentProjectGit: object
  checkoutFrom: $CheckoutFrom
  remotes!: map of string
$DependentProjects: list of object  # Sources that are cloned.
  @oneOf git | zip | custom
  attributes: object open
  clonePath: string
  custom: $DependentProjectCustom
  git: $DependentProjectGit
  name!: string maxLength=63 /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/  # Its name.
  sourceType: string enum=Git|Zip|Custom
  zip: object
    location: string
$DockerfileGit: object
  checkoutFrom: $CheckoutFrom
  fileLocation: string
  remotes!: map of string
$Endpoints: list of object
  annotation: map of string
  attributes: object open
  exposure: string enum=public|internal|none
  name!: string maxLength=63 /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
  path: string
  protocol: string enum=http|https|ws|wss|tcp|udp
  secure: boolean
  targetPort: integer
$Events: object  # Commands that run at certain moments.
  postStart: list of string
  postStop: list of string
  preStart: list of string
  preStop: list of string
$Exec: object
  commandLine: string
  component: string
  env: list of object
    name!: string
    value: string
  group: object
    isDefault: boolean
    kind: string enum=build|run|test|debug|deploy
  hotReloadCapable: boolean
  label: string
  workingDir: string
$Git: object
  checkoutFrom: $CheckoutFrom
  fileLocation: string
  remotes: map of string
$Group: object
  isDefault: boolean
  kind!: string enum=build|run|test|debug
$Image: object
  @oneOf dockerfile | autoBuild
  autoBuild: boolean
  dockerfile: object
    @oneOf uri | devfileRegistry | git
    args: list of string
    buildContext: string
    devfileRegistry: object
      id: string
      registryUrl: string
    git: $Git
    rootRequired: boolean
    srcType: string enum=Uri|DevfileRegistry|Git
    uri: string
  imageName: string
  imageType: string enum=Dockerfile|AutoBuild
$Kubernetes: object
  @oneOf uri | inlined
  deployByDefault: boolean
  endpoints: $Endpoints
  inlined: string
  locationType: string enum=Uri|Inlined
  uri: string
$OldWorkspaceTemplate: object  # Content of a workspace.
  attributes: object open  # Settings of tools, by name.
  commands: list of object  # What can be run.
    @oneOf exec | apply | composite | custom
    apply: $CommandApply
    attributes: object open
    commandType: string enum=Exec|Apply|Composite|Custom
    composite: $CommandComposite
    custom: $Custom
    exec: $CommandExec
    id!: string maxLength=63 /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/  # Its name.
  components: list of object  # Containers, volumes and other parts.
    @oneOf container | kubernetes | openshift | volume | image | plugin | custom
    attributes: object open  # Settings of tools, by name.
    componentType: string enum=Container|Kubernetes|Openshift|Volume|Image|Plugin|Custom
    container: $TemplateComponentContainer
    custom: object
      componentClass!: string
      embeddedResource!: object embedded open
    image: object
      @oneOf dockerfile
      autoBuild: boolean
      dockerfile: object
        @oneOf uri | devfileRegistry | git
        args: list of string
        buildContext: string
        devfileRegistry: object
          id!: string
          registryUrl: string
        git: $DockerfileGit
        rootRequired: boolean
        srcType: string enum=Uri|DevfileRegistry|Git
        uri: string
      imageName!: string
      imageType: string enum=Dockerfile
    kubernetes: $ComponentKubernetes
    name!: string maxLength=63 /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/  # Name of the part.
    openshift: $ComponentKubernetes
    plugin: object
      @oneOf uri | id | kubernetes
      commands: $ContributionCommands
      components: $ContributionComponents
      id: string
      importReferenceType: string enum=Uri|Id|Kubernetes
      kubernetes: $Instance
      registryUrl: string
      uri: string
      version: string /^(latest)|(([1-9])\.([0-9]+)\.([0-9]+)(\-[0-9a-z-]+(\.[0-9a-z-]+)*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?)$/
    volume: $ContributionComponentVolume  # A volume.
  dependentProjects: $DependentProjects
  events: $Events
  parent: object  # Content to start from.
    @oneOf uri | id | kubernetes
    attributes: object open
    commands: $ContributionCommands
    components: list of object
      @oneOf container | kubernetes | openshift | volume | image | plugin
      attributes: object open
      componentType: string enum=Container|Kubernetes|Openshift|Volume|Image|Plugin
      container: $ComponentContainer
      image: $Image
      kubernetes: $Kubernetes
      name!: string maxLength=63 /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
      openshift: $Kubernetes
      plugin: object
        @oneOf uri | id | kubernetes
        commands: $ContributionCommands
        components: $ContributionComponents
        id: string
        importReferenceType: string enum=Uri|Id|Kubernetes
        kubernetes: object
          name: string
          namespace: string
        registryUrl: string
        uri: string
        version: string /^(latest)|(([1-9])\.([0-9]+)\.([0-9]+)(\-[0-9a-z-]+(\.[0-9a-z-]+)*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?)$/
      volume: $ContributionComponentVolume
    dependentProjects: $ParentProjects
    id: string
    importReferenceType: string enum=Uri|Id|Kubernetes
    kubernetes: $Instance
    projects: $ParentProjects
    registryUrl: string
    starterProjects: list of object
      @oneOf git | zip
      attributes: object open
      description: string
      git: $ParentDependentProjectGit
      name!: string maxLength=63 /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
      sourceType: string enum=Git|Zip
      subDir: string
      zip: object
        location: string
    uri: string
    variables: map of string
    version: string /^(latest)|(([1-9])\.([0-9]+)\.([0-9]+)(\-[0-9a-z-]+(\.[0-9a-z-]+)*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?)$/
  projects: $DependentProjects
  starterProjects: list of object
    @oneOf git | zip | custom
    attributes: object open
    custom: $DependentProjectCustom
    description: string
    git: $DependentProjectGit
    name!: string maxLength=63 /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
    sourceType: string enum=Git|Zip|Custom
    subDir: string
    zip: object
      location: string
  variables: map of string  # Replaced in the content.
$ParentDependentProjectGit: object
  checkoutFrom: $CheckoutFrom
  remotes: map of string
$ParentProjects: list of object
  @oneOf git | zip
  attributes: object open
  clonePath: string
  git: $ParentDependentProjectGit
  name!: string maxLength=63 /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/  # Its name.
  sourceType: string enum=Git|Zip
  zip: object
    location: string
$PluginComponentKubernetes: object
  deployByDefault: boolean
  endpoints: $Endpoints
  inlined: string
  locationType: string enum=Uri|Inlined
  uri: string
$PodAdditionsContainers: list of object
  args: atomic list of string
  command: atomic list of string
  env: $EnvVarsByName
  envFrom: $EnvFrom
  image: string
  imagePullPolicy: string
  lifecycle: $Lifecycle
  livenessProbe: $Probe
  name!: string
  ports: list by=containerPort,protocol of object
    containerPort!: int32
    hostIP: string
    hostPort: int32
    name: string
    protocol!: string default=TCP
  readinessProbe: $Probe
  resizePolicy: atomic list of object
    resourceName!: string
    restartPolicy!: string
  resources: $ContainerResources
  restartPolicy: string
  restartPolicyRules: $RestartPolicyRules
  securityContext: $ContainerSecurityContext
  startupProbe: $Probe
  stdin: boolean
  stdinOnce: boolean
  terminationMessagePath: string
  terminationMessagePolicy: string
  tty: boolean
  volumeDevices: list by=devicePath of object
    devicePath!: string
    name!: string
  volumeMounts: $VolumeMountsByPath
  workingDir: string
$ProjectGit: object
  checkoutFrom: $CheckoutFrom
  remotes: map of string
  sparseCheckoutDir: string
$Projects: list of object  # Sources that are cloned.
  @oneOf git | github | zip | custom
  clonePath: string
  custom: $DependentProjectCustom
  git: $ProjectGit
  github: $ProjectGit
  name!: string  # Its name.
  sourceType: string enum=Git|Github|Zip|Custom
  zip: object
    location: string
    sparseCheckoutDir: string
$SpecTemplateComponentContainer: object  # A container.
  args: list of string  # Arguments.
  command: list of string  # Program in place of that of the image.
  dedicatedPod: boolean
  endpoints: $ComponentContainerEndpoints
  env: list of object  # Environment.
    name!: string  # Its name.
    value!: string  # Its value.
  image: string  # Image.
  memoryLimit: string  # Most memory.
  mountSources: boolean  # The projects are mounted.
  name!: string
  sourceMapping: string
  volumeMounts: list of object  # Volumes.
    name!: string  # Its name.
    path: string  # Where it is mounted.
$StarterProjects: list of object
  @oneOf git | github | zip | custom
  clonePath: string
  custom: $DependentProjectCustom
  description: string
  git: $ProjectGit
  github: $ProjectGit
  name!: string
  sourceType: string enum=Git|Github|Zip|Custom
  zip: object
    location: string
    sparseCheckoutDir: string
$TemplateComponentContainer: object  # A container.
  annotation: object
    deployment: map of string
    service: map of string
  args: list of string  # Arguments.
  command: list of string  # Program in place of that of the image.
  cpuLimit: string  # Most processors.
  cpuRequest: string  # Least processors.
  dedicatedPod: boolean
  endpoints: $ContainerEndpoints
  env: list of object  # Environment.
    name!: string  # Its name.
    value!: string  # Its value.
  image!: string  # Image.
  memoryLimit: string  # Most memory.
  memoryRequest: string  # Least memory.
  mountSources: boolean  # The projects are mounted.
  sourceMapping: string default=/projects
  volumeMounts: list of object  # Volumes.
    name!: string maxLength=63 /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/  # Its name.
    path: string  # Where it is mounted.
$TemplateComponentKubernetes: object
  @oneOf uri | inlined
  endpoints: $ComponentContainerEndpoints
  inlined: string
  locationType: string enum=Uri|Inlined
  name!: string
  uri: string
$VscodeLaunch: object
  @oneOf uri | inlined
  attributes: map of string
  group: $Group
  id!: string
  inlined: string
  locationType: string enum=Uri|Inlined
  uri: string
$WorkspaceConditions: list of object  # What is known about the state, one entry a type.
  lastTransitionTime: time  # When the status last changed.
  message: string  # For people.
  reason: string  # One word that says why.
  status!: string  # True, False or Unknown.
  type!: string  # What the entry is about.
$WorkspaceTemplate: object  # Content of a workspace.
  commands: $Commands  # What can be run.
  components: $Components
  events: $Events
  parent: object  # Content to start from.
    @oneOf uri | id | kubernetes
    commands: $Commands
    components: $Components
    id: string
    importReferenceType: string enum=Uri|Id|Kubernetes
    kubernetes: $Instance
    projects: $Projects
    registryUrl: string
    starterProjects: $StarterProjects
    uri: string
  projects: $Projects
  starterProjects: $StarterProjects
`,
  COMMON_PARTS,
);

const DEV_WORKSPACE: KindDefinition = {
  group: 'workspace.devfile.io',
  kind: 'DevWorkspace',
  plural: 'devworkspaces',
  shortNames: ['dw'],
  namespaced: true,
  description: 'A workspace of a developer.',
  statusSubresource: true,
  versions: [
    {
      name: 'v1alpha2',
      columns: [
        { name: 'DevWorkspace ID', type: 'string', jsonPath: '.status.devworkspaceId' },
        { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
        { name: 'Info', type: 'string', jsonPath: '.status.message' },
      ],
      fields: fields(
        String.raw`
spec: object  # What is wanted.
  contributions: list of object  # Content from elsewhere.
    @oneOf uri | id | kubernetes
    attributes: object open
    commands: $ContributionCommands
    components: $ContributionComponents
    id: string
    importReferenceType: string enum=Uri|Id|Kubernetes
    kubernetes: $Instance
    name!: string maxLength=63 /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/  # Its name.
    registryUrl: string
    uri: string
    version: string /^(latest)|(([1-9])\.([0-9]+)\.([0-9]+)(\-[0-9a-z-]+(\.[0-9a-z-]+)*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?)$/
  routingClass: string  # How it is reached.
  started!: boolean  # It shall run.
  template: $OldWorkspaceTemplate
status: object  # What there is.
  conditions: $WorkspaceConditions
  devworkspaceId!: string  # Id, part of the names of its objects.
  mainUrl: string  # Where it is reached.
  message: string  # For people.
  phase: string  # Starting, Running, Stopping, Stopped, Failing, Failed, Error or Terminating.
`,
        PARTS,
      ),
    },
    {
      name: 'v1alpha1',
      deprecated: true,
      columns: [
        { name: 'Workspace ID', type: 'string', jsonPath: '.status.workspaceId' },
        { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
        { name: 'URL', type: 'string', jsonPath: '.status.ideUrl' },
      ],
      fields: fields(
        `
spec: object  # What is wanted.
  routingClass: string  # How it is reached.
  started!: boolean  # It shall run.
  template: $WorkspaceTemplate
status: object  # What there is.
  conditions: $WorkspaceConditions
  ideUrl: string
  message: string  # For people.
  phase: string  # Starting, Running, Stopping, Stopped, Failing, Failed, Error or Terminating.
  workspaceId!: string
`,
        PARTS,
      ),
    },
  ],
};

const DEV_WORKSPACE_TEMPLATE: KindDefinition = {
  group: 'workspace.devfile.io',
  kind: 'DevWorkspaceTemplate',
  plural: 'devworkspacetemplates',
  shortNames: ['dwt'],
  namespaced: true,
  description: 'Content that workspaces share.',
  statusSubresource: false,
  versions: [
    {
      name: 'v1alpha2',
      fields: fields(
        `
spec: $OldWorkspaceTemplate
`,
        PARTS,
      ),
    },
    {
      name: 'v1alpha1',
      deprecated: true,
      fields: fields(
        `
spec: $WorkspaceTemplate
`,
        PARTS,
      ),
    },
  ],
};

const DEV_WORKSPACE_ROUTING: KindDefinition = {
  group: 'controller.devfile.io',
  kind: 'DevWorkspaceRouting',
  plural: 'devworkspaceroutings',
  shortNames: ['dwr'],
  namespaced: true,
  description: 'How one workspace is reached.',
  statusSubresource: true,
  versions: [
    {
      name: 'v1alpha1',
      columns: [
        { name: 'DevWorkspace ID', type: 'string', jsonPath: '.spec.devworkspaceId' },
        { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
        { name: 'Info', type: 'string', jsonPath: '.status.message' },
      ],
      fields: fields(
        `
spec: object  # What is wanted.
  devworkspaceId!: string  # Id of the workspace.
  endpoints!: map of list of object  # Endpoints by component.
    annotations: map of string
    attributes: object open
    exposure: string enum=public|internal|none default=public
    name!: string maxLength=63 /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
    path: string
    protocol: string enum=http|https|ws|wss|tcp|udp default=http
    secure: boolean
    targetPort!: integer
  podSelector!: map of string  # Labels of its pods.
  routingClass: string  # Who makes it.
status: object  # What there is.
  exposedEndpoints: map of list of object  # URLs by component.
    attributes: object open
    name!: string
    url!: string
  message: string  # For people.
  phase: string  # Preparing, Ready or Failed.
  podAdditions: object  # Parts the pods get.
    annotations: map of string
    containers: $PodAdditionsContainers
    initContainers: $PodAdditionsContainers
    labels: map of string
    pullSecrets: list of $LocalReference
    serviceAccountAnnotations: map of string
    volumeMounts: $VolumeMounts
    volumes: $Volumes
`,
        PARTS,
      ),
    },
  ],
};

const DEV_WORKSPACE_OPERATOR_CONFIG: KindDefinition = {
  group: 'controller.devfile.io',
  kind: 'DevWorkspaceOperatorConfig',
  plural: 'devworkspaceoperatorconfigs',
  shortNames: ['dwoc'],
  namespaced: true,
  description: 'Settings of the DevWorkspace Operator.',
  statusSubresource: true,
  versions: [
    {
      name: 'v1alpha1',
      fields: fields(
        String.raw`
config: object  # The settings.
  enableExperimentalFeatures: boolean  # What is not finished is on.
  routing: object  # How workspaces are reached.
    clusterHostSuffix: string  # Domain of their host names.
    defaultRoutingClass: string  # Class of workspaces that name none.
    proxyConfig: $Proxy
    tlsCertificateConfigmapRef: $NamespacedReference
  webhook: object
    nodeSelector: map of string
    replicas: int32 min=1 default=2
    tolerations: $Tolerations
  workspace: object  # Workspaces.
    backupCronJob: object  # Backup of stopped workspaces.
      backoffLimit: int32 min=0 default=1  # How often a failed Job is tried again.
      enable: boolean  # It is on.
      oras: object  # The program that sends them.
        extraArgs: string  # More arguments.
      registry!: object  # Where backups go.
        authSecret: string  # Secret with the credentials.
        path!: string  # Registry and path.
      schedule: string default="0 0 1 * *"  # When it runs, as five cron fields.
    cleanupCronJob: object
      dryRun: boolean
      enable: boolean
      retainTime: int32 min=0 default=2592000
      schedule: string default="0 0 1 * *"
    cleanupOnStop: boolean  # Objects of a stopped workspace are deleted.
    containerResourceCaps: $ContainerResources
    containerSecurityContext: $ContainerSecurityContext
    defaultContainerResources: $ContainerResources
    defaultStorageSize: object  # Size of claims.
      common: quantity  # Shared by a namespace.
      perWorkspace: quantity  # Of one workspace.
    defaultTemplate: object
      attributes: object open
      commands: list of object
        apply: $CommandApply
        attributes: object open
        commandType: string enum=Exec|Apply|Composite|Custom
        composite: $CommandComposite
        custom: $Custom
        exec: $CommandExec
        id!: string maxLength=63 /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
      components: list of object
        attributes: object open
        componentType: string enum=Container|Kubernetes|Openshift|Volume|Image|Plugin|Custom
        container: $TemplateComponentContainer
        custom: object
          componentClass!: string
          embeddedResource!: object embedded open
        image: object
          autoBuild: boolean
          dockerfile: object
            args: list of string
            buildContext: string
            devfileRegistry: object
              id!: string
              registryUrl: string
            git: $DockerfileGit
            rootRequired: boolean
            srcType: string enum=Uri|DevfileRegistry|Git
            uri: string
          imageName!: string
          imageType: string enum=Dockerfile
        kubernetes: $DefaultTemplateComponentKubernetes
        name!: string maxLength=63 /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
        openshift: $DefaultTemplateComponentKubernetes
        plugin: object
          commands: list of object
            apply: $Apply
            attributes: object open
            commandType: string enum=Exec|Apply|Composite
            composite: $Composite
            exec: $Exec
            id!: string maxLength=63 /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
          components: list of object
            attributes: object open
            componentType: string enum=Container|Kubernetes|Openshift|Volume|Image
            container: $ComponentContainer
            image: object
              autoBuild: boolean
              dockerfile: object
                args: list of string
                buildContext: string
                devfileRegistry: object
                  id: string
                  registryUrl: string
                git: $Git
                rootRequired: boolean
                srcType: string enum=Uri|DevfileRegistry|Git
                uri: string
              imageName: string
              imageType: string enum=Dockerfile|AutoBuild
            kubernetes: $PluginComponentKubernetes
            name!: string maxLength=63 /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
            openshift: $PluginComponentKubernetes
            volume: $ContributionComponentVolume
          id: string
          importReferenceType: string enum=Uri|Id|Kubernetes
          kubernetes: $Instance
          registryUrl: string
          uri: string
          version: string /^(latest)|(([1-9])\.([0-9]+)\.([0-9]+)(\-[0-9a-z-]+(\.[0-9a-z-]+)*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?)$/
        volume: $ContributionComponentVolume
      dependentProjects: $DefaultTemplateDependentProjects
      events: $Events
      projects: $DefaultTemplateDependentProjects
      starterProjects: list of object
        attributes: object open
        custom: $DependentProjectCustom
        description: string
        git: $DependentProjectGit
        name!: string maxLength=63 /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
        sourceType: string enum=Git|Zip|Custom
        subDir: string
        zip: object
          location!: string
      variables: map of string
    deploymentStrategy: string enum=Recreate|RollingUpdate
    hostUsers: boolean
    idleTimeout: string  # How long an idle workspace runs.
    ignoredUnrecoverableEvents: list of string  # Events that do not make a start fail.
    imagePullPolicy: string enum=IfNotPresent|Always|Never  # When images are pulled: Always, IfNotPresent or Never.
    initContainers: list of $Container
    overrides: object
      restrictedContainerOverrideFields: list of string
      restrictedPodOverrideFields: list of string
    persistUserHome: object
      disableInitContainer: boolean
      enabled: boolean
    podAnnotations: map of string
    podSecurityContext: $PodSecurityContext
    postStartTimeout: string
    progressTimeout: string  # How long a start may stand still.
    projectClone: object
      env: $EnvVars
      image: string
      imagePullPolicy: string
      resources: $ContainerResources
    pvcName: string maxLength=63 /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/  # Claim that workspaces of a namespace share.
    restore: object  # Restoring of backups.
      env: $EnvVars  # Environment.
      imagePullPolicy: string  # When images are pulled: Always, IfNotPresent or Never.
      resources: $ContainerResources  # Memory and processors.
    runtimeClassName: string
    schedulerName: string
    serviceAccount: object
      disableCreation: boolean
      serviceAccountName: string maxLength=63 /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
      serviceAccountTokens: list of object
        audience: string
        expirationSeconds: int64 min=600 default=3600
        mountPath!: string
        name!: string
        path!: string
    storageAccessMode: list of string  # How claims are mounted.
    storageClassName: string  # Class of storage.
status: object  # What the operator tells.
  conditions: list of $StandardCondition  # What is known about the state, one entry a type.
  lastBackupTime: time  # End of the last pass over all workspaces.
`,
        PARTS,
      ),
    },
  ],
};

export const DEV_WORKSPACE_KINDS: readonly KindDefinition[] = [
  DEV_WORKSPACE,
  DEV_WORKSPACE_TEMPLATE,
  DEV_WORKSPACE_ROUTING,
  DEV_WORKSPACE_OPERATOR_CONFIG,
];
