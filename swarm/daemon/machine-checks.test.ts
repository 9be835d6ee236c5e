import { describe, expect, it } from 'vitest';
import { checkMachine, type PlanDemand } from './machine-checks.ts';
import type { Conntrack, MachineReadings } from './machine-readings.ts';

const MACHINE: MachineReadings = {
  files: 20_000,
  mostFiles: 1_048_576,
  allFiles: { open: 2000, most: 1_000_000 },
  ports: { first: 32_768, last: 60_999 },
  mostResting: 131_072,
  conntrack: { followed: 100, most: 262_144, inside: true, outside: true },
  tcpMemory: { held: 1 << 20, most: 2 ** 31 },
  memoryMiB: 16_000,
  cores: 8,
  load: 0.5,
  clockSource: 'tsc',
  synchronised: true,
  timerLateness: { p50: 0.1, max: 2 },
};

const DEMAND: PlanDemand = {
  ...{ fileDescriptors: 7500, localPorts: 9000, connections: 7000, opened: 50, memoryMiB: 480, workers: 7 },
  ...{ sourceAddresses: 0, embedded: true, inside: true },
};

const bad = (machine: Partial<MachineReadings>, demand: Partial<PlanDemand> = {}) =>
  checkMachine({ ...MACHINE, ...machine }, { ...DEMAND, ...demand }).filter(({ verdict }) => verdict !== 'ok');

describe('a machine', () => {
  it('that has all that a plan takes is told so, with what is needed', () => {
    expect(bad({})).toEqual([]);
    const [files] = checkMachine(MACHINE, DEMAND);
    // The embedded service has the same limit, and a quarter of it stays free.
    expect(files).toMatchObject({ name: 'open files', needs: '9,334', has: '20,000' });
    expect(checkMachine(MACHINE, { ...DEMAND, embedded: false })[0]).toMatchObject({ needs: '7,500' });
  });

  it('tells what there is without a plan', () => {
    const rows = checkMachine(MACHINE, null);
    expect(rows.every(({ verdict }) => verdict === 'ok')).toBe(true);
    expect(rows.filter(({ needs }) => needs !== null).map(({ name }) => name)).toEqual(['timers']);
  });

  it.each<[string, Partial<MachineReadings>, Partial<PlanDemand>, RegExp]>([
    ['open files', { files: 4096 }, {}, /^ulimit -n 16384 /],
    ['open files', { files: 4096, mostFiles: 8192 }, {}, /^sysctl -w fs\.nr_open=16384 && ulimit -n 16384 /],
    ['open files of the machine', { allFiles: { open: 90_000, most: 100_000 } }, {}, /^sysctl -w fs\.file-max=156750$/],
    ['local ports to one address', {}, { localPorts: 40_000 }, /ip_local_port_range="1024 65535"$/],
    ['local ports to one address', {}, { localPorts: 90_000 }, /^name 4 addresses .*connections\.source_addresses/],
    ['closed connections that rest', { mostResting: 2000 }, {}, /tcp_max_tw_buckets=4500$/],
    [
      'connections followed by the firewall',
      { conntrack: { followed: 60_000, most: 65_536, inside: true, outside: true } },
      {},
      /nf_conntrack_max=109500$/,
    ],
    [
      'memory of sockets',
      { tcpMemory: { held: 0, most: 1 << 20 } },
      {},
      /^sysctl -w net\.ipv4\.tcp_mem="\d+ \d+ \d+"$/,
    ],
    ['memory, without the embedded service', { memoryMiB: 300 }, {}, /fewer hosts/],
    ['processors', { mostResting: 1e6, conntrack: null }, { opened: 10_000 }, /19 processors or more and --workers 13/],
  ])('names %s that are not enough, and what mends it', (name, machine, demand, mend) => {
    const rows = bad(machine, demand);
    expect(rows.map((row) => [row.name, row.verdict])).toEqual([[name, 'short']]);
    expect(rows[0]!.mend).toMatch(mend);
    expect(rows[0]!.says).not.toBeNull();
  });

  it('counts the ports of each address that the plan names', () => {
    expect(bad({}, { localPorts: 200_000, sourceAddresses: 4 })).toEqual([]);
    expect(bad({}, { localPorts: 230_000, sourceAddresses: 4 })).toHaveLength(1);
  });

  describe('counts connections that the firewall follows only', () => {
    const few = { followed: 0, most: 1000, inside: false, outside: false };
    const row = (conntrack: Conntrack, demand: Partial<PlanDemand> | null) =>
      checkMachine({ ...MACHINE, conntrack }, demand && { ...DEMAND, ...demand }).find(
        ({ name }) => name === 'connections followed by the firewall',
      );

    it.each<[string, Conntrack, Partial<PlanDemand> | null, string, string]>([
      ['none at all', few, {}, 'ok', 'none are followed inside this machine'],
      ['none to others', few, { inside: false }, 'ok', 'none are followed'],
      [
        'those to others alone',
        { ...few, followed: 7, outside: true },
        {},
        'ok',
        'none are followed inside this machine',
      ],
      ['those to the service alone', { ...few, followed: 7, outside: true }, { inside: false }, 'short', '993'],
      ['who knows', { ...few, outside: null }, { inside: false }, 'short', '1,000'],
      ['those inside alone', { ...few, inside: true }, {}, 'short', '1,000'],
      ['none, no plan', few, null, 'ok', 'none are followed'],
      ['some, no plan', { ...few, followed: 7, outside: true }, null, 'ok', '993'],
    ])('%s', (_name, conntrack, demand, verdict, has) => {
      expect(row(conntrack, demand)).toMatchObject({ verdict, has });
    });
  });

  it('tells of timers to a tenth of a millisecond', () => {
    const told = (p50: number, max: number) =>
      checkMachine({ ...MACHINE, timerLateness: { p50, max } }, null).find(({ name }) => name === 'timers')!.has;
    expect(told(0.3, 0.44)).toBe('late by 0.3 ms, at most 0.4 ms');
  });

  it('says what may disturb a run', () => {
    expect(bad({ load: 7.99 }, { opened: 1000 })).toMatchObject([{ name: 'processors', verdict: 'mind' }]);
    expect(bad({ clockSource: 'hpet' })).toMatchObject([{ name: 'clock', verdict: 'mind' }]);
    expect(bad({ timerLateness: { p50: 1, max: 45 } })).toMatchObject([{ name: 'timers', verdict: 'mind' }]);
  });

  it('passes over what the system does not tell', () => {
    const rows = bad({
      files: null,
      ports: null,
      memoryMiB: null,
      conntrack: null,
      tcpMemory: null,
      clockSource: null,
    });
    expect(new Set(rows.map(({ verdict }) => verdict))).toEqual(new Set(['unknown']));
    expect(rows).toHaveLength(4);
  });
});
