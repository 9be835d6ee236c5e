import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { RESTORE_CASES } from './backup-options.ts';
import { backupRequest } from './backup-request.ts';
import {
  optionOf,
  PARAMETER_NAMES,
  PARAMETERS,
  type Parameter,
  ParametersError,
  parametersOfWords,
} from './parameters.ts';
import { shellWords } from './shell-words.ts';

const request = (args: string) =>
  backupRequest(parametersOfWords(shellWords(args)), (file) => {
    throw new Error(`nobody asked for ${file}`);
  });
/** Problems of a command line. */
const problems = (args: string): readonly string[] => {
  try {
    request(args);
  } catch (error) {
    if (error instanceof ParametersError) return error.problems;
    throw error;
  }
  return [];
};

/** Of the document, "Direct Execution". */
const DOCUMENT = `
  --mode binary \\
  --max-vus 50 \\
  --max-devworkspaces 50 \\
  --delete-devworkspace-after-ready false \\
  --separate-namespaces true \\
  --devworkspace-ready-timeout-seconds 900 \\
  --test-duration-minutes 15 \\
  --run-backup-test-hook true \\
  --dwoc-config-type correct \\
  --registry-path quay.io/yourusername \\
  --registry-secret quay-push-secret \\
  --backup-wait-minutes 15`;

describe('a request', () => {
  it('is what the command line of the document says', () => {
    const { options, logsDirectory, replaceSecret } = request(DOCUMENT);
    expect(options).toMatchObject({
      workspaces: 50,
      maxStarting: 50,
      separateNamespaces: true,
      readyTimeoutMs: 900_000,
      testDurationMs: 900_000,
      deleteAfterReady: false,
      automountPairs: 0,
      operatorNamespace: null,
      backup: {
        configType: 'correct',
        registryPath: 'quay.io/yourusername',
        registrySecret: 'quay-push-secret',
        schedule: '*/1 * * * *',
        backoffLimit: null,
        orasExtraArgs: null,
        waitMs: 900_000,
        order: 'stop-first',
      },
    });
    expect(logsDirectory).toBe('logs');
    expect(replaceSecret).toBe(false);
  });

  it('has the defaults of the public scripts', () => {
    const { options } = request('--max-devworkspaces 7');
    expect(options).toMatchObject({
      maxStarting: 100,
      separateNamespaces: false,
      deleteAfterReady: true,
      readyTimeoutMs: 1_200_000,
      testDurationMs: 1_500_000,
      automountPairs: 0,
      backup: null,
    });
    const { backup } = request('--max-devworkspaces 7 --run-backup-test-hook true --registry-path quay.io/me').options;
    expect(backup).toMatchObject({
      configType: 'correct',
      registrySecret: 'quay-push-secret',
      waitMs: 1_800_000,
      schedule: '*/1 * * * *',
    });
  });

  it('finds the registry inside of the cluster, and needs no secret for it', () => {
    const { backup } = request(
      '--max-devworkspaces 250 --dwoc-config-type openshift-internal --registry-path "" --registry-secret ""',
    ).options;
    expect(backup).toMatchObject({
      configType: 'openshift-internal',
      registryPath: '',
      registrySecret: null,
      orasExtraArgs: '--insecure',
    });
  });

  it('asks for a backup by any parameter of one, and then keeps the workspaces', () => {
    const { options } = request('--max-devworkspaces 5 --registry-path ttl.sh --registry-secret ""');
    expect(options.deleteAfterReady).toBe(false);
    expect(options.backup).toMatchObject({ registryPath: 'ttl.sh', registrySecret: null });
  });

  it('goes without one where it is told to, whatever defaults are given', () => {
    const args = '--max-devworkspaces 5 --run-backup-test-hook false --dwoc-config-type correct --registry-path ""';
    expect(request(args).options.backup).toBeNull();
  });

  it('counts pairs of automounted resources', () => {
    const pairs = (args: string) => request(`--max-devworkspaces 5 ${args}`).options.automountPairs;
    expect(pairs('--create-automount-resources true')).toBe(1);
    expect(pairs('--create-automount-resources true --automount-pairs 9')).toBe(9);
    expect(pairs('--create-automount-resources=false')).toBe(0);
  });

  it('asks for restores by a sample, by cases, or by both', () => {
    const restore = (args: string) =>
      request(`--max-devworkspaces 5 --registry-path quay.io/me ${args}`).options.backup!.restore;
    expect(restore('')).toBeNull();
    expect(restore('--restore-sample 10%')).toEqual({
      mode: 'in-place',
      sample: { percent: 10 },
      seed: null,
      cases: [],
    });
    expect(restore('--restore-sample=3 --restore-mode other-namespace --seed x')).toEqual({
      mode: 'other-namespace',
      sample: { count: 3 },
      seed: 'x',
      cases: [],
    });
    expect(restore('--restore-cases "non-empty, missing-image"')).toMatchObject({
      sample: null,
      cases: ['missing-image', 'non-empty'],
    });
    expect(restore('--restore-cases all')?.cases).toEqual(RESTORE_CASES);
    // A registry that lets everybody in has no wrong credentials.
    expect(restore('--restore-cases all --registry-secret ""')?.cases).not.toContain('wrong-credentials');
  });

  it('takes what was given last', () => {
    expect(request('--max-devworkspaces 5 --max-devworkspaces=6').options.workspaces).toBe(6);
  });

  it('reads the file of a DevWorkspace', () => {
    const text = JSON.stringify({
      apiVersion: 'workspace.devfile.io/v1alpha2',
      kind: 'DevWorkspace',
      metadata: { name: 'x' },
      spec: { started: false, template: { components: [{ name: 'a', container: { image: 'i' } }] } },
    });
    const { options } = backupRequest({ maxDevworkspaces: '1', devworkspaceLink: 'dw.json' }, (file) => {
      expect(file).toBe('dw.json');
      return text;
    });
    expect(options.workspaceSpec).toMatchObject({ started: true, template: { components: [{ name: 'a' }] } });
  });
});

