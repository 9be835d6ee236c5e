/** The document in which a service publishes its API. */
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { API_BASE } from '../../model/protocol/endpoints.ts';
import type { TlsOptions } from '../plan/connections.ts';
import { type ApiDocument, parseApiDocument } from '../report/api-document.ts';
import { createUndiciTransport } from '../transport/undici.ts';
import { environmentProxy } from './environment-proxy.ts';

/** assisted-service, internal/spec/spec.go openapiPaths. */
const PATH = `${API_BASE}/v2/openapi`;
const FILE = 'openapi.json';
const WAIT_MS = 15_000;

/**
 * Asks a service for it.
 * @returns its text; null where the service does not publish one
 * @throws Error when there is no answer
 */
export async function fetchApiDocument(baseUrl: string, tls: TlsOptions): Promise<string | null> {
  const transport = createUndiciTransport({
    ...environmentProxy(),
    ...{ mode: 'per-poll', tls, idleTimeoutMs: WAIT_MS, dialTimeoutMs: WAIT_MS, tlsHandshakeTimeoutMs: WAIT_MS },
    observer: { connectionOpened: () => {}, connectionClosed: () => {}, requestRepeated: () => {} },
  });
  try {
    const session = transport.openSession({ baseUrl, client: 'user', machine: -1 });
    const headers = ['User-Agent', 'assisted-swarm', 'Accept', 'application/json', 'Accept-Encoding', 'gzip'];
    const signal = AbortSignal.timeout(WAIT_MS);
    const { status, body } = await session.request({ method: 'GET', path: PATH, headers, signal });
    return status === 200 ? body.toString('utf8') : null;
  } finally {
    await transport.close();
  }
}

/** Keeps the document of a run's service in the run's folder, where the service publishes one. @throws Error when there is no answer, or no disk */
export async function keepApiDocument(folder: string, baseUrl: string, tls: TlsOptions): Promise<void> {
  const text = await fetchApiDocument(baseUrl, tls);
  if (text !== null) await writeFile(join(folder, FILE), text);
}

/** The document that a run has kept; null when it has none. @throws RangeError when it cannot be understood */
export function keptApiDocument(folder: string): ApiDocument | null {
  let text: string;
  try {
    text = readFileSync(join(folder, FILE), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    return parseApiDocument(text);
  } catch (error) {
    throw new RangeError(`${join(folder, FILE)} cannot be used: ${(error as Error).message}`, { cause: error });
  }
}
