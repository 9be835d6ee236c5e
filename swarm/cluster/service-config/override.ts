/**
 * Changes of a deployed service's environment, and the way back. The operator lays a ConfigMap over its own when an annotation of
 * the AgentServiceConfig names one (assisted-service, docs/operator.md and agentserviceconfig_controller.go). Ours is a copy of
 * the one that was named before, where there was one, with the new values over it; that one is never touched.
 *
 *    before                                  configured                                     restored
 *    annotation absent, or names theirs      annotation names ours = theirs + new values    annotation as before
 *                                            annotation with what was before                ours deleted
 *
 * The operator does not watch the ConfigMap, it looks when the AgentServiceConfig changes; what was before is written there with
 * each change, so that there always is one.
 */
import type { KubeClient } from '../../../model/kube/kube-client.ts';
import { isKubeError, unlessNotFound } from '../../../model/kube/kube-error.ts';
import type { KubeObject } from '../../../model/kube/kube-object.ts';
import { RESOURCES } from '../../../model/kube/resources.ts';
import {
  AGENT_SERVICE_CONFIG,
  type HubReading,
  HubStateError,
  OVERRIDE_ANNOTATION,
  type Setting,
} from './hub-reading.ts';

export const OUR_CONFIG_MAP = 'assisted-swarm-service-config';
export const STATE_ANNOTATION = 'assisted-swarm/service-config';
const OURS_LABEL = 'assisted-swarm/service-config';
const FIELD_MANAGER = 'assisted-swarm';

/** What has to be known to go back; stands in the annotation, on our ConfigMap and in a file. */
export interface OverrideState {
  version: 1;
  /** RFC 3339. */
  at: string;
  server: string;
  namespace: string;
  /** What the annotation named before; null where there was none. */
  before: string | null;
  /** What was set by us, all changes together. */
  written: Record<string, string>;
}

/** One variable that would change. */
export interface SettingChange {
  name: string;
  before: Setting | undefined;
  after: string;
}

/** Those of the wanted values that the service neither has nor will have with the next roll-out, by name. */
export function changesOf(hub: HubReading, wanted: Readonly<Record<string, string>>): SettingChange[] {
  return Object.entries(wanted)
    .map(([name, after]) => ({ name, before: comingSetting(hub, name), after }))
    .filter(({ before, after }) => before?.value !== after)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function comingSetting({ settings, override, overrideData }: HubReading, name: string): Setting | undefined {
  const value = overrideData[name];
  return value === undefined ? settings.get(name) : { value, from: `ConfigMap ${override}` };
}

/** Null when the hub says nothing of a change by this program. @throws HubStateError for an annotation that is not one of ours. */
export function stateOf(config: KubeObject | null): OverrideState | null {
  const text = config?.metadata.annotations?.[STATE_ANNOTATION];
  return text === undefined ? null : parseState(text, `annotation ${STATE_ANNOTATION} of the AgentServiceConfig`);
}

/** @throws HubStateError that begins with `what`. */
export function parseState(text: string, what: string): OverrideState {
  try {
    const state = JSON.parse(text) as OverrideState;
    const fits = state.version === 1 && typeof state.written === 'object' && state.written !== null;
    if (fits && (state.before === null || typeof state.before === 'string')) return state;
  } catch {
    // Said below.
  }
  throw new HubStateError(`the ${what} does not hold what this program writes there`);
}

/** What a change writes. Nothing is sent. @throws HubStateError when the hub is not in a state to begin from. */
export function planOverride(
  hub: HubReading,
  changes: readonly SettingChange[],
  at: string,
): { state: OverrideState; from: string | null } {
  if (!hub.agentServiceConfig) throw new Error('there is no AgentServiceConfig to change');
  const known = stateOf(hub.agentServiceConfig);
  if (hub.override !== null && hub.missingConfigMaps.includes(hub.override)) {
    throw new HubStateError(
      `the AgentServiceConfig names a ConfigMap ${hub.override} that does not exist in namespace ${hub.namespace}; make it, or remove the annotation ${OVERRIDE_ANNOTATION}`,
    );
  }
  // After somebody has pointed it elsewhere, that is what was before.
  const ours = known !== null && hub.override === OUR_CONFIG_MAP;
  return {
    state: {
      version: 1,
      at,
      server: hub.server,
      namespace: hub.namespace,
      before: ours ? known.before : hub.override,
      written: { ...(ours && known.written), ...Object.fromEntries(changes.map(({ name, after }) => [name, after])) },
    },
    from: hub.override,
  };
}

/**
 * Makes it so. Killed in the middle it leaves our ConfigMap, which {@link restoreOverride} finds.
 * @throws KubeError; HubStateError when somebody changed the AgentServiceConfig since it was read.
 */
export async function applyOverride(
  client: KubeClient,
  hub: HubReading,
  { state, from }: { state: OverrideState; from: string | null },
  signal?: AbortSignal,
): Promise<void> {
  const { namespace } = hub;
  await unchanged(client, hub, signal);
  const base = from === null ? undefined : await client.get(RESOURCES.configMaps, namespace, from, signal);
  const text = JSON.stringify(state);
  const map: KubeObject = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: OUR_CONFIG_MAP,
      namespace,
      labels: { [OURS_LABEL]: 'true' },
      annotations: { [STATE_ANNOTATION]: text },
    },
    data: { ...(base?.data as Record<string, string> | undefined), ...state.written },
  };
  const existing = await unlessNotFound(client.get(RESOURCES.configMaps, namespace, OUR_CONFIG_MAP, signal));
  if (existing && existing.metadata.labels?.[OURS_LABEL] === undefined) {
    throw new HubStateError(
      `namespace ${namespace} has a ConfigMap ${OUR_CONFIG_MAP} that is not of this program; rename or delete it`,
    );
  }
  const options = { fieldManager: FIELD_MANAGER };
  if (existing) {
    const { resourceVersion } = existing.metadata;
    const changed = {
      ...map,
      metadata: { ...map.metadata, ...(resourceVersion !== undefined && { resourceVersion }) },
    };
    await client.update(RESOURCES.configMaps, changed, options, signal);
  } else await client.create(RESOURCES.configMaps, map, options, signal);
  await annotate(client, hub, { [OVERRIDE_ANNOTATION]: OUR_CONFIG_MAP, [STATE_ANNOTATION]: text }, signal);
}

