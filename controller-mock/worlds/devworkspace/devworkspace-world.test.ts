import { afterEach, describe, expect, it } from 'vitest';
import { at, items, text } from '../../builtins/fields.ts';
import { podLogsOf } from '../../builtins/index.ts';
import type { DevWorkspaceWorldOptions } from './devworkspace-world.ts';
import { WorldSettingsError } from './settings.ts';
import { OPERATOR_NAMESPACE, WorldBench } from './testing/world-bench.ts';
import { LABELS, RESOURCES } from './world-objects.ts';

const benches: WorldBench[] = [];
afterEach(() => Promise.all(benches.splice(0).map((bench) => bench.close())));

async function start(options: DevWorkspaceWorldOptions = {}): Promise<WorldBench> {
  const bench = await WorldBench.start(options);
  benches.push(bench);
  return bench;
}

/** A run of real Jobs has 40 s to its end: two attempts and the back-off between them. */
const WRONG_PATH = 'registry.invalid/acme';

describe.each([50, 500])('%i stopped workspaces, and a pass each minute', (count) => {
  it('are backed up once each by a registry that is well', { timeout: 120_000 }, async () => {
    const bench = await start();
    await bench.stoppedWorkspaces(count);
    expect(bench.phases()).toEqual({ Stopped: count });
    bench.arm({});
    await bench.pass(10 * 60);
    expect(bench.counts).toEqual({ jobs: count, pods: count, succeeded: count, failed: 0, workspaces: count });
    // Their time to live is over.
    expect(bench.listedJobs).toEqual([]);
    expect(bench.world.control.registry.images).toHaveLength(count);
    expect(bench.world.control.backups.passes).toBe(10);
  });
});

describe('50 stopped workspaces, and a pass each minute', () => {
  it('are tried again and again when nobody finds the registry', { timeout: 60_000 }, async () => {
    const bench = await start();
    await bench.stoppedWorkspaces(50);
    bench.arm({ registry: { path: WRONG_PATH } });
    await bench.pass(10 * 60);
    const { jobs, pods, succeeded, failed, workspaces } = bench.counts;
    expect({ succeeded, workspaces }).toEqual({ succeeded: 0, workspaces: 50 });
    const ended = [...bench.jobs.values()].filter(({ outcome }) => outcome !== '');
    expect(ended).toHaveLength(failed);
    expect(new Set(ended.map(({ pods }) => pods))).toEqual(new Set([2]));
    // The first failure is there before the second pass, so that each of the ten makes one.
    expect(jobs).toBe(50 * 10);
    expect(pods).toBeGreaterThan(50 * 2 * 9);
    // A list shows those of the last run and 120 s alone.
    const now = bench.clock.now();
    const ages = bench.listedJobs.map(({ metadata }) => (now - Date.parse(metadata.creationTimestamp ?? '')) / 1000);
    expect(Math.max(...ages)).toBeLessThan(40 + 120);
    expect(ages).toHaveLength([...bench.jobs.values()].filter(({ deletedMs }) => deletedMs === null).length);
    expect(ages.length).toBeLessThan(jobs / 3);
    expect(bench.backup('w7')).toMatchObject({
      successful: 'false',
      error: 'Job has reached the specified backoff limit',
    });
  });

  it('are left alone when they are ephemeral, but for an account and a secret', async () => {
    const bench = await start();
    bench.secret('push');
    await bench.stoppedWorkspaces(50, { storage: 'ephemeral' });
    bench.arm({ registry: { path: 'registry.example/acme', authSecret: 'push' } });
    await bench.pass(5 * 60);
    expect(bench.counts.jobs).toBe(0);
    const accounts = bench.world.cluster.list(RESOURCES.serviceAccounts, { namespace: 'load' });
    expect(accounts.filter(({ metadata }) => metadata.name?.startsWith('devworkspace-job-runner-'))).toHaveLength(50);
    const copy = bench.world.cluster.get(RESOURCES.secrets, 'load', 'devworkspace-backup-registry-auth');
    expect(copy).toMatchObject({
      type: 'kubernetes.io/dockerconfigjson',
      metadata: { labels: { [LABELS.watchSecret]: 'true' } },
    });
    expect(copy?.metadata.ownerReferences).toBeUndefined();
  });

  it.each(['missing', 'without its label'])('are lost when the secret is %s, until they stop again', async (how) => {
    const bench = await start();
    if (how !== 'missing') bench.secret('push', { labelled: false });
    await bench.stoppedWorkspaces(50);
    bench.arm({ registry: { path: 'registry.example/acme', authSecret: 'push' } });
    await bench.pass(3 * 60);
    expect(bench.counts.jobs).toBe(0);
    if (how === 'missing') bench.secret('push');
    else {
      bench.world.cluster.modify(RESOURCES.secrets, OPERATOR_NAMESPACE, 'push', (draft) => {
        draft.metadata.labels = { [LABELS.watchSecret]: 'true' };
      });
    }
    await bench.pass(3 * 60);
    expect(bench.counts.jobs).toBe(0);
    for (let index = 0; index < 50; index++) bench.setStarted(`w${index}`, true);
    await bench.pass(10);
    bench.stopAll();
    await bench.pass(3 * 60);
    expect(bench.counts).toMatchObject({ jobs: 50, succeeded: 50 });
  });
});

