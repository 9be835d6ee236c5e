/** What can be told of a shard that did not end: how far it came, and when it wrote its last event. */
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunRecord } from '../../telemetry/run-archive.ts';

/** Events of a shard of some ten thousand hosts; of longer files only the end is read. */
const MOST_BYTES = 256 << 20;
const CHUNK_BYTES = 1 << 20;

export interface LostShard {
  index: number;
  run: string;
  folder: string;
  machine: string | null;
  clusters: number;
  hosts: number;
  /** `killed`, or `unknown` of another machine, where it may still go on. */
  state: RunRecord['state'];
  /** Wall-clock milliseconds. */
  startMs: number;
  /** Of the last event that was written, by its own time: a copy of the file has another one. Null where none was. */
  lastMs: number | null;
  /** Clusters that came to their planned end; `atLeast` where not all events were read. */
  complete: number;
  atLeast: boolean;
}

/** @param clockSpeed simulated seconds in a second of the wall clock */
export async function lookAtLost(record: RunRecord, index: number, clockSpeed: number): Promise<LostShard> {
  const { id, folder, state, clusters, hosts, process, startedAt } = record;
  const path = join(folder, 'events.ndjson');
  const { size } = await stat(path).catch(() => ({ size: 0 }));
  const startMs = Date.parse(startedAt);
  const { complete, lengthMs } = size === 0 ? { complete: 0, lengthMs: null } : await readEvents(path, size);
  return {
    ...{ index, run: id, folder, machine: process?.host ?? null, clusters, hosts, state, startMs, complete },
    lastMs: lengthMs === null ? null : startMs + lengthMs / clockSpeed,
    atLeast: size > MOST_BYTES,
  };
}

/**
 * Reads the events in pieces and keeps hardly anything of them. The last line may have been written by half.
 * @returns `lengthMs`: simulated milliseconds from the first event to the last one, null where there is none
 */
async function readEvents(path: string, size: number): Promise<{ complete: number; lengthMs: number | null }> {
  const complete = new Set<number>();
  const file = await open(path, 'r');
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, 0);
    const first = timeOf(chunk.toString('latin1', 0, bytesRead));
    let last = first;
    let rest = '';
    for (let at = Math.max(0, size - MOST_BYTES); at < size; ) {
      const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, at);
      if (bytesRead === 0) break;
      at += bytesRead;
      // Marks are ASCII: what a chunk cuts of other characters changes none of them.
      const lines = (rest + chunk.toString('latin1', 0, bytesRead)).split('\n');
      rest = lines.pop()!;
      last = timeOf(lines.at(-1) ?? '') ?? last;
      for (const line of lines) {
        if (!line.includes('"cluster.phase"') || !line.includes('"phase":"complete"')) continue;
        const cluster = /"cluster":(\d+)/.exec(line)?.[1];
        if (cluster !== undefined) complete.add(Number(cluster));
      }
    }
    return { complete: complete.size, lengthMs: first === null || last === null ? null : last - first };
  } finally {
    await file.close();
  }
}

/** Of the first event of a text, wherever among its keys; in texts of events these marks are escaped. */
function timeOf(text: string): number | null {
  const time = /[{,]"time":(\d+(?:\.\d+)?)[,}]/.exec(text)?.[1];
  return time === undefined ? null : Number(time);
}
