/** What the pods of a spoke have written. */
import { rfc3339 } from '../../../model/protocol/go-time.ts';
import type { LogSizes } from '../../../model/spoke/profiles.ts';
import type { Clock } from '../../../model/time/clock.ts';
import type { KubeObject } from '../../api/object.ts';
import type { LogLine, LogSource } from '../../builtins/behaviour/pod-logs.ts';

const MINUTE_MS = 60_000;
/** How long the controller takes to say all it says at its start. */
const BURST_MS = 1_000;
/** Bytes a log can grow to before the oldest lines go, as on a real node. */
const LIMIT_BYTES = 10 * 1024 * 1024;

export class SpokeLogs {
  readonly #clock: Clock;
  readonly #ignitions: LogLine[] = [];
  readonly #listeners = new Set<(line: LogLine) => void>();
  #controller: { since: number; sizes: LogSizes } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A line of the machine-config-server. */
  ignitionFetched(text: string): void {
    const line = { timeMs: this.#clock.now(), text };
    this.#ignitions.push(line);
    for (const listener of this.#listeners) listener(line);
  }

  /** The controller's log grows from now on. */
  controllerStarted(sizes: LogSizes): void {
    this.#controller = { since: this.#clock.now(), sizes };
  }

  /** undefined for a pod without a log of its own. All machine-config-servers of a spoke share one. */
  source(pod: KubeObject): LogSource | undefined {
    const labels = pod.metadata.labels ?? {};
    if (labels['k8s-app'] === 'machine-config-server') {
      return {
        lines: () => this.#ignitions,
        listen: (onLine) => {
          this.#listeners.add(onLine);
          return () => this.#listeners.delete(onLine);
        },
      };
    }
    if (labels['job-name'] === 'assisted-installer-controller') {
      return { lines: () => this.#controllerLines(), listen: () => () => {} };
    }
    return undefined;
  }

  /** Made when asked for: as many bytes as the table says, spread over the time since the start. */
  #controllerLines(): LogLine[] {
    if (!this.#controller) return [];
    const { since, sizes } = this.#controller;
    const now = this.#clock.now();
    const lines: LogLine[] = [];
    let bytes = 0;
    const fill = (from: number, to: number, size: number) => {
      const count = Math.min(size, LIMIT_BYTES - bytes) / LINE_BYTES;
      for (let index = 0; index < count; index++) {
        const timeMs = from + ((to - from) * index) / count;
        const text = controllerLine(lines.length, timeMs);
        bytes += text.length + 1;
        lines.push({ timeMs, text });
      }
    };
    const burst = Math.min(since + BURST_MS, now);
    fill(since, burst, sizes.controller);
    const minutes = (now - burst) / MINUTE_MS;
    for (let minute = 0; minute < minutes && bytes < LIMIT_BYTES; minute++) {
      const from = burst + minute * MINUTE_MS;
      const part = Math.min(1, minutes - minute);
      fill(from, from + MINUTE_MS * part, sizes.controllerPerMinute * part);
    }
    return lines;
  }
}

/** About what a line takes. */
const LINE_BYTES = 110;

const MESSAGES = [
  'Checking if there are hosts whose state has to be reported',
  'Found 0 certificate requests without approval',
  'Waiting for cluster operators, console is progressing',
  'The cluster is not installed yet, looking again in a minute',
];

function controllerLine(index: number, atMs: number): string {
  const message = MESSAGES[index % MESSAGES.length];
  return `time="${rfc3339(atMs)}" level=info msg="${message}"`;
}