describe('races of the backup', () => {
  it('C1: a first Job that takes longer than the interval gets no second one', async () => {
    const bench = await start({ registry: { latencyMs: 150_000 } });
    await bench.stoppedWorkspaces(3);
    bench.arm({});
    await bench.pass(4 * 60);
    expect(bench.counts).toMatchObject({ jobs: 3, workspaces: 3 });
  });

  it('C2: a workspace that stops while a pass runs is lost until it stops again', async () => {
    const profile = { loopCost: { delayMs: 2000, jitterMs: 0 } };
    const { WORLD_PROFILES } = await import('./settings.ts');
    const bench = await start({ profile: { ...WORLD_PROFILES.quick, ...profile } });
    bench.createMany(10);
    await bench.pass(10);
    for (let index = 1; index < 10; index++) bench.setStarted(`w${index}`, false);
    await bench.pass(5);
    bench.arm({});
    await bench.pass(60 - 26 + 5);
    // The pass has listed it as running, and is not through yet.
    expect(bench.world.control.backups.passes).toBe(1);
    bench.setStarted('w0', false);
    await bench.pass(5 * 60);
    expect(bench.phase('w0')).toBe('Stopped');
    expect(bench.jobsOf('w0')).toEqual([]);
    expect(bench.counts.workspaces).toBe(9);
    bench.setStarted('w0', true);
    await bench.pass(5);
    bench.setStarted('w0', false);
    await bench.pass(2 * 60);
    expect(bench.jobsOf('w0')).toHaveLength(1);
  });

  it('C3: a Job that is deleted before its end is not made again', async () => {
    const bench = await start({ registry: { latencyMs: 30_000 } });
    await bench.stoppedWorkspaces(2);
    bench.arm({});
    await bench.pass(60);
    const [job] = bench.jobsOf('w0');
    bench.world.cluster.delete(RESOURCES.jobs, 'load', job!.name, { propagationPolicy: 'Background' });
    await bench.pass(4 * 60);
    expect(bench.jobsOf('w0')).toHaveLength(1);
    expect(bench.counts).toMatchObject({ jobs: 2, succeeded: 1 });
  });

  it('C4: a workspace with an old success gets a Job at each pass until the new one ends', async () => {
    const bench = await start();
    await bench.stoppedWorkspaces(1);
    bench.arm({});
    await bench.pass(2 * 60);
    expect(bench.backup('w0').successful).toBe('true');
    bench.world.control.setRegistry({ latencyMs: 150_000 });
    bench.setStarted('w0', true);
    await bench.pass(5);
    bench.setStarted('w0', false);
    await bench.pass(6 * 60);
    // Passes after one, two and three minutes see the old time; the Job of the first ends after two and a half.
    expect(bench.jobsOf('w0')).toHaveLength(1 + 3);
  });

  it('C4: passes longer than the interval overlap, and make second Jobs', async () => {
    const { WORLD_PROFILES } = await import('./settings.ts');
    const loopCost = { delayMs: 10_000, jitterMs: 0 };
    const bench = await start({ profile: { ...WORLD_PROFILES.quick, loopCost }, registry: { latencyMs: 80_000 } });
    await bench.stoppedWorkspaces(10);
    bench.arm({});
    await bench.pass(6 * 60);
    expect(bench.counts.workspaces).toBe(10);
    expect(bench.counts.jobs).toBeGreaterThan(10);
  });

  it('C5: an old failure that is deleted overwrites a new success', async () => {
    const bench = await start();
    await bench.stoppedWorkspaces(1);
    bench.arm({ registry: { path: WRONG_PATH } });
    await bench.pass(90);
    expect(bench.backup('w0').successful).toBe('false');
    const failedAt = bench.backup('w0').finishedAt;
    bench.arm({});
    await bench.pass(60);
    expect(bench.backup('w0').successful).toBe('true');
    expect(bench.jobsOf('w0')).toHaveLength(2);
    await bench.pass(90);
    // The failed Job went after its 120 s; a pass saw its outcome, and made a third.
    expect(bench.jobsOf('w0')).toHaveLength(3);
    expect(bench.jobsOf('w0')[0]!.deletedMs).not.toBeNull();
    expect(Date.parse(bench.backup('w0').finishedAt ?? '')).toBeGreaterThan(Date.parse(failedAt ?? ''));
  });
});

