/**
 * The operator's settings object while a run uses it: kept as it was found before anything is changed, told what to back up and
 * where, and put back to exactly what was found. What others change meanwhile beside the part about backups stays theirs.
 */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { isKubeError, unlessNotFound } from '../../model/kube/kube-error.ts';
import type { KubeObject } from '../../model/kube/kube-object.ts';
import { mergePatch } from '../../model/kube/merge-patch.ts';
import { RUN_LABEL } from '../../model/kube/run-label.ts';
import type { BackupPart } from './backup-options.ts';
import { BACKUP_RESOURCES, OPERATOR_CONFIG } from './backup-resources.ts';
import { momentOf } from './backup-site.ts';
import type { ClusterRequests } from './cluster-requests.ts';

/** File of a run's folder that holds the settings object as it was found; readable by its owner alone, as it may name a proxy's user. */
export const SNAPSHOT_FILE = 'dwoc-before.json';
/** In the ledger: the object is changed, or was made. */
export const CONFIG_KIND = 'DevWorkspaceOperatorConfig';

type Fields = Record<string, unknown>;

/** As it was found; `object` is null where there was none. */
export interface ConfigSnapshot {
  readonly namespace: string;
  readonly object: KubeObject | null;
}

/** What the operator is to be told. */
export interface ConfigTarget extends Pick<BackupPart, 'schedule' | 'backoffLimit' | 'orasExtraArgs'> {
  /** As the operator gets it: for an incorrect configuration with its typo. */
  readonly registryPath: string;
  readonly registrySecret: string | null;
}

/** @throws KubeError */
export async function findConfig(
  requests: ClusterRequests,
  namespace: string,
  signal: AbortSignal,
  patienceMs?: number,
): Promise<KubeObject | null> {
  const { operatorConfigs } = BACKUP_RESOURCES;
  const found = requests.ask(
    (client) => client.get(operatorConfigs, namespace, OPERATOR_CONFIG, signal),
    signal,
    patienceMs,
  );
  return (await unlessNotFound(found)) ?? null;
}

/** Writes down what was found; before the first change. @throws Error when it cannot be written */
export function keepSnapshot(folder: string, snapshot: ConfigSnapshot): void {
  const path = join(folder, SNAPSHOT_FILE);
  writeFileSync(path, `${JSON.stringify(snapshot, null, 2)}\n`, { mode: 0o600 });
  chmodSync(path, 0o600);
}

/** @throws Error when the file is gone or damaged */
export function readSnapshot(folder: string): ConfigSnapshot {
  return JSON.parse(readFileSync(join(folder, SNAPSHOT_FILE), 'utf8')) as ConfigSnapshot;
}

/** Why a run cannot work with a settings object; null when it can. */
export function configProblem(object: KubeObject | null, run: string): string | null {
  if (object === null) return null;
  const other = configuredBy(object);
  if (other !== null && other !== run) {
    return `the operator is configured by run ${other}, which goes on or was killed; wait for its end, or put back what it has changed: swarm clean ${other} (where its folder is)`;
  }
  if (workspaceOf(object) !== undefined) return null;
  const { namespace, name } = object.metadata;
  return `${CONFIG_KIND} ${namespace}/${name} has no config.workspace, and an operator that sees a change of such an object ends with a nil pointer (devworkspace-operator, shouldReconcileOnUpdate); add it first: kubectl patch dwoc ${name} -n ${namespace} --type merge -p '{"config":{"workspace":{}}}' before the operator runs`;
}

/** The run that a settings object is configured by; null for none. */
export function configuredBy(object: KubeObject | null): string | null {
  return object?.metadata.annotations?.[RUN_LABEL] ?? null;
}

/** What came of it. */
export interface AppliedConfig {
  readonly uid: string;
  /** When, by the clock of the cluster, in whole seconds; null where it does not say. */
  readonly at: number | null;
}

/** Wall-clock milliseconds for which it is tried, of those for which a cluster that is away is waited for. */
const APPLY_SHARE = 5;

/** @throws KubeError, and for an answer that is not what was asked for Error */
export async function applyConfig(
  requests: ClusterRequests,
  { namespace, object }: ConfigSnapshot,
  target: ConfigTarget,
  run: string,
  signal: AbortSignal,
): Promise<AppliedConfig> {
  const { operatorConfigs } = BACKUP_RESOURCES;
  const annotations = { [RUN_LABEL]: run };
  const workspace = { backupCronJob: backupCronJob(target) };
  const applied = await requests.ask(
    async (client) => {
      if (object !== null) {
        const patch = { metadata: { annotations }, config: { workspace } };
        return client.patch(operatorConfigs, namespace, OPERATOR_CONFIG, patch);
      }
      const { group, version, kind } = operatorConfigs;
      const made = {
        apiVersion: `${group}/${version}`,
        kind,
        metadata: { name: OPERATOR_CONFIG, namespace, labels: { [RUN_LABEL]: run }, annotations },
        config: { workspace: withoutNulls(workspace) },
      };
      try {
        return await client.create(operatorConfigs, made);
      } catch (error) {
        // An earlier try of ours whose answer got lost.
        if (!isKubeError(error) || !error.alreadyExists) throw error;
        const live = await client.get(operatorConfigs, namespace, OPERATOR_CONFIG);
        if (configuredBy(live) !== run) throw error;
        return live;
      }
    },
    signal,
    requests.patienceMs * APPLY_SHARE,
  );
  const backup = (workspaceOf(applied)?.backupCronJob ?? {}) as Fields;
  if (backup.enable !== true || (backup.registry as Fields | undefined)?.path !== target.registryPath) {
    throw new Error(`${CONFIG_KIND} ${namespace}/${OPERATOR_CONFIG} did not take the configuration of backups`);
  }
  return { uid: applied.metadata.uid ?? '', at: changedAt(applied) };
}

