/**
 * All timers of one thread on one timer of the clock underneath: 100,000 agents wait here without an object each.
 *
 * Time is cut into ticks. An entry lies in the slot of its tick; the further away it is, the coarser the slot:
 *
 *    level 0   [ 0 ][ 1 ] … [255]      one tick a slot
 *    level 1   [ 0 ][ 1 ] … [255]      256 ticks a slot           a slot of a level is as long as
 *    level 2   [ 0 ][ 1 ] … [255]      65,536 ticks a slot        all slots of the level above it in this drawing
 *    level 3   [ 0 ][ 1 ] … [255]      16,777,216 ticks a slot
 *
 * The cursor is the first tick that has not been emptied. Written with base 256 it has four digits, and an entry lies on
 * the level of the highest digit in which its tick differs from the cursor:
 *
 *    cursor 00.03.17.41     tick 00.03.17.80  → level 0, slot 80
 *                           tick 00.03.22.05  → level 1, slot 22       (falls to level 0 when the cursor is 00.03.22.00)
 *                           tick 00.09.00.01  → level 2, slot 9
 *
 * So whatever is on a lower level is earlier than anything on a higher one, no slot behind the cursor is ever in use, and
 * a bit for each slot finds the next one in a few instructions however empty the wheel is. An entry falls at most three times.
 *
 * When the cursor passes a tick, its entries go to a small heap, ordered by due time and then by order of scheduling, and
 * run from there not before they are due. Ticks therefore bound the size of the heap and not the accuracy:
 *
 *    schedule ──► slot list ──► lower slot lists ──► heap ──► batch ──► callback(argument, dueMs)
 *        └──────────── tick already passed ───────────┘
 *
 * An entry is a row of typed arrays. Rows that are free form a list through `next`; a row's generation grows whenever it
 * is freed, and is part of the id, so that a cancel that comes too late cannot hit the row's next owner.
 *
 *    id = generation · 2²⁴ + row
 */
import type { Clock, ClockTimer } from './clock.ts';

/** Called with the argument given at scheduling and the simulated moment at which it was due. */
export type TimerCallback = (argument: number, dueMs: number) => void;

/** Identifies a scheduled entry; 0 is never a valid id. */
export type TimerId = number;

export interface TimerWheel {
  readonly clock: Clock;
  /**
   * Runs `callback(argument, dueMs)` at simulated time `dueMs` (at once on the next turn when past). Entries run in the
   * order of their due times, those of equal due time in the order of scheduling.
   * @returns 0 when the wheel is closed.
   * Reaches 198 wall-clock days into the future.
   * @throws RangeError when `dueMs` is no finite number.
   */
  schedule(dueMs: number, callback: TimerCallback, argument: number): TimerId;
  /** False when it already ran or was cancelled. */
  cancel(id: TimerId): boolean;
  /** Entries that wait. */
  readonly size: number;
  /** Stops firing; entries are dropped. */
  close(): void;
}

/** Wall-clock milliseconds of one tick. Due times are kept exactly; this only bounds the heap. */
const TICK_WALL_MS = 4;
const LEVELS = 4;
const SLOT_BITS = 8;
const SLOTS = 1 << SLOT_BITS;
const SLOT_MASK = SLOTS - 1;
const MAX_TICK = 2 ** (LEVELS * SLOT_BITS) - 1;
/** Callbacks run in one turn before sockets get theirs; a burst of 20,000 entries must not hold answers back. */
const TURN_LIMIT = 256;
const ROW_LIMIT = 2 ** 24;
const FIRST_ROWS = 1024;
const NONE = -1;

/** Where a row is, beside the slots 0 … LEVELS·SLOTS-1. */
const FREE = -1;
const IN_HEAP = -2;
const CANCELLED_IN_HEAP = -3;
const IN_BATCH = -4;
const CANCELLED_IN_BATCH = -5;

