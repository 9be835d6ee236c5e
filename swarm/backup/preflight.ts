/**
 * What must be true of a cluster before the first object is made on it: it answers, serves the kinds, lets its user do what a run
 * does, has the operator in it, and nobody has namespaces of the same names. Requests that write nothing.
 */
import { isKubeError, type KubeError, unlessNotFound } from '../../model/kube/kube-error.ts';
import { conditionOf, type KubeObject } from '../../model/kube/kube-object.ts';
import { RESOURCES, resourceName } from '../../model/kube/resources.ts';
import { RUN_LABEL } from '../../model/kube/run-label.ts';
import { BackupInputError } from './backup-error.ts';
import type { ClusterFacts } from './backup-figures.ts';
import {
  type BackupOptions,
  type BackupPart,
  CREDENTIALS_NAMESPACE,
  namespaceName,
  restoreNamespaceName,
} from './backup-options.ts';
import {
  BACKUP_RESOURCES,
  OPERATOR_CONTAINER,
  OPERATOR_DEPLOYMENT,
  OPERATOR_SELECTOR,
  REGISTRY_NAMESPACE,
} from './backup-resources.ts';
import type { ClusterRequests } from './cluster-requests.ts';
import { whyItStays } from './namespace-end.ts';
import { configProblem, findConfig } from './operator-config.ts';
import { refuseMissingRights, rightsError, rightsOf } from './rights.ts';

/** What was found. */
export interface Preflight {
  readonly cluster: ClusterFacts;
  /** Path that `openshift-internal` stands for; null on other clusters. */
  readonly internalRegistry: string | null;
  readonly hasMetrics: boolean;
  /** What users should know. */
  readonly warnings: readonly string[];
}

/** Wall-clock milliseconds for which a cluster that does not answer is tried. */
const CONTACT_MS = 5_000;
const MANY = 5;

/** @throws BackupInputError for a cluster that cannot be worked with; KubeError for one that goes away meanwhile */
export async function preflight(
  requests: ClusterRequests,
  options: BackupOptions,
  run: string,
  signal: AbortSignal,
): Promise<Preflight> {
  const look = new Look(requests, signal);
  const kubernetes = await look.version();
  const groups = await look.groups();
  await look.kinds();
  const openshift = groups.has('route.openshift.io') && groups.has('config.openshift.io');
  const operator = await look.operator(options.operatorNamespace);
  const operatorNamespace = operator.metadata.namespace!;
  await refuseMissingRights(requests, rightsOf(options, operatorNamespace), signal);
  const config = await findConfig(requests, operatorNamespace, signal, CONTACT_MS);
  const warnings: string[] = [];
  if (options.backup) {
    const problem = configProblem(config, run);
    if (problem !== null) throw new BackupInputError(problem);
    if (backupEnabled(config)) {
      warnings.push(
        'backups are switched on in this cluster: its own configuration is replaced for this run and put back afterwards',
      );
    }
  }
  if (options.backup) warnings.push(...(await look.others(options.backup, run)));
  if (options.backup?.restore) await look.restores();
  await look.namespacesAreFree(options, run);
  const internal = options.backup?.configType === 'openshift-internal';
  if (internal && !openshift) {
    throw new BackupInputError(
      '--dwoc-config-type openshift-internal needs an OpenShift cluster, and this one has no routes; give correct or incorrect with --registry-path',
    );
  }
  return {
    cluster: {
      server: requests.server,
      kubernetes,
      openshift,
      operatorNamespace,
      operatorImage: imageOf(operator),
      configFound: config !== null,
    },
    internalRegistry: internal ? await look.internalRegistry() : null,
    hasMetrics: groups.has('metrics.k8s.io'),
    warnings,
  };
}

/** Whether the cluster answers at all, and takes the credentials. @throws BackupInputError when it does not */
export async function contact(requests: ClusterRequests, signal: AbortSignal): Promise<void> {
  await new Look(requests, signal).version();
}

/** All that the run makes, or may make, by what is drawn for the restore. */
function namespacesOf(options: BackupOptions): Set<string> {
  const count = options.separateNamespaces ? options.workspaces : 1;
  const wanted = Array.from({ length: count }, (_, index) => namespaceName(options, index));
  const { restore } = options.backup ?? {};
  return new Set([
    ...wanted,
    ...(restore?.mode === 'other-namespace' ? wanted.map(restoreNamespaceName) : []),
    ...(restore?.cases.includes('wrong-credentials') ? [CREDENTIALS_NAMESPACE] : []),
  ]);
}

