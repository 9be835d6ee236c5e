import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { ScaledClock, startClock } from '../../model/time/clock.ts';
import { TEST_CERTIFICATE } from '../../service-mock/http/testing/certificate.ts';
import type { TlsOptions } from '../plan/connections.ts';
import type { RequestRecord, Telemetry } from '../telemetry/telemetry.ts';
import { NO_TELEMETRY } from '../telemetry/testing/no-telemetry.ts';
import { createUndiciTransport } from '../transport/undici.ts';
import { type AgentSetup, fetchDiscoveryIgnition, parseDiscoveryIgnition } from './discovery-ignition.ts';
import { IgnitionError } from './ignition-config.ts';
import {
  AGENT_ARGUMENTS,
  AGENT_IMAGE,
  agentUnit,
  base64Url,
  INFRA_ENV,
  ignitionText,
} from './testing/ignition-text.ts';

const PLAIN: AgentSetup = {
  baseUrl: 'https://assisted.example.com',
  infraEnvId: INFRA_ENV,
  agentVersion: AGENT_IMAGE,
  token: '',
  insecure: false,
  ca: null,
  proxy: null,
  registrationRetrySeconds: null,
};
const CA_PATH = '/etc/assisted-service/service-ca-cert.crt';
const pem = (name: string) => `-----BEGIN CERTIFICATE-----\n${name}\n-----END CERTIFICATE-----`;

