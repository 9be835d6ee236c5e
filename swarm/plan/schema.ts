/**
 * The form of plan files. Every rule carries the words that an error shows as "allowed". What one key demands of another is checked in
 * `load.ts`. The same schema is published as `plan.schema.json` (for editors), made by {@link planJsonSchema}.
 */
import { isIP } from 'node:net';
import { z } from 'zod';
import { FAULT_BMH_STATES, FAULT_KINDS, FAULT_PHASES, FAULT_STAGES } from '../../model/faults/faults.ts';
import { SPOKE_PROFILE_NAMES } from '../../model/spoke/profiles.ts';
import { PROFILE_NAMES } from '../host/profiles.ts';
import { CONNECTION_MODES } from './connections.ts';
import { DURATION_PATTERN, isPlanDuration } from './duration.ts';
import { READER_LOADS } from './expanded-plan.ts';
import { LINK_PRESETS } from './link-presets.ts';

/** Largest values a plan may ask for. */
export const PLAN_LIMITS = {
  /** Hosts of all clusters of a run, over all shards. */
  hosts: 1_000_000,
  workers: 500,
  day2Workers: 500,
  clockSpeed: 1000,
  shards: 1000,
  sourceAddresses: 1024,
  /** Of one entry of `readers`. */
  readers: 10_000,
  /** Entries of `links`. */
  links: 8,
} as const;