describe('a workspace', () => {
  it('starts, and stops at a new time', async () => {
    const bench = await start();
    const { metadata } = bench.create('one');
    await bench.pass(5);
    const id = `workspace${metadata.uid?.split('-').slice(0, 3).join('')}`;
    const running = bench.workspace('one')!;
    expect(running.status).toMatchObject({ devworkspaceId: id, phase: 'Running', message: 'Workspace is running' });
    expect(items(running, 'status', 'conditions').map(({ type, status }) => `${type}=${status}`)).toEqual([
      'Started=True',
      'DevWorkspaceResolved=True',
      'StorageReady=True',
      'RoutingReady=True',
      'ServiceAccountReady=True',
      'PullSecretsReady=True',
      'DeploymentReady=True',
      'Ready=True',
    ]);
    expect(running.metadata.annotations?.['controller.devfile.io/started-at']).toMatch(/^\d{13}$/);
    expect(running.metadata.finalizers).toEqual(['rbac.controller.devfile.io']);
    const { cluster } = bench.world;
    expect(cluster.get(RESOURCES.claims, 'load', `storage-${id}`)).toMatchObject({
      spec: { resources: { requests: { storage: '64Mi' } } },
      status: { phase: 'Bound' },
    });
    const [pod] = cluster.list(RESOURCES.pods, { namespace: 'load' });
    expect(pod).toMatchObject({ status: { phase: 'Running' }, metadata: { labels: { [LABELS.id]: id } } });
    bench.setStarted('one', false);
    while (bench.phase('one') === 'Running') await bench.pass(0.01);
    expect(bench.phase('one')).toBe('Stopping');
    expect(items(bench.workspace('one'), 'status', 'conditions').map(({ status }) => status)).toEqual(
      Array(8).fill('Unknown'),
    );
    await bench.pass(0.1);
    const stopped = bench.workspace('one')!;
    expect(stopped.status).toMatchObject({ phase: 'Stopped', message: 'Stopped' });
    const [condition] = items(stopped, 'status', 'conditions');
    expect(condition).toMatchObject({ type: 'Started', status: 'False', message: 'Workspace is stopped' });
    expect(text(condition, 'lastTransitionTime')).toMatch(/^2026-01-01T00:00:\d\dZ$/);
    expect(stopped.metadata.annotations?.['controller.devfile.io/started-at']).toBeUndefined();
    // A pod that is ending is no replica, and nobody waits for it.
    expect(cluster.get(RESOURCES.deployments, 'load', id)).toMatchObject({ spec: { replicas: 0 } });
    expect(at(cluster.get(RESOURCES.deployments, 'load', id), 'status', 'replicas')).toBeUndefined();
    expect(cluster.list(RESOURCES.pods, { namespace: 'load' })).toHaveLength(1);
    await bench.pass(5);
    expect(cluster.list(RESOURCES.pods, { namespace: 'load' })).toEqual([]);
  });

  it('says step by step how far its first start is, and less at its second', async () => {
    const bench = await start();
    const said: string[] = [];
    bench.world.cluster.store.observe(({ collection, record: { object } }) => {
      const message = collection === 'workspace.devfile.io/devworkspaces' ? text(object, 'status', 'message') : '';
      if (message !== '' && message !== said.at(-1)) said.push(message);
    });
    const { metadata } = bench.create('one');
    await bench.pass(5);
    const id = `workspace${metadata.uid?.split('-').slice(0, 3).join('')}`;
    expect(said.splice(0)).toEqual([
      'Initializing DevWorkspace',
      `Provisioning storage: Updated storage-${id} PVC on cluster`,
      'Storage ready',
      'Preparing networking',
      'Waiting for DevWorkspace ServiceAccount',
      'Waiting for workspace deployment',
      'Workspace is running',
    ]);
    bench.setStarted('one', false);
    await bench.pass(5);
    bench.setStarted('one', true);
    await bench.pass(5);
    expect(said).toEqual([
      'Workspace is running',
      'Stopping',
      'Stopped',
      'Initializing DevWorkspace',
      'Preparing networking',
      'Waiting for workspace deployment',
      'Workspace is running',
    ]);
  });

  it('has the environment, mounts and rights of a pod of the operator', async () => {
    const bench = await start({ flavour: 'kubernetes' });
    const { metadata } = bench.create('one', { storage: 'common', env: { OWN: '1' } });
    await bench.pass(5);
    const id = `workspace${metadata.uid?.split('-').slice(0, 3).join('')}`;
    const { cluster } = bench.world;
    const spec = at(cluster.get(RESOURCES.deployments, 'load', id), 'spec', 'template', 'spec');
    const [container] = items(spec, 'containers');
    expect(items(container, 'env').map(({ name, value }) => `${name}=${value ?? ''}`)).toEqual([
      'PROJECTS_ROOT=/projects',
      'PROJECT_SOURCE=/projects',
      'DEVWORKSPACE_COMPONENT_NAME=main',
      'OWN=1',
      'DEVWORKSPACE_NAMESPACE=load',
      'DEVWORKSPACE_NAME=one',
      `DEVWORKSPACE_ID=${id}`,
      'DEVWORKSPACE_CREATOR=',
      'DEVWORKSPACE_IDLE_TIMEOUT=15m',
      'SSH_ASKPASS=/.ssh-askpass/ssh-askpass.sh',
      'DISPLAY=:0',
      'DEVWORKSPACE_METADATA=/devworkspace-metadata',
      'DEVWORKSPACE_FLATTENED_DEVFILE=/devworkspace-metadata/flattened.devworkspace.yaml',
      'DEVWORKSPACE_ORIGINAL_DEVFILE=/devworkspace-metadata/original.devworkspace.yaml',
    ]);
    expect(items(container, 'volumeMounts').map(({ name, mountPath, subPath }) => [name, mountPath, subPath])).toEqual([
      ['claim-devworkspace', '/tmp/workspace-storage', id],
      ['claim-devworkspace', '/projects', `${id}/projects`],
      ['ssh-askpass', '/.ssh-askpass/ssh-askpass.sh', 'ssh-askpass.sh'],
      ['workspace-metadata', '/devworkspace-metadata', undefined],
    ]);
    expect(spec).toMatchObject({
      securityContext: { runAsUser: 1234, runAsGroup: 0, runAsNonRoot: true, fsGroup: 1234 },
      volumes: [
        { name: 'ssh-askpass', configMap: { name: 'devworkspace-ssh-askpass', defaultMode: 0o755 } },
        { name: 'claim-devworkspace' },
        { name: 'workspace-metadata' },
      ],
    });
    const shared = cluster.get(RESOURCES.configMaps, 'load', 'devworkspace-ssh-askpass');
    expect(shared?.metadata.ownerReferences).toBeUndefined();
  });

  it('goes without a word with its last finalizer', async () => {
    const bench = await start();
    bench.create('one');
    await bench.pass(5);
    const phases: string[] = [];
    bench.world.cluster.store.observe(({ collection, record: { object } }) => {
      if (collection === 'workspace.devfile.io/devworkspaces') phases.push(text(object, 'status', 'phase'));
    });
    bench.world.cluster.delete(RESOURCES.workspaces, 'load', 'one');
    await bench.pass(5);
    expect(bench.workspace('one')).toBeUndefined();
    expect(new Set(phases)).toEqual(new Set(['Running']));
  });

  it('is left to an operator outside, with a cluster that does what that one asks for', async () => {
    const bench = await start({ operator: 'external', flavour: 'kubernetes' });
    const { cluster, control } = bench.world;
    expect(control.operatorUp).toBe(false);
    control.startOperator();
    bench.create('one');
    bench.arm({});
    await bench.pass(120);
    expect(bench.workspace('one')?.status ?? {}).toEqual({});
    expect(control.backups).toMatchObject({ passes: 0, schedule: null });
    const id = 'workspace1';
    cluster.amend(RESOURCES.workspaces, 'load', 'one', () => ({ status: { devworkspaceId: id } }));
    const labels = { [LABELS.id]: id };
    const deployment = () => cluster.get(RESOURCES.deployments, 'load', id);
    const pods = () => cluster.list(RESOURCES.pods, { namespace: 'load' });
    cluster.create(RESOURCES.deployments, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: id, namespace: 'load', labels },
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        strategy: { type: 'Recreate' },
        template: {
          metadata: { labels },
          spec: { containers: [{ name: 'main', image: 'registry.example/small-shell:1' }] },
        },
      },
    });
    // As of a controller of its own: nothing has happened by the time the request is answered.
    expect(pods()).toEqual([]);
    await bench.pass(5);
    expect(deployment()?.status).toMatchObject({ replicas: 1, readyReplicas: 1 });
    expect(pods()).toMatchObject([{ metadata: { labels }, status: { phase: 'Running' } }]);
    const scale = (replicas: number) =>
      cluster.modify(RESOURCES.deployments, 'load', id, (draft) => {
        (draft.spec as Record<string, unknown>).replicas = replicas;
      });
    scale(0);
    await bench.pass(0.1);
    expect(at(deployment(), 'status', 'replicas')).toBeUndefined();
    expect(pods()).toHaveLength(1);
    await bench.pass(5);
    expect(pods()).toEqual([]);
    scale(1);
    await bench.pass(5);
    expect(deployment()?.status).toMatchObject({ readyReplicas: 1 });
  });

  it('that nobody started is stopped at once', async () => {
    const bench = await start();
    bench.create('one', { started: false });
    await bench.pass(1);
    expect(bench.phase('one')).toBe('Stopped');
  });

  it('shares a claim with others, and leaves it with the last of them', async () => {
    const bench = await start();
    bench.create('a', { storage: 'common' });
    bench.create('b', { storage: 'per-user' });
    await bench.pass(5);
    const { cluster } = bench.world;
    const claims = () => cluster.list(RESOURCES.claims, { namespace: 'load' }).map(({ metadata }) => metadata.name);
    expect(claims()).toEqual(['claim-devworkspace']);
    expect(bench.workspace('a')?.metadata.finalizers).toEqual([
      'storage.controller.devfile.io',
      'rbac.controller.devfile.io',
    ]);
    cluster.delete(RESOURCES.workspaces, 'load', 'a');
    await bench.pass(1);
    expect(bench.phase('a')).toBe('Terminating');
    expect(cluster.list(RESOURCES.jobs, { namespace: 'load' })).toHaveLength(1);
    await bench.pass(10);
    expect(bench.workspace('a')).toBeUndefined();
    expect(claims()).toEqual(['claim-devworkspace']);
    cluster.delete(RESOURCES.workspaces, 'load', 'b');
    await bench.pass(30);
    expect(cluster.list(RESOURCES.workspaces)).toEqual([]);
    expect(claims()).toEqual([]);
    expect(cluster.list(RESOURCES.pods, { namespace: 'load' })).toEqual([]);
  });

  it.each([
    ['an unknown type of storage', { storage: 'floppy' }, /configured storage type not supported/],
    [
      'no sized volume of its own',
      { components: [{ name: 'main', container: { image: 'registry.example/i:1' } }] },
      /must be greater than zero/,
    ],
  ])('fails with %s', async (_, options, message) => {
    const bench = await start();
    bench.create('one', options);
    await bench.pass(5);
    expect(bench.workspace('one')).toMatchObject({ spec: { started: false }, status: { phase: 'Failed' } });
    expect(text(bench.workspace('one'), 'status', 'message')).toMatch(message);
    // Nobody backs it up.
    bench.arm({});
    await bench.pass(120);
    expect(bench.counts.jobs).toBe(0);
  });

  it('fails on Kubernetes without a domain, and runs with one', async () => {
    const bare = await start({ flavour: 'kubernetes', operatorConfig: null });
    bare.create('one');
    await bare.pass(8);
    expect(text(bare.workspace('one'), 'status', 'message')).toMatch(/clusterHostSuffix/);
    const bench = await start({ flavour: 'kubernetes' });
    bench.create('one');
    await bench.pass(4);
    expect(bench.phase('one')).toBe('Running');
    // Accounts get no secrets to pull images with here: nobody waits for any, or speaks of them.
    const conditions = items(bench.workspace('one'), 'status', 'conditions');
    expect(conditions.map(({ type }) => type)).not.toContain('PullSecretsReady');
  });

  it('fails when its image cannot be pulled, or when it stands still', async () => {
    const bench = await start();
    bench.world.control.setImagePull('failing');
    bench.create('one');
    await bench.pass(5);
    expect(text(bench.workspace('one'), 'status', 'message')).toMatch(/Container main has state ImagePullBackOff/);
    bench.world.control.setImagePull(null);
    bench.world.control.setClaimsPending(true);
    bench.create('two');
    await bench.pass(200);
    expect(bench.phase('two')).toBe('Starting');
    await bench.pass(120);
    expect(bench.phase('two')).toBe('Failed');
    expect(text(bench.workspace('two'), 'status', 'message')).toMatch(/longer than timeout/);
  });

  it('fails to start as often as it is told', async () => {
    const bench = await start({ startFailureShare: 0.2 });
    bench.createMany(50);
    await bench.pass(10);
    const { Failed = 0, Running = 0 } = bench.phases();
    expect(Failed + Running).toBe(50);
    expect(Failed).toBeGreaterThan(2);
    expect(Failed).toBeLessThan(20);
  });

  it('keeps its namespace while the operator is down', async () => {
    const bench = await start();
    bench.createMany(3);
    await bench.pass(5);
    bench.world.control.stopOperator();
    bench.world.cluster.delete(RESOURCES.namespaces, '', 'load');
    await bench.pass(120);
    expect(bench.world.cluster.get(RESOURCES.namespaces, '', 'load')).toMatchObject({
      status: { phase: 'Terminating' },
    });
    bench.world.control.startOperator();
    await bench.pass(60);
    expect(bench.world.cluster.get(RESOURCES.namespaces, '', 'load')).toBeUndefined();
  });
});

