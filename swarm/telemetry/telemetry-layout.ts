/**
 * Where everything lies in the memory that all threads share.
 *
 *    bytes │ head (64) │ section of main │ section of worker 0 │ … │ host phases │ host stages │ cluster phases │
 *                         writer 0          writer 1                 1 a slot      1 a slot      1 a slot
 *
 *    a section, in 64-bit floats, written by its own thread only:
 *
 *    │ counters and gauges            │ under way      │ histograms                     │
 *    │ of the rows of counted-        │ client ×       │ of the rows of counted-        │
 *    │ metrics.ts, in their order,    │ count, since   │ metrics.ts, in their order,    │
 *    │ a word a cell                  │                │ HISTOGRAM_WORDS a cell         │
 *    ▲ 0                              ▲ UNDER_WAY_AT   ▲ HISTOGRAMS_AT                  ▲ SECTION_WORDS
 *
 * The cells of a row are drawn in metric-cells.ts, a histogram in histogram.ts, what is under way in under-way.ts. Each of them begins
 * on a cache line.
 *
 * No two threads write the same word, so recording is a plain addition: nothing is contended and nothing can be lost. The
 * reader adds up the sections. An aligned float is written and read whole on all 64-bit machines. A section is some twenty
 * megabytes of address space of which only touched pages become memory.
 *
 * A host's or cluster's byte is 0 while the slot is unused, else 1 + position in HOST_PHASES, HOST_STAGES or CLUSTER_PHASES;
 * it says where the host *is*, so counts by phase cannot drift apart from the hosts.
 */
import { createHash } from 'node:crypto';
import { COUNTED_METRICS } from './counted-metrics.ts';
import { layOut } from './metric-cells.ts';
import { UNDER_WAY_WORDS } from './under-way.ts';

const layout = layOut(COUNTED_METRICS, UNDER_WAY_WORDS);

/** Where each metric lies in a section, by its key in the table. */
export const CELLS = layout.cells;
/** Words of a section before what is under way, before the histograms, and in all. */
export const UNDER_WAY_AT = layout.free;
export const HISTOGRAMS_AT = layout.histograms;
export const SECTION_WORDS = layout.end;

/** Tells this layout from others: figures that were kept with another one mean something else. */
export function layoutDigest(): string {
  const rows = Object.entries(COUNTED_METRICS).map(([key, { type, dimensions }]) => [
    key,
    type,
    dimensions.map(({ label, values }) => [label, values]),
  ]);
  return createHash('sha256')
    .update(JSON.stringify([SECTION_WORDS, rows]))
    .digest('hex')
    .slice(0, 16);
}

const HEAD_WORDS = 8;
/** Tells a telemetry buffer, and this layout of it, from other memory. */
const MAGIC = 0x5357_4d31 + SECTION_WORDS;

export interface TelemetryLayout {
  /** Threads that write: the main thread and each worker. */
  writers: number;
  /** Hosts that this generator can hold. */
  hostSlots: number;
  /** One more than the highest cluster index. */
  clusterSlots: number;
}

/**
 * Shared memory for one run's telemetry, all zero.
 *
 * A length that may change, though it never does, makes V8 map the pages from the kernel and give them back. Others come
 * from the heap of libc, which zeroes all of them, keeps what is freed, and grows with every run of a daemon (v8,
 * src/objects/backing-store.cc BackingStore::Allocate and TryAllocateAndPartiallyCommitMemory; mallopt(3) M_MMAP_THRESHOLD).
 * @throws RangeError for sizes that are no positive whole numbers. */
export function createTelemetryBuffer(layout: TelemetryLayout): SharedArrayBuffer {
  for (const [name, value] of Object.entries(layout)) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new RangeError(`telemetry layout: ${name} must be a whole number of at least 1, not ${value}`);
    }
  }
  const words = HEAD_WORDS + layout.writers * SECTION_WORDS;
  const bytes = words * 8 + layout.hostSlots * 2 + layout.clusterSlots;
  const buffer = new SharedArrayBuffer(bytes, { maxByteLength: bytes });
  new Float64Array(buffer, 0, 4).set([MAGIC, layout.writers, layout.hostSlots, layout.clusterSlots]);
  return buffer;
}

export interface TelemetryViews extends TelemetryLayout {
  /** One a writer. */
  sections: Float64Array[];
  hostPhases: Uint8Array;
  hostStages: Uint8Array;
  clusterPhases: Uint8Array;
}

/** The parts of a telemetry buffer. @throws TypeError when `buffer` is none. */
export function viewTelemetry(buffer: SharedArrayBuffer): TelemetryViews {
  const [magic, writers, hostSlots, clusterSlots] = new Float64Array(buffer, 0, 4) as unknown as [
    number,
    number,
    number,
    number,
  ];
  if (magic !== MAGIC) throw new TypeError('this memory was not made by createTelemetryBuffer of the same version');
  const bytes = (HEAD_WORDS + writers * SECTION_WORDS) * 8;
  return {
    writers,
    hostSlots,
    clusterSlots,
    sections: Array.from(
      { length: writers },
      (_, writer) => new Float64Array(buffer, (HEAD_WORDS + writer * SECTION_WORDS) * 8, SECTION_WORDS),
    ),
    hostPhases: new Uint8Array(buffer, bytes, hostSlots),
    hostStages: new Uint8Array(buffer, bytes + hostSlots, hostSlots),
    clusterPhases: new Uint8Array(buffer, bytes + hostSlots * 2, clusterSlots),
  };
}
