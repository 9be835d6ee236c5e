/** A backup load against a world of its own, over HTTP, in compressed time. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type DevWorkspaceWorld,
  type DevWorkspaceWorldOptions,
  startDevWorkspaceWorld,
} from '../../../controller-mock/index.ts';
import { loadKubeconfig } from '../../../model/kube/kubeconfig.ts';
import { SteadyClock } from '../../../model/time/steady-clock.ts';
import { Ledger } from '../../telemetry/ledger.ts';
import { ownIdentity } from '../../telemetry/process-identity.ts';
import type { BackupEvent } from '../backup-event.ts';
import type { BackupFigures } from '../backup-figures.ts';
import type { BackupOptions, BackupPart } from '../backup-options.ts';
import { type BackupResult, BackupRun } from '../backup-run.ts';
import { diagnose } from '../diagnosis.ts';
import type { Finding } from '../finding.ts';
import { builtInTemplate } from '../workspace-template.ts';

const SPEED = 60;
export const RUN = 'bench-1';

export const PART: BackupPart = {
  configType: 'correct',
  registryPath: 'quay.io/acme',
  registrySecret: null,
  schedule: '*/1 * * * *',
  backoffLimit: null,
  orasExtraArgs: null,
  waitMs: 15 * 60_000,
  order: 'stop-first',
};

export function optionsOf(
  workspaces: number,
  backup: Partial<BackupPart> | null,
  more: Partial<BackupOptions> = {},
): BackupOptions {
  return {
    workspaces,
    maxStarting: 50,
    separateNamespaces: false,
    readyTimeoutMs: 15 * 60_000,
    testDurationMs: 15 * 60_000,
    deleteAfterReady: false,
    workspaceSpec: builtInTemplate(2 ** 20, { backup: true, storageType: null }),
    automountPairs: 0,
    operatorNamespace: null,
    backup: backup && { ...PART, ...backup },
    ...more,
  };
}

export class BackupBench {
  readonly world: DevWorkspaceWorld;
  readonly folder = mkdtempSync(join(tmpdir(), 'swarm-backup-'));
  readonly events: BackupEvent[] = [];
  readonly collected: BackupFigures[] = [];
  readonly stop = new AbortController();
  /** What a diagnosis found before anything was put back. */
  findings: readonly Finding[] = [];

  constructor(world: DevWorkspaceWorld) {
    this.world = world;
  }

  static async start(options: DevWorkspaceWorldOptions = {}): Promise<BackupBench> {
    const world = await startDevWorkspaceWorld({
      clock: new SteadyClock(SPEED),
      profile: 'quick',
      tls: false,
      ...options,
    });
    return new BackupBench(world);
  }

  /** @throws what the preflight throws */
  async run(options: BackupOptions, onEvent: (event: BackupEvent) => void = () => {}): Promise<BackupResult> {
    const run = new BackupRun({
      run: RUN,
      options,
      credentials: null,
      replaceSecret: false,
      kubeconfig: loadKubeconfig({ text: this.world.kubeconfig }),
      clock: this.world.clock,
      onEvent: (event) => {
        this.events.push(event);
        onEvent(event);
      },
    });
    try {
      await run.prepare(this.stop.signal);
      const ledger = Ledger.create(this.folder, ledgerHeader(this.world.url), (error) => {
        throw error;
      });
      const onCollected = async (figures: BackupFigures) => {
        if (this.collected.push(figures) > 1) return;
        this.findings = await diagnose(figures, options, run.requests, this.stop.signal);
      };
      const result = await run.execute({ ledger, folder: this.folder, stop: this.stop.signal, onCollected });
      ledger.end();
      return result;
    } finally {
      await run.close();
    }
  }

  async close(): Promise<void> {
    await this.world.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function ledgerHeader(server: string) {
  return {
    ledger: 1 as const,
    run: RUN,
    plan: 'bench',
    seed: '',
    shard: { index: 0, count: 1 },
    service: 'hub',
    tls: {},
    hub: { server, kubeconfig: null, context: null, label: RUN },
    clusters: 0,
    hosts: 0,
    startedAt: new Date().toISOString(),
    process: ownIdentity(),
  };
}
