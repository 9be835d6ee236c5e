import { describe, expect, it } from 'vitest';
import { causesOf, type Loose, refusalOf, TestCluster } from '../testing/test-cluster.ts';
import { namespaceContents } from './index.ts';

const container = (name = 'c', more: object = {}) => ({ name, image: 'quay.io/a/b', ...more });
const template = (more: object = {}) => ({
  metadata: { labels: { app: 'x' } },
  spec: { containers: [container()], ...more },
});
const selector = { matchLabels: { app: 'x' } };

describe('pods', () => {
  it('get what the server fills in', () => {
    const pod = new TestCluster().create('v1 Pod', 'p', {
      spec: {
        containers: [
          container('c', {
            image: 'a/b:v1',
            ports: [{ containerPort: 80 }],
            readinessProbe: { httpGet: { port: 'web' } },
            resources: { limits: { cpu: '1000m', memory: '1024Mi' } },
          }),
        ],
        volumes: [{ name: 'v' }, { name: 's', secret: { secretName: 's' } }],
      },
    });
    expect(pod.spec).toMatchObject({
      restartPolicy: 'Always',
      dnsPolicy: 'ClusterFirst',
      schedulerName: 'default-scheduler',
      terminationGracePeriodSeconds: 30,
      enableServiceLinks: true,
      priority: 0,
      securityContext: {},
      serviceAccountName: 'default',
      serviceAccount: 'default',
      containers: [
        {
          imagePullPolicy: 'IfNotPresent',
          terminationMessagePath: '/dev/termination-log',
          terminationMessagePolicy: 'File',
          ports: [{ containerPort: 80, protocol: 'TCP' }],
          readinessProbe: {
            httpGet: { port: 'web', path: '/', scheme: 'HTTP' },
            timeoutSeconds: 1,
            periodSeconds: 10,
            successThreshold: 1,
            failureThreshold: 3,
          },
          resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '1', memory: '1Gi' } },
        },
      ],
      volumes: [
        { name: 'v', emptyDir: {} },
        { name: 's', secret: { secretName: 's', defaultMode: 420 } },
      ],
    });
    expect(pod.spec.tolerations).toHaveLength(2);
    expect(pod.status).toEqual({ phase: 'Pending', qosClass: 'Guaranteed' });
  });

  it.each([
    ['a', 'Always'],
    ['a:latest', 'Always'],
    ['host:5000/a', 'Always'],
    ['a:1', 'IfNotPresent'],
    ['a@sha256:0', 'IfNotPresent'],
  ])('pull %s %s', (image, policy) => {
    const pod = new TestCluster().create('v1 Pod', 'p', { spec: { containers: [container('c', { image })] } });
    expect(pod.spec.containers[0].imagePullPolicy).toBe(policy);
  });

  it('are refused with one cause for each fault', () => {
    const spec = {
      restartPolicy: 'Sometimes',
      containers: [
        { name: 'A_b' },
        container('c', { volumeMounts: [{ name: 'none', mountPath: '/a' }] }),
        container('d', { resources: { limits: { cpu: '1' }, requests: { cpu: '2' } } }),
      ],
    };
    const causes = causesOf(() => new TestCluster().create('v1 Pod', 'p', { spec }));
    expect(causes).toEqual([
      expect.stringMatching(/^spec.containers\[0\].name: Invalid value: "A_b": a lowercase RFC 1123 label/),
      'spec.containers[0].image: Required value',
      'spec.containers[1].volumeMounts[0].name: Not found: "none"',
      'spec.containers[2].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
      'spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"',
    ]);
  });

  it('change their image, and nothing of their commands', () => {
    const test = new TestCluster();
    test.create('v1 Pod', 'p', { spec: template().spec });
    const changed = test.update('v1 Pod', 'p', (pod) => {
      pod.spec.containers[0].image = 'new';
    });
    expect(changed.spec.containers[0].image).toBe('new');
    const refused = causesOf(() =>
      test.update('v1 Pod', 'p', (pod) => {
        pod.spec.containers[0].command = ['x'];
      }),
    );
    expect(refused).toEqual([expect.stringContaining('spec: Forbidden: pod updates may not change fields other than')]);
    const resized = causesOf(() =>
      test.update('v1 Pod', 'p', (pod) => {
        pod.spec.containers.push(container('more'));
      }),
    );
    expect(resized).toEqual(['spec.containers: Forbidden: pod updates may not add or remove containers']);
  });

  it('are told of a wrong name, a wrong label and a wrong container at once', () => {
    const refused = causesOf(() =>
      new TestCluster().create('v1 Pod', 'P_q', {
        metadata: { labels: { 'a/b/c': 'x' } },
        spec: { containers: [container('P_q')] },
      }),
    );
    expect(refused).toEqual([
      expect.stringMatching(/^metadata.name: Invalid value: "P_q": a lowercase RFC 1123 subdomain must/),
      expect.stringMatching(
        /^metadata.labels: Invalid value: "a\/b\/c": a qualified name must consist of alphanumeric/,
      ),
      expect.stringMatching(/^spec.containers\[0\].name: Invalid value: "P_q": a lowercase RFC 1123 label must/),
    ]);
  });

  it('refuse what is no quantity with 400', () => {
    const resources = { limits: { cpu: 'much' } };
    const status = refusalOf(() =>
      new TestCluster().create('v1 Pod', 'p', { spec: { containers: [container('c', { resources })] } }),
    );
    expect(status).toMatchObject({
      code: 400,
      message: expect.stringContaining('spec.containers[0].resources.limits.cpu'),
    });
  });
});

