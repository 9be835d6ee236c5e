import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SpokeWorld } from '../../controller-mock/index.ts';
import { conditionOf } from '../../model/kube/kube-object.ts';
import { RESOURCES } from '../../model/kube/resources.ts';
import type { JsonObject } from '../service-api.ts';
import type { Agent, ClusterInstall, InfraEnv } from './objects.ts';
import {
  deploymentOf,
  HubSite,
  imageSetOf,
  infraEnvOf,
  installOf,
  namespaceOf,
  poolOf,
  pullSecretOf,
} from './testing/hub-site.ts';

const { agentClusterInstalls, agents, clusterDeployments, infraEnvs, secrets } = RESOURCES;
let site: HubSite;
let spokes: SpokeWorld | undefined;
beforeEach(async () => {
  site = await HubSite.start();
});
afterEach(async () => {
  await site.close();
  await spokes?.close();
  spokes = undefined;
});

const MULTI = {
  apiVIPs: ['192.168.10.200'],
  ingressVIPs: ['192.168.10.201'],
  provisionRequirements: { controlPlaneAgents: 3, workerAgents: 2 },
};
const UNTIL_REBOOT = ['Starting installation', 'Installing', 'Writing image to disk', 'Rebooting'];

describe('a cluster of several nodes on a hub', { timeout: 120_000 }, () => {
  it('is installed as its Agents say, waits when it is held, and takes a further host by itself', async () => {
    await site.apply(namespaceOf('ha'), pullSecretOf('ha'), imageSetOf('release'));
    await site.apply(deploymentOf('ha'), installOf('ha', { ...MULTI, holdInstallation: true }), infraEnvOf('ha'));
    const infraEnvId = await site.infraEnvId('ha');
    const clusterId = await site.clusterId('ha');
    const machines = [];
    for (let index = 0; index < 5; index++) machines.push(await site.boot(infraEnvId));
    for (const [index, machine] of machines.entries()) {
      await site.approve('ha', machine, {
        hostname: `${index < 3 ? 'master' : 'worker'}-${index}`,
        role: index < 3 ? 'master' : 'worker',
        installation_disk_path: '/dev/sda',
      });
    }
    const held = await site.condition(agentClusterInstalls, 'ha', 'ha', 'RequirementsMet', {
      status: 'True',
      reason: 'ClusterIsReady',
    });
    expect(conditionOf(held, 'Completed')).toMatchObject({ status: 'False', reason: 'InstallationOnHold' });
    expect(held.status).toMatchObject({
      apiVIP: '192.168.10.200',
      apiVIPs: ['192.168.10.200'],
      ingressVIPs: ['192.168.10.201'],
      machineNetwork: [{ cidr: '192.168.10.0/24' }],
      platformType: 'BareMetal',
      userManagedNetworking: false,
    });
    await site.client.patch(agentClusterInstalls, 'ha', 'ha', { spec: { holdInstallation: false } });
    for (const machine of machines) await site.state('ha', machine, 'installing');
    const [bootstrap] = (await Promise.all(machines.map((machine) => site.agent('ha', machine)))).filter(
      ({ status }) => status?.bootstrap,
    );
    expect(bootstrap!.spec.role).toBe('master');
    expect(bootstrap!.spec.hostname).toMatch(/^master-/);
    for (const machine of machines) await site.install(machine, ...UNTIL_REBOOT);
    for (const machine of machines) await site.install(machine, 'Joined', 'Done');
    await site.finish(clusterId);
    await site.eventually(async () => {
      const { status } = await site.get<ClusterInstall>(agentClusterInstalls, 'ha', 'ha');
      expect(status!.debugInfo.state).toBe('adding-hosts');
    });

    // The kubeconfig that the service has made up leads nowhere until somebody serves the cluster.
    spokes = await SpokeWorld.start({ clock: site.clock });
    const { kubeconfig } = await spokes.addSpoke({ name: 'ha', topology: '3+2', platform: 'baremetal' });
    const data = { kubeconfig: Buffer.from(kubeconfig).toString('base64') };
    await site.client.patch(secrets, 'ha', 'ha-admin-kubeconfig', { data });

    const late = await site.boot(infraEnvId);
    const address = `${late.network}.${10 + late.index}`;
    spokes.addHost('ha', { name: 'late', id: late.id, role: 'worker', addresses: [address] });
    await site.approve('ha', late, { hostname: 'late' });
    await site.state('ha', late, 'installing');
    await site.install(late, 'Starting installation', 'Installing', 'Writing image to disk', 'Rebooting');
    const rebooting = await site.agent('ha', late);
    expect(rebooting.status).toMatchObject({ kind: 'AddToExistingClusterHost' });
    spokes.hostRebooted('ha', late.id);
    const done = await site.eventually(async () => {
      const agent = await site.agent('ha', late);
      expect(agent.status?.progress?.currentStage).toBe('Done');
      return agent;
    });
    expect(done.status!.csrStatus!.approvedCSRs!.map(({ type }) => type)).toEqual(['client', 'serving']);
    await site.condition(agents, 'ha', late.id, 'Installed', { status: 'True', reason: 'InstallationCompleted' });

    // Its node is there, and is removed with it.
    await site.client.delete(agents, 'ha', late.id);
    await site.gone(agents, 'ha', late.id);
    const { cluster } = spokes.spoke('ha');
    expect(cluster.list({ group: '', resource: 'nodes' }).map(({ metadata }) => metadata.name)).not.toContain('late');
    await site.client.delete(clusterDeployments, 'ha', 'ha');
    await site.gone(clusterDeployments, 'ha', 'ha');
    for (const machine of machines) await site.gone(agents, 'ha', machine.id);
  });
});

