/** The launch of this process, when it is one: what it keeps alive, and what waits. */
import type {} from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import type { HostPhase } from '../../model/protocol/phases.ts';
import { wallNow } from '../../model/time/clock.ts';
import type { LaunchedInfraEnv, LaunchState } from '../cluster/launch/launch-state.ts';
import type { RegistrySource } from '../telemetry/metric-row.ts';
import { answers, json, ref } from './api-components.ts';

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

/** Adds the routes to the API's scope. */
export function launchRoutes(app: FastifyInstance, launch: LaunchSource, heavy: object): void {
  app.get(
    '/launch',
    {
      schema: {
        tags: ['launch'],
        operationId: 'getLaunch',
        summary: 'Show the launch',
        response: answers({ 200: json('The launch.', ref('Launch')) }),
      },
      config: heavy,
    },
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
        operationId: 'listLaunchedInfraEnvs',
        summary: 'List InfraEnvs of the launch',
        description: 'By name, those that wait for something first.',
        querystring: {
          type: 'object',
          additionalProperties: false,
          properties: { limit: { type: 'integer', minimum: 1, maximum: MOST, default: SHOWN } },
        },
        response: answers({ 200: json('The InfraEnvs.', { type: 'array', items: ref('LaunchedInfraEnv') }) }),
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
