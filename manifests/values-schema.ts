/**
 * The form of values files, beside a plan or in place of one. Every rule carries the words that an error shows as "allowed". The same
 * schema is published as `values.schema.json` (for editors), made by {@link valuesJsonSchema}. Keys that a plan also has mean the same.
 */
import { z } from 'zod';

const whole = (min: number, max: number) => {
  const error = `a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
};
const flag = () => z.boolean({ error: 'true or false' });
const text = (error: string) => z.string({ error }).min(1, { error });
const pattern = (regex: RegExp, error: string) => z.string({ error }).regex(regex, { error });
const oneOf = <const T extends readonly [string, ...string[]]>(values: T) =>
  z.enum(values, { error: `one of ${values.join(', ')}` });
const mapping = <T extends z.core.$ZodLooseShape>(shape: T) =>
  z.strictObject(shape, { error: `a mapping with the keys ${Object.keys(shape).join(', ')}` });

const LABEL_NAME = /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const labels = () =>
  z.record(
    pattern(LABEL_NAME, 'a label name such as example.com/location'),
    pattern(/^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/, 'a label value: up to 63 letters, digits, - _ .'),
    { error: 'a mapping of label names to values' },
  );
const OBJECT_NAME = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const objectName = (of: string) => pattern(OBJECT_NAME, `the name of a ${of}: lower-case letters, digits, - and .`);
const IPV4 = String.raw`(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}`;
const address = () => pattern(new RegExp(`^${IPV4}$`), 'an IPv4 address such as 10.123.0.2');
const cidr = () => pattern(new RegExp(`^${IPV4}/(3[0-2]|[12]?\\d)$`), 'an IPv4 network such as 10.123.0.0/16');
const sshKey = () => text('a public key in the form of authorized_keys');

const SEED = { error: 'a text of 1 to 64 characters, or a whole number' };

/** Keys that say which clusters there are; beside a plan, the plan says it. */
const clusterShape = {
  swarm_size: whole(1, 1_000_000).optional().describe('Number of clusters'),
  name: pattern(
    /^[a-z]([a-z0-9-]{0,28}[a-z0-9])?$/,
    'a name of 1 to 30 lower-case letters, digits and inner hyphens that begins with a letter',
  )
    .optional()
    .describe("Begins the clusters' names; swarm when absent"),
  seed: z
    .union([z.string().min(1, SEED).max(64, SEED), z.int()], SEED)
    .optional()
    .describe('Decides names and addresses; the name when absent'),
  topology: z
    .union(
      [
        z.enum(['sno', 'compact']),
        mapping({
          control_planes: whole(1, 5),
          arbiters: whole(0, 1).optional(),
          workers: whole(0, 500).optional(),
        }),
      ],
      { error: 'sno, compact, or a mapping with the keys control_planes, arbiters, workers' },
    )
    .optional()
    .describe('Hosts of each cluster by role; sno when absent'),
  day2_workers: whole(0, 500).optional().describe('Workers added after the installation'),
  platform: oneOf(['none', 'baremetal'])
    .optional()
    .describe('baremetal has virtual addresses; single nodes are on none'),
  machine_network: cidr().optional().describe('Network of the hosts of every cluster; a network for each when absent'),
  api_vip: address().optional().describe('Virtual address of the API; the third address of the network when absent'),
  ingress_vip: address().optional().describe('Virtual address of the routes; the fourth of the network when absent'),
  base_dns_domain: pattern(
    /^(?=.{1,181}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/,
    'a lower-case DNS domain such as swarm.example.com',
  ).optional(),
  just_infraenv: flag().optional().describe('Only an InfraEnv with hosts: no cluster, no installation'),
  infraenv_labels: labels().optional().describe('Labels of the InfraEnvs'),
  with_nmstate: flag().optional().describe('A static network configuration (NMStateConfig) for each host'),
  assign_roles: flag().optional().describe('BareMetalHosts name the role; true for all but single nodes when absent'),
  set_hostnames: flag().optional().describe('BareMetalHosts name the host'),
};

/** Keys that say what the objects of a cluster look like. */
const objectShape = {
  release_image: text('a release image such as quay.io/openshift-release-dev/ocp-release:4.20.0-x86_64')
    .optional()
    .describe('Release that a ClusterImageSet is made for'),
  image_set: objectName('ClusterImageSet').optional().describe('A ClusterImageSet the hub has; none is made then'),
  image_set_per_cluster: flag().optional().describe('A ClusterImageSet for each cluster instead of one for all'),
  pull_secret_b64: text('the pull secret in base64').optional(),
  pull_secret: text('the pull secret as JSON text').optional(),
  pull_secret_file: text('the path of a file, relative to the file that names it').optional(),
  ssh_pub_key: sshKey().optional().describe('Key of the user core'),
  ssh_public_key: sshKey().optional().describe('Same as ssh_pub_key'),
  late_binding: flag().optional().describe('InfraEnvs without a cluster; Agents are bound later'),
  bmh: flag().optional().describe('A BareMetalHost and its Secret for each host'),
  bmh_day2: flag().optional().describe('Also for day-2 workers, which otherwise are left for later'),
  bmc_scheme: pattern(/^[a-z][a-z0-9+-]{0,62}$/, 'the scheme of a BMC address such as redfish-virtualmedia')
    .optional()
    .describe('redfish-virtualmedia when absent'),
  bmc_username: text('a user name').optional(),
  bmc_password: text('a password').optional(),
  hold_installation: flag().optional().describe('Do not install when ready, until the field is changed'),
  api_vips: oneOf(['list', 'single', 'both'])
    .optional()
    .describe('Fields of virtual addresses: apiVIPs (list), apiVIP (single, the older API), or both; list when absent'),
  platform_type: flag().optional().describe('Write platformType; false for an API that does not know it yet'),
  network_type: oneOf(['OpenShiftSDN', 'OVNKubernetes', 'CiscoACI', 'Cilium', 'Calico', 'None'])
    .optional()
    .describe("Network plug-in; the service's choice when absent"),
  cluster_networks: z
    .array(mapping({ cidr: cidr(), host_prefix: whole(1, 32).optional() }), { error: 'a list of networks' })
    .min(1, { error: 'a list of at least one network' })
    .optional()
    .describe('Networks of the pods; 10.128.0.0/14 with host_prefix 23 when absent'),
  service_networks: z
    .array(cidr(), { error: 'a list of networks' })
    .min(1, { error: 'a list of at least one network' })
    .optional()
    .describe('172.30.0.0/16 when absent'),
  manifests_config_maps: z
    .array(objectName('ConfigMap'), { error: 'a list of names of ConfigMaps' })
    .optional()
    .describe('ConfigMaps with manifests to add (manifestsConfigMapRefs)'),
  manifests_config_map: objectName('ConfigMap').optional().describe('The older API: one (manifestsConfigMapRef)'),
  cpu_architecture: oneOf(['x86_64', 'aarch64', 'arm64', 'ppc64le', 's390x']).optional(),
  image_type: oneOf(['full-iso', 'minimal-iso']).optional(),
  os_image_version: pattern(/^\d+\.\d+(\.\d+)?(-[A-Za-z0-9.-]+)?$/, "an OpenShift version in quotes such as '4.20'")
    .optional()
    .describe('Live system of InfraEnvs without a cluster'),
  additional_ntp_sources: z.array(text('a host name or address'), { error: 'a list of time sources' }).optional(),
  agent_labels: labels().optional().describe('Labels that Agents get'),
  auto_approve: flag().optional().describe('Agents are approved when they register'),
  extra: z
    .record(z.string(), z.unknown(), { error: 'a mapping' })
    .optional()
    .describe('Values for your own templates, where they are extra.NAME'),
};

/** A values file: all keys are optional here; what one demands of another is checked where the file is read. */
export const valuesFileSchema = mapping({ ...clusterShape, ...objectShape });
export type ValuesFile = z.infer<typeof valuesFileSchema>;

/** Keys that must not stand beside a plan. */
export const CLUSTER_KEYS = Object.keys(clusterShape) as (keyof typeof clusterShape)[];

/** Values under these keys are never shown. */
export const SECRET_VALUES: ReadonlySet<string> = new Set(['pull_secret', 'pull_secret_b64', 'bmc_password']);

/** JSON Schema (2020-12) of values files; what `values.schema.json` holds. */
export function valuesJsonSchema(): object {
  return {
    ...z.toJSONSchema(valuesFileSchema, { io: 'input' }),
    title: 'Values of the manifests of assisted-swarm',
    description: 'What `swarm manifests render --values` reads, in place of a plan or beside one.',
  };
}
