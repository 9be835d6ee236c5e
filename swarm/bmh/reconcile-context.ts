/** What one look at a host needs: the host as it is being changed, its machine, its credentials, what is to be published. */
import type { KubeObject } from '../../model/kube/kube-object.ts';
import { rfc3339 } from '../../model/protocol/go-time.ts';
import { type ActionResult, FAILED } from './action-result.ts';
import type { BareMetalHost, ErrorType, HardwareDetails, OperationalStatus } from './bare-metal-host.ts';
import type { BmcAccess } from './bmc-address.ts';
import type { HubObjects } from './hub-objects.ts';
import type { MachineNode } from './machine-node.ts';
import type { Provisioner } from './provisioner.ts';

/** Which host. */
export interface HostRef {
  namespace: string;
  name: string;
  /** As in `spec.bootMACAddress`, lower case; '' without one. */
  bootMACAddress: string;
}

/** What all looks share. */
export interface OperatorContext {
  hub: HubObjects;
  provisioner: Provisioner;
  /** What inspection of a machine finds. */
  hardwareOf: (host: HostRef) => HardwareDetails;
  /** A ramdisk is made for each host by whoever serves PreprovisioningImages. */
  images: boolean;
  /** Failures of provisioning after which a host is left alone; 0 for never. */
  maxProvisioningRetries: number;
  /** Told of a host whose work waits for a ramdisk that nobody has made yet. */
  onRamdiskAwaited: (key: string) => void;
  /** Told of a host that needs no ramdisk now, or whose ramdisk somebody has made or refused. */
  onRamdiskAnswered: (key: string) => void;
  /** Simulated milliseconds since the epoch. */
  now: () => number;
}

export class HostContext {
  readonly operator: OperatorContext;
  readonly key: string;
  readonly host: BareMetalHost;
  readonly node: MachineNode;
  /** Null when the address is not a valid one: `accessError` says why. */
  readonly access: BmcAccess | null;
  readonly accessError: string;
  /** The Secret with good credentials; null without them, as when a host is deleted after its Secret. */
  readonly secret: KubeObject | null;
  /** The Secret that the host holds, with good credentials in it or not; null without one. */
  readonly heldSecret: KubeObject | null;
  readonly events: { reason: string; message: string }[] = [];

  constructor(
    operator: OperatorContext,
    key: string,
    host: BareMetalHost,
    access: BmcAccess | { error: string },
    secret: KubeObject | null,
    heldSecret: KubeObject | null,
  ) {
    this.operator = operator;
    this.key = key;
    this.host = host;
    this.node = operator.provisioner.nodeOf(key, host);
    this.access = 'error' in access ? null : access;
    this.accessError = 'error' in access ? access.error : '';
    this.secret = secret;
    this.heldSecret = heldSecret;
  }

  readonly publish = (reason: string, message: string): void => {
    this.events.push({ reason, message });
  };

  /** The present moment as objects have it. */
  timestamp(): string {
    return rfc3339(this.operator.now());
  }

  get ref(): HostRef {
    return refOf(this.host);
  }

  /** recordActionFailure. */
  fail(type: ErrorType, message: string): ActionResult {
    setError(this.host, type, message);
    this.publish(EVENTS[type], message);
    return FAILED;
  }

  /** clearError. @returns whether there was something to clear */
  clearError(operationalStatus: OperationalStatus = 'OK'): boolean {
    const { status } = this.host;
    const dirty =
      status.operationalStatus !== operationalStatus || status.errorType !== undefined || status.errorMessage !== '';
    status.operationalStatus = operationalStatus;
    delete status.errorType;
    status.errorMessage = '';
    return dirty;
  }

  /** What a running piece of work leads to: an error of before is cleared, and the end is waited for. */
  working(): ActionResult {
    return { kind: 'continue', save: this.clearError(), afterMs: null };
  }
}

export function refOf({ metadata, spec }: BareMetalHost): HostRef {
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    bootMACAddress: spec.bootMACAddress?.toLowerCase() ?? '',
  };
}

/** Reasons of the events that tell of errors: recordActionFailure. */
const EVENTS: Readonly<Record<ErrorType, string>> = {
  'provisioned registration error': 'ProvisionedRegistrationError',
  'registration error': 'RegistrationError',
  'inspection error': 'InspectionError',
  'preparation error': 'PreparationError',
  'provisioning error': 'ProvisioningError',
  'power management error': 'PowerManagementError',
};

/** setErrorMessage. */
export function setError({ status }: BareMetalHost, type: ErrorType, message: string): void {
  status.operationalStatus = 'error';
  status.errorType = type;
  status.errorMessage = message;
  status.errorCount++;
}
