/**
 * The objects of a fleet, as Kubernetes has them:
 *
 *   ConfigMap (plan, certificates) ─┐
 *   Secret (pull secret, tokens)  ──┼──► Job, completionMode Indexed: pod 0, pod 1, … each `swarm run --shard i/n --start-at …`
 *   PersistentVolumeClaim         ──┘                                 └──► /results/<name>/shard-<i>/<run>
 *
 * A pod that is lost is not made anew, whatever ended it: its shard would come again as a second load, late, with the names of the first.
 * The others go on, and the Job fails once all have ended. (kubernetes/enhancements, KEP-3850 backoff limit per index and KEP-3329 pod
 * failure policy: in clusters from 1.29 on.)
 */
import type {
  V1ConfigMap,
  V1Container,
  V1Job,
  V1ObjectMeta,
  V1PersistentVolumeClaim,
  V1PodFailurePolicy,
  V1PodSpec,
  V1ResourceRequirements,
  V1Secret,
  V1SecurityContext,
  V1Sysctl,
  V1Volume,
} from '@kubernetes/client-node';
import type { FleetSpec, ResultsVolume } from './fleet-spec.ts';
import { CONFIG_FOLDER, keyOf, type PodFile, SECRET_FOLDER } from './pod-file.ts';
import type { ShardNeeds } from './shard-needs.ts';

export type FleetObject = V1ConfigMap | V1Secret | V1PersistentVolumeClaim | V1Job;

/** Labels of all objects: what a fleet is, and which one. */
export const FLEET_LABEL = 'app.kubernetes.io/instance';
export const RESULTS_FOLDER = '/results';
/** Port of the pods' metrics, page and API. */
export const METRICS_PORT = 5566;
/** File of the Secret with the token that the pods demand of who reads their metrics. */
export const METRICS_TOKEN = 'metrics-token';
/** The Job controller tells each pod which of them it is. */
const INDEX = '$(JOB_COMPLETION_INDEX)';

/** Ports that a pod may connect from, once it is given more than the usual 28,232; the sysctl is one of the safe ones. */
const WIDE_PORTS = { first: 10_000, last: 65_535 };
export const PORTS_OF_POD = WIDE_PORTS.last - WIDE_PORTS.first + 1;
/** Where the kernel begins to search for a free one. */
const MANY_PORTS = 14_000;

/** In the order in which they are made. */
export function fleetObjects(spec: FleetSpec): FleetObject[] {
  const { files, name, results } = spec;
  return [
    ...('claim' in results ? [] : [claimOf(spec, results)]),
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: metadata(spec, `${name}-plan`),
      immutable: true,
      data: dataOf(files.config),
    },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: metadata(spec, `${name}-secrets`),
      immutable: true,
      type: 'Opaque',
      stringData: dataOf(files.secret),
    },
    jobOf(spec),
  ];
}

/** Name of the claim with the results. */
export function claimName({ name, results }: Pick<FleetSpec, 'name' | 'results'>): string {
  return 'claim' in results ? results.claim : `${name}-results`;
}

/** Volume with the results, and who may write to it: for the pods, and for one that only reads them. */
export function resultsVolume(spec: FleetSpec): V1Volume {
  return { name: 'results', persistentVolumeClaim: { claimName: claimName(spec) } };
}

export function podSecurity(
  { fsGroup }: Pick<FleetSpec, 'fsGroup'>,
  sysctls: V1Sysctl[] = [],
): V1PodSpec['securityContext'] & {} {
  return {
    runAsNonRoot: true,
    ...(fsGroup !== null && { fsGroup, fsGroupChangePolicy: 'OnRootMismatch' }),
    seccompProfile: { type: 'RuntimeDefault' },
    ...(sysctls.length > 0 && { sysctls }),
  };
}

export const CONTAINER_SECURITY: V1SecurityContext = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
};

function metadata({ namespace, name: fleet }: FleetSpec, name: string): V1ObjectMeta {
  return { name, ...(namespace !== null && { namespace }), labels: labelsOf(fleet) };
}

const labelsOf = (fleet: string) => ({ 'app.kubernetes.io/name': 'assisted-swarm', [FLEET_LABEL]: fleet });

function dataOf(files: readonly PodFile[]): Record<string, string> {
  return Object.fromEntries(files.map((file, at) => [keyOf(file, at), file.text]));
}

const itemsOf = (files: readonly PodFile[]) => files.map((file, at) => ({ key: keyOf(file, at), path: file.path }));

function claimOf(spec: FleetSpec, results: Exclude<ResultsVolume, { claim: string }>): V1PersistentVolumeClaim {
  const { size, storageClass, accessMode } = results;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: metadata(spec, claimName(spec)),
    spec: {
      accessModes: [accessMode],
      ...(storageClass !== null && { storageClassName: storageClass }),
      resources: { requests: { storage: size } },
    },
  };
}

