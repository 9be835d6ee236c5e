/** Which rules each built-in kind has: one file a group of kinds. */
import {
  CLUSTER_ROLE_BINDING_RULES,
  CLUSTER_ROLE_RULES,
  LOCAL_SUBJECT_ACCESS_REVIEW_RULES,
  ROLE_BINDING_RULES,
  ROLE_RULES,
  SELF_SUBJECT_ACCESS_REVIEW_RULES,
  SUBJECT_ACCESS_REVIEW_RULES,
  TOKEN_REQUEST_RULES,
} from './access.ts';
import { ADMISSION_BINDING_RULES, ADMISSION_POLICY_RULES, ADMISSION_POLICY_STATUS_RULES } from './admission.ts';
import { AUTOSCALING_RULES } from './autoscaling.ts';
import { CERTIFICATE_APPROVAL_RULES, CERTIFICATE_REQUEST_RULES, CERTIFICATE_STATUS_RULES } from './certificates.ts';
import {
  CONFIG_MAP_RULES,
  NAMESPACE_FINALIZE_RULES,
  NAMESPACE_RULES,
  NAMESPACE_STATUS_RULES,
  SECRET_RULES,
} from './configuration.ts';
import { DISRUPTION_RULES } from './disruption.ts';
import { ENDPOINT_SLICE_RULES, ENDPOINTS_RULES } from './endpoints.ts';
import { CORE_EVENT_RULES, EVENT_RULES } from './events.ts';
import {
  FLOW_SCHEMA_RULES,
  FLOW_SCHEMA_STATUS_RULES,
  PRIORITY_LEVEL_RULES,
  PRIORITY_LEVEL_STATUS_RULES,
} from './flow-control.ts';
import { JOB_STATUS_RULES } from './job-status.ts';
import { JOB_KIND_RULES } from './jobs.ts';
import { LIMIT_RANGE_RULES, RESOURCE_QUOTA_RULES, RESOURCE_QUOTA_STATUS_RULES } from './limits.ts';
import { INGRESS_CLASS_RULES, INGRESS_RULES, INGRESS_STATUS_RULES, NETWORK_POLICY_RULES } from './networking.ts';
import { NODE_RULES } from './nodes.ts';
import { POD_KIND_RULES } from './pods.ts';
import type { Rule } from './rule.ts';
import {
  API_SERVICE_RULES,
  API_SERVICE_STATUS_RULES,
  LEASE_RULES,
  PRIORITY_CLASS_RULES,
  RUNTIME_CLASS_RULES,
} from './scheduling.ts';
import { SERVICE_RULES, SERVICE_STATUS_RULES } from './services.ts';
import { CLAIM_RULES, CLAIM_STATUS_RULES, STORAGE_CLASS_RULES } from './storage.ts';
import {
  CSI_DRIVER_RULES,
  CSI_NODE_RULES,
  CSI_STORAGE_CAPACITY_RULES,
  VOLUME_ATTACHMENT_RULES,
  VOLUME_ATTACHMENT_STATUS_RULES,
} from './storage-drivers.ts';
import { PERSISTENT_VOLUME_RULES } from './volumes.ts';
import { WEBHOOK_CONFIGURATION_RULES } from './webhooks.ts';
import { WORKLOAD_STATUS_RULES } from './workload-status.ts';
import { WORKLOAD_RULES } from './workloads.ts';

