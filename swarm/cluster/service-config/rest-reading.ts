/** What the service says of itself over REST: assisted-service, swagger.yaml. */
import { rootCertificates } from 'node:tls';
import { Agent, request } from 'undici';
import { API_BASE } from '../../../model/protocol/endpoints.ts';
import type { TlsOptions } from '../../plan/connections.ts';

export interface RestAddress {
  /** Base URL without the API's path. */
  url: string;
  tls: TlsOptions;
  /** Value of the Authorization header; '' for none. */
  authorization: string;
}

export interface RestReading {
  url: string;
  /** Of requests that need a user: answered, or refused with this status. */
  user: 'open' | 401 | 403;
  /** Image references by component, such as `discovery-agent`. */
  versions: Record<string, string> | null;
  /** Architectures by version. */
  openshiftVersions: Record<string, string[]> | null;
  operators: string[] | null;
  /** The service's Prometheus metrics can be read. */
  metrics: boolean;
}

/** The service cannot be reached, or something else answers. */
export class RestUnreachable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RestUnreachable';
  }
}

const TIMEOUT_MS = 15_000;

/** @throws RestUnreachable, or the signal's reason when aborted. */
export async function readRest(address: RestAddress, signal?: AbortSignal): Promise<RestReading> {
  const { url, tls, authorization } = address;
  const agent = new Agent({
    connect: {
      timeout: TIMEOUT_MS,
      ...(tls.insecure && { rejectUnauthorized: false }),
      ...(tls.ca !== undefined && { ca: [...rootCertificates, tls.ca] }),
    },
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
  });
  const get = async (path: string) => {
    try {
      const response = await request(`${url}${path}`, {
        dispatcher: agent,
        headers: { accept: 'application/json', ...(authorization !== '' && { authorization }) },
        ...(signal && { signal }),
      });
      return { status: response.statusCode, text: await response.body.text() };
    } catch (cause) {
      signal?.throwIfAborted();
      throw new RestUnreachable(`no response from ${url}${path}: ${reasonOf(cause)}`, { cause });
    }
  };
  try {
    const versions = await get(`${API_BASE}/v2/component-versions`);
    const user = versions.status === 401 || versions.status === 403 ? versions.status : 'open';
    if (user === 'open' && versions.status !== 200) {
      throw new RestUnreachable(
        `${url} answers ${versions.status} to ${API_BASE}/v2/component-versions; is it the address of assisted-service?`,
      );
    }
    const [openshift, operators, metrics] = await Promise.all([
      get(`${API_BASE}/v2/openshift-versions`),
      get(`${API_BASE}/v2/supported-operators`),
      get('/metrics'),
    ]);
    return {
      url,
      user,
      versions: user === 'open' ? (jsonOf(url, versions) as { versions: Record<string, string> }).versions : null,
      openshiftVersions: openshift.status === 200 ? architecturesOf(jsonOf(url, openshift)) : null,
      operators: operators.status === 200 ? (jsonOf(url, operators) as string[]) : null,
      metrics: metrics.status === 200 && metrics.text.includes('service_assisted_installer_'),
    };
  } finally {
    await agent.close();
  }
}

function jsonOf(url: string, { text }: { text: string }): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new RestUnreachable(`${url} answers with something that is not valid JSON; is it assisted-service?`, {
      cause,
    });
  }
}

function architecturesOf(versions: unknown): Record<string, string[]> {
  const entries = Object.entries(versions as Record<string, { cpu_architectures?: string[] }>);
  return Object.fromEntries(entries.map(([version, { cpu_architectures: list = [] }]) => [version, list]));
}

function reasonOf(cause: unknown): string {
  const error = cause instanceof AggregateError ? cause.errors[0] : cause;
  return error instanceof Error ? error.message || String((error as NodeJS.ErrnoException).code) : String(error);
}
