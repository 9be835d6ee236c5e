/** What a load does on a cluster, and whether its user may: SelfSubjectAccessReview, which writes nothing. */
import { isKubeError } from '../../model/kube/kube-error.ts';
import type { KubeObject } from '../../model/kube/kube-object.ts';
import { ACCESS_REVIEWS, type KubeResource, RESOURCES, resourceName } from '../../model/kube/resources.ts';
import { BackupInputError } from './backup-error.ts';
import type { BackupOptions } from './backup-options.ts';
import { BACKUP_RESOURCES, REGISTRY_NAMESPACE } from './backup-resources.ts';
import type { ClusterRequests } from './cluster-requests.ts';

export interface Right {
  readonly resource: KubeResource;
  readonly verbs: readonly string[];
  /** All namespaces when absent. */
  readonly namespace?: string;
  readonly subresource?: string;
}

/** Wall-clock milliseconds for which a cluster that does not answer is tried. */
const CONTACT_MS = 5_000;

/** What a run of these options does; the rights of its watches included. Etcd's pods and metrics it does without. */
export function rightsOf(options: BackupOptions, operatorNamespace: string): Right[] {
  const { devWorkspaces, jobs, operatorConfigs } = BACKUP_RESOURCES;
  const { backup } = options;
  const rights: Right[] = [
    { resource: RESOURCES.namespaces, verbs: ['get', 'create', 'list', 'watch', 'delete'] },
    { resource: devWorkspaces, verbs: ['get', 'create', 'list', 'watch', 'patch', 'delete'] },
    { resource: RESOURCES.pods, verbs: ['list', 'watch'] },
    { resource: RESOURCES.events, verbs: ['list', 'watch'] },
  ];
  if (options.automountPairs > 0) {
    rights.push(
      { resource: RESOURCES.configMaps, verbs: ['get', 'create'] },
      { resource: RESOURCES.secrets, verbs: ['get', 'create'] },
    );
  }
  if (!backup) return rights;
  const namespace = operatorNamespace;
  rights.push(
    { resource: jobs, verbs: ['list', 'watch'] },
    { resource: RESOURCES.pods, verbs: ['get'], subresource: 'log' },
    { resource: operatorConfigs, verbs: ['get', 'create', 'patch', 'delete'], namespace },
  );
  const { restore } = backup;
  if (restore) rights.push({ resource: BACKUP_RESOURCES.volumeClaims, verbs: ['get'] });
  if (restore?.cases.includes('wrong-credentials')) rights.push({ resource: RESOURCES.secrets, verbs: ['create'] });
  if (backup.registrySecret !== null) rights.push({ resource: RESOURCES.secrets, verbs: ['get'], namespace });
  if (backup.configType === 'openshift-internal') {
    rights.push({ resource: BACKUP_RESOURCES.routes, verbs: ['get'], namespace: REGISTRY_NAMESPACE });
  }
  return rights;
}

/** @throws BackupInputError that names each right that is missing; KubeError */
export async function refuseMissingRights(
  requests: ClusterRequests,
  rights: readonly Right[],
  signal: AbortSignal,
): Promise<void> {
  // Several parts of a run may want the same.
  const asked = [
    ...new Map(
      rights.flatMap(({ verbs, ...right }) =>
        verbs.map((verb) => ({ verb, ...right })).map((one) => [rightText(one), one] as const),
      ),
    ).values(),
  ];
  const answers = await Promise.all(asked.map((right) => may(requests, right, signal)));
  const missing = asked.filter((_, at) => !answers[at]).map(rightText);
  if (missing.length > 0) throw rightsError(missing);
}

type Asked = Omit<Right, 'verbs'> & { readonly verb: string };

/** `verb resource in namespace x` */
function rightText({ verb, resource, subresource, namespace }: Asked): string {
  const what = subresource ? `${resourceName(resource)}/${subresource}` : resourceName(resource);
  return `${verb} ${what} in ${namespace ? `namespace ${namespace}` : 'all namespaces'}`;
}

/** @param missing as sentences have them: `list pods in all namespaces` */
export function rightsError(missing: readonly string[], cause?: unknown): BackupInputError {
  return new BackupInputError(
    `the user of the kubeconfig may not ${missing.join(', ')}; ask for ${missing.length === 1 ? 'this right' : 'these rights'}, or choose another context`,
    { cause },
  );
}

async function may(
  requests: ClusterRequests,
  { verb, resource, namespace, subresource }: Asked,
  signal: AbortSignal,
): Promise<boolean> {
  const { group, plural } = resource;
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: ACCESS_REVIEWS.kind,
    metadata: {} as KubeObject['metadata'],
    spec: {
      resourceAttributes: {
        group,
        resource: plural,
        verb,
        ...(namespace && { namespace }),
        ...(subresource && { subresource }),
      },
    },
  };
  try {
    const { status } = await requests.ask(
      (client) => client.create(ACCESS_REVIEWS, review, {}, signal),
      signal,
      CONTACT_MS,
    );
    return (status as { allowed?: boolean } | undefined)?.allowed ?? true;
  } catch (error) {
    // Who may not ask learns it when it comes to it.
    if (isKubeError(error) && !error.passing) return true;
    throw error;
  }
}
