/**
 * Where everything lies in the memory that all threads share.
 *
 *    bytes │ head (64) │ section of main │ section of worker 0 │ … │ host phases │ host stages │ cluster phases │
 *                         writer 0          writer 1                 1 a slot      1 a slot      1 a slot
 *
 *    a section, in 64-bit floats, written by its own thread only:
 *
 *    │ requests                        │ bytes sent │ received │ connections   │ step replies │ errors │ thread │
 *    │ client × endpoint × outcome     │ client × endpoint     │ opened closed │ step × fate  │ kind   │ gauges │
 *    ├──────────────────┬──────────────┼───────────────────────┴────┬──────────┴──┬───────────┴────────┴────────┤
 *    │ answers          │ under way    │ latencies, histograms      │ polls       │ stage durations             │
 *    │ client × good,   │ client ×     │ since due, since sent:     │ lateness,   │ role × stage                │
 *    │ refused, failed, │ count, since │ result × client × endpoint │ open loop   │                             │
 *    │ own              │              │ until success: c. × e.     │             │                             │
 *
 * At its end lie the requests (kind × outcome), bytes, durations and waits (histograms by kind) of what booting hosts download.
 *
 * No two threads write the same word, so recording is a plain addition: nothing is contended and nothing can be lost. The
 * reader adds up the sections. An aligned float is written and read whole on all 64-bit machines. A section is some twenty
 * megabytes of address space of which only touched pages become memory.
 *
 * A host's or cluster's byte is 0 while the slot is unused, else 1 + position in HOST_PHASES, HOST_STAGES or CLUSTER_PHASES;
 * it says where the host *is*, so counts by phase cannot drift apart from the hosts.
 */
import { BOOT_KINDS } from '../../model/protocol/boot-kinds.ts';
import { CLIENT_KINDS, ENDPOINTS } from '../../model/protocol/endpoints.ts';
import { TRANSPORT_ERROR_KINDS } from '../../model/protocol/outcomes.ts';
import { HOST_STAGES, type HostRole, STEP_TYPES, type StepType } from '../../model/protocol/states.ts';
import { HISTOGRAM_WORDS } from './histogram.ts';
import { ERROR_KINDS, REPEATS, RESULTS } from './telemetry.ts';
import { UNDER_WAY_WORDS } from './under-way.ts';

export const HOST_ROLES: readonly HostRole[] = ['auto-assign', 'master', 'arbiter', 'worker', 'bootstrap'];
export const STEP_NAMES: readonly (StepType | 'unknown')[] = [...STEP_TYPES, 'unknown'];
/**
 * What became of a step that was received. `dropped`: its program ended first, as with a reboot. `received` is none of them and counts
 * all; it is read last, so that it is never less than the others together.
 */
export const REPLY_FATES = ['posted', 'deduplicated', 'failed', 'dropped', 'received'] as const;

/** Statuses are counted exactly in this range; the rest share one counter. */
export const FIRST_STATUS = 100;
export const STATUSES = 500;
export const OTHER_STATUS = STATUSES;
export const FIRST_ERROR = OTHER_STATUS + 1;
export const OUTCOMES = FIRST_ERROR + TRANSPORT_ERROR_KINDS.length;
/** The HTTP status, a TransportErrorKind, or `other` for statuses that are not counted exactly. @param outcome 0 … OUTCOMES - 1 */
export function codeOf(outcome: number): string {
  if (outcome === OTHER_STATUS) return 'other';
  return outcome < OTHER_STATUS ? String(FIRST_STATUS + outcome) : TRANSPORT_ERROR_KINDS[outcome - FIRST_ERROR]!;
}

/** Client × endpoint. */
export const PAIRS = CLIENT_KINDS.length * ENDPOINTS.length;

/**
 * How attempts of a kind of client ended: with a status below 400, one of the service's refusals, a failure of the service, a failure of
 * this machine.
 */
export const ANSWERS = ['good', 'refused', 'failed', 'own'] as const;

/** What a thread says of itself, replaced once a second. */
export const THREAD_GAUGES = ['heartbeatMs', 'lagMs', 'utilization', 'heapBytes'] as const;

/** Word offsets inside a section. */
export const AT = (() => {
  let next = 0;
  const take = (words: number) => {
    const at = next;
    next += Math.ceil(words / 8) * 8;
    return at;
  };
  return {
    requests: take(PAIRS * OUTCOMES),
    sent: take(PAIRS),
    received: take(PAIRS),
    connections: take(2),
    replies: take(STEP_NAMES.length * REPLY_FATES.length),
    errors: take(ERROR_KINDS.length),
    thread: take(THREAD_GAUGES.length),
    answers: take(CLIENT_KINDS.length * ANSWERS.length),
    repeats: take(REPEATS.length),
    underWay: take(UNDER_WAY_WORDS),
    sinceDue: take(RESULTS.length * PAIRS * HISTOGRAM_WORDS),
    sinceSent: take(RESULTS.length * PAIRS * HISTOGRAM_WORDS),
    untilSuccess: take(PAIRS * HISTOGRAM_WORDS),
    /** Since due, of all that was answered: for a look at each second. */
    answered: take(HISTOGRAM_WORDS),
    lateness: take(HISTOGRAM_WORDS),
    openLoop: take(HISTOGRAM_WORDS),
    missedPolls: take(1),
    stages: take(HOST_ROLES.length * HOST_STAGES.length * HISTOGRAM_WORDS),
    bootRequests: take(BOOT_KINDS.length * OUTCOMES),
    bootBytes: take(BOOT_KINDS.length),
    bootDurations: take(BOOT_KINDS.length * HISTOGRAM_WORDS),
    bootWaits: take(BOOT_KINDS.length * HISTOGRAM_WORDS),
    end: next,
  };
})();

const HEAD_WORDS = 8;
/** Tells a telemetry buffer, and this layout of it, from other memory. */
const MAGIC = 0x5357_4d31 + AT.end;

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
  const words = HEAD_WORDS + layout.writers * AT.end;
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
  const bytes = (HEAD_WORDS + writers * AT.end) * 8;
  return {
    writers,
    hostSlots,
    clusterSlots,
    sections: Array.from(
      { length: writers },
      (_, writer) => new Float64Array(buffer, (HEAD_WORDS + writer * AT.end) * 8, AT.end),
    ),
    hostPhases: new Uint8Array(buffer, bytes, hostSlots),
    hostStages: new Uint8Array(buffer, bytes + hostSlots, hostSlots),
    clusterPhases: new Uint8Array(buffer, bytes + hostSlots * 2, clusterSlots),
  };
}
