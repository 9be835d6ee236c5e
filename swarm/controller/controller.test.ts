import { describe, expect, it } from 'vitest';
import type { SpokeFaultName } from '../../model/spoke/faults.ts';
import { MemorySpoke } from '../../model/spoke/memory-spoke.ts';
import { SPOKE_PROFILES, type SpokeProfile } from '../../model/spoke/profiles.ts';
import type { Host } from '../host/host.ts';
import { Simulation } from '../pool/testing/simulation.ts';
import { createServiceClient } from '../service/service-client.ts';
import { CLUSTER_ID, type ModelService, type Sent } from '../service/testing/model-service.ts';
import { NO_TELEMETRY } from '../telemetry/testing/no-telemetry.ts';
import { TransportError } from '../transport/transport.ts';
import { runController } from './controller.ts';
import type { ControllerOptions } from './controller-process.ts';

const MINUTE = 60_000;

/** A cluster of one whose node is ready, and a controller on it. */
class Bench {
  readonly simulation: Simulation;
  readonly service: ModelService;
  readonly spoke: MemorySpoke<Host>;
  exitCode: number | null = null;
  readonly stop = new AbortController();
  readonly start: number;

  private constructor(simulation: Simulation, spoke: MemorySpoke<Host>) {
    this.simulation = simulation;
    this.service = simulation.service;
    this.spoke = spoke;
    this.start = simulation.clock.now();
  }

  static async open(
    profile: SpokeProfile = SPOKE_PROFILES.quick,
    faults: readonly SpokeFaultName[] = [],
  ): Promise<Bench> {
    const simulation = new Simulation({ controlPlanes: 1 }, profile);
    const host = simulation.hosts[0]!;
    const spoke = new MemorySpoke({
      clock: simulation.clock,
      profile,
      topology: { controlPlanes: 1, arbiters: 0, workers: 0 },
      hosts: [host],
      faults,
      startController: () => {},
    });
    spoke.installerStarted(host, 'bootstrap');
    spoke.bootstrapStarted('4.19.7');
    spoke.hostRebooted(host);
    await simulation.clock.advance(10 * MINUTE);
    const bench = new Bench(simulation, spoke);
    bench.service.hosts.push({
      id: host.identity.id,
      name: host.identity.hostname,
      role: 'master',
      bootstrap: true,
      day2: false,
      status: 'installing-in-progress',
      stage: 'Rebooting',
    });
    return bench;
  }

  run(options: Partial<ControllerOptions> = {}): void {
    const { clock } = this.simulation;
    void runController({
      clock,
      client: createServiceClient({
        runtime: {
          clock,
          transport: this.service,
          telemetry: NO_TELEMETRY,
          wallOf: (ms) => ms,
        },
        kind: 'controller',
        baseUrl: 'http://127.0.0.1:1',
        token: 'token',
        machine: 0,
        random: () => 0.5,
      }),
      clusterId: CLUSTER_ID,
      spoke: this.spoke,
      profile: SPOKE_PROFILES.quick,
      checkClusterVersion: true,
      controlPlaneCount: 1,
      notifyReboots: null,
      signal: this.stop.signal,
      ...options,
    }).then((end) => {
      this.exitCode = end.exitCode;
    });
  }

  advance(ms: number): Promise<void> {
    return this.simulation.clock.advance(ms);
  }

  /** Seconds since the controller's start at which the matching requests came. */
  times(pattern: string | RegExp): number[] {
    return this.matching(pattern).map((sent) => (sent.at - 10 * MINUTE) / 1000);
  }

  matching(pattern: string | RegExp): Sent[] {
    return this.service.sent.filter((sent) => {
      const told = this.simulation.tell(sent);
      return typeof pattern === 'string' ? told === pattern : pattern.test(told);
    });
  }

  told(): string[] {
    return this.service.sent.map((sent) => this.simulation.tell(sent));
  }

  /** Ends the test: everything stops and nothing is left. */
  async close(): Promise<void> {
    this.stop.abort(new Error('end of test'));
    this.spoke.close();
    await this.advance(0);
    expect(this.simulation.clock.pending).toBe(0);
    expect(this.exitCode).not.toBeNull();
    expect(this.service.released).toBe(this.service.sessions);
  }
}

