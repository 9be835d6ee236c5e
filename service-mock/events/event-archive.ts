/**
 * Events about what is gone. They are asked for rarely and there are ever more of them where clusters come and go, so that they are kept
 * compressed:
 *
 *   rows of a cluster or infra-env ──> last package ──full──> compressed ──time over──> deleted
 *                                      found by each id in it
 */
import { deflateRaw, inflateRawSync } from 'node:zlib';
import type { Clock } from '../../model/time/clock.ts';

interface Row {
  readonly clusterId?: string | undefined;
  readonly infraEnvId?: string | undefined;
}

interface Package<T> {
  /** Simulated moment of the last rows. */
  since: number;
  size: number;
  /** Clusters and infra-envs. */
  readonly subjects: Set<string>;
  /** The rows themselves until they are compressed, which happens beside the thread; then bytes as a latin1 text, which has the least around it. */
  content: T[] | string;
}

/** A package with so many rows takes no more. */
const FULL = 500;

/** Rows are what JSON can hold. */
export class EventArchive<T extends Row> {
  readonly #clock: Clock;
  readonly #keptMs: number;
  /** By age; the last one may take more. */
  readonly #packages: Package<T>[] = [];
  /** Nearly all ids have one. */
  readonly #bySubject = new Map<string, Package<T> | Package<T>[]>();

  /** @param keptMs simulated milliseconds */
  constructor(clock: Clock, keptMs: number) {
    this.#clock = clock;
    this.#keptMs = keptMs;
  }

  add(rows: readonly T[]): void {
    const { last, content } = this.#open();
    last.since = this.#clock.now();
    last.size += rows.length;
    for (const row of rows) {
      content.push(row);
      for (const id of [row.clusterId, row.infraEnvId]) if (id) this.#index(last, id);
    }
    if (last.size >= FULL) compress(last);
  }

  #open(): { last: Package<T>; content: T[] } {
    const last = this.#packages.at(-1);
    if (last && last.size < FULL && typeof last.content !== 'string') return { last, content: last.content };
    const content: T[] = [];
    const opened: Package<T> = { since: 0, size: 0, subjects: new Set(), content };
    this.#packages.push(opened);
    return { last: opened, content };
  }

  #index(last: Package<T>, id: string): void {
    if (last.subjects.has(id)) return;
    last.subjects.add(id);
    const known = this.#bySubject.get(id);
    this.#bySubject.set(id, known ? [known, last].flat() : last);
  }

  /** Deletes what has been here long enough. @returns how many rows that were */
  expire(): number {
    const now = this.#clock.now();
    const young = this.#packages.findIndex(({ since }) => now - since < this.#keptMs);
    let rows = 0;
    for (const old of this.#packages.splice(0, young < 0 ? this.#packages.length : young)) {
      rows += old.size;
      for (const id of old.subjects) {
        const left = this.#packagesOf(id).filter((one) => one !== old);
        if (left.length > 0) this.#bySubject.set(id, left);
        else this.#bySubject.delete(id);
      }
    }
    return rows;
  }

  /** @param id of a cluster or an infra-env */
  of(id: string): T[] {
    const rows = this.#packagesOf(id).flatMap((one) => rowsOf(one));
    return rows.filter(({ clusterId, infraEnvId }) => clusterId === id || infraEnvId === id);
  }

  all(): T[] {
    return this.#packages.flatMap((one) => rowsOf(one));
  }

  #packagesOf(id: string): Package<T>[] {
    return [this.#bySubject.get(id) ?? []].flat();
  }
}

function compress<T>(full: Package<T>): void {
  deflateRaw(JSON.stringify(full.content), (error, packed) => {
    if (!error) full.content = packed.toString('latin1');
  });
}

function rowsOf<T>({ content }: Package<T>): readonly T[] {
  if (typeof content !== 'string') return content;
  return JSON.parse(inflateRawSync(Buffer.from(content, 'latin1')).toString()) as T[];
}
