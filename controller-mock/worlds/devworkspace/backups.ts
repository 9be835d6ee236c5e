/**
 * The backup controller: devfile/devworkspace-operator, controllers/backupcronjob. It is no CronJob of Kubernetes: a clock within
 * the process starts passes over all workspaces, and nothing keeps a pass from beginning before the last one is through.
 *
 *   settings object ──reconcile──▶ armed (schedule, a copy of the settings) ──firing──▶ pass: list, then one workspace after the
 *   other: due? account, secret, claim, Job ─▶ status.lastBackupTime
 *   Job changed ──▶ annotations of its workspace
 */
import { type Lifecycle, stageTable } from '../../../model/lifecycle/lifecycle.ts';
import {
  type CronSchedule,
  CronScheduleError,
  nextFiring,
  parseCronSchedule,
} from '../../../model/time/cron-schedule.ts';
import type { Draws } from '../../../model/time/random.ts';
import { equalJson } from '../../api/json.ts';
import type { KubeObject } from '../../api/object.ts';
import { at, items, text } from '../../builtins/fields.ts';
import type { StoreChange } from '../../store/store.ts';
import { type BackupConfig, backupConfig } from './config.ts';
import { backupJob, runnerName } from './job-objects.ts';
import type { RegistrySecrets } from './registry-secrets.ts';
import { CONFIG_NAME, type WorldSettings } from './settings.ts';
import { claimOf, storageType } from './template.ts';
import { VERSION_PROFILES, type VersionProfile } from './versions.ts';
import { ANNOTATIONS, annotated, controllerOf, LABELS, RESOURCES, type WorldObjects } from './world-objects.ts';

export interface BackupsOptions {
  readonly settings: WorldSettings;
  readonly objects: WorldObjects;
  readonly lifecycle: Lifecycle;
  readonly secrets: RegistrySecrets;
  readonly draws: Draws;
  /** The operator did something. */
  onReconcile(): void;
}

/** The settings as the last reconcile read them, shared by all passes since; a pass that ends reads them again. */
interface Armed {
  config: BackupConfig;
  lastBackupTime: string | undefined;
  readonly schedule: CronSchedule;
}

interface Operator {
  readonly backups: Backups;
  /** It runs, and its webhooks answer. */
  up: boolean;
  /** The settings object was changed since it was read. */
  changed: boolean;
}

interface Cron {
  readonly backups: Backups;
  armed: Armed | null;
}

interface Pass {
  readonly backups: Backups;
  readonly armed: Armed;
  /** Those that were due when it began. */
  readonly due: readonly KubeObject[];
  next: number;
}

export interface Notice {
  readonly backups: Backups;
  readonly job: KubeObject;
}

const OPERATOR_STAGES = stageTable<Operator>([
  {
    name: 'reconcile settings',
    // To disarm, it waits for passes under way.
    when: ({ backups, up, changed }) => up && changed && backups.mayReconcile,
    delay: ({ backups }) => backups.options.settings.profile.reconcile,
    effect: (operator) => {
      operator.changed = false;
      operator.backups.reconcile();
    },
  },
]);

const CRON_STAGES = stageTable<Cron>([
  {
    name: 'firing',
    when: ({ backups, armed }) => armed !== null && backups.nextFiring(armed) !== null,
    delay: ({ backups, armed }) => {
      const now = backups.options.objects.nowMs();
      return { delayMs: Math.max(0, (backups.nextFiring(armed!) ?? now) - now), jitterMs: 0 };
    },
    effect: ({ backups, armed }) => backups.beginPass(armed!),
  },
]);

const PASS_STAGES = stageTable<Pass>([
  {
    name: 'workspace',
    group: 'pass',
    when: ({ due, next }) => next < due.length,
    delay: ({ backups }) => backups.options.settings.profile.loopCost,
    effect: (pass) => {
      pass.backups.backUp(pass.due[pass.next]!, pass.armed);
      pass.next += 1;
    },
  },
  {
    name: 'end',
    group: 'pass',
    when: ({ due, next }) => next >= due.length,
    effect: (pass, lifecycle) => {
      lifecycle.remove(pass);
      pass.backups.endPass(pass);
    },
  },
]);

const NOTICE_STAGES = stageTable<Notice>([
  {
    name: 'notice',
    when: () => true,
    delay: ({ backups }) => backups.options.settings.profile.notice,
    effect: (notice, lifecycle) => {
      lifecycle.remove(notice);
      notice.backups.record(notice);
    },
  },
]);

/** Longest text of an annotation about an error (backupcronjob_handler.go). */
const ERROR_LIMIT = 1024;

export class Backups {
  readonly options: BackupsOptions;
  /** Without the operator's webhooks no Job can be made, and no workspace changed. */
  webhooksUp = true;
  /** A quota leaves room for Jobs. */
  hasRoom = true;
  readonly #version: VersionProfile;
  readonly #operator: Operator;
  readonly #cron: Cron;
  readonly #passes = new Set<Pass>();
  readonly #notices = new Set<Notice>();
  #disarming = false;
  #count = 0;

