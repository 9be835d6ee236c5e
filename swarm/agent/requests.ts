/**
 * The requests of agents, prepared once for all agents of a service that run the same version: everything but ids, time and
 * X-Request-Id stands in their heads already (assisted-installer-agent src/commands/service_api.go RegisterHost,
 * GetNextSteps, PostStepReply; src/session/inventory_session.go).
 */
import { API_BASE } from '../../model/protocol/endpoints.ts';
import { goHeaders } from '../service/go-openapi.ts';
import type { ServiceAccess } from '../service/runtime.ts';
import { BLANK, type PreparedRequest, type Transport } from '../transport/transport.ts';

export interface AgentRequests {
  /** Blanks: infra-env, X-Request-Id. */
  readonly register: PreparedRequest;
  /** Blanks: infra-env, host, Unix seconds, X-Request-Id. */
  readonly poll: PreparedRequest;
  /** Blanks: infra-env, host, X-Request-Id. */
  readonly reply: PreparedRequest;
}

const prepared = new WeakMap<Transport, Map<string, AgentRequests>>();

/** The requests for a service, a token and a version: one object for all agents of a transport. */
export function agentRequests(transport: Transport, access: ServiceAccess, version: string): AgentRequests {
  let known = prepared.get(transport);
  if (!known) {
    known = new Map();
    prepared.set(transport, known);
  }
  const key = JSON.stringify([access.baseUrl, access.token, version]);
  let requests = known.get(key);
  if (!requests) {
    requests = prepare(transport, access, version);
    known.set(key, requests);
  }
  return requests;
}

function prepare(transport: Transport, { baseUrl, token }: ServiceAccess, version: string): AgentRequests {
  const hosts = `${API_BASE}/v2/infra-envs/${BLANK}/hosts`;
  const instructions = `${hosts}/${BLANK}/instructions`;
  const fields = { agentVersion: version, requestId: BLANK, secretKey: token };
  const get = goHeaders(fields);
  const post = goHeaders({ ...fields, contentType: 'application/json' });
  return {
    register: transport.prepare({ baseUrl, method: 'POST', path: hosts, headers: post }),
    poll: transport.prepare({ baseUrl, method: 'GET', path: `${instructions}?timestamp=${BLANK}`, headers: get }),
    reply: transport.prepare({ baseUrl, method: 'POST', path: instructions, headers: post }),
  };
}
