/** What an image service has to serve, and how large. */
import type { JsonObject } from '../service-api.ts';

export interface ImageServiceSettings {
  /** Images that it has, as the real OS_IMAGES; each with `cpu_architecture`, `openshift_version` and `version`. */
  readonly OS_IMAGES: readonly JsonObject[];
  /** Requests for images that are served at once; others wait. */
  readonly MAX_CONCURRENT_REQUESTS: number;
  /** Sizes in bytes, before anything is added for an infra-env. */
  readonly FULL_ISO_BYTES: number;
  readonly MINIMAL_ISO_BYTES: number;
  readonly KERNEL_BYTES: number;
  readonly INITRD_BYTES: number;
  readonly ROOTFS_BYTES: number;
  /** Image with nmstatectl that an initrd gets besides when it has static networks, from 4.18 on. */
  readonly NMSTATE_BYTES: number;
}

const MB = 1_000_000;

/** Limits are the real service's (openshift/assisted-image-service, main.go); sizes those of RHCOS 4.18 for x86_64, about. */
export const DEFAULT_IMAGE_SETTINGS: Omit<ImageServiceSettings, 'OS_IMAGES'> = {
  MAX_CONCURRENT_REQUESTS: 400,
  FULL_ISO_BYTES: 1200 * MB,
  MINIMAL_ISO_BYTES: 110 * MB,
  KERNEL_BYTES: 14 * MB,
  INITRD_BYTES: 92 * MB,
  ROOTFS_BYTES: 1060 * MB,
  NMSTATE_BYTES: 9 * MB,
};

/** @throws Error that names the setting, what was given and what is allowed */
export function checkImageSettings(settings: ImageServiceSettings): void {
  for (const [name, value] of Object.entries(settings)) {
    if (name === 'OS_IMAGES') continue;
    const least = name === 'MAX_CONCURRENT_REQUESTS' ? 1 : 0;
    if (!Number.isSafeInteger(value) || (value as number) < least) {
      throw new Error(`${name}: ${value} is not allowed. Give a whole number of at least ${least}.`);
    }
  }
  for (const name of ['FULL_ISO_BYTES', 'MINIMAL_ISO_BYTES'] as const) {
    if (settings[name] < SMALLEST_ISO_BYTES) {
      throw new Error(`${name}: ${settings[name]} is too small. Give at least ${SMALLEST_ISO_BYTES}.`);
    }
  }
}

/** Where an ISO has room for the ignition, and a minimal one for the ramdisk with its networks: offset and length. */
export const IGNITION_AREA = { at: 2 * 1024 * 1024, length: 256 * 1024 };
export const RAMDISK_AREA = { at: 3 * 1024 * 1024, length: 1024 * 1024 };
const KERNEL_ARGUMENTS_LENGTH = 1024;
export const KERNEL_ARGUMENTS_AREA = { at: 1024 * 1024, length: KERNEL_ARGUMENTS_LENGTH };
const SMALLEST_ISO_BYTES = 4 * 1024 * 1024;
