/**
 * Files that the service hands out. Their contents are dummies of realistic shape and size; only what clients read in
 * them is real: the pull secret inside bootstrap.ign (Installer facts 1.6) and the cluster's address in kubeconfigs.
 */
import { X509Certificate, createHash } from 'node:crypto';
import { OperationError, type ServiceSettings } from '../service-api.ts';
import type { ClusterRow, HostRow, InfraEnvRow } from './store.ts';

const dataUrl = (text: string) => `data:text/plain;charset=utf-8;base64,${Buffer.from(text).toString('base64')}`;
const file = (path: string, text: string, mode = 0o644) => ({ contents: { source: dataUrl(text) }, mode, overwrite: true, path });

/** Text that looks like an asset of the installer; derived from `seed`, so equal for every download. */
function filler(seed: string, bytes: number): string {
  let text = '';
  for (let line = 0; text.length < bytes; line++) text += `${createHash('sha256').update(`${seed} ${line}`).digest('base64')}\n`;
  return text.slice(0, bytes);
}

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
        file('/root/.docker/config.json', cluster.pullSecret, 0o600),
        ...MANIFESTS.map((name) => file(`/opt/openshift/manifests/${name}`, filler(`${cluster.id} ${name}`, FILLER_BYTES))),
        file('/opt/openshift/auth/kubeconfig', kubeconfig(cluster, '')),
        file('/usr/local/bin/bootkube.sh', filler(`${cluster.id} bootkube`, 12_000), 0o555),
      ],
    },
    systemd: { units: [{ enabled: false, name: 'bootkube.service' }, { enabled: true, name: 'kubelet.service' }] },
  });
}

/** Ignition that sends a node to the machine-config server. */
function pointerIgnition(cluster: ClusterRow, pool: string, host?: HostRow): string {
  const address = cluster.apiVipDnsName || cluster.apiVips[0]?.ip || `api-int.${cluster.name}.${cluster.baseDnsDomain}`;
  return JSON.stringify({
    ignition: {
      config: { merge: [{ source: `https://${address.includes(':') ? `[${address}]` : address}:22623/config/${pool}` }] },
      security: { tls: { certificateAuthorities: [{ source: dataUrl(certificate(cluster.id)) }] } },
      version: '3.2.0',
    },
    storage: { files: host ? [file('/etc/hostname', host.requestedHostname || host.inventory?.hostname || host.id, 0o420)] : [] },
  });
}

const certificate = (seed: string) => `-----BEGIN CERTIFICATE-----\n${filler(`${seed} certificate`, 1500)}\n-----END CERTIFICATE-----\n`;

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
  const platform = String(cluster.platform['type'] ?? 'none');
  const workers = cluster.hosts.filter((host) => (host.role === 'auto-assign' ? host.suggestedRole : host.role) === 'worker').length;
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

const AFTER_PREPARATION: ReadonlySet<string> = new Set(['installing', 'finalizing', 'installed', 'error', 'adding-hosts', 'cancelled', 'installing-pending-user-action']);
const FINALIZING: ReadonlySet<string> = new Set([...AFTER_PREPARATION].filter((status) => status !== 'installing'));
const CLUSTER_FILES = ['bootstrap.ign', 'master.ign', 'worker.ign', 'arbiter.ign', 'metadata.json', 'install-config.yaml', 'custom_manifests.json', 'custom_manifests.yaml'];
const CREDENTIAL_FILES = ['kubeconfig', 'kubeconfig-noingress', 'kubeadmin-password'];

function checkDownload(cluster: ClusterRow, name: string, allowed: ReadonlySet<string>): void {
  if (allowed.has(cluster.status)) return;
  throw new OperationError(409, `Cluster ${cluster.id} is ${cluster.status}; ${name} can be downloaded only when it is one of ${[...allowed].join(', ')}`);
}

/** @throws OperationError 400 unknown file, 404 not there, 409 too early. */
export function clusterFile(cluster: ClusterRow, name: string): Buffer {
  if (!CLUSTER_FILES.includes(name)) throw new OperationError(400, `File ${name} is unknown. Known are ${CLUSTER_FILES.join(', ')}`);
  checkDownload(cluster, name, AFTER_PREPARATION);
  return Buffer.from(clusterFileText(cluster, name));
}

function clusterFileText(cluster: ClusterRow, name: string): string {
  switch (name) {
    case 'bootstrap.ign':
      return bootstrapIgnition(cluster);
    case 'install-config.yaml':
      return installConfig(cluster);
    case 'metadata.json':
      return JSON.stringify({ clusterID: cluster.openshiftClusterId, clusterName: cluster.name, infraID: `${cluster.name}-${cluster.id.slice(0, 5)}` });
    case 'custom_manifests.json':
    case 'custom_manifests.yaml':
      if (!cluster.operators.some((operator) => operator.type === 'olm')) throw new OperationError(404, `File ${name} does not exist for cluster ${cluster.id}`);
      return JSON.stringify(cluster.operators.filter((operator) => operator.type === 'olm').map((operator) => ({ Content: Buffer.from(`# manifests of ${operator.name}\n`).toString('base64'), Name: operator.name })));
    default:
      return pointerIgnition(cluster, name.replace('.ign', ''));
  }
}

