import { describe, expect, it } from 'vitest';
import type { Condition } from '../../model/kube/kube-object.ts';
import { HOST_STATUSES } from '../../model/protocol/states.ts';
import {
  agentSpecSynced,
  setAgentConditions,
  setAgentConditionsUnknown,
} from '../../service-mock/kube/agent/conditions.ts';
import { agentState, clusterInstallState } from './hub-states.ts';

type Given = Parameters<typeof setAgentConditions>;

/** As the controller writes them for a host in this state. */
function agent(status: string, { approved = true, validated = true } = {}): string {
  const written: { conditions: Condition[] } = { conditions: [] };
  const host = { status, statusInfo: '', validations: validated ? [{ status: 'success' }] : [] };
  agentSpecSynced(written as unknown as Given[1], undefined, false, 0);
  setAgentConditions(
    { spec: { approved } } as Given[0],
    written as unknown as Given[1],
    host as unknown as Given[2],
    0,
  );
  return agentState(written.conditions);
}

const install = (...conditions: [type: string, status: Condition['status'], reason?: string][]) =>
  clusterInstallState(conditions.map(([type, status, reason = '']) => ({ type, status, reason })));

describe('the state of an Agent', () => {
  it.each([
    ['discovering', 'not-ready'],
    ['insufficient', 'validations-failing'],
    ['pending-for-input', 'pending-for-input'],
    ['known', 'ready'],
    ['known-unbound', 'ready-unbound'],
    ['binding', 'binding'],
    ['unbinding', 'unbinding'],
    ['disconnected', 'disconnected'],
    ['preparing-for-installation', 'installing'],
    ['installing-in-progress', 'installing'],
    ['installed', 'installed'],
    ['added-to-existing-cluster', 'installed'],
    ['error', 'failed'],
  ])('of a host that is %s is %s', (status, state) => {
    expect(agent(status)).toBe(state);
  });

  it('is one before its controller has looked, and while something is missing', () => {
    expect(agentState(undefined)).toBe('created');
    expect(agentState([])).toBe('created');
    expect(agent('known', { approved: false })).toBe('not-approved');
    expect(agent('discovering', { validated: false })).toBe('validating');
    const unknown: { debugInfo: object; conditions: Condition[] } = { debugInfo: {}, conditions: [] };
    setAgentConditionsUnknown(unknown as unknown as Given[1], 0);
    expect(agentState(unknown.conditions)).toBe('unavailable');
    expect(agentState([{ type: 'SpecSynced', status: 'False', reason: 'InputError' }])).toBe('spec-not-synced');
  });

  it('is known for every state of a host', () => {
    for (const status of HOST_STATUSES) expect(agent(status)).toMatch(/^[a-z-]+$/);
  });
});

describe('the state of an AgentClusterInstall', () => {
  it('follows its conditions', () => {
    expect(install()).toBe('created');
    expect(install(['SpecSynced', 'False', 'BackendError'], ['Completed', 'True'])).toBe('spec-not-synced');
    expect(install(['Completed', 'Unknown', 'NotAvailable'])).toBe('unavailable');
    const idle = ['Completed', 'False', 'InstallationNotStarted'] as const;
    expect(install([...idle], ['Validated', 'Unknown', 'ValidationsUnknown'])).toBe('validating');
    expect(install([...idle], ['Validated', 'False', 'ValidationsFailing'])).toBe('validations-failing');
    const valid = ['Validated', 'True', 'ValidationsPassing'] as const;
    expect(install([...idle], [...valid], ['RequirementsMet', 'False', 'InsufficientAgents'])).toBe(
      'insufficient-agents',
    );
    expect(install([...idle], [...valid], ['RequirementsMet', 'False', 'UnapprovedAgents'])).toBe('unapproved-agents');
    expect(install([...idle], [...valid], ['RequirementsMet', 'True', 'ClusterIsReady'])).toBe('requirements-met');
    const held = ['Completed', 'False', 'InstallationOnHold'] as const;
    expect(install([...held], [...valid], ['RequirementsMet', 'True', 'ClusterIsReady'])).toBe('on-hold');
    expect(install(['Completed', 'False', 'InstallationInProgress'], ['RequirementsMet', 'True'])).toBe('installing');
    expect(install(['Completed', 'True', 'InstallationCompleted'], ['Stopped', 'True'])).toBe('completed');
    expect(install(['Completed', 'False', 'InstallationFailed'], ['Failed', 'True', 'InstallationFailed'])).toBe(
      'failed',
    );
    expect(install(['Stopped', 'True', 'InstallationCancelled'])).toBe('cancelled');
  });
});
