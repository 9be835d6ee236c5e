/** What is served beside resources: discovery, OpenAPI, version, health, metrics. */
import type { IncomingMessage } from 'node:http';
import { methodNotAllowed, unknownPath } from '../../api/status.ts';
import type { TypeRegistry } from '../../registry/type-registry.ts';
import type { ApiMetrics } from '../api-metrics.ts';
import { negotiateDiscovery } from '../negotiation.ts';
import type { DiscoveryInfo, RequestInfo, ResourceInfo } from '../request-info.ts';
import type { Response } from '../response.ts';
import { aggregated, coreVersions, groupList, resourceList, singleGroup } from './discovery.ts';
import { type HealthEndpoint, health } from './health.ts';
import { OpenApi } from './openapi.ts';
import { VERSION } from './version.ts';

/** Written in two ways by clients of different age (kubernetes/kube-openapi, pkg/handler/handler.go). */
const PROTOBUF_V2 = /application\/com\.github\.proto-openapi\.spec\.v2[@.]v1\.0\+protobuf/;

export class Documents {
  readonly #registry: TypeRegistry;
  readonly #openApi: OpenApi;
  readonly #metrics: ApiMetrics | null;

  /** @param metrics null where none are told */
  constructor(registry: TypeRegistry, metrics: ApiMetrics | null) {
    this.#registry = registry;
    this.#openApi = new OpenApi(registry);
    this.#metrics = metrics;
  }

  /** @throws ApiStatusError 404, 405, 406 */
  serve(request: IncomingMessage, response: Response, info: Exclude<RequestInfo, ResourceInfo>): void {
    if (request.method !== 'GET' && request.method !== 'HEAD') throw methodNotAllowed(undefined, request.method ?? '');
    request.resume();
    const isServed =
      info.kind === 'discovery'
        ? this.#discovery(request, response, info)
        : this.#special(request, response, info.segments);
    if (!isServed) throw unknownPath();
  }

  /** @returns whether it is there. */
  #discovery(request: IncomingMessage, response: Response, { root, group, version }: DiscoveryInfo): boolean {
    const registry = this.#registry;
    if (group === '' && version === '') {
      const aggregate = negotiateDiscovery(request.headers.accept);
      if (aggregate) {
        const type = `application/json;g=apidiscovery.k8s.io;v=${aggregate};as=APIGroupDiscoveryList`;
        const body = JSON.stringify(aggregated(registry, root === 'api', aggregate));
        response.send(200, body, type, { vary: 'Accept' });
        return true;
      }
      const address = String(request.headers[':authority'] ?? request.headers.host ?? '');
      return sendIfThere(response, root === 'api' ? coreVersions(address) : groupList(registry));
    }
    if (root === 'apis' && version === '') return sendIfThere(response, singleGroup(registry, group));
    return sendIfThere(response, resourceList(registry, group, version));
  }

  /** @returns whether the path is one of these. */
  #special(request: IncomingMessage, response: Response, [first = '', ...rest]: string[]): boolean {
    switch (first) {
      case '':
        return sendIfThere(response, { paths: this.#paths() });
      case 'version':
        return rest.length === 0 && sendIfThere(response, VERSION);
      case 'healthz':
      case 'livez':
      case 'readyz':
        return this.#health(request, response, first, rest);
      case 'metrics':
        if (rest.length > 0 || !this.#metrics) return false;
        tellMetrics(response, this.#metrics);
        return true;
      case 'openapi':
        return this.#openApiDocument(request, response, rest);
      default:
        return false;
    }
  }

  #health(request: IncomingMessage, response: Response, endpoint: HealthEndpoint, path: string[]): boolean {
    const query = new URL(request.url ?? '/', 'http://unused').searchParams;
    const report = health(endpoint, path, query.has('verbose'), query.getAll('exclude'));
    if (!report) return false;
    response.text(200, report, { 'x-content-type-options': 'nosniff' });
    return true;
  }

  #openApiDocument(request: IncomingMessage, response: Response, [version, ...path]: string[]): boolean {
    if (version === 'v2' && path.length === 0) {
      if (!PROTOBUF_V2.test(request.headers.accept ?? '')) return sendIfThere(response, this.#openApi.v2(false));
      const type = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';
      response.send(200, this.#openApi.v2(true), type, { vary: 'Accept' });
      return true;
    }
    if (version !== 'v3') return false;
    if (path.length === 0) return sendIfThere(response, this.#openApi.root());
    return sendIfThere(response, this.#openApi.v3(path.join('/')), { vary: 'Accept' });
  }

  #paths(): string[] {
    const groups = this.#registry.groups().filter(({ group }) => group !== '');
    return [
      '/api',
      '/api/v1',
      '/apis',
      ...groups.flatMap(({ group, versions }) => [
        `/apis/${group}`,
        ...versions.map(({ version }) => `/apis/${group}/${version}`),
      ]),
      '/healthz',
      '/livez',
      ...(this.#metrics ? ['/metrics'] : []),
      '/openapi/v2',
      '/openapi/v3',
      '/readyz',
      '/version',
    ];
  }
}

/** @returns whether there is a document. */
function sendIfThere(response: Response, document: unknown, headers: Record<string, string> = {}): boolean {
  if (document === undefined) return false;
  response.json(200, document, headers);
  return true;
}

function tellMetrics(response: Response, metrics: ApiMetrics): void {
  metrics.text().then(
    (text) => response.send(200, text, metrics.contentType),
    (error: unknown) => response.fail(error),
  );
}
