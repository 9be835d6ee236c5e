import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadPlan, parsePlan } from './load.ts';
import { PlanError } from './plan.ts';

const SNO = 'clusters:\n- topology: sno\n';

/** The problems of a plan that must not be accepted. */
function problemsOf(read: () => unknown): string[] {
  try {
    read();
  } catch (error) {
    if (error instanceof PlanError) return error.message.split('\n');
    throw error;
  }
  throw new Error('the plan was accepted');
}

const bad = (text: string, files = false) => problemsOf(() => parsePlan(text, 'p.yaml', { allowFiles: files }));

describe('what is wrong and where', () => {
  test.each([
    // Syntax
    ['unclosed bracket', 'clusters: [', [/^p\.yaml:1:12: not valid YAML: /]],
    ['bad indentation', 'service:\n    url: embedded\n  insecure: true\n', [/^p\.yaml:3:\d+: not valid YAML: /]],
    ['a tab', 'clusters:\n\t- topology: sno\n', [/^p\.yaml:2:1: not valid YAML: /]],
    ['an unknown tag', 'name: !foo x\n', [/^p\.yaml:1:7: not valid YAML: Unresolved tag: !foo/]],
    ['two documents', `${SNO}---\n${SNO}`, [/^p\.yaml:3:1: not valid YAML: Source contains multiple documents/]],
    [
      'an alias without anchor',
      'name: *x\n',
      ['p.yaml:1:7: the alias *x has no anchor; allowed: aliases of anchors (&x) that stand before them'],
    ],
    [
      'a repeated key',
      `${SNO}keep: true\nkeep: false\n`,
      ['p.yaml:4:1: the key keep is given twice in one mapping; allowed: once'],
    ],
    // Shape
    ['nothing', '', [/^p\.yaml:1:1: the plan is null; allowed: a mapping with the keys name, seed, /]],
    ['a list', '- 1\n', [/^p\.yaml:1:1: the plan is a list of 1; allowed: a mapping/]],
    ['no clusters', 'name: x\n', ['p.yaml:1:1: the key clusters is missing; allowed: a list of clusters']],
    [
      'empty clusters',
      'clusters: []\n',
      ['p.yaml:1:11: clusters is a list of 0; allowed: a list of at least one cluster'],
    ],
    ['clusters without a value', 'clusters:\n', [/^p\.yaml:1:\d+: clusters is null; allowed: a list of clusters/]],
    [
      'a cluster that is a text',
      'clusters: [sno]\n',
      [/^p\.yaml:1:12: clusters\[0\] is "sno"; allowed: a mapping with the keys name, amount/],
    ],
    // Keys
    ['a misspelt key', `${SNO}shufle: true\n`, ['p.yaml:3:1: unknown key "shufle"; did you mean shuffle?']],
    [
      'a misspelt key below',
      'clusters:\n- topolgy: sno\n',
      ['p.yaml:2:3: unknown key "topolgy" in clusters[0]; did you mean topology?'],
    ],
    [
      'a key unlike any',
      `${SNO}arrival: {soon: 1}\n`,
      ['p.yaml:3:11: unknown key "soon" in arrival; allowed: rate, batches, steps'],
    ],
    [
      'a misspelt key in a union',
      'clusters:\n- topology: {control_planes: 3, wrkers: 1}\n',
      ['p.yaml:2:33: unknown key "wrkers" in clusters[0].topology; did you mean workers?'],
    ],
    // Values
    [
      'an amount of none',
      'clusters:\n- topology: sno\n  amount: 0\n',
      ['p.yaml:3:11: clusters[0].amount is 0; allowed: a whole number from 1 to 1000000'],
    ],
    [
      'half a cluster',
      'clusters:\n- topology: sno\n  amount: 1.5\n',
      ['p.yaml:3:11: clusters[0].amount is 1.5; allowed: a whole number from 1 to 1000000'],
    ],
    [
      'a number as text',
      'clusters:\n- topology: sno\n  amount: "2"\n',
      ['p.yaml:3:11: clusters[0].amount is "2"; allowed: a whole number from 1 to 1000000'],
    ],
    [
      'too many workers',
      'clusters:\n- topology: {control_planes: 3, workers: 501}\n',
      ['p.yaml:2:42: clusters[0].topology.workers is 501; allowed: a whole number from 0 to 500'],
    ],
    [
      'an unknown topology',
      'clusters:\n- topology: tiny\n',
      [
        'p.yaml:2:13: clusters[0].topology is "tiny"; allowed: sno, compact, or a mapping with the keys control_planes, arbiters, workers',
      ],
    ],
    [
      'a number of control planes is missing',
      'clusters:\n- topology: {workers: 2}\n',
      ['p.yaml:2:13: clusters[0].topology.control_planes is nothing; allowed: a whole number from 1 to 5'],
    ],
    [
      'a version that YAML reads as a number',
      `${SNO}openshift_version: 4.20\n`,
      [/^p\.yaml:3:20: openshift_version is 4\.20; allowed: a version in quotes such as '4\.20'/],
    ],
    [
      'a name with capitals',
      `${SNO}name: Demo\n`,
      [/^p\.yaml:3:7: name is "Demo"; allowed: a name of 1 to 30 lower-case letters/],
    ],
    [
      'a platform',
      `${SNO}platform: vsphere\n`,
      ['p.yaml:3:11: platform is "vsphere"; allowed: one of none, baremetal'],
    ],
    [
      'a rate of booting hosts without a unit of time',
      `${SNO}boot: {from: iso, rate_per_host: 10MB}\n`,
      ['p.yaml:3:34: boot.rate_per_host is "10MB"; allowed: bytes in a second such as 500kB/s, 100MB/s or 1GB/s'],
    ],
    [
      'a rate of booting hosts that is next to nothing',
      `${SNO}boot: {from: none, rate_total: 5B/s}\n`,
      ['p.yaml:3:32: boot.rate_total is "5B/s"; allowed: at least 1kB/s'],
    ],
    ['a share of hosts', `${SNO}boot: {share: 2}\n`, ['p.yaml:3:15: boot.share is 2; allowed: a number from 0 to 1']],
    ['a boolean in words', `${SNO}shuffle: "yes"\n`, ['p.yaml:3:10: shuffle is "yes"; allowed: true or false']],
    ['a profile', `${SNO}profile: toaster\n`, [/^p\.yaml:3:10: profile is "toaster"; allowed: one of vm, sno-small, /]],
    [
      'a profile by role',
      `${SNO}profile:\n  worker: toaster\n`,
      [/^p\.yaml:4:11: profile\.worker is "toaster"; allowed: one of vm, /],
    ],
    [
      'a duration without a unit',
      `${SNO}boot_spread: 90\n`,
      ['p.yaml:3:14: boot_spread is 90; allowed: a duration with units such as 90s, 5m or 1h30m, of at most 365d'],
    ],
    [
      'a duration of centuries',
      `${SNO}boot_spread: 99999999d\n`,
      [
        'p.yaml:3:14: boot_spread is "99999999d"; allowed: a duration with units such as 90s, 5m or 1h30m, of at most 365d',
      ],
    ],
    [
      'a seed of too many characters, or of none',
      `${SNO}seed: ""\n`,
      ['p.yaml:3:7: seed is ""; allowed: a text of 1 to 64 characters, or a whole number'],
    ],
    [
      'a URL with the path of the API',
      `${SNO}service: {url: "http://127.0.0.1:1/api/assisted-install/v2/"}\n`,
      [
        /^p\.yaml:3:16: service\.url is "http:.*"; allowed: embedded, or an http or https URL without .* the path of the API/,
      ],
    ],
    [
      'a limit',
      `${SNO}limits:\n  install: soon\n`,
      [
        'p.yaml:4:12: limits.install is "soon"; allowed: a duration with units such as 90s, 5m or 1h30m, of at most 365d',
      ],
    ],
    [
      'a connection mode',
      `${SNO}connections: {mode: fast}\n`,
      ['p.yaml:3:21: connections.mode is "fast"; allowed: one of per-poll, keep-alive, shared'],
    ],
    [
      'a source address',
      `${SNO}connections: {source_addresses: [127.0.0.1, here]}\n`,
      ['p.yaml:3:45: connections.source_addresses[1] is "here"; allowed: an IPv4 or IPv6 address of this machine'],
    ],
    [
      'an arrival',
      `${SNO}arrival: now\n`,
      ['p.yaml:3:10: arrival is "now"; allowed: all, or a mapping with one of the keys rate, batches, steps'],
    ],
    [
      'a rate',
      `${SNO}arrival: {rate: 500}\n`,
      ['p.yaml:3:17: arrival.rate is 500; allowed: clusters in a unit of time such as 500/h'],
    ],
    [
      'a batch',
      `${SNO}arrival: {batches: 40 per 5m}\n`,
      ['p.yaml:3:20: arrival.batches is "40 per 5m"; allowed: clusters and a duration such as 40 every 5m'],
    ],
    [
      'a label name',
      'clusters:\n- topology: sno\n  infraenv_labels: {"a b": c}\n',
      [
        'p.yaml:3:21: clusters[0].infraenv_labels has the key "a b"; allowed: a label name such as example.com/location',
      ],
    ],
    [
      'a label value',
      'clusters:\n- topology: sno\n  infraenv_labels: {a: 5}\n',
      ['p.yaml:3:24: clusters[0].infraenv_labels.a is 5; allowed: a label value: up to 63 letters, digits, - _ .'],
    ],
    [
      'an operator',
      `${SNO}olm_operators: [LVM]\n`,
      ['p.yaml:3:17: olm_operators[0] is "LVM"; allowed: an operator by the service\'s name for it, such as lvm'],
    ],
    ['a poll interval', `${SNO}poll_interval: 0s\n`, ['p.yaml:3:16: poll_interval is "0s"; allowed: from 1s to 1h']],
    [
      "a pace of the user's looks",
      `${SNO}user_poll_interval: 250ms\n`,
      ['p.yaml:3:21: user_poll_interval is "250ms"; allowed: from 1s to 1h'],
    ],
    [
      'a value behind an alias',
      'clusters:\n- &a {topology: sno, amount: 0}\n- *a\n',
      [
        'p.yaml:2:30: clusters[0].amount is 0; allowed: a whole number from 1 to 1000000',
        'p.yaml:2:30: clusters[1].amount is 0; allowed: a whole number from 1 to 1000000',
      ],
    ],
    // One key against another
    [
      'no topology',
      'clusters:\n- amount: 1\n',
      [
        /^p\.yaml:2:3: clusters\[0\] has no topology; allowed: topology: sno, compact or \{control_planes, arbiters, workers\}/,
      ],
    ],
    [
      'both ways of topology',
      'clusters:\n- topology: sno\n  single_node: true\n',
      ['p.yaml:3:3: clusters[0].topology and clusters[0].single_node are both given; allowed: one of them'],
    ],
    [
      'workers of a single node',
      'clusters:\n- single_node: true\n  num_workers: 2\n',
      ['p.yaml:3:16: clusters[0].num_workers is 2; allowed: 0 beside single_node: true'],
    ],
    [
      'workers beside one control plane',
      'clusters:\n- topology: {control_planes: 1, workers: 2}\n',
      [
        'p.yaml:2:42: clusters[0].topology.workers is 2; allowed: 0 beside 1 control plane (use day2_workers to add workers later)',
      ],
    ],
    [
      'two control planes alone',
      'clusters:\n- topology: {control_planes: 2}\n',
      ['p.yaml:2:30: clusters[0].topology.control_planes is 2; allowed: 2 only with arbiters: 1; else 1, 3, 4 or 5'],
    ],
    [
      'an arbiter too many',
      'clusters:\n- topology: {control_planes: 3, arbiters: 1}\n',
      ['p.yaml:2:43: clusters[0].topology.arbiters is 1; allowed: 0 beside 3 control planes (1 only beside 2)'],
    ],
    [
      'an arbiter too early',
      "openshift_version: '4.18'\nclusters:\n- topology: {control_planes: 2, arbiters: 1}\n",
      [
        /^p\.yaml:3:13: clusters\[0\]\.topology is a mapping; allowed: this topology on platform baremetal only from openshift_version '4\.19' on \(it is '4\.18'\)/,
      ],
    ],
    [
      'five control planes too early',
      "openshift_version: '4.17.3'\nclusters:\n- topology: {control_planes: 5}\n",
      [/only from openshift_version '4\.18' on/],
    ],
    [
      'an arbiter without platform',
      'clusters:\n- topology: {control_planes: 2, arbiters: 1}\n  platform: none\n',
      [/only from openshift_version '4\.22' on \(it is '4\.20'\)/],
    ],
    [
      'a platform for a single node',
      'clusters:\n- topology: sno\n  platform: baremetal\n',
      [
        'p.yaml:3:13: clusters[0].platform is "baremetal"; allowed: none: the service installs single-node clusters without a platform',
      ],
    ],
    [
      'day 2 without a cluster',
      'clusters:\n- topology: sno\n  just_infraenv: true\n  day2_workers: 1\n',
      [/^p\.yaml:4:17: clusters\[0\]\.day2_workers is 1; allowed: 0 beside just_infraenv/],
    ],
    [
      'a hub that nothing is made on',
      `${SNO}hub: {kubeconfig: hub.kubeconfig}\n`,
      [/^p\.yaml:3:1: hub is given and no cluster is made by custom resources; add api: kube/],
    ],
    [
      'custom resources and a service whose hub is not named',
      `${SNO}api: kube\nservice: {url: "http://127.0.0.1:8090"}\n`,
      [/need its hub; add hub: {kubeconfig: <path of a kubeconfig>}$/],
    ],
    [
      'the embedded service on a hub of somebody',
      `${SNO}api: kube\nservice: {url: embedded}\nhub: {kubeconfig: hub.kubeconfig}\n`,
      [
        /^p\.yaml:5:7: hub\.kubeconfig .* no files in a plan/,
        /^p\.yaml:5:19: hub\.kubeconfig is "hub\.kubeconfig"; allowed: embedded beside service\.url: embedded/,
      ],
    ],
    [
      'REST clusters of a service that only its hub knows',
      'clusters:\n- {topology: sno, api: kube}\n- {topology: sno}\nhub: {kubeconfig: hub.kubeconfig}\n',
      [/^p\.yaml:4:1: clusters with api: rest beside a hub of your own need service\.url/, /no files in a plan/],
    ],
    [
      'a context of the embedded hub',
      `${SNO}api: kube\nhub: {context: other}\n`,
      [/^p\.yaml:4:16: hub\.context is "other"; allowed: a context only beside hub\.kubeconfig/],
    ],
    [
      'flows of a hub without one',
      'clusters:\n- {topology: sno, bmh: true, late_binding: true, hold_installation: true}\n',
      [
        /clusters\[0\]\.bmh is true; allowed: false beside api: rest/,
        /late_binding is true/,
        /hold_installation is true/,
      ],
    ],
    [
      'binding what has no cluster',
      'clusters:\n- {topology: sno, api: kube, just_infraenv: true, late_binding: true}\n',
      [/late_binding is true; allowed: false beside just_infraenv/],
    ],
    [
      'operators that a custom resource cannot name',
      'clusters:\n- {topology: sno, api: kube, olm_operators: [lvm]}\n',
      [/olm_operators is a list of 1; allowed: none beside api: kube/],
    ],
    [
      'the other kind of agent',
      `${SNO}agent: noop\n`,
      [
        'p.yaml:3:8: agent is "noop"; allowed: noop only beside its stock programs (missing: programs.agent, programs.installer, programs.controller, programs.controller_manifests)',
      ],
    ],
    [
      'no-op hosts that are not installed, in fast time',
      'clusters:\n- {topology: sno, just_infraenv: true, agent: noop}\nclock_speed: 10\n',
      [
        'p.yaml:2:47: clusters[0].agent is "noop"; allowed: noop only beside its stock programs (missing: programs.agent)',
        'p.yaml:3:14: clock_speed is 10; allowed: 1 beside agent: noop, because stock programs keep real time',
      ],
    ],
    [
      'no-op hosts of day 2',
      'agent: noop\nclusters:\n- {topology: compact, day2_workers: 1}\n',
      [
        'p.yaml:1:8: agent is "noop"; allowed: noop only beside its stock programs (missing: programs.agent, programs.installer, programs.controller, programs.controller_manifests)',
      ],
    ],
    [
      'programs in what is no image',
      'agent: noop\nclusters:\n- {topology: sno}\nprograms: {agent: {image: ""}, installer: {path: /i}, controller: 5}\n',
      [
        'p.yaml:4:27: programs.agent.image is ""; allowed: the reference of an image, as podman and skopeo take it',
        /programs\.installer\.image .*allowed: the reference of an image/,
        /unknown key "path" in programs\.installer; allowed: image/,
        /programs\.controller is 5; allowed: a path, or a mapping such as \{image: /,
      ],
    ],
    [
      'an installer that is a file, without its manifests',
      'agent: noop\nclusters:\n- {topology: sno}\nprograms: {agent: {image: a}, installer: /i, controller: {image: c}}\n',
      [/noop only beside its stock programs \(missing: programs\.controller_manifests\)/],
    ],
    [
      'programs that nobody runs',
      `${SNO}programs: {agent: /usr/bin/agent}\n`,
      ['p.yaml:3:1: programs is given and no host runs them; add agent: noop, or leave it out'],
    ],
    [
      'fast time with a real service',
      `${SNO}service: {url: "http://s:1"}\nclock_speed: 10\n`,
      [
        'p.yaml:4:14: clock_speed is 10; allowed: 1, because the service at http://s:1 keeps real time (other speeds only with service.url: embedded)',
      ],
    ],
    [
      'a service by another scheme',
      `${SNO}service: {url: "ftp://s"}\n`,
      [/^p\.yaml:3:16: service\.url is "ftp:\/\/s"; allowed: embedded, or an http or https URL/],
    ],
    [
      'a service with a query',
      `${SNO}service_endpoint: "http://s?x=1"\n`,
      [/^p\.yaml:3:19: service_endpoint is "http:\/\/s\?x=1"; allowed: /],
    ],
    [
      'two services',
      `${SNO}service: {url: "http://s"}\nservice_endpoint: "http://s"\n`,
      ['p.yaml:4:1: service.url and service_endpoint are both given; allowed: one of them'],
    ],
    [
      'two arrivals',
      `${SNO}arrival: {rate: 1/h, batches: 1 every 1m}\n`,
      [/^p\.yaml:3:10: arrival is a mapping; allowed: all, or a mapping with exactly one of the keys rate, batches/],
    ],
    [
      'an arrival of nothing',
      `${SNO}arrival: {}\n`,
      [/^p\.yaml:3:10: arrival is a mapping; allowed: all, or a mapping with exactly one/],
    ],
    [
      'no rate',
      `${SNO}arrival: {rate: 0/h}\n`,
      ['p.yaml:3:17: arrival.rate is "0/h"; allowed: more than 0 clusters in a unit of time'],
    ],
    [
      'no batch',
      `${SNO}arrival: {batches: 0 every 5m}\n`,
      ['p.yaml:3:20: arrival.batches is "0 every 5m"; allowed: at least one cluster and a duration longer than 0s'],
    ],
    [
      'a shard outside',
      `${SNO}seed: 1\nshard: {index: 2, count: 2}\n`,
      ['p.yaml:4:16: shard.index is 2; allowed: a whole number from 0 to 1'],
    ],
    [
      'shards without a seed',
      `${SNO}shard: {index: 0, count: 2}\n`,
      ['p.yaml:3:1: a shard without a seed; all shards of a run need the same seed: add the key seed'],
    ],
    [
      'both spellings of labels',
      'clusters:\n- topology: sno\n  infraenv_labels: {a: b}\n  infranev_labels: {a: b}\n',
      ['p.yaml:4:3: clusters[0].infraenv_labels and clusters[0].infranev_labels are both given; allowed: one of them'],
    ],
    [
      'too many hosts',
      'clusters:\n- {topology: sno, amount: 999999}\n- {topology: compact, amount: 1}\n',
      [
        /^p\.yaml:3:31: clusters\[1\]\.amount is 1; allowed: at most 1000000 hosts in a plan \(there are 1000002 up to this entry\)/,
      ],
    ],
    [
      'a file in a plan from the network',
      `${SNO}pull_secret_file: /etc/passwd\n`,
      [
        'p.yaml:3:1: pull_secret_file is "/etc/passwd"; allowed: no files in a plan that is sent over the network, give pull_secret instead',
      ],
    ],
  ] as [string, string, (string | RegExp)[]][])('%s', (_, text, expected) => {
    const found = bad(text);
    for (const [i, pattern] of expected.entries()) {
      if (typeof pattern === 'string') expect(found[i]).toBe(pattern);
      else expect(found[i]).toMatch(pattern);
    }
    expect(found).toHaveLength(expected.length);
  });

  test('of very many the first are told, and how many more there are', () => {
    const found = bad(`clusters:\n${'- {topology: sno, amuont: 3}\n'.repeat(1000)}`);
    expect(found).toHaveLength(31);
    expect(found[29]).toMatch(/^p\.yaml:31:\d+: unknown key "amuont"/);
    expect(found[30]).toBe('and 970 more problems, told once these are mended');
  });

  test('all problems come at once, in the order of the file', () => {
    expect(
      bad('clusters:\n- {topology: tiny, amount: 0}\n- {topolgy: sno}\nkeep: 1\nservice: {url: 5, ca: x}\n').map(
        (line) => line.split(': ')[0],
      ),
    ).toEqual(['p.yaml:2:14', 'p.yaml:2:28', 'p.yaml:3:4', 'p.yaml:4:7', 'p.yaml:5:16', 'p.yaml:5:19']);
    expect(
      bad('clusters:\n- {topology: sno, agent: noop, platform: baremetal}\nservice_endpoint: x\nclock_speed: 2\n')
        .length,
    ).toBe(4);
  });

  test('secrets are not shown', () => {
    const lines = [
      ...bad(`${SNO}pull_secret: hunter2\n`),
      ...bad(`${SNO}pull_secret: [hunter2]\n`),
      ...bad(`${SNO}service: {agent_token: "hun\\nter2"}\n`),
      ...bad(`${SNO}service: {user_authorization: "hunter2é"}\n`),
    ];
    expect(lines).toHaveLength(4);
    for (const line of lines) {
      expect(line).toContain(' is a hidden value; allowed: ');
      expect(line).not.toMatch(/hun/);
    }
  });

  test('long values are cut', () => {
    expect(bad(`${SNO}platform: ${'x'.repeat(500)}\n`)[0]!.length).toBeLessThan(160);
  });
});

describe('what a plan means', () => {
  test('takes merge keys of YAML as other parsers do, and what stands beside them first', () => {
    const { clusters } = parsePlan('clusters:\n- &a {topology: compact, amount: 2}\n- <<: *a\n  amount: 3\n', 'p.yaml');
    expect(clusters).toMatchObject([
      { controlPlanes: 3, amount: 2 },
      { controlPlanes: 3, amount: 3 },
    ]);
  });

  test('defaults', () => {
    const plan = parsePlan(SNO, 'my Plan-1.yaml');
    expect(plan).toMatchObject({
      name: 'my-plan-1',
      seedGiven: false,
      service: { url: 'embedded', tls: {}, agentToken: '', userAuthorization: '' },
      clockSpeed: 1,
      connections: { mode: 'per-poll', idleSeconds: 90, sourceAddresses: [] },
      pollIntervalSeconds: null,
      userPollSeconds: null,
      spokeProfile: 'typical',
      openshiftVersion: '4.20',
      releaseImage: null,
      keep: false,
      shuffle: false,
      arrival: { kind: 'all' },
      shard: { index: 0, count: 1 },
      warnings: [],
    });
    expect(plan.seed).toMatch(/^[0-9a-z]{8}$/);
    expect(Object.keys(JSON.parse(plan.pullSecret).auths)).toContain('quay.io');
    expect(plan.clusters).toMatchObject([
      {
        name: 'my-plan-1',
        amount: 1,
        controlPlanes: 1,
        workers: 0,
        platform: 'none',
        api: 'rest',
        noop: { share: 0, among: 'entry' },
        assignRoles: false,
      },
    ]);
  });

  test('what can be said of a hub', () => {
    const plan = parsePlan(
      `
hub: {kubeconfig: hub.kubeconfig, context: lab, converged: false, spoke_address: 192.0.2.7}
manifests: {templates: mine}
clusters:
- {topology: sno, api: kube, bmh: true, hold_installation: false}
- {topology: compact, api: kube, late_binding: true}
`,
      '/plans/p.yaml',
      { allowFiles: true },
    );
    expect(plan.hub).toEqual({
      kubeconfig: '/plans/hub.kubeconfig',
      context: 'lab',
      converged: false,
      spokeAddress: '192.0.2.7',
    });
    expect(plan.manifests).toEqual({ values: null, templates: '/plans/mine' });
    expect(plan.service.url).toBe('hub');
    expect(plan.clusters.map(({ api, flow }) => [api, flow])).toEqual([
      ['kube', { bmh: true, holdInstallation: false }],
      ['kube', { lateBinding: true }],
    ]);
    expect(parsePlan({ clusters: [{ topology: 'sno', api: 'kube' }] }, 'p').hub).toEqual({
      kubeconfig: 'embedded',
      context: null,
      converged: null,
      spokeAddress: '127.0.0.1',
    });
    expect(parsePlan({ clusters: [{ topology: 'sno' }] }, 'p').hub).toBeNull();
  });

  test('everything that can be said', () => {
    const plan = parsePlan(
      `
name: all
seed: 42
service: {url: "https://service.example.com:8443/prefix/", insecure: true, agent_token: t0ken, user_authorization: Bearer abc}
openshift_version: '4.22.1'
release_image: quay.example.com/release:1
pull_secret: '{"auths":{"r.example.com":{"auth":"dTpw"}}}'
ssh_public_key: ssh-ed25519 AAAA x
base_dns_domain: lab.example.org
platform: none
profile: {worker: server-large, sno: vm}
olm_operators: [lvm, lvm, cnv]
arrival: {batches: 40 every 1m30s}
boot_spread: 250ms
connections: {mode: keep-alive, idle_seconds: 1.5, source_addresses: ["::1"]}
poll_interval: 30s
user_poll_interval: 1m30s
limits: {discovery: 1m, ready: 2m, install: 3h, day2: 1d}
keep: true
shuffle: true
shard: {index: 1, count: 4}
clusters:
- topology: {control_planes: 4, workers: 500}
  name: big
  amount: 3
  day2_workers: 7
  platform: baremetal
  with_nmstate: true
  assign_roles: false
  set_hostnames: true
  infraenv_labels: {example.com/place: moon}
- {topology: {control_planes: 2, arbiters: 1}, profile: master, olm_operators: []}
- {topology: sno, just_infraenv: true}
`,
      'p.yaml',
    );
    expect(plan).toMatchObject({
      name: 'all',
      seed: '42',
      seedGiven: true,
      service: {
        url: 'https://service.example.com:8443/prefix',
        tls: { insecure: true },
        agentToken: 't0ken',
        userAuthorization: 'Bearer abc',
      },
      openshiftVersion: '4.22.1',
      releaseImage: 'quay.example.com/release:1',
      pullSecret: '{"auths":{"r.example.com":{"auth":"dTpw"}}}',
      sshPublicKey: 'ssh-ed25519 AAAA x',
      baseDomain: 'lab.example.org',
      arrival: { kind: 'batches', size: 40, everySeconds: 90 },
      bootSpreadSeconds: 0.25,
      connections: { mode: 'keep-alive', idleSeconds: 1.5, sourceAddresses: ['::1'] },
      pollIntervalSeconds: 30,
      userPollSeconds: 90,
      limits: { discovery: 60, ready: 120, install: 10_800, day2: 86_400 },
      keep: true,
      shuffle: true,
      shard: { index: 1, count: 4 },
    });
    expect(plan.clusters).toMatchObject([
      {
        position: { file: 'p.yaml', line: 23, column: 3 },
        name: 'big',
        amount: 3,
        controlPlanes: 4,
        workers: 500,
        day2Workers: 7,
        platform: 'baremetal',
        withNmstate: true,
        assignRoles: false,
        setHostnames: true,
        infraEnvLabels: { 'example.com/place': 'moon' },
        olmOperators: ['lvm', 'cnv'],
        profiles: { master: 'master', worker: 'server-large' },
      },
      {
        controlPlanes: 2,
        arbiters: 1,
        platform: 'none',
        olmOperators: [],
        profiles: { master: 'master', arbiter: 'master' },
      },
      { controlPlanes: 1, justInfraEnv: true, profiles: { master: 'vm' } },
    ]);
  });

  test('a plan can be plain data', () => {
    const plan = parsePlan({ seed: 'x', clusters: [{ topology: 'compact' }], arrival: { rate: '30/m' } }, 'request');
    expect(plan.arrival).toEqual({ kind: 'rate', clustersPerHour: 1800 });
    expect(plan.name).toBe('request');
  });
});

describe('files', () => {
  let folder: string;
  const put = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'plan-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Same keys, order and spelling as the public tool's examples; its schema block is cut short. */
  const TESTPLAN = `
clusters:
  - single_node: true
    num_workers: 0
    amount: 2
  - single_node: false
    num_workers: 10
    amount: 2
    infranev_labels:
      agentclusterinstalls.extensions.hive.openshift.io/location: Sun
  - single_node: false
    num_workers: 0
    with_nmstate: true
    just_infraenv: true
    infranev_labels:
      agentclusterinstalls.extensions.hive.openshift.io/location: Moon
    amount: 1
shuffle: true
schema:
  properties:
    required:
      - clusters
`;
  const SERVICE_CONFIG = `
service_endpoint: "https://service.example.com"
ssh_pub_key: "ecdsa-sha2-nistp256 AAAA swarm@swarm"
pull_secret_file: "secrets/pull.json"
release_image: "quay.io/openshift-release-dev/ocp-release:4.9.7-x86_64"`;

  test.each([
    ['plan first', false],
    ['service first', true],
  ])('the older pair of files is read unchanged: %s', (_, reverse) => {
    mkdirSync(join(folder, 'secrets'), { recursive: true });
    put('secrets/pull.json', '{"auths":{"quay.io":{"auth":"dTpw"}}}\n');
    const files = [put('testplan.yaml', TESTPLAN), put('service_config.yaml', SERVICE_CONFIG)];
    const plan = loadPlan(reverse ? files.toReversed() : files);
    expect(plan).toMatchObject({
      name: 'testplan',
      shuffle: true,
      service: { url: 'https://service.example.com' },
      sshPublicKey: 'ecdsa-sha2-nistp256 AAAA swarm@swarm',
      pullSecret: '{"auths":{"quay.io":{"auth":"dTpw"}}}',
      releaseImage: 'quay.io/openshift-release-dev/ocp-release:4.9.7-x86_64',
    });
    expect(plan.clusters).toMatchObject([
      { amount: 2, controlPlanes: 1, workers: 0, platform: 'none' },
      { amount: 2, controlPlanes: 3, workers: 10, platform: 'baremetal' },
      { amount: 1, controlPlanes: 3, workers: 0, withNmstate: true, justInfraEnv: true },
    ]);
    expect(plan.clusters[1]!.infraEnvLabels).toEqual({
      'agentclusterinstalls.extensions.hive.openshift.io/location': 'Sun',
    });
    expect(plan.warnings.map(({ line, column, message }) => [line, column, message])).toEqual([
      [9, 5, 'infranev_labels is a misspelling of infraenv_labels; it is accepted'],
      [15, 5, 'infranev_labels is a misspelling of infraenv_labels; it is accepted'],
    ]);
  });

  test('a missing secret file is an error at the key that names it', () => {
    const config = put('lonely.yaml', SERVICE_CONFIG.replace('pull.json', 'gone.json'));
    expect(problemsOf(() => loadPlan([put('plan.yaml', SNO), config]))).toEqual([
      `${config}:4:19: pull_secret_file is "secrets/gone.json"; allowed: the path of a file that can be read (there is no such file: ${join(folder, 'secrets/gone.json')})`,
    ]);
  });

  test('tokens and certificates come from files', () => {
    put('token', 'abc.def\n');
    put('ca.pem', '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n');
    const plan = loadPlan([
      put('tokens.yaml', `${SNO}service: {ca_file: ca.pem, agent_token_file: token, user_authorization_file: token}\n`),
    ]);
    expect(plan.service).toMatchObject({ agentToken: 'abc.def', userAuthorization: 'abc.def' });
    expect(plan.service.tls.ca).toContain('BEGIN CERTIFICATE');
    expect(problemsOf(() => loadPlan([put('not-pem.yaml', `${SNO}service: {ca_file: token}\n`)]))[0]).toMatch(
      /:3:20: service\.ca_file is "token"; allowed: a file of PEM/,
    );
  });

  test('a key in two files is refused with both places', () => {
    const [a, b] = [put('a.yaml', `${SNO}seed: 1\n`), put('b.yaml', 'name: b\nseed: 2\n')];
    expect(problemsOf(() => loadPlan([a, b]))).toEqual([
      `${b}:2:1: seed is given again; allowed: once (it is also at ${a}:3:1)`,
    ]);
  });

  test('files that cannot be read, or are not plans, are all named', () => {
    const broken = put('broken.yaml', 'a: [');
    expect(
      problemsOf(() => loadPlan([join(folder, 'no.yaml'), folder, broken])).map((line) =>
        line.slice(0, line.indexOf(';') + 1 || undefined),
      ),
    ).toEqual([
      `${folder}/no.yaml:1:1: cannot be read: there is no such file;`,
      `${folder}:1:1: cannot be read: it is a directory;`,
      expect.stringContaining(`${broken}:1:5: not valid YAML`),
    ]);
  });
});

describe('whatever comes, the reader answers with a plan or a PlanError', () => {
  const survives = (text: string | object) => {
    try {
      parsePlan(text, 'fuzz.yaml', { allowFiles: false });
    } catch (error) {
      if (!(error instanceof PlanError)) throw error;
      expect(error.problems.length).toBeGreaterThan(0);
      for (const problem of error.problems) {
        expect(problem.line).toBeGreaterThanOrEqual(1);
        expect(problem.column).toBeGreaterThanOrEqual(1);
        expect(problem.message).not.toMatch(/ is undefined|\[object/);
      }
    }
    return true;
  };

  const WORDS =
    'clusters topology sno compact control_planes workers arbiters amount service url embedded arrival rate 5/h batches seed shard index count ' +
    'name true false null 4.20 -1 1e99 0x10 .nan .inf ~ << __proto__ constructor toString limits install 5m profile vm pull_secret infraenv_labels ' +
    '!!str !!binary !!set !!map !!timestamp &a *a ? | > - --- ... %YAML # "x" \' \u0000 \ufeff';
  const piece = fc.constantFrom(...WORDS.split(' '), ': ', ', ', '\n', '\n  ', '\n- ', '{', '}', '[', ']', '"', '\t');

  test('text made of pieces of plans', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => survives(pieces.join(''))),
      { numRuns: 1500 },
    );
  });

  test('any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), survives), { numRuns: 500 });
  });

  test('any data in the place of any key', () => {
    const key = fc.constantFrom(
      ...'name seed service clusters arrival connections limits shard profile clock_speed schema openshift_version __proto__ x boot'.split(
        ' ',
      ),
    );
    fc.assert(
      fc.property(fc.dictionary(key, fc.jsonValue({ maxDepth: 3 })), (plan) =>
        survives({ clusters: [{ topology: 'sno' }], ...plan }),
      ),
      { numRuns: 700 },
    );
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.constantFrom(...'topology amount single_node num_workers profile infraenv_labels platform x'.split(' ')),
          fc.jsonValue({ maxDepth: 2 }),
        ),
        (cluster) => survives({ clusters: [cluster] }),
      ),
      { numRuns: 700 },
    );
  });

  test('text that is meant to hurt', () => {
    survives('['.repeat(200_000));
    survives('- '.repeat(100_000));
    survives(`${'{a: '.repeat(20_000)}`);
    survives('x'.repeat(5 * 2 ** 20));
    const bomb = ['a0: &a0 [x, x, x, x, x, x, x, x, x]'];
    for (let i = 1; i < 12; i++)
      bomb.push(
        `a${i}: &a${i} [${Array(9)
          .fill(`*a${i - 1}`)
          .join(', ')}]`,
      );
    survives(bomb.join('\n'));
    survives('a: &a [*a]\n');
    survives('clusters: &a [*a]\n');
  });
});
