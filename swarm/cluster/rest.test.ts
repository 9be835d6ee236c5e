import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { endpointNumber } from '../../model/protocol/endpoints.ts';
import { type ServiceCall, type ServiceClient, ServiceError } from '../service/service-client.ts';
import { Ledger } from '../telemetry/ledger.ts';
import { TransportError } from '../transport/transport.ts';
import { ClusterAdapterError } from './cluster-adapter.ts';
import { failingValidations } from './failing-validations.ts';
import { clusterCreateParams, RestAdapter } from './rest.ts';
import { clusterPlan } from './testing/fake-service.ts';

const ACCESS = { baseUrl: 'http://service', token: '', pollIntervalSeconds: null };
const PLAN = { openshiftVersion: '4.20', releaseImage: null, pullSecret: '{"auths":{}}', sshPublicKey: '' };
const signal = new AbortController().signal;

const memoryLedger = () => new Ledger({ sink: () => {}, onFailure: () => {} });

function adapter(answers: Record<string, unknown>, boot: 'iso' | 'ipxe' | null = null) {
  const calls: ServiceCall[] = [];
  const answer = (call: ServiceCall) => {
    expect(endpointNumber(call.endpoint)).toBeGreaterThanOrEqual(0);
    calls.push(call);
    const prepared = answers[call.endpoint];
    const next = Array.isArray(prepared) && prepared[0] instanceof Error ? prepared.shift() : prepared;
    if (next instanceof Error) throw next;
    return next;
  };
  const client: ServiceClient = {
    call: async (call) => Buffer.from(JSON.stringify(answer(call) ?? '')),
    json: async <T>(call: ServiceCall) => answer(call) as T,
    release: () => {},
  };
  const ledger = memoryLedger();
  const source = boot && { from: boot };
  const rest = new RestAdapter({ client, plan: PLAN, access: ACCESS, boot: source, staticNetwork: () => [], ledger });
  /** As if a run had made cluster `c` and infra-env `i`. */
  const made = async () => {
    (await ledger.intend('cluster', 'cluster-0')).made('c');
    (await ledger.intend('infra-env', 'cluster-0-infra-env')).made('i');
    return { clusterId: 'c', infraEnvId: 'i' };
  };
  const log = () => calls.map((call) => `${call.endpoint} ${Object.values(call.params ?? {}).join('/')}`.trim());
  return { rest, calls, log, ledger, made };
}

const gone = () => new ServiceError('not found', 404, true, '');

