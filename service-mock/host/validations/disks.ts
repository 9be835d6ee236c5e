/** Host validations of the installation disk: its speed, its encryption, what is kept of it. Upstream: assisted-service, internal/host/validator.go. */

import type { ClusterRow, HostRow } from '../../core/rows.ts';
import { effectiveRole, installationDiskSpeed, isDay2Host } from '../traits.ts';
import { broken, fail, type HostContext, type Outcome, pass, passIf, wait } from './check.ts';

export function diskSpeed({ host }: HostContext): Outcome {
  if (host.installationDiskId === '') return broken('Validation error');
  const speed = installationDiskSpeed(host);
  if (!speed) return pass('Speed of installation disk has not yet been measured');
  return passIf(
    speed.exitCode === 0,
    'Speed of installation disk is sufficient',
    'While preparing the previous installation the installation disk speed measurement failed or was found to be insufficient',
  );
}

/** Roles for which a setting such as `masters,workers` holds. */
function enabledForRole(setting: string, role: string): boolean {
  return setting === 'all' || setting.split(',').some((part) => part === `${role}s`);
}

export function diskEncryption(cluster: ClusterRow, { host }: HostContext): Outcome {
  const { enableOn, mode } = cluster.diskEncryption;
  const isConfigured = enableOn !== 'none' && enableOn !== '';
  if (!isDay2Host(host) && !isConfigured) return undefined;
  if (!host.inventory) return wait('Missing host inventory');
  const { tpmVersion } = host.inventory;
  if (isDay2Host(host)) {
    switch (host.apiVipConnectivity?.encryption ?? 'unknown') {
      case 'unknown':
        return isConfigured ? wait('Missing ignition information') : undefined;
      case 'none':
        return undefined;
      case 'tpmv2':
        return byTpm(tpmVersion, 'tpmv2');
      case 'tang':
        return byTang(host, 'tang');
      case 'neither':
        return fail(
          tpmVersion === 'none' ? NO_TPM : 'Invalid LUKS object in ignition - both TPM2 and Tang are not available',
        );
    }
  }
  const role = effectiveRole(host);
  if (role === 'auto-assign') return wait('Missing role assignment');
  if (!enabledForRole(enableOn, role)) return undefined;
  return mode === 'tang' ? byTang(host, mode) : byTpm(tpmVersion, mode);
}

const NO_TPM = "TPM version could not be found, make sure TPM is enabled in host's BIOS";
const encryptable = (mode: string) => `Installation disk can be encrypted using ${mode}`;

function byTpm(version: string, mode: string): Outcome {
  return passIf(
    version === '2.0',
    encryptable(mode),
    version === 'none'
      ? NO_TPM
      : `The host's TPM version is not supported, expected-version: 2.0, actual-version: ${version}`,
  );
}

function byTang({ tangConnectivity }: HostRow, mode: string): Outcome {
  if (tangConnectivity === '') return wait('Disk encryption check was not performed yet');
  return passIf(
    reachedTang(tangConnectivity),
    encryptable(mode),
    `Could not validate that all Tang servers are reachable and working: ${tangConnectivity}`,
  );
}

function reachedTang(reply: string): boolean {
  try {
    return (JSON.parse(reply) as { is_success?: boolean } | null)?.is_success === true;
  } catch {
    return false;
  }
}

export function skippedDisks(host: HostRow): string[] {
  return host.skipFormattingDisks === '' ? [] : host.skipFormattingDisks.split(',');
}
