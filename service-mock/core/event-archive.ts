/**
 * Events about what is gone. They are asked for rarely and there are ever more of them where clusters come and go, so that they are kept
 * as compressed texts, outside the heap:
 *
 *   rows of a cluster or infra-env ──> one package, found by each id in it ──time over──> deleted
 */
import { deflateRaw, inflateRawSync } from 'node:zlib';
import type { Clock } from '../../model/time/clock.ts';

interface Row {
  readonly clusterId?: string | undefined;
  readonly infraEnvId?: string | undefined;
}

interface Package<T> {
  /** Simulated moment. */
  readonly since: number;
  readonly size: number;
  /** Clusters and infra-envs. */
  readonly subjects: readonly string[];
  /** The rows themselves until they are compressed, which happens beside the thread. */
  content: readonly T[] | Buffer;
}

/** Rows are what JSON can hold. */
export class EventArchive<T extends Row> {
  readonly #clock: Clock;
  readonly #keptMs: number;
  /** By age. */
  readonly #packages = new Set<Package<T>>();
  readonly #bySubject = new Map<string, Package<T>[]>();

  /** @param keptMs simulated milliseconds */
  constructor(clock: Clock, keptMs: number) {
    this.#clock = clock;
    this.#keptMs = keptMs;
  }

  add(rows: readonly T[]): void {
    const ids = rows.flatMap(({ clusterId, infraEnvId }) => [clusterId, infraEnvId]);
    const subjects = [...new Set(ids)].filter((id) => id !== undefined && id !== '') as string[];
    const added: Package<T> = { since: this.#clock.now(), size: rows.length, subjects, content: rows };
    this.#packages.add(added);
    for (const id of subjects) this.#bySubject.set(id, [...(this.#bySubject.get(id) ?? []), added]);
    deflateRaw(JSON.stringify(rows), (error, packed) => {
      // A copy: the compressor's memory is larger than what it has put there.
      if (!error) added.content = Buffer.from(packed);
    });
  }

  /** Deletes what has been here long enough. @returns how many rows that were */
  expire(): number {
    let rows = 0;
    for (const oldest of this.#packages) {
      if (this.#clock.now() - oldest.since < this.#keptMs) break;
      this.#packages.delete(oldest);
      rows += oldest.size;
      for (const id of oldest.subjects) {
        const left = this.#bySubject.get(id)!.filter((one) => one !== oldest);
        if (left.length > 0) this.#bySubject.set(id, left);
        else this.#bySubject.delete(id);
      }
    }
    return rows;
  }

  /** @param id of a cluster or an infra-env */
  of(id: string): T[] {
    const rows = (this.#bySubject.get(id) ?? []).flatMap((one) => rowsOf(one));
    return rows.filter(({ clusterId, infraEnvId }) => clusterId === id || infraEnvId === id);
  }

  all(): T[] {
    return [...this.#packages].flatMap((one) => rowsOf(one));
  }
}

function rowsOf<T>({ content }: Package<T>): readonly T[] {
  return Buffer.isBuffer(content) ? (JSON.parse(inflateRawSync(content).toString()) as T[]) : content;
}
