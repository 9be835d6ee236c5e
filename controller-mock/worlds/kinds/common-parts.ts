/** Parts that kinds of several groups have in common, most of them Kubernetes' own. */
import { parts } from './notation.ts';

export const COMMON_PARTS = parts(String.raw`
$Container: object
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
  terminationMessagePath: string
  terminationMessagePolicy: string
  tty: boolean
  volumeDevices: list by=devicePath of object
    devicePath!: string
    name!: string
  volumeMounts: $VolumeMountsByPath
  workingDir: string
$ContainerResources: object
  claims: list by=name of object
    name!: string
    request: string
  limits: map of quantity  # At most this.
  requests: map of quantity  # At least this.
$ContainerSecurityContext: object
  allowPrivilegeEscalation: boolean
  appArmorProfile: object
    localhostProfile: string
    type!: string
  capabilities: object
    add: atomic list of string
    drop: atomic list of string
  privileged: boolean
  procMount: string
  readOnlyRootFilesystem: boolean
  runAsGroup: int64
  runAsNonRoot: boolean
  runAsUser: int64
  seLinuxOptions: $SeLinuxOptions
  seccompProfile: object
    localhostProfile: string
    type!: string
  windowsOptions: $WindowsOptions
$DebugInfo: object  # Where to look when something is wrong.
  eventsURL: string  # Its events.
  logsURL: string  # Its logs.
  state: string  # State in the service.
  stateInfo: string  # Why it is in that state.
$DownwardApiFiles: atomic list of object
  fieldRef: atomic object
    apiVersion: string
    fieldPath!: string
  mode: int32
  path!: string
  resourceFieldRef: $ResourceFieldRef
$EnvFrom: atomic list of $EnvFromItem
$EnvFromItem: object
  configMapRef: atomic object
    name: string default=""
    optional: boolean
  prefix: string
  secretRef: atomic object
    name: string default=""
    optional: boolean
$EnvVar: object
  name!: string
  value: string
  valueFrom: object
    configMapKeyRef: $KeySelector
    fieldRef: atomic object
      apiVersion: string
      fieldPath!: string
    fileKeyRef: atomic object
      key!: string
      optional: boolean default=false
      path!: string
      volumeName!: string
    resourceFieldRef: $ResourceFieldRef
    secretKeyRef: $KeySelector
$EnvVars: list of $EnvVar
$EnvVarsByName: list by=name of $EnvVar
$HeartbeatConditions: list of object  # What is known about the state, one entry a type.
  lastHeartbeatTime: time  # When it was last looked at.
  lastTransitionTime: time  # When the status last changed.
  message: string  # For people.
  reason: string  # One word that says why.
  status!: string  # True, False or Unknown.
  type!: string  # What the entry is about.
$History: atomic list of object  # Releases since the installation, the newest first.
  acceptedRisks: string
  completionTime!: time nullable  # When it was applied.
  image!: string  # Release image.
  startedTime!: time  # When it began.
  state!: string  # Whether it was applied whole.
  verified!: boolean  # Whether its signature was checked.
  version: string  # OpenShift version.
$HttpGet: object
  host: string
  httpHeaders: atomic list of object
    name!: string
    value!: string
  path: string
  port!: int-or-string
  scheme: string
$Instance: object
  name!: string
  namespace: string
$KeyProjection: atomic object
  items: $KeyToPaths
  name: string default=""
  optional: boolean
$KeySelector: atomic object
  key!: string
  name: string default=""
  optional: boolean
$KeyToPaths: atomic list of object
  key!: string
  mode: int32
  path!: string
$LabelSelector: atomic object
  matchExpressions: $MatchExpressions  # Conditions on labels, all of which must hold.
  matchLabels: map of string  # Labels an object must have.
$Lifecycle: object
  postStart: $LifecycleHandler
  preStop: $LifecycleHandler
  stopSignal: string
$LifecycleHandler: object
  exec: object
    command: atomic list of string
  httpGet: $HttpGet
  sleep: object
    seconds!: int64
  tcpSocket: object
    host: string
    port!: int-or-string
$LocalReference: atomic object
  name: string default=""  # Name of the object.
$MatchExpressions: atomic list of object
  key!: string  # Label.
  operator!: string  # In, NotIn, Exists or DoesNotExist.
  values: atomic list of string  # Values to compare.
$MatchingRules: atomic list minItems=1 of object
  promql: object
    promql!: string
  type!: string enum=Always|PromQL
$NameReference: object
  name!: string  # Name of the object.
$NamespacedReference: object
  name!: string  # Name of the object.
  namespace!: string  # Namespace of the object.
$NodeTaint: object  # One taint.
  effect!: string  # What it does.
  key!: string  # Its name.
  timeAdded: time  # Since when.
  value: string  # Its value.
$ObjectReference: atomic object
  apiVersion: string  # Group and version of the kind.
  fieldPath: string  # Part of the object.
  kind: string  # The kind.
  name: string  # Name of the object.
  namespace: string  # Namespace of the object.
  resourceVersion: string  # Version of the object.
  uid: string  # Id of the object.
$OpenshiftConditions: list by=type of object  # What is known about the state, one entry a type.
  lastTransitionTime!: time  # When the status last changed.
  message: string  # For people.
  reason: string  # One word that says why.
  status!: string  # True, False or Unknown.
  type!: string  # What the entry is about.
$PodSecurityContext: object  # Security of the pods.
  appArmorProfile: object
    localhostProfile: string
    type!: string
  fsGroup: int64
  fsGroupChangePolicy: string
  runAsGroup: int64
  runAsNonRoot: boolean
  runAsUser: int64
  seLinuxChangePolicy: string
  seLinuxOptions: $SeLinuxOptions
  seccompProfile: object
    localhostProfile: string
    type!: string
  supplementalGroups: atomic list of int64
  supplementalGroupsPolicy: string
  sysctls: atomic list of object
    name!: string
    value!: string
  windowsOptions: $WindowsOptions
$Ports: list by=containerPort,protocol of object
  containerPort!: int32
  hostIP: string
  hostPort: int32
  name: string
  protocol: string default=TCP
$Probe: object
  exec: object
    command: atomic list of string
  failureThreshold: int32
  grpc: object
    port!: int32
    service: string default=""
  httpGet: $HttpGet
  initialDelaySeconds: int32
  periodSeconds: int32
  successThreshold: int32
  tcpSocket: object
    host: string
    port!: int-or-string
  terminationGracePeriodSeconds: int64
  timeoutSeconds: int32
$Proxy: object
  httpProxy: string  # Proxy for http requests.
  httpsProxy: string  # Proxy for https requests.
  noProxy: string  # Hosts and networks that are reached without it, separated by commas.
$Release: object  # A release.
  architecture: string enum=Multi|""
  channels: set of string  # Channels it is in.
  image!: string  # Release image.
  url: string  # Where it is described.
  version!: string  # OpenShift version.
$Releases: atomic list nullable of $Release  # Releases to go to.
$ResourceFieldRef: atomic object
  containerName: string
  divisor: quantity
  resource!: string
$RestartPolicyRules: atomic list of object
  action!: string
  exitCodes: object
    operator!: string
    values: set of int32
$SeLinuxOptions: object
  level: string
  role: string
  type: string
  user: string
$StandardCondition: object  # One condition.
  lastTransitionTime!: time  # When the status last changed.
  message!: string maxLength=32768  # For people.
  observedGeneration: int64 min=0  # Generation that was looked at.
  reason!: string minLength=1 maxLength=1024 /^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/  # One word that says why.
  status!: string enum=True|False|Unknown  # True, False or Unknown.
  type!: string maxLength=316 /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$/  # What the entry is about.
$StandardConditions: list by=type of $StandardCondition  # What is known about the state, one entry a type.
$Toleration: object
  effect: string
  key: string
  operator: string
  tolerationSeconds: int64
  value: string
$Tolerations: list of $Toleration
$ValidationsInfo: map of list of object  # Checks of the service, by category.
  id!: string  # Name of the check.
  message!: string  # What was found.
  status!: string  # Its outcome.
$Volume: object
  awsElasticBlockStore: object
    fsType: string
    partition: int32
    readOnly: boolean
    volumeID!: string
  azureDisk: object
    cachingMode: string
    diskName!: string
    diskURI!: string
    fsType: string default=ext4
    kind: string
    readOnly: boolean default=false
  azureFile: object
    readOnly: boolean
    secretName!: string
    shareName!: string
  cephfs: object
    monitors!: atomic list of string
    path: string
    readOnly: boolean
    secretFile: string
    secretRef: $LocalReference
    user: string
  cinder: object
    fsType: string
    readOnly: boolean
    secretRef: $LocalReference
    volumeID!: string
  configMap: atomic object
    defaultMode: int32
    items: $KeyToPaths
    name: string default=""
    optional: boolean
  csi: object
    driver!: string
    fsType: string
    nodePublishSecretRef: $LocalReference
    readOnly: boolean
    volumeAttributes: map of string
  downwardAPI: object
    defaultMode: int32
    items: $DownwardApiFiles
  emptyDir: object
    medium: string
    sizeLimit: quantity
  ephemeral: object
    volumeClaimTemplate: object
      metadata: object
      spec!: $VolumeClaimSpec
  fc: object
    fsType: string
    lun: int32
    readOnly: boolean
    targetWWNs: atomic list of string
    wwids: atomic list of string
  flexVolume: object
    driver!: string
    fsType: string
    options: map of string
    readOnly: boolean
    secretRef: $LocalReference
  flocker: object
    datasetName: string
    datasetUUID: string
  gcePersistentDisk: object
    fsType: string
    partition: int32
    pdName!: string
    readOnly: boolean
  gitRepo: object
    directory: string
    repository!: string
    revision: string
  glusterfs: object
    endpoints!: string
    path!: string
    readOnly: boolean
  hostPath: object
    path!: string
    type: string
  image: object
    pullPolicy: string
    reference: string
  iscsi: object
    chapAuthDiscovery: boolean
    chapAuthSession: boolean
    fsType: string
    initiatorName: string
    iqn!: string
    iscsiInterface: string default=default
    lun!: int32
    portals: atomic list of string
    readOnly: boolean
    secretRef: $LocalReference
    targetPortal!: string
  name!: string
  nfs: object
    path!: string
    readOnly: boolean
    server!: string
  persistentVolumeClaim: object
    claimName!: string
    readOnly: boolean
  photonPersistentDisk: object
    fsType: string
    pdID!: string
  portworxVolume: object
    fsType: string
    readOnly: boolean
    volumeID!: string
  projected: object
    defaultMode: int32
    sources: atomic list of object
      clusterTrustBundle: object
        labelSelector: $LabelSelector
        name: string
        optional: boolean
        path!: string
        signerName: string
      configMap: $KeyProjection
      downwardAPI: object
        items: $DownwardApiFiles
      podCertificate: object
        certificateChainPath: string
        credentialBundlePath: string
        keyPath: string
        keyType!: string
        maxExpirationSeconds: int32
        signerName!: string
        userAnnotations: map of string
      secret: $KeyProjection
      serviceAccountToken: object
        audience: string
        expirationSeconds: int64
        path!: string
  quobyte: object
    group: string
    readOnly: boolean
    registry!: string
    tenant: string
    user: string
    volume!: string
  rbd: object
    fsType: string
    image!: string
    keyring: string default=/etc/ceph/keyring
    monitors!: atomic list of string
    pool: string default=rbd
    readOnly: boolean
    secretRef: $LocalReference
    user: string default=admin
  scaleIO: object
    fsType: string default=xfs
    gateway!: string
    protectionDomain: string
    readOnly: boolean
    secretRef!: $LocalReference
    sslEnabled: boolean
    storageMode: string default=ThinProvisioned
    storagePool: string
    system!: string
    volumeName: string
  secret: object
    defaultMode: int32
    items: $KeyToPaths
    optional: boolean
    secretName: string
  storageos: object
    fsType: string
    readOnly: boolean
    secretRef: $LocalReference
    volumeName: string
    volumeNamespace: string
  vsphereVolume: object
    fsType: string
    storagePolicyID: string
    storagePolicyName: string
    volumePath!: string
$VolumeClaimSpec: object
  accessModes: atomic list of string  # How the volume may be mounted.
  dataSource: atomic object  # What the volume is filled from.
    apiGroup: string  # Group of the kind.
    kind!: string  # The kind.
    name!: string  # Name of the object.
  dataSourceRef: object  # What the volume is filled from, also across namespaces.
    apiGroup: string  # Group of the kind.
    kind!: string  # The kind.
    name!: string  # Name of the object.
    namespace: string  # Namespace of the object.
  resources: object  # Size.
    limits: map of quantity  # At most this.
    requests: map of quantity  # At least this.
  selector: $LabelSelector  # Volumes to choose from.
  storageClassName: string  # Class of storage.
  volumeAttributesClassName: string  # Class of volume attributes.
  volumeMode: string  # Filesystem or Block.
  volumeName: string  # A certain volume.
$VolumeMount: object
  mountPath!: string
  mountPropagation: string
  name!: string
  readOnly: boolean
  recursiveReadOnly: string
  subPath: string
  subPathExpr: string
$VolumeMounts: list of $VolumeMount
$VolumeMountsByPath: list by=mountPath of $VolumeMount
$Volumes: list of $Volume
$WindowsOptions: object
  gmsaCredentialSpec: string
  gmsaCredentialSpecName: string
  hostProcess: boolean
  runAsUserName: string
`);
