/** Verdicts of runs against services that are not well: real processes, real HTTP, real signals. */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { startClock } from '../../model/time/clock.ts';
import type { ServiceMockOptions } from '../../service-mock/index.ts';
import type { ReportMessage } from '../../service-mock/main.ts';
import { CLI_ENV, MAIN } from '../commands/testing/cli.ts';
import { expandPlan } from '../plan/expand.ts';
import { parsePlan } from '../plan/load.ts';
import type { RunSummary } from '../report/summary.ts';
import { realParts } from './parts.ts';
import { Run } from './run.ts';

const children = new Set<ChildProcess>();
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
});

/** Two clusters, the second in an hour: nothing but its verdict ends the run soon. */
const TWO_IN_AN_HOUR = {
  name: 'two',
  seed: 'two',
  arrival: { rate: '1/h' },
  boot_spread: '1s',
  clusters: [{ topology: 'compact', amount: 2 }],
};

/** `swarm run` of a plan in a process of its own. */
async function swarmRun(plan: object): Promise<{ code: number | null; stdout: string; summary: RunSummary }> {
  const folder = mkdtempSync(join(tmpdir(), 'swarm-verdict-'));
  writeFileSync(join(folder, 'plan.json'), JSON.stringify(plan));
  const child = spawn(process.execPath, [MAIN, 'run', 'plan.json', '--quiet'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: CLI_ENV,
  });
  children.add(child);
  let stdout = '';
  child.stdout.on('data', (data) => {
    stdout += data;
  });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  children.delete(child);
  const [run] = readdirSync(join(folder, 'runs'));
  return { code, stdout, summary: JSON.parse(readFileSync(join(folder, 'runs', run!, 'summary.json'), 'utf8')) };
}

async function serve(listener: RequestListener) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}

/** How much faster than reality services and runs go here that have hosts to discover. */
const SPEED = 20;

/** The simulated service in a process of its own. */
async function service(options: Partial<ServiceMockOptions> = {}) {
  const child = fork(join(import.meta.dirname, '../../service-mock/main.ts'));
  children.add(child);
  child.send({ type: 'start', options: { port: 0, clock: startClock(SPEED), ...options } });
  const report = await new Promise<ReportMessage>((resolve) => child.once('message', resolve));
  if (report.type === 'failed') throw new Error(report.message);
  return { url: report.url, child };
}

function runOf(plan: object, soakSeconds = 0, clockSpeed = SPEED): Run {
  return new Run({
    id: 'run',
    plan: { ...expandPlan(parsePlan(plan, 'plan')), clockSpeed },
    parts: realParts({ directory: mkdtempSync(join(tmpdir(), 'swarm-verdict-')), warn: () => {} }),
    workers: 1,
    soakSeconds,
  });
}

describe.concurrent('a run that fails for good ends soon, with exit code 1 and the cause', { timeout: 120_000 }, () => {
  it('on a port where nothing listens', async () => {
    const { url, close } = await serve(() => {});
    close();
    const { code, stdout, summary } = await swarmRun({ ...TWO_IN_AN_HOUR, service: { url } });
    expect(code).toBe(1);
    expect(summary.reasons).toEqual([
      expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+ has never answered: \d+ of \d+ attempts failed \(refused: /),
    ]);
    expect(stdout).toContain(summary.reasons[0]);
  });

  it('on a service that answers 401 to everything', async () => {
    const { url, close } = await serve((_, response) => {
      response.writeHead(401, { 'content-type': 'application/json' });
      response.end('{"code":401,"message":"unauthenticated"}');
    });
    const summary = await runOf({ ...TWO_IN_AN_HOUR, service: { url } }, 0, 1).execute();
    close();
    expect(summary.verdict).toBe('failed');
    expect(summary.reasons).toEqual([
      expect.stringMatching(/^the service has refused every request of the user with 401 /),
    ]);
  });

  it('on something that is no assisted-service', async () => {
    const { url, close } = await serve((_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end('<html>hello</html>');
    });
    const summary = await runOf({ ...TWO_IN_AN_HOUR, service: { url } }, 0, 1).execute();
    close();
    expect(summary.verdict).toBe('failed');
    expect(summary.reasons).toEqual([
      expect.stringMatching(/component-versions .*is the URL that of an assisted-service\?/),
    ]);
  });

  it('on a service that refuses its agents, and removes what was made', async () => {
    const { url, child } = await service({ agentToken: 'another' });
    const summary = await runOf({ ...TWO_IN_AN_HOUR, service: { url, agent_token: 'wrong' } }).execute();
    child.kill();
    expect(summary.verdict).toBe('failed');
    expect(summary.reasons).toEqual([
      expect.stringMatching(/^the service has refused every request of agents with 401 /),
    ]);
    expect(summary.failures).toEqual([
      {
        cluster: 0,
        name: expect.any(String),
        reason: expect.stringMatching(/^discovering: host \d \(.*\): registration was refused with 401$/),
      },
    ]);
    expect(summary.leftBehind).toEqual([]);
  });
});