/** By apiVersion and kind; behind a slash the subresource through which an object is written. */
export const RULES: Readonly<Record<string, readonly Rule[]>> = {
  ...POD_KIND_RULES,
  ...WORKLOAD_RULES,
  ...WORKLOAD_STATUS_RULES,
  ...JOB_KIND_RULES,
  ...JOB_STATUS_RULES,
  ...AUTOSCALING_RULES,
  ...DISRUPTION_RULES,
  ...NODE_RULES,
  'v1 ConfigMap': CONFIG_MAP_RULES,
  'v1 Endpoints': ENDPOINTS_RULES,
  'v1 Event': CORE_EVENT_RULES,
  'v1 LimitRange': LIMIT_RANGE_RULES,
  'v1 Namespace': NAMESPACE_RULES,
  'v1 Namespace/finalize': NAMESPACE_FINALIZE_RULES,
  'v1 Namespace/status': NAMESPACE_STATUS_RULES,
  'v1 PersistentVolume': PERSISTENT_VOLUME_RULES,
  'v1 PersistentVolumeClaim': CLAIM_RULES,
  'v1 PersistentVolumeClaim/status': CLAIM_STATUS_RULES,
  'v1 ResourceQuota': RESOURCE_QUOTA_RULES,
  'v1 ResourceQuota/status': RESOURCE_QUOTA_STATUS_RULES,
  'v1 Secret': SECRET_RULES,
  'v1 Service': SERVICE_RULES,
  'v1 Service/status': SERVICE_STATUS_RULES,
  'admissionregistration.k8s.io/v1 MutatingWebhookConfiguration': WEBHOOK_CONFIGURATION_RULES,
  'admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy': ADMISSION_POLICY_RULES,
  'admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy/status': ADMISSION_POLICY_STATUS_RULES,
  'admissionregistration.k8s.io/v1 ValidatingAdmissionPolicyBinding': ADMISSION_BINDING_RULES,
  'admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration': WEBHOOK_CONFIGURATION_RULES,
  'apiregistration.k8s.io/v1 APIService': API_SERVICE_RULES,
  'apiregistration.k8s.io/v1 APIService/status': API_SERVICE_STATUS_RULES,
  'authentication.k8s.io/v1 TokenRequest': TOKEN_REQUEST_RULES,
  'authorization.k8s.io/v1 LocalSubjectAccessReview': LOCAL_SUBJECT_ACCESS_REVIEW_RULES,
  'authorization.k8s.io/v1 SelfSubjectAccessReview': SELF_SUBJECT_ACCESS_REVIEW_RULES,
  'authorization.k8s.io/v1 SubjectAccessReview': SUBJECT_ACCESS_REVIEW_RULES,
  'certificates.k8s.io/v1 CertificateSigningRequest': CERTIFICATE_REQUEST_RULES,
  'certificates.k8s.io/v1 CertificateSigningRequest/approval': CERTIFICATE_APPROVAL_RULES,
  'certificates.k8s.io/v1 CertificateSigningRequest/status': CERTIFICATE_STATUS_RULES,
  'coordination.k8s.io/v1 Lease': LEASE_RULES,
  'discovery.k8s.io/v1 EndpointSlice': ENDPOINT_SLICE_RULES,
  'events.k8s.io/v1 Event': EVENT_RULES,
  'flowcontrol.apiserver.k8s.io/v1 FlowSchema': FLOW_SCHEMA_RULES,
  'flowcontrol.apiserver.k8s.io/v1 FlowSchema/status': FLOW_SCHEMA_STATUS_RULES,
  'flowcontrol.apiserver.k8s.io/v1 PriorityLevelConfiguration': PRIORITY_LEVEL_RULES,
  'flowcontrol.apiserver.k8s.io/v1 PriorityLevelConfiguration/status': PRIORITY_LEVEL_STATUS_RULES,
  'networking.k8s.io/v1 Ingress': INGRESS_RULES,
  'networking.k8s.io/v1 Ingress/status': INGRESS_STATUS_RULES,
  'networking.k8s.io/v1 IngressClass': INGRESS_CLASS_RULES,
  'networking.k8s.io/v1 NetworkPolicy': NETWORK_POLICY_RULES,
  'node.k8s.io/v1 RuntimeClass': RUNTIME_CLASS_RULES,
  'rbac.authorization.k8s.io/v1 ClusterRole': CLUSTER_ROLE_RULES,
  'rbac.authorization.k8s.io/v1 ClusterRoleBinding': CLUSTER_ROLE_BINDING_RULES,
  'rbac.authorization.k8s.io/v1 Role': ROLE_RULES,
  'rbac.authorization.k8s.io/v1 RoleBinding': ROLE_BINDING_RULES,
  'scheduling.k8s.io/v1 PriorityClass': PRIORITY_CLASS_RULES,
  'storage.k8s.io/v1 CSIDriver': CSI_DRIVER_RULES,
  'storage.k8s.io/v1 CSINode': CSI_NODE_RULES,
  'storage.k8s.io/v1 CSIStorageCapacity': CSI_STORAGE_CAPACITY_RULES,
  'storage.k8s.io/v1 StorageClass': STORAGE_CLASS_RULES,
  'storage.k8s.io/v1 VolumeAttachment': VOLUME_ATTACHMENT_RULES,
  'storage.k8s.io/v1 VolumeAttachment/status': VOLUME_ATTACHMENT_STATUS_RULES,
};
