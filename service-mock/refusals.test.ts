import { describe, expect, it } from 'vitest';
import type { AssistedServiceApi, JsonObject } from './service-api.ts';
import { CERTIFICATE, type Machine, Site } from './testing/test-site.ts';

const Z = '00000000-0000-4000-8000-00000000ffff';
const refusal = (status: number, message?: string) =>
  expect.objectContaining(message === undefined ? { status } : { status, message });

describe('an unknown id', () => {
  const changing = `Failed to get cluster ${Z}: record not found`;
  const noHost = `failed to get host ${Z} in infra_env ${Z}: record not found`;

  it.each<[string, number, string, (service: AssistedServiceApi) => unknown]>([
    ['getCluster', 404, 'record not found', (service) => service.getCluster(Z, { excludeHosts: false })],
    ['uploadIngressCert', 404, 'record not found', (service) => service.uploadIngressCert(Z, CERTIFICATE)],
    ['clusterCredentials', 404, 'record not found', (service) => service.clusterCredentials(Z)],
    ['updateClusterLogsProgress', 404, 'record not found', (service) => service.updateClusterLogsProgress(Z, {})],
    [
      'reportMonitoredOperator',
      404,
      'record not found',
      (service) => service.reportMonitoredOperator(Z, { name: 'console' }),
    ],
    [
      'listMonitoredOperators by name',
      404,
      'record not found',
      (service) => service.listMonitoredOperators(Z, 'console'),
    ],
    ['updateCluster', 404, changing, (service) => service.updateCluster(Z, {})],
    ['deleteCluster', 404, changing, (service) => service.deleteCluster(Z)],
    ['installCluster', 404, changing, (service) => service.installCluster(Z)],
    ['cancelCluster', 404, changing, (service) => service.cancelCluster(Z)],
    ['resetCluster', 404, changing, (service) => service.resetCluster(Z)],
    ['allowAddHosts', 404, changing, (service) => service.allowAddHosts(Z)],
    ['completeInstallation', 404, changing, (service) => service.completeInstallation(Z, {})],
    [
      'updateClusterFinalizingProgress',
      404,
      changing,
      (service) => service.updateClusterFinalizingProgress(Z, { finalizing_stage: 'Done' }),
    ],
    ['getInstallConfig', 404, changing, (service) => service.getInstallConfig(Z)],
    ['updateInstallConfig', 404, changing, (service) => service.updateInstallConfig(Z, '{}')],
    ['getIgnoredValidations', 404, changing, (service) => service.getIgnoredValidations(Z)],
    [
      'setIgnoredValidations',
      500,
      `failed to fetch cluster ${Z} to apply ignored validations: record not found`,
      (service) => service.setIgnoredValidations(Z, {}),
    ],
    ['listManifests', 404, 'Object Not Found', (service) => service.listManifests(Z, false)],
    [
      'createManifest',
      404,
      'Object Not Found',
      (service) => service.createManifest(Z, { file_name: 'a.yaml', content: 'eA==' }),
    ],
    ['deleteManifest', 404, 'Object Not Found', (service) => service.deleteManifest(Z, '', 'a.yaml')],
    ['downloadManifest', 404, 'Object Not Found', (service) => service.downloadManifest(Z, '', 'a.yaml')],
    [
      'uploadLogs of a host',
      404,
      `failed to get host ${Z} in cluster ${Z}: record not found`,
      (service) => service.uploadLogs(Z, { logs_type: 'host', host_id: Z }, 5),
    ],
    ['getInfraEnv', 404, 'record not found', (service) => service.getInfraEnv(Z)],
    ['registerHost', 404, 'record not found', (service) => service.registerHost(Z, { host_id: Z }, '')],
    ['getHost', 404, noHost, (service) => service.getHost(Z, Z)],
    ['deleteHost', 500, noHost, (service) => service.deleteHost(Z, Z)],
    ['getInstructions', 404, noHost, (service) => service.getInstructions(Z, Z, null, '')],
    ['updateHostIgnition', 404, noHost, (service) => service.updateHostIgnition(Z, Z, { config: 'junk' })],
    ['getHostIgnition', 404, `host ${Z} not found in infra env ${Z}`, (service) => service.getHostIgnition(Z, Z)],
  ])('is refused by %s with %i', (_name, status, message, act) => {
    expect(() => act(new Site().service)).toThrow(refusal(status, message));
  });

  it.each<[string, (service: AssistedServiceApi) => unknown]>([
    [
      'listClusterHosts',
      (service) => [...service.listClusterHosts(Z, { withInventory: false, withConnectivity: false })],
    ],
    ['listMonitoredOperators', (service) => service.listMonitoredOperators(Z)],
    ['listInfraEnvs', (service) => [...service.listInfraEnvs({ cluster_id: Z })]],
  ])('is no error for %s, whose answer is empty', (_name, act) => {
    expect(act(new Site().service)).toEqual([]);
  });
});

