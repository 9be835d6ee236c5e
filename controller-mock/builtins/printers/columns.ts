/** Building blocks of the tables that `kubectl get` shows. */
import { humanDuration } from '../../api/human-duration.ts';
import type { KubeObject } from '../../api/object.ts';
import type { TableColumn, TablePrinter } from '../../api/resource-type.ts';
import { at, type Fields, fields, items, text } from '../fields.ts';

export type Cell = (object: KubeObject, nowMs: number) => unknown;

export interface Column extends TableColumn {
  cell: Cell;
}

export const column = (name: string, cell: Cell, type: TableColumn['type'] = 'string'): Column => ({
  name,
  type,
  format: '',
  description: '',
  priority: 0,
  cell,
});

/** Shown with `-o wide` only. */
export const wide = (name: string, cell: Cell): Column => ({ ...column(name, cell), priority: 1 });

export const nameColumn: Column = { ...column('Name', (object) => object.metadata.name ?? ''), format: 'name' };

/** How long ago a time was; `<unknown>` for none. */
export function since(time: unknown, nowMs: number): string {
  const ms = typeof time === 'string' ? Date.parse(time) : Number.NaN;
  return Number.isNaN(ms) ? '<unknown>' : humanDuration(nowMs - ms);
}

export const ageColumn: Column = column('Age', (object, nowMs) => since(object.metadata.creationTimestamp, nowMs));

export const createdColumn: Column = column('Created At', (object) => object.metadata.creationTimestamp ?? '', 'date');

/** The field at a path as text, or `fallback`. */
export const field =
  (path: string, fallback = ''): Cell =>
  (object) => {
    const value = at(object, ...path.split('.'));
    return value === undefined || value === null || value === '' ? fallback : String(value);
  };

/** A number at a path; 0 when absent. */
export const integer = (name: string, path: string): Column =>
  column(
    name,
    (object) => {
      const value = at(object, ...path.split('.'));
      return typeof value === 'number' ? value : 0;
    },
    'integer',
  );

/** A column that holds numbers but is declared as text. */
export const asText = (shown: Column): Column => ({ ...shown, type: 'string' });

export function printerOf(...columns: Column[]): TablePrinter {
  return {
    columns: columns.map(({ cell: _, ...shown }) => shown),
    cells: (object, nowMs) => columns.map(({ cell }) => cell(object, nowMs)),
  };
}

/** `a=b,c=d` in order of the keys; `<none>` when empty. */
export function labelsText(labels: unknown): string {
  const pairs = Object.entries(fields(labels)).map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? '<none>' : pairs.sort().join(',');
}

/** A LabelSelector as kubectl shows it. */
export function selectorText(selector: unknown): string {
  if (selector === undefined || selector === null) return '<none>';
  const terms = Object.entries(fields(selector, 'matchLabels'))
    .map(([key, value]) => `${key}=${value}`)
    .sort();
  for (const entry of items(selector, 'matchExpressions')) {
    const key = text(entry, 'key');
    const values = Array.isArray(entry.values) ? [...entry.values].sort().join(',') : '';
    if (entry.operator === 'In') terms.push(`${key} in (${values})`);
    else if (entry.operator === 'NotIn') terms.push(`${key} notin (${values})`);
    else terms.push(entry.operator === 'Exists' ? key : `!${key}`);
  }
  return terms.length === 0 ? '<none>' : terms.join(',');
}

/** Wide columns of everything that has a pod template; `path` leads to the template. */
export function containerColumns(...path: string[]): Column[] {
  const all = (object: KubeObject, name: string) =>
    items(object, ...path, 'spec', 'containers')
      .map((container) => text(container, name))
      .join(',');
  return [wide('Containers', (object) => all(object, 'name')), wide('Images', (object) => all(object, 'image'))];
}

/** The first of a list, and how many more there are. */
export function shortened(list: readonly string[], limit: number): string {
  const shown = list.slice(0, limit).join(',');
  return list.length > limit ? `${shown} + ${list.length - limit} more...` : shown;
}

export const length = (value: unknown): number =>
  Array.isArray(value) ? value.length : Object.keys((value ?? {}) as Fields).length;

/** A field that is true or false. @param fallback shown where it is missing */
export const boolean =
  (path: string, fallback = false) =>
  (object: KubeObject) =>
    at(object, ...path.split('.')) ?? fallback;
