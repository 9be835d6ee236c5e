/** A world on a clock that stands still, with what tests do to it. */

import type { Clock } from '../../../../model/time/clock.ts';
import { ManualClock } from '../../../../model/time/testing/manual-clock.ts';
import type { KubeObject } from '../../../api/object.ts';
import { at, items, text } from '../../../builtins/fields.ts';
import {
  type DevWorkspaceWorld,
  type DevWorkspaceWorldOptions,
  startDevWorkspaceWorld,
} from '../devworkspace-world.ts';
import { CONFIG_NAME } from '../settings.ts';
import { ANNOTATIONS, LABELS, RESOURCES } from '../world-objects.ts';

export const OPERATOR_NAMESPACE = 'openshift-operators';
export const REGISTRY_PATH = 'registry.example/acme';

/** One backup Job as a watch has seen it. */
export interface SeenJob {
  readonly name: string;
  readonly workspace: string;
  readonly createdMs: number;
  outcome: '' | 'Complete' | 'Failed';
  deletedMs: number | null;
  pods: number;
}

export interface WorkspaceOptions {
  namespace?: string;
  storage?: string;
  env?: Record<string, string>;
  attributes?: Record<string, unknown>;
  started?: boolean;
  annotations?: Record<string, string>;
  components?: unknown[];
}

export class WorldBench {
  readonly world: DevWorkspaceWorld;
  readonly clock: Clock;
  /** By uid. */
  readonly jobs = new Map<string, SeenJob>();

  constructor(world: DevWorkspaceWorld, clock: Clock) {
    this.world = world;
    this.clock = clock;
    world.cluster.store.observe(({ collection, type, record: { object } }) => {
      const { uid = '', labels = {}, name = '' } = object.metadata;
      if (collection === '/pods' && type === 'ADDED') {
        const job = this.jobs.get(object.metadata.ownerReferences?.[0]?.uid ?? '');
        if (job) job.pods += 1;
      }
      if (collection !== 'batch/jobs' || labels[LABELS.backupJob] !== 'true') return;
      const seen = this.jobs.get(uid);
      if (!seen) {
        const workspace = `${object.metadata.namespace}/${labels[LABELS.name]}`;
        this.jobs.set(uid, { name, workspace, createdMs: clock.now(), outcome: '', deletedMs: null, pods: 0 });
        return;
      }
      for (const condition of items(object, 'status', 'conditions')) {
        if (condition.type === 'Complete' || condition.type === 'Failed') seen.outcome = condition.type;
      }
      if (type === 'DELETED') seen.deletedMs = clock.now();
    });
  }

  static async start(
    options: DevWorkspaceWorldOptions = {},
    startMs = Date.UTC(2026, 0, 1, 0, 0, 10),
  ): Promise<WorldBench> {
    const clock = new ManualClock(startMs);
    const world = await startDevWorkspaceWorld({ clock, profile: 'quick', tls: false, ...options });
    const bench = new WorldBench(world, clock);
    bench.namespace('load');
    await bench.pass(1);
    return bench;
  }

  close(): Promise<void> {
    return this.world.close();
  }

  /** Lets so many seconds pass. */
  pass(seconds: number): Promise<void> {
    return this.clock instanceof ManualClock ? this.clock.advance(seconds * 1000) : this.clock.sleep(seconds * 1000);
  }

  namespace(name: string): void {
    this.world.cluster.create(RESOURCES.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }

  create(name: string, options: WorkspaceOptions = {}): KubeObject {
    const { namespace = 'load', storage = 'per-workspace', env = {}, attributes = {}, started = true } = options;
    return this.world.cluster.create(RESOURCES.workspaces, {
      apiVersion: 'workspace.devfile.io/v1alpha2',
      kind: 'DevWorkspace',
      metadata: {
        name,
        namespace,
        // As the webhook notes it.
        labels: { [LABELS.creator]: '' },
        ...(options.annotations && { annotations: options.annotations }),
      },
      spec: {
        started,
        routingClass: 'basic',
        template: {
          attributes: { 'controller.devfile.io/storage-type': storage, ...attributes },
          components: options.components ?? [
            { name: 'projects', volume: { size: '64Mi' } },
            {
              name: 'main',
              container: {
                image: 'registry.example/small-shell:1',
                mountSources: true,
                env: Object.entries(env).map(([key, value]) => ({ name: key, value })),
              },
            },
          ],
        },
      },
    });
  }

  createMany(count: number, options: WorkspaceOptions = {}): void {
    for (let index = 0; index < count; index++) this.create(`w${index}`, options);
  }