describe('a restore', () => {
  const RESTORE = { 'controller.devfile.io/restore-workspace': true };
  const image = (name: string) => `registry.example/acme/load/${name}:latest`;

  /** Backed up, and the clock of backups stopped. */
  async function backedUp(env: Record<string, string>, options: DevWorkspaceWorldOptions = {}) {
    const bench = await start(options);
    bench.create('one', { env });
    await bench.pass(5);
    bench.setStarted('one', false);
    await bench.pass(5);
    bench.arm({});
    await bench.pass(90);
    expect(bench.backup('one').successful).toBe('true');
    bench.arm({ enable: false });
    await bench.pass(1);
    return bench;
  }

  async function recreated(bench: WorldBench, env: Record<string, string>): Promise<void> {
    bench.world.cluster.delete(RESOURCES.workspaces, 'load', 'one');
    await bench.pass(15);
    expect(bench.workspace('one')).toBeUndefined();
    bench.create('one', { env, attributes: RESTORE });
    await bench.pass(15);
  }

  it('brings back what was there, in place and side by side', async () => {
    const bench = await backedUp({ PAYLOAD_MARKER: 'm1', PAYLOAD_BYTES: '5000000' });
    await recreated(bench, { EXPECT_MARKER: 'm1' });
    expect(bench.phase('one')).toBe('Running');
    const [pod] = bench.world.cluster.list(RESOURCES.pods, { namespace: 'load' });
    const [init] = items(pod, 'status', 'initContainerStatuses');
    expect(init).toMatchObject({ name: 'workspace-restore', state: { terminated: { exitCode: 0 } } });
    bench.namespace('other');
    const attributes = { ...RESTORE, 'controller.devfile.io/restore-source-image': image('one') };
    bench.create('copy', { namespace: 'other', attributes, env: { EXPECT_MARKER: 'm1' } });
    await bench.pass(15);
    expect(bench.phase('copy', 'other')).toBe('Running');
  });

  it('is no proof by itself: a workspace that finds other content is not ready', async () => {
    const bench = await backedUp({ PAYLOAD_MARKER: 'm1' });
    await recreated(bench, { EXPECT_MARKER: 'm2' });
    expect(bench.phase('one')).toBe('Failed');
    expect(text(bench.workspace('one'), 'status', 'message')).toMatch(/Container main has state CrashLoopBackOff/);
  });

  it('R1: leaves out what is hidden at the top', async () => {
    const program = (_: unknown, found: ReadonlyMap<string, unknown>) => {
      const entry = { bytes: 10, hash: 'h' };
      const all = new Map([
        ['seen', entry],
        ['.hidden', entry],
      ]);
      return found.size === 0 ? { content: all } : { content: found as typeof all };
    };
    const bench = await backedUp({}, { program });
    const [before] = bench.world.control.registry.images;
    await recreated(bench, {});
    bench.setStarted('one', false);
    await bench.pass(5);
    bench.arm({});
    await bench.pass(90);
    const [after] = bench.world.control.registry.images;
    expect(after!.hash).not.toBe(before!.hash);
  });

  it.each([
    ['R2: fails on an empty backup', { PAYLOAD_BYTES: '0' }],
    ['R1: fails where all is hidden', { PAYLOAD_ENTRY: '.all' }],
  ])('%s', async (_, env) => {
    const bench = await backedUp(env);
    await recreated(bench, env);
    expect(bench.phase('one')).toBe('Failed');
    expect(text(bench.workspace('one'), 'status', 'message')).toMatch(
      /Init Container workspace-restore has state CrashLoopBackOff/,
    );
  });

  it('R3, R4: fetches the image at every start, and touches nothing that is there', async () => {
    const bench = await backedUp({ PAYLOAD_MARKER: 'm1' });
    await recreated(bench, { PAYLOAD_MARKER: 'other' });
    bench.setStarted('one', false);
    await bench.pass(5);
    bench.setStarted('one', true);
    await bench.pass(8);
    expect(bench.phase('one')).toBe('Running');
    const [pod] = bench.world.cluster.list(RESOURCES.pods, { namespace: 'load' });
    const log = podLogsOf(bench.world.cluster).source(pod!, 'workspace-restore').lines();
    expect(log.at(-1)?.text).toMatch(/not empty. Skipping restore action/);
    bench.setStarted('one', false);
    await bench.pass(5);
    bench.world.control.registry.remove(image('one'));
    bench.setStarted('one', true);
    await bench.pass(10);
    expect(bench.phase('one')).toBe('Failed');
  });

  it('fails without a registry in the settings, and with wrong credentials', async () => {
    const bench = await start();
    bench.create('one', { attributes: RESTORE });
    await bench.pass(5);
    expect(text(bench.workspace('one'), 'status', 'message')).toMatch(/backup cron job configuration is missing/);
    const guarded = await backedUp({});
    guarded.world.control.setRegistry({ accounts: { robot: 'right' } });
    await recreated(guarded, {});
    expect(guarded.phase('one')).toBe('Failed');
  });
});

