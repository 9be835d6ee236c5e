/**
 * What the kubelet would make of the controller's manifests, which the bootstrap's installer has filled in: assisted-installer,
 * src/ops/ops.go, CreateOpenshiftManifests; deploy/assisted-installer-controller.
 */
import { parseAllDocuments } from 'yaml';

export interface ControllerPod {
  environment: Record<string, string>;
  /** Path and text of the token file; the controller takes the variable where there is none. */
  token: string;
}

interface EnvironmentVariable {
  name: string;
  value?: string;
  valueFrom?: { configMapKeyRef?: { name: string; key: string }; secretKeyRef?: { name: string; key: string } };
}

interface Manifest {
  kind?: string;
  metadata?: { name?: string };
  data?: Record<string, string>;
  stringData?: Record<string, string>;
  spec?: { template?: { spec?: { containers?: { env?: EnvironmentVariable[] }[] } } };
}

/** Names of the rendered files below `/opt/openshift/manifests`. */
export const CONTROLLER_MANIFESTS = [
  'assisted-installer-controller-cm.yaml',
  'assisted-installer-controller-secret.yaml',
  'assisted-installer-controller-pod.yaml',
] as const;

/** @param texts of the rendered manifests. @throws Error when there is no Job with a container among them */
export function controllerPod(texts: readonly string[]): ControllerPod {
  const manifests = texts.flatMap((text) =>
    parseAllDocuments(text).map((document) => document.toJS() as Manifest | null),
  );
  const container = manifests.find((one) => one?.kind === 'Job')?.spec?.template?.spec?.containers?.[0];
  if (!container) throw new Error('the manifests of the controller hold no Job with a container');
  const textOf = (ref: { name: string; key: string } | undefined) => {
    const source = ref && manifests.find((one) => one?.metadata?.name === ref.name && one.kind !== 'Job');
    return source?.data?.[ref!.key] ?? source?.stringData?.[ref!.key];
  };
  const environment: Record<string, string> = {};
  for (const { name, value, valueFrom } of container.env ?? []) {
    const found = value ?? textOf(valueFrom?.configMapKeyRef ?? valueFrom?.secretKeyRef);
    if (found !== undefined) environment[name] = String(found);
  }
  const secret = manifests.find((one) => one?.kind === 'Secret');
  return { environment, token: secret?.stringData?.['pull-secret-token'] ?? '' };
}
