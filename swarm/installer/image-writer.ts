/**
 * coreos-installer's output as the installer reads it. A line with the percentage is printed at even intervals; each chunk
 * that the pipe delivers is searched for its first percentage only, and the reader waits for its own report to be
 * answered, so that lines printed meanwhile arrive as one chunk
 * (assisted-installer src/coreos_logger/coreos_installer_log_writer.go).
 *
 *   printed   5% 6% 7% 8% 9% 10% 11% 12% …
 *   reported  5% └────PUT────┘ 10% (only 6% of the chunk "6% … 9%" is looked at)
 */
import type { Clock } from '../../model/time/clock.ts';

/** Percent that must be gained since the last report that was accepted. */
const MIN_PROGRESS = 5;

export interface ImageWriterOptions {
  clock: Clock;
  /** Simulated milliseconds that the writing takes. */
  durationMs: number;
  /** Simulated milliseconds between two lines. */
  lineMs: number;
  /** Reports a percentage; false when the report was refused. */
  report: (percent: number) => Promise<boolean>;
  signal: AbortSignal;
}

/** Resolves when the image is written and all output was read. @throws the signal's reason when it aborts. */
export async function writeImage(options: ImageWriterOptions): Promise<void> {
  const { clock, durationMs, lineMs, report, signal } = options;
  const start = clock.now();
  const lines = Math.max(1, Math.round(durationMs / lineMs));
  const percentOf = (line: number) => Math.floor((100 * line) / lines);
  let last = 0;
  const worthReporting = (line: number) => {
    const percent = percentOf(line);
    return percent >= last + MIN_PROGRESS || (percent === 100 && last !== 100);
  };
  let read = 0;
  while (read < lines) {
    // Lines that are not reported cost nothing: go to the next one that is.
    let line = read + 1;
    while (line < lines && !worthReporting(line)) line += 1;
    if (!worthReporting(line)) break;
    await clock.sleep(start + (line * durationMs) / lines - clock.now(), signal);
    if (await report(percentOf(line))) last = percentOf(line);
    const printed = Math.min(lines, Math.floor(((clock.now() - start) * lines) / durationMs));
    // More than one line waits: the next chunk begins with the first of them and hides the others.
    if (printed > line + 1 && !worthReporting(line + 1)) read = printed;
    else read = line;
  }
  await clock.sleep(start + durationMs - clock.now(), signal);
}
