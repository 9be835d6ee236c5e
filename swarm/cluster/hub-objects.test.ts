import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type KubeMock, seedHub, startKubeMock } from '../../controller-mock/index.ts';
import { type KubeCall, KubeClient } from '../../model/kube/kube-client.ts';
import type { KubeObject } from '../../model/kube/kube-object.ts';
import { loadKubeconfig } from '../../model/kube/kubeconfig.ts';
import { RESOURCES } from '../../model/kube/resources.ts';
import { RUN_LABEL } from '../../model/kube/run-label.ts';
import { ScaledClock, startClock } from '../../model/time/clock.ts';
import { Ledger } from '../telemetry/ledger.ts';
import { FIELD_MANAGER, HubObjects, targetOf } from './hub-objects.ts';
import { describeTarget, removeHubObjects } from './hub-removal.ts';

const CLOCK = new ScaledClock(startClock(1));
const NEVER = new AbortController().signal;

let mock: KubeMock;
let client: KubeClient;
let calls: KubeCall[];
let lines: string;
let ledger: Ledger;
let objects: HubObjects;

beforeEach(async () => {
  mock = await startKubeMock({ tls: false, world: seedHub });
  calls = [];
  lines = '';
  client = new KubeClient({
    kubeconfig: loadKubeconfig({ text: mock.kubeconfig }),
    clock: CLOCK,
    onCall: (call) => calls.push(call),
  });
  ledger = new Ledger({
    sink: (text) => {
      lines += text;
    },
    onFailure: (error) => expect.unreachable(error.message),
  });
  objects = new HubObjects({ client, clock: CLOCK, ledger, run: 'mine', patienceMs: 2000 });
});
afterEach(async () => {
  await client.close();
  await mock.close();
});

const namespace = (name: string, labels?: Record<string, string>): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, ...(labels && { labels }) },
});
const secret = (name: string, text = 'x', more: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'one', ...more },
  stringData: { text },
});
const infraEnv = (name: string, more: object = {}): KubeObject => ({
  apiVersion: 'agent-install.openshift.io/v1beta1',
  kind: 'InfraEnv',
  metadata: { name, namespace: 'one', ...more },
  spec: { pullSecretRef: { name: 'pull' } },
});
const verbs = () => calls.splice(0).map(({ verb, resource }) => `${verb} ${resource}`);
const openNames = () => ledger.open().map(({ kind, name }) => `${kind} ${name}`);

describe('apply', () => {
  it('makes an object with the label, our name and an entry in the ledger that was written before', async () => {
    const made = await objects.apply(namespace('one'), NEVER);
    expect(made.metadata.labels).toMatchObject({ [RUN_LABEL]: 'mine' });
    expect(made.metadata.managedFields).toMatchObject([{ manager: FIELD_MANAGER, operation: 'Apply' }]);
    expect(verbs()).toEqual(['get namespaces', 'patch namespaces']);
    ledger.flush();
    expect(lines).toBe(
      `{"seq":1,"intended":"Namespace","name":"one"}\n{"seq":1,"made":"${String(made.metadata.uid)}"}\n`,
    );
  });

  it('needs one request for an object in a namespace that it has made', async () => {
    await objects.apply(namespace('one'), NEVER);
    verbs();
    await objects.apply(secret('pull'), NEVER);
    await objects.apply(infraEnv('ie'), NEVER);
    expect(verbs()).toEqual(['patch secrets', 'patch infraenvs']);
  });

  it('changes its own object again under the same entry', async () => {
    await objects.apply(namespace('one'), NEVER);
    await objects.apply(secret('pull'), NEVER);
    const again = new HubObjects({ client, clock: CLOCK, ledger, run: 'mine' });
    const changed = await again.apply(secret('pull', 'y'), NEVER);
    expect((changed.data as { text: string }).text).toBe(Buffer.from('y').toString('base64'));
    expect(openNames()).toEqual(['Namespace one', 'Secret one/pull']);
  });

  it.each([
    ['of nobody', {}, `has no label ${RUN_LABEL}`],
    ['of another run', { labels: { [RUN_LABEL]: 'other' } }, 'belongs to run other'],
  ])('leaves an object %s as it is', async (_whose, more, reason) => {
    await client.create(RESOURCES.namespaces, namespace('one'));
    await client.create(RESOURCES.secrets, secret('pull', 'theirs', more));
    await expect(objects.apply(secret('pull'), NEVER)).rejects.toThrow(
      `Secret one/pull is there already and ${reason}; it is left as it is`,
    );
    const live = await client.get(RESOURCES.secrets, 'one', 'pull');
    expect((live.data as { text: string }).text).toBe(Buffer.from('theirs').toString('base64'));
    expect(openNames()).toEqual([]);
  });

  it('refuses an object of ours that is being deleted', async () => {
    await objects.apply(namespace('one'), NEVER);
    const made = await objects.apply(infraEnv('ie'), NEVER);
    await client.patch(RESOURCES.infraEnvs, 'one', 'ie', { metadata: { finalizers: ['example.com/wait'] } });
    await client.delete(RESOURCES.infraEnvs, 'one', 'ie', { uid: made.metadata.uid! });
    const again = new HubObjects({ client, clock: CLOCK, ledger, run: 'mine' });
    await expect(again.apply(infraEnv('ie'), NEVER)).rejects.toThrow('is being deleted; apply again when it is gone');
  });

  it('keeps no entry of what the hub refuses', async () => {
    await objects.apply(namespace('one'), NEVER);
    await expect(objects.apply({ ...infraEnv('ie'), spec: { wrong: true } }, NEVER)).rejects.toThrow('wrong');
    expect(openNames()).toEqual(['Namespace one']);
  });

  it('tells at once of a field that others own, and takes it when told', async () => {
    await objects.apply(namespace('one'), NEVER);
    const labelled = infraEnv('ie', { labels: { colour: 'red' } });
    await objects.apply(labelled, NEVER);
    await client.patch(RESOURCES.infraEnvs, 'one', 'ie', { metadata: { labels: { colour: 'blue' } } });
    verbs();
    await expect(objects.apply(labelled, NEVER)).rejects.toThrow('conflict');
    expect(verbs()).toEqual(['patch infraenvs']);
    await objects.apply(labelled, NEVER, { force: true });
    expect((await client.get(RESOURCES.infraEnvs, 'one', 'ie')).metadata.labels?.colour).toBe('red');
  });
});

