/** Names of the built-in kinds, as a server of version 1.32 has them. */

/** One line a kind; what is absent has the usual value. */
export interface KindNames {
  kind: string;
  /** Plural. */
  resource: string;
  singular?: string;
  shortNames?: readonly string[];
  categories?: readonly string[];
  /** Cluster-scoped. */
  cluster?: true;
  /** All eight unless given. */
  verbs?: readonly string[];
  /** Has a status subresource. */
  status?: true;
  /** A write to it changes no metadata (the strategy of the status in pkg/registry, PrepareForUpdate). */
  statusAlone?: true;
  /** Whether `metadata.generation` is kept. */
  generation?: true;
  /** An update must name a resourceVersion (the kind's strategy in pkg/registry, AllowUnconditionalUpdate). */
  versionedUpdates?: true;
  /** A PUT makes what is not there (AllowCreateOnUpdate). */
  createsOnUpdate?: true;
  nameRule?: 'dns-label' | 'dns-1035-label' | 'path-segment';
  /** Finalizers need no domain: the kind's validation asks apimachinery alone. */
  anyFinalizer?: true;
}

export const ALL_VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'] as const;

const CREATE = ['create'] as const;
const READ = ['get', 'list'] as const;
const ALL = ['all'] as const;
const EXTENSION = ['api-extensions'] as const;

