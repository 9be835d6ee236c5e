/** Moves a host from state to state. Upstream: internal/controller/metal3.io/host_state_machine.go. */
import { type ActionResult, again, COMPLETE } from './action-result.ts';
import {
  deleting,
  deprovision,
  detach,
  inspect,
  manageAvailable,
  manageSteadyState,
  powerOffBeforeDeleting,
  prepare,
  provision,
} from './actions.ts';
import {
  annotationOf,
  DETACHED_ANNOTATION,
  detachedArguments,
  hasBmcDetails,
  inspectionDisabled,
  inspectionRequested,
  isDeleted,
  type ProvisioningState,
  provisioningCancelled,
} from './bare-metal-host.ts';
import { clearProvisioningSettings, provisioningSettings } from './hardware-profile.ts';
import { recordStateBegin, recordStateEnd } from './operation-history.ts';
import type { HostContext } from './reconcile-context.ts';
import { ensureRegistered } from './registration.ts';

/** What a state's work leads to, and the state that comes then. */
interface Step {
  result: ActionResult;
  next?: ProvisioningState;
}

/** Failures of a deletion's steps after which it goes on without them. */
const RETRIES = 3;

/** hostStateMachine.ReconcileState. */
export async function reconcileState(context: HostContext): Promise<ActionResult> {
  const { provisioning } = context.host.status;
  const { result, next = provisioning.state } = await stepOf(context);
  if (next === provisioning.state) return result;
  const limited = next === 'inspecting' || next === 'provisioning' || next === 'deprovisioning';
  if (limited && !hasCapacity(context)) return delayed(context);
  const now = context.timestamp();
  recordStateEnd(context.host, provisioning.state, now);
  recordStateBegin(context.host, next, now);
  provisioning.state = next;
  if (next === 'registering' || next === 'inspecting' || next === 'provisioning') {
    provisioning.bootMode = context.host.spec.bootMode ?? 'UEFI';
  }
  return result;
}

async function stepOf(context: HostContext): Promise<Step> {
  const { host } = context;
  const { status } = host;
  const { state } = status.provisioning;
  const limited = state === 'inspecting' || state === 'provisioning' || state === 'deprovisioning';
  if ((status.operationalStatus === 'delayed' || limited) && !hasCapacity(context)) return { result: delayed(context) };
  if (status.operationalStatus === 'delayed') {
    context.clearError();
    return { result: again(true) };
  }
  const deletion = isDeleted(host) ? deletionFrom(context) : null;
  if (deletion !== null) return { result: COMPLETE, next: deletion };
  const result = detachment(context) ?? (await ensureRegistered(context));
  return result ? { result } : HANDLERS[state](context);
}

function hasCapacity({ operator, node, access }: HostContext): boolean {
  return access === null || operator.provisioner.hasCapacity(node, access);
}

function delayed({ host }: HostContext): ActionResult {
  host.status.operationalStatus = 'delayed';
  return { kind: 'delayed' };
}

/** checkInitiateDelete: the state that a deleted host goes to now; null when its present one goes on. */
function deletionFrom({ host }: HostContext): ProvisioningState | null {
  const { status } = host;
  const { state } = status.provisioning;
  const detached = status.operationalStatus === 'detached' || annotationOf(host, DETACHED_ANNOTATION) !== undefined;
  if (state !== 'deleting' && detached) return deletionDelayed(host) ? null : 'deleting';
  const givenUp = status.errorType === 'registration error' && status.errorCount > RETRIES;
  switch (state) {
    case '':
    case 'unmanaged':
    case 'registering':
      return 'deleting';
    case 'provisioning':
    case 'provisioned':
      return 'deprovisioning';
    case 'deprovisioning':
    case 'powering off before delete':
      return givenUp ? 'deleting' : null;
    case 'deleting':
      return null;
    default:
      return 'powering off before delete';
  }
}

/** delayDeleteForDetachedHost. */
function deletionDelayed(host: HostContext['host']): boolean {
  if (annotationOf(host, DETACHED_ANNOTATION) === undefined) return host.status.operationalStatus === 'detached';
  return detachedArguments(host)?.deleteAction === 'delay';
}

