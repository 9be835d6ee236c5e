/** Answers of the control API as clients of the public Go tool know them. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HostPhase } from '../../model/protocol/phases.ts';
import type { ClusterLaunch } from '../pool/messages.ts';
import type { PoolOptions } from '../pool/pool.ts';
import { SharedTelemetry } from '../telemetry/shared-telemetry.ts';
import type { LoneAgentRecord } from './lone-agent.ts';
import { type CreatePool, type LoneAgentsOptions, PoolLoneAgents } from './pool-lone-agents.ts';
import { RunManager } from './run-manager.ts';
import { createServer } from './server.ts';
import { FakeParts, fakePlan } from './testing/fakes.ts';

const INFRA_ENV = '3c2f6f5e-8a1c-4c2b-9d4e-0f6b7a8c9d0e';
const AGENT = {
  service_url: 'http://127.0.0.1:8090/',
  infra_env_id: INFRA_ENV,
  agent_version: 'quay.io/agent:1',
  pull_secret: 'token',
  dry_forced_host_id: 'AAAAAAAA-0000-4000-8000-000000000001',
  dry_forced_host_ipv4: '10.123.0.5/16',
  dry_forced_mac_address: '00:00:01:00:00:02',
  dry_forced_hostname: 'swarm-1',
  containers_conf: '/ignored',
  field_of_the_future: 1,
};

let server: FastifyInstance;
let agents: PoolLoneAgents;
let base: string;
let launches: ClusterLaunch[];
let pool: PoolOptions;
let exits: number;
let runs: RunManager;

beforeEach(() => serve(null));
afterEach(async () => {
  await server.close();
  await agents.stop();
});

async function serve(noop: NonNullable<LoneAgentsOptions['noop']> | null): Promise<void> {
  launches = [];
  exits = 0;
  const createPool: CreatePool = async (options) => {
    pool = options;
    return {
      launch: (launch) => void launches.push(launch),
      startHosts: () => {},
      stopCluster: () => {},
      controllerDue: () => {},
      bootstrapWrites: () => {},
      nodeOfDay2: () => {},
      traffic: async () => [],
      stop: async () => {},
    };
  };
  agents = new PoolLoneAgents({ createPool, noop });
  runs = new RunManager(new FakeParts());
  server = await createServer({
    runs,
    agents,
    exit: () => {
      exits++;
    },
  });
  await server.listen({ host: '127.0.0.1', port: 0 });
  base = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}/api/assisted-swarm`;
}

const create = (body: unknown, type = 'application/json') =>
  fetch(`${base}/agents`, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'content-type': type },
  });

describe('agents', () => {
  it('are created with the identity asked for', async () => {
    const answer = await create(AGENT);
    expect(answer.status).toBe(201);
    expect(await answer.json()).toEqual({
      id: 1,
      status: 'Running',
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      terminated_at: '0001-01-01T00:00:00.000Z',
      phase: 'booting',
      reason: '',
    });
    expect(launches[0]).toMatchObject({
      infraEnvId: INFRA_ENV,
      agentVersion: 'quay.io/agent:1',
      access: { baseUrl: 'http://127.0.0.1:8090', token: 'token', pollIntervalSeconds: null },
      start: [0],
      forced: {
        0: {
          id: 'aaaaaaaa-0000-4000-8000-000000000001',
          hostname: 'swarm-1',
          mac: '00:00:01:00:00:02',
          ipv4Cidr: '10.123.0.5/16',
        },
      },
    });
    expect(pool.transport.tls).toEqual({ insecure: true });
  });

  it('run the stock programs where the daemon was given them', async () => {
    await create(AGENT);
    expect(launches[0]!.cluster.hosts[0]!.kind).toBe('native');
    expect(pool.noop).toBeNull();
    const refusal = async (agent: unknown) => {
      const answer = await create({ ...AGENT, agent });
      return [answer.status, ((await answer.json()) as { reason?: string; message?: string }).reason];
    };
    expect(await refusal('noop')).toEqual([
      400,
      'agent is noop, and this daemon knows no stock programs; start it with --programs FILE, or attach a native agent',
    ]);
    expect(await refusal('real')).toEqual([400, 'agent is "real"; allowed: native, noop']);
    expect(await refusal(7)).toEqual([400, undefined]);
    expect(launches).toHaveLength(1);

    await server.close();
    const programs = { agent: '/a', installer: '/i', controller: '/c', manifests: '/m' };
    await serve({ programs, folder: '/runs', outside: false });
    expect((await create({ ...AGENT, agent: 'noop' })).status).toBe(201);
    expect(launches[0]).toMatchObject({ tls: { insecure: true }, attached: true });
    expect(launches[0]!.cluster.hosts[0]!.kind).toBe('noop');
    expect(pool.noop).toMatchObject({
      programs,
      logs: '/runs/noop',
      spokes: { url: expect.stringMatching(/^https:/) },
    });
    const outside = await create({ ...AGENT, agent: 'noop', service_url: 'https://192.0.2.1' });
    expect(outside.status).toBe(400);
    expect(((await outside.json()) as { reason: string }).reason).toContain('--noop-outside');
    await create({ ...AGENT, agent: 'native' });
    expect(launches[1]!.cluster.hosts[0]!.kind).toBe('native');
  });

  it('are listed, shown and forgotten', async () => {
    await create(AGENT);
    await create(AGENT);
    expect(await (await fetch(`${base}/agents`)).json()).toMatchObject([{ id: 1 }, { id: 2 }]);
    expect(await (await fetch(`${base}/agents/2`)).json()).toMatchObject({ id: 2, status: 'Running' });
    const gone = await fetch(`${base}/agents/2`, { method: 'DELETE' });
    expect(gone.status).toBe(204);
    expect(await gone.text()).toBe('');
    const again = await fetch(`${base}/agents/2`, { method: 'DELETE' });
    expect(again.status).toBe(404);
    expect(await again.json()).toEqual({
      code: '404',
      href: '',
      id: 404,
      kind: 'Error',
      reason: 'id 2 does not exist',
    });
    const show = await fetch(`${base}/agents/2`);
    expect(show.status).toBe(404);
    expect(await show.json()).toEqual({ code: '404', href: '', id: 404, kind: 'Error', reason: 'id 2 was not found' });
  });

  it('touch their marker and are terminated when they reboot', async () => {
    const marker = join(await mkdtemp(join(tmpdir(), 'swarm-')), 'marker');
    await create({ ...AGENT, dry_fake_reboot_marker_path: marker });
    pool.onEvents([{ time: 0, type: 'host.phase', cluster: 0, host: 0, id: 'x', phase: 'rebooted' }]);
    const { statSync } = await import('node:fs');
    expect(statSync(marker).size).toBe(0);
    expect(await (await fetch(`${base}/agents/1`)).json()).toMatchObject({
      status: 'Terminated',
      terminated_at: expect.stringMatching(/^20/),
    });
  });

  const event = (cluster: number, phase: HostPhase, reason?: string) =>
    pool.onEvents([
      { time: 0, type: 'host.phase', cluster, host: cluster, id: 'x', phase, ...(reason !== undefined && { reason }) },
    ]);
  const list = async () => (await (await fetch(`${base}/agents`)).json()) as LoneAgentRecord[];
  const metrics = async () => (await fetch(new URL('/metrics', base))).text();

  it('that are frozen are called so, with the reason, and are there until they are deleted', async () => {
    await create(AGENT);
    event(0, 'registering');
    event(0, 'frozen', 'registration was refused with 403');
    // All its sessions are closed: nothing comes of it any more.
    pool.onClusterIdle?.(0);
    const reason = 'registration was refused with 403';
    const terminated_at = expect.stringMatching(/^0001-/);
    expect(await list()).toMatchObject([{ id: 1, status: 'Running', phase: 'frozen', reason, terminated_at }]);
    expect(await metrics()).toContain('swarm_lone_agents{phase="frozen"} 1');
    await fetch(`${base}/agents/1`, { method: 'DELETE' });
    expect(await metrics()).not.toContain('swarm_lone_agents{');
  });

  it('that ended, failed or were lost stay with their state, in the list and in metrics', async () => {
    for (let i = 0; i < 4; i++) await create(AGENT);
    event(0, 'rebooted');
    event(0, 'done');
    pool.onClusterIdle?.(0);
    event(1, 'failed', 'the installer ended with 1');
    event(2, 'stopped');
    pool.onWorkerLost?.({ worker: 0, message: 'out of memory', clusters: [3] });
    expect((await list()).map(({ status, phase, reason }) => [status, phase, reason])).toEqual([
      ['Terminated', 'done', ''],
      ['Running', 'failed', 'the installer ended with 1'],
      ['Terminated', 'stopped', ''],
      ['Terminated', 'failed', 'its worker thread was lost: out of memory'],
    ]);
    expect((await metrics()).match(/^swarm_lone_agents\{.*/gm)).toEqual([
      'swarm_lone_agents{phase="done"} 1',
      'swarm_lone_agents{phase="failed"} 2',
      'swarm_lone_agents{phase="stopped"} 1',
    ]);
  });

  it('are measured while no run is going on, also after one', async () => {
    const run = runs.start(fakePlan([{}]));
    await runs.idle();
    expect(await metrics()).toContain(`run="${run.id}"`);
    await create(AGENT);
    new SharedTelemetry(pool.telemetry, 1).hostPhase(0, 'polling');
    expect(await metrics()).toContain('swarm_hosts{phase="polling"} 1');
    expect(await metrics()).not.toContain('swarm_run_info{');
    const second = runs.start(fakePlan([{}]));
    expect(await metrics()).toContain(`run="${second.id}"`);
    await runs.idle();
  });

  it('get addresses of their own when none is named', async () => {
    await create({ service_url: 'http://s', infra_env_id: INFRA_ENV });
    await create({ service_url: 'http://s', infra_env_id: INFRA_ENV });
    const addresses = launches.map((launch) => launch.forced![0]!.ipv4Cidr);
    expect(new Set(addresses).size).toBe(2);
  });

  it('need a readable file of cluster hosts where one is named', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'swarm-'));
    const good = join(folder, 'hosts.json');
    await writeFile(good, '[{"hostname":"a","ip":"10.1.0.1/16","rebootMarkerPath":"/x"}]');
    expect((await create({ ...AGENT, dry_cluster_hosts_path: good })).status).toBe(201);
    const missing = await create({ ...AGENT, dry_cluster_hosts_path: join(folder, 'none') });
    expect(missing.status).toBe(400);
    expect(await missing.json()).toMatchObject({
      code: '400',
      kind: 'Error',
      reason: expect.stringContaining('ENOENT'),
    });
  });
});

