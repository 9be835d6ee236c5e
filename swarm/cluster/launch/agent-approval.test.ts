import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type KubeMock, seedHub, startKubeMock } from '../../../controller-mock/index.ts';
import { type KubeCall, KubeClient } from '../../../model/kube/kube-client.ts';
import type { KubeObject } from '../../../model/kube/kube-object.ts';
import { loadKubeconfig } from '../../../model/kube/kubeconfig.ts';
import { RESOURCES } from '../../../model/kube/resources.ts';
import { ScaledClock, startClock } from '../../../model/time/clock.ts';
import { AgentApproval } from './agent-approval.ts';

const NAMESPACE = 'assisted-installer';
const NAME = '1b9325cc-5b31-1469-5c87-7f9804d02ecb';

describe('approval of Agents', () => {
  let mock: KubeMock;
  let client: KubeClient;
  let approval: AgentApproval;
  let cached: KubeObject;
  const calls: KubeCall[] = [];
  const told: unknown[] = [];

  beforeEach(async () => {
    mock = await startKubeMock({ world: seedHub });
    const clock = new ScaledClock(startClock(1));
    client = new KubeClient({
      kubeconfig: loadKubeconfig({ text: mock.kubeconfig }),
      clock,
      onCall: (call) => calls.push(call),
    });
    cached = await client.create(RESOURCES.agents, {
      apiVersion: 'agent-install.openshift.io/v1beta1',
      kind: 'Agent',
      metadata: { name: NAME, namespace: NAMESPACE },
      spec: { approved: false, role: '' },
    });
    calls.length = 0;
    told.length = 0;
    approval = new AgentApproval({
      client,
      clock,
      agent: () => cached,
      hostOf: () => ({ infraEnv: 'ns/env', roles: true, host: { role: 'master' } }) as never,
      onApproved: (...what) => told.push(what),
      onError: (message) => told.push(message),
    });
  });
  afterEach(async () => {
    await approval.stop();
    await client.close();
    await mock.close();
  });

  it('is asked for once, though the cache shows it later', async () => {
    approval.look(cached);
    await expect.poll(() => told).toEqual([['ns/env', NAME, 'master']]);
    // A change by somebody else, from before ours.
    approval.look(cached);
    await client.get(RESOURCES.agents, NAMESPACE, NAME);
    expect(calls.map(({ verb }) => verb)).toEqual(['patch', 'get']);
    expect((await client.get(RESOURCES.agents, NAMESPACE, NAME)).spec).toMatchObject({
      approved: true,
      role: 'master',
    });
  });

  it('of an Agent that was made anew is asked for again', async () => {
    approval.look(cached);
    await expect.poll(() => told.length).toBe(1);
    await client.delete(RESOURCES.agents, NAMESPACE, NAME);
    cached = await client.create(RESOURCES.agents, {
      ...cached,
      metadata: { name: NAME, namespace: NAMESPACE },
    });
    approval.look(cached);
    await expect.poll(() => told.length).toBe(2);
  });
});