function grown<T extends Float64Array | Int32Array>(old: T, length: number): T {
  const array = new (old.constructor as new (length: number) => T)(length);
  array.set(old);
  return array;
}

class HierarchicalWheel implements TimerWheel {
  readonly clock: Clock;
  readonly #tickMs: number;
  readonly #originMs: number;
  #size = 0;
  #closed = false;

  // Rows.
  #due = new Float64Array(FIRST_ROWS);
  #order = new Float64Array(FIRST_ROWS);
  #argument = new Float64Array(FIRST_ROWS);
  #callback: (TimerCallback | undefined)[] = [];
  #next = new Int32Array(FIRST_ROWS);
  #previous = new Int32Array(FIRST_ROWS);
  #place = new Int32Array(FIRST_ROWS);
  #generation = new Int32Array(FIRST_ROWS);
  #free = NONE;
  #rows = 0;
  #nextOrder = 0;

  // Slots.
  #cursor = 0;
  readonly #first = new Int32Array(LEVELS * SLOTS).fill(NONE);
  readonly #last = new Int32Array(LEVELS * SLOTS).fill(NONE);
  /** One bit a slot, eight words a level. */
  readonly #occupied = new Int32Array((LEVELS * SLOTS) / 32);

  #heap = new Int32Array(64);
  #heapSize = 0;
  readonly #batch = new Int32Array(TURN_LIMIT);
  #batchSize = 0;
  #batchAt = 0;

  #timer: ClockTimer | null = null;
  #armedFor = Number.POSITIVE_INFINITY;
  #running = false;
  readonly #turn = () => this.#run();

  constructor(clock: Clock) {
    this.clock = clock;
    this.#tickMs = TICK_WALL_MS * clock.speed;
    this.#originMs = clock.now();
  }

  get size(): number {
    return this.#size;
  }

