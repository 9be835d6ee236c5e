/** Why the time was over before all backups were. */

import type { BackupFigures, WorkspaceFigures } from './backup-figures.ts';
import { JOB_POD_SELECTOR } from './backup-resources.ts';
import type { Case, Finding } from './finding.ts';

const MINUTE = 60_000;
/** What a container says while it sends: oras-project/oras, cmd/oras/internal/display/status. */
const SENDING = /upload|push|copying|sending/i;

export async function timeOutFindings(one: Case): Promise<Finding[]> {
  const { watch, figures } = one;
  const { jobs, outcomes, stop } = figures;
  if (!watch?.timedOut || jobs!.total === 0 || one.backup.configType === 'incorrect') return [];
  const waiting = outcomes!['never-attempted'];
  const unfinished = outcomes!.unfinished;
  if (waiting + unfinished === 0) return [];
  const last = figures.queue?.points.at(-1);
  const evidence = [
    `${waiting} of ${stop!.stopped} stopped workspaces had no Job yet, ${unfinished} had one that had not ended`,
    ...(last ? [`at the end ${last.running} Jobs ran and ${last.pending} waited for a place`] : []),
    ...paceLines(figures, watch.endedAt - watch.startedAt),
  ];
  const explanation = await explained(one, waiting, last?.running ?? 0, last?.pending ?? 0);
  return [{ topic: 'The time was not enough', ...explanation, evidence: [...evidence, ...explanation.evidence] }];
}

async function explained(
  one: Case,
  waiting: number,
  running: number,
  pending: number,
): Promise<Pick<Finding, 'cause' | 'advice' | 'evidence'>> {
  const more = `give more time: --backup-wait-minutes ${Math.ceil((2 * one.backup.waitMs) / MINUTE)}`;
  if (waiting > running + pending) {
    return {
      cause: 'the operator had not made all Jobs: it makes them one after another',
      advice: `look at its CPU limit and at the requests it is refused; ${more}`,
      evidence: [],
    };
  }
  if (pending > running) {
    return {
      cause: 'the cluster has too little room for so many backups at once',
      advice: `use fewer workspaces (--max-devworkspaces) or a larger cluster, or ${more}`,
      evidence: [],
    };
  }
  const example = one.figures.workspaces.find(({ outcome }) => outcome === 'unfinished');
  const line = example && (await lastLine(one, example));
  const seen = line ? [`a backup under way says: ${line.slice(0, 300)}`] : [];
  return line && SENDING.test(line)
    ? {
        cause: 'the registry takes the backups too slowly',
        advice: `look at the load and the limits of the registry, and at the network to it; ${more}`,
        evidence: seen,
      }
    : {
        cause: 'each backup takes too long',
        advice: `look at the disks that hold the workspaces, at the network to the registry and at the registry; less data: --payload-size; or ${more}`,
        evidence: seen,
      };
}

function paceLines({ jobs }: BackupFigures, watchedMs: number): string[] {
  const ended = jobs!.succeeded + jobs!.failed;
  const pace = `${ended} Jobs ended in ${Math.round(watchedMs / MINUTE)} minutes`;
  const { waitMs, runMs } = jobs!;
  const times = [
    ...(waitMs ? [`they waited ${seconds(waitMs.p50)} (p95 ${seconds(waitMs.p95)}) for a place`] : []),
    ...(runMs ? [`ran ${seconds(runMs.p50)} (p95 ${seconds(runMs.p95)})`] : []),
  ];
  return [[pace, ...times].join('; ')];
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

async function lastLine({ look }: Case, { namespace }: WorkspaceFigures): Promise<string | undefined> {
  const pods = await look.pods(namespace, JOB_POD_SELECTOR);
  const running = pods.find(({ status }) => (status as { phase?: string }).phase === 'Running');
  return running && (await look.log(namespace, running.metadata.name, 3)).at(-1);
}
