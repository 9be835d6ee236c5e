/**
 * Writes, and what a kube-apiserver 1.32.4 answered to them: a row a write. Its kind; what a valid object of the kind is changed by to be
 * created; if it is then written once more, the subresource (`update` for none) and what it is changed by; causes, cut after 90 characters,
 * without doubles and in order of the alphabet. None means that the write was accepted. Changes are merged; a `~` takes a field away.
 */
import { readFileSync } from 'node:fs';
import type { StatusCause } from '../../../api/causes.ts';
import { isPlainObject } from '../../../api/json.ts';
import type { KubeObject } from '../../../api/object.ts';
import { ApiStatusError } from '../../../api/status.ts';
import { TestCluster } from '../../../testing/test-cluster.ts';
import { BASE_OBJECTS } from './base-objects.ts';
import { BASE_WORKLOADS } from './base-workloads.ts';

export interface Answer {
  kind: string;
  created: Record<string, unknown>;
  written: { through: string; change: Record<string, unknown> } | undefined;
  causes: string[];
}

/** In the order of the files. */
export function readAnswers(): Answer[] {
  const lines = ['answers.jsonl', 'answers-workloads.jsonl'].flatMap((file) =>
    readFileSync(new URL(file, import.meta.url), 'utf8')
      .trim()
      .split('\n'),
  );
  return lines.map((line) => {
    const [kind, created, ...rest] = JSON.parse(line);
    const causes: string[] = rest.at(-1);
    const [write] = rest.length > 1 ? Object.entries(rest[0] as Record<string, Record<string, unknown>>) : [];
    return { kind, created, written: write && { through: write[0], change: write[1] }, causes };
  });
}

const LENGTH = 90;
const BASES = { ...BASE_OBJECTS, ...BASE_WORKLOADS };

/** What the mock answers to the same writes, in the same form. */
export function causesOfOurs({ kind, created, written }: Answer): string[] {
  const test = new TestCluster();
  const change = validObject(kind, created) as { metadata?: { name?: string } };
  const name = change.metadata?.name === undefined ? 'c' : change.metadata.name;
  if (change.metadata?.name === '~') delete change.metadata.name;
  try {
    const object: KubeObject = test.create(kind, name === '~' ? '' : name, change);
    if (!written) return [];
    const through = written.through === 'update' ? undefined : written.through;
    const write = (draft: Record<string, unknown>) => {
      const whole = merged(draft, written.change) as Record<string, unknown>;
      for (const key of Object.keys(draft)) if (!(key in whole)) delete draft[key];
      Object.assign(draft, whole);
    };
    test.update(kind, object.metadata.name!, write, through);
    return [];
  } catch (error) {
    if (!(error instanceof ApiStatusError)) throw error;
    const causes = (error.status.details?.causes ?? []) as StatusCause[];
    const texts = causes.map(({ field, message }) => `${field}: ${message}`.slice(0, LENGTH));
    return [...new Set(texts)].sort();
  }
}

/** A valid object of a kind, changed as rows say it; without a name, unless the row has one. */
export const validObject = (kind: string, change: unknown): object => merged(BASES[kind]!, change) as object;

function merged(base: unknown, change: unknown): unknown {
  if (!isPlainObject(base) || !isPlainObject(change)) return structuredClone(change);
  const result: Record<string, unknown> = structuredClone(base);
  for (const [key, value] of Object.entries(change)) {
    if (value === '~') delete result[key];
    else result[key] = merged(result[key], value);
  }
  return result;
}
