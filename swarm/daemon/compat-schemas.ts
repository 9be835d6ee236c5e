/**
 * JSON Schemas of the public Go tool's control API, for the OpenAPI document: its own swagger.yaml, with what this program adds to
 * it. Errors have one of two shapes: the tool's, and that of the framework that its code was generated for.
 */
import { HOST_PHASES } from '../../model/protocol/phases.ts';
import type { LoneAgentParams } from './lone-agent.ts';

export const IPV4_PATTERN =
  '^((25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)\\.){3}(25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)[\\/]([1-9]|[1-2][0-9]|3[0-2]?)$';

/** What a text must be. */
type Check = 'string' | 'uuid' | 'mac' | 'ipv4';
/** Of the body that creates an agent. */
export const AGENT_FIELDS: Readonly<Record<keyof LoneAgentParams, Check>> = {
  agent: 'string',
  service_url: 'string',
  infra_env_id: 'uuid',
  agent_version: 'string',
  cacert: 'string',
  pull_secret: 'string',
  containers_conf: 'string',
  containers_storage_conf: 'string',
  dry_forced_host_id: 'uuid',
  dry_forced_host_ipv4: 'ipv4',
  dry_forced_mac_address: 'mac',
  dry_forced_hostname: 'string',
  dry_fake_reboot_marker_path: 'string',
  dry_cluster_hosts_path: 'string',
};

const FORMATS: Readonly<Record<Check, object>> = {
  string: {},
  uuid: { format: 'uuid' },
  mac: { description: 'MAC address.' },
  ipv4: { pattern: IPV4_PATTERN, description: 'With prefix length, such as 10.123.0.5/16.' },
};

export const newAgent = {
  type: 'object',
  description: 'What an agent is to be; fields that are not named here are accepted and not used.',
  required: ['service_url', 'infra_env_id'],
  properties: {
    ...Object.fromEntries(
      Object.entries(AGENT_FIELDS).map(([name, check]) => [name, { type: 'string', ...FORMATS[check] }]),
    ),
    agent: { type: 'string', enum: ['native', 'noop'], default: 'native' },
    pull_secret: { type: 'string', description: 'The token that goes into X-Secret-Key.' },
  },
};

export const agentRecord = {
  type: 'object',
  required: ['id', 'status', 'created_at', 'terminated_at', 'phase', 'reason'],
  properties: {
    id: { type: 'integer' },
    status: {
      type: 'string',
      enum: ['Running', 'Terminated'],
      description: 'Whether the program of the agent is there; a frozen one is, as that of the stock agent.',
    },
    created_at: { type: 'string', format: 'date-time' },
    terminated_at: { type: 'string', format: 'date-time', description: 'The year 1 while it is Running.' },
    phase: { type: 'string', enum: HOST_PHASES, description: 'Where the host is.' },
    reason: { type: 'string', description: 'Why it is frozen, failed or stopped; empty otherwise.' },
  },
};

export const agentError = {
  type: 'object',
  description: "The public tool's own error.",
  required: ['kind', 'id', 'href', 'code', 'reason'],
  properties: {
    kind: { type: 'string', enum: ['Error'] },
    id: { type: 'integer', description: 'The HTTP status.' },
    href: { type: 'string' },
    code: { type: 'string', description: 'The HTTP status.' },
    reason: { type: 'string' },
  },
};

export const frameworkError = {
  type: 'object',
  description: "What the public tool's framework refuses, and what the daemon refuses to everybody.",
  required: ['code', 'message'],
  properties: {
    code: { type: 'integer', description: 'The HTTP status, or 600 and more for a value that is not valid.' },
    message: { type: 'string' },
  },
};
