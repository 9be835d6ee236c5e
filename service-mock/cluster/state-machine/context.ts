/** What the rules of clusters are about. */
import type { Core } from '../../core/core.ts';
import type { ClusterRow, ClusterState } from '../../core/rows.ts';
import type { Condition } from '../../statemachine/conditions.ts';
import type { Rule } from '../../statemachine/machine.ts';
import type { ClusterVerdict } from '../validations/cluster-validations.ts';

export type ClusterTrigger = 'cancel' | 'reset' | 'prepare' | 'refresh';

export interface ClusterTransition {
  readonly core: Core;
  readonly cluster: ClusterRow;
  /** Of a refresh; other triggers have none. */
  readonly verdict: ClusterVerdict | undefined;
  readonly reason: string;
}
export type ClusterCondition = Condition<ClusterTransition>;
export type ClusterRule = Rule<ClusterState, ClusterTrigger, ClusterTransition>;
export type ClusterAction = NonNullable<ClusterRule['run']>;