/** @throws OperationError 400 unknown file, 409 too early. */
export function credentialFile(cluster: ClusterRow, name: string): Buffer {
  if (!CREDENTIAL_FILES.includes(name)) throw new OperationError(400, `File ${name} is unknown. Known are ${CREDENTIAL_FILES.join(', ')}`);
  if (name === 'kubeconfig') {
    checkDownload(cluster, name, FINALIZING);
    return Buffer.from(kubeconfig(cluster, cluster.ingressCertUploaded ? certificate(`${cluster.id} ingress`) : ''));
  }
  checkDownload(cluster, name, AFTER_PREPARATION);
  return Buffer.from(name === 'kubeadmin-password' ? password(cluster) : kubeconfig(cluster, ''));
}

/** Password of the simulated administrator. */
export function password(cluster: ClusterRow): string {
  const letters = createHash('sha256').update(cluster.id).digest('base64').replace(/[^A-Za-z0-9]/g, '');
  return [0, 5, 10, 15].map((from) => letters.slice(from, from + 5)).join('-');
}

/** Host's own ignition. @throws OperationError 409 before the installation. */
export function hostIgnition(host: HostRow): Buffer {
  const cluster = host.cluster;
  if (!cluster) throw new OperationError(404, `Host ${host.id} is not bound to a cluster`);
  checkDownload(cluster, 'the ignition', AFTER_PREPARATION);
  const role = host.role === 'arbiter' ? 'arbiter' : host.role === 'worker' ? 'worker' : 'master';
  return Buffer.from(pointerIgnition(cluster, host.machineConfigPoolName || role, host));
}

/** Day-2 worker's or any other file of an infra-env. @throws OperationError 400 for an unknown one. */
export function infraEnvFile(infraEnv: InfraEnvRow, name: string, query: Readonly<Record<string, string>>, settings: ServiceSettings): Buffer {
  switch (name) {
    case 'discovery.ign':
      return Buffer.from(discoveryIgnition(infraEnv, settings));
    case 'ipxe-script':
      return Buffer.from(ipxeScript(infraEnv, query, settings));
    case 'static-network-config':
      if (infraEnv.staticNetworkConfig === '') throw new OperationError(404, `Infra-env ${infraEnv.id} has no static network config`);
      return Buffer.from(infraEnv.staticNetworkConfig);
    default:
      throw new OperationError(400, `File ${name} is unknown. Known are discovery.ign, ipxe-script, static-network-config`);
  }
}

function discoveryIgnition(infraEnv: InfraEnvRow, { AGENT_DOCKER_IMAGE, SERVICE_BASE_URL }: ServiceSettings): string {
  const agent = `[Service]
Type=simple
Restart=always
RestartSec=3
StartLimitInterval=0
ExecStartPre=podman run --privileged --rm -v /usr/local/bin:/hostbin ${AGENT_DOCKER_IMAGE} cp /usr/bin/agent /hostbin
ExecStart=/usr/local/bin/agent --url ${SERVICE_BASE_URL} --infra-env-id ${infraEnv.id} --agent-version ${AGENT_DOCKER_IMAGE} --insecure=false

[Unit]
Wants=network-online.target
After=network-online.target

[Install]
WantedBy=multi-user.target
`;
  return JSON.stringify({
    ignition: { version: '3.1.0' },
    passwd: { users: infraEnv.sshAuthorizedKey ? [{ name: 'core', sshAuthorizedKeys: [infraEnv.sshAuthorizedKey] }] : [] },
    storage: {
      files: [
        file('/usr/local/bin/agent-pull-image', filler(`${infraEnv.id} pull`, 1200), 0o755),
        file('/etc/motd', `This machine waits for its installation. infra-env ${infraEnv.id}\n`),
        file('/root/.docker/config.json', infraEnv.pullSecret, 0o644),
      ],
    },
    systemd: { units: [{ contents: agent, enabled: true, name: 'agent.service' }] },
  });
}

const AFTER_REBOOT: ReadonlySet<string> = new Set(['installed', 'added-to-existing-cluster']);

function ipxeScript(infraEnv: InfraEnvRow, query: Readonly<Record<string, string>>, settings: ServiceSettings): string {
  if (query['ipxe_script_type'] === 'boot-order-control') {
    const own = `${settings.SERVICE_BASE_URL}/api/assisted-install/v2/infra-envs/${infraEnv.id}/downloads/files?file_name=ipxe-script&ipxe_script_type=boot-order-control`;
    if (!query['mac']) return `#!ipxe\nchain ${own}&mac=\${net0/mac}\n`;
    const mac = query['mac'].toLowerCase();
    const host = [...infraEnv.hosts.values()].find((candidate) => candidate.inventory?.interfaces.some((nic) => nic.mac.toLowerCase() === mac));
    if (host && (AFTER_REBOOT.has(host.status) || host.stage === 'Rebooting')) throw new OperationError(404, `The host with MAC ${mac} boots from its disk`);
  }
  const image = settings.IMAGE_SERVICE_BASE_URL;
  const version = `arch=${infraEnv.cpuArchitecture}&version=${infraEnv.openshiftVersion}`;
  return `#!ipxe
initrd --name initrd ${image}/images/${infraEnv.id}/pxe-initrd?${version}
kernel ${image}/boot-artifacts/kernel?${version} initrd=initrd coreos.live.rootfs_url=${image}/boot-artifacts/rootfs?${version} random.trust_cpu=on rd.luks.options=discard ignition.firstboot ignition.platform.id=metal console=tty1 console=ttyS1,115200n8
boot
`;
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