const whole = (min: number, max: number) => {
  const error = `a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
};
const number = (min: number, max: number) => {
  const error = `a number from ${min} to ${max}`;
  return z.number({ error }).min(min, { error }).max(max, { error });
};
const flag = () => z.boolean({ error: 'true or false' });
const text = (error: string) => z.string({ error }).min(1, { error });
const pattern = (regex: RegExp, error: string) => z.string({ error }).regex(regex, { error });
const oneOf = <const T extends readonly [string, ...string[]]>(values: T) =>
  z.enum(values, { error: `one of ${values.join(', ')}` });
const mapping = <T extends z.core.$ZodLooseShape>(shape: T) =>
  z.strictObject(shape, { error: `a mapping with the keys ${Object.keys(shape).join(', ')}` });
const duration = () => {
  const error = 'a duration with units such as 90s, 5m or 1h30m, of at most 365d';
  return pattern(DURATION_PATTERN, error).refine(isPlanDuration, { error });
};
const path = () => text('the path of a file, relative to the file that names it');
const profileName = () => oneOf(PROFILE_NAMES as readonly [string, ...string[]]);
const ipAddress = () => {
  const error = 'an IPv4 or IPv6 address of this machine';
  return z.string({ error }).refine((value) => isIP(value) !== 0, { error });
};

const LABEL_NAME = /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const labels = () =>
  z.record(
    pattern(LABEL_NAME, 'a label name such as example.com/location'),
    pattern(/^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/, 'a label value: up to 63 letters, digits, - _ .'),
    { error: 'a mapping of label names to values' },
  );

const NAME_ALLOWED = 'a name of 1 to 30 lower-case letters, digits and inner hyphens that begins with a letter';
const name = () => pattern(/^[a-z]([a-z0-9-]{0,28}[a-z0-9])?$/, NAME_ALLOWED);

const topology = () =>
  z.union(
    [
      z.enum(['sno', 'compact']),
      mapping({
        control_planes: whole(1, 5).describe('1 (single node), 2 (with one arbiter), 3, 4 or 5'),
        arbiters: whole(0, 1).optional().describe('1 only beside 2 control planes'),
        workers: whole(0, PLAN_LIMITS.workers).optional(),
      }),
    ],
    { error: 'sno, compact, or a mapping with the keys control_planes, arbiters, workers' },
  );

const profile = () =>
  z
    .union(
      [
        profileName(),
        mapping({
          sno: profileName().optional(),
          master: profileName().optional(),
          arbiter: profileName().optional(),
          worker: profileName().optional(),
        }),
      ],
      { error: `one of ${PROFILE_NAMES.join(', ')}, or a mapping of the roles sno, master, arbiter, worker to these` },
    )
    .describe('Hardware profile of all hosts, or by role');

const operators = () =>
  z
    .array(pattern(/^[a-z][a-z0-9-]{0,62}$/, "an operator by the service's name for it, such as lvm"), {
      error: 'a list of operator names',
    })
    .describe('Operators that clusters ask for');

const clusterRate = () => pattern(/^\d{1,9}(\.\d{1,6})?\/[smhd]$/, 'clusters in a unit of time such as 500/h');

const THRESHOLD_ALLOWED =
  'an expression such as p(95)<500, a mapping such as {threshold: p(95)<500, abort: true}, a list of these, or off';
const threshold = () =>
  z.union(
    [
      text(THRESHOLD_ALLOWED),
      mapping({
        threshold: text('an expression such as p(95)<500'),
        abort: flag().optional().describe('End the run, failed, as soon as it is crossed'),
        after: duration().optional().describe('Not before so much wall-clock time of the run, or of the phase or step'),
      }),
    ],
    { error: THRESHOLD_ALLOWED },
  );

const byteRate = () =>
  pattern(/^\d{1,6}(\.\d{1,3})?[kMG]?B\/s$/, 'bytes in a second such as 500kB/s, 100MB/s or 1GB/s');

const boot = () =>
  mapping({
    from: oneOf(['none', 'iso', 'ipxe'])
      .optional()
      .describe('none; iso: by virtual media of a BMC; ipxe: kernel, initrd and rootfs'),
    share: number(0, 1).optional().describe('Share of the hosts that download; 1 when absent'),
    rate_per_host: byteRate().optional().describe('At most this much for each host; 100MB/s when absent'),
    rate_total: byteRate().optional().describe('At most this much for all hosts together; no limit when absent'),
    read_size: pattern(/^\d{1,6}(\.\d{1,3})?[kM]B$/, 'bytes such as 64kB or 1MB')
      .optional()
      .describe('What a BMC asks for at once; 1MB when absent'),
  }).describe('What booting hosts download from the image service; nothing when absent');

const links = () =>
  z
    .array(
      mapping({
        share: pattern(/^(100|\d{1,2}(\.\d{1,3})?)%$/, 'a share of the hosts from 0% to 100% such as 20%').describe(
          'Share of the hosts, chosen by the seed; no host is in two entries',
        ),
        preset: oneOf(Object.keys(LINK_PRESETS) as [string, ...string[]])
          .optional()
          .describe('Figures that others use: acm-scale-lab is 25ms each way and 0.02% loss'),
        delay: duration().optional().describe('One way'),
        jitter: duration().optional().describe('By so much a flight of packets takes more or less, at most the delay'),
        loss: pattern(/^\d{1,2}(\.\d{1,6})?%$/, 'a share of the packets from 0% to 50% such as 0.02%')
          .optional()
          .describe('Share of the packets that are lost, of each direction'),
        bandwidth: byteRate().optional().describe('Of each direction; as many bytes as come when absent'),
      }),
      { error: 'a list of mappings such as {preset: acm-scale-lab, share: 20%}' },
    )
    .max(PLAN_LIMITS.links, { error: `at most ${PLAN_LIMITS.links} entries` })
    .describe('Slow links of shares of the hosts; the others are connected as this machine is');

const PROGRAM_ALLOWED =
  'a path, or a mapping such as {image: quay.io/edge-infrastructure/assisted-installer-agent:latest}';
const program = () =>
  z.union(
    [
      text(PROGRAM_ALLOWED),
      mapping({
        image: pattern(/^[A-Za-z0-9][^\s]{0,511}$/, 'the reference of an image, as podman and skopeo take it'),
      }),
    ],
    { error: PROGRAM_ALLOWED },
  );

const programs = () =>
  mapping({
    agent: program().optional().describe('The stock agent (assisted-installer-agent)'),
    installer: program().optional().describe('The stock installer (assisted-installer)'),
    controller: program().optional().describe('The stock controller (assisted-installer-controller)'),
    controller_manifests: text('a path')
      .optional()
      .describe(
        "The folder of the controller's manifests in the installer's source: deploy/assisted-installer-controller; its image has it",
      ),
  }).describe('Stock programs that hosts with agent: noop run: paths, or images that they are copied out of');

const url = () => text('a base URL such as http://127.0.0.1:8090');
const COLLECT_SERVICE = 'true, false, or a base URL such as http://127.0.0.1:8090';

const collect = () =>
  mapping({
    interval: duration().optional().describe('Wall-clock time between two looks, from 1s to 10m; 5s when absent'),
    service: z
      .union([z.boolean(), text(COLLECT_SERVICE)], { error: COLLECT_SERVICE })
      .optional()
      .describe("The service's own /metrics: true for the service of the plan (when absent), or where it is"),
    controllers: url().optional().describe("Where the service's controllers tell their metrics, at /metrics"),
    image_service: url().optional().describe('The image service, which tells its metrics at /metrics'),
    hub: flag().optional().describe("The hub's own /metrics, with its kubeconfig; true when absent"),
    database: text('an address such as postgres://user:password@host:5432/installer')
      .optional()
      .describe("The service's PostgreSQL; its statistics are read, by a connection that only reads"),
    database_file: path().optional().describe('Holds what database does'),
    prometheus: mapping({
      url: url(),
      token_file: path().optional().describe('Holds a bearer token; read at each look'),
      ca_file: path().optional().describe('PEM certificates to trust beside those of the system'),
      insecure: flag().optional().describe('Do not verify its certificate'),
      profile: text('openshift, or the path of a YAML file with a list of {figure, query, sum, scale}')
        .optional()
        .describe('What is asked: openshift (when absent), or the path of a YAML file'),
    }).optional(),
  }).describe('Where figures of the servers under load are read; the embedded servers are always read');

const readers = () =>
  z
    .array(
      mapping({
        load: oneOf(READER_LOADS).describe(
          "cluster-list, cluster-page: the web page's; host-list: of an infra-env; events: of a cluster, from where they were read before; hub-list: Agents, AgentClusterInstalls and BareMetalHosts, as kubectl get -A",
        ),
        amount: whole(1, PLAN_LIMITS.readers).optional().describe('Users who do this; 1 when absent'),
        every: duration().optional().describe('From one look of a user to the next; 10s when absent, 1s at least'),
      }),
      { error: 'a list of mappings such as {load: cluster-list, amount: 20, every: 10s}' },
    )
    .describe('Users who look at things again and again, in every phase');

const sharePercent = (of: string) =>
  pattern(/^(100|\d{1,2}(\.\d{1,3})?)%$/, `a share of ${of} from 0% to 100% such as 5%`);
const size = () => pattern(/^\d{1,6}(\.\d{1,3})?[MGT]i?B$/, 'a size such as 4GiB or 20GB');

const faults = () =>
  z
    .array(
      mapping({
        fault: oneOf(FAULT_KINDS).describe('What goes wrong, see docs/faults.md'),
        share: sharePercent('the hosts or clusters').describe('Of the hosts, or of the clusters, that may be chosen'),
        role: oneOf(['master', 'arbiter', 'worker']).optional().describe('Only hosts of this role'),
        from: duration()
          .optional()
          .describe('Only those that boot (clusters: arrive) so long after the start, or later'),
        until: duration().optional().describe('Only those that boot (clusters: arrive) before'),
        by: pattern(
          /^-?(\d{1,9}(\.\d{1,6})?(ms|s|m|h|d))+$/,
          'a duration such as 10m, or -20m for a clock that is behind',
        )
          .optional()
          .describe('late-boot: so much later, 10m when absent; clock-skew: ahead of the service, -30m when absent'),
        at: oneOf(FAULT_PHASES).optional().describe('reboot, silent, agent-restart: after what of the host'),
        after: duration().optional().describe('reboot, silent, agent-restart: how long after it'),
        lasting: duration().optional().describe('agent-image-pull, image-unavailable: how long it lasts'),
        stage: oneOf(FAULT_STAGES).optional().describe('installer-fails: where; Writing image to disk when absent'),
        message: pattern(/^[^\r\n]{1,1000}$/, 'a text of one line, of at most 1000 characters')
          .optional()
          .describe('installer-fails, bmh-fails: what is told'),
        cpus: whole(1, 4096).optional().describe('hardware: processors'),
        memory: size().optional().describe('hardware: memory'),
        disk: size().optional().describe('hardware: size of each disk'),
        peers: sharePercent("the cluster's other hosts")
          .optional()
          .describe('no-connectivity: not reached; 100% when absent'),
        latency: duration().optional().describe('slow-disk: of a sync of the installation disk; 50ms when absent'),
        state: oneOf(FAULT_BMH_STATES).optional().describe('bmh-stuck, bmh-fails: where; provisioning when absent'),
      }),
      { error: 'a list of mappings such as {fault: no-boot, share: 2%}' },
    )
    .describe('What goes wrong with a share of the hosts or clusters; the verdict expects what follows from it');

const platform = () => oneOf(['none', 'baremetal']).describe('Single-node clusters are always on none');
const api = () =>
  oneOf(['rest', 'kube']).describe(
    "How clusters are created: by the service's REST API, or by custom resources on a hub",
  );
const AGENT_ALLOWED = 'native, noop, or a mapping such as {noop: 5%}';
const agent = () =>
  z
    .union([z.enum(['native', 'noop']), mapping({ noop: sharePercent('the clusters') })], { error: AGENT_ALLOWED })
    .describe(
      'native: imitated; noop: the stock programs, their commands replaced; or the share of clusters with those',
    );

const cluster = mapping({
  name: name().optional().describe("First part of the clusters' names; the plan's name when absent"),
  amount: whole(1, PLAN_LIMITS.hosts).optional().describe('Number of like clusters; 1 when absent'),
  topology: topology().optional().describe('sno, compact (3 control planes) or numbers by role'),
  single_node: flag().optional().describe('The older way to say topology: true is one node, false 3 control planes'),
  num_workers: whole(0, PLAN_LIMITS.workers).optional().describe('Beside single_node: number of workers'),
  day2_workers: whole(0, PLAN_LIMITS.day2Workers).optional().describe('Workers added after the installation'),
  platform: platform().optional(),
  api: api().optional(),
  agent: agent().optional(),
  profile: profile().optional(),
  olm_operators: operators().optional(),
  with_nmstate: flag().optional().describe('Give the infra-env a static network configuration'),
  just_infraenv: flag().optional().describe('Only an infra-env with hosts: no cluster, no installation'),
  bmh: flag().optional().describe('api: kube: hosts are BareMetalHosts, which boot when they are provisioned'),
  late_binding: flag().optional().describe('api: kube: the InfraEnv has no cluster; Agents are bound when discovered'),
  hold_installation: flag()
    .optional()
    .describe('api: kube: the cluster is held until all its hosts are ready, then released'),
  infraenv_labels: labels().optional().describe('Labels of the infra-env'),
  infranev_labels: labels().optional().describe('A known misspelling of infraenv_labels, accepted with a warning'),
  assign_roles: flag().optional().describe('Set host roles; true for all but single-node clusters when absent'),
  set_hostnames: flag().optional().describe('Set host names by request beside those in the inventories'),
});

const SEED_ALLOWED = 'a text of 1 to 64 characters, or a whole number';

/** A plan file, or one that gives a part of a plan: all keys are optional here. */
export const planFileSchema = mapping({
  name: name().optional().describe('Name of the plan; begins the names of what it makes'),
  seed: z
    .union(
      [z.string({ error: SEED_ALLOWED }).min(1, { error: SEED_ALLOWED }).max(64, { error: SEED_ALLOWED }), z.int()],
      {
        error: SEED_ALLOWED,
      },
    )
    .optional()
    .describe('Decides names, addresses, serials and order; invented for each run when absent'),
  service: z
    .strictObject({
      url: text("embedded, or the service's base URL such as http://127.0.0.1:8090").optional(),
      ca_file: path().optional().describe('PEM certificates to trust beside those of the system'),
      insecure: flag().optional().describe("Do not verify the service's certificate"),
      agent_token: text('the token that agents send').optional(),
      agent_token_file: path().optional(),
      user_authorization: text('the Authorization header of the user, such as Bearer …').optional(),
      user_authorization_file: path().optional(),
    })
    .optional(),
  hub: mapping({
    kubeconfig: text('embedded, or the path of a kubeconfig, relative to the file that names it').optional(),
    context: text('the name of a context of the kubeconfig').optional(),
    converged: flag()
      .optional()
      .describe('Whether the service makes the ramdisks of BareMetalHosts; found out as the service does when absent'),
    spoke_address: ipAddress()
      .optional()
      .describe('Where the service reaches the kube-apis of installed clusters, for day 2'),
  })
    .optional()
    .describe('Where clusters with api: kube are made; embedded when the service is'),
  manifests: mapping({
    values: path().optional().describe('As --values of swarm manifests render'),
    templates: text('the path of a folder, relative to the file that names it').optional(),
  })
    .optional()
    .describe('What the custom resources of clusters with api: kube look like'),
  service_endpoint: text("the service's base URL such as http://127.0.0.1:8090")
    .optional()
    .describe('Same as service.url'),
  openshift_version: pattern(
    /^\d+\.\d+(\.\d+)?(-[A-Za-z0-9.-]+)?$/,
    "a version in quotes such as '4.20' (without quotes YAML reads a number and drops the last zero)",
  ).optional(),
  release_image: text('a release image such as quay.io/openshift-release-dev/ocp-release:4.20.0-x86_64').optional(),
  pull_secret: text('the pull secret as JSON text').optional(),
  pull_secret_file: path().optional(),
  ssh_public_key: text('a public key in the form of authorized_keys').optional(),
  ssh_pub_key: text('a public key in the form of authorized_keys').optional().describe('Same as ssh_public_key'),
  base_dns_domain: pattern(
    /^(?=.{1,181}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/,
    'a lower-case DNS domain such as swarm.example.com',
  ).optional(),
  platform: platform().optional(),
  api: api().optional(),
  agent: agent().optional(),
  profile: profile().optional(),
  olm_operators: operators().optional(),
  clusters: z
    .array(cluster, { error: 'a list of clusters' })
    .min(1, { error: 'a list of at least one cluster' })
    .optional(),
  shuffle: flag().optional().describe('Start clusters in random order (decided by the seed)'),
  arrival: z
    .union(
      [
        z.enum(['all']),
        mapping({
          rate: clusterRate().optional(),
          batches: pattern(
            /^\d{1,7} every (\d{1,9}(\.\d{1,6})?(ms|s|m|h|d))+$/,
            'clusters and a duration such as 40 every 5m',
          ).optional(),
          steps: mapping({
            hosts: whole(1, PLAN_LIMITS.hosts).optional().describe('Hosts that are there in the first step'),
            rate: clusterRate().optional().describe('Clusters that arrive in the first step'),
            add: z
              .union([whole(1, PLAN_LIMITS.hosts), clusterRate()], {
                error: 'hosts such as 100, or a rate such as 50/h',
              })
              .optional()
              .describe('So much more with each step'),
            times: number(1.01, 100).optional().describe('So many times as much with each step'),
            every: duration().describe('How long a step lasts'),
          })
            .optional()
            .describe('Raised step by step until all clusters are there; every figure is told for each step'),
        }),
      ],
      { error: 'all, or a mapping with one of the keys rate, batches, steps' },
    )
    .optional()
    .describe('When clusters start: all at once, evenly at a rate, in batches, or more with every step'),
  phases: mapping({
    idle: duration().optional().describe('Before the first cluster starts: what servers do by themselves'),
    soak: duration().optional().describe('After the last cluster has come to its end, with everything in place'),
    remove: clusterRate().optional().describe('How fast everything is removed; as fast as it goes when absent'),
  })
    .optional()
    .describe('What the run does before and after its clusters are deployed; figures are told for each phase'),
  readers: readers().optional(),
  churn: pattern(/^\d{1,4}(\.\d{1,3})?%\/h$/, 'a share of the clusters in an hour such as 5%/h')
    .optional()
    .describe('Clusters that are complete are removed and made anew, so many in a simulated hour, until the soak ends'),
  boot_spread: duration().optional().describe("The first requests of a cluster's hosts are spread over this time"),
  clock_speed: number(0.1, PLAN_LIMITS.clockSpeed)
    .optional()
    .describe('Simulated seconds in one real second; other than 1 only with the embedded service'),
  connections: mapping({
    mode: oneOf(CONNECTION_MODES).optional().describe('per-poll is what stock agents do'),
    idle_seconds: number(0, 3600).optional().describe('How long idle connections stay open; stock agents: 90'),
    source_addresses: z
      .array(ipAddress(), { error: 'a list of addresses of this machine' })
      .max(PLAN_LIMITS.sourceAddresses, { error: `at most ${PLAN_LIMITS.sourceAddresses} addresses` })
      .optional()
      .describe('Connect from these addresses in turn, to hold more connections than one address has ports'),
  }).optional(),
  poll_interval: duration().optional().describe('Replaces the poll interval that the service asks for'),
  user_poll_interval: duration()
    .optional()
    .describe('How often the simulated user looks at each cluster; 10s when absent, less often for many clusters'),
  spoke_profile: oneOf(SPOKE_PROFILE_NAMES)
    .optional()
    .describe('How long things take while a cluster installs; quick is a fraction of what is usual'),
  limits: mapping({
    discovery: duration().optional(),
    ready: duration().optional(),
    install: duration().optional(),
    day2: duration().optional(),
  })
    .optional()
    .describe('How long a cluster may take for each part before it counts as failed'),
  thresholds: z
    .record(
      z.string(),
      z.union([threshold(), z.array(threshold()).min(1, { error: THRESHOLD_ALLOWED })], { error: THRESHOLD_ALLOWED }),
      { error: 'a mapping of figures, such as request_duration{client:agent}, to expressions' },
    )
    .optional()
    .describe(
      'What the run is judged by: figures to expressions. Replaces the default of the same figure; off removes it',
    ),
  collect: collect().optional(),
  boot: boot().optional(),
  faults: faults().optional(),
  links: links().optional(),
  programs: programs().optional(),
  keep: flag().optional().describe('Leave what the run made on the service'),
  shard: mapping({
    index: whole(0, PLAN_LIMITS.shards - 1),
    count: whole(1, PLAN_LIMITS.shards),
  })
    .optional()
    .describe("This generator's part when several run one plan; all need the same seed"),
  schema: z.unknown().optional().describe('Ignored: some plan files carry their own description here'),
});
export type PlanFile = z.infer<typeof planFileSchema>;
export type PlanFileCluster = z.infer<typeof cluster>;

/** JSON Schema (2020-12) of plan files; what `plan.schema.json` holds. */
export function planJsonSchema(): object {
  return {
    ...z.toJSONSchema(planFileSchema, { io: 'input' }),
    title: 'Plan of assisted-swarm',
    description: 'What a run makes and how. Durations are texts with units (90s, 5m, 1h30m).',
  };
}
