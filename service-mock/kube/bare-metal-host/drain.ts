/**
 * Emptying a node before its host goes. The Agent's pods are deleted rather than evicted: clusters that are made up have no
 * disruption budgets. Upstream: assisted-service, bmh_agent_controller.go, handleDrain and drainAgentNode.
 */
import { RESOURCES } from '../../../model/kube/resources.ts';
import { rfc3339 } from '../../../model/protocol/go-time.ts';
import { parseDuration } from '../../core/settings.ts';
import { messageOf } from '../errors.ts';
import type { Agent } from '../objects.ts';
import { spokeOf } from '../spoke/spoke-client.ts';
import { annotate, BMH_DRAIN_START, BMH_DRAIN_STATUS, BMH_DRAIN_TIMEOUT } from './objects.ts';
import type { BmhWork, Verdict } from './work.ts';

const SUCCEEDED = 'drain succeeded';
const IN_PROGRESS = 'draining in progress';
const TIMED_OUT = 'drain timed out';
const RETRY_MS = 20_000;

/** @throws Error when the cluster cannot be reached; the host says so */
export async function drainNode(work: BmhWork, agent: Agent): Promise<Verdict> {
  const { host } = work;
  const note = (status: string) => annotate(host, BMH_DRAIN_STATUS, status);
  let late: boolean;
  try {
    late = isLate(work);
  } catch (error) {
    note(`failed to check node drain timeout: ${messageOf(error)}`);
    return 'stop';
  }
  const status = host.metadata.annotations?.[BMH_DRAIN_STATUS];
  if (status === SUCCEEDED || status === TIMED_OUT) return 'next';
  if (late) {
    note(TIMED_OUT);
    return 'next';
  }
  if (host.metadata.annotations?.[BMH_DRAIN_START] === undefined) {
    annotate(host, BMH_DRAIN_START, rfc3339(work.context.clock.now()));
  }
  try {
    if (await empty(work, agent)) {
      note(SUCCEEDED);
      return 'next';
    }
  } catch (error) {
    note(`failed to drain node: ${messageOf(error)}`);
    throw error;
  }
  note(IN_PROGRESS);
  return { requeueAfterMs: RETRY_MS };
}

/** @throws Error for a duration or a date that cannot be read */
function isLate({ context, host }: BmhWork): boolean {
  const { [BMH_DRAIN_TIMEOUT]: timeout, [BMH_DRAIN_START]: start } = host.metadata.annotations ?? {};
  if (timeout === undefined || start === undefined) return false;
  const limit = parseDuration(BMH_DRAIN_TIMEOUT, timeout);
  const began = Date.parse(start);
  if (Number.isNaN(began)) throw new Error(`parsing time "${start}" as RFC 3339 failed`);
  return context.clock.now() - began >= limit;
}

/** Cordons the node and deletes what runs on it, except what belongs to the node. @returns whether nothing is left */
async function empty({ context }: BmhWork, { spec, status }: Agent): Promise<boolean> {
  const spoke = await spokeOf(context, spec.clusterDeploymentName!);
  const node = spec.hostname || String(status?.inventory?.hostname ?? '');
  await spoke.patch(RESOURCES.nodes, undefined, node, { spec: { unschedulable: true } });
  const { items } = await spoke.list(RESOURCES.pods, { fieldSelector: `spec.nodeName=${node}` });
  const movable = items.filter(({ metadata }) => {
    const isMirror = metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined;
    return !isMirror && !metadata.ownerReferences?.some(({ kind }) => kind === 'DaemonSet');
  });
  for (const { metadata } of movable) {
    if (metadata.deletionTimestamp === undefined) {
      await spoke.delete(RESOURCES.pods, metadata.namespace, metadata.name, {});
    }
  }
  return movable.length === 0;
}