  constructor(options: BackupsOptions) {
    this.options = options;
    this.#version = VERSION_PROFILES[options.settings.version];
    this.#operator = { backups: this, up: true, changed: true };
    this.#cron = { backups: this, armed: null };
    options.lifecycle.add(this.#operator, OPERATOR_STAGES, options.draws);
    options.lifecycle.add(this.#cron, CRON_STAGES, options.draws);
  }

  /** Passes that have begun. */
  get passes(): number {
    return this.#count;
  }

  /** The schedule that is armed; null when there is none. */
  get schedule(): string | null {
    return this.#cron.armed?.config.schedule ?? null;
  }

  get mayReconcile(): boolean {
    return !this.#disarming || this.#passes.size === 0;
  }

  /** Hears every change of the store. */
  follow({ collection, type, record, previous }: StoreChange): void {
    const { object } = record;
    if (collection === 'controller.devfile.io/devworkspaceoperatorconfigs') {
      const { settings, lifecycle } = this.options;
      const { name, namespace } = object.metadata;
      if (name !== CONFIG_NAME || namespace !== settings.operatorNamespace) return;
      const part = (each: KubeObject | undefined) => at(each, 'config', 'workspace', 'backupCronJob');
      if (type === 'MODIFIED' && equalJson(part(object), part(previous?.object))) return;
      lifecycle.change(this.#operator, (operator) => {
        operator.changed = true;
      });
    } else if (collection === 'batch/jobs' && type === 'MODIFIED' && this.#operator.up) this.#notice(object);
  }

  /** The operator's process ends: its clock stops, passes break off, and what happens meanwhile it never hears of. */
  goDown(): void {
    const { lifecycle } = this.options;
    for (const each of [...this.#passes, ...this.#notices]) lifecycle.remove(each);
    this.#passes.clear();
    this.#notices.clear();
    this.#disarming = false;
    lifecycle.restart(this.#cron, (cron) => {
      cron.armed = null;
    });
    lifecycle.restart(this.#operator, (operator) => {
      operator.up = false;
    });
  }

  comeUp(): void {
    this.options.lifecycle.change(this.#operator, (operator) => {
      operator.up = true;
      operator.changed = true;
    });
  }

  #settingsObject(): KubeObject | undefined {
    const { objects, settings } = this.options;
    return objects.get(RESOURCES.configs, settings.operatorNamespace, CONFIG_NAME);
  }

