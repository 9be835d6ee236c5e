/**
 * BareMetalHost as its operator reads and writes it, and what is said about one.
 * Upstream: metal3-io/baremetal-operator, apis/metal3.io/v1alpha1/baremetalhost_types.go.
 */
import { editable, type KubeObject } from '../../model/kube/kube-object.ts';
import { NAMED_PROVISIONING_STATES } from '../telemetry/resource-states.ts';

/** Whose finalizers and annotations these are. */
export const HOST_FINALIZER = 'baremetalhost.metal3.io';
export const HARDWARE_DATA_FINALIZER = `${HOST_FINALIZER}/hardwareData`;
export const IMAGE_FINALIZER = `${HOST_FINALIZER}/preprovisioningImage`;
export const SECRET_FINALIZER = `${HOST_FINALIZER}/secret`;
export const PAUSED_ANNOTATION = 'baremetalhost.metal3.io/paused';
export const DETACHED_ANNOTATION = 'baremetalhost.metal3.io/detached';
export const STATUS_ANNOTATION = 'baremetalhost.metal3.io/status';
export const REBOOT_ANNOTATION = 'reboot.metal3.io';
export const INSPECT_ANNOTATION = 'inspect.metal3.io';
export const HARDWARE_DETAILS_ANNOTATION = 'inspect.metal3.io/hardwaredetails';

export const PROVISIONING_STATES = ['', ...NAMED_PROVISIONING_STATES] as const;
export type ProvisioningState = (typeof PROVISIONING_STATES)[number];

export type OperationalStatus = '' | 'OK' | 'discovered' | 'error' | 'delayed' | 'detached' | 'servicing';

export type ErrorType =
  | 'provisioned registration error'
  | 'registration error'
  | 'inspection error'
  | 'preparation error'
  | 'provisioning error'
  | 'power management error';

export interface HostImage {
  url: string;
  checksum?: string;
  checksumType?: string;
  format?: string;
  ociAuthSecretName?: string;
}

export interface CustomDeploy {
  method: string;
}

/** Some of `deviceName`, `hctl`, `model`, `wwn` … */
export type RootDeviceHints = Readonly<Record<string, unknown>>;

/** `hardwareRAIDVolumes` and `softwareRAIDVolumes`. */
export interface Raid {
  hardwareRAIDVolumes?: unknown[] | null;
  softwareRAIDVolumes?: unknown[] | null;
}

export interface HostSpec {
  online: boolean;
  bmc?: { address: string; credentialsName: string; disableCertificateVerification?: boolean };
  bootMACAddress?: string;
  bootMode?: BootMode;
  image?: HostImage | null;
  customDeploy?: CustomDeploy | null;
  externallyProvisioned?: boolean;
  automatedCleaningMode?: 'metadata' | 'disabled';
  inspectionMode?: 'disabled' | 'agent' | 'fast';
  architecture?: string;
  disablePowerOff?: boolean;
  hardwareProfile?: string;
  rootDeviceHints?: RootDeviceHints | null;
  raid?: Raid | null;
  preprovisioningNetworkDataName?: string;
  consumerRef?: Record<string, unknown>;
}

export type BootMode = 'UEFI' | 'UEFISecureBoot' | 'legacy';

export interface CredentialsStatus {
  credentials?: { name: string; namespace: string };
  credentialsVersion?: string;
}

/** RFC 3339; null while it has not happened. */
export interface OperationMetric {
  start: string | null;
  end: string | null;
}

export type OperationHistory = Record<'register' | 'inspect' | 'provision' | 'deprovision', OperationMetric>;

export interface HostCondition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  observedGeneration: number;
  lastTransitionTime: string;
  reason: string;
  message: string;
}

/** Contents of `status.hardware`: what inspection found. */
export interface HardwareDetails {
  systemVendor?: { manufacturer?: string; productName?: string; serialNumber?: string };
  firmware?: Record<string, unknown>;
  ramMebibytes?: number;
  nics?: Record<string, unknown>[];
  storage?: Record<string, unknown>[];
  cpu?: { arch?: string; model?: string; clockMegahertz?: number; flags?: string[]; count?: number };
  hostname?: string;
}

export interface ProvisionStatus {
  state: ProvisioningState;
  ID: string;
  image: HostImage;
  rootDeviceHints?: RootDeviceHints;
  bootMode?: BootMode;
  raid?: Raid;
  firmware?: Record<string, unknown>;
  customDeploy?: CustomDeploy;
}

export interface HostStatus {
  operationalStatus: OperationalStatus;
  errorType?: ErrorType;
  lastUpdated?: string;
  hardwareProfile: string;
  hardware?: HardwareDetails;
  provisioning: ProvisionStatus;
  goodCredentials: CredentialsStatus;
  triedCredentials: CredentialsStatus;
  errorMessage: string;
  poweredOn: boolean;
  operationHistory: OperationHistory;
  errorCount: number;
  provisioningFailCount: number;
  lastAttemptedImage?: HostImage;
  conditions?: HostCondition[];
}

export interface BareMetalHost extends KubeObject {
  spec: HostSpec;
  status: HostStatus;
}

const NEVER: OperationMetric = { start: null, end: null };

/** A copy that may be changed, with all members of the status that the operator always writes. */
export function editableHost(object: KubeObject): BareMetalHost {
  const { spec, status, ...rest } = editable(object) as KubeObject & { spec?: HostSpec; status?: Partial<HostStatus> };
  return { ...rest, spec: spec ?? { online: false }, status: completeStatus(status ?? {}) };
}

