/** Which clusters can have arbiters. Upstream: assisted-service, internal/common/common.go, ValidateClusterSupportsArbiterHosts. */

import type { ClusterRow } from '../core/rows.ts';
import { OperationError } from '../service-api.ts';
import { compareBase } from '../versions/versions.ts';
import { isDay2Cluster } from './traits.ts';

const SINCE = '4.19';
const SINCE_WITHOUT_PLATFORM = '4.22';

/** @param words that stand before the reason. @throws OperationError 400 for a day-1 cluster that cannot have any. */
export function checkArbiters(cluster: ClusterRow | null | undefined, words: string): void {
  const problem = cluster && !isDay2Cluster(cluster) ? arbiterProblem(cluster) : undefined;
  if (problem) throw new OperationError(400, `${words}: ${problem}`);
}

function arbiterProblem({ openshiftVersion, platform }: ClusterRow): string | undefined {
  if (compareBase(openshiftVersion, SINCE) < 0) return `cluster's openshift version must be at least ${SINCE}`;
  if (platform.type === 'baremetal') return undefined;
  if (compareBase(openshiftVersion, SINCE_WITHOUT_PLATFORM) < 0) return "cluster's platform must be baremetal";
  return platform.type === 'none' ? undefined : "cluster's platform must be baremetal or none";
}
