/** What users lay over the install config. */
import { endOfFirstValue, JsonSyntaxError } from '../../model/protocol/json-syntax.ts';
import type { ClusterRow } from '../core/rows.ts';
import { refuse } from '../core/wire.ts';
import type { Json, JsonObject } from '../service-api.ts';
import { certificateBundleProblem } from '../validations/certificates.ts';
import {
  boolean,
  DecodeError,
  decode,
  integer,
  list,
  type ObjectSchema,
  object,
  type Schema,
  string,
} from '../validations/schema.ts';

/** A structure of the install config, by its name. */
const named = (name: string, fields: Readonly<Record<string, Schema>>) => object(`installcfg.${name}`, fields);
const structures = (item: ObjectSchema) => list(item, `[]${item.goType}`);
const texts = list(string());
const number = integer({ goType: 'int' });
const port = integer({ goType: 'int32' });

/** A member of a structure that has no name: Go's name and type, and JSON's name with its options. */
type Member = readonly [goName: string, goType: string, jsonName: string];
const unnamed = (members: readonly Member[], fields: Readonly<Record<string, Schema>>) =>
  object(
    `struct { ${members.map(([name, type, tag]) => `${name} ${type} ${JSON.stringify(`json:"${tag}"`)}`).join('; ')} }`,
    fields,
  );

const vips = { apiVIPs: texts, apiVIP: string(), ingressVIPs: texts, ingressVIP: string() };
const balancer = (kind: string) =>
  object(`v1.${kind}PlatformLoadBalancer`, { type: string({ goType: 'v1.PlatformLoadBalancerType' }) });
const bmc = named('BMC', {
  username: string(),
  password: string(),
  address: string(),
  disableCertificateVerification: boolean,
});
const host = named('Host', {
  name: string(),
  role: string(),
  bootMACAddress: string(),
  bootMode: string(),
  bmc,
  hardwareProfile: string(),
});
const baremetal = named('BareMetalInstallConfigPlatform', {
  ...vips,
  provisioningNetwork: string(),
  hosts: structures(host),
  clusterOSImage: string(),
  clusterProvisioningIP: string(),
  provisioningNetworkInterface: string(),
  provisioningNetworkCIDR: string(),
  provisioningDHCPRange: string(),
  additionalNTPServers: texts,
  loadBalancer: balancer('BareMetal'),
});
const topology = named('VsphereFailureDomainTopology', {
  computeCluster: string(),
  datacenter: string(),
  datastore: string(),
  folder: string(),
  networks: texts,
  resourcePool: string(),
});
const failureDomain = named('VsphereFailureDomain', {
  name: string(),
  region: string(),
  server: string(),
  topology,
  zone: string(),
});
const vCenter = named('VsphereVCenter', {
  datacenters: texts,
  password: string(),
  port,
  server: string(),
  user: string(),
});
const vsphere = named('VsphereInstallConfigPlatform', {
  ...vips,
  vCenter: string(),
  username: string(),
  password: string(),
  datacenter: string(),
  defaultDatastore: string(),
  folder: string(),
  network: string(),
  cluster: string(),
  failureDomains: structures(failureDomain),
  vcenters: structures(vCenter),
  loadBalancer: balancer('VSphere'),
});
const endpoint = named('NutanixEndpoint', { address: string(), port });
const nutanix = named('NutanixInstallConfigPlatform', {
  ...vips,
  prismCentral: named('NutanixPrismCentral', { endpoint, username: string(), password: string() }),
  prismElements: structures(named('NutanixPrismElement', { endpoint, uuid: string(), name: string() })),
  subnetUUIDs: texts,
});
const external = named('ExternalInstallConfigPlatform', {
  PlatformName: string(),
  CloudControllerManager: string({ goType: 'installcfg.CloudControllerManager' }),
});

