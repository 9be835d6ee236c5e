/** How values of parameters are written, and what is said of those that are not. */
import { CronScheduleError, nextFiring, parseCronSchedule } from '../../model/time/cron-schedule.ts';
import type { RestoreSample } from './backup-options.ts';
import { registryPathProblem } from './registry-path.ts';

/** A value of another form; the message goes on from the parameter's name: `is "x": allowed are …`. */
export class ParameterValueError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ParameterValueError';
  }
}

export type Parse<T> = (text: string) => T;

export const trueOrFalse: Parse<boolean> = (text) => {
  if (text !== 'true' && text !== 'false') throw wrong(text, 'allowed are true and false');
  return text === 'true';
};

export function wholeFrom(least: number, most: number): Parse<number> {
  return (text) => {
    const value = Number(text);
    if (!/^\d{1,15}$/.test(text) || value < least || value > most) {
      throw wrong(text, `allowed is a whole number from ${least} to ${most}`);
    }
    return value;
  };
}

/** @param refused values that the public scripts know and this program does not, with the reason and what to do */
export function oneOf<const T extends string>(
  values: readonly T[],
  refused: Readonly<Record<string, string>> = {},
): Parse<T> {
  return (text) => {
    if (values.includes(text as T)) return text as T;
    const reason = refused[text];
    throw reason === undefined
      ? wrong(text, `allowed ${values.length === 1 ? 'is' : 'are'} ${values.join(', ')}`)
      : new ParameterValueError(`${text} is not possible here: ${reason}`);
  };
}

/** What no value makes possible. */
export function never(reason: string): Parse<never> {
  return () => {
    throw new ParameterValueError(`is not possible here: ${reason}`);
  };
}

/** `10`, or `10%`; from 1. */
export const sample: Parse<RestoreSample> = (text) => {
  const [, digits, percent] = /^(\d{1,6})(%)?$/.exec(text) ?? [];
  const value = Number(digits);
  if (!(value >= 1 && (percent === undefined || value <= 100))) {
    throw wrong(text, 'allowed is a number from 1, such as 10, or a share from 1% to 100%');
  }
  return percent === undefined ? { count: value } : { percent: value };
};

/** Some of these, with commas between them; `all`, and '' for none. */
export function listOf<const T extends string>(values: readonly T[]): Parse<readonly T[] | 'all'> {
  return (text) => {
    if (text === 'all' || text === '') return text === '' ? [] : 'all';
    const names = text.split(',').map((name) => name.trim());
    const unknown = names.find((name) => !values.includes(name as T));
    if (unknown !== undefined) throw wrong(unknown, `allowed are ${values.join(', ')}, several with commas, and all`);
    return values.filter((value) => names.includes(value));
  };
}

/** Name of an object of Kubernetes: RFC 1123 labels with dots between them. */
export const objectName: Parse<string> = (text) => {
  const label = '[a-z0-9](?:[-a-z0-9]*[a-z0-9])?';
  if (text.length > 253 || !new RegExp(`^${label}(?:\\.${label})*$`).test(text)) {
    throw wrong(text, 'allowed is a name of Kubernetes: small letters, digits, hyphens and dots');
  }
  return text;
};

export const namespaceName: Parse<string> = (text) => {
  if (!/^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/.test(text)) {
    throw wrong(text, 'allowed is the name of a namespace: up to 63 small letters, digits and hyphens');
  }
  return text;
};

/** '' is allowed, as nobody has to give one; a slash at the end goes. */
export const registryPath: Parse<string> = (text) => {
  const problem = text === '' ? null : registryPathProblem(text);
  if (problem !== null) throw new ParameterValueError(problem);
  return text.replace(/\/$/, '');
};

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
};
const MOST_BYTES = 100 * 2 ** 30;

/** Bytes of a quantity of Kubernetes such as `1Mi`. */
export const bytes: Parse<number> = (text) => {
  const [, amount, unit = ''] = /^(\d{1,12})(k|M|G|Ki|Mi|Gi)?$/.exec(text) ?? [];
  const value = Number(amount) * UNITS[unit]!;
  if (!(value <= MOST_BYTES)) throw wrong(text, 'allowed is a size from 0 to 100Gi, for example 512Ki or 20Mi');
  return value;
};

/** A schedule of the operator; one that is never due is refused. */
export const schedule: Parse<string> = (text) => {
  try {
    if (scheduleGapMs(text) !== null) return text;
  } catch (error) {
    if (!(error instanceof CronScheduleError)) throw error;
    throw new ParameterValueError(error.message.replace(`"${text}" is no`, `is "${text}", no`));
  }
  throw wrong(text, 'no such day comes in the next five years; give one that comes, such as */1 * * * *');
};

/** A Thursday; gaps between firings are counted from here, for a week at least. */
const REFERENCE = Date.UTC(2026, 0, 1);
const WEEK_MS = 7 * 86_400_000;

/**
 * Longest time between two firings, in milliseconds: with `*\/45 * * * *`, due at 0 and 45 past, it is 45 minutes and not 15. Null
 * when there are none. @throws CronScheduleError
 */
export function scheduleGapMs(text: string): number | null {
  const parsed = parseCronSchedule(text);
  if ('everyMs' in parsed) return parsed.everyMs;
  let longest: number | null = null;
  let at = nextFiring(parsed, REFERENCE);
  const until = REFERENCE + WEEK_MS;
  while (at !== null && (longest === null || at < until)) {
    const next = nextFiring(parsed, at);
    if (next !== null) longest = Math.max(longest ?? 0, next - at);
    at = next;
  }
  return longest;
}

/** A text of one line that may be empty. */
export const line: Parse<string> = (text) => {
  if (/[\0\r\n]/.test(text)) throw wrong(text, 'allowed is one line');
  return text;
};

function wrong(given: string, allowed: string): ParameterValueError {
  const shown = given.length > 80 ? `${given.slice(0, 80)}…` : given;
  return new ParameterValueError(`is ${JSON.stringify(shown)}: ${allowed}`);
}
