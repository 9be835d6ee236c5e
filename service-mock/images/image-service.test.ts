import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startClock } from '../../model/time/clock.ts';
import { LocalTokens } from '../auth/local-tokens.ts';
import { TEST_CERTIFICATE } from '../http/testing/certificate.ts';
import { type ServiceMock, startServiceMock } from '../index.ts';
import { type ImageService, startImageService } from './image-service.ts';
import { DEFAULT_IMAGE_SETTINGS, IGNITION_AREA } from './image-settings.ts';
import { type CallbackLog, logCallbacks } from './testing/callback-log.ts';

const PULL_SECRET = '{"auths":{"quay.io":{"auth":"dTpw"}}}';
const NETWORK = [
  { network_yaml: 'a: b', mac_interface_map: [{ logical_nic_name: 'eth0', mac_address: '52:54:00:00:00:01' }] },
];
const SIZES = {
  FULL_ISO_BYTES: 9_000_001,
  MINIMAL_ISO_BYTES: 5_000_000,
  KERNEL_BYTES: 1000,
  INITRD_BYTES: 3000,
  ROOTFS_BYTES: 2_500_000,
  NMSTATE_BYTES: 77,
};

let mock: ServiceMock;
let calls: CallbackLog;
let images: ImageService;
let id: string;
let networked: string;
beforeAll(async () => {
  mock = await startServiceMock({ clock: startClock(1) });
  calls = await logCallbacks(mock.url);
  const { OS_IMAGES } = (await import('../core/settings.ts')).defaultSettings();
  images = await startImageService({
    settings: { ...DEFAULT_IMAGE_SETTINGS, ...SIZES, OS_IMAGES },
    serviceUrl: () => calls.url,
    onBug: (error) => {
      throw error;
    },
  });
  id = String(mock.api.registerInfraEnv({ name: 'a', pull_secret: PULL_SECRET }).id);
  networked = String(
    mock.api.registerInfraEnv({
      name: 'b',
      pull_secret: PULL_SECRET,
      static_network_config: NETWORK,
      kernel_arguments: [{ operation: 'append', value: 'foo=bar' }],
    }).id,
  );
});
afterEach(() => calls.clear());
afterAll(async () => {
  await images.close();
  await calls.close();
  await mock.close();
});

const get = async (path: string, headers: Record<string, string> = {}, method = 'GET') => {
  const response = await fetch(images.url + path, { method, headers });
  return { response, status: response.status, body: Buffer.from(await response.arrayBuffer()) };
};
const API = '/api/assisted-install/v2/infra-envs';

