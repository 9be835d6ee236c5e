import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../api/object.ts';
import { CERTIFICATE, CERTIFICATE_REQUEST } from '../testing/certificates.ts';
import { causesOf, type Loose, NAMESPACE, TestCluster, typeNamed } from '../testing/test-cluster.ts';
import { podLogsOf, setUsageSource } from './index.ts';

const POD = 'v1 Pod';
const CSR = 'certificates.k8s.io/v1 CertificateSigningRequest';

function withPod(containers = ['c']): TestCluster {
  const test = new TestCluster();
  test.create(POD, 'p', { spec: { containers: containers.map((name) => ({ name, image: 'i' })) } });
  return test;
}

const statusOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error) => error.status,
  );

describe('logs', () => {
  function written(): TestCluster {
    const test = withPod();
    const logs = podLogsOf(test.cluster);
    for (let second = 0; second < 5; second++) {
      logs.append(NAMESPACE, 'p', 'c', test.clock.now() - (5 - second) * 1000, `line ${second}\n`);
    }
    return test;
  }

  it.each([
    ['', 'line 0\nline 1\nline 2\nline 3\nline 4\n'],
    ['tailLines=2', 'line 3\nline 4\n'],
    ['tailLines=0', ''],
    ['sinceSeconds=3', 'line 2\nline 3\nline 4\n'],
    ['sinceTime=2025-12-31T23:59:59Z', 'line 4\n'],
    ['limitBytes=9', 'line 0\nli'],
    ['tailLines=1&timestamps=true', '2025-12-31T23:59:59.000000000Z line 4\n'],
    ['container=c&tailLines=1', 'line 4\n'],
  ])('?%s', async (query, text) => {
    expect(await written().ask(POD, 'p', 'log', { verb: 'get', query })).toEqual({
      code: 200,
      contentType: 'text/plain',
      text,
    });
  });

  it.each([
    ['tailLines=-1', 422, 'must be greater than or equal to 0'],
    ['limitBytes=0', 422, 'must be greater than 0'],
    ['sinceSeconds=x', 400, 'must be an integer'],
    ['sinceSeconds=1&sinceTime=2026-01-01T00:00:00Z', 400, 'at most one of'],
    ['container=none', 400, 'container none is not valid for pod p'],
    ['previous=true', 400, 'previous terminated container "c" in pod "p" not found'],
  ])('?%s is refused', async (query, code, message) => {
    const status = await statusOf(withPod().ask(POD, 'p', 'log', { verb: 'get', query }));
    expect(status).toMatchObject({ code, message: expect.stringContaining(message) });
  });

  it('need a container to be named when there are several', async () => {
    const test = withPod(['a', 'b']);
    const status = await statusOf(test.ask(POD, 'p', 'log', { verb: 'get' }));
    expect(status.message).toBe('a container name must be specified for pod p, choose one of: [a b]');
  });

  it('are followed until the client goes', async () => {
    const test = written();
    const end = new AbortController();
    const query = 'follow=true&tailLines=1';
    const answer: Loose = await test.ask(POD, 'p', 'log', { verb: 'get', query, signal: end.signal });
    const stream = answer.text[Symbol.asyncIterator]();
    expect((await stream.next()).value).toBe('line 4\n');
    const next = stream.next();
    podLogsOf(test.cluster).append(NAMESPACE, 'p', 'c', test.clock.now(), 'more');
    expect((await next).value).toBe('more\n');
    const last = stream.next();
    end.abort();
    expect((await last).done).toBe(true);
  });

  it('can come from elsewhere', async () => {
    const test = withPod();
    podLogsOf(test.cluster).setSources((pod, container) => ({
      lines: () => [{ timeMs: 0, text: `${pod.metadata.name}/${container}` }],
      listen: () => () => {},
    }));
    expect(await test.ask(POD, 'p', 'log', { verb: 'get' })).toMatchObject({ text: 'p/c\n' });
  });

  it('keep the newest lines', () => {
    const logs = podLogsOf(withPod().cluster);
    logs.append(NAMESPACE, 'p', 'c', 0, Array.from({ length: 13_000 }, (_, line) => String(line)).join('\n'));
    const lines = logs.source({ metadata: { namespace: NAMESPACE, name: 'p' } } as KubeObject, 'c').lines();
    expect(lines.length).toBeLessThanOrEqual(12_500);
    expect(lines.at(-1)!.text).toBe('12999');
  });
});

