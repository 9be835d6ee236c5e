import { get } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { workerIgnition } from '../host/worker-ignition.ts';
import { planOf } from '../pool/testing/simulation.ts';
import { MachineConfigServer } from './machine-config-server.ts';

let server = new MachineConfigServer();
afterEach(async () => {
  await server.close();
  server = new MachineConfigServer();
});

/** What somebody is served who asks a host by this name. */
const ask = ({ at }: { at: { host: string; port: number } }, host: string, path = '/config/worker') =>
  new Promise<{ status: number; body: unknown }>((resolve, reject) => {
    get({ ...at, path, headers: { host }, agent: false }, async (response) => {
      let text = '';
      for await (const chunk of response) text += chunk;
      resolve({ status: response.statusCode!, body: text === '' ? null : JSON.parse(text) });
    }).on('error', reject);
  });

describe('the machine-config servers of clusters that hosts join', () => {
  it('serve the ignition of the cluster whose name or address is asked', async () => {
    const none = { ...planOf({ controlPlanes: 1 }, 1), apiVip: null };
    const managed = { ...planOf({ controlPlanes: 3 }, 2), apiVip: '10.2.0.5' };
    const [one, two] = [await server.serve(none), await server.serve(managed)];
    expect(one).toMatchObject({ url: `http://${one.address}:22624`, at: { host: '127.0.0.1' } });
    expect(two).toEqual({ url: 'http://10.2.0.5:22624', address: '10.2.0.5', at: one.at });
    const domainOf = (cluster: typeof none | typeof managed) => `${cluster.name}.${cluster.baseDomain}`;
    for (const [cluster, address] of [
      [none, one.address],
      [managed, two.address],
    ] as const) {
      const ignition = workerIgnition({ domain: domainOf(cluster), apiVip: cluster.apiVip });
      for (const host of [`api.${domainOf(cluster)}:22624`, `${address}:22624`])
        expect(await ask(one, host)).toEqual({ status: 200, body: ignition });
    }
    expect(JSON.stringify(workerIgnition({ domain: 'd', apiVip: '10.2.0.5' }))).toContain('keepalived');
    expect(JSON.stringify(workerIgnition({ domain: 'd', apiVip: null }))).not.toContain('keepalived');
  });

  it('know a cluster that nobody has planned by its name', async () => {
    const served = await server.serve(planOf({ controlPlanes: 1 }, 1));
    expect(await ask(served, 'api.other.example.com:22624')).toEqual({
      status: 200,
      body: workerIgnition({ domain: 'other.example.com', apiVip: null }),
    });
    expect(await ask(served, 'api.other.example.com', '/config/')).toEqual({ status: 404, body: null });
    expect(await ask(served, 'api.other.example.com', '/healthz')).toMatchObject({ status: 404 });
  });

  it('leave nothing when they were never asked', async () => {
    await expect(server.close()).resolves.toBeUndefined();
  });
});
