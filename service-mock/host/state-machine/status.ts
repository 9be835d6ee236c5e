/** The status of a host, as it is stored and told of. Upstream: assisted-service, internal/host/hostutil/update_host.go, UpdateHostStatus. */
import { aboutHost, type Core } from '../../core/core.ts';
import type { HostRow, HostState } from '../../core/rows.ts';
import type { Severity } from '../../events/event-texts.ts';
import { displayName } from '../traits.ts';

/** Upstream: internal/host/hostutil/host_utils.go, GetEventSeverityFromHostStatus. */
const SEVERITIES: Readonly<Record<string, Severity>> = {
  disconnected: 'warning',
  insufficient: 'warning',
  'installing-pending-user-action': 'warning',
  error: 'error',
};

/** Hosts that take no part in the connectivity checks of others. */
const SILENT: ReadonlySet<string> = new Set(['discovering', 'disconnected']);

/** Stores a state: date, trigger of the monitor and event belong to a change; the text is stored always. */
export function setHostStatus(core: Core, host: HostRow, from: HostState, to: HostState, info: string): void {
  const now = core.clock.now();
  host.status = to;
  host.statusInfo = info;
  host.updatedAt = now;
  if (from === to) return;
  host.statusUpdatedAt = now;
  host.triggeredAt = now;
  if (host.cluster && SILENT.has(from) !== SILENT.has(to)) host.cluster.membersVersion++;
  core.events.emitWith(
    'host_status_updated',
    SEVERITIES[to] ?? 'info',
    aboutHost(host),
    displayName(host),
    from,
    to,
    info,
  );
}
