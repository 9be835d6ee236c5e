import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:https';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { startClock } from '../model/time/clock.ts';
import { TEST_CERTIFICATE } from './http/testing/certificate.ts';
import { type ServiceMock, type ServiceMockOptions, startServiceMock } from './index.ts';
import type { ReportMessage } from './main.ts';

const API = '/api/assisted-install/v2';
const PULL_SECRET = JSON.stringify({
  auths: {
    'cloud.openshift.com': { auth: 'dTpw', email: 'a@b.c' },
    'quay.io': { auth: 'dTpw' },
    'registry.redhat.io': { auth: 'dTpw' },
  },
});

let mock: ServiceMock | undefined;
afterEach(async () => {
  await mock?.close();
  mock = undefined;
});
const start = async (options: Partial<ServiceMockOptions> = {}) => {
  mock = await startServiceMock({ clock: startClock(1), ...options });
  return mock;
};

describe('startServiceMock', () => {
  test('a host registers and asks what to do', async () => {
    const { url, port } = await start();
    expect(url).toBe(`http://127.0.0.1:${port}`);
    const json = async (method: string, path: string, body?: unknown) => {
      const response = await fetch(`${url}${API}${path}`, {
        method,
        headers: { 'Content-Type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      return { status: response.status, body: (await response.json()) as Record<string, string> };
    };
    const infraEnv = await json('POST', '/infra-envs', { name: 'pool', pull_secret: PULL_SECRET });
    expect(infraEnv.status).toBe(201);
    const host = '8e3746eb-df8d-47d1-ad4d-ab13fac2b38e';
    const registered = await json('POST', `/infra-envs/${infraEnv.body.id}/hosts`, { host_id: host });
    expect(registered).toMatchObject({ status: 201, body: { id: host, status: 'discovering-unbound' } });
    const steps = await json('GET', `/infra-envs/${infraEnv.body.id}/hosts/${host}/instructions`);
    expect(steps).toMatchObject({ status: 200, body: { post_step_action: 'continue' } });
    expect((await fetch(`${url}/health`)).status).toBe(200);
  });

  test('tells hosts its own address', async () => {
    const { url } = await start();
    const infraEnv = (await (
      await fetch(`${url}${API}/infra-envs`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ name: 'pool', pull_secret: PULL_SECRET }),
      })
    ).json()) as { id: string };
    const ignition = await fetch(`${url}${API}/infra-envs/${infraEnv.id}/downloads/files?file_name=discovery.ign`);
    expect(ignition.status).toBe(200);
    expect(decodeURIComponent(await ignition.text())).toContain(url);
  });

  test('speaks HTTPS when it has a certificate', async () => {
    const { url } = await start({ tls: TEST_CERTIFICATE });
    expect(url).toMatch(/^https:/);
    const [response] = await once(get(`${url}/ready`, { ca: TEST_CERTIFICATE.cert, agent: false }), 'response');
    expect(response.statusCode).toBe(200);
    response.resume();
  });

  test('a port that is taken is an error', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    await expect(startServiceMock({ clock: startClock(1), port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    taken.close();
  });

  test('closing ends kept connections', async () => {
    const { url, close } = await start();
    await (await fetch(`${url}/ready`)).arrayBuffer();
    await close();
    mock = undefined;
    await expect(fetch(`${url}/ready`)).rejects.toThrow();
  });
});

describe('main', () => {
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });
  const launch = async (options: unknown) => {
    const child = fork(fileURLToPath(new URL('./main.ts', import.meta.url)), {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    children.push(child);
    child.send({ type: 'start', options });
    const [report] = (await once(child, 'message')) as [ReportMessage];
    return { child, report };
  };

  test.each<[string, (child: ChildProcess) => void]>([
    ['SIGTERM', (child) => child.kill('SIGTERM')],
    ['SIGINT', (child) => child.kill('SIGINT')],
    ['losing its parent', (child) => child.disconnect()],
  ])('serves until %s', async (_name, end) => {
    const { child, report } = await launch({ clock: startClock(1) });
    expect(report).toEqual({ type: 'listening', url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) });
    const { url } = report as { url: string };
    expect((await fetch(`${url}/ready`)).status).toBe(200);
    end(child);
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  test('reports that it cannot start', async () => {
    const { child, report } = await launch({
      clock: startClock(1),
      tls: { cert: TEST_CERTIFICATE.cert, key: 'no key' },
    });
    expect(report).toEqual({ type: 'failed', message: expect.any(String) });
    expect(await once(child, 'exit')).toEqual([1, null]);
  });
});
