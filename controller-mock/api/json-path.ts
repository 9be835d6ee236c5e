/**
 * The JSON paths of CustomResourceDefinitions (printer columns, scale, selectable fields): fields, `['quoted']` and
 * `\.`-escaped names, indices, `[*]` and filters such as `[?(@.type=="Ready")]`.
 */
import { equalJson } from './json.ts';

type Step = (values: unknown[]) => unknown[];

/** Reads all values the path leads to; none when a part is missing. */
export type JsonPath = (root: unknown) => unknown[];

const child =
  (name: string): Step =>
  (values) =>
    values.flatMap((value) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, name)
        ? [(value as Record<string, unknown>)[name]]
        : [],
    );

const everyChild: Step = (values) =>
  values.flatMap((value) => (typeof value === 'object' && value !== null ? Object.values(value) : []));

const FILTER = /^\?\(\s*@((?:\.[\w-]+)*)\s*(?:(==|!=)\s*(?:"([^"]*)"|'([^']*)'|([-\w.]+)))?\s*\)$/;

function filter(text: string): Step | undefined {
  const parts = FILTER.exec(text);
  if (!parts) return undefined;
  const names = parts[1]!.split('.').slice(1);
  const quoted = parts[3] ?? parts[4];
  const expected = quoted ?? literal(parts[5] ?? '');
  return (values) =>
    values
      .flatMap((value) => (Array.isArray(value) ? value : []))
      .filter((item) => {
        const found = names.reduce((reached, name) => child(name)(reached), [item] as unknown[]);
        if (!parts[2]) return found.length > 0;
        return found.some((value) => equalJson(value, expected)) === (parts[2] === '==');
      });
}

function literal(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function bracket(text: string): Step | undefined {
  const inner = text.trim();
  if (inner === '*') return everyChild;
  const quoted = /^'([^']*)'$|^"([^"]*)"$/.exec(inner);
  if (quoted) return child(quoted[1] ?? quoted[2]!);
  if (/^-?\d+$/.test(inner)) {
    return (values) => values.flatMap((value) => (Array.isArray(value) ? value.slice(Number(inner)).slice(0, 1) : []));
  }
  return filter(inner);
}

/** @returns undefined for a path that cannot be read. */
export function parseJsonPath(text: string): JsonPath | undefined {
  const steps: Step[] = [];
  const source = text.startsWith('{') && text.endsWith('}') ? text.slice(1, -1) : text;
  let at = source.startsWith('$') ? 1 : 0;
  if (at === source.length) return undefined;
  while (at < source.length) {
    if (source[at] === '[') {
      // A filter may hold brackets only inside quotes, which the paths of real CRDs do not.
      const end = source.indexOf(']', at);
      const step = end < 0 ? undefined : bracket(source.slice(at + 1, end));
      if (!step) return undefined;
      steps.push(step);
      at = end + 1;
      continue;
    }
    const name = /^\.((?:[^.[\]\\]|\\.)+)/.exec(source.slice(at));
    if (!name) return undefined;
    steps.push(name[1] === '*' ? everyChild : child(name[1]!.replace(/\\(.)/g, '$1')));
    at += name[0].length;
  }
  return (root) => steps.reduce((values, step) => step(values), [root]);
}

/** The names of a path of plain fields, such as `.spec.replicas`; undefined for anything else. */
export function fieldsOfPath(text: string): string[] | undefined {
  return /^(\.[A-Za-z_][\w-]*)+$/.test(text) ? text.slice(1).split('.') : undefined;
}
