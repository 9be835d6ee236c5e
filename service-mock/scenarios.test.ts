import { describe, expect, it } from 'vitest';
import { AGENT, CERTIFICATE, type Machine, Site } from './testing/test-site.ts';

const MASTER = [
  'Starting installation',
  'Installing',
  'Writing image to disk',
  'Rebooting',
  'Configuring',
  'Joined',
  'Done',
];
const WORKER = [
  'Starting installation',
  'Installing',
  'Writing image to disk',
  'Waiting for control plane',
  'Rebooting',
  'Waiting for ignition',
  'Configuring',
  'Joined',
  'Done',
];
const BOOTSTRAP = [
  'Starting installation',
  'Installing',
  'Writing image to disk',
  'Waiting for control plane',
  'Waiting for bootkube',
  'Waiting for controller',
  'Rebooting',
  'Configuring',
  'Joined',
  'Done',
];
const SINGLE = [
  'Starting installation',
  'Installing',
  'Waiting for bootkube',
  'Writing image to disk',
  'Rebooting',
  'Joined',
  'Done',
];

async function singleNode(settings = {}) {
  const site = new Site({ ENABLE_SINGLE_NODE_DNSMASQ: true, ...settings });
  const clusterId = site.cluster({ control_plane_count: 1 });
  const machine = site.machine(site.infraEnv(clusterId));
  await site.live(2);
  return { site, clusterId, machine };
}

async function toInstalling(site: Site, clusterId: string) {
  site.service.installCluster(clusterId);
  await site.live(2);
  for (const machine of site.machines) expect(site.status(machine)).toBe('installing');
}

async function finish(site: Site, clusterId: string) {
  await site.clock.advance(20_000);
  expect(site.clusterStatus(clusterId)).toBe('finalizing');
  site.service.updateClusterFinalizingProgress(clusterId, { finalizing_stage: 'Waiting for cluster operators' });
  site.service.uploadIngressCert(clusterId, CERTIFICATE);
  site.service.reportMonitoredOperator(clusterId, { name: 'console', status: 'available', status_info: 'fine' });
  site.service.updateClusterFinalizingProgress(clusterId, { finalizing_stage: 'Done' });
  await site.clock.advance(20_000);
  expect(site.clusterStatus(clusterId)).toBe('installed');
}

const progressOf = (site: Site, id: string) =>
  site.service.getCluster(id, { excludeHosts: true }).progress as Record<string, number>;

