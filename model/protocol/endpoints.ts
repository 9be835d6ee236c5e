/**
 * The operations of assisted-service that simulated machines and the simulated user call, with the templates under which
 * they are measured. An operation's number (its position) indexes the shared-memory counters.
 * Source: facts of the installer 0.2, the agent 2 to 5, the service appendix A.
 */

/** Base path of all API calls. */
export const API_BASE = '/api/assisted-install';

/**
 * Which program a request imitates. `user` is the person or automation that creates clusters, a `reader` somebody who only looks at
 * them.
 */
export type ClientKind = 'agent' | 'installer' | 'controller' | 'user' | 'reader';
export const CLIENT_KINDS: readonly ClientKind[] = ['agent', 'installer', 'controller', 'user', 'reader'];

export interface Endpoint {
  readonly name: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path below {@link API_BASE}, with `{parameter}` for variable parts. */
  readonly template: string;
}

const define = <const T extends readonly Endpoint[]>(list: T) => list;

export const ENDPOINTS = define([
  { name: 'register-host', method: 'POST', template: '/v2/infra-envs/{infra_env_id}/hosts' },
  { name: 'get-instructions', method: 'GET', template: '/v2/infra-envs/{infra_env_id}/hosts/{host_id}/instructions' },
  { name: 'post-step-reply', method: 'POST', template: '/v2/infra-envs/{infra_env_id}/hosts/{host_id}/instructions' },
  { name: 'host-progress', method: 'PUT', template: '/v2/infra-envs/{infra_env_id}/hosts/{host_id}/progress' },
  {
    name: 'host-logs-progress',
    method: 'PUT',
    template: '/v2/infra-envs/{infra_env_id}/hosts/{host_id}/logs-progress',
  },
  {
    name: 'host-ignition',
    method: 'GET',
    template: '/v2/infra-env/{infra_env_id}/hosts/{host_id}/downloads/ignition',
  },
  { name: 'get-cluster', method: 'GET', template: '/v2/clusters/{cluster_id}' },
  { name: 'list-cluster-hosts', method: 'GET', template: '/v2/clusters/{cluster_id}/hosts' },
  { name: 'cluster-files', method: 'GET', template: '/v2/clusters/{cluster_id}/downloads/files' },
  { name: 'cluster-credentials', method: 'GET', template: '/v2/clusters/{cluster_id}/downloads/credentials' },
  { name: 'cluster-logs-progress', method: 'PUT', template: '/v2/clusters/{cluster_id}/logs-progress' },
  { name: 'upload-logs', method: 'POST', template: '/v2/clusters/{cluster_id}/logs' },
  { name: 'list-operators', method: 'GET', template: '/v2/clusters/{cluster_id}/monitored-operators' },
  { name: 'report-operator', method: 'PUT', template: '/v2/clusters/{cluster_id}/monitored-operators' },
  { name: 'cluster-progress', method: 'PUT', template: '/v2/clusters/{cluster_id}/progress' },
  { name: 'ingress-cert', method: 'POST', template: '/v2/clusters/{cluster_id}/uploads/ingress-cert' },
  {
    name: 'complete-installation',
    method: 'POST',
    template: '/v2/clusters/{cluster_id}/actions/complete-installation',
  },
  { name: 'trigger-event', method: 'POST', template: '/v2/events' },
  { name: 'register-cluster', method: 'POST', template: '/v2/clusters' },
  { name: 'list-clusters', method: 'GET', template: '/v2/clusters' },
  { name: 'update-cluster', method: 'PATCH', template: '/v2/clusters/{cluster_id}' },
  { name: 'delete-cluster', method: 'DELETE', template: '/v2/clusters/{cluster_id}' },
  { name: 'install-cluster', method: 'POST', template: '/v2/clusters/{cluster_id}/actions/install' },
  { name: 'cancel-cluster', method: 'POST', template: '/v2/clusters/{cluster_id}/actions/cancel' },
  { name: 'allow-add-hosts', method: 'POST', template: '/v2/clusters/{cluster_id}/actions/allow-add-hosts' },
  { name: 'register-infra-env', method: 'POST', template: '/v2/infra-envs' },
  { name: 'list-infra-envs', method: 'GET', template: '/v2/infra-envs' },
  { name: 'get-infra-env', method: 'GET', template: '/v2/infra-envs/{infra_env_id}' },
  { name: 'delete-infra-env', method: 'DELETE', template: '/v2/infra-envs/{infra_env_id}' },
  { name: 'list-infra-env-hosts', method: 'GET', template: '/v2/infra-envs/{infra_env_id}/hosts' },
  { name: 'get-host', method: 'GET', template: '/v2/infra-envs/{infra_env_id}/hosts/{host_id}' },
  { name: 'update-host', method: 'PATCH', template: '/v2/infra-envs/{infra_env_id}/hosts/{host_id}' },
  { name: 'delete-host', method: 'DELETE', template: '/v2/infra-envs/{infra_env_id}/hosts/{host_id}' },
  { name: 'install-host', method: 'POST', template: '/v2/infra-envs/{infra_env_id}/hosts/{host_id}/actions/install' },
  { name: 'infra-env-files', method: 'GET', template: '/v2/infra-envs/{infra_env_id}/downloads/files' },
  { name: 'component-versions', method: 'GET', template: '/v2/component-versions' },
  { name: 'openshift-versions', method: 'GET', template: '/v2/openshift-versions' },
  { name: 'infra-env-image-url', method: 'GET', template: '/v2/infra-envs/{infra_env_id}/downloads/image-url' },
  {
    name: 'infra-env-presigned-file',
    method: 'GET',
    template: '/v2/infra-envs/{infra_env_id}/downloads/files-presigned',
  },
  { name: 'list-events', method: 'GET', template: '/v2/events' },
  { name: 'other', method: 'GET', template: '(other)' },
]);
export type EndpointName = (typeof ENDPOINTS)[number]['name'];

const numbers = new Map<string, number>(ENDPOINTS.map((endpoint, index) => [endpoint.name, index]));

/** Position of an operation in {@link ENDPOINTS}. */
export function endpointNumber(name: EndpointName): number {
  return numbers.get(name)!;
}

const PARAMETER = /^\{.*\}$/;
const routes = ENDPOINTS.map(({ name, method, template }) => ({ name, method, parts: template.split('/') }));

/** The operation of a request, `other` for none of them. @param target path and query, as sent */
export function endpointOf(method: string, target: string): EndpointName {
  const path = target.split('?', 1)[0]!;
  const at = path.indexOf(`${API_BASE}/`);
  const parts = at < 0 ? [] : path.slice(at + API_BASE.length).split('/');
  const route = routes.find(
    (one) =>
      one.method === method &&
      one.parts.length === parts.length &&
      one.parts.every((part, index) => part === parts[index] || (PARAMETER.test(part) && parts[index] !== '')),
  );
  return route?.name ?? 'other';
}
