/** What the programs of no-op hosts took, over all hosts of a run. */
import { HOST_PROGRAMS, type HostProgram, type HostRecord, type ProcessFigures } from '../telemetry/process-figures.ts';

/** Over hosts. */
export interface Spread {
  p50: number;
  max: number;
}

export interface NoopProgramSummary {
  program: HostProgram;
  /** Hosts on which it ran. */
  hosts: number;
  /** Seconds of processor time for each minute that a host was up. */
  cpuPerMinute: Spread;
  /** Most bytes at once; null for commands, which live too short to be looked at. */
  resident: Spread | null;
  proportional: Spread | null;
  restarts: number;
  /** Ends that nobody asked for, by exit code or name of the signal. */
  exits: Record<string, number>;
}

export interface NoopSummary {
  hosts: number;
  /** Minutes that hosts were up, added up. */
  hostMinutes: number;
  programs: NoopProgramSummary[];
  /** What they cost beside their own processes. */
  driver: {
    /** Seconds of processor time for each host and minute. */
    labCpuPerMinute: number;
    relayCpuPerMinute: number;
    /** Bytes of the labs. */
    labProportional: number;
  };
}

/** Null for a run without such hosts. */
export function summarizeNoop(figures: ProcessFigures): NoopSummary | null {
  const hosts = [...figures.hosts()].filter(({ seconds }) => seconds > 0);
  if (hosts.length === 0) return null;
  // A controller's pod is no host.
  const machines = hosts.filter(({ index }) => index !== null);
  const minutes = machines.reduce((sum, { seconds }) => sum + seconds / 60, 0);
  const drivers = figures.drivers().map(([, driver]) => driver);
  const sum = (of: (driver: (typeof drivers)[number]) => number) => drivers.reduce((all, one) => all + of(one), 0);
  const perMinute = (seconds: number) => (minutes === 0 ? 0 : seconds / minutes);
  return {
    hosts: machines.length,
    hostMinutes: minutes,
    programs: HOST_PROGRAMS.flatMap((program) => summarizeProgram(program, hosts) ?? []),
    driver: {
      labCpuPerMinute: perMinute(sum(({ labCpuSeconds }) => labCpuSeconds)),
      relayCpuPerMinute: perMinute(sum(({ relayCpuSeconds }) => relayCpuSeconds)),
      labProportional: sum(({ labMemory }) => labMemory.proportional ?? labMemory.resident),
    },
  };
}

function summarizeProgram(program: HostProgram, all: readonly HostRecord[]): NoopProgramSummary | null {
  const hosts = all.filter(({ programs }) => programs[program]);
  if (hosts.length === 0) return null;
  const exits: Record<string, number> = {};
  let restarts = 0;
  for (const { programs } of hosts) {
    restarts += programs[program]!.restarts ?? 0;
    for (const [how, count] of Object.entries(programs[program]!.exits)) exits[how] = (exits[how] ?? 0) + count;
  }
  const peaks = hosts.flatMap(({ peaks: { [program]: peak } }) => peak ?? []);
  return {
    program,
    hosts: hosts.length,
    cpuPerMinute: spread(hosts.map(({ seconds, programs }) => (programs[program]!.cpuSeconds / seconds) * 60)),
    resident: spreadOrNull(peaks.map(({ resident }) => resident)),
    // 0: no process of it was looked at so closely.
    proportional: spreadOrNull(peaks.map(({ proportional }) => proportional).filter((bytes) => bytes > 0)),
    restarts,
    exits,
  };
}

function spreadOrNull(values: number[]): Spread | null {
  return values.length === 0 ? null : spread(values);
}

function spread(values: number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  return { p50: sorted[Math.floor((sorted.length - 1) / 2)]!, max: sorted.at(-1)! };
}