describe('workloads', () => {
  it.each([
    [
      'apps/v1 Deployment',
      { selector },
      {
        replicas: 1,
        revisionHistoryLimit: 10,
        progressDeadlineSeconds: 600,
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
      },
    ],
    ['apps/v1 ReplicaSet', { selector }, { replicas: 1 }],
    [
      'apps/v1 StatefulSet',
      { selector, serviceName: 's' },
      {
        replicas: 1,
        podManagementPolicy: 'OrderedReady',
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
        persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
      },
    ],
    [
      'apps/v1 DaemonSet',
      { selector },
      { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } } },
    ],
    ['v1 ReplicationController', {}, { replicas: 1, selector: { app: 'x' } }],
  ])('%s', (kind, spec, expected) => {
    const object = new TestCluster().create(kind, 'w', { spec: { ...spec, template: template() } });
    expect(object.spec).toMatchObject(expected);
    expect(object.spec.template.spec).toMatchObject({ restartPolicy: 'Always', dnsPolicy: 'ClusterFirst' });
    expect(object.spec.template.spec.enableServiceLinks).toBeUndefined();
    expect(object.metadata.generation).toBe(1);
  });

  it('a selector must match the template and never changes', () => {
    const test = new TestCluster();
    const wrong = { selector: { matchLabels: { app: 'y' } }, template: template() };
    expect(causesOf(() => test.create('apps/v1 Deployment', 'd', { spec: wrong }))).toEqual([
      expect.stringContaining('spec.template.metadata.labels: Invalid value'),
    ]);
    test.create('apps/v1 Deployment', 'd', { spec: { selector, template: template() } });
    const causes = causesOf(() =>
      test.update('apps/v1 Deployment', 'd', (draft) => {
        draft.spec.selector.matchLabels.b = 'c';
        draft.spec.template.metadata.labels.b = 'c';
      }),
    );
    expect(causes).toEqual([expect.stringMatching(/^spec.selector: .*field is immutable$/)]);
  });

  it('a rollout restart counts a generation', () => {
    const test = new TestCluster();
    test.create('apps/v1 Deployment', 'd', { spec: { selector, template: template() } });
    const restarted = test.update('apps/v1 Deployment', 'd', (draft) => {
      draft.spec.template.metadata.annotations = { 'kubectl.kubernetes.io/restartedAt': '2026-01-01T00:00:00Z' };
    });
    expect(restarted.metadata.generation).toBe(2);
  });

  it('a DaemonSet counts changes of its template', () => {
    const test = new TestCluster();
    test.create('apps/v1 DaemonSet', 'd', { spec: { selector, template: template() } });
    const read = () =>
      test.get('apps/v1 DaemonSet', 'd').metadata.annotations['deprecated.daemonset.template.generation'];
    test.update('apps/v1 DaemonSet', 'd', (draft) => {
      draft.spec.minReadySeconds = 5;
    });
    expect(read()).toBe('1');
    test.update('apps/v1 DaemonSet', 'd', (draft) => {
      draft.spec.template.spec.containers[0].image = 'new';
    });
    expect(read()).toBe('2');
  });
});

