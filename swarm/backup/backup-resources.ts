/** The kinds, labels and names of the DevWorkspace Operator that a backup load works with. */
import type { KubeResource } from '../../model/kube/resources.ts';

const resource = (group: string, version: string, plural: string, kind: string): KubeResource => ({
  group,
  version,
  plural,
  kind,
  namespaced: true,
});

/** Upstream: devfile/api, crds; devfile/devworkspace-operator, deploy/deployment. */
export const BACKUP_RESOURCES = {
  devWorkspaces: resource('workspace.devfile.io', 'v1alpha2', 'devworkspaces', 'DevWorkspace'),
  operatorConfigs: resource(
    'controller.devfile.io',
    'v1alpha1',
    'devworkspaceoperatorconfigs',
    'DevWorkspaceOperatorConfig',
  ),
  jobs: resource('batch', 'v1', 'jobs', 'Job'),
  volumeClaims: resource('', 'v1', 'persistentvolumeclaims', 'PersistentVolumeClaim'),
  podMetrics: resource('metrics.k8s.io', 'v1beta1', 'pods', 'PodMetrics'),
  routes: resource('route.openshift.io', 'v1', 'routes', 'Route'),
} as const satisfies Record<string, KubeResource>;

/** devfile/devworkspace-operator, pkg/constants/metadata.go */
export const DWO_LABELS = {
  backupJob: 'controller.devfile.io/backup-job',
  workspaceId: 'controller.devfile.io/devworkspace_id',
  workspaceName: 'controller.devfile.io/devworkspace_name',
  mount: 'controller.devfile.io/mount-to-devworkspace',
  watchConfigMap: 'controller.devfile.io/watch-configmap',
  watchSecret: 'controller.devfile.io/watch-secret',
} as const;

/** The same file. */
export const DWO_ANNOTATIONS = {
  backupSuccessful: 'controller.devfile.io/last-backup-successful',
  backupFinishedAt: 'controller.devfile.io/last-backup-finished-at',
  backupError: 'controller.devfile.io/last-backup-error',
} as const;

/** devfile/devworkspace-operator, pkg/constants/attributes.go: WorkspaceRestoreAttribute, WorkspaceRestoreSourceImageAttribute. */
export const DWO_ATTRIBUTES = {
  storageType: 'controller.devfile.io/storage-type',
  restore: 'controller.devfile.io/restore-workspace',
  restoreSource: 'controller.devfile.io/restore-source-image',
} as const;

/** On what was restored, so that it is followed apart from the load. */
export const RESTORED_LABEL = 'assisted-swarm/restored';

/** Labels of the public scripts on what they make, so that their selectors find it: dwo-load-testing, devworkspace_load_test.js. */
export const SCRIPT_LABELS = { 'load-test': 'test-type' } as const;

/** Name of the one settings object that counts: devfile/devworkspace-operator, pkg/config/sync.go, OperatorConfigName. */
export const OPERATOR_CONFIG = 'devworkspace-operator-config';
export const OPERATOR_DEPLOYMENT = 'devworkspace-controller-manager';
export const OPERATOR_SELECTOR = 'app.kubernetes.io/name=devworkspace-controller';
export const OPERATOR_CONTAINER = 'devworkspace-controller';
/** Of backup Jobs' pods; the label is the Job controller's: kubernetes, pkg/controller/job. */
export const JOB_POD_SELECTOR = 'job-name';
export const BACKUP_CONTAINER = 'backup-workspace';
/** Where the registry of an OpenShift cluster is: openshift/cluster-image-registry-operator, pkg/defaults/defaults.go, ImageRegistryOperatorNamespace. */
export const REGISTRY_NAMESPACE = 'openshift-image-registry';
/** Init container of a workspace that is restored: devfile/devworkspace-operator, pkg/library/restore/restore.go, WorkspaceRestoreContainerName. */
export const RESTORE_CONTAINER = 'workspace-restore';
