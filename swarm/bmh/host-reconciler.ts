/**
 * One look at a host, from the annotations that restore it to the status that is saved.
 * Upstream: internal/controller/metal3.io/baremetalhost_controller.go, Reconcile.
 */
import { isDeepStrictEqual } from 'node:util';
import { isKubeError } from '../../model/kube/kube-error.ts';
import { editable } from '../../model/kube/kube-object.ts';
import { apiVersionOf, RESOURCES } from '../../model/kube/resources.ts';
import type { Outcome } from '../../model/kube/work-queue.ts';
import { rfc3339 } from '../../model/protocol/go-time.ts';
import { type ActionResult, isSaved } from './action-result.ts';
import { AGAIN_MS, backOffMs, MISSING_SECRET_RETRY_MS } from './back-off.ts';
import {
  annotationOf,
  type BareMetalHost,
  completeStatus,
  dropFinalizer,
  editableHost,
  HARDWARE_DATA_FINALIZER,
  HARDWARE_DETAILS_ANNOTATION,
  type HardwareDetails,
  HOST_FINALIZER,
  type HostStatus,
  hasFinalizer,
  inspectionDisabled,
  isDeleted,
  PAUSED_ANNOTATION,
  STATUS_ANNOTATION,
} from './bare-metal-host.ts';
import { bmcAccess } from './bmc-address.ts';
import { computeConditions } from './conditions.ts';
import { credentialsOf } from './credentials.ts';
import { reconcileState } from './host-state-machine.ts';
import { HostContext, type OperatorContext, setError } from './reconcile-context.ts';

/** Long enough for a watch to tell what a write has found out. */
const GONE_RETRY_MS = 1000;

const AGAIN: Outcome = { requeueAfterMs: AGAIN_MS };

/** A host went from one provisioning state to another, and the hub knows. */
export type OnState = (host: BareMetalHost, before: string) => void;

export class HostReconciler {
  readonly #operator: OperatorContext;
  readonly #onState: OnState;
  /** The hub's CustomResourceDefinition knows `spec.architecture`; false once it was seen to drop it. */
  #keepsArchitecture = true;

  constructor(operator: OperatorContext, onState: OnState) {
    this.#operator = operator;
    this.#onState = onState;
  }

  /** @throws KubeError when a write failed: the look is to be repeated */
  async reconcile(key: string): Promise<Outcome> {
    try {
      return await this.#reconcile(key);
    } catch (error) {
      // Something of it was removed meanwhile, and the watch tells soon.
      if (isKubeError(error) && error.gone) return { requeueAfterMs: GONE_RETRY_MS };
      throw error;
    }
  }

