/** Answers of 400 and more that the programs get from a service that is well, and why. */
import type { FaultKind } from '../../model/faults/faults.ts';
import type { ClientKind, EndpointName } from '../../model/protocol/endpoints.ts';

interface KnownRefusal {
  client: ClientKind;
  endpoint: EndpointName;
  code: string;
  why: string;
}

const KNOWN_REFUSALS: readonly KnownRefusal[] = [
  {
    client: 'controller',
    endpoint: 'cluster-progress',
    code: '400',
    // assisted-service internal/cluster/cluster.go UpdateFinalizingStage; assisted-installer, assisted_installer_controller.go, postInstallConfigs.
    why: "the service called the cluster installed, or had failed it, before the controller's last stage came: real controllers meet it too, in compressed time it is frequent",
  },
  {
    client: 'installer',
    endpoint: 'host-progress',
    code: '409',
    // assisted-service internal/host/host.go UpdateInstallProgress: only hosts that are being installed have a progress.
    why: 'the host was installed, by the word of the controller, or had failed with its cluster, before the report came: real installers meet it too',
  },
  {
    client: 'user',
    endpoint: 'install-cluster',
    code: '409',
    // assisted-service internal/bminventory/inventory.go: the validations are run once more before an installation.
    why: 'the cluster lost its readiness between the look and the request: it is asked for again',
  },
  {
    client: 'user',
    endpoint: 'delete-infra-env',
    code: '400',
    // assisted-service internal/bminventory/inventory.go, DeregisterInfraEnvInternal: one that hosts belong to stays.
    why: 'a host came to it after its hosts were listed and removed: the run tells what could not be removed',
  },
  // What the run removes: assisted-service, internal/bminventory/inventory_v2_handlers.go, and events of a cluster that is gone,
  // internal/events/event.go.
  ...(['get-cluster', 'list-cluster-hosts', 'list-infra-env-hosts', 'list-events'] as const).map((endpoint) => ({
    client: 'reader' as const,
    endpoint,
    code: '404',
    why: 'what the reader looked at was removed meanwhile: it looks at something else next time',
  })),
];

/** Answers to hosts that a plan lets go wrong. */
const REFUSALS_OF_FAULTS: readonly (KnownRefusal & { fault: FaultKind })[] = ['401', '403'].map((code) => ({
  fault: 'wrong-token',
  client: 'agent',
  endpoint: 'register-host',
  code,
  why: 'the plan gives hosts another token than theirs',
}));

/** An attempt, as its kind, its endpoint and how it ended. */
interface Ended {
  client: ClientKind;
  endpoint: EndpointName;
  code: string;
}

const isSame = (one: Ended, other: Ended) =>
  one.client === other.client && one.endpoint === other.endpoint && one.code === other.code;

/** Why an attempt of a host with one of these faults has to end so; null where it need not. */
export function refusalOfFault(error: Ended, faults: ReadonlySet<FaultKind>): string | null {
  return REFUSALS_OF_FAULTS.find((known) => faults.has(known.fault) && isSame(known, error))?.why ?? null;
}

/** Why a service that is well answers so; null where nobody knows of such answers. */
export function knownRefusal(error: Ended): string | null {
  const known = KNOWN_REFUSALS.find((one) => isSame(one, error));
  return known?.why ?? null;
}