export interface RestoreOutcome {
  /** False when there was nothing of ours. */
  changed: boolean;
  /** What the annotation names now; null for none. */
  now: string | null;
  /** What somebody else changed meanwhile, in words. */
  meanwhile: string[];
}

/**
 * Brings back what was before, and removes everything that is ours. Where somebody has pointed the annotation elsewhere since, that
 * stays unless `force`.
 * @param fallback what was before, where the hub does not say
 * @throws KubeError, HubStateError
 */
export async function restoreOverride(
  client: KubeClient,
  hub: HubReading,
  { force = false, fallback = null }: { force?: boolean; fallback?: OverrideState | null } = {},
  signal?: AbortSignal,
): Promise<RestoreOutcome> {
  const config = hub.agentServiceConfig;
  if (!config) throw new Error('there is no AgentServiceConfig to restore');
  const map = await ownConfigMap(client, hub.namespace, signal);
  const text = map?.metadata.annotations?.[STATE_ANNOTATION];
  const state = stateOf(config) ?? (text === undefined ? fallback : parseState(text, `ConfigMap ${OUR_CONFIG_MAP}`));
  const meanwhile = state && map ? editsOf(map, state, await dataOf(client, hub.namespace, state.before, signal)) : [];
  const pointsAtOurs = hub.override === OUR_CONFIG_MAP;
  const hasState = config.metadata.annotations?.[STATE_ANNOTATION] !== undefined;
  let now = hub.override;
  if (pointsAtOurs || (force && state)) {
    if (!state) {
      throw new HubStateError(
        `the AgentServiceConfig names ConfigMap ${OUR_CONFIG_MAP}, and what was before is written nowhere on the hub; give the file that configure wrote with --state`,
      );
    }
    if (state.before !== null && !(await exists(client, hub.namespace, state.before, signal))) {
      throw new HubStateError(
        `the ConfigMap ${state.before} that was in force before does not exist in namespace ${hub.namespace} any more; make it again, or remove the annotation ${OVERRIDE_ANNOTATION} yourself`,
      );
    }
    now = state.before;
  } else if (state && hub.override !== state.before) {
    meanwhile.push(
      `the annotation names ${hub.override === null ? 'no ConfigMap' : `ConfigMap ${hub.override}`} now, which is not what this program set; it stays (--force brings back ${state.before === null ? 'none' : state.before})`,
    );
  }
  if (now !== hub.override || hasState) {
    await annotate(client, hub, { [OVERRIDE_ANNOTATION]: now, [STATE_ANNOTATION]: null }, signal);
  }
  if (map) {
    await client
      .delete(
        RESOURCES.configMaps,
        hub.namespace,
        OUR_CONFIG_MAP,
        { ...(map.metadata.uid && { uid: map.metadata.uid }) },
        signal,
      )
      .catch((error) => {
        if (!isKubeError(error) || !error.notFound) throw error;
      });
  }
  return { changed: now !== hub.override || hasState || map !== undefined, now, meanwhile };
}

