/** What a host validation sees and answers, and the small pieces from which the tables of validations are made. */
import type { Core } from '../../core/core.ts';
import type { ClusterRow, HostRow } from '../../core/rows.ts';
import type { Requirement } from '../../hardware/hardware.ts';
import type { ValidationStatus } from '../../validations/results.ts';
import type { InventoryFacts } from '../inventory.ts';

/** What an evaluation sees. */
export interface HostContext {
  readonly core: Core;
  readonly host: HostRow;
  readonly cluster: ClusterRow | undefined;
  readonly now: number;
  readonly requirement: Requirement;
  readonly minimum: { readonly cpuCores: number; readonly ramMib: number };
}

/** Status and message; undefined is success that is not shown. */
export type Outcome = readonly [ValidationStatus, string] | undefined;
export type Check = (context: HostContext) => Outcome;
/** A check that is not made while the inventory is missing. */
export type InventoryCheck = (inventory: InventoryFacts, context: HostContext) => Outcome;
/** A check of bound hosts only. */
export type BoundCheck = (cluster: ClusterRow, context: HostContext) => Outcome;

export const pass = (message: string): Outcome => ['success', message];
export const fail = (message: string): Outcome => ['failure', message];
export const wait = (message: string): Outcome => ['pending', message];
export const broken = (message: string): Outcome => ['error', message];
export const passIf = (good: boolean, yes: string, no: string): Outcome => (good ? pass(yes) : fail(no));

/** @param missing message while the host has sent no inventory. */
export const needsInventory =
  (missing: string, check: InventoryCheck): Check =>
  (context) =>
    context.host.inventory ? check(context.host.inventory, context) : wait(missing);

export const bound =
  (check: BoundCheck): Check =>
  (context) =>
    context.cluster ? check(context.cluster, context) : undefined;

/** @param missing message while the host has sent no inventory. */
export const boundWithInventory = (
  missing: string,
  check: (inventory: InventoryFacts, cluster: ClusterRow, context: HostContext) => Outcome,
): Check =>
  bound((cluster, context) =>
    context.host.inventory ? check(context.host.inventory, cluster, context) : wait(missing),
  );
