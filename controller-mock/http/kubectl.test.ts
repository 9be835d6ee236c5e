import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeUnless, findKubectl } from '../../model/testing/needs.ts';
import type { KubeObject } from '../api/object.ts';
import { podLogsOf, setUsageSource } from '../builtins/index.ts';
import { type KubeMock, startKubeMock } from '../index.ts';

const { program: KUBECTL, lack } = findKubectl();

let mock: KubeMock;
let directory: string;

interface Outcome {
  code: number;
  out: string;
  err: string;
}

const environment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  KUBECONFIG: join(directory, 'kubeconfig'),
  HOME: directory,
  KUBECACHEDIR: join(directory, 'cache'),
  NO_PROXY: '127.0.0.1',
  no_proxy: '127.0.0.1',
});

/** @param input for stdin, or further arguments that contain spaces. */
function kubectl(args: string, input: string | readonly string[] = ''): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const more = typeof input === 'string' ? [] : input;
    const child = execFile(KUBECTL, [...args.split(' '), ...more], { env: environment() }, (error, out, err) => {
      if (error && typeof error.code !== 'number') {
        reject(new Error(`these tests run kubectl 1.30 or later: ${KUBECTL} could not be run (${error.message})`));
      } else {
        resolve({ code: error ? Number(error.code) : 0, out, err });
      }
    });
    child.stdin?.end(typeof input === 'string' ? input : '');
  });
}

/** Output of a command that must succeed. */
async function ok(args: string, input: string | readonly string[] = ''): Promise<string> {
  const outcome = await kubectl(args, input);
  expect(outcome, `kubectl ${args}`).toMatchObject({ code: 0 });
  return outcome.out;
}

/** A command that runs until it is stopped. */
function start(args: string): { out(): string; stop(): Promise<void> } {
  const child = spawn(KUBECTL, args.split(' '), { env: environment(), stdio: ['ignore', 'pipe', 'ignore'] });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
  });
  return {
    out: () => out,
    stop() {
      child.kill();
      return ended;
    },
  };
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

const CONFIG_MAPS = { group: '', resource: 'configmaps' };

const configMapObject = (name: string, ...labels: Record<string, string>[]): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default', labels: Object.assign({}, ...labels) },
});

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