function backupEnabled(config: KubeObject | null): boolean {
  const { workspace } = (config?.config ?? {}) as { workspace?: { backupCronJob?: { enable?: boolean } } };
  return workspace?.backupCronJob?.enable === true;
}

function imageOf(deployment: KubeObject): string {
  const { template } = deployment.spec as { template: { spec: { containers: { name: string; image?: string }[] } } };
  const { containers } = template.spec;
  return (containers.find(({ name }) => name === OPERATOR_CONTAINER) ?? containers[0])?.image ?? '';
}

/** Why there is no answer to /version, and what to do. */
function whyNot({ status, reason, said, cause }: KubeError): string {
  const check = 'check the kubeconfig, and whether the cluster is up';
  if (reason === 'Trust') {
    return `cannot be trusted, or does not trust this client (${said}); certificate-authority-data, tls-server-name and the client's certificate of the kubeconfig must be for this cluster`;
  }
  if (status === 0) return `cannot be reached (${said}); ${check}`;
  if (status !== 401) return `does not answer as a Kubernetes API (${status} to /version); ${check}`;
  // What a kubeconfig names and is not there comes with its cause.
  if (cause !== undefined) return `was not asked: ${said}; correct the kubeconfig`;
  return `does not accept the credentials of the kubeconfig (401); ${check}`;
}

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
}

class Look {
  readonly #requests: ClusterRequests;
  readonly #signal: AbortSignal;

  constructor(requests: ClusterRequests, signal: AbortSignal) {
    this.#requests = requests;
    this.#signal = signal;
  }

  async version(): Promise<string> {
    const { server } = this.#requests;
    try {
      const { gitVersion } = await this.#json('/version');
      return String(gitVersion ?? '');
    } catch (error) {
      if (!isKubeError(error)) throw error;
      if (error.status === 403) return '';
      throw new BackupInputError(`the cluster ${server} ${whyNot(error)}`, { cause: error });
    }
  }

  async groups(): Promise<ReadonlySet<string>> {
    const { groups = [] } = (await this.#json('/apis')) as { groups?: { name: string }[] };
    return new Set(groups.map(({ name }) => name));
  }

  async kinds(): Promise<void> {
    const { devWorkspaces, operatorConfigs } = BACKUP_RESOURCES;
    for (const kind of [devWorkspaces, operatorConfigs]) {
      const found = await unlessNotFound(this.#json(`/apis/${kind.group}/${kind.version}`));
      const { resources = [] } = (found ?? {}) as { resources?: { name: string }[] };
      if (resources.some(({ name }) => name === kind.plural)) continue;
      throw new BackupInputError(
        `${this.#requests.server} does not serve ${resourceName(kind)} ${kind.version}: the DevWorkspace Operator is not installed; install it, or choose another context`,
      );
    }
  }

  /**
   * Releases before 0.40 cannot restore, nor does their settings object know how often a Job is tried again; both came with 0.40.0
   * (devfile/devworkspace-operator, apis/controller/v1alpha1/devworkspaceoperatorconfig_types.go at the tags).
   * @throws BackupInputError where it is known that the operator cannot
   */
  async restores(): Promise<void> {
    const { group, version, kind } = BACKUP_RESOURCES.operatorConfigs;
    const document = await this.#json(`/openapi/v3/apis/${group}/${version}`).catch((error: unknown) => {
      // Who may not read it learns it when it comes to it.
      if (isKubeError(error) && !error.passing) return {};
      throw error;
    });
    const { schemas = {} } =
      (document as { components?: { schemas?: Readonly<Record<string, Schema>> } }).components ?? {};
    const config = Object.entries(schemas).find(([name]) => name.endsWith(`.${kind}`))?.[1];
    const path = ['config', 'workspace', 'backupCronJob'];
    const backup = path.reduce<Schema | undefined>((schema, name) => schema?.properties?.[name], config);
    if (backup?.properties === undefined || 'backoffLimit' in backup.properties) return;
    throw new BackupInputError(
      'the operator is of a release before 0.40, which restores nothing: leave out --restore-sample and --restore-cases, or bring the operator up to date',
    );
  }

