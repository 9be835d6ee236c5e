/** Each cause is brought about in a world of its own, and a whole load is run against it. */
import { describe, expect, it } from 'vitest';
import { ApiStatusError } from '../../controller-mock/api/status.ts';
import { podLogsOf } from '../../controller-mock/builtins/index.ts';
import type { DevWorkspaceWorld, DevWorkspaceWorldOptions } from '../../controller-mock/index.ts';
import { WORLD_PROFILES } from '../../controller-mock/worlds/devworkspace/settings.ts';
import type { BackupEvent } from './backup-event.ts';
import type { FailedPod } from './backup-figures.ts';
import type { BackupOptions, BackupPart } from './backup-options.ts';
import { DWO_LABELS, OPERATOR_CONFIG } from './backup-resources.ts';
import { causeOf } from './failing-jobs.ts';
import { type Finding, findingLines } from './finding.ts';
import { loadFindings } from './load-trouble.ts';
import { COPIED_SECRET } from './registry-secret.ts';
import { BackupBench, optionsOf } from './testing/backup-bench.ts';
import { someFigures } from './testing/some-figures.ts';

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
  readonly on?: (event: BackupEvent, world: DevWorkspaceWorld) => void;
}

async function findingsOf({ world, backup = {}, options, before, at, on }: Scene): Promise<readonly Finding[]> {
  const bench = await BackupBench.start({ profile: 'quick', ...world });
  try {
    before?.(bench.world);
    await bench.run(optionsOf(COUNT, { waitMs: 90_000, ...backup }, options), (event) => {
      on?.(event, bench.world);
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

const PODS = { group: '', resource: 'pods' };
const EVENTS = { group: '', resource: 'events' };
type Told = readonly [type: 'Normal' | 'Warning', reason: string, message: string];

/** Backup pods get as far as this, and no further. @param status in place of that of a pod without a volume */
function holdPods(world: DevWorkspaceWorld, status: object, events: readonly Told[] = []): void {
  const held = new Set<string>();
  world.control.setClaimsPending(true);
  world.cluster.store.observe(({ collection, type, record: { object } }) => {
    const { namespace = '', name = '', uid = '', labels = {} } = object.metadata;
    if (collection !== '/pods' || type !== 'MODIFIED' || !labels['job-name'] || held.has(name)) return;
    held.add(name);
    world.clock.setTimer(0, () => {
      world.cluster.modify(PODS, namespace, name, (draft) => {
        draft.status = structuredClone(status);
      });
      for (const { metadata, involvedObject } of world.cluster.list(EVENTS, { namespace })) {
        if ((involvedObject as { name?: string }).name === name)
          world.cluster.delete(EVENTS, namespace, metadata.name!);
      }
      for (const [kind, reason, message] of events) {
        world.cluster.create(EVENTS, {
          apiVersion: 'v1',
          kind: 'Event',
          metadata: { namespace, generateName: `${name}.` },
          involvedObject: { apiVersion: 'v1', kind: 'Pod', namespace, name, uid },
          ...{ type: kind, reason, message, count: 1, lastTimestamp: new Date(world.clock.now()).toISOString() },
        });
      }
    });
  });
}
const unscheduled = (message: string) => ({
  phase: 'Pending',
  conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }],
});
const container = (state: object) => ({ containerStatuses: [{ name: 'backup-workspace', state }] });
const CREATING = {
  phase: 'Pending',
  conditions: [{ type: 'PodScheduled', status: 'True' }],
  ...container({ waiting: { reason: 'ContainerCreating' } }),
};
const SCHEDULED: Told = ['Normal', 'Scheduled', 'Successfully assigned n/p to worker-1'];
const ATTACHED: Told = ['Normal', 'SuccessfulAttachVolume', 'AttachVolume.Attach succeeded for volume "pvc-1"'];
const holding = (status: object, ...events: Told[]): Scene => ({
  backup: { waitMs: 180_000 },
  at: { phase: 'configure', act: (world) => holdPods(world, status, events) },
});
const ended = (reason: string, exitCode: number) => ({
  phase: 'Failed',
  ...container({ terminated: { reason, exitCode } }),
});
/** Passes of the operator that take so long for each workspace. */
const pace = (delayMs: number): DevWorkspaceWorldOptions => ({
  profile: { ...WORLD_PROFILES.quick, loopCost: { delayMs, jitterMs: 0 } },
});
const sayAsOperator = (world: DevWorkspaceWorld, line: string) => {
  const pod = world.cluster
    .list(PODS, { namespace: NAMESPACE })
    .find(({ metadata }) => metadata.name!.startsWith('devworkspace-controller-manager'))!;
  podLogsOf(world.cluster).append(
    NAMESPACE,
    pod.metadata.name!,
    'devworkspace-controller',
    world.clock.now(),
    `${line}\n{"level":"info","msg":"something else"}`,
  );
};

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
      // A whole minute from the configuration on: the change comes before the first backups, whatever the second of the start.
      { backup: { schedule: '@every 60s' }, at: { phase: 'watch', act: (world) => change(world, { enable: false }) } },
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
      'a configuration that is gone',
      { at: { phase: 'watch', act: (world) => world.cluster.delete(CONFIGS, NAMESPACE, OPERATOR_CONFIG) } },
      NONE,
      /the configuration is gone\n +seen: +there is no DevWorkspaceOperatorConfig .*kubectl get dwoc/s,
    ],
    [
      'an operator without a pod',
      {
        at: {
          phase: 'configure',
          act: (world) => {
            world.control.stopOperator();
            for (const { metadata } of world.cluster.list(PODS, { namespace: NAMESPACE })) {
              world.cluster.delete(PODS, NAMESPACE, metadata.name!, { gracePeriodSeconds: 0 });
            }
          },
        },
      },
      NONE,
      /the operator does not run.*seen: +there is no pod with app\.kubernetes\.io\/name=devworkspace-controller/s,
    ],
    [
      'a schedule that has fired only before',
      {
        world: { operatorConfig: { workspace: {} } },
        backup: { schedule: '0 0 31 2 *' },
        before: (world) =>
          world.cluster.modify(CONFIGS, NAMESPACE, OPERATOR_CONFIG, (draft) => {
            draft.status = { lastBackupTime: '2026-01-02T03:04:05Z' };
          }),
      },
      NONE,
      /the schedule does not fire\n +seen: +the last pass ended at 2026-01-02T03:04:05Z/,
    ],
    [
      'Jobs that the operator cannot make, in its own words',
      {
        at: {
          phase: 'configure',
          act: (world) => {
            world.control.setQuota(['jobs']);
            sayAsOperator(
              world,
              '{"level":"error","logger":"controllers.BackupCronJob","msg":"Failed to create backup Job"}',
            );
          },
        },
      },
      NONE,
      /the schedule fires, and the operator makes no Job.*seen: +the operator says: .*Failed to create backup Job/s,
    ],
    [
      'workspaces that are passed over',
      {
        world: pace(10_000),
        backup: { waitMs: 900_000 },
        at: {
          phase: 'configure',
          act: (world) => sayAsOperator(world, 'ERROR backup: failed to create Job for dw-test-3: exceeded quota'),
        },
        // The first Job comes, and no other.
        on: (event, world) => {
          if (event.type === 'job') world.control.setQuota(['jobs']);
        },
      },
      'Workspaces were never attempted',
      /passed over until it is started and stopped again\n +seen: +2 of 3 stopped workspaces had no Job, for example loadtest-devworkspaces\/dw-test-.*the last pass ended at .*the operator says: ERROR backup: failed.*stop-first/s,
    ],
    [
      'workspaces of which some may not be stopped',
      {
        before: ({ cluster }) => {
          const { admission } = cluster;
          cluster.admission = (write) => {
            const { spec, metadata } = write.object as { spec?: { started?: boolean }; metadata: { name?: string } };
            if (metadata.name === 'dw-test-2' && spec?.started === false) {
              throw new ApiStatusError(
                403,
                'Forbidden',
                'admission webhook "policy.example" denied the request: not by night',
              );
            }
            admission?.(write);
          };
        },
        backup: { waitMs: 600_000 },
      },
      'Workspaces did not stop',
      /1 of 3: Running: .*denied the request: not by night\n +seen: +1 of them: Running.*to do: a policy of the cluster refuses them/s,
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
      'a registry without a login for it',
      {
        world: { registry: { accounts: { robot: 'right' } } },
        backup: { backoffLimit: 0 },
      },
      FAIL,
      /does not accept the credentials.*seen: +no secret is configured\n +to do: give a secret with credentials/s,
    ],
    [
      'a secret that is gone since its copy was made',
      {
        world: { registry: { accounts: {}, latencyMs: 20_000 } },
        backup: { registrySecret: 'push', backoffLimit: 0 },
        before: (world) => secret(world, 'right'),
        on: (event, world) => {
          if (event.type === 'job' && world.cluster.get(SECRETS, NAMESPACE, 'push'))
            world.cluster.delete(SECRETS, NAMESPACE, 'push');
        },
      },
      FAIL,
      /does not accept the credentials.*seen: +there is no secret push in namespace openshift-operators/s,
    ],
    [
      'pods that run out of memory',
      holding(ended('OOMKilled', 137)),
      FAIL,
      /backup pods are ended by their nodes for lack of memory or disk.*seen: +3 of 3 logs end with: OOMKilled.*fewer at a time/s,
    ],
    [
      'pods that are evicted',
      holding({ phase: 'Failed', reason: 'Evicted', message: 'The node was low on resource: ephemeral-storage.' }),
      FAIL,
      /for lack of memory or disk.*low on resource: ephemeral-storage/s,
    ],
    [
      'pods that fail for a reason nobody knows',
      holding(ended('Error', 3)),
      FAIL,
      /for a reason of their own.*seen: +3 of 3 logs end with: Error.*read the logs of the failed pods/s,
    ],
    [
      'volumes that another node has',
      holding(CREATING, SCHEDULED, [
        'Warning',
        'FailedAttachVolume',
        'Multi-Attach error for volume "pvc-1" Volume is already used by pod(s) workspace-1',
      ]),
      PENDING,
      /wait for the volume of their workspace, which one node at a time can have.*seen: +3 pods wait: ContainerCreating .*seen: +FailedAttachVolume: Multi-Attach error.*ReadWriteMany/s,
    ],
    [
      'volumes that are of another zone',
      holding(unscheduled('0/3 nodes are available: 3 node(s) had volume node affinity conflict.')),
      PENDING,
      /wait for the volume of their workspace.*volume node affinity conflict/s,
    ],
    [
      'nodes with taints',
      holding(unscheduled('0/3 nodes are available: 3 node(s) had untolerated taint {dedicated: gpu}.')),
      PENDING,
      /no node takes them.*seen: +3 pods wait: Unschedulable, .*untolerated taint.*taints, selectors and cordoned nodes/s,
    ],
    [
      'nodes that are cordoned',
      holding(unscheduled('0/3 nodes are available: 3 node(s) were unschedulable.')),
      PENDING,
      /no node takes them.*were unschedulable/s,
    ],
    [
      'nodes that are full beside some with taints',
      holding(unscheduled('0/3 nodes are available: 1 Insufficient memory, 2 node(s) had untolerated taint {a: b}.')),
      PENDING,
      /no resources left.*Insufficient memory/s,
    ],
    [
      'an image that comes slowly',
      holding(CREATING, SCHEDULED, ATTACHED, ['Normal', 'Pulling', 'Pulling image "registry.example/project-backup"']),
      PENDING,
      /image of the backup is pulled late.*seen: +Pulling: Pulling image/s,
    ],
    [
      'pods that get no network',
      holding(
        CREATING,
        SCHEDULED,
        ['Warning', 'FailedCreatePodSandBox', 'Failed to create pod sandbox: rpc error: code = DeadlineExceeded'],
        // What went well is no reason.
        ATTACHED,
      ),
      PENDING,
      /their containers do not come up.*seen: +FailedCreatePodSandBox: .*kubelet of the node/s,
    ],
    [
      'pods that nobody says anything about',
      holding({ phase: 'Pending' }),
      PENDING,
      /their containers do not come up\n +seen: +3 pods wait: Pending \(for example loadtest-devworkspaces\/devworkspace-backup-\S+\)\n +to do: kubectl describe pod/,
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
      { world: { profile: { ...WORLD_PROFILES.quick, backup: { delayMs: 600_000, jitterMs: 0 } } } },
      'The time was not enough',
      /each backup takes too long.*seen: +a backup under way says: \.\/payload\n +to do: look at the disks/s,
    ],
    [
      'a registry that takes too long',
      { world: { registry: { latencyMs: 600_000 } } },
      'The time was not enough',
      /the registry takes the backups too slowly.*seen: +a backup under way says: Uploading.*load and the limits of the registry/s,
    ],
    [
      'an operator that takes too long',
      { world: pace(30_000), backup: { schedule: '@every 10s', waitMs: 60_000 } },
      'The time was not enough',
      /the operator had not made all Jobs.*seen: +[12] of 3 stopped workspaces had no Job yet.*its CPU limit/s,
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
    expect(found ? findingLines(found).join('\n') : '', JSON.stringify(findings)).toMatch(text);
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

describe('what keeps workspaces from being ready', () => {
  // Messages: devfile/devworkspace-operator, pkg/library/status/check.go; kubernetes, pkg/scheduler, pkg/kubelet, plugin/pkg/admission.
  it.each<[string, RegExp]>([
    ['pods "workspace1" is forbidden: exceeded quota: team-quota, requested: pods=1', /raise the quota/],
    ['Internal error occurred: failed calling webhook "mutate.devworkspace-controller.svc"', /the webhooks' server/],
    ['admission webhook "policy.example" denied the request: not by night', /a policy of the cluster refuses them/],
    ['Unauthorized', /renew the credentials/],
    ['devworkspaces.workspace.devfile.io is forbidden: User "u" cannot create resource', /ask for the right/],
    ['too many requests, please try again later', /the API server is overloaded/],
    ['Container main has state ImagePullBackOff', /see that nodes reach the registry of the image/],
    [
      'Detected unrecoverable event FailedScheduling: 0/3 nodes are available: 3 Insufficient memory.',
      /fewer workspaces .* or more nodes/,
    ],
    [
      'Detected unrecoverable event FailedScheduling: 0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims.',
      /look at the storage class/,
    ],
    [
      'Detected unrecoverable event FailedMount: MountVolume.SetUp failed for volume "pvc-1"',
      /look at the storage class/,
    ],
    ['etcdserver: request timed out', /look at the API server and at etcd/],
    ['connect ECONNREFUSED 192.0.2.1:6443', /look at the API server and at etcd/],
    ['the moon is full', /make one by hand, and see what keeps it/],
  ])('%s: %s', (message, advice) => {
    const [one] = someFigures().workspaces;
    const workspaces = [{ ...one!, phase: 'Failed', start: 'failed' as const, message }];
    const [found] = loadFindings({ ...someFigures(), workspaces });
    expect(found?.topic).toBe('Workspaces did not become ready');
    expect(found?.advice).toMatch(advice);
  });
});
