import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KubeMock, startKubeMock } from '../index.ts';

/** The program named by the environment variable KUBECTL, or `kubectl` on PATH. */
const KUBECTL = process.env.KUBECTL ?? 'kubectl';

let mock: KubeMock;
let directory: string;

interface Outcome {
  code: number;
  out: string;
  err: string;
}

function kubectl(args: string, input = ''): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      KUBECTL,
      args.split(' '),
      {
        env: {
          ...process.env,
          KUBECONFIG: join(directory, 'kubeconfig'),
          HOME: directory,
          KUBECACHEDIR: join(directory, 'cache'),
          NO_PROXY: '127.0.0.1',
          no_proxy: '127.0.0.1',
        },
      },
      (error, out, err) => {
        if (error && typeof error.code !== 'number') {
          reject(
            new Error(
              `these tests run kubectl: ${KUBECTL} could not be run (${error.message}); install kubectl 1.30 or later, or name it in the environment variable KUBECTL`,
            ),
          );
        } else {
          resolve({ code: error ? Number(error.code) : 0, out, err });
        }
      },
    );
    child.stdin?.end(input);
  });
}

/** Output of a command that must succeed. */
async function ok(args: string, input = ''): Promise<string> {
  const outcome = await kubectl(args, input);
  expect(outcome, `kubectl ${args}`).toMatchObject({ code: 0 });
  return outcome.out;
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kubectl-test-'));
  mock = await startKubeMock({ kubeconfigPath: join(directory, 'kubeconfig') });
});

afterAll(async () => {
  await mock?.close();
  await rm(directory, { recursive: true, force: true });
});

const configMap = (name: string, data: Record<string, string>) =>
  JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });

const CRD = JSON.stringify({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'widgets', kind: 'Widget', shortNames: ['wd'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            description: 'A widget of the tests.',
            properties: {
              spec: {
                type: 'object',
                description: 'What the widget is to be.',
                properties: { size: { type: 'integer', description: 'How large it is.' } },
              },
              status: { type: 'object', properties: { phase: { type: 'string' } } },
            },
          },
        },
        subresources: { status: {} },
        additionalPrinterColumns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }],
      },
    ],
  },
});

