/** Events that controllers report, and everybody reads. Upstream: assisted-service, internal/events/events_api.go. */
import type { Core } from '../core/core.ts';
import { textField } from '../core/wire.ts';
import { type EventsPage, type EventsQuery, type JsonObject, OperationError } from '../service-api.ts';
import type { Severity } from './event-texts.ts';

const SEVERITIES: readonly string[] = ['info', 'warning', 'error', 'critical'];

export function triggerEvent(core: Core, body: JsonObject): void {
  const severity = textField(body, 'severity') ?? '';
  const category = textField(body, 'category') ?? '';
  if (category !== 'user' && category !== 'metrics')
    throw new OperationError(400, `Event category '${category}' is unknown. Known are user, metrics`);
  if (!SEVERITIES.includes(severity))
    throw new OperationError(400, `Event severity '${severity}' is unknown. Known are ${SEVERITIES.join(', ')}`);
  core.events.report(
    {
      name: textField(body, 'name') ?? '',
      severity: severity as Severity,
      category,
      message: textField(body, 'message') ?? '',
      props: textField(body, 'props') ?? '',
      requestId: textField(body, 'request_id') ?? '',
    },
    {
      clusterId: textField(body, 'cluster_id'),
      hostId: textField(body, 'host_id'),
      infraEnvId: textField(body, 'infra_env_id'),
    },
  );
}

export function listEvents({ events, store }: Core, query: EventsQuery): EventsPage {
  return events.list(query, (infraEnvId, hostId) => store.isDeletedHost(infraEnvId, hostId));
}
