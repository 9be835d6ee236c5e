/** Events. */
import { type AssistedServiceApi, type EventsQuery, OperationError } from '../../service-api.ts';
import * as bodies from '../request-bodies.ts';
import type { Call, Operation } from './operation.ts';
import { AGENT, BOOLEAN, given, INTEGER, oneOf, STRING, UUID } from './pieces.ts';

/** A token of a URL opens the events of its own infra-env or cluster. Upstream: internal/events/events_api.go. */
function checkEventsScope(api: AssistedServiceApi, { claim, query }: Call): void {
  if (claim === null) return;
  const hosts = [query.host_id ?? [], query.host_ids ?? []].flat() as string[];
  if (query[claim.kind] === claim.id) return;
  if (claim.kind === 'infra_env_id' && query.infra_env_id === undefined && hosts.length > 0) {
    const own = new Set(Array.from(api.listInfraEnvHosts(claim.id), ({ id }) => id));
    if (hosts.every((id) => own.has(id))) return;
  }
  throw new OperationError(404, 'Object Not Found');
}

export const EVENT_OPERATIONS: readonly Operation[] = [
  {
    id: 'v2ListEvents',
    method: 'GET',
    template: '/v2/events',
    security: ['user', 'url', 'watcher'],
    query: {
      cluster_id: UUID,
      host_id: UUID,
      host_ids: { type: 'list', items: 'uuid' },
      infra_env_id: UUID,
      limit: INTEGER,
      offset: INTEGER,
      order: oneOf('ascending', 'descending'),
      severities: { type: 'list', enum: ['info', 'warning', 'error', 'critical'] },
      message: STRING,
      deleted_hosts: BOOLEAN,
      cluster_level: BOOLEAN,
      categories: { type: 'list' },
    },
    status: 200,
    answer: 'counted-list',
    run: (api, call) => {
      checkEventsScope(api, call);
      const { host_id, ...query } = given(call.query);
      const page = api.listEvents({
        // The old name for one host.
        ...(host_id !== undefined && { host_ids: [host_id as string] }),
        ...(query as EventsQuery),
      });
      return {
        headers: {
          'Event-Count': String(page.total),
          'Severity-Count-Critical': String(page.severities.critical),
          'Severity-Count-Error': String(page.severities.error),
          'Severity-Count-Info': String(page.severities.info),
          'Severity-Count-Warning': String(page.severities.warning),
        },
        rows: page.events,
      };
    },
  },
  {
    id: 'v2TriggerEvent',
    method: 'POST',
    template: '/v2/events',
    security: AGENT,
    body: { name: 'triggerEventParams', schema: bodies.EVENT },
    status: 201,
    answer: 'empty',
    run: (api, call) => api.triggerEvent(call.body),
  },
];
