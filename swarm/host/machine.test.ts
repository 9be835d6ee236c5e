import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { InstallRequest } from '../../model/protocol/install-request.ts';
import { hostDurationMs, SPOKE_PROFILES } from '../../model/spoke/profiles.ts';
import { ManualClock } from '../../model/time/testing/manual-clock.ts';
import type { HostPlan } from '../plan/expanded-plan.ts';
import { buildHost } from './build-host.ts';
import { type InstallOutcome, Machine } from './machine.ts';

const PLAN: HostPlan = {
  index: 7,
  clusterIndex: 0,
  ordinal: 0,
  role: 'master',
  day2: false,
  profile: 'vm',
  kind: 'native',
  bootDelayMs: 0,
};
const HOST = buildHost('seed', { machineNetwork: '10.3.1.0/28', hosts: [PLAN] } as never, PLAN);
const REQUEST = { role: 'master', host_id: HOST.identity.id } as InstallRequest;
const GOOD: InstallOutcome = { exitCode: 0, error: '' };
const profile = SPOKE_PROFILES.typical;
const MINUTE = 60_000;

/** A machine, and everything that it says. */
function setUp() {
  const clock = new ManualClock(0);
  const told: string[] = [];
  const runs: { signal: AbortSignal; end: (outcome: InstallOutcome) => void; fail: (error: Error) => void }[] = [];
  const machine = new Machine(
    {
      clock,
      profile,
      runInstaller: (_machine, request, signal) => {
        expect(request).toBe(REQUEST);
        return new Promise((end, fail) => runs.push({ signal, end, fail }));
      },
      onPhase: (_machine, phase, reason) => told.push(reason ? `${phase}: ${reason}` : phase),
      onInstallerFailed: (_machine, reason) => told.push(`installer failed: ${reason}`),
      onRebooted: () => told.push('boots from disk'),
      onSilent: () => told.push('silent'),
    },
    HOST,
    3,
  );
  const program = {
    start: (upMs: number) => told.push(`program starts at ${Math.round(upMs)}`),
    stop: () => told.push('program stops'),
  };

  const settled = () => clock.advance(0);
  return { clock, machine, program, runs, told: () => told.splice(0), settled };
}

/** A machine that is on, with nothing said yet. */
function on() {
  const world = setUp();
  world.machine.powerOn(world.program, 0);
  world.told();
  return world;
}

describe('power', () => {
  it('is off until it is switched on, once', () => {
    const { machine, program, told } = setUp();
    expect([machine.phase, machine.boot]).toEqual(['planned', 0]);
    machine.powerOn(program, 5000);
    machine.powerOn(program, 6000);
    expect(told()).toEqual(['booting', 'program starts at 5000']);
  });

  it('gives a signal that lasts as long as it does', () => {
    const { machine } = on();
    const first = machine.powerSignal;
    expect(machine.powerSignal).toBe(first);
    machine.restart();
    expect(first.aborted).toBe(true);
    const second = machine.powerSignal;
    expect(second.aborted).toBe(false);
    machine.unplug();
    expect(second.aborted).toBe(true);
  });

  it('goes for good when the machine is unplugged', async () => {
    const { clock, machine, program, runs, told } = on();
    void machine.install(REQUEST);
    machine.shutdown('+1');
    told();
    machine.unplug();
    machine.unplug();
    expect(told()).toEqual(['stopped', 'program stops', 'silent', 'program stops']);
    expect(runs[0]!.signal.aborted).toBe(true);
    expect([clock.pending, machine.shuttingDown]).toEqual([0, false]);
    machine.enter('joined');
    machine.powerOn(program, 0);
    expect(machine.phase).toBe('stopped');
    expect(told()).toEqual([]);
  });

  it('unplugged before it was ever on, stays off', () => {
    const { machine, program, told } = setUp();
    machine.unplug();
    machine.powerOn(program, 0);
    expect(told()).toEqual(['stopped', 'silent']);
  });
});

