/**
 * Kinds of group operators.coreos.com, as in operator-framework/api, crds (August 2026).
 */

import { COMMON_PARTS } from './common-parts.ts';
import type { KindDefinition } from './definition.ts';
import { fields, parts } from './notation.ts';

const GROUP = 'operators.coreos.com';

const PARTS = parts(
  `
$ActionDescriptors: list of object
  description: string
  displayName: string
  path!: string
  value: string:byte
  x-descriptors: list of string
$Affinity: object
  nodeAffinity: object
    preferredDuringSchedulingIgnoredDuringExecution: atomic list of object
      preference!: $NodeSelectorTerm
      weight!: int32
    requiredDuringSchedulingIgnoredDuringExecution: atomic object
      nodeSelectorTerms!: atomic list of $NodeSelectorTerm
  podAffinity: $PodAffinity
  podAntiAffinity: $PodAffinity
$ApiServiceDescriptions: list of object
  actionDescriptors: $ActionDescriptors
  containerPort: int32
  deploymentName: string
  description: string
  displayName: string
  group!: string
  kind!: string
  name!: string
  resources: $OwnedItemResources
  specDescriptors: $ActionDescriptors
  statusDescriptors: $ActionDescriptors
  version!: string
$ClusterPermissions: list of object
  rules!: list of object
    apiGroups: atomic list of string
    nonResourceURLs: atomic list of string
    resourceNames: atomic list of string
    resources: atomic list of string
    verbs!: atomic list of string
  serviceAccountName!: string
$Containers: list by=name of $Container
$CrdDescriptions: list of object
  actionDescriptors: $ActionDescriptors
  description: string
  displayName: string
  kind!: string
  name!: string
  resources: $OwnedItemResources
  specDescriptors: $ActionDescriptors
  statusDescriptors: $ActionDescriptors
  version!: string
$NodeSelectorTerm: atomic object
  matchExpressions: $MatchExpressions
  matchFields: $MatchExpressions
$OwnedItemResources: list of object
  kind!: string
  name!: string
  version!: string
$PodAffinity: object
  preferredDuringSchedulingIgnoredDuringExecution: atomic list of object
    podAffinityTerm!: $PodAffinityTerm
    weight!: int32
  requiredDuringSchedulingIgnoredDuringExecution: atomic list of $PodAffinityTerm
$PodAffinityTerm: object
  labelSelector: $LabelSelector
  matchLabelKeys: atomic list of string
  mismatchLabelKeys: atomic list of string
  namespaceSelector: $LabelSelector
  namespaces: atomic list of string
  topologyKey!: string
`,
  COMMON_PARTS,
);

const SUBSCRIPTION: KindDefinition = {
  group: GROUP,
  kind: 'Subscription',
  plural: 'subscriptions',
  shortNames: ['sub', 'subs'],
  categories: ['olm'],
  namespaced: true,
  description: 'Keeps one operator installed.',
  statusSubresource: true,
  versions: [
    {
      name: 'v1alpha1',
      columns: [
        { name: 'Package', type: 'string', jsonPath: '.spec.name' },
        { name: 'Source', type: 'string', jsonPath: '.spec.source' },
        { name: 'Channel', type: 'string', jsonPath: '.spec.channel' },
      ],
      fields: fields(
        `
metadata!: object
spec!: object  # The operator.
  channel: string  # Channel.
  config: object
    affinity: $Affinity
    annotations: map of string
    env: $EnvVars
    envFrom: list of $EnvFromItem
    nodeSelector: map of string
    resources: $ContainerResources
    selector: $LabelSelector
    tolerations: $Tolerations
    volumeMounts: $VolumeMounts
    volumes: $Volumes
  installPlanApproval: string  # Automatic or Manual.
  name!: string  # Package.
  source!: string  # Catalog.
  sourceNamespace!: string  # Namespace of the catalog.
  startingCSV: string  # First version.
status: object  # How far it is.
  catalogHealth: list of object
    catalogSourceRef!: $ObjectReference
    healthy!: boolean
    lastUpdated!: time
  conditions: $HeartbeatConditions
  currentCSV: string  # Version that is being installed.
  installPlanGeneration: integer
  installPlanRef: $ObjectReference
  installedCSV: string  # Version that is installed.
  installplan: object
    apiVersion!: string
    kind!: string
    name!: string
    uuid!: string
  lastUpdated!: time  # When this was written.
  reason: string
  state: string  # In one word.
`,
        PARTS,
      ),
    },
  ],
};

