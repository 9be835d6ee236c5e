import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { KubeObject } from '../../model/kube/kube-object.ts';
import { RESOURCES } from '../../model/kube/resources.ts';
import { BmhHub, NAMESPACE } from './testing/bmh-hub.ts';

// A busy machine takes its time.
vi.setConfig({ testTimeout: 120_000 });
const WAIT = { timeout: 60_000 };

let hub: BmhHub;

beforeEach(async () => {
  hub = await BmhHub.start(1);
});
afterEach(() => hub.stop());

type EnvVar = { name: string; value?: string; valueFrom?: object };

function deployment(name: string, namespace: string, env: EnvVar[] = [], replicas = 1): KubeObject {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          containers: [
            {
              name: 'manager',
              image: 'quay.io/metal3-io/baremetal-operator:v1',
              command: ['/baremetal-operator'],
              env,
            },
          ],
        },
      },
    },
  };
}

function lease(renewedMsAgo: number, holderIdentity = 'elsewhere_1'): KubeObject {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'baremetal-operator', namespace: 'openshift-machine-api' },
    spec: {
      holderIdentity,
      leaseDurationSeconds: 137,
      renewTime: new Date(Date.now() - renewedMsAgo).toISOString().replace('Z', '000Z'),
    },
  };
}

const OWN_NAMESPACE = [{ name: 'WATCH_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } }];

describe('beside a real operator', () => {
  it.each([
    [
      'of OpenShift',
      deployment('metal3-baremetal-operator', 'openshift-machine-api'),
      'openshift-machine-api/metal3-baremetal-operator',
    ],
    ['of metal3', deployment('baremetal-operator-controller-manager', 'assisted-installer'), '--replicas=0'],
    ['under another name', deployment('bmo', 'hive'), 'hive/bmo'],
    [
      'that watches the namespace of the hosts',
      deployment('bmo', NAMESPACE, OWN_NAMESPACE),
      `the hosts of namespace ${NAMESPACE}`,
    ],
    [
      'that watches several namespaces',
      deployment('bmo', 'hive', [{ name: 'WATCH_NAMESPACE', value: `hive,${NAMESPACE}` }]),
      `the hosts of namespace hive, ${NAMESPACE}`,
    ],
  ])('%s it does not start, and says what runs and what to do', async (_, object, message) => {
    await hub.addHost();
    await hub.client.create(RESOURCES.deployments, object);
    await expect(hub.operate()).rejects.toThrow(message);
    expect(hub.calls.filter(({ verb }) => verb !== 'list' && verb !== 'get')).toEqual([]);
  });

  it('that was scaled down it starts', async () => {
    await hub.client.create(
      RESOURCES.deployments,
      deployment('metal3-baremetal-operator', 'openshift-machine-api', [], 0),
    );
    await hub.operate();
  });

  it('of other namespaces it starts, and leaves their hosts alone', async () => {
    await hub.client.create(
      RESOURCES.deployments,
      deployment('metal3-baremetal-operator', 'openshift-machine-api', OWN_NAMESPACE),
    );
    const own = await hub.addHost();
    await hub.client.create(RESOURCES.bareMetalHosts, {
      apiVersion: 'metal3.io/v1alpha1',
      kind: 'BareMetalHost',
      metadata: { name: 'real', namespace: 'openshift-machine-api' },
      spec: { online: true },
    });
    await hub.operate();
    await expect.poll(async () => (await hub.host(own))!.status.provisioning.state, WAIT).toBe('registering');
    const real = await hub.client.get(RESOURCES.bareMetalHosts, 'openshift-machine-api', 'real');
    expect(real.status).toBeUndefined();
  });

  it('whose lease is renewed it does not start', async () => {
    await hub.client.create(RESOURCES.leases, lease(20_000));
    await expect(hub.operate()).rejects.toThrow(
      'Lease openshift-machine-api/baremetal-operator is held by "elsewhere_1"',
    );
  });

  it.each([
    ['that is old', lease(600_000)],
    ['that nobody holds', lease(1000, '')],
  ])('with a lease %s it starts', async (_, object) => {
    await hub.client.create(RESOURCES.leases, object);
    await hub.operate();
  });

  it('that writes statuses from elsewhere it does not start, unless the hosts are others', async () => {
    const name = await hub.addHost({ labels: { run: 'theirs' } });
    await hub.addHost({ labels: { run: 'mine' } });
    const status = {
      operationalStatus: 'OK',
      errorMessage: '',
      poweredOn: false,
      provisioning: { state: 'available', ID: '1' },
    };
    await hub.client.patch(
      RESOURCES.bareMetalHosts,
      NAMESPACE,
      name,
      { status },
      { subresource: 'status', fieldManager: 'baremetal-operator' },
    );
    await expect(hub.operate()).rejects.toThrow(
      `the status of BareMetalHost ${NAMESPACE}/${name} is being written by "baremetal-operator"`,
    );
    await hub.operate({ labelSelector: 'run=mine' });
  });

  it('it may follow itself at once', async () => {
    const name = await hub.addHost();
    await hub.operate();
    await expect.poll(async () => (await hub.host(name))!.status.provisioning.state, WAIT).toBe('registering');
    await hub.halt();
    await hub.operate();
  });
});

describe('a hub', () => {
  it('without the kinds is named', async () => {
    await hub.client.delete(RESOURCES.customResourceDefinitions, undefined, 'baremetalhosts.metal3.io');
    await expect(hub.operate()).rejects.toThrow(
      /does not serve baremetalhosts\.metal3\.io: install the CustomResourceDefinitions/,
    );
  });

  it('that does not answer is named', async () => {
    const { url, port } = hub.mock;
    await hub.mock.close();
    await expect(hub.operate({}, port)).rejects.toThrow(`no response from ${url}`);
  });
});
