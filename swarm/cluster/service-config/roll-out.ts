/** Waits until a changed configuration is what runs. */
import type { KubeClient } from '../../../model/kube/kube-client.ts';
import { isKubeError } from '../../../model/kube/kube-error.ts';
import { conditionOf, type KubeObject } from '../../../model/kube/kube-object.ts';
import { RESOURCES } from '../../../model/kube/resources.ts';
import type { Clock } from '../../../model/time/clock.ts';
import { AGENT_SERVICE_CONFIG, type HubReading, rollOutOf, SERVICE_NAME } from './hub-reading.ts';

export interface RollOutOptions {
  client: KubeClient;
  clock: Clock;
  /** As read before the change. */
  hub: HubReading;
  timeoutMs: number;
  /** Told whenever it gets further. */
  onProgress: (text: string) => void;
  signal?: AbortSignal;
}

/** Milliseconds between two looks. */
const PACE_MS = 1000;

/** Null when it has come to its end; else how far it was when the time was over. @throws KubeError that does not pass. */
export async function awaitRollOut(options: RollOutOptions): Promise<string | null> {
  const { client, clock, hub, timeoutMs, onProgress, signal } = options;
  const before = hub.deployment.metadata.generation ?? 0;
  const deadline = clock.now() + timeoutMs;
  let last = '';
  for (;;) {
    const progress = await look(client, hub.namespace, before, signal).catch((error: unknown) => {
      if (!isKubeError(error) || !error.passing) throw error;
      return { done: false, text: error.message };
    });
    if (progress.text !== last) onProgress(progress.text);
    last = progress.text;
    if (progress.done) return null;
    if (clock.now() >= deadline) return progress.text;
    await clock.sleep(PACE_MS, signal);
  }
}

async function look(
  client: KubeClient,
  namespace: string,
  before: number,
  signal: AbortSignal | undefined,
): Promise<{ done: boolean; text: string }> {
  const [deployment, config] = await Promise.all([
    client.get(RESOURCES.deployments, namespace, SERVICE_NAME, signal),
    client.get(RESOURCES.agentServiceConfigs, undefined, AGENT_SERVICE_CONFIG, signal),
  ]);
  if ((deployment.metadata.generation ?? 0) <= before) {
    return { done: false, text: refusalOf(config) ?? 'the operator has not taken it up yet' };
  }
  const { done, progress } = rollOutOf(deployment);
  return { done, text: `Deployment ${SERVICE_NAME}: ${progress}` };
}

function refusalOf(config: KubeObject): string | null {
  const condition = conditionOf(config, 'ReconcileCompleted');
  return condition?.status === 'False' ? `the operator cannot take it up: ${condition.message}` : null;
}
