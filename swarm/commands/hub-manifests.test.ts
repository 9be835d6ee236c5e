/** `swarm manifests apply`, `diff` and `delete` on a hub over HTTP, with faults in between and processes that are killed. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type KubeMock, seedHub, startKubeMock } from '../../controller-mock/index.ts';
import { KubeClient } from '../../model/kube/kube-client.ts';
import { loadKubeconfig } from '../../model/kube/kubeconfig.ts';
import { type KubeResource, RESOURCES } from '../../model/kube/resources.ts';
import { RUN_LABEL } from '../../model/kube/run-label.ts';
import { ScaledClock, startClock } from '../../model/time/clock.ts';
import { FaultProxy, type ProxyFault } from '../cluster/testing/fault-proxy.ts';
import { runToken } from '../host/identity.ts';
import { readLedger } from '../telemetry/ledger.ts';
import { cleanCommand } from './clean.ts';
import { InputError } from './exit.ts';
import { manifestsCommand } from './manifests.ts';
import { Cli } from './testing/cli.ts';

const CLOCK = new ScaledClock(startClock(1));
const PULL_SECRET = JSON.stringify({ auths: { 'quay.io': { auth: Buffer.from('me:hush-hush').toString('base64') } } });
const RELEASE = 'quay.io/x/ocp:1';
const LABEL = `fleet-${runToken('seed')}`;
/** Namespace, two Secrets, ClusterDeployment, AgentClusterInstall, InfraEnv and BareMetalHost of a single-node cluster. */
const OBJECTS = 7;
const KINDS: readonly KubeResource[] = [
  RESOURCES.namespaces,
  RESOURCES.secrets,
  RESOURCES.clusterImageSets,
  RESOURCES.clusterDeployments,
  RESOURCES.agentClusterInstalls,
  RESOURCES.infraEnvs,
  RESOURCES.bareMetalHosts,
];

