/** The launch of this process, when it is one: what it keeps alive, and what waits. */
import type {} from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { HOST_PHASES, type HostPhase } from '../../model/protocol/phases.ts';
import { wallNow } from '../../model/time/clock.ts';
import type { LaunchedInfraEnv, LaunchState } from '../cluster/launch/launch-state.ts';
import type { RegistrySource } from '../telemetry/metric-row.ts';

/** What the API knows of a launch. */
export interface LaunchSource {
  /** Null before it has begun. */
  readonly state: LaunchState | null;
  /** By name, those that wait first. */
  infraEnvs(limit: number): LaunchedInfraEnv[];
  measured(): RegistrySource;
}

/** InfraEnvs in one answer, unless more are asked for, and at most. */
const SHOWN = 100;
const MOST = 10_000;

const count = { type: 'integer' } as const;
const launchSchema = {
  type: 'object',
  required: ['infraEnvs', 'launched', 'hosts', 'phases', 'waiting'],
  properties: {
    infraEnvs: { ...count, description: 'InfraEnvs of the hub that are followed.' },
    launched: { ...count, description: 'Those with hosts alive.' },
    hosts: { ...count, description: 'Hosts alive.' },
    phases: {
      type: 'object',
      description: 'Hosts by phase; `stopped` counts those that were taken away.',
      properties: Object.fromEntries(HOST_PHASES.map((phase) => [phase, count])),
    },
    waiting: {
      type: 'array',
      description: 'InfraEnvs without hosts, and why.',
      items: {
        type: 'object',
        required: ['infraEnv', 'message'],
        properties: { infraEnv: { type: 'string' }, message: { type: 'string' } },
      },
    },
  },
} as const;

const infraEnvSchema = {
  type: 'object',
  required: ['infraEnv', 'hosts', 'phases', 'waiting'],
  properties: {
    infraEnv: { type: 'string', description: 'namespace/name' },
    hosts: { ...count, description: 'Hosts alive.' },
    phases: {
      ...launchSchema.properties.phases,
      description: 'Hosts alive by phase; phases without hosts are left out.',
    },
    waiting: { type: 'string', description: 'Why it has no hosts, or not all; empty when it has.' },
  },
} as const;

/** Adds the routes to the API's scope. */
export function launchRoutes(app: FastifyInstance, launch: LaunchSource, heavy: object): void {
  app.get(
    '/launch',
    { schema: { tags: ['launch'], summary: 'Show the launch', response: { 200: launchSchema } }, config: heavy },
    () => {
      const { infraEnvs = 0, launched = 0, hosts = 0, waiting = new Map<string, string>() } = launch.state ?? {};
      const { phases } = launch.measured().reader.snapshot(wallNow()).hosts;
      return {
        infraEnvs,
        launched,
        hosts,
        phases,
        waiting: [...waiting].map(([infraEnv, message]) => ({ infraEnv, message })),
      };
    },
  );
  app.get(
    '/launch/infra-envs',
    {
      schema: {
        tags: ['launch'],
        summary: 'List InfraEnvs of the launch',
        description: 'By name, those that wait for something first.',
        querystring: {
          type: 'object',
          additionalProperties: false,
          properties: { limit: { type: 'integer', minimum: 1, maximum: MOST, default: SHOWN } },
        },
        response: { 200: { type: 'array', items: infraEnvSchema } },
      },
      config: heavy,
    },
    (request) => {
      const { limit } = request.query as { limit: number };
      const { reader } = launch.measured();
      return launch.infraEnvs(limit).map(({ infraEnv, slots, waiting }) => {
        const phases: Partial<Record<HostPhase, number>> = {};
        for (const slot of slots) {
          const phase = reader.hostPhase(slot);
          if (phase !== null) phases[phase] = (phases[phase] ?? 0) + 1;
        }
        return { infraEnv, hosts: slots.length, phases, waiting };
      });
    },
  );
}
