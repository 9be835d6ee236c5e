/** Against the embedded cluster, over HTTP. */
import { KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DevWorkspaceWorld, startDevWorkspaceWorld } from '../../controller-mock/index.ts';
import type { KubeObject } from '../../model/kube/kube-object.ts';
import { RESOURCES } from '../../model/kube/resources.ts';
import { RUN_LABEL } from '../../model/kube/run-label.ts';
import { ScaledClock, startClock } from '../../model/time/clock.ts';
import { BackupInputError } from './backup-error.ts';
import { DWO_LABELS } from './backup-resources.ts';
import { ClusterRequests } from './cluster-requests.ts';
import type { Login } from './registry-login.ts';
import {
  applySecretPlan,
  credentialsOf,
  planRegistrySecret,
  readSecret,
  type SecretRequest,
  userOf,
} from './registry-secret.ts';

const NAMESPACE = 'openshift-operators';
const PASSWORD = 'correct horse "battery" \\ staple';
const credentials = { username: 'robot', password: PASSWORD };
const signal = new AbortController().signal;

let world: DevWorkspaceWorld;
let requests: ClusterRequests;
beforeAll(async () => {
  world = await startDevWorkspaceWorld({ tls: false, profile: 'quick' });
  const kubeconfig = new KubeConfig();
  kubeconfig.loadFromString(world.kubeconfig);
  requests = new ClusterRequests({ kubeconfig, clock: new ScaledClock(startClock(1)) });
});
afterAll(async () => {
  await requests.close();
  await world.close();
});

const plan = (name: string, more: Partial<SecretRequest> = {}) =>
  planRegistrySecret(
    requests,
    {
      namespace: NAMESPACE,
      name,
      registryPath: 'registry.example:5000/me',
      credentials: null,
      replace: false,
      ...more,
    },
    signal,
  );
const read = (name: string) => readSecret(requests, NAMESPACE, name, signal);
const plant = (name: string, auths: unknown, more: object = {}) =>
  requests.client.create(RESOURCES.secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'kubernetes.io/dockerconfigjson',
    metadata: { name, namespace: NAMESPACE, labels: { [DWO_LABELS.watchSecret]: 'true' } },
    data: { '.dockerconfigjson': Buffer.from(JSON.stringify({ auths })).toString('base64') },
    ...more,
  });
const fileIn = (secret: KubeObject) =>
  JSON.parse(Buffer.from((secret.data as Record<string, string>)['.dockerconfigjson']!, 'base64').toString());

describe('a secret that is not there', () => {
  it('is made of the environment for the host of the path, seen by the operator, and known as the run’s', async () => {
    const made = await plan('new', { credentials });
    expect(made).toMatchObject({ action: 'make', note: expect.stringContaining('for registry.example:5000') });
    expect(await read('new')).toBeUndefined();
    const uid = await applySecretPlan(requests, made, 'r1', signal);
    const secret = (await read('new'))!;
    expect(secret).toMatchObject({
      type: 'kubernetes.io/dockerconfigjson',
      metadata: { uid, labels: { [DWO_LABELS.watchSecret]: 'true', [RUN_LABEL]: 'r1' } },
    });
    const auth = Buffer.from(`robot:${PASSWORD}`).toString('base64');
    expect(fileIn(secret)).toEqual({ auths: { 'registry.example:5000': { ...credentials, auth } } });
    // A second try of the same request finds what the first has made; another run does not take it for its own.
    expect(await applySecretPlan(requests, made, 'r1', signal)).toBe(uid);
    await expect(applySecretPlan(requests, made, 'r2', signal)).rejects.toThrow(/somebody else has just made/);
  });

  it('is asked for where there is nothing to make it from', async () => {
    const login = async (): Promise<Login> => ({ result: 'accepted' });
    await expect(plan('absent', { login })).rejects.toThrow(BackupInputError);
    await expect(plan('absent', { login })).rejects.toThrow(
      /no secret absent in namespace openshift-operators, and QUAY_USERNAME and QUAY_PASSWORD are not set.* --from-file=.*kubectl label secret absent/,
    );
  });

  it('needs no more than any credentials on a cluster in this process', async () => {
    const error = await plan('absent').catch((one: Error) => one);
    expect(error).toBeInstanceOf(BackupInputError);
    expect((error as Error).message).toMatch(
      /no secret absent .* export both \(here any will do\).*--registry-secret ""$/,
    );
  });
});

