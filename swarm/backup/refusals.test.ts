/** Clusters on which a load cannot be: one message that says what to do, and nothing is created. */
import { afterAll, describe, expect, it } from 'vitest';
import type { DevWorkspaceWorldOptions } from '../../controller-mock/index.ts';
import { isKubeError } from '../../model/kube/kube-error.ts';
import { BackupInputError } from './backup-error.ts';
import type { BackupOptions, BackupPart } from './backup-options.ts';
import { BackupBench, optionsOf } from './testing/backup-bench.ts';

const benches: BackupBench[] = [];
afterAll(() => Promise.all(benches.map((bench) => bench.close())));

const NAMESPACE = 'openshift-operators';
const SECRETS = { group: '', resource: 'secrets' };
const NAMESPACES = { group: '', resource: 'namespaces' };
const PODS = { group: '', resource: 'pods' };
const CONFIGS = { group: 'controller.devfile.io', resource: 'devworkspaceoperatorconfigs' };
const CRDS = { group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions' };

interface Scene {
  readonly world?: DevWorkspaceWorldOptions;
  readonly options?: Partial<BackupOptions>;
  readonly backup?: Partial<BackupPart> | null;
  readonly before?: (bench: BackupBench) => void;
}

const secret = (bench: BackupBench, more: { type?: string; labels?: Record<string, string>; text?: string }) =>
  bench.world.cluster.create(SECRETS, {
    apiVersion: 'v1',
    kind: 'Secret',
    type: more.type ?? 'kubernetes.io/dockerconfigjson',
    metadata: {
      name: 'push',
      namespace: NAMESPACE,
      labels: more.labels ?? { 'controller.devfile.io/watch-secret': 'true' },
    },
    data: {
      [more.type === 'Opaque' ? 'password' : '.dockerconfigjson']: Buffer.from(more.text ?? '{"auths":{}}').toString(
        'base64',
      ),
    },
  });

/** @returns what is said */
async function refused({ world, options, backup = {}, before }: Scene): Promise<string> {
  const bench = await BackupBench.start(world, { patienceMs: 2_000 });
  benches.push(bench);
  before?.(bench);
  // The controllers of the cluster do with it what they do.
  await bench.world.clock.sleep(5_000);
  const { store } = bench.world.cluster;
  const [version, writes] = [store.resourceVersion, bench.writes];
  const error = await bench.run(optionsOf(3, backup, options)).then(
    () => null,
    (reason: unknown) => reason,
  );
  // What a cluster says itself becomes wrong input where loads are started.
  expect(error instanceof BackupInputError || isKubeError(error), String(error)).toBe(true);
  // Not one object is another than it was.
  expect(store.resourceVersion).toBe(version);
  expect(bench.writes).toBe(writes);
  const { message } = error as Error;
  expect(message).not.toContain('\n');
  return message;
}

const RIGHTS: readonly [verb: string, resource: string, named: string][] = [
  ...['get', 'create', 'list', 'watch', 'delete'].map((verb): [string, string, string] => [
    verb,
    'namespaces',
    'namespaces in all namespaces',
  ]),
  ...['get', 'create', 'list', 'watch', 'patch', 'delete'].map((verb): [string, string, string] => [
    verb,
    'devworkspaces',
    'devworkspaces.workspace.devfile.io in all namespaces',
  ]),
  ['list', 'pods', 'pods in all namespaces'],
  ['watch', 'events', 'events in all namespaces'],
  ['watch', 'jobs', 'jobs.batch in all namespaces'],
  ['get', 'pods/log', 'pods/log in all namespaces'],
  ...['get', 'create', 'patch', 'delete'].map((verb): [string, string, string] => [
    verb,
    'devworkspaceoperatorconfigs',
    `devworkspaceoperatorconfigs.controller.devfile.io in namespace ${NAMESPACE}`,
  ]),
  ['get', 'secrets', `secrets in namespace ${NAMESPACE}`],
];

describe('a load is refused', () => {
  it.each(RIGHTS)('without the right to %s %s, by its name', async (verb, resource, named) => {
    const message = await refused({
      backup: { registrySecret: 'push' },
      before: ({ world }) => world.control.setDenied([{ verb, resource }]),
    });
    expect(message).toContain(`may not ${verb} ${named}; ask for this right, or choose another context`);
  });

  it('with all rights named that are missing', async () => {
    const message = await refused({
      before: ({ world }) =>
        world.control.setDenied([
          { verb: 'create', resource: 'devworkspaces' },
          { verb: 'watch', resource: 'jobs' },
        ]),
    });
    expect(message).toMatch(
      /may not create devworkspaces\.\S+ in all namespaces, watch jobs\.batch in all namespaces; ask for these rights/,
    );
  });

  it('with a right named once that several parts of a load want', async () => {
    const message = await refused({
      options: { automountPairs: 1 },
      backup: {
        registrySecret: 'push',
        restore: { mode: 'in-place', sample: { count: 1 }, seed: null, cases: ['wrong-credentials'] },
      },
      before: ({ world }) => world.control.setDenied([{ verb: 'create', resource: 'secrets' }]),
    });
    expect(message).toContain('may not create secrets in all namespaces; ask for this right');
  });

  it.each<[string, Scene, RegExp]>([
    [
      'without the right to find the operator',
      { before: ({ world }) => world.control.setDenied([{ verb: 'list', resource: 'deployments' }]) },
      /may not list deployments\.apps in all namespaces \(or give the operator's namespace with --dwo-namespace\)/,
    ],
    [
      'with a settings object that has no config.workspace',
      { world: { operatorConfig: { routing: {} } } },
      /has no config\.workspace.*nil pointer.*kubectl patch dwoc/,
    ],
    [
      'with a settings object that has no config',
      {
        before: ({ world }) =>
          world.cluster.create(CONFIGS, {
            apiVersion: 'controller.devfile.io/v1alpha1',
            kind: 'DevWorkspaceOperatorConfig',
            metadata: { name: 'devworkspace-operator-config', namespace: NAMESPACE },
          }),
      },
      /has no config\.workspace/,
    ],
    [
      'where the operator is not',
      { options: { operatorNamespace: 'elsewhere' } },
      /no Deployment devworkspace-controller-manager .* in namespace elsewhere; .*--dwo-namespace/,
    ],
    [
      'where the operator does not run',
      { before: ({ world }) => world.control.stopOperator() },
      /the operator does not run: Deployment devworkspace-controller-manager in namespace openshift-operators has no pod that is ready; see why: kubectl describe pod/,
    ],
    [
      'where the operator is not installed',
      {
        before: ({ world }) => {
          for (const { metadata } of world.cluster.list(CRDS)) world.cluster.delete(CRDS, '', metadata.name!);
        },
      },
      /does not serve devworkspaces\.workspace\.devfile\.io v1alpha2: the DevWorkspace Operator is not installed/,
    ],
    [
      'where a namespace of the run is taken',
      { before: (bench) => bench.plantNamespace('loadtest-devworkspaces', {}) },
      /loadtest-devworkspaces \(of somebody else\); delete them/,
    ],
    [
      'where a namespace of the run does not go',
      {
        options: { separateNamespaces: true },
        world: { namespaceGraceMs: 0 },
        before: (bench) => {
          bench.plantNamespace('load-test-ns-2', { 'assisted-swarm/run': 'gone' });
          bench.plantStuck('load-test-ns-2');
          bench.world.cluster.delete(NAMESPACES, '', 'load-test-ns-2');
        },
      },
      /load-test-ns-2 \(it is still being deleted.*finalizer.*\)/,
    ],
    [
      'without the secret',
      { backup: { registrySecret: 'push' } },
      /no secret push in namespace openshift-operators.*QUAY_USERNAME/,
    ],
    [
      'with a secret that the operator does not see',
      { backup: { registrySecret: 'push' }, before: (bench) => secret(bench, { labels: {} }) },
      /secret push .* is without the label .*kubectl label secret push -n openshift-operators/,
    ],
    [
      'with a secret of another type',
      { backup: { registrySecret: 'push' }, before: (bench) => secret(bench, { type: 'Opaque' }) },
      /secret push .* is of type Opaque, and backups take kubernetes\.io\/dockerconfigjson/,
    ],
    [
      'with a secret for another registry',
      {
        backup: { registrySecret: 'push' },
        before: (bench) => secret(bench, { text: '{"auths":{"ghcr.example":{"auth":"YTpi"}}}' }),
      },
      /secret push .* has no credentials for quay\.io, but for ghcr\.example/,
    ],
    [
      'with a secret that cannot be read',
      { backup: { registrySecret: 'push' }, before: (bench) => secret(bench, { text: '{"auths":null}' }) },
      /has no \.dockerconfigjson that could be read/,
    ],
    [
      'for the registry of an OpenShift cluster on another one',
      { world: { flavour: 'kubernetes' }, backup: { configType: 'openshift-internal', registryPath: '' } },
      /needs an OpenShift cluster/,
    ],
    [
      'where an API server is overloaded for good',
      { before: ({ world }) => world.control.setApiFault('x', { verbs: ['list'], code: 503 }) },
      /503|not ready/,
    ],
  ])('%s', { timeout: 30_000 }, async (_, scene, message) => {
    expect(await refused(scene)).toMatch(message);
  });
});

describe('a load goes on', () => {
  it('with two settings objects: the one of the operator is used, the other stays as it is', {
    timeout: 30_000,
  }, async () => {
    const bench = await BackupBench.start({ operatorConfig: { workspace: { progressTimeout: '10m' } } });
    benches.push(bench);
    bench.plantNamespace('team', {});
    const other = bench.world.cluster.create(CONFIGS, {
      apiVersion: 'controller.devfile.io/v1alpha1',
      kind: 'DevWorkspaceOperatorConfig',
      metadata: { name: 'devworkspace-operator-config', namespace: 'team' },
      config: { routing: {} },
    });
    const before = bench.configText();
    const { figures } = await bench.run(optionsOf(3, {}));
    expect(figures.jobs).toMatchObject({ total: 3, succeeded: 3 });
    expect(bench.configText()).toBe(before);
    expect(bench.world.cluster.get(CONFIGS, 'team', 'devworkspace-operator-config')).toEqual(other);
  });

  it('while the Deployment says nothing of replicas, and a pod is ready', { timeout: 30_000 }, async () => {
    const bench = await BackupBench.start();
    benches.push(bench);
    bench.world.cluster.modify(
      { group: 'apps', resource: 'deployments' },
      NAMESPACE,
      'devworkspace-controller-manager',
      (draft) => {
        draft.status = {};
      },
    );
    expect(bench.world.cluster.list(PODS, { namespace: NAMESPACE }).length).toBeGreaterThan(0);
    expect((await bench.run(optionsOf(2, null, { deleteAfterReady: true }))).figures.load.ready).toBe(2);
  });
});
