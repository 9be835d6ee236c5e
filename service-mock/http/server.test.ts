import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { OperationError } from '../service-api.ts';
import { fixedAgentToken } from './authentication.ts';
import { OPERATIONS } from './operations.ts';
import { startTestServer, type TestServer } from './testing/test-server.ts';

const ID = '8e3746eb-df8d-47d1-ad4d-ab13fac2b38e';
const OTHER = 'a8b268b7-aabd-4f8b-b175-7598df49a8da';
const HOST = `/v2/infra-envs/${OTHER}/hosts/${ID}`;
const CLUSTER = `/v2/clusters/${ID}`;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterEach(() => {
  server.calls.length = 0;
  expect(server.bugs).toEqual([]);
});
afterAll(() => server.close());

/** Valid bodies of the operations that need one. */
const BODIES: Record<string, unknown> = {
  v2RegisterCluster: { name: 'c1', openshift_version: '4.18', pull_secret: '{}', control_plane_count: 3 },
  V2UpdateCluster: { api_vips: [{ ip: '10.0.0.1' }] },
  v2UpdateClusterFinalizingProgress: { finalizing_stage: 'Done' },
  RegisterInfraEnv: { name: 'i1', pull_secret: '{}', cluster_id: ID },
  UpdateInfraEnv: { proxy: { http_proxy: '' } },
  v2RegisterHost: { host_id: ID, discovery_agent_version: 'agent:1' },
  v2UpdateHost: { host_role: 'worker', node_labels: [{ key: 'a', value: 'b' }] },
  v2PostStepReply: { step_type: 'inventory', step_id: 'inventory-1', exit_code: 0, output: '{}', error: '' },
  v2UpdateHostInstallProgress: { current_stage: 'Writing image to disk', progress_info: '42%' },
  BindHost: { cluster_id: ID },
  v2UpdateHostInstallerArgs: { args: ['--append-karg', 'x=y'] },
  v2UpdateHostIgnition: { config: '{}' },
  v2UpdateHostLogsProgress: { logs_state: 'requested' },
  v2UpdateClusterInstallConfig: '"{}"',
  v2UploadClusterIngressCert: '"-----BEGIN CERTIFICATE-----"',
  v2CompleteInstallation: { is_success: true, data: { a: { b: 1 } } },
  v2UpdateClusterLogsProgress: { logs_state: '' },
  V2CreateClusterManifest: { folder: 'openshift', file_name: 'a.yaml', content: 'YQ==' },
  V2UpdateClusterManifest: { folder: 'openshift', file_name: 'a.yaml' },
  v2ReportMonitoredOperatorStatus: { name: 'console', status: 'available' },
  v2TriggerEvent: { severity: 'info', message: 'm', event_time: '2026-01-01T00:00:00.000Z' },
  v2ImportCluster: { name: 'c', api_vip_dnsname: 'api.c.d', openshift_cluster_id: ID },
  v2RegisterDisconnectedCluster: { name: 'c', openshift_version: '4.18' },
  v2SetIgnoredValidations: { 'host-validation-ids': '["all"]' },
  V2UpdateClusterUISettings: '"{}"',
};

/** The query of operations that require one. */
const QUERIES: Record<string, string> = {
  v2DownloadInfraEnvFiles: '?file_name=discovery.ign',
  GetInfraEnvPresignedFileURL: '?file_name=ipxe-script',
  V2GetPresignedForClusterCredentials: '?file_name=kubeconfig',
  V2DownloadClusterFiles: '?file_name=bootstrap.ign',
  V2DownloadClusterCredentials: '?file_name=kubeconfig-noingress',
  V2GetPresignedForClusterFiles: '?file_name=logs',
  V2DeleteClusterManifest: '?file_name=a.yaml',
  V2DownloadClusterManifest: '?file_name=a.yaml&folder=openshift',
  V2UploadLogs: '?logs_type=controller',
  GetSupportedFeatures: '?openshift_version=4.18',
  GetDetailedSupportedFeatures: '?openshift_version=4.18',
  GetSupportedArchitectures: '?openshift_version=4.18',
};

const MULTIPART = (content: string | Buffer, field = 'upfile') =>
  Buffer.concat([
    Buffer.from(`--b0\r\nContent-Disposition: form-data; name="${field}"; filename="logs.tar.gz"\r\n\r\n`),
    Buffer.from(content),
    Buffer.from('\r\n--b0--\r\n'),
  ]);

const pathOf = (template: string) =>
  template.replace(/\{(\w+)\}/g, (_all, name) => (name.endsWith('_id') && name !== 'validation_id' ? ID : name));

/** Operations without a method in the rules, and what they answer. */
const WITHOUT_RULES: Record<string, number> = {
  GetClusterSupportedPlatforms: 501,
  V2GetPresignedForClusterCredentials: 400,
  V2GetPresignedForClusterFiles: 400,
  v2GetPreflightRequirements: 501,
  V2ListOperatorProperties: 501,
  V2ListBundles: 501,
  V2GetBundle: 501,
  V2DownloadClusterLogs: 501,
  GetSupportedFeatures: 501,
  GetDetailedSupportedFeatures: 501,
  GetSupportedArchitectures: 501,
  v2RegisterDisconnectedCluster: 501,
  V2GetClusterUISettings: 501,
  V2UpdateClusterUISettings: 501,
};

