/** Which service a `swarm service` command is about: that of a hub, or one that only has an address. */
import type { Command } from 'commander';
import type { KubeClient } from '../../model/kube/kube-client.ts';
import { isKubeError } from '../../model/kube/kube-error.ts';
import { ScaledClock, startClock } from '../../model/time/clock.ts';
import { InputError } from './exit.ts';

export interface HubFlags {
  kubeconfig?: string;
  context?: string;
  namespace?: string;
}

export function addHubOptions(command: Command): Command {
  return command
    .option('--kubeconfig <file>', "the hub's kubeconfig (default: $KUBECONFIG, ~/.kube/config)")
    .option('--context <name>', 'a context of it (default: its current one)')
    .option('--namespace <name>', 'namespace of the service, where the hub has several');
}

export interface HubTarget {
  client: KubeClient;
  /** In wall-clock time. */
  clock: ScaledClock;
  namespace: string | undefined;
}

/** @throws InputError for a kubeconfig that cannot be used. */
export async function openHub({ kubeconfig, context, namespace }: HubFlags): Promise<HubTarget> {
  const [{ KubeClient }, { loadKubeconfig }] = await Promise.all([
    import('../../model/kube/kube-client.ts'),
    import('../../model/kube/kubeconfig.ts'),
  ]);
  const clock = new ScaledClock(startClock(1));
  try {
    const config = loadKubeconfig({
      ...(kubeconfig !== undefined && { file: kubeconfig }),
      ...(context !== undefined && { context }),
    });
    return { client: new KubeClient({ kubeconfig: config, clock }), clock, namespace };
  } catch (error) {
    throw new InputError((error as Error).message, { cause: error });
  }
}

/** Errors of the hub as something that the user can mend. */
export async function asInput<T>(server: string, work: Promise<T>): Promise<T> {
  const { HubStateError } = await import('../cluster/service-config/hub-reading.ts');
  try {
    return await work;
  } catch (error) {
    if (error instanceof HubStateError) throw new InputError(error.message, { cause: error });
    if (!isKubeError(error)) throw error;
    throw new InputError(`${error.message}${adviceFor(error.status, server)}`, { cause: error });
  }
}

function adviceFor(status: number, server: string): string {
  if (status === 0) return `; is ${server} the hub's address, and is it reachable from here?`;
  if (status === 401) return '; the hub does not accept these credentials: renew them, or choose others with --context';
  if (status === 403) return '; this user lacks the right to do so on the hub: choose another with --context';
  return '';
}