describe('a single node', () => {
  it('is discovered, installed and finalized', async () => {
    const { site, clusterId, machine } = await singleNode();
    expect(site.status(machine)).toBe('known');
    expect(site.clusterStatus(clusterId)).toBe('ready');
    await toInstalling(site, clusterId);
    expect(progressOf(site, clusterId)).toMatchObject({
      total_percentage: 10,
      preparing_for_installation_stage_percentage: 100,
    });
    expect(site.service.getCluster(clusterId, { excludeHosts: true }).api_vips).toMatchObject([
      { ip: '192.168.10.11' },
    ]);
    expect(site.instructions(machine).steps.map((step) => step.step_type)).toEqual(['install']);
    const ignition = JSON.parse(site.service.downloadClusterFile(clusterId, 'bootstrap.ign').toString());
    const secret = ignition.storage.files.find((file: { path: string }) => file.path === '/root/.docker/config.json');
    expect(Buffer.from(secret.contents.source.split(',')[1], 'base64').toString()).toContain('cloud.openshift.com');
    for (const stage of SINGLE) site.progress(machine, stage);
    expect(site.status(machine)).toBe('installed');
    expect(site.host(machine).progress).toMatchObject({ current_stage: 'Done', installation_percentage: 100 });
    expect(progressOf(site, clusterId).total_percentage).toBe(80);
    await finish(site, clusterId);
    expect(progressOf(site, clusterId).total_percentage).toBe(100);
  });

  it('that boots the image again instead of its disk waits for somebody, and refuses a second time', async () => {
    const { site, clusterId, machine } = await singleNode();
    await toInstalling(site, clusterId);
    site.progress(machine, 'Starting installation');
    site.progress(machine, 'Rebooting');
    const answer = site.register(machine);
    expect(answer.status).toBeNull();
    expect(site.status(machine)).toBe('installing-pending-user-action');
    expect(() => site.register(machine)).toThrow(expect.objectContaining({ status: 400 }));
    await site.clock.advance(20_000);
    expect(site.clusterStatus(clusterId)).toBe('installing-pending-user-action');
    site.progress(machine, 'Joined');
    expect(site.status(machine)).toBe('installing-in-progress');
    site.progress(machine, 'Done');
    expect(() => site.register(machine)).toThrow(expect.objectContaining({ status: 409 }));
    await finish(site, clusterId);
  });

  it('that restarts early fails', async () => {
    const { site, clusterId, machine } = await singleNode();
    await toInstalling(site, clusterId);
    site.progress(machine, 'Starting installation');
    site.register(machine);
    expect(site.status(machine)).toBe('error');
    await site.clock.advance(20_000);
    expect(site.clusterStatus(clusterId)).toBe('error');
  });

  it('that re-registers while preparing goes on preparing', async () => {
    const { site, clusterId, machine } = await singleNode();
    site.service.installCluster(clusterId);
    await site.clock.advance(10_000);
    expect(site.status(machine)).toBe('preparing-for-installation');
    site.register(machine);
    expect(site.host(machine)).toMatchObject({
      status: 'known',
      bootstrap: true,
      inventory: expect.stringContaining('node-1'),
    });
    expect(site.service.getCluster(clusterId, { excludeHosts: true })['last-installation-preparation']).toMatchObject({
      status: 'not_started',
    });
    await site.live(3);
    expect(site.clusterStatus(clusterId)).toBe('installing');
  });

  it('fails when its installer reports a failure, and can be reset', async () => {
    const { site, clusterId, machine } = await singleNode();
    await toInstalling(site, clusterId);
    site.progress(machine, 'Starting installation');
    site.progress(machine, 'Writing image to disk', '5%');
    site.progress(machine, 'Failed', 'disk broke');
    expect(site.host(machine)).toMatchObject({
      status: 'error',
      status_info: 'Failed - disk broke',
      progress: { current_stage: 'Writing image to disk' },
    });
    expect(site.instructions(machine).steps.map((step) => step.step_type)).toEqual([
      'logs-gather',
      'stop-installation',
    ]);
    await site.clock.advance(20_000);
    expect(site.clusterStatus(clusterId)).toBe('error');
    site.service.resetCluster(clusterId);
    expect(site.clusterStatus(clusterId)).toBe('insufficient');
    expect(site.status(machine)).toBe('resetting-pending-user-action');
    site.register(machine);
    expect(site.status(machine)).toBe('discovering');
    await site.live(3);
    expect(site.clusterStatus(clusterId)).toBe('ready');
  });

  it('can be canceled while preparing and while installing', async () => {
    const { site, clusterId, machine } = await singleNode();
    expect(() => site.service.cancelCluster(clusterId)).toThrow(expect.objectContaining({ status: 409 }));
    site.service.installCluster(clusterId);
    await site.clock.advance(10_000);
    site.service.cancelCluster(clusterId);
    expect([site.clusterStatus(clusterId), site.status(machine)]).toEqual(['ready', 'known']);
    await site.live(1);
    await toInstalling(site, clusterId);
    site.service.cancelCluster(clusterId);
    expect([site.clusterStatus(clusterId), site.status(machine)]).toEqual(['cancelled', 'cancelled']);
    expect(() => site.service.deleteCluster(clusterId)).not.toThrow();
    expect(() => site.host(machine)).toThrow(expect.objectContaining({ status: 404 }));
  });

  it('is called disconnected when it stops polling, after the grace of a bootstrap host', async () => {
    const { site, machine } = await singleNode();
    await site.clock.advance(4 * 60_000);
    expect(site.status(machine)).toBe('known');
    await site.clock.advance(7 * 60_000);
    expect(site.status(machine)).toBe('disconnected');
    await site.live(1);
    expect(site.status(machine)).toBe('known');
  });

  it('fails when a stage takes too long, and waits when it is the reboot', async () => {
    const { site, clusterId, machine } = await singleNode();
    await toInstalling(site, clusterId);
    site.progress(machine, 'Writing image to disk');
    await site.live(36);
    expect(site.host(machine)).toMatchObject({
      status: 'error',
      status_info: expect.stringContaining('Writing image to disk'),
    });

    const other = await singleNode();
    await toInstalling(other.site, other.clusterId);
    other.site.progress(other.machine, 'Rebooting');
    await other.site.clock.advance(70 * 60_000);
    expect(other.site.status(other.machine)).toBe('installing-in-progress');
    await other.site.clock.advance(16 * 60_000);
    expect(other.site.status(other.machine)).toBe('installing-pending-user-action');
  });

  it('that never begins fails after 20 minutes', async () => {
    const { site, clusterId, machine } = await singleNode();
    await toInstalling(site, clusterId);
    await site.live(26);
    expect(site.status(machine)).toBe('error');
  });

  it('goes back to ready when nobody answers the preparation', async () => {
    const { site, clusterId, machine } = await singleNode();
    machine.answers['container-image-availability'] = () => undefined;
    site.service.installCluster(clusterId);
    await site.live(30);
    expect(site.clusterStatus(clusterId)).toBe('ready');
    expect(site.status(machine)).toBe('known');
  });
});

