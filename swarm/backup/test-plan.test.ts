import { describe, expect, it } from 'vitest';
import { readTestPlan, TestPlanError } from './test-plan.ts';

const noFile = (file: string): string => {
  throw new Error(`nobody asked for ${file}`);
};
const read = (plan: unknown) =>
  readTestPlan('plan.json', typeof plan === 'string' ? plan : JSON.stringify(plan), noFile);
const custom = (name: string, args: string, enabled: unknown = true) => ({ name, args, enabled, description: 'x' });
const problems = (plan: unknown): readonly string[] => {
  try {
    read(plan);
  } catch (error) {
    if (error instanceof TestPlanError) return error.problems;
    throw error;
  }
  return [];
};

/** As the shipped plans write theirs: vus, workspaces, seconds until ready, minutes, configuration, minutes of wait. */
const backup = (vus: number, count: number, ready: number, minutes: number, type: string, wait: number, path: string) =>
  `--mode binary --max-vus ${vus} --max-devworkspaces ${count} --delete-devworkspace-after-ready false --separate-namespaces true --devworkspace-ready-timeout-seconds ${ready} --test-duration-minutes ${minutes} --run-backup-test-hook true --dwoc-config-type ${type} --registry-path ${path} --registry-secret quay-push-secret --backup-wait-minutes ${wait}`;

describe('a test plan', () => {
  it.each([
    ['smoke', 50, 50, 900, 15, 'correct', 15],
    ['smoke', 50, 50, 900, 15, 'incorrect', 15],
    ['correct', 200, 500, 1800, 30, 'correct', 30],
    ['correct', 300, 2000, 3000, 50, 'correct', 45],
    ['incorrect', 200, 500, 1800, 30, 'incorrect', 30],
    ['incorrect', 300, 2000, 3000, 50, 'incorrect', 45],
  ] as const)('of the shipped shape: %s, %d users, %d workspaces', (name, vus, count, ready, minutes, type, wait) => {
    const args = backup(vus, count, ready, minutes, type, wait, 'quay.io/me');
    const { tests, disabled } = read({
      description: 'd',
      tests: [],
      custom_tests: [custom('off', 'no --options', false), custom(name, args)],
    });
    expect(disabled).toBe(1);
    expect(tests).toHaveLength(1);
    expect(tests[0]).toMatchObject({
      name,
      description: 'x',
      request: {
        options: {
          workspaces: count,
          maxStarting: vus,
          separateNamespaces: true,
          readyTimeoutMs: ready * 1000,
          testDurationMs: minutes * 60_000,
          deleteAfterReady: false,
          backup: {
            configType: type,
            registryPath: 'quay.io/me',
            registrySecret: 'quay-push-secret',
            waitMs: wait * 60_000,
          },
        },
      },
    });
  });

  it('runs standard tests before its own, as the suite runner expands them', () => {
    const plain =
      '--mode binary --max-vus 500 --create-automount-resources true --max-devworkspaces 500 --delete-devworkspace-after-ready false --separate-namespaces false --devworkspace-ready-timeout-seconds 2400 --test-duration-minutes 40';
    const { tests } = read({
      custom_tests: [custom('custom_vus_test', plain)],
      tests: [
        { max_devworkspaces: 1500, mode: 'single', duration_minutes: 40, enabled: true },
        { max_devworkspaces: 1500, mode: 'separate', duration_minutes: 60, enabled: true, description: 'y' },
        { max_devworkspaces: 20, mode: 'single', duration_minutes: 15 },
      ],
    });
    expect(tests.map(({ name }) => name)).toEqual(['1500_single_ns_40m', '1500_separate_ns_60m', 'custom_vus_test']);
    expect(tests.map(({ request }) => request.options)).toMatchObject([
      {
        workspaces: 1500,
        maxStarting: 300,
        separateNamespaces: false,
        readyTimeoutMs: 2_400_000,
        automountPairs: 1,
        deleteAfterReady: false,
        backup: null,
      },
      { workspaces: 1500, separateNamespaces: true, testDurationMs: 3_600_000, automountPairs: 1, backup: null },
      { workspaces: 500, maxStarting: 500, automountPairs: 1, backup: null },
    ]);
  });

  it('takes the quotes of a shell', () => {
    const args =
      '--max-devworkspaces 250 --separate-namespaces true --dwoc-config-type openshift-internal --registry-path "" --registry-secret "" --backup-wait-minutes 30';
    const [test] = read({ custom_tests: [custom('internal', args)] }).tests;
    expect(test!.request.options.backup).toMatchObject({
      configType: 'openshift-internal',
      registryPath: '',
      registrySecret: null,
    });
  });

  it('has a folder of its own for each test, whatever they are called', () => {
    const one = (name: string) => custom(name, '--max-devworkspaces 1');
    const { tests } = read({ custom_tests: ['a', 'a', 'a-2', '../../etc', 'a b/c', '.hidden'].map(one) });
    expect(tests.map(({ name }) => name)).toEqual(['a', 'a-2', 'a-2-2', 'etc', 'a-b-c', 'hidden']);
  });
});