  /** Reconcile: arms the clock or stops it. */
  reconcile(): void {
    const { lifecycle, onReconcile } = this.options;
    onReconcile();
    const object = this.#settingsObject();
    const config = backupConfig(object);
    let armed: Armed | null = null;
    if (config?.enabled) {
      try {
        const lastBackupTime = text(object, 'status', 'lastBackupTime') || undefined;
        armed = { config, lastBackupTime, schedule: parseCronSchedule(config.schedule) };
      } catch (error) {
        // Logged, and no more: no entry, no status, no other try.
        if (!(error instanceof CronScheduleError)) throw error;
      }
    }
    this.#disarming = armed === null;
    lifecycle.restart(this.#cron, (cron) => {
      cron.armed = armed;
    });
  }

  nextFiring({ schedule }: Armed): number | null {
    return nextFiring(schedule, this.options.objects.nowMs(), this.options.settings.timeZone);
  }

  /** executeBackupSync */
  beginPass(armed: Armed): void {
    const { objects, lifecycle, draws, onReconcile } = this.options;
    this.#count += 1;
    onReconcile();
    const { lastBackupTime } = armed;
    const due = objects.list(RESOURCES.workspaces).filter((workspace) => this.#isDue(workspace, lastBackupTime));
    const pass: Pass = { backups: this, armed, due, next: 0 };
    this.#passes.add(pass);
    lifecycle.add(pass, PASS_STAGES, draws);
  }

  /** wasStoppedSinceLastBackup; times have one second's precision. */
  #isDue(workspace: KubeObject, lastBackupTime: string | undefined): boolean {
    if (text(workspace, 'status', 'phase') !== 'Stopped') return false;
    const annotations = this.#version.annotations ? (workspace.metadata.annotations ?? {}) : {};
    const noted = annotations[ANNOTATIONS.backupFinishedAt];
    const finished = noted === undefined ? Number.NaN : Date.parse(noted);
    const successful = Number.isNaN(finished) || annotations[ANNOTATIONS.backupSuccessful] === 'true';
    const last = Number.isNaN(finished) ? Date.parse(lastBackupTime ?? '') : finished;
    if (Number.isNaN(last) || !successful) return true;
    const stopped = items(workspace, 'status', 'conditions').findLast(
      ({ type, status }) => type === 'Started' && status === 'False',
    );
    return stopped !== undefined && Date.parse(text(stopped, 'lastTransitionTime')) > last;
  }

  /** Of one workspace: account, secret, claim, Job. An error ends it, and is logged alone. */
  backUp(workspace: KubeObject, { config }: Armed): void {
    const { objects, secrets, onReconcile } = this.options;
    onReconcile();
    const namespace = workspace.metadata.namespace ?? '';
    const id = text(workspace, 'status', 'devworkspaceId');
    this.#makeAccount(workspace, id);
    const choice = secrets.choose(workspace, config, 'backup');
    const type = storageType(workspace);
    if ('error' in choice || (type !== 'per-workspace' && type !== 'common')) return;
    // A workspace of its own claim is not asked whether it has one.
    const claim = type === 'per-workspace' ? `storage-${id}` : claimOf(workspace, id, config.claimName);
    if (claim === undefined || !objects.get(RESOURCES.claims, namespace, claim)) return;
    if (!this.webhooksUp || !this.hasRoom) return;
    const secret = choice.secret?.metadata.name;
    objects.create(RESOURCES.jobs, backupJob({ workspace, id, claim, secret, config, version: this.#version }));
  }

  /** rbac.go, ensureJobRunnerRBAC */
  #makeAccount(workspace: KubeObject, id: string): void {
    const { objects, settings } = this.options;
    const { namespace = '', name = '' } = workspace.metadata;
    const account = runnerName(id);
    const labels = { [LABELS.id]: id };
    const ownerReferences = [controllerOf(workspace)];
    if (!objects.get(RESOURCES.serviceAccounts, namespace, account)) {
      objects.create(RESOURCES.serviceAccounts, {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { namespace, name: account, labels, ownerReferences },
      });
    }
    if (settings.flavour !== 'openshift') return;
    const binding = `devworkspace-image-builder-${id}`;
    if (!objects.get(RESOURCES.roleBindings, namespace, binding)) {
      const group = 'rbac.authorization.k8s.io';
      objects.create(RESOURCES.roleBindings, {
        apiVersion: `${group}/v1`,
        kind: 'RoleBinding',
        metadata: { namespace, name: binding, labels, ...(this.#version.annotations && { ownerReferences }) },
        roleRef: { apiGroup: group, kind: 'ClusterRole', name: 'system:image-builder' },
        subjects: [{ kind: 'ServiceAccount', name: account, namespace }],
      });
    }
    if (!objects.get(RESOURCES.imageStreams, namespace, name)) {
      objects.create(RESOURCES.imageStreams, {
        apiVersion: 'image.openshift.io/v1',
        kind: 'ImageStream',
        metadata: { namespace, name, labels },
        spec: { lookupPolicy: { local: true } },
      });
    }
  }

  endPass(pass: Pass): void {
    const { objects, settings, lifecycle } = this.options;
    this.#passes.delete(pass);
    const now = objects.now();
    objects.amend(RESOURCES.configs, settings.operatorNamespace, CONFIG_NAME, (live) => ({
      status: { ...(live.status as object), lastBackupTime: now },
    }));
    // What the patch is answered with becomes the copy that passes share, the settings in it as well.
    const object = this.#settingsObject();
    pass.armed.lastBackupTime = now;
    pass.armed.config = backupConfig(object) ?? pass.armed.config;
    if (this.#passes.size === 0) lifecycle.look(this.#operator);
  }

  #notice(job: KubeObject): void {
    const { labels = {} } = job.metadata;
    if (!this.#version.annotations || labels[LABELS.backupJob] !== 'true' || !labels[LABELS.name]) return;
    if (!outcomeOf(job)) return;
    const notice: Notice = { backups: this, job };
    this.#notices.add(notice);
    this.options.lifecycle.add(notice, NOTICE_STAGES, this.options.draws);
  }

  /** backupcronjob_handler.go, handleBackupJobStatus: whatever changed about a Job that has ended, its outcome is written again. */
  record(notice: Notice): void {
    const { objects, onReconcile } = this.options;
    const { job } = notice;
    this.#notices.delete(notice);
    onReconcile();
    const outcome = outcomeOf(job);
    if (!outcome || !this.webhooksUp) return;
    const successful = outcome.type === 'Complete';
    const error = text(outcome, 'message');
    const changes = {
      [ANNOTATIONS.backupSuccessful]: String(successful),
      [ANNOTATIONS.backupFinishedAt]: text(outcome, 'lastTransitionTime'),
      [ANNOTATIONS.backupError]: successful
        ? undefined
        : error.length > ERROR_LIMIT
          ? `${error.slice(0, ERROR_LIMIT - 3)}...`
          : error,
    };
    const { namespace = '', labels = {} } = job.metadata;
    objects.amend(RESOURCES.workspaces, namespace, labels[LABELS.name] ?? '', (live) => {
      const metadata = annotated(live, changes);
      return equalJson(metadata.annotations, live.metadata.annotations ?? {}) ? {} : { metadata };
    });
  }
}

function outcomeOf(job: KubeObject): Record<string, unknown> | undefined {
  return items(job, 'status', 'conditions').find(
    ({ type, status }) => status === 'True' && (type === 'Complete' || type === 'Failed'),
  );
}
