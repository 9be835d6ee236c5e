/** Kinds of metal3.io, as far as the service reads and writes them. Upstream: baremetal-operator, apis/metal3.io/v1alpha1. */
import type { KubeObject, ObjectMeta } from '../../../model/kube/kube-object.ts';
import type { JsonObject } from '../../service-api.ts';

/** Which disk is meant; all that are given have to match. */
export interface RootDeviceHints {
  deviceName?: string;
  hctl?: string;
  model?: string;
  vendor?: string;
  serialNumber?: string;
  minSizeGigabytes?: number;
  wwn?: string;
  rotational?: boolean;
}

export interface BareMetalHost extends KubeObject {
  metadata: ObjectMeta & { namespace: string };
  spec: {
    bmc?: { address?: string; credentialsName?: string; disableCertificateVerification?: boolean };
    bootMACAddress?: string;
    online?: boolean;
    image?: { url: string; format?: string };
    customDeploy?: { method: string };
    automatedCleaningMode?: string;
    rootDeviceHints?: RootDeviceHints;
    consumerRef?: JsonObject;
    [field: string]: unknown;
  };
  status?: {
    provisioning?: { state?: string };
    operationalStatus?: string;
    hardware?: { hostname?: string };
    [field: string]: unknown;
  };
}

/** A condition of a PreprovisioningImage: metav1.Condition. */
export interface ImageCondition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  reason: string;
  message: string;
  lastTransitionTime: string;
  observedGeneration?: number;
}

export interface PreprovisioningImage extends KubeObject {
  metadata: ObjectMeta & { namespace: string };
  spec: { acceptFormats?: string[]; architecture?: string };
  status?: {
    imageUrl?: string;
    kernelUrl?: string;
    extraKernelParams?: string;
    format?: string;
    architecture?: string;
    conditions?: ImageCondition[];
  };
}

/** What BareMetalHosts say of their Agents and their fate. Upstream: assisted-service, bmh_agent_controller.go. */
const BMAC = 'bmac.agent-install.openshift.io';
export const BMH_ROLE = `${BMAC}/role`;
export const BMH_HOSTNAME = `${BMAC}/hostname`;
export const BMH_MACHINE_CONFIG_POOL = `${BMAC}/machine-config-pool`;
export const BMH_INSTALLER_ARGS = `${BMAC}/installer-args`;
export const BMH_IGNITION_OVERRIDES = `${BMAC}/ignition-config-overrides`;
export const BMH_CLUSTER_REFERENCE = `${BMAC}/cluster-reference`;
export const BMH_REMOVE_ON_DELETE = `${BMAC}/remove-agent-and-node-on-delete`;
export const BMH_HOST_MANAGEMENT = `${BMAC}/allow-provisioned-host-management`;
export const BMH_SPOKE_CREATED = `${BMAC}/spoke-bmh-machine-created`;
export const BMH_FENCING_SECRET = `${BMAC}/fencing-credentials-secret-name`;
export const BMH_CREATE_FENCING_SECRET = `${BMAC}/create-fencing-credentials-secret`;
export const BMH_DRAIN_START = `${BMAC}/drain-started-at`;
export const BMH_DRAIN_TIMEOUT = `${BMAC}/drain-timeout`;
export const BMH_DRAIN_STATUS = `${BMAC}/drain-status`;
export const BMH_FINALIZER = `${BMAC}/deprovision`;
/** The rest of an annotation's name is a label. */
export const BMH_NODE_LABEL_PREFIX = `${BMAC}.node-label.`;
export const BMH_AGENT_LABEL_PREFIX = `${BMAC}.agent-label.`;

/** Annotations that the Bare Metal Operator understands. */
export const BMH_DETACHED = 'baremetalhost.metal3.io/detached';
export const BMH_PAUSED = 'baremetalhost.metal3.io/paused';
export const BMH_STATUS = 'baremetalhost.metal3.io/status';
export const BMH_INSPECT = 'inspect.metal3.io';
export const BMH_HARDWARE_DETAILS = 'inspect.metal3.io/hardwaredetails';
export const BMH_REBOOT = 'reboot.metal3.io';

/** Value of annotations that are the service's. */
export const OWNED_BY_US = 'assisted-service-controller';

/** `status.provisioning.state`; empty when it says nothing. */
export function stateOf({ status }: BareMetalHost): string {
  return status?.provisioning?.state ?? '';
}

export function hasAnnotation({ metadata }: KubeObject, name: string): boolean {
  return metadata.annotations?.[name] !== undefined;
}

export function annotate({ metadata }: KubeObject, name: string, value: string): void {
  metadata.annotations = { ...metadata.annotations, [name]: value };
}

export function removeAnnotations({ metadata }: KubeObject, ...names: string[]): void {
  for (const name of names) delete metadata.annotations?.[name];
}
