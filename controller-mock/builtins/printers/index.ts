import type { TablePrinter } from '../../api/resource-type.ts';
import { CLUSTER_TABLES } from './cluster-tables.ts';
import { createdColumn, nameColumn, printerOf } from './columns.ts';
import { NETWORK_TABLES } from './network-tables.ts';
import { POD_TABLE } from './pod-table.ts';
import { STORAGE_TABLES } from './storage-tables.ts';
import { WORKLOAD_TABLES } from './workload-tables.ts';

const TABLES: Readonly<Record<string, TablePrinter>> = {
  'v1 Pod': POD_TABLE,
  ...WORKLOAD_TABLES,
  ...NETWORK_TABLES,
  ...CLUSTER_TABLES,
  ...STORAGE_TABLES,
};

const PLAIN = printerOf(nameColumn, createdColumn);

/** The table of a built-in kind; name and time of creation for those that have none of their own. */
export function printerFor(apiVersion: string, kind: string): TablePrinter {
  return TABLES[`${apiVersion} ${kind}`] ?? PLAIN;
}