async function highlyAvailable(body = {}, workers = 2) {
  const site = new Site();
  const clusterId = site.cluster({
    api_vips: [{ ip: '192.168.10.100' }],
    ingress_vips: [{ ip: '192.168.10.101' }],
    ...body,
  });
  const infraEnv = site.infraEnv(clusterId);
  for (let index = 0; index < 3 + workers; index++) site.machine(infraEnv);
  await site.live(4);
  return { site, clusterId };
}

describe('three masters and two workers on bare metal', () => {
  it('get roles, one bootstrap host, and install', async () => {
    const { site, clusterId } = await highlyAvailable();
    expect(site.machines.map((machine) => site.status(machine))).toEqual(Array(5).fill('known'));
    expect(site.clusterStatus(clusterId)).toBe('ready');
    await toInstalling(site, clusterId);
    const roleOf = (machine: Machine) => {
      const install = site.instructions(machine).steps[0];
      return JSON.parse(install?.args[0] as string).role as string;
    };
    const roles = site.machines.map(roleOf);
    expect(roles.toSorted()).toEqual(['bootstrap', 'master', 'master', 'worker', 'worker']);
    const stages: Record<string, string[]> = { master: MASTER, worker: WORKER, bootstrap: BOOTSTRAP };
    for (const role of ['master', 'worker', 'bootstrap']) {
      for (const [index, machine] of site.machines.entries()) {
        if (roles[index] === role) for (const stage of stages[role] as string[]) site.progress(machine, stage);
      }
    }
    expect(progressOf(site, clusterId)).toMatchObject({ installing_stage_percentage: 100, total_percentage: 80 });
    await finish(site, clusterId);
    const names = [...site.service.listEvents({ cluster_id: clusterId, limit: -1 }).events].map((event) => event.name);
    for (const name of [
      'host_bootstrap_set',
      'host_role_updated',
      'quick_disk_format_performed',
      'cluster_installation_completed',
      'image_status_updated',
    ]) {
      expect(names).toContain(name);
    }
  });

  it('fail with a lost master, go on with one lost worker of three', async () => {
    const { site, clusterId } = await highlyAvailable({}, 3);
    await toInstalling(site, clusterId);
    const worker = site.machines.find((machine) => site.host(machine).role === 'worker') as Machine;
    site.progress(worker, 'Failed', 'x');
    await site.clock.advance(20_000);
    expect(site.clusterStatus(clusterId)).toBe('installing');
    const master = site.machines.find((machine) => site.host(machine).role === 'master') as Machine;
    site.progress(master, 'Failed', 'x');
    await site.clock.advance(30_000);
    expect(site.clusterStatus(clusterId)).toBe('error');
    expect(site.machines.every((machine) => site.status(machine) === 'error')).toBe(true);
  });

  it('flap with their VIP when hosts disagree: the last verdict wins', async () => {
    const { site, clusterId } = await highlyAvailable();
    const [first, second] = site.machines as [Machine, Machine];
    const verdict = (verification: string) => [{ vip: '192.168.10.100', vip_type: 'api', verification }];
    site.reply(first, 'verify-vips', verdict('failed'));
    await site.clock.advance(10_000);
    expect(site.clusterValidation(clusterId, 'api-vips-valid')?.status).toBe('failure');
    expect(site.clusterStatus(clusterId)).toBe('insufficient');
    site.reply(second, 'verify-vips', verdict('succeeded'));
    await site.clock.advance(10_000);
    expect(site.clusterStatus(clusterId)).toBe('ready');
  });

  it('stay pending without VIPs, and refuse an installation', async () => {
    const { site, clusterId } = await highlyAvailable({ api_vips: [], ingress_vips: [] });
    expect(site.clusterStatus(clusterId)).toBe('pending-for-input');
    // The first attempt fixes the roles and therefore looks at every host first.
    expect(() => site.service.installCluster(clusterId)).toThrow(expect.objectContaining({ status: 400 }));
    expect(() => site.service.installCluster(clusterId)).toThrow(expect.objectContaining({ status: 409 }));
    site.service.updateCluster(clusterId, {
      api_vips: [{ ip: '192.168.10.100' }],
      ingress_vips: [{ ip: '192.168.10.101' }],
    });
    await site.live(2);
    expect(site.clusterStatus(clusterId)).toBe('ready');
  });
});

