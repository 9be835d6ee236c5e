/** The REST adapter and its ledger against a real server that loses answers. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ScaledClock, startClock } from '../../model/time/clock.ts';
import { startServiceMock } from '../../service-mock/index.ts';
import { createUserClient } from '../daemon/user-client.ts';
import { Ledger } from '../telemetry/ledger.ts';
import { SharedTelemetry } from '../telemetry/shared-telemetry.ts';
import { createTelemetryBuffer } from '../telemetry/telemetry-layout.ts';
import { planAccess } from './hint.ts';
import { RestAdapter } from './rest.ts';
import { clusterPlan } from './testing/fake-service.ts';
import { type CreationOutcome, NameService } from './testing/name-service.ts';

const ACCESS = { baseUrl: 'http://service', token: '', pollIntervalSeconds: null };
const PLAN = { openshiftVersion: '4.20', releaseImage: null, pullSecret: '{"auths":{}}', sshPublicKey: '' };
const signal = new AbortController().signal;
const nothing = () => ({ clusterId: null, infraEnvId: null });

let service: NameService;
let ledger: Ledger;
let rest: RestAdapter;
let close: () => Promise<void>;
beforeEach(async () => {
  service = await NameService.start();
  ledger = new Ledger({ sink: () => {}, onFailure: () => {} });
  const telemetry = new SharedTelemetry(createTelemetryBuffer({ writers: 1, hostSlots: 1, clusterSlots: 1 }), 0);
  // Waits between retries are simulated time.
  const clock = new ScaledClock(startClock(1000));
  const user = createUserClient({ baseUrl: service.url, tls: {}, authorization: '', clock, telemetry });
  close = user.close;
  rest = new RestAdapter({ client: user.client, plan: PLAN, access: ACCESS, staticNetwork: () => [], ledger });
});
afterEach(async () => {
  await close();
  await service.close();
});

const failed = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable('the creation should have failed'),
    (error: { passing: boolean }) => error,
  );
const LOST: CreationOutcome[] = ['reset', 'cut', '504'];

describe('in the good case', () => {
  it('sends nothing but the creations', async () => {
    const cluster = clusterPlan();
    const clusterId = await rest.createCluster(cluster, signal);
    const infraEnvId = await rest.createInfraEnv(cluster, clusterId, signal);
    expect(service.requests).toEqual(['POST /v2/clusters', 'POST /v2/infra-envs']);
    expect(ledger.open()).toMatchObject([
      { kind: 'cluster', name: 'cluster-0', id: clusterId, unanswered: false },
      { kind: 'infra-env', name: 'cluster-0-infra-env', id: infraEnvId, unanswered: false },
    ]);
  });

  it('has every creation in the ledger before the service can see it', async () => {
    const known: boolean[] = [];
    service.onMade = () =>
      void known.push(ledger.find('cluster', [...service.clusters.values()].at(-1)!) !== undefined);
    await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        rest.createCluster(clusterPlan({ index, name: `cluster-${index}` }), signal),
      ),
    );
    expect(known).toEqual(Array(40).fill(true));
  });
});

describe('a creation whose answer was lost', () => {
  it.each(LOST)('by %s is taken as it is when it is tried again', async (how) => {
    service.script = [how];
    expect(await failed(rest.createCluster(clusterPlan(), signal))).toMatchObject({ passing: true });
    expect(ledger.open()).toMatchObject([{ name: 'cluster-0', id: null, unanswered: true }]);
    const [id] = service.clusters.keys();
    expect(await rest.createCluster(clusterPlan(), signal)).toBe(id);
    expect(service.clusters.size).toBe(1);
    expect(service.requests).toEqual(['POST /v2/clusters', 'GET /v2/clusters']);
    expect(ledger.open()).toMatchObject([{ id }]);
  });

  it.each(LOST)('by %s is removed although nobody knows its id', async (how) => {
    service.script = [how, how];
    await failed(rest.createInfraEnv(clusterPlan(), null, signal));
    service.infraEnvs.set('stranger', 'cluster-0-infra-env-2');
    expect(await rest.remove(clusterPlan(), nothing(), signal)).toBe(true);
    expect([...service.infraEnvs.keys()]).toEqual(['stranger']);
    expect(ledger.open()).toEqual([]);
  });

  it('and that was never carried out is sent again', async () => {
    service.script = [{ status: 503 }];
    expect(await failed(rest.createCluster(clusterPlan(), signal))).toMatchObject({ passing: true });
    expect(await rest.createCluster(clusterPlan(), signal)).toBe('id-1');
    expect(service.requests).toEqual(['POST /v2/clusters', 'GET /v2/clusters', 'POST /v2/clusters']);
  });

  it('is known by its exact name, and of several the first is kept', async () => {
    service.script = ['504'];
    await failed(rest.createCluster(clusterPlan(), signal));
    service.clusters.set('second', 'cluster-0');
    for (const name of ['cluster-00', 'cluster-0-infra-env', 'CLUSTER-0']) service.clusters.set(name, name);
    expect(await rest.createCluster(clusterPlan(), signal)).toBe('id-1');
    expect([...service.clusters.keys()]).toEqual(['id-1', 'cluster-00', 'cluster-0-infra-env', 'CLUSTER-0']);
  });

  it('and is carried out only after it was sent again leaves nothing when the cluster is removed', async () => {
    service.script = [{ status: 504 }];
    await failed(rest.createCluster(clusterPlan(), signal));
    const objects = { clusterId: await rest.createCluster(clusterPlan(), signal), infraEnvId: null };
    service.clusters.set('late', 'cluster-0');
    await rest.remove(clusterPlan(), objects, signal);
    expect(service.clusters.size).toBe(0);
    expect(objects.clusterId).toBeNull();
  });

  it('stays in the ledger when it was something else that answered', async () => {
    service.script = ['junk'];
    expect(await failed(rest.createCluster(clusterPlan(), signal))).toMatchObject({ passing: false });
    expect(ledger.open()).toMatchObject([{ id: null, unanswered: true }]);
  });

  it('is looked for with one list by all who lost theirs together', async () => {
    const clusters = Array.from({ length: 12 }, (_, index) => clusterPlan({ index, name: `cluster-${index}` }));
    service.script = clusters.map(() => '504');
    await Promise.all(clusters.map((cluster) => failed(rest.createCluster(cluster, signal))));
    const ids = await Promise.all(clusters.map((cluster) => rest.createCluster(cluster, signal)));
    expect(new Set(ids).size).toBe(12);
    expect(service.clusters.size).toBe(12);
    expect(service.count('GET /v2/clusters')).toBe(1);
  });
});

describe('a creation that cannot have been carried out', () => {
  it.each([400, 401, 409, 429])('because of status %i leaves no trace in the ledger', async (status) => {
    service.script = [{ status }];
    expect(await failed(rest.createCluster(clusterPlan(), signal))).toMatchObject({ passing: status === 429 });
    expect(ledger.open()).toEqual([]);
    expect(await rest.remove(clusterPlan(), nothing(), signal)).toBe(false);
    expect(service.requests).toEqual(['POST /v2/clusters']);
  });

  it('because nobody listens leaves none either, and the service counts as not reached', async () => {
    await service.close();
    expect(await failed(rest.createCluster(clusterPlan(), signal))).toMatchObject({ passing: true });
    expect(ledger.open()).toEqual([]);
    expect(rest.reached).toBe(false);
  });
});

it('keeps in the ledger what the service does not remove', async () => {
  const clusterId = await rest.createCluster(clusterPlan(), signal);
  service.refuseRemovals = 403;
  await expect(rest.remove(clusterPlan(), { clusterId, infraEnvId: null }, signal)).rejects.toThrow('not now');
  expect(ledger.open()).toMatchObject([{ id: clusterId }]);
});

it('finds the names of a plan on the service, and asks for clusters only where it makes some', async () => {
  service.clusters.set('a', 'cluster-0').set('b', 'cluster-00');
  service.infraEnvs.set('c', 'cluster-1-infra-env').set('d', 'cluster-1');
  const clusters = [clusterPlan(), clusterPlan({ index: 1, name: 'cluster-1', justInfraEnv: true })];
  expect(await rest.alreadyThere(clusters, signal)).toEqual([
    { kind: 'cluster', name: 'cluster-0' },
    { kind: 'infra-env', name: 'cluster-1-infra-env' },
  ]);
  expect(await rest.alreadyThere([clusters[1]!], signal)).toHaveLength(1);
  expect(service.requests.toSorted()).toEqual(['GET /v2/clusters', 'GET /v2/infra-envs', 'GET /v2/infra-envs']);
});

describe('a service with AUTH_TYPE local', () => {
  it.each([
    ['', /it wants a user who may do this: .* rhsso.* Where AUTH_TYPE is local, no user is ever served over REST/],
    [
      'Bearer x',
      /\(AUTH_TYPE of the service is local, with which no user is ever served over REST: make clusters with api: kube/,
    ],
  ])('is told by what can be done about it, with authorization %j', async (authorization, said) => {
    const mock = await startServiceMock({ clock: startClock(1), settings: { AUTH_TYPE: 'local' } });
    const telemetry = new SharedTelemetry(createTelemetryBuffer({ writers: 1, hostSlots: 1, clusterSlots: 1 }), 0);
    const clock = new ScaledClock(startClock(1));
    const user = createUserClient({ baseUrl: mock.url, tls: {}, authorization, clock, telemetry });
    const adapter = new RestAdapter({
      ...{ client: user.client, plan: PLAN, access: ACCESS, staticNetwork: () => [], ledger },
      userAccess: planAccess(authorization),
    });
    try {
      await expect(adapter.createCluster(clusterPlan(), signal)).rejects.toThrow(said);
    } finally {
      await user.close();
      await mock.close();
    }
  });
});