describe('versions', () => {
  it.each([
    ['0.39', undefined, 7, undefined],
    ['0.40.0', 3, 4, 'false'],
    ['0.40.1', 1, 2, 'false'],
    ['0.44', 1, 2, 'false'],
  ] as const)('%s makes so many attempts, and notes the outcome', async (version, limit, pods, noted) => {
    const bench = await start({ version });
    await bench.stoppedWorkspaces(1);
    bench.arm({ registry: { path: WRONG_PATH }, schedule: '@every 30m' });
    await bench.pass(31 * 60);
    const stored = bench.world.cluster.list(RESOURCES.configs)[0];
    expect(
      (stored as { config?: { workspace?: { backupCronJob?: object } } }).config?.workspace?.backupCronJob,
    ).toMatchObject(limit === undefined ? { enable: true } : { backoffLimit: limit });
    await bench.pass(25 * 60);
    expect(bench.jobsOf('w0')).toMatchObject([{ pods, outcome: 'Failed' }]);
    expect(bench.backup('w0').successful).toBe(noted);
  });

  it('0.40.1 looks for a secret of the name in the settings, and owns its copy; 0.42 does neither', async () => {
    const seen: unknown[] = [];
    for (const version of ['0.40.1', '0.41', '0.42'] as const) {
      const bench = await start({ version, registry: { accounts: { robot: 'right' } } });
      bench.secret('push');
      bench.secret('push', { namespace: 'load', password: 'wrong' });
      await bench.stoppedWorkspaces(1);
      bench.arm({ registry: { path: 'registry.example/acme', authSecret: 'push' } });
      await bench.pass(100);
      const copy = bench.world.cluster.get(RESOURCES.secrets, 'load', 'devworkspace-backup-registry-auth');
      seen.push([version, bench.counts.succeeded, copy ? !!copy.metadata.ownerReferences : 'none']);
    }
    expect(seen).toEqual([
      ['0.40.1', 0, 'none'],
      ['0.41', 1, true],
      ['0.42', 1, false],
    ]);
  });

  it('0.43 takes the pull policy from the settings', async () => {
    const policies: unknown[] = [];
    for (const version of ['0.42', '0.43'] as const) {
      const bench = await start({ version, operatorConfig: { workspace: { imagePullPolicy: 'IfNotPresent' } } });
      await bench.stoppedWorkspaces(1);
      bench.arm({});
      await bench.pass(60);
      const [container] = items(bench.listedJobs[0], 'spec', 'template', 'spec', 'containers');
      policies.push(container?.imagePullPolicy);
    }
    expect(policies).toEqual(['Always', 'IfNotPresent']);
  });
});

