import { expect, it } from 'vitest';
import { type HostProgram, ProcessFigures, type ProgramFigures } from './process-figures.ts';

const program = (resident: number, proportional: number | null): ProgramFigures => ({
  cpuSeconds: 1,
  memory: { resident, proportional },
  restarts: 0,
  exits: {},
});
const driver = { labCpuSeconds: 1, labMemory: { resident: 1, proportional: 1 }, relayCpuSeconds: 1 };
const report = (host: string, index: number | null, programs: Partial<Record<HostProgram, ProgramFigures>>) => ({
  worker: 0,
  driver,
  hosts: [{ cluster: 'c', host, index, seconds: 10, programs }],
});

it('keeps the last figures of a host, and the most that was seen', () => {
  const figures = new ProcessFigures();
  figures.apply(report('h', 3, { agent: program(5, null) }));
  figures.apply(report('h', 3, { agent: program(9, 7) }));
  figures.apply(report('h', 3, { agent: program(4, 2), commands: { ...program(0, 0), memory: null } }));
  figures.apply(report('controller', null, { controller: program(1, 1) }));
  expect(figures.host(3)).toMatchObject({
    programs: { agent: { memory: { resident: 4, proportional: 2 } } },
    peaks: { agent: { resident: 9, proportional: 7 } },
  });
  expect(figures.host(3)!.peaks).not.toHaveProperty('commands');
  expect(figures.host(0)).toBe(null);
  expect([...figures.hosts()]).toHaveLength(2);
  expect(figures.drivers()).toEqual([[0, driver]]);
});
