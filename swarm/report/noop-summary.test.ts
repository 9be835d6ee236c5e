import { expect, it } from 'vitest';
import { ProcessFigures } from '../telemetry/process-figures.ts';
import { summarizeNoop } from './noop-summary.ts';

const memory = (proportional: number | null) => ({ resident: 40, proportional });
const LAB = { labCpuSeconds: 6, labMemory: { resident: 90, proportional: 40 }, relayCpuSeconds: 3 };

it('says of each program what it took for each minute, how much at once, and how it ended', () => {
  const figures = new ProcessFigures();
  const host = (name: string, index: number | null, cpuSeconds: number, proportional: number | null) => ({
    ...{ cluster: 'c', host: name, index, seconds: 120 },
    programs: {
      agent: { cpuSeconds, memory: memory(proportional), restarts: 2, exits: { SIGKILL: 1, 2: 1 } },
      commands: { cpuSeconds: 1, memory: null, restarts: null, exits: {} },
    },
  });
  figures.apply({
    worker: 0,
    driver: LAB,
    hosts: [
      host('a', 0, 2, 10),
      host('b', 1, 6, 30),
      host('e', 2, 4, null),
      // A controller's pod is no host, and no minute of one.
      {
        ...{ cluster: 'c', host: 'controller', index: null, seconds: 60 },
        programs: { controller: { cpuSeconds: 1, memory: memory(5), restarts: 0, exits: { 0: 1 } } },
      },
      { cluster: 'c', host: 'never up', index: 3, seconds: 0, programs: {} },
    ],
  });
  expect(summarizeNoop(figures)).toEqual({
    hosts: 3,
    hostMinutes: 6,
    programs: [
      {
        program: 'agent',
        hosts: 3,
        cpuPerMinute: { p50: 2, max: 3 },
        resident: { p50: 40, max: 40 },
        proportional: { p50: 10, max: 30 },
        restarts: 6,
        exits: { 2: 3, SIGKILL: 3 },
      },
      {
        ...{ program: 'controller', hosts: 1, cpuPerMinute: { p50: 1, max: 1 }, resident: { p50: 40, max: 40 } },
        ...{ proportional: { p50: 5, max: 5 }, restarts: 0, exits: { 0: 1 } },
      },
      {
        ...{ program: 'commands', hosts: 3, cpuPerMinute: { p50: 0.5, max: 0.5 }, resident: null, proportional: null },
        ...{ restarts: 0, exits: {} },
      },
    ],
    driver: { labCpuPerMinute: 1, relayCpuPerMinute: 0.5, labProportional: 40 },
  });
});

it('says nothing of a run without such hosts', () => {
  expect(summarizeNoop(new ProcessFigures())).toBe(null);
});
