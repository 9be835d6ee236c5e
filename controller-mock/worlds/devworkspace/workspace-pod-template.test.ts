import { describe, expect, it, onTestFinished } from 'vitest';
import type { KubeObject } from '../../api/object.ts';
import { at, items, text } from '../../builtins/fields.ts';
import { WorldBench } from './testing/world-bench.ts';
import { RESOURCES } from './world-objects.ts';

async function start() {
  const bench = await WorldBench.start();
  onTestFinished(() => bench.close());
  return bench;
}

const main = (pods: readonly KubeObject[]) => items(pods[0], 'spec', 'containers')[0]!;
const components = (overrides: unknown) => [
  { name: 'projects', volume: { size: '64Mi' } },
  {
    name: 'main',
    attributes: { 'container-overrides': overrides },
    container: { image: 'registry.example/small-shell:1', env: [{ name: 'A', value: 'b' }] },
  },
];

describe('container-overrides', () => {
  it('come into the container, with the defaults of what is not given of a probe', async () => {
    const bench = await start();
    const startupProbe = { exec: { command: ['true'] }, periodSeconds: 1 };
    const resources = { limits: { 'nvidia.com/gpu': '1' } };
    const volumeMounts = [{ name: 'projects', mountPath: '/more' }];
    bench.create('one', { components: components({ startupProbe, resources, volumeMounts }) });
    await bench.pass(10);
    expect(bench.phase('one')).toBe('Running');
    const container = main(bench.world.cluster.list(RESOURCES.pods, { namespace: 'load' }));
    expect(container).toMatchObject({
      name: 'main',
      image: 'registry.example/small-shell:1',
      startupProbe: { ...startupProbe, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 3 },
      resources: { limits: { 'nvidia.com/gpu': '1', memory: '256Mi' } },
    });
    expect(items(container, 'env')).toContainEqual({ name: 'A', value: 'b' });
    const paths = items(container, 'volumeMounts').map(({ mountPath }) => mountPath);
    expect(paths).toEqual(expect.arrayContaining(['/more', '/projects', '/devworkspace-metadata']));
  });

  it.each(['name', 'image', 'command', 'args', 'ports', 'env'])('are refused for %s', async (field) => {
    const bench = await start();
    bench.create('one', { components: components({ [field]: [] }) });
    await bench.pass(10);
    expect(bench.phase('one')).toBe('Failed');
    expect(text(bench.workspace('one'), 'status', 'message')).toBe(
      `Error processing devfile: invalid container-overrides attribute on component main: cannot use container-overrides to override container ${field}`,
    );
  });
});

it('gives the container that restores what all containers have', async () => {
  const bench = await start();
  bench.arm({ enable: false });
  bench.create('one', { attributes: { 'controller.devfile.io/restore-workspace': 'true' } });
  await bench.pass(2);
  const [deployment] = bench.world.cluster.list(RESOURCES.deployments, { namespace: 'load' });
  const spec = at(deployment, 'spec', 'template', 'spec');
  const [restore] = items(spec, 'initContainers');
  const [container] = items(spec, 'containers');
  const id = text(bench.workspace('one'), 'status', 'devworkspaceId');
  // As the operator (0.44) orders them.
  expect(items(restore, 'volumeMounts')).toEqual([
    { name: `storage-${id}`, mountPath: '/projects', subPath: 'projects' },
    { name: 'ssh-askpass', mountPath: '/.ssh-askpass/ssh-askpass.sh', subPath: 'ssh-askpass.sh', readOnly: true },
    { name: 'workspace-metadata', mountPath: '/devworkspace-metadata', readOnly: true },
  ]);
  const names = (one: unknown) => items(one, 'env').map(({ name }) => name);
  const metadata = ['DEVWORKSPACE_METADATA', 'DEVWORKSPACE_FLATTENED_DEVFILE', 'DEVWORKSPACE_ORIGINAL_DEVFILE'];
  expect(names(restore).slice(-4)).toEqual(['BACKUP_IMAGE', ...metadata]);
  expect(names(container).slice(-3)).toEqual(metadata);
});
