/**
 * Files that the service hands out. Their contents are dummies of realistic shape and size; only what clients read in
 * them is real: the pull secret inside bootstrap.ign (assisted-installer, src/installer/installer.go, startBootstrap) and the cluster's address in kubeconfigs.
 */
import { createHash, X509Certificate } from 'node:crypto';
import type { ClusterRow, HostRow } from '../core/rows.ts';
import { dataUrl, filler, ignitionFile } from '../ignition/ignition.ts';
import { OperationError } from '../service-api.ts';

const MANIFESTS = [
  'cvo-overrides.yaml',
  'cluster-config.yaml',
  'cluster-dns-02-config.yml',
  'cluster-infrastructure-02-config.yml',
  'cluster-ingress-02-config.yml',
  'cluster-network-02-config.yml',
  'cluster-proxy-01-config.yaml',
  'cluster-scheduler-02-config.yml',
  'kube-cloud-config.yaml',
  'machine-config-server-tls-secret.yaml',
  'openshift-config-secret-pull-secret.yaml',
];
const FILLER_BYTES = 1800;

function bootstrapIgnition(cluster: ClusterRow): string {
  return JSON.stringify({
    ignition: { version: '3.2.0' },
    passwd: { users: [{ name: 'core', sshAuthorizedKeys: cluster.sshPublicKey ? [cluster.sshPublicKey] : [] }] },
    storage: {
      files: [
        ignitionFile('/root/.docker/config.json', cluster.pullSecret, 0o600),
        ...MANIFESTS.map((name) =>
          ignitionFile(`/opt/openshift/manifests/${name}`, filler(`${cluster.id} ${name}`, FILLER_BYTES)),
        ),
        ignitionFile('/opt/openshift/auth/kubeconfig', kubeconfig(cluster, '')),
        ignitionFile('/usr/local/bin/bootkube.sh', filler(`${cluster.id} bootkube`, 12_000), 0o555),
      ],
    },
    systemd: {
      units: [
        { enabled: false, name: 'bootkube.service' },
        { enabled: true, name: 'kubelet.service' },
      ],
    },
  });
}

/** Ignition that sends a node to the machine-config server. */
function pointerIgnition(cluster: ClusterRow, pool: string, host?: HostRow): string {
  const address = cluster.apiVipDnsName || cluster.apiVips[0]?.ip || `api-int.${cluster.name}.${cluster.baseDnsDomain}`;
  return JSON.stringify({
    ignition: {
      config: {
        merge: [{ source: `https://${address.includes(':') ? `[${address}]` : address}:22623/config/${pool}` }],
      },
      security: { tls: { certificateAuthorities: [{ source: dataUrl(certificate(cluster.id)) }] } },
      version: '3.2.0',
    },
    storage: {
      files: host
        ? [ignitionFile('/etc/hostname', host.requestedHostname || host.inventory?.hostname || host.id, 0o420)]
        : [],
    },
  });
}

const certificate = (seed: string) =>
  `-----BEGIN CERTIFICATE-----\n${filler(`${seed} certificate`, 1500)}\n-----END CERTIFICATE-----\n`;

function kubeconfig(cluster: ClusterRow, ingressCa: string): string {
  const server = `https://api.${cluster.name}.${cluster.baseDnsDomain}:6443`;
  return `apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: ${Buffer.from(ingressCa + certificate(`${cluster.id} ca`)).toString('base64')}
    server: ${server}
  name: ${cluster.name}
contexts:
- context:
    cluster: ${cluster.name}
    user: admin
  name: admin
current-context: admin
kind: Config
preferences: {}
users:
- name: admin
  user:
    client-certificate-data: ${Buffer.from(certificate(`${cluster.id} client`)).toString('base64')}
    client-key-data: ${Buffer.from(`-----BEGIN RSA PRIVATE KEY-----\n${filler(`${cluster.id} key`, 1600)}\n-----END RSA PRIVATE KEY-----\n`).toString('base64')}
`;
}

/** Text of the install config. */
export function installConfig(cluster: ClusterRow): string {
  const platform = String(cluster.platform.type ?? 'none');
  const workers = cluster.hosts.filter(
    (host) => (host.role === 'auto-assign' ? host.suggestedRole : host.role) === 'worker',
  ).length;
  const list = (items: readonly string[], indent: string) => items.map((item) => `${indent}- cidr: ${item}`).join('\n');
  return `apiVersion: v1
baseDomain: ${cluster.baseDnsDomain}
compute:
- hyperthreading: Enabled
  name: worker
  replicas: ${workers}
controlPlane:
  hyperthreading: Enabled
  name: master
  replicas: ${cluster.controlPlaneCount}
metadata:
  name: ${cluster.name}
networking:
  networkType: ${cluster.networkType ?? 'OVNKubernetes'}
  clusterNetwork:
${cluster.clusterNetworks.map(({ cidr, hostPrefix }) => `  - cidr: ${cidr}\n    hostPrefix: ${hostPrefix}`).join('\n')}
  machineNetwork:
${list(cluster.machineNetworks, '  ')}
  serviceNetwork:
${cluster.serviceNetworks.map((cidr) => `  - ${cidr}`).join('\n')}
platform:
  ${platform}: {}
pullSecret: '${cluster.pullSecret}'
sshKey: '${cluster.sshPublicKey}'
`;
}