async function readySingleNode(): Promise<{ site: Site; clusterId: string; machine: Machine }> {
  const site = new Site();
  const clusterId = site.cluster({ control_plane_count: 1 });
  const machine = site.machine(site.infraEnv(clusterId));
  await site.live(3);
  return { site, clusterId, machine };
}

describe('a change of a host', () => {
  const fencing = { fencing_credentials: { address: 'a', username: 'u', password: 'p' } };

  it.each<[JsonObject, number]>([
    [{ node_labels: [{ key: 'a b', value: 'c' }] }, 400],
    [{ node_labels: [{ key: 'a', value: '-' }] }, 400],
    [{ disks_skip_formatting: [{ disk_id: '/dev/none', skip_formatting: true }] }, 400],
    [{ disks_selected_config: [{ id: '/dev/none', role: 'install' }] }, 409],
    [fencing, 400],
  ])('%j is refused with %i before the installation', async (body, status) => {
    const { site, machine } = await readySingleNode();
    expect(() => site.service.updateHost(machine.infraEnvId, machine.id, body)).toThrow(refusal(status));
  });

  it.each<[JsonObject, number]>([
    [{}, 409],
    [{ host_role: 'master' }, 500],
    [{ host_name: 'other' }, 409],
    [{ machine_config_pool_name: 'pool' }, 409],
    [{ ignition_endpoint_token: 'token' }, 409],
    [{ ignition_endpoint_http_headers: [{ key: 'k', value: 'v' }] }, 500],
    [{ node_labels: [{ key: 'a', value: 'b' }] }, 500],
    [{ node_labels: [{ key: 'a b', value: 'b' }] }, 400],
    [{ disks_skip_formatting: [{ disk_id: '/dev/none', skip_formatting: true }] }, 400],
    [fencing, 400],
  ])('%j is refused with %i while the host is being installed', async (body, status) => {
    const { site, clusterId, machine } = await readySingleNode();
    site.service.installCluster(clusterId);
    await site.live(3);
    expect(site.status(machine)).toBe('installing');
    expect(() => site.service.updateHost(machine.infraEnvId, machine.id, body)).toThrow(refusal(status));
  });

  it('happens as a whole or not at all', async () => {
    const { site, machine } = await readySingleNode();
    const before = site.host(machine);
    expect(() => site.service.updateHost(machine.infraEnvId, machine.id, { host_name: 'other', ...fencing })).toThrow(
      refusal(400),
    );
    expect(site.host(machine)).toEqual(before);
  });

  it('of the pool is possible on day 1 too', async () => {
    const { site, machine } = await readySingleNode();
    const answer = site.service.updateHost(machine.infraEnvId, machine.id, { machine_config_pool_name: 'pool' });
    expect(answer.machine_config_pool_name).toBe('pool');
  });
});

describe('a change of a cluster', () => {
  const vips = (network: string) => ({
    api_vips: [{ ip: `${network}.100` }],
    ingress_vips: [{ ip: `${network}.101` }],
  });

  it.each<[string, JsonObject]>([
    ['VIPs outside of the hosts’ networks', vips('10.9.9')],
    ['a machine network that follows from VIPs', { machine_networks: [{ cidr: '192.168.10.0/24' }] }],
    ['OpenShiftSDN', { network_type: 'OpenShiftSDN' }],
    ['VIPs from DHCP', { vip_dhcp_allocation: true }],
  ])('to %s is refused with 400', async (_what, body) => {
    const site = new Site();
    const clusterId = site.cluster();
    site.machine(site.infraEnv(clusterId));
    await site.live(1);
    expect(() => site.service.updateCluster(clusterId, body)).toThrow(refusal(400));
  });

  it('of VIPs brings the machine network at once', async () => {
    const site = new Site();
    const clusterId = site.cluster();
    site.machine(site.infraEnv(clusterId));
    await site.live(1);
    const answer = site.service.updateCluster(clusterId, vips('192.168.10'));
    expect(answer.machine_networks).toEqual([{ cidr: '192.168.10.0/24', cluster_id: clusterId }]);
  });

  it('of ignored validations is refused with 400 once it is being installed', async () => {
    const { site, clusterId } = await readySingleNode();
    const ignore = () => site.service.setIgnoredValidations(clusterId, { 'host-validation-ids': '["ntp-synced"]' });
    expect(ignore()).toEqual({ 'host-validation-ids': '["ntp-synced"]' });
    site.service.installCluster(clusterId);
    expect(ignore).toThrow(refusal(400));
  });
});

