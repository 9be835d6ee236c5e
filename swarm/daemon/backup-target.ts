/** The cluster that a backup load works on: one of a kubeconfig, or one in this process. */
import { resolve } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import { type Clock, ScaledClock, startClock } from '../../model/time/clock.ts';
import { BackupInputError } from '../backup/backup-error.ts';
import type { BackupOptions } from '../backup/backup-options.ts';
import type { BackupRequest } from '../backup/backup-request.ts';
import type { LedgerHub } from '../telemetry/ledger.ts';

/** The cluster a load works on. */
export interface BackupTarget {
  kubeconfig: KubeConfig;
  clock: Clock;
  /** How to come back to it; null for one that goes with this process. */
  hub: Omit<LedgerHub, 'label' | 'server'> | null;
  close(): Promise<void>;
}

/** Simulated seconds in one second of the embedded cluster. */
export const EMBEDDED_SPEED = 60;

/**
 * A cluster in this process, in compressed time; it is gone when it is closed.
 * @param request what is to be done there
 * @param speed simulated seconds in one second
 */
export async function embeddedTarget({ options }: BackupRequest, speed = EMBEDDED_SPEED): Promise<BackupTarget> {
  const { loadKubeconfig } = await import('../../model/kube/kubeconfig.ts');
  const { startDevWorkspaceWorld } = await import('../../controller-mock/index.ts');
  const { SteadyClock } = await import('../../model/time/steady-clock.ts');
  const clock = new SteadyClock(speed);
  const world = await startDevWorkspaceWorld({ clock, tls: false, registry: { accounts: accountsOf(options) } });
  return { kubeconfig: loadKubeconfig({ text: world.kubeconfig }), clock, hub: null, close: () => world.close() };
}

/** Which cluster of which kubeconfig; by default the one that kubectl takes. */
export interface ClusterChoice {
  /** Path of a kubeconfig. */
  kubeconfig?: string;
  context?: string;
}

/** @throws BackupInputError for a kubeconfig that cannot be used */
export async function clusterTarget({ kubeconfig: file, context }: ClusterChoice): Promise<BackupTarget> {
  const { KubeconfigError, loadKubeconfig } = await import('../../model/kube/kubeconfig.ts');
  try {
    const kubeconfig = loadKubeconfig({
      ...(file !== undefined && { file }),
      ...(context !== undefined && { context }),
    });
    const path = file ?? process.env.KUBECONFIG;
    return {
      kubeconfig,
      clock: new ScaledClock(startClock(1)),
      // A list of files, which only the environment can give, is no path to come back by.
      hub: {
        kubeconfig: !path || path.includes(':') ? null : resolve(path),
        context: kubeconfig.getCurrentContext() || null,
      },
      close: async () => {},
    };
  } catch (error) {
    if (!(error instanceof KubeconfigError)) throw error;
    throw new BackupInputError(error.message, { cause: error });
  }
}

/** A registry whose secret is made of these lets in nobody else; one without a secret lets in everybody. */
function accountsOf({ backup }: BackupOptions): Record<string, string> | null {
  const { QUAY_USERNAME: user = '', QUAY_PASSWORD: password = '' } = process.env;
  return backup?.registrySecret && user !== '' ? { [user]: password } : null;
}