describe('jobs', () => {
  const spec = { template: { spec: { restartPolicy: 'Never', containers: [container()] } } };

  it('know their pods by label', () => {
    const job = new TestCluster().create('batch/v1 Job', 'j', { spec });
    expect(job.spec).toMatchObject({
      completions: 1,
      parallelism: 1,
      backoffLimit: 6,
      completionMode: 'NonIndexed',
      suspend: false,
      selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': job.metadata.uid } },
    });
    expect(job.spec.template.metadata.labels).toEqual({
      'batch.kubernetes.io/controller-uid': job.metadata.uid,
      'batch.kubernetes.io/job-name': 'j',
      'controller-uid': job.metadata.uid,
      'job-name': 'j',
    });
  });

  it('must say whether to restart', () => {
    const endless = { template: { spec: { containers: [container()] } } };
    expect(causesOf(() => new TestCluster().create('batch/v1 Job', 'j', { spec: endless }))).toEqual([
      'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
    ]);
  });

  it('keep their template', () => {
    const test = new TestCluster();
    test.create('batch/v1 Job', 'j', { spec });
    expect(
      test.update('batch/v1 Job', 'j', (draft) => {
        draft.spec.parallelism = 3;
      }).spec.parallelism,
    ).toBe(3);
    const causes = causesOf(() =>
      test.update('batch/v1 Job', 'j', (draft) => {
        draft.spec.template.spec.containers[0].image = 'new';
      }),
    );
    expect(causes).toEqual([expect.stringMatching(/^spec.template: .*field is immutable$/)]);
  });

  it('run by a schedule of five fields', () => {
    const test = new TestCluster();
    const cronJob = (schedule: string) => () =>
      test.create('batch/v1 CronJob', 'c', { spec: { schedule, jobTemplate: { spec } } });
    expect(causesOf(cronJob('now'))).toEqual([
      'spec.schedule: Invalid value: "now": expected exactly 5 fields, found 1: [now]',
    ]);
    expect(cronJob('*/5 * * * MON')().spec).toMatchObject({
      concurrencyPolicy: 'Allow',
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 1,
    });
  });
});

describe('services', () => {
  it('get addresses and ports of their own', () => {
    const test = new TestCluster();
    const first = test.create('v1 Service', 'a', { spec: { ports: [{ port: 80 }] } });
    const second = test.create('v1 Service', 'b', {
      spec: { type: 'NodePort', ports: [{ port: 80, targetPort: 'web' }] },
    });
    expect(first.spec).toMatchObject({
      type: 'ClusterIP',
      clusterIP: expect.stringMatching(/^10\.96\./),
      clusterIPs: [first.spec.clusterIP],
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      internalTrafficPolicy: 'Cluster',
      sessionAffinity: 'None',
      ports: [{ port: 80, targetPort: 80, protocol: 'TCP' }],
    });
    expect(first.status).toEqual({ loadBalancer: {} });
    expect(second.spec.clusterIP).not.toBe(first.spec.clusterIP);
    expect(second.spec.ports[0].nodePort).toBeGreaterThanOrEqual(30000);
    expect(second.spec.externalTrafficPolicy).toBe('Cluster');
  });

  it('keep their address when it is left out, and refuse another', () => {
    const test = new TestCluster();
    const made = test.create('v1 Service', 'a', { spec: { ports: [{ port: 80 }] } });
    const updated = test.update('v1 Service', 'a', (draft) => {
      draft.spec = { ports: [{ port: 81 }] };
    });
    expect(updated.spec.clusterIP).toBe(made.spec.clusterIP);
    const causes = causesOf(() =>
      test.update('v1 Service', 'a', (draft) => {
        draft.spec.clusterIP = '10.96.200.1';
        draft.spec.clusterIPs = ['10.96.200.1'];
      }),
    );
    expect(causes).toEqual([expect.stringMatching(/^spec.clusterIPs\[0\]: .*may not change once set$/)]);
    const taken = { clusterIP: made.spec.clusterIP, ports: [{ port: 80 }] };
    expect(causesOf(() => test.create('v1 Service', 'b', { spec: taken }))[0]).toContain('already allocated');
  });

  it('need no address when headless or external', () => {
    const test = new TestCluster();
    const headless = test.create('v1 Service', 'a', { spec: { clusterIP: 'None', selector: { a: 'b' } } });
    expect(headless.spec.clusterIPs).toEqual(['None']);
    const external = test.create('v1 Service', 'b', { spec: { type: 'ExternalName', externalName: 'a.b' } });
    expect(external.spec).toEqual({ type: 'ExternalName', externalName: 'a.b', sessionAffinity: 'None' });
  });

  it('need names when they have several ports', () => {
    const spec = { ports: [{ port: 80 }, { port: 81 }] };
    expect(causesOf(() => new TestCluster().create('v1 Service', 'a', { spec }))).toEqual([
      'spec.ports[0].name: Required value',
      'spec.ports[1].name: Required value',
    ]);
  });
});