describe('pods', () => {
  const binding = (name: string) => ({ apiVersion: 'v1', kind: 'Binding', metadata: { name: 'p' }, target: { name } });

  it('are bound to a node once', async () => {
    const test = withPod();
    expect(await test.ask(POD, 'p', 'binding', { body: binding('n') })).toMatchObject({ code: 201 });
    expect(test.get(POD, 'p')).toMatchObject({
      spec: { nodeName: 'n' },
      status: { conditions: [{ type: 'PodScheduled', status: 'True' }] },
    });
    expect(await statusOf(test.ask(POD, 'p', 'binding', { body: binding('m') }))).toMatchObject({
      code: 409,
      message: expect.stringContaining('pod p is already assigned to node "n"'),
    });
  });

  it('wait out their grace period only where they run', () => {
    const { gracePeriodSeconds } = typeNamed(POD);
    const pod = (spec: object, status: object) => ({ metadata: {}, spec, status }) as unknown as KubeObject;
    const spec = { nodeName: 'n', terminationGracePeriodSeconds: 30 };
    expect(gracePeriodSeconds!(pod(spec, { phase: 'Running' }))).toBe(30);
    expect(gracePeriodSeconds!(pod(spec, { phase: 'Succeeded' }))).toBe(0);
    expect(gracePeriodSeconds!(pod({ ...spec, nodeName: undefined }, { phase: 'Pending' }))).toBe(0);
  });

  it('are evicted within the disruption budget', async () => {
    const test = withPod();
    const status = { phase: 'Running' };
    test.update(
      POD,
      'p',
      (draft) => {
        draft.status = status;
      },
      'status',
    );
    test.create('policy/v1 PodDisruptionBudget', 'b', { spec: { minAvailable: 1, selector: {} } });
    expect(await statusOf(test.ask(POD, 'p', 'eviction', { body: { metadata: { name: 'p' } } }))).toMatchObject({
      code: 429,
      reason: 'TooManyRequests',
    });
    test.update(
      'policy/v1 PodDisruptionBudget',
      'b',
      (draft) => {
        draft.status = { ...draft.status, disruptionsAllowed: 1 };
      },
      'status',
    );
    expect(await test.ask(POD, 'p', 'eviction', { body: { metadata: { name: 'p' } } })).toMatchObject({ code: 201 });
    expect(() => test.get(POD, 'p')).toThrow('pods "p" not found');
  });

  it('have no streams to containers', async () => {
    const test = withPod();
    expect(await statusOf(test.ask(POD, 'p', 'exec'))).toMatchObject({
      code: 400,
      message: 'pod p does not have a host assigned',
    });
    await test.ask(POD, 'p', 'binding', {
      body: { metadata: { name: 'p' }, target: { kind: 'Node', name: 'n' } },
    });
    expect(await statusOf(test.ask(POD, 'p', 'exec'))).toMatchObject({ code: 501, reason: 'NotImplemented' });
  });
});

describe('certificate signing requests', () => {
  const spec = { request: CERTIFICATE_REQUEST, signerName: 'kubernetes.io/kubelet-serving', usages: ['server auth'] };
  const approve = (draft: Loose) => {
    draft.status.conditions = [{ type: 'Approved', status: 'True', reason: 'R' }];
    draft.status.certificate = CERTIFICATE;
  };

  it('carry who asks', () => {
    const csr = new TestCluster().create(CSR, 'c', { spec: { ...spec, username: 'somebody' } });
    expect(csr.spec.groups).toContain('system:authenticated');
  });

  it('are approved through their own subresource and no other', () => {
    const test = new TestCluster();
    test.create(CSR, 'c', { spec });
    const added = 'status.conditions: Forbidden: updates may not add a condition of type "Approved"';
    expect(causesOf(() => test.update(CSR, 'c', approve, 'status'))).toEqual([added]);
    expect(test.update(CSR, 'c', approve, 'approval').status).toEqual({
      conditions: [expect.objectContaining({ type: 'Approved' })],
    });
    expect(test.update(CSR, 'c', approve, 'status').status).toMatchObject({
      conditions: [{ type: 'Approved' }],
      certificate: CERTIFICATE,
    });
    const withdrawn = causesOf(() =>
      test.update(
        CSR,
        'c',
        (draft) => {
          draft.status.conditions = [{ type: 'Denied', status: 'True' }];
        },
        'approval',
      ),
    );
    expect(withdrawn).toEqual(['status.conditions: Forbidden: updates may not remove a condition of type "Approved"']);
  });

  it('hold a request', () => {
    const bad = { ...spec, request: 'AAAA', usages: [], signerName: 'x' };
    expect(causesOf(() => new TestCluster().create(CSR, 'c', { spec: bad }))).toEqual([
      expect.stringContaining('PEM block type must be CERTIFICATE REQUEST'),
      'spec.usages: Required value',
      expect.stringContaining('spec.signerName: Invalid value: "x": must be a fully qualified domain'),
    ]);
  });
});

