/** What of a plan a summary looks at: of a plan that several shards ran nobody has all clusters. */
import type { ClusterPlan, ExpandedPlan } from '../plan/expanded-plan.ts';

export interface SummarizedPlan
  extends Pick<
    ExpandedPlan,
    | 'name'
    | 'seed'
    | 'shard'
    | 'clockSpeed'
    | 'connections'
    | 'pollIntervalSeconds'
    | 'spokeProfile'
    | 'boot'
    | 'programs'
    | 'churnPerHour'
    | 'links'
  > {
  service: Pick<ExpandedPlan['service'], 'url'>;
  hub: object | null;
  clusters: readonly Pick<ClusterPlan, 'api'>[];
}
