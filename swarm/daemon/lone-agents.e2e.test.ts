/**
 * Agents attached one by one by the control API, against the embedded service: what is bound to one cluster is installed together,
 * by real installers and a controller, as the hosts of a run are.
 */
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ScaledClock, startClock } from '../../model/time/clock.ts';
import { type ServiceMock, startServiceMock } from '../../service-mock/index.ts';
import { ClusterLife, type Machines } from '../cluster/cluster-life.ts';
import { PollPacer } from '../cluster/poll-pacer.ts';
import { RestAdapter } from '../cluster/rest.ts';
import { buildHost } from '../host/build-host.ts';
import { createPool } from '../pool/pool.ts';
import { planOf, type Topology } from '../pool/testing/simulation.ts';
import { Ledger } from '../telemetry/ledger.ts';
import { SharedTelemetry } from '../telemetry/shared-telemetry.ts';
import { createTelemetryBuffer } from '../telemetry/telemetry-layout.ts';
import type { LoneAgentRecord } from './lone-agent.ts';
import { PoolLoneAgents } from './pool-lone-agents.ts';
import { RunManager } from './run-manager.ts';
import { createServer } from './server.ts';
import { FakeParts } from './testing/fakes.ts';
import { createUserClient } from './user-client.ts';

const CLOCK = startClock(60);
const HOUR = 3600;
const SEED = 'lone';
const TOKEN = 'token-of-agents';

let mock: ServiceMock;
let server: FastifyInstance;
let base: string;
let lone: PoolLoneAgents;

beforeAll(async () => {
  mock = await startServiceMock({ clock: CLOCK, agentToken: TOKEN });
  lone = new PoolLoneAgents({
    createPool: async (options) => {
      const pool = await createPool({ ...options, clock: CLOCK });
      return {
        launch: (launch) => pool.launch({ ...launch, spokeProfile: 'quick' }),
        startHosts: (...args) => pool.startHosts(...args),
        stopCluster: (cluster) => pool.stopCluster(cluster),
        controllerDue: (...due) => pool.controllerDue(...due),
        nodeOfDay2: (...node) => pool.nodeOfDay2(...node),
        bootstrapWrites: (...file) => pool.bootstrapWrites(...file),
        traffic: () => pool.traffic(),
        stop: () => pool.stop(),
      };
    },
  });
  server = await createServer({ runs: new RunManager(new FakeParts()), agents: lone, exit: () => {} });
  await server.listen({ host: '127.0.0.1', port: 0 });
  base = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}/api/assisted-swarm`;
});

afterAll(async () => {
  await server.close();
  await lone.stop();
  await mock.close();
});

const agents = async () => (await (await fetch(`${base}/agents`)).json()) as LoneAgentRecord[];

/** A user who makes a cluster by REST and attaches an agent for each of its hosts. */
async function live(topology: Topology, index: number) {
  const cluster = planOf(topology, index);
  const clock = new ScaledClock(CLOCK);
  const telemetry = new SharedTelemetry(createTelemetryBuffer({ writers: 1, hostSlots: 1000, clusterSlots: 10 }), 0);
  const attach = (infraEnvId: string, ordinals: readonly number[]) => {
    for (const ordinal of ordinals) {
      const { identity } = buildHost(SEED, cluster, cluster.hosts[ordinal]!);
      void fetch(`${base}/agents`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          service_url: mock.url,
          infra_env_id: infraEnvId,
          agent_version: 'quay.io/agent:1',
          pull_secret: TOKEN,
          dry_forced_host_id: identity.id,
          dry_forced_hostname: identity.hostname,
          dry_forced_mac_address: identity.mac,
          dry_forced_host_ipv4: `${identity.ipv4}/24`,
        }),
      });
    }
  };
  const machines: Machines = {
    launch: ({ infraEnvId, start }) => attach(infraEnvId, start),
    startHosts: (_, infraEnvId, start) => attach(infraEnvId, start),
    stopCluster: () => {},
  };
  const user = createUserClient({ baseUrl: mock.url, tls: {}, authorization: '', clock, telemetry });
  const adapter = new RestAdapter({
    client: user.client,
    access: { baseUrl: mock.url, token: TOKEN, pollIntervalSeconds: null },
    plan: {
      openshiftVersion: '4.19',
      releaseImage: null,
      pullSecret: '{"auths":{"registry.example.com":{"auth":"dXNlcjpwYXNz"}}}',
      sshPublicKey: '',
    },
    staticNetwork: () => [],
    ledger: new Ledger({ sink: () => {}, onFailure: () => {} }),
  });
  const life = new ClusterLife(
    {
      seed: SEED,
      limits: { discovery: HOUR, ready: HOUR, install: 3 * HOUR, day2: HOUR },
      spokeProfile: 'quick',
      adapterOf: () => adapter,
      machines,
      clock,
      telemetry,
      emit: () => {},
      pace: new PollPacer(clock),
      mayCreate: Promise.resolve(),
      identify: (plan, host) => {
        const { identity, installationDisk } = buildHost(SEED, plan, host);
        return { ...identity, installationDisk };
      },
    },
    cluster,
    index,
    index * 100,
  );
  const outcome = await life.run(new AbortController().signal);
  await user.close();
  return outcome;
}

describe('agents attached by the control API', () => {
  it.concurrent.each([
    ['a single node', { controlPlanes: 1 }, 1],
    ['a cluster with workers and one of day 2', { controlPlanes: 3, workers: 2, day2Workers: 1 }, 2],
  ] as [string, Topology, number][])(
    'become %s',
    async (_, topology, index) => {
      expect(await live(topology, index)).toEqual({ result: 'complete', reason: '' });
    },
    120_000,
  );

  it('are terminated when they have rebooted', async ({ expect }) => {
    const states = async () => (await agents()).map(({ status }) => status);
    await expect.poll(states, { timeout: 20_000 }).toEqual(Array(7).fill('Terminated'));
  });
});
