/**
 * What the image service asks assisted-service about an infra-env, with the credentials of whoever asks it.
 * Upstream: openshift/assisted-image-service, internal/handlers/assisted_service_client.go; connections as Go's default
 * client keeps them (net/http, transport.go: two idle ones a host, for 90 s, and gzip unless told otherwise).
 */
import { Agent as HttpAgent, type IncomingHttpHeaders, type RequestOptions, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { API_BASE } from '../../model/protocol/endpoints.ts';

/** Who asks for an image: the first of these that is there is passed on. */
export interface Credentials {
  readonly apiKey?: string | undefined;
  readonly imageToken?: string | undefined;
  readonly authorization?: string | undefined;
}

/** assisted-service refused, or did not respond; the image service answers with the same status. */
export class CallbackError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.name = 'CallbackError';
    this.status = status;
  }
}

export interface Ignition {
  readonly config: Buffer;
  /** Milliseconds since the epoch; NaN when the service gives none. */
  readonly modified: number;
}

interface Response {
  readonly url: string;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const IDLE_CONNECTIONS = 2;
const IDLE_MS = 90_000;
const unzip = promisify(gunzip);

export class ServiceClient {
  readonly #baseUrl: () => string;
  readonly #http = new HttpAgent({ keepAlive: true, maxFreeSockets: IDLE_CONNECTIONS, timeout: IDLE_MS });
  readonly #https: HttpsAgent;

  /**
   * @param baseUrl scheme, host and port of assisted-service; asked at each request
   * @param ca PEM of the authority of its certificate
   */
  constructor(baseUrl: () => string, ca?: string) {
    this.#baseUrl = baseUrl;
    this.#https = new HttpsAgent({
      keepAlive: true,
      maxFreeSockets: IDLE_CONNECTIONS,
      timeout: IDLE_MS,
      ...(ca !== undefined && { ca }),
    });
  }

  /** The config that the image is to carry. @param isoType of the image; empty for an initrd. @throws CallbackError */
  async ignition(infraEnvId: string, isoType: string, who: Credentials, signal: AbortSignal): Promise<Ignition> {
    const query = { file_name: 'discovery.ign', ...(isoType && { discovery_iso_type: isoType }) };
    const path = `/infra-envs/${infraEnvId}/downloads/files`;
    const { url, status, headers, body } = await this.#get(path, query, who, signal);
    if (status !== 200) throw new CallbackError(status, `ignition request to ${url} returned status ${status}`);
    return { config: body, modified: Date.parse(headers['last-modified'] ?? '') };
  }

  /** What a minimal image needs before it can load the rest; null for nothing. @throws CallbackError */
  async ramdisk(infraEnvId: string, who: Credentials, signal: AbortSignal): Promise<Buffer | null> {
    const path = `/infra-envs/${infraEnvId}/downloads/minimal-initrd`;
    const { url, status, body } = await this.#get(path, {}, who, signal);
    if (status < 200 || status >= 300) {
      throw new CallbackError(status, `request to ${url.split('?', 1)[0]} returned status ${status}`);
    }
    return status === 204 ? null : body;
  }

  /** Arguments that the kernel is to get; null for none. @throws CallbackError */
  async kernelArguments(infraEnvId: string, who: Credentials, signal: AbortSignal): Promise<string | null> {
    const { url, status, body } = await this.#get(`/infra-envs/${infraEnvId}`, {}, who, signal);
    if (status !== 200) throw new CallbackError(status, `infra-env request to ${url} returned status ${status}`);
    try {
      const { kernel_arguments: text } = JSON.parse(body.toString()) as { kernel_arguments?: string };
      if (text === undefined) return null;
      return ` ${(JSON.parse(text) as { value: string }[]).map(({ value }) => value).join(' ')}\n`;
    } catch (cause) {
      throw new CallbackError(500, `failed to decode infra-env: ${cause}`);
    }
  }

  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }

  async #get(
    path: string,
    query: Record<string, string>,
    { apiKey, imageToken, authorization }: Credentials,
    signal: AbortSignal,
  ): Promise<Response> {
    const parameters = new URLSearchParams({ ...query, ...(apiKey && { api_key: apiKey }) });
    parameters.sort();
    const text = parameters.toString();
    const url = `${this.#baseUrl()}${API_BASE}/v2${path}${text && `?${text}`}`;
    const secret = apiKey
      ? {}
      : imageToken
        ? { 'Image-Token': imageToken }
        : authorization
          ? { Authorization: authorization }
          : {};
    const headers = { 'User-Agent': 'Go-http-client/1.1', ...secret, 'Accept-Encoding': 'gzip' };
    try {
      return await this.#exchange(url, { headers, signal });
    } catch (cause) {
      signal.throwIfAborted();
      throw new CallbackError(500, cause instanceof Error ? cause.message : String(cause));
    }
  }

  #exchange(url: string, options: RequestOptions): Promise<Response> {
    const secure = url.startsWith('https:');
    const send = secure ? requestHttps : requestHttp;
    return new Promise((resolve, reject) => {
      const outgoing = send(url, { ...options, agent: secure ? this.#https : this.#http }, (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () => {
          const raw = Buffer.concat(chunks);
          const { headers, statusCode: status = 500 } = incoming;
          if (headers['content-encoding'] !== 'gzip') resolve({ url, status, headers, body: raw });
          else unzip(raw).then((body) => resolve({ url, status, headers, body }), reject);
        });
      });
      outgoing.on('error', reject);
      outgoing.end();
    });
  }
}
