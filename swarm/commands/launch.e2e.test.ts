/** `swarm launch` as a process, on the embedded hub and service. */
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { RESOURCES } from '../../model/kube/resources.ts';
import { HubSite, infraEnvOf, namespaceOf, pullSecretOf } from '../../service-mock/kube/testing/hub-site.ts';
import { Cli } from './testing/cli.ts';

const cli = new Cli();
let site: HubSite | undefined;
afterEach(async () => {
  await site?.close();
  site = undefined;
});
afterAll(() => cli.killAll());

describe('launch', () => {
  it('keeps hosts alive until Ctrl-C, and tells of them as events and over the API', { timeout: 240_000 }, async () => {
    site = await HubSite.start({ settings: { HOST_MAX_DISCONNECTION_TIME: 3_600_000 } });
    await site.apply(namespaceOf('env'), pullSecretOf('env'), infraEnvOf('env', { clusterRef: undefined }));
    const kubeconfig = cli.file('hub.kubeconfig', site.mock.kubeconfig);
    const args = ['--agents', '2', '--approve', '--boot-spread', '0s', '--poll-interval', '1s', '--json'];
    const launch = cli.start(['launch', '--kubeconfig', kubeconfig, '--listen', '127.0.0.1:0', ...args]);
    const url = await launch.said(/page, API and metrics: (\S+);/);
    await launch.said(/"type":"agent.approved"[\s\S]*"type":"agent.approved"/);
    const state = (await (await fetch(`${url}/api/v1/launch`)).json()) as Record<string, unknown>;
    expect(state).toMatchObject({ infraEnvs: 1, launched: 1, hosts: 2, waiting: [] });
    const rows = (await (await fetch(`${url}/api/v1/launch/infra-envs?limit=1`)).json()) as { phases: object }[];
    expect(rows).toEqual([{ infraEnv: 'env/env', hosts: 2, waiting: '', phases: expect.any(Object) }]);
    expect(Object.values(rows[0]!.phases).reduce((sum: number, hosts: number) => sum + hosts, 0)).toBe(2);
    expect((await fetch(`${url}/api/v1/launch/infra-envs?limit=0`)).status).toBe(400);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toMatch(/endpoint="infra-env-files"[^\n]* 1\n/);
    expect(metrics).toMatch(/resource="infraenvs"/);
    const { items } = await site.client.list(RESOURCES.agents, { namespace: 'env' });
    expect(items.map(({ spec }) => (spec as { approved: boolean }).approved)).toEqual([true, true]);

    launch.child.kill('SIGINT');
    const { code, stdout, stderr } = await launch.ended;
    expect(code).toBe(0);
    expect(stderr).toContain('hosts are powered off, the hub stays as it is');
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string });
    expect(new Set(events.map(({ type }) => type))).toEqual(
      new Set(['launch.started', 'infra-env.ready', 'infra-env.hosts', 'agent.approved', 'host']),
    );
    expect((await site.client.list(RESOURCES.agents, { namespace: 'env' })).items).toHaveLength(2);
  });
});