describe('every operation', () => {
  test.each(OPERATIONS.map((operation) => [operation.id, operation] as const))('%s', async (id, operation) => {
    const body = operation.upload ? MULTIPART('12345') : BODIES[id];
    const response = await server.fetch(`/api/assisted-install${pathOf(operation.template)}${QUERIES[id] ?? ''}`, {
      method: operation.method,
      headers: {
        ...(body !== undefined && {
          'Content-Type': operation.upload ? 'multipart/form-data; boundary=b0' : 'application/json',
        }),
      },
      ...(body !== undefined && {
        body: typeof body === 'string' || body instanceof Buffer ? body : JSON.stringify(body),
      }),
    });
    const text = await response.text();
    const status = WITHOUT_RULES[id] ?? operation.status;
    expect([response.status, text]).toEqual([status, expect.any(String)]);
    expect(response.headers.get('vary')).toBe('Accept-Encoding');
    if (id in WITHOUT_RULES) {
      expect(JSON.parse(text)).toMatchObject({ code: String(status), id: status, kind: 'Error', href: '' });
    } else if (operation.answer === 'empty') {
      expect(text).toBe('');
      expect(response.headers.get('content-type')).toBeNull();
    } else if (operation.answer === 'file' || operation.answer === 'bytes') {
      expect(response.headers.get('content-type')).toBe('application/octet-stream');
      if (operation.answer === 'file') {
        expect(response.headers.get('content-disposition')).toMatch(/^attachment; filename="[^"]+"$/);
      }
      expect(text).toMatch(/^content of download/);
    } else {
      expect(response.headers.get('content-type')).toBe('application/json');
      expect(text.endsWith('\n')).toBe(true);
      JSON.parse(text);
    }
  });

  test('passes what it was given', async () => {
    await server.call('GET', `${HOST}/instructions?timestamp=1795299418`, undefined, {
      discovery_agent_version: 'agent:1',
    });
    await server.call('GET', `${HOST}/instructions`);
    await server.call('POST', `${HOST}/instructions`, BODIES.v2PostStepReply);
    await server.call('POST', `${CLUSTER}/uploads/ingress-cert`, '"PEM\\n"');
    await server.call('GET', `${CLUSTER}/hosts?role=worker&with-inventory=true`);
    await server.call(
      'GET',
      `/v2/events?host_ids=${ID},${OTHER}&limit=5&order=descending&severities=info,error&cluster_level=t`,
    );
    await server.call('GET', `/v2/events?host_id=${ID}`);
    await server.call('GET', '/v2/clusters?with_hosts=zz&owner=x&owner=me+%C3%A9&openshift_cluster_id=%zz&a;b');
    await server.call('DELETE', `${CLUSTER}/manifests?file_name=a.yaml`);
    expect(server.calls).toEqual([
      { method: 'getInstructions', args: [OTHER, ID, 1795299418, 'agent:1'] },
      { method: 'getInstructions', args: [OTHER, ID, null, ''] },
      { method: 'postStepReply', args: [OTHER, ID, BODIES.v2PostStepReply] },
      { method: 'uploadIngressCert', args: [ID, 'PEM\n'] },
      { method: 'listClusterHosts', args: [ID, { role: 'worker', withInventory: true, withConnectivity: false }] },
      {
        method: 'listEvents',
        args: [
          {
            host_ids: [ID, OTHER],
            limit: 5,
            order: 'descending',
            severities: ['info', 'error'],
            cluster_level: true,
          },
        ],
      },
      { method: 'listEvents', args: [{ host_ids: [ID] }] },
      { method: 'listClusters', args: [{ with_hosts: false, owner: 'me é' }] },
      { method: 'deleteManifest', args: [ID, 'manifests', 'a.yaml'] },
    ]);
  });

  test('events carry their counts as headers', async () => {
    const response = await server.call('GET', '/v2/events');
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'event-count': '7',
      'severity-count-info': '4',
      'severity-count-warning': '2',
      'severity-count-error': '1',
      'severity-count-critical': '0',
    });
  });

  test('downloads are named as the service names them', async () => {
    const name = async (path: string) => (await server.call('GET', path)).headers.get('content-disposition');
    expect(await name(`/v2/infra-env/${OTHER}/hosts/${ID}/downloads/ignition`)).toBe(
      `attachment; filename="worker-${ID}.ign"`,
    );
    expect(await name(`/v2/infra-envs/${ID}/downloads/files?file_name=ipxe-script`)).toBe(
      `attachment; filename="${ID}-ipxe-script"`,
    );
    const odd = encodeURIComponent('a"\n\u007fé漢.yaml');
    expect(Buffer.from((await name(`${CLUSTER}/manifests/files?file_name=${odd}`))!, 'latin1').toString()).toBe(
      'attachment; filename="a\\"  é漢.yaml"',
    );
    const response = await server.call('GET', `/v2/infra-envs/${ID}/downloads/files?file_name=discovery.ign`);
    expect(response.headers.get('last-modified')).toBe('Fri, 02 Jan 2026 03:04:05 GMT');
    expect(response.headers.get('content-length')).toBe(String('content of downloadInfraEnvFile'.length));
  });
});

