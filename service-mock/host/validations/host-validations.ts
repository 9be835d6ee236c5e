/**
 * Host validations as data, in the order in which the service evaluates them. Messages are upstream's, people's scripts match on them:
 * assisted-service, internal/host/validator.go; the order is that of internal/host/refresh_status_preprocessor.go, newValidations. A case
 * whose facts no row here carries is left out.
 */

import { MEDIA_LOST } from '../../events/event-texts.ts';
import { byteText, memoryNeeded } from '../../hardware/hardware.ts';
import { OPERATOR_VALIDATION_IDS } from '../../operators/operators.ts';
import { isManualRebootStage } from '../stages.ts';
import { effectiveRole, hostnameOf } from '../traits.ts';
import { bound, boundWithInventory, broken, type Check, needsInventory, pass, passIf, wait } from './check.ts';
import { connected, ignitionDownloadable, imagesAvailable, ntpSynced, timeSynced } from './connection.ts';
import { diskEncryption, diskSpeed, skippedDisks } from './disks.ts';
import { noWildcard, resolves } from './domain-names.ts';
import { hostnameValid, namesOf, PLATFORM_VENDORS, truncation, vsphereUuid } from './inventory.ts';
import {
  belongsToMachineCidr,
  collisions,
  iscsiNetwork,
  machineCidrDefined,
  majorityGroup,
  mtuValid,
  nonOverlapping,
} from './networks.ts';
import { latency, packetLoss } from './timing.ts';

export interface HostValidation {
  readonly id: string;
  readonly category: 'network' | 'hardware' | 'operators';
  readonly evaluate: Check;
  /** Stages in which the result is not shown. */
  readonly hiddenIn?: (stage: string) => boolean;
}

const NO_PLATFORM = "Missing inventory or platform isn't set";
const PLATFORMS_WITHOUT_VIPS: readonly string[] = ['OpenStack Compute'];

export const NEVER_IGNORABLE_HOST_VALIDATIONS: ReadonlySet<string> = new Set([
  'connected',
  'has-inventory',
  'inventory-not-fully-truncated',
  'machine-cidr-defined',
  'hostname-unique',
  'hostname-valid',
]);