describe('removal', () => {
  const targets = () => ledger.open().map((entry) => targetOf(entry)!);

  it('goes in the order of the finalizers, takes Agents along, and leaves others alone', async () => {
    await objects.apply(namespace('one'), NEVER);
    for (const object of [secret('pull'), infraEnv('ie')]) await objects.apply(object, NEVER);
    await client.create(RESOURCES.agents, {
      apiVersion: 'agent-install.openshift.io/v1beta1',
      kind: 'Agent',
      metadata: { name: 'a', namespace: 'one', labels: { 'infraenvs.agent-install.openshift.io': 'ie' } },
      spec: { approved: false, role: '' },
    });
    await client.create(RESOURCES.secrets, { ...secret('theirs'), metadata: { name: 'theirs', namespace: 'default' } });
    const gone: string[] = [];
    const onGone = (target: Parameters<typeof describeTarget>[0]) => gone.push(describeTarget(target));
    expect(await removeHubObjects({ objects, targets: targets(), signal: NEVER, limitMs: 5000, onGone })).toEqual([]);
    expect(gone).toEqual(['InfraEnv one/ie', 'Agent one/a', 'Secret one/pull', 'Namespace one']);
    expect(ledger.open()).toEqual([]);
    expect((await client.list(RESOURCES.secrets, { namespace: 'default' })).items).toHaveLength(1);
  });

  it('names what waits for a finalizer and stops there, or takes it off when told', async () => {
    await objects.apply(namespace('one'), NEVER);
    await objects.apply(secret('pull'), NEVER);
    await objects.apply(infraEnv('ie'), NEVER);
    await client.patch(RESOURCES.infraEnvs, 'one', 'ie', { metadata: { finalizers: ['example.com/stuck'] } });
    const options = { objects, targets: targets(), signal: NEVER, limitMs: 200 };
    const left = await removeHubObjects(options);
    expect(left.map(({ target, reason }) => `${describeTarget(target)} ${reason}`)).toEqual([
      'InfraEnv one/ie is not gone after 0.2 s; it waits for example.com/stuck',
      'Secret one/pull is left as it is, because InfraEnv one/ie is not gone',
      'Namespace one is left as it is, because InfraEnv one/ie is not gone',
    ]);
    const stripped: unknown[] = [];
    const onStrip = (_target: unknown, finalizers: readonly string[]) => stripped.push(finalizers);
    expect(await removeHubObjects({ ...options, strip: true, onStrip })).toEqual([]);
    expect(stripped).toEqual([['example.com/stuck']]);
    expect(ledger.open()).toEqual([]);
  });

  it('does not remove another object that bears the name by now', async () => {
    await objects.apply(namespace('one'), NEVER);
    const made = await objects.apply(secret('pull'), NEVER);
    await client.delete(RESOURCES.secrets, 'one', 'pull', { uid: made.metadata.uid! });
    await client.create(RESOURCES.secrets, secret('pull', 'theirs'));
    const [target] = targets().filter(({ name }) => name === 'pull');
    expect(await removeHubObjects({ objects, targets: [target!], signal: NEVER, limitMs: 1000 })).toEqual([]);
    expect((await client.get(RESOURCES.secrets, 'one', 'pull')).metadata.uid).not.toBe(made.metadata.uid);
  });

  it('finds what an unanswered request may have made by its name and label', async () => {
    await client.create(RESOURCES.namespaces, namespace('one', { [RUN_LABEL]: 'mine' }));
    await client.create(RESOURCES.namespaces, namespace('two', { [RUN_LABEL]: 'other' }));
    for (const name of ['one', 'two']) (await ledger.intend('Namespace', name)).notAnswered();
    expect(await removeHubObjects({ objects, targets: targets(), signal: NEVER, limitMs: 5000 })).toEqual([]);
    expect((await client.list(RESOURCES.namespaces)).items.map(({ metadata }) => metadata.name)).not.toContain('one');
    expect((await client.get(RESOURCES.namespaces, undefined, 'two')).metadata.name).toBe('two');
  });
});

it('finds kinds again that only users have', async () => {
  const resource = { group: 'example.com', version: 'v2', plural: 'things', kind: 'Thing', namespaced: true };
  const given = { apiVersion: 'example.com/v2', kind: 'Thing', metadata: { name: 'a', namespace: 'one' } };
  await client.create(RESOURCES.customResourceDefinitions, {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'things.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' },
      versions: [{ name: 'v2', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
    },
  });
  await objects.apply(namespace('one'), NEVER);
  await expect(objects.apply(given, NEVER)).rejects.toThrow('example.com/v2 Thing is not a kind');
  const made = await objects.apply(given, NEVER, { resource });
  expect(targetOf(ledger.open()[1]!)).toEqual({ resource, namespace: 'one', name: 'a', uid: made.metadata.uid });
});
