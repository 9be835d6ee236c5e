/**
 * Operators that a cluster can be made with, and what they ask of its hosts beside what OpenShift itself asks
 * (assisted-service, internal/operators/builder.go NewManager; internal/operators/<operator>, GetHostRequirements,
 * GetDependencies, ValidateHost and ValidateCluster, with the defaults of their configuration).
 */

/** What is added to the needs of a host. */
export interface OperatorNeed {
  readonly cpu: number;
  readonly ramMib: number;
}

export interface OperatorNeeds {
  readonly master?: OperatorNeed;
  readonly worker?: OperatorNeed;
  /** Of the only node of a cluster, where that is another. */
  readonly single?: OperatorNeed;
  /** Whether control-plane nodes need nothing once there are workers enough to carry it. */
  readonly avoidsMasters?: boolean;
  /** Operators that come with it. */
  readonly needs?: readonly string[];
  /** Least version of OpenShift, `major.minor`. */
  readonly from?: string;
}

/** By the service's name, in the order in which it lists them. */
export const OPERATOR_NEEDS: Readonly<Record<string, OperatorNeeds>> = {
  'amd-gpu': { needs: ['node-feature-discovery', 'kmm'] },
  authorino: {},
  'cluster-observability': {},
  cnv: {
    master: { cpu: 4, ramMib: 150 },
    worker: { cpu: 2, ramMib: 360 },
    single: { cpu: 6, ramMib: 510 },
  },
  'fence-agents-remediation': { needs: ['node-healthcheck'] },
  kmm: {},
  'kube-descheduler': {},
  loki: { from: '4.17' },
  lso: {},
  lvm: { master: { cpu: 1, ramMib: 100 }, worker: { cpu: 1, ramMib: 100 }, avoidsMasters: true, from: '4.11' },
  mce: {
    master: { cpu: 4, ramMib: 16_384 },
    worker: { cpu: 4, ramMib: 16_384 },
    single: { cpu: 8, ramMib: 32_768 },
    from: '4.10',
  },
  metallb: {},
  mtv: { master: { cpu: 1, ramMib: 1024 }, worker: { cpu: 1, ramMib: 1024 }, needs: ['cnv'], from: '4.14' },
  nmstate: { from: '4.12' },
  'node-feature-discovery': {},
  'node-healthcheck': {},
  'node-maintenance': {},
  numaresources: {},
  'nvidia-gpu': { needs: ['node-feature-discovery'] },
  oadp: {},
  odf: { master: { cpu: 6, ramMib: 19_456 }, worker: { cpu: 8, ramMib: 19_456 }, needs: ['lso'] },
  'openshift-ai': { worker: { cpu: 8, ramMib: 32_768 } },
  'openshift-logging': { needs: ['loki'], from: '4.17' },
  osc: {
    master: { cpu: 1, ramMib: 1024 },
    worker: { cpu: 1, ramMib: 1024 },
    needs: ['node-feature-discovery'],
    from: '4.10',
  },
  pipelines: {},
  'self-node-remediation': { needs: ['node-healthcheck'] },
  serverless: {},
  servicemesh: {},
};

/** Gigabytes of each further disk that Data Foundation takes (internal/operators/odf/config.go ODFMinDiskSizeGB). */
export const ODF_DISK_GB = 25;
/** Hosts with such a disk that it needs (ODFNumMinimumHosts). */
export const ODF_HOSTS = 3;
/** Gibibytes of the parts of multicluster engine's storage; a single node has them on one disk (internal/operators/mce/manifest.go). */
export const MCE_STORAGE_GIB: readonly number[] = [10, 10, 50];
/** From so many workers on, control-plane nodes carry no workload (internal/common/common.go ShouldMastersBeSchedulable). */
export const WORKERS_ENOUGH = 2;
/** Workers that OpenShift AI needs (internal/operators/openshiftai/openshift_ai_config.go MinWorkerNodes). */
export const AI_WORKERS = 2;
