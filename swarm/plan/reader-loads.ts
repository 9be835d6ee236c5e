/** What a plan says of readers. */
import { parseDuration } from './duration.ts';
import type { ReaderLoad } from './expanded-plan.ts';
import type { PlanFile } from './schema.ts';

/** As the web page: openshift-assisted/assisted-installer-ui, libs/ui-lib/lib/common/config/constants.ts, DEFAULT_POLLING_INTERVAL. */
const USUAL_SECONDS = 10;
/** Simulated seconds: who looks more often is no user. */
const LEAST_SECONDS = 1;

/** What there is to look at. */
interface Readable {
  /** A service whose REST API users reach. */
  service: boolean;
  hub: boolean;
}

/** @param refuse told of each value that cannot be, with what is allowed */
export function readerLoads(
  given: PlanFile['readers'],
  { service, hub }: Readable,
  refuse: (path: readonly (string | number)[], allowed: string) => void,
): ReaderLoad[] {
  return (given ?? []).map(({ load, amount = 1, every }, i) => {
    const everySeconds = every === undefined ? USUAL_SECONDS : parseDuration(every);
    if (everySeconds < LEAST_SECONDS) refuse([i, 'every'], `at least ${LEAST_SECONDS}s`);
    if (load === 'hub-list' && !hub) refuse([i, 'load'], 'hub-list only beside clusters with api: kube');
    if (load !== 'hub-list' && !service) {
      refuse([i, 'load'], 'hub-list, or others beside service.url: only the hub knows where its service is');
    }
    return { load, amount, everySeconds };
  });
}

/** `5%/h` as a share; null for none. */
export function churnPerHour(given: PlanFile['churn']): number | null {
  const share = given === undefined ? 0 : Number.parseFloat(given) / 100;
  return share === 0 ? null : share;
}