describe('the intervals of a controller', () => {
  it('fetches hosts twice every 30 s, the cluster every 30 s and every 60 s, and uploads its log every 5 minutes', async () => {
    const bench = await Bench.open();
    // A host that never leaves its stage keeps the loops running.
    bench.service.fault = (sent) => (sent.path.endsWith('/progress') ? { status: 400, body: {} } : undefined);
    bench.run();
    await bench.advance(11 * MINUTE - 1);
    // At the very start the label loop looks once, too.
    const passes = Array.from({ length: 22 }, (_, n) => n * 30);
    expect(bench.times('get-cluster hosts')).toEqual([0, 0, 0, ...passes.slice(1).flatMap((at) => [at, at])]);
    const main = Array.from({ length: 10 }, (_, n) => (n + 1) * 60);
    expect(bench.times('get-cluster').sort((a, b) => a - b)).toEqual([0, ...passes, ...main].sort((a, b) => a - b));
    expect(bench.times('upload-logs controller')).toEqual([300, 600]);
    // The refused report comes again in every pass; nothing else is tried for that node.
    expect(bench.times('host-progress m0 Joined')).toEqual(passes);
    expect(bench.matching('host-progress m0 Done')).toEqual([]);
    const ids = bench.matching('get-cluster').map((sent) => sent.headers.get('X-Request-Id'));
    const identified = ids.filter((id) => id !== undefined);
    expect(identified).toHaveLength(main.length);
    expect(new Set(identified).size).toBe(1);
    await bench.close();
  });

  it('shares one request id among the calls of a pass', async () => {
    const bench = await Bench.open();
    bench.run();
    await bench.advance(1);
    const id = bench.matching('host-progress m0 Joined')[0]?.headers.get('X-Request-Id');
    const pass = bench.service.sent.filter((sent) => sent.headers.get('X-Request-Id') === id);
    expect(pass.map((sent) => bench.simulation.tell(sent))).toEqual([
      'get-cluster hosts',
      'host-progress m0 Joined',
      'host-progress m0 Done',
      'get-cluster hosts',
    ]);
    await bench.close();
  });

  it('asks for operators once a minute and reports what changed', async () => {
    const bench = await Bench.open(SPOKE_PROFILES.typical);
    bench.run();
    await bench.advance(40 * MINUTE);
    const polls = bench.times('list-operators');
    const gaps = new Set(polls.slice(1).map((at, n) => at - polls[n]!));
    expect([...gaps].every((gap) => gap === 60 || gap === 0)).toBe(true);
    const reports = bench.matching(/^report-operator console/).map((sent) => sent.body);
    expect(new Set(reports).size).toBe(reports.length);
    expect(reports.at(-1)).toBe(
      '{"name":"console","status":"available","status_info":"All is well","version":"4.19.7"}\n',
    );
    expect(bench.exitCode).toBe(0);
    await bench.close();
  });
});

