/** A backup load against a world of its own, over HTTP, in compressed time. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeObject as WorldObject } from '../../../controller-mock/api/object.ts';
import {
  type DevWorkspaceWorld,
  type DevWorkspaceWorldOptions,
  startDevWorkspaceWorld,
} from '../../../controller-mock/index.ts';
import { CONFIG_NAME } from '../../../controller-mock/worlds/devworkspace/settings.ts';
import { ANNOTATIONS, LABELS, RESOURCES } from '../../../controller-mock/worlds/devworkspace/world-objects.ts';
import { loadKubeconfig } from '../../../model/kube/kubeconfig.ts';
import { RUN_LABEL } from '../../../model/kube/run-label.ts';
import type { Clock } from '../../../model/time/clock.ts';
import { SteadyClock } from '../../../model/time/steady-clock.ts';
import { Ledger, readLedger } from '../../telemetry/ledger.ts';
import { ownIdentity } from '../../telemetry/process-identity.ts';
import type { BackupEvent } from '../backup-event.ts';
import type { BackupFigures } from '../backup-figures.ts';
import type { BackupOptions, BackupPart } from '../backup-options.ts';
import { leftText, removeRun } from '../backup-removal.ts';
import { BackupRun } from '../backup-run.ts';
import type { BackupResult } from '../backup-run-options.ts';
import { ClusterRequests } from '../cluster-requests.ts';
import { diagnose } from '../diagnosis.ts';
import type { Finding } from '../finding.ts';
import type { Credentials } from '../registry-login.ts';
import { builtInTemplate } from '../workspace-template.ts';
import { type WorldFacts, WorldRecord } from './world-record.ts';

const SPEED = 60;
const OPERATOR_NAMESPACE = 'openshift-operators';
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
  restore: null,
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

/** In place of what a run has by itself. */
export interface BenchSettings {
  /** Of the run, where it is not that of the world. */
  clock?: Clock;
  patienceMs?: number;
  /** YAML. */
  kubeconfig?: string;
  /** Of the registry. */
  credentials?: Credentials;
}

export class BackupBench {
  readonly world: DevWorkspaceWorld;
  readonly settings: BenchSettings;
  readonly record: WorldRecord;
  readonly folder = mkdtempSync(join(tmpdir(), 'swarm-backup-'));
  readonly events: BackupEvent[] = [];
  readonly collected: BackupFigures[] = [];
  readonly stop = new AbortController();
  /** What a diagnosis found before anything was put back. */
  findings: readonly Finding[] = [];

  /** What had happened in the world when the run had measured all. */
  facts: WorldFacts | null = null;

  constructor(world: DevWorkspaceWorld, settings: BenchSettings = {}) {
    this.world = world;
    this.settings = settings;
    this.record = new WorldRecord(world);
  }

  static async start(options: DevWorkspaceWorldOptions = {}, settings: BenchSettings = {}): Promise<BackupBench> {
    const world = await startDevWorkspaceWorld({
      clock: new SteadyClock(SPEED),
      profile: 'quick',
      tls: false,
      ...options,
    });
    return new BackupBench(world, settings);
  }

  /** @throws what the preflight throws */
  async run(options: BackupOptions, onEvent: (event: BackupEvent) => void = () => {}): Promise<BackupResult> {
    const { clock = this.world.clock, kubeconfig = this.world.kubeconfig, patienceMs } = this.settings;
    const run = new BackupRun({
      run: RUN,
      options,
      credentials: this.settings.credentials ?? null,
      replaceSecret: false,
      kubeconfig: loadKubeconfig({ text: kubeconfig }),
      clock,
      ...(patienceMs !== undefined && { patienceMs }),
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
        this.facts = this.record.facts;
        this.findings = await diagnose(figures, options, run.requests, this.stop.signal);
      };
      const result = await run.execute({ ledger, folder: this.folder, stop: this.stop.signal, onCollected });
      ledger.end();
      return result;
    } finally {
      await run.close();
    }
  }

  /** Removes what the run has left, as `swarm clean` does. @returns what cannot be removed */
  async clean(): Promise<string[]> {
    const requests = new ClusterRequests({
      kubeconfig: loadKubeconfig({ text: this.world.kubeconfig }),
      clock: this.world.clock,
    });
    const contents = readLedger(this.folder);
    const ledger = Ledger.reopen(this.folder, contents, (error) => {
      throw error;
    });
    try {
      const left = await removeRun({
        requests,
        run: RUN,
        folder: this.folder,
        entries: ledger.open(),
        signal: this.stop.signal,
      });
      return left.map(leftText);
    } finally {
      ledger.end();
      await requests.close();
    }
  }

  /** Requests that have changed something, so far. */
  get writes(): number {
    let count = 0;
    for (const [key, times] of this.world.control.requests) {
      if (/^(create|update|patch|delete)/.test(key) && !key.endsWith('reviews')) count += times;
    }
    return count;
  }

  /** All requests but watches. */
  get requests(): number {
    let count = 0;
    for (const [key, times] of this.world.control.requests) if (!key.startsWith('watch ')) count += times;
    return count;
  }