describe('an ISO', () => {
  it('is as long as it is to be, and carries the ignition of its infra-env', async () => {
    const { response, body } = await get(`/byid/${id}/4.18/x86_64/full.iso`);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'accept-ranges': 'bytes',
      'content-length': String(SIZES.FULL_ISO_BYTES),
      'content-disposition': `attachment; filename=${id}-discovery.iso`,
      'content-type': 'application/octet-stream',
      'last-modified': expect.stringMatching(/ GMT$/),
    });
    expect(body.length).toBe(SIZES.FULL_ISO_BYTES);
    const archive = gunzipSync(body.subarray(IGNITION_AREA.at, IGNITION_AREA.at + IGNITION_AREA.length));
    expect(archive.toString()).toContain('config.ign');
    expect(archive.toString()).toContain(`--infra-env-id ${id}`);
  });

  it('makes the image service ask for what it needs, for each request', async () => {
    await get(`/byid/${id}/4.18/x86_64/full.iso`, {}, 'HEAD');
    const ignition = (type: string) =>
      `GET ${API}/${id}/downloads/files?discovery_iso_type=${type}&file_name=discovery.ign`;
    expect(calls.lines).toEqual([ignition('full-iso'), `GET ${API}/${id}`]);
    calls.clear();
    await get(`/byid/${id}/4.18/x86_64/minimal.iso`, { Range: 'bytes=0-9' });
    expect(calls.lines).toEqual([
      ignition('minimal-iso'),
      `GET ${API}/${id}/downloads/minimal-initrd`,
      `GET ${API}/${id}`,
    ]);
    expect(calls.headers[0]).toMatchObject({ 'user-agent': 'Go-http-client/1.1', 'accept-encoding': 'gzip' });
  });

  it('has the same bytes in the long form of its address, and in parts', async () => {
    const long = `/images/${networked}?type=minimal-iso&version=4.18&arch=x86_64`;
    const whole = (await get(long)).body;
    expect(whole.length).toBe(SIZES.MINIMAL_ISO_BYTES);
    expect(whole.includes(' foo=bar\n')).toBe(true);
    expect(whole.equals((await get(`/byid/${networked}/4.18/x86_64/minimal.iso`)).body)).toBe(true);
    const part = await get(long, { Range: 'bytes=2000000-3200000' });
    expect(part.status).toBe(206);
    expect(part.response.headers.get('content-range')).toBe('bytes 2000000-3200000/5000000');
    expect(part.body.equals(whole.subarray(2_000_000, 3_200_001))).toBe(true);
    const several = await get(long, { Range: 'bytes=0-1,-3' });
    const boundary = /^multipart\/byteranges; boundary=([0-9a-f]{60})$/.exec(
      several.response.headers.get('content-type')!,
    )![1];
    const piece = (range: string, bytes: Buffer) =>
      `--${boundary}\r\nContent-Range: bytes ${range}/5000000\r\nContent-Type: application/octet-stream\r\n\r\n${bytes.toString('latin1')}`;
    expect(several.status).toBe(206);
    expect(several.body.toString('latin1')).toBe(
      `${piece('0-1', whole.subarray(0, 2))}\r\n${piece('4999997-4999999', whole.subarray(-3))}\r\n--${boundary}--\r\n`,
    );
    expect(several.response.headers.get('content-length')).toBe(String(several.body.length));
    // More than all of it is all of it.
    expect((await get(long, { Range: 'bytes=0-4999999,0-' })).status).toBe(200);
  });

  it.each([
    ['bytes=5000000-', 'invalid range: failed to overlap\n', 'bytes */5000000'],
    ['bytes=2-1', 'invalid range\n', null],
  ])('refuses the range %s', async (Range, text, position) => {
    const { response, status, body } = await get(`/byid/${id}/4.18/x86_64/minimal.iso`, { Range });
    expect([status, body.toString(), response.headers.get('content-range')]).toEqual([416, text, position]);
  });

  it('is not sent to who has it, and in full to who has an older one', async () => {
    const path = `/byid/${id}/4.18/x86_64/minimal.iso`;
    const modified = (await get(path, {}, 'HEAD')).response.headers.get('last-modified')!;
    expect((await get(path, { 'If-Modified-Since': modified })).status).toBe(304);
    expect((await get(path, { 'If-Unmodified-Since': 'Thu, 01 Jan 2015 00:00:00 GMT' })).status).toBe(412);
    const range = { Range: 'bytes=0-1' };
    expect((await get(path, { ...range, 'If-Range': modified })).status).toBe(206);
    expect((await get(path, { ...range, 'If-Range': 'Thu, 01 Jan 2015 00:00:00 GMT' })).status).toBe(200);
  });

  it.each([
    ['/byid/8e3746eb-df8d-47d1-ad4d-ab13fac2b38e/4.18/x86_64/full.iso', 404, ''],
    ['/byid/8e3746eb-df8d-47d1-ad4d-ab13fac2b38e/4.1/x86_64/full.iso', 404, '404 page not found\n'],
    ['/byid/8e3746eb-df8d-47d1-ad4d-ab13fac2b38e/4.18/x86_64/a.iso', 404, 'unrecognized file name a.iso'],
    ['/byid/not-an-id/4.18/x86_64/full.iso', 404, '404 page not found\n'],
    ['/byapikey/x/4.18/x86_64/full.iso', 404, 'failed to parse JWT from URL'],
    ['/byapikey/a.e30.c/4.18/x86_64/full.iso', 404, 'InfraEnv ID not found in token'],
    ['/images/8e3746eb-df8d-47d1-ad4d-ab13fac2b38e?version=4.18', 400, "'type' parameter required"],
    ['/images/8e3746eb-df8d-47d1-ad4d-ab13fac2b38e?type=full-iso', 400, "'version' parameter required"],
    ['/images/8e3746eb-df8d-47d1-ad4d-ab13fac2b38e?version=4.18&type=x', 400, "invalid value 'x' for parameter 'type'"],
    ['/other', 404, '404 page not found\n'],
    ['/byid/%/4.18/x86_64/full.iso', 404, '404 page not found\n'],
  ])('%s is refused with %i', async (path, status, text) => {
    const answer = await get(path);
    expect([answer.status, answer.body.toString()]).toEqual([status, text]);
  });
});

