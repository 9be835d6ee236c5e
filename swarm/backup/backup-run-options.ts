/** What a backup load is given, and what it comes to. */
import type { KubeConfig } from '@kubernetes/client-node';
import type { Clock } from '../../model/time/clock.ts';
import type { Ledger } from '../telemetry/ledger.ts';
import type { BackupEvent } from './backup-event.ts';
import type { BackupFigures } from './backup-figures.ts';
import type { BackupOptions } from './backup-options.ts';
import type { Credentials } from './registry-login.ts';
import type { SecretRequest } from './registry-secret.ts';

export interface BackupRunOptions {
  /** Value of the label of all that is made. */
  run: string;
  options: BackupOptions;
  /** For the secret with the registry's credentials, where there is none; null for none. */
  credentials: Credentials | null;
  /** Put them into a secret that is there. */
  replaceSecret: boolean;
  /** Tries credentials at the registry before anything is made; absent where it must not be contacted. */
  login?: SecretRequest['login'];
  kubeconfig: KubeConfig;
  clock: Clock;
  /** Wall-clock milliseconds for which a cluster that is away is waited for; see ClusterRequests. */
  patienceMs?: number;
  onEvent: (event: BackupEvent) => void;
}

export interface Execution {
  ledger: Ledger;
  /** Folder of the run: what was found of the operator's settings is kept there. */
  folder: string;
  /** Aborts: what is to be done yet is left, and everything is put back. */
  stop: AbortSignal;
  /** Called when all of the backups is measured, before a restore; when all is, before anything is put back; and at the end. */
  onCollected: (figures: BackupFigures) => void | Promise<void>;
}

export interface BackupResult {
  readonly figures: BackupFigures;
  /** Ended early by its user. */
  readonly interrupted: boolean;
  /** What ended it early; null for nothing. */
  readonly failure: string | null;
}