/** What the real service answered to the same requests: status and exact body. */
const FRAMEWORK_ERRORS: [method: string, path: string, body: string | undefined, status: number, message: string][] = [
  ['GET', '/v2/nothing-here', undefined, 404, 'path /api/assisted-install/v2/nothing-here was not found'],
  ['GET', '/v2/clusters/notauuid', undefined, 400, 'cluster_id in path must be of type uuid: "notauuid"'],
  [
    'GET',
    '/v2/infra-envs/x/hosts/y/instructions?timestamp=z',
    undefined,
    400,
    'host_id in path must be of type uuid: "y"',
  ],
  ['GET', `${HOST}/instructions?timestamp=zz`, undefined, 400, 'timestamp in query must be of type int64: "zz"'],
  [
    'GET',
    '/v2/clusters?openshift_cluster_id=x',
    undefined,
    400,
    'openshift_cluster_id in query must be of type uuid: "x"',
  ],
  ['GET', '/v2/events?limit=x&order=zz', undefined, 400, 'limit in query must be of type int64: "x"'],
  ['GET', '/v2/events?order=zz', undefined, 400, 'order in query should be one of [ascending descending]'],
  [
    'GET',
    '/v2/events?severities=zz',
    undefined,
    400,
    'severities.0 in query should be one of [info warning error critical]',
  ],
  ['GET', '/v2/events?host_ids=zz', undefined, 400, 'host_ids.0 in query must be of type uuid: "zz"'],
  ['GET', `${CLUSTER}/downloads/files`, undefined, 400, 'file_name in query is required'],
  [
    'GET',
    `${CLUSTER}/manifests/files?file_name=a&folder=z`,
    undefined,
    400,
    'folder in query should be one of [manifests openshift]',
  ],
  ['POST', '/v2/clusters', undefined, 400, 'newClusterParams in body is required'],
  ['POST', '/v2/clusters', '  ', 400, 'newClusterParams in body is required'],
  ['POST', '/v2/clusters', 'null', 400, 'name in body is required'],
  [
    'POST',
    '/v2/clusters',
    '[]',
    400,
    'parsing newClusterParams body from "" failed, because json: cannot unmarshal array into Go value of type models.ClusterCreateParams',
  ],
  [
    'POST',
    '/v2/clusters',
    '"x"',
    400,
    'parsing newClusterParams body from "" failed, because json: cannot unmarshal string into Go value of type models.ClusterCreateParams',
  ],
  ['POST', '/v2/clusters', '{"name":', 400, 'parsing newClusterParams body from "" failed, because unexpected EOF'],
  [
    'POST',
    '/v2/clusters',
    '{"name":1}',
    400,
    'parsing newClusterParams body from "" failed, because json: cannot unmarshal number into Go struct field ClusterCreateParams.name of type string',
  ],
  [
    'POST',
    '/v2/clusters',
    '{"name":"x","control_plane_count":1.5}',
    400,
    'parsing newClusterParams body from "" failed, because json: cannot unmarshal number 1.5 into Go struct field ClusterCreateParams.control_plane_count of type int64',
  ],
  [
    'POST',
    '/v2/clusters',
    '{"name":"x","nope":1}',
    400,
    'parsing newClusterParams body from "" failed, because json: unknown field "nope"',
  ],
  [
    'POST',
    '/v2/clusters',
    '{"name":"x","platform":{"type":"baremetal","nope":1}}',
    400,
    'parsing newClusterParams body from "" failed, because json: unknown field "nope"',
  ],
  [
    'POST',
    '/v2/clusters',
    '{"name":"x","api_vips":[{"ip":1}]}',
    400,
    'parsing newClusterParams body from "" failed, because json: cannot unmarshal number into Go struct field APIVip.api_vips.ip of type models.IP',
  ],
  [
    'POST',
    '/v2/clusters',
    '{"name":"x","api_vips":{"ip":1}}',
    400,
    'parsing newClusterParams body from "" failed, because json: cannot unmarshal object into Go struct field ClusterCreateParams.api_vips of type []*models.APIVip',
  ],
  ['POST', '/v2/clusters', '{"name":"x"}', 400, 'openshift_version in body is required'],
  ['POST', '/v2/clusters', '{"NAME":"x","openshift_version":"4.18"} trailing', 400, 'pull_secret in body is required'],
  [
    'POST',
    '/v2/clusters',
    '{"name":"","openshift_version":"4.18","pull_secret":"x"}',
    400,
    'name in body should be at least 1 chars long',
  ],
  [
    'POST',
    '/v2/clusters',
    `{"name":"${'x'.repeat(55)}","openshift_version":"4.18","pull_secret":"x"}`,
    400,
    'name in body should be at most 54 chars long',
  ],
  [
    'POST',
    '/v2/clusters',
    '{"name":"x","openshift_version":"4.18","pull_secret":"x","platform":{"type":"zz"}}',
    400,
    'platform.type in body should be one of [baremetal nutanix vsphere none external]',
  ],
  [
    'POST',
    '/v2/clusters',
    '{"name":"x","openshift_version":"4.18","pull_secret":"x","api_vips":[{"ip":"zz"}]}',
    400,
    "api_vips.0.ip in body should match '^(?:(?:(?:[0-9]{1,3}\\.){3}[0-9]{1,3})|(?:(?:[0-9a-fA-F]*:[0-9a-fA-F]*){2,}))?$'",
  ],
  [
    'PUT',
    `${HOST}/progress`,
    '{"current_stage":"Nonsense"}',
    400,
    'current_stage in body should be one of [Starting installation Waiting for control plane Waiting for bootkube Waiting for controller Installing Writing image to disk Copying registry data to disk Rebooting Waiting for ignition Configuring Joined Done Failed]',
  ],
  [
    'POST',
    `${HOST}/instructions`,
    '{"step_id":"zz-1","step_type":"zz"}',
    400,
    'step_type in body should be one of [connectivity-check execute inventory install free-network-addresses dhcp-lease-allocate api-vip-connectivity-check tang-connectivity-check ntp-synchronizer installation-disk-speed-check container-image-availability domain-resolution stop-installation logs-gather next-step-runner upgrade-agent download-boot-artifacts reboot-for-reclaim verify-vips]',
  ],
  [
    'PUT',
    `${CLUSTER}/logs-progress`,
    '{"logs_state":"zz"}',
    400,
    'logs_state in body should be one of [requested collecting completed timeout ]',
  ],
  ['PUT', `${CLUSTER}/logs-progress`, '{}', 400, 'logs_state in body is required'],
  ['POST', `/v2/infra-envs/${ID}/hosts`, '{"host_id":"zz"}', 400, 'host_id in body must be of type uuid: "zz"'],
  [
    'POST',
    `/v2/infra-envs/${ID}/hosts`,
    '{"host_id":5}',
    400,
    'parsing newHostParams body from "" failed, because json: cannot unmarshal number into Go struct field HostCreateParams.host_id of type string',
  ],
  [
    'POST',
    `${CLUSTER}/uploads/ingress-cert`,
    '5',
    400,
    'parsing ingressCertParams body from "" failed, because json: cannot unmarshal number into Go value of type models.IngressCertParams',
  ],
  [
    'POST',
    '/v2/events',
    '{"message":"x","severity":"info","event_time":"abc"}',
    400,
    'parsing triggerEventParams body from "" failed, because parsing time "abc" as "2006-01-02": cannot parse "abc" as "2006"',
  ],
  ['POST', `${CLUSTER}/actions/complete-installation`, '{}', 400, 'is_success in body is required'],
  [
    'PATCH',
    HOST,
    '{"disks_selected_config":[{"role":"install"}]}',
    400,
    'disks_selected_config.0.id in body is required',
  ],
  [
    'PATCH',
    HOST,
    '{"disks_selected_config":[{"id":"a","role":"zz"}]}',
    400,
    'disks_selected_config.0.role in body should be one of [none install]',
  ],
  [
    'PATCH',
    `${HOST}/installer-args`,
    '{"args":"x"}',
    400,
    'parsing installerArgsParams body from "" failed, because json: cannot unmarshal string into Go struct field InstallerArgsParams.args of type []string',
  ],
  [
    'PATCH',
    `${HOST}/installer-args`,
    '{"args":[1]}',
    400,
    'parsing installerArgsParams body from "" failed, because json: cannot unmarshal number into Go struct field InstallerArgsParams.args of type string',
  ],
  [
    'PATCH',
    `${CLUSTER}/install-config`,
    '{"a":1}',
    400,
    'parsing installConfigParams body from "" failed, because json: cannot unmarshal object into Go value of type string',
  ],
];

