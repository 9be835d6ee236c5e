/** What a schema finds wrong with a file, in words: the place, what was given, what is allowed. */
import type { z } from 'zod';
import { nearest } from '../../model/text/nearest.ts';
import type { PlanProblem } from './plan.ts';
import { formatGiven, formatPath, type Path, type PlanSource } from './plan-source.ts';
import { redactUrl } from './redact.ts';

/** A form that files are written in. */
export interface FileForm {
  schema: z.ZodType;
  /** What errors call the whole file. */
  subject: string;
  /** Values under these keys are shown without user and password. */
  urlKeys?: ReadonlySet<string>;
  /** Values under these keys are never shown. */
  secretKeys: ReadonlySet<string>;
}

/** One problem for each thing that the schema complains about. */
export function schemaProblems(source: PlanSource, issues: readonly z.core.$ZodIssue[], form: FileForm): PlanProblem[] {
  return issues.flatMap((issue) => problemsOf(source, issue, [], form));
}

/** "PATH is GIVEN; allowed: …" at the value's place. */
export function wrongValue(source: PlanSource, path: Path, allowed: string, form: FileForm): PlanProblem {
  const key = String(path.at(-1));
  const given = form.secretKeys.has(key)
    ? 'a hidden value'
    : source.givenAt(path, form.urlKeys?.has(key) ? redactUrl : undefined);
  const subject = path.length > 0 ? formatPath(path) : form.subject;
  return { ...source.positionOf(path), message: `${subject} is ${given}; allowed: ${allowed}` };
}

function problemsOf(source: PlanSource, issue: z.core.$ZodIssue, above: Path, form: FileForm): PlanProblem[] {
  const path = [...above, ...issue.path] as (string | number)[];
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(source, path, key, form));
  if (issue.code === 'invalid_union') {
    // Only the form that is a mapping can say more than "none of the forms": the value is one, so its keys are the matter.
    const mapping = issue.errors.find((errors) =>
      errors.every((error) => error.path.length > 0 || error.code === 'unrecognized_keys'),
    );
    if (mapping && mapping.length > 0) return mapping.flatMap((inner) => problemsOf(source, inner, path, form));
  }
  if (issue.code === 'invalid_key') {
    const key = String(path.at(-1));
    return [
      {
        ...source.positionOfKey(path.slice(0, -1), key),
        message: `${formatPath(path.slice(0, -1))} has the key ${formatGiven(key)}; allowed: ${issue.issues[0]?.message ?? issue.message}`,
      },
    ];
  }
  return [wrongValue(source, path, issue.message, form)];
}

function unknownKey(source: PlanSource, path: Path, key: string, form: FileForm): PlanProblem {
  const known = knownKeys(form.schema, path);
  const near = nearest(key, known);
  return {
    ...source.positionOfKey(path, key),
    message: `unknown key ${formatGiven(key)}${path.length > 0 ? ` in ${formatPath(path)}` : ''}; ${
      near ? `did you mean ${near}?` : `allowed: ${known.join(', ')}`
    }`,
  };
}

/** Keys that the mapping at a path may have. */
function knownKeys(whole: z.ZodType, path: Path): string[] {
  let schema: unknown = whole;
  const objectIn = (at: unknown): z.ZodObject | undefined => {
    const def = (at as z.ZodType | undefined)?.def as {
      type?: string;
      innerType?: unknown;
      options?: unknown[];
      element?: unknown;
    };
    if (def?.type === 'object') return at as z.ZodObject;
    if (def?.type === 'optional') return objectIn(def.innerType);
    if (def?.type === 'array') return objectIn(def.element);
    if (def?.type === 'union') return def.options?.map(objectIn).find((found) => found !== undefined);
    return undefined;
  };
  for (const part of path) {
    if (typeof part === 'number') continue;
    schema = objectIn(schema)?.shape[part];
  }
  return Object.keys(objectIn(schema)?.shape ?? {});
}
