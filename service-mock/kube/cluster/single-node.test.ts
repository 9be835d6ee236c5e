import { afterEach, describe, expect, it } from 'vitest';
import { conditionOf } from '../../../model/kube/kube-object.ts';
import { RESOURCES } from '../../../model/kube/resources.ts';
import { CLUSTER_NAMESPACE_LABEL } from '../labels.ts';
import type { Agent, ClusterInstall, InfraEnv } from '../objects.ts';
import {
  deploymentOf,
  HubSite,
  imageSetOf,
  infraEnvOf,
  installOf,
  namespaceOf,
  pullSecretOf,
} from '../testing/hub-site.ts';

const { agentClusterInstalls, agents, clusterDeployments, infraEnvs, secrets } = RESOURCES;
let site: HubSite;
afterEach(() => site.close());

describe('a single node of a hub', () => {
  it('is discovered, installed by itself, and deleted with all that belongs to it', { timeout: 90_000 }, async () => {
    site = await HubSite.start();
    await site.apply(namespaceOf('sno'), pullSecretOf('sno'), imageSetOf('release'));
    await site.apply(deploymentOf('sno'), installOf('sno'), infraEnvOf('sno'));

    const infraEnvId = await site.infraEnvId('sno');
    const infraEnv = await site.get<InfraEnv>(infraEnvs, 'sno', 'sno');
    expect(infraEnv.metadata.finalizers).toEqual(['infraenv.agent-install.openshift.io/ai-deprovision']);
    const files = `${site.service.url}/api/assisted-install/v2/infra-envs/${infraEnvId}/downloads/files`;
    expect(infraEnv.status).toMatchObject({
      isoDownloadURL: `http://images.example.com/byid/${infraEnvId}/4.18/x86_64/minimal.iso`,
      agentLabelSelector: { matchLabels: { 'infraenvs.agent-install.openshift.io': 'sno' } },
      bootArtifacts: {
        kernel: 'http://images.example.com/boot-artifacts/kernel?arch=x86_64&version=4.18',
        rootfs: 'http://images.example.com/boot-artifacts/rootfs?arch=x86_64&version=4.18',
        initrd: `http://images.example.com/images/${infraEnvId}/pxe-initrd?arch=x86_64&version=4.18`,
        ipxeScript: `${files}?file_name=ipxe-script`,
        discoveryIgnitionURL: `${files}?file_name=discovery.ign`,
      },
    });
    expect(conditionOf(infraEnv, 'ImageCreated')).toMatchObject({
      reason: 'InfraEnvAvailable',
      message: 'InfraEnv is available: Image has been created',
    });

    const install = await site.get<ClusterInstall>(agentClusterInstalls, 'sno', 'sno');
    const clusterId = await site.clusterId('sno');
    expect(install.metadata).toMatchObject({
      finalizers: ['agentclusterinstall.agent-install.openshift.io/ai-deprovision'],
      ownerReferences: [{ apiVersion: 'hive.openshift.io/v1', kind: 'ClusterDeployment', name: 'sno' }],
    });
    const completed = await site.history(agentClusterInstalls, 'sno', 'sno', 'Completed');
    const requirements = await site.history(agentClusterInstalls, 'sno', 'sno', 'RequirementsMet');

    const machine = await site.boot(infraEnvId);
    const fresh = await site.get<Agent>(agents, 'sno', machine.id);
    expect(fresh).toMatchObject({
      metadata: {
        labels: { 'infraenvs.agent-install.openshift.io': 'sno' },
        ownerReferences: [{ kind: 'InfraEnv', name: 'sno', uid: infraEnv.metadata.uid }],
      },
      spec: { approved: false, clusterDeploymentName: { name: 'sno', namespace: 'sno' } },
    });
    const ready = await site.history(agents, 'sno', machine.id, 'RequirementsMet');
    const waiting = { status: 'False', reason: 'UnapprovedAgents' } as const;
    const unapproved = await site.condition(agentClusterInstalls, 'sno', 'sno', 'RequirementsMet', waiting);
    expect(conditionOf(unapproved, 'RequirementsMet')!.message).toBe(
      'The installation is pending on the approval of 1 agents',
    );
    await site.condition(agents, 'sno', machine.id, 'RequirementsMet', { reason: 'AgentIsNotApproved' });
    await site.eventually(async () => {
      const agent = await site.get<Agent>(agents, 'sno', machine.id);
      expect(agent.metadata.finalizers).toEqual(['agent.agent-install.openshift.io/ai-deprovision']);
      expect(agent.metadata.labels).toMatchObject({
        'agent-install.openshift.io/clusterdeployment-namespace': 'sno',
        'inventory.agent-install.openshift.io/cpu-architecture': 'x86_64',
        'inventory.agent-install.openshift.io/cpu-virtenabled': 'true',
        'inventory.agent-install.openshift.io/host-isvirtual': 'false',
        'inventory.agent-install.openshift.io/storage-hasnonrotationaldisk': 'true',
      });
      expect(agent.metadata.annotations).toMatchObject({
        'agent.agent-install.openshift.io/state': 'known',
        'agent.agent-install.openshift.io/role': 'master',
        'inventory.agent-install.openshift.io/version': '0.1',
      });
      expect(agent.status).toMatchObject({
        role: 'master',
        inventory: { hostname: 'node-1', cpu: { count: 8 }, memory: { physicalBytes: 34359738368 } },
        debugInfo: { state: 'known' },
      });
    });

    await site.client.patch(agents, 'sno', machine.id, { spec: { approved: true } });
    await site.condition(agentClusterInstalls, 'sno', 'sno', 'Completed', { reason: 'InstallationInProgress' });
    for (const stage of [
      'Starting installation',
      'Installing',
      'Waiting for bootkube',
      'Writing image to disk',
      'Rebooting',
    ]) {
      await site.eventually(() => site.progress(machine, stage));
    }
    machine.isOff = true;
    for (const stage of ['Joined', 'Done']) await site.progress(machine, stage);
    const early = await site.eventually(() => site.get(secrets, 'sno', 'sno-admin-kubeconfig'));
    await site.finish(clusterId);
    await site.condition(agentClusterInstalls, 'sno', 'sno', 'Completed', { status: 'True' });
    await site.eventually(async () => {
      const { status, spec } = await site.get<ClusterInstall>(agentClusterInstalls, 'sno', 'sno');
      expect(status!.debugInfo.state).toBe('adding-hosts');
      expect(spec.clusterMetadata).toMatchObject({
        infraID: clusterId,
        adminKubeconfigSecretRef: { name: 'sno-admin-kubeconfig' },
        adminPasswordSecretRef: { name: 'sno-admin-password' },
      });
    });
    expect(completed).toEqual(['InstallationNotStarted', 'InstallationInProgress', 'InstallationCompleted']);
    expect(requirements).toEqual([
      'ClusterNotReady',
      'UnapprovedAgents',
      'ClusterAlreadyInstalling',
      'ClusterInstallationStopped',
      'ClusterAlreadyInstalling',
    ]);
    expect(ready.at(-1)).toBe('AgentInstallationStopped');
    const late = await site.get(secrets, 'sno', 'sno-admin-kubeconfig');
    expect(late.data).not.toEqual(early.data);
    expect(late.metadata.labels).toMatchObject({ 'hive.openshift.io/secret-type': 'kubeconfig' });
    // Nothing is written in a circle: about 140 requests, with what a slow machine adds.
    expect(site.calls.filter(({ verb }) => verb !== 'list' && verb !== 'watch').length).toBeLessThan(300);

    await site.client.delete(clusterDeployments, 'sno', 'sno');
    await site.gone(clusterDeployments, 'sno', 'sno');
    await site.gone(agentClusterInstalls, 'sno', 'sno');
    await site.gone(agents, 'sno', machine.id);
    expect([...site.service.api.listClusters({ with_hosts: true })]).toEqual([]);
    await site.client.delete(infraEnvs, 'sno', 'sno');
    await site.gone(infraEnvs, 'sno', 'sno');
    expect([...site.service.api.listInfraEnvs({})]).toEqual([]);
  });
});

