/** Gets text by HTTP for collectors, by connections of their own: none of it counts as load. */
import { getCACertificates } from 'node:tls';
import { Agent, type Dispatcher, ProxyAgent, request } from 'undici';
import type { ProxySettings, TlsOptions } from '../plan/connections.ts';
import { redactText, redactUrl } from '../plan/redact.ts';
import { hostPort, ProxyRules } from '../transport/proxy.ts';
import { NotOffered } from './collector.ts';

export interface HttpTextOptions {
  tls?: TlsOptions;
  proxy?: ProxySettings;
  /** Value of the Authorization header; '' for none. */
  authorization?: string;
}

/** Metrics of a kube-apiserver of a large cluster are tens of megabytes. */
const LONGEST_BODY = 256 * 1024 * 1024;
/** Characters of a refusal that are told. */
const TOLD = 200;
const SECONDS = 10;

/** What answers that there is nothing to be read here. */
const NOT_OFFERED = new Set([401, 403, 404]);

export class HttpText {
  readonly #url: string;
  readonly #options: HttpTextOptions;
  readonly #dispatcher: Dispatcher;
  #hasAnswered = false;

  /** @throws Error for a CA that is no PEM certificate. */
  constructor(url: string, options: HttpTextOptions = {}) {
    this.#url = url.replace(/\/+$/, '');
    this.#options = options;
    const { tls = {}, proxy } = options;
    const connect = {
      // Beside those of the system, as for the load.
      ...(tls.ca !== undefined && { ca: [...getCACertificates('system'), ...getCACertificates('default'), tls.ca] }),
      ...(tls.insecure && { rejectUnauthorized: false }),
      timeout: SECONDS * 1000,
    };
    const way = proxy ? new ProxyRules(proxy).of(new URL(url).origin) : null;
    this.#dispatcher = way
      ? new ProxyAgent({
          uri: `${way.secure ? 'https' : 'http'}://${hostPort(way)}`,
          requestTls: connect,
          connections: 1,
          ...(way.authorization !== null && { token: way.authorization }),
        })
      : new Agent({ connect, connections: 1 });
  }

  /** Without user and password. */
  get target(): string {
    return redactUrl(this.#url);
  }

  /**
   * @param path with query, behind the URL
   * @throws NotOffered for 401, 403 and 404 as the first answer; Error with one line for other refusals and when there is no answer
   */
  async get(path: string, signal: AbortSignal, headers: Readonly<Record<string, string>> = {}): Promise<string> {
    const { authorization } = this.#options;
    const text = await getText(
      `${this.#url}${path}`,
      this.#dispatcher,
      signal,
      {
        ...(authorization && { authorization }),
        ...headers,
      },
      this.#hasAnswered,
    );
    this.#hasAnswered = true;
    return text;
  }

  async close(): Promise<void> {
    await this.#dispatcher.destroy();
  }
}

/** @param knownToOffer a refusal is a failure then. @throws as {@link HttpText.get} */
export async function getText(
  url: string,
  dispatcher: Dispatcher,
  signal: AbortSignal,
  headers: Readonly<Record<string, string>>,
  knownToOffer: boolean,
): Promise<string> {
  const shown = redactUrl(url);
  const { statusCode, body } = await request(url, {
    dispatcher,
    signal,
    headers: { 'user-agent': 'assisted-swarm', ...headers },
    headersTimeout: SECONDS * 1000,
    bodyTimeout: SECONDS * 1000,
  }).catch((cause: Error) => {
    signal.throwIfAborted();
    throw new Error(`GET ${shown}: ${redactText(reasonOf(cause))}`, { cause });
  });
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > LONGEST_BODY) throw new Error(`the answer is longer than ${LONGEST_BODY >> 20} MB`);
      chunks.push(chunk);
    }
  } catch (cause) {
    signal.throwIfAborted();
    throw new Error(`GET ${shown}: ${redactText(reasonOf(cause as Error))}`, { cause });
  }
  const text = Buffer.concat(chunks).toString();
  if (statusCode < 300) return text;
  const said = redactText(text.replace(/\s+/g, ' ').trim().slice(0, TOLD));
  const message = `GET ${shown} is answered with ${statusCode}${said && `: ${said}`}`;
  throw !knownToOffer && NOT_OFFERED.has(statusCode) ? new NotOffered(message) : new Error(message);
}

/** In one line, with the code of the system where there is one. */
export function reasonOf(error: Error & { code?: string; errors?: Error[] }): string {
  const message = (error.message || error.errors?.[0]?.message || error.code || error.name).split('\n')[0]!;
  return error.code && !message.includes(error.code) ? `${message} (${error.code})` : message;
}