async function ownConfigMap(
  client: KubeClient,
  namespace: string,
  signal: AbortSignal | undefined,
): Promise<KubeObject | undefined> {
  const map = await unlessNotFound(client.get(RESOURCES.configMaps, namespace, OUR_CONFIG_MAP, signal));
  return map?.metadata.labels?.[OURS_LABEL] === undefined ? undefined : map;
}

async function exists(client: KubeClient, namespace: string, name: string, signal?: AbortSignal): Promise<boolean> {
  return (await unlessNotFound(client.get(RESOURCES.configMaps, namespace, name, signal))) !== undefined;
}

async function dataOf(
  client: KubeClient,
  namespace: string,
  name: string | null,
  signal?: AbortSignal,
): Promise<Record<string, string>> {
  if (name === null) return {};
  const map = await unlessNotFound(client.get(RESOURCES.configMaps, namespace, name, signal));
  return (map?.data ?? {}) as Record<string, string>;
}

/** Keys of our ConfigMap that are neither what we wrote nor what was copied. */
function editsOf(map: KubeObject, { written, before }: OverrideState, theirs: Record<string, string>): string[] {
  const data = (map.data ?? {}) as Record<string, string>;
  const expected: Record<string, string> = { ...theirs, ...written };
  const names = [...new Set([...Object.keys(data), ...Object.keys(expected)])];
  const edited = names.filter((name) => data[name] !== expected[name]).sort();
  if (edited.length === 0) return [];
  const where = before === null ? `ConfigMap ${OUR_CONFIG_MAP}` : `ConfigMap ${OUR_CONFIG_MAP} or ${before}`;
  return [`somebody changed ${edited.join(', ')} in ${where} since; what is in ours is lost with it`];
}

/** Null removes an annotation. Fails when what was read of them has changed since; the operator may change the rest. */
async function annotate(
  client: KubeClient,
  hub: HubReading,
  annotations: Record<string, string | null>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { resourceVersion } = await unchanged(client, hub, signal);
  const patch = { metadata: { annotations, ...(resourceVersion !== undefined && { resourceVersion }) } };
  try {
    const options = { fieldManager: FIELD_MANAGER };
    await client.patch(RESOURCES.agentServiceConfigs, undefined, AGENT_SERVICE_CONFIG, patch, options, signal);
  } catch (error) {
    if (!isKubeError(error) || !error.conflict) throw error;
    throw new HubStateError(CHANGED_MEANWHILE);
  }
}

const CHANGED_MEANWHILE = 'somebody changed the AgentServiceConfig at the same time; look at it and try again';

/** The AgentServiceConfig as it is now. @throws HubStateError when its annotations are not those that were read. */
async function unchanged(
  client: KubeClient,
  { agentServiceConfig: read }: HubReading,
  signal: AbortSignal | undefined,
): Promise<KubeObject['metadata']> {
  const { metadata } = await client.get(RESOURCES.agentServiceConfigs, undefined, AGENT_SERVICE_CONFIG, signal);
  const same = [OVERRIDE_ANNOTATION, STATE_ANNOTATION].every(
    (name) => metadata.annotations?.[name] === read?.metadata.annotations?.[name],
  );
  if (!same || metadata.uid !== read?.metadata.uid) throw new HubStateError(CHANGED_MEANWHILE);
  return metadata;
}
