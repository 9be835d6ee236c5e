/**
 * What templates see. Names are those of values files and plans, so that a template reads like them:
 *
 *     run         name, seed, image_set, clusters (how many are to be installed)
 *     values      how objects shall look, every default filled in
 *     labels      labels of every object, by which a run's objects are found again
 *     annotations annotations of every object
 *     extra       the user's own
 *     cluster     one cluster or InfraEnv, with its `hosts`; not in templates that are rendered once
 *     host        one host; only in templates that are rendered for each
 */
import { RUN_LABEL } from '../model/kube/run-label.ts';
import type { ClusterPlan, HostPlan } from '../swarm/plan/expanded-plan.ts';
import type { ValuesFile } from './values-schema.ts';

/** Label of NMStateConfigs, by which an InfraEnv selects its own; its value is the cluster's name. */
const CLUSTER_LABEL = 'assisted-swarm/cluster';
/** Annotation of every object: the seed that gave its names and addresses. */
const SEED_ANNOTATION = 'assisted-swarm/seed';
/**
 * Annotations of InfraEnvs, by which `swarm launch` knows their hosts: index of the first in the plan, how many the plan has, those of
 * day 2 included, and how many boot at first where no cluster says it.
 */
const FIRST_HOST_ANNOTATION = 'assisted-swarm/first-host';
const HOSTS_ANNOTATION = 'assisted-swarm/hosts';
const AGENTS_ANNOTATION = 'assisted-swarm/agents';

type ObjectKey =
  | 'late_binding'
  | 'bmh'
  | 'bmh_day2'
  | 'bmc_scheme'
  | 'bmc_username'
  | 'bmc_password'
  | 'hold_installation'
  | 'api_vips'
  | 'platform_type'
  | 'cluster_networks'
  | 'service_networks'
  | 'manifests_config_maps'
  | 'cpu_architecture'
  | 'additional_ntp_sources'
  | 'agent_labels'
  | 'auto_approve'
  | 'image_set_per_cluster';
type NullableKey =
  | 'release_image'
  | 'image_set'
  | 'network_type'
  | 'manifests_config_map'
  | 'image_type'
  | 'os_image_version';

/** How objects shall look: a values file with all defaults, one name for each thing and null for what is not wanted. */
export type ManifestValues = { [Key in ObjectKey]: NonNullable<ValuesFile[Key]> } & {
  [Key in NullableKey]: NonNullable<ValuesFile[Key]> | null;
} & {
  /** Secret: never to be shown. */
  pull_secret_b64: string;
  /** Null for none. */
  ssh_pub_key: string | null;
  extra: Record<string, unknown>;
};

/** @param given a values file that was checked; its secrets and keys of clusters are looked after by who read it */
export function manifestValues(
  given: ValuesFile,
  common: { pullSecret: string; sshPublicKey: string; releaseImage: string | null },
): ManifestValues {
  return {
    pull_secret_b64: Buffer.from(common.pullSecret).toString('base64'),
    ssh_pub_key: common.sshPublicKey || null,
    release_image: common.releaseImage,
    image_set: given.image_set ?? null,
    image_set_per_cluster: given.image_set_per_cluster ?? false,
    late_binding: given.late_binding ?? false,
    bmh: given.bmh ?? false,
    bmh_day2: given.bmh_day2 ?? false,
    bmc_scheme: given.bmc_scheme ?? 'redfish-virtualmedia',
    bmc_username: given.bmc_username ?? 'swarm',
    bmc_password: given.bmc_password ?? 'swarm',
    hold_installation: given.hold_installation ?? false,
    api_vips: given.api_vips ?? 'list',
    platform_type: given.platform_type ?? true,
    network_type: given.network_type ?? null,
    // What the service takes when nothing is given; written out, as those do who write such objects by hand.
    cluster_networks: given.cluster_networks ?? [{ cidr: '10.128.0.0/14', host_prefix: 23 }],
    service_networks: given.service_networks ?? ['172.30.0.0/16'],
    manifests_config_maps: given.manifests_config_maps ?? [],
    manifests_config_map: given.manifests_config_map ?? null,
    cpu_architecture: given.cpu_architecture ?? 'x86_64',
    image_type: given.image_type ?? null,
    os_image_version: given.os_image_version ?? null,
    additional_ntp_sources: given.additional_ntp_sources ?? [],
    agent_labels: given.agent_labels ?? {},
    auto_approve: given.auto_approve ?? false,
    extra: given.extra ?? {},
  };
}

/** What only the maker of hosts knows of one. */
export interface HostFacts {
  /** No other host of its cluster has it. */
  name: string;
  /** What the host calls itself: another one's name where that is its fault. */
  hostname: string;
  /** MAC of the NIC that holds {@link ipv4}. */
  mac: string;
  /** Kernel name of that NIC. */
  nic: string;
  /** Without prefix length. */
  ipv4: string;
  /** IPv4 address of the management controller. */
  bmc: string;
}

/** The run that objects belong to. */
export interface ManifestRun {
  /** A label value, the same for the same plan and seed. */
  name: string;
  seed: string;
  /** Number of clusters that are to be installed (InfraEnvs alone do not count). */
  clusters: number;
}

