/**
 * Installers and a controller over real connections to the simulated service's HTTP surface, which refuses unknown routes,
 * parameters and fields; the rules behind it are the model's.
 */
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { expect, it } from 'vitest';
import { SPOKE_PROFILES } from '../../model/spoke/profiles.ts';
import { ScaledClock, startClock } from '../../model/time/clock.ts';
import { ManualClock } from '../../model/time/testing/manual-clock.ts';
import type { TimerWheel } from '../../model/time/timer-wheel.ts';
import { fixedAgentToken } from '../../service-mock/http/authentication.ts';
import { HttpServiceMetrics } from '../../service-mock/http/metrics.ts';
import { createHttpServer } from '../../service-mock/http/server.ts';
import { type AssistedServiceApi, OperationError } from '../../service-mock/service-api.ts';
import { CLUSTER_ID, INFRA_ENV_ID, ModelService } from '../service/testing/model-service.ts';
import type { RequestRecord, Telemetry } from '../telemetry/telemetry.ts';
import { NO_TELEMETRY } from '../telemetry/testing/no-telemetry.ts';
import { createUndiciTransport } from '../transport/undici.ts';
import { ClusterSite } from './cluster-site.ts';
import { planOf, Simulation } from './testing/simulation.ts';

/** The model's rules behind the served operations that installers and controllers use, and all calls of them. */
function served(model: ModelService): { api: AssistedServiceApi; calls: { method: string; args: unknown[] }[] } {
  const cluster = `clusters/${CLUSTER_ID}`;
  const hostPath = (infraEnvId: string, hostId: string) => `infra-envs/${infraEnvId}/hosts/${hostId}`;
  const ask = (method: string, path: string, body: unknown = null, query = '') => {
    const answer = model.answer({ method, path, query, body: JSON.stringify(body) });
    if (answer.status >= 400) throw new OperationError(answer.status, JSON.stringify(answer.body));
    return answer.body as never;
  };
  const download = () => Buffer.from('x'.repeat(10_000));
  const rules: Partial<AssistedServiceApi> = {
    getCluster: (_, query) => ask('GET', cluster, null, `exclude-hosts=${query.excludeHosts}`),
    listClusterHosts: (_, query) => ask('GET', `${cluster}/hosts`, null, `role=${query.role}`),
    updateHostProgress: (infraEnvId, id, body) => ask('PUT', `${hostPath(infraEnvId, id)}/progress`, body),
    updateHostLogsProgress: () => {},
    updateClusterLogsProgress: () => {},
    uploadLogs: () => {},
    listMonitoredOperators: () => ask('GET', `${cluster}/monitored-operators`),
    reportMonitoredOperator: (_, body) => ask('PUT', `${cluster}/monitored-operators`, body),
    updateClusterFinalizingProgress: (_, body) => ask('PUT', `${cluster}/progress`, body),
    uploadIngressCert: (_, pem) => ask('POST', `${cluster}/uploads/ingress-cert`, pem),
    completeInstallation: () => ({ id: CLUSTER_ID }),
    downloadClusterFile: download,
    downloadClusterCredentials: download,
    downloadHostIgnition: download,
    getHost: () => ({ role: 'master' }),
    triggerEvent: () => {},
  };
  const calls: { method: string; args: unknown[] }[] = [];
  const api = new Proxy(rules, {
    get: (_, method: keyof AssistedServiceApi) => {
      const rule = rules[method] as ((...args: unknown[]) => unknown) | undefined;
      if (!rule) throw new Error(`installers and controllers do not use ${method}`);
      return (...args: unknown[]) => {
        calls.push({ method, args });
        return rule(...args);
      };
    },
  });
  return { api: api as AssistedServiceApi, calls };
}