describe('phase', () => {
  it('is told when it changes, with its reason, and only then', () => {
    const { machine, told } = on();
    machine.enter('registering');
    machine.enter('registering', 'again');
    machine.enter('frozen', 'refused with 403');
    expect(told()).toEqual(['registering', 'frozen: refused with 403']);
    expect(machine.phase).toBe('frozen');
  });

  it('of a machine that was silent before is kept when it is unplugged', () => {
    const { machine, told } = on();
    machine.enter('frozen', 'refused');
    machine.fallSilent();
    machine.fallSilent();
    machine.unplug();
    expect(machine.phase).toBe('frozen');
    expect(told()).toEqual(['frozen: refused', 'silent', 'program stops']);
  });
});

describe('reboot', () => {
  it.each([
    ['+1', 'shutdown'],
    ['now', 'shutdownSingleNode'],
  ] as const)('%s: comes when the table says, once', async (when, duration) => {
    const { clock, machine, told } = on();
    const ms = hostDurationMs(profile, HOST, duration);
    machine.shutdown(when);
    expect([clock.pending, machine.shuttingDown]).toEqual([1, true]);
    await clock.advance(ms - 1);
    expect(told()).toEqual([]);
    await clock.advance(1);
    expect(told()).toEqual(['rebooted', 'program stops', 'boots from disk', 'silent']);
    await clock.advance(60 * MINUTE);
    expect(told()).toEqual([]);
    expect([clock.pending, machine.shuttingDown]).toEqual([0, false]);
  });

  it('is one, however often it is asked for', async () => {
    const { clock, machine, told } = on();
    machine.shutdown('now');
    machine.shutdown('+1');
    machine.shutdown('+1');
    expect(clock.pending).toBe(1);
    await clock.advance(30_000);
    expect(machine.phase).toBe('booting');
    await clock.advance(MINUTE);
    expect(told()).toEqual(['rebooted', 'program stops', 'boots from disk', 'silent']);
  });

  it('of a frozen host comes too', async () => {
    const { clock, machine, told } = on();
    machine.shutdown('+1');
    machine.enter('frozen');
    machine.fallSilent();
    await clock.advance(2 * MINUTE);
    expect(told()).toEqual(['frozen', 'silent', 'rebooted', 'program stops', 'boots from disk']);
  });

  it('leaves phases to come: the installed system joins', async () => {
    const { clock, machine } = on();
    machine.shutdown('now');
    await clock.advance(MINUTE);
    machine.enter('joined');
    machine.unplug();
    expect(machine.phase).toBe('joined');
  });
});

describe('installer', () => {
  it('runs once; its name stays in use when it has ended', async () => {
    const { machine, runs, told, settled } = on();
    const outcome = machine.install(REQUEST);
    expect(told()).toEqual(['installing']);
    expect(machine.install(REQUEST)).toBeNull();
    runs[0]!.end(GOOD);
    expect(await outcome).toEqual(GOOD);
    await settled();
    expect(machine.install(REQUEST)).toBeNull();
    expect(machine.stopInstaller()).toBe(false);
    expect([runs.length, machine.phase]).toEqual([1, 'installing']);
    expect(told()).toEqual([]);
  });

  it.each([
    [{ exitCode: 1, error: 'disk is full' }, 'disk is full', 'disk is full'],
    [{ exitCode: 2, error: '' }, 'exit code 2', 'the installer ended with 2'],
  ])('that fails makes the host fail (%o)', async (outcome, message, reason) => {
    const { machine, runs, told } = on();
    const ended = machine.install(REQUEST);
    runs[0]!.end(outcome);
    expect(await ended).toEqual(outcome);
    expect(told()).toEqual(['installing', `installer failed: ${message}`, `failed: ${reason}`]);
  });

  it('is stopped by its container, on a machine that goes on', async () => {
    const { machine, runs, told } = on();
    expect(machine.stopInstaller()).toBe(false);
    const ended = machine.install(REQUEST);
    expect(machine.stopInstaller()).toBe(true);
    expect(runs[0]!.signal.aborted).toBe(true);
    runs[0]!.fail(new Error('stopped'));
    expect(await ended).toEqual({ exitCode: 143, error: '' });
    expect(told().at(-1)).toBe('failed: the installer ended with 143');
    expect(machine.stopInstaller()).toBe(false);
  });

  it('passes on what it breaks with', async () => {
    const { machine, runs } = on();
    const ended = machine.install(REQUEST);
    runs[0]!.fail(new Error('a defect'));
    await expect(ended).rejects.toThrow('a defect');
  });
});