it('hands out a kubeconfig from the installation on', async () => {
  const { site, clusterId } = await readySingleNode();
  const download = () => site.service.downloadClusterCredentials(clusterId, 'kubeconfig').toString();
  expect(download).toThrow(refusal(409));
  site.service.installCluster(clusterId);
  await site.live(3);
  expect(download()).toBe(site.service.downloadClusterCredentials(clusterId, 'kubeconfig-noingress').toString());
});

describe('a manifest', () => {
  const a = { folder: 'manifests', file_name: 'a.yaml' };

  it('can be moved and rewritten until the installation', async () => {
    const { site, clusterId } = await readySingleNode();
    const { service } = site;
    service.createManifest(clusterId, { ...a, content: 'eA==' });
    service.updateManifest(clusterId, { ...a, updated_folder: 'openshift', updated_file_name: 'b.yaml' });
    expect(service.listManifests(clusterId, false)).toEqual([
      { file_name: 'b.yaml', folder: 'openshift', manifest_source: 'user' },
    ]);
    const b = { folder: 'openshift', file_name: 'b.yaml' };
    service.updateManifest(clusterId, { ...b, updated_content: 'eQ==' });
    expect(service.downloadManifest(clusterId, b.folder, b.file_name).toString()).toBe('y');
    expect(() => service.updateManifest(clusterId, a)).toThrow(refusal(500));
    service.installCluster(clusterId);
    expect(() => service.updateManifest(clusterId, b)).toThrow(refusal(400));
  });

  it('with a space in its name is refused with 422', async () => {
    const { site, clusterId } = await readySingleNode();
    const make = () => site.service.createManifest(clusterId, { file_name: 'a b.yaml', content: 'eA==' });
    expect(make).toThrow(refusal(422));
  });
});

describe('a change of an infra-env', () => {
  it('keeps what is not named, and what is emptied when emptying is not possible', () => {
    const { service } = new Site();
    const env = service.registerInfraEnv({
      name: '',
      pull_secret: '{"auths":{"quay.io":{"auth":"dTpw"}}}',
      proxy: { http_proxy: 'http://a:1', no_proxy: 'b.c' },
      ignition_config_override: '{"ignition":{"version":"3.1.0"}}',
    });
    const answer = service.updateInfraEnv(env.id as string, {
      proxy: { http_proxy: 'http://d:1' },
      ignition_config_override: '',
      additional_ntp_sources: 'a.b',
    });
    expect(answer).toMatchObject({
      proxy: { http_proxy: 'http://d:1', no_proxy: 'b.c' },
      ignition_config_override: '{"ignition":{"version":"3.1.0"}}',
    });
    expect(() => service.updateInfraEnv(env.id as string, { ntp_sources: 'c.d' })).toThrow(refusal(400));
  });

  it.each<[string, JsonObject]>([
    ['trust bundle without a certificate', { additional_trust_bundle: 'junk' }],
    ['rendezvous address without a disconnected image', { rendezvous_ip: '1.2.3.4' }],
  ])('a %s is refused with 400', (_what, body) => {
    const { service } = new Site();
    const make = () =>
      service.registerInfraEnv({ name: 'a', pull_secret: '{"auths":{"quay.io":{"auth":"dTpw"}}}', ...body });
    expect(make).toThrow(refusal(400));
  });
});

describe('events', () => {
  it('tell of bindings and releases that were refused', async () => {
    const { site, clusterId, machine } = await readySingleNode();
    const names = () =>
      Array.from(site.service.listEvents({ infra_env_id: machine.infraEnvId }).events, ({ name }) => name);
    expect(() => site.service.bindHost(machine.infraEnvId, machine.id, { cluster_id: clusterId })).toThrow(
      refusal(409),
    );
    expect(() => site.service.unbindHost(machine.infraEnvId, machine.id)).toThrow(refusal(409));
    expect(names()).toEqual(expect.arrayContaining(['host_bind_failed', 'host_unbind_failed']));
  });

  it('tell of every change of a stage’s text', async () => {
    const { site, clusterId, machine } = await readySingleNode();
    site.service.installCluster(clusterId);
    await site.live(3);
    for (const info of ['5%', '5%', '10%']) site.progress(machine, 'Writing image to disk', info);
    const events = [...site.service.listEvents({ cluster_id: clusterId }).events];
    expect(events.filter(({ name }) => name === 'host_install_progress_updated')).toHaveLength(2);
  });

  it('tell of controller logs only once', async () => {
    const { site, clusterId } = await readySingleNode();
    site.service.uploadLogs(clusterId, { logs_type: 'controller' }, 5);
    site.service.uploadLogs(clusterId, { logs_type: 'controller' }, 5);
    const events = [...site.service.listEvents({ cluster_id: clusterId }).events];
    expect(events.filter(({ name }) => name === 'cluster_logs_uploaded')).toHaveLength(1);
    expect(site.service.getCluster(clusterId, { excludeHosts: true }).logs_info).toBe('collecting');
  });
});
