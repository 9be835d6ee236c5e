/**
 * How the disk of a day-2 host is to be encrypted: told by the ignition that its cluster serves to workers.
 * Upstream: internal/host/hostutil/host_utils.go, GetDiskEncryptionForDay2, and host/validator.go, diskEncryptionRequirementsSatisfied.
 */

/** `unknown`: there is no ignition of version 3.2.0; `neither`: it is to be, by none of the two ways. */
export type LateEncryption = 'unknown' | 'none' | 'tpmv2' | 'tang' | 'neither';

const VERSION = '3.2.0';

interface Ignition {
  ignition?: { version?: unknown };
  storage?: { luks?: ({ clevis?: { tpm2?: boolean; tang?: unknown[] } } | null)[] };
}

/** @param text of the ignition; anything that is none is `unknown`. */
export function lateEncryption(text: string): LateEncryption {
  let config: Ignition | null;
  try {
    config = JSON.parse(text) as Ignition | null;
  } catch {
    return 'unknown';
  }
  if (config?.ignition?.version !== VERSION) return 'unknown';
  const clevis = config.storage?.luks?.[0]?.clevis;
  if (!clevis) return 'none';
  if (clevis.tpm2) return 'tpmv2';
  return clevis.tang?.length ? 'tang' : 'neither';
}
