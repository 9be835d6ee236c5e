import { afterEach, expect, it } from 'vitest';
import { RESOURCES } from '../../../model/kube/resources.ts';
import type { Agent, AgentClassification, InfraEnv } from '../objects.ts';
import { HubSite, infraEnvOf, namespaceOf, pullSecretOf } from '../testing/hub-site.ts';

const { agentClassifications, agents, infraEnvs } = RESOURCES;
const LABEL = 'agentclassification.agent-install.openshift.io/';
let site: HubSite;
afterEach(() => site.close());

const classification = (name: string, query: string) => ({
  apiVersion: 'agent-install.openshift.io/v1beta1',
  kind: 'AgentClassification',
  metadata: { name, namespace: 'pool' },
  spec: { labelKey: name, labelValue: 'yes', query },
});

it('Agents are labelled by their inventory and counted, and labels go with their classification', {
  timeout: 90_000,
}, async () => {
  site = await HubSite.start();
  const infraEnv = infraEnvOf('pool');
  delete (infraEnv.spec as { clusterRef?: object }).clusterRef;
  await site.apply(namespaceOf('pool'), pullSecretOf('pool'), infraEnv);
  await site.apply(classification('medium', '.cpu.count == 8'), classification('broken', '.cpu | error("x")'));
  await site.condition(infraEnvs, 'pool', 'pool', 'ImageCreated', { status: 'True' });
  const { status } = await site.get<InfraEnv>(infraEnvs, 'pool', 'pool');
  const { id } = await site.boot(new URL(status!.debugInfo.eventsURL).searchParams.get('infra_env_id')!);
  const labels = async () => (await site.get<Agent>(agents, 'pool', id)).metadata.labels ?? {};

  await site.eventually(async () => {
    expect(await labels()).toMatchObject({ [`${LABEL}medium`]: 'yes', [`${LABEL}broken`]: 'QUERYERROR-yes' });
  });
  const counts = async (name: string) => {
    const { status, metadata } = await site.get<AgentClassification>(agentClassifications, 'pool', name);
    expect(metadata.finalizers).toEqual(['agentclassification.agent-install.openshift.io']);
    return status;
  };
  await site.eventually(async () => {
    expect(await counts('medium')).not.toHaveProperty('errorCount');
    expect(await counts('broken')).not.toHaveProperty('matchedCount');
    expect(await counts('medium')).toMatchObject({
      matchedCount: 1,
      conditions: [
        {
          type: 'QueryErrors',
          status: 'False',
          reason: 'NoQueryErrors',
          message: 'No Agents failed to apply the classification',
        },
      ],
    });
    expect(await counts('broken')).toMatchObject({
      errorCount: 1,
      conditions: [
        { status: 'True', reason: 'HasQueryErrors', message: '1 Agents failed to apply the classification' },
      ],
    });
  });
  for (const name of ['medium', 'broken']) {
    await site.client.delete(agentClassifications, 'pool', name);
    await site.gone(agentClassifications, 'pool', name);
  }
  // One that matches nothing may be gone before its error labels are, which nobody takes away then; as upstream.
  await site.eventually(async () => expect(await labels()).not.toHaveProperty([`${LABEL}medium`]));
});