describe('the finalizing of a cluster', () => {
  it('sends the bodies of the real controller', async () => {
    const bench = await Bench.open();
    bench.run();
    await bench.advance(10 * MINUTE);
    expect(bench.exitCode).toBe(0);
    expect(bench.matching(/^cluster-progress/).map((sent) => sent.body)).toEqual([
      '{"finalizing_stage":"Waiting for cluster operators"}\n',
      '{"finalizing_stage":"Adding router ca"}\n',
      '{"finalizing_stage":"Waiting for olm operators csv initialization"}\n',
      '{"finalizing_stage":"Done"}\n',
    ]);
    expect(bench.matching('ingress-cert')[0]?.body).toMatch(
      /^"-----BEGIN CERTIFICATE-----\\n.*-----END CERTIFICATE-----\\n"\n$/,
    );
    expect(bench.matching('complete-installation true')[0]?.body).toBe('{"is_success":true}\n');
    const upload = bench.matching('upload-logs controller').at(-1)!;
    expect(upload.query).toBe('logs_type=controller');
    expect(upload.body).toMatch(
      /^--[0-9a-f]{60}\r\nContent-Disposition: form-data; name="upfile"; filename="controller_logs.tar.gz"\r\nContent-Type: application\/x-gzip\r\n\r\n/,
    );
    const [requested, completed] = bench.matching(/^cluster-logs-progress/);
    expect(requested?.headers.get('X-Request-Id')).toBe(completed?.headers.get('X-Request-Id'));
    await bench.close();
  });

  it('repeats a refused stage every 30 s, the certificate every 10 s and the completion every 60 s', async () => {
    const bench = await Bench.open();
    bench.service.holdInstalled = true;
    const refuse = new Map([
      ['cluster-progress Waiting for cluster operators', 2],
      ['ingress-cert', 3],
      ['complete-installation true', 2],
    ]);
    bench.service.fault = (sent) => {
      const told = bench.simulation.tell(sent);
      const left = refuse.get(told) ?? 0;
      refuse.set(told, left - 1);
      return left > 0 ? { status: 400, body: { code: '400' } } : undefined;
    };
    bench.run();
    await bench.advance(20 * MINUTE);
    const gaps = (pattern: string) => {
      const times = bench.times(pattern);
      return times.slice(1).map((at, n) => at - times[n]!);
    };
    expect(gaps('cluster-progress Waiting for cluster operators')).toEqual([30, 30]);
    expect(gaps('ingress-cert')).toEqual([10, 10, 10]);
    expect(gaps('complete-installation true')).toEqual([60, 60]);
    expect(bench.exitCode).toBeNull();
    await bench.close();
  });

  it('follows OLM operators through their stages', async () => {
    const bench = await Bench.open();
    bench.service.operators.push({ name: 'lvm', operator_type: 'olm', status: 'progressing', status_info: '' });
    bench.service.customManifests = [{ Name: 'lvm', Content: 'e30=' }];
    bench.run();
    await bench.advance(15 * MINUTE);
    expect(bench.matching(/^cluster-progress/).map((sent) => bench.simulation.tell(sent))).toEqual([
      'cluster-progress Waiting for cluster operators',
      'cluster-progress Adding router ca',
      'cluster-progress Waiting for olm operators csv initialization',
      'cluster-progress Applying olm manifests',
      'cluster-progress Waiting for olm operators csv',
      'cluster-progress Done',
    ]);
    const told = bench.told();
    const manifests = told.indexOf('cluster-files custom_manifests.json');
    expect(told[manifests + 1]).toBe('cluster-credentials kubeconfig-noingress');
    expect(told).toContain('report-operator lvm available');
    expect(bench.exitCode).toBe(0);
    await bench.close();
  });

  it.each(['unpack-job-failed', 'install-plan-failed'] as const)('gets operators of OLM past %s', async (fault) => {
    const bench = await Bench.open(SPOKE_PROFILES.quick, [fault]);
    bench.service.operators.push({ name: 'lvm', operator_type: 'olm', status: 'progressing', status_info: '' });
    await bench.advance(5 * MINUTE);
    expect(bench.spoke.csv('lvm')).toBeNull();
    bench.run();
    await bench.advance(15 * MINUTE);
    expect(bench.told()).toContain('report-operator lvm available');
    expect(bench.exitCode).toBe(0);
    await bench.close();
  });

  it("frees the address of the cluster's DNS, and waits for it at its end", async () => {
    const bench = await Bench.open(SPOKE_PROFILES.quick, ['dns-address-taken']);
    expect(bench.spoke.dnsAddress).toBe('taken');
    bench.run();
    await bench.advance(1);
    expect(bench.spoke.dnsAddress).toBe('free');
    await bench.advance(10 * MINUTE);
    expect([bench.spoke.dnsAddress, bench.exitCode]).toEqual(['served', 0]);
    await bench.close();
  });

  it('gives up OLM operators whose stage timed out and reports them as failed', async () => {
    const profile: SpokeProfile = {
      ...SPOKE_PROFILES.quick,
      csv: [{ after: { delayMs: 999_999_000, jitterMs: 0 }, phase: 'Pending', message: '' }],
    };
    const bench = await Bench.open(profile);
    bench.service.operators.push({ name: 'odf', operator_type: 'olm', status: 'progressing', status_info: '' });
    bench.run();
    await bench.advance(5 * MINUTE);
    expect(bench.told()).not.toContain('cluster-progress Applying olm manifests');
    bench.service.finalizingStageTimedOut = true;
    await bench.advance(30 * MINUTE);
    const failed = bench.matching('report-operator odf failed');
    expect(failed.map((sent) => sent.body)).toEqual([
      '{"name":"odf","status":"failed","status_info":"Waiting for operator timed out"}\n',
    ]);
    expect(bench.told()).toContain('complete-installation true');
    // A failed operator brings must-gather into the final upload: log, kubeconfig, summary.
    const end = bench.told().slice(-5);
    expect(end).toEqual([
      'cluster-logs-progress requested',
      'upload-logs controller',
      'cluster-credentials kubeconfig-noingress',
      'upload-logs controller',
      'cluster-logs-progress completed',
    ]);
    expect(bench.exitCode).toBe(0);
    await bench.close();
  });

  it('holds a failed CSV back for ten passes', async () => {
    const profile: SpokeProfile = {
      ...SPOKE_PROFILES.quick,
      csv: [{ after: { delayMs: 0, jitterMs: 0 }, phase: 'Failed', message: 'no' }],
    };
    const bench = await Bench.open(profile);
    bench.service.operators.push({ name: 'odf', operator_type: 'olm', status: 'progressing', status_info: '' });
    bench.run();
    await bench.advance(20 * MINUTE);
    const [stage] = bench.times('cluster-progress Waiting for olm operators csv');
    const [failed] = bench.times('report-operator odf failed');
    expect(failed! - stage!).toBe(300);
    await bench.close();
  });
});