describe('refusals', () => {
  it.each([
    ['a bad UUID', { ...AGENT, infra_env_id: 'x' }, 422, 601, 'infra_env_id in body must be of type uuid: "x"'],
    [
      'a bad MAC',
      { ...AGENT, dry_forced_mac_address: 'q' },
      422,
      601,
      'dry_forced_mac_address in body must be of type mac: "q"',
    ],
    [
      'a bad address',
      { ...AGENT, dry_forced_host_ipv4: '10.1.0.1' },
      422,
      605,
      /^dry_forced_host_ipv4 in body should match '\^/,
    ],
    ['a wrong type', { ...AGENT, service_url: 7 }, 400, 400, /service_url is a number/],
    ['no JSON', '{', 400, 400, /^parsing new-agent-params body from "" failed, because /],
    ['no object', '[]', 400, 400, /not a JSON object/],
  ])('%s', async (_name, params, status, code, message) => {
    const answer = await create(params);
    expect(answer.status).toBe(status);
    expect(await answer.json()).toEqual({
      code,
      message: typeof message === 'string' ? message : expect.stringMatching(message),
    });
  });

  it('whatever is posted, are answers and never failures of the daemon', async () => {
    const fields = Object.keys(AGENT);
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.json(),
          fc.dictionary(fc.constantFrom(...fields), fc.jsonValue()).map((one) => JSON.stringify(one)),
        ),
        async (text) => {
          const answer = await server.inject({
            method: 'POST',
            url: '/api/assisted-swarm/agents',
            headers: { 'content-type': 'application/json' },
            payload: text,
          });
          expect([201, 400, 422]).toContain(answer.statusCode);
          if (answer.statusCode !== 201) expect(answer.json()).toHaveProperty('code');
        },
      ),
    );
  });

  it('of what cannot run have the business shape', async () => {
    const answer = await create({ ...AGENT, service_url: '' });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ id: 400, code: '400', kind: 'Error', href: '' });
  });

  it('of other media types, paths, methods and ids have the framework shape', async () => {
    const media = await create('x', 'text/plain');
    expect(media.status).toBe(415);
    expect(await media.json()).toEqual({
      code: 415,
      message: 'unsupported media type "text/plain", only [application/json] are allowed',
    });
    const path = await fetch(`${base}/nothing?x=1`);
    expect([path.status, await path.json()]).toEqual([404, { code: 404, message: 'path /nothing was not found' }]);
    const method = await fetch(`${base}/agents`, { method: 'PUT' });
    expect(method.status).toBe(405);
    expect(await method.json()).toEqual({ code: 405, message: 'method PUT is not allowed, but [GET,POST] are' });
    const id = await fetch(`${base}/agents/one`);
    expect([id.status, await id.json()]).toEqual([
      422,
      { code: 601, message: 'agent_id in path must be of type int64: "one"' },
    ]);
  });
});

describe('process', () => {
  it('is healthy, and ends after it answered', async () => {
    expect((await fetch(`${base}/health`)).status).toBe(204);
    const exit = await fetch(`${base}/exit`);
    expect(exit.status).toBe(204);
    expect(exits).toBe(0);
    await expect.poll(() => exits, { timeout: 5000 }).toBe(1);
  });
});
