import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../api/object.ts';
import { typeNamed } from '../../testing/test-cluster.ts';
import { builtinTypes } from '../index.ts';

const NOW = Date.UTC(2026, 0, 1, 12);
const ago = (seconds: number) => `${new Date(NOW - seconds * 1000).toISOString().slice(0, 19)}Z`;

/** Cells by column name. */
function shown(kind: string, fields: object, metadata: object = {}): Record<string, unknown> {
  const { printer } = typeNamed(kind);
  const object = {
    apiVersion: '',
    kind: '',
    metadata: { name: 'x', creationTimestamp: ago(300), ...metadata },
    ...fields,
  } as KubeObject;
  const cells = printer.cells(object, NOW);
  expect(cells).toHaveLength(printer.columns.length);
  return Object.fromEntries(printer.columns.map((column, index) => [column.name, cells[index]]));
}

describe('every table', () => {
  it.each(
    builtinTypes().map((type) => [`${type.group} ${type.version} ${type.kind}`, type.printer] as const),
  )('%s prints an object that has nothing', (_name, printer) => {
    const cells = printer.cells({ apiVersion: '', kind: '', metadata: {} }, NOW);
    expect(cells).toHaveLength(printer.columns.length);
    expect(cells).not.toContain(undefined);
  });
});

describe('pods', () => {
  const spec = { containers: [{ name: 'a' }, { name: 'b' }] };
  const running = (more: object = {}) => ({ ready: true, restartCount: 0, state: { running: {} }, ...more });
  const pod = (status: object, metadata: object = {}, more: object = {}) => {
    const row = shown('v1 Pod', { spec: { ...spec, ...more }, status }, metadata);
    return [row.Ready, row.Status, row.Restarts];
  };

  it.each([
    ['waits for a node', { phase: 'Pending' }, ['0/2', 'Pending', '0']],
    [
      'runs, and one of its containers was restarted',
      {
        phase: 'Running',
        containerStatuses: [
          running(),
          running({ restartCount: 3, lastState: { terminated: { finishedAt: ago(90) } } }),
        ],
      },
      ['2/2', 'Running', '3 (90s ago)'],
    ],
    [
      'crashes again and again',
      {
        phase: 'Running',
        containerStatuses: [running(), { restartCount: 1, state: { waiting: { reason: 'CrashLoopBackOff' } } }],
      },
      ['1/2', 'CrashLoopBackOff', '1'],
    ],
    [
      'has ended well',
      { phase: 'Succeeded', containerStatuses: [{ state: { terminated: { reason: 'Completed', exitCode: 0 } } }] },
      ['0/2', 'Completed', '0'],
    ],
    [
      'was killed without a reason',
      { phase: 'Failed', containerStatuses: [{ state: { terminated: { exitCode: 137, signal: 9 } } }] },
      ['0/2', 'Signal:9', '0'],
    ],
    [
      'has failed without a reason',
      { phase: 'Failed', containerStatuses: [{ state: { terminated: { exitCode: 2 } } }] },
      ['0/2', 'ExitCode:2', '0'],
    ],
    ['was thrown off its node', { phase: 'Failed', reason: 'Evicted' }, ['0/2', 'Evicted', '0']],
    [
      'is held back',
      { phase: 'Pending', conditions: [{ type: 'PodScheduled', reason: 'SchedulingGated' }] },
      ['0/2', 'SchedulingGated', '0'],
    ],
    [
      'ended while another container runs on',
      {
        phase: 'Running',
        conditions: [{ type: 'Ready', status: 'False' }],
        containerStatuses: [{ state: { terminated: { reason: 'Completed' } } }, running()],
      },
      ['1/2', 'NotReady', '0'],
    ],
  ])('%s', (_what, status, expected) => {
    expect(pod(status)).toEqual(expected);
  });

  it('show what is going on before their containers start', () => {
    const init = { initContainers: [{ name: 'i' }, { name: 'j' }] };
    const done = { name: 'i', state: { terminated: { exitCode: 0 } } };
    const status = (...initContainerStatuses: object[]) => ({ phase: 'Pending', initContainerStatuses });
    const waiting = (reason: string) => ({ name: 'j', state: { waiting: { reason } } });
    expect(pod(status(done, waiting('PodInitializing')), {}, init)[1]).toBe('Init:1/2');
    expect(pod(status(done, waiting('ImagePullBackOff')), {}, init)[1]).toBe('Init:ImagePullBackOff');
    expect(pod(status({ name: 'i', state: { terminated: { exitCode: 3 } } }), {}, init)[1]).toBe('Init:ExitCode:3');
  });

  it('count sidecars as containers', () => {
    const init = { initContainers: [{ name: 'i', restartPolicy: 'Always' }] };
    const sidecar = { name: 'i', started: true, ready: true, restartCount: 2, state: { running: {} } };
    const status = { phase: 'Running', initContainerStatuses: [sidecar], containerStatuses: [running(), running()] };
    expect(pod(status, {}, init)).toEqual(['3/3', 'Running', '2']);
  });

  it('terminate, unless they have ended', () => {
    const deleted = { deletionTimestamp: ago(1) };
    expect(pod({ phase: 'Running' }, deleted)[1]).toBe('Terminating');
    expect(pod({ phase: 'Succeeded' }, deleted)[1]).toBe('Succeeded');
  });
});

