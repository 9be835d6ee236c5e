/**
 * `status.conditions` of a host, which follow from the rest of its status.
 * Upstream: internal/controller/metal3.io/baremetalhost_controller.go, computeConditions; kubernetes-sigs/cluster-api,
 * util/conditions/setter.go for their order.
 */
import { rfc3339 } from '../../model/protocol/go-time.ts';
import type { BareMetalHost, HostCondition, HostStatus } from './bare-metal-host.ts';

type Verdict = readonly [status: HostCondition['status'], reason: string];

const NO = (reason: string): Verdict => ['False', reason];
const YES = (reason: string): Verdict => ['True', reason];

/** @returns whether one of them has changed */
export function computeConditions(host: BareMetalHost, nowMs: number): boolean {
  const { status } = host;
  const before = new Map(status.conditions?.map((condition) => [condition.type, condition]));
  const observedGeneration = host.metadata.generation ?? 0;
  let changed = false;
  const after = Object.entries(verdictsOf(status)).map(([type, [verdict, reason]]): HostCondition => {
    const known = before.get(type);
    before.delete(type);
    if (known?.status === verdict && known.reason === reason && known.observedGeneration === observedGeneration)
      return known;
    changed = true;
    const lastTransitionTime = known?.status === verdict ? known.lastTransitionTime : rfc3339(nowMs);
    return { type, status: verdict, observedGeneration, lastTransitionTime, reason, message: '' };
  });
  if (!changed) return false;
  // Ready first, the others by name.
  const rank = ({ type }: HostCondition) => (type === 'Ready' ? '' : type);
  status.conditions = [...after, ...before.values()].sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
  return true;
}

function verdictsOf({ provisioning: { state }, operationalStatus }: HostStatus): Record<string, Verdict> {
  const verdicts = verdictsOfState(state, operationalStatus);
  if (operationalStatus === 'error') verdicts.Ready = NO('Error');
  if (operationalStatus === 'detached') {
    verdicts.Ready = NO('Detached');
    verdicts.Progressing = NO('Detached');
  }
  // Nothing is known about the health of the hardware.
  verdicts.Healthy = ['Unknown', 'Unknown'];
  return verdicts;
}

/** Reasons of Progressing, by state. */
const PROGRESS: Readonly<Record<string, string>> = {
  inspecting: 'Inspecting',
  'match profile': 'Inspecting',
  preparing: 'Preparing',
  provisioning: 'Provisioning',
  deprovisioning: 'Deprovisioning',
  'powering off before delete': 'PoweringOffBeforeDelete',
  deleting: 'Deleting',
};

function verdictsOfState(state: string, operationalStatus: string): Record<string, Verdict> {
  const idle = {
    Manageable: YES('Manageable'),
    AvailableForProvisioning: NO('NotAvailable'),
    Provisioned: NO('NotProvisioned'),
    Ready: NO('NotProvisioned'),
    Progressing: NO('NotProgressing'),
  };
  switch (state) {
    case '':
    case 'unmanaged':
      return { ...idle, Manageable: NO('NotManaged') };
    case 'registering':
      return {
        ...idle,
        Manageable: NO(operationalStatus === 'error' ? 'RegistrationFailed' : 'Registering'),
        Progressing: YES('Registering'),
      };
    case 'ready':
    case 'available':
      return { ...idle, AvailableForProvisioning: YES('Available') };
    case 'provisioned':
    case 'externally provisioned':
      return { ...idle, Provisioned: YES('Provisioned'), Ready: YES('Provisioned') };
    default:
      return { ...idle, Progressing: YES(PROGRESS[state] ?? 'Inspecting') };
  }
}
