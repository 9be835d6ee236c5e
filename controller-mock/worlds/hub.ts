/**
 * A hub: the kinds assisted-service works with in kube-api mode (openshift/assisted-service, internal/controller/controllers/common.go
 * GetKubeClientSchemes), on an OpenShift cluster that is ready.
 */
import { rfc3339 } from '../../model/protocol/go-time.ts';
import type { ClusterAccess } from '../api/cluster-access.ts';
import type { KubeObject } from '../api/object.ts';
import { AGENT_INSTALL_KINDS } from './kinds/agent-install.ts';
import { CLUSTER_MANAGEMENT_KINDS } from './kinds/cluster-management.ts';
import { customResourceDefinition, type KindDefinition } from './kinds/definition.ts';
import { HIVE_KINDS } from './kinds/hive.ts';
import { METAL3_KINDS } from './kinds/metal3.ts';
import { OPENSHIFT_CONFIG_KINDS } from './kinds/openshift-config.ts';
import {
  clusterOperator,
  clusterVersion,
  enterPhase,
  infrastructure,
  namespaceObject,
  proxy,
} from './spoke/cluster-objects.ts';
import { RESOURCES } from './spoke/kinds.ts';
import { provisioning } from './spoke/node-objects.ts';

/** Where the hub's own provisioner answers; in a network for documentation. */
const IRONIC_HOST = '192.0.2.10';
const IRONIC_AGENT_IMAGE =
  'quay.io/openshift-release-dev/ocp-v4.0-art-dev@sha256:0000000000000000000000000000000000000000000000000000000000000004';

const CRDS = { group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions' };
const SECRETS = { group: '', resource: 'secrets' };

export const HUB_KINDS: readonly KindDefinition[] = [
  ...AGENT_INSTALL_KINDS,
  ...HIVE_KINDS,
  ...METAL3_KINDS,
  ...OPENSHIFT_CONFIG_KINDS,
  ...CLUSTER_MANAGEMENT_KINDS,
];

const NAMESPACES = [
  'assisted-installer',
  'hive',
  'multicluster-engine',
  'open-cluster-management',
  'openshift-machine-api',
] as const;

/** Version of the hub itself; above the one from which hosts are inspected by the service's own ramdisk. */
const VERSION = '4.20.33';

export function seedHub(cluster: ClusterAccess): void {
  for (const definition of HUB_KINDS) cluster.create(CRDS, customResourceDefinition(definition));
  for (const name of NAMESPACES) cluster.create(RESOURCES.namespaces, namespaceObject(name));
  const now = rfc3339(cluster.clock.now());
  const ready = {
    after: { delayMs: 0, jitterMs: 0 },
    status: 'available',
    message: `Done applying ${VERSION}`,
  } as const;
  const version = clusterVersion(VERSION, '0b7c3f7a-5d0e-4c7e-a1f5-6d2f9c3f4e10', now);
  enterPhase(version, ready, VERSION, now);
  cluster.create(RESOURCES.clusterVersions, version);
  for (const name of ['baremetal', 'machine-api']) {
    const operator = clusterOperator(name, VERSION);
    enterPhase(operator, { ...ready, message: 'Operational' }, VERSION, now);
    cluster.create(RESOURCES.clusterOperators, operator);
  }
  cluster.create(RESOURCES.proxies, proxy());
  cluster.create(
    RESOURCES.infrastructures,
    infrastructure({
      name: 'hub',
      platform: 'baremetal',
      topology: { controlPlanes: 3, arbiters: 0, workers: 2 },
    }),
  );
  cluster.create(RESOURCES.provisionings, provisioning());
  cluster.create(SECRETS, ironicAccess());
}

/**
 * What a service that adds the provisioner's agent to its discovery images wants to know (openshift/assisted-service,
 * internal/controller/controllers/bmo_utils.go getICCConfig).
 */
function ironicAccess(): KubeObject {
  const values = {
    IRONIC_BASE_URL: `https://${IRONIC_HOST}:6385`,
    IRONIC_INSPECTOR_BASE_URL: `https://${IRONIC_HOST}:5050`,
    IRONIC_AGENT_IMAGE,
  };
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'metal3-image-customization-config', namespace: 'openshift-machine-api' },
    type: 'Opaque',
    stringData: values,
  };
}
