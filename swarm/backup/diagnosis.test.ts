/** Each cause is brought about in a world of its own, and a whole load is run against it. */
import { describe, expect, it } from 'vitest';
import type { DevWorkspaceWorld, DevWorkspaceWorldOptions } from '../../controller-mock/index.ts';
import type { FailedPod } from './backup-figures.ts';
import type { BackupOptions, BackupPart } from './backup-options.ts';
import { DWO_LABELS, OPERATOR_CONFIG } from './backup-resources.ts';
import { causeOf } from './failing-jobs.ts';
import { type Finding, findingLines } from './finding.ts';
import { COPIED_SECRET } from './registry-secret.ts';
import { BackupBench, optionsOf } from './testing/backup-bench.ts';

const NAMESPACE = 'openshift-operators';
const COUNT = 3;
const SECRETS = { group: '', resource: 'secrets' };
const CLAIMS = { group: '', resource: 'persistentvolumeclaims' };
const CONFIGS = { group: 'controller.devfile.io', resource: 'devworkspaceoperatorconfigs' };

interface Scene {
  readonly world?: DevWorkspaceWorldOptions;
  readonly backup?: Partial<BackupPart>;
  readonly options?: Partial<BackupOptions>;
  /** Before the load. */
  readonly before?: (world: DevWorkspaceWorld) => void;
  /** When a phase begins. */
  readonly at?: { readonly phase: string; readonly act: (world: DevWorkspaceWorld) => void };
}

async function findingsOf({ world, backup = {}, options, before, at }: Scene): Promise<readonly Finding[]> {
  const bench = await BackupBench.start({ profile: 'quick', ...world });
  try {
    before?.(bench.world);
    await bench.run(optionsOf(COUNT, { waitMs: 90_000, ...backup }, options), (event) => {
      if (event.type !== 'phase.started') return;
      if (event.phase === at?.phase) at.act(bench.world);
      // Only an operator that runs lets workspaces go.
      if (event.phase === 'reset' || event.phase === 'cleanup') bench.world.control.startOperator();
    });
    return bench.findings;
  } finally {
    await bench.close();
  }
}

const secret = (world: DevWorkspaceWorld, password: string, namespace = NAMESPACE, name = 'push') => {
  const file = { auths: { 'quay.io': { username: 'robot', password } } };
  world.cluster.create(SECRETS, {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'kubernetes.io/dockerconfigjson',
    metadata: { name, namespace, labels: { [DWO_LABELS.watchSecret]: 'true' } },
    data: { '.dockerconfigjson': Buffer.from(JSON.stringify(file)).toString('base64') },
  });
};
const change = (world: DevWorkspaceWorld, field: object) =>
  world.cluster.modify(CONFIGS, NAMESPACE, OPERATOR_CONFIG, (draft) => {
    const { workspace } = draft.config as { workspace: { backupCronJob: object } };
    Object.assign(workspace.backupCronJob, field);
  });

const NONE = 'No backup Jobs were created';
const FAIL = 'Backup Jobs fail';
const PENDING = 'Backup Jobs are stuck in Pending';

