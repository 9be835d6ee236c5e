import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exitName, ProcessSampler, parseStat } from './process-sampler.ts';

const LAB = 10;
const ROOT = 20;

interface Fake {
  pid: number;
  name: string;
  parent: number;
  /** Ticks. */
  own?: number;
  children?: number;
  started?: number;
  pages?: number;
  /** Kilobytes. */
  pss?: number;
}

let proc: string;
let now: number;
let sampler: ProcessSampler;

const statOf = ({ pid, name, parent, own = 0, children = 0, started = 1, pages = 1 }: Fake) =>
  `${pid} (${name}) S ${parent} 1 1 0 -1 4194304 0 0 0 0 ${own - Math.floor(own / 3)} ${Math.floor(own / 3)} ${children} 0 20 0 7 0 ${started} 1000000 ${pages} 18446744073709551615 1 1 0\n`;

/** What lives now, beside the lab itself. */
function live(...processes: Fake[]): void {
  rmSync(proc, { recursive: true, force: true });
  for (const one of [{ pid: LAB, name: 'node-MainThread', parent: 1, own: 50, pages: 5, pss: 9 }, ...processes]) {
    const folder = join(proc, String(one.pid));
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'stat'), statOf(one));
    if (one.pss !== undefined)
      writeFileSync(join(folder, 'smaps_rollup'), `Rss: 1 kB\nPss:      ${one.pss} kB\nPss_Dirty: 7 kB\n`);
  }
  writeFileSync(join(proc, 'uptime'), '1 1\n');
}

const driver: Fake[] = [
  { pid: ROOT, name: 'unshare', parent: LAB, own: 1, children: 2, pages: 2, pss: 100 },
  { pid: 21, name: 'init', parent: ROOT, own: 3, children: 4, pages: 3, pss: 140 },
];
const stock = (own: number): Fake[] => [
  { pid: 22, name: 'agent', parent: 21, own, pages: 100, pss: 1000 },
  { pid: 23, name: 'nsenter', parent: 22, pages: 4, pss: 150 },
  { pid: 24, name: 'next_step_runne', parent: 23, own: 2 * own, children: 30, pages: 200, pss: 2000 },
  { pid: 25, name: 'ping', parent: 24, own: 1, pages: 4 },
];

beforeEach(() => {
  proc = mkdtempSync(join(tmpdir(), 'noop-proc-'));
  now = 1_000_000;
  live();
  sampler = new ProcessSampler({ proc, now: () => now, lab: LAB });
});
afterEach(() => rmSync(proc, { recursive: true, force: true }));

const look = async () => {
  now += 10_000;
  const { hosts, lab } = await sampler.sample();
  return { host: hosts[0]!, lab };
};

describe('a look at the processes of hosts', () => {
  it('gives each program its own time and memory, the driver what waits, and commands all the rest', async () => {
    sampler.up(7, ROOT);
    live(...driver, ...stock(10), { pid: 30, name: 'perl', parent: LAB, own: 5, pages: 1, pss: 1 });
    const { host, lab } = await look();
    const page = 4096;
    expect(host.slot).toBe(7);
    expect(host.seconds).toBe(10);
    expect(host.programs).toEqual({
      driver: {
        // The outermost and what it has waited for, the init, and the command that waits for the runner.
        cpuSeconds: 0.06,
        memory: { resident: 9 * page, proportional: 390 * 1024 },
        restarts: null,
        exits: {},
      },
      agent: { cpuSeconds: 0.1, memory: { resident: 100 * page, proportional: 1000 * 1024 }, restarts: 0, exits: {} },
      next_step_runner: {
        cpuSeconds: 0.2,
        memory: { resident: 200 * page, proportional: 2000 * 1024 },
        restarts: 0,
        exits: {},
      },
      // Ended ones in the times of runner and init, and the ping that goes on.
      commands: { cpuSeconds: 0.35, memory: null, restarts: null, exits: {} },
    });
    expect(lab).toEqual({ cpuSeconds: 0.55, memory: { resident: 6 * page, proportional: 10 * 1024 } });
  });

  it('keeps what an ended program took, though its parent has it now', async () => {
    sampler.up(7, ROOT);
    sampler.started(7, 'agent');
    live(...driver, ...stock(10));
    await look();
    sampler.exited(7, 'agent', exitName('137'));
    sampler.started(7, 'agent');
    // Everything above has ended: 10 + 20 + 30 + 1 ticks, 2 of them since the last look.
    live(
      driver[0]!,
      { ...driver[1]!, children: 4 + 10 + 20 + 30 + 1 + 2 },
      { pid: 22, name: 'agent', parent: 21, own: 5, started: 9, pages: 1 },
    );
    const { programs } = (await look()).host;
    expect(programs.agent).toEqual({
      cpuSeconds: 0.15,
      // Nobody could look at its pages.
      memory: { resident: 4096, proportional: null },
      restarts: 1,
      exits: { SIGKILL: 1 },
    });
    expect(programs.next_step_runner).toMatchObject({ cpuSeconds: 0.2, memory: null });
    expect(programs.commands).toMatchObject({ cpuSeconds: 0.37 });
  });

  it('never lets a total shrink, and adds further boots to it', async () => {
    sampler.up(7, ROOT);
    live(...driver, ...stock(10));
    await look();
    // A child ended while its parent had been read: it is in neither.
    live(
      ...driver,
      ...stock(10)
        .slice(0, 3)
        .map((one) => ({ ...one, children: 0 })),
    );
    expect((await look()).host.programs.commands!.cpuSeconds).toBe(0.35);
    sampler.down(7);
    live();
    expect((await look()).host).toMatchObject({ seconds: 20, programs: { agent: { cpuSeconds: 0.1, memory: null } } });
    sampler.up(7, 40);
    live(
      { ...driver[0]!, pid: 40 },
      { ...driver[1]!, pid: 41, parent: 40 },
      { pid: 42, name: 'agent', parent: 41, own: 7 },
    );
    const { host } = await look();
    expect(host).toMatchObject({
      seconds: 30,
      programs: { agent: { cpuSeconds: 0.17 }, driver: { cpuSeconds: 0.12 } },
    });
  });

  it('counts a boot of a host as no restart of its agent, and a further start of a controller as one', () => {
    for (const slot of [1, 2]) {
      sampler.up(slot, 0, slot === 1);
      sampler.started(slot, 'agent');
      sampler.up(slot, 0, slot === 1);
      sampler.started(slot, 'agent');
    }
    expect(sampler.report().map(({ programs }) => programs.agent?.restarts)).toEqual([undefined, 1]);
  });
});

describe('a line of /proc/PID/stat', () => {
  it('is read whatever the name of the process', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(), fc.nat(), fc.nat(), (name, pid, parent, own) => {
        expect(parseStat(statOf({ pid, name, parent, own, children: 5, started: 8, pages: 3 }))).toEqual({
          ...{ pid, name, parent, own, children: 5, started: 8, residentPages: 3 },
        });
      }),
    );
  });

  it('is told from other text', () => {
    for (const text of ['', '1 agent S 1', ') (']) expect(parseStat(text)).toBe(null);
  });
});

describe('an end, as a shell has it,', () => {
  it('has the name of its signal, or its exit code', () => {
    expect(['0', '1', '137', '143', '139', '255'].map(exitName)).toEqual([
      '0',
      '1',
      'SIGKILL',
      'SIGTERM',
      'SIGSEGV',
      '255',
    ]);
  });
});