/** Same for all objects of a run. */
export interface RunValues {
  run: { name: string; seed: string; clusters: number; image_set: string };
  values: ManifestValues;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  extra: Record<string, unknown>;
}

export interface HostValues {
  /** Name of its objects; no other host of its cluster has it. */
  name: string;
  /** The same, except where the host's fault is to have another one's. */
  hostname: string;
  role: HostPlan['role'];
  day2: boolean;
  mac: string;
  nic: string;
  ipv4: string;
  bmc_address: string;
  /** The operator is to inspect it, because its fault shows there. */
  inspected: boolean;
}

export interface ClusterValues {
  index: number;
  /** Name of the cluster, of its namespace and of its objects. */
  name: string;
  base_dns_domain: string;
  control_planes: number;
  arbiters: number;
  workers: number;
  day2_workers: number;
  platform: ClusterPlan['platform'];
  user_managed_networking: boolean;
  /** IPv4 CIDR. */
  machine_network: string;
  prefix_length: number;
  gateway: string;
  api_vip: string | null;
  ingress_vip: string | null;
  just_infraenv: boolean;
  /** What a plan says of this cluster, else what the values file says of all. */
  bmh: boolean;
  late_binding: boolean;
  hold_installation: boolean;
  infraenv_labels: Record<string, string>;
  infraenv_annotations: Record<string, string>;
  /** Labels by which the InfraEnv selects the network configurations of its hosts. */
  selector: Record<string, string>;
  with_nmstate: boolean;
  assign_roles: boolean;
  set_hostnames: boolean;
  image_set: string;
  /** @throws RangeError what the source of host facts throws, for instance for a machine network that is too small */
  readonly hosts: readonly HostValues[];
}

export function runValues(run: ManifestRun, values: ManifestValues): RunValues {
  return {
    run: { ...run, image_set: values.image_set ?? run.name },
    values,
    labels: { [RUN_LABEL]: run.name },
    annotations: { [SEED_ANNOTATION]: run.seed },
    extra: values.extra,
  };
}

/**
 * A cluster of a plan as templates see it.
 * @param factsOf must be the source of the hosts that will register, or they will not be recognised
 */
export function clusterValues(
  { run, values }: RunValues,
  cluster: ClusterPlan,
  factsOf: (cluster: ClusterPlan, host: HostPlan) => HostFacts,
): ClusterValues {
  let hosts: HostValues[] | undefined;
  const lateBinding = (cluster.flow.lateBinding ?? values.late_binding) && !cluster.justInfraEnv;
  return {
    index: cluster.index,
    name: cluster.name,
    base_dns_domain: cluster.baseDomain,
    control_planes: cluster.controlPlanes,
    arbiters: cluster.arbiters,
    workers: cluster.workers,
    day2_workers: cluster.day2Workers,
    platform: cluster.platform,
    user_managed_networking: cluster.controlPlanes === 1 || cluster.platform === 'none',
    machine_network: cluster.machineNetwork,
    prefix_length: Number(cluster.machineNetwork.split('/')[1]),
    gateway: cluster.gateway,
    api_vip: cluster.apiVip,
    ingress_vip: cluster.ingressVip,
    just_infraenv: cluster.justInfraEnv,
    bmh: cluster.flow.bmh ?? values.bmh,
    late_binding: lateBinding,
    hold_installation: (cluster.flow.holdInstallation ?? values.hold_installation) && !cluster.justInfraEnv,
    infraenv_labels: cluster.infraEnvLabels,
    infraenv_annotations: {
      [FIRST_HOST_ANNOTATION]: String(cluster.hosts[0]?.index ?? 0),
      [HOSTS_ANNOTATION]: String(cluster.hosts.length),
      ...((cluster.justInfraEnv || lateBinding) && {
        [AGENTS_ANNOTATION]: String(cluster.hosts.filter(({ day2 }) => !day2).length),
      }),
    },
    selector: { [CLUSTER_LABEL]: cluster.name },
    with_nmstate: cluster.withNmstate,
    assign_roles: cluster.assignRoles,
    set_hostnames: cluster.setHostnames,
    image_set: values.image_set_per_cluster && values.image_set === null ? cluster.name : run.image_set,
    // Made when a template asks: most clusters of direct agents have no object for a host.
    get hosts() {
      hosts ??= cluster.hosts.map((host) => hostValues(values, factsOf(cluster, host), host));
      return hosts;
    },
  };
}

function hostValues(values: ManifestValues, facts: HostFacts, host: HostPlan): HostValues {
  return {
    name: facts.name,
    hostname: facts.hostname,
    role: host.role,
    day2: host.day2,
    mac: facts.mac,
    nic: facts.nic,
    ipv4: facts.ipv4,
    bmc_address: `${values.bmc_scheme}://${facts.bmc}/redfish/v1/Systems/1`,
    inspected: isInspected(host),
  };
}

function isInspected({ fault }: HostPlan): boolean {
  return (fault?.kind === 'bmh-stuck' || fault?.kind === 'bmh-fails') && fault.state === 'inspecting';
}
