/** JSON Schemas of what /api/v1 takes and gives; they check requests and make the OpenAPI document. */

import { CLUSTER_PHASES, HOST_PHASES } from '../../model/protocol/phases.ts';
import { CLUSTER_STATUSES, FINALIZING_STAGES, HOST_STAGES, HOST_STATUSES } from '../../model/protocol/states.ts';
import { RUN_PHASES } from '../plan/expanded-plan.ts';
import { PACE_LIMITS } from './arrival-pace.ts';

export const nullable = (schema: object) => ({ anyOf: [schema, { type: 'null' }] });
const time = { type: 'number', description: 'Simulated epoch milliseconds.' };

export const errorSchema = {
  type: 'object',
  description: 'Why a request was not done: every error of /api/v1, whatever its status.',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['status', 'code', 'message'],
      properties: {
        status: { type: 'integer' },
        code: { type: 'string', description: 'Stable word for programs.' },
        message: { type: 'string', description: 'What is wrong and what to do.' },
        given: { description: 'The value to blame, when it is one.' },
        allowed: { description: 'What would have been right.' },
      },
    },
  },
} as const;

export const runSchema = {
  type: 'object',
  required: [
    ...['id', 'plan', 'seed', 'state', 'startedAt', 'endedAt', 'verdict', 'reasons'],
    ...['clusters', 'hosts', 'backup', 'directory', 'phase', 'step', 'pace'],
  ],
  properties: {
    id: { type: 'string' },
    plan: { type: 'string', description: "The plan's name; of a backup load what it does." },
    seed: { type: 'string' },
    state: {
      type: 'string',
      enum: ['starting', 'running', 'stopping', 'cleaning', 'ended', 'killed', 'unknown'],
      description:
        'Of a run of another process: running, ended, killed (without an end), or unknown (no end, and its process was on another machine).',
    },
    startedAt: { type: 'string', format: 'date-time' },
    endedAt: nullable({ type: 'string', format: 'date-time' }),
    verdict: nullable({ type: 'string', enum: ['passed', 'failed', 'interrupted'] }),
    reasons: { type: 'array', items: { type: 'string' } },
    clusters: { type: 'integer' },
    hosts: { type: 'integer' },
    backup: {
      type: 'boolean',
      description: 'A backup load, which has no clusters and hosts: see /api/v1/backups/{id}.',
    },
    directory: nullable({ type: 'string', description: 'Folder with the resolved plan, events and summary.' }),
    phase: nullable({
      type: 'string',
      enum: RUN_PHASES,
      description: 'That a run of a plan of this daemon is in; null before the first and after the last one.',
    }),
    step: nullable({ type: 'integer', description: 'Of its load, from 1; null where it has none.' }),
    pace: nullable({
      type: 'number',
      description: 'So many times as fast as planned clusters arrive, 0 while they do not; null where none is to come.',
    }),
  },
} as const;

const paging = {
  limit: { type: 'integer', minimum: 1, maximum: 1000, default: 100 },
  offset: { type: 'integer', minimum: 0, default: 0 },
} as const;

export const paceQuery = {
  type: 'object',
  additionalProperties: false,
  required: ['factor'],
  properties: {
    factor: {
      type: 'number',
      minimum: PACE_LIMITS.min,
      maximum: PACE_LIMITS.max,
      description: 'So many times as fast as planned; 0 pauses arrivals.',
    },
  },
} as const;

export const runQuery = {
  type: 'object',
  additionalProperties: false,
  properties: { limit: { type: 'integer', minimum: 1, maximum: 1000, default: 100 } },
} as const;

export const clusterQuery = {
  type: 'object',
  additionalProperties: false,
  properties: {
    phase: { type: 'string', enum: CLUSTER_PHASES },
    status: { type: 'string', enum: CLUSTER_STATUSES },
    cluster: { type: 'integer', minimum: 0 },
    ...paging,
  },
} as const;

export const hostQuery = {
  type: 'object',
  additionalProperties: false,
  properties: {
    phase: { type: 'string', enum: HOST_PHASES },
    status: { type: 'string', enum: HOST_STATUSES },
    stage: { type: 'string', enum: HOST_STAGES },
    cluster: { type: 'integer', minimum: 0 },
    ...paging,
  },
} as const;

