/** Clusters that were installed by somebody else, and take further hosts. Upstream: assisted-service, internal/bminventory/inventory.go, V2ImportClusterInternal. */
import type { Core } from '../core/core.ts';
import type { ClusterRow } from '../core/rows.ts';
import { refuse, textField } from '../core/wire.ts';
import { isIpText } from '../network/networks.ts';
import type { JsonObject, KubeKey } from '../service-api.ts';
import { clusterNameProblem } from '../validations/names.ts';
import { addCluster, newCluster } from './new-cluster.ts';
import { clusterView } from './view.ts';

export function importCluster(core: Core, body: JsonObject, kubeKey?: KubeKey): JsonObject {
  const dnsName = textField(body, 'api_vip_dnsname') ?? '';
  const openshiftId = textField(body, 'openshift_cluster_id') ?? '';
  const parts = isIpText(dnsName) ? null : /^api\.([^.]*)\.(.+)$/.exec(dnsName);
  const name = parts?.[1] ?? textField(body, 'name') ?? '';
  refuse(clusterNameProblem(name, 'baremetal'));
  const cluster = newCluster(core.uuid(), 'AddHostsCluster', name, core.clock.now(), kubeKey);
  Object.assign(cluster, {
    baseDnsDomain: parts?.[2] ?? '',
    apiVipDnsName: dnsName,
    openshiftClusterId: openshiftId,
    openshiftVersion: textField(body, 'openshift_version') ?? '',
    platform: { external: {}, type: 'baremetal' },
    imported: true,
    status: 'adding-hosts',
    statusInfo: 'cluster is adding hosts to existing OCP cluster',
  } satisfies Partial<ClusterRow>);
  addCluster(core, cluster);
  return importedView(cluster);
}

/** What the answer to an import shows: nothing of the row's defaults has been read back. */
function importedView(cluster: ClusterRow): JsonObject {
  const {
    disk_encryption: _encryption,
    ignition_endpoint: _endpoint,
    org_soft_timeouts_enabled: _soft,
    progress: _progress,
    schedulable_masters_forced_true: _forced,
    ...view
  } = clusterView(cluster);
  return {
    ...view,
    api_vips: null,
    cluster_networks: null,
    ingress_vips: null,
    load_balancer: { type: 'cluster-managed' },
    machine_networks: null,
    monitored_operators: null,
    operator_bundles: null,
    platform: { type: 'baremetal' },
    service_networks: null,
  };
}
