/**
 * Pods of backups that failed: state and log are caught at that moment, as both are gone two minutes later. One log is read for each
 * workspace, so that a registry nobody finds does not become a load of its own.
 */
import type { FailedPod, FailureFigures, FailureGroup } from './backup-figures.ts';
import type { BackupJob } from './backup-jobs.ts';
import type { BackupPod } from './backup-pod.ts';
import { BACKUP_CONTAINER } from './backup-resources.ts';
import type { BackupSite } from './backup-site.ts';
import { countBy } from './spread.ts';
import type { Workspace } from './workspace.ts';

const LINES = 50;

export class BackupFailures {
  readonly #site: BackupSite;
  readonly #enough = new AbortController();
  readonly #signal: AbortSignal;
  readonly #read = new Set<Workspace>();
  readonly #caught: FailedPod[] = [];
  readonly #reading = new Set<Promise<void>>();
  #pods = 0;

  constructor(site: BackupSite, signal: AbortSignal) {
    this.#site = site;
    this.#signal = AbortSignal.any([signal, this.#enough.signal]);
  }

  caught(pod: BackupPod, job: BackupJob): void {
    this.#pods += 1;
    const failed: FailedPod = {
      namespace: pod.namespace,
      pod: pod.name,
      job: job.name,
      workspace: job.workspace.name,
      exitCode: pod.exitCode,
      reason: pod.reason,
      message: pod.message,
      log: null,
      at: this.#site.clock.now(),
    };
    if (this.#read.has(job.workspace)) {
      this.#site.emit({ type: 'pod.failed', pod: failed });
      return;
    }
    this.#read.add(job.workspace);
    const reading = this.#log(pod).then((log) => {
      this.#reading.delete(reading);
      const whole = { ...failed, log };
      this.#caught.push(whole);
      this.#site.emit({ type: 'pod.failed', pod: whole });
    });
    this.#reading.add(reading);
  }

  /** Waits for the logs that are being read, as long as a cluster that is away is waited for. */
  async drained(): Promise<void> {
    const { clock, requests } = this.#site;
    const timer = clock.setTimer(requests.patienceMs * clock.speed, () =>
      this.#enough.abort(new Error('the time is over')),
    );
    await Promise.all(this.#reading);
    timer.cancel();
  }

  figures(jobs: Iterable<BackupJob>): FailureFigures {
    const groups = new Map<string, { count: number; example: FailedPod }>();
    for (const pod of this.#caught) {
      const pattern = errorPattern(pod);
      const group = groups.get(pattern);
      if (group) group.count += 1;
      else groups.set(pattern, { count: 1, example: pod });
    }
    const failed = [...jobs].filter(({ outcome }) => outcome === 'failed');
    return {
      pods: this.#pods,
      read: this.#caught.length,
      groups: [...groups]
        .map(([pattern, { count, example }]): FailureGroup => ({ pattern, count, example }))
        .sort((a, b) => b.count - a.count),
      conditions: countBy(failed, ({ message }) => message),
    };
  }

  async #log({ namespace, name }: BackupPod): Promise<string | null> {
    const path = `/api/v1/namespaces/${namespace}/pods/${name}/log?container=${BACKUP_CONTAINER}&tailLines=${LINES}`;
    try {
      return await this.#site.requests.text(path, 'get pods/log', this.#signal);
    } catch {
      // The pod is gone, or its node does not answer: its state is known all the same.
      return null;
    }
  }
}

const TELLS =
  /error|fail|denied|refused|unauthori[sz]ed|forbidden|no such|not found|time[d ]*out|quota|no space|unreachable/i;
const LONGEST = 300;

/**
 * The last line of a log that tells of an error, else its last line, else the state. Names and numbers are taken out, so that what
 * happened many times is one pattern; what an HTTP status says stays.
 */
export function errorPattern(pod: FailedPod): string {
  const { log, reason, message, exitCode, namespace, workspace, job } = pod;
  return patternOf(errorLine(log ?? '') ?? (message || reason || `exit code ${exitCode ?? '?'}`), [
    [pod.pod, '<pod>'],
    [job, '<job>'],
    [namespace, '<namespace>'],
    [workspace, '<workspace>'],
  ]);
}

/** The last line of a log that tells of an error, else its last line; null for an empty one. */
export function errorLine(log: string): string | null {
  const lines = log.split('\n').filter((line) => line.trim() !== '');
  return lines.findLast((one) => TELLS.test(one)) ?? lines.at(-1) ?? null;
}

/** A line without names and numbers; what an HTTP status says stays. @param names each with what stands for it */
export function patternOf(line: string, names: readonly (readonly [name: string, stand: string])[]): string {
  return names
    .reduce((text, [name, stand]) => text.replace(wholeWord(name), stand), line.trim())
    .replace(/\d{4}-\d\d-\d\d[T ][\d:.]+(?:Z|[+-]\d\d:?\d\d)?/g, '<time>')
    .replace(/\b[0-9a-f]{8}-[0-9a-f-]{27}\b/g, '<uid>')
    .replace(/\b(?:sha256:)?[0-9a-f]{12,}\b/g, '<hash>')
    .replace(/\b\d{1,3}(?:\.\d{1,3}){3}\b/g, '<address>')
    .replace(/(?<!status code |status |exit code )\b\d+\b/g, '<n>')
    .slice(0, LONGEST);
}

/** `dw-test-1` is not in `dw-test-12`. */
function wholeWord(name: string): RegExp {
  return new RegExp(`(?<![\\w-])${name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\w-])`, 'g');
}