describe('the operator', () => {
  it('keeps its schedule with the settings object', async () => {
    const bench = await start();
    const { control } = bench.world;
    bench.arm({ schedule: '0 0 31 2 *' });
    await bench.pass(600);
    expect([control.backups.schedule, control.backups.passes]).toEqual(['0 0 31 2 *', 0]);
    bench.arm({ schedule: 'now and then' });
    await bench.pass(60);
    expect(control.backups.schedule).toBeNull();
    bench.arm({ schedule: '@every 20s' });
    await bench.pass(61);
    expect(control.backups.passes).toBe(3);
    expect(bench.lastBackupTime).toMatch(/^2026-/);
    bench.world.cluster.delete(RESOURCES.configs, OPERATOR_NAMESPACE, 'devworkspace-operator-config');
    await bench.pass(120);
    expect([control.backups.schedule, control.backups.passes]).toEqual([null, 3]);
  });

  it('hears nothing while it restarts, and counts it', async () => {
    const bench = await start({ registry: { latencyMs: 20_000 } });
    await bench.stoppedWorkspaces(1);
    bench.arm({});
    await bench.pass(45);
    expect(bench.jobsOf('w0')).toHaveLength(1);
    bench.world.control.restartOperator(60_000);
    await bench.pass(65);
    // The Job has ended meanwhile.
    expect(bench.jobsOf('w0')[0]!.outcome).toBe('Complete');
    expect(bench.backup('w0').successful).toBeUndefined();
    const pods = bench.world.cluster.list(RESOURCES.pods, {
      namespace: OPERATOR_NAMESPACE,
      labelSelector: 'app.kubernetes.io/name=devworkspace-controller',
    });
    expect(items(pods[0], 'status', 'containerStatuses')[0]).toMatchObject({ restartCount: 1, ready: true });
    // Its deletion is a change that is heard.
    await bench.pass(120);
    expect(bench.backup('w0').successful).toBe('true');
  });

  it('ends when a settings object without config.workspace is changed, also one that is none of its own', async () => {
    const bench = await start();
    const { cluster, control } = bench.world;
    const change = async (config: Record<string, unknown>) => {
      cluster.modify(RESOURCES.configs, 'load', 'other', (draft) => {
        draft.config = config;
      });
      await bench.pass(0.1);
    };
    cluster.create(RESOURCES.configs, {
      apiVersion: 'controller.devfile.io/v1alpha1',
      kind: 'DevWorkspaceOperatorConfig',
      metadata: { name: 'other', namespace: 'load' },
      config: { workspace: {} },
    });
    await change({ workspace: {}, routing: { defaultRoutingClass: 'cluster' } });
    expect(control.operatorUp).toBe(true);
    await change({ routing: { defaultRoutingClass: 'basic' } });
    expect(control.operatorUp).toBe(false);
    await bench.pass(5);
    expect(control.operatorUp).toBe(true);
    const [pod] = cluster.list(RESOURCES.pods, { namespace: OPERATOR_NAMESPACE });
    expect(items(pod, 'status', 'containerStatuses')).toMatchObject([{ restartCount: 1 }]);
  });

  it('starts a new pod when its Deployment is rolled out', async () => {
    const bench = await start();
    const pod = () =>
      bench.world.cluster.list(RESOURCES.pods, {
        labelSelector: 'app.kubernetes.io/name=devworkspace-controller',
      })[0]?.metadata.name;
    const before = pod();
    bench.world.cluster.modify(
      RESOURCES.deployments,
      OPERATOR_NAMESPACE,
      'devworkspace-controller-manager',
      (draft) => {
        const { template } = draft.spec as { template: { metadata: { annotations?: Record<string, string> } } };
        template.metadata.annotations = { 'kubectl.kubernetes.io/restartedAt': 'now' };
      },
    );
    expect(bench.world.control.operatorUp).toBe(false);
    await bench.pass(5);
    expect(bench.world.control.operatorUp).toBe(true);
    expect(pod()).not.toBe(before);
  });
});