  workspace(name: string, namespace = 'load'): KubeObject | undefined {
    return this.world.cluster.get(RESOURCES.workspaces, namespace, name);
  }

  phase(name: string, namespace = 'load'): string {
    return text(this.workspace(name, namespace), 'status', 'phase');
  }

  /** How many workspaces are in each phase. */
  phases(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const workspace of this.world.cluster.list(RESOURCES.workspaces)) {
      const phase = text(workspace, 'status', 'phase');
      counts[phase] = (counts[phase] ?? 0) + 1;
    }
    return counts;
  }

  setStarted(name: string, started: boolean, namespace = 'load'): void {
    this.world.cluster.modify(RESOURCES.workspaces, namespace, name, (draft) => {
      (draft.spec as Record<string, unknown>).started = started;
    });
  }

  stopAll(): void {
    for (const { metadata } of this.world.cluster.list(RESOURCES.workspaces)) {
      this.setStarted(metadata.name ?? '', false, metadata.namespace);
    }
  }

  /** Creates workspaces, and stops them once they run. */
  async stoppedWorkspaces(count: number, options: WorkspaceOptions = {}): Promise<void> {
    this.createMany(count, options);
    await this.pass(10);
    this.stopAll();
    await this.pass(5);
  }

  /** Writes the settings object; null takes the backup's part away. */
  arm(backup: Record<string, unknown> | null): void {
    const { cluster } = this.world;
    const backupCronJob = backup && {
      enable: true,
      schedule: '*/1 * * * *',
      registry: { path: REGISTRY_PATH },
      ...backup,
    };
    const there = cluster.get(RESOURCES.configs, OPERATOR_NAMESPACE, CONFIG_NAME);
    const config = {
      ...(at(there, 'config') as object),
      workspace: { ...(at(there, 'config', 'workspace') as object), ...(backupCronJob && { backupCronJob }) },
    };
    if (there)
      cluster.modify(RESOURCES.configs, OPERATOR_NAMESPACE, CONFIG_NAME, (draft) => Object.assign(draft, { config }));
    else {
      cluster.create(RESOURCES.configs, {
        apiVersion: 'controller.devfile.io/v1alpha1',
        kind: 'DevWorkspaceOperatorConfig',
        metadata: { name: CONFIG_NAME, namespace: OPERATOR_NAMESPACE },
        config,
      });
    }
  }

  get lastBackupTime(): string {
    return text(this.world.cluster.get(RESOURCES.configs, OPERATOR_NAMESPACE, CONFIG_NAME), 'status', 'lastBackupTime');
  }

  secret(name: string, options: { namespace?: string; labelled?: boolean; password?: string } = {}): void {
    const { namespace = OPERATOR_NAMESPACE, labelled = true, password = 'right' } = options;
    const file = { auths: { 'registry.example': { username: 'robot', password } } };
    this.world.cluster.create(RESOURCES.secrets, {
      apiVersion: 'v1',
      kind: 'Secret',
      type: 'kubernetes.io/dockerconfigjson',
      metadata: { name, namespace, ...(labelled && { labels: { [LABELS.watchSecret]: 'true' } }) },
      data: { '.dockerconfigjson': Buffer.from(JSON.stringify(file)).toString('base64') },
    });
  }

  /** Backup Jobs that are there now. */
  get listedJobs(): KubeObject[] {
    return this.world.cluster.list(RESOURCES.jobs, { labelSelector: `${LABELS.backupJob}=true` });
  }

  /** Jobs that were ever seen, and how they ended. */
  get counts() {
    const all = [...this.jobs.values()];
    return {
      jobs: all.length,
      pods: all.reduce((sum, { pods }) => sum + pods, 0),
      succeeded: all.filter(({ outcome }) => outcome === 'Complete').length,
      failed: all.filter(({ outcome }) => outcome === 'Failed').length,
      workspaces: new Set(all.map(({ workspace }) => workspace)).size,
    };
  }

  jobsOf(name: string, namespace = 'load'): SeenJob[] {
    return [...this.jobs.values()].filter(({ workspace }) => workspace === `${namespace}/${name}`);
  }

  /** Annotations about the last backup. */
  backup(name: string, namespace = 'load') {
    const annotations = this.workspace(name, namespace)?.metadata.annotations ?? {};
    return {
      successful: annotations[ANNOTATIONS.backupSuccessful],
      finishedAt: annotations[ANNOTATIONS.backupFinishedAt],
      error: annotations[ANNOTATIONS.backupError],
    };
  }
}
