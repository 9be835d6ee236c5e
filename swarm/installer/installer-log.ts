/**
 * What an installer writes to its standard output. The agent sends all of it when the installer has ended: it is the output of
 * the reply to the step `install`, and makes it the largest of all replies but the inventory. Its lines here have the form and the
 * lengths of those of the stock program (assisted-installer, src/utils/utils.go, InitLogger), not its words.
 */
import { rfc3339 } from '../../model/protocol/go-time.ts';

/** Who writes: a host that is a whole cluster has most to tell. */
export type InstallerKind = 'single-node' | 'bootstrap' | 'node';

export interface LogLength {
  lines: number;
  /** All lines together. */
  bytes: number;
}

/**
 * Measured with stock installers of April 2026, by what their replies came to. Without the lines of {@link IMAGE_LINE}, of
 * {@link OS_IMAGE} and of a bootstrap's waiting.
 */
const WHOLE: Readonly<Record<InstallerKind, LogLength>> = {
  'single-node': { lines: 54, bytes: 7745 },
  bootstrap: { lines: 138, bytes: 11_449 },
  node: { lines: 23, bytes: 4616 },
};
/** What is written until the first thing can fail. */
const OPENING: LogLength = { lines: 10, bytes: 2900 };
/** When the installer itself puts the release's operating system on the disk. */
const OS_IMAGE: LogLength = { lines: 11, bytes: 1385 };
/** For each percentage that is reported while the image is written. */
const IMAGE_LINE: LogLength = { lines: 1, bytes: 81 };

/** A bootstrap looks for nodes of a role. @param nodes that are there */
export function nodesLog(nodes: number): LogLength {
  return nodes === 0 ? { lines: 3, bytes: 217 } : { lines: 4, bytes: 296 + nodes * 825 };
}

/** A bootstrap looks whom the machine-config-server has served. @param hosts that it knows not to be so far @param served whether anybody was */
export function servedLog(hosts: number, served: boolean): LogLength {
  return served ? { lines: 1 + 2 * hosts, bytes: 94 + 148 * hosts } : { lines: 3 + hosts, bytes: 357 + 46 * hosts };
}

/** A bootstrap waits for the configuration of a master. */
export const CONFIGURATION_LINE: LogLength = { lines: 1, bytes: 111 };

export interface WrittenLog {
  kind: InstallerKind;
  /** It ended well. */
  whole: boolean;
  /** Reports of how far the image was written. */
  imageLines: number;
  osImage: boolean;
  /** Of all that was looked for more than once. */
  waiting: LogLength;
  /** Simulated milliseconds. */
  startMs: number;
  endMs: number;
}

/** The text of all lines. */
export function installerLog({ kind, whole, imageLines, osImage, waiting, startMs, endMs }: WrittenLog): string {
  const opening = linesOf(whole ? WHOLE[kind] : OPENING, startMs);
  const image = { lines: imageLines, bytes: imageLines * IMAGE_LINE.bytes };
  return opening + linesOf(image, endMs) + linesOf(waiting, endMs) + (whole && osImage ? linesOf(OS_IMAGE, endMs) : '');
}

function linesOf({ lines, bytes }: LogLength, atMs: number): string {
  let text = '';
  for (let left = lines; left > 0; left--) {
    const length = Math.round((bytes - text.length) / left);
    const head = `time="${rfc3339(atMs)}" level=info msg="`;
    text += `${head}${'installation '.repeat(Math.ceil(length / 13)).slice(0, Math.max(0, length - head.length - 2))}"\n`;
  }
  return text;
}