  schedule(dueMs: number, callback: TimerCallback, argument: number): TimerId {
    if (!Number.isFinite(dueMs)) throw new RangeError(`a timer must be due at a finite time, not at ${dueMs}`);
    if (this.#closed) return 0;
    const row = this.#takeRow();
    this.#due[row] = dueMs;
    this.#order[row] = this.#nextOrder++;
    this.#argument[row] = argument;
    this.#callback[row] = callback;
    this.#size++;
    this.#put(row);
    if (!this.#running && dueMs < this.#armedFor) this.#arm(dueMs);
    return this.#generation[row]! * ROW_LIMIT + row;
  }

  cancel(id: TimerId): boolean {
    const row = id % ROW_LIMIT;
    if (row >= this.#rows || this.#generation[row] !== Math.floor(id / ROW_LIMIT)) return false;
    const place = this.#place[row]!;
    if (place >= 0) {
      this.#unlink(row, place);
      this.#freeRow(row);
    } else if (place === IN_HEAP || place === IN_BATCH) {
      // The heap and the batch hold what is due within a tick; the row is freed when it comes up.
      this.#place[row] = place === IN_HEAP ? CANCELLED_IN_HEAP : CANCELLED_IN_BATCH;
      this.#callback[row] = undefined;
    } else {
      return false;
    }
    this.#size--;
    if (this.#size === 0) this.#disarm();
    return true;
  }

  close(): void {
    this.#closed = true;
    this.#disarm();
    this.#size = 0;
    this.#heapSize = 0;
    this.#batchSize = 0;
    this.#batchAt = 0;
    this.#rows = 0;
    this.#callback = [];
  }

  // One turn: empty the ticks that have passed, take what is due, run it.

  #run(): void {
    this.#timer = null;
    this.#armedFor = Number.POSITIVE_INFINITY;
    this.#running = true;
    try {
      if (this.#batchAt === this.#batchSize) this.#fillBatch(this.clock.now());
      while (this.#batchAt < this.#batchSize) {
        const row = this.#batch[this.#batchAt++]!;
        const callback = this.#callback[row];
        const argument = this.#argument[row]!;
        const due = this.#due[row]!;
        const cancelled = this.#place[row] === CANCELLED_IN_BATCH;
        this.#freeRow(row);
        if (cancelled) continue;
        this.#size--;
        callback!(argument, due);
      }
    } finally {
      // Also after a callback that throws: the rest of its batch runs in the next turn.
      this.#running = false;
      if (!this.#closed) this.#arm(this.#nextMoment());
    }
  }

  /** What is scheduled from now on waits for the next turn, however early it is due. */
  #fillBatch(nowMs: number): void {
    this.#advance(Math.floor((nowMs - this.#originMs) / this.#tickMs) + 1);
    this.#batchAt = 0;
    this.#batchSize = 0;
    while (this.#heapSize > 0 && this.#batchSize < TURN_LIMIT) {
      const row = this.#heap[0]!;
      if (this.#place[row] === CANCELLED_IN_HEAP) {
        this.#popHeap();
        this.#freeRow(row);
        continue;
      }
      if (this.#due[row]! > nowMs) break;
      this.#popHeap();
      this.#place[row] = IN_BATCH;
      this.#batch[this.#batchSize++] = row;
    }
  }

  #nextMoment(): number {
    if (this.#batchAt < this.#batchSize) return this.#due[this.#batch[this.#batchAt]!]!;
    if (this.#heapSize > 0) return this.#due[this.#heap[0]!]!;
    const tick = this.#nextOccupied();
    return tick === NONE ? Number.POSITIVE_INFINITY : this.#originMs + tick * this.#tickMs;
  }

  #arm(atMs: number): void {
    this.#disarm();
    if (atMs === Number.POSITIVE_INFINITY) return;
    this.#armedFor = atMs;
    this.#timer = this.clock.setTimer(Math.max(0, atMs - this.clock.now()), this.#turn);
  }

  #disarm(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#armedFor = Number.POSITIVE_INFINITY;
  }

  // Slots.

  #put(row: number): void {
    const tick = Math.min(Math.floor((this.#due[row]! - this.#originMs) / this.#tickMs), MAX_TICK);
    if (tick < this.#cursor) {
      this.#place[row] = IN_HEAP;
      this.#pushHeap(row);
      return;
    }
    const difference = (tick ^ this.#cursor) >>> 0;
    const level = difference < SLOTS ? 0 : (31 - Math.clz32(difference)) >>> 3;
    const slot = level * SLOTS + ((tick >>> (level * SLOT_BITS)) & SLOT_MASK);
    const last = this.#last[slot]!;
    this.#place[row] = slot;
    this.#next[row] = NONE;
    this.#previous[row] = last;
    if (last === NONE) {
      this.#first[slot] = row;
      this.#occupied[slot >>> 5]! |= 1 << (slot & 31);
    } else {
      this.#next[last] = row;
    }
    this.#last[slot] = row;
  }

  #unlink(row: number, slot: number): void {
    const next = this.#next[row]!;
    const previous = this.#previous[row]!;
    if (previous === NONE) this.#first[slot] = next;
    else this.#next[previous] = next;
    if (next === NONE) this.#last[slot] = previous;
    else this.#previous[next] = previous;
    if (this.#first[slot] === NONE) this.#occupied[slot >>> 5]! &= ~(1 << (slot & 31));
  }

  /** Takes the list of a slot away and puts each of its rows where it belongs now. */
  #redistribute(slot: number): void {
    let row = this.#first[slot]!;
    this.#first[slot] = NONE;
    this.#last[slot] = NONE;
    this.#occupied[slot >>> 5]! &= ~(1 << (slot & 31));
    while (row !== NONE) {
      const next = this.#next[row]!;
      this.#put(row);
      row = next;
    }
  }

  /** First tick of the first slot in use, or NONE. */
  #nextOccupied(): number {
    for (let level = 0; level < LEVELS; level++) {
      const shift = level * SLOT_BITS;
      const from = (this.#cursor >>> shift) & SLOT_MASK;
      const base = (level * SLOTS) >>> 5;
      for (let word = from >>> 5; word < SLOTS / 32; word++) {
        let bits = this.#occupied[base + word]!;
        if (word === from >>> 5) bits &= -1 << (from & 31);
        if (bits === 0) continue;
        const slot = word * 32 + (31 - Math.clz32(bits & -bits));
        // Digits above the level are the cursor's, those below are 0. Plain arithmetic: ticks use all 32 bits.
        const span = 2 ** (shift + SLOT_BITS);
        return Math.floor(this.#cursor / span) * span + slot * 2 ** shift;
      }
    }
    return NONE;
  }

  /** Brings the cursor to `target`; everything before it goes to the heap. */
  #advance(target: number): void {
    if (target > MAX_TICK) target = MAX_TICK;
    while (this.#cursor < target) {
      const tick = this.#nextOccupied();
      if (tick === NONE || tick >= target) {
        this.#moveCursor(target);
        return;
      }
      this.#moveCursor(tick);
      const slot = tick & SLOT_MASK;
      // The cursor steps over the tick first, so that its rows belong to the heap.
      if (this.#first[slot] !== NONE) {
        this.#cursor = tick + 1;
        this.#redistribute(slot);
        this.#cascade();
      }
    }
  }

  #moveCursor(tick: number): void {
    this.#cursor = tick;
    this.#cascade();
  }

  /** Slots of higher levels that the cursor has entered fall to lower ones. */
  #cascade(): void {
    for (let level = LEVELS - 1; level > 0; level--) {
      const slot = level * SLOTS + ((this.#cursor >>> (level * SLOT_BITS)) & SLOT_MASK);
      if (this.#first[slot] !== NONE) this.#redistribute(slot);
    }
  }

  // Rows.

  #takeRow(): number {
    if (this.#free !== NONE) {
      const row = this.#free;
      this.#free = this.#next[row]!;
      return row;
    }
    const row = this.#rows;
    if (row === ROW_LIMIT) throw new RangeError(`a timer wheel holds at most ${ROW_LIMIT} entries`);
    if (row === this.#due.length) {
      const length = row * 2;
      this.#due = grown(this.#due, length);
      this.#order = grown(this.#order, length);
      this.#argument = grown(this.#argument, length);
      this.#next = grown(this.#next, length);
      this.#previous = grown(this.#previous, length);
      this.#place = grown(this.#place, length);
      this.#generation = grown(this.#generation, length);
    }
    this.#rows++;
    this.#generation[row] = 1;
    return row;
  }

  #freeRow(row: number): void {
    this.#place[row] = FREE;
    this.#callback[row] = undefined;
    // 29 bits beside the row's 24 keep ids exact numbers; 0 is skipped.
    this.#generation[row] = this.#generation[row] === 2 ** 29 - 1 ? 1 : this.#generation[row]! + 1;
    this.#next[row] = this.#free;
    this.#free = row;
  }

  // Binary heap of rows by (due, order).

  #before(a: number, b: number): boolean {
    const difference = this.#due[a]! - this.#due[b]!;
    return difference < 0 || (difference === 0 && this.#order[a]! < this.#order[b]!);
  }

  #pushHeap(row: number): void {
    if (this.#heapSize === this.#heap.length) this.#heap = grown(this.#heap, this.#heapSize * 2);
    const heap = this.#heap;
    let at = this.#heapSize++;
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (!this.#before(row, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = row;
  }

  #popHeap(): void {
    const heap = this.#heap;
    const row = heap[--this.#heapSize]!;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= this.#heapSize) break;
      if (child + 1 < this.#heapSize && this.#before(heap[child + 1]!, heap[child]!)) child++;
      if (!this.#before(heap[child]!, row)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = row;
  }
}

/** A wheel that runs on one timer of `clock`. */
export function createTimerWheel(clock: Clock): TimerWheel {
  return new HierarchicalWheel(clock);
}