describe('a cluster whose Agent asks for what cannot be', () => {
  it('is looked at again when the Agent is synced no more', { timeout: 60_000 }, async () => {
    site = await HubSite.start();
    await site.apply(namespaceOf('sno'), pullSecretOf('sno'), imageSetOf('release'));
    await site.apply(deploymentOf('sno'), installOf('sno', { holdInstallation: true }), infraEnvOf('sno'));
    const machine = await site.boot(await site.infraEnvId('sno'));
    await site.approve('sno', machine);
    await site.condition(agentClusterInstalls, 'sno', 'sno', 'RequirementsMet', { reason: 'ClusterIsReady' });
    // An Agent without the label of its cluster, which comes with its first inventory, is not counted; one that is not synced gets none.
    await site.eventually(async () => {
      const { metadata } = await site.get(agents, 'sno', machine.id);
      expect(metadata.labels).toHaveProperty([CLUSTER_NAMESPACE_LABEL], 'sno');
    });
    // Refused by the service, so that nothing happens to the host.
    await site.client.patch(agents, 'sno', machine.id, { spec: { hostname: 'Not A Name' } });
    await site.condition(agents, 'sno', machine.id, 'SpecSynced', { status: 'False', reason: 'InputError' });
    await site.condition(agentClusterInstalls, 'sno', 'sno', 'RequirementsMet', { reason: 'UnsyncedAgents' });
    await site.client.patch(agents, 'sno', machine.id, { spec: { hostname: 'a-name' } });
    await site.condition(agentClusterInstalls, 'sno', 'sno', 'RequirementsMet', { reason: 'ClusterIsReady' });
  });
});
