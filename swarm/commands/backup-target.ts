/** The cluster that a backup load works on: one of a kubeconfig, or one in this process. */
import type { KubeConfig } from '@kubernetes/client-node';
import type { Command } from 'commander';
import type { Clock } from '../../model/time/clock.ts';
import type { BackupOptions } from '../backup/backup-options.ts';
import type { BackupRequest } from '../backup/backup-request.ts';
import type { LedgerHub } from '../telemetry/ledger.ts';
import { InputError } from './exit.ts';
import { clockSpeed } from './options.ts';

/** The cluster a load works on. */
export interface BackupTarget {
  kubeconfig: KubeConfig;
  clock: Clock;
  /** How to come back to it; null for one that goes with this process. */
  hub: Omit<LedgerHub, 'label' | 'server'> | null;
}

export interface TargetFlags {
  kubeconfig?: string;
  context?: string;
  embedded?: true;
  speed?: number;
}

/** Simulated seconds in one second of the embedded cluster. */
const EMBEDDED_SPEED = 60;

export function addTargetOptions(command: Command): Command {
  return command
    .option('--kubeconfig <file>', 'kubeconfig of the cluster (default: the one that kubectl takes)')
    .option('--context <name>', 'context of the kubeconfig (default: its current one)')
    .option('--embedded', 'a cluster in this process in place of a real one, in compressed time')
    .option(
      '--speed <factor>',
      `with --embedded: simulated seconds in one second (default: ${EMBEDDED_SPEED})`,
      clockSpeed,
    );
}

/** @param request what is to be done there. @throws InputError for a kubeconfig that cannot be used */
export async function openTarget(
  flags: TargetFlags,
  { options }: Pick<BackupRequest, 'options'>,
): Promise<BackupTarget & { close(): Promise<void> }> {
  const { loadKubeconfig } = await import('../../model/kube/kubeconfig.ts');
  if (flags.embedded) {
    if (flags.kubeconfig !== undefined || flags.context !== undefined) {
      throw new InputError('--embedded is a cluster of its own; leave --kubeconfig and --context away, or --embedded');
    }
    const { startDevWorkspaceWorld } = await import('../../controller-mock/index.ts');
    const { SteadyClock } = await import('../../model/time/steady-clock.ts');
    const clock = new SteadyClock(flags.speed ?? EMBEDDED_SPEED);
    const registry = { accounts: accountsOf(options) };
    const world = await startDevWorkspaceWorld({ clock, tls: false, registry });
    return {
      kubeconfig: loadKubeconfig({ text: world.kubeconfig }),
      clock,
      hub: null,
      close: () => world.close(),
    };
  }
  if (flags.speed !== undefined)
    throw new InputError('--speed is for --embedded alone: a real cluster has its own time');
  const { HubAccess } = await import('./hub-access.ts');
  const { ScaledClock, startClock } = await import('../../model/time/clock.ts');
  const access = new HubAccess(flags, 1);
  const { kubeconfig: file, context } = access.place;
  const source = {
    ...(flags.kubeconfig !== undefined && { file: flags.kubeconfig }),
    ...(context !== null && { context }),
  };
  return {
    kubeconfig: loadKubeconfig(source),
    clock: new ScaledClock(startClock(1)),
    hub: { kubeconfig: file, context },
    close: () => access.close(),
  };
}

/** A registry whose secret is made of these lets in nobody else; one without a secret lets in everybody. */
function accountsOf({ backup }: BackupOptions): Record<string, string> | null {
  const { QUAY_USERNAME: user = '', QUAY_PASSWORD: password = '' } = process.env;
  return backup?.registrySecret && user !== '' ? { [user]: password } : null;
}
