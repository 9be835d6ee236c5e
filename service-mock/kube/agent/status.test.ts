import { expect, it } from 'vitest';
import { KubeError } from '../../../model/kube/kube-error.ts';
import type { KubeContext } from '../context.ts';
import type { Agent } from '../objects.ts';
import { updateAgent } from './status.ts';

it('says which Agent could not be written, in front of why', async () => {
  const said = 'Operation cannot be fulfilled on agents.agent-install.openshift.io "a": the object has been modified';
  const client = { update: () => Promise.reject(new KubeError(said, { status: 409, reason: 'Conflict', said })) };
  const agent = { metadata: { namespace: 'fleet', name: 'a' } } as Agent;
  await expect(updateAgent({ client } as unknown as KubeContext, { original: agent, agent })).rejects.toThrow(
    new Error(`failed to update agent fleet/a: ${said}`),
  );
});
