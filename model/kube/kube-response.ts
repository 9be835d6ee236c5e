/** Reading what a Kubernetes API has answered. */
import type { Dispatcher } from 'undici';
import type { KubeObject } from './kube-object.ts';
import { transportError } from './kube-request.ts';

/** @param what was asked, for the message. @throws KubeError when the connection breaks, the signal's reason when it aborts */
export async function textOf(
  { body }: Dispatcher.ResponseData,
  what: string,
  server: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  try {
    return await body.text();
  } catch (cause) {
    signal?.throwIfAborted();
    throw transportError(what, server, cause);
  }
}

/** @throws KubeError for what is not a JSON object: proxies and log-in pages answer with 200, too */
export function mappingOf(text: string, what: string, server: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Said below.
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw transportError(what, server, new SyntaxError('is not a JSON object'));
}

/** @throws KubeError for what is no object of Kubernetes */
export function objectOf(value: Record<string, unknown>, what: string, server: string): KubeObject {
  if (typeof value.metadata === 'object' && value.metadata !== null) return value as unknown as KubeObject;
  throw transportError(what, server, new SyntaxError('is not an object of Kubernetes'));
}

/** Lines of a stream of UTF-8, without their ends. */
export async function* linesOf(body: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let parts: Buffer[] = [];
  for await (const chunk of body) {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      parts.push(chunk.subarray(from, end));
      yield Buffer.concat(parts).toString('utf8');
      parts = [];
      from = end + 1;
    }
    if (from < chunk.length) parts.push(chunk.subarray(from));
  }
}
