/** Which program of a host sends a request: what they ask for does not overlap. */
import type { EndpointName } from '../../../model/protocol/endpoints.ts';

/** As upstream names its programs; `agent` stands for its runner too. */
export type Program = 'agent' | 'logs_sender' | 'installer' | 'controller';
export const PROGRAMS: readonly Program[] = ['agent', 'installer', 'logs_sender', 'controller'];

const OF_AGENT: ReadonlySet<EndpointName> = new Set(['register-host', 'get-instructions', 'post-step-reply']);
/** Agent and installer both start it. */
const OF_LOGS_SENDER: ReadonlySet<EndpointName> = new Set(['host-logs-progress', 'upload-logs']);

/** The program of a request that a host has sent. @param target path and query; a bootstrap's installer sends the controller's logs itself */
export function programOfHost(endpoint: EndpointName, target: string): Exclude<Program, 'controller'> {
  if (OF_AGENT.has(endpoint)) return 'agent';
  if (target.includes('logs_type=controller')) return 'installer';
  return OF_LOGS_SENDER.has(endpoint) ? 'logs_sender' : 'installer';
}
