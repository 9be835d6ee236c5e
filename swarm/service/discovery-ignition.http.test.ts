/** The embedded service's discovery ignition, read as a booting host reads it: both sides together, over HTTPS with local authentication. */
import { writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ScaledClock, startClock } from '../../model/time/clock.ts';
import { TEST_CERTIFICATE } from '../../service-mock/http/testing/certificate.ts';
import { type ServiceMock, startServiceMock } from '../../service-mock/index.ts';
import { SharedTelemetry } from '../telemetry/shared-telemetry.ts';
import { createTelemetryBuffer } from '../telemetry/telemetry-layout.ts';
import type { Transport } from '../transport/transport.ts';
import { createUndiciTransport } from '../transport/undici.ts';
import { fetchDiscoveryIgnition } from './discovery-ignition.ts';

const IMAGE = 'registry.example.com/agent:1';
const PULL_SECRET = '{"auths":{"quay.io":{"auth":"dTpw"},"registry.example.com":{"auth":"dTpw"}}}';
const clock = new ScaledClock(startClock(1));
const telemetry = new SharedTelemetry(createTelemetryBuffer({ writers: 1, hostSlots: 1, clusterSlots: 1 }), 0);

let mock: ServiceMock;
let transport: Transport;

beforeAll(async () => {
  const ca = join(await mkdtemp(join(tmpdir(), 'swarm-ca-')), 'ca.crt');
  writeFileSync(ca, TEST_CERTIFICATE.cert);
  mock = await startServiceMock({
    clock,
    tls: TEST_CERTIFICATE,
    settings: { AUTH_TYPE: 'local', SERVICE_CA_CERT_PATH: ca, AGENT_DOCKER_IMAGE: IMAGE },
  });
  transport = createUndiciTransport({
    mode: 'shared',
    tls: { ca: TEST_CERTIFICATE.cert },
    idleTimeoutMs: 1000,
    dialTimeoutMs: 5000,
    tlsHandshakeTimeoutMs: 5000,
    observer: telemetry,
  });
});
afterAll(async () => {
  await transport.close();
  await mock.close();
});

const download = (infraEnv: string) => {
  const { url } = mock.api.infraEnvFileUrl(infraEnv, 'discovery.ign') as { url: string };
  const runtime = { clock, telemetry, transport, wallOf: (ms: number) => ms };
  return { url, setup: fetchDiscoveryIgnition(url, { runtime, machine: -1 }) };
};
const register = (fields: object = {}) =>
  String(mock.api.registerInfraEnv({ name: 'env', pull_secret: PULL_SECRET, ...fields }).id);

it('tells where the service is, whom to trust, and with which token', async () => {
  const id = register();
  const { url, setup } = download(id);
  expect(new URL(url).search).toMatch(/api_key|image_token/);
  const found = await setup;
  expect(found).toMatchObject({
    baseUrl: mock.url,
    infraEnvId: id,
    agentVersion: IMAGE,
    insecure: false,
    ca: TEST_CERTIFICATE.cert,
    proxy: null,
    registrationRetrySeconds: null,
  });
  // The token is what the service lets this infra-env's agents in with, and nobody without it.
  const ask = (token: string) =>
    transport.openSession({ baseUrl: found.baseUrl, client: 'agent', machine: 0 }).request({
      method: 'POST',
      path: `/api/assisted-install/v2/infra-envs/${id}/hosts`,
      headers: ['Content-Type', 'application/json', 'X-Secret-Key', token],
      body: JSON.stringify({ host_id: '00000000-0000-4000-8000-000000000001' }),
    });
  expect((await ask(found.token)).status).toBe(201);
  expect((await ask('')).status).toBe(401);
});

it('tells proxies, anchors of trust, and what users have overridden', async () => {
  const proxy = { http_proxy: 'http://u:p%40@proxy.example.com:3128', no_proxy: '.example.com' };
  const override = {
    ignition: { version: '3.1.0' },
    systemd: {
      units: [
        {
          name: 'agent.service',
          dropins: [{ name: '10-x.conf', contents: '[Service]\nEnvironment=HTTPS_PROXY=http://other:1' }],
        },
      ],
    },
  };
  const id = register({
    proxy,
    additional_trust_bundle: TEST_CERTIFICATE.cert,
    ignition_config_override: JSON.stringify(override),
  });
  expect(await download(id).setup).toMatchObject({
    ca: TEST_CERTIFICATE.cert,
    proxy: { http: proxy.http_proxy, https: 'http://other:1', no: '.example.com' },
  });
});

it('does not come without its token', async () => {
  const { url, setup } = download(register());
  await setup;
  const bare = url.replace(/([?&])(?:api_key|image_token)=[^&]*&?/, '$1');
  const runtime = { clock, telemetry, transport, wallOf: (ms: number) => ms };
  await expect(fetchDiscoveryIgnition(bare, { runtime, machine: -1 })).rejects.toThrow('the server answered 401');
});