  /** The operator's Deployment. */
  async operator(given: string | null): Promise<KubeObject> {
    const where = given === null ? {} : { namespace: given };
    const place = given === null ? 'in the cluster' : `in namespace ${given}`;
    const { items } = await this.#requests
      .ask(
        (client) => client.list(RESOURCES.deployments, { ...where, labelSelector: OPERATOR_SELECTOR }, this.#signal),
        this.#signal,
        CONTACT_MS,
      )
      .catch((error: unknown) => {
        if (!isKubeError(error) || error.status !== 403) throw error;
        const what = `list ${resourceName(RESOURCES.deployments)}`;
        throw rightsError(
          [
            given === null
              ? `${what} in all namespaces (or give the operator's namespace with --dwo-namespace)`
              : `${what} ${place}`,
          ],
          error,
        );
      });
    const found = items.filter(({ metadata }) => metadata.name === OPERATOR_DEPLOYMENT);
    if (found.length === 1) {
      await this.#operatorRuns(found[0]!);
      return found[0]!;
    }
    throw new BackupInputError(
      found.length === 0
        ? `there is no Deployment ${OPERATOR_DEPLOYMENT} (label ${OPERATOR_SELECTOR}) ${place}; give the operator's namespace with --dwo-namespace`
        : `there are several Deployments ${OPERATOR_DEPLOYMENT}, in ${found.map(({ metadata }) => metadata.namespace).join(', ')}; say which one with --dwo-namespace`,
    );
  }

  async #operatorRuns({ status, metadata: { namespace } }: KubeObject): Promise<void> {
    if (((status ?? {}) as { readyReplicas?: number }).readyReplicas) return;
    const { items } = await this.#requests.ask(
      (client) =>
        client.list(RESOURCES.pods, { namespace: namespace!, labelSelector: OPERATOR_SELECTOR }, this.#signal),
      this.#signal,
      CONTACT_MS,
    );
    if (items.some((pod) => conditionOf(pod, 'Ready')?.status === 'True')) return;
    throw new BackupInputError(
      `the operator does not run: Deployment ${OPERATOR_DEPLOYMENT} in namespace ${namespace} has no pod that is ready; see why: kubectl describe pod -n ${namespace} -l ${OPERATOR_SELECTOR}`,
    );
  }

  /** A pass of the operator is over all workspaces of a cluster: devfile/devworkspace-operator, controllers/backupcronjob, executeBackupSync. */
  async others({ registrySecret }: BackupPart, run: string): Promise<string[]> {
    const { items } = await this.#requests.ask(
      (client) => client.list(BACKUP_RESOURCES.devWorkspaces, { labelSelector: `${RUN_LABEL}!=${run}` }, this.#signal),
      this.#signal,
      CONTACT_MS,
    );
    if (items.length === 0) return [];
    const copies = registrySecret === null ? '' : ', and copies the secret into their namespaces';
    return [
      `others have ${items.length} DevWorkspace${items.length === 1 ? '' : 's'} in the cluster: meanwhile the operator backs up what is stopped of them, too, into the same registry${copies}; no figure of this run counts them`,
    ];
  }

  /** @throws BackupInputError for a namespace that somebody else has, or that is on its way out */
  async namespacesAreFree(options: BackupOptions, run: string): Promise<void> {
    const wanted = namespacesOf(options);
    const { items } = await this.#requests.ask(
      (client) => client.list(RESOURCES.namespaces, {}, this.#signal),
      this.#signal,
      CONTACT_MS,
    );
    const taken = items.filter(({ metadata }) => wanted.has(metadata.name));
    if (taken.length === 0) return;
    const names = taken.slice(0, MANY).map((one) => {
      const { metadata } = one;
      const owner = metadata.labels?.[RUN_LABEL];
      const state = metadata.deletionTimestamp ? whyItStays(one) : owner ? `of run ${owner}` : 'of somebody else';
      return `${metadata.name} (${state})`;
    });
    const more = taken.length > MANY ? ` and ${taken.length - MANY} more` : '';
    const ours = taken.some(({ metadata }) => (metadata.labels?.[RUN_LABEL] ?? run) !== run);
    throw new BackupInputError(
      `namespaces that the run would make are there already: ${names.join(', ')}${more}; ${ours ? 'remove what a run has left with swarm clean' : 'delete them'}, or wait until they are gone`,
    );
  }

  /** Its route where it has one, which pods reach like everybody; else its service. */
  async internalRegistry(): Promise<string> {
    const route = await unlessNotFound(
      this.#requests.ask(
        (client) => client.get(BACKUP_RESOURCES.routes, REGISTRY_NAMESPACE, 'default-route', this.#signal),
        this.#signal,
        CONTACT_MS,
      ),
    );
    const { host } = (route?.spec ?? {}) as { host?: string };
    return host || 'image-registry.openshift-image-registry.svc:5000';
  }

  #json(path: string): Promise<Record<string, unknown>> {
    return this.#requests.json(path, this.#signal, CONTACT_MS);
  }
}