describe('an InfraEnv without a cluster', { timeout: 60_000 }, () => {
  it('labels and approves its Agents by itself, and lends hosts to clusters that name them', async () => {
    await site.apply(namespaceOf('pool'), pullSecretOf('pool'));
    await site.apply(poolOf('pool', { agentLabels: { rack: 'r7' }, agentApproval: { autoApprove: true } }));
    const pool = await site.infraEnvId('pool');
    const infraEnv = await site.get<InfraEnv>(infraEnvs, 'pool', 'pool');
    expect(infraEnv.status!.isoDownloadURL).toContain('/4.20/x86_64/minimal.iso');
    const machine = await site.boot(pool);
    const known = await site.state('pool', machine, 'known-unbound');
    expect(known.metadata.labels).toMatchObject({ rack: 'r7', 'infraenvs.agent-install.openshift.io': 'pool' });
    expect(known.spec.approved).toBe(true);
    expect(conditionOf(known, 'RequirementsMet')).toMatchObject({ status: 'True', reason: 'AgentIsReady' });
    expect(conditionOf(known, 'Bound')).toMatchObject({ status: 'False', reason: 'Unbound' });

    await site.apply(namespaceOf('late'), pullSecretOf('late'), imageSetOf('release'));
    await site.apply(deploymentOf('late'), installOf('late', { holdInstallation: true }));
    await site.clusterId('late');
    const bound = await site.history(agents, 'pool', machine.id, 'Bound');
    await site.client.patch(agents, 'pool', machine.id, {
      spec: { clusterDeploymentName: { name: 'late', namespace: 'late' } },
    });
    await site.condition(agentClusterInstalls, 'late', 'late', 'Completed', { reason: 'InstallationOnHold' });
    await site.eventually(async () => {
      const { metadata } = await site.agent('pool', machine);
      expect(metadata.labels!['agent-install.openshift.io/clusterdeployment-namespace']).toBe('late');
    });

    await site.client.patch(agents, 'pool', machine.id, { spec: { clusterDeploymentName: null } });
    await site.state('pool', machine, 'known-unbound');
    expect(bound.slice(0, 3)).toEqual(['Unbound', 'Binding', 'Bound']);
    expect(bound.at(-1)).toBe('Unbound');
    await site.eventually(async () => {
      expect((await site.agent('pool', machine)).status!.deprovision_info).toBeUndefined();
    });

    // A cluster that goes frees the hosts that it borrowed.
    await site.client.patch(agents, 'pool', machine.id, {
      spec: { clusterDeploymentName: { name: 'late', namespace: 'late' } },
    });
    await site.state('pool', machine, 'known');
    await site.client.delete(clusterDeployments, 'late', 'late');
    await site.gone(clusterDeployments, 'late', 'late');
    const freed = await site.state('pool', machine, 'known-unbound');
    expect(freed.spec.clusterDeploymentName).toBeUndefined();
    // Nothing of its certificates was ever known, and only the states of the host tell of its ways.
    expect(freed.status).not.toHaveProperty('csrStatus');
    const events = [...site.service.api.listEvents({ infra_env_id: pool, limit: -1 }).events];
    const names = events.map((event) => (event as { name: string }).name);
    expect(names).not.toContain('host_bind_succeeded');
    expect(names).not.toContain('host_unbind_succeeded');
    const unbinding = events.filter((event) => String((event as JsonObject).message).includes('to unbinding'));
    expect(unbinding).toHaveLength(2);
    for (const event of unbinding) expect(event).not.toHaveProperty('cluster_id');

    await site.client.delete(infraEnvs, 'pool', 'pool');
    await site.gone(infraEnvs, 'pool', 'pool');
    await site.gone(agents, 'pool', machine.id);
  });

  it('puts the network configurations that its selector matches into its image', async () => {
    const config = (name: string, labels: Record<string, string>) => ({
      apiVersion: 'agent-install.openshift.io/v1beta1',
      kind: 'NMStateConfig',
      metadata: { name, namespace: 'net', labels },
      spec: {
        interfaces: [{ name: 'eth0', macAddress: '52:54:00:00:00:01' }],
        config: { interfaces: [{ name: 'eth0', type: 'ethernet', state: 'up' }] },
      },
    });
    await site.apply(namespaceOf('net'), pullSecretOf('net'));
    await site.apply(config('mine', { env: 'net' }), config('other', { env: 'else' }));
    const selector = { nmStateConfigLabelSelector: { matchLabels: { env: 'net' } } };
    await site.apply(poolOf('net', selector));
    const id = await site.infraEnvId('net');
    const networks = () => JSON.parse(String(site.service.api.getInfraEnv(id).static_network_config ?? '[]'));
    expect(networks()).toHaveLength(1);
    expect(networks()[0]).toMatchObject({
      mac_interface_map: [{ mac_address: '52:54:00:00:00:01', logical_nic_name: 'eth0' }],
    });
    await site.eventually(async () => {
      const { status } = await site.get<InfraEnv>(infraEnvs, 'net', 'net');
      expect(status!.debugInfo.staticNetworkDownloadURL).toContain('file_name=static-network-config');
    });
    await site.apply(config('second', { env: 'net' }));
    await site.eventually(() => expect(networks()).toHaveLength(2));
  });
});