/** Both would be what happens anyway, and stand here so that nothing else can. */
const LOST_SHARDS_STAY_LOST: V1PodFailurePolicy = {
  rules: [
    { action: 'FailIndex', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
    { action: 'FailIndex', onExitCodes: { containerName: 'swarm', operator: 'NotIn', values: [0] } },
  ],
};

function jobOf(spec: FleetSpec): V1Job {
  const { name, shards, needs } = spec;
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      ...metadata(spec, name),
      annotations: {
        'assisted-swarm/start-at': spec.startAt.toISOString(),
        'assisted-swarm/plan': spec.plan.name,
        'assisted-swarm/seed': spec.plan.seed,
        'assisted-swarm/largest-shard': needsText(needs),
      },
    },
    spec: {
      completionMode: 'Indexed',
      completions: shards,
      parallelism: shards,
      backoffLimitPerIndex: 0,
      podReplacementPolicy: 'Failed',
      podFailurePolicy: LOST_SHARDS_STAY_LOST,
      template: {
        metadata: {
          labels: labelsOf(name),
          annotations: {
            'prometheus.io/scrape': 'true',
            'prometheus.io/port': String(METRICS_PORT),
            'prometheus.io/path': '/metrics',
            // A machine that is taken away takes its shard with it.
            'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false',
          },
        },
        spec: podOf(spec),
      },
    },
  };
}

/** What Kubernetes knows no field for, too: how many files may be open is up to the nodes' runtime. */
function needsText({ clusters, hosts, memoryMiB, fileDescriptors, localPorts }: ShardNeeds): string {
  return `${clusters} clusters, ${hosts} hosts, ${memoryMiB} MiB of memory, ${fileDescriptors} open files, ${localPorts} local ports`;
}

function podOf(spec: FleetSpec): V1PodSpec {
  const { name, files, needs, graceSeconds } = spec;
  const sysctls =
    needs.localPorts < MANY_PORTS
      ? []
      : [{ name: 'net.ipv4.ip_local_port_range', value: `${WIDE_PORTS.first} ${WIDE_PORTS.last}` }];
  return {
    restartPolicy: 'Never',
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: graceSeconds,
    securityContext: podSecurity(spec, sysctls),
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: 'kubernetes.io/hostname',
        // Better two on one node than one that waits while the others begin.
        whenUnsatisfiable: 'ScheduleAnyway',
        nodeTaintsPolicy: 'Honor',
        labelSelector: { matchLabels: { [FLEET_LABEL]: name } },
      },
    ],
    containers: [containerOf(spec)],
    volumes: [
      { name: 'plan', configMap: { name: `${name}-plan`, items: itemsOf(files.config) } },
      // The group of the volume reads it, who else there is does not.
      { name: 'secrets', secret: { secretName: `${name}-secrets`, defaultMode: 0o440, items: itemsOf(files.secret) } },
      { name: 'tmp', emptyDir: {} },
      resultsVolume(spec),
    ],
  };
}

function containerOf(spec: FleetSpec): V1Container {
  return {
    name: 'swarm',
    image: spec.image,
    args: argsOf(spec),
    env: [{ name: 'HOME', value: '/tmp' }],
    ports: [{ name: 'metrics', containerPort: METRICS_PORT }],
    resources: resourcesOf(spec.needs),
    securityContext: CONTAINER_SECURITY,
    volumeMounts: [
      { name: 'plan', mountPath: CONFIG_FOLDER, readOnly: true },
      { name: 'secrets', mountPath: SECRET_FOLDER, readOnly: true },
      { name: 'results', mountPath: RESULTS_FOLDER },
      { name: 'tmp', mountPath: '/tmp' },
    ],
  };
}

function argsOf({ name, shards, startAt, planPath, needs, runOptions }: FleetSpec): string[] {
  return [
    ...['run', planPath],
    ...['--shard', `${INDEX}/${shards}`],
    ...['--start-at', startAt.toISOString()],
    ...['--out', `${RESULTS_FOLDER}/${name}/shard-${INDEX}`],
    ...['--workers', String(needs.workers)],
    ...['--listen', `0.0.0.0:${METRICS_PORT}`],
    ...['--token-file', `${SECRET_FOLDER}/${METRICS_TOKEN}`],
    // What looks like a variable of the pod is none.
    ...runOptions.map((option) => option.replaceAll('$(', '$$$$(')),
  ];
}

/** Room above what is needed, as a factor: for what a service that does not keep up holds back, and before a pod is killed. */
const ROOM = { request: 1.1, limit: 1.6 };
const LEAST_REQUESTED_CORES = 0.5;

function resourcesOf({ memoryMiB, processors, workers }: ShardNeeds): V1ResourceRequirements {
  const memory = (room: number) => `${Math.ceil((memoryMiB * room) / 64) * 64}Mi`;
  const cores = Math.max(LEAST_REQUESTED_CORES, 1.5 * processors);
  return {
    requests: { cpu: `${Math.ceil(cores * 10) * 100}m`, memory: memory(ROOM.request) },
    // All its threads at once: one that is throttled is late, and would blame itself.
    limits: { cpu: String(Math.max(workers + 1, Math.ceil(cores))), memory: memory(ROOM.limit) },
  };
}