describe.concurrent('a diagnosis', () => {
  it.each<[string, Scene, Finding['topic'], RegExp]>([
    [
      'a secret that lost its label',
      {
        backup: { registrySecret: 'push' },
        before: (world) => secret(world, 'right'),
        at: {
          phase: 'stop',
          act: (world) =>
            world.cluster.modify(SECRETS, NAMESPACE, 'push', (draft) => {
              draft.metadata.labels = {};
            }),
        },
      },
      NONE,
      /secret of the registry.* seen: +secret push in namespace openshift-operators is without the label .* to do: add it: kubectl label secret push .* run the load anew/s,
    ],
    [
      'a secret that is gone',
      {
        backup: { registrySecret: 'push' },
        before: (world) => secret(world, 'right'),
        at: { phase: 'stop', act: (world) => world.cluster.delete(SECRETS, NAMESPACE, 'push') },
      },
      NONE,
      /secret .* is missing.* seen: +there is no secret push in namespace openshift-operators/s,
    ],
    [
      'a configuration that was switched off',
      { at: { phase: 'watch', act: (world) => change(world, { enable: false }) } },
      NONE,
      /somebody has changed it.*backupCronJob.enable of .* is false, and was to be true.*kubectl get dwoc/s,
    ],
    [
      'an operator that does not run',
      { at: { phase: 'configure', act: (world) => world.control.stopOperator() } },
      NONE,
      /the operator does not run.*seen: +pod devworkspace-controller-manager-\S+ is Running, and not ready/s,
    ],
    [
      'a workspace that no incorrect backup is tried of',
      {
        backup: { configType: 'incorrect' },
        at: {
          phase: 'watch',
          act: (world) => {
            const [claim] = world.cluster.list(CLAIMS);
            world.cluster.delete(CLAIMS, claim!.metadata.namespace!, claim!.metadata.name!);
          },
        },
      },
      'Workspaces were never attempted',
      /1 of 3 stopped workspaces had no Job/,
    ],
    [
      'a schedule that is never due',
      { backup: { schedule: '0 0 31 2 *' } },
      NONE,
      /the schedule does not fire\n +seen: +no pass has ever ended\n +seen: +the configuration with "0 0 31 2 \*"/,
    ],
    [
      'workspaces that do not stop',
      {
        options: { readyTimeoutMs: 60_000 },
        at: { phase: 'stop', act: (world) => world.control.stopOperator() },
      },
      NONE,
      /no workspace is Stopped.*seen: +(Running|Stopping): 3/s,
    ],
    [
      'wrong credentials',
      {
        world: { registry: { accounts: { robot: 'right' } } },
        backup: { registrySecret: 'push', backoffLimit: 0 },
        before: (world) => secret(world, 'wrong'),
      },
      FAIL,
      /quay.io does not accept the credentials.*seen: +3 of 3 logs end with: .*unauthorized.*seen: +secret push in namespace openshift-operators logs in as robot\n/s,
    ],
    [
      'a stale copy of the secret',
      {
        world: { registry: { accounts: { robot: 'right' } } },
        backup: { registrySecret: 'push', backoffLimit: 0 },
        before: (world) => secret(world, 'right'),
        at: { phase: 'configure', act: (world) => secret(world, 'of before', 'loadtest-devworkspaces', COPIED_SECRET) },
      },
      FAIL,
      /seen: +the copy devworkspace-backup-registry-auth in namespace loadtest-devworkspaces holds other credentials.*kubectl delete secret/s,
    ],
    [
      'a registry that nobody finds',
      { backup: { registryPath: 'registry.invalid/me', backoffLimit: 0 } },
      FAIL,
      /nobody finds registry.invalid\/me.*no such host/s,
    ],
    [
      'a registry that refuses',
      { world: { registry: { state: 'refusing' } }, backup: { backoffLimit: 0 } },
      FAIL,
      /does not get through to the registry quay.io.*connection refused/s,
    ],
    [
      'a registry that is full',
      { world: { registry: { full: true } }, backup: { backoffLimit: 0 } },
      FAIL,
      /has no more room.*quota exceeded/s,
    ],
    [
      'an image that is not pulled',
      {
        backup: { waitMs: 150_000 },
        at: { phase: 'configure', act: (world) => world.control.setImagePull('failing') },
      },
      PENDING,
      /image of the backup is pulled late.*seen: +3 pods wait: ImagePullBackOff.*imagePullPolicy/s,
    ],
    [
      'a cluster without room',
      { world: { podCapacity: 1, registry: { latencyMs: 600_000 } }, backup: { waitMs: 150_000 } },
      PENDING,
      /no resources left.*seen: +2 pods wait: Unschedulable, .*Too many pods.*kubectl top nodes/s,
    ],
    [
      'volumes that do not come',
      { backup: { waitMs: 150_000 }, at: { phase: 'configure', act: (world) => world.control.setClaimsPending(true) } },
      PENDING,
      /wait for the volume of their workspace.*--storage-type per-workspace/s,
    ],
    [
      'backups that take too long',
      { world: { registry: { latencyMs: 600_000 } } },
      'The time was not enough',
      /each backup takes too long|the registry takes the backups too slowly/,
    ],
    [
      'a cluster that is too small',
      { world: { podCapacity: 1, registry: { latencyMs: 600_000 } } },
      'The time was not enough',
      /too little room for so many.*at the end 1 Jobs ran and 2 waited for a place.*--backup-wait-minutes 3/s,
    ],
  ])('finds %s', async (_, scene, topic, text) => {
    const findings = await findingsOf(scene);
    const found = findings.find((finding) => finding.topic === topic);
    expect(found && findingLines(found).join('\n'), JSON.stringify(findings)).toMatch(text);
    // What hides behind the first cause is not told as well.
    if (topic === NONE) expect(findings).toHaveLength(1);
  });

  it('finds nothing where all is well, and nothing where failures were asked for', async () => {
    expect(await findingsOf({ backup: { waitMs: 600_000 } })).toEqual([]);
    expect(await findingsOf({ backup: { configType: 'incorrect', waitMs: 600_000 } })).toEqual([]);
  });
});

describe('the cause of a failure', () => {
  const example: FailedPod = {
    namespace: 'n',
    pod: 'p',
    job: 'j',
    workspace: 'w',
    exitCode: 1,
    reason: 'Error',
    message: '',
    log: null,
    at: 0,
  };
  it.each([
    ['Error response from registry: unauthorized: access to the requested resource is not authorized', 'credentials'],
    ['Error: response status code 403: denied', 'credentials'],
    ['dial tcp: lookup quay.i on <address>:<n>: no such host', 'path'],
    ['response status code 404: name unknown: repository name not known to registry', 'path'],
    ['dial tcp <address>:<n>: connect: connection refused', 'network'],
    ['net/http: TLS handshake timeout', 'network'],
    ['tls: failed to verify certificate: x509: certificate signed by unknown authority', 'network'],
    ['PUT "https://quay.io/v2/": unexpected EOF', 'network'],
    ['response status code 507: Insufficient Storage', 'quota'],
    ['tar: /tmp/devworkspace-backup.tar.gz: Cannot write: No space left on device', 'quota'],
    ['something else', 'other'],
  ])('%s: %s', (pattern, cause) => {
    expect(causeOf({ pattern, count: 1, example })).toBe(cause);
  });

  it('is not read from names of repositories', () => {
    const image = 'quay.io/quota-team/unauthorized/ns/w:latest';
    const log = `Backing up to image '${image}'\nError: Head "https://quay.io/v2/quota-team/": dial tcp 10.0.0.1:443: i/o timeout`;
    expect(
      causeOf({ pattern: `Error: Head "https://${image}": i/o timeout`, count: 1, example: { ...example, log } }),
    ).toBe('network');
  });

  it('is read from the state of a pod where there is no log', () => {
    expect(
      causeOf({ pattern: 'OOMKilled', count: 1, example: { ...example, exitCode: 137, reason: 'OOMKilled' } }),
    ).toBe('resources');
    expect(causeOf({ pattern: 'x', count: 1, example: { ...example, reason: 'Evicted' } })).toBe('resources');
  });
});