describe('configuration', () => {
  it('writes stringData into data', () => {
    const test = new TestCluster();
    const secret = test.create('v1 Secret', 's', { data: { a: 'MQ==' }, stringData: { b: '2' } });
    expect(secret).toMatchObject({ type: 'Opaque', data: { a: 'MQ==', b: 'Mg==' } });
    expect(secret.stringData).toBeUndefined();
    const updated = test.update('v1 Secret', 's', (draft) => {
      draft.stringData = { a: '3' };
    });
    expect(updated.data).toEqual({ a: 'Mw==', b: 'Mg==' });
  });

  it('keeps the type of a Secret, which says what it must hold', () => {
    const test = new TestCluster();
    test.create('v1 Secret', 's');
    const changed = causesOf(() =>
      test.update('v1 Secret', 's', (draft) => {
        draft.type = 'other';
      }),
    );
    expect(changed).toEqual(['type: Invalid value: "other": field is immutable']);
    expect(causesOf(() => test.create('v1 Secret', 't', { type: 'kubernetes.io/tls' }))).toEqual([
      'data[tls.crt]: Required value',
      'data[tls.key]: Required value',
    ]);
  });

  it.each(['v1 ConfigMap', 'v1 Secret'])('%s can be frozen', (kind) => {
    const test = new TestCluster();
    test.create(kind, 'x', { immutable: true, data: { a: 'MQ==' } });
    const change = (edit: (draft: Loose) => void) => causesOf(() => test.update(kind, 'x', edit));
    const frozen = 'Forbidden: field is immutable when `immutable` is set';
    expect(
      change((draft) => {
        draft.data.a = 'Mg==';
      }),
    ).toEqual([`data: ${frozen}`]);
    expect(
      change((draft) => {
        delete draft.immutable;
      }),
    ).toEqual([`immutable: ${frozen}`]);
  });

  it('refuses keys that are no file names, and more than 1 MiB', () => {
    const test = new TestCluster();
    expect(causesOf(() => test.create('v1 ConfigMap', 'c', { data: { 'a b': '' } }))[0]).toContain('data[a b]');
    const large = { data: { a: 'x'.repeat(2 ** 20 + 1) } };
    expect(causesOf(() => test.create('v1 ConfigMap', 'c', large))).toEqual([expect.stringContaining('Too long')]);
  });

  it('leaves out what is empty, as Go does', () => {
    const object = new TestCluster().create('v1 ConfigMap', 'c', { data: {}, metadata: { labels: {} } });
    expect(object.data).toBeUndefined();
    expect(object.metadata.labels).toBeUndefined();
  });

  it('claims stay pending and keep their access modes', () => {
    const test = new TestCluster();
    const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1.5Gi' } } };
    const claim = test.create('v1 PersistentVolumeClaim', 'c', { spec });
    expect(claim).toMatchObject({
      spec: { volumeMode: 'Filesystem', resources: { requests: { storage: '1536Mi' } } },
      status: { phase: 'Pending' },
    });
    expect(
      causesOf(() =>
        test.update('v1 PersistentVolumeClaim', 'c', (draft) => {
          draft.spec.accessModes = ['ReadWriteMany'];
        }),
      ),
    ).toEqual([expect.stringContaining('spec: Forbidden: spec is immutable after creation')]);
  });
});

