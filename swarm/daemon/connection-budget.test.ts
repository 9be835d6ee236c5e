import { describe, expect, it } from 'vitest';
import { connectionBudget, readConnectionLimits } from './connection-budget.ts';
import { fakePlan } from './testing/fakes.ts';

const plan = (hostCount: number, overrides = {}) => ({ ...fakePlan([]), hostCount, ...overrides });

describe('budget of connections', () => {
  it('leaves the real idle time when there is room', () => {
    const budget = connectionBudget(plan(1000), { files: 20_000, ports: 28_232 });
    expect(budget).toMatchObject({ idleSeconds: 90, warning: null });
    // 1.5 idle connections a host for polls, as many for registrations when all boot at once, and a fifth for replies.
    expect(budget.needed).toBeCloseTo(3640, -1);
  });

  it('shortens the idle time when files are scarce, so that what is open fits', () => {
    const limits = { files: 20_000, ports: 100_000 };
    const short = connectionBudget(plan(20_000), limits);
    expect(short.idleSeconds).toBeLessThan(90);
    expect(short.warning).toContain('may open 20000 files');
    expect(short.warning).toContain('ulimit -n');
    const again = connectionBudget(
      plan(20_000, { connections: { mode: 'per-poll', idleSeconds: short.idleSeconds, sourceAddresses: [] } }),
      limits,
    );
    expect(again.warning).toBeNull();
  });

  it('needs less when the hosts boot one after the other', () => {
    const spread = fakePlan([{ arrivalMs: 0 }, { arrivalMs: 3_600_000 }]);
    const limits = { files: 20_000, ports: 100_000 };
    const needed = connectionBudget({ ...spread, hostCount: 1000 }, limits).needed;
    expect(needed).toBeCloseTo(1820 + 30, -1);
  });

  it('counts ports by source address', () => {
    const limits = { files: 1_000_000, ports: 28_232 };
    expect(connectionBudget(plan(20_000), limits).warning).toContain('source addresses');
    const more = plan(20_000, {
      connections: { mode: 'per-poll', idleSeconds: 90, sourceAddresses: ['127.0.0.2', '127.0.0.3'] },
    });
    expect(connectionBudget(more, limits).warning).toBeNull();
  });

  it('never promises what it cannot hold: zero is the least', () => {
    expect(connectionBudget(plan(1_000_000), { files: 1024, ports: 28_232 }).idleSeconds).toBe(0);
  });

  it('needs little in the other modes and warns where shortening cannot help', () => {
    const limits = { files: 1024, ports: 28_232 };
    const mode = (mode: string) => plan(5000, { connections: { mode, idleSeconds: 90, sourceAddresses: [] } });
    expect(connectionBudget(mode('shared'), limits).warning).toBeNull();
    expect(connectionBudget(mode('keep-alive'), limits).warning).toContain('connections will fail');
  });

  it('reads the limits of this process', async () => {
    const limits = await readConnectionLimits();
    expect(limits.files).toBeGreaterThan(100);
    expect(limits.ports).toBeGreaterThan(1000);
  });
});