/** checkDetachedHost. */
function detachment(context: HostContext): ActionResult | null {
  const { host } = context;
  if (annotationOf(host, DETACHED_ANNOTATION) !== undefined) {
    switch (host.status.provisioning.state) {
      case 'provisioned':
      case 'externally provisioned':
      case 'ready':
      case 'available':
        return detach(context, false);
      case 'deleting':
        break;
      default:
        if (detachedArguments(host)?.force) return detach(context, true);
    }
  }
  if (host.status.operationalStatus !== 'detached') return null;
  host.status.operationalStatus = host.status.errorType ? 'error' : 'OK';
  return again(true);
}

const forward = (next: ProvisioningState): Step => ({ result: COMPLETE, next });

/** Goes to a state once the work is done, without the errors of before. */
function whenComplete({ host }: HostContext, result: ActionResult, next: ProvisioningState): Step {
  if (result.kind !== 'complete') return { result };
  host.status.errorCount = 0;
  return { result, next };
}

const HANDLERS: Readonly<Record<ProvisioningState, (context: HostContext) => Step | Promise<Step>>> = {
  '': (context) => {
    if (hasBmcDetails(context.host)) return forward('registering');
    context.publish('Discovered', 'Discovered host with no BMC details');
    context.host.status.operationalStatus = 'discovered';
    return forward('unmanaged');
  },
  unmanaged: ({ host }) =>
    hasBmcDetails(host) ? forward('registering') : { result: { kind: 'continue', save: false, afterMs: null } },
  registering: ({ host }) => {
    host.status.errorCount = 0;
    if (host.spec.externallyProvisioned) return forward('externally provisioned');
    return forward(inspectionDisabled(host) ? 'preparing' : 'inspecting');
  },
  'match profile': ({ host }) => {
    host.status.errorCount = 0;
    return forward('preparing');
  },
  inspecting: async (context) => whenComplete(context, await inspect(context), 'preparing'),
  preparing: (context) => whenComplete(context, prepare(context), 'available'),
  ready: available,
  available,
  provisioning: async (context) => {
    const { status } = context.host;
    if (status.errorType !== undefined || provisioningCancelled(context.host)) {
      if (status.errorType !== undefined) status.provisioningFailCount++;
      return forward('deprovisioning');
    }
    const result = await provision(context);
    if (result.kind === 'complete') status.provisioningFailCount = 0;
    return whenComplete(context, result, 'provisioned');
  },
  provisioned: async (context) =>
    provisioningCancelled(context.host) ? forward('deprovisioning') : { result: await manageSteadyState(context) },
  'externally provisioned': async (context) => {
    const { spec, status } = context.host;
    if (spec.externallyProvisioned) return { result: await manageSteadyState(context) };
    if (spec.image) status.provisioning.image = structuredClone(spec.image);
    if (spec.customDeploy) status.provisioning.customDeploy = structuredClone(spec.customDeploy);
    return forward('provisioned');
  },
  deprovisioning: async (context) => {
    const { host, secret } = context;
    const result = await deprovision(context);
    if (!isDeleted(host)) return whenComplete(context, result, 'available');
    if (result.kind === 'failed' && host.status.errorCount > RETRIES) return forward('powering off before delete');
    if (result.kind === 'unregistered' && !secret) return forward('deleting');
    return whenComplete(context, result, 'powering off before delete');
  },
  'powering off before delete': (context) => {
    const { host, secret } = context;
    const result = powerOffBeforeDeleting(context);
    if (result.kind === 'failed' && host.status.errorCount > RETRIES) return forward('deleting');
    if (result.kind === 'unregistered' && !secret) return forward('deleting');
    if (result.kind === 'complete') host.status.poweredOn = false;
    return whenComplete(context, result, 'deleting');
  },
  deleting: async (context) => ({ result: await deleting(context) }),
};

async function available(context: HostContext): Promise<Step> {
  const { host } = context;
  const { spec, status } = host;
  if (spec.externallyProvisioned) {
    clearProvisioningSettings(host);
    return forward('externally provisioned');
  }
  if (inspectionRequested(host)) return forward('inspecting');
  if (provisioningSettings(host).dirty) return forward('preparing');
  if (!spec.image?.url && status.provisioningFailCount > 0) {
    status.provisioningFailCount = 0;
    delete status.lastAttemptedImage;
  }
  const result = await manageAvailable(context);
  return result.kind === 'complete' ? { result, next: 'provisioning' } : { result };
}