/** As Go's encoding/json writes the type: structs always, pointers and texts that may be absent only when set. */
export function completeStatus(status: Partial<HostStatus>): HostStatus {
  const { provisioning, operationHistory: history } = status;
  return {
    ...status,
    operationalStatus: status.operationalStatus ?? '',
    // Absent upstream while it is empty; the CustomResourceDefinition that assisted-service ships with requires it.
    hardwareProfile: status.hardwareProfile ?? '',
    provisioning: {
      ...provisioning,
      state: provisioning?.state ?? '',
      ID: provisioning?.ID ?? '',
      image: provisioning?.image ?? { url: '' },
    },
    goodCredentials: status.goodCredentials ?? {},
    triedCredentials: status.triedCredentials ?? {},
    errorMessage: status.errorMessage ?? '',
    poweredOn: status.poweredOn ?? false,
    operationHistory: {
      register: { ...NEVER, ...history?.register },
      inspect: { ...NEVER, ...history?.inspect },
      provision: { ...NEVER, ...history?.provision },
      deprovision: { ...NEVER, ...history?.deprovision },
    },
    errorCount: status.errorCount ?? 0,
    provisioningFailCount: status.provisioningFailCount ?? 0,
  };
}

export function annotationOf({ metadata }: KubeObject, name: string): string | undefined {
  return metadata.annotations?.[name];
}

export function isDeleted({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp !== undefined;
}

export function hasFinalizer({ metadata }: KubeObject, finalizer: string): boolean {
  return metadata.finalizers?.includes(finalizer) ?? false;
}

/** Takes a finalizer away. @returns whether it was there */
export function dropFinalizer(object: KubeObject, finalizer: string): boolean {
  const kept = object.metadata.finalizers?.filter((one) => one !== finalizer) ?? [];
  const dropped = kept.length !== (object.metadata.finalizers?.length ?? 0);
  if (dropped) object.metadata.finalizers = kept;
  return dropped;
}

/** BareMetalHost.HasBMCDetails. */
export function hasBmcDetails({ spec: { bmc } }: BareMetalHost): boolean {
  return Boolean(bmc?.address || bmc?.credentialsName);
}

/** BareMetalHost.InspectionDisabled. */
export function inspectionDisabled(host: BareMetalHost): boolean {
  return host.spec.inspectionMode === 'disabled' || annotationOf(host, INSPECT_ANNOTATION) === 'disabled';
}

/** inspectionRefreshRequested: somebody wants it to be inspected again. */
export function inspectionRequested(host: BareMetalHost): boolean {
  const value = annotationOf(host, INSPECT_ANNOTATION);
  return value !== undefined && value !== 'disabled';
}

/** BareMetalHost.NeedsProvisioning. */
export function needsProvisioning({ spec, status: { provisioning } }: BareMetalHost): boolean {
  if (!spec.online) return false;
  const newImage = Boolean(spec.image?.url) && !provisioning.image.url;
  const method = spec.customDeploy?.method;
  return newImage || (Boolean(method) && provisioning.customDeploy?.method !== method);
}

/** hostStateMachine.provisioningCancelled: what was provisioned is not what is wanted now. */
export function provisioningCancelled({ spec, status: { provisioning } }: BareMetalHost): boolean {
  const { customDeploy, image } = provisioning;
  if (spec.customDeploy?.method) {
    if (customDeploy?.method && spec.customDeploy.method !== customDeploy.method) return true;
    return Boolean(image.url) && spec.image?.url !== image.url;
  }
  if (customDeploy?.method) return true;
  if (!spec.image?.url) return true;
  return Boolean(image.url) && spec.image.url !== image.url;
}

/** What `baremetalhost.metal3.io/detached` says; null when it is absent, or holds something else than JSON. */
export function detachedArguments(host: BareMetalHost): { deleteAction?: string; force?: boolean } | null {
  const value = annotationOf(host, DETACHED_ANNOTATION);
  if (value === undefined) return null;
  if (value === '') return {};
  const parsed = parsedObject(value);
  return parsed === null ? null : (parsed as { deleteAction?: string; force?: boolean });
}

export interface Reboot {
  mode: 'hard' | 'soft';
  /** Values of annotations that are not valid JSON, which count as soft reboots. */
  invalid: string[];
}

/**
 * hasRebootAnnotation: what annotations `reboot.metal3.io` and `reboot.metal3.io/…` ask for; null when none does.
 * @param forced only those that say `{"force":true}`
 */
export function rebootAsked({ metadata }: KubeObject, forced: boolean): Reboot | null {
  let reboot: Reboot | null = null;
  for (const [name, value] of Object.entries(metadata.annotations ?? {})) {
    if (name !== REBOOT_ANNOTATION && !name.startsWith(`${REBOOT_ANNOTATION}/`)) continue;
    const asked = value === '' ? {} : (parsedObject(value) as { mode?: unknown; force?: unknown } | null);
    if (forced && asked?.force !== true) continue;
    reboot ??= { mode: 'soft', invalid: [] };
    if (asked === null) reboot.invalid.push(value);
    else if (asked.mode === 'hard') reboot.mode = 'hard';
  }
  return reboot;
}

/** Disks are to be joined. */
export function hasVolumes(raid: Raid | undefined): boolean {
  return Boolean(raid?.hardwareRAIDVolumes?.length || raid?.softwareRAIDVolumes?.length);
}

function parsedObject(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}
