/** The last step before a plan is run. What custom resources need is loaded only for plans that have some: it is most of the program. */
import { checkTemporaryFolder } from '../noop/lab-folder.ts';
import { isOutside, outsideRefusal } from '../noop/outside.ts';
import { checkAbilities } from '../noop/program-abilities.ts';
import { checkPrograms, stockPrograms } from '../noop/programs.ts';
import { type ExpandedPlan, type ProgramSources, SERVICE_OF_HUB, type StockPrograms } from '../plan/expanded-plan.ts';
import { foreignSourceAddress } from '../transport/source-addresses.ts';
import { connectionBudget, readConnectionLimits } from './connection-budget.ts';

/**
 * The plan with what its manifests' values say, and with its stock programs copied out of their images.
 * @param tell told of what takes its time
 * @param checked programs that were looked at before, when the plan has these
 * @throws PlanError for values that are wrong; RangeError where a release is missing, a stock program is none, or may not work for
 * the plan's service or hub, where a source address is not this machine's, and where this process cannot hold the connections
 */
export async function readyPlan(
  plan: ExpandedPlan,
  tell: (text: string) => void = () => {},
  checked: StockPrograms | null = null,
): Promise<ExpandedPlan> {
  await refuseImpossible(plan);
  let ready = plan;
  if (plan.programs !== null) {
    if (!plan.noopOutside) await refuseOutside(plan);
    ready = { ...plan, programs: plan.programs === checked ? checked : await copiedPrograms(plan.programs, tell) };
  }
  if (ready.hub === null) return ready;
  const { plannedManifests } = await import('./manifest-source.ts');
  return plannedManifests(ready).plan;
}

/** @throws RangeError for what this machine does not have, however long the run would try */
async function refuseImpossible(plan: ExpandedPlan): Promise<void> {
  const foreign = await foreignSourceAddress(plan.connections.sourceAddresses);
  if (foreign !== null) {
    throw new RangeError(
      `connections.source_addresses has ${foreign}, which is not an address of this machine; give addresses that "ip address" lists, of loopback any of 127.0.0.0/8, or leave them out`,
    );
  }
  const { refusal } = connectionBudget(plan, await readConnectionLimits());
  if (refusal !== null) throw new RangeError(refusal);
}

/** @throws RangeError when no-op hosts would work for a service or hub that is not on this machine */
async function refuseOutside({ clusters, service, hub }: ExpandedPlan): Promise<void> {
  const noop = clusters.filter(({ hosts }) => hosts.some(({ kind }) => kind === 'noop'));
  if (noop.length === 0) return;
  if (service.url !== 'embedded' && service.url !== SERVICE_OF_HUB && isOutside(service.url))
    throw new RangeError(outsideRefusal('the service', service.url));
  if (hub === null || hub.kubeconfig === 'embedded' || noop.every(({ api }) => api === 'rest')) return;
  const { KubeconfigError, loadKubeconfig } = await import('../../model/kube/kubeconfig.ts');
  let server: string | undefined;
  try {
    server = loadKubeconfig({
      file: hub.kubeconfig,
      ...(hub.context !== null && { context: hub.context }),
    }).getCurrentCluster()?.server;
  } catch (error) {
    // Told with everything else that is wrong with the hub.
    if (!(error instanceof KubeconfigError)) throw error;
  }
  if (server !== undefined && isOutside(server)) throw new RangeError(outsideRefusal('the hub', server));
}

/**
 * Stock programs where they can be run.
 * @param tell told of what takes its time
 * @throws RangeError when one is none, or no host can be where temporary files are
 */
export async function copiedPrograms(sources: ProgramSources, tell: (text: string) => void): Promise<StockPrograms> {
  checkTemporaryFolder();
  const programs = await pathsOf(sources, tell);
  checkPrograms(programs);
  await checkAbilities(programs);
  return programs;
}

async function pathsOf(sources: ProgramSources, tell: (text: string) => void): Promise<StockPrograms> {
  if (Object.values(sources).every((source) => typeof source !== 'object' || source === null))
    return stockPrograms(sources);
  const { copyPrograms } = await import('../noop/image-copy/image-programs.ts');
  return copyPrograms(sources, tell);
}
