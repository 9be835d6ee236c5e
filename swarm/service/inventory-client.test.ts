import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../model/time/testing/manual-clock.ts';
import { accepted, ContextCancelled, InventoryClient } from './inventory-client.ts';
import { type ServiceCall, type ServiceClient, ServiceError } from './service-client.ts';

function clientOf(answer: unknown, calls: ServiceCall[] = []): ServiceClient {
  return {
    call: async (call) => {
      calls.push(call);
      return Buffer.from('');
    },
    json: async <T>(call: ServiceCall) => {
      calls.push(call);
      return answer as T;
    },
    release: () => {},
  };
}

function open(answer: unknown, calls?: ServiceCall[], clock = new ManualClock(0)): InventoryClient {
  return new InventoryClient({
    client: clientOf(answer, calls),
    clock,
    clusterId: 'c',
    signal: new AbortController().signal,
  });
}

describe('InventoryClient', () => {
  it('takes any JSON for an answer and refuses what it cannot use with a ServiceError', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (answer) => {
        const service = open(answer);
        const tries = [
          service.getCluster(true),
          service.getHosts([]),
          service.listHosts('master'),
          service.listOperators(false),
        ];
        for (const result of await Promise.allSettled(tries)) {
          if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(ServiceError);
        }
      }),
    );
  });

  it('cannot map hosts when one has no inventory, but does not look at skipped ones', async () => {
    const answer = {
      status: 'installing',
      hosts: [{ id: 'a', status: 'disabled', progress: {}, inventory: '' }],
    };
    expect((await open(answer).getHosts(['disabled'])).size).toBe(0);
    await expect(open(answer).getHosts([])).rejects.toThrow('host a has no inventory');
  });

  it('reuses a list of operators for 20 s, without extending that by use', async () => {
    const calls: ServiceCall[] = [];
    const clock = new ManualClock(0);
    const service = open([], calls, clock);
    await service.listOperators(true);
    await clock.advance(19_999);
    await service.listOperators(true);
    expect(calls).toHaveLength(1);
    await clock.advance(1);
    await service.listOperators(true);
    expect(calls).toHaveLength(2);
    await service.listOperators(false);
    expect(calls).toHaveLength(3);
  });

  it('leaves empty fields out', async () => {
    const calls: ServiceCall[] = [];
    const service = open(null, calls);
    await service.reportStage('e', 'h', 'Joined', '');
    await service.reportOperator('console', 'progressing', '', '');
    await service.completeInstallation(true, '', null);
    expect(calls.map((call) => JSON.stringify(call.json))).toEqual([
      '{"current_stage":"Joined"}',
      '{"name":"console","status":"progressing"}',
      '{"is_success":true}',
    ]);
  });

  it('tells a context that ended from a process that was killed', async () => {
    const killed = new AbortController();
    const context = new AbortController();
    const service = new InventoryClient({
      client: clientOf(null),
      clock: new ManualClock(0),
      clusterId: 'c',
      signal: killed.signal,
    });
    context.abort(new ContextCancelled());
    expect(await accepted(service.reportFinalizingStage('Done', { signal: context.signal }))).toBe(false);
    expect(await accepted(service.reportFinalizingStage('Done'))).toBe(true);
    killed.abort(new Error('killed'));
    await expect(accepted(service.reportFinalizingStage('Done'))).rejects.toThrow('killed');
  });
});
