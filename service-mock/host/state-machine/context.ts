/** What the rules of hosts are about. */
import type { Core } from '../../core/core.ts';
import type { ClusterRow, HostRow, HostState } from '../../core/rows.ts';
import type { Condition } from '../../statemachine/conditions.ts';
import type { Rule } from '../../statemachine/machine.ts';
import type { HostVerdict } from '../validations/evaluate.ts';

export type HostTrigger =
  | 'register'
  | 'progress'
  | 'installation-failed'
  | 'media-lost'
  | 'cancel'
  | 'install'
  | 'reset'
  | 'unbind'
  | 'reclaim'
  | 'reclaim-rebooting'
  | 'reclaim-failed'
  | 'bind'
  | 'refresh';

export interface HostTransition {
  readonly core: Core;
  readonly host: HostRow;
  /** Of a refresh; other triggers have none. */
  readonly verdict: HostVerdict | undefined;
  readonly reason: string;
  /** The cluster that a host is bound to. */
  readonly target: ClusterRow | undefined;
  readonly isNew: boolean;
}
export type HostCondition = Condition<HostTransition>;
export type HostRule = Rule<HostState, HostTrigger, HostTransition>;
export type HostAction = NonNullable<HostRule['run']>;