it.each([
  'per-poll',
  'keep-alive',
] as const)('takes a compact cluster to installed over HTTP, mode %s', async (mode) => {
  const spec = startClock(200);
  const clock = new ScaledClock(spec);
  const model = new ModelService(new ManualClock());
  const service = served(model);
  const bugs: unknown[] = [];
  const server = createHttpServer({
    api: () => service.api,
    metrics: new HttpServiceMetrics(),
    clock,
    rejectUnknownFields: true,
    authentication: fixedAgentToken('token'),
    random: () => 0,
    onBug: (error) => bugs.push(error),
  });
  await server.listen({ host: '127.0.0.1', port: 0 });
  const { port } = server.server.address() as AddressInfo;
  const sockets = new Set<Socket>();
  server.server.on('connection', (socket) => sockets.add(socket.once('close', () => sockets.delete(socket))));

  const requests: RequestRecord[] = [];
  let open = 0;
  const telemetry: Telemetry = {
    ...NO_TELEMETRY,
    connectionOpened: () => open++,
    connectionClosed: () => open--,
    request: (record: RequestRecord) => requests.push(record),
    requestStarted: () => 0,
    requestEnded: () => {},
    hostPhase: () => {},
    hostStage: () => {},
    stageDuration: () => {},
    error: (kind: string) => bugs.push(kind),
  };
  const transport = createUndiciTransport({
    mode,
    // Far beyond the end of the test: what closes earlier was not closed for being idle.
    idleTimeoutMs: 3_600_000,
    dialTimeoutMs: 30_000,
    tlsHandshakeTimeoutMs: 10_000,
    observer: telemetry,
  });
  const simulation = new Simulation({ controlPlanes: 3 });
  const { promise: idle, resolve: onIdle } = Promise.withResolvers<void>();
  const site = new ClusterSite({
    runtime: {
      clock,
      wheel: null as unknown as TimerWheel,
      transport,
      telemetry,
      emit: () => {},
      wallOf: (simulatedMs) => spec.originWall + (simulatedMs - spec.originSimulated) / spec.speed,
    },
    access: { baseUrl: `http://127.0.0.1:${port}`, token: 'token', pollIntervalSeconds: null },
    cluster: planOf({ controlPlanes: 3 }),
    hosts: simulation.hosts,
    profile: SPOKE_PROFILES.quick,
    onIdle,
  });
  const outcomes = [];
  for (const host of simulation.hosts) {
    const { identity, plan } = host;
    model.hosts.push({
      id: identity.id,
      name: identity.hostname,
      role: 'master',
      bootstrap: plan.ordinal === 0,
      day2: false,
      status: 'installing',
      stage: null,
    });
    const request = { ...simulation.requestFor(host), notify_num_reboots: true };
    outcomes.push(site.machine(host, plan.index).install(request));
  }
  try {
    expect(await Promise.all(outcomes)).toEqual(Array(3).fill({ exitCode: 0, error: '', output: expect.any(String) }));
    await idle;
    expect(bugs).toEqual([]);
    expect(model.status).toBe('installed');
    // On a busy machine two loops may report stages in the wrong order, which is the business of the manual clock's tests.
    const late = (record: RequestRecord) => record.endpoint === 'host-progress' && record.outcome === 409;
    // A program that ends drops what it has under way; that is nobody's refusal.
    const answered = requests.filter((record) => record.outcome !== 'aborted');
    const refused = answered.filter((record) => typeof record.outcome !== 'number' || record.outcome >= 300);
    expect(refused.filter((record) => !late(record))).toEqual([]);
    // Installers, logs_senders and the controller have ended, and their sockets with them.
    await Promise.all([...sockets].map((socket) => once(socket, 'close')));
    expect(open).toBe(0);

    const uploads = service.calls.filter((call) => call.method === 'uploadLogs').map((call) => call.args);
    const hostUploads = uploads.filter(([, query]) => (query as { logs_type: string }).logs_type === 'host');
    expect(hostUploads.map(([, query]) => query)).toContainEqual({
      logs_type: 'host',
      host_id: simulation.hosts[0]!.identity.id,
      infra_env_id: INFRA_ENV_ID,
    });
    expect(hostUploads).toHaveLength(3);
    expect(uploads.length).toBeGreaterThan(hostUploads.length);
    expect(uploads.every(([, , bytes]) => (bytes as number) > 1_000)).toBe(true);
    expect(service.calls.filter((call) => call.method === 'triggerEvent')).toHaveLength(3);
    expect(service.calls.find((call) => call.method === 'completeInstallation')?.args[1]).toEqual({ is_success: true });
  } finally {
    site.stop();
    await transport.close();
    await server.close();
  }
});
