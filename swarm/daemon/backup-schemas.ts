/** JSON Schemas of what /api/v1/backups gives; they make the OpenAPI document. */
import { PHASES } from '../backup/backup-figures.ts';
import { nullable, runSchema } from './api-schemas.ts';

const milliseconds = { type: 'number', description: "Milliseconds of the load's clock." };
const moment = { type: 'number', description: "Epoch milliseconds of the load's clock." };
const phase = { type: 'string', enum: PHASES };
const count = { type: 'integer' };

const row = {
  id: runSchema.properties.id,
  name: {
    type: 'string',
    description: 'How many workspaces and which configuration, or the name of the test in its suite.',
  },
  state: runSchema.properties.state,
  startedAt: runSchema.properties.startedAt,
  endedAt: runSchema.properties.endedAt,
  verdict: runSchema.properties.verdict,
  reasons: runSchema.properties.reasons,
  directory: nullable({ type: 'string', description: 'Folder with its files; null until something may be created.' }),
};
const required = ['id', 'name', 'state', 'startedAt', 'endedAt', 'verdict', 'reasons', 'directory'];

const findings = {
  type: 'array',
  description: 'What a diagnosis found while everything was still there.',
  items: {
    type: 'object',
    required: ['topic', 'cause', 'evidence', 'advice'],
    properties: {
      topic: { type: 'string' },
      cause: { type: 'string' },
      evidence: { type: 'array', items: { type: 'string' } },
      advice: { type: 'string' },
    },
  },
};

export const backupRow = { type: 'object', required, properties: row };

export const backupSchema = {
  type: 'object',
  required: [...required, 'progress', 'phases', 'figures', 'findings'],
  properties: {
    ...row,
    progress: nullable({
      type: 'object',
      description: 'The phase under way; null between two, at the end, and of loads of other processes.',
      required: ['phase', 'startedAt', 'elapsedMs', 'deadlineMs', 'done', 'of', 'details'],
      properties: {
        phase,
        startedAt: moment,
        elapsedMs: milliseconds,
        deadlineMs: nullable({ ...milliseconds, description: 'How long it may take; null for as long as it takes.' }),
        done: { ...count, description: 'Workspaces, as a rule.' },
        of: count,
        details: { type: 'array', items: { type: 'string' } },
      },
    }),
    phases: {
      type: 'array',
      description: 'Those that are over, in their order.',
      items: {
        type: 'object',
        required: ['phase', 'startedAt', 'endedAt', 'deadlineMs', 'timedOut', 'done', 'of'],
        properties: {
          phase,
          startedAt: moment,
          endedAt: moment,
          deadlineMs: nullable(milliseconds),
          timedOut: { type: 'boolean', description: 'Its time was over with work left.' },
          done: count,
          of: count,
        },
      },
    },
    figures: nullable({
      type: 'object',
      description:
        'As things stand, or stood at the end: `figures` of summary.json without phases, rows of workspaces and points of the queue. Null before the first, and of a load without a summary.',
      additionalProperties: true,
    }),
    findings,
  },
};

/** What `GET /api/v1/runs/{id}/summary` gives of a backup load. */
export const backupSummary = {
  type: 'object',
  required: ['verdict', 'reasons', 'findings', 'figures'],
  properties: {
    verdict: nullable({ type: 'string' }),
    reasons: { type: 'array', items: { type: 'string' } },
    findings,
    test: { type: 'string', description: 'What the load is called in its suite; absent outside of one.' },
    figures: { type: 'object', description: '`figures` of summary.json.', additionalProperties: true },
  },
};
