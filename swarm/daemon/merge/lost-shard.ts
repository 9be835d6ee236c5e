/** What can be told of a shard that did not end: how far it came, and when something was last heard of it. */
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
  /** Of the last event that was written; null where none was. */
  lastMs: number | null;
  /** Clusters that came to their planned end; `atLeast` where not all events were read. */
  complete: number;
  atLeast: boolean;
}

/** Reads the events in pieces and keeps hardly anything of them. The last line may have been written by half. */
export async function lookAtLost(record: RunRecord, index: number): Promise<LostShard> {
  const { id, folder, state, clusters, hosts, process, startedAt } = record;
  const path = join(folder, 'events.ndjson');
  const { size, mtimeMs } = await stat(path).catch(() => ({ size: 0, mtimeMs: 0 }));
  return {
    ...{ index, run: id, folder, machine: process?.host ?? null, clusters, hosts, state },
    startMs: Date.parse(startedAt),
    lastMs: size === 0 ? null : mtimeMs,
    complete: size === 0 ? 0 : await completeClusters(path, size),
    atLeast: size > MOST_BYTES,
  };
}

async function completeClusters(path: string, size: number): Promise<number> {
  const complete = new Set<number>();
  const file = await open(path, 'r');
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    let rest = '';
    for (let at = Math.max(0, size - MOST_BYTES); at < size; ) {
      const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, at);
      if (bytesRead === 0) break;
      at += bytesRead;
      // Marks are ASCII: what a chunk cuts of other characters changes none of them.
      const lines = (rest + chunk.toString('latin1', 0, bytesRead)).split('\n');
      rest = lines.pop()!;
      for (const line of lines) {
        if (!line.includes('"cluster.phase"') || !line.includes('"phase":"complete"')) continue;
        const cluster = /"cluster":(\d+)/.exec(line)?.[1];
        if (cluster !== undefined) complete.add(Number(cluster));
      }
    }
  } finally {
    await file.close();
  }
  return complete.size;
}