const CLUSTER_SERVICE_VERSION: KindDefinition = {
  group: GROUP,
  kind: 'ClusterServiceVersion',
  plural: 'clusterserviceversions',
  shortNames: ['csv', 'csvs'],
  categories: ['olm'],
  namespaced: true,
  description: 'One version of an operator.',
  statusSubresource: true,
  versions: [
    {
      name: 'v1alpha1',
      columns: [
        { name: 'Display', type: 'string', jsonPath: '.spec.displayName' },
        { name: 'Version', type: 'string', jsonPath: '.spec.version' },
        { name: 'Release', type: 'string', jsonPath: '.spec.release' },
        { name: 'Replaces', type: 'string', jsonPath: '.spec.replaces' },
        { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
      ],
      fields: fields(
        String.raw`
metadata!: object
spec!: object  # The version.
  annotations: map of string
  apiservicedefinitions: object
    owned: $ApiServiceDescriptions
    required: $ApiServiceDescriptions
  cleanup: object
    enabled!: boolean
  customresourcedefinitions: object
    owned: $CrdDescriptions
    required: $CrdDescriptions
  description: string
  displayName!: string  # Name for people.
  icon: list of object
    base64data!: string
    mediatype!: string
  install!: object  # How it is installed.
    spec: object
      clusterPermissions: $ClusterPermissions
      deployments!: list of object
        label: map of string
        name!: string
        spec!: object
          minReadySeconds: int32
          paused: boolean
          progressDeadlineSeconds: int32
          replicas: int32
          revisionHistoryLimit: int32
          selector!: $LabelSelector
          strategy: object
            rollingUpdate: object
              maxSurge: int-or-string
              maxUnavailable: int-or-string
            type: string
          template!: object
            metadata: object open
            spec: object
              activeDeadlineSeconds: int64
              affinity: $Affinity
              automountServiceAccountToken: boolean
              containers!: $Containers
              dnsConfig: object
                nameservers: atomic list of string
                options: atomic list of object
                  name: string
                  value: string
                searches: atomic list of string
              dnsPolicy: string
              enableServiceLinks: boolean
              ephemeralContainers: list by=name of object
                args: atomic list of string
                command: atomic list of string
                env: $EnvVarsByName
                envFrom: $EnvFrom
                image: string
                imagePullPolicy: string
                lifecycle: $Lifecycle
                livenessProbe: $Probe
                name!: string
                ports: $Ports
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
                targetContainerName: string
                terminationMessagePath: string
                terminationMessagePolicy: string
                tty: boolean
                volumeDevices: list by=devicePath of object
                  devicePath!: string
                  name!: string
                volumeMounts: $VolumeMountsByPath
                workingDir: string
              hostAliases: list by=ip of object
                hostnames: atomic list of string
                ip!: string default=""
              hostIPC: boolean
              hostNetwork: boolean
              hostPID: boolean
              hostUsers: boolean
              hostname: string
              hostnameOverride: string
              imagePullSecrets: list by=name of $LocalReference
              initContainers: $Containers
              nodeName: string
              nodeSelector: atomic map of string
              os: $NameReference
              overhead: map of quantity
              preemptionPolicy: string
              priority: int32
              priorityClassName: string
              readinessGates: atomic list of object
                conditionType!: string
              resourceClaims: list by=name of object
                name!: string
                resourceClaimName: string
                resourceClaimTemplateName: string
              resources: $ContainerResources
              restartPolicy: string
              runtimeClassName: string
              schedulerName: string
              schedulingGates: list by=name of $NameReference
              schedulingGroup: object
                podGroupName: string
              securityContext: $PodSecurityContext
              serviceAccount: string
              serviceAccountName: string
              setHostnameAsFQDN: boolean
              shareProcessNamespace: boolean
              subdomain: string
              terminationGracePeriodSeconds: int64
              tolerations: atomic list of $Toleration
              topologySpreadConstraints: list by=topologyKey,whenUnsatisfiable of object
                labelSelector: $LabelSelector
                matchLabelKeys: atomic list of string
                maxSkew!: int32
                minDomains: int32
                nodeAffinityPolicy: string
                nodeTaintsPolicy: string
                topologyKey!: string
                whenUnsatisfiable!: string
              volumes: list by=name of $Volume
      permissions: $ClusterPermissions
    strategy!: string  # deployment.
  installModes: list of object
    supported!: boolean
    type!: string
  keywords: list of string
  labels: map of string
  links: list of object
    name: string
    url: string
  maintainers: list of object
    email: string
    name: string
  maturity: string
  minKubeVersion: string
  nativeAPIs: list of object
    group!: string
    kind!: string
    version!: string
  provider: object
    name: string
    url: string
  relatedImages: list of object
    image!: string
    name!: string
  release: string maxLength=20
    @rule self.matches('^[0-9A-Za-z-]+(\\.[0-9A-Za-z-]+)*$')
      @message release version must be composed of dot-separated identifiers containing only alphanumerics and hyphens
    @rule !self.split('.').exists(x, x.matches('^0[0-9]+$'))
      @message numeric identifiers in release version must not have leading zeros
  replaces: string  # Version before.
  selector: $LabelSelector
  skips: list of string
  version: string  # Version.
  webhookdefinitions: list of object
    admissionReviewVersions!: list of string
    containerPort: int32 min=1 max=65535 default=443
    conversionCRDs: list of string
    deploymentName: string
    failurePolicy: string
    generateName!: string
    matchPolicy: string
    objectSelector: $LabelSelector
    reinvocationPolicy: string
    rules: list of object
      apiGroups: atomic list of string
      apiVersions: atomic list of string
      operations: atomic list of string
      resources: atomic list of string
      scope: string
    sideEffects!: string
    targetPort: int-or-string
    timeoutSeconds: int32
    type!: string enum=ValidatingAdmissionWebhook|MutatingAdmissionWebhook|ConversionWebhook
    webhookPath: string
status: object  # How far it is.
  certsLastUpdated: time
  certsRotateAt: time
  cleanup: object
    pendingDeletion: list of object
      group!: string
      instances!: list of $Instance
      kind!: string
  conditions: list of object
    lastTransitionTime: time
    lastUpdateTime: time
    message: string
    phase: string
    reason: string
  lastTransitionTime: time  # When the phase changed.
  lastUpdateTime: time  # When this was written.
  message: string  # Why, for people.
  phase: string  # Pending, InstallReady, Installing, Succeeded or Failed.
  reason: string  # Why, in one word.
  requirementStatus: list of object
    dependents: list of object
      group!: string
      kind!: string
      message: string
      status!: string
      uuid: string
      version!: string
    group!: string
    kind!: string
    message!: string
    name!: string
    status!: string
    uuid: string
    version!: string
`,
        PARTS,
      ),
    },
  ],
};

const INSTALL_PLAN: KindDefinition = {
  group: GROUP,
  kind: 'InstallPlan',
  plural: 'installplans',
  shortNames: ['ip'],
  categories: ['olm'],
  namespaced: true,
  description: 'Steps that install versions of operators.',
  statusSubresource: true,
  versions: [
    {
      name: 'v1alpha1',
      columns: [
        { name: 'CSV', type: 'string', jsonPath: '.spec.clusterServiceVersionNames[0]' },
        { name: 'Approval', type: 'string', jsonPath: '.spec.approval' },
        { name: 'Approved', type: 'boolean', jsonPath: '.spec.approved' },
      ],
      fields: fields(
        `
metadata!: object
spec!: object  # What is to be installed.
  approval!: string  # Automatic or Manual.
  approved!: boolean  # It may begin.
  clusterServiceVersionNames!: list of string  # Versions it installs.
  generation: integer
  source: string
  sourceNamespace: string
status: object  # How far it is.
  attenuatedServiceAccountRef: $ObjectReference
  bundleLookups: list of object
    catalogSourceRef!: $ObjectReference
    conditions: list of object
      lastTransitionTime: time
      lastUpdateTime: time
      message: string
      reason: string
      status!: string
      type!: string
    identifier!: string
    path!: string
    properties: string
    replaces!: string
  catalogSources!: list of string
  conditions: list of object  # What is known about the state, one entry a type.
    lastTransitionTime: time  # When the status last changed.
    lastUpdateTime: time
    message: string  # For people.
    reason: string  # One word that says why.
    status: string  # True, False or Unknown.
    type: string  # What the entry is about.
  message: string  # Why it failed.
  phase!: string  # Installing, Complete or Failed.
  plan: list of object
    optional: boolean
    resolving!: string
    resource!: object
      group!: string
      kind!: string
      manifest: string
      name!: string
      sourceName!: string
      sourceNamespace!: string
      version!: string
    status!: string
  startTime: time
`,
        PARTS,
      ),
    },
  ],
};

export const OLM_KINDS: readonly KindDefinition[] = [SUBSCRIPTION, CLUSTER_SERVICE_VERSION, INSTALL_PLAN];
