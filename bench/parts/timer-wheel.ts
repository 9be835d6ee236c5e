/**
 * What a waiting timer costs: the wheel beside one setTimeout an entry, in the same process, one after the other. All entries have a period of one
 * second and are spread evenly over it; each fires and is scheduled anew.
 */
import { ScaledClock, startClock } from '../../model/time/clock.ts';
import { createTimerWheel } from '../../model/time/timer-wheel.ts';
import { Distribution, HISTOGRAM_WORDS, recordDuration } from '../../swarm/telemetry/histogram.ts';
import type { Cell, Figures, PartContext } from '../part.ts';
import { ratio } from '../table.ts';

const PERIOD_MS = 1000;

interface Amounts {
  entries: number;
  /** How often each fires. */
  rounds: number;
}
const AMOUNTS = { full: { entries: 100_000, rounds: 5 }, quick: { entries: 50_000, rounds: 3 } };

interface Result {
  name: string;
  bytesPerEntry: number;
  microsecondsPerFiring: number;
  latenessP50Ms: number;
  latenessP99Ms: number;
}

/** Memory of the heap and of typed arrays, after collection. */
function used(): number {
  globalThis.gc!();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/**
 * @param make gives the function that has entry `i` call `fire(i, due)` at `due` on the clock
 */
async function measureTimers(
  name: string,
  { entries, rounds }: Amounts,
  make: (clock: ScaledClock, fire: (entry: number, due: number) => void) => (entry: number, due: number) => void,
): Promise<Result> {
  const clock = new ScaledClock(startClock(1));
  const lateness = new Float64Array(HISTOGRAM_WORDS);
  let left = entries * rounds;
  let done = () => {};
  const finished = new Promise<void>((resolve) => {
    done = resolve;
  });
  const before = used();
  const arm = make(clock, (entry, due) => {
    recordDuration(lateness, 0, clock.now() - due);
    left--;
    if (left >= entries) arm(entry, due + PERIOD_MS);
    else if (left === 0) done();
  });
  const start = clock.now() + 2 * PERIOD_MS;
  for (let entry = 0; entry < entries; entry++) arm(entry, start + (entry / entries) * PERIOD_MS);
  const bytesPerEntry = (used() - before) / entries;
  const cpu = process.cpuUsage();
  await finished;
  const { user, system } = process.cpuUsage(cpu);
  const late = new Distribution();
  late.addWords(lateness, 0);
  return {
    name,
    bytesPerEntry,
    microsecondsPerFiring: (user + system) / (entries * rounds),
    latenessP50Ms: late.quantile(0.5),
    latenessP99Ms: late.quantile(0.99),
  };
}

/** See {@link PartModule}. */
export async function measure({ quick, progress }: PartContext): Promise<Figures> {
  const amounts = quick ? AMOUNTS.quick : AMOUNTS.full;
  progress(`${amounts.entries} timers, twice ${amounts.rounds + 2} s or more`);
  const timeouts = await measureTimers('setTimeout an entry', amounts, (clock, fire) => (entry, due) => {
    setTimeout(() => fire(entry, due), due - clock.now());
  });
  const wheel = await measureTimers('timer wheel', amounts, (clock, fire) => {
    const timers = createTimerWheel(clock);
    return (entry, due) => {
      timers.schedule(due, fire, entry);
    };
  });
  const bars = (of: (result: Result) => number) =>
    [wheel, timeouts].map((result) => ({ label: result.name, value: of(result), own: result === wheel }));
  return {
    tables: [
      {
        title: `${amounts.entries} timers of ${PERIOD_MS} ms, one run of ${amounts.rounds} rounds each`,
        head: ['', 'bytes of a timer', 'CPU µs a firing', 'late p50 ms', 'late p99 ms'],
        rows: [
          ...[timeouts, wheel].map((result): Cell[] => [
            result.name,
            ...[result.bytesPerEntry, result.microsecondsPerFiring, result.latenessP50Ms, result.latenessP99Ms],
          ]),
          [
            'wheel ÷ setTimeout',
            ratio(wheel.bytesPerEntry, timeouts.bytesPerEntry),
            ratio(wheel.microsecondsPerFiring, timeouts.microsecondsPerFiring),
            // setTimeout drops fractions of milliseconds and so fires early as often as not; a ratio would say nothing.
            null,
            ratio(wheel.latenessP99Ms, timeouts.latenessP99Ms),
          ],
        ],
      },
    ],
    charts: [
      {
        name: 'timer-wheel',
        title: 'A timer that waits and fires',
        unit: 'less is better',
        groups: [
          { title: 'Bytes of a waiting timer', bars: bars((result) => result.bytesPerEntry) },
          { title: 'µs of processor time a firing', bars: bars((result) => result.microsecondsPerFiring) },
        ],
      },
    ],
    notes: [],
  };
}
