/**
 * The control API of a spoke world, for programs that are not in its process.
 *
 *   GET    /control/spokes                                list
 *   POST   /control/spokes                                add one (spoke-settings.ts)
 *   GET    /control/spokes/<spoke>                        one, with the states of its hosts
 *   GET    /control/spokes/<spoke>/kubeconfig             YAML
 *   DELETE /control/spokes/<spoke>
 *   POST   /control/spokes/<spoke>/hosts                  add a host of day 2
 *   POST   /control/spokes/<spoke>/hosts/<host>/rebooted  by name or id
 *   POST   /control/spokes/<spoke>/hosts/<host>/failed
 *
 * Every request carries the admin token as bearer. Errors are `{"error": "<text>"}`.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import fastify, { type FastifyInstance } from 'fastify';
import { SpokeSettingsError, type SpokeSettingsInput } from './spoke-settings.ts';
import { type SpokeAccess, SpokeExistsError, type SpokeWorld, UnknownSpokeError } from './spoke-world.ts';

export interface ControlServerOptions {
  world: SpokeWorld;
  /** Address to bind; 127.0.0.1 unless given. */
  host?: string;
  /** 0 or absent takes a free one. */
  port?: number;
  /** Random unless given. */
  adminToken?: string;
}

export interface ControlServer {
  /** Without a trailing slash. */
  readonly url: string;
  readonly adminToken: string;
  close(): Promise<void>;
}

/** A spoke as the control API shows it. The token is shown: who holds the admin token may make spokes with any token. */
export interface SpokeDocument {
  name: string;
  url: string;
  ownUrl?: string;
  token: string;
  hosts: { name: string; state: string }[];
}

/** A spoke with 2000 hosts fits. */
const BODY_LIMIT = 2 * 1024 * 1024;

/** @throws Error when the port is taken */
export async function startControlServer(options: ControlServerOptions): Promise<ControlServer> {
  const { world, host = '127.0.0.1', port = 0 } = options;
  const adminToken = options.adminToken ?? randomBytes(24).toString('base64url');
  const app = fastify({ bodyLimit: BODY_LIMIT, forceCloseConnections: true });
  guard(app, adminToken);
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) =>
    reply.code(statusOf(error)).send({ error: error.message }),
  );
  app.setNotFoundHandler((request, reply) =>
    reply
      .code(404)
      .send({ error: `there is no ${request.method} ${request.url.split('?')[0]}; start at /control/spokes` }),
  );

  type Of = { Params: { spoke: string; host: string } };
  app.get('/control/spokes', () => ({ spokes: world.spokes.map(documentOf) }));
  app.post('/control/spokes', async (request, reply) => {
    const spoke = await world.addSpoke(request.body as SpokeSettingsInput);
    return reply.code(201).send(documentOf(spoke));
  });
  app.get<Of>('/control/spokes/:spoke', (request) => documentOf(world.spoke(request.params.spoke)));
  app.get<Of>('/control/spokes/:spoke/kubeconfig', (request, reply) =>
    reply.type('application/yaml').send(world.spoke(request.params.spoke).kubeconfig),
  );
  app.delete<Of>('/control/spokes/:spoke', async (request, reply) => {
    await world.removeSpoke(request.params.spoke);
    return reply.code(204).send();
  });
  app.post<Of>('/control/spokes/:spoke/hosts', (request, reply) => {
    world.addHost(request.params.spoke, request.body);
    return reply.code(201).send(documentOf(world.spoke(request.params.spoke)));
  });
  app.post<Of>('/control/spokes/:spoke/hosts/:host/rebooted', (request, reply) => {
    world.hostRebooted(request.params.spoke, request.params.host);
    return reply.code(202).send(documentOf(world.spoke(request.params.spoke)));
  });
  app.post<Of>('/control/spokes/:spoke/hosts/:host/failed', (request, reply) => {
    world.hostFailed(request.params.spoke, request.params.host);
    return reply.code(202).send(documentOf(world.spoke(request.params.spoke)));
  });

  await app.listen({ host, port });
  const bound = app.server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound.port}`,
    adminToken,
    close: () => app.close(),
  };
}

function guard(app: FastifyInstance, adminToken: string): void {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  const wanted = hash(adminToken);
  app.addHook('onRequest', async (request, reply) => {
    const token = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (token !== undefined && timingSafeEqual(hash(token), wanted)) return;
    await reply
      .code(401)
      .header('www-authenticate', 'Bearer')
      .send({ error: 'send the admin token as "Authorization: Bearer TOKEN"' });
  });
}

function statusOf(error: Error & { statusCode?: number }): number {
  if (error instanceof SpokeSettingsError) return 400;
  if (error instanceof UnknownSpokeError) return 404;
  if (error instanceof SpokeExistsError) return 409;
  if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return 409;
  return error.statusCode ?? 500;
}

function documentOf(spoke: SpokeAccess): SpokeDocument {
  return {
    name: spoke.name,
    url: spoke.url,
    ...(spoke.ownUrl && { ownUrl: spoke.ownUrl }),
    token: spoke.token,
    hosts: [...spoke.hosts].map(([name, state]) => ({ name, state })),
  };
}
