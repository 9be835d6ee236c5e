/** What the OpenAPI document has under a name, and how the routes refer to it. */
import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import { planJsonSchema } from '../plan/schema.ts';
import { clusterHistory, clusterPage, errorSchema, hostHistory, hostPage, runSchema } from './api-schemas.ts';
import { backupBody } from './backup-body.ts';
import { backupRow, backupSchema, backupSummary } from './backup-schemas.ts';
import { agentError, agentRecord, frameworkError, newAgent } from './compat-schemas.ts';
import { runEvent } from './event-schema.ts';
import { infraEnvSchema, launchSchema } from './launch-schemas.ts';
import { runSummary } from './summary-schema.ts';

/** Open to further fields, as answers are: a client must not fail on one that it does not know. */
const published = (schema: z.ZodType): object => withoutDialect(z.toJSONSchema(schema, { io: 'input' }));

/** A document names the dialect of its schemas once. */
function withoutDialect({ $schema: _dialect, ...schema }: { $schema?: unknown }): object {
  return schema;
}

/** By name. */
const COMPONENTS = {
  ErrorAnswer: errorSchema,
  Plan: withoutDialect(planJsonSchema()),
  Run: runSchema,
  RunSummary: published(runSummary),
  RunEvent: published(runEvent),
  ClusterPage: clusterPage,
  HostPage: hostPage,
  HostHistory: hostHistory,
  ClusterHistory: clusterHistory,
  BackupParameters: backupBody,
  BackupRow: backupRow,
  Backup: backupSchema,
  BackupSummary: backupSummary,
  Launch: launchSchema,
  LaunchedInfraEnv: infraEnvSchema,
  NewAgent: newAgent,
  Agent: agentRecord,
  AgentError: agentError,
  FrameworkError: frameworkError,
} as const;

/** For `addSchema` of an app, before its routes. */
export const SHARED_SCHEMAS: readonly object[] = Object.entries(COMPONENTS).map(([$id, schema]) => ({
  $id,
  ...schema,
}));

/** Refers to a named schema. */
export const ref = (name: keyof typeof COMPONENTS) => ({ $ref: `${name}#` });

/** An answer with a JSON body. */
export const json = (description: string, schema: object, headers?: object) => ({
  description,
  content: { 'application/json': { schema } },
  ...(headers && { headers }),
});

/** An answer without a body. */
export const empty = (description: string) => ({ type: 'null', description });

/** Where the address of what was made stands. */
export const LOCATION = { location: { type: 'string', description: 'Path of what was started.' } };

/** What every request may be answered: bad values, access, too many, and a fault of the daemon. */
const ALWAYS = [400, 401, 403, 421, 429, 500] as const;

const problemsOf = (statuses: readonly number[], schema: object) =>
  Object.fromEntries(statuses.map((status) => [status, json(STATUS_CODES[status]!, schema)]));

/** Answers of a route of the daemon's own API. @param problems further statuses of errors */
export function answers(good: object, ...problems: readonly number[]): object {
  return { ...good, ...problemsOf([...ALWAYS, ...problems], ref('ErrorAnswer')) };
}

/** Answers of a route of the public tool's API that cannot fail by itself. */
export function frameworkAnswers(good: object): object {
  return { ...good, ...problemsOf(ALWAYS, ref('FrameworkError')) };
}

/**
 * Answers of a route of the public tool's API.
 * @param own statuses of its own errors, which its framework may answer too
 * @param problems further statuses of the framework
 */
export function agentAnswers(good: object, own: readonly number[], ...problems: readonly number[]): object {
  return {
    ...frameworkAnswers(good),
    ...problemsOf(problems, ref('FrameworkError')),
    ...problemsOf(own, { anyOf: [ref('AgentError'), ref('FrameworkError')] }),
  };
}