describe('identity', () => {
  it('a service account gets a token that the cluster knows until it expires', async () => {
    const test = new TestCluster();
    test.create('v1 ServiceAccount', 's');
    const body = { spec: { expirationSeconds: 600 } };
    const { object }: Loose = await test.ask('v1 ServiceAccount', 's', 'token', { body });
    const { token } = object.status;
    const claims = JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString());
    expect(claims).toMatchObject({ sub: `system:serviceaccount:${NAMESPACE}:s`, exp: claims.iat + 600 });
    expect(object.status.expirationTimestamp).toBe('2026-01-01T00:10:00Z');
    const review = () => {
      const create = typeNamed('authentication.k8s.io/v1 TokenReview').virtual!.create!;
      return create({ metadata: {}, spec: { token } } as unknown as KubeObject, '', test.cluster.context()) as Loose;
    };
    expect(review().status).toMatchObject({
      authenticated: true,
      user: { username: `system:serviceaccount:${NAMESPACE}:s` },
    });
    await test.clock.advance(600_001);
    expect(review().status).toEqual({ user: {}, error: 'invalid bearer token' });
  });

  it('tokens live ten minutes at least', async () => {
    const test = new TestCluster();
    test.create('v1 ServiceAccount', 's');
    const status = await statusOf(
      test.ask('v1 ServiceAccount', 's', 'token', { body: { spec: { expirationSeconds: 60 } } }),
    );
    expect(status).toMatchObject({ code: 422, message: expect.stringContaining('less than 10 minutes') });
  });

  const ask = (kind: string, spec: object, namespace = '') => {
    const { virtual, kind: plain } = typeNamed(`authorization.k8s.io/v1 ${kind}`);
    const metadata = namespace === '' ? {} : { namespace };
    const review = { apiVersion: 'authorization.k8s.io/v1', kind: plain, metadata, spec } as KubeObject;
    return virtual!.create!(review, namespace, new TestCluster().cluster.context()) as Loose;
  };

  it('everything is allowed', () => {
    const resourceAttributes = { verb: 'get', resource: 'pods', namespace: 'ns' };
    expect(ask('SelfSubjectAccessReview', { resourceAttributes }).status).toEqual({ allowed: true });
    expect(ask('SubjectAccessReview', { user: 'u', resourceAttributes }).status).toEqual({ allowed: true });
    expect(ask('LocalSubjectAccessReview', { user: 'u', resourceAttributes }, 'ns').status).toEqual({ allowed: true });
    expect(ask('SelfSubjectRulesReview', { namespace: 'ns' }).status.resourceRules).toEqual([
      { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
    ]);
  });

  it('reviews say what they are about', () => {
    const both = { resourceAttributes: { verb: 'get' }, nonResourceAttributes: { path: '/' } };
    expect(causesOf(() => ask('SelfSubjectAccessReview', {}))).toHaveLength(1);
    expect(causesOf(() => ask('SelfSubjectAccessReview', both))).toHaveLength(1);
    expect(causesOf(() => ask('SubjectAccessReview', { resourceAttributes: {} }))[0]).toContain('at least one of user');
    const elsewhere = { user: 'u', resourceAttributes: { namespace: 'other' } };
    expect(causesOf(() => ask('LocalSubjectAccessReview', elsewhere, 'ns'))[0]).toContain('must match');
    expect(() => ask('SelfSubjectRulesReview', {})).toThrow('no namespace on request');
  });
});

describe('metrics', () => {
  it('are of running pods, and of nodes', () => {
    const test = withPod();
    const context = test.cluster.context();
    const pods = typeNamed('metrics.k8s.io/v1beta1 PodMetrics').virtual!;
    expect(pods.list!('', context)).toEqual([]);
    test.update(
      POD,
      'p',
      (draft) => {
        draft.status.phase = 'Running';
      },
      'status',
    );
    const made: Loose = pods.get!(NAMESPACE, 'p', context);
    expect(made.containers).toEqual([
      { name: 'c', usage: { cpu: expect.stringMatching(/^\d+n$/), memory: expect.stringMatching(/^\d+Ki$/) } },
    ]);
    test.create('v1 Node', 'n', { status: { capacity: { cpu: '4', memory: '8Gi' } } });
    setUsageSource(test.cluster, () => ({ cores: 1.5, bytes: 2 ** 30 }));
    const nodes: Loose[] = typeNamed('metrics.k8s.io/v1beta1 NodeMetrics').virtual!.list!('', context);
    expect(nodes.map(({ metadata, usage }) => [metadata.name, usage])).toEqual([
      ['n', { cpu: '1500000000n', memory: '1048576Ki' }],
    ]);
  });
});