describe('kubectl', () => {
  it('creates, gets and deletes', async () => {
    expect(await ok('create -f -', configMap('one', { a: '1' }))).toBe('configmap/one created\n');
    expect(await ok('get cm one -o jsonpath={.data.a}')).toBe('1');
    expect(await ok('get cm one -o yaml')).toContain('kind: ConfigMap\n');
    expect(await ok('get cm -A -o name')).toContain('configmap/one\n');
    expect(await ok('get cm one')).toMatch(/^NAME +.*AGE *\none +/);
    expect(await ok('get cm --field-selector metadata.name=one -o name')).toBe('configmap/one\n');
    expect(await ok('describe cm one')).toContain('Name:         one\n');
    expect(await ok('delete cm one --wait')).toContain('configmap "one" deleted');
    const missing = await kubectl('get cm one');
    expect(missing).toMatchObject({ code: 1, err: 'Error from server (NotFound): configmaps "one" not found\n' });
  });

  it('applies from the client side, with validation', async () => {
    expect(await ok('apply -f -', configMap('applied', { a: '1', b: '2' }))).toBe('configmap/applied created\n');
    expect(await ok('apply -f -', configMap('applied', { a: '3' }))).toBe('configmap/applied configured\n');
    expect(await ok('get cm applied -o jsonpath={.data}')).toBe('{"a":"3"}');
    expect(await ok('apply -f -', configMap('applied', { a: '3' }))).toBe('configmap/applied unchanged\n');
    const wrong = await kubectl(
      'apply -f -',
      '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"w"},"dada":{}}',
    );
    expect(wrong.code).toBe(1);
    expect(wrong.err).toContain('strict decoding error: unknown field "dada"');
  });

  it('shows differences', async () => {
    const outcome = await kubectl('diff -f -', configMap('applied', { a: '4' }));
    expect(outcome.code).toBe(1);
    expect(outcome.out).toContain('-  a: "3"\n+  a: "4"');
    expect(await ok('get cm applied -o jsonpath={.data.a}')).toBe('3');
  });

  it('applies from the server side, with conflicts', async () => {
    const apply = (manager: string, value: string, more = '') =>
      kubectl(`apply --server-side --field-manager=${manager}${more} -f -`, configMap('owned', { a: value }));
    expect((await apply('one', '1')).out).toBe('configmap/owned serverside-applied\n');
    const conflict = await apply('two', '2');
    expect(conflict.code).toBe(1);
    expect(conflict.err).toContain('conflict with "one": .data.a');
    expect((await apply('two', '2', ' --force-conflicts')).code).toBe(0);
    expect(await ok('get cm owned -o jsonpath={.data.a}')).toBe('2');
  });

  it('patches in three ways, labels and annotates', async () => {
    await ok('create cm patched --from-literal=a=1');
    await ok('patch cm patched --type=merge -p {"data":{"b":"2"}}');
    await ok('patch cm patched --type=json -p [{"op":"remove","path":"/data/a"}]');
    await ok('patch cm patched --type=strategic -p {"data":{"c":"3"}}');
    expect(await ok('get cm patched -o jsonpath={.data}')).toBe('{"b":"2","c":"3"}');
    await ok('label cm patched x=y');
    await ok('annotate cm patched note=yes');
    expect(await ok('get cm -l x=y -o name')).toBe('configmap/patched\n');
    expect(await ok('label cm patched x-')).toContain('unlabeled');
  });

  it('serves custom resources: table, explain, wait, watch', async () => {
    expect(await ok('apply -f -', CRD)).toContain('created');
    await ok('wait --for=condition=Established crd/widgets.example.com --timeout=10s');
    const widget = '{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"w"},"spec":{"size":3}}';
    expect(await ok('apply -f -', widget)).toBe('widget.example.com/w created\n');
    expect(await ok('get wd')).toBe('NAME   SIZE\nw      3\n');
    expect(await ok('explain widgets.spec')).toContain('size\t<integer>\n    How large it is.');
    expect(await ok('explain configmap.data')).toContain('FIELD: data');
    expect(await ok('api-resources --api-group=example.com -o name')).toBe('widgets.example.com\n');
    const waiting = ok('wait --for=jsonpath={.status.phase}=Up wd/w --timeout=20s');
    await ok('patch wd w --subresource=status --type=merge -p {"status":{"phase":"Up"}}');
    expect(await waiting).toContain('condition met');
    expect(await ok('delete wd w --cascade=foreground --wait --timeout=20s')).toContain('deleted');
    expect(await ok('delete crd widgets.example.com --timeout=20s')).toContain('deleted');
  });

  it('edits through an editor', async () => {
    const editor = join(directory, 'editor.sh');
    await writeFile(editor, '#!/bin/sh\nsed -i \'s/b: "2"/b: "5"/\' "$1"\n', { mode: 0o755 });
    process.env.KUBE_EDITOR = editor;
    try {
      expect(await ok('edit cm patched')).toBe('configmap/patched edited\n');
    } finally {
      delete process.env.KUBE_EDITOR;
    }
    expect(await ok('get cm patched -o jsonpath={.data.b}')).toBe('5');
  });

  it('gets raw paths and versions, and deletes namespaces', async () => {
    expect(await ok('get --raw /readyz?verbose')).toContain('readyz check passed');
    expect(await ok('version -o json')).toContain('"gitVersion": "v1.32.0"');
    await ok('create namespace fleeting');
    await ok('create cm inside --from-literal=a=1 -n fleeting');
    expect(await ok('delete namespace fleeting --timeout=20s')).toContain('deleted');
  });

  it('serves built-in kinds: describe, wide, scale, restart, can-i, tokens, logs, deletion with grace', async () => {
    const pod = { containers: [{ name: 'c', image: 'i' }] };
    await ok('apply -f -', JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: pod }));
    await ok(
      'apply -f -',
      JSON.stringify({
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'web' },
        spec: { selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'b' } }, spec: pod } },
      }),
    );
    expect(await ok('get pods -o wide')).toMatch(/^NAME +READY +STATUS +RESTARTS +AGE +IP +NODE /);
    expect(await ok('describe pod p')).toContain('Status:           Pending\n');
    expect(await ok('scale deploy web --replicas=4')).toContain('scaled');
    expect(await ok('rollout restart deploy web')).toContain('restarted');
    expect(await ok('get deploy web -o jsonpath={.spec.replicas}')).toBe('4');
    expect(await ok('auth can-i create pods')).toBe('yes\n');
    await ok('create sa robot');
    const token = (await ok('create token robot')).trim();
    expect(mock.cluster.tokens.find(token)?.username).toBe('system:serviceaccount:default:robot');
    await ok('logs p');
    expect(await ok('explain pod.spec.containers')).toContain('FIELD: containers <[]Container>');
    // Fields the server has added are nobody's, so that an apply from the server side does not take them away.
    const again = JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: pod });
    expect((await kubectl('apply --server-side -f -', again)).err).not.toContain('failed');
    await ok('apply --server-side -f -', again);
    expect(await ok('delete pod p --timeout=20s')).toContain('deleted');
  });

  it('watches with -w', async () => {
    const watching = kubectl('get cm -w -o name --request-timeout=3s');
    await expect.poll(() => mock.endpoint.watches).toBe(1);
    await ok('create cm watched --from-literal=a=1');
    expect((await watching).out).toContain('configmap/watched\n');
  });
});