  /** `Kind namespace/name` of everything with a label of runs, and all that is in namespaces of runs. */
  leftByRuns(): string[] {
    return this.#objects(
      ({ metadata: { labels, name, namespace } }) =>
        labels?.[RUN_LABEL] !== undefined ||
        /^(loadtest-devworkspaces(-restored)?|load-test-(restore-)?ns-\d+|load-test-restore-credentials)$/.test(
          namespace ?? name ?? '',
        ),
    ).map(({ kind, metadata: { namespace, name } }) => `${kind} ${namespace ? `${namespace}/` : ''}${name}`);
  }

  /** Of all that is in these namespaces, and of themselves. */
  uids(...namespaces: string[]): string[] {
    return this.#objects(({ metadata: { namespace, name } }) => namespaces.includes(namespace || name!)).map(
      ({ metadata }) => metadata.uid!,
    );
  }

  /** `namespace/name`, or names alone of namespaces. */
  names(kind: string): string[] {
    return this.#objects((object) => object.kind === kind).map(({ metadata: { namespace, name } }) =>
      namespace ? `${namespace}/${name}` : name!,
    );
  }

  config(): unknown {
    return this.#config?.config;
  }

  /** As an API server writes it, with its keys in their order; '' without the object. */
  configText(): string {
    const sorted = (value: unknown): unknown =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.fromEntries(
            Object.entries(value)
              .sort(([a], [b]) => (a < b ? -1 : 1))
              .map(([key, one]) => [key, sorted(one)]),
          )
        : value;
    return JSON.stringify(sorted(this.#config?.config)) ?? '';
  }

  configAnnotations(): Record<string, string> {
    return this.#config?.metadata.annotations ?? {};
  }

  changeConfig(change: (config: Record<string, unknown>) => void): void {
    this.world.cluster.modify(RESOURCES.configs, OPERATOR_NAMESPACE, CONFIG_NAME, (draft) => {
      change(draft.config as Record<string, unknown>);
    });
  }

  annotateConfig(annotations: Record<string, string>): void {
    this.world.cluster.modify(RESOURCES.configs, OPERATOR_NAMESPACE, CONFIG_NAME, (draft) => {
      draft.metadata.annotations = annotations;
    });
  }

  plantNamespace(name: string, labels: Record<string, string>): void {
    this.world.cluster.create(RESOURCES.namespaces, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, labels },
    });
  }

  plantWorkspace(namespace: string, name: string, labels: Record<string, string>): void {
    this.world.cluster.create(RESOURCES.workspaces, {
      apiVersion: 'workspace.devfile.io/v1alpha2',
      kind: 'DevWorkspace',
      metadata: { name, namespace, labels: { ...labels, [LABELS.creator]: '' } },
      spec: { ...builtInTemplate(1024, { backup: true, storageType: null }) },
    });
  }

  stopWorkspace(namespace: string, name: string): void {
    this.world.cluster.modify(RESOURCES.workspaces, namespace, name, (draft) => {
      (draft.spec as Record<string, unknown>).started = false;
    });
  }

  /** What the operator writes when a Job of a workspace has succeeded. */
  noteBackup(namespace: string, workspace: string): void {
    const finished = new Date(this.world.clock.now()).toISOString();
    this.world.cluster.modify(RESOURCES.workspaces, namespace, workspace, (draft) => {
      draft.metadata.annotations = {
        ...draft.metadata.annotations,
        [ANNOTATIONS.backupSuccessful]: 'true',
        [ANNOTATIONS.backupFinishedAt]: finished,
      };
    });
  }

  /** A Job that somebody has made by hand, with the labels of backups. */
  plantJob(namespace: string, workspace: string): void {
    this.world.cluster.create(RESOURCES.jobs, {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'by-hand', namespace, labels: { [LABELS.backupJob]: 'true', [LABELS.name]: workspace } },
      spec: { template: { spec: { containers: [{ name: 'main', image: 'busybox' }], restartPolicy: 'Never' } } },
    });
  }

  /** A secret with logins that the operator sees. @param auths by host */
  plantSecret(name: string, auths: Record<string, { username: string; password: string }>): void {
    const data = { '.dockerconfigjson': Buffer.from(JSON.stringify({ auths })).toString('base64') };
    this.world.cluster.create(RESOURCES.secrets, {
      apiVersion: 'v1',
      kind: 'Secret',
      type: 'kubernetes.io/dockerconfigjson',
      metadata: { name, namespace: OPERATOR_NAMESPACE, labels: { [LABELS.watchSecret]: 'true' } },
      data,
    });
  }

  /** All claims there are stay, whoever deletes them, until {@link releaseClaims}. */
  holdClaims(): void {
    this.#setFinalizers(['example.com/held']);
  }

  releaseClaims(): void {
    this.#setFinalizers([]);
  }

  #setFinalizers(finalizers: string[]): void {
    const { cluster } = this.world;
    for (const { metadata } of cluster.list(RESOURCES.claims)) {
      cluster.modify(RESOURCES.claims, metadata.namespace ?? '', metadata.name ?? '', (draft) => {
        draft.metadata.finalizers = finalizers;
      });
    }
  }

  /** An object that a finalizer of somebody's holds. */
  plantStuck(namespace: string): void {
    this.world.cluster.create(RESOURCES.configMaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'stuck', namespace, finalizers: ['example.com/held'] },
    });
  }

  get #config() {
    return this.world.cluster.get(RESOURCES.configs, OPERATOR_NAMESPACE, CONFIG_NAME);
  }

  #objects(is: (object: WorldObject) => boolean): WorldObject[] {
    const { cluster } = this.world;
    const kinds = Object.values(RESOURCES).filter(
      (one) => cluster.store.collection(`${one.group}/${one.resource}`).size > 0,
    );
    return kinds.flatMap((one) => cluster.list(one)).filter(is);
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