describe('errors', () => {
  test.each(FRAMEWORK_ERRORS)('%s %s %s', async (method, path, body, status, message) => {
    const response = await server.call(method, path, body);
    const expected = JSON.stringify({ code: status, message });
    expect([response.status, await response.text()]).toEqual([status, expected]);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.get('content-length')).toBe(String(expected.length));
    expect(server.calls).toEqual([]);
  });

  test('markup in messages is escaped', async () => {
    const response = await server.call('GET', '/v2/a&b');
    expect(await response.text()).toBe(
      '{"code":404,"message":"path /api/assisted-install/v2/a\\u0026b was not found"}',
    );
  });

  test.each([
    ['PATCH', '/v2/clusters', 'POST,GET'],
    ['OPTIONS', '/v2/component-versions', 'GET'],
    ['PUT', '/v2/clusters/import', 'GET,DELETE,PATCH,POST'],
    ['PUT', `${CLUSTER}/actions/install/`, 'POST'],
  ])('wrong method %s %s', async (method, path, allow) => {
    const response = await server.call(method, path);
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe(allow);
    expect(await response.json()).toEqual({
      code: 405,
      message: `method ${method} is not allowed, but [${allow}] are`,
    });
  });

  test('HEAD is refused without a body', async () => {
    const response = await server.call('HEAD', '/v2/component-versions');
    expect([response.status, response.headers.get('allow'), await response.text()]).toEqual([405, 'GET', '']);
  });

  test('paths are cleaned', async () => {
    const raw = await server.raw(
      'GET /api/assisted-install//v2/./x/../component-versions/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    );
    expect(raw).toMatch(/^HTTP\/1.1 200 OK\r\n/);
  });

  test('business errors', async () => {
    server.when('getCluster', () => {
      throw new OperationError(404, 'record not found');
    });
    const response = await server.call('GET', CLUSTER);
    expect(response.status).toBe(404);
    expect(await response.text()).toBe(
      '{"code":"404","href":"","id":404,"kind":"Error","reason":"record not found"}\n',
    );
  });

  test('business errors of downloads are typed as bytes and have no line feed', async () => {
    server.when('downloadClusterFile', () => {
      throw new OperationError(409, "can't <yet>");
    });
    const response = await server.call('GET', `${CLUSTER}/downloads/files?file_name=master.ign`);
    expect(response.headers.get('content-type')).toBe('application/octet-stream');
    expect(await response.text()).toBe('{"code":"409","href":"","id":409,"kind":"Error","reason":"can\'t <yet>"}');
  });

  test('a bug in the rules is a 500 and is reported', async () => {
    server.when('componentVersions', () => {
      throw new TypeError('oops');
    });
    const response = await server.call('GET', '/v2/component-versions');
    expect([response.status, await response.json()]).toMatchObject([
      500,
      { code: '500', reason: 'Internal Server Error' },
    ]);
    expect(server.bugs.splice(0)).toEqual([new TypeError('oops')]);
    server.when('componentVersions', () => ({}));
  });

  test.each([
    [
      'application/x-www-form-urlencoded',
      'unsupported media type "application/x-www-form-urlencoded", only [application/json] are allowed',
    ],
    ['text/plain', 'unsupported media type "text/plain", only [application/json] are allowed'],
    ['', 'unsupported media type "application/octet-stream", only [application/json] are allowed'],
    ['json', 'unsupported media type "json", only [application/json] are allowed'],
    [
      'application/json; charset=',
      'parsing Content-Type header from "application/json; charset=" failed, because mime: invalid media parameter',
    ],
    [';;', 'parsing Content-Type header from ";;" failed, because mime: no media type'],
  ])('content type %j', async (type, message) => {
    const raw = await server.raw(
      `POST /api/assisted-install/v2/clusters HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: ${type}\r\nContent-Length: 2\r\n\r\n{}`,
    );
    expect(raw).toMatch(/^HTTP\/1.1 400 Bad Request\r\n/);
    expect(JSON.parse(raw.split('\r\n\r\n')[1]!)).toEqual({ code: 400, message });
  });

  test('a body of the wrong type is refused even where none is taken; a right one is ignored', async () => {
    const wrong = await server.call('POST', `${CLUSTER}/actions/install`, 'garbage', { 'Content-Type': 'text/plain' });
    expect(wrong.status).toBe(400);
    expect((await server.call('POST', `${CLUSTER}/actions/install`, '{"a":1}')).status).toBe(202);
  });

  test('Accept is negotiated', async () => {
    const response = await server.call('GET', CLUSTER, undefined, { Accept: 'text/html' });
    expect(await response.json()).toEqual({
      code: 400,
      message: 'unsupported media type requested, only [application/json] are available',
    });
    for (const accept of ['application/*', 'text/html, */*;q=0.1', 'application/json;q=0.5']) {
      const path = '/v2/component-versions';
      expect((await server.call('GET', path, undefined, { Accept: accept })).status).toBe(200);
    }
  });

  test('a step reply without a body loses its connection, as it does in the real service', async () => {
    const raw = await server.raw(
      `POST /api/assisted-install${HOST}/instructions HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n`,
    );
    expect(raw).toBe('');
    expect(server.calls).toEqual([]);
  });
});

