import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OPERATOR_NEEDS } from '../../model/protocol/operators.ts';
import { DEFAULT_PROFILES, PROFILE_NAMES } from '../host/profiles.ts';
import { parsePlan } from './load.ts';
import { operatorWarnings } from './operators.ts';
import { formatProblem } from './plan.ts';

const { master, worker, arbiter } = DEFAULT_PROFILES;
const SNO = { controlPlanes: 1, arbiters: 0, workers: 0, profiles: { master: 'sno-small', worker, arbiter } };
const COMPACT = { controlPlanes: 3, arbiters: 0, workers: 0, profiles: { master, worker, arbiter } };
const of = (cluster: typeof SNO, ...olmOperators: string[]) => operatorWarnings({ ...cluster, olmOperators }, '4.20');
const withProfiles = (cluster: typeof SNO, profiles: Partial<(typeof SNO)['profiles']>) => ({
  ...cluster,
  profiles: { ...cluster.profiles, ...profiles },
});

describe('operators on hosts that are not enough for them', () => {
  it.each([
    [
      'one disk',
      of(SNO, 'lvm'),
      /^lvm needs a disk beside the installation disk, and single nodes of profile sno-small have none; .*master/,
    ],
    [
      'a small spare disk, or none',
      of(withProfiles(COMPACT, { master: 'vm' }), 'odf'),
      /^odf needs a disk of at least 25 GB .* control planes of profile vm/,
    ],
    [
      'a single node',
      of(withProfiles(SNO, { master: 'server-large' }), 'odf'),
      /^odf needs at least 3 hosts: the service refuses a single node$/,
    ],
    [
      'too few workers',
      of({ ...COMPACT, workers: 2 }, 'odf'),
      /^odf needs no workers, or at least 3: the plan has 2 beside 3/,
    ],
    [
      'too few workers',
      of({ ...COMPACT, workers: 1 }, 'openshift-ai'),
      /^openshift-ai needs at least 2 workers.*has 1$/,
    ],
    [
      'little memory',
      of(withProfiles(COMPACT, { master: 'vm' }), 'mce'),
      /^control planes of profile vm have too little memory: 16384 MiB, 32768 needed \(16384 for OpenShift, 16384 for mce\)$/,
    ],
    [
      'few CPUs',
      of(withProfiles(SNO, { master: 'vm' }), 'cnv'),
      /^single nodes of profile vm have too few CPUs: 8, 14 needed \(8 for OpenShift, 6 for cnv\)$/,
    ],
    ['no GPU', of(COMPACT, 'nvidia-gpu'), /^nvidia-gpu needs a GPU/],
    [
      'secure boot',
      of(withProfiles(COMPACT, { master: 'server-large' }), 'kmm'),
      /^kmm needs secure boot to be off, and control planes of profile server-large/,
    ],
  ])('are warned of: %s', (_, warnings, said) => {
    expect(warnings).toContainEqual(expect.stringMatching(said));
  });

  it('looks at what comes with an operator, and at who carries it', () => {
    expect(of(withProfiles(COMPACT, { master: 'vm' }), 'mtv')).toContainEqual(
      expect.stringMatching(/16384 for OpenShift, 1024 for mtv, 150 for cnv/),
    );
    // Workers enough carry the volumes, so that control planes need no disk.
    const twoWorkers = withProfiles({ ...COMPACT, workers: 2 }, { master: 'sno-small' });
    expect(of(twoWorkers, 'lvm')).toEqual([]);
    expect(of({ ...twoWorkers, workers: 1 }, 'lvm')).toHaveLength(1);
  });

  it.each([
    [of(COMPACT, 'lvm')],
    [of(withProfiles(SNO, { master: 'master' }), 'lvm', 'cnv')],
    [of(COMPACT, 'odf', 'cnv')],
    [of({ ...COMPACT, workers: 3 }, 'odf', 'openshift-ai')],
    [of(SNO, 'lso', 'metallb', 'nmstate')],
  ])('are silent where the hosts are enough (%#)', (warnings) => {
    expect(warnings).toEqual([]);
  });

  it('know the least version of OpenShift', () => {
    const old = (version: string, cluster: typeof SNO) =>
      operatorWarnings({ ...cluster, olmOperators: ['lvm'] }, version);
    const single = withProfiles(SNO, { master: 'master' });
    expect(old('4.14.9', COMPACT)).toEqual([
      'lvm on more than one node needs OpenShift 4.15 or later, the plan has 4.14.9',
    ]);
    expect(old('4.14.9', single)).toEqual([]);
    expect(old('4.10', single)).toEqual(['lvm needs OpenShift 4.11 or later, the plan has 4.10']);
  });

  it('name what may have been meant by one that nobody knows', () => {
    expect(of(SNO, 'lvms')).toEqual([expect.stringMatching(/^lvms is no operator .*; did you mean lvm\?$/)]);
    expect(of(SNO, 'constructor')).toEqual([expect.stringMatching(/; known are amd-gpu, authorino, .*servicemesh$/)]);
  });

  it('have something to say or nothing, whatever is asked for', () => {
    const profile = fc.constantFrom(...PROFILE_NAMES);
    fc.assert(
      fc.property(
        fc.record({
          controlPlanes: fc.integer({ min: 1, max: 5 }),
          arbiters: fc.integer({ min: 0, max: 1 }),
          workers: fc.integer({ min: 0, max: 4 }),
          profiles: fc.record({ master: profile, arbiter: profile, worker: profile }),
          olmOperators: fc.uniqueArray(fc.oneof(fc.constantFrom(...Object.keys(OPERATOR_NEEDS)), fc.string())),
        }),
        fc.constantFrom('4.9', '4.20', '4.22.1-rc.1'),
        (cluster, version) => {
          const warnings = operatorWarnings(cluster, version);
          expect(new Set(warnings).size).toBe(warnings.length);
          expect(warnings.join()).not.toMatch(/NaN|undefined|Infinity/);
          if (cluster.olmOperators.length === 0) expect(warnings).toEqual([]);
        },
      ),
    );
  });
});

it('are told where they stand in the plan', () => {
  const warned = (text: string) => parsePlan(text, 'p.yaml').warnings.map(formatProblem);
  expect(warned('clusters:\n- topology: sno\n  olm_operators: [lvm]\n')).toEqual([
    expect.stringMatching(/^p\.yaml:3:18: olm_operators: lvm needs a disk/),
  ]);
  expect(warned('olm_operators: [lvm]\nclusters:\n- topology: compact\n- topology: sno\n')).toEqual([
    expect.stringMatching(/^p\.yaml:4:3: olm_operators: lvm needs a disk/),
  ]);
  expect(warned('olm_operators: [lvm]\nclusters:\n- {topology: sno, just_infraenv: true}\n')).toEqual([]);
});
