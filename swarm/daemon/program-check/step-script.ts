/**
 * The steps that no plain installation hands out, one after the other for one host, with arguments as the service makes them:
 * assisted-service, internal/host/hostcommands. And what a good answer to each step holds.
 */
import { randomBytes } from 'node:crypto';
import type { StepType } from '../../../model/protocol/states.ts';
import type { Step, StepReply } from './service-tap.ts';

/** Who the steps are about. */
export interface ScriptSubject {
  hostId: string;
  infraEnvId: string;
  clusterId: string;
  agentImage: string;
}

type Arguments = (subject: ScriptSubject, self: string) => unknown;

/** Below the service's address. */
const TANG = '/swarm/tang';
const IGNITION = '/swarm/config/worker';
const THUMBPRINT = 'qGh7sD3nQmqB8tVxkE5rY1wL0uZpN2cJ4aHfT6oXbIs';

/** In the order in which a host gets them: the last ends its agent. */
const SCRIPT: readonly (readonly [StepType, Arguments])[] = [
  [
    'tang-connectivity-check',
    (_, self) => ({ tang_servers: JSON.stringify([{ url: self + TANG, thumbprint: THUMBPRINT }]) }),
  ],
  ['api-vip-connectivity-check', (_, self) => ({ url: self + IGNITION, request_headers: null })],
  [
    'logs-gather',
    ({ clusterId, hostId, infraEnvId }) => ({
      bootstrap: true,
      cluster_id: clusterId,
      host_id: hostId,
      infra_env_id: infraEnvId,
      installer_gather: true,
      master_ips: null,
    }),
  ],
  ['stop-installation', () => undefined],
  ['upgrade-agent', ({ agentImage }) => ({ agent_image: agentImage })],
];

/** Step types that do not work on no-op hosts, where programs have no capability: why. */
export const BEYOND_HOSTS: Readonly<Partial<Record<StepType, string>>> = {
  'dhcp-lease-allocate': 'makes a network interface, which programs on no-op hosts may not',
  'download-boot-artifacts': 'mounts /boot again, which programs on no-op hosts may not',
  'reboot-for-reclaim': 'changes its root, which programs on no-op hosts may not',
};

/** What hosts find below the service's address for these steps. */
export function scriptFile(path: string): string | undefined {
  if (path === `${TANG}/adv/${THUMBPRINT}`)
    return JSON.stringify({ payload: 'e30', signatures: [{ protected: 'e30', signature: 'e30' }] });
  if (path === IGNITION) return JSON.stringify({ ignition: { version: '3.2.0' }, storage: { files: [] } });
  return undefined;
}

/** Milliseconds that a step gets: the longest of them, dhclient's, tries for 28 s for each of two addresses. */
const STEP_LIMIT_MS = 90_000;

/** Hands the script to its host, a step when the last was answered. */
export class StepScript {
  readonly #now: () => number;
  #next = 0;
  #under: { id: string; type: StepType; until: number } | null = null;
  readonly #ids = new Set<string>();
  readonly unanswered: StepType[] = [];

  /** @param now milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  get done(): boolean {
    this.#giveUp();
    return this.#next === SCRIPT.length && this.#under === null;
  }

  isOwn(stepId: string): boolean {
    return this.#ids.has(stepId);
  }

  /** Null while a step is under way, and at the end. */
  next(subject: ScriptSubject, self: string): Step | null {
    this.#giveUp();
    const row = SCRIPT[this.#next];
    if (this.#under || !row) return null;
    this.#next++;
    const [type, make] = row;
    const id = `${type}-${randomBytes(4).toString('hex')}`;
    this.#ids.add(id);
    this.#under = { id, type, until: this.#now() + STEP_LIMIT_MS };
    const request = make(subject, self);
    return { step_type: type, step_id: id, args: request === undefined ? [] : [JSON.stringify(request)] };
  }

  answered({ step_id }: Pick<StepReply, 'step_id'>): void {
    if (this.#under?.id === step_id) this.#under = null;
  }

  #giveUp(): void {
    if (!this.#under || this.#now() < this.#under.until) return;
    this.unanswered.push(this.#under.type);
    this.#under = null;
  }
}

type Kind = 'array' | 'object' | 'string' | 'boolean' | 'number';

/** Fields that the output of a step must have: assisted-service, models; null for a text that nobody reads, 'array' for a list. */
const OUTPUTS: Readonly<Record<StepType, Readonly<Record<string, Kind>> | 'array' | null>> = {
  inventory: { hostname: 'string', disks: 'array', interfaces: 'array', cpu: 'object', memory: 'object' },
  'connectivity-check': { remote_hosts: 'array' },
  'free-network-addresses': 'array',
  'ntp-synchronizer': { ntp_sources: 'array' },
  'domain-resolution': { resolutions: 'array' },
  'verify-vips': 'array',
  'api-vip-connectivity-check': { is_success: 'boolean', ignition: 'string' },
  'tang-connectivity-check': { is_success: 'boolean', tang_server_response: 'array' },
  'dhcp-lease-allocate': { api_vip_address: 'string', ingress_vip_address: 'string' },
  'installation-disk-speed-check': { path: 'string', io_sync_duration: 'number' },
  'container-image-availability': { images: 'array' },
  install: null,
  'stop-installation': null,
  'logs-gather': null,
  'upgrade-agent': { agent_image: 'string', result: 'string' },
  'download-boot-artifacts': null,
  'reboot-for-reclaim': null,
};

/** What is wrong with a reply; null for nothing. */
export function replyFault(reply: StepReply): string | null {
  const { step_type, exit_code, error, status } = reply;
  if (!(step_type in OUTPUTS)) return `no step of the type "${step_type}" was handed out`;
  if (exit_code !== 0) return `exit code ${exit_code}: ${error.trim().slice(0, 300) || 'no message'}`;
  const faults = [outputFault(reply), status < 400 ? null : `the service refused the reply with ${status}`];
  return faults.filter((fault) => fault !== null).join('; ') || null;
}

function outputFault({ step_type, output }: StepReply): string | null {
  const needed = OUTPUTS[step_type as StepType];
  if (needed === null) return null;
  let value: unknown;
  try {
    value = JSON.parse(output);
  } catch {
    return `its output is not JSON: ${output.slice(0, 80) || '(empty)'}`;
  }
  const kind = needed === 'array' ? 'array' : 'object';
  if (kindOf(value) !== kind) return `its output is of the type ${kindOf(value)}, not ${kind}`;
  if (needed === 'array') return null;
  const fields = value as Record<string, unknown>;
  const wrong = Object.entries(needed).filter(([name, type]) => kindOf(fields[name]) !== type);
  return wrong.length === 0 ? null : `its output has no ${wrong.map(([name, type]) => `${name} (${type})`).join(', ')}`;
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
}