describe('platform none with several nodes', () => {
  it('needs layer 3 between all hosts and names that resolve', async () => {
    const site = new Site();
    const clusterId = site.cluster({ user_managed_networking: true });
    const infraEnv = site.infraEnv(clusterId);
    for (const network of ['192.168.10', '192.168.20', '192.168.30']) site.machine(infraEnv, network);
    const silent = site.machines[2] as Machine;
    silent.answers['connectivity-check'] = () => undefined;
    await site.live(3);
    const verdicts = site.machines.map((machine) => site.validation(machine, 'belongs-to-majority-group')?.status);
    expect(verdicts).toEqual(['failure', 'failure', 'success']);
    delete silent.answers['connectivity-check'];
    await site.live(6);
    expect(site.clusterStatus(clusterId)).toBe('ready');
    const first = site.machines[0] as Machine;
    first.answers['domain-resolution'] = () => ({ resolutions: [] });
    await site.live(2);
    expect(site.validation(first, 'api-domain-name-resolved-correctly')?.status).toBe('failure');
    expect(site.status(first)).toBe('insufficient');
  });
});

describe('day-2 hosts', () => {
  it('join an installed cluster', async () => {
    const { site, clusterId, machine } = await singleNode();
    await toInstalling(site, clusterId);
    expect(() => site.service.allowAddHosts(clusterId)).toThrow(expect.objectContaining({ status: 400 }));
    for (const stage of SINGLE) site.progress(machine, stage);
    await finish(site, clusterId);
    const before = site.infraEnv(clusterId);
    expect(() => site.machine(before)).toThrow(expect.objectContaining({ status: 409 }));
    site.service.allowAddHosts(clusterId);
    const joiner = site.machine(site.infraEnv(clusterId));
    expect(site.host(joiner)).toMatchObject({
      kind: 'AddToExistingClusterHost',
      role: 'worker',
      machine_config_pool_name: 'worker',
    });
    expect(() => site.service.installHost(joiner.infraEnvId, joiner.id)).toThrow(
      expect.objectContaining({ status: 409 }),
    );
    await site.live(2, [joiner]);
    expect(site.status(joiner)).toBe('known');
    site.service.installHost(joiner.infraEnvId, joiner.id);
    expect(site.instructions(joiner).steps.map((step) => step.step_type)).toEqual(['install']);
    for (const stage of [
      'Starting installation',
      'Installing',
      'Writing image to disk',
      'Waiting for control plane',
      'Rebooting',
    ]) {
      site.progress(joiner, stage);
    }
    expect(site.host(joiner)).toMatchObject({
      status: 'added-to-existing-cluster',
      progress: { current_stage: 'Done', installation_percentage: 100 },
    });
  });

  it('join an imported cluster whose name comes from its address', () => {
    const site = new Site();
    const made = site.service.importCluster({
      name: 'ignored',
      api_vip_dnsname: 'api.edge.example.org',
      openshift_cluster_id: site.id(),
    });
    expect(made).toMatchObject({
      name: 'edge',
      base_dns_domain: 'example.org',
      status: 'adding-hosts',
      imported: true,
    });
    const joiner = site.machine(site.infraEnv(made.id as string));
    expect(site.instructions(joiner).steps.map((step) => step.step_type)).toEqual([
      'inventory',
      'ntp-synchronizer',
      'domain-resolution',
    ]);
  });
});