/** Milliseconds between the clocks of cluster and machine that are told. */
const SKEW_MS = 60_000;

/**
 * What users are told of a cluster with another time; null where it is about the same. Times of Jobs and pods are the cluster's; how
 * long phases, starts and stops take is seen from here.
 * @param here epoch milliseconds of this machine's clock, @param there of the cluster's, of the same moment
 */
export function skewText(here: number, there: number): string | null {
  const skewMs = there - here;
  if (Math.abs(skewMs) < SKEW_MS) return null;
  const amount = `${Math.round(Math.abs(skewMs) / 1000)} seconds ${skewMs > 0 ? 'ahead of' : 'behind'}`;
  return `the clock of the cluster is ${amount} the clock of this machine; no figure mixes the two`;
}

/** When somebody has last changed an object, its status apart: apimachinery, pkg/apis/meta/v1/types.go, ManagedFieldsEntry. */
function changedAt({ metadata }: KubeObject): number | null {
  const { managedFields = [] } = metadata as { managedFields?: { time?: string; subresource?: string }[] };
  const times = managedFields.flatMap(({ time, subresource }) => {
    const at = subresource ? null : momentOf(time);
    return at === null ? [] : [at];
  });
  return times.length === 0 ? null : Math.max(...times);
}

/** Switches the schedule off, and leaves the registry, which restores need. @throws KubeError */
export async function silenceBackups(requests: ClusterRequests, namespace: string, signal: AbortSignal): Promise<void> {
  const patch = { config: { workspace: { backupCronJob: { enable: false } } } };
  await requests.ask(
    (client) => client.patch(BACKUP_RESOURCES.operatorConfigs, namespace, OPERATOR_CONFIG, patch),
    signal,
  );
}

/**
 * Puts the settings object back: its part about backups is what it was, and an object that was not there is removed.
 * @returns whether its config is exactly as it was found: false when others have changed other parts of it meanwhile
 * @throws KubeError
 */
export async function resetConfig(
  requests: ClusterRequests,
  { namespace, object: found }: ConfigSnapshot,
  run: string,
  signal: AbortSignal,
  patienceMs: number,
): Promise<boolean> {
  const { operatorConfigs } = BACKUP_RESOURCES;
  const attempt = async (): Promise<boolean> => {
    const live = await findConfig(requests, namespace, signal, patienceMs);
    if (found === null) {
      // What somebody else has made meanwhile stays.
      if (live === null || configuredBy(live) !== run) return true;
      const { uid = '' } = live.metadata;
      await unlessNotFound(
        requests.ask(
          (client) => client.delete(operatorConfigs, namespace, OPERATOR_CONFIG, { uid }, signal),
          signal,
          patienceMs,
        ),
      );
      return true;
    }
    if (live === null) {
      const { labels, annotations } = found.metadata;
      const metadata = {
        name: OPERATOR_CONFIG,
        namespace,
        ...(labels && { labels }),
        ...(annotations && { annotations }),
      };
      const again = { apiVersion: found.apiVersion, kind: found.kind, metadata, config: found.config };
      await requests.ask((client) => client.create(operatorConfigs, again, {}, signal), signal, patienceMs);
      return true;
    }
    const restored = restoredConfig(live.config as Fields | undefined, found.config as Fields | undefined);
    const patch = mergePatch({ config: live.config }, { config: restored });
    const metadata = { resourceVersion: live.metadata.resourceVersion, annotations: { [RUN_LABEL]: null } };
    if (Object.keys(patch).length > 0 || configuredBy(live) !== null) {
      await requests.ask(
        (client) => client.patch(operatorConfigs, namespace, OPERATOR_CONFIG, { ...patch, metadata }, {}, signal),
        signal,
        patienceMs,
      );
    }
    return isDeepStrictEqual(restored, found.config);
  };
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      // The operator writes its status all the time; what was read is then out of date.
      if (!isKubeError(error) || !(error.conflict || error.alreadyExists)) throw error;
    }
  }
}

/** The present config with what was found about backups; parts that are only there because of them go. */
export function restoredConfig(live: Fields | undefined, found: Fields | undefined): Fields | undefined {
  const before = (found?.workspace as Fields | undefined)?.backupCronJob;
  const { backupCronJob: _ours, ...workspace } = (live?.workspace ?? {}) as Fields;
  if (before !== undefined) workspace.backupCronJob = before;
  const { workspace: _live, ...config } = live ?? {};
  if (Object.keys(workspace).length > 0 || found?.workspace !== undefined) config.workspace = workspace;
  return Object.keys(config).length > 0 || found !== undefined ? config : undefined;
}

/** `null` takes away what is there from before; a limit that is there stays unless another is wanted. */
function backupCronJob({ registryPath, registrySecret, schedule, backoffLimit, orasExtraArgs }: ConfigTarget): Fields {
  return {
    enable: true,
    schedule,
    ...(backoffLimit !== null && { backoffLimit }),
    registry: { path: registryPath, authSecret: registrySecret },
    oras: orasExtraArgs === null ? null : { extraArgs: orasExtraArgs },
  };
}

function withoutNulls(value: Fields): Fields {
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, one]) => one !== null)
      .map(([key, one]) => [key, typeof one === 'object' ? withoutNulls(one as Fields) : one]),
  );
}

function workspaceOf(object: KubeObject): Fields | undefined {
  return (object.config as Fields | null | undefined)?.workspace as Fields | undefined;
}
