/**
 * Which steps a polling host is given, by its status, and when it is to poll again. Upstream: assisted-service,
 * internal/host/hostcommands/instruction_manager.go, NewInstructionManager.
 */
import type { StepType } from '../../model/protocol/states.ts';
import type { HostRow, HostState } from '../core/rows.ts';
import { isDay2Host } from '../host/traits.ts';

export interface StateEntry {
  readonly steps: readonly StepType[];
  readonly seconds: number;
  readonly exit?: boolean;
}

type StateTable = Readonly<Partial<Record<HostState, StateEntry>>>;

/** Seconds until the next poll, usually and when nothing is to be expected of the host. */
export const POLL_SECONDS = 60;
const BACKOFF = 120;
const entry = (steps: readonly StepType[], seconds = POLL_SECONDS): StateEntry => ({ steps, seconds });
const EXIT: StateEntry = { steps: [], seconds: 0, exit: true };
const NOTHING = entry([]);

const DISCOVERED: readonly StepType[] = [
  'inventory',
  'connectivity-check',
  'tang-connectivity-check',
  'free-network-addresses',
  'dhcp-lease-allocate',
  'ntp-synchronizer',
  'domain-resolution',
  'verify-vips',
];

/** Day-1 hosts of a cluster. */
export const DAY1_STATES: StateTable = {
  discovering: entry(['inventory']),
  insufficient: entry(DISCOVERED),
  'pending-for-input': entry(DISCOVERED),
  known: entry([
    'connectivity-check',
    'tang-connectivity-check',
    'free-network-addresses',
    'dhcp-lease-allocate',
    'inventory',
    'ntp-synchronizer',
    'domain-resolution',
    'verify-vips',
  ]),
  disconnected: entry(['inventory'], BACKOFF),
  'preparing-for-installation': entry([
    'dhcp-lease-allocate',
    'installation-disk-speed-check',
    'container-image-availability',
  ]),
  installing: entry(['install', 'dhcp-lease-allocate']),
  'installing-in-progress': entry(['dhcp-lease-allocate']),
  disabled: entry([], BACKOFF),
  resetting: entry([], BACKOFF),
  error: entry(['logs-gather', 'stop-installation'], BACKOFF),
  cancelled: entry(['logs-gather', 'stop-installation'], BACKOFF),
  binding: EXIT,
};

/** Hosts that join an installed cluster. */
export const DAY2_STATES: StateTable = {
  discovering: entry(['inventory', 'ntp-synchronizer', 'domain-resolution']),
  insufficient: entry([
    'inventory',
    'connectivity-check',
    'api-vip-connectivity-check',
    'tang-connectivity-check',
    'ntp-synchronizer',
    'domain-resolution',
  ]),
  known: entry([
    'connectivity-check',
    'api-vip-connectivity-check',
    'tang-connectivity-check',
    'inventory',
    'ntp-synchronizer',
    'domain-resolution',
  ]),
  'pending-for-input': entry([
    'inventory',
    'connectivity-check',
    'api-vip-connectivity-check',
    'tang-connectivity-check',
  ]),
  disconnected: entry(['inventory'], BACKOFF),
  installing: entry(['install']),
  disabled: entry([], BACKOFF),
  resetting: entry([], BACKOFF),
  error: entry(['logs-gather', 'stop-installation'], BACKOFF),
  cancelled: entry(['logs-gather', 'stop-installation'], BACKOFF),
  binding: EXIT,
};

/** Hosts without a cluster. */
export const POOL_STATES: StateTable = {
  'discovering-unbound': entry(['inventory', 'ntp-synchronizer']),
  'insufficient-unbound': entry(['inventory', 'ntp-synchronizer']),
  'known-unbound': entry(['inventory', 'ntp-synchronizer']),
  'disconnected-unbound': entry(['inventory'], BACKOFF),
  'disabled-unbound': entry([], BACKOFF),
  unbinding: EXIT,
  'unbinding-pending-user-action': EXIT,
  reclaiming: entry(['download-boot-artifacts']),
  'reclaiming-rebooting': { steps: ['reboot-for-reclaim'], seconds: BACKOFF, exit: true },
};

/** States in which an unfitting agent is replaced before anything else. */
export const UPGRADABLE: ReadonlySet<string> = new Set([
  'binding',
  'discovering',
  'insufficient',
  'known',
  'pending-for-input',
  'discovering-unbound',
  'insufficient-unbound',
  'known-unbound',
]);

/** The table row for a host as it is now. */
export function stateEntry(host: HostRow): StateEntry {
  const table = !host.cluster ? POOL_STATES : isDay2Host(host) ? DAY2_STATES : DAY1_STATES;
  return table[host.status] ?? NOTHING;
}
