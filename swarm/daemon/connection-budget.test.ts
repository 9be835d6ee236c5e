import { describe, expect, it } from 'vitest';
import { connectionBudget, readConnectionLimits, transportOptions } from './connection-budget.ts';
import { fakePlan } from './testing/fakes.ts';

/** Hosts that boot over so many seconds, in clusters of one, at the pace of reality. */
const plan = (hosts: number, overrides = {}, spreadSeconds = 0) => ({
  ...fakePlan(
    Array.from({ length: hosts }, (_, i) => ({ justInfraEnv: true, arrivalMs: (i * spreadSeconds * 1000) / hosts })),
    { clockSpeed: 1 },
  ),
  ...overrides,
});

describe('budget of connections', () => {
  it('leaves the real idle time when there is room', () => {
    const budget = connectionBudget(plan(1000), { files: 20_000, ports: 28_232 });
    expect(budget).toMatchObject({ idleSeconds: 90, warning: null });
    // For half a minute three a host when all boot at once: registration and two polls, and a tenth for replies.
    expect(budget.needed).toBeCloseTo(3300, -1);
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

  it('shares what there is room for among the threads', () => {
    const { room, idleSeconds } = connectionBudget(plan(300), { files: 620, ports: 28_232 }, 2);
    const most = transportOptions(plan(300), { room, idleSeconds }, 2).mostConnections!;
    expect(most * 2).toBeLessThan(room);
    expect(most * 2).toBeGreaterThan(room * 0.9);
  });

  it('leaves an embedded service, which has the same limit, a quarter of its files', () => {
    const limits = { files: 20_000, ports: 100_000 };
    const service = { ...fakePlan([]).service, url: 'http://service.example.com' };
    const elsewhere = connectionBudget(plan(20_000, { service }, 300), limits);
    const embedded = connectionBudget(plan(20_000, {}, 300), limits);
    expect(elsewhere.room).toBeGreaterThan(18_000);
    expect(embedded.room).toBe(15_000);
    expect(embedded.idleSeconds).toBeLessThan(elsewhere.idleSeconds);
    // What the warning says is enough for both.
    const enough = Number(/ulimit -n\) to at least (\d+)/.exec(embedded.warning!)![1]);
    expect(connectionBudget(plan(20_000, {}, 300), { ...limits, files: enough }).warning).toBeNull();
  });

  it('leaves each reader a connection', () => {
    const limits = { files: 20_000, ports: 28_232 };
    const service = { ...fakePlan([]).service, url: 'http://service.example.com' };
    const { room } = connectionBudget(plan(1000, { service }), limits);
    const readers = [
      { load: 'events', amount: 30, everySeconds: 10 },
      { load: 'hub-list', amount: 12, everySeconds: 10 },
    ];
    expect(room - connectionBudget(plan(1000, { readers, service }), limits).room).toBe(42);
  });

  it('needs less when the hosts boot one after the other', () => {
    const limits = { files: 20_000, ports: 100_000 };
    const { needed } = connectionBudget(plan(1000, {}, 3600), limits);
    // One and a half a host in the end.
    expect(needed).toBeGreaterThan(1600);
    expect(needed).toBeLessThan(1800);
  });

  it('keeps hosts that boot within 90 s within 20,000 files', () => {
    // What so many hosts had open in the worst moment was 2.3 connections each.
    const budget = connectionBudget(plan(10_000, {}, 90), { files: 20_000, ports: 100_000 });
    expect(budget.needed).toBeGreaterThan(10_000 * 2.3);
    expect(budget.idleSeconds).toBeLessThan(90);
    expect(budget.idleSeconds).toBeGreaterThan(30);
  });

  it('counts only clusters that are there at the same time', () => {
    const arriving = fakePlan(
      Array.from({ length: 20_000 }, (_, i) => ({ arrivalMs: i * 6000 })),
      { clockSpeed: 1 },
    );
    // One each 6 s, gone from discovery after 23 minutes.
    const { needed, warning } = connectionBudget(arriving, { files: 4096, ports: 28_232 });
    expect(needed).toBeLessThan(1000);
    expect(warning).toBeNull();
  });

  it.each([256, 620, 4096])('lets what fits run with %s files, with connections that linger', (files) => {
    const budget = connectionBudget(plan(Math.floor(files / 4), {}, 60), { files, ports: 28_232 });
    expect(budget).toMatchObject({ refusal: null });
    expect(budget.idleSeconds).toBeGreaterThan(files === 256 ? 60 : 80);
  });

  it('refuses what cannot fit, and says what is needed', () => {
    const { refusal, idleSeconds } = connectionBudget(plan(1000), { files: 256, ports: 28_232 });
    expect(idleSeconds).toBe(0);
    expect(refusal).toMatch(
      /about \d+ connections open at once even when none may be idle, and this process may open 256 files/,
    );
    expect(refusal).toMatch(
      /raise the limit of open files \(ulimit -n\) to at least \d+, run fewer hosts at a time, or let them share/,
    );
    const needed = Number(/at least (\d+)/.exec(refusal!)![1]);
    expect(connectionBudget(plan(1000), { files: needed, ports: 28_232 }).refusal).toBeNull();
  });

  it('does not refuse compressed time for polls that cannot be under way together', () => {
    // Some 800 files were open in a run of this plan: an agent that waits for an answer sends no further poll.
    const budget = connectionBudget(plan(500, { clockSpeed: 1000 }, 60), { files: 1024, ports: 28_232 });
    expect(budget.refusal).toBeNull();
    expect(budget.needed).toBeLessThan(2000);
  });

  it('looks at a year of polls a second apart as at a day of them', () => {
    const boots = (days: number) => ({ ...plan(100, {}, days * 86_400), pollIntervalSeconds: 1 });
    const [day, year] = [1, 365].map((days) => connectionBudget(boots(days), { files: 60_000, ports: 60_000 }).needed);
    // Each host has a connection of each of the last 90 seconds.
    expect(day).toBeGreaterThan(100 * 90);
    expect(day).toBeLessThan(100 * 91 * 1.1 + 10);
    expect(Math.abs(year! - day!) / day!).toBeLessThan(0.01);
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

  it('needs little in the other modes and refuses where shortening cannot help', () => {
    const limits = { files: 1024, ports: 28_232 };
    const mode = (mode: string) => plan(5000, { connections: { mode, idleSeconds: 90, sourceAddresses: [] } });
    expect(connectionBudget(mode('shared'), limits).warning).toBeNull();
    expect(connectionBudget(mode('keep-alive'), limits).refusal).toContain('connections would fail');
  });

  it('reads the limits of this process', async () => {
    const limits = await readConnectionLimits();
    expect(limits.files).toBeGreaterThan(100);
    expect(limits.ports).toBeGreaterThan(1000);
  });
});