  async #reconcile(key: string): Promise<Outcome> {
    const { hub, provisioner } = this.#operator;
    const object = hub.host(key);
    if (!object) {
      provisioner.forget(key);
      return null;
    }
    if (annotationOf(object, PAUSED_ANNOTATION) !== undefined) return null;
    const host = editableHost(object);
    if ((await this.#restore(key, host)) || (await this.#takeHardwareDetails(key, host))) return AGAIN;
    if (!isDeleted(host) && !hasFinalizer(host, HOST_FINALIZER)) {
      host.metadata.finalizers = [...(host.metadata.finalizers ?? []), HOST_FINALIZER];
      await hub.updateHost(host);
      return AGAIN;
    }
    const context = await this.#contextOf(key, host);
    return context instanceof HostContext ? this.#advance(context) : context;
  }

  /** Reads the credentials, which all states but the first need. Deleted hosts go on without. */
  async #contextOf(key: string, host: BareMetalHost): Promise<HostContext | Outcome> {
    const { state } = host.status.provisioning;
    const access = bmcAccess(host.spec.bmc?.address ?? '');
    if (state === '' || state === 'unmanaged') return new HostContext(this.#operator, key, host, access, null, null);
    const credentials = await credentialsOf(this.#operator.hub, host);
    const { secret } = credentials;
    if (credentials.kind === 'good') return new HostContext(this.#operator, key, host, access, secret, secret);
    if (isDeleted(host)) return new HostContext(this.#operator, key, host, access, null, secret);
    setError(host, 'registration error', credentials.error);
    await this.#operator.hub.saveStatus(host);
    await this.#publish(host, 'BMCCredentialError', credentials.error);
    return credentials.kind === 'missing' ? { requeueAfterMs: MISSING_SECRET_RETRY_MS } : null;
  }

  async #advance(context: HostContext): Promise<Outcome> {
    const { host, events } = context;
    const { hub, now } = this.#operator;
    const before = host.status.provisioning.state;
    const result = await reconcileState(context);
    if (result.kind === 'unregistered') throw new Error(`action "${before}" failed: Host not registered`);
    const changed = result.kind !== 'deleted' && hub.conditionsServed && computeConditions(host, now());
    if (isSaved(result) || changed) {
      await hub.saveStatus(host);
      if (host.status.provisioning.state !== before) this.#onState(host, before);
    }
    for (const { reason, message } of events) await this.#publish(host, reason, message);
    return this.#outcomeOf(context, result);
  }

  #outcomeOf({ host, node }: HostContext, result: ActionResult): Outcome {
    switch (result.kind) {
      case 'continue':
        return result.afterMs === null ? null : { requeueAfterMs: Math.max(AGAIN_MS, result.afterMs) };
      case 'complete':
        return AGAIN;
      case 'delayed':
        return { requeueAfterMs: backOffMs(1, node.draws.random('delayed', Math.floor(this.#operator.now() / 1000))) };
      case 'failed': {
        const { errorCount } = host.status;
        return { requeueAfterMs: backOffMs(errorCount, node.draws.random('back-off', errorCount)) };
      }
      default:
        return null;
    }
  }

  /** reconcileHostData: a status that was taken elsewhere, and what is known about the hardware. @returns whether to look again */
  async #restore(key: string, host: BareMetalHost): Promise<boolean> {
    const { hub, now } = this.#operator;
    const data = hub.hardwareData(key);
    if (data && isDeleted(host) && hasFinalizer(data, HARDWARE_DATA_FINALIZER)) {
      const released = editable(data);
      dropFinalizer(released, HARDWARE_DATA_FINALIZER);
      await hub.updateHardwareData(released);
    }
    const hardware = (data?.spec as { hardware?: HardwareDetails } | undefined)?.hardware;
    const kept = annotationOf(host, STATUS_ANNOTATION);
    if (kept && host.status.lastUpdated === undefined) {
      const status = parsed<Partial<HostStatus>>(kept);
      if (status) {
        host.status = completeStatus({ ...status, ...(hardware && { hardware }) });
        host.status.lastUpdated ??= rfc3339(now());
        await hub.saveStatus(host);
        return true;
      }
    }
    if (kept !== undefined) {
      delete host.metadata.annotations![STATUS_ANNOTATION];
      await hub.updateHost(host);
      return true;
    }
    const architecture = hardware?.cpu?.arch;
    if (host.spec.architecture || !architecture || !this.#keepsArchitecture) return false;
    host.spec.architecture = architecture;
    await hub.updateHost(host);
    this.#keepsArchitecture = Boolean(host.spec.architecture);
    return true;
  }

  /** updateHardwareDetails: what somebody else has found out about the hardware. @returns whether to look again */
  async #takeHardwareDetails(key: string, host: BareMetalHost): Promise<boolean> {
    const { hub } = this.#operator;
    const annotation = annotationOf(host, HARDWARE_DETAILS_ANNOTATION);
    let updated = false;
    if (!host.status.hardware || inspectionDisabled(host)) {
      const data = hub.hardwareData(key)?.spec as { hardware?: HardwareDetails } | undefined;
      const hardware = data?.hardware ?? (annotation ? parsed<HardwareDetails>(annotation) : undefined);
      if (annotation && !hardware) throw new Error('error parsing HardwareDetails from annotation');
      if (hardware && !isDeepStrictEqual(hardware, host.status.hardware)) {
        host.status.hardware = hardware;
        await hub.saveStatus(host);
        await this.#publish(host, 'UpdateHardwareDetails', 'Set HardwareDetails from hardware data or annotation');
        updated = true;
      }
    }
    if (annotation === undefined) return updated;
    delete host.metadata.annotations?.[HARDWARE_DETAILS_ANNOTATION];
    await hub.updateHost(host);
    if (!updated) {
      await this.#publish(
        host,
        'RemoveAnnotation',
        'HardwareDetails annotation ignored, status already set and inspection is not disabled',
      );
    }
    return updated;
  }

  /** BareMetalHost.NewEvent. */
  #publish({ metadata, spec }: BareMetalHost, reason: string, message: string): Promise<void> {
    const { hub, now } = this.#operator;
    const at = rfc3339(now());
    const { namespace, name, uid } = metadata;
    return hub.publish({
      apiVersion: apiVersionOf(RESOURCES.events),
      kind: RESOURCES.events.kind,
      // Its name is the server's to make.
      metadata: { generateName: `${reason}-`, namespace } as never,
      involvedObject: {
        kind: RESOURCES.bareMetalHosts.kind,
        namespace,
        name,
        uid,
        apiVersion: apiVersionOf(RESOURCES.bareMetalHosts),
      },
      reason,
      message,
      source: { component: 'metal3-baremetal-controller' },
      firstTimestamp: at,
      lastTimestamp: at,
      count: 1,
      type: 'Normal',
      reportingComponent: 'metal3.io/baremetal-controller',
      ...(spec.consumerRef && { related: spec.consumerRef }),
    });
  }
}

function parsed<T extends object>(text: string): T | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as T) : undefined;
  } catch {
    return undefined;
  }
}
