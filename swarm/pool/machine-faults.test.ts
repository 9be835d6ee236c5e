import { describe, expect, it } from 'vitest';
import type { HostFault } from '../../model/faults/faults.ts';
import type { InstallRequest } from '../../model/protocol/install-request.ts';
import { SPOKE_PROFILES } from '../../model/spoke/profiles.ts';
import { ManualClock } from '../../model/time/testing/manual-clock.ts';
import { buildHost } from '../host/build-host.ts';
import { Machine } from '../host/machine.ts';
import { DelayedProgram, delayOf } from './delayed-program.ts';
import { bootsImage, MachineFaults } from './machine-faults.ts';
import { launchFixture } from './testing/launch.ts';

const REQUEST = { role: 'master' } as InstallRequest;

/** A machine with a fault, and everything that is said of it, with seconds. */
function setUp(fault: HostFault) {
  const clock = new ManualClock(0);
  const told: string[] = [];
  const tell = (what: string) => told.push(`${Math.round(clock.now() / 1000)}: ${what}`);
  const { cluster, seed } = launchFixture({ hosts: 1 });
  const plan = { ...cluster.hosts[0]!, fault };
  const faults = new MachineFaults(clock, (machine) => {
    tell('lost');
    machine.unplug();
  });
  const machine = new Machine(
    {
      clock,
      profile: SPOKE_PROFILES.quick,
      runInstaller: (_machine, _request, signal) =>
        new Promise((_, fail) => signal.addEventListener('abort', () => fail(signal.reason))),
      onPhase: (one) => faults.look(one),
      onInstallerFailed: () => tell('installer failed'),
      onRebooted: () => tell('boots from disk'),
      bootsImage,
      onSilent: () => tell('silent'),
    },
    buildHost(seed, cluster, plan),
    0,
  );
  const agent = {
    start: (upMs: number) => tell(`agent at ${Math.round(upMs / 1000)}`),
    stop: () => tell('agent stops'),
  };
  faults.add(machine);
  const delayMs = delayOf(machine);
  machine.powerOn(delayMs === 0 ? agent : new DelayedProgram(machine, agent, delayMs), 10_000);
  return { clock, machine, faults, told };
}

const MIDDLE = { at: 'discovered', afterMs: 30_000 } as const;

describe('in the middle', () => {
  it('a machine loses its power so long after it was discovered, once', async () => {
    const { clock, machine, told } = setUp({ kind: 'silent', ...MIDDLE });
    machine.enter('registering');
    machine.enter('polling');
    await clock.advance(60_000);
    machine.enter('discovered');
    await clock.advance(29_000);
    expect(told).toEqual(['0: agent at 10']);
    await clock.advance(2000);
    expect(told.slice(1)).toEqual(['90: lost', '90: agent stops', '90: silent']);
    expect(machine.phase).toBe('stopped');
    expect(clock.pending).toBe(0);
  });

  it('a machine is reset, and comes back as if nothing had been', async () => {
    const { clock, machine, told } = setUp({ kind: 'reboot', at: 'writing', afterMs: 5000 });
    void machine.install(REQUEST)!.catch(() => {});
    machine.enter('writing');
    await clock.advance(5000);
    expect(told[1]).toBe('5: agent stops');
    expect(told[2]).toMatch(/^5: agent at 1[2-9]\d|2[0-4]\d$/);
    expect(machine.phase).toBe('booting');
    machine.enter('writing');
    await clock.advance(100_000);
    expect(told.length).toBe(3);
  });

  it('an agent is killed, its installer goes on, and its unit starts it again', async () => {
    const { clock, machine, told } = setUp({ kind: 'agent-restart', at: 'installing', afterMs: 7000 });
    const { boot } = machine;
    const outcome = machine.install(REQUEST)!;
    let ended = false;
    void outcome.then(() => {
      ended = true;
    });
    await clock.advance(7000);
    expect(told.slice(1)).toEqual(['7: agent stops', '7: agent at 10']);
    expect(machine.boot).toBe(boot + 1);
    expect(machine.phase).toBe('installing');
    expect(ended).toBe(false);
  });

  it('nothing happens where the machine has rebooted before', async () => {
    const { clock, machine, told } = setUp({ kind: 'reboot', at: 'writing', afterMs: 50_000 });
    machine.enter('writing');
    await clock.advance(20_000);
    machine.shutdown('now');
    await clock.advance(200_000);
    expect(told.filter((line) => line.includes('agent at'))).toEqual(['0: agent at 10']);
  });

  it('a machine boots the image again in the place of its disk', async () => {
    const { clock, machine, told } = setUp({ kind: 'reboot', at: 'rebooted', afterMs: 0 });
    machine.shutdown('now');
    await clock.advance(200_000);
    expect(told.slice(1).map((line) => line.replace(/^\d+: /, ''))).toEqual([
      'agent stops',
      expect.stringMatching(/^agent at/),
    ]);
    expect(told).not.toContain(expect.stringContaining('boots from disk'));
  });

  it('a machine dies when it has rebooted', async () => {
    const { clock, machine, told } = setUp({ kind: 'silent', at: 'rebooted', afterMs: 10_000 });
    machine.shutdown('now');
    await clock.advance(200_000);
    expect(told.map((line) => line.replace(/^\d+: /, ''))).toEqual([
      ...['agent at 10', 'agent stops', 'boots from disk', 'silent'],
      ...['lost', 'agent stops'],
    ]);
  });

  it('nothing happens any more once it is closed', async () => {
    const { clock, machine, faults, told } = setUp({ kind: 'silent', ...MIDDLE });
    machine.enter('discovered');
    faults.close();
    await clock.advance(100_000);
    expect(told.length).toBe(1);
  });
});

describe('at the first boot', () => {
  it.each<[HostFault, string[]]>([
    [{ kind: 'no-boot' }, ['0: silent']],
    [{ kind: 'late-boot', byMs: 600_000 }, ['0: agent at 610']],
    [{ kind: 'agent-image-pull', lastingMs: 100_000 }, ['0: agent at 165']],
    [{ kind: 'slow-disk', syncMs: 50 }, ['0: agent at 10']],
  ])('%j', (fault, expected) => {
    expect(setUp(fault).told).toEqual(expected);
  });

  it('and not at a later one', () => {
    const { machine, told } = setUp({ kind: 'late-boot', byMs: 600_000 });
    machine.restart();
    expect(told[1]).toBe('0: agent stops');
    expect(Number(/at (\d+)/.exec(told[2]!)![1])).toBeLessThan(250);
  });
});