describe('a controller that meets trouble', () => {
  it('leaves at once when the cluster is unknown, after the retries of its client', async () => {
    const bench = await Bench.open();
    bench.run();
    await bench.advance(30_000);
    bench.service.fault = () => ({ status: 404, body: { code: '404', reason: 'gone' } });
    await bench.advance(5 * MINUTE);
    expect(bench.exitCode).toBe(0);
    expect(bench.told().some((line) => line.startsWith('cluster-logs-progress'))).toBe(false);
    const main = bench.matching('get-cluster').filter((sent) => sent.headers.has('X-Request-Id'));
    expect(main).toHaveLength(11);
    const count = bench.service.sent.length;
    await bench.advance(10 * MINUTE);
    expect(bench.service.sent).toHaveLength(count);
    await bench.close();
  });

  it('does not recognise a 404 in plain text', async () => {
    const bench = await Bench.open();
    bench.run();
    await bench.advance(30_000);
    bench.service.fault = () => ({ status: 404, body: 'not found', contentType: 'text/plain' });
    await bench.advance(15 * MINUTE);
    expect(bench.exitCode).toBeNull();
    await bench.close();
  });

  it('leaves after the third 401 in a row', async () => {
    const bench = await Bench.open();
    bench.run();
    await bench.advance(30_000);
    bench.service.fault = () => ({ status: 401, body: { code: 401, message: 'who?' } });
    await bench.advance(150_000 - 1);
    expect(bench.exitCode).toBeNull();
    await bench.advance(1);
    expect(bench.exitCode).toBe(0);
    await bench.close();
  });

  it('goes on after 403 and 500', async () => {
    const bench = await Bench.open();
    bench.run();
    await bench.advance(30_000);
    for (const status of [403, 500]) {
      bench.service.fault = () => ({ status, body: { code: String(status) } });
      await bench.advance(20 * MINUTE);
      expect(bench.exitCode).toBeNull();
    }
    bench.service.fault = () => undefined;
    await bench.advance(20 * MINUTE);
    expect(bench.exitCode).toBe(0);
    await bench.close();
  });

  it.each([403, new TransportError('refused', 'refused')])('is never ready without the service (%s)', async (fault) => {
    const bench = await Bench.open();
    bench.service.fault = () => (typeof fault === 'number' ? { status: fault, body: {} } : fault);
    bench.run();
    await bench.advance(69 * MINUTE);
    expect(bench.exitCode).toBeNull();
    expect(bench.spoke.controllerReady()).toBe(false);
    await bench.advance(3 * MINUTE);
    expect(bench.exitCode).toBe(1);
    if (typeof fault === 'number') expect(bench.service.sent).toHaveLength(70 * 60 + 1);
    await bench.close();
  });

  it('reports failure once and gathers everything when the cluster failed while it waited', async () => {
    const profile: SpokeProfile = {
      ...SPOKE_PROFILES.quick,
      operators: {
        ...SPOKE_PROFILES.quick.operators,
        console: [{ after: { delayMs: 0, jitterMs: 0 }, status: 'progressing', message: 'no end' }],
      },
    };
    const bench = await Bench.open(profile);
    bench.run();
    await bench.advance(3 * MINUTE - 1_000);
    bench.service.status = 'error';
    await bench.advance(5 * MINUTE);
    expect(bench.exitCode).toBe(0);
    const [completion] = bench.matching('complete-installation false');
    const body = JSON.parse(completion!.body);
    expect(Object.keys(body)).toEqual(['data', 'error_info', 'is_success']);
    expect(body.error_info).toBe('Stopped waiting for cluster operators to be available: context canceled');
    expect(body.data.CLUSTER_OPERATORS_REPORT).toContainEqual({
      name: 'console',
      status: 'progressing',
      status_info: 'no end',
    });
    expect(bench.told()).not.toContain('cluster-progress Done');
    const end = bench.told().slice(bench.told().indexOf('cluster-logs-progress requested'));
    expect(end.filter((line) => line !== 'complete-installation false' && line !== 'get-cluster')).toEqual([
      'cluster-logs-progress requested',
      'upload-logs controller',
      'cluster-credentials kubeconfig-noingress',
      'upload-logs controller',
      'cluster-logs-progress completed',
    ]);
    await bench.close();
  });

  it('tries the summary every 30 s', async () => {
    const bench = await Bench.open();
    bench.run();
    await bench.advance(30_000);
    bench.service.status = 'cancelled';
    bench.service.fault = (sent) => (sent.path.endsWith('/logs') ? { status: 400, body: {} } : undefined);
    await bench.advance(2 * MINUTE - 30_000 + 1);
    expect(bench.times('upload-logs controller')).toEqual([60, 90, 120]);
    bench.service.fault = () => undefined;
    await bench.advance(30_000);
    expect(bench.exitCode).toBe(0);
    expect(bench.told().at(-1)).toBe('cluster-logs-progress completed');
    await bench.close();
  });
});

