/** Host validations of what a host reaches: the service, its clock, images. Upstream: assisted-service, internal/host/validator.go. */

import type { ClusterRow } from '../../core/rows.ts';
import { isBeforeReboot } from '../stages.ts';
import { isDay2Host } from '../traits.ts';
import { fail, type HostContext, type Outcome, pass, passIf, wait } from './check.ts';

const MINUTE = 60_000;
const BOOTSTRAP_GRACE = 2 * MINUTE;
const SERVICE_AHEAD_LIMIT = 20 * MINUTE;
const HOST_AHEAD_LIMIT = 60 * MINUTE;
const SLOWEST_IMAGE_RATE = 0.001;

export function connected({ core, host, now }: HostContext): Outcome {
  const limit = core.settings.HOST_MAX_DISCONNECTION_TIME + (host.bootstrap ? BOOTSTRAP_GRACE : 0);
  const good = !isBeforeReboot(host.stage) || host.checkedInAt === 0 || now - host.checkedInAt <= limit;
  return passIf(good, 'Host is connected', 'Host is disconnected');
}

export function ignitionDownloadable(_cluster: ClusterRow, { host }: HostContext): Outcome {
  if (!isDay2Host(host)) return undefined;
  const answer = host.apiVipConnectivity;
  if (!answer) return wait('Ignition is not yet available, pending API connectivity');
  if (answer.isSuccess) return pass('Ignition is downloadable');
  return fail(
    answer.url === ''
      ? 'This host has failed to download the ignition file from the cluster, please ensure the host can reach the cluster'
      : `This host has failed to download the ignition file from ${answer.url} with the following error: ${answer.downloadError}. Please ensure the host can reach this URL`,
  );
}

export function ntpSynced({ host, cluster }: HostContext): Outcome {
  if (host.ntpSynced) return pass('Host NTP is synced');
  const wanted = host.infraEnv.additionalNtpSources || host.infraEnv.ntpSources;
  if (!cluster && host.status.endsWith('-unbound') && wanted === '') return undefined;
  return fail("Host couldn't synchronize with any NTP server");
}

export function timeSynced({ host, now }: HostContext): Outcome {
  if (host.timestamp === 0) {
    return wait("Missing host time, can't determine synchronization between host and service");
  }
  const difference = now - host.timestamp * 1000;
  const behind = (order: string, limit: number) =>
    fail(
      `Host clock is not synchronized, ${order} at least for ${(limit / MINUTE).toFixed(1)} minutes, please configure an NTP server via DHCP. Service time: ${goTime(now)}`,
    );
  if (difference > SERVICE_AHEAD_LIMIT) return behind("service time is ahead of host's", SERVICE_AHEAD_LIMIT);
  if (difference < -HOST_AHEAD_LIMIT) return behind('host time is ahead of service', HOST_AHEAD_LIMIT);
  return pass('Host clock is synchronized with service');
}

/** A time in UTC as Go writes it: no zeros at the end of the fraction. @param now milliseconds since 1970. */
function goTime(now: number): string {
  const [day, time] = new Date(now).toISOString().slice(0, -1).split('T') as [string, string];
  return `${day} ${time.replace(/\.?0+$/, '')} +0000 UTC`;
}

export function isBadImage(image: { result: string; size_bytes?: number; download_rate?: number }): boolean {
  return image.result === 'failure' || ((image.size_bytes ?? 0) > 0 && (image.download_rate ?? 0) < SLOWEST_IMAGE_RATE);
}

export function imagesAvailable({ host }: HostContext): Outcome {
  const bad = [...host.imageStatuses.values()].filter(isBadImage).map((image) => image.name);
  return passIf(
    bad.length === 0,
    'All required container images were either pulled successfully or no attempt was made to pull them',
    `Failed to fetch container images needed for installation from ${bad.join(',')}. This may be due to a network hiccup. Retry to install again. If this problem persists, check your network settings to make sure you’re not blocked.`,
  );
}
