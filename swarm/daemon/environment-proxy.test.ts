import { afterAll, describe, expect, it } from 'vitest';
import { startClock } from '../../model/time/clock.ts';
import { startServiceMock } from '../../service-mock/index.ts';
import { Cli } from '../commands/testing/cli.ts';
import { ProxyServer } from '../transport/testing/proxy-server.ts';
import { environmentProxy, proxyNotices } from './environment-proxy.ts';

const SERVICE = { service: 'https://service.example.com', hub: null, noop: false };
const PROXY = 'http://me:secret@proxy.example.com:3128';

describe('proxies of the environment', () => {
  it('are taken as Go takes them: capitals first, empty ones not at all', () => {
    expect(environmentProxy({})).toEqual({});
    expect(environmentProxy({ NO_PROXY: 'a', HTTP_PROXY: '' })).toEqual({});
    expect(
      environmentProxy({ HTTP_PROXY: '', http_proxy: 'a:1', HTTPS_PROXY: 'b:2', https_proxy: 'c:3', no_proxy: 'd' }),
    ).toEqual({
      proxy: { http: 'a:1', https: 'b:2', no: 'd' },
    });
    expect(environmentProxy({ HTTP_PROXY: 'a:1', HTTPS_PROXY: 'socks5://b:2' })).toEqual({ proxy: { http: 'a:1' } });
  });

  it('are told of where they are used, without their passwords', () => {
    expect(proxyNotices(SERVICE, { HTTPS_PROXY: PROXY })).toEqual([
      expect.stringMatching(
        /^requests to the service go through the proxy proxy\.example\.com:3128 of the environment \(HTTPS_PROXY\)/,
      ),
    ]);
    expect(proxyNotices({ ...SERVICE, noop: true }, { HTTPS_PROXY: PROXY })).toContainEqual(
      expect.stringMatching(/^no-op hosts do not use HTTPS_PROXY/),
    );
    expect(
      proxyNotices({ service: null, hub: 'https://hub.example.com', noop: false }, { https_proxy: PROXY }),
    ).toEqual([
      expect.stringMatching(/^requests to the service go through the proxies of the environment \(HTTPS_PROXY\)/),
      'HTTPS_PROXY: not used for the hub https://hub.example.com, which is asked directly',
    ]);
    expect(proxyNotices(SERVICE, { https_proxy: 'socks5://proxy.example.com' })).toEqual([
      'HTTPS_PROXY names a proxy that is neither http nor https, and is not used; give one of these',
    ]);
  });

  it.each([
    ['of the other scheme', SERVICE.service, { HTTP_PROXY: PROXY }],
    ['excepted by name', SERVICE.service, { HTTPS_PROXY: PROXY, NO_PROXY: 'x,.example.com' }],
    ['excepted by network and port', 'https://10.1.2.3:8443', { HTTPS_PROXY: PROXY, no_proxy: '10.0.0.0/8' }],
    ['this machine', 'http://127.0.0.1:8090', { HTTP_PROXY: PROXY }],
    ['this machine by name', 'http://localhost:8090', { HTTP_PROXY: PROXY }],
  ])('are not told of where they are not used: %s', (_, service, env) => {
    expect(proxyNotices({ ...SERVICE, service }, env)).toEqual([]);
  });
});

describe('a run behind a proxy', () => {
  const cli = new Cli();
  afterAll(() => cli.killAll());

  it('sends the requests of user and agents through it, and says so at its start', { timeout: 60_000 }, async () => {
    const mock = await startServiceMock({ clock: startClock(1) });
    const proxy = new ProxyServer();
    const port = await proxy.listen();
    proxy.ports.set('service.example.com', Number(new URL(mock.url).port));
    const plan = cli.file(
      'plan.yaml',
      [
        'service: {url: "http://service.example.com:8090"}',
        'boot_spread: 250ms',
        'user_poll_interval: 1s',
        'clusters: [{topology: sno, just_infraenv: true}]',
      ].join('\n'),
    );
    try {
      const { code, stderr } = await cli.start(['run', plan], { http_proxy: `http://127.0.0.1:${port}` }).ended;
      expect(stderr).toContain(
        `warning: requests to the service go through the proxy 127.0.0.1:${port} of the environment (HTTP_PROXY)`,
      );
      expect(code).toBe(0);
      const lines = proxy.requests.map(({ line }) => line);
      const base = 'http://service.example.com:8090/api/assisted-install/v2';
      expect(lines).toContain(`POST ${base}/infra-envs`);
      expect(lines).toContainEqual(expect.stringMatching(/^POST http:\/\/service\.example\.com:8090\/.*\/hosts$/));
      expect(lines).toContainEqual(
        expect.stringMatching(/^GET http:\/\/service\.example\.com:8090\/.*\/instructions\?/),
      );
    } finally {
      proxy.close();
      await mock.close();
    }
  });
});