/** By apiVersion, in the order of discovery. */
export const KINDS: Readonly<Record<string, readonly KindNames[]>> = {
  v1: [
    { kind: 'Binding', resource: 'bindings', verbs: CREATE },
    { kind: 'ComponentStatus', resource: 'componentstatuses', shortNames: ['cs'], cluster: true, verbs: READ },
    { kind: 'ConfigMap', resource: 'configmaps', shortNames: ['cm'] },
    { kind: 'Endpoints', resource: 'endpoints', singular: 'endpoints', shortNames: ['ep'], createsOnUpdate: true },
    {
      kind: 'Event',
      resource: 'events',
      shortNames: ['ev'],
      nameRule: 'path-segment',
      createsOnUpdate: true,
      anyFinalizer: true,
    },
    { kind: 'LimitRange', resource: 'limitranges', shortNames: ['limits'], createsOnUpdate: true },
    {
      kind: 'Namespace',
      resource: 'namespaces',
      shortNames: ['ns'],
      cluster: true,
      verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
      status: true,
      nameRule: 'dns-label',
    },
    { kind: 'Node', resource: 'nodes', shortNames: ['no'], cluster: true, status: true },
    { kind: 'PersistentVolumeClaim', resource: 'persistentvolumeclaims', shortNames: ['pvc'], status: true },
    { kind: 'PersistentVolume', resource: 'persistentvolumes', shortNames: ['pv'], cluster: true, status: true },
    { kind: 'Pod', resource: 'pods', shortNames: ['po'], categories: ALL, status: true },
    { kind: 'PodTemplate', resource: 'podtemplates', generation: true },
    {
      kind: 'ReplicationController',
      resource: 'replicationcontrollers',
      shortNames: ['rc'],
      categories: ALL,
      status: true,
      generation: true,
    },
    { kind: 'ResourceQuota', resource: 'resourcequotas', shortNames: ['quota'], status: true },
    { kind: 'Secret', resource: 'secrets' },
    { kind: 'ServiceAccount', resource: 'serviceaccounts', shortNames: ['sa'] },
    {
      kind: 'Service',
      resource: 'services',
      shortNames: ['svc'],
      categories: ALL,
      status: true,
      nameRule: 'dns-1035-label',
      createsOnUpdate: true,
    },
  ],
  'apiregistration.k8s.io/v1': [
    {
      kind: 'APIService',
      resource: 'apiservices',
      categories: EXTENSION,
      cluster: true,
      status: true,
      statusAlone: true,
      versionedUpdates: true,
      nameRule: 'path-segment',
      anyFinalizer: true,
    },
  ],
  'apps/v1': [
    { kind: 'ControllerRevision', resource: 'controllerrevisions' },
    {
      kind: 'DaemonSet',
      resource: 'daemonsets',
      shortNames: ['ds'],
      categories: ALL,
      status: true,
      generation: true,
    },
    {
      kind: 'Deployment',
      resource: 'deployments',
      shortNames: ['deploy'],
      categories: ALL,
      status: true,
      generation: true,
    },
    {
      kind: 'ReplicaSet',
      resource: 'replicasets',
      shortNames: ['rs'],
      categories: ALL,
      status: true,
      generation: true,
    },
    {
      kind: 'StatefulSet',
      resource: 'statefulsets',
      shortNames: ['sts'],
      categories: ALL,
      status: true,
      generation: true,
      nameRule: 'dns-label',
    },
  ],
  'events.k8s.io/v1': [{ kind: 'Event', resource: 'events', shortNames: ['ev'], createsOnUpdate: true }],
  'authentication.k8s.io/v1': [
    { kind: 'SelfSubjectReview', resource: 'selfsubjectreviews', cluster: true, verbs: CREATE },
    { kind: 'TokenReview', resource: 'tokenreviews', cluster: true, verbs: CREATE },
  ],
  'authorization.k8s.io/v1': [
    { kind: 'LocalSubjectAccessReview', resource: 'localsubjectaccessreviews', verbs: CREATE },
    { kind: 'SelfSubjectAccessReview', resource: 'selfsubjectaccessreviews', cluster: true, verbs: CREATE },
    { kind: 'SelfSubjectRulesReview', resource: 'selfsubjectrulesreviews', cluster: true, verbs: CREATE },
    { kind: 'SubjectAccessReview', resource: 'subjectaccessreviews', cluster: true, verbs: CREATE },
  ],
  'autoscaling/v2': [
    {
      kind: 'HorizontalPodAutoscaler',
      resource: 'horizontalpodautoscalers',
      shortNames: ['hpa'],
      categories: ALL,
      status: true,
    },
  ],
  'autoscaling/v1': [
    {
      kind: 'HorizontalPodAutoscaler',
      resource: 'horizontalpodautoscalers',
      shortNames: ['hpa'],
      categories: ALL,
      status: true,
    },
  ],
  'batch/v1': [
    {
      kind: 'CronJob',
      resource: 'cronjobs',
      shortNames: ['cj'],
      categories: ALL,
      status: true,
      generation: true,
    },
    { kind: 'Job', resource: 'jobs', categories: ALL, status: true, generation: true },
  ],
  'certificates.k8s.io/v1': [
    {
      kind: 'CertificateSigningRequest',
      resource: 'certificatesigningrequests',
      shortNames: ['csr'],
      cluster: true,
      status: true,
      nameRule: 'path-segment',
    },
  ],
  'networking.k8s.io/v1': [
    { kind: 'IngressClass', resource: 'ingressclasses', cluster: true, generation: true },
    { kind: 'Ingress', resource: 'ingresses', shortNames: ['ing'], status: true, generation: true },
    { kind: 'NetworkPolicy', resource: 'networkpolicies', shortNames: ['netpol'], generation: true },
  ],
  'policy/v1': [
    {
      kind: 'PodDisruptionBudget',
      resource: 'poddisruptionbudgets',
      shortNames: ['pdb'],
      status: true,
      generation: true,
      versionedUpdates: true,
      nameRule: 'path-segment',
      anyFinalizer: true,
    },
  ],
  'rbac.authorization.k8s.io/v1': [
    {
      kind: 'ClusterRoleBinding',
      resource: 'clusterrolebindings',
      cluster: true,
      nameRule: 'path-segment',
      createsOnUpdate: true,
    },
    { kind: 'ClusterRole', resource: 'clusterroles', cluster: true, nameRule: 'path-segment', createsOnUpdate: true },
    { kind: 'RoleBinding', resource: 'rolebindings', nameRule: 'path-segment', createsOnUpdate: true },
    { kind: 'Role', resource: 'roles', nameRule: 'path-segment', createsOnUpdate: true },
  ],
  'storage.k8s.io/v1': [
    { kind: 'CSIDriver', resource: 'csidrivers', cluster: true, versionedUpdates: true },
    { kind: 'CSINode', resource: 'csinodes', cluster: true, versionedUpdates: true },
    { kind: 'CSIStorageCapacity', resource: 'csistoragecapacities', versionedUpdates: true },
    { kind: 'StorageClass', resource: 'storageclasses', shortNames: ['sc'], cluster: true },
    {
      kind: 'VolumeAttachment',
      resource: 'volumeattachments',
      cluster: true,
      status: true,
      statusAlone: true,
      versionedUpdates: true,
    },
  ],
  'admissionregistration.k8s.io/v1': [
    {
      kind: 'MutatingWebhookConfiguration',
      resource: 'mutatingwebhookconfigurations',
      categories: EXTENSION,
      cluster: true,
      generation: true,
      versionedUpdates: true,
      anyFinalizer: true,
    },
    {
      kind: 'ValidatingAdmissionPolicy',
      resource: 'validatingadmissionpolicies',
      categories: EXTENSION,
      cluster: true,
      status: true,
      statusAlone: true,
      generation: true,
      versionedUpdates: true,
      anyFinalizer: true,
    },
    {
      kind: 'ValidatingAdmissionPolicyBinding',
      resource: 'validatingadmissionpolicybindings',
      categories: EXTENSION,
      cluster: true,
      generation: true,
      versionedUpdates: true,
      anyFinalizer: true,
    },
    {
      kind: 'ValidatingWebhookConfiguration',
      resource: 'validatingwebhookconfigurations',
      categories: EXTENSION,
      cluster: true,
      generation: true,
      versionedUpdates: true,
      anyFinalizer: true,
    },
  ],
  'apiextensions.k8s.io/v1': [
    {
      kind: 'CustomResourceDefinition',
      resource: 'customresourcedefinitions',
      shortNames: ['crd', 'crds'],
      categories: EXTENSION,
      cluster: true,
      status: true,
      generation: true,
      versionedUpdates: true,
      anyFinalizer: true,
    },
  ],
  'scheduling.k8s.io/v1': [
    { kind: 'PriorityClass', resource: 'priorityclasses', shortNames: ['pc'], cluster: true, generation: true },
  ],
  'coordination.k8s.io/v1': [
    { kind: 'Lease', resource: 'leases', versionedUpdates: true, createsOnUpdate: true, anyFinalizer: true },
  ],
  'node.k8s.io/v1': [
    {
      kind: 'RuntimeClass',
      resource: 'runtimeclasses',
      cluster: true,
      versionedUpdates: true,
      createsOnUpdate: true,
      anyFinalizer: true,
    },
  ],
  'discovery.k8s.io/v1': [{ kind: 'EndpointSlice', resource: 'endpointslices', generation: true }],
  'flowcontrol.apiserver.k8s.io/v1': [
    { kind: 'FlowSchema', resource: 'flowschemas', cluster: true, status: true, statusAlone: true, generation: true },
    {
      kind: 'PriorityLevelConfiguration',
      resource: 'prioritylevelconfigurations',
      cluster: true,
      status: true,
      statusAlone: true,
      generation: true,
    },
  ],
  'metrics.k8s.io/v1beta1': [
    { kind: 'NodeMetrics', resource: 'nodes', singular: '', cluster: true, verbs: READ },
    { kind: 'PodMetrics', resource: 'pods', singular: '', verbs: READ },
  ],
};