/** Every host validation in evaluation order. */
export const HOST_VALIDATIONS: readonly HostValidation[] = [
  { id: 'connected', category: 'network', evaluate: connected, hiddenIn: isManualRebootStage },
  {
    id: 'media-connected',
    category: 'network',
    evaluate: ({ host }) => passIf(host.mediaStatus !== 'disconnected', 'Media device is connected', MEDIA_LOST),
    hiddenIn: isManualRebootStage,
  },
  {
    id: 'has-inventory',
    category: 'hardware',
    evaluate: ({ host }) =>
      passIf(
        host.inventory !== undefined,
        'Valid inventory exists for the host',
        'Inventory has not been received for the host',
      ),
  },
  {
    id: 'inventory-not-partially-truncated',
    category: 'hardware',
    evaluate: needsInventory('Missing inventory', truncation('partial')),
  },
  {
    id: 'inventory-not-fully-truncated',
    category: 'hardware',
    evaluate: needsInventory('Missing inventory', truncation('full')),
  },
  {
    id: 'has-min-cpu-cores',
    category: 'hardware',
    evaluate: needsInventory('Missing inventory', ({ cpuCount }, { minimum }) =>
      passIf(
        cpuCount >= minimum.cpuCores,
        'Sufficient CPU cores',
        `The host is not eligible to participate in Openshift Cluster because the minimum required CPU cores for any role is ${minimum.cpuCores}, found only ${cpuCount}`,
      ),
    ),
  },
  {
    id: 'has-min-memory',
    category: 'hardware',
    evaluate: needsInventory('Missing inventory', ({ physicalBytes, physicalBytesMethod }, { minimum }) =>
      passIf(
        physicalBytes >= memoryNeeded(minimum.ramMib, physicalBytesMethod, false),
        'Sufficient minimum RAM',
        `The host is not eligible to participate in Openshift Cluster because the minimum required RAM for any role is ${byteText(minimum.ramMib * 2 ** 20)}, found only ${byteText(physicalBytes)}`,
      ),
    ),
  },
  {
    id: 'has-min-valid-disks',
    category: 'hardware',
    evaluate: needsInventory('Missing inventory', ({ disks }) => {
      if (disks.length === 0) return broken('Failed to detected disks');
      return passIf(
        disks.some((disk) => disk.eligible),
        'Sufficient disk capacity',
        'No eligible disks were found, please check specific disks to see why they are not eligible',
      );
    }),
  },
  { id: 'machine-cidr-defined', category: 'network', evaluate: bound(machineCidrDefined) },
  {
    id: 'has-cpu-cores-for-role',
    category: 'hardware',
    evaluate: needsInventory('Missing inventory or role', ({ cpuCount }, { host, requirement }) =>
      passIf(
        cpuCount >= requirement.cpuCores,
        `Sufficient CPU cores for role ${effectiveRole(host)}`,
        `Require at least ${requirement.cpuCores} CPU cores for ${effectiveRole(host)} role, found only ${cpuCount}`,
      ),
    ),
  },
  {
    id: 'has-memory-for-role',
    category: 'hardware',
    evaluate: needsInventory(
      'Missing inventory or role',
      ({ physicalBytes, physicalBytesMethod }, { host, requirement }) =>
        passIf(
          physicalBytes >= memoryNeeded(requirement.ramMib, physicalBytesMethod, true),
          `Sufficient RAM for role ${effectiveRole(host)}`,
          `Require at least ${byteText(requirement.ramMib * 2 ** 20)} RAM for role ${effectiveRole(host)}, found only ${byteText(physicalBytes)}`,
        ),
    ),
  },
  {
    id: 'hostname-unique',
    category: 'hardware',
    evaluate: boundWithInventory('Missing inventory', (_inventory, cluster, { host }) => {
      const name = hostnameOf(host);
      return passIf(
        (namesOf(cluster).get(name) ?? 0) <= 1,
        `Hostname ${name} is unique in cluster`,
        `Hostname ${name} is not unique in cluster`,
      );
    }),
  },
  { id: 'belongs-to-machine-cidr', category: 'network', evaluate: bound(belongsToMachineCidr) },
  { id: 'hostname-valid', category: 'hardware', evaluate: hostnameValid },
  { id: 'ignition-downloadable', category: 'network', evaluate: bound(ignitionDownloadable) },
  { id: 'belongs-to-majority-group', category: 'network', evaluate: bound(majorityGroup) },
  { id: 'mtu-valid', category: 'network', evaluate: bound(mtuValid) },
  {
    id: 'valid-platform-network-settings',
    category: 'network',
    evaluate: needsInventory('Missing inventory', ({ productName }, { cluster }) => {
      if (productName === undefined) return broken('Validation error');
      if (!PLATFORMS_WITHOUT_VIPS.includes(productName)) return pass(`Platform ${productName} is allowed`);
      if (!cluster) return undefined;
      return passIf(
        cluster.userManagedNetworking === true,
        `Platform ${productName} is allowed`,
        `Platform ${productName} is allowed only for Single Node OpenShift or user-managed networking`,
      );
    }),
  },
  { id: 'ntp-synced', category: 'network', evaluate: ntpSynced, hiddenIn: isManualRebootStage },
  {
    id: 'time-synced-between-host-and-service',
    category: 'network',
    evaluate: timeSynced,
    hiddenIn: isManualRebootStage,
  },
  { id: 'container-images-available', category: 'network', evaluate: imagesAvailable },
  { id: 'sufficient-installation-disk-speed', category: 'hardware', evaluate: diskSpeed },
  { id: 'sufficient-network-latency-requirement-for-role', category: 'network', evaluate: latency },
  {
    id: 'sufficient-packet-loss-requirement-for-role',
    category: 'network',
    evaluate: packetLoss,
  },
  {
    id: 'has-default-route',
    category: 'network',
    evaluate: needsInventory('Missing default routing information.', ({ hasDefaultRoute }) =>
      passIf(
        hasDefaultRoute,
        'Host has been configured with at least one default route.',
        'Host has not yet been configured with a default route.',
      ),
    ),
  },
  {
    id: 'api-domain-name-resolved-correctly',
    category: 'network',
    evaluate: resolves('api', 'api', 'API load balancer'),
  },
  {
    id: 'api-int-domain-name-resolved-correctly',
    category: 'network',
    evaluate: resolves('api-int', 'api-int', 'internal API load balancer'),
  },
  {
    id: 'apps-domain-name-resolved-correctly',
    category: 'network',
    evaluate: resolves('console-openshift-console.apps', '*.apps', 'application ingress'),
  },
  {
    id: 'compatible-with-cluster-platform',
    category: 'hardware',
    evaluate: boundWithInventory(NO_PLATFORM, (inventory, cluster) => {
      const platform = String(cluster.platform.type ?? '');
      if (platform === '') return wait(NO_PLATFORM);
      const vendor = PLATFORM_VENDORS[platform];
      return passIf(
        !vendor || vendor.test(inventory.manufacturer),
        `Host is compatible with cluster platform ${platform}`,
        `Host is not compatible with cluster platform ${platform}; either disable this host or discover a new compatible host.`,
      );
    }),
  },
  { id: 'dns-wildcard-not-configured', category: 'network', evaluate: bound(noWildcard) },
  { id: 'disk-encryption-requirements-satisfied', category: 'hardware', evaluate: bound(diskEncryption) },
  {
    id: 'non-overlapping-subnets',
    category: 'network',
    evaluate: needsInventory('Missing inventory', nonOverlapping),
  },
  {
    id: 'vsphere-disk-uuid-enabled',
    category: 'hardware',
    evaluate: bound((_cluster, context) => vsphereUuid(context)),
  },
  {
    id: 'compatible-agent',
    category: 'hardware',
    evaluate: ({ core, host }) =>
      core.settings.ENABLE_UPGRADE_AGENT
        ? passIf(
            host.discoveryAgentVersion === core.settings.AGENT_DOCKER_IMAGE,
            'Host agent is compatible with the service',
            "This host's agent is in the process of being upgraded to a compatible version. This might take a few minutes",
          )
        : pass('Host agent compatibility checking is disabled'),
    hiddenIn: (stage) => stage !== '',
  },
  {
    id: 'no-skip-installation-disk',
    category: 'hardware',
    evaluate: ({ host }) =>
      passIf(
        host.installationDiskId === '' || !skippedDisks(host).includes(host.installationDiskId),
        'No request to skip formatting of the installation disk',
        "Requesting to skip the formatting of the installation disk is not allowed. The installation disk must be formatted. Please either change this host's installation disk or do not skip the formatting of the installation disk",
      ),
  },
  {
    id: 'no-skip-missing-disk',
    category: 'hardware',
    evaluate: needsInventory('Host inventory not available yet', (inventory, { host }) =>
      passIf(
        skippedDisks(host).every((id) => inventory.disks.some((disk) => disk.id === id)),
        'All disks that have skipped formatting are present in the host inventory',
        "One or more of the disks that you have requested to skip the formatting of are no longer present on this host. To ensure they haven't just changed their identity, please remove your request to skip their formatting and then if needed add them back using the new ID",
      ),
    ),
  },
  {
    id: 'no-ip-collisions-in-network',
    category: 'network',
    evaluate: collisions,
  },
  { id: 'no-iscsi-nic-belongs-to-machine-cidr', category: 'network', evaluate: bound(iscsiNetwork) },
];

/** All ids that can be disabled or ignored. */
export const HOST_VALIDATION_IDS: readonly string[] = [
  ...HOST_VALIDATIONS.map((validation) => validation.id),
  ...OPERATOR_VALIDATION_IDS,
];

/** Checks that make up "minimum hardware". */
export const MINIMUM_HARDWARE: readonly string[] = [
  'has-min-valid-disks',
  'has-min-cpu-cores',
  'has-min-memory',
  'compatible-with-cluster-platform',
  'disk-encryption-requirements-satisfied',
];

const NOT_BLOCKING: ReadonlySet<string> = new Set([
  ...MINIMUM_HARDWARE,
  'connected',
  'media-connected',
  'has-inventory',
  'inventory-not-fully-truncated',
  'inventory-not-partially-truncated',
  'machine-cidr-defined',
  'ntp-synced',
  'mtu-valid',
  'container-images-available',
  'vsphere-disk-uuid-enabled',
]);

/** Checks that make up "sufficient for install". */
export const SUFFICIENT_FOR_INSTALL: readonly string[] = HOST_VALIDATION_IDS.filter((id) => !NOT_BLOCKING.has(id));