describe('a request that cannot be', () => {
  const plain = '--max-devworkspaces 5';
  const backup = `${plain} --run-backup-test-hook true --registry-path quay.io/me`;
  it.each<[string, RegExp]>([
    ['--mode binary', /^--max-devworkspaces is missing: give how many/],
    ['--max-devworkspaces -1', /^--max-devworkspaces is "-1": allowed is a whole number from 1 to 100000$/],
    ['--max-devworkspaces', /^--max-devworkspaces has no value: give <n> after it/],
    ['--max-devworkspaces --mode binary', /^--max-devworkspaces has no value/],
    [`${plain} --max-vu 4`, /^--max-vu is no parameter; did you mean --max-vus\?$/],
    [`${plain} --number-of-users 4`, /^--number-of-users is no parameter: see swarm backup run --help/],
    [`${plain} 17`, /^"17" is no parameter: a value must follow one/],
    [`${plain} --max-vus 0`, /^--max-vus is "0": allowed is a whole number from 1/],
    [`${plain} --max-vus 1e2`, /allowed is a whole number/],
    [`${plain} --separate-namespaces yes`, /^--separate-namespaces is "yes": allowed are true and false$/],
    [`${plain} --mode operator`, /^--mode operator is not possible here: load is made by this program/],
    [`${plain} --mode k6`, /^--mode is "k6": allowed is binary$/],
    [`${plain} --executor ramping-vus`, /^--executor ramping-vus is not possible here: .* --max-vus/],
    [`${plain} --run-with-eclipse-che true`, /^--run-with-eclipse-che true is not possible here: Eclipse Che/],
    [`${plain} --che-namespace x`, /^--che-namespace is not possible here: Eclipse Che/],
    [`${plain} --devworkspace-link https://x.test/a.json`, /nothing is loaded from the network .*curl -o dw.json/],
    [`${plain} --dwo-namespace A_b`, /^--dwo-namespace is "A_b": allowed is the name of a namespace/],
    [`${plain} --payload-size 1T`, /^--payload-size is "1T": allowed is a size from 0 to 100Gi/],
    [`${plain} --automount-pairs 3`, /give --create-automount-resources true with it/],
    [
      `${plain} --run-backup-test-hook false --backoff-limit 2 --registry-path quay.io/a`,
      /--registry-path, --backoff-limit would mean nothing/,
    ],
    [`${plain} --run-backup-test-hook true`, /^--registry-path is missing: give where backups go/],
    [`${plain} --run-backup-test-hook true --registry-path ""`, /^--registry-path is empty/],
    [`${plain} --registry-path me/backups`, /^--registry-path is "me\/backups", without the host/],
    [`${plain} --registry-path quay.io/CHANGEME`, /^--registry-path is still the placeholder "quay.io\/CHANGEME"/],
    [`${backup} --delete-devworkspace-after-ready true`, /cannot be backed up: give false/],
    [
      `${backup} --dwoc-config-type wrong`,
      /^--dwoc-config-type is "wrong": allowed are correct, incorrect, openshift-internal$/,
    ],
    [`${backup} --dwoc-config-type openshift-internal --registry-secret s`, /openshift-internal takes none/],
    [`${backup} --registry-secret "" --replace-registry-secret true`, /there is no secret to replace/],
    [`${backup} --registry-secret Quay`, /^--registry-secret is "Quay": allowed is a name of Kubernetes/],
    [
      `${backup} --storage-type ephemeral`,
      /^--storage-type is ephemeral: the operator never backs such .* --storage-type per-workspace/,
    ],
    [`${backup} --storage-type async`, /^--storage-type async is not possible here: it is never backed up/],
    [`${backup} --backup-wait-minutes 0`, /^--backup-wait-minutes is "0"/],
    [`${backup} --backoff-limit -1`, /^--backoff-limit is "-1": allowed is a whole number from 0 to 100/],
    [
      `${backup} --backup-schedule "61 * * * *"`,
      /^--backup-schedule is "61 \* \* \* \*", no schedule: minute 61 lies outside/,
    ],
    [`${backup} --backup-schedule "0 0 31 2 *"`, /no such day comes/],
    [`${backup} --backup-schedule @daily`, /due every 1440 minutes, and --backup-wait-minutes is 30/],
    [`${backup} --backup-schedule "0-5 * * * *"`, /due every 55 minutes, and --backup-wait-minutes is 30/],
    [`${backup} --backup-schedule "@every 30m"`, /could end before the first backup/],
    [
      `${backup} --dwoc-config-type incorrect --backup-schedule "*/15 * * * *"`,
      /^--backup-schedule .* could end before the second try, which an incorrect configuration must show; give a longer/,
    ],
    [`${plain} --restore-sample 10`, /^--registry-path is missing/],
    [
      `${plain} --run-backup-test-hook false --restore-sample 10`,
      /^--run-backup-test-hook is false, and --restore-sample/,
    ],
    [`${backup} --restore-sample 0`, /^--restore-sample is "0": allowed is a number from 1, such as 10, or a share/],
    [`${backup} --restore-sample 101%`, /^--restore-sample is "101%"/],
    [`${backup} --restore-sample ten`, /^--restore-sample is "ten"/],
    [`${backup} --restore-sample 5 --restore-mode beside`, /^--restore-mode is "beside": allowed are in-place, side-/],
    [`${backup} --restore-cases empty`, /^--restore-cases is "empty": allowed are missing-image, .*, and all$/],
    [
      `${backup} --restore-mode in-place`,
      /^--restore-mode is given, and nothing is restored: give --restore-sample 10/,
    ],
    [`${backup} --seed x`, /^--seed is given, and nothing is restored/],
    [`${backup} --restore-sample 5 --dwoc-config-type incorrect`, /nothing is backed up that could be restored/],
    [`${backup} --restore-cases all --dwoc-config-type incorrect`, /^--restore-cases is given, and --dwoc-config-type/],
    [`${backup} --restore-sample 5 --payload-size 0`, /cannot restore an empty backup/],
    [`${backup} --restore-cases wrong-credentials --registry-secret ""`, /no secret whose credentials could be wrong/],
    [`${backup} --restore-cases empty-backup --max-devworkspaces 1`, /takes one of the DevWorkspaces for itself/],
    [`${backup} --payload-size 1Mi --devworkspace-link x.yaml`, /nobody asked for/],
  ])('%s', (args, message) => {
    if (message.source.includes('nobody')) expect(() => request(args)).toThrow(message);
    else {
      const found = problems(args);
      expect(found).toHaveLength(1);
      expect(found[0]).toMatch(message);
    }
  });

  it('is one to restore what proves nothing', () => {
    const component = (env: object[]) => ({ name: 'a', container: { image: 'i', env } });
    const file = (env: object[]) =>
      JSON.stringify({
        apiVersion: 'workspace.devfile.io/v1alpha2',
        kind: 'DevWorkspace',
        spec: { template: { components: [component(env), { name: 'projects', volume: { size: '1Gi' } }] } },
      });
    const given = {
      maxDevworkspaces: '3',
      registryPath: 'quay.io/me',
      devworkspaceLink: 'dw.json',
      restoreSample: '1',
    };
    expect(() => backupRequest(given, () => file([]))).toThrow(
      /dw\.json is to be restored, and none of its containers/,
    );
    const { options } = backupRequest(given, () => file([{ name: 'PAYLOAD_BYTES', value: '10' }]));
    expect(options.backup?.restore).not.toBeNull();
  });

  it('is told all its problems at once', () => {
    expect(problems('--max-vus 0 --mode operator --max-devworkspaces 0')).toHaveLength(3);
    expect(problems('--registry-secret x --dwoc-config-type openshift-internal --storage-type ephemeral')).toHaveLength(
      3,
    );
  });
});