describe('the smaller loops', () => {
  it('labels nodes until all that want labels have them', async () => {
    const bench = await Bench.open();
    bench.service.hosts[0]!.nodeLabels = '{"zone":"a"}';
    bench.run();
    await bench.advance(1);
    expect(bench.spoke.labelNode(bench.spoke.nodes()[0]!, { zone: 'a' })).toBe(false);
    await bench.close();
  });

  it('tells how often nodes were rebooted, with one kubeconfig for all', async () => {
    const bench = await Bench.open();
    bench.run({ notifyReboots: { rebootsPerNode: 2 } });
    await bench.advance(MINUTE);
    expect(bench.matching('cluster-credentials kubeconfig-noingress')).toHaveLength(1);
    const [event] = bench.matching('trigger-event reboots_for_node');
    const host = bench.simulation.hosts[0]!;
    const { event_time: time, ...rest } = JSON.parse(event!.body);
    expect(Date.parse(time)).toBe(Math.floor(bench.start - 10 * MINUTE + event!.at));
    expect(rest).toEqual({
      category: 'user',
      cluster_id: CLUSTER_ID,
      host_id: host.identity.id,
      infra_env_id: '5f0e0000-0000-4000-8000-000000000001',
      message: `Node ${host.identity.hostname} has been rebooted 2 times before completing installation`,
      name: 'reboots_for_node',
      severity: 'info',
    });
    const id = bench.matching('host-progress m0 Done')[0]?.headers.get('X-Request-Id');
    expect(event?.headers.get('X-Request-Id')).toBe(id);
    await bench.close();
  });
});