describe('bodies', () => {
  test('nulls vanish; names take their canonical case', async () => {
    await server.call('PATCH', HOST, {
      HOST_NAME: 'h1',
      host_role: null,
      node_labels: [{ key: 'a', value: '' }],
      disks_selected_config: [],
    });
    expect(server.calls).toEqual([
      {
        method: 'updateHost',
        args: [OTHER, ID, { host_name: 'h1', node_labels: [{ key: 'a', value: '' }], disks_selected_config: [] }],
      },
    ]);
  });

  test('a null where an object belongs ends the connection, once the rest is good', async () => {
    await expect(server.call('PATCH', HOST, { node_labels: [null] })).rejects.toThrow();
    const { status } = await server.call('PATCH', HOST, { node_labels: [null, { key: 'a' }] });
    expect(status).toBe(400);
    expect(server.calls).toEqual([]);
  });

  test('chunked bodies are read; an empty one counts as missing', async () => {
    const post = (chunks: string) =>
      server.raw(
        `POST /api/assisted-install/v2/clusters HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`,
      );
    const text = JSON.stringify(BODIES.v2RegisterCluster);
    const pieces = [text.slice(0, 10), text.slice(10)].map((part) => `${part.length.toString(16)}\r\n${part}\r\n`);
    expect(await post(`${pieces.join('')}0\r\n\r\n`)).toMatch(/^HTTP\/1.1 201 Created/);
    expect(await post('0\r\n\r\n')).toMatch(/newClusterParams in body is required/);
  });

  test('a body that says it is huge is not even read', async () => {
    const raw = await server.raw(
      `POST /api/assisted-install/v2/clusters HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99999999\r\n\r\n{`,
    );
    expect(raw).toMatch(/^HTTP\/1.1 413 Payload Too Large\r\nConnection: close\r\n/);
    expect(raw).toMatch(/"the body is larger than 67108864 bytes"/);
  });

  test('unknown fields are dropped when the setting says so', async () => {
    const lenient = await startTestServer({ rejectUnknownFields: false });
    const response = await lenient.call('POST', `${HOST}/actions/bind`, { cluster_id: ID, nope: 1 });
    expect(response.status).toBe(200);
    expect(lenient.calls[0]!.args[2]).toEqual({ cluster_id: ID });
    await lenient.close();
  });

  test('a prototype key is an unknown field like others', async () => {
    const response = await server.call('POST', `${HOST}/actions/bind`, `{"cluster_id":"${ID}","__proto__":{}}`);
    expect(await response.json()).toMatchObject({ message: expect.stringContaining('unknown field "__proto__"') });
  });

  test('uploads are measured, whatever their size', async () => {
    const upload = (body: Buffer, type = 'multipart/form-data; boundary=b0') =>
      server.fetch(`/api/assisted-install${CLUSTER}/logs?logs_type=host&host_id=${OTHER}`, {
        method: 'POST',
        body: new Uint8Array(body),
        headers: { 'Content-Type': type },
      });
    const large = Buffer.alloc(3_000_000, '\r\n--b');
    expect((await upload(MULTIPART(large))).status).toBe(204);
    expect((await upload(MULTIPART('', 'upfile'))).status).toBe(204);
    expect((await upload(MULTIPART('abc', 'other'))).status).toBe(204);
    const query = { logs_type: 'host', host_id: OTHER };
    expect(server.calls).toEqual([
      { method: 'uploadLogs', args: [ID, query, large.length] },
      { method: 'uploadLogs', args: [ID, query, 0] },
      { method: 'uploadLogs', args: [ID, query, 0] },
    ]);
    const truncated = await upload(MULTIPART('abc').subarray(0, -8));
    expect(await truncated.json()).toEqual({ code: 400, message: 'unexpected EOF' });
    const unbounded = await upload(MULTIPART('abc'), 'multipart/form-data');
    expect(await unbounded.json()).toMatchObject({ message: expect.stringContaining('no multipart boundary') });
    const missing = await server.call('POST', `${CLUSTER}/logs?logs_type=controller`);
    expect(await missing.json()).toEqual({
      code: 400,
      message: `reading file "upfile" failed: request Content-Type isn't multipart/form-data`,
    });
    const json = await server.call('POST', `${CLUSTER}/logs?logs_type=controller`, {});
    expect(await json.json()).toMatchObject({ message: expect.stringContaining('only [multipart/form-data]') });
  });
});