describe('boot artefacts', () => {
  it('are a kernel and a root file system that are the same for all', async () => {
    for (const [name, file, size] of [
      ['kernel', 'vmlinuz', SIZES.KERNEL_BYTES],
      ['rootfs', 'rootfs.img', SIZES.ROOTFS_BYTES],
    ] as const) {
      const { response, body } = await get(`/boot-artifacts/${name}?version=4.18&arch=x86_64`);
      expect(response.headers.get('content-disposition')).toBe(`attachment; filename=${file}`);
      expect(body.length).toBe(size);
    }
    expect(calls.lines).toEqual([]);
    const refused = async (path: string) => {
      const { status, body } = await get(path);
      return `${status} ${body}`;
    };
    expect(await refused('/boot-artifacts/kernel?version=4.1')).toBe(
      '400 Failed to parse query parameters: version for 4.1 x86_64, not found\n',
    );
    expect(await refused('/boot-artifacts/kernel')).toBe(
      "400 Failed to parse query parameters: 'version' parameter required\n",
    );
    expect(await refused('/boot-artifacts/initrd?version=4.18')).toBe(
      '404 Failed to parse artifact: malformed download path: /boot-artifacts/initrd\n',
    );
    expect((await get('/boot-artifacts/kernel?version=4.18', {}, 'POST')).status).toBe(405);
  });

  it('are an initrd with the ignition behind it, and networks behind that', async () => {
    const path = (infraEnv: string) => `/images/${infraEnv}/pxe-initrd?version=4.18&arch=x86_64`;
    const plain = await get(path(id));
    expect(plain.response.headers.get('content-disposition')).toBe(`attachment; filename=${id}-initrd.img`);
    expect(gunzipSync(plain.body.subarray(SIZES.INITRD_BYTES)).toString()).toContain('config.ign');
    expect(calls.lines).toEqual([
      `GET ${API}/${id}/downloads/files?file_name=discovery.ign`,
      `GET ${API}/${id}/downloads/minimal-initrd`,
    ]);
    const { body } = await get(path(networked));
    // Two archives in one stream.
    const added = gunzipSync(body.subarray(SIZES.INITRD_BYTES, -SIZES.NMSTATE_BYTES)).toString();
    expect(added).toContain('/etc/assisted/network/host0/ymlFile0.yml');
    const unknown = await get(path('8e3746eb-df8d-47d1-ad4d-ab13fac2b38e'));
    expect(unknown.status).toBe(404);
    expect(unknown.body.toString()).toMatch(
      /^error retrieving ignition content: ignition request to http.* status 404\n$/,
    );
  });
});

it('says that it is there, and counts what it serves', async () => {
  for (const path of ['/health', '/live']) expect((await get(path)).status).toBe(200);
  await get('/boot-artifacts/kernel?version=4.18&arch=x86_64', { Range: 'bytes=0-9' });
  const metrics = (await get('/metrics')).body.toString();
  const labels = '{service="",handler="/boot-artifacts/kernel",method="GET",code="206"}';
  expect(metrics).toContain(`assisted_image_service_http_response_size_bytes_sum${labels} 10\n`);
  expect(metrics).toContain(`assisted_image_service_http_request_duration_seconds_count${labels} 1\n`);
});

describe('beside the service', () => {
  it('serves images by token, over HTTPS, to who the service lets in', async () => {
    const tokens = new LocalTokens();
    const { cert } = TEST_CERTIFICATE;
    const secured = await startServiceMock({
      clock: startClock(1),
      tls: TEST_CERTIFICATE,
      settings: { AUTH_TYPE: 'local', EC_PRIVATE_KEY_PEM: tokens.privateKeyPem },
      images: SIZES,
    });
    try {
      const infraEnv = secured.api.registerInfraEnv({ name: 'a', pull_secret: PULL_SECRET });
      const url = String(infraEnv.download_url);
      expect(url.startsWith(`${secured.imagesUrl}/byapikey/`)).toBe(true);
      const { request } = await import('node:https');
      const head = async (target: string) => {
        const outgoing = request(target, { method: 'HEAD', ca: cert, agent: false }).end();
        const [response] = await once(outgoing, 'response');
        response.resume();
        return [response.statusCode, response.headers['content-length']];
      };
      expect(await head(url)).toEqual([200, String(SIZES.FULL_ISO_BYTES)]);
      // Of another key, or for another thing.
      const forged = new LocalTokens().issue('infra_env_id', String(infraEnv.id));
      const withToken = (token: string) => url.replace(/byapikey\/[^/]+/, `byapikey/${token}`);
      expect(await head(withToken(forged))).toEqual([401, '0']);
      expect(await head(url.replace(/byapikey\/[^/]+/, `byid/${infraEnv.id}`))).toEqual([401, '0']);
    } finally {
      await secured.close();
    }
  });

  it('sends long images without holding them, and lets go of clients that leave', async () => {
    const large = await startServiceMock({ clock: startClock(1), images: { ROOTFS_BYTES: 50_000_000_000 } });
    try {
      const path = '/boot-artifacts/rootfs?version=4.18&arch=x86_64';
      const outgoing = httpRequest(large.imagesUrl + path, { agent: false }).end();
      const [response] = await once(outgoing, 'response');
      expect(response.headers['content-length']).toBe('50000000000');
      let received = 0;
      for await (const chunk of response) {
        received += chunk.length;
        if (received > 64_000_000) break;
      }
      expect(received).toBeLessThan(80_000_000);
    } finally {
      await large.close();
    }
  });

  it('refuses sizes that make no sense', async () => {
    await expect(startServiceMock({ clock: startClock(1), images: { FULL_ISO_BYTES: 1 } })).rejects.toThrow(
      'FULL_ISO_BYTES: 1 is too small',
    );
    await expect(startServiceMock({ clock: startClock(1), images: { MAX_CONCURRENT_REQUESTS: 0 } })).rejects.toThrow(
      'MAX_CONCURRENT_REQUESTS: 0 is not allowed. Give a whole number of at least 1.',
    );
  });
});
