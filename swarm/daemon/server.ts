/**
 * The daemon's HTTP side: its own API under /api/v1, the public Go tool's control API under /api/assisted-swarm, /metrics and a
 * page. It only looks at runs and starts or stops them; nothing a client does slows one or holds up its end.
 */
import type { Server } from 'node:http';
import rateLimit from '@fastify/rate-limit';
import websocket from '@fastify/websocket';
import Fastify, { type FastifyInstance } from 'fastify';
import { backupMetrics } from '../backup/backup-metrics.ts';
import { programVersion } from '../package-root.ts';
import { createRegistry } from '../telemetry/metric-registry.ts';
import { type AccessRules, guard, prepareRefusal, refusalOf, TOKEN_PROTOCOL } from './access.ts';
import { answers } from './api-components.ts';
import type { BackupManager } from './backup-manager.ts';
import { COMPAT_BASE, compatApi } from './compat-api.ts';
import { sendError, sendNotFound } from './error-reply.ts';
import { createHttpServer, type DaemonHttpServer, type ServerCertificate } from './http-server.ts';
import { infoMetrics } from './info-metrics.ts';
import type { LaunchSource } from './launch-routes.ts';
import type { LoneAgents } from './lone-agent.ts';
import type { NoopMeans } from './noop-setup.ts';
import { registerDocument } from './openapi.ts';
import { otherMethods } from './other-methods.ts';
import { ownApi } from './own-api.ts';
import { pageRoutes } from './page-files.ts';
import { PlanReader } from './plan-reader.ts';
import { OWN_BASE } from './route-context.ts';
import type { RunManager } from './run-manager.ts';
import { SERVER_LIMITS, type ServerLimits } from './server-limits.ts';

export interface ServerOptions {
  runs: RunManager;
  agents: LoneAgents;
  /** Backup loads; none can be started when absent. */
  backups?: BackupManager;
  /** The launch of this process, when it is one. */
  launch?: LaunchSource;
  /** Ends the daemon when a client asks for it. */
  exit: () => void;
  /** Who may use it; by default programs that call it by a loopback name, without a token. */
  access?: AccessRules;
  /** Serves TLS with it; plain HTTP when absent. */
  certificate?: ServerCertificate;
  /** Reads the plans that clients send; the server's own, which ends with it, when absent. */
  plans?: PlanReader;
  /** What hosts with `agent: noop` run in plans that clients send: they cannot name files of this machine. */
  noop?: NoopMeans | null;
  /** Replaces some of the usual ones. */
  limits?: Partial<ServerLimits>;
}

/** Sent with every answer: nobody may embed, guess at or read it elsewhere. */
const GENERAL_HEADERS = {
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
} as const;

const metricsSchema = {
  tags: ['daemon'],
  operationId: 'getMetrics',
  summary: 'Metrics in the text format of Prometheus',
  response: answers({
    200: { description: 'The metrics.', content: { 'text/plain': { schema: { type: 'string' } } } },
  }),
};

/** A server that does not listen yet. Give `listen` an address: the name localhost would make a second server beside the limits. */
export async function createServer(options: ServerOptions): Promise<FastifyInstance> {
  const limits: ServerLimits = { ...SERVER_LIMITS, ...options.limits };
  const rules = options.access ?? { token: null, hosts: new Set<string>() };
  let http: DaemonHttpServer | undefined;
  const app = Fastify({
    bodyLimit: limits.bodyBytes,
    serverFactory: (handler) => {
      http = createHttpServer(handler, limits, options.certificate ?? null);
      return http.server as Server;
    },
    forceCloseConnections: true,
    routerOptions: { ignoreTrailingSlash: true },
    // What the router itself refuses passes no hook.
    frameworkErrors: (error, request, reply) => {
      const refusal = refusalOf(request.raw, rules);
      if (refusal) prepareRefusal(reply, refusal);
      sendError(refusal ?? error, request, reply);
    },
    // Values of the query are turned into numbers and booleans; what the schema does not know is refused, not dropped.
    ajv: { customOptions: { removeAdditional: false, coerceTypes: true, useDefaults: true, allErrors: false } },
  });
  app.addHook('preClose', async () => http?.cutConnections());
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers(GENERAL_HEADERS);
  });
  guard(app, rules);
  app.setErrorHandler(sendError);

  await app.register(rateLimit, {
    max: limits.requestsPerSecond,
    timeWindow: 1000,
    addHeaders: { 'x-ratelimit-limit': false, 'x-ratelimit-remaining': false, 'x-ratelimit-reset': false },
    addHeadersOnExceeding: { 'x-ratelimit-limit': false, 'x-ratelimit-remaining': false, 'x-ratelimit-reset': false },
  });
  app.setNotFoundHandler({ preHandler: app.rateLimit() }, sendNotFound);
  await registerDocument(app);
  await registerWebsockets(app, http!, limits);

  const plans = options.plans ?? new PlanReader({}, options.noop ?? null);
  if (!options.plans) app.addHook('onClose', () => plans.close());

  // The run under way before anything else; an ended one until agents are at work.
  const measuredRun = () => {
    const run = options.runs.current;
    return run && (run.state !== 'ended' || !options.agents.active) ? run : null;
  };
  const measured = () => {
    const run = measuredRun();
    if (!run) return options.launch?.measured() ?? options.agents.measured();
    return {
      reader: run.reader,
      saturation: run.saturation,
      answers: run.answers,
      clusterDurations: run.clusterDurations,
      states: run.states,
      clockSpeed: run.plan.clockSpeed,
      hubRequests: run.hubRequests,
      background: run.background,
      processes: { run: run.id, figures: run.processes },
    };
  };
  const { backups = null, agents } = options;
  const registry = createRegistry(programVersion(), measured, [
    ...infoMetrics(() => ({ run: measuredRun(), backup: backups?.current ?? null, agents })),
    ...(backups ? backupMetrics(() => backups.current?.measured ?? null) : []),
  ]);
  const heavy = { rateLimit: { max: limits.heavyRequestsPerSecond } };
  const answerOtherMethods = otherMethods(app, COMPAT_BASE);
  app.get('/metrics', { schema: metricsSchema, config: heavy }, async (_request, reply) => {
    reply.type(registry.contentType);
    return registry.metrics();
  });
  pageRoutes(app, options.launch !== undefined);
  await app.register((scope) => compatApi(scope, options), { prefix: COMPAT_BASE });
  await app.register(
    (scope) =>
      ownApi(scope, {
        runs: options.runs,
        plans,
        limits,
        launch: options.launch ?? null,
        backups: options.backups ?? null,
      }),
    {
      prefix: OWN_BASE,
    },
  );
  answerOtherMethods();
  await app.ready();
  return app;
}

async function registerWebsockets(app: FastifyInstance, http: DaemonHttpServer, limits: ServerLimits): Promise<void> {
  await app.register(websocket, {
    options: {
      maxPayload: limits.messageBytes,
      // Upgrades come from there, once they were found to be for a websocket route.
      server: http.upgrades as Server,
      // A browser that carries the token in an offer needs another one chosen; the token itself is never sent back.
      handleProtocols: (offered) => [...offered].find((one) => !one.startsWith(TOKEN_PROTOCOL)) ?? false,
    },
    preClose: (done) => {
      for (const client of app.websocketServer.clients) client.close(1001, 'the daemon is ending');
      done();
    },
  });
}
