/** The daemon's OpenAPI document, made from its routes. */
import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { programVersion } from '../package-root.ts';
import { SHARED_SCHEMAS } from './api-components.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Parts of the route's schema for the document alone, where Fastify is to check or serialise nothing. */
    document?: object;
  }
}

/** Call it before any route is added. */
export async function registerDocument(app: FastifyInstance): Promise<void> {
  for (const schema of SHARED_SCHEMAS) app.addSchema(schema);
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'assisted-swarm',
        version: programVersion(),
        description: 'Runs of simulated hosts against assisted-service: start, watch, stop.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      tags: [
        { name: 'runs', description: 'Runs of plans' },
        { name: 'backups', description: 'Backup loads of the DevWorkspace Operator; they are runs, too' },
        { name: 'launch', description: 'Hosts for the InfraEnvs of a hub, in a process that launches them' },
        { name: 'swarm', description: 'Single agents, compatible with the public Go tool' },
        { name: 'daemon', description: 'The daemon itself' },
      ],
      // The second one is a client's way to say that it needs none, on loopback.
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }, {}],
    },
    refResolver: { buildLocalReference: (json, _base, _fragment, i) => String(json.$id ?? `schema-${i}`) },
    transform: ({ schema, url, route }) => ({ schema: { ...schema, ...route.config?.document }, url }),
  });
}
