import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ExpandedPlan } from '../plan/expanded-plan.ts';
import { redactPlan } from '../plan/redact.ts';
import type { RunEvent } from './run-event.ts';
import { RunStore } from './run-store.ts';

const plan: ExpandedPlan = {
  name: 'demo',
  seed: '1',
  service: {
    url: 'https://admin:hunter2@service.example.com/base',
    tls: {},
    agentToken: 'agent-token-secret',
    userAuthorization: 'Bearer user-secret',
  },
  hub: null,
  manifests: { values: null, templates: null },
  clockSpeed: 1,
  connections: { mode: 'per-poll', idleSeconds: 90, sourceAddresses: [] },
  pollIntervalSeconds: null,
  userPollSeconds: null,
  spokeProfile: 'typical',
  openshiftVersion: '4.18',
  releaseImage: null,
  pullSecret: '{"auths":{"registry.example.com":{"auth":"pull-secret"}}}',
  sshPublicKey: 'ssh-ed25519 AAAA',
  boot: null,
  programs: null,
  limits: { discovery: 1, ready: 1, install: 1, day2: 1 },
  collect: {
    intervalSeconds: 5,
    service: false,
    controllers: null,
    imageService: null,
    hub: false,
    database: null,
    prometheus: null,
  },
  thresholds: [],
  phases: { idleSeconds: 0, soakSeconds: 0, removePerHour: null },
  steps: [],
  readers: [],
  churnPerHour: null,
  keep: false,
  clusters: [],
  hostCount: 0,
  shard: { index: 0, count: 1 },
  whole: { clusters: 0, hosts: 0, shapes: [], lastArrivalMs: 0, digest: 'test' },
};

const hostPhase = (host: number, phase: 'booting' | 'polling' | 'done', time = 0): RunEvent => ({
  type: 'host.phase',
  time,
  cluster: Math.floor(host / 10),
  host,
  id: `host-${host}`,
  phase,
});

describe('run store', () => {
  let root: string;
  const failures: Error[] = [];
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'swarm-runs-'));
    failures.length = 0;
  });
  afterEach(() => rm(root, { recursive: true }));

  const openStore = (run = 'run-1') =>
    RunStore.open({ root: join(root, 'runs'), run, plan, onFailure: (error) => failures.push(error) });

  it('writes no secret of the plan', async () => {
    const store = await openStore();
    await store.close();
    const text = await readFile(join(store.folder, 'plan.resolved.json'), 'utf8');
    for (const secret of ['agent-token-secret', 'user-secret', 'pull-secret', 'hunter2'])
      expect(text).not.toContain(secret);
    expect(JSON.parse(text)).toEqual(redactPlan(plan));
    expect(redactPlan(plan).service.url).toBe('https://(redacted)@service.example.com/base');
    expect(redactPlan({ ...plan, pullSecret: '' }).pullSecret).toBe('');
  });

  it('writes every event in order, and the summary at the end', async () => {
    const store = await openStore();
    const events = Array.from({ length: 12_345 }, (_, i) => hostPhase(i % 100, 'polling', i));
    for (const event of events) store.append(event);
    await store.close({ verdict: 'passed' });
    const lines = (await readFile(join(store.folder, 'events.ndjson'), 'utf8')).split('\n');
    expect(lines.pop()).toBe('');
    expect(lines.map((line) => JSON.parse(line))).toEqual(events);
    expect(JSON.parse(await readFile(join(store.folder, 'summary.json'), 'utf8'))).toEqual({ verdict: 'passed' });
    expect((await readdir(store.folder)).filter((name) => name.endsWith('.part'))).toEqual([]);
    expect(failures).toEqual([]);
  });

  it('has no summary when the run did not end in order', async () => {
    const store = await openStore();
    await store.close();
    await store.close({ too: 'late' });
    expect(await readdir(store.folder)).not.toContain('summary.json');
  });

  it('gives the history of a host and of a cluster, also of events just appended', async () => {
    const store = await openStore();
    const cluster: RunEvent = { type: 'cluster.phase', time: 1, cluster: 0, name: 'a', phase: 'creating' };
    store.append({ type: 'run.warning', time: 0, message: 'hello' });
    store.append(cluster);
    store.append(hostPhase(3, 'booting', 2));
    store.append(hostPhase(4, 'booting', 3));
    store.append(hostPhase(3, 'polling', 4));
    expect(store.hostHistory(3)).toEqual([hostPhase(3, 'booting', 2), hostPhase(3, 'polling', 4)]);
    expect(store.clusterHistory(0)).toEqual([cluster]);
    expect(store.hostHistory(99)).toEqual([]);
    await store.close();
    expect(store.hostHistory(3)).toEqual([]);
  });

  it('bounds a history to the last events', async () => {
    const store = await openStore();
    for (let i = 0; i < 1200; i++) store.append(hostPhase(1, 'polling', i));
    const history = store.hostHistory(1);
    expect(history).toHaveLength(500);
    expect(history.at(-1)?.time).toBe(1199);
    await store.close();
  });

  it('does not write into the folder of another run', async () => {
    const store = await openStore();
    await expect(openStore()).rejects.toThrow(/EEXIST/);
    await store.close();
  });

  it('says once when events cannot be written, and fails the close', async () => {
    const store = await openStore();
    // A row that SQLite refuses stands for a full disk.
    store.append({ type: 'host.phase', time: 0, cluster: 0, host: {} as number, id: 'x', phase: 'done' });
    store.append(hostPhase(1, 'done'));
    expect(() => store.hostHistory(1)).not.toThrow();
    store.append(hostPhase(2, 'done'));
    expect(failures).toHaveLength(1);
    expect(failures[0]?.message).toContain(store.folder);
    await expect(store.close({})).rejects.toThrow(/can no longer be written/);
  });
});