describe('decoding', () => {
  it('takes null for absent, and for the empty value where an entry must stay', () => {
    const pod = new TestCluster().create('v1 Pod', 'p', {
      metadata: { labels: { a: null }, annotations: null },
      spec: {
        containers: [container('c', { args: [null, 'x'], env: null, livenessProbe: null })],
        nodeSelector: null,
        volumes: [null, { name: 'v' }].slice(1),
      },
      status: null,
    });
    expect(pod.metadata).toMatchObject({ labels: { a: '' } });
    expect(pod.metadata.annotations).toBeUndefined();
    expect(pod.spec.containers[0].args).toEqual(['', 'x']);
    expect(pod.spec.containers[0]).not.toHaveProperty('env');
    expect(pod.spec.containers[0]).not.toHaveProperty('livenessProbe');
    expect(pod.spec).not.toHaveProperty('nodeSelector');
  });

  it('keeps null where any value may stand', () => {
    const data = { a: null, b: [null] };
    const revision = new TestCluster().create('apps/v1 ControllerRevision', 'r', { data, revision: 1 });
    expect(revision.data).toEqual(data);
  });

  it('lets lists repeat a key that nobody forbids', () => {
    const env = [
      { name: 'A', value: '1' },
      { name: 'A', value: '2' },
    ];
    const pod = new TestCluster().create('v1 Pod', 'p', { spec: { containers: [container('c', { env })] } });
    expect(pod.spec.containers[0].env).toEqual(env);
  });

  it('gives the defaults to whoever sent the object, and to nobody what the server adds', () => {
    const pod = new TestCluster().create('v1 Pod', 'p', { spec: { containers: [container()] } });
    const owned = pod.metadata.managedFields[0].fieldsV1['f:spec'];
    expect(Object.keys(owned)).toEqual(
      expect.arrayContaining(['f:dnsPolicy', 'f:enableServiceLinks', 'f:restartPolicy', 'f:schedulerName']),
    );
    for (const field of ['f:priority', 'f:serviceAccountName', 'f:tolerations'])
      expect(owned).not.toHaveProperty(field);
    expect(pod.spec).toMatchObject({ priority: 0, serviceAccountName: 'default', serviceAccount: 'default' });
  });
});

describe('administration', () => {
  it('namespaces carry their name and wait for their contents', () => {
    const test = new TestCluster();
    expect(test.create('v1 Namespace', 'x')).toMatchObject({
      metadata: { labels: { 'kubernetes.io/metadata.name': 'x' } },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    });
    const contents = namespaceContents('x', 'PEM').map(({ object }) => `${object.kind}/${object.metadata.name}`);
    expect(contents).toEqual(['ServiceAccount/default', 'ConfigMap/kube-root-ca.crt']);
  });

  it('nodes come with their status', () => {
    const status = { capacity: { cpu: '4000m' }, conditions: [{ type: 'Ready', status: 'True' }] };
    const node = new TestCluster().create('v1 Node', 'n', { status });
    expect(node.status).toMatchObject({ capacity: { cpu: '4' }, allocatable: { cpu: '4' } });
  });

  it('bindings keep their role', () => {
    const test = new TestCluster();
    const kind = 'rbac.authorization.k8s.io/v1 RoleBinding';
    const roleRef = { kind: 'Role', name: 'r' };
    const made = test.create(kind, 'b:x', { roleRef, subjects: [{ kind: 'User', name: 'u' }] });
    expect(made).toMatchObject({
      roleRef: { apiGroup: 'rbac.authorization.k8s.io' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io' }],
    });
    const causes = causesOf(() =>
      test.update(kind, 'b:x', (draft) => {
        draft.roleRef.name = 's';
      }),
    );
    expect(causes).toEqual([expect.stringContaining('cannot change roleRef')]);
  });

  it('leases have a length', () => {
    const causes = causesOf(() =>
      new TestCluster().create('coordination.k8s.io/v1 Lease', 'l', { spec: { leaseDurationSeconds: 0 } }),
    );
    expect(causes).toEqual(['spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0']);
  });

  it('autoscalers are the same object in both versions', () => {
    const test = new TestCluster();
    const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' };
    const spec = { scaleTargetRef, maxReplicas: 3, targetCPUUtilizationPercentage: 50 };
    test.create('autoscaling/v1 HorizontalPodAutoscaler', 'h', { spec });
    expect(test.get('autoscaling/v2 HorizontalPodAutoscaler', 'h').spec.metrics).toEqual([
      { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } },
    ]);
    expect(test.get('autoscaling/v1 HorizontalPodAutoscaler', 'h').spec).toEqual({ ...spec, minReplicas: 1 });
  });

  it('events are the same object in both groups', () => {
    const test = new TestCluster();
    const regarding = { kind: 'Pod', namespace: 'ns', name: 'p' };
    const source = { component: 'c' };
    test.create('v1 Event', 'e', { involvedObject: regarding, message: 'm', reason: 'R', type: 'Normal', source });
    const event = test.get('events.k8s.io/v1 Event', 'e');
    expect(event).toMatchObject({ apiVersion: 'events.k8s.io/v1', regarding, note: 'm', deprecatedSource: source });
    expect(event.involvedObject).toBeUndefined();
    const elsewhere = { involvedObject: { ...regarding, namespace: 'other' } };
    expect(causesOf(() => test.create('v1 Event', 'f', elsewhere))).toEqual([
      'involvedObject.namespace: Invalid value: "other": does not match event.namespace',
    ]);
  });
});