export const runParams = {
  type: 'object',
  required: ['id'],
  properties: { id: { type: 'string' } },
} as const;

export const hostParams = {
  type: 'object',
  required: ['id', 'host'],
  properties: { id: { type: 'string' }, host: { type: 'integer', minimum: 0 } },
} as const;

export const clusterParams = {
  type: 'object',
  required: ['id', 'cluster'],
  properties: { id: { type: 'string' }, cluster: { type: 'integer', minimum: 0 } },
} as const;

export const startQuery = {
  type: 'object',
  additionalProperties: false,
  properties: {
    seed: { type: 'string', minLength: 1, maxLength: 64, description: "Replaces the plan's seed." },
    keep: { type: 'boolean', description: 'Keep what the run made on the service.' },
    speed: {
      type: 'number',
      exclusiveMinimum: 0,
      description: "Replaces the plan's clock speed; embedded service only.",
    },
    workers: { type: 'integer', minimum: 1, maximum: 256, description: 'Worker threads.' },
    hold: {
      type: 'number',
      minimum: 0,
      maximum: 1e9,
      description: 'Simulated seconds that discovered and failed hosts go on after everything is done.',
    },
  },
} as const;

const page = (row: object) => ({
  type: 'object',
  required: ['total', 'items'],
  properties: {
    total: { type: 'integer', description: 'Rows that match, on all pages.' },
    items: { type: 'array', items: row },
  },
});

/** Of rows whose fields are all there. */
const whole = (properties: object) => ({ type: 'object', required: Object.keys(properties), properties });

const clusterRow = whole({
  cluster: { type: 'integer' },
  name: { type: 'string' },
  id: nullable({ type: 'string' }),
  phase: { type: 'string', enum: CLUSTER_PHASES },
  status: nullable({ type: 'string', enum: CLUSTER_STATUSES }),
  statusInfo: { type: 'string' },
  finalizingStage: nullable({ type: 'string', enum: FINALIZING_STAGES }),
  reason: { type: 'string' },
  life: { type: 'integer', description: '2 once it was removed and made anew, and so on.' },
  hosts: { type: 'integer' },
  updatedAt: nullable(time),
});
export const clusterPage = page(clusterRow);

const hostRow = whole({
  host: { type: 'integer' },
  cluster: { type: 'integer' },
  id: nullable({ type: 'string' }),
  role: { type: 'string', enum: ['master', 'arbiter', 'worker'] },
  day2: { type: 'boolean' },
  phase: { type: 'string', enum: HOST_PHASES },
  status: nullable({ type: 'string', enum: HOST_STATUSES }),
  statusInfo: { type: 'string' },
  stage: nullable({ type: 'string', enum: HOST_STAGES }),
  error: { type: 'string' },
  updatedAt: nullable(time),
});
export const hostPage = page(hostRow);

const bytes = { type: 'number', description: 'Bytes.' };
const memory = whole({ resident: bytes, proportional: nullable(bytes) });

const hostProcesses = {
  type: 'object',
  required: ['seconds', 'programs', 'peaks'],
  description: 'Of a no-op host: what its programs took so far. Null for other hosts, and for runs of other processes.',
  properties: {
    seconds: { type: 'number', description: 'Wall-clock seconds in which it was up.' },
    programs: {
      type: 'object',
      additionalProperties: {
        ...whole({
          cpuSeconds: { type: 'number' },
          memory: nullable(memory),
          restarts: nullable({ type: 'integer' }),
          exits: {
            type: 'object',
            description: 'By exit code or name of the signal.',
            additionalProperties: { type: 'integer' },
          },
        }),
      },
    },
    peaks: { type: 'object', description: 'Most bytes at once, by program.', additionalProperties: memory },
  },
};

export const hostHistory = {
  type: 'object',
  required: ['host', 'processes', 'events'],
  properties: {
    host: hostRow,
    processes: nullable(hostProcesses),
    events: { type: 'array', items: { $ref: 'RunEvent#' } },
  },
} as const;

export const clusterHistory = {
  type: 'object',
  required: ['cluster', 'events'],
  properties: {
    cluster: clusterRow,
    events: { type: 'array', items: { $ref: 'RunEvent#' } },
  },
} as const;