const fencing = named('Fencing', {
  credentials: structures(
    named('FencingCredential', {
      hostname: string(),
      macAddress: string(),
      address: string(),
      username: string(),
      password: string(),
      certificateVerification: string({ goType: 'installcfg.CertificateVerification' }),
    }),
  ),
});
const POOL: readonly Member[] = [
  ['Hyperthreading', 'string', 'hyperthreading,omitempty'],
  ['Name', 'string', 'name'],
  ['Replicas', 'int', 'replicas'],
];
const poolFields = { hyperthreading: string(), name: string(), replicas: number };
const pool = unnamed(POOL, poolFields);
const networking = unnamed(
  [
    ['NetworkType', 'string', 'networkType'],
    ['ClusterNetwork', '[]installcfg.ClusterNetwork', 'clusterNetwork'],
    ['MachineNetwork', '[]installcfg.MachineNetwork', 'machineNetwork,omitempty'],
    ['ServiceNetwork', '[]string', 'serviceNetwork'],
  ],
  {
    networkType: string(),
    clusterNetwork: structures(named('ClusterNetwork', { cidr: string(), hostPrefix: number })),
    machineNetwork: structures(named('MachineNetwork', { cidr: string() })),
    serviceNetwork: texts,
  },
);

/** Upstream: internal/installcfg/installcfg.go, InstallerConfigBaremetal. */
const INSTALL_CONFIG = named('InstallerConfigBaremetal', {
  apiVersion: string(),
  baseDomain: string(),
  proxy: named('Proxy', { httpProxy: string(), httpsProxy: string(), noProxy: string() }),
  networking,
  metadata: unnamed([['Name', 'string', 'name']], { name: string() }),
  compute: structures(pool),
  controlPlane: unnamed([...POOL, ['Fencing', '*installcfg.Fencing', 'fencing,omitempty']], { ...poolFields, fencing }),
  arbiter: pool,
  platform: named('Platform', { baremetal, none: named('PlatformNone', {}), vsphere, nutanix, external }),
  bootstrapInPlace: named('BootstrapInPlace', { installationDisk: string() }),
  fips: boolean,
  cpuPartitioningMode: string({ goType: 'installcfg.CPUPartitioningMode' }),
  pullSecret: string(),
  sshKey: string(),
  additionalTrustBundle: string(),
  additionalTrustBundlePolicy: string({ goType: 'installcfg.PolicyType' }),
  imageContentSources: structures(named('ImageContentSource', { mirrors: texts, source: string() })),
  imageDigestSources: structures(named('ImageDigestSource', { source: string(), mirrors: texts })),
  capabilities: named('Capabilities', {
    baselineCapabilitySet: string({ goType: 'v1.ClusterVersionCapabilitySet' }),
    additionalEnabledCapabilities: list(string({ goType: 'v1.ClusterVersionCapability' })),
  }),
  featureSet: string({ goType: 'v1.FeatureSet' }),
  featureGates: texts,
  osImageStream: string(),
});

/**
 * Nothing at all takes overrides away, null leaves the config as it is, and what follows the first value is not looked at.
 * Upstream: internal/installcfg/builder/builder.go, applyConfigOverrides, which reads them into the config with encoding/json, and
 * ValidateInstallConfigPatch.
 * @throws OperationError 400 for a text that does not fit into the config
 */
export function checkOverrides(text: string): void {
  if (text === '') return;
  const { config, problem } = decoded(text);
  refuse(problem);
  const bundle = (config as JsonObject | undefined)?.additionalTrustBundle;
  if (typeof bundle === 'string' && bundle !== '') refuse(certificateBundleProblem(bundle));
}

function decoded(text: string): { config?: Json; problem?: string } {
  if (text.trim() === '') return { problem: 'EOF' };
  try {
    return { config: decode(INSTALL_CONFIG, JSON.parse(text.slice(0, endOfFirstValue(text))), true).value };
  } catch (error) {
    if (error instanceof JsonSyntaxError || error instanceof DecodeError) return { problem: error.message };
    throw error;
  }
}

/** What is laid over the install config of a cluster; null for nothing. What follows the first value does not count. */
export function overridesOf({ installConfigOverrides: text }: ClusterRow): JsonObject | null {
  return text === '' ? null : (JSON.parse(text.slice(0, endOfFirstValue(text))) as JsonObject | null);
}