describe('the table', () => {
  it('is explained to users', () => {
    const text = readFileSync(new URL('../../docs/backup.md', import.meta.url), 'utf8');
    const shown = PARAMETER_NAMES.filter((name) => !(PARAMETERS[name] as Parameter).hidden).map(optionOf);
    expect(shown.filter((option) => !text.includes(`\`${option}\``))).toEqual([]);
  });

  it.each(PARAMETER_NAMES)('%s has a default that its own rules take', (name) => {
    const { absent, parse, summary, hidden }: Parameter = PARAMETERS[name];
    if (absent !== null) expect(() => parse(absent)).not.toThrow();
    expect(summary !== '' || hidden === true).toBe(true);
  });

  it('has all names of the public load test', () => {
    // runk6.sh, parse_arguments
    const theirs = `mode executor max-vus separate-namespaces max-devworkspaces delete-devworkspace-after-ready
      devworkspace-ready-timeout-seconds devworkspace-link create-automount-resources dwo-namespace logs-dir
      test-duration-minutes run-with-eclipse-che che-cluster-name che-namespace run-backup-test-hook dwoc-config-type
      registry-path registry-secret backup-wait-minutes`.split(/\s+/);
    expect(PARAMETER_NAMES.map(optionOf)).toEqual(expect.arrayContaining(theirs.map((name) => `--${name}`)));
  });
});
