import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startClock } from '../../model/time/clock.ts';
import { startServiceMock } from '../../service-mock/index.ts';
import type { Finding } from '../cluster/service-config/finding.ts';
import { DeployedService, NAMESPACE } from '../cluster/service-config/testing/deployed-service.ts';
import { InputError } from './exit.ts';
import { serviceCommand } from './service.ts';
import { runInProcess } from './testing/in-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'swarm-check-'));
afterAll(() => rmSync(folder, { recursive: true }));

const check = (...args: string[]) => runInProcess(serviceCommand, ['service', 'check', ...args]);

function plan(name: string, lines: string): string {
  const path = join(folder, name);
  writeFileSync(path, `name: checked\nseed: one\nopenshift_version: '4.20'\n${lines}\n`);
  return path;
}

async function findings(
  ...args: string[]
): Promise<{ code: number | null; of: (setting: string) => Finding | undefined }> {
  const { code, stdout, error } = await check(...args, '--json');
  if (error) throw error;
  const { findings: list } = JSON.parse(stdout) as { findings: Finding[] };
  return { code, of: (setting) => list.find((finding) => finding.setting === setting) };
}

describe('of a service that only has an address', () => {
  let service: Awaited<ReturnType<typeof startServiceMock>>;
  beforeAll(async () => {
    service = await startServiceMock({ clock: startClock(1) });
  });
  afterAll(() => service.close());

  it('reads REST and says what it cannot see', async () => {
    const { code, of } = await findings(
      '--service',
      service.url,
      '--plan',
      plan('a.yaml', 'clusters: [{topology: sno}]'),
    );
    expect(code).toBe(0);
    expect(of('AUTH_TYPE')).toMatchObject({ has: 'users are served', verdict: 'ok' });
    expect(of('AGENT_DOCKER_IMAGE')).toMatchObject({ verdict: 'ok' });
    expect(of('RELEASE_IMAGES')).toMatchObject({ verdict: 'ok', needed: '4.20 for x86_64' });
    expect(of('HW_VALIDATOR_REQUIREMENTS')).toMatchObject({ has: 'not readable', verdict: 'unknown' });
    expect(of('/metrics')).toMatchObject({ verdict: 'ok' });
  });

  it('fails for a version and an operator that the service does not know', async () => {
    const file = plan('b.yaml', 'clusters: [{topology: sno, olm_operators: [lvm, teapot]}]');
    const { code, of } = await findings('--service', service.url, '--plan', file);
    expect(code).toBe(1);
    expect(of('OLM operators')).toMatchObject({ verdict: 'must', why: 'the service does not know teapot' });
    const old = join(folder, 'old.yaml');
    writeFileSync(old, "name: old\nseed: one\nopenshift_version: '4.9'\nclusters: [{topology: sno}]\n");
    const second = await findings('--service', service.url, '--plan', old);
    expect(second.code).toBe(1);
    expect(second.of('RELEASE_IMAGES')?.verdict).toBe('must');
  });

  it('prints a table with a reason for each row', async () => {
    const { code, stdout } = await check('--service', service.url);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ok {7}AUTH_TYPE +has users are served; needed: none\n {9}without authentication/m);
    expect(stdout).toMatch(/0 must be changed, .* unknown\n$/);
  });
});

