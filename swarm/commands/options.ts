/** Values of options, checked where they are given. Each throws InvalidArgumentError with what is allowed. */
import { isIP } from 'node:net';
import { InvalidArgumentError, Option } from 'commander';
import { formatDuration, parseDuration } from '../plan/duration.ts';
import { serviceUrl as plannedServiceUrl } from '../plan/service-url.ts';

export interface ListenAddress {
  host: string;
  port: number;
}

/** `127.0.0.1:5566`, `[::1]:5566`, `:5566` or `5566`; without an address it is the loopback one. */
export function listenAddress(text: string): ListenAddress {
  const match = /^(?:(\[[0-9a-fA-F:]+\]|[^:[\]]*):)?(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (!match || port > 65_535) {
    throw new InvalidArgumentError(
      'Allowed: ADDRESS:PORT or PORT, for example 127.0.0.1:5566 (port 0 takes a free one).',
    );
  }
  return { host: (match[1] ?? '').replace(/^\[|\]$/g, '') || '127.0.0.1', port };
}

/** An option that takes an address and shows its default as one would write it. */
export function listenOption(flags: string, description: string, address: string): Option {
  return new Option(flags, description).argParser(listenAddress).default(listenAddress(address), address);
}

/** An option that takes a duration, in seconds when parsed, and shows its default as one would write it. */
export function durationOption(flags: string, description: string, absent: string): Option {
  return new Option(flags, description).argParser(duration).default(duration(absent), absent);
}

/** An option that can be given several times. Help says `absent` in place of an empty list. @param parse checks one value */
export function repeatableOption(
  flags: string,
  description: string,
  absent: string,
  parse: (text: string) => string = (text) => text,
): Option {
  return new Option(flags, `${description}; repeatable`)
    .argParser((text: string, before: string[]) => [...before, parse(text)])
    .default([], absent);
}

/** A whole number from 1 to `most`. */
export function wholeNumber(most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < 1 || value > most) {
      throw new InvalidArgumentError(`Allowed: a whole number from 1 to ${most}.`);
    }
    return value;
  };
}

/** A whole number from 0 to `most`. */
export function count(most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value > most) {
      throw new InvalidArgumentError(`Allowed: a whole number from 0 to ${most}.`);
    }
    return value;
  };
}

/** Simulated seconds in one second. */
export function clockSpeed(text: string): number {
  const value = Number(text);
  if (!(value >= 0.1 && value <= 1000)) {
    throw new InvalidArgumentError('Allowed: a number from 0.1 to 1000; 1 is real time.');
  }
  return value;
}

/** `10m`: simulated seconds. */
export function duration(text: string): number {
  try {
    return parseDuration(text);
  } catch {
    throw new InvalidArgumentError('Allowed: numbers with units such as 90s, 10m or 1h30m.');
  }
}

/** `0/4`: this generator's part of a plan that several share. */
export function shard(text: string): { index: number; count: number } {
  const match = /^(\d{1,6})\/(\d{1,6})$/.exec(text);
  const index = Number(match?.[1]);
  const count = Number(match?.[2]);
  if (!match || index >= count) {
    throw new InvalidArgumentError('Allowed: INDEX/COUNT with an index from 0 to COUNT-1, for example 0/4.');
  }
  return { index, count };
}

/** A moment may lie so far ahead, and so far back: what is further away is a slip of the pen, or a clock that is wrong. */
const FURTHEST_AHEAD_MS = 7 * 86_400_000;
const FURTHEST_BACK_MS = 86_400_000;

/** `2026-12-01T10:00:00Z`: RFC 3339, at most 7 days ahead and 24 hours back. @param now epoch milliseconds */
export function moment(text: string, now: () => number = Date.now): Date {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{1,9})?(?:Z|([+-])(\d\d):(\d\d))$/.exec(text);
  const at = new Date(text);
  const offset = match?.[2] ? Number(`${match[2]}1`) * (Number(match[3]) * 60 + Number(match[4])) : 0;
  // A 31st of June would be the 1st of July.
  const isDay = match && !Number.isNaN(at.getTime()) && at.getTime() + offset * 60_000;
  if (!isDay || new Date(isDay).toISOString().slice(0, 19) !== match[1]) {
    throw new InvalidArgumentError('Allowed: a moment with its zone, for example 2026-12-01T10:00:00Z.');
  }
  const ahead = at.getTime() - now();
  if (ahead > FURTHEST_AHEAD_MS || ahead < -FURTHEST_BACK_MS) {
    const away = formatDuration(Math.round(Math.abs(ahead) / 1000));
    throw new InvalidArgumentError(
      `That is ${away} ${ahead > 0 ? 'ahead' : 'ago'} by this machine's clock (${new Date(now()).toISOString()}). Allowed: at most 7 days ahead and 24 hours ago.`,
    );
  }
  return at;
}

/** An IPv4 or IPv6 address, without brackets. */
export function ipAddress(text: string): string {
  if (isIP(text) === 0) throw new InvalidArgumentError('Allowed: an IP address, for example 192.0.2.7.');
  return text;
}

/** Base URL of a service, in its normal form. */
export function serviceUrl(text: string): string {
  const url = plannedServiceUrl(text);
  if (url === null) {
    throw new InvalidArgumentError(
      'Allowed: a base URL such as http://127.0.0.1:8090, without user, query and fragment.',
    );
  }
  return url;
}

/** `50,90,99.9`: percentiles, sorted, each once. */
export function percentiles(text: string): number[] {
  const given = text.split(',').map((one) => one.trim());
  const values = given.map(Number);
  const isRight = (value: number, at: number) => /^\d+(\.\d+)?$/.test(given[at]!) && value > 0 && value <= 100;
  if (!values.every(isRight) || values.length > MOST_PERCENTILES) {
    throw new InvalidArgumentError(
      `Allowed: up to ${MOST_PERCENTILES} numbers above 0 and up to 100, with commas between them, for example 50,90,99.9.`,
    );
  }
  return [...new Set(values)].sort((a, b) => a - b);
}

/** Columns that a table can still take. */
const MOST_PERCENTILES = 8;

/** `resources=5/10/25,times=5/15`, or one of them: percent, rising. */
export function bands(text: string): { resources?: [number, number, number]; times?: [number, number] } {
  const found: { resources?: [number, number, number]; times?: [number, number] } = {};
  for (const part of text.split(',')) {
    const match = /^(resources|times)=(\d+(?:\.\d+)?(?:\/\d+(?:\.\d+)?)*)$/.exec(part.trim());
    const name = match?.[1] as 'resources' | 'times' | undefined;
    const values = match?.[2]?.split('/').map(Number) ?? [];
    const isRising = values.every((value, at) => value > (values[at - 1] ?? 0));
    if (!name || found[name] || !isRising || values.length !== (name === 'times' ? 2 : 3)) {
      throw new InvalidArgumentError(
        'Allowed: resources=A/B/C and times=A/B, with a comma between them; percent above 0, rising, for example resources=5/10/25,times=5/15.',
      );
    }
    Object.assign(found, { [name]: values });
  }
  return found;
}