const AFTER_PREPARATION: ReadonlySet<string> = new Set([
  'installing',
  'finalizing',
  'installed',
  'error',
  'adding-hosts',
  'cancelled',
  'installing-pending-user-action',
]);
const CLUSTER_FILES = [
  'bootstrap.ign',
  'master.ign',
  'worker.ign',
  'arbiter.ign',
  'metadata.json',
  'install-config.yaml',
  'custom_manifests.json',
  'custom_manifests.yaml',
];
const CREDENTIAL_FILES = ['kubeconfig', 'kubeconfig-noingress', 'kubeadmin-password'];

/** Upstream: internal/cluster/cluster.go, CanDownloadFiles. */
function checkDownload(cluster: ClusterRow): void {
  if (AFTER_PREPARATION.has(cluster.status)) return;
  const allowed = [...AFTER_PREPARATION].join(' ');
  throw new OperationError(
    409,
    `cluster ${cluster.id} is in ${cluster.status} state, files can be downloaded only when status is one of: [${allowed}]`,
  );
}

/** @throws OperationError 400 unknown file, 404 not there, 409 too early. */
export function clusterFile(cluster: ClusterRow, name: string): Buffer {
  if (!CLUSTER_FILES.includes(name))
    throw new OperationError(400, `File ${name} is unknown. Known are ${CLUSTER_FILES.join(', ')}`);
  checkDownload(cluster);
  return Buffer.from(clusterFileText(cluster, name));
}

function clusterFileText(cluster: ClusterRow, name: string): string {
  switch (name) {
    case 'bootstrap.ign':
      return bootstrapIgnition(cluster);
    case 'install-config.yaml':
      return installConfig(cluster);
    case 'metadata.json':
      return JSON.stringify({
        clusterID: cluster.openshiftClusterId,
        clusterName: cluster.name,
        infraID: `${cluster.name}-${cluster.id.slice(0, 5)}`,
      });
    case 'custom_manifests.json':
    case 'custom_manifests.yaml':
      if (!cluster.operators.some((operator) => operator.type === 'olm'))
        throw new OperationError(409, `object ${cluster.id}/${name} was not found`);
      return JSON.stringify(
        cluster.operators
          .filter((operator) => operator.type === 'olm')
          .map((operator) => ({
            Content: Buffer.from(`# manifests of ${operator.name}\n`).toString('base64'),
            Name: operator.name,
          })),
      );
    default:
      return pointerIgnition(cluster, name.replace('.ign', ''));
  }
}

/** @throws OperationError 400 unknown file, 409 too early. */
export function credentialFile(cluster: ClusterRow, name: string): Buffer {
  if (!CREDENTIAL_FILES.includes(name))
    throw new OperationError(400, `File ${name} is unknown. Known are ${CREDENTIAL_FILES.join(', ')}`);
  checkDownload(cluster);
  // Until the ingress certificate has come, the file without it is handed out in its place.
  if (name === 'kubeconfig')
    return Buffer.from(kubeconfig(cluster, cluster.ingressCertUploaded ? certificate(`${cluster.id} ingress`) : ''));
  return Buffer.from(name === 'kubeadmin-password' ? password(cluster) : kubeconfig(cluster, ''));
}

/** Password of the simulated administrator. */
export function password(cluster: ClusterRow): string {
  const letters = createHash('sha256')
    .update(cluster.id)
    .digest('base64')
    .replace(/[^A-Za-z0-9]/g, '');
  return [0, 5, 10, 15].map((from) => letters.slice(from, from + 5)).join('-');
}

/** Host's own ignition. @throws OperationError 409 before the installation. */
export function hostIgnition(host: HostRow): Buffer {
  const cluster = host.cluster;
  if (!cluster) throw new OperationError(404, `Cluster not found for host ${host.id} in infra env ${host.infraEnv.id}`);
  checkDownload(cluster);
  const role = host.role === 'arbiter' ? 'arbiter' : host.role === 'worker' ? 'worker' : 'master';
  return Buffer.from(pointerIgnition(cluster, host.machineConfigPoolName || role, host));
}

/** @throws OperationError 500 when the text holds no certificate. */
export function checkCertificate(pem: string): void {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  const good = blocks.some((block) => {
    try {
      return new X509Certificate(block) !== undefined;
    } catch {
      return false;
    }
  });
  if (!good) throw new OperationError(500, 'The ingress certificate is not valid PEM');
}
