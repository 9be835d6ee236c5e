/** Options that choose the cluster of a backup load. */
import type { Command } from 'commander';
import type { BackupRequest } from '../backup/backup-request.ts';
import type { BackupTarget } from '../daemon/backup-target.ts';
import { InputError } from './exit.ts';
import { clockSpeed } from './options.ts';

export interface TargetFlags {
  kubeconfig?: string;
  context?: string;
  embedded?: true;
  speed?: number;
}

export function addTargetOptions(command: Command): Command {
  return command
    .option('--kubeconfig <file>', 'kubeconfig of the cluster (default: the one that kubectl takes)')
    .option('--context <name>', 'context of the kubeconfig (default: its current one)')
    .option('--embedded', 'a cluster in this process in place of a real one, in compressed time')
    .option('--speed <factor>', 'with --embedded: simulated seconds in one second (default: 60)', clockSpeed);
}

/** @param request what is to be done there. @throws InputError for a kubeconfig that cannot be used */
export async function openTarget(
  { embedded, speed, kubeconfig, context }: TargetFlags,
  request: BackupRequest,
): Promise<BackupTarget> {
  const { clusterTarget, embeddedTarget } = await import('../daemon/backup-target.ts');
  if (embedded) {
    if (kubeconfig !== undefined || context !== undefined) {
      throw new InputError('--embedded is a cluster of its own; leave out --kubeconfig and --context, or --embedded');
    }
    return embeddedTarget(request, speed);
  }
  if (speed !== undefined) throw new InputError('--speed is for --embedded alone: a real cluster has its own time');
  try {
    return await clusterTarget({
      ...(kubeconfig !== undefined && { kubeconfig }),
      ...(context !== undefined && { context }),
    });
  } catch (error) {
    throw new InputError((error as Error).message, { cause: error });
  }
}