describe('restart', () => {
  it('boots the discovery image again after the time of the table', () => {
    const { clock, machine, told } = on();
    machine.restart();
    const ms = hostDurationMs(profile, HOST, 'discoveryBoot');
    expect(ms).toBeGreaterThanOrEqual(120_000);
    expect(ms).toBeLessThan(240_000);
    // It is in that phase already.
    expect(told()).toEqual(['program stops', `program starts at ${Math.round(ms)}`]);
    expect([machine.boot, clock.pending]).toEqual([1, 0]);
  });

  it('voids the installer, its outcome and the reboot of the boot before', async () => {
    const { clock, machine, runs, told } = on();
    const ended = machine.install(REQUEST);
    machine.shutdown('+1');
    machine.restart();
    expect([clock.pending, runs[0]!.signal.aborted]).toEqual([0, true]);
    runs[0]!.end({ exitCode: 1, error: 'too late' });
    expect(await ended).toMatchObject({ exitCode: 1 });
    expect(told().filter((line) => /failed|rebooted/.test(line))).toEqual([]);

    // The name is free again, and the old container's end does not touch the new one.
    const again = machine.install(REQUEST);
    expect(again).not.toBeNull();
    expect(machine.stopInstaller()).toBe(true);
    runs[1]!.end(GOOD);
    await again;
    await clock.advance(10 * MINUTE);
    expect(told().filter((line) => /failed|rebooted/.test(line))).toEqual([]);
  });
});

it('tells every change of phase, in order, once, and reboots at most once a boot, whatever happens to it', async () => {
  const actions = fc.array(
    fc.constantFrom('install', 'end', 'fail', 'stop', 'shutdown', 'restart', 'frozen', 'silent', 'unplug', 'minute'),
    { maxLength: 25 },
  );
  await fc.assert(
    fc.asyncProperty(actions, async (steps) => {
      const { clock, machine, runs, told } = on();
      const all: string[] = [];
      for (const step of steps) {
        if (step === 'install') machine.install(REQUEST)?.catch(() => {});
        else if (step === 'end') runs.at(-1)?.end(GOOD);
        else if (step === 'fail') runs.at(-1)?.end({ exitCode: 1, error: '' });
        else if (step === 'stop') machine.stopInstaller();
        else if (step === 'shutdown') machine.shutdown('+1');
        else if (step === 'restart') machine.restart();
        else if (step === 'frozen') machine.enter('frozen');
        else if (step === 'silent') machine.fallSilent();
        else if (step === 'unplug') machine.unplug();
        await clock.advance(step === 'minute' ? MINUTE : 0);
        expect(clock.pending).toBe(machine.shuttingDown ? 1 : 0);
        all.push(...told());
      }
      const phases = all.filter((line) => !/^(program|installer failed|boots|silent)/.test(line));
      expect(phases.at(-1)?.split(':')[0] ?? 'booting').toBe(machine.phase);
      for (const [n, phase] of phases.entries()) if (n > 0) expect(phase).not.toBe(phases[n - 1]);
      expect(all.filter((line) => line === 'silent').length).toBeLessThanOrEqual(1);
      const reboots = all.filter((line) => line === 'boots from disk').length;
      expect(reboots).toBeLessThanOrEqual(steps.filter((step) => step === 'shutdown').length);
      if (phases.includes('stopped')) expect(phases.indexOf('stopped')).toBe(phases.length - 1);
    }),
    { numRuns: 300 },
  );
});
