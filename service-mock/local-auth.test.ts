/** AUTH_TYPE local over HTTP. Statuses and bodies are those of the real service with the same requests. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startClock } from '../model/time/clock.ts';
import { LocalTokens } from './auth/local-tokens.ts';
import { type ServiceMock, startServiceMock } from './index.ts';

const API = '/api/assisted-install/v2';
const HOST = '8e3746eb-df8d-47d1-ad4d-ab13fac2b38e';
const PULL_SECRET = '{"auths":{"quay.io":{"auth":"dTpw"}}}';
const KEY = new LocalTokens().privateKeyPem;
const tokens = new LocalTokens(KEY);

let mock: ServiceMock;
let own: string;
let other: string;
let token: string;
beforeAll(async () => {
  mock = await startServiceMock({
    clock: startClock(1),
    settings: { AUTH_TYPE: 'local', EC_PRIVATE_KEY_PEM: KEY, ISO_IMAGE_TYPE: 'minimal-iso' },
  });
  own = String(mock.api.registerInfraEnv({ name: 'a', pull_secret: PULL_SECRET }).id);
  other = String(mock.api.registerInfraEnv({ name: 'b', pull_secret: PULL_SECRET }).id);
  token = tokens.issue('infra_env_id', own);
});
afterAll(() => mock.close());

const call = async (method: string, path: string, headers: Record<string, string> = {}) => {
  const response = await fetch(`${mock.url}${API}${path}`, { method, headers });
  return { status: response.status, text: await response.text() };
};
const get = (path: string, headers?: Record<string, string>) => call('GET', path, headers);
const infraError = (message: string) => `${JSON.stringify({ code: 401, message })}\n`;
const NOBODY = '{"code":401,"message":"unauthenticated for invalid credentials"}';
const NOT_YOURS = '{"code":"404","href":"","id":404,"kind":"Error","reason":"Object Not Found"}';

describe('users', () => {
  it.each([
    ['GET', '/clusters', {}, NOBODY],
    ['POST', '/infra-envs', {}, NOBODY],
    ['GET', '/component-versions', {}, NOBODY],
    ['GET', '/clusters/not-a-uuid', {}, NOBODY],
    ['GET', '/clusters', { Authorization: 'Bearer x' }, infraError('User Authentication not allowed for local auth')],
    [
      'GET',
      '/clusters',
      { 'Watcher-Authorization': 'x' },
      infraError('Watcher Authentication not allowed for local auth'),
    ],
  ])('are refused: %s %s with %o', async (method, path, headers, text) => {
    expect(await call(method, path, headers as Record<string, string>)).toEqual({ status: 401, text });
  });

  it('are refused what only they may, with an agent’s token too', async () => {
    expect(await get('/clusters', { 'X-Secret-Key': token })).toEqual({ status: 401, text: NOBODY });
    expect(await get(`/infra-envs/${own}/downloads/image-url`, { 'X-Secret-Key': token })).toMatchObject({
      status: 401,
    });
  });
});

describe('agents', () => {
  const instructions = () => `/infra-envs/${own}/hosts/${HOST}/instructions`;

  it('are let in by a token of any infra-env or cluster that exists', async () => {
    expect((await get(instructions(), { 'X-Secret-Key': token })).status).toBe(404);
    const ofOther = tokens.issue('infra_env_id', other);
    expect((await get(instructions(), { 'X-Secret-Key': ofOther })).status).toBe(404);
    expect((await get(`/infra-envs/${own}`, { 'X-Secret-Key': ofOther, Authorization: 'y' })).status).toBe(200);
  });

  it('are refused without, with a broken one, and with one for what is gone', async () => {
    expect(await get(instructions())).toEqual({ status: 401, text: NOBODY });
    expect(await get(instructions(), { 'X-Secret-Key': 'zz' })).toEqual({
      status: 401,
      text: infraError('Failed to parse token: token contains an invalid number of segments\n'),
    });
    expect(await get(instructions(), { 'X-Secret-Key': tokens.issue('infra_env_id', HOST) })).toEqual({
      status: 401,
      text: infraError(`infraEnv ${HOST} does not exist`),
    });
    expect(await get(instructions(), { 'X-Secret-Key': tokens.issue('cluster_id', HOST) })).toEqual({
      status: 401,
      text: infraError(`Cluster ${HOST} does not exist`),
    });
  });

  it('find their token in the discovery ignition', async () => {
    const { text } = await get(`/infra-envs/${own}/downloads/files?file_name=discovery.ign&api_key=${token}`);
    const unit = (JSON.parse(text) as { systemd: { units: { name: string; contents: string }[] } }).systemd.units.find(
      ({ name }) => name === 'agent.service',
    )!.contents;
    const secret = /^Environment=PULL_SECRET_TOKEN=(.*)$/m.exec(unit)![1]!;
    expect(tokens.verify(secret)).toEqual({ kind: 'infra_env_id', id: own });
    const registered = await fetch(`${mock.url}${API}/infra-envs/${own}/hosts`, {
      method: 'POST',
      headers: { 'X-Secret-Key': secret, 'Content-Type': 'application/json' },
      body: JSON.stringify({ host_id: HOST }),
    });
    expect(registered.status).toBe(201);
  });
});

describe('addresses with a token', () => {
  it('open what they are for and nothing else', async () => {
    expect((await get(`/infra-envs/${own}?api_key=${token}`)).status).toBe(200);
    expect(await get(`/infra-envs/${other}?api_key=${token}`)).toEqual({ status: 404, text: `${NOT_YOURS}\n` });
    // Errors of downloads come without a line feed.
    const ignition = (id: string) => `/infra-envs/${id}/downloads/files?file_name=discovery.ign&api_key=${token}`;
    expect((await get(ignition(own))).status).toBe(200);
    expect(await get(ignition(other))).toEqual({ status: 404, text: NOT_YOURS });
    expect(await get(`/infra-envs/${own}/downloads/minimal-initrd?api_key=${token}`)).toEqual({
      status: 204,
      text: '',
    });
  });

  it('open their own events', async () => {
    expect((await get(`/events?infra_env_id=${own}&api_key=${token}`)).status).toBe(200);
    for (const query of [`infra_env_id=${other}`, 'order=ascending', `host_ids=${other}`]) {
      expect(await get(`/events?${query}&api_key=${token}`)).toEqual({ status: 404, text: `${NOT_YOURS}\n` });
    }
    expect(await get(`/events?infra_env_id=${own}`, { 'X-Secret-Key': token })).toEqual({ status: 401, text: NOBODY });
  });

  it('are what the service hands out', async () => {
    const infraEnv = JSON.parse((await get(`/infra-envs/${own}`, { 'X-Secret-Key': token })).text);
    const parts = new URL(infraEnv.download_url).pathname.split('/');
    expect(tokens.verify(parts[2]!)).toEqual({ kind: 'infra_env_id', id: own });
    expect(parts.with(2, 'jwt').join('/')).toBe('/byapikey/jwt/4.20/x86_64/minimal.iso');
    const script = await get(`/infra-envs/${own}/downloads/files?file_name=ipxe-script&api_key=${token}`);
    const initrd = new URL(/initrd --name initrd (\S+)/.exec(script.text)![1]!);
    expect(tokens.verify(initrd.searchParams.get('api_key')!)).toEqual({ kind: 'infra_env_id', id: own });
    const chain = await get(
      `/infra-envs/${own}/downloads/files?file_name=ipxe-script&ipxe_script_type=boot-order-control&api_key=${token}`,
    );
    const next = /chain (\S+)&mac=\$\{net0\/mac\}\n$/.exec(chain.text)![1]!;
    expect((await fetch(`${next}&mac=52:54:00:00:00:01`)).status).toBe(200);
  });
});

it('does not take an agent token of the caller’s choice besides', async () => {
  await expect(
    startServiceMock({ clock: startClock(1), agentToken: 'x', settings: { AUTH_TYPE: 'local' } }),
  ).rejects.toThrow('an agent token is not supported with AUTH_TYPE local');
});
