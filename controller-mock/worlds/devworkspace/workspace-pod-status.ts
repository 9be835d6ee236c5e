/** Status of a workspace's pod as its kubelet reports it. */

import type { KubeObject } from '../../api/object.ts';
import { at, items, text } from '../../builtins/fields.ts';
import type { WorkspacePod } from './workspace-stages.ts';

export const NODES = ['worker-0', 'worker-1', 'worker-2'] as const;

/** The node a pod of this name is on. */
export function nodeOf(pod: string): string {
  let sum = 0;
  for (let index = 0; index < pod.length; index++) sum = (sum * 31 + pod.charCodeAt(index)) >>> 0;
  return NODES[sum % NODES.length]!;
}

const condition = (type: string, on: boolean, now: string) => ({
  type,
  status: on ? 'True' : 'False',
  lastProbeTime: null,
  lastTransitionTime: now,
});

/** @param now RFC 3339 */
export function workspacePodStatus(
  live: KubeObject,
  pod: WorkspacePod,
  now: string,
): { spec?: unknown; status: unknown } {
  const before = (live.status ?? {}) as Record<string, unknown>;
  const inInit =
    pod.state === 'init' || ((pod.state === 'crashed' || pod.state === 'stuck') && pod.hasInit && pod.initMs > 0);
  const ready = pod.state === 'ready';
  const startTime = text(before, 'startTime') || now;
  const scheduled = pod.state !== 'pending';
  const waiting = (reason: string) => ({ state: { waiting: { reason } }, ready: false, started: false });
  const running = { state: { running: { startedAt: now } }, ready: true, started: true };
  const ended = (exitCode: number) => ({
    terminated: {
      exitCode,
      reason: exitCode === 0 ? 'Completed' : 'Error',
      startedAt: startedOf(before, now),
      finishedAt: now,
    },
  });
  const status = (container: Record<string, unknown>, index: number, init: boolean) => {
    const shared = {
      name: text(container, 'name'),
      image: text(container, 'image'),
      imageID: '',
      restartCount: Math.max(0, pod.crashes - 1) * (init === inInit ? 1 : 0),
    };
    const broken = index === 0 && init === inInit;
    if (pod.stuck && broken)
      return { ...shared, ...waiting(pod.stuck.reason), lastState: pod.crashes > 0 ? ended(1) : {} };
    if (pod.state === 'crashed' && broken) return { ...shared, ready: false, started: false, state: ended(1) };
    if (init && pod.state === 'init')
      return { ...shared, state: { running: { startedAt: now } }, ready: false, started: true };
    if (init && pod.initMs > 0 && !inInit) return { ...shared, state: ended(0), ready: true, started: false };
    if (ready && !init) return { ...shared, ...running };
    return { ...shared, ...waiting(pod.hasInit && !init ? 'PodInitializing' : 'ContainerCreating') };
  };
  const initContainers = items(live, 'spec', 'initContainers');
  return {
    ...(scheduled &&
      !at(live, 'spec', 'nodeName') && {
        spec: { ...(live.spec as object), nodeName: nodeOf(text(live, 'metadata', 'name')) },
      }),
    status: {
      ...before,
      phase: ready || pod.state === 'ending' ? 'Running' : 'Pending',
      startTime,
      hostIP: '192.0.2.31',
      ...(ready && { podIP: '198.51.100.10', podIPs: [{ ip: '198.51.100.10' }] }),
      conditions: [
        condition('PodScheduled', scheduled, startTime),
        condition('Initialized', !pod.hasInit || (pod.initMs > 0 && !inInit) || ready, now),
        condition('ContainersReady', ready, now),
        condition('Ready', ready, now),
      ],
      ...(initContainers.length > 0 && {
        initContainerStatuses: keepEnded(
          before,
          initContainers.map((container, index) => status(container, index, true)),
        ),
      }),
      containerStatuses: items(live, 'spec', 'containers').map((container, index) => status(container, index, false)),
    },
  };
}

/** When the init container that runs was started. */
function startedOf(before: Record<string, unknown>, now: string): string {
  const [first] = items(before, 'initContainerStatuses');
  return text(first, 'state', 'running', 'startedAt') || now;
}

/** An init container that has ended well does not end again. */
function keepEnded(before: Record<string, unknown>, statuses: Record<string, unknown>[]): unknown[] {
  const earlier = items(before, 'initContainerStatuses');
  return statuses.map((status, index) =>
    at(earlier[index], 'state', 'terminated', 'exitCode') === 0 ? earlier[index] : status,
  );
}
