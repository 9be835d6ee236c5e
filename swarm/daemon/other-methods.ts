/** Methods that a path does not have. */
import type { FastifyInstance, HTTPMethods } from 'fastify';
import { ApiError } from './api-error.ts';

const METHODS: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/**
 * Lets every path that is added to the app from now on answer 405 to the methods it lacks, once the result is called.
 * @param apart paths below this one have answers of their own
 */
export function otherMethods(app: FastifyInstance, apart: string): () => void {
  const known = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    if (url === '*' || url.startsWith(`${apart}/`)) return;
    const methods = known.get(url) ?? new Set();
    for (const one of [method].flat()) methods.add(one);
    known.set(url, methods);
  });
  return () => {
    for (const [url, methods] of [...known]) {
      const allowed = [...methods];
      app.route({
        method: METHODS.filter((method) => !methods.has(method)),
        url,
        schema: { hide: true },
        // Before a body is read: whatever it is, it is in vain.
        onRequest: async (request, reply) => {
          reply.header('allow', allowed.join(', ')).header('connection', 'close');
          throw new ApiError(405, 'wrong-method', `${request.method} cannot be done here; see /api/v1/openapi.json`, {
            given: request.method,
            allowed,
          });
        },
        handler: () => {},
      });
    }
  };
}
