import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PROFILE_NAMES } from '../../host/profiles.ts';
import { HardwareRequirements, type HardwareRole, shortfalls } from './hardware.ts';
import { OPERATOR_MINIMA } from './testing/deployed-service.ts';

const ROLES: readonly HardwareRole[] = ['master', 'arbiter', 'worker', 'sno'];

describe('which minimum applies', () => {
  const requirements = new HardwareRequirements(
    JSON.stringify([
      ...JSON.parse(OPERATOR_MINIMA),
      { version: '4.19.7', worker: { ram_mib: 4096 } },
      { version: '4.30', match_type: 'min_version', sno: { cpu_cores: 2 } },
    ]),
  );

  it.each([
    ['4.18', 'sno', 8],
    ['4.21.9', 'sno', 8],
    ['4.22', 'sno', 4],
    ['4.22.0-ec.1', 'sno', 4],
    ['4.29.1', 'sno', 4],
    ['4.30.2', 'sno', 2],
    ['4.22', 'master', 4],
  ] as const)('%s %s: %i CPUs', (version, role, cpus) => {
    expect(requirements.minimum(version, role)?.cpuCores).toBe(cpus);
  });

  it('takes what an exact version does not say from the default', () => {
    expect(requirements.minimum('4.19.7', 'worker')).toEqual({ cpuCores: 2, ramMib: 4096, diskGb: 100 });
    expect(requirements.minimum('4.19.7', 'arbiter')).toEqual({ cpuCores: 2, ramMib: 8192, diskGb: 50 });
  });

  it('measures an arbiter as a worker where nothing is said of it', () => {
    const worker = { cpu_cores: 3, ram_mib: 1024, disk_size_gb: 9 };
    const plain = new HardwareRequirements(JSON.stringify([{ version: 'default', worker }]));
    expect(plain.minimum('4.20', 'arbiter')).toEqual({ cpuCores: 3, ramMib: 1024, diskGb: 9 });
    expect(plain.minimum('4.20', 'master')).toBeNull();
  });

  it('knows none in an empty list', () => {
    expect(new HardwareRequirements('[]').minimum('4.20', 'sno')).toBeNull();
  });
});

it.each([
  ['nonsense', /is not valid JSON/],
  ['{}', /must be a JSON list/],
  ['[{"master":{}}]', /has no version in entry 1/],
  ['[{"version":"4.22","match_type":"min_version"}]', /none for version default/],
])('refuses %s, as the service does', (text, message) => {
  expect(() => new HardwareRequirements(text)).toThrow(message);
});

it.each(PROFILE_NAMES)('lets %s pass the minima of every role that the operator sets', (profile) => {
  const requirements = new HardwareRequirements(OPERATOR_MINIMA);
  for (const role of ROLES) expect(shortfalls(profile, requirements.minimum('4.20', role)!)).toEqual([]);
});

it('says what a machine lacks, and forgives 100 MiB', () => {
  expect(shortfalls('vm', { cpuCores: 9, ramMib: 16_485, diskGb: 200 })).toEqual([
    '8 of 9 CPUs',
    '16384 of 16485 MiB of memory',
    'a disk of 128 of 200 GB',
  ]);
  expect(shortfalls('vm', { cpuCores: 8, ramMib: 16_484, diskGb: 128 })).toEqual([]);
});

it('lowers minima to what machines have, and leaves the others alone', () => {
  const amount = fc.integer({ min: 1, max: 2_000_000 });
  const role = fc.record({ cpu_cores: amount, ram_mib: amount, disk_size_gb: amount });
  const entry = fc.record({ version: fc.constant('default'), master: role, arbiter: role, worker: role, sno: role });
  const machine = fc.record({ role: fc.constantFrom(...ROLES), profile: fc.constantFrom(...PROFILE_NAMES) });
  fc.assert(
    fc.property(entry, fc.array(machine, { minLength: 1, maxLength: 6 }), (given, machines) => {
      const lowered = new HardwareRequirements(new HardwareRequirements(JSON.stringify([given])).loweredTo(machines));
      for (const { role: name, profile } of machines) {
        expect(shortfalls(profile, lowered.minimum('4.20', name)!)).toEqual([]);
      }
      for (const name of ROLES.filter((one) => !machines.some((used) => used.role === one))) {
        const { cpu_cores: cpuCores, ram_mib: ramMib, disk_size_gb: diskGb } = given[name];
        expect(lowered.minimum('4.20', name)).toEqual({ cpuCores, ramMib, diskGb });
      }
    }),
    { numRuns: 50 },
  );
});

it('gives minima where the service has none', () => {
  const text = new HardwareRequirements('[]').loweredTo([{ role: 'sno', profile: 'vm' }]);
  expect(new HardwareRequirements(text).minimum('4.20', 'sno')).toEqual({ cpuCores: 8, ramMib: 16_384, diskGb: 100 });
});
