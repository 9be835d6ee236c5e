import { humanDuration } from '../../api/human-duration.ts';
import type { KubeObject } from '../../api/object.ts';
import { at, conditionTrue, type Fields, items, number, text } from '../fields.ts';
import { ageColumn, column, field, nameColumn, printerOf, wide } from './columns.ts';

interface PodSummary {
  ready: string;
  status: string;
  restarts: string;
}

/** What a container that ended is called: its reason, or how it ended. */
function endOf(terminated: unknown): string {
  const reason = text(terminated, 'reason');
  if (reason) return reason;
  const signal = number(terminated, 'signal');
  return signal ? `Signal:${signal}` : `ExitCode:${number(terminated, 'exitCode')}`;
}

/** Restarts of containers, and when the last of them was. */
class Restarts {
  count = 0;
  #lastMs = Number.NEGATIVE_INFINITY;

  add(status: Fields): void {
    this.count += number(status, 'restartCount');
    const finished = Date.parse(text(status, 'lastState', 'terminated', 'finishedAt'));
    if (finished > this.#lastMs) this.#lastMs = finished;
  }

  text(nowMs: number): string {
    if (this.count === 0 || this.#lastMs === Number.NEGATIVE_INFINITY) return String(this.count);
    return `${this.count} (${humanDuration(nowMs - this.#lastMs)} ago)`;
  }
}

/** The READY, STATUS and RESTARTS columns. */
export function summarisePod(pod: KubeObject, nowMs: number): PodSummary {
  const containers = items(pod, 'spec', 'containers');
  const initContainers = items(pod, 'spec', 'initContainers');
  const sidecars = new Set(
    initContainers.filter((container) => container.restartPolicy === 'Always').map((container) => container.name),
  );
  const phase = text(pod, 'status', 'phase');
  let status = text(pod, 'status', 'reason') || phase;
  if (
    items(pod, 'status', 'conditions').some(
      (entry) => entry.type === 'PodScheduled' && entry.reason === 'SchedulingGated',
    )
  ) {
    status = 'SchedulingGated';
  }
  let ready = 0;
  let restarts = new Restarts();
  const sidecarRestarts = new Restarts();
  let initializing = false;
  for (const [index, entry] of items(pod, 'status', 'initContainerStatuses').entries()) {
    restarts.add(entry);
    const sidecar = sidecars.has(entry.name);
    if (sidecar) sidecarRestarts.add(entry);
    const terminated = at(entry, 'state', 'terminated');
    const waiting = text(entry, 'state', 'waiting', 'reason');
    if (terminated && number(terminated, 'exitCode') === 0) continue;
    if (sidecar && entry.started === true) {
      if (entry.ready === true) ready++;
      continue;
    }
    if (terminated) status = `Init:${endOf(terminated)}`;
    else if (waiting && waiting !== 'PodInitializing') status = `Init:${waiting}`;
    else status = `Init:${index}/${initContainers.length}`;
    initializing = true;
    break;
  }
  if (!initializing || conditionTrue(pod, 'Initialized')) {
    restarts = sidecarRestarts;
    let running = false;
    for (const entry of items(pod, 'status', 'containerStatuses').reverse()) {
      restarts.add(entry);
      const waiting = text(entry, 'state', 'waiting', 'reason');
      const terminated = at(entry, 'state', 'terminated');
      if (waiting) status = waiting;
      else if (terminated) status = endOf(terminated);
      else if (entry.ready === true && at(entry, 'state', 'running')) {
        running = true;
        ready++;
      }
    }
    if (status === 'Completed' && running) status = conditionTrue(pod, 'Ready') ? 'Running' : 'NotReady';
  }
  if (pod.metadata.deletionTimestamp) {
    if (text(pod, 'status', 'reason') === 'NodeLost') status = 'Unknown';
    else if (phase !== 'Succeeded' && phase !== 'Failed') status = 'Terminating';
  }
  return { ready: `${ready}/${containers.length + sidecars.size}`, status, restarts: restarts.text(nowMs) };
}

function readinessGates(pod: KubeObject): string {
  const gates = items(pod, 'spec', 'readinessGates');
  if (gates.length === 0) return '<none>';
  return `${gates.filter((gate) => conditionTrue(pod, text(gate, 'conditionType'))).length}/${gates.length}`;
}

export const POD_TABLE = printerOf(
  nameColumn,
  column('Ready', (pod, nowMs) => summarisePod(pod, nowMs).ready),
  column('Status', (pod, nowMs) => summarisePod(pod, nowMs).status),
  column('Restarts', (pod, nowMs) => summarisePod(pod, nowMs).restarts),
  ageColumn,
  wide('IP', (pod) => text(items(pod, 'status', 'podIPs')[0], 'ip') || '<none>'),
  wide('Node', field('spec.nodeName', '<none>')),
  wide('Nominated Node', field('status.nominatedNodeName', '<none>')),
  wide('Readiness Gates', readinessGates),
);