describe('a secret that is there', () => {
  it('is used as it is, whoever is in the environment', async () => {
    const auth = Buffer.from('own:secret:with:colons').toString('base64');
    const before = await plant('own', { 'https://registry.example:5000/v2/': { auth } });
    expect(userOf(before, 'registry.example:5000')).toBe('own');
    expect(await plan('own')).toEqual({
      action: 'reuse',
      note: 'secret own in namespace openshift-operators is used as it is',
    });
    const other = await plan('own', { credentials });
    expect(other).toMatchObject({
      action: 'reuse',
      note: expect.stringMatching(/with user own, and not that of QUAY_USERNAME/),
    });
    expect(await applySecretPlan(requests, other, 'r1', signal)).toBeNull();
    expect(await read('own')).toEqual(before);
  });

  it('is replaced when that is asked for, and stays', async () => {
    await plant(
      'old',
      { 'registry.example:5000': { username: 'x', password: 'y' } },
      {
        metadata: { name: 'old', namespace: NAMESPACE, labels: { theirs: 'yes' } },
      },
    );
    const replaced = await plan('old', { credentials, replace: true });
    expect(replaced.action).toBe('replace');
    expect(await applySecretPlan(requests, replaced, 'r1', signal)).toBeNull();
    const secret = (await read('old'))!;
    expect(userOf(secret, 'registry.example:5000')).toBe('robot');
    expect(secret.metadata.labels).toEqual({ theirs: 'yes', [DWO_LABELS.watchSecret]: 'true' });
    await expect(plan('old', { replace: true })).rejects.toThrow(/QUAY_USERNAME and QUAY_PASSWORD are not set/);
  });

  const metadata = (name: string) => ({ name, namespace: NAMESPACE });
  it.each<[string, unknown, (name: string) => object, RegExp]>([
    [
      'unlabelled',
      {},
      (name) => ({ metadata: metadata(name) }),
      /does not see it; add it: kubectl label secret unlabelled -n/,
    ],
    ['opaque', {}, () => ({ type: 'Opaque' }), /is of type Opaque, and backups take kubernetes.io\/dockerconfigjson/],
    [
      'elsewhere',
      { 'quay.io': { auth: 'YTpi' } },
      () => ({}),
      /has no credentials for registry.example:5000, but for quay.io;/,
    ],
    ['empty', {}, () => ({}), /but for no registry/],
    [
      'halved',
      { 'registry.example:5000': { username: 'a' } },
      () => ({}),
      /has no user and password for registry.example:5000/,
    ],
  ])('and is %s is refused before anything is done', async (name, auths, more, message) => {
    await plant(name, auths, more(name));
    await expect(plan(name)).rejects.toThrow(message);
    await expect(plan(name)).rejects.toThrow(BackupInputError);
  });
});

describe('credentials that are tried', () => {
  const tried: [path: string, username: string, password: string][] = [];
  const login =
    (result: Login): NonNullable<SecretRequest['login']> =>
    async (path, { username, password }) => {
      tried.push([path, username, password]);
      return result;
    };

  it('are those of the environment for a secret that is made, and its own for one that is there', async () => {
    expect(await plan('tried', { credentials, login: login({ result: 'accepted' }) })).not.toHaveProperty(
      'credentials',
    );
    await plant('tried-own', { 'registry.example:5000': { auth: Buffer.from('own:se:cret').toString('base64') } });
    await plan('tried-own', { credentials, login: login({ result: 'accepted' }) });
    expect(tried).toEqual([
      ['registry.example:5000/me', 'robot', PASSWORD],
      ['registry.example:5000/me', 'own', 'se:cret'],
    ]);
  });

  it('and are refused end a load before it begins, without being told', async () => {
    const refused = login({ result: 'refused', why: 'it answers 401' });
    const error = await plan('refused', { credentials, login: refused }).catch((one: Error) => one);
    expect(error).toBeInstanceOf(BackupInputError);
    expect((error as Error).message).toMatch(
      /does not let robot in \(it answers 401\): its credentials are QUAY_USERNAME/,
    );
    expect((error as Error).message).not.toContain(PASSWORD);
    await expect(plan('tried-own', { login: refused })).rejects.toThrow(
      /let own in .* those of secret tried-own in namespace/,
    );
  });

  it('and are not known about are told', async () => {
    const unknown = login({ result: 'unknown', why: 'it is away' });
    expect((await plan('unknown', { credentials, login: unknown })).note).toMatch(/not known: it is away$/);
  });
});

it('takes credentials of the environment both or none', () => {
  expect(credentialsOf({})).toBeNull();
  expect(credentialsOf({ QUAY_USERNAME: '', QUAY_PASSWORD: '' })).toBeNull();
  expect(credentialsOf({ QUAY_USERNAME: 'a', QUAY_PASSWORD: 'b' })).toEqual({ username: 'a', password: 'b' });
  expect(() => credentialsOf({ QUAY_USERNAME: 'a' })).toThrow('QUAY_USERNAME is set, and QUAY_PASSWORD is not');
  expect(() => credentialsOf({ QUAY_PASSWORD: 'hunter2' })).toThrow(
    /^QUAY_PASSWORD is set, and QUAY_USERNAME is not; /,
  );
});