it('says that a service refuses users', async () => {
  const { createServer } = await import('node:http');
  const server = createServer((_, response) => response.writeHead(401).end('{}'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const { code, of } = await findings('--service', `http://127.0.0.1:${port}`);
  server.close();
  expect(code).toBe(1);
  expect(of('AUTH_TYPE')).toMatchObject({ has: 'users are refused (401)', verdict: 'must' });
});

describe('of a service that a hub knows', () => {
  let hub: DeployedService;
  beforeAll(async () => {
    hub = await DeployedService.start({ SERVICE_BASE_URL: 'http://127.0.0.1:9' });
  });
  afterAll(() => hub.close());
  const look = (...args: string[]) => findings('--kubeconfig', hub.kubeconfig, ...args);

  it('takes settings from where they are in force, and defaults elsewhere', async () => {
    const { of } = await look();
    expect(of('AUTH_TYPE')).toMatchObject({ has: 'local (ConfigMap assisted-service)', verdict: 'ok' });
    expect(of('HOST_MAX_DISCONNECTION_TIME')).toMatchObject({ has: '3m (default)', verdict: 'ok' });
    expect(of('ENABLE_OKD_SUPPORT')).toMatchObject({ verdict: 'advise', set: { ENABLE_OKD_SUPPORT: 'false' } });
    expect(of('resources')?.has).toContain('service requests cpu 200m, memory 512Mi, limits none');
    expect(of('SERVICE_BASE_URL')).toMatchObject({ verdict: 'must' });
    expect(of('SERVICE_BASE_URL')?.why).toContain('ECONNREFUSED');
  });

  it('measures local authentication by the way in which the plan makes clusters', async () => {
    const { code, of } = await look('--plan', plan('rest.yaml', 'clusters: [{topology: sno}]'));
    expect(code).toBe(1);
    expect(of('AUTH_TYPE')).toMatchObject({ verdict: 'must', set: { AUTH_TYPE: 'none' } });
  });

  it("looks at the plan's own hub, with BareMetalHosts and downloads in mind", async () => {
    const file = plan(
      'kube.yaml',
      `api: kube\nhub: {kubeconfig: ${hub.kubeconfig}}\nboot: {from: iso}\nclusters: [{topology: sno, bmh: true, amount: 600}]`,
    );
    const { of } = await findings('--plan', file);
    expect(of('AUTH_TYPE')?.verdict).toBe('ok');
    expect(of('BMAC_MAX_CONCURRENT_RECONCILES')).toMatchObject({ verdict: 'advise', needed: '10' });
    expect(of('ENABLE_OKD_SUPPORT')?.verdict).toBe('advise');
    expect(of('kube client')?.needed).toBe('at least 90 s for the Agents of 600 hosts');
    expect(of('PREPARE_FOR_INSTALLATION_TIMEOUT')).toMatchObject({ needed: '30m or more', verdict: 'advise' });
  });

  it('computes which machines of the plan are too small', async () => {
    await hub.createConfigMap('big', {
      HW_VALIDATOR_REQUIREMENTS: JSON.stringify([
        {
          version: 'default',
          ...Object.fromEntries(
            ['master', 'worker', 'sno'].map((role) => [role, { cpu_cores: 12, ram_mib: 32768, disk_size_gb: 120 }]),
          ),
        },
      ]),
      AGENT_DOCKER_IMAGE: 'registry.example.com/me/swarm-agent:1',
      LOG_LEVEL: 'debug',
      DUMMY_IGNITION: 'true',
    });
    const file = plan('small.yaml', 'clusters: [{topology: {control_planes: 3, workers: 2}, profile: {worker: vm}}]');
    const operated = await hub
      .operate()
      .then(() => hub.annotate({ 'unsupported.agent-install.openshift.io/assisted-service-configmap': 'big' }));
    expect(operated.metadata.annotations).toBeDefined();
    await expect.poll(() => hub.rollOuts).toBe(1);
    const { of } = await look('--plan', file);
    expect(of('HW_VALIDATOR_REQUIREMENTS')).toMatchObject({
      verdict: 'must',
      why: 'vm as worker (2 hosts) has 8 of 12 CPUs, 16384 of 32768 MiB of memory',
    });
    expect(of('AGENT_DOCKER_IMAGE')).toMatchObject({ verdict: 'advise' });
    expect(of('AGENT_DOCKER_IMAGE')?.why).toContain('swarm-agent is not the name of a stock image');
    expect(of('LOG_LEVEL')).toMatchObject({ has: 'debug (ConfigMap big)', verdict: 'advise' });
    expect(of('DUMMY_IGNITION')).toMatchObject({ verdict: 'advise' });
    const { execPath } = process;
    const programs = `{agent: ${execPath}, installer: ${execPath}, controller: ${execPath}, controller_manifests: .}`;
    const noop = await look(
      '--plan',
      plan('noop.yaml', `agent: noop\nprograms: ${programs}\nclusters: [{topology: sno}]`),
    );
    expect(noop.of('DUMMY_IGNITION')).toMatchObject({
      verdict: 'must',
      why: expect.stringContaining('stock installers fail'),
    });
  });
});

describe('refuses', () => {
  it('an address where nobody answers', async () => {
    const { error } = await check('--service', 'http://127.0.0.1:9');
    expect(error).toBeInstanceOf(InputError);
    expect(error?.message).toMatch(/no response from .*another address: --service/);
  });

  it('a kubeconfig that is not there', async () => {
    const { error } = await check('--kubeconfig', join(folder, 'nothing'));
    expect(error?.message).toContain('there is no such file');
  });

  it('a hub without a service, and one with several', async () => {
    const { startKubeMock, seedHub } = await import('../../controller-mock/index.ts');
    const mock = await startKubeMock({ tls: false, world: seedHub });
    const file = join(folder, 'bare.kubeconfig');
    writeFileSync(file, mock.kubeconfig);
    const bare = await check('--kubeconfig', file);
    await mock.close();
    expect(bare.error).toBeInstanceOf(InputError);
    expect(bare.error?.message).toContain(
      'has no AgentServiceConfig and no Deployment assisted-service in any namespace',
    );

    const gone = await check('--kubeconfig', file);
    expect(gone.error).toBeInstanceOf(InputError);
    expect(gone.error?.message).toMatch(/is .* the hub's address, and is it reachable from here\?$/);

    const hub = await DeployedService.start();
    const other = await check('--kubeconfig', hub.kubeconfig, '--namespace', 'hive');
    expect(other.error?.message).toContain('no Deployment assisted-service in namespace hive');
    expect((await check('--kubeconfig', hub.kubeconfig, '--namespace', NAMESPACE)).error).toBeNull();
    await hub.close();
  });
});