describe('the registry', () => {
  it.each([
    ['refuses', { state: 'refusing' }, /connection refused/],
    ['is silent', { state: 'silent' }, /TLS handshake timeout/],
    ['is full', { full: true }, /quota exceeded/],
    ['wants credentials', { accounts: { robot: 'right' } }, /401/],
  ] as const)('%s, and the pod says so', async (_, registry, message) => {
    const bench = await start({ registry });
    await bench.stoppedWorkspaces(1);
    bench.arm({});
    await bench.pass(120);
    const { cluster } = bench.world;
    const pod = cluster
      .list(RESOURCES.pods, { namespace: 'load' })
      .find(({ status }) => text(status, 'phase') === 'Failed');
    const log = podLogsOf(cluster).source(pod!, 'backup-workspace').lines();
    expect(log.at(-1)?.text).toMatch(message);
    expect(bench.counts.succeeded).toBe(0);
  });

  it('takes so many at a time', async () => {
    const slow = { latencyMs: 10_000 };
    const wide = await start({ registry: slow });
    const narrow = await start({ registry: { ...slow, concurrency: 2 } });
    for (const bench of [wide, narrow]) {
      await bench.stoppedWorkspaces(10);
      bench.arm({});
      await bench.pass(65);
    }
    expect(wide.counts.succeeded).toBe(10);
    expect(narrow.counts.succeeded).toBeLessThan(9);
    await narrow.pass(60);
    expect(narrow.counts).toMatchObject({ jobs: 10, succeeded: 10 });
  });

  it('gets no more pods than there is room for', async () => {
    const bench = await start({ podCapacity: 3, registry: { latencyMs: 5000 } });
    await bench.stoppedWorkspaces(9);
    bench.arm({});
    await bench.pass(38);
    const pods = bench.world.cluster.list(RESOURCES.pods, { namespace: 'load' });
    const pending = pods.filter(({ status }) => items(status, 'conditions')[0]?.reason === 'Unschedulable');
    expect(pending.length).toBeGreaterThan(3);
    const events = bench.world.cluster.list(RESOURCES.events, { namespace: 'load' });
    expect(events.some(({ reason }) => reason === 'FailedScheduling')).toBe(true);
    await bench.pass(60);
    expect(bench.counts.succeeded).toBe(9);
  });

  it('leaves a tag where it is that of the cluster', async () => {
    const bench = await start();
    await bench.stoppedWorkspaces(1);
    bench.arm({ registry: { path: 'image-registry.openshift-image-registry.svc:5000' } });
    await bench.pass(100);
    expect(bench.counts.succeeded).toBe(1);
    expect(bench.world.cluster.get(RESOURCES.imageStreams, 'load', 'w0')).toMatchObject({
      spec: { lookupPolicy: { local: true } },
      status: { tags: [{ tag: 'latest' }] },
    });
  });
});

it.each([
  [{ version: '1.0' }, /version is "1.0": allowed are 0.39, /],
  [{ flavour: 'mint' }, /flavour is "mint"/],
  [{ startFailureShare: 2 }, /share from 0 to 1/],
  [{ timeZone: 'Mars/Olympus' }, /name of a zone/],
])('refuses settings %o', async (settings, message) => {
  const starting = start(settings as DevWorkspaceWorldOptions);
  await expect(starting).rejects.toThrow(message);
  await expect(starting).rejects.toThrow(WorldSettingsError);
});
