/**
 * What a waiting timer costs: the wheel beside one setTimeout an entry, in the same process, one after the other.
 *
 *    node bench/timer-wheel.ts [entries = 100000] [rounds = 5]
 *
 * All entries have a period of one second and are spread evenly over it; each fires and is scheduled anew `rounds` times.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ScaledClock, startClock } from '../model/time/clock.ts';
import { createTimerWheel } from '../model/time/timer-wheel.ts';
import { Distribution, HISTOGRAM_WORDS, recordDuration } from '../swarm/telemetry/histogram.ts';
import { printTable } from './table.ts';

const PERIOD_MS = 1000;
const [entries = 100_000, rounds = 5] = process.argv.slice(2).map(Number);

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

interface Result {
  name: string;
  bytesPerEntry: number;
  microsecondsPerFiring: number;
  latenessP50Ms: number;
  latenessP99Ms: number;
}

/** Memory of the heap and of typed arrays, after collection. */
function used(): number {
  gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/**
 * @param make gives the function that has entry `i` call `fire(i, due)` at `due` on the clock
 */
async function measure(
  name: string,
  make: (clock: ScaledClock, fire: (entry: number, due: number) => void) => (entry: number, due: number) => void,
): Promise<Result> {
  const clock = new ScaledClock(startClock(1));
  const lateness = new Float64Array(HISTOGRAM_WORDS);
  let left = entries! * rounds!;
  let done = () => {};
  const finished = new Promise<void>((resolve) => {
    done = resolve;
  });
  const before = used();
  const arm = make(clock, (entry, due) => {
    recordDuration(lateness, 0, clock.now() - due);
    left--;
    if (left >= entries!) arm(entry, due + PERIOD_MS);
    else if (left === 0) done();
  });
  const start = clock.now() + 2 * PERIOD_MS;
  for (let entry = 0; entry < entries!; entry++) arm(entry, start + (entry / entries!) * PERIOD_MS);
  const bytesPerEntry = (used() - before) / entries!;
  const cpu = process.cpuUsage();
  await finished;
  const { user, system } = process.cpuUsage(cpu);
  const late = new Distribution();
  late.addWords(lateness, 0);
  return {
    name,
    bytesPerEntry,
    microsecondsPerFiring: (user + system) / (entries! * rounds!),
    latenessP50Ms: late.quantile(0.5),
    latenessP99Ms: late.quantile(0.99),
  };
}

const timeouts = await measure('setTimeout an entry', (clock, fire) => (entry, due) => {
  setTimeout(() => fire(entry, due), due - clock.now());
});
const wheel = await measure('timer wheel', (clock, fire) => {
  const wheel = createTimerWheel(clock);
  return (entry, due) => {
    wheel.schedule(due, fire, entry);
  };
});

printTable(
  `${entries} timers of ${PERIOD_MS} ms, ${rounds} rounds`,
  ['', 'bytes/entry', 'CPU µs/firing', 'late p50 ms', 'late p99 ms'],
  [
    ...[timeouts, wheel].map((result) => [
      result.name,
      result.bytesPerEntry.toFixed(0),
      result.microsecondsPerFiring.toFixed(2),
      result.latenessP50Ms.toFixed(2),
      result.latenessP99Ms.toFixed(2),
    ]),
    [
      'wheel ÷ setTimeout',
      (wheel.bytesPerEntry / timeouts.bytesPerEntry).toFixed(2),
      (wheel.microsecondsPerFiring / timeouts.microsecondsPerFiring).toFixed(2),
      // setTimeout drops fractions of milliseconds and so fires early as often as not; a ratio would say nothing.
      '',
      (wheel.latenessP99Ms / timeouts.latenessP99Ms).toFixed(2),
    ],
  ],
);