describe.concurrent('thresholds', { timeout: 120_000 }, () => {
  const steady = {
    name: 'steady',
    seed: 'steady',
    poll_interval: '10s',
    boot_spread: '1s',
    clusters: [{ topology: 'compact', just_infraenv: true }],
  };

  it('find the requests that a frozen service left unanswered', async () => {
    const { url, child } = await service();
    // How busy this machine is with other things, and what else a freeze crosses, says nothing here.
    const others = {
      generator_saturation: 'off',
      request_duration: 'off',
      service_outage: 'off',
      service_monitor_period: 'off',
    };
    const plan = { ...steady, service: { url }, thresholds: { request_age: 'max<2000', ...others } };
    const run = runOf(plan, 36_000);
    const ended = run.execute();
    const until = async (done: (summary: RunSummary) => boolean) => {
      while (!done(run.summary())) await sleep(100);
    };
    await until((summary) => summary.clusters.complete === 1);
    child.kill('SIGSTOP');
    await until(({ unanswered }) => unanswered.some(({ client, seconds }) => client === 'agent' && seconds > 6));
    child.kill('SIGCONT');
    const answered = (summary: RunSummary) =>
      summary.requests.find(({ endpoint }) => endpoint === 'get-instructions')?.count ?? 0;
    const before = answered(run.summary());
    await until((summary) => answered(summary) > before + 6);
    run.stop();
    const summary = await ended;
    child.kill();
    expect(summary.verdict).toBe('failed');
    expect(summary.reasons).toEqual([
      expect.stringMatching(
        /^requests were unanswered for up to [\d.]+ s \(at [\d:]+ UTC, \d requests?\): limit below 2\.0 s$/,
      ),
    ]);
    expect(summary.thresholds.filter(({ ok }) => ok === false)).toEqual([
      {
        figure: 'request_age',
        labels: {},
        expression: 'max<2000',
        value: expect.any(Number),
        ok: false,
        default: false,
        crossedAfterSeconds: expect.any(Number),
        worst: null,
      },
    ]);
    expect(summary.outages).toContainEqual(expect.objectContaining({ failed: 0, waiting: expect.any(Number) }));
  });

  it('of the defaults are kept by a small run of which nothing is wrong', async () => {
    const { url, child } = await service();
    // How busy this machine is with other things says nothing here.
    const thresholds = { generator_saturation: 'off' };
    const summary = await runOf({ ...steady, service: { url }, thresholds }, 60).execute();
    child.kill();
    expect(summary.reasons).toEqual([]);
    expect(summary.verdict).toBe('passed');
    const evaluated = summary.thresholds.filter(({ ok }) => ok !== null);
    expect(evaluated.length).toBeGreaterThan(5);
    expect(summary.thresholds.every((one) => one.default && one.ok !== false)).toBe(true);
  });
});
