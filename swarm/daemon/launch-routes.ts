/** The launch of this process, when it is one: what it keeps alive, and what waits. */
import type {} from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { HOST_PHASES } from '../../model/protocol/phases.ts';
import { wallNow } from '../../model/time/clock.ts';
import type { LaunchState } from '../cluster/launch/launcher.ts';
import type { RegistrySource } from '../telemetry/registry.ts';

/** What the API knows of a launch. */
export interface LaunchSource {
  /** Null before it has begun. */
  readonly state: LaunchState | null;
  measured(): RegistrySource;
}

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

/** Adds the route to the API's scope. */
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
}