describe('creation', () => {
  it('leaves platform and VIPs of a single node to the service', () => {
    const params = clusterCreateParams(clusterPlan({ platform: 'baremetal', apiVip: '10.1.0.2' }), PLAN);
    expect(params).toEqual({
      name: 'cluster-0',
      openshift_version: '4.20',
      pull_secret: '{"auths":{}}',
      base_dns_domain: 'example.com',
      control_plane_count: 1,
    });
  });

  it('names VIPs and the machine network only where the cluster manages its network', () => {
    const vips = { apiVip: '10.1.0.2', ingressVip: '10.1.0.3', controlPlanes: 3 };
    expect(
      clusterCreateParams(clusterPlan({ ...vips, platform: 'baremetal', olmOperators: ['lvm'] }), PLAN),
    ).toMatchObject({
      platform: { type: 'baremetal' },
      user_managed_networking: false,
      machine_networks: [{ cidr: '10.1.0.0/24' }],
      api_vips: [{ ip: '10.1.0.2' }],
      ingress_vips: [{ ip: '10.1.0.3' }],
      olm_operators: [{ name: 'lvm' }],
    });
    const none = clusterCreateParams(clusterPlan({ ...vips, platform: 'none' }), PLAN);
    expect(none).toMatchObject({ platform: { type: 'none' }, user_managed_networking: true });
    expect(none).not.toHaveProperty('api_vips');
    expect(none).not.toHaveProperty('machine_networks');
  });

  it('ties the infra-env to the cluster and asks for the agent version once', async () => {
    const { rest, calls, log } = adapter({
      'register-cluster': { id: 'c' },
      'register-infra-env': { id: 'i' },
      'component-versions': { versions: { 'discovery-agent': 'quay.io/agent:1' } },
    });
    expect(await rest.agentVersion(signal)).toBe('quay.io/agent:1');
    expect(await rest.agentVersion(signal)).toBe('quay.io/agent:1');
    expect(await rest.createCluster(clusterPlan(), signal)).toBe('c');
    expect(await rest.createInfraEnv(clusterPlan(), 'c', signal)).toBe('i');
    expect(log()).toEqual(['component-versions', 'register-cluster', 'register-infra-env']);
    expect(calls[2]!.json).toMatchObject({ name: 'cluster-0-infra-env', cluster_id: 'c' });
  });

  it('asks where hosts boot from, as users do, when they download it', async () => {
    const versions = { versions: { 'discovery-agent': 'agent:1' } };
    const url = 'http://img.example.com/byid/i/4.20/x86_64/full.iso';
    const script = 'http://svc.example.com/files?file_name=ipxe-script';
    const answers = {
      'component-versions': versions,
      'infra-env-image-url': { url },
      'infra-env-presigned-file': { url: script },
    };
    const plan = clusterPlan({});
    expect(await adapter(answers).rest.setup(plan, 'i', signal)).not.toHaveProperty('boot');
    expect((await adapter(answers, 'iso').rest.setup(plan, 'i', signal)).boot).toEqual({ from: 'iso', url });
    const { rest, calls } = adapter(answers, 'ipxe');
    expect((await rest.setup(plan, 'i', signal)).boot).toEqual({ from: 'ipxe', url: script });
    expect(calls.at(-1)).toMatchObject({ params: { infra_env_id: 'i' }, query: [['file_name', 'ipxe-script']] });
    const silent = adapter({ 'component-versions': versions, 'infra-env-image-url': {} }, 'iso');
    await expect(silent.rest.setup(plan, 'i', signal)).rejects.toThrow('names no URL to boot from');
  });

  it('says so when the URL is not that of a service', async () => {
    const { rest } = adapter({ 'component-versions': {} });
    await expect(rest.agentVersion(signal)).rejects.toThrow('is the URL that of an assisted-service?');
  });

  it.each([
    [new ServiceError('x', 0, false, 'refused', { cause: new TransportError('refused', 'x') }), /^x \(nothing listens/],
    [new ServiceError('x', 0, false, 'tls', { cause: new TransportError('tls', 'x') }), /--ca, or --insecure/],
    [new ServiceError('x', 401, true, '{}'), /user_authorization/],
    [new ServiceError('x', 404, true, '<html>'), /^x: <html> \(is the URL/],
    [new ServiceError('x', 400, true, 'reason'), /^x: reason$/],
  ])('says what to do about %s', async (error, said) => {
    const { rest } = adapter({ 'component-versions': error });
    await expect(rest.agentVersion(signal)).rejects.toThrow(said);
  });

  it('waits for a creation that is under way when the run is stopped, so that it can be removed', async () => {
    const { promise: answer, resolve } = Promise.withResolvers<unknown>();
    const json = (call: ServiceCall) =>
      Promise.race([
        answer,
        new Promise((_resolve, reject) => call.signal!.addEventListener('abort', () => reject(call.signal!.reason))),
      ]);
    const client = { call: json, json, release: () => {} } as ServiceClient;
    const rest = new RestAdapter({
      client,
      plan: PLAN,
      access: ACCESS,
      staticNetwork: () => [],
      ledger: memoryLedger(),
    });
    const stop = new AbortController();
    const made = rest.createCluster(clusterPlan({ controlPlanes: 1 }), stop.signal);
    stop.abort(new Error('stopped'));
    resolve({ id: 'c1' });
    expect(await made).toBe('c1');
    // One that waits for its turn is not begun any more.
    const other = clusterPlan({ index: 1 });
    await expect(rest.createCluster(other, stop.signal)).rejects.toThrow('stopped');
  });

  it('does not wait for ever for a service that is silent, but ends at once when stopped', async () => {
    const silent = (call: ServiceCall) =>
      new Promise<never>((_resolve, reject) => {
        call.signal!.addEventListener('abort', () => reject(call.signal!.reason));
      });
    const client: ServiceClient = { call: silent, json: silent, release: () => {} };
    const options = { client, plan: PLAN, access: ACCESS, staticNetwork: () => [], ledger: memoryLedger() };
    await expect(new RestAdapter({ ...options, callLimitMs: 5 }).agentVersion(signal)).rejects.toMatchObject({
      message: expect.stringContaining('component-versions: no answer within 0.005 s'),
      passing: true,
    });
    const stop = new AbortController();
    const asked = new RestAdapter(options).agentVersion(stop.signal);
    stop.abort(new Error('stopped'));
    await expect(asked).rejects.toThrow('stopped');
  });
});

describe('looking', () => {
  it('reads a cluster without its hosts, and hosts without inventories', async () => {
    const { rest, calls } = adapter({
      'get-cluster': {
        status: 'finalizing',
        status_info: 'info',
        progress: { finalizing_stage: 'Waiting for cluster operators' },
        'last-installation-preparation': { status: 'failed', reason: 'because' },
        validations_info: '{"network":[{"id":"api-vips-valid","status":"failure","message":"taken"}]}',
      },
      'list-cluster-hosts': [
        {
          id: 'h',
          kind: 'AddToExistingClusterHost',
          status: 'known',
          status_info: 'x',
          role: 'worker',
          progress: { current_stage: '' },
        },
      ],
    });
    const view = await rest.cluster('c', signal);
    expect(view).toMatchObject({ finalizingStage: 'Waiting for cluster operators', preparationFailure: 'because' });
    expect(view.failing()).toEqual([{ id: 'api-vips-valid', status: 'failure', message: 'taken' }]);
    expect(await rest.hosts({ clusterId: 'c', infraEnvId: 'i' }, signal)).toMatchObject([{ day2: true, stage: null }]);
    expect(calls[0]!.query).toEqual([['exclude-hosts', 'true']]);
    expect(calls[1]!.query).toBeUndefined();
  });

  it('survives validation texts that are no JSON', () => {
    expect(failingValidations(undefined)).toEqual([]);
    expect(failingValidations('not json')).toEqual([]);
    expect(failingValidations('null')).toEqual([]);
    expect(failingValidations('{"a":[null,{"status":"success"}],"b":3}')).toEqual([]);
  });

  it('survives any JSON in the place of validations', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        for (const one of failingValidations(text)) expect(['failure', 'pending', 'error']).toContain(one.status);
      }),
    );
  });

  it.each([
    [0, true, false],
    [429, true, false],
    [503, true, false],
    [400, false, false],
    [409, false, true],
  ])('calls status %i passing: %s, conflict: %s', async (status, passing, conflict) => {
    const { rest } = adapter({ 'get-cluster': new ServiceError('GET failed', status, true, 'the reason') });
    const error = await rest.cluster('c', signal).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ClusterAdapterError);
    expect(error).toMatchObject({ passing, conflict, message: 'GET failed: the reason' });
  });
});