describeUnless(lack, 'kubectl', {}, () => {
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

  it('applies what it knows of a file, and names the kind that it does not know', async () => {
    const rack = '{"apiVersion":"example.com/v1","kind":"Rack","metadata":{"name":"r"}}';
    const file = [configMap('before', {}), rack, configMap('after', {})].join('\n');
    const outcome = await kubectl('apply -f -', file);
    expect(outcome.code).toBe(1);
    expect(outcome.out).toBe('configmap/before created\nconfigmap/after created\n');
    expect(outcome.err).toContain('no matches for kind "Rack" in version "example.com/v1"');
    expect(outcome.err).toContain('ensure CRDs are installed first');
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
    const watching = start('get cm -w -o name');
    await expect.poll(() => mock.handler.watches).toBe(1);
    await ok('create cm watched --from-literal=a=1');
    await expect.poll(() => watching.out()).toContain('configmap/watched\n');
    await watching.stop();
    await expect.poll(() => mock.handler.watches).toBe(0);
  });

  it('gets by selectors, in all namespaces, in every form', async () => {
    for (const [name, color] of [
      ['sel-a', 'red'],
      ['sel-b', 'blue'],
      ['sel-c', 'green'],
    ] as const) {
      mock.cluster.create(CONFIG_MAPS, configMapObject(name, { color }, { tier: 'x' }));
    }
    expect(await ok('get cm -l tier=x,color!=red -o name')).toBe('configmap/sel-b\nconfigmap/sel-c\n');
    expect(await ok('get cm -l', ['color in (red, blue)', '-o', 'name'])).toBe('configmap/sel-a\nconfigmap/sel-b\n');
    expect(await ok('get cm -l !tier -A --no-headers -o custom-columns=:metadata.namespace')).toContain('kube-system');
    expect(await ok('get cm -A -l tier=x --no-headers')).toMatch(/^default +sel-a +0 +\d+s\n/);
    expect(await ok('get cm -l tier=x -o jsonpath={.items[*].metadata.name}')).toBe('sel-a sel-b sel-c');
    expect(JSON.parse(await ok('get cm -l tier=x -o json')).items).toHaveLength(3);
    expect(await ok('get cm -l tier=x --sort-by=.metadata.labels.color -o name')).toBe(
      'configmap/sel-b\nconfigmap/sel-c\nconfigmap/sel-a\n',
    );
    expect(await ok('get cm -l tier=x --chunk-size=1 -o name')).toContain('sel-c');
    expect(await kubectl('get cm -l a@b')).toMatchObject({ code: 1, err: expect.stringContaining('name part must') });
    expect((await kubectl('get cm --field-selector a=b')).err).toContain(
      '"a" is not a known field selector: only "metadata.name", "metadata.namespace"',
    );
    expect(await kubectl('get nothings')).toMatchObject({
      code: 1,
      err: 'error: the server doesn\'t have a resource type "nothings"\n',
    });
  });

  it('deletes with every cascade', async () => {
    const family = (name: string) => {
      const owner = mock.cluster.create(CONFIG_MAPS, configMapObject(name));
      const ownerReferences = [
        { apiVersion: 'v1', kind: 'ConfigMap', name, uid: owner.metadata.uid ?? '', blockOwnerDeletion: true },
      ];
      const child = configMapObject(`${name}-child`);
      mock.cluster.create(CONFIG_MAPS, { ...child, metadata: { ...child.metadata, ownerReferences } });
    };
    const child = (name: string) => mock.cluster.get(CONFIG_MAPS, 'default', `${name}-child`);
    for (const name of ['orphaned', 'swept', 'waited']) family(name);
    expect(await ok('delete cm orphaned --cascade=orphan')).toContain('configmap "orphaned" deleted');
    expect(child('orphaned')?.metadata.ownerReferences).toBeUndefined();
    await ok('delete cm swept --cascade=background');
    await expect.poll(() => child('swept')).toBeUndefined();
    await ok('delete cm waited --cascade=foreground --timeout=20s');
    expect(child('waited')).toBeUndefined();
    // Something that a finalizer holds is waited for.
    await ok('patch cm orphaned-child --type=merge -p {"metadata":{"finalizers":["example.com/hold"]}}');
    const waiting = ok('wait --for=delete cm/orphaned-child --timeout=20s');
    expect((await kubectl('delete cm orphaned-child --timeout=1s')).err).toContain('timed out waiting');
    await ok('patch cm orphaned-child --type=merge -p {"metadata":{"finalizers":null}}');
    expect(await waiting).toContain('condition met');
  });

  it('shows what pods use and say, and who may do what', async () => {
    const { cluster } = mock;
    cluster.create(
      { group: '', resource: 'pods' },
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'busy', namespace: 'default' },
        spec: { containers: [{ name: 'main', image: 'i' }] },
        status: { phase: 'Running' },
      },
    );
    setUsageSource(cluster, () => ({ cores: 0.25, bytes: 64 * 2 ** 20 }));
    expect(await ok('top pods')).toMatch(/^NAME +CPU\(cores\) +MEMORY\(bytes\) *\nbusy +250m +64Mi *\n$/);
    expect(await ok('top pod busy --containers')).toMatch(/busy +main +250m +64Mi/);
    podLogsOf(cluster).append('default', 'busy', 'main', cluster.clock.now(), 'hello\nworld');
    expect(await ok('logs busy')).toBe('hello\nworld\n');
    expect(await ok('logs busy --tail=1')).toBe('world\n');
    expect((await kubectl('logs nobody')).err).toContain('pods "nobody" not found');
    expect(await ok('auth can-i --list')).toMatch(/\*\.\* +\[\] +\[\] +\[\*\]/);
    expect(await ok('auth whoami -o jsonpath={.status.userInfo.username}')).toBe('kube-admin');
    await ok('create sa speaker');
    expect(await ok('create token speaker --duration=20m')).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    expect((await kubectl('create token speaker --duration=1s')).err).toContain('less than 10 minutes');
    expect(await ok('get --raw /api/v1/namespaces/default/pods/busy')).toMatch(
      /^\{"kind":"Pod","apiVersion":"v1",.*\}\n$/,
    );
  });

  it('explains fields by the second version of OpenAPI, too', async () => {
    expect(await ok('explain configmap.immutable --output=plaintext-openapiv2')).toMatch(
      /FIELD:\s+immutable <boolean>/,
    );
  });

  it('tells of all kinds and of their fields', async () => {
    const kinds = await ok('api-resources -o wide');
    expect(kinds).toMatch(/^NAME +SHORTNAMES +APIVERSION +NAMESPACED +KIND +VERBS +CATEGORIES *\n/);
    expect(kinds).toMatch(/^deployments +deploy +apps\/v1 +true +Deployment +create,.*,watch +all *$/m);
    expect(await ok('api-resources --namespaced=false -o name')).toContain('nodes\n');
    expect(await ok('api-versions')).toContain('apps/v1\n');
    expect(await ok('explain deploy.spec.replicas')).toContain('FIELD: replicas <integer>');
    expect(await ok('explain pod --recursive')).toMatch(/ {4}containers\t<\[\]Container> -required-/);
    const unknown = await kubectl('explain pod.spec.nothing');
    expect(unknown).toMatchObject({ code: 1, err: 'error: field "nothing" does not exist\n' });
  });

  it('makes and changes objects by its own verbs', async () => {
    for (const line of [
      'create secret generic made --from-literal=x=y',
      'create deploy made --image=nginx --replicas=2',
      'create job made --image=busybox',
      'create role made --verb=get --resource=pods',
      'create rolebinding made --role=made --serviceaccount=default:default',
      'create quota made --hard=pods=2',
      'create ingress made --rule=foo.com/bar=svc:80',
      'create svc clusterip made --tcp=80:80',
      'expose deploy made --port=80 --name=exposed',
      'set image deploy/made nginx=nginx:2',
      'set env deploy/made FOO=bar',
      'autoscale deploy made --max=3',
      'rollout pause deploy/made',
      'rollout resume deploy/made',
    ]) {
      expect(await ok(line), line).toMatch(/made|exposed/);
    }
    expect(await ok('get deploy made --subresource=scale')).toMatch(
      /^NAME +DESIRED +AVAILABLE +AGE *\nmade +2 +0 +\d+s *\n$/,
    );
    expect(await ok('get all -o name')).toContain('deployment.apps/made\n');
    expect(await kubectl('create secret generic made')).toMatchObject({
      code: 1,
      err: 'error: failed to create secret secrets "made" already exists\n',
    });
    const wrong = await kubectl('patch deploy made -p {"spec":{"selector":{"matchLabels":{"q":"r"}}}}');
    expect(wrong.err).toContain('spec.selector: Invalid value');
    expect(wrong.err).toContain('field is immutable');
  });
});