describe('other kinds', () => {
  it('nodes show roles and readiness', () => {
    const row = shown(
      'v1 Node',
      {
        spec: { unschedulable: true },
        status: {
          conditions: [{ type: 'Ready', status: 'True' }],
          addresses: [{ type: 'InternalIP', address: '10.0.0.1' }],
          nodeInfo: { kubeletVersion: 'v1.32.1', osImage: '' },
        },
      },
      { labels: { 'node-role.kubernetes.io/worker': '', 'node-role.kubernetes.io/master': '' } },
    );
    expect(row).toMatchObject({
      Status: 'Ready,SchedulingDisabled',
      Roles: 'master,worker',
      Age: '5m',
      Version: 'v1.32.1',
      'Internal-IP': '10.0.0.1',
      'External-IP': '<none>',
      'OS-Image': '<unknown>',
    });
    expect(shown('v1 Node', {})).toMatchObject({ Status: 'Unknown', Roles: '<none>' });
  });

  it.each([
    [{ type: 'ClusterIP' }, {}, '<none>'],
    [{ type: 'LoadBalancer' }, {}, '<pending>'],
    [
      { type: 'LoadBalancer', externalIPs: ['9.9.9.9'] },
      { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } },
      '1.2.3.4,9.9.9.9',
    ],
    [{ type: 'ExternalName', externalName: 'a.b' }, {}, 'a.b'],
  ])('a service %j is reached from outside', (spec, status, expected) => {
    expect(shown('v1 Service', { spec, status })['External-IP']).toBe(expected);
  });

  it('services show ports and selectors', () => {
    const ports = [
      { port: 80, protocol: 'TCP', nodePort: 30080 },
      { port: 53, protocol: 'UDP' },
    ];
    const spec = { type: 'NodePort', clusterIPs: ['10.96.0.1'], ports, selector: { b: '2', a: '1' } };
    expect(shown('v1 Service', { spec })).toMatchObject({
      'Cluster-IP': '10.96.0.1',
      'Port(s)': '80:30080/TCP,53/UDP',
      Selector: 'a=1,b=2',
    });
  });

  it('deployments count', () => {
    const spec = {
      replicas: 3,
      selector: { matchLabels: { a: 'b' }, matchExpressions: [{ key: 'c', operator: 'In', values: ['y', 'x'] }] },
      template: {
        spec: {
          containers: [
            { name: 'a', image: 'i' },
            { name: 'b', image: 'j' },
          ],
        },
      },
    };
    expect(shown('apps/v1 Deployment', { spec, status: { readyReplicas: 1, updatedReplicas: 2 } })).toMatchObject({
      Ready: '1/3',
      'Up-to-date': 2,
      Available: 0,
      Containers: 'a,b',
      Images: 'i,j',
      Selector: 'a=b,c in (x,y)',
    });
  });

  it.each([
    [{ completions: 3 }, { succeeded: 1, startTime: ago(200) }, 'Running', '1/3', '3m20s'],
    [
      { completions: 1 },
      {
        succeeded: 1,
        startTime: ago(200),
        completionTime: ago(110),
        conditions: [{ type: 'Complete', status: 'True' }],
      },
      'Complete',
      '1/1',
      '90s',
    ],
    [{ parallelism: 2 }, { conditions: [{ type: 'Failed', status: 'True' }] }, 'Failed', '0/1 of 2', ''],
    [{ suspend: true }, { conditions: [{ type: 'Suspended', status: 'True' }] }, 'Suspended', '0/1', ''],
  ])('a job %j', (spec, status, state, completions, duration) => {
    const row = shown('batch/v1 Job', { spec, status });
    expect([row.Status, row.Completions, row.Duration]).toEqual([state, completions, duration]);
  });

  it('cron jobs show when they last ran', () => {
    const spec = { schedule: '@daily', suspend: true };
    const status = { active: [{}], lastScheduleTime: ago(60) };
    expect(shown('batch/v1 CronJob', { spec, status })).toMatchObject({
      Schedule: '@daily',
      Timezone: '<none>',
      Suspend: 'True',
      Active: 1,
      'Last Schedule': '60s',
    });
  });

  it.each([
    [{}, 'Pending'],
    [{ conditions: [{ type: 'Approved' }] }, 'Approved'],
    [{ conditions: [{ type: 'Approved' }], certificate: 'AA==' }, 'Approved,Issued'],
    [{ conditions: [{ type: 'Denied' }, { type: 'Failed' }] }, 'Denied,Failed'],
  ])('a signing request with %j is %s', (status, condition) => {
    const spec = { signerName: 's/x', username: 'u', expirationSeconds: 3600 };
    const row = shown('certificates.k8s.io/v1 CertificateSigningRequest', { spec, status });
    expect(row).toMatchObject({ SignerName: 's/x', Requestor: 'u', RequestedDuration: '60m', Condition: condition });
  });

  it('events of both groups look the same', () => {
    const about = { kind: 'Pod', name: 'p' };
    const expected = {
      'Last Seen': '60s',
      'First Seen': '5m',
      Object: 'pod/p',
      Message: 'm',
      Count: 4,
      Source: 'c, h',
    };
    const source = { component: 'c', host: 'h' };
    const core = {
      involvedObject: about,
      message: 'm ',
      firstTimestamp: ago(300),
      lastTimestamp: ago(60),
      count: 4,
      source,
    };
    expect(shown('v1 Event', core)).toMatchObject(expected);
    const fresh = {
      regarding: about,
      note: 'm',
      eventTime: ago(300),
      series: { count: 4, lastObservedTime: ago(60) },
      reportingController: 'c',
      reportingInstance: 'h',
    };
    expect(shown('events.k8s.io/v1 Event', fresh)).toMatchObject(expected);
  });

  it('claims show their volume when they have one', () => {
    const status = { phase: 'Bound', accessModes: ['ReadWriteMany', 'ReadWriteOnce'], capacity: { storage: '1Gi' } };
    const spec = { volumeName: 'v', storageClassName: 'fast' };
    expect(shown('v1 PersistentVolumeClaim', { spec, status })).toMatchObject({
      Status: 'Bound',
      Volume: 'v',
      Capacity: '1Gi',
      'Access Modes': 'RWO,RWX',
      StorageClass: 'fast',
      VolumeAttributesClass: '<unset>',
    });
    expect(shown('v1 PersistentVolumeClaim', { spec: {}, status })).toMatchObject({ Capacity: '', 'Access Modes': '' });
  });

  it.each([
    ['v1 Secret', { type: 'Opaque', data: { a: '', b: '' } }, { Type: 'Opaque', Data: 2 }],
    ['v1 ConfigMap', { data: { a: '' }, binaryData: { b: '' } }, { Data: 2 }],
    ['v1 Namespace', { status: { phase: 'Active' } }, { Status: 'Active' }],
    ['coordination.k8s.io/v1 Lease', { spec: { holderIdentity: 'me' } }, { Holder: 'me' }],
    ['apiextensions.k8s.io/v1 CustomResourceDefinition', {}, { 'Created At': ago(300) }],
    [
      'v1 Endpoints',
      { subsets: [{ addresses: [{ ip: '1.1.1.1' }, { ip: '::1' }], ports: [{ port: 1 }, { port: 2 }] }] },
      { Endpoints: '1.1.1.1:1,[::1]:1,1.1.1.1:2 + 1 more...' },
    ],
    [
      'rbac.authorization.k8s.io/v1 RoleBinding',
      { roleRef: { kind: 'Role', name: 'r' }, subjects: [{ kind: 'ServiceAccount', namespace: 'n', name: 's' }] },
      { Role: 'Role/r', ServiceAccounts: 'n/s', Users: '' },
    ],
    [
      'autoscaling/v1 HorizontalPodAutoscaler',
      {
        spec: { scaleTargetRef: { kind: 'Deployment', name: 'd' }, maxReplicas: 2, targetCPUUtilizationPercentage: 50 },
      },
      { Reference: 'Deployment/d', Targets: 'cpu: <unknown>/50%', MinPods: '<unset>', MaxPods: 2 },
    ],
    [
      'v1 ResourceQuota',
      { status: { hard: { pods: '5', 'limits.cpu': '2' }, used: { pods: '1' } } },
      { Request: 'pods: 1/5', Limit: 'limits.cpu: 0/2' },
    ],
  ])('%s %j', (kind, fields, expected) => {
    expect(shown(kind, fields)).toMatchObject(expected);
  });
});