describe('removal', () => {
  it('cancels what is being installed, then deletes cluster, leftover hosts and infra-env', async () => {
    const { rest, log, made } = adapter({
      'get-cluster': { status: 'installing' },
      'list-infra-env-hosts': [{ id: 'h1' }, { id: 'h2' }],
    });
    const objects = await made();
    await rest.remove(clusterPlan(), objects, signal);
    expect(log()).toEqual([
      'get-cluster c',
      'cancel-cluster c',
      'delete-cluster c',
      'list-infra-env-hosts i',
      'delete-host i/h1',
      'delete-host i/h2',
      'delete-infra-env i',
    ]);
    expect(objects).toEqual({ clusterId: null, infraEnvId: null });
  });

  it('takes what is already gone as deleted', async () => {
    const { rest, log, made } = adapter({
      'get-cluster': gone(),
      'list-infra-env-hosts': [{ id: 'h' }],
      'delete-host': gone(),
    });
    const objects = await made();
    await rest.remove(clusterPlan(), objects, signal);
    expect(log().at(-1)).toBe('delete-infra-env i');
    expect(objects).toEqual({ clusterId: null, infraEnvId: null });
  });

  it('keeps the ids of what it could not delete', async () => {
    const { rest, made } = adapter({
      'get-cluster': { status: 'installed' },
      'list-infra-env-hosts': [],
      'delete-infra-env': new ServiceError('refused', 400, true, 'hosts still belong'),
    });
    const objects = await made();
    await expect(rest.remove(clusterPlan(), objects, signal)).rejects.toThrow('hosts still belong');
    expect(objects).toEqual({ clusterId: null, infraEnvId: 'i' });
  });
});