describe('hosts without a cluster', () => {
  it('become known, are bound, and freed', async () => {
    const site = new Site({ ENABLE_SINGLE_NODE_DNSMASQ: true });
    const machine = site.machine(site.infraEnv());
    expect(site.status(machine)).toBe('discovering-unbound');
    const clusterId = site.cluster({ control_plane_count: 1 });
    expect(() => site.service.bindHost(machine.infraEnvId, machine.id, { cluster_id: clusterId })).toThrow(
      expect.objectContaining({ status: 500 }),
    );
    await site.live(1);
    expect(site.status(machine)).toBe('known-unbound');
    site.service.bindHost(machine.infraEnvId, machine.id, { cluster_id: clusterId });
    expect(site.instructions(machine)).toMatchObject({ steps: [], post_step_action: 'exit' });
    site.register(machine);
    expect(site.host(machine)).toMatchObject({ status: 'discovering', cluster_id: clusterId });
    await site.live(3);
    expect(site.status(machine)).toBe('known');
    expect(() => site.service.bindHost(machine.infraEnvId, machine.id, { cluster_id: clusterId })).toThrow(
      expect.objectContaining({ status: 409 }),
    );
    site.service.unbindHost(machine.infraEnvId, machine.id);
    expect(site.host(machine)).toMatchObject({ status: 'unbinding', role: 'auto-assign' });
    expect(site.instructions(machine).post_step_action).toBe('exit');
    site.register(machine);
    expect(site.status(machine)).toBe('discovering-unbound');
    expect(site.service.getCluster(clusterId, { excludeHosts: false }).hosts).toEqual([]);
  });

  it('are not left with a cluster that was deleted while they were on their way to it', async () => {
    const site = new Site({ ENABLE_SINGLE_NODE_DNSMASQ: true });
    const machine = site.machine(site.infraEnv());
    const clusterId = site.cluster({ control_plane_count: 1 });
    await site.live(1);
    site.service.bindHost(machine.infraEnvId, machine.id, { cluster_id: clusterId });
    expect(site.status(machine)).toBe('binding');
    expect(() => site.service.deleteCluster(clusterId)).toThrow(expect.objectContaining({ status: 500 }));
    expect(site.host(machine)).toMatchObject({ status: 'binding', cluster_id: clusterId });
    site.register(machine);
    site.service.deleteCluster(clusterId);
    expect(site.host(machine)).toMatchObject({ status: 'unbinding' });
    expect(site.host(machine).cluster_id).toBeUndefined();
  });
});

describe('refusals', () => {
  it('come with the status of the real service', async () => {
    const { site, clusterId, machine } = await singleNode();
    const refusal = (status: number) => expect.objectContaining({ status });
    expect(() => site.service.deleteInfraEnv(machine.infraEnvId)).toThrow(refusal(400));
    expect(() => site.progress(machine, 'Installing')).toThrow(refusal(409));
    expect(() => site.service.getInstructions(machine.infraEnvId, 'x', null, AGENT)).toThrow(refusal(404));
    expect(() => site.service.downloadClusterFile(clusterId, 'bootstrap.ign')).toThrow(refusal(409));
    expect(() => site.service.clusterCredentials(clusterId)).toThrow(refusal(409));
    expect(() => site.service.uploadIngressCert(clusterId, CERTIFICATE)).toThrow(refusal(400));
    expect(() => site.service.unbindHost(machine.infraEnvId, machine.id)).toThrow(refusal(409));
    expect(() =>
      site.service.updateHost(machine.infraEnvId, machine.id, {
        disks_selected_config: [{ id: '/x', role: 'install' }],
      }),
    ).toThrow(refusal(409));
    expect(() => site.service.triggerEvent({ category: 'x', severity: 'info', message: 'm' })).toThrow(refusal(400));
    expect(() => site.service.reportMonitoredOperator(clusterId, { name: 'cvo' })).toThrow(refusal(404));
    await toInstalling(site, clusterId);
    expect(() => site.service.deleteCluster(clusterId)).toThrow(refusal(409));
    site.progress(machine, 'Writing image to disk');
    expect(() => site.progress(machine, 'Installing')).toThrow(refusal(409));
    expect(() => site.progress(machine, 'Waiting for ignition')).toThrow(refusal(409));
    expect(() => site.service.updateHost(machine.infraEnvId, machine.id, { host_role: 'worker' })).toThrow(
      refusal(500),
    );
    expect(() => site.service.updateHost(machine.infraEnvId, machine.id, { host_name: 'other' })).toThrow(refusal(409));
  });
});
