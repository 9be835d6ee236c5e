/** All step types a stock agent runs (assisted-installer-agent src/commands/actions/action.go New). */
import type { StepType } from '../../../model/protocol/states.ts';
import { apiVipConnectivityCheck } from './api-vip-connectivity-check.ts';
import { connectivityCheck } from './connectivity-check.ts';
import { containerImageAvailability } from './container-image-availability.ts';
import { dhcpLeaseAllocate } from './dhcp-lease-allocate.ts';
import { domainResolution } from './domain-resolution.ts';
import { downloadBootArtifacts } from './download-boot-artifacts.ts';
import { freeNetworkAddresses } from './free-network-addresses.ts';
import { install } from './install.ts';
import { installationDiskSpeedCheck } from './installation-disk-speed-check.ts';
import { inventory } from './inventory.ts';
import { logsGather } from './logs-gather.ts';
import { ntpSynchronizer } from './ntp-synchronizer.ts';
import { rebootForReclaim } from './reboot-for-reclaim.ts';
import type { Step } from './step.ts';
import { stopInstallation } from './stop-installation.ts';
import { tangConnectivityCheck } from './tang-connectivity-check.ts';
import { upgradeAgent } from './upgrade-agent.ts';
import { verifyVips } from './verify-vips.ts';

export const STEPS: Readonly<Record<StepType, Step>> = {
  inventory,
  'connectivity-check': connectivityCheck,
  'free-network-addresses': freeNetworkAddresses,
  'ntp-synchronizer': ntpSynchronizer,
  'domain-resolution': domainResolution,
  'verify-vips': verifyVips,
  'api-vip-connectivity-check': apiVipConnectivityCheck,
  'tang-connectivity-check': tangConnectivityCheck,
  'dhcp-lease-allocate': dhcpLeaseAllocate,
  'installation-disk-speed-check': installationDiskSpeedCheck,
  'container-image-availability': containerImageAvailability,
  install,
  'stop-installation': stopInstallation,
  'logs-gather': logsGather,
  'upgrade-agent': upgradeAgent,
  'download-boot-artifacts': downloadBootArtifacts,
  'reboot-for-reclaim': rebootForReclaim,
};
