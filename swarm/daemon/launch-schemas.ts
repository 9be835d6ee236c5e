/** JSON Schemas of what /api/v1/launch gives. */
import { HOST_PHASES } from '../../model/protocol/phases.ts';

const count = { type: 'integer' } as const;
export const launchSchema = {
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

export const infraEnvSchema = {
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
