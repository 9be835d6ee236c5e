/** `swarm fleet render` as it is typed, and what a Kubernetes API says to what it prints. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { V1ConfigMap, V1Job, V1PersistentVolumeClaim, V1Secret } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { type KubeMock, startKubeMock } from '../../controller-mock/index.ts';
import { TestClient } from '../../controller-mock/testing/test-client.ts';
import { expandPlan } from '../plan/expand.ts';
import { loadPlan } from '../plan/load.ts';
import { planJsonSchema } from '../plan/schema.ts';
import { InputError } from './exit.ts';
import { fleetCommand } from './fleet.ts';
import { runInProcess } from './testing/in-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'swarm-fleet-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | object): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : stringify(content));
  return path;
}

const IMAGE = 'registry.example.com/assisted-swarm:1';
const URL = 'http://service.example.com:8090';
const SMALL = {
  name: 'small',
  seed: 'seven',
  service: { url: URL },
  openshift_version: '4.20',
  clusters: [{ topology: 'sno', just_infraenv: true, amount: 10 }],
};

const render = (...args: string[]) => runInProcess(fleetCommand, ['fleet', 'render', ...args, '--image', IMAGE]);

async function rendered(plan: string, ...args: string[]) {
  const { error, code, stdout, stderr } = await render(plan, '--shards', '4', ...args);
  expect({ error, code }).toEqual({ error: null, code: 0 });
  // biome-ignore lint/suspicious/noExplicitAny: objects are looked at as kubectl reads them.
  const objects: any[] = parseAllDocuments(stdout).map((document) => document.toJS());
  const one = (kind: string) => objects.find((object) => object.kind === kind);
  return {
    ...{ stdout, stderr, objects },
    config: one('ConfigMap') as V1ConfigMap,
    secret: one('Secret') as V1Secret,
    claim: one('PersistentVolumeClaim') as V1PersistentVolumeClaim | undefined,
    job: one('Job') as V1Job,
  };
}

/** Writes what pods are given where they would find it, and reads it as they do. */
function podOf({ config, secret, job }: Awaited<ReturnType<typeof rendered>>) {
  const root = mkdtempSync(join(folder, 'pod-'));
  const { volumes } = job.spec!.template.spec!;
  const mount = (name: string, data: Record<string, string>, items: { key: string; path: string }[]) => {
    for (const { key, path } of items) {
      const to = join(root, name, path);
      mkdirSync(join(to, '..'), { recursive: true });
      // Paths of the pod become those below the folder.
      writeFileSync(to, data[key]!.replaceAll(/(\s)\/(plan|secrets)\//g, `$1${root}/$2/`));
    }
  };
  mount('plan', config.data!, volumes!.find(({ name }) => name === 'plan')!.configMap!.items!);
  mount('secrets', secret.stringData!, volumes!.find(({ name }) => name === 'secrets')!.secret!.items!);
  return { root, plan: join(root, 'plan/plan.yaml') };
}

describe('a fleet', () => {
  it('is a Job with one shard a pod, a plan, secrets and a volume for results', async () => {
    const { job, config, secret, claim, objects } = await rendered(
      file('small.yaml', SMALL),
      ...['--name', 'first', '--namespace', 'load', '--start-in', '5m', '--hold', '10m', '--percentiles', '90,99.9'],
    );
    expect(objects.map(({ kind, metadata }) => [kind, metadata.namespace, metadata.name])).toEqual([
      ['PersistentVolumeClaim', 'load', 'first-results'],
      ['ConfigMap', 'load', 'first-plan'],
      ['Secret', 'load', 'first-secrets'],
      ['Job', 'load', 'first'],
    ]);
    for (const { metadata } of objects) expect(metadata.labels['app.kubernetes.io/instance']).toBe('first');
    expect(job.spec).toMatchObject({
      ...{ completionMode: 'Indexed', completions: 4, parallelism: 4, backoffLimitPerIndex: 0 },
      podReplacementPolicy: 'Failed',
    });
    const pod = job.spec!.template.spec!;
    expect(pod).toMatchObject({
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 300,
      securityContext: { runAsNonRoot: true, fsGroup: 10_001 },
      topologySpreadConstraints: [{ topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway' }],
    });
    expect(pod.securityContext).not.toHaveProperty('sysctls');
    const [container] = pod.containers;
    const { args } = container!;
    expect(args!.slice(0, 4)).toEqual(['run', '/plan/plan.yaml', '--shard', '$(JOB_COMPLETION_INDEX)/4']);
    const optionOf = (option: string) => args![args!.indexOf(option) + 1];
    expect(optionOf('--out')).toBe('/results/first/shard-$(JOB_COMPLETION_INDEX)');
    expect(optionOf('--hold')).toBe('600s');
    expect(optionOf('--percentiles')).toBe('90,99.9');
    expect(optionOf('--start-at')).toBe(job.metadata!.annotations!['assisted-swarm/start-at']);
    const ahead = Date.parse(optionOf('--start-at')!) - Date.now();
    expect(ahead).toBeGreaterThan(200_000);
    expect(ahead).toBeLessThanOrEqual(301_000);
    expect(container!.securityContext).toMatchObject({ readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
    const { requests, limits } = container!.resources!;
    expect(Number.parseInt(limits!.memory!, 10)).toBeGreaterThan(Number.parseInt(requests!.memory!, 10));
    expect(claim!.spec).toEqual({ accessModes: ['ReadWriteMany'], resources: { requests: { storage: '20Gi' } } });
    expect(parse(config.data!['plan.yaml']!)).toEqual(SMALL);
    expect(Object.keys(secret.stringData!)).toEqual(['metrics-token']);
  });

  it('has pods that expand to the whole plan, each cluster once', async () => {
    const plan = file('mixed.yaml', {
      name: 'mixed',
      service: { url: URL },
      shuffle: true,
      clusters: [
        { topology: 'sno', amount: 7 },
        { topology: { control_planes: 3, workers: 2 }, amount: 4 },
      ],
    });
    const { stderr, ...fleet } = await rendered(plan);
    const seed = /invented: (\S+) /.exec(stderr)![1]!;
    const ofPods = loadPlan([podOf({ stderr, ...fleet }).plan]);
    expect(ofPods).toMatchObject({ seed, seedGiven: true, name: 'mixed' });
    const shards = [0, 1, 2, 3].map((index) => expandPlan(ofPods, { shard: { index, count: 4 } }));
    const all = shards.flatMap(({ clusters }) => clusters).toSorted((a, b) => a.index - b.index);
    expect(all).toEqual(expandPlan(loadPlan([plan]), { seed }).clusters.toSorted((a, b) => a.index - b.index));
  });

  it('takes two plan files, a seed, an address, certificates and a claim of the command line', async () => {
    const [clusters, service] = [
      file('clusters.yaml', 'clusters: [{single_node: true, amount: 4}]\nschema: {mine: 1}\n'),
      file('service.yaml', `service_endpoint: ${URL}\n`),
    ];
    const ca = file('ca.crt', '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n');
    const { job, config, claim } = await rendered(
      clusters,
      service,
      ...['--seed', 'given', '--service', 'https://elsewhere.example.com', '--ca', ca, '--keep', '--claim', 'mine'],
      ...['--start-at', new Date(Date.now() + 3_600_000).toISOString(), '--fs-group', 'none', '--grace', '20m'],
    );
    expect(claim).toBeUndefined();
    expect(job.metadata!.name).toMatch(/^clusters-\d{4}-\d{6}$/);
    expect(parse(config.data!['plan.yaml']!)).toMatchObject({ seed: 'given', name: 'clusters' });
    expect(config.data!['plan.yaml']).not.toContain('mine');
    const pod = job.spec!.template.spec!;
    expect(pod.terminationGracePeriodSeconds).toBe(1200);
    expect(pod.securityContext).not.toHaveProperty('fsGroup');
    expect(pod.volumes!.find(({ name }) => name === 'results')!.persistentVolumeClaim).toEqual({ claimName: 'mine' });
    expect(pod.containers[0]!.args!.slice(-5)).toEqual([
      ...['--service', 'https://elsewhere.example.com', '--ca', '/plan/ca.pem', '--keep'],
    ]);
    expect(config.data!['ca.pem']).toContain('BEGIN CERTIFICATE');
  });

  it('asks for what its largest shard needs', async () => {
    const many = { ...SMALL, clusters: [{ topology: 'sno', just_infraenv: true, amount: 80_000 }] };
    const [few, large] = [await rendered(file('few.yaml', SMALL)), await rendered(file('many.yaml', many))];
    const of = ({ job }: typeof few) => job.spec!.template.spec!;
    const mebibytes = (fleet: typeof few) => Number.parseInt(of(fleet).containers[0]!.resources!.requests!.memory!, 10);
    expect(mebibytes(large)).toBeGreaterThan(1.3 * mebibytes(few));
    expect(of(large).securityContext!.sysctls).toEqual([
      { name: 'net.ipv4.ip_local_port_range', value: '10000 65535' },
    ]);
    expect(of(large).terminationGracePeriodSeconds).toBeGreaterThan(of(few).terminationGracePeriodSeconds!);
    expect(large.job.metadata!.annotations!['assisted-swarm/largest-shard']).toMatch(/^20000 clusters, 20000 hosts, /);
  });

  it('says in its first lines how to apply it, and how to get at its results', async () => {
    const { stdout } = await rendered(file('small.yaml', SMALL), '--name', 'first', '--namespace', 'load');
    const [head] = stdout.split('\n---\n');
    for (const line of head!.split('\n')) expect(line).toMatch(/^#/);
    for (const words of [
      'kubectl -n load apply -f',
      'kubectl -n load cp first-reader:/results/first',
      'swarm merge first/',
    ])
      expect(head).toContain(words);
    const overrides = /--overrides='(.*)'/.exec(head!)![1]!;
    expect(JSON.parse(overrides).spec.volumes[0].persistentVolumeClaim).toEqual({ claimName: 'first-results' });
  });

  it('is written into a file for its owner alone', async () => {
    const path = join(folder, 'fleet.yaml');
    const { code, stdout, stderr } = await render(file('small.yaml', SMALL), '--shards', '2', '--out', path);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path, 'utf8')).toContain('kind: Job');
    expect(stderr).toMatch(/warning: \S+fleet\.yaml holds secrets \(metrics-token\)/);
  });

  it('warns of addresses that mean another machine in a pod', async () => {
    const { stderr } = await rendered(file('local.yaml', { ...SMALL, service: { url: 'http://127.0.0.1:8090' } }));
    expect(stderr).toContain('warning: the service is http://127.0.0.1:8090: in a pod that is the pod itself');
  });
});

describe('what is secret', () => {
  const AUTH = Buffer.from('me:hush-hush').toString('base64');
  const PULL_SECRET = JSON.stringify({ auths: { 'quay.io': { auth: AUTH } } });
  const SECRETS = ['agent-hush', 'user-hush', 'db-hush', 'prom-hush', 'hub-hush', AUTH];
  const CA = '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n';

  /** A plan with every key that names a file. */
  function fullPlan(): string {
    mkdirSync(join(folder, 'templates'), { recursive: true });
    file(
      'templates/extra.cluster.yaml.njk',
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: extra\n  namespace: {{ cluster.namespace }}\n',
    );
    file('templates/README', 'not a template');
    file('hub.ca', CA);
    file('hub.kubeconfig', {
      ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'other' },
      clusters: [
        { name: 'c', cluster: { server: 'https://hub.example.com:6443', 'certificate-authority': 'hub.ca' } },
        { name: 'o', cluster: { server: 'https://other.example.com:6443' } },
      ],
      users: [
        { name: 'u', user: { tokenFile: 'hub.token' } },
        { name: 'o', user: { token: 'of another' } },
      ],
      contexts: [
        { name: 'wanted', context: { cluster: 'c', user: 'u' } },
        { name: 'other', context: { cluster: 'o', user: 'o' } },
      ],
    });
    file('hub.token', 'hub-hush\n');
    return file('full.yaml', {
      ...{ name: 'full', seed: 's', api: 'kube', clusters: [{ topology: 'sno', amount: 8 }] },
      release_image: 'quay.io/openshift-release-dev/ocp-release:4.20.0-x86_64',
      service: {
        url: 'https://service.example.com',
        ca_file: file('service.pem', CA) && 'service.pem',
        agent_token_file: file('agent', 'agent-hush') && 'agent',
        user_authorization_file: file('user', 'Bearer user-hush\n') && 'user',
      },
      hub: { kubeconfig: 'hub.kubeconfig', context: 'wanted' },
      pull_secret_file: file('pull.json', PULL_SECRET) && 'pull.json',
      manifests: {
        values: file('values.yaml', { pull_secret_file: 'pull.json' }) && 'values.yaml',
        templates: 'templates',
      },
      collect: {
        database_file: file('db', 'postgres://u:db-hush@db.example.com/installer') && 'db',
        prometheus: {
          url: 'https://prometheus.example.com',
          token_file: file('prom', 'prom-hush') && 'prom',
          ca_file: 'service.pem',
          profile: file('profile.yaml', '[]\n') && './profile.yaml',
        },
      },
    });
  }

  it('stands in the Secret and nowhere else, whichever key it came by', async () => {
    const fleet = await rendered(fullPlan());
    const { secret, objects, stderr } = fleet;
    const inside = JSON.stringify(secret);
    for (const one of SECRETS) expect(inside).toContain(one);
    expect(inside).not.toContain('of another');
    const outside = JSON.stringify(objects.filter(({ kind }) => kind !== 'Secret')) + stderr;
    for (const one of SECRETS) expect(outside).not.toContain(one);
    // A token for who reads metrics, new each time.
    const again = await rendered(join(folder, 'full.yaml'));
    expect(again.secret.stringData!['metrics-token']).not.toBe(secret.stringData!['metrics-token']);
  });

  it('and whatever else a plan names reaches the pod, by paths of the pod', async () => {
    const full = fullPlan();
    const fleet = await rendered(full);
    expect(JSON.stringify(fleet.objects)).not.toContain(folder);
    const { root, plan } = podOf(fleet);
    const [ours, theirs] = [loadPlan([full]), loadPlan([plan])];
    expect(theirs).toMatchObject({
      service: ours.service,
      pullSecret: ours.pullSecret,
      hub: { kubeconfig: join(root, 'secrets/hub.kubeconfig'), context: null },
      manifests: { templates: join(root, 'plan/templates') },
      collect: {
        database: ours.collect.database,
        prometheus: {
          tokenFile: join(root, 'secrets/prometheus-token'),
          tls: ours.collect.prometheus!.tls,
          profile: { file: join(root, 'plan/prometheus-profile.yaml') },
        },
      },
    });
    expect(expandPlan(theirs).clusters).toEqual(expandPlan(ours).clusters);
    const kubeconfig = parse(readFileSync(join(root, 'secrets/hub.kubeconfig'), 'utf8'));
    expect(kubeconfig.clusters[0].cluster).toEqual({
      server: 'https://hub.example.com:6443',
      'certificate-authority-data': Buffer.from(CA).toString('base64'),
    });
    expect(kubeconfig.users[0].user).toEqual({ token: 'hub-hush' });
    const values = parse(theirs.manifests.values!.text);
    expect(readFileSync(values.pull_secret_file, 'utf8')).toBe(PULL_SECRET);
  });

  it('inline is moved there too', async () => {
    const { stdout: _, ...fleet } = await rendered(
      file('inline.yaml', {
        ...SMALL,
        service: { url: URL, agent_token: 'agent-hush', user_authorization: 'Bearer user-hush' },
        pull_secret: PULL_SECRET,
        collect: { database: 'postgres://u:db-hush@db.example.com/installer' },
      }),
    );
    const outside = JSON.stringify(fleet.objects.filter(({ kind }) => kind !== 'Secret'));
    for (const one of ['agent-hush', 'user-hush', 'db-hush', AUTH]) expect(outside).not.toContain(one);
    const read = loadPlan([podOf({ stdout: '', ...fleet }).plan]);
    expect(read).toMatchObject({ pullSecret: PULL_SECRET, service: { agentToken: 'agent-hush' } });
  });

  it('is known of every key of the plan that names a file', () => {
    const named: string[] = [];
    const look = (schema: { properties?: Record<string, object> }, at: string) => {
      for (const [key, one] of Object.entries(schema.properties ?? {})) {
        if (/_file$|^(kubeconfig|values|templates)$/.test(key)) named.push(`${at}${key}`);
        look(one, `${at}${key}.`);
      }
    };
    look(planJsonSchema(), '');
    const full = parse(readFileSync(fullPlan(), 'utf8'));
    const valueAt = (path: string) => path.split('.').reduce((value, key) => value?.[key], full);
    expect(named.filter((path) => valueAt(path) === undefined)).toEqual([]);
    expect(named.length).toBeGreaterThan(8);
  });
});

describe('wrong input', () => {
  const small = (changes: object = {}) => file(`wrong-${Math.random()}.yaml`, { ...SMALL, ...changes });
  const NOOP = {
    agent: 'noop',
    programs: { agent: '/a', installer: '/i', controller: '/c', controller_manifests: '/m' },
  };

  it.each([
    [{ service: { url: 'embedded' } }, [], 'the service is embedded, so each pod would have one of its own'],
    [NOOP, [], 'no-op agents, which need the stock programs and user namespaces'],
    [{ shard: { index: 1, count: 3 } }, [], 'the plan says shard 1 of 3'],
    [{ clusters: [{ topology: 'sno', amount: 3 }] }, [], '--shards 4 of a plan with 3 clusters'],
    [
      { connections: { source_addresses: ['127.0.0.2'] } },
      [],
      'connections.source_addresses names addresses of one machine',
    ],
    [{ clusters: [{ topology: 'huge' }] }, [], 'topology is "huge"'],
    [{}, ['--claim', 'mine', '--storage-size', '5Gi'], '--storage-size is of a claim that is made'],
    [{}, ['--start-at', new Date().toISOString(), '--start-in', '1m'], '--start-at and --start-in are both given'],
    [{}, ['--ca', '/nowhere.pem'], '--ca /nowhere.pem cannot be read (ENOENT)'],
    [{}, ['--seed', 'x'.repeat(65)], 'allowed: 1 to 64'],
    [{}, ['--out', '/nowhere/x.yaml'], '--out /nowhere/x.yaml lies in a folder that does not exist'],
  ])('%j %j is refused with one message', async (changes, args, message) => {
    const { error, stdout } = await render(small(changes), '--shards', '4', ...args);
    expect(error).toBeInstanceOf(InputError);
    expect(error!.message).toContain(message);
    expect(stdout).toBe('');
  });

  it.each([
    [['--shards', '0'], 'a whole number from 1 to 1000'],
    [['--shards', '2', '--name', 'Fleet'], 'up to 52 lower-case letters'],
    [['--shards', '2', '--storage-size', '5G'], 'a whole number with Mi, Gi or Ti'],
    [['--shards', '2', '--start-at', 'tomorrow'], 'a moment with its zone'],
    [['--shards', '2', '--start-at', '2020-01-01T00:00:00Z'], 'at most 7 days ahead and 24 hours ago'],
    [['--shards', '2', '--fs-group', 'root'], 'the number of a group, or none'],
    [['--shards', '2', '--grace', '2d'], 'from 1s to 1d'],
    [['--shards', '2', '--access-mode', 'rwx'], 'Allowed choices are ReadWriteMany, ReadWriteOnce'],
  ])('%j is refused by the option', async (args, message) => {
    const { error } = await render(small(), ...args);
    expect(error!.message).toContain(message);
  });

  it('of a kubeconfig that only works here', async () => {
    file('exec.kubeconfig', {
      ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'x' },
      clusters: [{ name: 'x', cluster: { server: 'https://hub.example.com' } }],
      users: [
        { name: 'me', user: { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'login-helper' } } },
      ],
      contexts: [{ name: 'x', context: { cluster: 'x', user: 'me' } }],
    });
    const plan = small({
      api: 'kube',
      service: undefined,
      hub: { kubeconfig: 'exec.kubeconfig' },
      release_image: 'r:1',
    });
    const { error } = await render(plan, '--shards', '2');
    expect(error!.message).toMatch(/user me of \S+exec\.kubeconfig logs in by login-helper, which pods do not have/);
  });

  it('of a plan that no ConfigMap holds', async () => {
    const clusters = Array.from({ length: 20_000 }, (_, i) => ({
      name: `c${i}`,
      topology: 'sno',
      just_infraenv: true,
    }));
    const { error } = await render(small({ clusters }), '--shards', '2');
    expect(error!.message).toMatch(
      /what the ConfigMap is to hold has \d+ bytes, the largest part is plan\.yaml; allowed: 1048576/,
    );
  });
});

it('of many kilobytes says that it has to be applied on the server', async () => {
  const clusters = Array.from({ length: 6000 }, (_, i) => ({ name: `c${i}`, topology: 'sno', just_infraenv: true }));
  const { stdout, stderr } = await rendered(file('long.yaml', { ...SMALL, clusters }));
  expect(stdout).toMatch(/^# {3}kubectl apply --server-side -f FILE$/m);
  expect(stderr).toContain('give --server-side too');
});

describe('a Kubernetes API', () => {
  let mock: KubeMock;
  beforeAll(async () => {
    mock = await startKubeMock();
  });
  afterAll(() => mock.close());

  it('takes all objects, and leaves nothing of them out', async () => {
    const client = new TestClient(mock);
    const { objects } = await rendered(file('small.yaml', SMALL), '--name', 'taken', '--namespace', 'default');
    const collections: Record<string, string> = {
      PersistentVolumeClaim: '/api/v1/namespaces/default/persistentvolumeclaims',
      ConfigMap: '/api/v1/namespaces/default/configmaps',
      Secret: '/api/v1/namespaces/default/secrets',
      Job: '/apis/batch/v1/namespaces/default/jobs',
    };
    for (const body of objects) {
      const { code, json } = await client.send('POST', `${collections[body.kind]}?fieldValidation=Strict`, { body });
      expect({ kind: body.kind, code, message: json.message }).toEqual({
        kind: body.kind,
        code: 201,
        message: undefined,
      });
      if (body.kind === 'Job') expect(json.spec).toMatchObject(body.spec);
    }
  });
});
