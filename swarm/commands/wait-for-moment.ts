/** Waiting for a moment of the wall clock, as shards do that begin together on many machines. */
import { formatDuration } from '../plan/duration.ts';

export interface MomentWait {
  /** Ends the waiting. */
  ended: Promise<unknown>;
  /** Told what is waited for, at first and once a minute. */
  tell: (text: string) => void;
  /** Epoch milliseconds of the machine's clock, which time servers may set meanwhile. */
  now?: () => number;
  /** Resolves after so many milliseconds. */
  sleep?: (ms: number) => Promise<void>;
}

/** The clock is looked at so often. */
const LOOK_MS = 10_000;
const TELL_MS = 60_000;

/** @returns false when it was ended before the moment; true at once for one that is past */
export async function waitForMoment(moment: Date, wait: MomentWait): Promise<boolean> {
  const { ended, tell, now = Date.now } = wait;
  let over = false;
  const end = ended.then(() => {
    over = true;
  });
  let told = Number.POSITIVE_INFINITY;
  for (let left = moment.getTime() - now(); left > 0 && !over; left = moment.getTime() - now()) {
    if (told - left >= TELL_MS) {
      tell(`waiting for ${moment.toISOString()}, in ${formatDuration(Math.ceil(left / 1000))}`);
      told = left;
    }
    await pause(Math.min(left, LOOK_MS), end, wait.sleep);
  }
  return !over;
}

async function pause(ms: number, end: Promise<void>, sleep: MomentWait['sleep']): Promise<void> {
  if (sleep) return Promise.race([sleep(ms), end]);
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([promise, end]);
  clearTimeout(timer);
}