describe('a service that starts anew', { timeout: 60_000 }, () => {
  it('ends a deletion that began without it', async () => {
    await site.apply(namespaceOf('sno'), pullSecretOf('sno'), imageSetOf('release'));
    await site.apply(deploymentOf('sno'), installOf('sno', { holdInstallation: true }), infraEnvOf('sno'));
    await site.clusterId('sno');
    await site.service.close();
    await site.client.delete(clusterDeployments, 'sno', 'sno');
    await site.restartService();
    await site.gone(clusterDeployments, 'sno', 'sno');
    await site.gone(agentClusterInstalls, 'sno', 'sno');
  });

  it('makes its rows from the resources of the hub', async () => {
    await site.apply(namespaceOf('sno'), pullSecretOf('sno'), imageSetOf('release'));
    await site.apply(deploymentOf('sno'), installOf('sno', { holdInstallation: true }), infraEnvOf('sno'));
    const machine = await site.boot(await site.infraEnvId('sno'));
    await site.approve('sno', machine);
    await site.condition(agentClusterInstalls, 'sno', 'sno', 'Completed', { reason: 'InstallationOnHold' });
    machine.isOff = true;
    await site.restartService();
    await site.eventually(() => {
      const [cluster] = site.service.api.listClusters({ with_hosts: true });
      expect(cluster).toMatchObject({ name: 'sno', hosts: [{ id: machine.id, role: 'master' }] });
    });
    const { status } = await site.eventually(async () => {
      const agent = await site.get<Agent>(agents, 'sno', machine.id);
      expect(agent.status!.debugInfo.state).toBe('disconnected');
      return agent;
    });
    expect(status!.inventory).toMatchObject({ hostname: 'node-1' });
  });
});
