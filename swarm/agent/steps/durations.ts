/**
 * How long the work of a step takes on a healthy machine, in simulated milliseconds: `delayMs` plus up to `jitterMs`, for
 * each piece of work (see Step.pieces). How long a machine takes to shut down and to boot is the machine's: see the host
 * durations of model/spoke/profiles.ts.
 */
import type { StepType } from '../../../model/protocol/states.ts';
import type { Span } from '../../../model/time/span.ts';

export const STEP_DURATIONS: Readonly<Record<StepType, Span>> = {
  inventory: { delayMs: 2000, jitterMs: 8000 },
  'connectivity-check': { delayMs: 9000, jitterMs: 3000 },
  'free-network-addresses': { delayMs: 3000, jitterMs: 12_000 },
  'ntp-synchronizer': { delayMs: 100, jitterMs: 4900 },
  // A piece is a name.
  'domain-resolution': { delayMs: 10, jitterMs: 150 },
  // A piece is an address.
  'verify-vips': { delayMs: 1000, jitterMs: 2000 },
  'api-vip-connectivity-check': { delayMs: 100, jitterMs: 900 },
  // A piece is a server.
  'tang-connectivity-check': { delayMs: 50, jitterMs: 100 },
  'dhcp-lease-allocate': { delayMs: 4000, jitterMs: 20_000 },
  'installation-disk-speed-check': { delayMs: 10_000, jitterMs: 50_000 },
  // A piece is an image.
  'container-image-availability': { delayMs: 8000, jitterMs: 22_000 },
  // Until the installer runs: its image is pulled.
  install: { delayMs: 5000, jitterMs: 20_000 },
  'stop-installation': { delayMs: 500, jitterMs: 4500 },
  // Until logs_sender runs; what it does takes longer (logs-sender.ts).
  'logs-gather': { delayMs: 500, jitterMs: 1500 },
  'upgrade-agent': { delayMs: 10_000, jitterMs: 50_000 },
  'download-boot-artifacts': { delayMs: 10_000, jitterMs: 110_000 },
  'reboot-for-reclaim': { delayMs: 0, jitterMs: 0 },
};

/** From the answer to a registration to the runner's first poll: two container removals and a container start. */
export const RUNNER_START: Span = { delayMs: 1000, jitterMs: 2000 };