describe('a discovery ignition', () => {
  it('tells how its agent reaches the service', () => {
    expect(parseDiscoveryIgnition(ignitionText())).toEqual(PLAIN);
  });

  it('may have empty proxies and a token in the environment', () => {
    const service = ['HTTP_PROXY', 'http_proxy', 'NO_PROXY'].map((name) => `Environment=${name}=`);
    const text = ignitionText({ service: [...service, 'Environment=PULL_SECRET_TOKEN=eyJhbGciOiJFUzI1NiJ9.e30.x'] });
    expect(parseDiscoveryIgnition(text)).toEqual({ ...PLAIN, token: 'eyJhbGciOiJFUzI1NiJ9.e30.x' });
  });

  it('has proxies with the percent signs that systemd wants doubled', () => {
    const service = [
      'Environment=HTTP_PROXY=http://me:a%%40b@proxy:3128',
      'Environment=http_proxy=http://other:3128',
      'Environment=https_proxy=http://proxy:3129',
      'Environment=NO_PROXY=.example.com,10.0.0.0/8',
    ];
    expect(parseDiscoveryIgnition(ignitionText({ service })).proxy).toEqual({
      http: 'http://me:a%40b@proxy:3128',
      https: 'http://proxy:3129',
      no: '.example.com,10.0.0.0/8',
    });
  });

  it.each([
    ['percent-encoded', { source: `data:,${encodeURIComponent(pem('service'))}` }],
    ['of media type and charset', { source: base64Url(pem('service')) }],
    ['packed', { source: base64Url(gzipSync(pem('service')), ''), compression: 'gzip' }],
  ])('may bring the CA of the service %s', (_, contents) => {
    const text = ignitionText({
      arguments: `${AGENT_ARGUMENTS} --cacert ${CA_PATH}`,
      files: [{ path: CA_PATH, contents }],
    });
    expect(parseDiscoveryIgnition(text).ca).toBe(`${pem('service')}\n`);
  });

  it('brings trust anchors too, the same certificate once', () => {
    const anchor = (name: string, content: string) => ({
      path: `/etc/pki/ca-trust/source/anchors/${name}`,
      contents: { source: base64Url(content) },
    });
    const text = ignitionText({
      arguments: `--cacert=${CA_PATH} ${AGENT_ARGUMENTS}`,
      files: [
        anchor('bundle.pem', `# two\n${pem('one')}\n${pem('two')}`),
        anchor('domain.crt', ''),
        { path: CA_PATH, contents: { source: base64Url(pem('two')) } },
      ],
    });
    expect(parseDiscoveryIgnition(text).ca).toBe(`${pem('one')}\n${pem('two')}\n`);
  });

  it('may change the unit by drop-ins and by files of them', () => {
    const text = ignitionText({
      dropins: [{ name: '20-more.conf', contents: '[Service]\nEnvironment=PULL_SECRET_TOKEN=second' }],
      files: [
        {
          path: '/etc/systemd/system/agent.service.d/30-command.conf',
          contents: {
            source: base64Url(
              `[Service]\nExecStart=\nExecStart=/usr/local/bin/agent -url http://10.0.0.1:8090/prefix/ -infra-env-id=${INFRA_ENV} -insecure -interval 5 --with-text-logging --force-id x`,
            ),
          },
        },
        {
          path: '/etc/systemd/system/agent.service.d/10-first.conf',
          contents: { source: 'data:,%5BService%5D%0AEnvironment=PULL_SECRET_TOKEN=first' },
        },
      ],
    });
    expect(parseDiscoveryIgnition(text)).toEqual({
      ...PLAIN,
      agentVersion: '',
      baseUrl: 'http://10.0.0.1:8090/prefix',
      token: 'second',
      insecure: true,
      registrationRetrySeconds: 5,
    });
  });

  it.each([
    ['is not valid JSON', '<html>'],
    ['has no ignition.version', '{}'],
    ['has no ignition.version', '[]'],
    ['has no systemd unit agent.service', ignitionText({ units: [] })],
    ['has no systemd unit agent.service', ignitionText({ units: [{ name: 'agent.service', enabled: true }, 3] })],
    ['without ExecStart', ignitionText({ units: [{ name: 'agent.service', contents: '[Service]\nType=simple' }] })],
    ['without --url', ignitionText({ arguments: `--infra-env-id ${INFRA_ENV}` })],
    ['without --infra-env-id', ignitionText({ arguments: '--url http://a' })],
    ['--url "ftp://a"', ignitionText({ arguments: `--url ftp://a --infra-env-id ${INFRA_ENV}` })],
    ['--infra-env-id "1"', ignitionText({ arguments: '--url http://a --infra-env-id 1' })],
    ['--insecure=maybe', ignitionText({ arguments: `${AGENT_ARGUMENTS} --insecure=maybe` })],
    ['--interval "1m"', ignitionText({ arguments: `${AGENT_ARGUMENTS} --interval 1m` })],
    ['a file that it does not write', ignitionText({ arguments: `${AGENT_ARGUMENTS} --cacert /nowhere.crt` })],
    [
      'without a PEM certificate',
      ignitionText({ arguments: `${AGENT_ARGUMENTS} --cacert ${CA_PATH}`, files: [{ path: CA_PATH }] }),
    ],
    [
      'its source is not a data: URL (https:)',
      ignitionText({
        arguments: `${AGENT_ARGUMENTS} --cacert ${CA_PATH}`,
        files: [{ path: CA_PATH, contents: { source: 'https://example.com/ca' } }],
      }),
    ],
    [
      'compression "zstd"',
      ignitionText({
        arguments: `${AGENT_ARGUMENTS} --cacert ${CA_PATH}`,
        files: [{ path: CA_PATH, contents: { source: 'data:,a', compression: 'zstd' } }],
      }),
    ],
    [
      'damaged gzip data',
      ignitionText({
        arguments: `${AGENT_ARGUMENTS} --cacert ${CA_PATH}`,
        files: [{ path: CA_PATH, contents: { source: 'data:,a', compression: 'gzip' } }],
      }),
    ],
  ])('is refused when it %s', (message, text) => {
    const failure = thrownBy(() => parseDiscoveryIgnition(text));
    expect(failure).toBeInstanceOf(IgnitionError);
    expect((failure as Error).message).toContain(message);
  });

  it('is read or refused with one kind of error, whatever it holds', () => {
    const shape = fc.record(
      {
        ignition: fc.oneof(fc.constant({ version: '3.1.0' }), fc.jsonValue()),
        systemd: fc.oneof(
          fc.record({
            units: fc.array(
              fc.oneof(
                fc.record({ name: fc.constant('agent.service'), contents: fc.oneof(fc.string(), unitText()) }),
                fc.jsonValue(),
              ),
            ),
          }),
          fc.jsonValue(),
        ),
        storage: fc.oneof(
          fc.record({ files: fc.array(fc.record({ path: fc.constant(CA_PATH), contents: fc.jsonValue() })) }),
          fc.jsonValue(),
        ),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(shape, (value) => {
        const failure = thrownBy(() => parseDiscoveryIgnition(JSON.stringify(value)));
        if (failure !== undefined) expect(failure).toBeInstanceOf(IgnitionError);
      }),
      { numRuns: 500 },
    );
  });

  it('gives back every setting that a unit can be written with', () => {
    const word = fc.stringMatching(/^[\w.@:/-]{1,20}$/);
    fc.assert(
      fc.property(
        fc.record({
          host: fc.domain(),
          infraEnvId: fc.uuid(),
          image: word,
          token: fc.stringMatching(/^[\w.-]{0,60}$/),
          insecure: fc.boolean(),
          certificates: fc.array(fc.stringMatching(/^[A-Za-z0-9+/=]{4,40}$/), { maxLength: 3 }),
          no: fc.option(word, { nil: undefined }),
        }),
        ({ host, infraEnvId, image, token, insecure, certificates, no }) => {
          const bundle = [...new Set(certificates)].map(pem).join('\n');
          const setup = parseDiscoveryIgnition(
            ignitionText({
              arguments: `--url https://${host} --infra-env-id ${infraEnvId} --agent-version ${image} --insecure=${insecure}${bundle && ` --cacert ${CA_PATH}`}`,
              service: [
                `Environment=PULL_SECRET_TOKEN=${token}`,
                ...(no ? ['Environment=HTTPS_PROXY=http://p:1', `Environment=NO_PROXY=${no}`] : []),
              ],
              files: [{ path: CA_PATH, contents: { source: base64Url(bundle) } }],
            }),
          );
          expect(setup).toEqual({
            baseUrl: `https://${host.toLowerCase()}`,
            infraEnvId,
            agentVersion: image,
            token,
            insecure,
            ca: bundle ? `${bundle}\n` : null,
            proxy: no ? { https: 'http://p:1', no } : null,
            registrationRetrySeconds: null,
          });
        },
      ),
    );
  });
});

function unitText(): fc.Arbitrary<string> {
  const piece = fc.constantFrom(
    '--url',
    'http://a',
    '--infra-env-id',
    INFRA_ENV,
    '--cacert',
    CA_PATH,
    '--insecure',
    '=',
    '"',
    '\\',
    '\n',
    '--',
    '%',
  );
  return fc.array(piece).map((pieces) => agentUnit({ arguments: pieces.join(' ') }));
}

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('a download of a discovery ignition', () => {
  const closers: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });

  async function serve(handler: (request: IncomingMessage, response: ServerResponse) => void, secure = false) {
    const server = secure ? createTlsServer(TEST_CERTIFICATE, handler) : createServer(handler);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closers.push(
      () =>
        new Promise((resolve) => {
          server.close(resolve);
          server.closeAllConnections();
        }),
    );
    return `${secure ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  function downloader(tls: TlsOptions = {}) {
    const records: RequestRecord[] = [];
    const telemetry: Telemetry = {
      ...NO_TELEMETRY,
      request: (record: RequestRecord) => records.push(record),
      requestStarted: () => 0,
      requestEnded: () => {},
      connectionOpened: () => {},
      connectionClosed: () => {},
    };
    const transport = createUndiciTransport({
      mode: 'shared',
      tls,
      idleTimeoutMs: 1000,
      dialTimeoutMs: 5000,
      tlsHandshakeTimeoutMs: 5000,
      observer: telemetry,
    });
    closers.push(() => transport.close());
    const runtime = { clock: new ScaledClock(startClock(1)), telemetry, transport, wallOf: (ms: number) => ms };
    return {
      records,
      fetch: (url: string, more = {}) => fetchDiscoveryIgnition(url, { runtime, machine: 0, ...more }),
    };
  }

  const PATH = `/api/assisted-install/v2/infra-envs/${INFRA_ENV}/downloads/files`;

  it('keeps the query with its token and is counted', async () => {
    const asked: (string | undefined)[] = [];
    const origin = await serve((request, response) => {
      asked.push(request.url);
      response.setHeader('Content-Type', 'application/octet-stream').end(ignitionText());
    });
    const { fetch, records } = downloader();
    expect(await fetch(`${origin}${PATH}?api_key=a.b-c_d&file_name=discovery.ign`)).toEqual(PLAIN);
    expect(asked).toEqual([`${PATH}?api_key=a.b-c_d&file_name=discovery.ign`]);
    expect(records).toMatchObject([{ client: 'user', endpoint: 'infra-env-files', outcome: 200 }]);
  });

  it('trusts the CA that it is given, and no other', async () => {
    const origin = await serve((_, response) => response.end(ignitionText()), true);
    expect(await downloader({ ca: TEST_CERTIFICATE.cert }).fetch(origin + PATH)).toEqual(PLAIN);
    expect(await downloader({ insecure: true }).fetch(origin + PATH)).toEqual(PLAIN);
    await expect(downloader().fetch(origin + PATH)).rejects.toThrow(/could not be downloaded: .*self-signed/);
  });

  it('is refused with the answer, without the token', async () => {
    const origin = await serve((_, response) => {
      response
        .writeHead(404, { 'Content-Type': 'application/json' })
        .end('{"code":"404","reason":"infra-env is gone"}');
    });
    const { fetch, records } = downloader();
    await expect(fetch(`${origin}${PATH}?api_key=secret&file_name=discovery.ign`)).rejects.toThrow(
      `The discovery ignition at ${origin}${PATH}?api_key=(redacted)&file_name=discovery.ign could not be downloaded: the server answered 404: infra-env is gone`,
    );
    expect(records).toMatchObject([{ outcome: 404 }]);
  });

  it('is refused when it holds no agent', async () => {
    const origin = await serve((_, response) => response.end('not found'));
    await expect(downloader().fetch(origin + PATH)).rejects.toThrow(`at ${origin}${PATH} is not valid JSON`);
  });

  it('is given up when it does not come in time', async () => {
    const origin = await serve((_, response) => response.write('{'));
    await expect(downloader().fetch(origin + PATH, { timeoutMs: 50 })).rejects.toThrow('did not come within 0.05 s');
  });

  it("ends with its caller's reason", async () => {
    const stop = new AbortController();
    const origin = await serve(() => stop.abort(new Error('the infra-env is gone')));
    await expect(downloader().fetch(origin + PATH, { signal: stop.signal })).rejects.toThrow('the infra-env is gone');
  });

  it.each(['', 'discovery.ign', 'ftp://example.com/discovery.ign'])('is refused for the address %j', async (url) => {
    await expect(downloader().fetch(url)).rejects.toThrow('is not a valid HTTP(S) URL');
  });
});