const cli = new Cli();
const folders: string[] = [];
afterAll(() => {
  cli.killAll();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

let mock: KubeMock;
let proxy: FaultProxy;
let client: KubeClient;
let folder: string;
let kubeconfig: string;

async function startHub(world: NonNullable<Parameters<typeof startKubeMock>[0]>['world'] = seedHub): Promise<void> {
  mock = await startKubeMock({ tls: false, world });
  proxy = await FaultProxy.start(mock.url);
  client = new KubeClient({ kubeconfig: loadKubeconfig({ text: mock.kubeconfig }), clock: CLOCK });
  folder = mkdtempSync(join(tmpdir(), 'swarm-hub-'));
  folders.push(folder);
  kubeconfig = file('hub.kubeconfig', mock.kubeconfig.replaceAll(mock.url, proxy.url));
}
async function stopHub(): Promise<void> {
  await client.close();
  await proxy.close();
  await mock.close();
}

function file(name: string, content: string | object): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const values = (changes: object = {}) =>
  file('values.json', {
    name: 'fleet',
    seed: 'seed',
    swarm_size: 4,
    release_image: RELEASE,
    pull_secret: PULL_SECRET,
    bmh: true,
    ...changes,
  });

interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

const record = () => ['--out', join(folder, 'runs')];
const onHub = () => ['--kubeconfig', kubeconfig];

/** Runs a command in this process. */
async function run(args: readonly string[], command = manifestsCommand): Promise<Outcome> {
  const outcome: Outcome = { code: -1, stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((stream) =>
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      outcome[stream] += String(text);
      return true;
    }),
  );
  try {
    await command((code) => {
      outcome.code = code;
    }).parseAsync(args, { from: 'user' });
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return outcome;
}
const apply = (...args: string[]) => run(['apply', '--values', values(), ...onHub(), ...record(), ...args]);
const remove = (...args: string[]) => run(['delete', ...onHub(), ...record(), ...args]);

/** Everything on the hub with the label, as `Kind ns/name resourceVersion`. */
async function standing(label = LABEL): Promise<string[]> {
  const lists = await Promise.all(KINDS.map((kind) => client.list(kind, { labelSelector: `${RUN_LABEL}=${label}` })));
  return lists
    .flatMap(({ items }) => items)
    .map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name} ${metadata.resourceVersion}`)
    .sort();
}
const openEntries = () => {
  const [id] = readdirSync(join(folder, 'runs')) as [string];
  return readLedger(join(folder, 'runs', id)).open;
};

describe('on a hub', () => {
  beforeEach(() => startHub());
  afterEach(stopHub);

  it('apply makes everything with one request an object, and nothing when everything is there', async () => {
    const { code, stdout } = await apply('--json');
    expect(code).toBe(0);
    const before = await standing();
    expect(before).toHaveLength(4 * OBJECTS + 1);
    expect(JSON.parse(stdout)).toMatchObject({
      run: { label: RUN_LABEL, name: LABEL },
      clusters: { of: 4, done: 4 },
      objects: { of: 29, applied: 29, unchanged: 0, refused: 0 },
      kinds: { Secret: 8, BareMetalHost: 4, ClusterImageSet: 1 },
      stopped: null,
    });
    expect(proxy.writes()).toHaveLength(4 * OBJECTS + 1);
    // Beside that: version, five groups, one list of namespaces, one ClusterImageSet of perhaps somebody else.
    expect(proxy.seen.filter((one) => one.startsWith('GET '))).toHaveLength(8);
    expect(openEntries()).toHaveLength(29);
    expect((await apply()).code).toBe(0);
    expect(await standing()).toEqual(before);
    expect(openEntries()).toHaveLength(29);
    expect(readdirSync(join(folder, 'runs'))).toHaveLength(1);
  });

  it('an apply that is killed is gone on with, and can be removed', async () => {
    const held = Promise.withResolvers<undefined>();
    proxy.rule = () => (proxy.writes().length > 12 ? held.promise : undefined);
    const args = ['manifests', 'apply', '--values', values(), ...onHub(), ...record(), '--concurrency', '3'];
    const killed = cli.start(args);
    await expect.poll(() => proxy.writes().length, { timeout: 50_000 }).toBe(15);
    const refused = run(args.slice(1));
    await expect(refused).rejects.toThrow(/^run \S+ makes objects with this label in process \d+; wait/);
    killed.child.kill('SIGKILL');
    await killed.ended;
    held.resolve(undefined);
    proxy.rule = () => undefined;
    const before = proxy.writes().length;
    const { code, stdout } = await apply('--json');
    expect(code).toBe(0);
    const { objects } = JSON.parse(stdout);
    expect(objects.unchanged).toBeGreaterThanOrEqual(12);
    expect(objects.applied).toBe(29 - objects.unchanged);
    expect(proxy.writes()).toHaveLength(before + objects.applied);
    expect(await standing()).toHaveLength(29);
    expect((await remove('--values', values())).code).toBe(0);
    expect(await standing()).toEqual([]);
    expect(openEntries()).toEqual([]);
  }, 120_000);

  it('Ctrl-C ends it after what is under way, and says what stands and how to go on', async () => {
    const held = Promise.withResolvers<undefined>();
    proxy.rule = () => (proxy.writes().length > 9 ? held.promise : undefined);
    const { child, said, ended } = cli.start(['manifests', 'apply', '--values', values(), ...onHub(), ...record()]);
    await expect.poll(() => proxy.writes().length, { timeout: 50_000 }).toBeGreaterThan(9);
    child.kill('SIGINT');
    await said(/Ctrl-C again leaves at once/);
    held.resolve(undefined);
    const { code, stderr } = await ended;
    expect(code).toBe(130);
    const [, applied] = /applied (\d+) objects of 0 clusters/.exec(stderr)!;
    expect(await standing()).toHaveLength(Number(applied));
    expect(stderr).toContain(
      `go on with the same command; remove what stands with: swarm manifests delete --run ${LABEL}`,
    );
    expect(openEntries().every(({ id, unanswered }) => id !== null && !unanswered)).toBe(true);
  }, 120_000);

  it('swarm clean removes what a killed apply has left, and nothing of others', async () => {
    await client.create(RESOURCES.clusterImageSets, {
      apiVersion: 'hive.openshift.io/v1',
      kind: 'ClusterImageSet',
      metadata: { name: 'theirs', labels: { [RUN_LABEL]: 'other' } },
      spec: { releaseImage: RELEASE },
    });
    await apply();
    const { code, stdout } = await run(['--all', ...record(), '--json'], cleanCommand);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ removed: { Namespace: 4, ClusterDeployment: 4 }, left: [] });
    expect(await standing()).toEqual([]);
    expect(await standing('other')).toHaveLength(1);
    expect(openEntries()).toEqual([]);
  }, 120_000);

  it.each<[string, ProxyFault]>([
    ['429 that says when', { status: 429, headers: { 'retry-after': '0' } }],
    ['429 that does not', { status: 429 }],
    ['500', { status: 500, body: { kind: 'Status', message: 'etcdserver: request timed out' } }],
    ['a conflict', { status: 409, body: { kind: 'Status', reason: 'Conflict', message: 'modified' } }],
    ['connections that break', 'reset'],
    ['answers that get lost', 'lost'],
  ])(
    'apply and delete go through %s',
    async (_name, fault) => {
      const conflict = typeof fault === 'object' && fault.status === 409;
      // What only reads does not conflict.
      proxy.rule = ({ index, method }) => (index % 6 === 5 && !(conflict && method === 'GET') ? fault : undefined);
      expect((await apply('--concurrency', '2')).code).toBe(0);
      expect(await standing()).toHaveLength(29);
      expect(openEntries().every(({ id }) => id !== null)).toBe(true);
      expect((await remove('--run', LABEL)).code).toBe(0);
      expect(await standing()).toEqual([]);
      expect(openEntries()).toEqual([]);
    },
    60_000,
  );

  it('gives up when the hub takes nothing any more, and goes on later', async () => {
    proxy.rule = () => (proxy.writes().length > 5 ? { status: 503 } : undefined);
    const { code, stderr } = await apply('--timeout', '1s');
    expect(code).toBe(1);
    expect(stderr).toMatch(/gave up, because the hub has taken nothing for \d+ s: patch .*HTTP 503/);
    expect(stderr).toContain('go on with the same command');
    proxy.rule = () => undefined;
    expect((await apply()).code).toBe(0);
    expect(await standing()).toHaveLength(29);
  });

  it('gives up within its time on a hub that asks for a long rest', async () => {
    proxy.rule = () => (proxy.writes().length > 5 ? { status: 429, headers: { 'retry-after': '3600' } } : undefined);
    const { code, stderr } = await apply('--timeout', '1s');
    expect(code).toBe(1);
    expect(stderr).toContain('gave up, because the hub has taken nothing');
  });

  it('goes on with changed manifests where it was cut, and takes nothing of the old ones for done', async () => {
    await apply();
    const changed = ['apply', '--values', values({ ssh_pub_key: 'ssh-rsa NEW' }), ...onHub(), ...record(), '--json'];
    const before = proxy.writes().length;
    proxy.rule = () => (proxy.writes().length > before + 9 ? { status: 503 } : undefined);
    expect((await run([...changed, '--timeout', '1s', '--concurrency', '1'])).code).toBe(1);
    proxy.rule = () => undefined;
    const { code, stdout } = await run(changed);
    expect(code).toBe(0);
    const { objects } = JSON.parse(stdout);
    expect(objects.unchanged).toBeGreaterThan(0);
    expect(objects.unchanged).toBeLessThan(15);
    expect(objects.applied + objects.unchanged).toBe(29);
    const infraEnvs = await client.list(RESOURCES.infraEnvs, { labelSelector: `${RUN_LABEL}=${LABEL}` });
    expect(infraEnvs.items.map(({ spec }) => (spec as { sshAuthorizedKey: string }).sshAuthorizedKey)).toEqual(
      Array(4).fill('ssh-rsa NEW'),
    );
  }, 120_000);

  it('does not take for done what was refused because others have changed it', async () => {
    await apply();
    const name = `${LABEL}-1`;
    await client.patch(RESOURCES.infraEnvs, name, name, { spec: { cpuArchitecture: 'arm64' } });
    for (let i = 0; i < 2; i++) {
      const { code, stderr } = await apply();
      expect(code).toBe(1);
      expect(stderr).toContain('1 object has fields that others have changed; --force-conflicts takes them');
    }
    expect((await apply('--force-conflicts')).code).toBe(0);
    expect((await client.get(RESOURCES.infraEnvs, name, name)).spec).toMatchObject({ cpuArchitecture: 'x86_64' });
    expect((await apply()).code).toBe(0);
  }, 120_000);

  it('names what is refused by kind, applies the rest, and leaves what others made', async () => {
    const templates = join(folder, 'templates');
    mkdirSync(templates);
    writeFileSync(
      join(templates, '95-extra.cluster.yaml.njk'),
      `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ cluster.name }}\n  namespace: {{ cluster.name }}\nwrong: 1\n`,
    );
    await client.create(RESOURCES.clusterImageSets, {
      apiVersion: 'hive.openshift.io/v1',
      kind: 'ClusterImageSet',
      metadata: { name: LABEL },
      spec: { releaseImage: 'quay.io/theirs:1' },
    });
    const { code, stdout } = await apply('--templates', templates);
    expect(code).toBe(1);
    expect(stdout).toContain('ConfigMap: 4 refused:');
    expect(stdout).toMatch(new RegExp(`  ${LABEL}-0/${LABEL}-0: patch configmaps .*wrong`));
    expect(stdout).toMatch(new RegExp(`ClusterImageSet: 1 refused:\n  ${LABEL}: .*has no label ${RUN_LABEL}`));
    expect(await standing()).toHaveLength(28);
    const set = await client.get(RESOURCES.clusterImageSets, undefined, LABEL);
    expect(set.spec).toEqual({ releaseImage: 'quay.io/theirs:1' });
  });

  describe('writes nothing', () => {
    const refusal = async (args: string[]) => {
      const error = await run(args).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(InputError);
      expect(proxy.writes()).toEqual([]);
      expect(readdirSync(folder)).not.toContain('runs');
      return (error as Error).message;
    };
    const applied = (changes: object = {}, ...more: string[]) =>
      refusal(['apply', '--values', values(changes), ...onHub(), ...record(), ...more]);

    it('when the hub cannot be reached', async () => {
      kubeconfig = file('gone.kubeconfig', mock.kubeconfig.replaceAll(mock.url, 'http://127.0.0.1:1'));
      expect(await applied()).toMatch(/^the hub http:\/\/127.0.0.1:1 cannot be reached \(.*\); check the server/);
    });

    it('when the credentials are wrong', async () => {
      kubeconfig = file(
        'wrong.kubeconfig',
        mock.kubeconfig.replaceAll(mock.url, proxy.url).replaceAll(mock.token, 'no'),
      );
      proxy.rule = () => ({ status: 401 });
      expect(await applied()).toContain('does not accept the credentials of the kubeconfig (401)');
    });

    it('when the kubeconfig cannot be read, or lacks the context', async () => {
      expect(await applied({}, '--context', 'none')).toContain('has no context none');
      kubeconfig = join(folder, 'absent');
      expect(await applied()).toContain('there is no such file');
    });

    it('without rights', async () => {
      proxy.rule = ({ path }) =>
        path.includes('selfsubjectaccessreviews') ? { status: 201, body: { status: { allowed: false } } } : undefined;
      expect(await applied()).toMatch(
        /^the user of the kubeconfig may not create clusterimagesets.hive.openshift.io, patch/,
      );
    });

    it('when namespaces of these names are being deleted, or belong to others', async () => {
      const namespace = (name: string, metadata: object = {}) =>
        client.create(RESOURCES.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name, ...metadata } });
      await namespace(`${LABEL}-1`);
      await namespace(`${LABEL}-2`, { labels: { [RUN_LABEL]: 'other' } });
      const mine = await namespace(`${LABEL}-3`, { labels: { [RUN_LABEL]: LABEL }, finalizers: ['example.com/x'] });
      await client.delete(RESOURCES.namespaces, undefined, `${LABEL}-3`, { uid: mine.metadata.uid! });
      expect((await applied()).split('\n')).toEqual([
        `being deleted on the hub: namespaces ${LABEL}-3; apply when they are gone (kubectl get namespaces)`,
        `there already, and not made by this run: namespaces ${LABEL}-1 (of no run), ${LABEL}-2 (of run other); remove them, or take another name or --seed`,
        'nothing was applied',
      ]);
    });

    it('when a template fails, be it for one cluster only', async () => {
      const templates = join(folder, 'templates');
      mkdirSync(templates);
      writeFileSync(
        join(templates, '95-x.cluster.yaml.njk'),
        '{% if cluster.index === 3 %}{{ cluster.nothing }}{% endif %}',
      );
      expect(await applied({}, '--templates', templates)).toContain('95-x.cluster.yaml.njk');
    });

    it('with values that are wrong', async () => {
      expect(await applied({ swarm_sise: 3 })).toContain('swarm_sise');
      expect(await applied({ pull_secret: '{"auths":' })).toContain('pull_secret');
      expect(await applied({ pull_secret: undefined })).toContain('no pull secret; add pull_secret_b64');
    });
  });

  it('diff shows what apply would make, change and leave, without secrets', async () => {
    const diff = (changes: object = {}, ...more: string[]) =>
      run(['diff', '--values', values(changes), ...onHub(), ...more]);
    const fresh = await diff({ swarm_size: 1 });
    expect(fresh.code).toBe(1);
    expect(fresh.stdout).toContain(`+++ applied/v1.Namespace.${LABEL}-0`);
    expect(proxy.writes()).toHaveLength(1);
    expect(proxy.writes()[0]).toContain('clusterimagesets');
    await apply();
    const same = await diff();
    expect(same).toMatchObject({ code: 0, stdout: '' });
    const changed = await diff({
      cpu_architecture: 'aarch64',
      swarm_size: 5,
      pull_secret: PULL_SECRET.replace('quay', 'x'),
    });
    expect(changed.code).toBe(1);
    expect(changed.stdout).toContain('-  cpuArchitecture: x86_64\n+  cpuArchitecture: aarch64\n');
    expect(changed.stdout).toContain('-  .dockerconfigjson: "*** (before)"\n+  .dockerconfigjson: "*** (after)"\n');
    expect(changed.stdout).not.toContain(Buffer.from(PULL_SECRET).toString('base64').slice(0, 20));
    expect(await standing()).toHaveLength(29);
    await client.delete(RESOURCES.clusterImageSets, undefined, LABEL);
    await client.create(RESOURCES.clusterImageSets, {
      apiVersion: 'hive.openshift.io/v1',
      kind: 'ClusterImageSet',
      metadata: { name: LABEL },
      spec: { releaseImage: RELEASE },
    });
    const refused = await diff({}, '--json');
    expect(refused.code).toBe(2);
    expect(JSON.parse(refused.stdout)).toMatchObject({
      objects: { same: 28, new: 0, changed: 0, refused: 1 },
      refused: [{ kind: 'ClusterImageSet', count: 1 }],
    });
  });

  describe('delete', () => {
    it('lists in a dry run, in the order of the removal', async () => {
      await apply();
      const before = proxy.writes().length;
      const { code, stdout } = await remove('--values', values(), '--dry-run');
      expect(code).toBe(0);
      const lines = stdout.trim().split('\n');
      expect(lines).toHaveLength(29);
      expect(lines[0]).toBe(`ClusterDeployment ${LABEL}-0/${LABEL}-0`);
      expect(lines.at(-1)).toBe(`Namespace ${LABEL}-3`);
      expect(proxy.writes()).toHaveLength(before);
    });

    it('works on the hub that the plan names, unless another one is given', async () => {
      const plan = file('plan.yaml', {
        ...{ name: 'fleet', seed: 'seed', api: 'kube', release_image: RELEASE, pull_secret: PULL_SECRET },
        hub: { kubeconfig: 'hub.kubeconfig' },
        clusters: [{ topology: 'sno' }],
      });
      const none = file('none.kubeconfig', mock.kubeconfig.replaceAll(mock.url, 'http://127.0.0.1:1'));
      expect(await run(['apply', plan, ...record()])).toMatchObject({ code: 0 });
      expect(await run(['diff', plan])).toMatchObject({ code: 0 });
      await expect(run(['diff', plan, '--context', 'absent'])).rejects.toThrow(/hub.kubeconfig has no context absent/);
      const elsewhere = await run(['delete', plan, '--kubeconfig', none, ...record()]).catch(
        (error: Error) => error.message,
      );
      expect(elsewhere).toContain('http://127.0.0.1:1');
      expect(await standing()).not.toEqual([]);
      expect(await run(['delete', plan, ...record()])).toMatchObject({ code: 0 });
      expect(await standing()).toEqual([]);
    });

    it('names what is stuck, strips it when told, and may be repeated', async () => {
      await apply();
      const name = `${LABEL}-2`;
      await client.patch(RESOURCES.infraEnvs, name, name, { metadata: { finalizers: ['example.com/stuck'] } });
      const stuck = await remove('--run', LABEL, '--timeout', '1s');
      expect(stuck.code).toBe(1);
      expect(stuck.stdout).toContain(`${name}/${name}: is not gone after 1 s; it waits for example.com/stuck`);
      expect(stuck.stderr).toContain('--strip-finalizers');
      // What the InfraEnv needs stands, and what all clusters share.
      expect((await standing()).map((line) => line.split(' ')[0])).toEqual([
        'BareMetalHost',
        'ClusterImageSet',
        'InfraEnv',
        'Namespace',
        'Secret',
        'Secret',
      ]);
      const stripped = await remove('--run', LABEL, '--timeout', '1s', '--strip-finalizers', '--json');
      expect(stripped.code).toBe(0);
      expect(JSON.parse(stripped.stdout)).toMatchObject({
        left: [],
        stripped: [{ object: `InfraEnv ${name}/${name}`, finalizers: ['example.com/stuck'] }],
      });
      expect(await standing()).toEqual([]);
      expect(await remove('--run', LABEL)).toMatchObject({ code: 0, stdout: '' });
    });

    it('leaves a namespace that is not empty yet, whatever it is told, and says what is in it', async () => {
      await apply();
      const name = `${LABEL}-1`;
      await client.create(RESOURCES.configMaps, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'theirs', namespace: name, finalizers: ['example.com/theirs'] },
      });
      const stuck = await remove('--run', LABEL, '--timeout', '1s', '--strip-finalizers');
      expect(stuck.code).toBe(1);
      expect(stuck.stdout).toMatch(
        new RegExp(`Namespace: 1 left:\n  ${name}: is not gone after 1 s; .*(finalizer|empty)`),
      );
      expect((await client.get(RESOURCES.configMaps, name, 'theirs')).metadata.finalizers).toHaveLength(1);
      await client.patch(RESOURCES.configMaps, name, 'theirs', { metadata: { finalizers: null } });
      expect((await remove('--run', LABEL)).code).toBe(0);
    }, 120_000);

    it('of a run that used another hub removes nothing, unless that hub is named', async () => {
      await apply();
      const before = proxy.writes().length;
      file('hub.kubeconfig', mock.kubeconfig);
      const elsewhere = `the run has used the hub ${proxy.url}, and the kubeconfig leads to ${mock.url}`;
      await expect(run(['delete', '--run', LABEL, ...record()])).rejects.toThrow(elsewhere);
      const cleaned = await run(['--all', ...record()], cleanCommand);
      expect(cleaned.code).toBe(1);
      expect(cleaned.stdout + cleaned.stderr).toContain(elsewhere);
      expect(openEntries()).toHaveLength(29);
      expect(proxy.writes()).toHaveLength(before);
      expect((await run(['--all', ...record(), ...onHub()], cleanCommand)).code).toBe(0);
      expect(await standing()).toEqual([]);
    }, 120_000);

    it('says what it may not list, and removes nothing', async () => {
      await apply();
      proxy.rule = ({ path }) => (path.includes('/infraenvs?') ? { status: 403 } : undefined);
      await expect(remove('--run', LABEL)).rejects.toThrow(/^list infraenvs.*; nothing was removed$/);
      expect(await standing()).toHaveLength(29);
    });

    it('takes what the service has made for an InfraEnv along', async () => {
      await apply();
      const name = `${LABEL}-0`;
      const agent = {
        apiVersion: 'agent-install.openshift.io/v1beta1',
        kind: 'Agent',
        metadata: { name: 'a', namespace: name, labels: { 'infraenvs.agent-install.openshift.io': name } },
        spec: { approved: false, role: '' },
      };
      await client.create(RESOURCES.agents, agent);
      expect((await remove('--run', LABEL)).code).toBe(0);
      expect((await client.list(RESOURCES.agents)).items).toEqual([]);
    });

    it('works when CustomResourceDefinitions are gone', async () => {
      await apply();
      await client.delete(RESOURCES.customResourceDefinitions, undefined, 'baremetalhosts.metal3.io');
      await client.delete(RESOURCES.customResourceDefinitions, undefined, 'agents.agent-install.openshift.io');
      expect((await remove('--run', LABEL)).code).toBe(0);
      expect((await client.list(RESOURCES.namespaces, { labelSelector: RUN_LABEL })).items).toEqual([]);
      expect(openEntries()).toEqual([]);
    });

    it('says that namespaces stay where nobody ends them, and ends them when told', async () => {
      await apply();
      proxy.rule = ({ path }) => (path.includes('serviceaccounts') ? { status: 404 } : undefined);
      const name = `${LABEL}-1`;
      await client.patch(RESOURCES.namespaces, undefined, name, { metadata: { finalizers: ['example.com/nobody'] } });
      const stays = await remove('--run', LABEL);
      expect(stays.code).toBe(1);
      expect(stays.stdout).toContain(`${name}: stays Terminating: this API server runs without the controllers`);
      expect((await remove('--run', LABEL, '--strip-finalizers', '--timeout', '5s')).code).toBe(0);
      expect(await standing()).toEqual([]);
    });

    it('refuses a plan beside --run, and a name that is no label', async () => {
      await expect(remove('--run', LABEL, '--values', values())).rejects.toThrow('--run and a plan or --values');
      await expect(remove('--run', 'a b')).rejects.toThrow('--run a b is not the value of a label');
      await expect(remove()).rejects.toThrow('nothing to render; give a plan');
    });
  });
});

it('apply needs the CustomResourceDefinitions of a hub', async () => {
  await startHub('empty');
  try {
    await expect(apply()).rejects.toThrow(
      /does not serve hive.openshift.io\/v1 ClusterImageSet, .*CustomResourceDefinitions are not installed .*; nothing was applied$/,
    );
    expect(proxy.writes()).toEqual([]);
  } finally {
    await stopHub();
  }
});
