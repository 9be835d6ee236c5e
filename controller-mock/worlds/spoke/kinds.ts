/** Kinds an OpenShift cluster has beside the built-in ones: made once, shared by all spokes of the process. */
import type { ResourceType } from '../../api/resource-type.ts';
import { resourceTypes } from '../kinds/definition.ts';
import { METAL3_KINDS } from '../kinds/metal3.ts';
import { OLM_KINDS } from '../kinds/olm.ts';
import { OPENSHIFT_CONFIG_KINDS } from '../kinds/openshift-config.ts';
import { OPENSHIFT_MACHINE_KINDS } from '../kinds/openshift-machines.ts';

let types: readonly ResourceType[] | undefined;

export function openshiftTypes(): readonly ResourceType[] {
  types ??= resourceTypes([...OPENSHIFT_CONFIG_KINDS, ...OPENSHIFT_MACHINE_KINDS, ...OLM_KINDS, ...METAL3_KINDS]);
  return types;
}

const core = (resource: string) => ({ group: '', resource });

/** Collections the spoke writes to. */
export const RESOURCES = {
  namespaces: core('namespaces'),
  configMaps: core('configmaps'),
  services: core('services'),
  nodes: core('nodes'),
  pods: core('pods'),
  jobs: { group: 'batch', resource: 'jobs' },
  csrs: { group: 'certificates.k8s.io', resource: 'certificatesigningrequests' },
  proxies: { group: 'config.openshift.io', resource: 'proxies' },
  infrastructures: { group: 'config.openshift.io', resource: 'infrastructures' },
  clusterVersions: { group: 'config.openshift.io', resource: 'clusterversions' },
  clusterOperators: { group: 'config.openshift.io', resource: 'clusteroperators' },
  machines: { group: 'machine.openshift.io', resource: 'machines' },
  machineConfigs: { group: 'machineconfiguration.openshift.io', resource: 'machineconfigs' },
  machineConfigPools: { group: 'machineconfiguration.openshift.io', resource: 'machineconfigpools' },
  bareMetalHosts: { group: 'metal3.io', resource: 'baremetalhosts' },
  provisionings: { group: 'metal3.io', resource: 'provisionings' },
  subscriptions: { group: 'operators.coreos.com', resource: 'subscriptions' },
  csvs: { group: 'operators.coreos.com', resource: 'clusterserviceversions' },
  installPlans: { group: 'operators.coreos.com', resource: 'installplans' },
} as const;

/** Name of a collection as changes of the store carry it. */
export function collectionOf(name: keyof typeof RESOURCES): string {
  const { group, resource } = RESOURCES[name];
  return `${group}/${resource}`;
}