describe('a test plan that cannot be', () => {
  const good = '--max-devworkspaces 5';
  it.each<[string, unknown, RegExp]>([
    ['no JSON', '{"tests": [', /^plan.json: is not valid JSON \(.+\); give a test plan$/],
    ['a list', [], /is no test plan: give/],
    [
      'an unknown key',
      { custom_test: [], tests: [{ enabled: false }] },
      /custom_test is no key; did you mean custom_tests\?/,
    ],
    ['no list', { tests: {} }, /tests is no list; give \[\] for none/],
    ['no test', { tests: [7] }, /tests\[0\] is no test; give \{"max_devworkspaces"/],
    ['nothing', {}, /no test is enabled; set "enabled": true/],
    ['nothing that is enabled', { custom_tests: [custom('a', good, false)] }, /no test is enabled \(1 are not\)/],
    [
      'a quoted true',
      { custom_tests: [custom('a', good, 'true')] },
      /custom_tests\[0\].enabled is "true": allowed are true and false, without quotes/,
    ],
    ['no name', { custom_tests: [{ args: good, enabled: true }] }, /custom_tests\[0\].name is missing/],
    [
      'no args',
      { custom_tests: [{ name: 'a', enabled: true }] },
      /custom_tests\[0\].args is missing: give a command line/,
    ],
    [
      'an open quote',
      { custom_tests: [custom('a', '--registry-path "')] },
      /custom_tests\[0\] \(a\): args: the " at character 17/,
    ],
    ['an unknown parameter', { custom_tests: [custom('a', `${good} --vus 5`)] }, /\(a\): --vus is no parameter/],
    [
      'another mode',
      { tests: [{ max_devworkspaces: 1, mode: 'both', duration_minutes: 1, enabled: true }] },
      /tests\[0\].mode is "both": allowed are "single" and "separate"/,
    ],
    [
      'no number',
      { tests: [{ max_devworkspaces: '9', mode: 'single', duration_minutes: 1, enabled: true }] },
      /max_devworkspaces is "9": give a whole number/,
    ],
    [
      'users',
      { tests: [{ number_of_users: 50, enabled: true }] },
      /load on the webhook server is not made by this program/,
    ],
    [
      'Eclipse Che',
      { custom_tests: [custom('che', `${good} --run-with-eclipse-che true`)] },
      /\(che\): --run-with-eclipse-che true is not possible here/,
    ],
    [
      'a placeholder',
      { custom_tests: [custom('b', backup(50, 50, 900, 15, 'correct', 15, 'quay.io/CHANGEME'))] },
      /\(b\): --registry-path is still the placeholder "quay.io\/CHANGEME": .* sed -i/,
    ],
  ])('with %s', (_, plan, message) => {
    const found = problems(plan);
    expect(found.filter((one) => message.test(one))).toHaveLength(1);
    expect(found.every((one) => one.startsWith('plan.json: '))).toBe(true);
  });

  it('is told all its problems at once', () => {
    expect(
      problems({ custom_tests: [custom('a', '--max-vus 0'), custom('b', '--mode operator'), custom('c', good)] }),
    ).toHaveLength(2);
  });
});