describe('on the wire', () => {
  const get = (path: string, headers = '') =>
    server.raw(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${headers}\r\n`);
  const versions = '/api/assisted-install/v2/component-versions';

  test('small answers have a length, large ones come in chunks', async () => {
    server.when('componentVersions', () => ({ release_tag: 'x'.repeat(100) }));
    expect(await get(versions)).toMatch(/Content-Length: 119\r\n/);
    server.when('componentVersions', () => ({ release_tag: 'x'.repeat(3000) }));
    const large = await get(versions);
    expect(large).toMatch(/Transfer-Encoding: chunked\r\n/);
    expect(large).not.toMatch(/Content-Length/);
  });

  test.each([
    ['gzip', 1400, true],
    ['gzip', 1399, false],
    ['deflate, gzip;q=0.5', 1400, true],
    ['gzip;q=0', 1400, false],
    ['*', 1400, false],
    ['br', 1400, false],
  ])('Accept-Encoding %s with %i bytes: gzip %s', async (encoding, size, compressed) => {
    const frame = '{"release_tag":""}\n'.length;
    server.when('componentVersions', () => ({ release_tag: 'x'.repeat(size - frame) }));
    const answer = await get(versions, `Accept-Encoding: ${encoding}\r\n`);
    const [head, body] = [
      answer.slice(0, answer.indexOf('\r\n\r\n')),
      Buffer.from(answer.slice(answer.indexOf('\r\n\r\n') + 4), 'latin1'),
    ];
    expect(head.includes('Content-Encoding: gzip')).toBe(compressed);
    expect((compressed ? gunzipSync(body) : body).length).toBe(size);
    expect(head).toMatch(/Content-Type: application\/json\r\nVary: Accept-Encoding/);
  });

  test('a kept connection is not announced, a closed one is', async () => {
    const head = await new Promise<string[]>((resolve) => {
      const request = httpRequest({
        host: '127.0.0.1',
        port: server.port,
        path: '/ready',
        headers: { Connection: 'keep-alive' },
      });
      request.on('response', (response) => {
        resolve(response.rawHeaders);
        response.resume();
      });
      request.end();
    });
    expect(head.filter((_name, i) => i % 2 === 0)).toEqual(['Content-Length', 'Date']);
    expect(await get('/ready')).toMatch(/Connection: close\r\n/);
  });

  test('health, readiness', async () => {
    const ready = await get('/ready');
    expect(ready).toMatch(/^HTTP\/1.1 200 OK\r\nContent-Length: 0\r\n/);
    expect(ready).not.toMatch(/Vary/);
    expect((await server.fetch('/health')).status).toBe(200);
    server.when('healthy', () => false);
    expect((await server.fetch('/health')).status).toBe(500);
    expect((await server.fetch('/health', { method: 'POST' })).status).toBe(404);
  });

  test('what is no HTTP gets 400 as plain text', async () => {
    for (const text of ['GARBAGE\r\n\r\n', 'GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n']) {
      expect(await server.raw(text)).toBe(
        'HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad Request',
      );
    }
    expect(await server.raw('GET / HTTP/1.1\r\n\r\n')).toMatch(/^HTTP\/1.1 400 Bad Request/);
  });

  test('heads up to a megabyte are taken, larger ones refused', async () => {
    const path = `/v2/${'x'.repeat(900_000)}`;
    expect(await get(path)).toMatch(/^HTTP\/1.1 404/);
    expect(await get(`/v2/${'x'.repeat(1_100_000)}`).catch(() => 'HTTP/1.1 431')).toMatch(/^HTTP\/1.1 431/);
  });

  test('a head that does not come in time ends the connection silently; idle and slow bodies are waited for', async () => {
    const quick = await startTestServer({ headTimeoutMs: 60 });
    expect(await quick.raw('')).toBe('');
    expect(await quick.raw('GET /ready HTTP/1.1\r\nHost:')).toBe('');

    // One connection outlives the limit several times, idle and in the middle of a body.
    const socket = connect(quick.port, '127.0.0.1');
    const lines: string[] = [];
    const answered = async (count: number) => {
      while (lines.join('').split('HTTP/1.1 ').length <= count) {
        lines.push(await new Promise<string>((resolve) => socket.once('data', (chunk) => resolve(chunk.toString()))));
      }
    };
    const outlast = async () => {
      for (let i = 0; i < 3; i++) expect(await quick.raw('')).toBe('');
    };
    socket.write('GET /ready HTTP/1.1\r\nHost: x\r\n\r\n');
    await answered(1);
    await outlast();
    const body = JSON.stringify({ cluster_id: ID });
    socket.write(
      `POST /api/assisted-install${HOST}/actions/bind HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 5)}`,
    );
    await outlast();
    socket.write(body.slice(5));
    await answered(2);
    expect(lines.join('')).toMatch(/"by":"bindHost"/);
    socket.destroy();
    await quick.close();
  });

  test('an idle connection is left to the client to close', () => {
    expect(server.idleTimeoutMs).toBe(0);
  });

  test('clients that go away in the middle of a body do no harm', async () => {
    for (let i = 0; i < 20; i++) {
      await new Promise<void>((resolve) => {
        const socket = connect(server.port, '127.0.0.1', () => {
          socket.write(
            `POST /api/assisted-install/v2/clusters HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`,
            () => (i % 2 === 0 ? socket.resetAndDestroy() : socket.destroy()),
          );
        });
        socket.on('close', () => resolve());
      });
    }
    expect(server.calls).toEqual([]);
    const inflight = `http_requests_inflight{handler="/api/assisted-install/v2/clusters",method="POST",service="assisted-installer"}`;
    const read = async () => parseMetrics(await (await server.fetch('/metrics')).text()).get(inflight);
    // Closing reaches the server in its own time; the books are right in the end.
    while ((await read()) !== 0);
  });
});

describe('agent token', () => {
  let guarded: TestServer;
  beforeAll(async () => {
    guarded = await startTestServer({ authentication: fixedAgentToken('secret') });
  });
  afterAll(() => guarded.close());

  test.each([
    [`${HOST}/instructions`, 'secret', 200, 'getInstructions'],
    [`${HOST}/instructions`, undefined, 401, '{"code":401,"message":"unauthenticated for invalid credentials"}'],
    [`${HOST}/instructions`, 'wrong', 401, '{"code":401,"message":"Invalid token"}\n'],
    ['/v2/infra-envs/not-even-a-uuid/hosts/y/instructions', 'wrong', 401, '{"code":401,"message":"Invalid token"}\n'],
    [`${CLUSTER}/downloads/files?file_name=master.ign`, 'wrong', 401, '{"code":401,"message":"Invalid token"}'],
    [CLUSTER, 'wrong', 401, '{"code":401,"message":"Invalid token"}\n'],
    [CLUSTER, undefined, 200, 'getCluster'],
    ['/v2/clusters', 'wrong', 200, 'listClusters'],
  ])('%s with %s', async (path, token, status, text) => {
    const response = await guarded.call('GET', path, undefined, token === undefined ? {} : { 'X-Secret-Key': token });
    expect(response.status).toBe(status);
    expect(await response.text()).toContain(text);
  });
});

describe('metrics', () => {
  test('requests are measured by route pattern', async () => {
    const measured = await startTestServer();
    await measured.call('GET', `${HOST}/instructions`);
    await measured.call('GET', '/v2/infra-envs/x/hosts/y/instructions');
    await measured.call('GET', '/v2/nothing-here');
    measured.metrics.clusterCreated();
    measured.metrics.installationStarted();
    measured.metrics.installationFinished('installed', 900);
    measured.metrics.hostPhase('Rebooting', 'Done', 3);
    measured.metrics.hostsFinished('worker', 'Done');
    measured.metrics.operation('HostMonitoring', 12, false);
    measured.metrics.monitoredHost(1);
    measured.metrics.monitoredCluster(2);
    measured.metrics.imagePull('quay.io/a', 'success', 7);
    measured.metrics.diskSyncDuration(3);
    measured.metrics.hostValidationLost('connected');
    measured.metrics.clusterValidationLost('ntp-server-configured');
    const response = await measured.fetch('/metrics');
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(response.headers.get('vary')).toBeNull();
    const samples = parseMetrics(await response.text());
    const route = `handler="/api/assisted-install/v2/infra-envs/{infra_env_id}/hosts/{host_id}/instructions",method="GET",service="assisted-installer"`;
    const of = (name: string, labels: string) => samples.get(`${name}{${labels.split(',').toSorted().join(',')}}`);
    expect(of('http_request_duration_seconds_count', `${route},code="200"`)).toBe(1);
    expect(of('http_request_duration_seconds_count', `${route},code="400"`)).toBe(1);
    expect(of('http_response_size_bytes_sum', `${route},code="200"`)).toBe('{"by":"getInstructions"}\n'.length);
    expect(of('http_requests_inflight', route)).toBe(0);
    expect([...samples.keys()].filter((key) => key.includes('nothing-here'))).toEqual([]);
    const bounds = (name: string) => [
      ...new Set(
        [...samples.keys()]
          .filter((key) => key.startsWith(`${name}_bucket`))
          .map((key) => /le="([^"]+)"/.exec(key)![1]),
      ),
    ];
    expect(bounds('http_request_duration_seconds')).toEqual([
      '0.005',
      '0.01',
      '0.025',
      '0.05',
      '0.1',
      '0.25',
      '0.5',
      '1',
      '2.5',
      '5',
      '10',
      '+Inf',
    ]);
    expect(bounds('http_response_size_bytes').map(Number).slice(0, -1)).toEqual([
      100, 1000, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9,
    ]);
    const business = 'service_assisted_installer_';
    expect(samples.get(`${business}cluster_creations`)).toBe(1);
    expect(samples.get(`${business}cluster_installation_started`)).toBe(1);
    expect(of(`${business}cluster_installation_seconds_sum`, 'result="installed"')).toBe(900);
    expect(of(`${business}host_installation_phase_seconds_sum`, 'phase="Rebooting",result="Done"')).toBe(3);
    expect(of(`${business}cluster_hosts`, 'role="worker",result="Done"')).toBe(1);
    expect(of(`${business}operation_duration_miliseconds_sum`, 'operation="HostMonitoring"')).toBe(12);
    expect(samples.get(`${business}monitored_hosts_duration_ms_sum`)).toBe(1);
    expect(samples.get(`${business}monitored_clusters_duration_ms_sum`)).toBe(2);
    expect(of(`${business}cluster_image_pull_status_sum`, 'imageName="quay.io/a",result="success"')).toBe(7);
    expect(samples.get(`${business}cluster_host_disk_sync_duration_ms_sum`)).toBe(3);
    expect(
      of(`${business}host_validation_failed_after_success_before_installation`, 'hostValidationType="connected"'),
    ).toBe(1);
    expect(
      of(
        `${business}cluster_validation_failed_after_success_before_installation`,
        'clusterValidationType="ntp-server-configured"',
      ),
    ).toBe(1);
    for (const name of ['cpu_seconds_total', 'resident_memory_bytes', 'start_time_seconds']) {
      expect(samples.get(`process_${name}`)).toBeGreaterThan(0);
    }
    await measured.close();
  });
});

/** Samples of a Prometheus text by name and sorted labels. Throws on lines that are none. */
function parseMetrics(text: string): Map<string, number> {
  const samples = new Map<string, number>();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('# ')) continue;
    const match = /^([a-z_:]+)(?:\{((?:\w+="(?:[^"\\]|\\.)*",?)*)\})? (\S+)$/i.exec(line);
    if (match === null) throw new Error(`no sample: ${line}`);
    const labels =
      match[2] === undefined
        ? ''
        : `{${match[2]
            .match(/\w+="(?:[^"\\]|\\.)*"/g)!
            .toSorted()
            .join(',')}}`;
    samples.set(match[1]! + labels, Number(match[3]));
  }
  return samples;
}

describe('fuzz', () => {
  const segment = fc.oneof(
    fc.constantFrom(
      'v2',
      'clusters',
      'infra-envs',
      'hosts',
      ID,
      OTHER,
      'actions',
      'install',
      'instructions',
      'progress',
      'events',
      '..',
      '.',
      '',
      '%2e%2e',
      '%00',
    ),
    fc.webFragments(),
  );
  const path = fc.oneof(
    fc.array(segment, { maxLength: 8 }).map((parts) => `/api/assisted-install/${parts.join('/')}`),
    fc.constantFrom(...OPERATIONS).map(({ template }) => `/api/assisted-install${pathOf(template)}`),
  );
  const query = fc.oneof(
    fc.constant(''),
    fc.webQueryParameters().map((text) => `?${text}`),
  );
  const fields = fc.constantFrom(
    'name',
    'host_id',
    'cluster_id',
    'api_vips',
    'platform',
    'step_type',
    'output',
    'args',
    'logs_state',
    'event_time',
    'x',
  );
  const body = fc.oneof(
    fc.string(),
    fc.json(),
    fc.dictionary(fields, fc.jsonValue()).map((value) => JSON.stringify(value)),
    fc.json().map((text) => text.slice(0, Math.max(1, text.length - 2))),
  );

  test('nothing that is sent makes the surface fail', async () => {
    const fuzzed = await startTestServer({ authentication: fixedAgentToken('secret') });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND'),
        path,
        query,
        body,
        fc.constantFrom('application/json', 'multipart/form-data; boundary=b0', 'text/plain', ''),
        async (method, where, asked, content, type) => {
          const bytes = Buffer.from(content);
          const answer = await fuzzed.raw(
            Buffer.concat([
              Buffer.from(
                `${method} ${where}${asked} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Secret-Key: secret\r\nContent-Type: ${type}\r\nContent-Length: ${bytes.length}\r\n\r\n`,
              ),
              bytes,
            ]),
          );
          const status = Number(/^HTTP\/1.1 (\d+)/.exec(answer)?.[1]);
          // No answer at all belongs to the one operation that hangs up, 501 to those that are not simulated.
          if (answer === '') expect([method, bytes.length]).toEqual(['POST', 0]);
          else expect(status < 500 || status === 501).toBe(true);
        },
      ),
      { numRuns: 400 },
    );
    expect(fuzzed.bugs).toEqual([]);
    await fuzzed.close();
  });
});
